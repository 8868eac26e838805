use foramen_image::Slice;

use super::{ImageSet, Pool, order};
use crate::{DicomError, load};

/// Number of images from the middle of a set that are examined.
const IMAGES: usize = 3;

impl Pool<'_> {
    /// Decodes a few images from the middle of each set, and lets the sharper set come first where
    /// no rule before [`crate::Rule::Sharper`] decides: for example for repeats whose times an
    /// anonymiser removed. A pool with one set is unchanged.
    ///
    /// # Errors
    /// Those of [`crate::load`], for the first set without an image that can be decoded.
    pub fn measure_sharpness(&mut self) -> Result<(), DicomError> {
        if self.sets.len() < 2 {
            return Ok(());
        }
        for set in &mut self.sets {
            set.sharpness = of_set(set)?;
        }
        order::sort(&mut self.sets);
        Ok(())
    }
}

/// The mean sharpness of the images in the middle of a set; `None` if they have no contrast.
fn of_set(set: &ImageSet<'_>) -> Result<Option<f64>, DicomError> {
    let Some(longest) = set.runs().iter().max_by_key(|run| run.slices.len()) else {
        return Ok(None);
    };
    let mut middle = longest.clone();
    let begin = (middle.slices.len() - middle.slices.len().min(IMAGES)) / 2;
    middle.slices = middle.slices[begin..].iter().take(IMAGES).cloned().collect();
    let loaded = load(&middle)?;
    let found: Vec<f64> = loaded.stack.slices().iter().filter_map(of_image).collect();
    Ok((!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64))
}

/// The energy of the differences between neighbouring pixels relative to the variance: blur and
/// ghosts reduce these differences more than the contrast. The scale of the intensities does not
/// matter.
fn of_image(slice: &Slice) -> Option<f64> {
    let pixels = slice.pixels();
    let (rows, columns) = pixels.dim();
    let value = |row: usize, column: usize| f64::from(pixels[[row, column]]);
    let mean = pixels.iter().map(|&v| f64::from(v)).sum::<f64>() / pixels.len().max(1) as f64;
    let variance: f64 = pixels.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    let mut steps = 0.0;
    for row in 1..rows {
        for column in 1..columns {
            let here = value(row, column);
            steps += (here - value(row - 1, column)).powi(2);
            steps += (here - value(row, column - 1)).powi(2);
        }
    }
    (variance > 0.0).then(|| steps / variance)
}
