use thiserror::Error;

/// Why a text or a number is not a value of one of this crate's types.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypeError {
    /// A text is not the name of an outcome.
    #[error("{value:?} is no outcome; write \"poor\" or \"favourable\"")]
    UnknownOutcome {
        /// The text as given.
        value: String,
    },
    /// An identifier is empty, or empty once spaces are trimmed.
    #[error("a subject id is empty")]
    EmptySubjectId,
    /// An identifier contains a character that would break a file or a log line.
    #[error("the subject id {value:?} holds a control character")]
    ControlInSubjectId {
        /// The text as given.
        value: String,
    },
    /// A text is not the name of a cervical disc.
    #[error("{value:?} is no cervical disc level; write it as \"C5/6\" (C2/3 to C7/T1)")]
    UnknownLevel {
        /// The text as given.
        value: String,
    },
    /// A bare vertebra or root name such as `C6`, which can mean two levels.
    #[error(
        "{value:?} has two readings: the root {value} leaves at {as_root}, the disc below the \
         vertebra {value} is {as_disc}; write the disc, or say that level names are roots"
    )]
    AmbiguousLevel {
        /// The text as given.
        value: String,
        /// The level if the text names a nerve root.
        as_root: String,
        /// The level if the text names a vertebra.
        as_disc: String,
    },
    /// A text is not the name of a side.
    #[error("{value:?} is no side; write \"left\" or \"right\" (of the patient)")]
    UnknownSide {
        /// The text as given.
        value: String,
    },
    /// A text names both sides.
    #[error("{value:?} names both sides; write one row for each")]
    BothSides {
        /// The text as given.
        value: String,
    },
    /// A text is not a decimal number.
    #[error("{value:?} is no pain score; write a number from 0 to 10")]
    NrsNotANumber {
        /// The text as given.
        value: String,
    },
    /// A pain score is outside 0 to 10.
    #[error("the pain score {value} is outside 0 to 10")]
    NrsOutOfRange {
        /// The text as given.
        value: String,
    },
    /// A pain score has more than two decimals.
    #[error("the pain score {value} has more than two decimals")]
    NrsTooFine {
        /// The text as given.
        value: String,
    },
    /// A number is not a probability.
    #[error("{value} is no probability; it must lie in 0 to 1")]
    NotAProbability {
        /// The number as given, as text so that NaN compares equal.
        value: String,
    },
}
