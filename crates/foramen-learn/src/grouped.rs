//! Splits by place or time of treatment, to test a model at a site, on a scanner or in years that
//! it was not trained on.

use std::collections::{BTreeMap, BTreeSet};

use foramen_types::{Outcome, SubjectId};

use crate::split::deal;
use crate::{Dataset, LearnError, Part, Split};

/// A group with at least this many subjects of each outcome is tested alone: smaller groups give
/// almost no information about a model.
const LEAST: usize = 5;

/// Subjects that are tested together, by a model that is not trained on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Names of the site or scanner. Several names where groups were too small to be tested alone.
    pub names: Vec<String>,
    /// Subjects with a poor and with a favourable outcome.
    pub subjects: [usize; 2],
}

impl Split {
    /// Tests each group in a fold of its own, with a model trained on all others
    /// (leave-one-site-out, internal–external validation; Steyerberg and Harrell 2016, doi
    /// 10.1016/j.jclinepi.2015.04.005). One in five of the others is in the tune set, assigned by
    /// the seed.
    ///
    /// Folds are in the order of the names. Groups with fewer than five subjects of an outcome are
    /// tested together, in the last fold. The second returned value lists the groups that each fold
    /// tests.
    ///
    /// # Errors
    /// [`LearnError::Ungrouped`] for a subject with an outcome and no group;
    /// [`LearnError::TooFewGroups`] where there would be fewer than two folds;
    /// [`LearnError::GroupLeavesTooFew`] where too few subjects of an outcome remain for training.
    pub fn by_group(
        dataset: &Dataset,
        groups: &BTreeMap<SubjectId, String>,
        seed: u64,
    ) -> Result<(Self, Vec<Held>), LearnError> {
        let outcomes = outcomes(dataset);
        let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
        for (subject, favourable) in &outcomes {
            let group = groups
                .get(*subject)
                .ok_or_else(|| LearnError::Ungrouped { subject: (*subject).clone() })?;
            counts.entry(group).or_default()[usize::from(*favourable)] += 1;
        }
        let is_large = |of: &[usize; 2]| of.iter().all(|count| *count >= LEAST);
        let (large, small): (Vec<_>, Vec<_>) = counts.iter().partition(|(_, of)| is_large(of));
        let mut held: Vec<Held> = large
            .iter()
            .map(|(name, of)| Held { names: vec![(**name).to_owned()], subjects: **of })
            .collect();
        if !small.is_empty() {
            let mut together = Held { names: Vec::new(), subjects: [0, 0] };
            for (name, [poor, favourable]) in &small {
                together.names.push((**name).to_owned());
                together.subjects[0] += poor;
                together.subjects[1] += favourable;
            }
            held.push(together);
        }
        if held.len() < 2 {
            let found = counts.iter().map(|(name, of)| in_words(name, of)).collect::<Vec<_>>();
            return Err(LearnError::TooFewGroups { found: found.join(", "), least: LEAST });
        }
        let all = [0, 1].map(|at| held.iter().map(|one| one.subjects[at]).sum::<usize>());
        for one in &held {
            let left = [0, 1].map(|at| all[at] - one.subjects[at]);
            if !is_large(&left) {
                let [poor, favourable] = left;
                let group = one.names.join(", ");
                return Err(LearnError::GroupLeavesTooFew { group, poor, favourable });
            }
        }
        let fold_of = |subject: &SubjectId| {
            let group = groups.get(subject)?;
            held.iter().position(|one| one.names.contains(group))
        };
        Ok((deal(dataset, held.len(), seed, &fold_of), held))
    }

    /// Tests some subjects, such as those treated later (temporal validation), in one fold with a
    /// model trained on all others. One in five of the others is in the tune set, assigned by the
    /// seed.
    ///
    /// # Errors
    /// [`LearnError::HeldOut`] where fewer than five subjects of an outcome would be tested, or
    /// would remain for training.
    pub fn holding_out(
        dataset: &Dataset,
        tested: &BTreeSet<SubjectId>,
        seed: u64,
    ) -> Result<Self, LearnError> {
        let mut counts = [[0, 0], [0, 0]];
        for (subject, favourable) in outcomes(dataset) {
            counts[usize::from(tested.contains(subject))][usize::from(favourable)] += 1;
        }
        if counts.iter().flatten().any(|count| *count < LEAST) {
            let [left, held] = counts;
            return Err(LearnError::HeldOut { left, held, least: LEAST });
        }
        Ok(deal(dataset, 1, seed, &|subject| tested.contains(subject).then_some(0)))
    }

    /// The subjects that are tested in any fold.
    #[must_use]
    pub fn tested(&self) -> BTreeSet<&SubjectId> {
        let folds = (0..self.folds()).flat_map(|fold| self.parts(fold));
        folds.filter(|(_, part)| *part == Part::Test).map(|(subject, _)| subject).collect()
    }
}

fn in_words(name: &str, [poor, favourable]: &[usize; 2]) -> String {
    format!("{name} ({favourable} favourable, {poor} poor)")
}

/// The subjects with an outcome, and whether any of their outcomes was favourable.
fn outcomes(dataset: &Dataset) -> BTreeMap<&SubjectId, bool> {
    let mut outcomes: BTreeMap<&SubjectId, bool> = BTreeMap::new();
    for sample in dataset.samples() {
        if let Some(outcome) = sample.outcome {
            *outcomes.entry(&sample.subject).or_default() |= outcome == Outcome::Favourable;
        }
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Side};

    use super::*;
    use crate::Sample;

    fn dataset(n: usize) -> Dataset {
        let samples = (0..n).map(|i| {
            Sample::new(SubjectId::new(&format!("S{i:02}")).unwrap(), Level::C5C6, Side::Left)
                .with_outcome(Outcome::from_favourable(i % 2 == 0))
        });
        Dataset::new(samples.collect()).unwrap()
    }

    fn groups(
        dataset: &Dataset,
        of: impl Fn(usize) -> &'static str,
    ) -> BTreeMap<SubjectId, String> {
        let samples = dataset.samples().iter().enumerate();
        samples.map(|(at, sample)| (sample.subject.clone(), of(at).to_owned())).collect()
    }

    #[test]
    fn each_site_is_tested_by_a_model_of_the_others() {
        let data = dataset(60);
        // Two small ones at the end.
        let site = |at: usize| match at {
            0..25 => "North",
            25..50 => "South",
            50..56 => "West",
            _ => "East",
        };
        let sites = groups(&data, site);
        let (split, held) = Split::by_group(&data, &sites, 1).unwrap();
        let names: Vec<String> = held.iter().map(|one| one.names.join("+")).collect();
        assert_eq!(names, ["North", "South", "East+West"]);
        assert_eq!(held[0].subjects, [12, 13]);
        for (fold, one) in held.iter().enumerate() {
            for (subject, part) in split.parts(fold) {
                assert_eq!(part == Part::Test, one.names.contains(&sites[subject]));
            }
        }
        assert_eq!(split.tested().len(), 60);
    }

    #[test]
    fn sites_that_cannot_be_left_out_are_named() {
        let data = dataset(40);
        let message = |of: fn(usize) -> &'static str| {
            Split::by_group(&data, &groups(&data, of), 1).unwrap_err().to_string()
        };
        let text = message(|_| "North");
        assert!(text.contains("North (20 favourable, 20 poor)"), "{text}");
        let text = message(|at| if at < 34 { "North" } else { "South" });
        assert!(text.contains("North") && text.contains("3 poor"), "{text}");
        let missing = Split::by_group(&data, &BTreeMap::new(), 1).unwrap_err().to_string();
        assert!(missing.contains("S00"), "{missing}");
    }

    #[test]
    fn later_ones_are_held_out() {
        let data = dataset(40);
        let later = |from: usize| -> BTreeSet<SubjectId> {
            data.samples()[from..].iter().map(|sample| sample.subject.clone()).collect()
        };
        let split = Split::holding_out(&data, &later(28), 1).unwrap();
        assert_eq!((split.folds(), split.tested().len()), (1, 12));
        let fold = split.fold(&data, 0);
        assert_eq!(fold.train.samples().len() + fold.tune.samples().len(), 28);
        let text = Split::holding_out(&data, &later(36), 1).unwrap_err().to_string();
        assert!(text.contains("2 favourable") && text.contains("at least 5"), "{text}");
    }
}
