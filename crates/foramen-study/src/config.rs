use foramen_image::PatchFrame;
use foramen_select::{DiscOptions, MeasureOptions, SelectOptions};

/// Everything a study can be told besides its inputs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StudyConfig {
    /// How old the scan may be at the injection, days. Default 365: an older one
    /// no longer shows the stenosis that is treated.
    pub scan_age: u16,
    /// How foramina are measured.
    pub measure: MeasureOptions,
    /// Which slices belong to a level.
    pub select: SelectOptions,
    /// How discs are found on the sagittal series, when no positions are given.
    pub discs: DiscOptions,
    /// Size and resolution of the patches.
    pub patch: PatchFrame,
}

impl Default for StudyConfig {
    fn default() -> Self {
        Self {
            scan_age: 365,
            measure: MeasureOptions::default(),
            select: SelectOptions::default(),
            discs: DiscOptions::default(),
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

    /// The same configuration with another patch frame.
    #[must_use]
    pub fn with_patch(mut self, patch: PatchFrame) -> Self {
        self.patch = patch;
        self
    }
}
