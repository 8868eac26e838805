use std::collections::BTreeMap;

use foramen_metrics::{
    Confidence, Scores,
    comparison::{PairedScores, compare_auc},
    resampling::{Bootstrap, bootstrap_difference},
};

use crate::scored::{Injection, Scored};
use crate::{ComparisonReport, ReportError};

/// 10,000 resamples: with 2,000 the bounds of an AUC of 288 still move by 0.005
/// from seed to seed.
pub(crate) fn bootstrap(seed: u64) -> Bootstrap {
    Bootstrap::default().with_resamples(10_000).with_seed(seed)
}

/// Compares two models on the injections that both predicted.
///
/// # Errors
/// [`ReportError::Labels`] if their outcomes of one injection differ.
pub(crate) fn compare(
    first: (&str, &Scored),
    second: (&str, &Scored),
    seed: u64,
) -> Result<ComparisonReport, ReportError> {
    let of_second: BTreeMap<&Injection, usize> = second
        .1
        .injections
        .iter()
        .enumerate()
        .map(|(index, injection)| (injection, index))
        .collect();
    let (here, there): (Vec<usize>, Vec<usize>) = first
        .1
        .injections
        .iter()
        .enumerate()
        .filter_map(|(index, injection)| Some((index, *of_second.get(injection)?)))
        .unzip();
    let mut report = ComparisonReport {
        first: first.0.to_owned(),
        second: second.0.to_owned(),
        n: here.len(),
        auc_first: None,
        auc_second: None,
        difference: None,
        difference_ci95: None,
        difference_ci95_bootstrap: None,
        p: None,
        method: "paired DeLong",
        undefined: None,
    };
    let subset =
        |scored: &Scored, indices: &[usize]| -> Option<Scores> { scored.scores.subset(indices) };
    let (Some(a), Some(b)) = (subset(first.1, &here), subset(second.1, &there)) else {
        report.undefined = Some("the models have no injection in common".to_owned());
        return Ok(report);
    };
    if let Some(place) = a.labels().iter().zip(b.labels()).position(|(a, b)| a != b) {
        let (subject, level, side, _) = &first.1.injections[here[place]];
        return Err(ReportError::Labels {
            name: second.0.to_owned(),
            subject: subject.to_string(),
            level: level.to_string(),
            side: side.to_string(),
        });
    }
    let paired = PairedScores::new(a, b).expect("the labels were compared above");
    match compare_auc(&paired, Confidence::P95) {
        Err(reason) => report.undefined = Some(reason.to_string()),
        Ok(comparison) => {
            report.auc_first = Some(comparison.first.estimate);
            report.auc_second = Some(comparison.second.estimate);
            report.difference = Some(comparison.difference.estimate);
            report.difference_ci95 = comparison.difference.ci();
            report.p = comparison.p;
            report.undefined =
                comparison.difference.no_interval().map(|reason| format!("no interval: {reason}"));
            let draws = bootstrap(seed);
            report.difference_ci95_bootstrap =
                bootstrap_difference(&paired, &draws).ok().and_then(|drawn| drawn.ci());
        }
    }
    Ok(report)
}
