use foramen_types::SubjectId;
use thiserror::Error;

/// Why a sample does not fit a model's input.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// A patch is smaller than the network's field of view, or has another size than the training
    /// patches.
    #[error(
        "the patch of {subject} is {rows} × {columns} pixels; the network takes {expected} × \
         {expected}"
    )]
    PatchShape {
        /// The subject of the patch.
        subject: SubjectId,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Rows and columns expected.
        expected: usize,
    },
    /// The number of channels of an image differs from the network's.
    #[error("the picture of {subject} has {found} channel(s); the network takes {expected}")]
    Channels {
        /// The subject of the image.
        subject: SubjectId,
        /// Its channels.
        found: usize,
        /// Channels expected.
        expected: usize,
    },
    /// A patch holds NaN or infinite values.
    #[error("the patch of {subject} holds values that are not finite")]
    PatchNotFinite {
        /// The subject of the patch.
        subject: SubjectId,
    },
    /// A measured width is NaN or infinite.
    #[error("the width of {subject} is not finite; leave a width out that is not known")]
    WidthNotFinite {
        /// The subject of the foramen.
        subject: SubjectId,
    },
    /// A sample does not name exactly the covariates that the model needs.
    #[error(
        "the sample of {subject} {}; a sample names each covariate of the model, without a value \
         where it is missing",
        unlike(missing, extra)
    )]
    Covariates {
        /// The subject of the sample.
        subject: SubjectId,
        /// Covariates that the model needs and the sample does not name.
        missing: Vec<String>,
        /// Covariates that the sample names and the model does not use.
        extra: Vec<String>,
    },
    /// A covariate is NaN or infinite.
    #[error("the covariate {name} of {subject} is not finite")]
    CovariateNotFinite {
        /// The subject of the sample.
        subject: SubjectId,
        /// Name of the covariate.
        name: String,
    },
    /// A covariate exceeds 10¹², which no measurement of a patient does.
    #[error("the covariate {name} of {subject} is {value:e}; correct it, or leave it out")]
    CovariateTooLarge {
        /// The subject of the sample.
        subject: SubjectId,
        /// Name of the covariate.
        name: String,
        /// Its value.
        value: f64,
    },
    /// A covariate has no value in the train samples.
    #[error("no sample of the train set has a value of {name}; leave this covariate out")]
    UnknownCovariate {
        /// Name of the covariate.
        name: String,
    },
}

/// The missing and the extra covariates of a sample, in words.
fn unlike(missing: &[String], extra: &[String]) -> String {
    let lacks = (!missing.is_empty()).then(|| format!("lacks {}", missing.join(", ")));
    let has = (!extra.is_empty()).then(|| format!("has {} besides", extra.join(", ")));
    lacks.into_iter().chain(has).collect::<Vec<_>>().join(" and ")
}
