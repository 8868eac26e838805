pub(crate) mod architecture;
pub(crate) mod augmentation;
pub(crate) mod device;
pub(crate) mod kernels;

use std::path::PathBuf;

use crate::{Architecture, Augmentation, CnnError, DeviceChoice, Kernels};

/// The number format of convolutions and matrix products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// bf16 on a GPU, and on processors that are faster in bf16 than in f32 (AMX; AVX512-BF16, but
    /// for Intel's cores since Sapphire Rapids; bf16 on ARM), else f32.
    #[default]
    Auto,
    /// 32-bit throughout.
    F32,
    /// 64-bit in training, to compare trainings to the last digit; many times slower. The trained
    /// model is saved and predicts in f32.
    F64,
    /// bf16 by autocast, even where it is slow.
    BFloat16,
    /// fp16 by autocast, with losses scaled so that small gradients do not vanish: for
    /// GPUs that compute in it and not in bf16. Slower than f32 on a processor without
    /// fp16.
    Float16,
}

/// Weights of the outcomes in training.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum ClassWeights {
    /// All outcomes have the same weight.
    #[default]
    Equal,
    /// Poor and favourable outcomes have the same total weight: each sample is weighted by the
    /// number of samples divided by twice the number of its class, as in scikit-learn's `balanced`.
    Balanced,
    /// These weights of a poor and of a favourable outcome.
    Given([f64; 2]),
}

impl ClassWeights {
    /// The weights of a poor and a favourable outcome; `favourable` of `all` samples are
    /// favourable.
    pub(crate) fn of(self, favourable: usize, all: usize) -> [f64; 2] {
        let share = |of_kind: usize| all as f64 / (2 * of_kind) as f64;
        match self {
            Self::Equal => [1.0, 1.0],
            Self::Balanced => [share(all - favourable), share(favourable)],
            Self::Given(weights) => weights,
        }
    }
}

/// How the network is built and trained.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CnnConfig {
    /// Device to compute on. Default [`DeviceChoice::Auto`].
    pub device: DeviceChoice,
    /// Number format. Default [`Precision::Auto`].
    pub precision: Precision,
    /// What computes convolutions and batch norms of the training. Default [`Kernels::Auto`].
    pub kernels: Kernels,
    /// Intra-op threads. What was used is recorded in the model, since bytes depend on it.
    /// Default `None`: every core, which is fastest where nothing else runs.
    pub threads: Option<usize>,
    /// Threads that prepare the next batches while one runs; the result does not depend on this
    /// number. Default 1, which keeps up with some two thousand images a second.
    pub data_threads: usize,
    /// Seed of weights, order, augmentation and dropout. Default 1.
    pub seed: u64,
    /// Networks trained from different seeds, whose log-odds are averaged. Default 1: each further
    /// network adds the same training time.
    pub members: usize,
    /// Rows and columns of the field of view, cut from the middle of the patch. Default 64: 32
    /// mm of 0.5 mm hold the foramen, its walls and its root; the 18 pixels around it are room
    /// for rotation and shift.
    pub crop: usize,
    /// Edge of a pixel of the patches, millimetres. Training does not use it; it tells users of the
    /// trained model how to cut patches. Default 0.5.
    pub pixel: f64,
    /// The trunk of the network. Default [`Architecture::Compact`].
    pub architecture: Architecture,
    /// Channels of the compact network's first stage; each further stage has twice as many.
    /// Default 16: 127 thousand weights, since a study has some 300 outcomes.
    pub channels: usize,
    /// Whether a published network begins with a 3 × 3 convolution that keeps the size, without
    /// pooling, as is usual for images of some 30 pixels. Default `false`.
    pub small_stem: bool,
    /// A safetensors file with torchvision's names, with the initial weights of a published
    /// network. Torchvision's own weights are for networks whose stem is not small. Default `None`:
    /// random weights, since there are no published ones for foramina.
    pub weights: Option<PathBuf>,
    /// Passes of `images_per_epoch` images. Default 24, of which the first 9 train only widths; the
    /// epoch with the best tune loss is kept.
    pub epochs: usize,
    /// Images drawn per epoch, so that training time does not depend on the number of unlabelled
    /// foramina. Default 1024: each of some 300 outcomes is seen about once.
    pub images_per_epoch: usize,
    /// Images per pass through the network. Default 64: batch norm has enough images, and an
    /// epoch 16 steps.
    pub batch: usize,
    /// Passes whose gradients are averaged for one step of the optimiser, where a
    /// larger batch does not fit into memory. Default 1.
    pub accumulation: usize,
    /// Share of each batch drawn from the samples with an outcome; the rest are auxiliary samples,
    /// used only to learn the width. Default 0.375: 24 of 64, more than the labelled share of all
    /// foramina, which is about one in seven.
    pub labelled_share: f64,
    /// Peak learning rate of AdamW. Default 3·10⁻³, for the compact network and batches of 64.
    pub learning_rate: f64,
    /// Weight decay of AdamW, on weights of two and more dimensions. Default 0.05, as ConvNeXt
    /// is trained (Liu 2022, arXiv 2201.03545).
    pub weight_decay: f64,
    /// Share of the steps in which the learning rate rises; then it falls as a cosine. Default
    /// 0.1: the moments of AdamW are unsettled at first.
    pub warm_up: f64,
    /// Bound of the joint gradient norm. Default 5: it guards against single unusual batches.
    pub clip: f64,
    /// Weight of the outcome loss beside the width loss. Default 0.5: there are many measured
    /// widths, but few and noisy outcomes.
    pub outcome_weight: f64,
    /// Share of the epochs, at the start, in which only widths are learned, if there are widths.
    /// Default 0.4: there are too few outcomes to learn image features from.
    pub width_first: f64,
    /// Whether the measured width of the sample is also a covariate for the outcome, beside the
    /// covariates of the train samples. A missing value has no effect. Default `false`: a width
    /// measured on the same image adds little, and predictions would depend on the measurement.
    pub measured_width: bool,
    /// Share of the outcome head's features left out in each step. Default 0.5, the usual one
    /// (Srivastava 2014): outcomes are few.
    pub dropout: f64,
    /// Weights of poor and favourable outcomes. Default [`ClassWeights::Equal`]: with other
    /// weights, the mean predicted probability no longer matches the train set.
    pub class_weights: ClassWeights,
    /// Labels are moved towards one half by this much. Default 0.05: patients with scores just
    /// above and just below half of the pain are alike, but have opposite labels.
    pub label_smoothing: f64,
    /// Decay per step of the moving average of the weights, which is used for prediction. Default
    /// 0.98: the average covers about 50 steps, or 3 epochs.
    pub average_decay: f64,
    /// Share of the epochs after which stochastic weight averaging begins (Izmailov 2018, arXiv
    /// 1803.05407): the mean of the weights and running statistics at the end of each further epoch
    /// replaces the moving average in prediction. Default `None`: the moving average is used to the
    /// end.
    pub swa_from: Option<f64>,
    /// Epochs without a better tune loss after which training stops. Default 10: less than half
    /// of the epochs, so that a chance low of a small tune set does not end it.
    pub patience: usize,
    /// Views of a patch (the patch itself and augmented ones) averaged in prediction. Default 4:
    /// each further view adds the same time.
    pub views: usize,
    /// Augmentation of training images. Default [`Augmentation::default`], which preserves widths.
    pub augmentation: Augmentation,
}

impl Default for CnnConfig {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            precision: Precision::Auto,
            kernels: Kernels::Auto,
            threads: None,
            data_threads: 1,
            seed: 1,
            members: 1,
            crop: 64,
            pixel: 0.5,
            architecture: Architecture::Compact,
            channels: 16,
            small_stem: false,
            weights: None,
            epochs: 24,
            images_per_epoch: 1024,
            batch: 64,
            accumulation: 1,
            labelled_share: 0.375,
            learning_rate: 3e-3,
            weight_decay: 0.05,
            warm_up: 0.1,
            clip: 5.0,
            outcome_weight: 0.5,
            width_first: 0.4,
            measured_width: false,
            dropout: 0.5,
            class_weights: ClassWeights::Equal,
            label_smoothing: 0.05,
            average_decay: 0.98,
            swa_from: None,
            patience: 10,
            views: 4,
            augmentation: Augmentation::default(),
        }
    }
}

/// Pixels on each side of the field of view that rotation and shift may bring into view.
const MARGIN: usize = 18;

impl CnnConfig {
    /// A configuration for patches of foramina of `pixels` × `pixels` pixels of `pixel`
    /// millimetres, such as whole slices: the field of view is the patch without a margin for
    /// rotation and shift. For 100 pixels of 0.5 mm this is the default configuration.
    #[must_use]
    pub fn for_patches(pixels: usize, pixel: f64) -> Self {
        let shift = 2.0 / pixel; // 2 mm
        let augmentation = Augmentation { shift, ..Augmentation::default() };
        Self { crop: pixels.saturating_sub(2 * MARGIN), pixel, augmentation, ..Self::default() }
    }

    /// The same configuration with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same configuration with another device.
    #[must_use]
    pub fn with_device(mut self, device: DeviceChoice) -> Self {
        self.device = device;
        self
    }

    /// The same configuration with another number format.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The same configuration with other kernels.
    #[must_use]
    pub fn with_kernels(mut self, kernels: Kernels) -> Self {
        self.kernels = kernels;
        self
    }

    /// The same configuration with another number of intra-op threads.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The same configuration with another number of networks.
    #[must_use]
    pub fn with_members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// The same configuration with another number of epochs.
    #[must_use]
    pub fn with_epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// The same configuration with another number of images per epoch.
    #[must_use]
    pub fn with_images_per_epoch(mut self, images: usize) -> Self {
        self.images_per_epoch = images;
        self
    }

    /// The same configuration with another trunk.
    #[must_use]
    pub fn with_architecture(mut self, architecture: Architecture) -> Self {
        self.architecture = architecture;
        self
    }

    /// The same configuration with a trunk whose initial weights come from a file.
    #[must_use]
    pub fn with_weights(mut self, weights: impl Into<PathBuf>) -> Self {
        self.weights = Some(weights.into());
        self
    }

    /// Checks that every value can be used.
    ///
    /// # Errors
    /// [`CnnError::Config`] with the first value that cannot.
    pub fn check(&self) -> Result<(), CnnError> {
        let positive = [
            ("members", self.members),
            ("channels", self.channels),
            ("epochs", self.epochs),
            ("images_per_epoch", self.images_per_epoch),
            ("batch", self.batch.saturating_sub(1)),
            ("accumulation", self.accumulation),
            ("views", self.views),
            ("data_threads", self.data_threads),
            ("threads", self.threads.unwrap_or(1)),
            ("crop", self.crop / 16),
        ];
        for (setting, value) in positive {
            if value == 0 {
                let rule = match setting {
                    "batch" => "at least 2",
                    "crop" => "at least 16",
                    _ => "at least 1",
                };
                return Err(CnnError::Config { setting, value: "too small".to_owned(), rule });
            }
        }
        let shares = [
            ("labelled_share", self.labelled_share, 0.01, 1.0),
            ("warm_up", self.warm_up, 0.0, 0.9),
            ("width_first", self.width_first, 0.0, 0.95),
            ("dropout", self.dropout, 0.0, 0.95),
            ("label_smoothing", self.label_smoothing, 0.0, 0.9),
            ("average_decay", self.average_decay, 0.0, 0.999_999),
            ("swa_from", self.swa_from.unwrap_or(0.0), 0.0, 0.999_999),
        ];
        for (setting, value, low, high) in shares {
            if !(low..=high).contains(&value) {
                let rule = "within its range (a share between 0 and 1)";
                return Err(CnnError::Config { setting, value: value.to_string(), rule });
            }
        }
        let numbers = [
            ("pixel", self.pixel),
            ("learning_rate", self.learning_rate),
            ("clip", self.clip),
            ("weight_decay", self.weight_decay + f64::MIN_POSITIVE),
            ("outcome_weight", self.outcome_weight),
        ];
        for (setting, value) in numbers {
            if !(value.is_finite() && value > 0.0) {
                let rule = "a positive number";
                return Err(CnnError::Config { setting, value: value.to_string(), rule });
            }
        }
        for (setting, value, [low, high]) in self.augmentation.bounds() {
            if !(low..=high).contains(&value) {
                let rule = "a finite number of its range that is not negative";
                return Err(CnnError::Config { setting, value: value.to_string(), rule });
            }
        }
        let [poor, favourable] = self.class_weights.of(1, 2);
        for value in [poor, favourable] {
            if !(value.is_finite() && value > 0.0) {
                let (setting, rule) = ("class_weights", "two finite numbers above zero");
                return Err(CnnError::Config { setting, value: value.to_string(), rule });
            }
        }
        if self.architecture == Architecture::DenseNet121 && !self.small_stem && self.crop < 32 {
            return Err(CnnError::Config {
                setting: "crop",
                value: self.crop.to_string(),
                rule: "at least 32 for a DenseNet-121 whose stem is not small",
            });
        }
        if let (Architecture::Compact, Some(weights)) = (self.architecture, &self.weights) {
            return Err(CnnError::Config {
                setting: "weights",
                value: weights.display().to_string(),
                rule: "absent, since nobody publishes weights of the compact network",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_used() {
        CnnConfig::default().check().unwrap();
        assert_eq!(CnnConfig::for_patches(100, 0.5), CnnConfig::default());
        let error = CnnConfig::for_patches(40, 1.0).check().unwrap_err().to_string();
        assert!(error.contains("crop = too small"), "{error}");
    }

    #[test]
    fn a_densenet_halves_small_crops_too_often() {
        let dense = CnnConfig { crop: 31, ..CnnConfig::default() };
        let mut dense = dense.with_architecture(Architecture::DenseNet121);
        let error = dense.check().unwrap_err().to_string();
        assert!(error.contains("crop = 31"), "{error}");
        dense.small_stem = true;
        dense.check().unwrap();
    }

    #[test]
    fn balanced_weights_are_those_of_scikit_learn() {
        // compute_class_weight("balanced", classes=[0, 1], y=[0] * 30 + [1] * 10)
        let [poor, favourable] = ClassWeights::Balanced.of(10, 40);
        assert!((poor - 0.666_666_67).abs() < 1e-8 && (favourable - 2.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_values_are_named() {
        let config = CnnConfig { dropout: 1.5, ..CnnConfig::default() };
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("dropout = 1.5"), "{error}");
        let bad = [("elastic", f64::INFINITY), ("noise", f64::NAN), ("flip", 1.5), ("mixup", -1.0)];
        for (setting, value) in bad {
            let mut config = CnnConfig::default();
            let Augmentation { elastic, noise, flip, mixup, .. } = &mut config.augmentation;
            *match setting {
                "elastic" => elastic,
                "noise" => noise,
                "flip" => flip,
                _ => mixup,
            } = value;
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(&format!("{setting} = {value}")), "{error}");
        }
        let error = CnnConfig::default().with_members(0).check().unwrap_err().to_string();
        assert!(error.contains("members"), "{error}");
    }
}
