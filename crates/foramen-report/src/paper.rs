use foramen_metrics::discrimination::hanley_mcneil;
use serde::Serialize;

/// The AUC of the published study.
pub(crate) const PUBLISHED_AUC: f64 = 0.801;
/// The number of patients of the published study.
pub(crate) const PUBLISHED_N: usize = 288;
/// Likely shares of favourable outcomes in that study; the true one was not published.
const SHARES: [f64; 2] = [0.5, 0.7];

/// The published study for comparison: Wang, Kim and Chang 2023, doi 10.2147/JPR.S409841.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PaperReport {
    /// DOI of the publication.
    pub doi: String,
    /// The published AUC, which had no interval.
    pub auc: f64,
    /// Number of patients.
    pub n: usize,
    /// The interval that the AUC would have had, for several numbers of tested patients.
    pub intervals: Vec<PaperInterval>,
}

/// The 95 % interval of the published AUC if `n` patients had been tested.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PaperInterval {
    /// How the patients would have been tested.
    pub design: String,
    /// Number of tested patients in this design.
    pub n: usize,
    /// The interval by Hanley and McNeil: the widest of those at 50 and 70 % favourable
    /// outcomes, since the share was not published.
    pub auc_ci95: (f64, f64),
}

/// The panel, which does not depend on the study.
pub(crate) fn paper() -> PaperReport {
    let designs = [
        ("a fifth of the patients tested once", 0.2),
        ("three tenths of the patients tested once", 0.3),
        ("all patients tested out of fold", 1.0),
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 288")]
    let part = |of: usize, share: f64| (of as f64 * share).round() as usize;
    let intervals = designs.map(|(design, tested)| {
        let n = part(PUBLISHED_N, tested);
        let halves = SHARES.map(|share| {
            let favourable = part(n, share);
            let error = hanley_mcneil(PUBLISHED_AUC, favourable, n - favourable);
            1.959_963_984_540_054 * error.expect("both outcomes occur")
        });
        let half = halves[0].max(halves[1]);
        PaperInterval {
            design: design.to_owned(),
            n,
            auc_ci95: (PUBLISHED_AUC - half, PUBLISHED_AUC + half),
        }
    });
    PaperReport {
        doi: "10.2147/JPR.S409841".to_owned(),
        auc: PUBLISHED_AUC,
        n: PUBLISHED_N,
        intervals: intervals.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_hanley_and_mcneil() {
        // import math
        // def se(a, m, n):
        //     q, r = a/(2-a), 2*a*a/(1+a)
        //     return math.sqrt((a*(1-a) + (m-1)*(q-a*a) + (n-1)*(r-a*a))/(m*n))
        // [max(1.96*se(.801, round(n*p), n-round(n*p)) for p in (.5, .7)) for n in (58, 86, 288)]
        let expected = [(58, 0.115), (86, 0.094), (288, 0.052)];
        for (interval, (n, half)) in paper().intervals.iter().zip(expected) {
            let ours = (interval.auc_ci95.1 - interval.auc_ci95.0) / 2.0;
            assert_eq!(interval.n, n);
            assert!((ours - half).abs() < 0.002, "{n} {ours}");
        }
    }
}
