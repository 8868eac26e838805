use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use foramen_report::{
    Cohort, ExamplePicture, Excluded, FoldTemperature, LeakageReport, Model, Remarked, Report,
    ReportInput, TruthComparison, read_predictions,
};
use foramen_study::files::{self, ModelNotes, ModelRole, SelectedRow, StageNotes};
use foramen_study::{CohortFlow, ImageChoice, Kept, Manifest};
use serde::Deserialize as _;
use serde_json::Value;

use crate::files::open;
use crate::stages::near_misses;

/// How many example slices the report shows.
const EXAMPLES: usize = 6;

/// Why a row has no prediction though its slice was chosen.
const TRAINED_ON: &str = "trained on and not tested, as the split has it";

/// The title of a report that is given none.
const TITLE: &str = "Outcome of cervical transforaminal epidural steroid injection";

/// Makes `report.html` and `report.json` of what lies in the folder of a study, and
/// `run.json` anew.
///
/// # Errors
/// When a file of an earlier stage is missing or cannot be used, or one cannot be written.
pub(crate) fn make_report(study: &Path, title: Option<&str>) -> Result<Report> {
    let notes = notes(study)?;
    let manifest = files::read_manifest(&study.join("manifest.json"))?;
    let (models, controls): (Vec<&ModelNotes>, Vec<&ModelNotes>) =
        notes.models.iter().partition(|notes| notes.role == ModelRole::Model);
    let read = |of: Vec<&ModelNotes>| -> Result<Vec<Model>> {
        of.into_iter().map(|notes| model(study, notes)).collect()
    };
    let (models, controls) = (read(models)?, read(controls)?);
    let leakage = files::read_leakage(study)?;
    let truth = match &notes.truth {
        Value::Null => None,
        truth => Some(TruthComparison::deserialize(truth).context("the truth in stages.json")?),
    };
    let input = ReportInput {
        title: title.unwrap_or(TITLE).to_owned(),
        synthetic: notes.synthetic,
        cohort: cohort(&manifest, models.first()),
        examples: examples(study, &manifest, models.first())?,
        models,
        controls,
        leakage: leakage
            .map(|notes| LeakageReport::new(&notes.leakage, notes.folds, &notes.allowed)),
        truth,
        timing_s: notes.timing_s,
        provenance: notes.provenance,
        seed: notes.seed,
    };
    let report = foramen_report::evaluate(&input)?;
    let html = foramen_report::render_html(&report, &input);
    files::write_atomically(&study.join("report.html"), |file| file.write_all(html.as_bytes()))?;
    files::write_atomically(&study.join("report.json"), |file| {
        Ok(serde_json::to_writer_pretty(file, &report)?)
    })?;
    files::write_run(study, &input.provenance)?;
    Ok(report)
}

/// What the stages noted. Studies made before they did have it in their former
/// `report.json`; without one, there are the predictions alone.
fn notes(study: &Path) -> Result<StageNotes> {
    let mut notes = match files::read_stages(study)? {
        Some(notes) => notes,
        None => former(&study.join("report.json"))?,
    };
    if notes.models.is_empty() {
        notes.models = lying_in(study)?;
    }
    ensure!(
        !notes.models.is_empty(),
        "{} holds no predictions; run `train --study {}` first",
        study.display(),
        study.display()
    );
    Ok(notes)
}

/// What a report of a former version says of its stages.
fn former(path: &Path) -> Result<StageNotes> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(StageNotes::default()),
        read => read.with_context(|| format!("could not read {}", path.display()))?,
    };
    let report: Value = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no report of a former version", path.display()))?;
    let seconds = report["timing_s"].as_object().into_iter().flatten();
    let models = report["models"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(StageNotes {
        synthetic: report["synthetic"].as_bool().unwrap_or_default(),
        truth: report["truth"].clone(),
        models: models
            .map(|(name, model)| ModelNotes {
                name: name.clone(),
                title: text(&model["title"]),
                description: text(&model["description"]),
                threshold: model["threshold"].as_f64(),
                predictions: predictions_file(name),
                role: ModelRole::Model,
                temperatures: Vec::new(),
            })
            .collect(),
        timing_s: seconds
            .filter_map(|(stage, seconds)| Some((stage.clone(), seconds.as_f64()?)))
            .collect(),
        provenance: report["provenance"].clone(),
        seed: report["seed"].as_u64().unwrap_or(1),
    })
}

/// The models whose predictions lie in the folder, as far as a file name tells.
fn lying_in(study: &Path) -> Result<Vec<ModelNotes>> {
    let entries =
        fs::read_dir(study).with_context(|| format!("could not read {}", study.display()))?;
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let name = file.strip_prefix("predictions").and_then(|rest| rest.strip_suffix(".csv"));
        names.extend(name.map(|name| match name.strip_prefix('-') {
            Some(model) => model.to_owned(),
            None => "cnn".to_owned(),
        }));
    }
    names.sort();
    let notes = |name: String| ModelNotes {
        title: name.clone(),
        predictions: predictions_file(&name),
        name,
        ..ModelNotes::default()
    };
    Ok(names.into_iter().map(notes).collect())
}

/// Where the predictions of a model lie.
pub(crate) fn predictions_file(model: &str) -> String {
    if model == "cnn" { "predictions.csv".to_owned() } else { format!("predictions-{model}.csv") }
}

fn model(study: &Path, notes: &ModelNotes) -> Result<Model> {
    let path = study.join(&notes.predictions);
    ensure!(
        path.is_file(),
        "{} is not there; run `train --study {}` first, which writes it",
        path.display(),
        study.display()
    );
    let read = open(&path, read_predictions)?;
    let mut model = Model::new(&notes.name, read.predictions);
    model.title.clone_from(&notes.title);
    model.description.clone_from(&notes.description);
    model.threshold = notes.threshold;
    model.own_outcomes = notes.role == ModelRole::Permuted;
    let temperatures = notes.temperatures.iter().map(|one| {
        let files::FoldTemperature { repeat, fold, temperature } = *one;
        FoldTemperature { repeat, fold, temperature }
    });
    model.temperatures = temperatures.collect();
    Ok(model)
}

fn cohort(manifest: &Manifest, model: Option<&Model>) -> Cohort {
    let flow = CohortFlow::of(manifest);
    let excluded = flow.excluded.iter();
    let mut excluded: Vec<Excluded> = excluded
        .map(|count| Excluded { reason: count.reason.to_string(), n: count.rows })
        .collect();
    let untested = untested(manifest, model);
    let (mut included, mut favourable) = (flow.included, flow.favourable);
    if !untested.is_empty() {
        included -= untested.len();
        let is_favourable = |kept: &&&Kept| kept.outcome.is_some_and(|o| o.is_favourable());
        favourable -= untested.iter().filter(is_favourable).count();
        excluded.push(Excluded { reason: TRAINED_ON.to_owned(), n: untested.len() });
    }
    Cohort {
        rows: flow.rows,
        included,
        favourable,
        excluded,
        studies_without_row: flow.studies_without_row,
        images_unread: manifest.unread().iter().map(|unread| unread.images).sum(),
        remarks: remarks(manifest),
        doubtful_identities: near_misses(manifest)
            .into_iter()
            .chain(manifest.same_studies().iter().map(ToString::to_string))
            .chain(manifest.same_images().iter().map(ToString::to_string))
            .collect(),
        competing: competing(manifest),
    }
}

/// The selected rows that no fold tests, as where subjects are parted by date.
fn untested<'a>(manifest: &'a Manifest, model: Option<&Model>) -> Vec<&'a Kept> {
    let Some(model) = model else { return Vec::new() };
    let tested: BTreeSet<_> =
        model.predictions.iter().map(|p| (p.subject.clone(), p.level, p.side)).collect();
    let is_tested = |kept: &&Kept| {
        tested.contains(&(kept.subject.clone(), kept.level, kept.side)) || kept.outcome.is_none()
    };
    manifest.kept().iter().filter(|kept| !is_tested(kept)).collect()
}

/// How many of the selected rows have each remark.
fn remarks(manifest: &Manifest) -> Vec<Remarked> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for choice in manifest.choices() {
        let names: BTreeSet<&str> = choice.remarks.iter().map(|(name, _)| name.as_str()).collect();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
    }
    let remarked = |(remark, n): (&str, usize)| Remarked { remark: remark.to_owned(), n };
    let mut remarks: Vec<Remarked> = counts.into_iter().map(remarked).collect();
    remarks.sort_by_key(|remarked| std::cmp::Reverse(remarked.n));
    remarks
}

/// The rows for which sets of images competed, in words.
fn competing(manifest: &Manifest) -> Vec<String> {
    let in_words = |choice: &ImageChoice| {
        let second = choice.images.runner_up.as_ref()?;
        let ImageChoice { subject, level, side, .. } = choice;
        Some(format!(
            "{subject} {level} {side}: measured on {}, not on {}, since {} ({})",
            choice.images.series.join(" and "),
            second.series.join(" and "),
            second.why,
            second.rule
        ))
    };
    manifest.choices().iter().filter_map(in_words).collect()
}

/// Chosen slices from the narrowest to the widest, evenly among those that were
/// chosen, with what was predicted and what became of them.
fn examples(
    study: &Path,
    manifest: &Manifest,
    model: Option<&Model>,
) -> Result<Vec<ExamplePicture>> {
    let rows = files::read_selections(&study.join("selections.csv"))?;
    // Both are in the order of the manifest.
    let chosen = rows.iter().filter(|row| row.chosen);
    let mut drawn: Vec<(&SelectedRow, PathBuf)> = chosen
        .zip(manifest.kept())
        .map(|(row, kept)| (row, study.join(picture_of(kept))))
        .filter(|(_, picture)| picture.is_file())
        .collect();
    let width = |row: &SelectedRow| row.width.unwrap_or(0.0);
    drawn.sort_by(|a, b| width(a.0).total_cmp(&width(b.0)));
    let last = drawn.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..EXAMPLES).map(|i| i * last / (EXAMPLES - 1)).collect();
    places.dedup();
    let mut pictures = Vec::new();
    for (row, picture) in places.into_iter().filter_map(|place| drawn.get(place)) {
        let prediction = model.and_then(|model| {
            let found = model
                .predictions
                .iter()
                .find(|p| p.subject == row.subject && p.level == row.level && p.side == row.side)?;
            let outcome = found.outcome.map(|o| o.to_string()).unwrap_or_default();
            let percent = 100.0 * found.probability.get();
            Some(format!("; {} said {percent:.0} % favourable, it was {outcome}", model.title))
        });
        let (subject, level, side, mm) = (&row.subject, row.level, row.side, width(row));
        let caption =
            format!("{subject}, {level} {side}: {mm:.1} mm{}", prediction.unwrap_or_default());
        let png =
            fs::read(picture).with_context(|| format!("could not read {}", picture.display()))?;
        pictures.push(ExamplePicture { caption, png });
    }
    Ok(pictures)
}

/// Where the picture of a decision lies in the folder of a study.
fn picture_of(kept: &Kept) -> String {
    crate::stages::picture_file(kept.row, kept.level, kept.side)
}
