use std::fmt;
use std::str::FromStr;

use clap::Args;
use foramen_dicom::{Accepted, Refusal, ScanOptions, SubjectFrom};
use foramen_study::{ReformatOptions, StudyConfig, Undated};

/// Options of reading a folder of images, and of the images that may be used: the same for every
/// command that scans one.
#[derive(Debug, Clone, Default, Args)]
pub struct ScanArguments {
    /// Source of subject ids: patient-id, folder, or folder:DEPTH.
    #[arg(long, value_name = "SOURCE", default_value = "patient-id")]
    pub subject_from: SubjectFrom,
    /// Assume one frame of reference for images of one person and day if sagittal and axial ones
    /// cross.
    #[arg(long)]
    pub assume_one_frame: bool,
    /// Use images despite this reason (localizer, plane, contrast, fat, region); may be given
    /// several times. Their selections get the remark `accepted`.
    #[arg(long, value_name = "REASON")]
    pub accept: Vec<Refusal>,
}

/// Options of choosing axial images: for every command that chooses slices.
#[derive(Debug, Clone, Default, Args)]
pub struct ImageArguments {
    /// Measure a subject that has this series (Series Instance UID) only on this series; may be
    /// given several times.
    #[arg(long, value_name = "UID")]
    pub series: Vec<String>,
    /// Treatment of images whose date is present but cannot be read: exclude, or use (with the
    /// remark `unreadable_date`).
    #[arg(long, value_name = "RULE", default_value = "exclude")]
    pub undated: Undated,
    /// Thickness in millimetres of axial slices made from a sagittal T2 volume, if a subject has no
    /// axial images.
    #[arg(long, value_name = "MM", default_value_t = ReformatMm::default())]
    pub reformat_mm: ReformatMm,
}

/// The thickness of slices made from a volume, in millimetres.
#[derive(Debug, Clone, Copy)]
pub struct ReformatMm(f64);

impl Default for ReformatMm {
    fn default() -> Self {
        Self(ReformatOptions::default().thickness)
    }
}

impl fmt::Display for ReformatMm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReformatMm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mm = text.parse().ok().filter(|mm| (0.5..=6.0).contains(mm));
        mm.map(Self).ok_or_else(|| format!("{text:?} is no thickness from 0.5 to 6 mm"))
    }
}

impl ImageArguments {
    /// The study's options for its images.
    pub(crate) fn config(&self, scan: &ScanArguments) -> StudyConfig {
        StudyConfig::default()
            .with_accepted(scan.accepted())
            .with_series(self.series.clone())
            .with_undated(self.undated)
            .with_reformat(ReformatOptions::default().with_thickness(self.reformat_mm.0))
    }
}

impl ScanArguments {
    /// The refusals that are accepted.
    pub(crate) fn accepted(&self) -> Accepted {
        Accepted::new(self.accept.iter().copied())
    }

    /// The options of a scan.
    pub(crate) fn options(&self) -> ScanOptions {
        ScanOptions::default()
            .with_subject_from(self.subject_from.clone())
            .with_assume_one_frame(self.assume_one_frame)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use foramen_dicom::scan;
    use foramen_phantom::{CohortConfig, write_cohort};

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        scan: ScanArguments,
    }

    #[test]
    fn subjects_are_named_by_their_folders_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let renamed = folder.path().join("export");
        let dicom = folder.path().join("dicom");
        let patient = std::fs::read_dir(&dicom).unwrap().next().unwrap().unwrap().path();
        std::fs::create_dir(&renamed).unwrap();
        std::fs::rename(patient, renamed.join("case-07")).unwrap();
        let subjects = |arguments: &[&str]| {
            let command = Command::try_parse_from([&["scan"], arguments].concat()).unwrap();
            let found = scan(&renamed, &command.scan.options()).unwrap();
            found.stacks.iter().map(|stack| stack.subject.to_string()).collect::<Vec<_>>()
        };
        assert!(subjects(&[]).iter().all(|subject| subject == "P0001"));
        let named = subjects(&["--subject-from", "folder"]);
        assert!(!named.is_empty() && named.iter().all(|subject| subject == "case-07"));
        assert!(Command::try_parse_from(["scan", "--subject-from", "name"]).is_err());
    }
}
