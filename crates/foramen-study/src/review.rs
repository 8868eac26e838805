//! What a person says of the choices of a selection: the tables they see, the corrected
//! ones, and the patches cut anew.
//!
//! Nothing that `select` wrote is changed: corrections lie in the folder `reviewed` of the
//! study, and each row there keeps the automatic values beside.

mod cells;
mod corrections;
mod image_set;
mod made;
mod measured;
mod readings_table;
mod recut;
mod selection_table;

pub use corrections::{
    Correction, Reviewed, ReviewedRow, carry_corrections, read_reviewed, write_reviewed,
};
pub use image_set::{LoadedSet, StudyImages, pooled_images};
pub use made::read_made;
pub use measured::{MeasuredSide, read_measured};
pub use readings_table::{ReaderRow, write_readings};
pub use recut::{Recut, recut_patches};
pub use selection_table::{SelectionRow, SelectionTable};

/// The folder of a study that holds what persons corrected.
pub const REVIEWED: &str = "reviewed";
