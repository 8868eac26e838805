use anyhow::Result;
#[cfg(feature = "torch")]
use foramen_cnn::CnnModel;
use foramen_learn::{Classifier, Sample};
use foramen_native::{Covariate, NativeModel};
use foramen_types::Probability;

/// A trained model, whichever engine computes it.
pub(crate) trait Predictor {
    /// The hash of its training data, where known.
    fn fold(&self) -> Option<&str>;
    /// Rows and columns of its patches.
    fn patch_pixels(&self) -> usize;
    /// Edge of a pixel of its patches, millimetres.
    fn pixel(&self) -> f64;
    /// The covariates that it reads beside the image.
    fn covariates(&self) -> &[Covariate];
    /// The covariates that each sample must have.
    fn covariate_names(&self) -> Vec<&str>;
    /// The covariates of a sample that are far outside the training data.
    fn far_covariates(&self, sample: &Sample) -> Vec<(&Covariate, f64)>;
    /// The probability of a favourable outcome for each sample.
    fn probabilities(&self, samples: &[&Sample]) -> Result<Vec<Probability>>;
}

impl Predictor for NativeModel {
    fn fold(&self) -> Option<&str> {
        self.fold()
    }

    fn patch_pixels(&self) -> usize {
        self.patch_pixels()
    }

    fn pixel(&self) -> f64 {
        self.pixel()
    }

    fn covariates(&self) -> &[Covariate] {
        self.covariates()
    }

    fn covariate_names(&self) -> Vec<&str> {
        self.covariate_names()
    }

    fn far_covariates(&self, sample: &Sample) -> Vec<(&Covariate, f64)> {
        self.far_covariates(sample)
    }

    fn probabilities(&self, samples: &[&Sample]) -> Result<Vec<Probability>> {
        Ok(self.predict(samples)?)
    }
}

#[cfg(feature = "torch")]
impl Predictor for CnnModel {
    fn fold(&self) -> Option<&str> {
        self.fold()
    }

    fn patch_pixels(&self) -> usize {
        self.patch_pixels()
    }

    fn pixel(&self) -> f64 {
        self.config().pixel
    }

    fn covariates(&self) -> &[Covariate] {
        self.covariates()
    }

    fn covariate_names(&self) -> Vec<&str> {
        self.covariate_names()
    }

    fn far_covariates(&self, sample: &Sample) -> Vec<(&Covariate, f64)> {
        self.far_covariates(sample)
    }

    fn probabilities(&self, samples: &[&Sample]) -> Result<Vec<Probability>> {
        Ok(self.predict(samples)?)
    }
}
