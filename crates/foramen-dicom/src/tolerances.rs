/// From where on two numbers of a header count as different. Scanners round
/// what they write; each limit says what it allows for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Tolerances {
    /// How far a slice may be turned from the first of its stack, in degrees. Default 0.5: two
    /// slices of one stack then differ by at most 1°.
    pub turned: f64,
    /// How far pixel spacings of one stack may differ, in millimetres. Default 0.0001: the same
    /// protocol writes the same digits.
    pub pixel_spacing: f64,
    /// How far echo times of one stack may differ, in milliseconds. Default 0.5: less than
    /// between two echoes of any train.
    pub echo_time: f64,
    /// Images nearer than this along the normal are at one position, in millimetres. Default
    /// 0.02: well below the thinnest slice.
    pub same_position: f64,
    /// How far the distance between two slices may be off the median before it is uneven, as a
    /// part of the median. Default 0.05: 0.15 mm of 3 mm, above what rounding makes.
    pub uneven_part: f64,
    /// The same in millimetres; the larger of the two holds. Default 0.05: positions are
    /// rounded to a few decimals.
    pub uneven: f64,
    /// How far, in millimetres per slice, a stack may slide sideways. Default 0.05: positions
    /// rounded to three decimals and normals to six stay well below.
    pub shear: f64,
    /// Slices farther apart than this make a series a localizer, in degrees. Default 60: blocks
    /// angled to each cervical disc stay below.
    pub across: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            turned: 0.5,
            pixel_spacing: 1e-4,
            echo_time: 0.5,
            same_position: 0.02,
            uneven_part: 0.05,
            uneven: 0.05,
            shear: 0.05,
            across: 60.0,
        }
    }
}
