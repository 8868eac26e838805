use std::collections::{BTreeMap, BTreeSet};

use foramen_metrics::{
    Confidence, Estimate, Scores, Undefined,
    calibration::{Bins, brier, calibration, calibration_in_the_large, reliability, scaled_brier},
    classification::Confusion,
    clusters::auc_of_clusters,
    discrimination::auc,
    resampling::{BootstrapInterval, bootstrap_auc, permutation_test},
};

use crate::{
    BeforeRecalibration, ComparisonReport, Model, ModelReport, Report, ReportError, ReportInput,
    characteristics::characteristics,
    checklist::checklists,
    comparison::{bootstrap, compare},
    controls::controls,
    known_cases::Cases,
    learning_curve::learning_curve,
    paper::paper,
    sample_size::sample_size,
    scored::Scored,
    sensitivity::sensitivity,
    subgroups::subgroups,
};

/// Bins of the calibration plot and error: ten, as in most reports.
pub(crate) const BINS: Bins = Bins::EqualMass(10);

/// Fewer positives or negatives than this make a calibration curve unreliable
/// (Van Calster et al. 2016, doi 10.1016/j.jclinepi.2015.12.005).
const ENOUGH_FOR_A_CURVE: usize = 200;

/// Evaluates a study.
///
/// # Errors
/// [`ReportError`] if there is no model, if two models have the same name, if predictions cannot be
/// used, or if some rows are neither included nor excluded.
pub fn evaluate(input: &ReportInput) -> Result<Report, ReportError> {
    let cohort = &input.cohort;
    let excluded: usize = cohort.excluded.iter().map(|reason| reason.n).sum();
    if cohort.included + excluded != cohort.rows {
        let (rows, included) = (cohort.rows, cohort.included);
        return Err(ReportError::Cohort { rows, included, excluded });
    }
    let mut names = BTreeSet::new();
    for Model { name, .. } in input.models.iter().chain(&input.controls) {
        if !names.insert(name) {
            return Err(ReportError::DuplicateModel { name: name.clone() });
        }
    }
    let scored = input.models.iter().map(Scored::new).collect::<Result<Vec<_>, _>>()?;
    let Some((first, others)) = scored.split_first() else { return Err(ReportError::NoModels) };
    let comparisons = others
        .iter()
        .zip(&input.models[1..])
        .map(|(other, model)| {
            compare((&input.models[0].name, first), (&model.name, other), input.seed)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let further: Vec<&ComparisonReport> = comparisons.iter().collect();
    let of_controls = input.controls.iter().map(Scored::new).collect::<Result<Vec<_>, _>>()?;
    let named = input.models.iter().zip(&scored).collect::<Vec<_>>();
    let named_controls = input.controls.iter().zip(&of_controls).collect::<Vec<_>>();
    let controls = controls(&named, &named_controls, &further, input.seed)?;
    let mut comparisons = comparisons.into_iter();
    let cases = Cases::new(&input.cases);
    let mut report = Report {
        schema_version: 1,
        title: input.title.clone(),
        synthetic: input.synthetic,
        cohort: cohort.clone(),
        characteristics: characteristics(first, &cases),
        models: input
            .models
            .iter()
            .zip(&scored)
            .map(|(model, scored)| (model.name.clone(), numbers(model, scored, input.seed)))
            .collect(),
        comparison: comparisons.next(),
        further_comparisons: comparisons.collect(),
        controls,
        learning_curve: learning_curve(input, first)?,
        subgroups: subgroups(first, &cases),
        sensitivity: Some(sensitivity(input, first, &cases)),
        sample_size: sample_size(first),
        paper: paper(),
        leakage: input.leakage.clone(),
        truth: input.truth.clone(),
        timing_s: input.timing_s.clone(),
        seed: input.seed,
        provenance: input.provenance.clone(),
        checklists: Vec::new(),
    };
    report.checklists = checklists(&report);
    Ok(report)
}

/// Evaluates one model alone. `seed` is the seed of the resampling.
///
/// # Errors
/// [`ReportError`] if its predictions cannot be used.
pub fn evaluate_model(model: &Model, seed: u64) -> Result<ModelReport, ReportError> {
    Ok(numbers(model, &Scored::new(model)?, seed))
}

/// The scores of a model, averaged over repeats for each injection. A foramen that occurs again
/// within a repeat counts as another injection.
///
/// # Errors
/// [`ReportError`] if its predictions cannot be used.
pub fn average_repeats(model: &Model) -> Result<Scores, ReportError> {
    Ok(Scored::new(model)?.scores)
}

fn numbers(model: &Model, scored: &Scored, seed: u64) -> ModelReport {
    let scores = &scored.scores;
    let draws = bootstrap(seed);
    let bca = draws.with_interval(BootstrapInterval::Bca);
    let mut undefined = BTreeMap::new();
    let mut report = ModelReport {
        title: model.title.clone(),
        description: model.description.clone(),
        n: scores.len(),
        n_positive: scores.positives(),
        n_subjects: scored.subjects(),
        repeats: scored.by_repeat.len(),
        threshold: model.threshold,
        auc_by_repeat: each_auc(&scored.by_repeat),
        auc_by_fold: each_auc(&scored.by_fold),
        subjects_in_several_folds: scored.in_several_folds,
        notes: notes(scored),
        ..ModelReport::default()
    };
    let mut note = Noted { undefined: &mut undefined };
    (report.auc, report.auc_ci95) = note.estimate("auc", auc(scores));
    report.auc_ci95_bootstrap = note.estimate("auc_ci95_bootstrap", bootstrap_auc(scores, &bca)).1;
    report.auc_ci95_clustered =
        note.estimate("auc_ci95_clustered", auc_of_clusters(&scored.by_subject())).1;
    report.p_no_discrimination =
        note.value("p_no_discrimination", permutation_test(scores, &draws));
    (report.brier, report.brier_ci95) = note.estimate("brier", brier(scores));
    report.brier_scaled = note.value("brier_scaled", scaled_brier(scores));
    let fit = calibration(scores);
    (report.calibration_slope, report.calibration_slope_ci95) =
        note.estimate("calibration_slope", fit.map(|fit| fit.slope));
    (report.calibration_intercept, report.calibration_intercept_ci95) =
        note.estimate("calibration_intercept", fit.map(|fit| fit.intercept));
    (report.calibration_in_the_large, report.calibration_in_the_large_ci95) =
        note.estimate("calibration_in_the_large", calibration_in_the_large(scores));
    report.expected_calibration_error = note.value(
        "expected_calibration_error",
        reliability(scores, BINS).map(|bins| bins.expected_calibration_error),
    );
    if let Ok(fit) = fit
        && fit.certain > 0
    {
        report.notes.push(format!(
            "Probabilities of exactly 0 or 1 ({} of them, {} wrong) have no log-odds; calibration \
             slope and intercept are those of the others.",
            fit.certain, fit.certain_wrong
        ));
    }
    if let Some(threshold) = model.threshold {
        at_threshold(&mut report, &mut note, &Confusion::at(scores, threshold));
    } else {
        undefined.insert("threshold", "no threshold was given".to_owned());
    }
    report.before_recalibration = BeforeRecalibration::of(model).ok().flatten();
    let changed = report.before_recalibration.as_ref();
    let changed = changed.and_then(|one| one.in_words(report.calibration_slope, report.brier));
    report.notes.extend(changed);
    report.undefined = undefined;
    report
}

fn each_auc(parts: &[Scores]) -> Vec<Option<f64>> {
    parts.iter().map(|scores| Some(auc(scores).ok()?.estimate)).collect()
}

fn at_threshold(report: &mut ModelReport, note: &mut Noted<'_>, confusion: &Confusion) {
    let level = Confidence::P95;
    report.true_positive = Some(confusion.true_positive);
    report.false_positive = Some(confusion.false_positive);
    report.true_negative = Some(confusion.true_negative);
    report.false_negative = Some(confusion.false_negative);
    (report.sensitivity, report.sensitivity_ci95) =
        note.estimate("sensitivity", confusion.sensitivity(level));
    (report.specificity, report.specificity_ci95) =
        note.estimate("specificity", confusion.specificity(level));
    (report.positive_predictive_value, report.positive_predictive_value_ci95) =
        note.estimate("positive_predictive_value", confusion.positive_predictive_value(level));
    (report.negative_predictive_value, report.negative_predictive_value_ci95) =
        note.estimate("negative_predictive_value", confusion.negative_predictive_value(level));
    (report.accuracy, report.accuracy_ci95) = note.estimate("accuracy", confusion.accuracy(level));
}

/// Separates values from the reasons of missing ones, and keeps the reasons.
struct Noted<'a> {
    undefined: &'a mut BTreeMap<&'static str, String>,
}

impl Noted<'_> {
    fn value<T>(&mut self, name: &'static str, result: Result<T, Undefined>) -> Option<T> {
        result.map_err(|reason| self.undefined.insert(name, reason.to_string())).ok()
    }

    fn estimate(
        &mut self,
        name: &'static str,
        result: Result<Estimate, Undefined>,
    ) -> (Option<f64>, Option<(f64, f64)>) {
        let Some(estimate) = self.value(name, result) else { return (None, None) };
        if let Some(reason) = estimate.no_interval() {
            self.undefined.insert(name, format!("no interval: {reason}"));
        }
        (Some(estimate.estimate), estimate.ci())
    }
}

fn notes(scored: &Scored) -> Vec<String> {
    let scores = &scored.scores;
    let mut notes = Vec::new();
    if scored.in_several_folds > 0 {
        notes.push(format!(
            "Warning: {} subjects are in more than one fold, so that models may have seen the \
             subjects that they predict. The numbers may be too good.",
            scored.in_several_folds
        ));
    }
    if scored.by_repeat.len() > 1 {
        notes.push(format!(
            "Probabilities are averaged over {} repeats of the cross-validation.",
            scored.by_repeat.len()
        ));
    }
    let subjects = scored.subjects();
    if subjects < scores.len() {
        notes.push(format!(
            "{} injections belong to {subjects} subjects; DeLong's interval takes them as \
             independent, the clustered one does not.",
            scores.len()
        ));
    }
    if scored.injected_again > 0 {
        notes.push(format!(
            "{} predictions are of a foramen that has another one; they count as injections of \
             their own.",
            scored.injected_again
        ));
    }
    if scores.positives().min(scores.negatives()) < ENOUGH_FOR_A_CURVE {
        notes.push(format!(
            "{} favourable and {} poor outcomes are too few for a trustworthy calibration curve \
             (about {ENOUGH_FOR_A_CURVE} of each are needed); slope and intercept say more.",
            scores.positives(),
            scores.negatives()
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_types::Outcome;

    use crate::{Cohort, Excluded, sample::study};

    #[test]
    fn the_cohort_must_add_up() {
        let mut input = study();
        input.cohort.excluded.push(Excluded { reason: "lost".into(), n: 1 });
        let error = evaluate(&input).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the cohort does not add up: 120 rows included and 13 excluded of 132"
        );
    }

    #[test]
    fn models_are_named_once_and_there_is_one() {
        let mut input = study();
        input.models[1].name = input.models[0].name.clone();
        assert!(matches!(evaluate(&input), Err(ReportError::DuplicateModel { .. })));
        input.models.clear();
        assert!(matches!(evaluate(&input), Err(ReportError::NoModels)));
    }

    #[test]
    fn the_json_keeps_the_contract() {
        let report = evaluate(&study()).unwrap();
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["cohort"]["rows"], 132);
        assert_eq!(json["cohort"]["excluded"][0]["n"], 7);
        for model in ["cnn", "ruler"] {
            for key in [
                "auc",
                "brier",
                "calibration_slope",
                "calibration_intercept",
                "sensitivity",
                "specificity",
                "threshold",
            ] {
                assert!(json["models"][model][key].is_f64(), "{model} {key}");
            }
            assert_eq!(json["models"][model]["auc_ci95"].as_array().unwrap().len(), 2);
        }
        assert!(json["comparison"]["p"].is_f64());
        assert_eq!(json["truth"]["n_rows"], 120);
        assert_eq!(json["timing_s"]["scan"], 4.5);
    }

    #[test]
    fn the_report_does_not_change_unseen() {
        let report = evaluate(&study()).unwrap();
        let mut rounded = crate::sample::rounded(&serde_json::to_value(&report).unwrap());
        // Their words are no numbers.
        rounded.as_object_mut().unwrap().remove("checklists");
        insta::assert_snapshot!(serde_json::to_string_pretty(&rounded).unwrap());
    }

    #[test]
    fn one_outcome_only_is_undefined_and_says_why() {
        let mut input = study();
        for model in &mut input.models {
            for prediction in &mut model.predictions {
                prediction.outcome = Some(Outcome::Favourable);
            }
        }
        let report = evaluate(&input).unwrap();
        let cnn = &report.models[0].1;
        assert_eq!((cnn.auc, cnn.auc_ci95, cnn.specificity), (None, None, None));
        assert_eq!(cnn.undefined["auc"], "no sample is negative");
        assert_eq!(report.comparison.unwrap().undefined.unwrap(), "no sample is negative");
    }

    #[test]
    fn models_are_compared_on_what_both_predicted() {
        let mut input = study();
        input.models[1].predictions.truncate(100);
        let report = evaluate(&input).unwrap();
        assert_eq!(report.comparison.unwrap().n, 100);
        input.models[1].predictions.clear();
        assert!(matches!(evaluate(&input), Err(ReportError::Model { .. })));
    }

    #[test]
    fn conflicting_labels_are_refused() {
        let mut input = study();
        let prediction = &mut input.models[1].predictions[0];
        let turned = prediction.outcome != Some(Outcome::Favourable);
        prediction.outcome = Some(Outcome::from_favourable(turned));
        assert!(matches!(evaluate(&input), Err(ReportError::Labels { .. })));
        assert_eq!(Cohort::default().rows, 0);
    }
}
