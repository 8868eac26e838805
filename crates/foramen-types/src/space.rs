use std::ops::{Add, Mul, Neg, Sub};

/// A point in the patient, in LPS millimetres: x grows to the patient's left, y to the back, z to
/// the head (DICOM PS3.3 C.7.6.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Point {
    /// Millimetres to the patient's left.
    pub x: f64,
    /// Millimetres to the patient's back.
    pub y: f64,
    /// Millimetres to the patient's head.
    pub z: f64,
}

/// A displacement in the patient, in LPS millimetres; a direction has length 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Vector {
    /// Millimetres to the patient's left.
    pub x: f64,
    /// Millimetres to the patient's back.
    pub y: f64,
    /// Millimetres to the patient's head.
    pub z: f64,
}

impl Point {
    /// A place from its LPS coordinates in millimetres.
    #[must_use]
    pub fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    /// The distance to another place, in millimetres.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        (self - other).length()
    }

    /// Whether all three coordinates are finite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite()
    }
}

impl Vector {
    /// A displacement from its LPS components in millimetres.
    #[must_use]
    pub fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    /// The scalar product.
    #[must_use]
    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// The vector product; row direction × column direction is a slice's normal.
    #[must_use]
    pub fn cross(self, other: Self) -> Self {
        Self {
            x: self.y * other.z - self.z * other.y,
            y: self.z * other.x - self.x * other.z,
            z: self.x * other.y - self.y * other.x,
        }
    }

    /// The length in millimetres.
    #[must_use]
    pub fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The direction of this displacement, length 1; `None` when it has none
    /// (zero, or not finite).
    #[must_use]
    pub fn unit(self) -> Option<Self> {
        let length = self.length();
        (length.is_finite() && length > 1e-12).then(|| self * (1.0 / length))
    }
}

impl Sub for Point {
    type Output = Vector;
    fn sub(self, other: Self) -> Vector {
        Vector { x: self.x - other.x, y: self.y - other.y, z: self.z - other.z }
    }
}

impl Add<Vector> for Point {
    type Output = Self;
    fn add(self, by: Vector) -> Self {
        Self { x: self.x + by.x, y: self.y + by.y, z: self.z + by.z }
    }
}

impl Sub<Vector> for Point {
    type Output = Self;
    fn sub(self, by: Vector) -> Self {
        self + -by
    }
}

impl Add for Vector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y, z: self.z + other.z }
    }
}

impl Sub for Vector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Vector {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Mul<f64> for Vector {
    type Output = Self;
    fn mul(self, by: f64) -> Self {
        Self { x: self.x * by, y: self.y * by, z: self.z * by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_cross_back_is_head() {
        let (left, back) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        assert_eq!(left.cross(back), Vector::new(0.0, 0.0, 1.0));
    }

    #[test]
    fn a_zero_vector_has_no_direction() {
        assert_eq!(Vector::default().unit(), None);
        assert_eq!(Vector::new(0.0, 3.0, 4.0).length(), 5.0);
    }
}
