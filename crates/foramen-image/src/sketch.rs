use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

/// Cells along the longer edge of a sketch. A patch of 50 mm keeps details of about 1 mm: finer
/// details are mostly noise, which differs between two scans of one person.
const CELLS: usize = 48;

/// Standard deviation, in cells, of the blur that is subtracted to obtain details: about 2 mm of a
/// patch of 50 mm. Broader structures, such as canal, facet joint and muscles, are similar in
/// different people.
const FINE: f64 = 2.0;

/// Standard deviation of the blur that is subtracted before signs are computed, as a share of the
/// longer edge. The signs must stay the same when the image is slightly displaced.
const BROAD: f64 = 1.0 / 8.0;

/// Sketches are compared at displacements of up to this share of the longer edge, in each
/// direction: 3 cells of 48, about 3 mm of a patch of 50 mm.
const DISPLACED: f64 = 1.0 / 16.0;

/// Edge of the grid whose signs are the hash: at most 16 × 16 bits.
const HASH_EDGE: usize = 16;

/// A reduced form of an image for comparison with others: its details without noise, broad shading,
/// brightness and contrast.
///
/// Two images of the same anatomy, such as two scans of one neck, have sketches that correlate when
/// they are aligned ([`Sketch::correlation`]). A perceptual hash ([`Sketch::may_be_alike`])
/// excludes most other pairs much faster.
///
/// ```
/// use foramen_image::Sketch;
/// use ndarray::Array2;
///
/// let drawn = |row: usize, column: usize| ((row / 5 * 7 + column / 6 * 3) % 11) as f32;
/// let one = Array2::from_shape_fn((60, 60), |(row, column)| drawn(row, column));
/// let again = Array2::from_shape_fn((60, 60), |(row, column)| 3.0 * drawn(row + 1, column) + 40.0);
/// let other = one.t().to_owned();
/// let [one, again, other] = [&one, &again, &other].map(|image| Sketch::of(image.view()).unwrap());
/// assert!(one.may_be_alike(&again));
/// assert!(one.correlation(&again).unwrap() > 0.95);
/// assert!(one.correlation(&other).unwrap() < 0.6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    /// `[row, column]`, band-passed.
    detail: Array2<f32>,
    /// The signs of the outlines on a coarse grid, in place (first) and displaced by up to
    /// [`DISPLACED`] in each direction.
    hashes: [[u64; 4]; 9],
    /// Bits of each hash.
    bits: u32,
    /// For each displacement, down and then across, the sum and the sum of squares of the cells
    /// that overlap the other image.
    inside: Vec<(f64, f64)>,
}

impl Sketch {
    /// The sketch of an image, `[row, column]`; `None` for an image without detail, or with a pixel
    /// that is NaN or infinite.
    #[must_use]
    pub fn of(image: ArrayView2<'_, f32>) -> Option<Self> {
        if image.is_empty() || image.iter().any(|pixel| !pixel.is_finite()) {
            return None;
        }
        let reduced = reduced(image);
        let longer = reduced.nrows().max(reduced.ncols());
        let without = |blur: f64| {
            let blurred = blurred(&reduced, blur);
            (&reduced - &blurred).as_standard_layout().into_owned()
        };
        let (detail, outline) = (without(FINE), without(BROAD * longer as f64));
        let scale = reduced.iter().fold(0.0f32, |most, pixel| most.max(pixel.abs()));
        // Rounding alone leaves less than this of an image of one intensity.
        if detail.iter().all(|pixel| pixel.abs() <= 1e-5 * scale) {
            return None;
        }
        let far = displaced(detail.dim());
        let (rows, columns) = detail.dim();
        let (down, across) = (rows.min(HASH_EDGE), columns.min(HASH_EDGE));
        let ways = [0, -far, far];
        let mut hashes = [[0; 4]; 9];
        for (place, hash) in hashes.iter_mut().enumerate() {
            *hash = hash_of(&outline, (down, across), (ways[place / 3], ways[place % 3]));
        }
        let bits = u32::try_from(down * across).expect("at most 256");
        let inside = shifts(far).map(|shift| sums(&detail, shift)).collect();
        Some(Self { detail, hashes, bits, inside })
    }

    /// Whether two images may be near-duplicates: their hashes differ in at most a quarter of the
    /// bits. This test misses one in a hundred pairs of real images that correlate above 0.8.
    /// Sketches of different shapes are never near-duplicates.
    #[must_use]
    pub fn may_be_alike(&self, other: &Self) -> bool {
        self.detail.dim() == other.detail.dim() && 4 * self.distance(other) <= self.bits
    }

    /// The least number of differing bits between this hash and those of the other, in place and
    /// displaced.
    fn distance(&self, other: &Self) -> u32 {
        let own = &self.hashes[0];
        let differing = |hash: &[u64; 4]| -> u32 {
            own.iter().zip(hash).map(|(a, b)| (a ^ b).count_ones()).sum()
        };
        other.hashes.iter().map(differing).min().unwrap_or(self.bits)
    }

    /// The normalised correlation of the details, from −1 to 1, at the displacement (up to a
    /// sixteenth of the longer edge each way) where it is greatest; `None` for sketches of
    /// different shapes, or if the details are outside every overlap.
    #[must_use]
    pub fn correlation(&self, other: &Self) -> Option<f64> {
        if self.detail.dim() != other.detail.dim() {
            return None;
        }
        let far = displaced(self.detail.dim());
        // Displaced the other way round, the other image keeps what this one covers.
        let inside = self.inside.iter().zip(other.inside.iter().rev());
        shifts(far)
            .zip(inside)
            .filter_map(|(shift, (own, of_other))| {
                let (rows, columns) = overlap(self.detail.dim(), shift);
                let n = (rows.len() * columns.len()) as f64;
                let products = products(&self.detail, &other.detail, shift)?;
                let variance = |(sum, squares): &(f64, f64)| (squares - sum * sum / n).max(0.0);
                let covariance = products - own.0 * of_other.0 / n;
                let correlation = covariance / (variance(own) * variance(of_other)).sqrt();
                correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
            })
            .max_by(f64::total_cmp)
    }
}

/// Greatest displacement of two sketches, in cells.
fn displaced((rows, columns): (usize, usize)) -> isize {
    #[expect(clippy::cast_possible_truncation, reason = "a sixteenth of at most 48")]
    let far = (DISPLACED * rows.max(columns) as f64).round() as isize;
    far
}

/// The image in at most [`CELLS`] cells along its longer edge, each the mean of the pixels it
/// covers.
fn reduced(image: ArrayView2<'_, f32>) -> Array2<f32> {
    let (rows, columns) = image.dim();
    let longer = rows.max(columns);
    if longer <= CELLS {
        return image.to_owned();
    }
    let cells = |edge: usize| (edge * CELLS).div_ceil(longer).max(1);
    let rows_first = mean_along(image, cells(rows));
    mean_along(rows_first.t(), cells(columns)).t().to_owned()
}

/// Rows averaged to `cells` rows; a row on the border of two cells counts in each with its share.
fn mean_along(image: ArrayView2<'_, f32>, cells: usize) -> Array2<f32> {
    let (rows, columns) = image.dim();
    let step = rows as f64 / cells as f64;
    let mut means = Array2::zeros((cells, columns));
    for (cell, mut mean) in means.outer_iter_mut().enumerate() {
        let (first, last) = (cell as f64 * step, (cell as f64 + 1.0) * step);
        for (row, pixels) in image.outer_iter().enumerate() {
            let covered = last.min(row as f64 + 1.0) - first.max(row as f64);
            if covered > 0.0 {
                #[expect(clippy::cast_possible_truncation, reason = "a share")]
                mean.scaled_add((covered / step) as f32, &pixels);
            }
        }
    }
    means
}

/// A Gaussian blur; at the border the weights of existing cells are renormalised.
fn blurred(image: &Array2<f32>, deviation: f64) -> Array2<f32> {
    let reach = (3.0 * deviation).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "three eighths of at most 48")]
    let reach = reach as isize;
    let weights: Vec<f64> =
        (-reach..=reach).map(|at| (-0.5 * (at as f64 / deviation).powi(2)).exp()).collect();
    let along = |image: ArrayView2<'_, f32>| {
        let rows = image.nrows();
        Array2::from_shape_fn(image.dim(), |(row, column)| {
            let (mut sum, mut total) = (0.0, 0.0);
            for (weight, at) in weights.iter().zip(-reach..=reach) {
                if let Some(other) = row.checked_add_signed(at).filter(|other| *other < rows) {
                    sum += weight * f64::from(image[(other, column)]);
                    total += weight;
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "a mean of f32")]
            let mean = (sum / total) as f32;
            mean
        })
    };
    let rows_first = along(image.view());
    along(rows_first.t()).t().to_owned()
}

/// The signs of the means over a coarse displaced grid; beyond the border the outermost cells are
/// repeated.
fn hash_of(
    detail: &Array2<f32>,
    (down, across): (usize, usize),
    (shift_down, shift_across): (isize, isize),
) -> [u64; 4] {
    let (rows, columns) = detail.dim();
    let within =
        |at: usize, shift: isize, size: usize| at.saturating_add_signed(shift).min(size - 1);
    let mut hash = [0; 4];
    for cell in 0..down * across {
        let (row, column) = (cell / across, cell % across);
        let mut sum = 0.0;
        for y in row * rows / down..(row + 1) * rows / down {
            for x in column * columns / across..(column + 1) * columns / across {
                let y = within(y, shift_down, rows);
                sum += f64::from(detail[(y, within(x, shift_across, columns))]);
            }
        }
        if sum > 0.0 {
            hash[cell / 64] |= 1 << (cell % 64);
        }
    }
    hash
}

/// All displacements of up to `far` cells down and across.
fn shifts(far: isize) -> impl Iterator<Item = (isize, isize)> {
    (-far..=far).flat_map(move |down| (-far..=far).map(move |across| (down, across)))
}

/// The rows and columns of an image that another of the same size covers when displaced.
fn overlap(
    (rows, columns): (usize, usize),
    (down, across): (isize, isize),
) -> (Range<usize>, Range<usize>) {
    let span = |shift: isize, size: usize| {
        let first = shift.max(0).unsigned_abs().min(size);
        first..size.saturating_add_signed(shift.min(0)).max(first)
    };
    (span(down, rows), span(across, columns))
}

/// The sum and the sum of squares of the cells that another image covers when displaced.
fn sums(detail: &Array2<f32>, shift: (isize, isize)) -> (f64, f64) {
    let (rows, columns) = overlap(detail.dim(), shift);
    let covered = detail.slice(s![rows, columns]);
    let values = covered.iter().map(|value| f64::from(*value));
    values.fold((0.0, 0.0), |(sum, squares), value| (sum + value, squares + value * value))
}

/// The sum of products of the overlapping cells when `b` is displaced.
fn products(a: &Array2<f32>, b: &Array2<f32>, shift: (isize, isize)) -> Option<f64> {
    const LANES: usize = 8;
    let (rows, columns) = overlap(a.dim(), shift);
    let shifted = columns.start.checked_add_signed(-shift.1)?;
    let mut sum = 0.0;
    for row in rows {
        let other = b.row(row.checked_add_signed(-shift.0)?);
        let (own, other) = (a.row(row), other.as_slice()?);
        let own = &own.as_slice()?[columns.clone()];
        let other = &other[shifted..shifted + own.len()];
        // Several sums at once, which the processor adds in one step.
        let (own, own_rest) = own.as_chunks::<LANES>();
        let (other, other_rest) = other.as_chunks::<LANES>();
        let mut lanes = [0.0f32; LANES];
        for (x, y) in own.iter().zip(other) {
            for lane in 0..LANES {
                lanes[lane] += x[lane] * y[lane];
            }
        }
        let rest: f32 = own_rest.iter().zip(other_rest).map(|(x, y)| x * y).sum();
        sum += f64::from(lanes.iter().sum::<f32>() + rest);
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blobs at places determined by a seed.
    fn drawn(seed: u32, (down, across): (f32, f32)) -> Array2<f32> {
        let noise = |salt: u32| {
            let mixed = (seed * 31 + salt).wrapping_mul(2_654_435_761);
            ((mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519) >> 8) as f32 / (1 << 24) as f32
        };
        Array2::from_shape_fn((100, 100), |(row, column)| {
            (0..24)
                .map(|blob| {
                    let y = 100.0 * noise(4 * blob) - row as f32 + down;
                    let x = 100.0 * noise(4 * blob + 1) - column as f32 + across;
                    let width = 3.0 + 6.0 * noise(4 * blob + 2);
                    (noise(4 * blob + 3) - 0.4) * (-(x * x + y * y) / (2.0 * width * width)).exp()
                })
                .sum()
        })
    }

    fn sketch(image: &Array2<f32>) -> Sketch {
        Sketch::of(image.view()).unwrap()
    }

    #[test]
    fn an_image_correlates_fully_with_itself_in_other_intensities() {
        let image = drawn(1, (0.0, 0.0));
        let (one, other) = (sketch(&image), sketch(&image.mapv(|v| 250.0 * v + 1000.0)));
        assert!(one.may_be_alike(&other));
        assert!(one.correlation(&other).unwrap() > 0.999);
        assert!((one.correlation(&one).unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_displaced_image_is_found_and_another_is_not() {
        let one = sketch(&drawn(1, (0.0, 0.0)));
        for shift in [(4.0, -3.0), (-6.0, 6.0), (0.0, 5.0)] {
            let moved = sketch(&drawn(1, shift));
            assert!(one.may_be_alike(&moved), "{shift:?}: {}", one.distance(&moved));
            assert!(one.correlation(&moved).unwrap() > 0.9, "{shift:?}");
        }
        for seed in 2..40 {
            let other = sketch(&drawn(seed, (0.0, 0.0)));
            let correlation = one.correlation(&other).unwrap();
            assert!(correlation < 0.7, "{seed}: {correlation}");
        }
    }

    #[test]
    fn the_comparison_is_the_same_both_ways() {
        let (one, other) = (sketch(&drawn(1, (0.0, 0.0))), sketch(&drawn(2, (0.0, 0.0))));
        let [there, back] = [one.correlation(&other), other.correlation(&one)].map(Option::unwrap);
        assert!((there - back).abs() < 1e-9);
    }

    #[test]
    fn what_shows_nothing_has_no_sketch() {
        assert_eq!(Sketch::of(Array2::zeros((0, 4)).view()), None);
        assert_eq!(Sketch::of(Array2::from_elem((60, 80), 7.25).view()), None);
        let mut broken = drawn(1, (0.0, 0.0));
        broken[(3, 4)] = f32::NAN;
        assert_eq!(Sketch::of(broken.view()), None);
    }

    #[test]
    fn images_of_any_size_have_one_and_other_shapes_are_not_compared() {
        for shape in [(1, 7), (5, 5), (28, 28), (48, 48), (200, 130), (33, 400)] {
            let image = Array2::from_shape_fn(shape, |(y, x)| ((y * 7 + x * 13) % 5) as f32);
            let one = sketch(&image);
            assert!(one.detail.nrows().max(one.detail.ncols()) <= CELLS, "{shape:?}");
            assert!(one.correlation(&one).unwrap() > 0.999, "{shape:?}");
        }
        let (wide, high) = (drawn(1, (0.0, 0.0)), Array2::from_shape_fn((9, 3), |(y, _)| y as f32));
        assert_eq!(sketch(&wide).correlation(&sketch(&high)), None);
        assert!(!sketch(&wide).may_be_alike(&sketch(&high)));
    }

    #[test]
    fn cells_are_means_of_what_they_cover() {
        let rows = Array2::from_shape_fn((3, 1), |(row, _)| row as f32);
        // Cells of 1.5 rows: (0 + 1/2) / 1.5 and (1/2 + 2) / 1.5.
        let means = mean_along(rows.view(), 2);
        assert!(
            (means[(0, 0)] - 1.0 / 3.0).abs() < 1e-6 && (means[(1, 0)] - 5.0 / 3.0).abs() < 1e-6
        );
    }
}
