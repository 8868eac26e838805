use crate::{Confidence, Estimate, Method, MetricsError, Undefined};

/// Grades that two raters gave to the same subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grades {
    /// Number of subjects for each grade of the first rater and each grade of the second.
    counts: Vec<Vec<usize>>,
    subjects: usize,
}

impl Grades {
    /// Grades are 0 to `categories` − 1, in their order.
    ///
    /// # Errors
    /// [`MetricsError`] if there are none, if the raters' numbers differ, or if a
    /// grade is not below `categories`.
    pub fn new(first: &[usize], second: &[usize], categories: usize) -> Result<Self, MetricsError> {
        if first.len() != second.len() {
            let (labels, values) = (first.len(), second.len());
            return Err(MetricsError::Lengths {
                labels,
                values,
                what: "grades of the second rater",
            });
        }
        if first.is_empty() {
            return Err(MetricsError::Empty);
        }
        let mut counts = vec![vec![0; categories]; categories];
        for (subject, (&a, &b)) in first.iter().zip(second).enumerate() {
            let grade = a.max(b);
            if grade >= categories {
                return Err(MetricsError::Grade { subject, grade, categories });
            }
            counts[a][b] += 1;
        }
        Ok(Self { counts, subjects: first.len() })
    }
}

/// The weight of a disagreement by its distance in grades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum KappaWeights {
    /// Any disagreement counts fully: Cohen's κ.
    #[default]
    None,
    /// A disagreement counts in proportion to its distance.
    Linear,
    /// A disagreement counts in proportion to the square of its distance.
    Quadratic,
}

/// Cohen's κ, plain or weighted: agreement beyond chance, 1 at best. Interval by
/// the variance of Fleiss, Cohen and Everitt 1969 (doi 10.1037/h0028106).
///
/// # Errors
/// [`Undefined::NoDenominator`] if both raters gave the same grade to all subjects, so that chance
/// explains all agreement. At exactly 1 there is an estimate but no interval.
///
/// ```
/// use foramen_metrics::{agreement::{Grades, KappaWeights, kappa}, Confidence};
///
/// // Grades 0 to 2 of eight foramina by two readers.
/// let grades = Grades::new(&[0, 1, 2, 1, 0, 2, 1, 0], &[0, 1, 1, 1, 0, 2, 2, 0], 3)?;
/// let of = |weights| kappa(&grades, weights, Confidence::P95).map(|kappa| kappa.estimate);
/// assert_eq!(format!("{:.3}", of(KappaWeights::None)?), "0.619");
/// assert_eq!(format!("{:.3}", of(KappaWeights::Linear)?), "0.704");
/// assert_eq!(format!("{:.3}", of(KappaWeights::Quadratic)?), "0.795");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kappa(
    grades: &Grades,
    weights: KappaWeights,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let n = grades.subjects as f64;
    let categories = grades.counts.len();
    // 1 for agreement, 0 for the greatest distance.
    let weight = |a: usize, b: usize| {
        let distance = a.abs_diff(b) as f64 / (categories as f64 - 1.0);
        match weights {
            KappaWeights::None => f64::from(u8::from(a == b)),
            _ if a == b => 1.0,
            KappaWeights::Linear => 1.0 - distance,
            KappaWeights::Quadratic => 1.0 - distance * distance,
        }
    };
    let share = |a: usize, b: usize| grades.counts[a][b] as f64 / n;
    let of_first: Vec<f64> =
        (0..categories).map(|a| (0..categories).map(|b| share(a, b)).sum()).collect();
    let of_second: Vec<f64> =
        (0..categories).map(|b| (0..categories).map(|a| share(a, b)).sum()).collect();
    let cells = || (0..categories).flat_map(|a| (0..categories).map(move |b| (a, b)));
    let observed: f64 = cells().map(|(a, b)| weight(a, b) * share(a, b)).sum();
    let expected: f64 = cells().map(|(a, b)| weight(a, b) * of_first[a] * of_second[b]).sum();
    let room = 1.0 - expected;
    if room <= 1e-15 {
        return Err(Undefined::NoDenominator);
    }
    let estimate = (observed - expected) / room;
    let mean_of_first: Vec<f64> = (0..categories)
        .map(|a| (0..categories).map(|b| of_second[b] * weight(a, b)).sum())
        .collect();
    let mean_of_second: Vec<f64> = (0..categories)
        .map(|b| (0..categories).map(|a| of_first[a] * weight(a, b)).sum())
        .collect();
    let short = 1.0 - estimate;
    let squares: f64 = cells()
        .map(|(a, b)| {
            let pull = weight(a, b) - (mean_of_first[a] + mean_of_second[b]) * short;
            share(a, b) * pull * pull
        })
        .sum();
    let variance = (squares - (estimate - expected * short).powi(2)) / (n * room * room);
    let error = if variance > 1e-16 { Ok(variance.sqrt()) } else { Err(Undefined::NoVariation) };
    Ok(Estimate {
        method: Method::Wald,
        ..Estimate::wald(estimate, error, grades.subjects, confidence, (-1.0, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_agrees_with_statsmodels() {
        // import numpy as np; i = np.arange(60); a = (i*7) % 4; b = np.clip(a + ((i*i) % 5 == 1) - (i % 9 == 4), 0, 3)
        // from statsmodels.stats.inter_rater import cohens_kappa as k
        // t = np.zeros((4, 4)); np.add.at(t, (a, b), 1)
        // for w in (None, "linear", "quadratic"): r = k(t, wt=w); r.kappa, r.std_kappa
        let first: Vec<usize> = (0..60).map(|i| (i * 7) % 4).collect();
        let second: Vec<usize> = (0..60)
            .map(|i| {
                let up = (i * 7) % 4 + usize::from((i * i) % 5 == 1);
                up.saturating_sub(usize::from(i % 9 == 4)).min(3)
            })
            .collect();
        let grades = Grades::new(&first, &second, 4).unwrap();
        for (weights, expected, error) in [
            (KappaWeights::None, 0.577_777_777_777_777_8, 0.079_070_182_021_453_29),
            (KappaWeights::Linear, 0.746_666_666_666_666_6, 0.051_955_556_822_862_17),
            (KappaWeights::Quadratic, 0.873_333_333_333_333_3, 0.029_129_747_498_054_557),
        ] {
            let ours = kappa(&grades, weights, Confidence::P95).unwrap();
            assert!((ours.estimate - expected).abs() < 1e-13, "{weights:?} {ours:?}");
            assert!((ours.standard_error.unwrap() - error).abs() < 1e-13, "{weights:?} {ours:?}");
        }
    }

    #[test]
    fn agreement_that_chance_explains_is_undefined() {
        let same = Grades::new(&[1, 1, 1], &[1, 1, 1], 3).unwrap();
        assert_eq!(
            kappa(&same, KappaWeights::None, Confidence::P95),
            Err(Undefined::NoDenominator)
        );
        let perfect = Grades::new(&[0, 1, 2], &[0, 1, 2], 3).unwrap();
        let ours = kappa(&perfect, KappaWeights::Linear, Confidence::P95).unwrap();
        assert_eq!((ours.estimate, ours.ci()), (1.0, None));
        assert_eq!(
            Grades::new(&[0, 3], &[0, 1], 3),
            Err(MetricsError::Grade { subject: 1, grade: 3, categories: 3 })
        );
    }
}
