//! What samples a model takes.

use foramen_learn::Sample;
use foramen_types::SubjectId;
use ndarray::Array2;
use thiserror::Error;

use super::Covariates;

/// Intensities are limited to this range; what lies beyond three times the window is an
/// artefact, or was seen through another window.
const INTENSITIES: [f32; 2] = [-2.0, 3.0];

/// What samples a model was trained on, and takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Rows and columns of the patches.
    pub edge: usize,
    /// Channels of the patches.
    pub channels: usize,
    /// Numbers beside the picture.
    pub covariates: Covariates,
}

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

impl Input {
    /// What the first of the train samples is like; its patch must hold the field of
    /// view of `crop` × `crop` pixels.
    #[must_use]
    pub fn of(train: &[&Sample], crop: usize, covariates: Covariates) -> Self {
        let rows = train.first().map_or(crop, |sample| sample.patch.nrows());
        let channels = train.first().map_or(1, |sample| sample.channels().count());
        Self { edge: rows.max(crop), channels, covariates }
    }

    /// The intensities of samples, `[sample, channel, row, column]`, limited to −2 to 3.
    ///
    /// # Errors
    /// [`InputError::Channels`], [`InputError::PatchShape`], [`InputError::PatchNotFinite`]
    /// and [`InputError::WidthNotFinite`] for the first sample that does not fit.
    pub fn pixels(&self, samples: &[&Sample]) -> Result<Vec<f32>, InputError> {
        let Self { edge, channels, .. } = *self;
        let mut pixels = Vec::with_capacity(samples.len() * channels * edge * edge);
        for sample in samples {
            let subject = || sample.subject.clone();
            let found = sample.channels().count();
            if found != channels {
                return Err(InputError::Channels { subject: subject(), found, expected: channels });
            }
            let mut sizes = sample.channels().map(Array2::dim);
            if let Some((rows, columns)) = sizes.find(|size| *size != (edge, edge)) {
                let subject = subject();
                return Err(InputError::PatchShape { subject, rows, columns, expected: edge });
            }
            if sample.channels().flatten().any(|value| !value.is_finite()) {
                return Err(InputError::PatchNotFinite { subject: subject() });
            }
            if sample.width.is_some_and(|width| !width.is_finite()) {
                return Err(InputError::WidthNotFinite { subject: subject() });
            }
            let [low, high] = INTENSITIES;
            pixels.extend(sample.channels().flatten().map(|value| value.clamp(low, high)));
        }
        Ok(pixels)
    }
}

/// What a sample lacks and has too much, in words.
fn unlike(missing: &[String], extra: &[String]) -> String {
    let lacks = (!missing.is_empty()).then(|| format!("lacks {}", missing.join(", ")));
    let has = (!extra.is_empty()).then(|| format!("has {} besides", extra.join(", ")));
    lacks.into_iter().chain(has).collect::<Vec<_>>().join(" and ")
}
