use std::collections::BTreeMap;

use foramen_image::Contrast;
use foramen_types::SubjectId;
use jiff::civil::Date;
use thiserror::Error;

use crate::region::{by_blocks, weigh};
use crate::{Finding, Orientation, Region, Scan, StackHeader};

/// The stacks of one examination.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Study<'a> {
    /// Whose examination it is.
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
    /// The stack, or the angled blocks that belong together, from the feet to
    /// the head.
    pub stacks: Vec<&'a StackHeader>,
    /// How well it suits, above 0 to 1: the confidence in contrast and region,
    /// less for what makes measuring harder.
    pub score: f64,
    /// What speaks for it, and what against it.
    pub reasons: Vec<String>,
}

/// Why a study holds no axial T2 images of the cervical spine.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
#[error("no axial T2 images of the cervical spine: {}", self.summary())]
pub struct NoAxialT2 {
    /// Each stack of the study and why it is none of them.
    pub refused: Vec<RefusedStack>,
}

/// A stack that is not an axial T2 image of the cervical spine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedStack {
    /// Series Instance UID.
    pub series_uid: String,
    /// Index of the stack within its series.
    pub stack: usize,
    /// Why, with the evidence.
    pub reason: String,
}

impl Scan {
    /// The stacks by examination, in order of subject and study.
    #[must_use]
    pub fn studies(&self) -> Vec<Study<'_>> {
        Study::group(&self.stacks)
    }
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

    /// The best axial T2 images (spin echo or T2*) of the cervical spine, the
    /// best first: axial, of T2 contrast, no scout, and not of another region.
    /// A header that does not tell the region is no reason against.
    ///
    /// # Errors
    /// [`NoAxialT2`] with the reason for each stack.
    pub fn axial_t2(&self) -> Result<Vec<AxialT2<'a>>, NoAxialT2> {
        let mut suitable: BTreeMap<(&str, &[usize]), Vec<&'a StackHeader>> = BTreeMap::new();
        let mut refused = Vec::new();
        for &stack in &self.stacks {
            match self.suits(stack) {
                // One block of several may lie too steep; the others stay.
                Ok(()) => {
                    suitable.entry((&stack.series_uid, &stack.blocks)).or_default().push(stack);
                }
                Err(reason) => {
                    let series_uid = stack.series_uid.clone();
                    refused.push(RefusedStack { series_uid, stack: stack.stack, reason });
                }
            }
        }
        let in_order = |((_, blocks), mut stacks): ((_, &[usize]), Vec<&'a StackHeader>)| {
            stacks.sort_by_key(|stack| blocks.iter().position(|&block| block == stack.stack));
            judge(stacks)
        };
        let mut found: Vec<AxialT2<'a>> = suitable.into_iter().map(in_order).collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        if found.is_empty() { Err(NoAxialT2 { refused }) } else { Ok(found) }
    }

    /// The part of the body, from all stacks of the study.
    #[must_use]
    pub fn region(&self) -> (Region, Finding) {
        let mut signs: Vec<(Region, u32, String)> = Vec::new();
        for stack in &self.stacks {
            signs.extend(by_blocks(&self.blocks(stack)));
            let finding = stack.findings.iter().find(|finding| finding.about == "region");
            if stack.region != Region::Unknown
                && let Some(finding) = finding
            {
                signs.push((stack.region, 1, finding.evidence.join(", ")));
            }
        }
        signs.sort_by(|a, b| a.2.cmp(&b.2));
        signs.dedup_by(|a, b| a.2 == b.2);
        weigh(&signs)
    }

    fn blocks(&self, of: &StackHeader) -> Vec<&'a StackHeader> {
        let find = |&block: &usize| {
            let same = |s: &&&StackHeader| s.stack == block && s.series_uid == of.series_uid;
            self.stacks.iter().find(same).copied()
        };
        of.blocks.iter().filter_map(find).collect()
    }

    fn suits(&self, stack: &StackHeader) -> Result<(), String> {
        let because = |about: &str| {
            let found = stack.findings.iter().find(|finding| finding.about == about);
            found.map_or_else(String::new, |finding| finding.evidence.join(", "))
        };
        if stack.localizer {
            return Err(format!("a localizer: {}", because("kind")));
        }
        if stack.orientation != Orientation::Axial {
            return Err(format!("{}: {}", stack.orientation, because("plane")));
        }
        if !matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star) {
            let contrast = stack.contrast;
            return Err(format!("no T2 contrast ({contrast}): {}", because("contrast")));
        }
        // What a stack says about itself comes before what its study does.
        let (region, evidence) = match (stack.region, by_blocks(&self.blocks(stack))) {
            (Region::Unknown, Some((region, _, why))) => (region, why),
            (Region::Unknown, None) => {
                let (region, finding) = self.region();
                (region, finding.evidence.join(", "))
            }
            (region, _) => (region, because("region")),
        };
        if !matches!(region, Region::Cervical | Region::Unknown) {
            return Err(format!("another region ({region}): {evidence}"));
        }
        Ok(())
    }
}

impl NoAxialT2 {
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

/// Scores an acquisition that suits.
fn judge(stacks: Vec<&StackHeader>) -> AxialT2<'_> {
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
    AxialT2 { stacks, score, reasons }
}
