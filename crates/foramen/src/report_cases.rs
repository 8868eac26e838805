use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use foramen_learn::Prediction;
use foramen_outcome::{Definition, OutcomeOptions};
use foramen_report::{Case, ExamplePicture, LabelDefinition, Model, Showing};
use foramen_study::files::{self, EpisodeNotes};
use foramen_study::{Kept, Manifest};
use foramen_types::{Level, Side, SubjectId};

/// How many pictures of each kind the gallery shows.
const EACH: usize = 4;

/// What the files of a study tell of each included injection.
pub(crate) struct KnownCases {
    /// In the order of the kept rows of the manifest.
    pub(crate) cases: Vec<Case>,
    /// Other definitions of the label.
    pub(crate) definitions: Vec<LabelDefinition>,
    /// What is not known since a file is not there, in sentences.
    pub(crate) gaps: Vec<String>,
}

impl KnownCases {
    /// Reads selections, acquisitions and episodes.
    ///
    /// # Errors
    /// When `selections.csv` is not there, or one cannot be used.
    pub(crate) fn read(study: &Path, manifest: &Manifest) -> Result<Self> {
        let rows = files::read_selections(&study.join("selections.csv"))?;
        let acquired = files::read_acquisitions(&study.join("acquisitions.csv"))?;
        let episodes = files::read_episodes(&study.join("episodes.csv"))?;
        let mut gaps = Vec::new();
        if acquired.is_empty() {
            gaps.push(
                "The contrast of the images is not known: the study has no acquisitions.csv, which \
                 `select` writes."
                    .to_owned(),
            );
        }
        if episodes.is_none() {
            gaps.push(
                "Age, sex, hospital and other definitions of the outcome are not known: the study \
                 has no episodes.csv, which `select` writes."
                    .to_owned(),
            );
        }
        let episodes = episodes.unwrap_or_default();
        // Both are in the order of the manifest.
        let chosen = rows.into_iter().filter(|row| row.chosen);
        let cases = chosen.zip(manifest.kept()).map(|(row, kept)| {
            let mut case = Case::new(kept.subject.clone(), kept.level, kept.side);
            let numbers = acquired.get(&(kept.subject.clone(), kept.level, kept.side));
            let yes = |name: &str| numbers.and_then(|all| Some((*all.get(name)?)? > 0.5));
            let base = yes("t2_star").map(|star| if star { "T2*" } else { "T2" });
            case.contrast = base.map(|base| match yes("fat_suppressed") {
                Some(true) => format!("{base}, fat suppressed"),
                _ => base.to_owned(),
            });
            case.outcome = kept.outcome;
            case.width = row.width;
            case.confidence = row.confidence;
            case.by_person = row.by_person;
            case.remarks = row.remarks;
            if let Some(notes) = episodes.get(&kept.row) {
                let EpisodeNotes { age, duration, baseline, sex, site, labels } = notes.clone();
                (case.age, case.duration, case.baseline) = (age, duration, baseline);
                (case.sex, case.site, case.labels) = (sex, site, labels);
            }
            case
        });
        Ok(Self { cases: cases.collect(), definitions: definitions(&episodes), gaps })
    }
}

/// The definitions that any episode has a label of, with their words.
fn definitions(episodes: &BTreeMap<u64, EpisodeNotes>) -> Vec<LabelDefinition> {
    let usual = Definition::usual(&OutcomeOptions::default());
    let mut names: Vec<&String> = episodes.values().flat_map(|notes| notes.labels.keys()).collect();
    names.sort();
    names.dedup();
    let in_words = |name: &String| {
        let words = usual.iter().find(|definition| definition.name == *name);
        let words = words.map(|definition| definition.description.clone());
        LabelDefinition {
            name: name.clone(),
            description: words.unwrap_or_else(|| name.replace('_', " ")),
        }
    };
    names.into_iter().map(in_words).collect()
}

/// One picture that can be shown.
struct Drawn<'a> {
    case: &'a Case,
    kept: &'a Kept,
    /// Mean probability over the repeats, and how far it is from the outcome.
    predicted: Option<(f64, f64)>,
}

/// Pictures of the best, the worst and the typical predictions and of the most doubtful slices,
/// each with its width, what was predicted and what became of it. A case is shown once.
///
/// # Errors
/// When a picture is there and cannot be read.
pub(crate) fn gallery(
    study: &Path,
    manifest: &Manifest,
    known: &KnownCases,
    model: Option<&Model>,
) -> Result<Vec<ExamplePicture>> {
    let mut predicted: BTreeMap<(&SubjectId, Level, Side), Vec<&Prediction>> = BTreeMap::new();
    for prediction in model.into_iter().flat_map(|model| &model.predictions) {
        let Prediction { subject, level, side, .. } = prediction;
        predicted.entry((subject, *level, *side)).or_default().push(prediction);
    }
    let mut left: Vec<Drawn<'_>> = (known.cases.iter().zip(manifest.kept()))
        .filter(|(_, kept)| study.join(picture_of(kept)).is_file())
        .map(|(case, kept)| {
            let of = predicted.get(&(&kept.subject, kept.level, kept.side));
            let predicted = of.zip(kept.outcome).map(|(all, outcome)| {
                let sum: f64 = all.iter().map(|one| one.probability.get()).sum();
                let mean = sum / all.len() as f64;
                (mean, (mean - f64::from(outcome.label())).abs())
            });
            Drawn { case, kept, predicted }
        })
        .collect();
    let mut pictures = Vec::new();
    let distance = |one: &Drawn<'_>| one.predicted.map(|(_, distance)| distance);
    let mut distances: Vec<f64> = left.iter().filter_map(distance).collect();
    distances.sort_by(f64::total_cmp);
    let median = distances.get(distances.len() / 2).copied().unwrap_or(0.5);
    let by_confidence = |one: &Drawn<'_>| one.case.confidence;
    let mut take = |showing: Showing, rank: &dyn Fn(&Drawn<'_>) -> Option<f64>| -> Result<()> {
        let mut ranked: Vec<(usize, f64)> =
            left.iter().enumerate().filter_map(|(at, one)| Some((at, rank(one)?))).collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut taken: Vec<usize> = ranked.into_iter().take(EACH).map(|(at, _)| at).collect();
        for at in &taken {
            pictures.push(picture(study, showing, &left[*at], model)?);
        }
        taken.sort_unstable();
        taken.into_iter().rev().for_each(|at| _ = left.remove(at));
        Ok(())
    };
    take(Showing::Doubtful, &by_confidence)?;
    take(Showing::Best, &distance)?;
    take(Showing::Worst, &|one| distance(one).map(|distance| -distance))?;
    take(Showing::Typical, &|one| distance(one).map(|distance| (distance - median).abs()))?;
    Ok(pictures)
}

fn picture(
    study: &Path,
    showing: Showing,
    one: &Drawn<'_>,
    model: Option<&Model>,
) -> Result<ExamplePicture> {
    let Drawn { case, kept, predicted } = one;
    let (subject, level, side) = (&kept.subject, kept.level, kept.side);
    let mut caption = format!("{subject}, {level} {side}: ");
    caption += &case.width.map_or("no width".to_owned(), |mm| format!("{mm:.1} mm wide"));
    if let Some(confidence) = case.confidence {
        caption += &format!(", confidence {confidence:.2}");
    }
    if let (Some((probability, _)), Some(model)) = (predicted, model) {
        let outcome = kept.outcome.map(|outcome| outcome.to_string()).unwrap_or_default();
        let percent = 100.0 * probability;
        caption += &format!("; {} said {percent:.0} % favourable, it was {outcome}", model.title);
    }
    let path = study.join(picture_of(kept));
    let png = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
    Ok(ExamplePicture { showing, caption, png })
}

/// Where the picture of a decision lies in the folder of a study.
fn picture_of(kept: &Kept) -> String {
    crate::stages::picture_file(kept.row, kept.level, kept.side)
}
