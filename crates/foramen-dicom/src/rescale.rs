use dicom_dictionary_std::tags;

use crate::RejectReason;
use crate::format::PixelFormat;
use crate::set::Groups;
use crate::wanted::{PHILIPS_CREATOR, PHILIPS_FRAME, PHILIPS_SLOPE};

/// The linear map from stored to output values (PS3.3 C.11.1.1.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rescale {
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
}

impl Rescale {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "output values of 16 bits are exact in f32 unless the header rescales them"
    )]
    pub(crate) fn apply(self, stored: f64) -> f32 {
        (stored * self.slope + self.intercept) as f32
    }
}

impl Groups<'_> {
    pub(crate) fn rescale(&self) -> Result<Rescale, RejectReason> {
        let of = |tag, absent: f64, name| {
            let holder = self.holder(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tag);
            match holder.text(tag) {
                None => Ok(absent),
                Some(_) => holder.decimal(tag).ok_or(RejectReason::Invalid { name }),
            }
        };
        let slope = of(tags::RESCALE_SLOPE, 1.0, "Rescale Slope (0028,1053)")?;
        let intercept = of(tags::RESCALE_INTERCEPT, 0.0, "Rescale Intercept (0028,1052)")?;
        // Output values are kept as `f32`, and the largest stored value has 32 bits.
        let largest = slope.abs() * f64::from(u32::MAX) + intercept.abs();
        if slope.abs() < f64::MIN_POSITIVE || largest > f64::from(f32::MAX) {
            return Err(RejectReason::Invalid { name: "Rescale Slope (0028,1053)" });
        }
        Ok(Rescale { slope, intercept })
    }

    /// Philips' private scale slope, from which Philips' floating-point values are computed; never
    /// applied.
    pub(crate) fn philips_slope(&self) -> Option<f64> {
        let holder = self.holder(PHILIPS_FRAME, PHILIPS_SLOPE);
        let creator = holder.text(PHILIPS_CREATOR).or_else(|| self.top.text(PHILIPS_CREATOR));
        creator.filter(|name| name.starts_with("Philips"))?;
        holder.float(PHILIPS_SLOPE).filter(|slope| *slope > 0.0)
    }

    /// The output values of Pixel Padding Value (0028,0120) to Range Limit
    /// (0028,0121): pixels that hold no measurement (PS3.3 C.7.5.1.1.2).
    pub(crate) fn padding(&self, format: &PixelFormat, rescale: Rescale) -> Option<(f32, f32)> {
        let stored = |tag| {
            let raw = i64::from(self.top.unsigned(tag)?);
            let negative = format.signed && raw > i64::from(i16::MAX);
            Some(if negative { raw - (1 << 16) } else { raw })
        };
        let first = stored(tags::PIXEL_PADDING_VALUE)?;
        let last = stored(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(first);
        let output = |stored: i64| {
            let turned = if format.inverted { format.turned(stored) } else { stored };
            rescale.apply(turned as f64)
        };
        let (a, b) = (output(first), output(last));
        Some((a.min(b), a.max(b)))
    }
}
