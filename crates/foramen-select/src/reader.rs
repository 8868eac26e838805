//! A second reader of foramina: a small network that learned on synthetic slices.

mod crop;
mod network;

use std::sync::LazyLock;

use foramen_types::{Point, Side};

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
    /// Front and back wall.
    pub(crate) walls: [Point; 2],
}

/// Weights that `train_reader` wrote.
static NETWORK: LazyLock<Network> = LazyLock::new(|| {
    Network::from_safetensors(include_bytes!("reader/weights.safetensors"))
        .expect("the weights fit the network")
});

/// It looks from three places, and means count: millimetres outward and to the back.
const LOOKS: [(f64, f64); 3] = [(0.0, 0.0), (0.7, 0.7), (-0.7, -0.7)];

/// Reads the foramen that is expected at a place (outward, back); `None` when the slice
/// makes no plane there.
pub(crate) fn read(view: &View<'_>, side: Side, expected: (f64, f64)) -> Option<Reading> {
    let [first, second, third] = LOOKS.map(|(outward, back)| {
        let middle = (expected.0 + outward, expected.1 + back);
        let crop = crop(view, side, middle, Network::EDGE)?;
        let given = NETWORK.read(&crop, view.contrast);
        let half = 0.5 * (Network::EDGE - 1) as f64;
        let place = |row: f64, column: f64| {
            crop.plane().point(half + row / Network::PIXEL, half + column / Network::PIXEL)
        };
        let [odds, width, spread, walls @ ..] = given;
        let walls = [place(walls[0], walls[1]), place(walls[2], walls[3])];
        Some(Reading { odds, width, spread: spread.clamp(-3.0, 1.5).exp(), walls })
    });
    let (first, second, third) = (first?, second?, third?);
    let mean = |of: fn(&Reading) -> f64| (of(&first) + of(&second) + of(&third)) / 3.0;
    Some(Reading {
        odds: mean(|reading| reading.odds),
        width: mean(|reading| reading.width).max(0.0),
        spread: mean(|reading| reading.spread),
        walls: first.walls,
    })
}
