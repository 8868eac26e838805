use std::collections::BTreeMap;

use foramen_image::Contrast;
use foramen_types::SubjectId;
use jiff::civil::Date;
use thiserror::Error;

use crate::recency::recency;
use crate::region_evidence::{self, RegionVerdict};
use crate::{Accepted, FatSignal, Finding, Orientation, Refusal, Region, Remark, StackHeader};

/// The stacks of one examination.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Study<'a> {
    /// The subject.
    pub subject: &'a SubjectId,
    /// Study Instance UID (0020,000D).
    pub study_uid: &'a str,
    /// The first day of an acquisition, where known.
    pub acquired: Option<Date>,
    /// Its stacks, in order of series and index.
    pub stacks: Vec<&'a StackHeader>,
}

/// A series of axial T2 images of the cervical spine that may be measured.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AxialT2<'a> {
    /// The stack, or the blocks of one acquisition, from the feet to the head.
    pub stacks: Vec<&'a StackHeader>,
    /// Its suitability, above 0 to 1: the confidence in contrast and region, reduced for features
    /// that make measuring harder.
    pub score: f64,
    /// The evidence for and against it.
    pub reasons: Vec<String>,
    /// Remarks for the person who measures it: those of its stacks, and those about region and
    /// plane.
    pub remarks: Vec<Remark>,
}

/// Why a study has no axial T2 images of the cervical spine.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
#[error("no axial T2 images of the cervical spine: {}{}", self.summary(), self.remedy())]
pub struct NoAxialT2 {
    /// Each stack of the study, and why it is not one of them.
    pub refused: Vec<RefusedStack>,
    /// What to do with the existing images, if there is advice.
    pub advice: Option<&'static str>,
}

/// A stack that is not an axial T2 image of the cervical spine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedStack {
    /// Series Instance UID.
    pub series_uid: String,
    /// Index of the stack within its series.
    pub stack: usize,
    /// The kind of reason, which a person may accept by name.
    pub refusal: Refusal,
    /// The reason, with its evidence.
    pub reason: String,
}

impl<'a> Study<'a> {
    /// Stacks by examination, in order of subject and study.
    #[must_use]
    pub fn group(stacks: impl IntoIterator<Item = &'a StackHeader>) -> Vec<Self> {
        let mut studies: BTreeMap<(&SubjectId, &str), Vec<&StackHeader>> = BTreeMap::new();
        for stack in stacks {
            studies.entry((&stack.subject, &stack.study_uid)).or_default().push(stack);
        }
        let mut found = Vec::with_capacity(studies.len());
        for ((subject, study_uid), stacks) in studies {
            let acquired = stacks.iter().filter_map(|stack| stack.acquired).min();
            found.push(Self { subject, study_uid, acquired, stacks });
        }
        found
    }

    /// The best axial T2 images (spin echo or T2*) of the cervical spine, the best first: axial, of
    /// T2 contrast, not a scout, and not of another region. Evidence is weighed: an unknown region
    /// is not a reason against a stack, nor is a single sign of another region if other signs
    /// indicate the neck; both give a remark. Of two equally suitable ones the later comes first,
    /// since a repeat is usually made because the first failed.
    ///
    /// # Errors
    /// [`NoAxialT2`] with the reason for each stack.
    pub fn axial_t2(&self) -> Result<Vec<AxialT2<'a>>, NoAxialT2> {
        self.axial_t2_accepting(&Accepted::default())
    }

    /// Like [`Self::axial_t2`], with some reasons against a stack accepted by a person. Images that
    /// are used despite such a reason get the remark [`Remark::Accepted`].
    ///
    /// # Errors
    /// [`NoAxialT2`] with the reason for each stack.
    pub fn axial_t2_accepting(&self, accepted: &Accepted) -> Result<Vec<AxialT2<'a>>, NoAxialT2> {
        type Suitable<'a> = (Vec<&'a StackHeader>, Vec<Remark>);
        let mut suitable: BTreeMap<(&str, &[usize]), Suitable<'a>> = BTreeMap::new();
        let mut refused = Vec::new();
        for &stack in &self.stacks {
            match self.suits(stack, accepted, false) {
                // One block of several may lie too steep; the others stay.
                Ok(remarks) => {
                    let found = suitable.entry((&stack.series_uid, &stack.blocks)).or_default();
                    found.0.push(stack);
                    found.1.extend(remarks);
                }
                Err((refusal, reason)) => {
                    let series_uid = stack.series_uid.clone();
                    refused.push(RefusedStack { series_uid, stack: stack.stack, refusal, reason });
                }
            }
        }
        let in_order = |((_, blocks), (mut stacks, remarks)): ((_, &[usize]), Suitable<'a>)| {
            stacks.sort_by_key(|stack| blocks.iter().position(|&block| block == stack.stack));
            judge(stacks, remarks)
        };
        let mut found: Vec<AxialT2<'a>> = suitable.into_iter().map(in_order).collect();
        let recency = |answer: &AxialT2<'_>| answer.stacks.iter().map(|stack| recency(stack)).max();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| recency(b).cmp(&recency(a))));
        if found.is_empty() {
            return Err(NoAxialT2 { refused, advice: of_stacks(&self.stacks) });
        }
        Ok(found)
    }

    /// The part of the body, from all stacks of the study.
    #[must_use]
    pub fn region(&self) -> (Region, Finding) {
        region_evidence::region(&self.stacks)
    }

    /// Whether a stack has axial T2 images of the neck, or, with `volumes`, is a volume from which
    /// axial slices can be made. Returns the remarks on it, or why it does not.
    pub(crate) fn suits(
        &self,
        stack: &StackHeader,
        accepted: &Accepted,
        volumes: bool,
    ) -> Result<Vec<Remark>, (Refusal, String)> {
        let because = |about: &str| {
            let found = stack.findings.iter().find(|finding| finding.about == about);
            found.map_or_else(String::new, |finding| finding.evidence.join(", "))
        };
        let mut remarks = Vec::new();
        let mut refuse = |refusal: Refusal, reason: String| {
            if accepted.holds(refusal) {
                remarks.push(Remark::Accepted { refusal });
                return Ok(());
            }
            Err((refusal, reason))
        };
        if stack.localizer {
            refuse(Refusal::Localizer, format!("a localizer: {}", because("kind")))?;
        }
        let steep = stack.steep();
        let is_across = stack.orientation != Orientation::Axial && steep.is_none();
        if is_across && !(volumes && stack.is_volume()) {
            let plane = stack.orientation;
            refuse(Refusal::Plane, format!("{plane}: {}", because("plane")))?;
        }
        if !matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star) {
            let contrast = stack.contrast;
            let reason = format!("no T2 contrast ({contrast}): {}", because("contrast"));
            refuse(Refusal::Contrast, reason)?;
        }
        if stack.fat == FatSignal::FatOnly {
            refuse(Refusal::Fat, format!("an image of fat: {}", because("fat")))?;
        }
        let region = match region_evidence::judge(&self.stacks, stack) {
            RegionVerdict::Cervical(remark) => remark,
            RegionVerdict::Elsewhere(region, evidence) => {
                let reason = format!("another region ({region}): {evidence}");
                refuse(Refusal::Region, reason)?;
                None
            }
        };
        remarks.extend(region);
        remarks.extend(steep.map(|degrees| Remark::SteepBlock { degrees }));
        Ok(remarks)
    }
}

impl NoAxialT2 {
    fn remedy(&self) -> String {
        self.advice.map_or_else(String::new, |advice| format!("; {advice}"))
    }

    /// Each different reason once, with the number of stacks.
    fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for refused in &self.refused {
            *counts.entry(&refused.reason).or_default() += 1;
        }
        let lines: Vec<String> =
            counts.into_iter().map(|(reason, stacks)| format!("{stacks} × {reason}")).collect();
        if lines.is_empty() { "there are no MR stacks".to_owned() } else { lines.join("; ") }
    }
}

/// Greatest distance, in millimetres, between slices of a volume from which axial slices can be
/// made.
const VOLUME_SPACING: f64 = 1.3;
/// Least number of slices of such a volume.
const VOLUME_SLICES: usize = 24;

impl StackHeader {
    /// Whether axial slices can be made from it: a T2 volume (spin echo) of thin non-axial slices,
    /// as from SPACE, CUBE and VISTA.
    #[must_use]
    pub fn is_volume(&self) -> bool {
        self.orientation != Orientation::Axial
            && self.steep().is_none()
            && !self.localizer
            && self.contrast == Contrast::T2Fse
            && self.slices.len() >= VOLUME_SLICES
            && self.slice_spacing().is_some_and(|mm| mm <= VOLUME_SPACING)
            && self.spacing.row.max(self.spacing.column) <= VOLUME_SPACING
    }
}

/// What happens if there are no axial images: a volume is reformatted.
fn of_stacks(stacks: &[&StackHeader]) -> Option<&'static str> {
    stacks.iter().any(|stack| stack.is_volume()).then_some(
        "there is a T2 volume of thin slices, of which `select`, `study` and `predict` make axial \
         slices perpendicular to the canal",
    )
}

/// Scores a suitable acquisition.
fn judge(stacks: Vec<&StackHeader>, about: Vec<Remark>) -> AxialT2<'_> {
    let first = stacks[0];
    let finding = |about: &str| first.findings.iter().find(|f| f.about == about);
    let mut reasons = Vec::new();
    for about in ["contrast", "region"] {
        reasons.extend(finding(about).into_iter().flat_map(|f| f.evidence.clone()));
    }
    let mut score = finding("contrast").map_or(0.5, |finding| finding.confidence);
    let mut less = |factor: f64, why: String| {
        score *= factor;
        reasons.push(format!("{why} (× {factor})"));
    };
    if first.contrast == Contrast::T2Star {
        less(0.9, "T2* shows bone and facets alike".to_owned());
    }
    if matches!(first.fat, FatSignal::Water | FatSignal::Suppressed | FatSignal::OpposedPhase) {
        let why = finding("fat").map_or_else(String::new, |finding| finding.evidence.join(", "));
        less(0.8, format!("fat is taken away: {why}"));
    }
    if first.region == Region::Unknown {
        less(0.9, "the region is not told".to_owned());
    }
    if first.derived {
        less(0.5, "computed from other images".to_owned());
    }
    let slices: usize = stacks.iter().map(|stack| stack.slices.len()).sum();
    if slices < 3 {
        less(0.3, format!("only {slices} slices"));
    }
    let pixel = first.spacing.row.max(first.spacing.column);
    if pixel > 0.8 {
        less(0.7, format!("coarse pixels of {pixel:.2} mm"));
    }
    let apart = first.report.spacing.unwrap_or(0.0);
    if apart > 5.0 {
        less(0.8, format!("slices {apart:.1} mm apart"));
    }
    for problem in stacks.iter().flat_map(|stack| &stack.problems) {
        if !problem.is_harmless() {
            less(0.95, problem.to_string());
        }
    }
    let mut remarks: Vec<Remark> = Vec::new();
    for remark in stacks.iter().flat_map(|stack| stack.remarks.clone()).chain(about) {
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    AxialT2 { stacks, score, reasons, remarks }
}
