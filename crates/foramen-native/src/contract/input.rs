//! The input of a model.

use foramen_learn::Sample;
use ndarray::Array2;

use super::covariate::Covariates;
use super::input_error::InputError;

/// Intensities are limited to this range; values beyond three times the window are artefacts, or
/// come from another window.
const INTENSITIES: [f32; 2] = [-2.0, 3.0];

/// The input on which a model was trained, and which it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Rows and columns of the patches.
    pub edge: usize,
    /// Channels of the patches.
    pub channels: usize,
    /// Covariates beside the image.
    pub covariates: Covariates,
}

impl Input {
    /// The input described by the first train sample; its patch must contain the field of view of
    /// `crop` × `crop` pixels.
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
