//! What several examples share: inputs from the command line, the cached
//! synthetic cohort, and progress bars.

mod cohort;
mod inputs;
mod progress;
mod stages;

pub use cohort::demo_cohort;
pub use inputs::{Inputs, OpenedInputs, prepare_output};
pub use progress::{bar, counter};
pub use stages::{Selected, dataset, run_selection, truth_comparison};
