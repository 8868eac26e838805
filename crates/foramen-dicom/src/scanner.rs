use dicom_dictionary_std::tags;

use crate::set::Groups;

/// The scanner that acquired an image (General Equipment Module, PS3.3 C.7.5.1). Attributes that
/// identify the hospital are not read.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Scanner {
    /// Manufacturer (0008,0070), where given.
    pub manufacturer: Option<String>,
    /// Manufacturer's Model Name (0008,1090), where given.
    pub model: Option<String>,
    /// Magnetic Field Strength (0018,0087) in tesla, where given. Values from 100 on are gauss, as
    /// written by some scanners.
    pub field_strength: Option<f64>,
}

impl Scanner {
    pub(crate) fn new(groups: &Groups<'_>) -> Self {
        Self {
            manufacturer: groups.top.text(tags::MANUFACTURER),
            model: groups.top.text(tags::MANUFACTURER_MODEL_NAME),
            field_strength: tesla(groups.top.decimal(tags::MAGNETIC_FIELD_STRENGTH)),
        }
    }
}

/// A field strength in tesla.
fn tesla(written: Option<f64>) -> Option<f64> {
    let positive = written.filter(|value| value.is_finite() && *value > 0.0);
    positive.map(|value| if value >= 100.0 { value / 10_000.0 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_are_tesla_and_nothing_is_no_field() {
        assert_eq!(tesla(Some(15_000.0)), Some(1.5));
        assert_eq!(tesla(Some(3.0)), Some(3.0));
        assert_eq!([tesla(Some(0.0)), tesla(Some(f64::NAN)), tesla(None)], [None; 3]);
    }
}
