//! The same subject in pictures that a scanner might as well have made.

use foramen_image::{Plane, Slice, Spacing, Stack};
use foramen_phantom::Subject;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::accuracy::noise;

/// What is done to every axial slice of a subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Perturbation {
    /// Normal noise is added until there is this many times as much as there was, at least 1.
    Noise(f64),
    /// The image grid is turned by degrees about its middle.
    Turn(f64),
    /// This many rows and columns are cut away at the upper left.
    Crop(usize),
}

impl Perturbation {
    /// The subject in perturbed pictures; its truth stays what it is.
    ///
    /// # Panics
    /// When a crop leaves nothing of a slice.
    #[must_use]
    pub fn of(self, subject: &Subject) -> Subject {
        let axial = subject.axial.iter().map(|stack| {
            let slices = stack.slices().iter().enumerate();
            let slices = slices.map(|(seed, slice)| self.slice(slice, seed as u64)).collect();
            Stack::new(slices, stack.contrast).expect("the slices stay parallel")
        });
        Subject { axial: axial.collect(), ..subject.clone() }
    }

    fn slice(self, slice: &Slice, seed: u64) -> Slice {
        let plane = slice.plane();
        let (rows, columns) = slice.pixels().dim();
        let (u, v) = (plane.along_row(), plane.along_column());
        let Spacing { row, column } = plane.spacing();
        let (plane, rows, columns, values) = match self {
            Self::Noise(times) => {
                let mut sorted: Vec<f32> = slice.pixels().iter().copied().collect();
                sorted.sort_by(f32::total_cmp);
                let bright = f64::from(sorted[sorted.len() * 995 / 1000]);
                // Deviations add in squares.
                let added = noise(slice) * (times * times - 1.0).max(0.0).sqrt();
                let normal = Normal::new(0.0, added * bright).expect("the deviation is finite");
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                #[expect(clippy::cast_possible_truncation, reason = "images hold f32")]
                let noisy = |value: &f32| (f64::from(*value) + normal.sample(&mut rng)) as f32;
                (*plane, rows, columns, slice.pixels().iter().map(noisy).collect())
            }
            Self::Turn(degrees) => {
                let (sin, cos) = degrees.to_radians().sin_cos();
                let (across, down) = (u * cos + v * sin, v * cos - u * sin);
                let (half_row, half_column) = ((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0);
                let corner = plane.point(half_row, half_column)
                    - across * (half_column * column)
                    - down * (half_row * row);
                let turned = Plane::new(corner, across, down, plane.spacing())
                    .expect("a turned plane is a plane");
                let places = (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c)));
                let value = |(r, c): (usize, usize)| {
                    let (r, c) = plane.pixel(turned.point(r as f64, c as f64));
                    slice.sample(r, c).unwrap_or(0.0)
                };
                (turned, rows, columns, places.map(value).collect())
            }
            Self::Crop(by) => {
                let kept = slice.pixels().slice(ndarray::s![by.., by..]).to_owned();
                let corner = plane.point(by as f64, by as f64);
                let cropped =
                    Plane::new(corner, u, v, plane.spacing()).expect("a shifted plane is a plane");
                (cropped, rows - by, columns - by, kept.into_iter().collect())
            }
        };
        let mut made = Slice::from_vec(plane, (rows, columns), values, slice.thickness)
            .expect("something is left");
        made.source = slice.source.clone();
        made
    }
}
