use std::collections::BTreeMap;

use crate::{
    Estimate, MetricsError, Scores, Undefined,
    clusters::{ClusteredScores, auc_of_clusters},
    distribution::chi_squared_p,
    scores::check_lengths,
};

/// A metric by group, such as sex, level or scanner.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subgroups<G> {
    /// The groups, in their order.
    pub groups: Vec<Subgroup<G>>,
    /// Whether the metric differs between them.
    pub interaction: Interaction,
}

/// A metric in one group.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subgroup<G> {
    /// Which group.
    pub group: G,
    /// Number of samples.
    pub n: usize,
    /// How many of them are positive.
    pub positives: usize,
    /// The metric, if it is defined.
    pub estimate: Option<Estimate>,
    /// Why the metric is not defined, if it is not.
    pub undefined: Option<Undefined>,
}

/// Cochran's test that a metric is the same in all groups. A large p-value does not prove this:
/// subgroups are small, and the test has little power.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interaction {
    /// Groups whose metric has a standard error, which are used in the test.
    pub groups: usize,
    /// Sum of squared distances from the common mean in standard errors; `None` for fewer than two
    /// groups.
    pub statistic: Option<f64>,
    /// P-value with one degree of freedom less than the number of groups.
    pub p: Option<f64>,
}

/// Any metric by group: `by_group(&scores, &sexes, auc)`.
///
/// A metric without a standard error has no interaction test.
///
/// # Errors
/// [`MetricsError::Lengths`] unless there is one group for each sample.
///
/// ```
/// use foramen_metrics::clusters::by_group;
/// use foramen_metrics::discrimination::auc;
/// use foramen_metrics::{Scores, Undefined};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let scanners = ["1.5 T", "1.5 T", "1.5 T", "1.5 T", "3 T", "3 T", "3 T", "3 T"];
/// let by_scanner = by_group(&scores, &scanners, auc)?;
/// let [old, new] = &by_scanner.groups[..] else { panic!("two scanners") };
/// assert_eq!((old.group, old.n, old.positives), ("1.5 T", 4, 1));
/// assert_eq!(old.estimate.map(|area| area.estimate), Some(0.5));
/// assert_eq!(new.estimate.map(|area| area.estimate), Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn by_group<G: Ord + Clone>(
    scores: &Scores,
    groups: &[G],
    metric: impl Fn(&Scores) -> Result<Estimate, Undefined>,
) -> Result<Subgroups<G>, MetricsError> {
    check_lengths(scores.labels(), groups.len(), "groups")?;
    let of = |indices: &[usize]| {
        let scores = scores.subset(indices).expect("a group has members, all of them samples");
        (scores.len(), scores.positives(), metric(&scores))
    };
    Ok(each_group(groups, of))
}

/// The AUC by group, with intervals and a test of interaction that allow for clusters
/// ([`auc_of_clusters`]). A group with fewer than `least` positives or negatives has no AUC:
/// [`Undefined::TooFew`]. A cluster may have samples in several groups; the test treats groups as
/// independent.
///
/// # Errors
/// [`MetricsError::Lengths`] unless there is one group for each sample.
///
/// ```
/// use foramen_metrics::{clusters::{ClusteredScores, auc_by_group}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let patients = ["A", "A", "B", "B", "C", "C", "D", "D"];
/// let clustered = ClusteredScores::new(scores, &patients)?;
/// let sexes = ["f", "f", "f", "f", "m", "m", "m", "m"];
/// // At least one sample of each outcome in a group.
/// let by_sex = auc_by_group(&clustered, &sexes, 1)?;
/// let areas: Vec<_> = by_sex.groups.iter().map(|sex| sex.estimate.map(|e| e.estimate)).collect();
/// assert_eq!(areas, [Some(0.5), Some(1.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn auc_by_group<G: Ord + Clone>(
    clustered: &ClusteredScores,
    groups: &[G],
    least: usize,
) -> Result<Subgroups<G>, MetricsError> {
    check_lengths(clustered.scores().labels(), groups.len(), "groups")?;
    let of = |indices: &[usize]| {
        let of_group = clustered.subset(indices).expect("a group has members");
        let scores = of_group.scores();
        let few = scores.positives().min(scores.negatives()) < least;
        let area = if few { Err(Undefined::TooFew) } else { auc_of_clusters(&of_group) };
        (scores.len(), scores.positives(), area)
    };
    Ok(each_group(groups, of))
}

/// The metric `of` for the members of each group, with the numbers of samples and positives.
fn each_group<G: Ord + Clone>(
    groups: &[G],
    of: impl Fn(&[usize]) -> (usize, usize, Result<Estimate, Undefined>),
) -> Subgroups<G> {
    let mut members: BTreeMap<&G, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(index);
    }
    let groups: Vec<Subgroup<G>> = members
        .into_iter()
        .map(|(group, indices)| {
            let (n, positives, result) = of(&indices);
            Subgroup {
                group: group.clone(),
                n,
                positives,
                estimate: result.ok(),
                undefined: result.err(),
            }
        })
        .collect();
    let interaction = interaction(groups.iter().filter_map(|group| group.estimate));
    Subgroups { groups, interaction }
}

fn interaction(estimates: impl Iterator<Item = Estimate>) -> Interaction {
    // Each with its weight, the inverse of its variance.
    let weighed: Vec<(f64, f64)> = estimates
        .filter_map(|estimate| Some((estimate.estimate, estimate.standard_error?.powi(-2))))
        .filter(|(_, weight)| weight.is_finite())
        .collect();
    let groups = weighed.len();
    if groups < 2 {
        return Interaction { groups, statistic: None, p: None };
    }
    let total: f64 = weighed.iter().map(|(_, weight)| weight).sum();
    let mean = weighed.iter().map(|(value, weight)| value * weight).sum::<f64>() / total;
    let statistic = weighed.iter().map(|(value, weight)| weight * (value - mean).powi(2)).sum();
    let p = chi_squared_p(statistic, groups as f64 - 1.0);
    Interaction { groups, statistic: Some(statistic), p: Some(p) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, classification::Confusion, discrimination::auc};

    #[test]
    fn a_group_of_one_class_says_so_and_takes_no_part() {
        let labels = [true, false, true, false, true, true];
        let scores = Scores::new(&labels, &[0.9, 0.2, 0.4, 0.6, 0.7, 0.8]).unwrap();
        let ours = by_group(&scores, &["a", "a", "a", "a", "b", "b"], auc).unwrap();
        assert_eq!(ours.groups[1].undefined, Some(Undefined::NoNegatives));
        assert_eq!((ours.groups[1].n, ours.groups[1].positives), (2, 2));
        assert_eq!((ours.interaction.groups, ours.interaction.p), (1, None));
        let accuracy = |scores: &Scores| Confusion::at(scores, 0.5).accuracy(Confidence::P95);
        assert!(by_group(&scores, &["a", "a", "a", "a", "b", "b"], accuracy).is_ok());
        assert!(by_group(&scores, &["a"], auc).is_err());
    }

    #[test]
    fn small_groups_have_no_number_and_clusters_of_one_give_delong() {
        let values: Vec<f64> = (0..60_u32).map(|i| f64::from((i * 23) % 60) / 60.0).collect();
        let labels: Vec<bool> =
            values.iter().zip(0..).map(|(v, i)| v + f64::from(i % 4) * 0.2 > 0.8).collect();
        let scores = Scores::new(&labels, &values).unwrap();
        let groups: Vec<u32> = (0..60).map(|i| if i < 6 { 0 } else { 1 + i % 2 }).collect();
        let names: Vec<u32> = (0..60).collect();
        let clustered = ClusteredScores::new(scores.clone(), &names).unwrap();
        let ours = auc_by_group(&clustered, &groups, 5).unwrap();
        let plain = by_group(&scores, &groups, auc).unwrap();
        assert_eq!(ours.groups[0].undefined, Some(Undefined::TooFew));
        for (ours, plain) in ours.groups.iter().zip(&plain.groups).skip(1) {
            let (ours, plain) = (ours.estimate.unwrap(), plain.estimate.unwrap());
            assert_eq!(ours.estimate, plain.estimate);
            let apart = ours.standard_error.unwrap() - plain.standard_error.unwrap();
            assert!(apart.abs() < 1e-12, "{apart}");
        }
        assert_eq!(ours.interaction.groups, 2);
    }
}
