use foramen_types::SubjectId;
use thiserror::Error;

/// Why a model cannot take a sample.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// A patch is smaller than the network's field of view, or of another size
    /// than those it was trained on.
    #[error(
        "the patch of {subject} is {rows} × {columns} pixels; the network takes {expected} × \
         {expected}"
    )]
    PatchShape {
        /// Whose patch.
        subject: SubjectId,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Rows and columns expected.
        expected: usize,
    },
    /// A picture has not as many channels as the network takes.
    #[error("the picture of {subject} has {found} channel(s); the network takes {expected}")]
    Channels {
        /// Whose picture.
        subject: SubjectId,
        /// Its channels.
        found: usize,
        /// Channels expected.
        expected: usize,
    },
    /// A patch holds NaN or infinite values.
    #[error("the patch of {subject} holds values that are not finite")]
    PatchNotFinite {
        /// Whose patch.
        subject: SubjectId,
    },
    /// A measured width is NaN or infinite.
    #[error("the width of {subject} is not finite; leave a width out that is not known")]
    WidthNotFinite {
        /// Whose foramen.
        subject: SubjectId,
    },
    /// A sample does not name the covariates that the model asks for.
    #[error(
        "the sample of {subject} {}; a sample names each covariate of the model, without a value \
         where it is missing",
        unlike(missing, extra)
    )]
    Covariates {
        /// Whose sample.
        subject: SubjectId,
        /// What the model asks for and the sample does not name.
        missing: Vec<String>,
        /// What the sample names and the model does not ask for.
        extra: Vec<String>,
    },
    /// A covariate is NaN or infinite.
    #[error("the covariate {name} of {subject} is not finite")]
    CovariateNotFinite {
        /// Whose sample.
        subject: SubjectId,
        /// Which covariate.
        name: String,
    },
    /// A covariate is beyond 10¹², which no measurement of a patient is.
    #[error("the covariate {name} of {subject} is {value:e}; correct it, or leave it out")]
    CovariateTooLarge {
        /// Whose sample.
        subject: SubjectId,
        /// Which covariate.
        name: String,
        /// Its value.
        value: f64,
    },
    /// A covariate has no value that could be learned from.
    #[error("no sample of the train set has a value of {name}; leave this covariate out")]
    UnknownCovariate {
        /// Which covariate.
        name: String,
    },
}

/// What a sample lacks and has too much, in words.
fn unlike(missing: &[String], extra: &[String]) -> String {
    let lacks = (!missing.is_empty()).then(|| format!("lacks {}", missing.join(", ")));
    let has = (!extra.is_empty()).then(|| format!("has {} besides", extra.join(", ")));
    lacks.into_iter().chain(has).collect::<Vec<_>>().join(" and ")
}
