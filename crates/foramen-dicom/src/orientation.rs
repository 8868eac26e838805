use std::fmt;

use foramen_types::Vector;

/// The orientation of the slices of a stack in the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Orientation {
    /// The normal is within about 37° of head to feet (|n.z| > 0.8), which
    /// admits the tilt of the lowest cervical discs.
    Axial,
    /// The normal is within about 37° of left to right.
    Sagittal,
    /// The normal is within about 37° of front to back.
    Coronal,
    /// None of these.
    Oblique,
}

impl Orientation {
    /// The orientation of slices with this unit normal (either sign).
    #[must_use]
    pub fn of(normal: Vector) -> Self {
        if normal.z.abs() > 0.8 {
            Self::Axial
        } else if normal.x.abs() > 0.8 {
            Self::Sagittal
        } else if normal.y.abs() > 0.8 {
            Self::Coronal
        } else {
            Self::Oblique
        }
    }

    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Axial => "axial",
            Self::Sagittal => "sagittal",
            Self::Coronal => "coronal",
            Self::Oblique => "oblique",
        }
    }
}

impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axial_admits_the_tilt_of_the_lowest_discs() {
        let tilted =
            |degrees: f64| Vector::new(0.0, degrees.to_radians().sin(), degrees.to_radians().cos());
        assert_eq!(Orientation::of(tilted(35.0)), Orientation::Axial);
        assert_eq!(Orientation::of(tilted(45.0)), Orientation::Oblique);
        assert_eq!(Orientation::of(tilted(60.0)), Orientation::Coronal);
        assert_eq!(Orientation::of(Vector::new(-1.0, 0.0, 0.0)), Orientation::Sagittal);
    }
}
