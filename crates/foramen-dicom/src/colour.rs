/// The colour model of the samples of a pixel (PS3.3 C.7.6.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Grey,
    /// One sample, an index into a table.
    Palette,
    Rgb,
    /// Brightness, then the differences of blue and red.
    Ybr,
    /// The same; natively two neighbours in a row share their differences.
    HalfYbr,
}

impl Colour {
    /// By Photometric Interpretation (0028,0004).
    pub(crate) fn of(photometric: &str) -> Option<Self> {
        Some(match photometric {
            "MONOCHROME1" | "MONOCHROME2" => Self::Grey,
            "PALETTE COLOR" => Self::Palette,
            // The decoder undoes the transforms of JPEG 2000 by itself.
            "RGB" | "YBR_RCT" | "YBR_ICT" => Self::Rgb,
            "YBR_FULL" => Self::Ybr,
            "YBR_FULL_422" => Self::HalfYbr,
            _ => return None,
        })
    }

    /// Samples of one pixel.
    pub(crate) fn samples(self) -> usize {
        match self {
            Self::Grey | Self::Palette => 1,
            Self::Rgb | Self::Ybr | Self::HalfYbr => 3,
        }
    }

    pub(crate) fn is_ybr(self) -> bool {
        matches!(self, Self::Ybr | Self::HalfYbr)
    }
}

/// Converts three consecutive planes to three samples per pixel.
pub(crate) fn interleaved(planes: &[u8], sample_bytes: usize) -> Vec<u8> {
    let plane = planes.len() / 3;
    (0..plane / sample_bytes)
        .flat_map(|pixel| (0..3).map(move |sample| sample * plane + pixel * sample_bytes))
        .flat_map(|at| &planes[at..at + sample_bytes])
        .copied()
        .collect()
}

/// Converts two luminances with one pair of colour differences to two whole pixels.
pub(crate) fn unshared(halves: &[u8]) -> Vec<u8> {
    let (quads, _) = halves.as_chunks::<4>();
    quads.iter().flat_map(|&[first, second, b, r]| [first, b, r, second, b, r]).collect()
}

/// Full-range YBR of 8 bits to RGB, rounded (PS3.3 C.7.6.3.1.2).
pub(crate) fn to_rgb(samples: &mut [f32]) {
    let (pixels, _) = samples.as_chunks_mut::<3>();
    for pixel in pixels {
        let [y, b, r] = pixel.map(f64::from);
        let (b, r) = (b - 128.0, r - 128.0);
        let rgb = [y + 1.402 * r, y - 0.344_136 * b - 0.714_136 * r, y + 1.772 * b];
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers of 8 bits")]
        let rounded = rgb.map(|value| (value + 0.5).floor().clamp(0.0, 255.0) as f32);
        *pixel = rounded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_and_shared_differences_become_pixels() {
        assert_eq!(interleaved(&[1, 2, 3, 4, 5, 6], 1), [1, 3, 5, 2, 4, 6]);
        assert_eq!(interleaved(&[1, 0, 2, 0, 3, 0], 2), [1, 0, 2, 0, 3, 0]);
        assert_eq!(unshared(&[10, 20, 1, 2]), [10, 1, 2, 20, 1, 2]);
    }

    /// pydicom 3.0.2: `convert_color_space(np.array([[[76, 85, 255], [150, 44, 21],
    /// [200, 128, 128]]], "u1"), "YBR_FULL", "RGB")`.
    #[test]
    fn colours_are_those_of_pydicom() {
        let mut samples = [76.0, 85.0, 255.0, 150.0, 44.0, 21.0, 200.0, 128.0, 128.0];
        to_rgb(&mut samples);
        assert_eq!(samples, [254.0, 0.0, 0.0, 0.0, 255.0, 1.0, 200.0, 200.0, 200.0]);
    }
}
