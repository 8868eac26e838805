use foramen_metrics::{
    Scores,
    clusters::{ClusteredScores, auc_of_clusters},
};
use foramen_types::SubjectId;
use serde::Serialize;

use crate::Case;
use crate::ReportInput;
use crate::grouping::DOUBTFUL;
use crate::known_cases::Cases;
use crate::scored::{Injection, Scored};
use crate::subgroups::LEAST;

/// The AUC of the first model under other choices of the analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SensitivityReport {
    /// Each analysis, the primary one first.
    pub analyses: Vec<Analysis>,
    /// The possible effect of missing outcomes.
    pub missing: MissingReport,
}

/// The results of the first model under one choice. It was not trained again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Analysis {
    /// Its name in files.
    pub name: String,
    /// Description of the choice, for people.
    pub title: String,
    /// Number of injections.
    pub n: usize,
    /// Injections with a favourable outcome.
    pub n_positive: usize,
    /// Injections of the primary analysis that are not in it.
    pub left_out: usize,
    /// Injections whose outcome differs from that of the primary analysis.
    pub changed: usize,
    /// AUC.
    pub auc: Option<f64>,
    /// The 95 % interval of the AUC, which treats injections of one subject as related.
    pub auc_ci95: Option<(f64, f64)>,
    /// Why there is no AUC or no interval.
    pub undefined: Option<String>,
}

/// The possible effect of missing outcomes, whatever their values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MissingReport {
    /// Rows excluded because their outcome is missing.
    pub n: usize,
    /// Share of favourable outcomes among the known outcomes.
    pub share: Option<f64>,
    /// The share if all missing outcomes were poor.
    pub share_if_poor: Option<f64>,
    /// The share if all missing outcomes were favourable.
    pub share_if_favourable: Option<f64>,
    /// The lowest and the highest AUC possible for any outcomes and predictions of the missing
    /// rows.
    pub auc_bounds: Option<(f64, f64)>,
}

/// The analyses for which the input has data.
pub(crate) fn sensitivity(
    input: &ReportInput,
    scored: &Scored,
    cases: &Cases<'_>,
) -> SensitivityReport {
    let study = Analyses { scored, cases };
    let primary = study.label_of_all();
    let mut analyses = vec![study.run("primary", "As reported", &primary)];
    let mut without = |name: &str, title: &str, is_out: &dyn Fn(&Case) -> bool| {
        let left = |place: usize| match study.case(place) {
            Some(case) if is_out(case) => None,
            _ => primary[place],
        };
        let labels: Vec<Option<bool>> = (0..primary.len()).map(left).collect();
        if labels != primary {
            analyses.push(study.run(name, title, &labels));
        }
    };
    without("without_doubtful", "Without doubtful slices (confidence at most 0.5)", &|case| {
        case.confidence.is_some_and(|confidence| confidence <= DOUBTFUL)
    });
    without("without_remarks", "Without images that have a remark", &|case| {
        !case.remarks.is_empty()
    });
    without("without_corrected", "Without slices that a person chose or corrected", &|case| {
        case.by_person
    });
    without("without_closed", "Without foramina that have no width", &|case| case.width.is_none());
    let mut first: Option<&SubjectId> = None;
    let firsts: Vec<Option<bool>> = (scored.injections.iter().zip(&primary))
        .map(|((subject, ..), label)| {
            let is_first = first != Some(subject);
            first = Some(subject);
            label.filter(|_| is_first)
        })
        .collect();
    if firsts != primary {
        analyses.push(study.run("one_per_subject", "The first foramen of each person", &firsts));
    }
    for definition in &input.definitions {
        let by = |place: usize| {
            let label = study.case(place)?.labels.get(&definition.name)?;
            Some(label.is_favourable())
        };
        let labels: Vec<Option<bool>> = (0..primary.len()).map(by).collect();
        if labels != primary && labels.iter().any(Option::is_some) {
            let title = format!("Favourable is: {}", definition.description);
            analyses.push(study.run(&format!("label_{}", definition.name), &title, &labels));
        }
    }
    SensitivityReport { analyses, missing: missing(&scored.scores, input.missing_outcomes) }
}

struct Analyses<'a> {
    scored: &'a Scored,
    cases: &'a Cases<'a>,
}

impl<'a> Analyses<'a> {
    fn case(&self, place: usize) -> Option<&'a Case> {
        let injection: &Injection = &self.scored.injections[place];
        self.cases.of(injection)
    }

    fn label_of_all(&self) -> Vec<Option<bool>> {
        self.scored.scores.labels().iter().copied().map(Some).collect()
    }

    /// The analysis with these labels; injections without a label are left out.
    fn run(&self, name: &str, title: &str, labels: &[Option<bool>]) -> Analysis {
        let places: Vec<usize> = (0..labels.len()).filter(|&at| labels[at].is_some()).collect();
        let all = &self.scored.scores;
        let kept: Vec<bool> = labels.iter().copied().flatten().collect();
        let values: Vec<f64> = places.iter().map(|&at| all.values()[at]).collect();
        let names: Vec<&SubjectId> =
            places.iter().map(|&at| &self.scored.injections[at].0).collect();
        let positives = kept.iter().filter(|label| **label).count();
        let few = positives.min(kept.len() - positives) < LEAST && name != "primary";
        let area = Scores::new(&kept, &values)
            .and_then(|scores| ClusteredScores::new(scores, &names))
            .map_err(|error| error.to_string());
        let area = match area {
            _ if few => Err("too few".to_owned()),
            Err(error) => Err(error),
            Ok(scores) => auc_of_clusters(&scores).map_err(|reason| reason.to_string()),
        };
        let no_interval = area.as_ref().ok().and_then(|area| area.no_interval());
        Analysis {
            name: name.to_owned(),
            title: title.to_owned(),
            n: kept.len(),
            n_positive: positives,
            left_out: labels.len() - kept.len(),
            changed: places.iter().filter(|&&at| labels[at] != Some(all.labels()[at])).count(),
            auc: area.as_ref().ok().map(|area| area.estimate),
            auc_ci95: area.as_ref().ok().and_then(|area| area.ci()),
            undefined: area.err().or_else(|| no_interval.map(|reason| reason.to_string())),
        }
    }
}

/// Bounds of the share and the AUC with `missing` further outcomes. Each could have any outcome and
/// any rank: the AUC is lowest if the favourable ones rank below all others and the poor ones above
/// all others, and highest in the opposite case.
fn missing(scores: &Scores, missing: usize) -> MissingReport {
    let (positives, negatives) = (scores.positives(), scores.negatives());
    let all = positives + negatives;
    let share = |favourable: usize, of: usize| (of > 0).then(|| favourable as f64 / of as f64);
    let bounds = foramen_metrics::discrimination::auc(scores).ok().map(|area| {
        let won = area.estimate * positives as f64 * negatives as f64;
        let mut bounds = (f64::INFINITY, f64::NEG_INFINITY);
        for favourable in 0..=missing {
            let poor = missing - favourable;
            let pairs = ((positives + favourable) * (negatives + poor)) as f64;
            let lost = pairs - positives as f64 * negatives as f64;
            bounds.0 = bounds.0.min(won / pairs);
            bounds.1 = bounds.1.max((won + lost) / pairs);
        }
        bounds
    });
    MissingReport {
        n: missing,
        share: share(positives, all),
        share_if_poor: share(positives, all + missing),
        share_if_favourable: share(positives + missing, all + missing),
        auc_bounds: bounds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;
    use crate::sample::with_cases;

    #[test]
    fn missing_outcomes_bound_the_area_by_hand() {
        // Two favourable and two poor, 3 of 4 pairs won. One more favourable one below all:
        // 3 of 6; one more poor one above all: 3 of 6. At best 5 of 6.
        let scores = Scores::new(&[true, true, false, false], &[0.9, 0.4, 0.5, 0.1]).unwrap();
        let report = missing(&scores, 1);
        let (low, high) = report.auc_bounds.unwrap();
        assert!((low - 0.5).abs() < 1e-12 && (high - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!((report.share_if_poor, report.share_if_favourable), (Some(0.4), Some(0.6)));
        let (low, high) = missing(&scores, 0).auc_bounds.unwrap();
        assert!((low - 0.75).abs() < 1e-12 && (high - 0.75).abs() < 1e-12);
    }

    #[test]
    fn each_choice_says_what_it_leaves_out_or_changes() {
        let report = evaluate(&with_cases()).unwrap().sensitivity.unwrap();
        let of = |name: &str| report.analyses.iter().find(|one| one.name == name).unwrap();
        assert_eq!((of("primary").left_out, of("primary").changed), (0, 0));
        assert!(of("without_doubtful").left_out > 0 && of("without_doubtful").changed == 0);
        assert!(of("label_relief_30").changed > 0);
        assert!(of("label_relief_30").auc.unwrap() < of("primary").auc.unwrap());
        // No person corrected any: nothing changes, and nothing is said.
        assert!(!report.analyses.iter().any(|one| one.name == "without_corrected"));
        assert_eq!(report.missing.n, 7);
    }
}
