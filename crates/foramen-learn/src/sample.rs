use std::collections::{BTreeMap, BTreeSet};

use foramen_types::{Level, Outcome, Side, SubjectId};
use ndarray::{Array2, ArrayView3, Axis};

use crate::LearnError;

/// One foramen: its image, its measured width and, if it was injected, its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The subject; all samples of one subject are in the same part of a split.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// The outcome of the injection; `None` for a foramen that was not injected
    /// or whose outcome is not known.
    pub outcome: Option<Outcome>,
    /// The patch around the foramen, `[row, column]`, about 0 to 1, with the treated side at the
    /// left of the image; 0 × 0 for models that need no patch.
    pub patch: Array2<f32>,
    /// Further channels of the image, each of the patch's shape, such as green and blue where the
    /// patch is red; empty for a grey image.
    pub further_channels: Vec<Array2<f32>>,
    /// The measured width in millimetres, 0 when occluded.
    pub width: Option<f64>,
    /// Covariates beside the image, such as the age, by name; `None` where a value is missing.
    pub covariates: BTreeMap<String, Option<f64>>,
}

impl Sample {
    /// A foramen without image, width or outcome.
    #[must_use]
    pub fn new(subject: SubjectId, level: Level, side: Side) -> Self {
        Self {
            subject,
            level,
            side,
            outcome: None,
            patch: Array2::default((0, 0)),
            further_channels: Vec::new(),
            width: None,
            covariates: BTreeMap::new(),
        }
    }

    /// The same foramen with the outcome of its injection.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// The same foramen with its patch, `[row, column]`.
    #[must_use]
    pub fn with_patch(mut self, patch: Array2<f32>) -> Self {
        self.patch = patch;
        self
    }

    /// The same sample with an image of several channels, `[channel, row, column]`.
    #[must_use]
    pub fn with_channels(mut self, channels: ArrayView3<'_, f32>) -> Self {
        let mut channels = channels.axis_iter(Axis(0)).map(|channel| channel.to_owned());
        self.patch = channels.next().unwrap_or_default();
        self.further_channels = channels.collect();
        self
    }

    /// The channels of the image: the patch, then further ones.
    pub fn channels(&self) -> impl Iterator<Item = &Array2<f32>> {
        std::iter::once(&self.patch).chain(&self.further_channels)
    }

    /// The same foramen with its measured width in millimetres.
    #[must_use]
    pub fn with_width(mut self, width: f64) -> Self {
        self.width = Some(width);
        self
    }

    /// The same foramen with a covariate; `None` records that its value is missing.
    #[must_use]
    pub fn with_covariate(mut self, name: &str, value: impl Into<Option<f64>>) -> Self {
        self.covariates.insert(name.to_owned(), value.into());
        self
    }

    /// The width as a z-score of its level.
    #[must_use]
    pub fn width_z(&self) -> Option<f64> {
        self.width.map(|width| self.level.width_z(width))
    }
}

/// Samples of one study: patches have one shape, and each injected foramen occurs once.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    samples: Vec<Sample>,
}

impl Dataset {
    /// Checks that samples form one dataset.
    ///
    /// # Errors
    /// [`LearnError::Duplicate`] when two samples with an outcome are of the same subject, level
    /// and side; [`LearnError::PatchShape`] when patches or channels differ in shape, and
    /// [`LearnError::Channels`] when images differ in their number of channels.
    pub fn new(samples: Vec<Sample>) -> Result<Self, LearnError> {
        let mut seen = BTreeSet::new();
        for sample in &samples {
            let expected = samples[0].patch.dim();
            if let Some(other) = sample.channels().find(|channel| channel.dim() != expected) {
                let (subject, found) = (sample.subject.clone(), other.dim());
                return Err(LearnError::PatchShape { subject, found, expected });
            }
            let (found, expected) = (sample.channels().count(), samples[0].channels().count());
            if found != expected {
                let subject = sample.subject.clone();
                return Err(LearnError::Channels { subject, found, expected });
            }
            let key = (&sample.subject, sample.level, sample.side);
            if sample.outcome.is_some() && !seen.insert(key) {
                let (subject, level, side) = (sample.subject.clone(), sample.level, sample.side);
                return Err(LearnError::Duplicate { subject, level, side });
            }
        }
        Ok(Self { samples })
    }

    /// All samples, in the order given.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn sample(id: &str) -> Sample {
        Sample::new(SubjectId::new(id).unwrap(), Level::C5C6, Side::Left)
    }

    #[test]
    fn one_injected_foramen_is_there_once() {
        let labelled = || sample("A").with_outcome(Outcome::Poor);
        let twice = Dataset::new(vec![labelled(), labelled()]);
        assert!(matches!(twice, Err(LearnError::Duplicate { .. })));
        assert!(Dataset::new(vec![labelled(), sample("A"), sample("A")]).is_ok());
    }

    #[test]
    fn patches_have_one_shape() {
        let patched = sample("B").with_patch(Array2::zeros((2, 2)));
        let mixed = Dataset::new(vec![sample("A"), patched]);
        assert!(matches!(mixed, Err(LearnError::PatchShape { found: (2, 2), .. })));
        let coloured = sample("C").with_channels(Array3::zeros((3, 2, 2)).view());
        assert_eq!(coloured.channels().count(), 3);
        let grey = sample("D").with_patch(Array2::zeros((2, 2)));
        let mixed = Dataset::new(vec![coloured, grey]);
        assert!(matches!(mixed, Err(LearnError::Channels { found: 1, expected: 3, .. })));
    }
}
