use std::path::PathBuf;

use foramen_select::SELECTION_VERSION;
use foramen_table::TableError;
use foramen_types::{KeyError, Level, Side, SubjectId, TypeError};
use thiserror::Error;

use crate::label_table::LabelTable;

/// Why a stage of a study could not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A file or folder could not be read.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder could not be written.
    #[error("could not write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A stage's file is missing: an earlier stage has not run.
    #[error("{path} is not there; run `{stage}` first, which writes it")]
    MissingStage {
        /// The file.
        path: PathBuf,
        /// The stage that writes it.
        stage: &'static str,
    },
    /// A JSON file does not have the expected content.
    #[error("{path} is no {what} of this version")]
    Json {
        /// The file.
        path: PathBuf,
        /// The expected content.
        what: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A file was written by a version with another schema.
    #[error(
        "{path} has schema version {found}, this version reads {expected}; run its stage again"
    )]
    SchemaVersion {
        /// The file.
        path: PathBuf,
        /// Schema version of the file.
        found: u32,
        /// Schema version that this version reads.
        expected: u32,
    },
    /// A table lacks a needed column.
    #[error(
        "the {table} has no column {column:?}; its columns are {}; rename the column or add it",
        found.join(", ")
    )]
    MissingColumn {
        /// Which table.
        table: &'static str,
        /// The column.
        column: String,
        /// The columns that the table has.
        found: Vec<String>,
    },
    /// A cell of a table holds no valid value of its column.
    #[error("row {row} of the {table}: {column} = {value:?} cannot be used; {remedy}")]
    Cell {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
        /// The column.
        column: String,
        /// The text as given.
        value: String,
        /// What to write instead.
        remedy: &'static str,
    },
    /// A cell of a table is no subject id or level.
    #[error("row {row} of the {table} cannot be used")]
    Value {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
        /// Why.
        #[source]
        source: TypeError,
    },
    /// Two rows of a table are for the same thing.
    #[error("row {row} of the {table} repeats an earlier row; keep one of them")]
    RepeatedRow {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
    },
    /// A reader has two rows for one foramen.
    #[error(
        "row {row} of the {table}: {sop_instance_uid}, frame {frame}, {side} has a row already; \
         keep one, or tell readers apart in `reader` and the frames of an enhanced image in \
         `frame`"
    )]
    ReadTwice {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
        /// SOP Instance UID (0008,0018) of the image.
        sop_instance_uid: String,
        /// Its frame, from 1.
        frame: u32,
        /// The side of the patient.
        side: Side,
    },
    /// A table that should hold the program's own measurements names readers.
    #[error("the {table} has several readers; give it as readings")]
    SeveralReaders {
        /// Which table.
        table: &'static str,
    },
    /// No row of a table of measurements was measured.
    #[error("nothing was measured in the {table}")]
    NothingMeasured {
        /// Which table.
        table: &'static str,
    },
    /// The linkage table contradicts itself.
    #[error("the linkage table cannot be used")]
    Links(#[from] KeyError),
    /// A file could not be read as a table.
    #[error("could not read the {table}")]
    Table {
        /// Which table.
        table: &'static str,
        /// Where and why.
        #[source]
        source: TableError,
    },
    /// A file of disc positions cannot be used.
    #[error("could not use the disc positions in {path}")]
    LevelsFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<StudyError>,
    },
    /// A file of disc positions has an unknown format.
    #[error("disc positions are read from .csv, .json, .nii and .nii.gz")]
    LevelsFormat,
    /// The file name does not show to which subject the discs of a file belong.
    #[error(
        "the file name does not open with the id of a subject, of which there are {subjects}; \
         rename it, such as S001.mrk.json"
    )]
    LevelsSubject {
        /// Number of subjects with images.
        subjects: usize,
    },
    /// The frame of reference of the points cannot be determined: the file names none.
    #[error(
        "the file carries no frame of reference, and the images of {subject} are in {frames}; write \
         the points into levels.csv with their frame_of_reference_uid"
    )]
    LevelsFrames {
        /// The subject whose discs the file holds.
        subject: SubjectId,
        /// Number of frames of reference of the subject's images.
        frames: usize,
    },
    /// Two files give a position for one disc.
    #[error("the disc {level} of {subject} is in an earlier file too; keep one of them")]
    LevelTwice {
        /// The subject.
        subject: SubjectId,
        /// The level of the disc.
        level: Level,
    },
    /// A JSON file of disc positions does not have the expected content.
    #[error("it is no {what}")]
    LevelsJson {
        /// The expected content.
        what: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A 3D Slicer markup is not a list of points in supported coordinates.
    #[error("the {what} of the markup is {found:?}; {remedy}")]
    Markup {
        /// Which entry.
        what: &'static str,
        /// The value found.
        found: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A point of a 3D Slicer markup cannot be used as a disc.
    #[error("point {number} ({label:?}) of the markups cannot be used: {why}")]
    MarkupPoint {
        /// Its place in the file, from 1.
        number: usize,
        /// Its label.
        label: String,
        /// Why.
        why: &'static str,
    },
    /// A label image cannot be used.
    #[error("the label image cannot be used: {what}")]
    LabelImage {
        /// What is wrong.
        what: &'static str,
    },
    /// A label image is not a NIfTI-1 file.
    #[error("the label image could not be read as NIfTI-1")]
    Nifti {
        /// Why.
        #[source]
        source: nifti::NiftiError,
    },
    /// The values of a label image match no known table, or several.
    #[error("{}: {evidence}; {}", fitting(fits), remedy(fits))]
    LabelTable {
        /// The tables that match.
        fits: Vec<LabelTable>,
        /// The values found.
        evidence: String,
    },
    /// The name of a label image indicates another table than its values.
    #[error(
        "the file name says {}, but the label image fits only {}: {evidence}; rename the file, or \
         write the discs into levels.csv",
        named.name(),
        fits.name()
    )]
    LabelName {
        /// The table that the name indicates.
        named: LabelTable,
        /// The label table whose numbers occur in the image.
        fits: LabelTable,
        /// The values found.
        evidence: String,
    },
    /// The slices of the patches were chosen by another version of the selection.
    #[error(
        "the slices of {path} were chosen by version {found} of the selection, and this program \
         has version {SELECTION_VERSION}; run `select` again, or use the program that made them"
    )]
    SelectionVersion {
        /// The file.
        path: PathBuf,
        /// The version in the file; older files without a version count as version 1.
        found: u32,
    },
    /// The patches do not match their index.
    #[error("{path} does not hold the patches that its index lists: {what}; run `select` again")]
    Patches {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// The samples do not form a valid dataset.
    #[error("the samples of the study do not make a dataset")]
    Learn(#[from] foramen_learn::LearnError),
}

fn fitting(fits: &[LabelTable]) -> String {
    if fits.is_empty() {
        return "the label image fits no known table of values".to_owned();
    }
    let names: Vec<&str> = fits.iter().map(|table| table.name()).collect();
    format!("the label image fits {} tables of values ({})", fits.len(), names.join("; "))
}

fn remedy(fits: &[LabelTable]) -> &'static str {
    if fits.is_empty() {
        "write the discs into levels.csv"
    } else {
        "say disc or vertebra in its file name"
    }
}
