//! A second reader of foramina: a small network that learned on synthetic slices.

mod crop;
mod network;

use std::sync::LazyLock;

use foramen_types::Side;
use ndarray::s;

use crate::view::View;
use crop::crop;

pub use crop::reader_crops;
pub use network::Network;

/// What the network reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Whether the slice cuts a foramen, as log odds.
    pub(crate) odds: f64,
    /// Width in millimetres.
    pub(crate) width: f64,
    /// How far off the width is in the mean, in millimetres.
    pub(crate) spread: f64,
    /// Front and back wall (outward, back), in millimetres from the middle of the canal.
    pub(crate) walls: [(f64, f64); 2],
}

/// Weights that `train_reader` wrote.
static NETWORK: LazyLock<Network> = LazyLock::new(|| {
    Network::from_safetensors(include_bytes!("reader/weights.safetensors"))
        .expect("the weights fit the network")
});

/// It looks at windows of a crop that begin at so many rows and columns, and means count.
const LOOKS: [usize; 3] = [0, 2, 4];

/// Reads the foramen that is expected at a place (outward, back); `None` when the slice
/// makes no plane there.
pub(crate) fn read(view: &View<'_>, side: Side, expected: (f64, f64)) -> Option<Reading> {
    let crop = crop(view, side, expected, Network::EDGE + LOOKS[2])?;
    let mut mean = [0.0; Network::OUTPUTS];
    for first in LOOKS {
        let looked = first..first + Network::EDGE;
        let given = NETWORK.read(crop.pixels().slice(s![looked.clone(), looked]), view.contrast);
        let shift = (first as f64 - LOOKS[1] as f64) * Network::PIXEL;
        let [odds, width, spread, walls @ ..] = given;
        let spread = spread.clamp(-3.0, 1.5).exp();
        let given = [&[odds, width, spread][..], &walls.map(|at| at + shift)].concat();
        for (mean, value) in mean.iter_mut().zip(given) {
            *mean += value / LOOKS.len() as f64;
        }
    }
    let [odds, width, spread, front_row, front_column, back_row, back_column] = mean;
    let place = |row: f64, column: f64| (expected.0 + column, expected.1 + row);
    let walls = [place(front_row, front_column), place(back_row, back_column)];
    Some(Reading { odds, width: width.max(0.0), spread, walls })
}
