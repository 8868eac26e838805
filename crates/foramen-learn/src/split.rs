use std::collections::BTreeMap;

use foramen_types::SubjectId;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::{Dataset, LearnError, Sample, TestSet, TrainSet, TuneSet};

/// Of the subjects not tested in a fold, one in this many is in the tune set and the others in the
/// train set: with five folds, 64 % train, 16 % tune and 20 % test.
const ONE_IN_TUNES: usize = 5;

/// The part of a split to which a subject belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Part {
    /// Models are fitted on these subjects.
    Train,
    /// Choices are made on these subjects.
    Tune,
    /// Models are tested on these subjects.
    Test,
}

impl Part {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Tune => "tune",
            Self::Test => "test",
        }
    }

    /// The part with a name in files.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Train, Self::Tune, Self::Test].into_iter().find(|part| part.name() == name)
    }
}

/// The part of each subject in each fold. Subjects are never divided between parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// For each fold, the part of each subject.
    folds: Vec<BTreeMap<SubjectId, Part>>,
}

/// The three sets of one fold.
#[derive(Debug, Clone)]
pub struct Fold<'a> {
    /// The samples on which a model is fitted.
    pub train: TrainSet<'a>,
    /// The samples on which its choices are made.
    pub tune: TuneSet<'a>,
    /// The samples on which it is tested.
    pub test: TestSet<'a>,
}

impl Split {
    /// Assigns the subjects of a dataset to folds, so that each is tested once and each fold has
    /// about the same share of favourable outcomes (a subject counts as favourable when any of its
    /// injections was).
    ///
    /// The assignment depends only on the seed and the subject ids (ChaCha8 over the sorted ids),
    /// not on the order of the samples.
    ///
    /// # Errors
    /// [`LearnError::TooFewFolds`] below 2, [`LearnError::TooFewSubjects`] when a
    /// fold could not be given two subjects of each outcome.
    pub fn by_subject(dataset: &Dataset, folds: usize, seed: u64) -> Result<Self, LearnError> {
        if folds < 2 {
            return Err(LearnError::TooFewFolds { folds });
        }
        let strata = strata(dataset, seed);
        let needed = 2 * folds;
        let [poor, favourable] = [strata[0].len(), strata[1].len()];
        if poor < needed || favourable < needed {
            return Err(LearnError::TooFewSubjects { folds, needed, poor, favourable });
        }
        let mut tested = BTreeMap::new();
        for stratum in &strata {
            let dealt = stratum.iter().enumerate();
            tested.extend(dealt.map(|(place, subject)| (subject.clone(), place % folds)));
        }
        Ok(deal(dataset, folds, seed, &|subject| tested.get(subject).copied()))
    }

    /// Assigns the subjects several times, each time with another seed: the first repeat equals
    /// [`Split::by_subject`] with `seed`.
    ///
    /// # Errors
    /// Those of [`Split::by_subject`], and [`LearnError::TooFewRepeats`] for none.
    pub fn repeated(
        dataset: &Dataset,
        folds: usize,
        seed: u64,
        repeats: usize,
    ) -> Result<Vec<Self>, LearnError> {
        if repeats == 0 {
            return Err(LearnError::TooFewRepeats);
        }
        // The first outputs of SplitMix64, whose seeds have nothing in common.
        let of_repeat = |repeat: usize| match repeat as u64 {
            0 => seed,
            repeat => mixed(seed ^ mixed(repeat)),
        };
        (0..repeats).map(|repeat| Self::by_subject(dataset, folds, of_repeat(repeat))).collect()
    }

    /// A split from the known parts of each fold.
    pub(crate) fn of_folds(folds: Vec<BTreeMap<SubjectId, Part>>) -> Self {
        Self { folds }
    }

    /// An official split: one fold with the part of each subject.
    ///
    /// # Errors
    /// [`LearnError::Unassigned`] when a subject of the dataset has no part.
    pub fn given(dataset: &Dataset, parts: BTreeMap<SubjectId, Part>) -> Result<Self, LearnError> {
        match dataset.samples().iter().find(|sample| !parts.contains_key(&sample.subject)) {
            Some(sample) => Err(LearnError::Unassigned { subject: sample.subject.clone() }),
            None => Ok(Self { folds: vec![parts] }),
        }
    }

    /// Number of folds.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.folds.len()
    }

    /// The subjects of a fold with their parts, in order; none for an unknown fold.
    pub fn parts(&self, fold: usize) -> impl Iterator<Item = (&SubjectId, Part)> {
        self.folds.get(fold).into_iter().flatten().map(|(subject, part)| (subject, *part))
    }

    /// The part of a subject in a fold; `None` for an unknown fold or subject.
    #[must_use]
    pub fn part(&self, fold: usize, subject: &SubjectId) -> Option<Part> {
        self.folds.get(fold)?.get(subject).copied()
    }

    /// The three sets of a fold (from 0), in the order of the dataset; empty sets for an unknown
    /// fold. Samples of subjects that the split does not contain are in none of them.
    #[must_use]
    pub fn fold<'a>(&self, dataset: &'a Dataset, fold: usize) -> Fold<'a> {
        let of = |part: Part| -> Vec<&'a Sample> {
            let samples = dataset.samples().iter();
            samples.filter(|sample| self.part(fold, &sample.subject) == Some(part)).collect()
        };
        Fold {
            train: TrainSet::new(of(Part::Train)),
            tune: TuneSet::new(of(Part::Tune)),
            test: TestSet::new(of(Part::Test)),
        }
    }
}

/// The split in which `tested` gives the test fold of each subject. Of the others, one in
/// [`ONE_IN_TUNES`] of each outcome is in the tune set, in an order that depends only on the seed.
pub(crate) fn deal(
    dataset: &Dataset,
    folds: usize,
    seed: u64,
    tested: &dyn Fn(&SubjectId) -> Option<usize>,
) -> Split {
    let strata = strata(dataset, seed);
    let parts = |fold: usize| -> BTreeMap<SubjectId, Part> {
        let of_stratum = |stratum: &Vec<SubjectId>| {
            let mut rest = 0;
            let part = |subject: &SubjectId| {
                let part = if tested(subject) == Some(fold) {
                    Part::Test
                } else {
                    rest += 1;
                    if rest % ONE_IN_TUNES == 0 { Part::Tune } else { Part::Train }
                };
                (subject.clone(), part)
            };
            stratum.iter().map(part).collect::<Vec<_>>()
        };
        strata.iter().flat_map(of_stratum).collect()
    };
    Split { folds: (0..folds).map(parts).collect() }
}

/// The finaliser of SplitMix64 (Steele et al. 2014, doi 10.1145/2660193.2660195).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The subjects with a known outcome, poor and favourable, each in an order that depends only on
/// the seed.
fn strata(dataset: &Dataset, seed: u64) -> [Vec<SubjectId>; 2] {
    let mut subjects: BTreeMap<&SubjectId, bool> = BTreeMap::new();
    for sample in dataset.samples() {
        if let Some(outcome) = sample.outcome {
            *subjects.entry(&sample.subject).or_default() |= outcome.is_favourable();
        }
    }
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut dealt: Vec<(u64, &SubjectId, bool)> = subjects
        .into_iter()
        .map(|(subject, favourable)| (generator.next_u64(), subject, favourable))
        .collect();
    dealt.sort_unstable();
    [false, true].map(|favourable| {
        let of_outcome = dealt.iter().filter(|(_, _, outcome)| *outcome == favourable);
        of_outcome.map(|(_, subject, _)| (*subject).clone()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_types::{Level, Outcome, Side};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn dataset(n: usize, reversed: bool) -> Dataset {
        let mut samples = Vec::new();
        for i in 0..n {
            let subject = SubjectId::new(&format!("S{i:03}")).unwrap();
            for side in Side::BOTH {
                let outcome = Outcome::from_favourable(i % 5 < 3);
                samples.push(Sample::new(subject.clone(), Level::C5C6, side).with_outcome(outcome));
            }
            samples.push(Sample::new(subject, Level::C6C7, Side::Left));
        }
        if reversed {
            samples.reverse();
        }
        Dataset::new(samples).unwrap()
    }

    fn subjects<'a>(samples: &[&'a Sample]) -> BTreeSet<&'a SubjectId> {
        samples.iter().map(|sample| &sample.subject).collect()
    }

    proptest! {
        #[test]
        fn a_subject_is_on_one_side_and_tested_once(
            n in 50usize..120, folds in 2usize..6, seed in any::<u64>(),
        ) {
            let data = dataset(n, false);
            let split = Split::by_subject(&data, folds, seed).unwrap();
            let mut tested = BTreeSet::new();
            for k in 0..folds {
                let fold = split.fold(&data, k);
                let train = subjects(fold.train.samples());
                let (tune, test) = (subjects(fold.tune.samples()), subjects(fold.test.samples()));
                prop_assert!(train.is_disjoint(&tune) && train.is_disjoint(&test));
                prop_assert!(tune.is_disjoint(&test) && !tune.is_empty());
                prop_assert!(subjects(fold.train.auxiliary()).is_subset(&train));
                prop_assert_eq!(train.len() + tune.len() + test.len(), n);
                for subject in test {
                    prop_assert!(tested.insert(subject.clone()));
                }
            }
            prop_assert_eq!(tested.len(), n);
        }
    }

    #[test]
    fn the_order_of_samples_does_not_matter() {
        let split = |reversed| Split::by_subject(&dataset(60, reversed), 5, 7).unwrap();
        assert_eq!(split(false), split(true));
    }

    #[test]
    fn repeats_differ_and_the_first_is_the_split_of_the_seed() {
        let data = dataset(60, false);
        let repeats = Split::repeated(&data, 5, 7, 4).unwrap();
        assert_eq!(repeats[0], Split::by_subject(&data, 5, 7).unwrap());
        for (place, repeat) in repeats.iter().enumerate() {
            assert!(!repeats[..place].contains(repeat), "repeat {place}");
        }
        assert!(matches!(Split::repeated(&data, 5, 7, 0), Err(LearnError::TooFewRepeats)));
    }

    #[test]
    fn folds_have_the_same_share_of_outcomes() {
        let data = dataset(100, false);
        let split = Split::by_subject(&data, 5, 3).unwrap();
        for k in 0..5 {
            let fold = split.fold(&data, k);
            let favourable =
                fold.test.samples().iter().filter(|s| s.outcome == Some(Outcome::Favourable));
            assert_eq!((fold.test.samples().len(), favourable.count()), (40, 24));
        }
    }

    #[test]
    fn value_stability() {
        // ChaCha8 is a named, portable generator: this deal may never change.
        let data = dataset(20, false);
        let split = Split::by_subject(&data, 4, 1).unwrap();
        let tested: Vec<String> =
            subjects(split.fold(&data, 0).test.samples()).iter().map(|s| s.to_string()).collect();
        assert_eq!(tested, STABLE);
    }

    const STABLE: [&str; 5] = ["S000", "S001", "S002", "S014", "S019"];

    #[test]
    fn too_few_subjects_are_refused_with_counts() {
        let refused = Split::by_subject(&dataset(10, false), 5, 1);
        assert!(matches!(refused, Err(LearnError::TooFewSubjects { poor: 4, favourable: 6, .. })));
        let refused = Split::by_subject(&dataset(50, false), 1, 1);
        assert!(matches!(refused, Err(LearnError::TooFewFolds { folds: 1 })));
    }

    #[test]
    fn a_given_split_must_name_every_subject() {
        let data = dataset(10, false);
        let parts = BTreeMap::from([(SubjectId::new("S000").unwrap(), Part::Train)]);
        assert!(matches!(Split::given(&data, parts), Err(LearnError::Unassigned { .. })));
    }
}
