//! Several samples of one subject, and subgroups of samples.
//!
//! Foramina of one person are correlated, so an interval that treats them as independent is too
//! narrow: [`ClusteredScores`] and [`auc_of_clusters`] (Obuchowski). [`by_group`] and
//! [`auc_by_group`] compute a metric for each group, with a test of interaction.
//!
//! ```
//! use foramen_metrics::{Scores, clusters::{ClusteredScores, auc_of_clusters}};
//!
//! let labels = [false, false, true, false, true, true, false, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
//! let of_persons = ClusteredScores::new(scores, &["a", "a", "b", "b", "c", "c", "d", "d"])?;
//! assert!(auc_of_clusters(&of_persons)?.interval.is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cluster;
mod subgroup;

pub use cluster::{ClusteredScores, auc_of_clusters, cluster_bootstrap_auc};
pub use subgroup::{Interaction, Subgroup, Subgroups, auc_by_group, by_group};
