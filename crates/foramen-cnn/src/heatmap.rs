//! Maps of the pixels on which a prediction is based.

use foramen_image::ndarray::Array2;
use foramen_image::{Colour, Picture, Window};
use foramen_learn::Sample;
use foramen_types::Outcome;
use tch::{Kind, Tensor};

use crate::input::augment::centre;
use crate::input::images::{Images, numbers};
use crate::network::member::Member;
use crate::network::pool;
use crate::{CnnError, CnnModel};

/// The evidence of each pixel of a patch for an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// `[row, column]` of the patch, without a unit; 0 where a pixel has no evidence for the
    /// outcome or is outside the network's field of view.
    pub values: Array2<f32>,
}

impl Heatmap {
    /// The mean of maps of one patch, for example those of the models of an ensemble; `None` if
    /// there is no map, or the maps differ in shape.
    #[must_use]
    pub fn mean(maps: &[Self]) -> Option<Self> {
        let first = &maps.first()?.values;
        let mut values = Array2::zeros(first.dim());
        for map in maps {
            if map.values.dim() != first.dim() {
                return None;
            }
            values += &map.values;
        }
        Some(Self { values: values / maps.len() as f32 })
    }

    /// The patch in grey, enlarged twice, with warm colours where the map is high.
    #[must_use]
    pub fn overlay(&self, patch: &Array2<f32>) -> Picture {
        let (rows, columns) = patch.dim();
        let enlarged = |values: &Array2<f32>| {
            let at = |(r, c): (usize, usize)| values.get((r / 2, c / 2)).copied().unwrap_or(0.0);
            Array2::from_shape_fn((2 * rows, 2 * columns), at)
        };
        let mut picture = Picture::from_pixels(&enlarged(patch), Window::new(0.0, 1.0));
        let most = self.values.iter().copied().fold(0.0, f32::max);
        if most > 0.0 {
            for ((row, column), value) in enlarged(&self.values).indexed_iter() {
                let share = value / most;
                picture.blend(row, column, warm(share), 0.6 * share);
            }
        }
        picture
    }
}

/// Red to yellow.
fn warm(share: f32) -> Colour {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 255")]
    let green = (255.0 * share.clamp(0.0, 1.0)) as u8;
    Colour(255, green, 0)
}

impl CnnModel {
    /// Grad-CAM (Selvaraju 2017, arXiv 1610.02391) of the trunk's last feature maps for an outcome,
    /// on the patch without augmentation, averaged over the networks.
    ///
    /// # Errors
    /// Those of [`CnnModel::answer`].
    pub fn grad_cam(&self, sample: &Sample, towards: Outcome) -> Result<Heatmap, CnnError> {
        self.environment.enter();
        let images = self.images(&[sample])?;
        let view = centre(&images.pixels, self.config.crop);
        let cams = self.members.iter().map(|member| {
            let look = || tch::no_grad(|| member.maps(&view));
            let maps = self.environment.compute(look)?.to_kind(Kind::Float);
            let maps = maps.set_requires_grad(true);
            let logit = member.logit(&images, &maps) * sign(towards);
            let gradient = Tensor::f_run_backward(&[logit], &[&maps], false, false)?.remove(0);
            let weights = gradient.mean_dim(&[2i64, 3][..], true, Kind::Float); // [1, 4c, 1, 1]
            Ok((weights * maps.detach()).sum_dim_intlist(1, true, Kind::Float).relu())
        });
        let cams = cams.collect::<Result<Vec<_>, CnnError>>()?;
        let sum = Tensor::cat(&cams, 1).sum_dim_intlist(1, true, Kind::Float);
        let crop = self.crop();
        let wide = sum.upsample_bilinear2d([crop, crop], false, None, None);
        self.placed(&wide.view([crop, crop]))
    }

    /// Occlusion map, a check of Grad-CAM: how much the log-odds of an outcome fall when a square
    /// of `size` pixels is replaced by the mean of the patch. Squares are half their size apart;
    /// each pixel holds the mean over the squares that cover it.
    ///
    /// # Errors
    /// Those of [`CnnModel::answer`].
    pub fn occlusion(
        &self,
        sample: &Sample,
        towards: Outcome,
        size: usize,
    ) -> Result<Heatmap, CnnError> {
        self.environment.enter();
        let images = self.images(&[sample])?;
        let view = centre(&images.pixels, self.config.crop);
        let crop = self.crop();
        let size = i64::try_from(size).unwrap_or(crop).clamp(1, crop);
        let starts = || {
            let step = usize::try_from((size / 2).max(1)).unwrap_or(1);
            (0..=crop - size).step_by(step)
        };
        let places: Vec<(i64, i64)> =
            starts().flat_map(|r| starts().map(move |c| (r, c))).collect();
        let square = |of: &Tensor, (r, c): (i64, i64)| of.narrow(2, r, size).narrow(3, c, size);
        let mean = view.mean_dim(&[2i64, 3][..], true, Kind::Float);
        let mut hidden = vec![view.shallow_clone()];
        hidden.extend(places.iter().map(|place| {
            let covered = view.copy();
            square(&covered, *place).copy_(&mean);
            covered
        }));
        let all = images.select(&vec![0; hidden.len()]);
        let view = Tensor::cat(&hidden, 0);
        let mut falls = vec![0.0; places.len()];
        for member in &self.members {
            let logits = member.see(&self.environment, &all, &view)?.logits;
            for (fall, logit) in falls.iter_mut().zip(&logits[1..]) {
                *fall += sign(towards) * (logits[0] - logit) / self.members.len() as f64;
            }
        }
        let shape = [1, 1, crop, crop];
        let [sum, count] = [0; 2].map(|_| Tensor::zeros(shape, (Kind::Float, tch::Device::Cpu)));
        for (place, fall) in places.iter().zip(falls) {
            let _ = square(&sum, *place).g_add_scalar_(fall);
            let _ = square(&count, *place).g_add_scalar_(1.0);
        }
        self.placed(&(sum / count.clamp_min(1.0)).relu().view([crop, crop]))
    }

    fn crop(&self) -> i64 {
        i64::try_from(self.config.crop).expect("a crop is at most a patch")
    }

    /// Converts a map of the field of view to one of the patch.
    fn placed(&self, map: &Tensor) -> Result<Heatmap, CnnError> {
        let (crop, edge) = (self.config.crop, self.input.edge);
        let start = (edge - crop) / 2;
        let map = numbers(&map.flatten(0, -1))?;
        let mut values = Array2::zeros((edge, edge));
        for (i, value) in map.into_iter().enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "it was an f32")]
            let value = value as f32;
            values[(start + i / crop, start + i % crop)] = value;
        }
        Ok(Heatmap { values })
    }
}

impl Member {
    fn maps(&self, view: &Tensor) -> Tensor {
        self.network.maps(&self.scale.intensity(view), false)
    }

    /// Log-odds from feature maps, `[n]`.
    fn logit(&self, images: &Images, maps: &Tensor) -> Tensor {
        let answer = self.network.answer(&pool(maps));
        let z = self.scale.z(images, &answer.width);
        self.network.outcome(&z, &answer.features, &images.covariates)
    }
}

fn sign(towards: Outcome) -> f64 {
    if towards.is_favourable() { 1.0 } else { -1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_one_shape_have_a_mean() {
        let map =
            |value: f32, edge: usize| Heatmap { values: Array2::from_elem((edge, edge), value) };
        assert_eq!(Heatmap::mean(&[map(1.0, 3), map(4.0, 3)]), Some(map(2.5, 3)));
        assert_eq!(Heatmap::mean(&[map(1.0, 3), map(4.0, 2)]), None);
        assert_eq!(Heatmap::mean(&[]), None);
    }
}
