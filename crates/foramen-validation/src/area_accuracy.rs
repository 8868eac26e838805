//! How exactly the area of a foramen is measured.

use std::fmt;

use crate::Trial;

/// Measured areas of chosen foramina against true ones.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaAccuracy {
    /// How many chosen foramina are open and were measured as such.
    pub foramina: usize,
    /// Median of the measured less the true area, as a part of the true one.
    pub bias: f64,
    /// The same without sign: the median.
    pub median: f64,
    /// Its 90th percentile.
    pub most: f64,
}

impl AreaAccuracy {
    /// Of the chosen foramina of these subjects; NaN where there are none.
    #[must_use]
    pub fn of(trials: &[Trial]) -> Self {
        let off = |(measured, truth): (f64, f64)| (measured - truth) / truth;
        let mut signed: Vec<f64> = trials.iter().filter_map(|trial| trial.area.map(off)).collect();
        signed.sort_by(f64::total_cmp);
        let mut sizes: Vec<f64> = signed.iter().map(|off| off.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let n = sizes.len();
        let at =
            |of: &[f64], percent: usize| of.get(n * percent / 100).copied().unwrap_or(f64::NAN);
        Self { foramina: n, bias: at(&signed, 50), median: at(&sizes, 50), most: at(&sizes, 90) }
    }
}

impl fmt::Display for AreaAccuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [bias, median, most] = [self.bias, self.median, self.most].map(|part| 100.0 * part);
        write!(
            f,
            "areas of {} chosen foramina: off by {median:.0} % in the median, {most:.0} % at the 90th \
             percentile, bias {bias:+.0} %",
            self.foramina
        )
    }
}
