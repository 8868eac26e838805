use crate::foramen::probability;

/// The height range of the foramina of a level, along the normal of its disc.
///
/// On parasagittal slices pedicles and foramina alternate. The foramen need not be centred on the
/// plane of the disc: in two people most lay some millimetres above it, depending on person and
/// level.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ForamenHeights {
    /// Height of the middle of the foramen above (+) or below (−) the plane of the disc, in
    /// millimetres.
    pub centre: f64,
    /// Distance from the pedicle below to the pedicle above, in millimetres.
    pub height: f64,
    /// Standard deviation (uncertainty) of the centre, in millimetres.
    pub spread: f64,
    /// Whether a sagittal series shows the range; otherwise it is the usual range.
    pub is_seen: bool,
}

/// The usual height and centre of a foramen, as mean and standard deviation in millimetres: a bony
/// height of 8.2 mm (8.0 to 8.4 by level), centred above the plane of the disc, since a cervical
/// pedicle springs from the upper half of its vertebra. The centre was measured on the levels of
/// two people: the vertebrae of the Visible Human Female, and a sagittal series read by eye.
pub(crate) const USUAL_HEIGHT: (f64, f64) = (8.2, 1.5);
pub(crate) const USUAL_CENTRE: (f64, f64) = (2.0, 1.5);
/// Standard deviation of the centres of levels about the mean centre of their neck, in millimetres.
pub(crate) const OF_LEVEL: f64 = 1.2;
/// Log odds per millimetre within or beyond the range, if the range were known exactly.
const BY_HEIGHT: f64 = 3.0;
/// The limits of the log odds from heights: for a pedicle, and for a foramen.
const MOST: (f64, f64) = (-4.0, 7.0);

impl ForamenHeights {
    /// The usual range, where no sagittal series shows the foramen.
    #[must_use]
    pub fn usual() -> Self {
        let ((centre, of_neck), (height, _)) = (USUAL_CENTRE, USUAL_HEIGHT);
        Self { centre, height, spread: of_neck.hypot(OF_LEVEL), is_seen: false }
    }

    /// The lower and the upper end of the range, in millimetres above the plane of the disc.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.centre - self.height / 2.0, self.centre + self.height / 2.0)
    }

    /// The probability that a slice cuts a foramen and not a pedicle, from its height alone:
    /// `height` is in millimetres above the disc, judged at the foramen.
    #[must_use]
    pub fn probability(&self, height: f64) -> f64 {
        probability(self.log_odds(height))
    }

    /// The same probability as log odds: the uncertainty of the centre flattens a logistic curve,
    /// as if its argument were divided by `flatter` (MacKay 1992, 10.1162/neco.1992.4.5.720).
    pub(crate) fn log_odds(&self, height: f64) -> f64 {
        let inside = self.height / 2.0 - (height - self.centre).abs();
        let flatter = (1.0 + std::f64::consts::PI / 8.0 * (2.0 * self.spread).powi(2)).sqrt();
        (BY_HEIGHT * inside / flatter).clamp(MOST.0, MOST.1)
    }
}

impl Default for ForamenHeights {
    fn default() -> Self {
        Self::usual()
    }
}
