//! Reviews of a selection by a person: the tables to review, the corrected tables, and the patches
//! cut anew.
//!
//! Files of `select` are not changed: corrections are written to the folder `reviewed` of the
//! study, where each row also keeps the automatic values.

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

/// The folder of a study with the corrections of persons.
pub const REVIEWED: &str = "reviewed";
