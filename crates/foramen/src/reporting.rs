use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use foramen_report::{
    Cohort, Excluded, FoldTemperature, LeakageReport, Model, Remarked, Report, ReportFile,
    ReportInput, TruthComparison, read_predictions,
};
use foramen_study::files::{self, ModelNotes, ModelRole, StageNotes};
use foramen_study::{CohortFlow, ImageChoice, Kept, Manifest};
use serde::Deserialize as _;
use serde_json::Value;

use crate::files::open;
use crate::report_cases::{KnownCases, gallery};
use crate::stages::near_misses;

/// The folder beside a report for figures, tables and text.
const FILES: &str = "report";

/// Why a row has no prediction although its slice was chosen.
const TRAINED_ON: &str = "trained on and not tested, as the split has it";

/// The default title of a report.
const TITLE: &str = "Outcome of cervical transforaminal epidural steroid injection";

/// Makes `report.html` and `report.json` from the files in the folder of a study, the folder
/// `report` with figures, tables and text, and a new `run.json`.
///
/// # Errors
/// When a file of an earlier stage is missing or cannot be used, or one cannot be written.
pub(crate) fn make_report(study: &Path, title: Option<&str>) -> Result<Report> {
    // What a training keeps there it removes at its end; those of the width alone come first.
    let shown = study.display();
    ensure!(
        !study.join("checkpoints").is_dir(),
        "the training of {shown} was interrupted; go on with `train --study {shown} --resume`, \
         or begin anew with `train --study {shown} --force`",
    );
    let notes = notes(study)?;
    let manifest = files::read_manifest(&study.join("manifest.json"))?;
    let read = |roles: &[ModelRole]| -> Result<Vec<Model>> {
        let of = notes.models.iter().filter(|notes| roles.contains(&notes.role));
        of.map(|notes| model(study, notes)).collect()
    };
    let models = read(&[ModelRole::Model])?;
    let controls = read(&[ModelRole::Control, ModelRole::Permuted])?;
    let learning_curve = read(&[ModelRole::LearningCurve])?;
    let leakage = files::read_leakage(study)?;
    let truth = match &notes.truth {
        Value::Null => None,
        truth => Some(TruthComparison::deserialize(truth).context("the truth in stages.json")?),
    };
    let known = KnownCases::read(study, &manifest)?;
    let examples = gallery(study, &manifest, &known, models.first())?;
    let excluded = manifest.excluded().iter();
    let input = ReportInput {
        title: title.unwrap_or(TITLE).to_owned(),
        synthetic: notes.synthetic,
        cohort: cohort(&manifest, models.first()),
        cases: known.cases,
        definitions: known.definitions,
        missing_outcomes: excluded.filter(|row| row.reason.is_missing_outcome()).count(),
        gaps: known.gaps,
        examples,
        models,
        controls,
        learning_curve,
        leakage: leakage
            .map(|notes| LeakageReport::new(&notes.leakage, notes.folds, &notes.allowed)),
        truth,
        timing_s: notes.timing_s,
        provenance: notes.provenance,
        seed: notes.seed,
    };
    let report = foramen_report::evaluate(&input)?;
    let html = foramen_report::render_html(&report, &input);
    write_files(&study.join(FILES), &foramen_report::report_files(&report, &input)?)?;
    files::write_atomically(&study.join("report.html"), |file| file.write_all(html.as_bytes()))?;
    files::write_atomically(&study.join("report.json"), |file| {
        Ok(serde_json::to_writer_pretty(file, &report)?)
    })?;
    files::write_run(study, &input.provenance)?;
    Ok(report)
}

/// Writes the files beside a report. Files of an earlier report are removed first, so that a figure
/// that is no longer drawn does not stay.
fn write_files(folder: &Path, made: &[ReportFile]) -> Result<()> {
    for part in ["figures", "tables"] {
        let path = folder.join(part);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("could not remove {}", path.display()));
            }
            _ => fs::create_dir_all(&path)
                .with_context(|| format!("could not make {}", path.display()))?,
        }
    }
    for ReportFile { path, content } in made {
        files::write_atomically(&folder.join(path), |file| file.write_all(content))?;
    }
    Ok(())
}

/// The notes of the stages. Older studies have them in their earlier `report.json`; without one,
/// only the predictions are used.
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

/// The notes on stages in a report of an older version.
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
                subjects: None,
            })
            .collect(),
        timing_s: seconds
            .filter_map(|(stage, seconds)| Some((stage.clone(), seconds.as_f64()?)))
            .collect(),
        provenance: report["provenance"].clone(),
        seed: report["seed"].as_u64().unwrap_or(1),
    })
}

/// The models with predictions in the folder, as far as file names show.
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

/// The file with the predictions of a model.
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
    model.subjects = notes.subjects;
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

/// The selected rows that no fold tests, for example in a split by date.
fn untested<'a>(manifest: &'a Manifest, model: Option<&Model>) -> Vec<&'a Kept> {
    let Some(model) = model else { return Vec::new() };
    let tested: BTreeSet<_> =
        model.predictions.iter().map(|p| (p.subject.clone(), p.level, p.side)).collect();
    let is_tested = |kept: &&Kept| {
        tested.contains(&(kept.subject.clone(), kept.level, kept.side)) || kept.outcome.is_none()
    };
    manifest.kept().iter().filter(|kept| !is_tested(kept)).collect()
}

/// Number of selected rows with each remark.
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

/// The rows with several candidate sets of images, in words.
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
