use std::collections::BTreeMap;

use foramen_types::Outcome;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::{Dataset, LearnError, Part, Sample, Split};

/// Shuffles the outcomes of a dataset (ChaCha8) among the samples of each test fold, so that the
/// outcomes used for training and testing are unrelated to the images.
///
/// Every fold keeps its share of favourable outcomes. With other shares the mean outcome of a train
/// set would be negatively related to the mean of its test set, and AUCs over all folds would be
/// below 0.5 (Airola et al. 2011, doi 10.1016/j.csda.2010.11.018).
///
/// # Errors
/// Those of [`Dataset::new`].
pub fn permute_outcomes(
    dataset: &Dataset,
    split: &Split,
    seed: u64,
) -> Result<Dataset, LearnError> {
    let fold_of = |sample: &Sample| {
        (0..split.folds()).find(|fold| split.part(*fold, &sample.subject) == Some(Part::Test))
    };
    let mut places: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (place, sample) in dataset.samples().iter().enumerate() {
        if sample.outcome.is_some() {
            places.entry(fold_of(sample)).or_default().push(place);
        }
    }
    let mut samples = dataset.samples().to_vec();
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    for places in places.values() {
        let mut outcomes: Vec<Option<Outcome>> =
            places.iter().map(|place| samples[*place].outcome).collect();
        outcomes.shuffle(&mut generator);
        for (place, outcome) in places.iter().zip(outcomes) {
            samples[*place].outcome = outcome;
        }
    }
    Dataset::new(samples)
}

#[cfg(test)]
mod tests {
    use foramen_metrics::{Scores, discrimination::auc};
    use foramen_types::{Level, Side, SubjectId};

    use super::*;
    use crate::{WidthBaseline, cross_validate};

    /// Widths that determine the outcome.
    fn dataset() -> Dataset {
        let samples = (0..200u32).map(|i| {
            let favourable = i % 5 < 3;
            let width = f64::from(i * 37 % 100) / 100.0 + if favourable { 2.6 } else { 2.0 };
            Sample::new(SubjectId::new(&format!("S{i:03}")).unwrap(), Level::C5C6, Side::Left)
                .with_width(width)
                .with_outcome(Outcome::from_favourable(favourable))
        });
        Dataset::new(samples.collect()).unwrap()
    }

    fn area(dataset: &Dataset, split: &Split) -> f64 {
        let result = cross_validate(&WidthBaseline::default(), dataset, split).unwrap();
        let (labels, values): (Vec<bool>, Vec<f64>) = result
            .predictions
            .iter()
            .map(|p| (p.outcome.unwrap().is_favourable(), p.probability.get()))
            .unzip();
        auc(&Scores::new(&labels, &values).unwrap()).unwrap().estimate
    }

    #[test]
    fn folds_keep_their_shares_and_outcomes_move() {
        let dataset = dataset();
        let split = Split::by_subject(&dataset, 5, 1).unwrap();
        let shuffled = permute_outcomes(&dataset, &split, 7).unwrap();
        let favourable = |dataset: &Dataset, fold: usize| {
            let tested = split.fold(dataset, fold).test;
            tested.samples().iter().filter(|s| s.outcome == Some(Outcome::Favourable)).count()
        };
        for fold in 0..5 {
            assert_eq!(favourable(&dataset, fold), favourable(&shuffled, fold));
        }
        let moved = dataset.samples().iter().zip(shuffled.samples());
        let moved = moved.filter(|(before, after)| before.outcome != after.outcome).count();
        assert!(moved > 60, "{moved}");
        assert_eq!(permute_outcomes(&dataset, &split, 7).unwrap().samples(), shuffled.samples());
    }

    /// Twenty shuffles: the mean AUC has a standard error of about 0.04 / √20.
    #[test]
    fn nothing_is_left_to_learn_over_twenty_seeds() {
        let dataset = dataset();
        let split = Split::by_subject(&dataset, 5, 1).unwrap();
        assert!(area(&dataset, &split) > 0.85);
        let areas =
            (0..20).map(|seed| area(&permute_outcomes(&dataset, &split, seed).unwrap(), &split));
        let mean = areas.sum::<f64>() / 20.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
    }
}
