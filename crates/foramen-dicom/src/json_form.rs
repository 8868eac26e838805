//! The JSON form of a scan for other programs: separate from the types, so that renaming a field
//! does not change files.

use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    AxialT2, Finding, NoAxialT2, RefusedStack, Rejected, Remark, Scan, StackHeader, Study,
};

/// What is written of a [`Scan`], and read back: `{files, stacks, studies, rejected}`.
///
/// A [`Scan`] itself cannot be read back, since it also holds where the pixels of each image lie
/// in which file.
///
/// ```
/// use foramen_dicom::{ScanOptions, ScanSummary, scan};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("notes.txt"), "no image")?;
/// let found = scan(folder.path(), &ScanOptions::default())?;
/// let json = serde_json::to_string(&found)?;
/// let read: ScanSummary = serde_json::from_str(&json)?;
/// assert_eq!(read.files, 1);
/// assert_eq!(read.rejected[0].reason, "no DICOM file");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScanSummary {
    /// Files that were looked at.
    pub files: usize,
    /// The stacks, in order of subject, study, series and index.
    pub stacks: Vec<StackSummary>,
    /// What each study holds, in order of its first stack.
    pub studies: Vec<StudySummary>,
    /// What is not used, in order of path.
    pub rejected: Vec<RejectedSummary>,
}

/// Identity, kind and measured geometry of a stack: no slices and no paths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StackSummary {
    /// Whose images they are.
    pub subject_id: String,
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Index of the stack within its series, from 0.
    pub stack: usize,
    /// The angled blocks of the same acquisition, as values of `stack`, this one among them.
    pub blocks: Vec<usize>,
    /// The plane: axial, sagittal, coronal or oblique.
    pub plane: String,
    /// The weighting, such as T2.
    pub contrast: String,
    /// The part of the body.
    pub region: String,
    /// Why plane, contrast, region and kind were given.
    pub findings: Vec<FindingSummary>,
    /// Whether it only plans other images.
    pub localizer: bool,
    /// Whether it was computed from other images.
    pub derived: bool,
    /// The day of the acquisition, where it is known.
    pub date: Option<Date>,
    /// What whoever measures these images should know, by name.
    pub remarks: Vec<String>,
    /// Number of slices.
    pub n_slices: usize,
    /// Rows of each slice.
    pub rows: usize,
    /// Columns of each slice.
    pub columns: usize,
    /// Distances between the centres of neighbours, millimetres.
    pub spacing_mm: SpacingSummary,
    /// The distance from each slice to the next, millimetres.
    pub gaps_mm: Vec<f64>,
    /// How far slices are moved against each other within their plane, millimetres.
    pub shear_mm: f64,
    /// Whether it is an even grid.
    pub even: bool,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// Distances between the centres of neighbours, millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SpacingSummary {
    /// Between rows.
    pub row: f64,
    /// Between columns.
    pub column: f64,
    /// Between slices, the middle one of all; `None` for a single slice.
    pub slice: Option<f64>,
}

/// What was found out about a stack, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FindingSummary {
    /// What was asked, such as the plane.
    pub about: String,
    /// The answer.
    pub answer: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// What speaks for it, in words.
    pub evidence: Vec<String>,
}

/// The axial T2 images of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StudySummary {
    /// Whose study it is.
    pub subject_id: String,
    /// Study Instance UID (0020,000D).
    pub study_uid: String,
    /// The images, or why there are none.
    pub axial_t2: AxialT2Summary,
}

/// The axial T2 images of a study, the best first, or for each stack why it is none of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AxialT2Summary {
    /// The images, the best first.
    Found(Vec<RankedSummary>),
    /// There are none.
    None {
        /// Each stack and why.
        refused: Vec<RefusedSummary>,
    },
}

/// Stacks that are axial T2 images, and how well they suit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RankedSummary {
    /// Series Instance UID (0020,000E).
    pub series_uid: Option<String>,
    /// How well they suit: above 0 to 1.
    pub score: f64,
    /// What speaks for and against them, in words.
    pub reasons: Vec<String>,
    /// The index of each stack within the series.
    pub stacks: Vec<usize>,
}

/// A stack that is no axial T2 image, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefusedSummary {
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Index of the stack within its series, from 0.
    pub stack: usize,
    /// Why, in words.
    pub reason: String,
}

/// A file or frame that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RejectedSummary {
    /// The file. What of its path is no Unicode is replaced.
    pub path: String,
    /// The frame within it, from 1; `None` for the whole file.
    pub frame: Option<u32>,
    /// Why, in words.
    pub reason: String,
}

impl From<&Scan> for ScanSummary {
    fn from(scan: &Scan) -> Self {
        Self {
            files: scan.files,
            stacks: scan.stacks.iter().map(StackSummary::from).collect(),
            studies: scan.studies().iter().map(StudySummary::from).collect(),
            rejected: scan.rejected.iter().map(RejectedSummary::from).collect(),
        }
    }
}

impl From<&StackHeader> for StackSummary {
    fn from(header: &StackHeader) -> Self {
        let (row, column) = (header.spacing.row, header.spacing.column);
        Self {
            subject_id: header.subject.as_str().to_owned(),
            series_uid: header.series_uid.clone(),
            stack: header.stack,
            blocks: header.blocks.clone(),
            plane: header.orientation.name().to_owned(),
            contrast: header.contrast.name().to_owned(),
            region: header.region.name().to_owned(),
            findings: header.findings.iter().map(FindingSummary::from).collect(),
            localizer: header.localizer,
            derived: header.derived,
            date: header.acquired,
            remarks: header.remarks.iter().map(|remark| Remark::name(remark).to_owned()).collect(),
            n_slices: header.slices.len(),
            rows: header.rows,
            columns: header.columns,
            spacing_mm: SpacingSummary { row, column, slice: header.slice_spacing() },
            gaps_mm: header.report.gaps.clone(),
            shear_mm: header.report.shear,
            even: header.report.is_even(),
            problems: header.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Finding> for FindingSummary {
    fn from(finding: &Finding) -> Self {
        let Finding { about, answer, confidence, evidence } = finding;
        Self {
            about: (*about).to_owned(),
            answer: (*answer).to_owned(),
            confidence: *confidence,
            evidence: evidence.clone(),
        }
    }
}

impl From<&Study<'_>> for StudySummary {
    fn from(study: &Study<'_>) -> Self {
        let axial_t2 = match study.axial_t2() {
            Ok(found) => AxialT2Summary::Found(found.iter().map(RankedSummary::from).collect()),
            Err(none) => AxialT2Summary::from(&none),
        };
        Self {
            subject_id: study.subject.as_str().to_owned(),
            study_uid: study.study_uid.to_owned(),
            axial_t2,
        }
    }
}

impl From<&NoAxialT2> for AxialT2Summary {
    fn from(none: &NoAxialT2) -> Self {
        Self::None { refused: none.refused.iter().map(RefusedSummary::from).collect() }
    }
}

impl From<&AxialT2<'_>> for RankedSummary {
    fn from(found: &AxialT2<'_>) -> Self {
        Self {
            series_uid: found.stacks.first().map(|stack| stack.series_uid.clone()),
            score: found.score,
            reasons: found.reasons.clone(),
            stacks: found.stacks.iter().map(|stack| stack.stack).collect(),
        }
    }
}

impl From<&RefusedStack> for RefusedSummary {
    fn from(refused: &RefusedStack) -> Self {
        let RefusedStack { series_uid, stack, reason, .. } = refused;
        Self { series_uid: series_uid.clone(), stack: *stack, reason: reason.clone() }
    }
}

impl From<&Rejected> for RejectedSummary {
    fn from(rejected: &Rejected) -> Self {
        Self {
            path: rejected.path.to_string_lossy().into_owned(),
            frame: rejected.frame,
            reason: rejected.reason.to_string(),
        }
    }
}

/// A type is written as its summary.
macro_rules! written_as {
    ($($summary:ident: $type:ty),* $(,)?) => {$(
        #[doc = concat!("Written as [`", stringify!($summary), "`], which can be read back.")]
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $summary::from(self).serialize(serializer)
            }
        }
    )*};
}

written_as! {
    ScanSummary: Scan,
    StackSummary: StackHeader,
    FindingSummary: Finding,
    StudySummary: Study<'_>,
    RankedSummary: AxialT2<'_>,
    AxialT2Summary: NoAxialT2,
    RefusedSummary: RefusedStack,
    RejectedSummary: Rejected,
}
