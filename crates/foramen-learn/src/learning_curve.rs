use std::collections::{BTreeMap, BTreeSet};

use foramen_types::{Outcome, SubjectId};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::{Learner, Sample, TrainSet, TuneSet};

/// A learner that uses only a share of the subjects of each train and tune set: a point of a
/// learning curve.
///
/// Subjects are sampled separately for each outcome (ChaCha8), so that the share of favourable
/// outcomes is kept. With the same seed, a smaller share is a subset of a larger one.
#[derive(Debug, Clone, Copy)]
pub struct OnShare<'a, L> {
    learner: &'a L,
    share: f64,
    seed: u64,
}

impl<'a, L> OnShare<'a, L> {
    /// A learner on a share of the subjects; values outside 0 to 1 are clamped. At least one
    /// subject of each present outcome remains.
    #[must_use]
    pub fn new(learner: &'a L, share: f64, seed: u64) -> Self {
        Self { learner, share: share.clamp(0.0, 1.0), seed }
    }

    /// The subjects of a set that the learner uses.
    #[must_use]
    pub fn subjects<'s>(&self, samples: &[&'s Sample]) -> BTreeSet<&'s SubjectId> {
        let mut favourable: BTreeMap<&SubjectId, bool> = BTreeMap::new();
        for sample in samples {
            let is_favourable = sample.outcome.is_some_and(Outcome::is_favourable);
            *favourable.entry(&sample.subject).or_default() |= is_favourable;
        }
        [false, true]
            .into_iter()
            .flat_map(|of| {
                let stratum = favourable.iter().filter(|(_, is)| **is == of);
                let mut stratum: Vec<&SubjectId> = stratum.map(|(subject, _)| *subject).collect();
                stratum.shuffle(&mut ChaCha8Rng::seed_from_u64(self.seed));
                let kept = (self.share * stratum.len() as f64).round();
                let mut left = kept.max(1.0);
                stratum.retain(|_| {
                    left -= 1.0;
                    left >= 0.0
                });
                stratum
            })
            .collect()
    }
}

impl<L: Learner> Learner for OnShare<'_, L> {
    type Fitted = L::Fitted;
    type Error = L::Error;

    fn name(&self) -> &str {
        self.learner.name()
    }

    fn fit(&self, train: &TrainSet<'_>, tune: &TuneSet<'_>) -> Result<L::Fitted, L::Error> {
        let train = train.of_subjects(&self.subjects(train.samples()));
        let tune = tune.of_subjects(&self.subjects(tune.samples()));
        self.learner.fit(&train, &tune)
    }
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Side};

    use super::*;
    use crate::{Dataset, Split, WidthBaseline, cross_validate};

    fn dataset() -> Dataset {
        let samples = (0..100u32).map(|i| {
            Sample::new(SubjectId::new(&format!("S{i:03}")).unwrap(), Level::C5C6, Side::Left)
                .with_width(f64::from(i * 37 % 100) / 50.0 + f64::from(i % 4) / 2.0)
                .with_outcome(Outcome::from_favourable(i % 4 == 0))
        });
        Dataset::new(samples.collect()).unwrap()
    }

    #[test]
    fn a_share_keeps_the_outcomes_and_holds_the_smaller_ones() {
        let dataset = dataset();
        let split = Split::by_subject(&dataset, 5, 1).unwrap();
        let fold = split.fold(&dataset, 0);
        let train = fold.train.samples();
        let of = |share: f64| OnShare::new(&WidthBaseline::default(), share, 7).subjects(train);
        let (fourth, half, all) = (of(0.25), of(0.5), of(1.0));
        assert!(fourth.is_subset(&half) && half.is_subset(&all));
        assert_eq!(all.len(), train.len());
        assert!(half.len().abs_diff(train.len() / 2) <= 1, "{} of {}", half.len(), train.len());
        let favourable = |kept: &BTreeSet<&SubjectId>| {
            let is_kept = |s: &&&Sample| kept.contains(&s.subject);
            let kept = train.iter().filter(is_kept);
            kept.filter(|s| s.outcome == Some(Outcome::Favourable)).count()
        };
        assert!(favourable(&half).abs_diff(half.len() / 4) <= 1);
        assert_eq!(favourable(&of(0.0)), 1);
    }

    #[test]
    fn every_subject_is_still_predicted_and_otherwise() {
        let dataset = dataset();
        let split = Split::by_subject(&dataset, 5, 1).unwrap();
        let ruler = WidthBaseline::default();
        let whole = cross_validate(&ruler, &dataset, &split).unwrap().predictions;
        let on = |share| {
            let on_share = OnShare::new(&ruler, share, 7);
            cross_validate(&on_share, &dataset, &split).unwrap().predictions
        };
        assert_eq!(on(1.0), whole);
        let part = on(0.3);
        assert_eq!(part.len(), whole.len());
        assert_ne!(part, whole);
    }
}
