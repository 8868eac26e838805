use foramen_image::ndarray::{ArrayView3, ArrayView4, Axis};
use foramen_learn::{Classifier as _, Sample};
use foramen_types::{Level, Outcome, Probability, Side, SubjectId};

use crate::{Augmentation, CnnConfig, CnnError, CnnModel};

/// Images that are copied at once for a prediction.
const TOGETHER: usize = 1024;

/// Turns any images with two labels into samples, `[image, row, column]` of about 0 to 1, so that a
/// [`Cnn`](crate::Cnn) can learn from plain arrays.
///
/// Each image is a subject of its own, named after `name` and its index from 0; `true` is the
/// outcome whose probability is predicted. A sample has to have a level and a side; here they are
/// the same for all. A model that was not trained on widths reads neither, and
/// [`CnnModel::predict_images`] needs neither.
///
/// ```
/// use foramen_cnn::ndarray::{Array3, Axis};
/// use foramen_cnn::{Cnn, CnnConfig, samples};
/// use foramen_learn::{Dataset, Learner, Split};
///
/// // Bright on the left, or on the right.
/// let labels: Vec<bool> = (0..60).map(|i| i % 3 == 0).collect();
/// let images = Array3::from_shape_fn((60, 20, 20), |(image, row, column)| {
///     let bright = (column < 10) == labels[image];
///     (if bright { 0.7 } else { 0.3 }) + ((image + row) % 7) as f32 / 100.0
/// });
/// let dataset = Dataset::new(samples("image", images.view(), &labels)?)?;
/// let fold = Split::by_subject(&dataset, 3, 1)?.fold(&dataset, 0);
/// let config = CnnConfig::for_images(20).with_epochs(3).with_images_per_epoch(128);
/// let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
///
/// // Images that it has not seen: bright on the left, then on the right.
/// let fresh = Array3::from_shape_fn((2, 20, 20), |(image, _, column)| {
///     if (column < 10) == (image == 0) { 0.7 } else { 0.3 }
/// });
/// let probabilities = model.predict_images(fresh.view())?;
/// assert!(probabilities[0].get() > 0.5 && probabilities[1].get() < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CnnError::Labels`] when there is not one label for each image, and
/// [`CnnError::Name`] when `name` cannot begin the name of a subject.
pub fn samples(
    name: &str,
    images: ArrayView3<'_, f32>,
    labels: &[bool],
) -> Result<Vec<Sample>, CnnError> {
    samples_of_channels(name, images.insert_axis(Axis(1)), labels)
}

/// Like [`samples`], for images of several channels, `[image, channel, row, column]`, such as red,
/// green and blue.
///
/// # Errors
/// Those of [`samples`].
pub fn samples_of_channels(
    name: &str,
    images: ArrayView4<'_, f32>,
    labels: &[bool],
) -> Result<Vec<Sample>, CnnError> {
    let found = images.len_of(Axis(0));
    if found != labels.len() {
        return Err(CnnError::Labels { images: found, labels: labels.len() });
    }
    let sample = |(place, (image, label)): (usize, (ArrayView3<'_, f32>, &bool))| {
        let subject = SubjectId::new(&format!("{name}-{place:06}"))
            .map_err(|source| CnnError::Name { name: name.to_owned(), source })?;
        Ok(Sample::new(subject, Level::C5C6, Side::Left)
            .with_channels(image)
            .with_outcome(Outcome::from_favourable(*label)))
    };
    images.outer_iter().zip(labels).enumerate().map(sample).collect()
}

impl CnnModel {
    /// Predicts the probability of the outcome `true` for each image, `[image, row, column]`, in
    /// order. Images have one size and intensities of about 0 to 1, as in [`samples`].
    ///
    /// # Errors
    /// [`CnnError::NotOfImages`] for a model trained on widths, which needs the level of each
    /// foramen; [`CnnError::Input`] for images of the wrong size or with values that are not
    /// finite, and for a model that needs covariates. Images are named `image 0`, `image 1`, …
    pub fn predict_images(
        &self,
        images: ArrayView3<'_, f32>,
    ) -> Result<Vec<Probability>, CnnError> {
        self.predict_images_of_channels(images.insert_axis(Axis(1)))
    }

    /// Like [`CnnModel::predict_images`], for images of several channels,
    /// `[image, channel, row, column]`.
    ///
    /// # Errors
    /// Those of [`CnnModel::predict_images`].
    pub fn predict_images_of_channels(
        &self,
        images: ArrayView4<'_, f32>,
    ) -> Result<Vec<Probability>, CnnError> {
        if self.has_widths() {
            return Err(CnnError::NotOfImages);
        }
        let mut probabilities = Vec::with_capacity(images.len_of(Axis(0)));
        // A few at a time: samples are copies.
        for (chunk, images) in images.axis_chunks_iter(Axis(0), TOGETHER).enumerate() {
            let samples = images.outer_iter().enumerate().map(|(place, image)| {
                let name = format!("image {}", chunk * TOGETHER + place);
                let subject = SubjectId::new(&name).expect("a word and a number make a name");
                Sample::new(subject, Level::C5C6, Side::Left).with_channels(image)
            });
            let samples: Vec<Sample> = samples.collect();
            probabilities.extend(self.predict(&samples.iter().collect::<Vec<_>>())?);
        }
        Ok(probabilities)
    }
}

impl CnnConfig {
    /// A configuration for images of `edge` × `edge` pixels that are not foramina: the field of
    /// view is the whole image, and shifts scale with its size.
    #[must_use]
    pub fn for_images(edge: usize) -> Self {
        let augmentation =
            Augmentation { shift: edge as f64 / 16.0, scale: 0.1, ..Augmentation::default() };
        Self { crop: edge, augmentation, small_stem: edge <= 48, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use foramen_image::ndarray::Array3;

    use super::*;

    #[test]
    fn each_image_is_a_subject_with_its_label() {
        let images = Array3::from_shape_fn((2, 3, 3), |(image, _, _)| image as f32);
        let samples = samples("scan", images.view(), &[true, false]).unwrap();
        assert_eq!(samples[1].subject.as_str(), "scan-000001");
        assert_eq!(samples[1].patch[(2, 2)], 1.0);
        assert_eq!(samples[0].outcome, Some(Outcome::Favourable));
        assert_eq!(samples[1].outcome, Some(Outcome::Poor));
    }

    #[test]
    fn labels_and_images_are_as_many() {
        let error = samples("a", Array3::zeros((2, 3, 3)).view(), &[true]).unwrap_err();
        assert!(error.to_string().contains("2 images and 1 label"), "{error}");
        assert!(samples("", Array3::zeros((0, 3, 3)).view(), &[]).is_ok());
    }
}
