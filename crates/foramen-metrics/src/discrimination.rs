//! Do positives rank above negatives?
//!
//! [`auc`] with its interval (DeLong unless told otherwise), the [`roc`] curve, a part of it
//! ([`partial_auc`]), and [`average_precision`] where positives are rare.
//!
//! ```
//! use foramen_metrics::{Scores, discrimination::auc};
//!
//! let labels = [false, false, true, false, true, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8])?;
//! // Of the 9 pairs of a positive and a negative 7 are in order and one is tied.
//! assert_eq!(auc(&scores)?.estimate, 7.5 / 9.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auc;
mod partial;
mod precision_recall;
mod roc;

pub use auc::{AucInterval, auc, auc_with, hanley_mcneil};
pub use partial::{PartialArea, RocRegion, partial_auc};
pub use precision_recall::{
    PrecisionRecallCurve, PrecisionRecallPoint, average_precision, precision_recall,
};
pub use roc::{RocCurve, RocPoint, roc};

pub(crate) use auc::{auc_of_counts, counts, delong, null_error};
