use foramen_metrics::clusters::auc_by_group;
use serde::Serialize;

use crate::grouping::ALL;
use crate::known_cases::Cases;
use crate::scored::Scored;

/// A group with fewer favourable or poor outcomes than this gets no AUC: its interval would have
/// less than its nominal coverage.
pub(crate) const LEAST: usize = 10;

/// The results of the first model in the groups of one grouping.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SubgroupReport {
    /// The name of the grouping: `level`, `side`, `sex`, `age`, `contrast`, `site`,
    /// `confidence`, `remarks`.
    pub by: String,
    /// Its name for people.
    pub title: String,
    /// The groups, in order.
    pub groups: Vec<GroupReport>,
    /// Injections whose group is not known.
    pub unknown: usize,
    /// p value of Cochran's test that the AUC is equal in all groups with an AUC; not corrected for
    /// the number of groupings.
    pub p_interaction: Option<f64>,
}

/// The results of the first model in one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct GroupReport {
    /// The group's name for people.
    pub group: String,
    /// Number of injections.
    pub n: usize,
    /// Injections with a favourable outcome.
    pub n_positive: usize,
    /// The AUC of the group; none with fewer than ten favourable or poor outcomes.
    pub auc: Option<f64>,
    /// The 95 % interval of the AUC, which treats injections of one subject as related.
    pub auc_ci95: Option<(f64, f64)>,
    /// Why there is no AUC or no interval.
    pub undefined: Option<String>,
}

/// The groupings with more than one group, each with its groups.
pub(crate) fn subgroups(scored: &Scored, cases: &Cases<'_>) -> Vec<SubgroupReport> {
    let clustered = scored.by_subject();
    let mut reports = Vec::new();
    for grouping in &ALL {
        let mut known = (Vec::new(), Vec::new());
        for (place, injection) in scored.injections.iter().enumerate() {
            let case = cases.of(injection);
            if let Some(group) = (grouping.group)(injection.1, injection.2, case) {
                known.0.push(place);
                known.1.push(group);
            }
        }
        let Some(subset) = clustered.subset(&known.0) else { continue };
        let found = auc_by_group(&subset, &known.1, LEAST).expect("each sample has a group");
        if found.groups.len() < 2 {
            continue;
        }
        let groups = found.groups.into_iter().map(|group| {
            let few = group.positives.min(group.n - group.positives) < LEAST;
            let area = group.estimate;
            let no_interval = area.and_then(|area| area.no_interval());
            GroupReport {
                group: group.group.1,
                n: group.n,
                n_positive: group.positives,
                auc: area.map(|area| area.estimate),
                auc_ci95: area.and_then(|area| area.ci()),
                undefined: if few {
                    Some("too few".to_owned())
                } else {
                    group.undefined.or(no_interval).map(|reason| reason.to_string())
                },
            }
        });
        reports.push(SubgroupReport {
            by: grouping.name.to_owned(),
            title: grouping.title.to_owned(),
            groups: groups.collect(),
            unknown: scored.injections.len() - known.0.len(),
            p_interaction: found.interaction.p,
        });
    }
    reports
}

#[cfg(test)]
mod tests {
    use crate::sample::with_cases;
    use crate::{Report, evaluate};

    fn of<'a>(report: &'a Report, by: &str) -> Option<&'a super::SubgroupReport> {
        report.subgroups.iter().find(|groups| groups.by == by)
    }

    #[test]
    fn groups_hold_all_injections_whose_group_is_known() {
        let report = evaluate(&with_cases()).unwrap();
        let n = report.models[0].1.n;
        for grouping in &report.subgroups {
            let sum: usize = grouping.groups.iter().map(|group| group.n).sum();
            assert_eq!(sum + grouping.unknown, n, "{}", grouping.by);
        }
        // Every tenth sex is not known.
        assert_eq!(of(&report, "sex").unwrap().unknown, 12);
        assert!(of(&report, "site").is_none(), "no case has a hospital");
        let names: Vec<&str> =
            of(&report, "age").unwrap().groups.iter().map(|g| g.group.as_str()).collect();
        assert_eq!(names, ["under 50", "50 to 64", "65 and over"]);
    }

    #[test]
    fn a_small_group_is_said_to_be_too_few() {
        let report = evaluate(&with_cases()).unwrap();
        let doubtful = &of(&report, "confidence").unwrap().groups[0];
        assert!(doubtful.n < 20);
        assert_eq!((doubtful.auc, doubtful.undefined.as_deref()), (None, Some("too few")));
        let sexes = of(&report, "sex").unwrap();
        assert!(sexes.groups.iter().all(|group| group.auc_ci95.is_some()));
        assert!(sexes.p_interaction.is_some());
    }
}
