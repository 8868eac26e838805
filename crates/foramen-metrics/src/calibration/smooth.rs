use rayon::prelude::*;

use crate::{Scores, Tie, Undefined, resampling::quantile};

/// The smoothing of a calibration curve: locally weighted regression of the labels on the
/// predictions (Cleveland 1979, doi 10.2307/2286407), without robustness steps, which would treat
/// the rarer class as outliers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Smoothing {
    /// Share of the samples that each local fit uses. Default 0.75, as in R's `loess`.
    pub span: f64,
    /// Shape of the local fits. Default quadratic, as in R's `loess`.
    pub degree: Degree,
    /// Distance between local fits as a share of the range of the predictions, with linear
    /// interpolation between them; 0 fits at every prediction. Default 0.01, as in R's `lowess`, so
    /// that the time does not grow with the square of the number of samples.
    pub step: f64,
}

/// Shape of a local fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Degree {
    /// A straight line.
    Linear,
    /// A parabola.
    Quadratic,
}

impl Default for Smoothing {
    fn default() -> Self {
        Self { span: 0.75, degree: Degree::Quadratic, step: 0.01 }
    }
}

impl Smoothing {
    /// The smoothing of `val.prob` in the R package rms: R's `lowess`, straight lines over 2/3 of
    /// the samples.
    #[must_use]
    pub fn lowess() -> Self {
        Self { span: 2.0 / 3.0, degree: Degree::Linear, step: 0.01 }
    }

    /// Sets the share of the samples that each local fit uses.
    #[must_use]
    pub fn with_span(self, span: f64) -> Self {
        Self { span, ..self }
    }

    /// Sets the distance between local fits.
    #[must_use]
    pub fn with_step(self, step: f64) -> Self {
        Self { step, ..self }
    }
}

/// A smoothed calibration curve and its distance from the diagonal.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CalibrationCurve {
    /// One point per distinct prediction, ascending.
    pub points: Vec<CalibrationPoint>,
    /// Integrated calibration index: mean distance over the samples (Austin and
    /// Steyerberg 2019, doi 10.1002/sim.8281).
    pub ici: f64,
    /// Median distance: half of the samples are at most this far from the diagonal.
    pub e50: f64,
    /// 90th percentile of the distance.
    pub e90: f64,
    /// The greatest distance.
    pub emax: f64,
}

/// A point of a smoothed calibration curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CalibrationPoint {
    /// The prediction.
    pub predicted: f64,
    /// The smoothed share of positives. Near the ends it may be outside 0 to 1.
    pub observed: f64,
}

/// The smoothed calibration curve.
///
/// For an interval of one of its values, resample: `bootstrap(&scores,
/// |drawn| Some(calibration_curve(drawn, &smoothing).ok()?.ici), &config)`.
///
/// # Errors
/// [`Undefined`] where a class is missing, for marker values, and where all
/// predictions are equal; [`Undefined::Region`] if the span is not above 0 and
/// at most 1 or the step is negative.
///
/// ```
/// use foramen_metrics::{calibration::{Smoothing, calibration_curve}, Scores};
///
/// // Of 80 samples with a probability p, 80 p are positive.
/// let values: Vec<f64> = (0..400).map(|i| 0.1 + 0.2 * f64::from(i % 5)).collect();
/// let labels: Vec<bool> =
///     values.iter().zip(0..).map(|(p, i)| f64::from((i / 5 * 37) % 80) < 80.0 * p).collect();
/// let curve = calibration_curve(&Scores::new(&labels, &values)?, &Smoothing::default())?;
/// assert!(curve.ici < 0.01 && curve.emax < 0.02, "{} {}", curve.ici, curve.emax);
/// assert!(curve.e50 <= curve.e90 && curve.e90 <= curve.emax);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibration_curve(
    scores: &Scores,
    smoothing: &Smoothing,
) -> Result<CalibrationCurve, Undefined> {
    scores.are_probabilities()?;
    scores.both_classes()?;
    let ties = scores.ties();
    let certain = |tie: &Tie| tie.value <= 0.0 || tie.value >= 1.0;
    if ties.iter().all(certain) {
        return Err(Undefined::Saturated);
    }
    let [first, .., last] = ties else { return Err(Undefined::ConstantScores) };
    if !(smoothing.span > 0.0 && smoothing.span <= 1.0 && smoothing.step >= 0.0) {
        return Err(Undefined::Region);
    }
    let range = last.value - first.value;
    let anchors = anchors(ties, smoothing.step * range);
    let local = Local { ties, wanted: wanted(scores.len(), smoothing.span), range };
    let fitted: Vec<f64> =
        anchors.par_iter().map(|&anchor| local.fit(anchor, smoothing.degree)).collect();
    let mut points = Vec::with_capacity(ties.len());
    for (place, pair) in anchors.windows(2).enumerate() {
        let (from, to) = (ties[pair[0]].value, ties[pair[1]].value);
        for tie in &ties[pair[0]..pair[1]] {
            let share = (tie.value - from) / (to - from);
            let observed = share * fitted[place + 1] + (1.0 - share) * fitted[place];
            points.push(CalibrationPoint { predicted: tie.value, observed });
        }
    }
    let observed = fitted[fitted.len() - 1];
    points.push(CalibrationPoint { predicted: last.value, observed });
    Ok(with_distances(points, ties))
}

/// Number of samples that a local fit uses.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the number of samples"
)]
fn wanted(samples: usize, span: f64) -> usize {
    ((samples as f64 * span + 1e-7) as usize).clamp(2, samples)
}

/// The ties at which to fit: the first; then repeatedly the last one within a step, or else the
/// next one; and the last of all.
fn anchors(ties: &[Tie], step: f64) -> Vec<usize> {
    let mut anchors = vec![0];
    let mut at = 0;
    while at + 1 < ties.len() {
        let reach = ties.partition_point(|tie| tie.value <= ties[at].value + step);
        at = (reach - 1).max(at + 1);
        anchors.push(at);
    }
    anchors
}

fn with_distances(points: Vec<CalibrationPoint>, ties: &[Tie]) -> CalibrationCurve {
    let mut distances: Vec<f64> = Vec::new();
    for (point, tie) in points.iter().zip(ties) {
        let distance = (point.observed - point.predicted).abs();
        let n = tie.positives as usize + tie.negatives as usize;
        distances.extend(std::iter::repeat_n(distance, n));
    }
    distances.sort_unstable_by(f64::total_cmp);
    CalibrationCurve {
        points,
        ici: distances.iter().sum::<f64>() / distances.len() as f64,
        e50: quantile(&distances, 0.5),
        e90: quantile(&distances, 0.9),
        emax: distances[distances.len() - 1],
    }
}

/// Local regression on tied samples.
struct Local<'a> {
    ties: &'a [Tie],
    wanted: usize,
    range: f64,
}

impl Local<'_> {
    /// The fit at one tie: weighted least squares of the nearest samples, whose
    /// weights fall to 0 at the farthest (tricube).
    fn fit(&self, at: usize, degree: Degree) -> f64 {
        let centre = self.ties[at].value;
        let reach = self.reach(at);
        // Weighted sums of the powers of the distance, and of them × label.
        let (mut powers, mut labels) = ([0.0; 5], [0.0; 3]);
        for tie in self.near(at, 0.999 * reach) {
            let n = f64::from(tie.positives) + f64::from(tie.negatives);
            let distance = (tie.value - centre).abs() / reach;
            // The bounds of Cleveland's program, which R's numbers depend on in
            // the eighth digit.
            let weight = if distance > 0.001 { (1.0 - distance.powi(3)).powi(3) } else { 1.0 };
            let x = if reach > 0.0 { (tie.value - centre) / reach } else { 0.0 };
            let mut power = weight;
            for (order, sum) in powers.iter_mut().enumerate() {
                *sum += power * n;
                if let Some(sum) = labels.get_mut(order) {
                    *sum += power * f64::from(tie.positives);
                }
                power *= x;
            }
        }
        let scale = self.range / reach.max(f64::MIN_POSITIVE);
        if degree == Degree::Quadratic
            && let Some(fit) = parabola(&powers, &labels)
        {
            return fit;
        }
        line(&powers, &labels, scale)
    }

    /// Distance of the farthest sample that the fit uses.
    fn reach(&self, at: usize) -> f64 {
        let centre = self.ties[at].value;
        let count = |tie: &Tie| tie.positives as usize + tie.negatives as usize;
        let (mut left, mut right) = (at, at);
        let mut seen = count(&self.ties[at]);
        let mut reach = 0.0;
        while seen < self.wanted {
            let below = left.checked_sub(1).map(|next| centre - self.ties[next].value);
            let above = self.ties.get(right + 1).map(|next| next.value - centre);
            let Some(nearest) = [below, above].into_iter().flatten().reduce(f64::min) else {
                break;
            };
            if below.is_some_and(|below| below <= nearest) {
                left -= 1;
                seen += count(&self.ties[left]);
            } else {
                right += 1;
                seen += count(&self.ties[right]);
            }
            reach = nearest;
        }
        reach
    }

    /// The ties within a distance.
    fn near(&self, at: usize, distance: f64) -> &[Tie] {
        let centre = self.ties[at].value;
        let start = self.ties.partition_point(|tie| centre - tie.value > distance);
        let end = self.ties.partition_point(|tie| tie.value - centre <= distance);
        &self.ties[start..end]
    }
}

/// The value at 0 of the line through the weighted points; their mean if their spread is negligible
/// relative to `range`.
fn line(powers: &[f64; 5], labels: &[f64; 3], range: f64) -> f64 {
    let (mean_x, mean_y) = (powers[1] / powers[0], labels[0] / powers[0]);
    let spread = powers[2] / powers[0] - mean_x * mean_x;
    if spread.sqrt() <= 0.001 * range || spread <= 1e-14 {
        return mean_y;
    }
    mean_y - mean_x * (labels[1] / powers[0] - mean_x * mean_y) / spread
}

/// The value at 0 of the parabola through the weighted points, by Cramer's rule; `None` if they do
/// not determine one.
fn parabola(powers: &[f64; 5], labels: &[f64; 3]) -> Option<f64> {
    let [s0, s1, s2, s3, s4] = powers.map(|power| power / powers[0]);
    let [t0, t1, t2] = labels.map(|label| label / powers[0]);
    let minor = [s2 * s4 - s3 * s3, s1 * s4 - s2 * s3, s1 * s3 - s2 * s2];
    let determinant = s0 * minor[0] - s1 * minor[1] + s2 * minor[2];
    (determinant > 1e-12).then(|| (t0 * minor[0] - t1 * minor[1] + t2 * minor[2]) / determinant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_ties_agree_with_r() {
        // x <- rep(seq(.05, .95, .1), each = 12)
        // y <- as.integer(((0:119)*(0:119)) %% 11 < 11*x)
        // fitted(loess(y ~ x, control = loess.control(surface = "direct")))[c(1, 13, 109)]
        // lowess(x, y, iter = 0)$y[c(1, 13, 109)]
        let values: Vec<f64> = (0..120_u32).map(|i| 0.05 + 0.1 * f64::from(i / 12)).collect();
        let labels: Vec<bool> = (0..120_u32)
            .zip(&values)
            .map(|(i, value)| f64::from((i * i) % 11) < 11.0 * value)
            .collect();
        let scores = Scores::new(&labels, &values).unwrap();
        let loess = [0.201_503_763_515_276_68, 0.240_368_184_281_981_15, 1.003_314_905_975_94];
        let lowess = [0.168_905_888_614_580_95, 0.257_019_816_360_645_4, 1.013_195_144_131_887_2];
        for (smoothing, expected) in [(Smoothing::default(), loess), (Smoothing::lowess(), lowess)]
        {
            let curve = calibration_curve(&scores, &smoothing).unwrap();
            for (place, expected) in [0, 1, 9].into_iter().zip(expected) {
                let ours = curve.points[place].observed;
                assert!((ours - expected).abs() < 1e-9, "{smoothing:?} {ours} {expected}");
            }
        }
    }

    #[test]
    fn a_curve_needs_two_predictions() {
        let one = Scores::new(&[true, false], &[0.4, 0.4]).unwrap();
        let smoothing = Smoothing::default();
        assert_eq!(calibration_curve(&one, &smoothing), Err(Undefined::ConstantScores));
        let two = Scores::new(&[true, false], &[0.6, 0.4]).unwrap();
        let curve = calibration_curve(&two, &smoothing).unwrap();
        assert!((curve.emax - 0.4).abs() < 1e-12, "{curve:?}");
        let wide = smoothing.with_span(1.5);
        assert_eq!(calibration_curve(&two, &wide), Err(Undefined::Region));
    }
}
