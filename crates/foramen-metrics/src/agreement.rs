//! How far raters, or repeated measurements, agree.

mod bland_altman;
mod clustered;
mod icc;
mod kappa;

pub use bland_altman::{BlandAltman, bland_altman};
pub use clustered::{Clusters, bland_altman_of_clusters, icc_of_clusters, kappa_of_clusters};
pub use icc::{Icc, icc};
pub use kappa::{Grades, KappaWeights, kappa};

use crate::MetricsError;

/// Numbers that several raters gave to the same subjects, such as widths in
/// millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    /// One row per subject, one number per rater.
    rows: Vec<Vec<f64>>,
}

impl Ratings {
    /// One row per subject, each with one number per rater in the same order.
    ///
    /// # Errors
    /// [`MetricsError`] if there are none, if rows differ in length, or if a
    /// number is not finite.
    pub fn new<R: AsRef<[f64]>>(rows: &[R]) -> Result<Self, MetricsError> {
        let expected = rows.first().map_or(0, |row| row.as_ref().len());
        if expected == 0 {
            return Err(MetricsError::Empty);
        }
        for (subject, row) in rows.iter().enumerate() {
            let row = row.as_ref();
            if row.len() != expected {
                return Err(MetricsError::Ragged { subject, ratings: row.len(), expected });
            }
            if let Some(rater) = row.iter().position(|value| !value.is_finite()) {
                return Err(MetricsError::Rating { subject, rater, value: row[rater] });
            }
        }
        Ok(Self { rows: rows.iter().map(|row| row.as_ref().to_vec()).collect() })
    }

    /// Number of subjects.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.rows.len()
    }

    /// The rows at these places, which exist.
    fn subset(&self, places: &[usize]) -> Self {
        Self { rows: places.iter().map(|&place| self.rows[place].clone()).collect() }
    }

    /// Number of raters.
    #[must_use]
    pub fn raters(&self) -> usize {
        self.rows[0].len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_ratings_are_refused_with_their_place() {
        assert_eq!(Ratings::new::<[f64; 2]>(&[]), Err(MetricsError::Empty));
        assert_eq!(
            Ratings::new(&[vec![1.0, 2.0], vec![1.0]]),
            Err(MetricsError::Ragged { subject: 1, ratings: 1, expected: 2 })
        );
        assert!(matches!(
            Ratings::new(&[[1.0, 2.0], [1.0, f64::NAN]]),
            Err(MetricsError::Rating { subject: 1, rater: 1, .. })
        ));
    }
}
