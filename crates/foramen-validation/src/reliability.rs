use std::fmt;

use crate::accuracy::Trial;

/// Lower ends of the bins of confidence.
const BINS: [f64; 5] = [0.0, 0.5, 0.7, 0.8, 0.9];
/// A width this far from the true one is right, in millimetres: what a confidence speaks of.
const RIGHT: f64 = 0.8;

/// How often a choice of some confidence is right: a reliability diagram in numbers.
pub struct Reliability {
    /// For each bin: how many choices, the sum of their confidences, how many are right.
    bins: [(usize, f64, usize); BINS.len()],
}

impl Reliability {
    /// The choices of all trials; one without a choice is left out.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let mut bins = [(0, 0.0, 0); BINS.len()];
        for trial in trials.iter().filter(|trial| trial.width.is_some()) {
            let bin = BINS.iter().rposition(|low| trial.confidence >= *low).unwrap_or(0);
            let (n, sum, right) = &mut bins[bin];
            *n += 1;
            *sum += trial.confidence;
            *right += usize::from(trial.error() <= RIGHT);
        }
        Self { bins }
    }
}

impl fmt::Display for Reliability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "confidence, and how many widths are within {RIGHT} mm:")?;
        let ends = BINS[1..].iter().copied().chain([1.0]);
        for ((low, high), (n, sum, right)) in BINS.into_iter().zip(ends).zip(self.bins) {
            if n > 0 {
                let (mean, share) = (sum / n as f64, right as f64 / n as f64);
                write!(
                    f,
                    "\n  {low:.1} to {high:.1}: mean {mean:.2}, {right} of {n} ({share:.2})"
                )?;
            }
        }
        Ok(())
    }
}
