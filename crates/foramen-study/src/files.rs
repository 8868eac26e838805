//! The files of a study, one type each, written by one stage and read by the
//! next. In-memory types are never serialised themselves.
//!
//! | file | written by | holds |
//! |---|---|---|
//! | `manifest.json` | [`write_manifest`] | every row, kept or excluded |
//! | `levels.csv` | [`write_levels`] | the disc positions that were used |
//! | `selections.csv` | [`write_selections`] | the chosen slice of each episode |
//! | `profile.csv` | [`write_profile`] | every measured slice and side |
//! | `acquisitions.csv` | [`write_acquisitions`] | how the chosen images were acquired |
//! | `episodes.csv` | [`write_episodes`] | what the outcome table says of patients, and other labels |
//! | `patches.csv`, `patches.safetensors` | [`write_patches`] | what models see |
//! | `folds.csv` | [`write_folds`] | which subject was for what in which fold |
//! | `leakage.json` | [`write_leakage`] | what the folds were compared by, and share |
//! | `predictions*.csv` | [`write_predictions`] | out-of-fold probabilities |
//! | `stages.json` | [`write_stages`] | what a report needs besides |
//! | `run.json` | [`write_run`] | schema versions and hashes of the others |

mod acquisitions;
mod choice_json;
mod episodes;
mod folds;
mod later;
mod leakage_json;
mod made;
mod manifest_json;
mod patches;
mod predictions;
mod run_json;
mod selected_rows;
mod selections;
mod stages_json;

pub use crate::atomic_file::write_atomically;
pub use acquisitions::{read_acquisitions, read_scanners, write_acquisitions};
pub use episodes::{EpisodeNotes, read_episodes, write_episodes};
pub use folds::write_folds;
pub use later::remove_later_stages;
pub use leakage_json::{LeakageNotes, read_leakage, write_leakage, write_leakage_as};
pub use made::MadeWriter;
pub use manifest_json::{read_manifest, write_manifest};
pub use patches::{PatchWriter, read_patches, read_pixel, write_patches};
pub use predictions::write_predictions;
pub use run_json::write_run;
pub use selected_rows::{SelectedRow, read_selections};
pub use selections::{ProfileWriter, write_levels, write_profile, write_selections};
pub use stages_json::{
    FoldTemperature, ModelNotes, ModelRole, StageNotes, read_stages, write_stages,
};
