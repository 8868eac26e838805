use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::{
    Confidence, Estimate, Method, MetricsError, Scores, Undefined,
    comparison::placements,
    discrimination::auc_of_counts,
    resampling::{Bootstrap, draw, interval},
    scores::check_lengths,
};

/// Scores whose samples come in clusters, such as several injections of one
/// subject.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusteredScores {
    scores: Scores,
    /// The indices of each cluster's samples.
    clusters: Vec<Vec<usize>>,
}

impl ClusteredScores {
    /// Groups samples by the name of their cluster.
    ///
    /// # Errors
    /// [`MetricsError::Lengths`] unless there is one name for each sample.
    pub fn new<C: Ord>(scores: Scores, clusters: &[C]) -> Result<Self, MetricsError> {
        check_lengths(scores.labels(), clusters.len(), "clusters")?;
        let mut members: BTreeMap<&C, Vec<usize>> = BTreeMap::new();
        for (index, cluster) in clusters.iter().enumerate() {
            members.entry(cluster).or_default().push(index);
        }
        Ok(Self { scores, clusters: members.into_values().collect() })
    }

    /// The scores.
    #[must_use]
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// Number of clusters.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters.len()
    }

    /// The samples at these places, in their clusters; `None` if there are none, or one does not
    /// exist.
    #[must_use]
    pub fn subset(&self, places: &[usize]) -> Option<Self> {
        let scores = self.scores.subset(places)?;
        let mut cluster_of = vec![0; self.scores.len()];
        for (cluster, members) in self.clusters.iter().enumerate() {
            members.iter().for_each(|&member| cluster_of[member] = cluster);
        }
        let names: Vec<usize> = places.iter().map(|&place| cluster_of[place]).collect();
        Self::new(scores, &names).ok()
    }
}

/// The AUC with a 95 % interval that allows for clusters (Obuchowski 1997, doi 10.2307/2533958):
/// samples of one cluster are treated as related, not as independent.
///
/// # Errors
/// [`Undefined`] where a class is missing. Where all positives or all negatives are in one cluster
/// there is an estimate but no interval.
///
/// ```
/// use foramen_metrics::{clusters::{ClusteredScores, auc_of_clusters}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Two foramina of each of four patients.
/// let patients = ["A", "A", "B", "B", "C", "C", "D", "D"];
/// let area = auc_of_clusters(&ClusteredScores::new(scores, &patients)?)?;
/// assert_eq!(format!("{:.3}", area.estimate), "0.906");
/// assert_eq!(area.standard_error.map(|error| format!("{error:.3}")), Some("0.154".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn auc_of_clusters(clustered: &ClusteredScores) -> Result<Estimate, Undefined> {
    let scores = &clustered.scores;
    let area = crate::discrimination::auc(scores)?.estimate;
    let (m, n) = (scores.positives() as f64, scores.negatives() as f64);
    let placements = placements(scores);
    let (mut positive, mut negative, mut both) = (0.0, 0.0, 0.0);
    let (mut with_positive, mut with_negative) = (0_u32, 0_u32);
    for cluster in &clustered.clusters {
        let (mut of_positives, mut of_negatives) = (0.0, 0.0);
        let (mut positives, mut negatives) = (0_u32, 0_u32);
        for &index in cluster {
            let placement = placements[index] as f64;
            if scores.labels()[index] {
                of_positives += placement / (2.0 * n) - area;
                positives += 1;
            } else {
                of_negatives += placement / (2.0 * m) - area;
                negatives += 1;
            }
        }
        positive += of_positives * of_positives;
        negative += of_negatives * of_negatives;
        both += of_positives * of_negatives;
        with_positive += u32::from(positives > 0);
        with_negative += u32::from(negatives > 0);
    }
    let unbiased = |count: f64| count / (count - 1.0);
    let error = if with_positive < 2 || with_negative < 2 {
        Err(Undefined::TooFew)
    } else {
        let variance = positive * unbiased(f64::from(with_positive)) / (m * m)
            + negative * unbiased(f64::from(with_negative)) / (n * n)
            + 2.0 * both * unbiased(clustered.clusters.len() as f64) / (m * n);
        if variance > 0.0 { Ok(variance.sqrt()) } else { Err(Undefined::NoVariation) }
    };
    Ok(Estimate {
        method: Method::Obuchowski,
        ..Estimate::wald(area, error, scores.len(), Confidence::P95, (0.0, 1.0))
    })
}

/// The AUC with a percentile interval of a bootstrap that resamples whole clusters.
///
/// A resample without one of the classes has no AUC and is left out.
///
/// # Errors
/// [`Undefined`] where a class is missing. Where more than one resample in 20 lacks a class there
/// is an estimate but no interval.
///
/// ```
/// use foramen_metrics::clusters::{ClusteredScores, cluster_bootstrap_auc};
/// use foramen_metrics::resampling::Bootstrap;
/// use foramen_metrics::Scores;
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let patients = ["A", "A", "B", "B", "C", "C", "D", "D"];
/// let clustered = ClusteredScores::new(scores, &patients)?;
/// let area = cluster_bootstrap_auc(&clustered, &Bootstrap::default().with_resamples(500))?;
/// assert_eq!(format!("{:.3}", area.estimate), "0.906");
/// assert!(area.ci().is_some_and(|(low, high)| low < 0.906 && high <= 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cluster_bootstrap_auc(
    clustered: &ClusteredScores,
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    let scores = &clustered.scores;
    let estimate = crate::discrimination::auc(scores)?.estimate;
    let tie_of: Vec<usize> = scores
        .values()
        .iter()
        .map(|&value| scores.ties().partition_point(|tie| tie.value < value))
        .collect();
    let replicates = (0..bootstrap.resamples)
        .into_par_iter()
        .map(|resample| {
            let mut generator = bootstrap.generator(resample);
            let mut counts = vec![(0_u128, 0_u128); scores.ties().len()];
            let mut totals = (0, 0);
            for _ in 0..clustered.clusters.len() {
                for &index in &clustered.clusters[draw(&mut generator, clustered.clusters.len())] {
                    let count = &mut counts[tie_of[index]];
                    if scores.labels()[index] {
                        count.0 += 1;
                        totals.0 += 1;
                    } else {
                        count.1 += 1;
                        totals.1 += 1;
                    }
                }
            }
            (totals.0 > 0 && totals.1 > 0)
                .then(|| auc_of_counts(counts.into_iter(), totals.0, totals.1))
        })
        .collect();
    let percentile =
        Bootstrap { interval: crate::resampling::BootstrapInterval::Percentile, ..*bootstrap };
    let drawn =
        interval(estimate, scores.len(), replicates, || [Vec::new(), Vec::new()], &percentile)?;
    Ok(Estimate { method: Method::ClusterBootstrap, ..drawn })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> Scores {
        let values: Vec<f64> = (0..60_u32).map(|i| f64::from((i * 23) % 60) / 60.0).collect();
        let labels: Vec<bool> = values
            .iter()
            .enumerate()
            .map(|(i, value)| value + (i % 4) as f64 * 0.2 > 0.8)
            .collect();
        Scores::new(&labels, &values).unwrap()
    }

    #[test]
    fn clusters_of_one_give_delong() {
        let names: Vec<usize> = (0..60).collect();
        let clustered = ClusteredScores::new(scores(), &names).unwrap();
        let (ours, delong) =
            (auc_of_clusters(&clustered).unwrap(), crate::discrimination::auc(&scores()).unwrap());
        assert_eq!(ours.estimate, delong.estimate);
        let (a, b) = (ours.standard_error.unwrap(), delong.standard_error.unwrap());
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }

    #[test]
    fn clusters_of_three_are_the_formula_worked_in_numpy() {
        // i = np.arange(60); s = ((i*23) % 60)/60; y = s + (i % 4)*.2 > .8; c = i//3; K = 20
        // psi = (s[y][:,None] > s[~y]) + .5*(s[y][:,None] == s[~y]); m, n = psi.shape
        // x = np.zeros(60); x[y] = psi.mean(1) - psi.mean(); x[~y] = psi.mean(0) - psi.mean()
        // X, Y = (np.array([x[g & (c == k)].sum() for k in range(K)]) for g in (y, ~y))
        // p, q = (sum((g & (c == k)).any() for k in range(K)) for g in (y, ~y))
        // (p/(p-1)*(X**2).sum()/m**2 + q/(q-1)*(Y**2).sum()/n**2 + 2*K/(K-1)*(X*Y).sum()/m/n)**.5
        let names: Vec<usize> = (0..60).map(|i| i / 3).collect();
        let clustered = ClusteredScores::new(scores(), &names).unwrap();
        let error = auc_of_clusters(&clustered).unwrap().standard_error.unwrap();
        assert!((error - 0.039_173_661_756_245_85).abs() < 1e-14, "{error}");
    }

    #[test]
    fn every_sample_twice_teaches_nothing_new() {
        let single = scores();
        let labels = [single.labels(), single.labels()].concat();
        let values = [single.values(), single.values()].concat();
        let names: Vec<usize> = (0..60).chain(0..60).collect();
        let double = Scores::new(&labels, &values).unwrap();
        let naive = crate::discrimination::auc(&double).unwrap().standard_error.unwrap();
        let clustered = ClusteredScores::new(double, &names).unwrap();
        assert_eq!(clustered.clusters(), 60);
        let honest = crate::discrimination::auc(&single).unwrap().standard_error.unwrap();
        let ours = auc_of_clusters(&clustered).unwrap().standard_error.unwrap();
        assert!((ours - honest).abs() < 1e-12, "{ours} {honest}");
        assert!(naive < 0.75 * honest);
        let drawn = cluster_bootstrap_auc(&clustered, &Bootstrap::default()).unwrap();
        let drawn = drawn.standard_error.unwrap();
        assert!((drawn / honest - 1.0).abs() < 0.1, "{drawn} {honest}");
    }

    #[test]
    fn one_cluster_has_no_interval() {
        let clustered = ClusteredScores::new(scores(), &[0; 60]).unwrap();
        assert_eq!(auc_of_clusters(&clustered).unwrap().no_interval(), Some(Undefined::TooFew));
        assert!(ClusteredScores::new(scores(), &["a", "b"]).is_err());
    }
}
