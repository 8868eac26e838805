/// The limits from which two numbers of a header count as different. Scanners round numbers; each
/// limit states what it allows for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Tolerances {
    /// Greatest angle between a slice and the first of its stack, in degrees. Default 0.5: two
    /// slices of one stack then differ by at most 1°.
    pub turned: f64,
    /// Greatest difference of pixel spacings in one stack, in millimetres. Default 0.0001: the same
    /// protocol writes the same digits.
    pub pixel_spacing: f64,
    /// Greatest difference of echo times in one stack, in milliseconds. Default 0.5: less than
    /// between two echoes of any train.
    pub echo_time: f64,
    /// Images nearer than this along the normal are at one position, in millimetres. Default
    /// 0.02: well below the thinnest slice.
    pub same_position: f64,
    /// Greatest deviation of a slice distance from the median before it is uneven, relative to the
    /// median. Default 0.05: 0.15 mm of 3 mm, above rounding errors.
    pub uneven_part: f64,
    /// The same deviation in millimetres; the larger limit is used. Default 0.05: positions are
    /// rounded to a few decimals.
    pub uneven: f64,
    /// Greatest sideways shift of a stack, in millimetres per slice. Default 0.05: positions
    /// rounded to three decimals and normals to six stay well below.
    pub shear: f64,
    /// A series with slices at a greater angle than this is a localizer, in degrees. Default 60:
    /// blocks angled to each cervical disc stay below.
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
