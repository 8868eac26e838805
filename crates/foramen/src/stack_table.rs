//! The stacks of a scan, for people.

use std::collections::BTreeSet;

use foramen_dicom::{
    Accepted, Finding, FrameAgreement, IdentifierGroup, Refusal, Rejected, Remark, Residual, Scan,
    StackHeader, identity_report, series_description,
};

use crate::terminal::say;

/// Prints one line per stack, with the evidence if asked.
pub(crate) fn print_stacks(found: &Scan, explain: bool) {
    if found.stacks.is_empty() {
        return;
    }
    say!(
        "{:<16} {:>12} {:>5} {:<10} {:<8} {:<7} {:>6} {:>9} {:<17} description; problems",
        "subject",
        "series",
        "stack",
        "date",
        "plane",
        "image",
        "slices",
        "matrix",
        "spacing (mm)"
    );
    let mut before = Vec::new();
    for stack in &found.stacks {
        let tail = tail(&stack.series_uid);
        let between = stack.slice_spacing().map_or_else(|| "–".into(), |mm| format!("{mm:.2}"));
        let date = stack.acquired.map_or_else(|| "?".to_owned(), |date| date.to_string());
        // A file that can no longer be read is told when it is asked for more.
        let description = series_description(stack).ok().flatten();
        let told: Vec<String> = description.into_iter().chain(remarks(stack)).collect();
        let spacing = format!("{:.3} × {:.3} × {between}", stack.spacing.row, stack.spacing.column);
        say!(
            "{:<16} {tail:>12} {:>5} {date:<10} {:<8} {:<7} {:>6} {:>9} {spacing:<17} {}",
            stack.subject,
            stack.stack,
            stack.orientation,
            stack.contrast,
            stack.slices.len(),
            format!("{} × {}", stack.rows, stack.columns),
            told.join("; ")
        );
        let of = |finding: &Finding| {
            let Finding { about, answer, confidence, evidence, .. } = finding;
            format!("{about:>16} {answer:<9} {confidence:.2}  {}", evidence.join(", "))
        };
        let findings: Vec<String> = stack.findings.iter().filter(|_| explain).map(of).collect();
        // Of a series for each slice the same is found over and over.
        if findings != before {
            findings.iter().for_each(|finding| say!("{finding}"));
        }
        before = findings;
    }
}

/// Most axial T2 series of a study that are described one by one.
const LISTED: usize = 4;

/// Prints which stacks of each study are its axial T2 images, or why there are none.
pub(crate) fn print_studies(found: &Scan, accepted: &Accepted) {
    for study in found.studies() {
        match study.axial_t2_accepting(accepted) {
            Ok(answers) => {
                let more = answers.len().saturating_sub(LISTED);
                for best in answers.into_iter().take(LISTED) {
                    let stacks: Vec<_> = best.stacks.iter().map(|s| s.stack.to_string()).collect();
                    let (series, stacks) = (tail(&best.stacks[0].series_uid), stacks.join(", "));
                    say!(
                        "{}: axial T2 in {series}, stacks {stacks} ({:.2}): {}",
                        study.subject,
                        best.score,
                        best.reasons.join(", ")
                    );
                }
                if more > 0 {
                    let subject = study.subject;
                    say!("{subject}: axial T2 in {more} more series; the sets below hold them all");
                }
            }
            Err(none) => {
                say!("{}: {none}", study.subject);
                let axial = none.refused.iter().filter(|r| r.refusal != Refusal::Plane);
                let kinds: BTreeSet<_> = axial.map(|refused| refused.refusal.name()).collect();
                for kind in kinds {
                    say!("{:>16} --accept {kind} uses them all the same", "");
                }
            }
        }
    }
}

/// Prints the sets of axial T2 images of each examination in their order, and why
/// each comes before the next.
pub(crate) fn print_pools(found: &Scan, accepted: &Accepted) {
    for examination in found.examinations() {
        let frames = examination.frames();
        if frames != FrameAgreement::One {
            say!("{}: {frames}", examination.subject);
        }
        // Why there is none was told for each study.
        let Ok(pool) = examination.pool(accepted) else { continue };
        let day = pool.acquired.map_or_else(|| "?".to_owned(), |date| date.to_string());
        for (index, set) in pool.sets.iter().enumerate() {
            let series: Vec<&str> = set.series().into_iter().map(tail).collect();
            say!(
                "{} {day}: set {} of {}: {} images, {} {}, {:.0} mm, series {}",
                pool.subject,
                index + 1,
                pool.sets.len(),
                set.images.len(),
                set.contrast,
                set.fat,
                set.covered,
                series.join(", ")
            );
            if set.reformat {
                say!("{:>16} to be reformatted: axial slices are made of this volume", "");
            }
            for aside in &set.set_aside {
                let (image, kept) = (aside.image.header(), aside.kept.header());
                let (image, kept) = (image.path.display(), kept.path.display());
                say!("{:>16} {image}: the later {kept} is at the same position", "set aside");
            }
            for remark in &set.remarks {
                say!("{:>16} {}: {remark}", "remark", remark.name());
            }
        }
        if let Some((_, why)) = pool.runner_up() {
            say!("{:>16} set 1 comes before set 2: {why}", "");
        }
    }
}

/// The end of a UID, which distinguishes the series of one study.
fn tail(uid: &str) -> &str {
    uid.get(uid.len().saturating_sub(12)..).unwrap_or(uid)
}

fn remarks(stack: &StackHeader) -> Vec<String> {
    let kind = [(stack.localizer, "localizer"), (stack.derived, "derived")];
    let kind = kind.into_iter().filter(|kind| kind.0).map(|kind| kind.1.to_owned());
    let place = stack.blocks.iter().position(|&block| block == stack.stack);
    let block = place.filter(|_| stack.blocks.len() > 1);
    let block = block.map(|at| format!("block {} of {}", at + 1, stack.blocks.len()));
    let dating = stack.acquired.is_none().then(|| stack.dating.to_string());
    kind.chain(block)
        .chain(stack.problems.iter().map(ToString::to_string))
        .chain(dating)
        .chain(stack.remarks.iter().filter(|r| !are_told(r)).map(ToString::to_string))
        .collect()
}

/// Whether problems, kind or date of the stack already report the remark.
fn are_told(remark: &Remark) -> bool {
    matches!(
        remark,
        Remark::MissingSlice { .. }
            | Remark::UnevenSpacing { .. }
            | Remark::SingleSlice
            | Remark::Derived
            | Remark::Undated
            | Remark::UnreadableDate
    )
}

/// Prints the number of rejected files for each reason, and each file.
pub(crate) fn print_rejected(found: &Scan, explain: bool) {
    say!("{} files, {} stacks, {} rejected", found.files, found.stacks.len(), found.rejected.len());
    for conflict in &found.conflicts {
        say!("{conflict}");
    }
    for (reason, count) in found.rejected_counts() {
        match found.way_out(reason) {
            Some(way_out) => say!("{count:>8}  {reason}: {way_out}"),
            None => say!("{count:>8}  {reason}"),
        }
    }
    for Rejected { path, reason, .. } in found.rejected.iter().filter(|_| explain) {
        say!("{}: {reason}", path.display());
    }
}

/// Prints the attributes that could identify a patient, by kind, each once, and returns how many of
/// them identify a person directly.
///
/// # Errors
/// When a file can no longer be read.
pub(crate) fn print_residuals(found: &Scan) -> anyhow::Result<usize> {
    let residuals = identity_report(&found.stacks)?;
    for Residual { group, tag, name, why, files, stacks, .. } in &residuals {
        let (of, element) = tag;
        say!("{group:<8} ({of:04X},{element:04X}) {name}: {why} ({stacks} stacks, {files} files)");
    }
    Ok(residuals.iter().filter(|residual| residual.group == IdentifierGroup::Direct).count())
}
