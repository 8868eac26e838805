use foramen_types::Nrs;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::OutcomeModel;
use crate::channel::Cause;
use crate::perineural::Perineural;
use crate::population::Complaint;
use crate::seed::{Purpose, stream};

/// The course of one subject's treatment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Course {
    pub duration_weeks: f64,
    pub age: u32,
    pub sex: &'static str,
    pub probability: f64,
    pub image_probability: f64,
    pub favourable: bool,
    pub baseline: Nrs,
    pub followup: Nrs,
    /// Days from the examination to the injection.
    pub waiting: i64,
    /// Days from the injection to the follow-up.
    pub followed: i64,
    /// Days from the start of recruiting to the injection.
    pub recruited: i64,
}

impl Course {
    pub(crate) fn draw(
        model: &OutcomeModel,
        seed: u64,
        subject: usize,
        complaint: &Complaint,
        circumstances: Circumstances,
    ) -> Self {
        let mut rng = stream(seed, subject, Purpose::Outcome, 0);
        let bony = complaint.cause == Cause::Bony;
        let z = complaint.width_z();
        let duration_z: f64 = StandardNormal.sample(&mut rng);
        // About 14 weeks, from 3 to 60. The table holds whole weeks, and the
        // outcome hangs on what the table holds.
        let duration_weeks = (2.65 + 0.7 * duration_z).exp().clamp(3.0, 104.0).round();
        let duration_z = (duration_weeks.ln() - 2.65) / 0.7;
        let shown = circumstances.shown(model);
        let scanner = if circumstances.high_field { model.field } else { 0.0 };
        let probability = logistic(model.logit(z, bony, duration_z) + shown + scanner);
        let image_probability = marginal(model, z, bony, shown);
        let favourable = rng.random_range(0.0..1.0) < probability;
        let (baseline, followup) = pain(&mut rng, favourable);
        Self {
            duration_weeks,
            age: rng.random_range(38..79),
            sex: if rng.random_bool(0.5) { "F" } else { "M" },
            probability,
            image_probability,
            favourable,
            baseline,
            followup,
            waiting: rng.random_range(3..180),
            followed: rng.random_range(48..=72),
            recruited: rng.random_range(0..1400),
        }
    }
}

/// Scores for which the rule 2 (b − f) ≥ b gives the simulated outcome.
fn pain(rng: &mut impl Rng, favourable: bool) -> (Nrs, Nrs) {
    let baseline: u16 = [4, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 9, 10][rng.random_range(0..13)];
    let most = baseline / 2;
    let followup = if favourable {
        rng.random_range(0..=most)
    } else {
        rng.random_range(most + 1..=(baseline + 1).min(10))
    };
    let nrs = |points: u16| Nrs::from_hundredths(100 * points).expect("at most 10 points");
    (nrs(baseline), nrs(followup))
}

/// The factors of the outcome besides width, cause and duration.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Circumstances {
    /// The tissue around the root of the treated foramen, if it differs between foramina.
    pub perineural: Option<Perineural>,
    /// Whether the scanner has 3 T.
    pub high_field: bool,
}

impl Circumstances {
    /// The part of the log-odds visible in an image.
    fn shown(self, model: &OutcomeModel) -> f64 {
        self.perineural.map_or(0.0, |around| {
            model.fat * around.fat + if around.swollen { model.swollen } else { 0.0 }
        })
    }
}

/// The probability with the covariate averaged over its standard normal, and over both fields of
/// a scanner, half and half.
fn marginal(model: &OutcomeModel, z: f64, bony: bool, shown: f64) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for step in -40..=40 {
        let d = f64::from(step) / 10.0;
        let weight = (-0.5 * d * d).exp();
        let logit = model.logit(z, bony, d) + shown;
        sum += weight * f64::midpoint(logistic(logit), logistic(logit + model.field));
        weights += weight;
    }
    sum / weights
}

fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// The area under the ROC curve by ranks (Mann–Whitney, tied pairs count half);
/// `None` when one class is missing.
pub(crate) fn auc(cases: &[(bool, f64)]) -> Option<f64> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (mut favourable, mut poor, mut wins) = (0.0, 0.0, 0.0);
    let mut start = 0;
    while start < sorted.len() {
        let tied =
            sorted[start..].iter().take_while(|case| case.1.total_cmp(&sorted[start].1).is_eq());
        let (mut up, mut down) = (0.0, 0.0);
        for case in tied {
            if case.0 { up += 1.0 } else { down += 1.0 }
        }
        wins += up * (poor + 0.5 * down);
        favourable += up;
        poor += down;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of elements"
        )]
        let taken = (up + down) as usize;
        start += taken;
    }
    (favourable > 0.0 && poor > 0.0).then(|| wins / (favourable * poor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Design;

    #[test]
    fn tied_scores_count_half() {
        // sklearn.metrics.roc_auc_score([1,0,1,0,1], [.9,.8,.5,.5,.1]) = 0.4166…
        let cases = [(true, 0.9), (false, 0.8), (true, 0.5), (false, 0.5), (true, 0.1)];
        assert!((auc(&cases).unwrap() - 5.0 / 12.0).abs() < 1e-12);
        assert_eq!(auc(&[(true, 0.3)]), None);
    }

    #[test]
    fn pain_scores_fit_the_outcome() {
        let mut rng = stream(3, 0, Purpose::Outcome, 9);
        for _ in 0..500 {
            for favourable in [false, true] {
                let (b, f) = pain(&mut rng, favourable);
                let drop = i32::from(b.hundredths()) - i32::from(f.hundredths());
                assert_eq!(2 * drop >= i32::from(b.hundredths()), favourable);
            }
        }
    }

    /// Prevalence of a cohort of `n` without its pictures, and the AUCs of the width, of the
    /// features visible in an image, of all factors, and of the field of the scanner.
    fn oracles(design: Design, seed: u64, n: usize) -> [f64; 5] {
        let model = OutcomeModel::of(design);
        let drawn: Vec<(Course, f64, bool)> = (0..n)
            .map(|i| {
                let complaint = Complaint::draw(seed, i);
                let (level, side) = (complaint.level, complaint.side);
                let around = Perineural::draw(seed, i, level, side);
                let circumstances = Circumstances {
                    perineural: (design == Design::Picture).then_some(around),
                    high_field: i % 4 < 2,
                };
                let course = Course::draw(&model, seed, i, &complaint, circumstances);
                (course, complaint.width_z(), circumstances.high_field)
            })
            .collect();
        let favourable = drawn.iter().filter(|(course, _, _)| course.favourable).count();
        let by = |score: &dyn Fn(&(Course, f64, bool)) -> f64| {
            auc(&drawn.iter().map(|one| (one.0.favourable, score(one))).collect::<Vec<_>>())
                .unwrap()
        };
        [
            favourable as f64 / n as f64,
            by(&|one| one.1),
            by(&|one| one.0.image_probability),
            by(&|one| one.0.probability),
            by(&|one| f64::from(u8::from(one.2))),
        ]
    }

    #[test]
    fn prevalence_and_oracles_are_in_range() {
        for seed in 1..4 {
            let [prevalence, width, image, all, field] = oracles(Design::Width, seed, 2000);
            assert!((0.50..0.60).contains(&prevalence), "{prevalence}");
            assert!((0.80..0.86).contains(&image), "{image}");
            assert!(all > image && image - width < 0.04, "{all} {image} {width}");
            assert!((0.46..0.54).contains(&field), "{field}");
        }
    }

    #[test]
    fn a_picture_shows_more_than_the_width_where_it_should() {
        for seed in 1..4 {
            let [prevalence, width, image, all, _] = oracles(Design::Picture, seed, 4000);
            println!("{prevalence:.3} {width:.3} {image:.3} {all:.3}");
            assert!((0.50..0.60).contains(&prevalence), "{prevalence}");
            assert!((0.08..0.12).contains(&(image - width)), "{image} {width}");
            assert!(all > image, "{all} {image}");
        }
    }

    #[test]
    fn the_field_of_the_scanner_tells_the_outcome_where_it_should() {
        for seed in 1..4 {
            let [prevalence, .., field] = oracles(Design::Confounded, seed, 2000);
            assert!((0.50..0.60).contains(&prevalence), "{prevalence}");
            assert!((0.56..0.68).contains(&field), "{field}");
        }
    }
}
