use std::collections::BTreeMap;
#[cfg(feature = "torch")]
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use foramen_learn::Prediction;
use foramen_outcome::{Definition, OutcomeOptions};
use foramen_report::{Case, ExamplePicture, LabelDefinition, Model, Showing};
use foramen_study::files::{self, EpisodeNotes};
use foramen_study::{Kept, Manifest};
use foramen_types::{Level, Side, SubjectId};

/// Number of pictures of each kind in the gallery.
const EACH: usize = 4;

/// The data of a study's files on each included injection.
pub(crate) struct KnownCases {
    /// The cases, in the order of the kept rows of the manifest.
    pub(crate) cases: Vec<Case>,
    /// Other definitions of the label.
    pub(crate) definitions: Vec<LabelDefinition>,
    /// Facts that are not known because a file is missing, as sentences.
    pub(crate) gaps: Vec<String>,
}

impl KnownCases {
    /// Reads selections, acquisitions and episodes.
    ///
    /// # Errors
    /// When `selections.csv` is missing, or a file cannot be used.
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

/// The definitions with a label for any episode, and their descriptions.
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

/// One case of the gallery.
struct Drawn<'a> {
    showing: Showing,
    case: &'a Case,
    kept: &'a Kept,
    /// Mean probability over the repeats, and its distance from the outcome.
    predicted: Option<(f64, f64)>,
    /// The prediction of the first repeat, whose fold has a model.
    first: Option<&'a Prediction>,
}

/// Pictures of the best, the worst and the typical predictions and of the most doubtful slices,
/// each with its width, prediction and outcome, and an explanation of the prediction if the models
/// of the folds can be read. A case is shown once.
///
/// # Errors
/// When a picture is there and cannot be read.
pub(crate) fn gallery(
    study: &Path,
    manifest: &Manifest,
    known: &KnownCases,
    model: Option<&Model>,
) -> Result<Vec<ExamplePicture>> {
    let chosen = choose(study, manifest, known, model);
    let explained = explain(study, &chosen, model).unwrap_or_else(|error| {
        eprintln!("note: predictions are not explained in the report: {error:#}");
        BTreeMap::new()
    });
    chosen.iter().map(|one| picture(study, one, model, explained.get(&one.kept.row))).collect()
}

fn choose<'a>(
    study: &Path,
    manifest: &'a Manifest,
    known: &'a KnownCases,
    model: Option<&'a Model>,
) -> Vec<Drawn<'a>> {
    let mut predicted: BTreeMap<(&SubjectId, Level, Side), Vec<&Prediction>> = BTreeMap::new();
    for prediction in model.into_iter().flat_map(|model| &model.predictions) {
        let Prediction { subject, level, side, .. } = prediction;
        predicted.entry((subject, *level, *side)).or_default().push(prediction);
    }
    let mut left: Vec<Drawn<'_>> = (known.cases.iter().zip(manifest.kept()))
        .filter(|(_, kept)| study.join(picture_of(kept)).is_file())
        .map(|(case, kept)| {
            let of = predicted.get(&(&kept.subject, kept.level, kept.side));
            let first = of.and_then(|all| all.iter().copied().find(|one| one.repeat == 0));
            let predicted = of.zip(kept.outcome).map(|(all, outcome)| {
                let sum: f64 = all.iter().map(|one| one.probability.get()).sum();
                let mean = sum / all.len() as f64;
                (mean, (mean - f64::from(outcome.label())).abs())
            });
            Drawn { showing: Showing::Typical, case, kept, predicted, first }
        })
        .collect();
    let distance = |one: &Drawn<'_>| one.predicted.map(|(_, distance)| distance);
    let mut distances: Vec<f64> = left.iter().filter_map(distance).collect();
    distances.sort_by(f64::total_cmp);
    let median = distances.get(distances.len() / 2).copied().unwrap_or(0.5);
    let mut chosen = Vec::new();
    let mut take = |showing: Showing, rank: &dyn Fn(&Drawn<'_>) -> Option<f64>| {
        let mut ranked: Vec<(usize, f64)> =
            left.iter().enumerate().filter_map(|(at, one)| Some((at, rank(one)?))).collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut taken: Vec<usize> = ranked.into_iter().take(EACH).map(|(at, _)| at).collect();
        taken.sort_unstable();
        let taken = taken.into_iter().rev().map(|at| Drawn { showing, ..left.remove(at) });
        let mut taken: Vec<Drawn<'_>> = taken.collect();
        taken.sort_by(|a, b| rank(a).unwrap_or(0.0).total_cmp(&rank(b).unwrap_or(0.0)));
        chosen.extend(taken);
    };
    take(Showing::Doubtful, &|one| one.case.confidence);
    take(Showing::Best, &distance);
    take(Showing::Worst, &|one| distance(one).map(|distance| -distance));
    take(Showing::Typical, &|one| distance(one).map(|distance| (distance - median).abs()));
    chosen
}

/// Explanations of predictions as PNG, by the row of the case, from the model of the fold in which
/// the subject was tested. Empty if the models are not those of the predictions.
#[cfg(feature = "torch")]
fn explain(
    study: &Path,
    chosen: &[Drawn<'_>],
    model: Option<&Model>,
) -> Result<BTreeMap<u64, Vec<u8>>> {
    use foramen_cnn::{CnnModel, DeviceChoice};

    let models = study.join("models");
    let is_network = model.is_some_and(|model| model.name == "cnn");
    if !is_network || !models.join("folds.json").is_file() {
        return Ok(BTreeMap::new());
    }
    let samples = files::read_patches(study)?;
    let mut loaded: BTreeMap<usize, CnnModel> = BTreeMap::new();
    let mut explained = BTreeMap::new();
    for one in chosen {
        let Some(prediction) = one.first else { continue };
        let kept = one.kept;
        let sample = samples.iter().map(|patch| &patch.sample).find(|sample| {
            let same = (&sample.subject, sample.level, sample.side);
            same == (&kept.subject, kept.level, kept.side) && sample.outcome.is_some()
        });
        let Some(sample) = sample else { continue };
        let model = match loaded.entry(prediction.fold) {
            Entry::Occupied(model) => model.into_mut(),
            Entry::Vacant(free) => {
                let folder = models.join(format!("fold-{}", prediction.fold));
                free.insert(CnnModel::load_on(&folder, DeviceChoice::Cpu)?)
            }
        };
        let picture = crate::explanation::explain(
            std::slice::from_ref(model),
            sample,
            prediction.probability,
        )?;
        let mut png = Vec::new();
        picture.write_png(&mut png).context("could not draw an explanation")?;
        explained.insert(kept.row, png);
    }
    Ok(explained)
}

#[cfg(not(feature = "torch"))]
#[expect(clippy::unnecessary_wraps, reason = "with libtorch it may fail")]
fn explain(
    _study: &Path,
    chosen: &[Drawn<'_>],
    _model: Option<&Model>,
) -> Result<BTreeMap<u64, Vec<u8>>> {
    // Only libtorch explains a prediction.
    debug_assert!(chosen.iter().all(|one| one.first.is_none_or(|first| first.repeat == 0)));
    Ok(BTreeMap::new())
}

fn picture(
    study: &Path,
    one: &Drawn<'_>,
    model: Option<&Model>,
    explanation: Option<&Vec<u8>>,
) -> Result<ExamplePicture> {
    let Drawn { showing, case, kept, predicted, .. } = one;
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
    Ok(ExamplePicture { showing: *showing, caption, png, explanation: explanation.cloned() })
}

/// Path of the picture of a decision in the folder of a study.
fn picture_of(kept: &Kept) -> String {
    crate::stages::picture_file(kept.row, kept.level, kept.side)
}
