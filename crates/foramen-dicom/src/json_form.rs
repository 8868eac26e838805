//! The JSON form of a scan for other programs: separate from the types, so that renaming a field
//! does not change files.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::{
    AxialT2, Finding, NoAxialT2, RefusedStack, Rejected, Remark, Scan, StackHeader, Study,
};

/// `{about, answer, confidence, evidence}`; the confidence is 0 to 1.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            about: &'a str,
            answer: &'a str,
            confidence: f64,
            evidence: &'a [String],
        }
        let Self { about, answer, confidence, evidence } = self;
        Form { about, answer, confidence: *confidence, evidence }.serialize(serializer)
    }
}

/// Identity, kind and measured geometry of a stack, lengths in millimetres; no slices and
/// no paths.
impl Serialize for StackHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Spacing {
            row: f64,
            column: f64,
            slice: Option<f64>,
        }
        #[derive(Serialize)]
        struct Form<'a> {
            subject_id: &'a str,
            series_uid: &'a str,
            stack: usize,
            blocks: &'a [usize],
            plane: &'a str,
            contrast: &'a str,
            region: &'a str,
            findings: &'a [Finding],
            localizer: bool,
            derived: bool,
            date: Option<String>,
            remarks: Vec<&'a str>,
            n_slices: usize,
            rows: usize,
            columns: usize,
            spacing_mm: Spacing,
            gaps_mm: &'a [f64],
            shear_mm: f64,
            even: bool,
            problems: Vec<String>,
        }
        let (row, column) = (self.spacing.row, self.spacing.column);
        Form {
            subject_id: self.subject.as_str(),
            series_uid: &self.series_uid,
            stack: self.stack,
            blocks: &self.blocks,
            plane: self.orientation.name(),
            contrast: self.contrast.name(),
            region: self.region.name(),
            findings: &self.findings,
            localizer: self.localizer,
            derived: self.derived,
            date: self.acquired.map(|date| date.to_string()),
            remarks: self.remarks.iter().map(Remark::name).collect(),
            n_slices: self.slices.len(),
            rows: self.rows,
            columns: self.columns,
            spacing_mm: Spacing { row, column, slice: self.slice_spacing() },
            gaps_mm: &self.report.gaps,
            shear_mm: self.report.shear,
            even: self.report.is_even(),
            problems: self.problems.iter().map(ToString::to_string).collect(),
        }
        .serialize(serializer)
    }
}

/// `{path, frame, reason}`, the reason in words. Parts of a path that are not Unicode are replaced.
impl Serialize for Rejected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            path: Cow<'a, str>,
            frame: Option<u32>,
            reason: String,
        }
        let (path, reason) = (self.path.to_string_lossy(), self.reason.to_string());
        Form { path, frame: self.frame, reason }.serialize(serializer)
    }
}

/// `{subject_id, study_uid, axial_t2}`: the axial T2 images, the best first, or for each stack why
/// it is not one of them.
impl Serialize for Study<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            subject_id: &'a str,
            study_uid: &'a str,
            axial_t2: Answer<'a>,
        }
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Answer<'a> {
            Found(Vec<AxialT2<'a>>),
            None(NoAxialT2),
        }
        Form {
            subject_id: self.subject.as_str(),
            study_uid: self.study_uid,
            axial_t2: self.axial_t2().map_or_else(Answer::None, Answer::Found),
        }
        .serialize(serializer)
    }
}

/// `{series_uid, score, reasons, stacks}`; the score is above 0 to 1.
impl Serialize for AxialT2<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            series_uid: Option<&'a str>,
            score: f64,
            reasons: &'a [String],
            stacks: Vec<usize>,
        }
        Form {
            series_uid: self.stacks.first().map(|stack| stack.series_uid.as_str()),
            score: self.score,
            reasons: &self.reasons,
            stacks: self.stacks.iter().map(|stack| stack.stack).collect(),
        }
        .serialize(serializer)
    }
}

/// `{refused}`: each stack and why.
impl Serialize for NoAxialT2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            refused: &'a [RefusedStack],
        }
        Form { refused: &self.refused }.serialize(serializer)
    }
}

/// `{series_uid, stack, reason}`.
impl Serialize for RefusedStack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            series_uid: &'a str,
            stack: usize,
            reason: &'a str,
        }
        let Self { series_uid, stack, reason, .. } = self;
        Form { series_uid, stack: *stack, reason }.serialize(serializer)
    }
}

/// `{files, stacks, studies, rejected}`, as `scan --json` writes it.
impl Serialize for Scan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            files: usize,
            stacks: &'a [StackHeader],
            studies: Vec<Study<'a>>,
            rejected: &'a [Rejected],
        }
        let Self { stacks, rejected, files, .. } = self;
        Form { files: *files, stacks, studies: self.studies(), rejected }.serialize(serializer)
    }
}
