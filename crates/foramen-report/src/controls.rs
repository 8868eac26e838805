use std::collections::{BTreeMap, BTreeSet};

use foramen_metrics::{
    Confidence, Scores,
    comparison::{compare_several, holm},
};

use crate::comparison::compare;
use crate::controls_report::{ControlReport, ControlsReport, EqualAucs};
use crate::scored::{Injection, Scored};
use crate::{ComparisonReport, Model, ReportError};

/// A model with its scores.
pub(crate) type Named<'a> = (&'a Model, &'a Scored);

/// Compares the controls with the first model, with Holm's correction over these and the `further`
/// comparisons, and tests all models and controls at once.
///
/// # Errors
/// [`ReportError`] if a control has other outcomes than the first model without being marked as
/// such.
pub(crate) fn controls(
    models: &[Named<'_>],
    controls: &[Named<'_>],
    further: &[&ComparisonReport],
    seed: u64,
) -> Result<Option<ControlsReport>, ReportError> {
    let Some((first, _)) = models.split_first() else { return Ok(None) };
    if controls.is_empty() {
        return Ok(None);
    }
    let mut reports = Vec::new();
    for (model, scored) in controls {
        let area = foramen_metrics::discrimination::auc(&scored.scores);
        let undefined = area.as_ref().err().map(ToString::to_string);
        let area = area.ok();
        let compared = if model.own_outcomes {
            None
        } else {
            let with = (model.name.as_str(), *scored);
            Some(compare((&first.0.name, first.1), with, seed)?)
        };
        let ci = area.as_ref().and_then(|area| area.ci());
        let of = |number: fn(&ComparisonReport) -> Option<f64>| compared.as_ref().and_then(number);
        reports.push(ControlReport {
            name: model.name.clone(),
            title: model.title.clone(),
            description: model.description.clone(),
            n: scored.scores.len(),
            auc: area.as_ref().map(|area| area.estimate),
            auc_ci95: ci,
            above_chance: ci.map(|(low, _)| low > 0.5),
            difference: of(|one| one.difference),
            difference_ci95: compared.as_ref().and_then(|one| one.difference_ci95),
            p: of(|one| one.p),
            p_holm: None,
            undefined: undefined.or_else(|| compared.as_ref()?.undefined.clone()),
        });
    }
    let p: Vec<Option<f64>> =
        reports.iter().map(|one| one.p).chain(further.iter().map(|one| one.p)).collect();
    for (report, p_holm) in reports.iter_mut().zip(holm(&p)) {
        report.p_holm = p_holm;
    }
    let same_outcomes = models.iter().chain(controls).filter(|(model, _)| !model.own_outcomes);
    let all_equal = all_equal(&same_outcomes.copied().collect::<Vec<_>>());
    Ok(Some(ControlsReport { models: reports, all_equal }))
}

/// The global test on the injections that all models predicted.
fn all_equal(models: &[Named<'_>]) -> EqualAucs {
    let mut common: Option<BTreeSet<&Injection>> = None;
    for (_, scored) in models {
        let own: BTreeSet<&Injection> = scored.injections.iter().collect();
        common = Some(match common {
            None => own,
            Some(common) => common.intersection(&own).copied().collect(),
        });
    }
    let common = common.unwrap_or_default();
    let mut report = EqualAucs {
        models: models.iter().map(|(model, _)| model.name.clone()).collect(),
        n: common.len(),
        chi_squared: None,
        freedom: 0,
        p: None,
        undefined: None,
    };
    let scores = models.iter().map(|(_, scored)| {
        let places: BTreeMap<&Injection, usize> =
            scored.injections.iter().enumerate().map(|(at, injection)| (injection, at)).collect();
        let indices: Vec<usize> = common.iter().map(|injection| places[injection]).collect();
        scored.scores.subset(&indices)
    });
    let Some(scores) = scores.collect::<Option<Vec<Scores>>>() else {
        report.undefined = Some("the models have no injection in common".to_owned());
        return report;
    };
    match compare_several(&scores, Confidence::P95) {
        Err(error) => report.undefined = Some(error.to_string()),
        Ok(Err(reason)) => report.undefined = Some(reason.to_string()),
        Ok(Ok(compared)) => {
            report.chi_squared = compared.chi_squared;
            report.freedom = compared.freedom;
            report.p = compared.p;
            if compared.p.is_none() {
                report.undefined = Some("the models rank alike".to_owned());
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use crate::{evaluate, sample::with_controls};

    #[test]
    fn controls_are_compared_with_the_first_model_and_corrected_together() {
        let report = evaluate(&with_controls()).unwrap();
        let controls = report.controls.unwrap();
        let [same, blind, permuted] = &controls.models[..] else { panic!("{controls:?}") };
        // It predicts what the CNN does, so that there is nothing to test.
        assert_eq!((same.difference, same.p), (Some(0.0), None));
        assert_eq!(same.above_chance, Some(true));
        assert!(blind.difference.unwrap() > 0.1 && blind.above_chance == Some(false));
        // Two tests: this one, and the CNN against the width alone.
        let width = report.comparison.unwrap().p.unwrap();
        let p = blind.p.unwrap();
        let expected = if p < width { 2.0 * p } else { p.max(2.0 * width) };
        assert!((blind.p_holm.unwrap() - expected.min(1.0)).abs() < 1e-12);
        assert_eq!((permuted.difference, permuted.p_holm), (None, None));
        assert!(permuted.auc.is_some());
    }

    #[test]
    fn all_models_on_the_same_outcomes_are_tested_at_once() {
        let report = evaluate(&with_controls()).unwrap();
        let all = report.controls.unwrap().all_equal;
        assert_eq!(all.models, ["cnn", "ruler", "control-metadata", "control-background"]);
        // The metadata repeat the CNN and add no degree of freedom.
        assert_eq!((all.n, all.freedom), (120, 2));
        assert!(all.p.unwrap() < 0.05);
    }
}
