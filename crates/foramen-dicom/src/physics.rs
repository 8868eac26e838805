use dicom_dictionary_std::tags;

use crate::Scanner;
use crate::set::Groups;

/// The acquisition parameters of an image, as far as its header has them. Every field may be
/// missing; this is never a reason to refuse an image.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Physics {
    /// Image Type (0008,0008) or Frame Type (0008,9007), in capitals.
    pub(crate) image_type: Vec<String>,
    /// Complex Image Component (0008,9208).
    pub(crate) component: Option<String>,
    pub(crate) family: Family,
    pub(crate) echo_planar: bool,
    pub(crate) inversion: bool,
    /// Milliseconds.
    pub(crate) echo_time: Option<f64>,
    /// Milliseconds.
    pub(crate) repetition_time: Option<f64>,
    /// Milliseconds.
    pub(crate) inversion_time: Option<f64>,
    /// Degrees.
    pub(crate) flip_angle: Option<f64>,
    pub(crate) echo_train: Option<f64>,
    /// Acquisition Contrast (0008,9209) of enhanced MR.
    pub(crate) declared: Option<String>,
    /// Scan Options (0018,0022), in capitals.
    pub(crate) fat_options: Vec<String>,
    /// Spectrally Selected Suppression (0018,9025) of enhanced MR names fat.
    pub(crate) fat_suppressed: bool,
    /// Series description, protocol and sequence name, in lower case.
    pub(crate) words: String,
    pub(crate) scanner: Scanner,
}

/// The kind of echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Family {
    SpinEcho,
    GradientEcho,
    #[default]
    Unknown,
}

impl Physics {
    pub(crate) fn new(groups: &Groups<'_>) -> Self {
        let top = groups.top;
        let timing = |tag| groups.holder(tags::MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE, tag);
        let frame_type = groups
            .holder(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE, tags::FRAME_TYPE)
            .codes(tags::FRAME_TYPE);
        let component =
            groups.holder(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE, tags::COMPLEX_IMAGE_COMPONENT);
        let declared =
            groups.holder(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE, tags::ACQUISITION_CONTRAST);
        let scanning = top.codes(tags::SCANNING_SEQUENCE);
        let holds = |code: &str| scanning.iter().any(|value| value == code);
        let pulse = top.text(tags::ECHO_PULSE_SEQUENCE);
        let yes = |tag| top.text(tag).as_deref() == Some("YES");
        let family = match (pulse.as_deref(), holds("SE"), holds("GR")) {
            (Some("SPIN"), ..) | (None, true, false) => Family::SpinEcho,
            (Some("GRADIENT"), ..) | (None, false, true) => Family::GradientEcho,
            _ => Family::Unknown,
        };
        let modifier = groups.holder(tags::MR_MODIFIER_SEQUENCE, tags::INVERSION_RECOVERY);
        let positive = |value: Option<f64>| value.filter(|&v| v > 0.0);
        let echo = groups.holder(tags::MR_ECHO_SEQUENCE, tags::EFFECTIVE_ECHO_TIME);
        let train = timing(tags::RF_ECHO_TRAIN_LENGTH);
        let words: Vec<String> = [
            tags::SERIES_DESCRIPTION,
            tags::PROTOCOL_NAME,
            tags::SEQUENCE_NAME,
            tags::PULSE_SEQUENCE_NAME,
        ]
        .into_iter()
        .filter_map(|tag| top.text(tag))
        .collect();
        Self {
            image_type: if frame_type.is_empty() {
                top.codes(tags::IMAGE_TYPE)
            } else {
                frame_type
            },
            component: component.text(tags::COMPLEX_IMAGE_COMPONENT),
            family,
            echo_planar: holds("EP") || yes(tags::ECHO_PLANAR_PULSE_SEQUENCE),
            inversion: holds("IR")
                || modifier.text(tags::INVERSION_RECOVERY).as_deref() == Some("YES"),
            echo_time: positive(
                echo.double(tags::EFFECTIVE_ECHO_TIME).or_else(|| top.decimal(tags::ECHO_TIME)),
            ),
            repetition_time: positive(timing(tags::REPETITION_TIME).decimal(tags::REPETITION_TIME)),
            inversion_time: positive(
                groups
                    .holder(tags::MR_MODIFIER_SEQUENCE, tags::INVERSION_TIMES)
                    .double(tags::INVERSION_TIMES)
                    .or_else(|| top.decimal(tags::INVERSION_TIME)),
            ),
            flip_angle: positive(timing(tags::FLIP_ANGLE).decimal(tags::FLIP_ANGLE)),
            echo_train: positive(
                train
                    .unsigned(tags::RF_ECHO_TRAIN_LENGTH)
                    .map(f64::from)
                    .or_else(|| top.decimal(tags::ECHO_TRAIN_LENGTH)),
            ),
            fat_options: top.codes(tags::SCAN_OPTIONS),
            fat_suppressed: groups
                .holder(tags::MR_MODIFIER_SEQUENCE, tags::SPECTRALLY_SELECTED_SUPPRESSION)
                .text(tags::SPECTRALLY_SELECTED_SUPPRESSION)
                .is_some_and(|text| text.starts_with("FAT")),
            declared: declared.text(tags::ACQUISITION_CONTRAST),
            words: words.join(" ").to_lowercase(),
            scanner: Scanner::new(groups),
        }
    }

    /// Whether the values are a phase, a field map or another map, not a
    /// magnitude.
    pub(crate) fn is_map(&self) -> bool {
        let component = self.component.as_deref();
        let by_component = matches!(component, Some("PHASE" | "REAL" | "IMAGINARY"));
        let maps = ["P", "PHASE", "PHASE MAP", "R", "REAL", "I", "IMAGINARY", "B0", "FIELD_MAP"];
        by_component || self.image_type.iter().skip(2).any(|v| maps.contains(&v.as_str()))
    }

    /// Why the image is computed from others: a reformat, a projection, or DERIVED\SECONDARY.
    /// DERIVED\PRIMARY alone is no evidence: de-identification and filters write it too.
    pub(crate) fn derived(&self) -> Option<&'static str> {
        let at = |index: usize| self.image_type.get(index).map(String::as_str);
        let reformats = [
            "MPR",
            "CSA MPR",
            "CPR",
            "PROJECTION IMAGE",
            "MIP",
            "MINIP",
            "REFORMATTED",
            "RESAMPLED",
        ];
        if at(0) == Some("DERIVED") && at(1) == Some("SECONDARY") {
            return Some("Image Type is DERIVED\\SECONDARY");
        }
        let reformatted = self.image_type.iter().skip(2).any(|v| reformats.contains(&v.as_str()));
        reformatted.then_some("Image Type names a reformat")
    }

    /// Why the image is a scout according to the header.
    pub(crate) fn localizer(&self) -> Option<&'static str> {
        let scout = self.image_type.iter().any(|value| value == "LOCALIZER" || value == "SCOUT");
        scout.then_some("Image Type is LOCALIZER")
    }
}
