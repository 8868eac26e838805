use std::str::FromStr;

use foramen_dicom::Accepted;
use foramen_image::PatchFrame;
use foramen_select::{DiscOptions, MeasureOptions, SelectOptions};
use thiserror::Error;

use crate::reformatting::ReformatOptions;

/// The settings of a study, besides its inputs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StudyConfig {
    /// How old the scan may be at the injection, days. Default 365: an older one
    /// no longer shows the stenosis that is treated.
    pub scan_age: u16,
    /// What happens to images whose date is present but cannot be read. Default
    /// [`Undated::Exclude`]: they may have been made after the injection.
    pub undated: Undated,
    /// Reasons against an image that a person has accepted by name; none by default.
    pub accepted: Accepted,
    /// Series Instance UIDs (0020,000E). A subject that has any of these series is measured on them
    /// only. Empty by default.
    pub series: Vec<String>,
    /// How foramina are measured. Default [`MeasureOptions::default`]: the canal is located, and
    /// all evidence is used.
    pub measure: MeasureOptions,
    /// Which slices belong to a level. Default [`SelectOptions::default`]: from 5 mm below the disc
    /// point to 7 mm above it.
    pub select: SelectOptions,
    /// How discs are found on the sagittal series, when no positions are given. Default
    /// [`DiscOptions::default`]: counted from the dens.
    pub discs: DiscOptions,
    /// How axial slices are made from a sagittal T2 volume where there are no other axial images.
    /// Default [`ReformatOptions::default`].
    pub reformat: ReformatOptions,
    /// Size and resolution of the patches. Default [`PatchFrame::default`]: 50 mm and 100
    /// pixels.
    pub patch: PatchFrame,
}

impl Default for StudyConfig {
    fn default() -> Self {
        Self {
            scan_age: 365,
            undated: Undated::default(),
            accepted: Accepted::default(),
            series: Vec::new(),
            measure: MeasureOptions::default(),
            select: SelectOptions::default(),
            discs: DiscOptions::default(),
            reformat: ReformatOptions::default(),
            patch: PatchFrame::default(),
        }
    }
}

impl StudyConfig {
    /// The same configuration with another greatest age of the scan, in days.
    #[must_use]
    pub fn with_scan_age(mut self, days: u16) -> Self {
        self.scan_age = days;
        self
    }

    /// The same configuration with another rule for images whose date cannot be read.
    #[must_use]
    pub fn with_undated(mut self, undated: Undated) -> Self {
        self.undated = undated;
        self
    }

    /// The same configuration with reasons that a person has accepted, so that they no longer
    /// exclude images.
    #[must_use]
    pub fn with_accepted(mut self, accepted: Accepted) -> Self {
        self.accepted = accepted;
        self
    }

    /// The same configuration, measured on these series only.
    #[must_use]
    pub fn with_series(mut self, series: Vec<String>) -> Self {
        self.series = series;
        self
    }

    /// The same configuration with other settings for slices made from sagittal volumes.
    #[must_use]
    pub fn with_reformat(mut self, reformat: ReformatOptions) -> Self {
        self.reformat = reformat;
        self
    }

    /// The same configuration with another patch frame.
    #[must_use]
    pub fn with_patch(mut self, patch: PatchFrame) -> Self {
        self.patch = patch;
        self
    }
}

/// What happens to images whose date is present but cannot be read, or is a placeholder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Undated {
    /// They are not used for an injection.
    #[default]
    Exclude,
    /// They are used, with the remark `unreadable_date`.
    Use,
}

/// A text that names no [`Undated`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{text}\" is neither exclude nor use")]
pub struct UnknownUndated {
    text: String,
}

impl Undated {
    pub(crate) fn is_used(self) -> bool {
        self == Self::Use
    }
}

impl FromStr for Undated {
    type Err = UnknownUndated;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "exclude" => Ok(Self::Exclude),
            "use" => Ok(Self::Use),
            other => Err(UnknownUndated { text: other.to_owned() }),
        }
    }
}
