//! The figures of the report, as SVG. Curves are drawn by [`foramen_metrics::plot`]; here models
//! get their words, and what only a report has is drawn.

mod curves;
mod forest;
mod learning_curve;
mod subgroups;

pub use curves::{calibration_svg, decision_svg, roc_svg};
pub use forest::forest_svg;
pub use learning_curve::learning_curve_svg;
pub use subgroups::subgroups_svg;
