//! How many samples does a study need?
//!
//! [`Plan`] for a comparison of two groups or models, [`RegressionPlan`] before a regression is
//! fitted (Riley).
//!
//! ```
//! use foramen_metrics::planning::RegressionPlan;
//!
//! // The paper's AUC, and half of the patients favourable: what 10 numbers would need.
//! let size = RegressionPlan::new(0.801, 0.5)?.samples(10);
//! assert!(size.needed() > 100);
//! # Ok::<(), foramen_metrics::Undefined>(())
//! ```

mod plan;
mod regression_plan;

pub use plan::{Effect, Plan, SampleSize};
pub use regression_plan::{RegressionPlan, RegressionSize};
