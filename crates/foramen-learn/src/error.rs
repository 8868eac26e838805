use foramen_table::TableError;
use foramen_types::{Level, Side, SubjectId, TypeError};
use thiserror::Error;

/// Why samples cannot be used for learning, or predictions cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LearnError {
    /// One foramen is labelled twice.
    #[error("{subject} {level} {side} is labelled twice; one row per foramen and injection")]
    Duplicate {
        /// The subject.
        subject: SubjectId,
        /// Level of the foramen.
        level: Level,
        /// Side of the foramen.
        side: Side,
    },
    /// Two patches differ in shape.
    #[error("the patch of {subject} is {found:?} pixels, others are {expected:?}")]
    PatchShape {
        /// The subject of the second patch.
        subject: SubjectId,
        /// Rows and columns of its patch.
        found: (usize, usize),
        /// Rows and columns of the first patch.
        expected: (usize, usize),
    },
    /// Two images differ in their number of channels.
    #[error("the picture of {subject} has {found} channel(s), others have {expected}")]
    Channels {
        /// The subject of the second image.
        subject: SubjectId,
        /// Its channels.
        found: usize,
        /// Channels of the first picture.
        expected: usize,
    },
    /// Fewer than two folds.
    #[error("{folds} folds cannot be trained and tested; use at least 2")]
    TooFewFolds {
        /// Number of folds asked for.
        folds: usize,
    },
    /// No repeat was asked for.
    #[error("a cross-validation has at least 1 repeat; give --repeats 1 or more")]
    TooFewRepeats,
    /// Too few subjects of one outcome for the number of folds.
    #[error(
        "{folds} folds need at least {needed} subjects of each outcome, and there are {poor} poor \
         and {favourable} favourable; use fewer folds or more subjects"
    )]
    TooFewSubjects {
        /// Number of folds asked for.
        folds: usize,
        /// Subjects of each outcome needed.
        needed: usize,
        /// Subjects with a poor outcome.
        poor: usize,
        /// Subjects with a favourable outcome.
        favourable: usize,
    },
    /// A given split does not contain a subject of the dataset.
    #[error("the given split has no part for subject {subject}")]
    Unassigned {
        /// The missing subject.
        subject: SubjectId,
    },
    /// The group of a subject is not known.
    #[error("it is not known where subject {subject} belongs; each needs a place to be split by")]
    Ungrouped {
        /// The subject.
        subject: SubjectId,
    },
    /// Fewer than two groups can be tested with a model trained on the others.
    #[error(
        "one group cannot be tested by a model of the others: there is {found}; a group is tested \
         alone from {least} subjects of each outcome on, smaller ones together; split by subject \
         (leave --split-by out) or by something else"
    )]
    TooFewGroups {
        /// The groups with their counts.
        found: String,
        /// Subjects of each outcome that a group needs.
        least: usize,
    },
    /// Without a group, too few subjects remain for training.
    #[error(
        "without {group} only {favourable} favourable and {poor} poor subjects are left to train \
         on; split by subject (leave --split-by out) or by something else"
    )]
    GroupLeavesTooFew {
        /// The group, or several groups that are tested together.
        group: String,
        /// Remaining subjects with a poor outcome.
        poor: usize,
        /// Remaining subjects with a favourable outcome.
        favourable: usize,
    },
    /// Too few subjects are held out, or too few remain for training.
    #[error(
        "{} favourable and {} poor subjects would be tested and {} favourable and {} poor be left \
         to train on; each of them must be at least {least}: choose another date",
        held[1], held[0], left[1], left[0]
    )]
    HeldOut {
        /// Subjects with a poor and with a favourable outcome that remain for training.
        left: [usize; 2],
        /// Subjects with a poor and with a favourable outcome that would be tested.
        held: [usize; 2],
        /// Fewest subjects needed of each outcome.
        least: usize,
    },
    /// A table of folds lacks a column.
    #[error("the folds have no column {column:?}; the columns found are {found}")]
    MissingFoldColumn {
        /// The column.
        column: &'static str,
        /// The columns of the table.
        found: String,
    },
    /// A cell of a table of folds holds no valid value of its column.
    #[error("row {row} of the folds has {value:?} as {column}; write {remedy}")]
    FoldCell {
        /// Line number; the header is line 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// The text of the cell.
        value: String,
        /// The allowed values.
        remedy: &'static str,
    },
    /// A cell of a table of folds holds no valid subject id.
    #[error("row {row} of the folds cannot be used")]
    FoldValue {
        /// Line number; the header is line 1.
        row: u64,
        /// Why not.
        #[source]
        source: TypeError,
    },
    /// A table of folds has no rows.
    #[error("the folds have no rows; write one for each subject, with its fold")]
    NoFolds,
    /// A subject is tested in two folds of a repeat.
    #[error(
        "subject {subject} is tested in fold {} (row {}) and in fold {} (row {}) of repeat \
         {repeat}; keep one of the two rows", folds[0], rows[0], folds[1], rows[1]
    )]
    SubjectInTwoFolds {
        /// The subject.
        subject: SubjectId,
        /// The repeat, from 0.
        repeat: usize,
        /// The two folds, from 0.
        folds: [usize; 2],
        /// The line numbers of the two rows.
        rows: [u64; 2],
    },
    /// A subject is in two parts of a fold.
    #[error(
        "subject {subject} is in {} (row {}) and in {} (row {}) of fold {fold} of repeat \
         {repeat}; keep one of the two rows", parts[0], rows[0], parts[1], rows[1]
    )]
    SubjectInTwoParts {
        /// The subject.
        subject: SubjectId,
        /// The repeat, from 0.
        repeat: usize,
        /// The fold, from 0.
        fold: usize,
        /// The two parts.
        parts: [&'static str; 2],
        /// The line numbers of the two rows.
        rows: [u64; 2],
    },
    /// A subject has no part in a fold.
    #[error(
        "subject {subject} is in no part of fold {fold} of repeat {repeat}; add a row with train, \
         tune or test"
    )]
    SubjectInNoPart {
        /// The subject.
        subject: SubjectId,
        /// The repeat, from 0.
        repeat: usize,
        /// The fold, from 0.
        fold: usize,
    },
    /// A table of folds names a subject that the study does not have.
    #[error(
        "row {row} of the folds is of subject {subject}, who is not in the study or has no \
         outcome; take the row away, or correct the id"
    )]
    UnknownFoldSubject {
        /// Line number; the header is line 1.
        row: u64,
        /// The subject.
        subject: SubjectId,
    },
    /// A table of folds leaves a subject of the study out.
    #[error("the folds test subject {subject} in no fold of repeat {repeat}; add a row for it")]
    MissingFoldSubject {
        /// The subject.
        subject: SubjectId,
        /// The repeat, from 0.
        repeat: usize,
    },
    /// A fold tests nobody.
    #[error("fold {fold} of repeat {repeat} tests nobody; number the folds from 0 without gaps")]
    EmptyFold {
        /// The repeat, from 0.
        repeat: usize,
        /// The fold, from 0.
        fold: usize,
    },
    /// A name is not the name of an overlap.
    #[error(
        "{name:?} is not a kind of overlap; use subject, study, image, pixels or near-duplicate"
    )]
    UnknownOverlap {
        /// The name.
        name: String,
    },
    /// A train set has samples of one outcome only.
    #[error("the train set has {poor} poor and {favourable} favourable samples; both are needed")]
    OneOutcome {
        /// Samples with a poor outcome.
        poor: usize,
        /// Samples with a favourable outcome.
        favourable: usize,
    },
    /// A width is needed and no train sample has one.
    #[error("no train sample has a measured width, which the width baseline needs")]
    NoWidth,
    /// What a learner learns depends on the test subjects.
    #[error(
        "what {learner} learns on fold {fold} changes with the images, numbers or outcomes of the \
         subjects it is tested on; fit normalisers on the train set, and choose on the tune set"
    )]
    SeesTestSet {
        /// Name of the learner.
        learner: String,
        /// Number of the fold, from 0.
        fold: usize,
    },
    /// A learner failed on a fold.
    #[error("{learner} could not be fitted or applied on fold {fold}")]
    Fold {
        /// Name of the learner.
        learner: String,
        /// Number of the fold, from 0.
        fold: usize,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file could not be read as a table of predictions.
    #[error("could not read the predictions")]
    Table(#[from] TableError),
    /// A table of predictions could not be written.
    #[error("could not write the predictions")]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("the predictions have no column {column:?}; the columns found are {found}")]
    MissingColumn {
        /// The column.
        column: &'static str,
        /// The columns of the table.
        found: String,
    },
    /// A cell holds no valid value of its column.
    #[error("row {row} of the predictions has {value:?} as {column}; write {remedy}")]
    Cell {
        /// Line number; the header is line 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// The text of the cell.
        value: String,
        /// The allowed values.
        remedy: &'static str,
    },
    /// A cell holds no valid subject id, level or side.
    #[error("row {row} of the predictions cannot be used")]
    Value {
        /// Line number; the header is line 1.
        row: u64,
        /// Why not.
        #[source]
        source: TypeError,
    },
    /// No row has a label.
    #[error("the predictions have no row with a label; {without_label} rows have none")]
    NoLabels {
        /// Rows without a label.
        without_label: usize,
    },
}
