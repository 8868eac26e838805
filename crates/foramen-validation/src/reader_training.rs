//! Batches for the network of `foramen-select`, and what it is told about its errors.

use foramen_select::Network;
use tch::{Device, Kind, Reduction, Tensor};

use crate::reader_samples::ReaderSample;

/// How much more often a shut foramen is seen than another, and a slice that passes
/// near the edge of a pedicle, at most how far in millimetres.
const SHUT_AGAIN: f64 = 4.0;
const EDGE_AGAIN: f64 = 2.0;
const AT_EDGE: f64 = 1.5;

/// Crops `[n, 1, rows, columns]`, whether they are T2* `[n, 1]`, and what is true
/// `[n, 8]`, as in [`ReaderSample::truth`].
pub struct ReaderBatch {
    /// Squares larger than what is read, until [`ReaderBatch::varied`].
    pub crops: Tensor,
    /// 1 or 0.
    pub is_t2_star: Tensor,
    /// In millimetres.
    pub truth: Tensor,
}

impl ReaderBatch {
    /// All samples, of `edge` rows and columns.
    #[must_use]
    pub fn of(samples: &[ReaderSample], edge: i64) -> Self {
        let pixels: Vec<f32> = samples.iter().flat_map(|sample| &sample.pixels).copied().collect();
        let truth: Vec<f32> = samples.iter().flat_map(|sample| sample.truth).collect();
        let is_t2_star: Vec<f32> =
            samples.iter().map(|sample| f32::from(u8::from(sample.is_t2_star))).collect();
        Self {
            crops: Tensor::from_slice(&pixels).view([-1, 1, edge, edge]),
            is_t2_star: Tensor::from_slice(&is_t2_star).view([-1, 1]),
            truth: Tensor::from_slice(&truth).view([-1, 8]),
        }
    }

    /// The same on a device.
    #[must_use]
    pub fn on(&self, device: Device) -> Self {
        let of = |tensor: &Tensor| tensor.to_device(device);
        Self { crops: of(&self.crops), is_t2_star: of(&self.is_t2_star), truth: of(&self.truth) }
    }

    /// How often each is drawn `[n]`: shut foramina are rare and edges of pedicles hard,
    /// so both are seen more often.
    pub fn chances(&self) -> Tensor {
        let column = |i: i64| self.truth.select(1, i);
        let shut = column(0) * column(1).eq(0.0) * (SHUT_AGAIN - 1.0);
        shut + column(7).abs().lt(AT_EDGE) * (EDGE_AGAIN - 1.0) + 1.0
    }

    /// Some of them.
    #[must_use]
    pub fn select(&self, places: &Tensor) -> Self {
        let of = |tensor: &Tensor| tensor.index_select(0, places);
        Self { crops: of(&self.crops), is_t2_star: of(&self.is_t2_star), truth: of(&self.truth) }
    }

    /// The middles of the crops, turned by up to 12°, scaled by up to 12 % and shifted
    /// by up to 2.4 mm, with the truth of that; blurred, brightened and with noise. With
    /// `amount` 0 the middles as they are.
    #[must_use]
    pub fn varied(&self, amount: f64) -> Self {
        let n = self.crops.size()[0];
        let uniform = |most: f64| {
            (Tensor::rand([n, 1], (Kind::Float, self.crops.device())) * 2.0 - 1.0) * (most * amount)
        };
        let (turn, scale, down, right) =
            (uniform(0.21), uniform(0.12).exp(), uniform(2.4), uniform(2.4));
        let (cos, sin) = (turn.cos() * &scale, turn.sin() * &scale);
        let half = |edge: f64| 0.5 * (edge - 1.0);
        let whole = half(self.crops.size()[2] as f64);
        let part = half(Network::EDGE as f64);
        // From a place in the result to its place in the crop, both from -1 to 1.
        let (grid_cos, grid_sin) = (&cos * (part / whole), &sin * (part / whole));
        let shift = |mm: &Tensor| mm / (Network::PIXEL * whole);
        let rows = [
            grid_cos.shallow_clone(),
            -&grid_sin,
            shift(&right),
            grid_sin.shallow_clone(),
            grid_cos,
            shift(&down),
        ];
        let edge = i64::try_from(Network::EDGE).expect("a crop is small");
        let affine = Tensor::cat(&rows, 1).view([-1, 2, 3]);
        let grid = Tensor::affine_grid_generator(&affine, [n, 1, edge, edge], true);
        let mut crops = self.crops.grid_sampler(&grid, 0, 1, true);
        let blurred = crops.avg_pool2d([3, 3], [1, 1], [1, 1], false, true, None);
        let blur = uniform(0.5).abs().view([-1, 1, 1, 1]);
        crops = &crops + (blurred - &crops) * blur;
        let gain = uniform(0.2).exp().view([-1, 1, 1, 1]);
        let gamma = uniform(0.15).exp().view([-1, 1, 1, 1]);
        crops = crops.clamp(0.0, 2.0).pow(&gamma) * gain + uniform(0.05).view([-1, 1, 1, 1]);
        let noise = uniform(0.05).view([-1, 1, 1, 1]);
        crops = &crops + crops.randn_like() * noise;
        let column = |i: i64| self.truth.narrow(1, i, 1);
        let mut truth = vec![column(0), column(1) / &scale, column(2)];
        let squared = &scale * &scale;
        for wall in [3, 5] {
            let (y, x) = (column(wall) - &down, column(wall + 1) - &right);
            truth.push((&cos * &y - &sin * &x) / &squared);
            truth.push((&cos * &x + &sin * &y) / &squared);
        }
        truth.push(column(7));
        let truth = Tensor::cat(&truth, 1);
        Self { crops, is_t2_star: self.is_t2_star.shallow_clone(), truth }
    }
}

/// How wrong the network's outputs `[n, 8]` are: cross-entropy of the state, the
/// likelihood of widths (a Laplace distribution of the spread that it gives itself), the
/// distance of walls, and the error of the distance of pedicles.
pub fn reader_loss(given: &Tensor, truth: &Tensor) -> Tensor {
    let given_column = |i: i64| given.select(1, i);
    let column = |i: i64| truth.select(1, i);
    let among = |values: Tensor, has: Tensor| {
        (values * &has).sum(Kind::Float) / has.sum(Kind::Float).clamp_min(1.0)
    };
    let state = given_column(0).binary_cross_entropy_with_logits::<Tensor>(
        &column(0),
        None,
        None,
        Reduction::Mean,
    );
    let spread = given_column(2).clamp(-3.0, 1.5);
    let off = (given_column(1) - column(1)).abs();
    let width = among(off * (-&spread).exp() + &spread, column(0));
    let walls =
        (given.narrow(1, 3, 4) - truth.narrow(1, 3, 4)).abs().mean_dim(1, false, Kind::Float);
    let clearance = (given_column(7) - column(7)).abs().mean(Kind::Float);
    state + width + 0.2 * among(walls, column(2)) + 0.3 * clearance
}
