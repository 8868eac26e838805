//! What happens at a threshold, and which threshold to take?
//!
//! [`Confusion`] counts predictions at a threshold and returns sensitivity, specificity and related
//! rates; [`youden`] and similar functions choose a threshold, on other samples than those on which
//! it is evaluated; [`wilson`] and [`clopper_pearson`] are intervals of any proportion.
//!
//! ```
//! use foramen_metrics::{Confidence, Scores, classification::Confusion};
//!
//! let labels = [false, false, true, false, true, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8])?;
//! let calls = Confusion::at(&scores, 0.5);
//! assert_eq!((calls.true_positive, calls.false_negative), (2, 1));
//! assert_eq!(calls.specificity(Confidence::P95)?.estimate, 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod confusion;
mod proportion;
mod threshold;

pub use confusion::{Confusion, Rate};
pub use proportion::{ProportionInterval, clopper_pearson, wilson};
pub use threshold::{
    Costs, threshold_at_sensitivity, threshold_at_specificity, threshold_nearest_corner,
    threshold_of_least_cost, youden,
};
