use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::{AxialT2, Scan, StackHeader};
use foramen_outcome::{Episode, Outcomes};
use foramen_types::{Level, Outcome, Side, SubjectId};
use jiff::civil::Date;

use crate::LevelEdits;
use crate::candidates::{axial_series, days};

/// A row that can be used: an injection with an outcome and an axial scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Line number of its row in the outcome table; 0 without a table.
    pub row: u64,
    /// Who was injected.
    pub subject: SubjectId,
    /// Where.
    pub level: Level,
    /// On which side.
    pub side: Side,
    /// When; `None` where it is yet to be done.
    pub injection_date: Option<Date>,
    /// What became of it; `None` where it is yet to be predicted.
    pub outcome: Option<Outcome>,
    /// A reader's own choice: SOP Instance UID of the slice to use.
    pub slice_hint: Option<String>,
    /// Series Instance UIDs of the axial T2 series that may be used, best first.
    pub series: Vec<String>,
    /// Days from the scan to the injection; `None` for images without a date.
    pub scan_age: Option<i64>,
    /// Numbers for the models beside the picture, by name; whoever wants some puts
    /// them here before slices are selected.
    pub covariates: BTreeMap<String, Option<f64>>,
}

/// A row that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Line number of the row in the outcome table.
    pub row: u64,
    /// Whose row, where that can be read.
    pub subject: Option<SubjectId>,
    /// The reason, the same text for the same kind of reason.
    pub reason: String,
    /// What exactly, for the person who can mend it.
    pub detail: String,
}

/// Every row of an outcome table, kept or excluded, and the studies without one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    /// Number of data rows in the outcome table.
    pub rows: usize,
    /// Rows that can be used, by subject, level and side.
    pub kept: Vec<Kept>,
    /// Rows left out, by line number.
    pub excluded: Vec<Excluded>,
    /// Subjects with images and no row.
    pub studies_without_row: Vec<SubjectId>,
    /// Pairs of subject ids, one of a row and one of images, that differ only in
    /// case or leading zeros: most likely one person.
    pub near_misses: Vec<(SubjectId, SubjectId)>,
    /// What a person changed in the disc positions that were drafted; whoever reads
    /// such a table puts it here.
    pub level_edits: Option<LevelEdits>,
}

impl Manifest {
    /// Brings the images of a scan and the rows of an outcome table together.
    #[must_use]
    pub fn join(scan: &Scan, outcomes: &Outcomes, scan_age: u16) -> Self {
        let stacks = by_subject(scan);
        let mut manifest = Self { rows: outcomes.rows, ..Self::default() };
        for rejection in &outcomes.rejected {
            manifest.excluded.push(Excluded {
                row: rejection.row,
                subject: rejection.subject.clone(),
                reason: rejection.reason.name().replace('_', " "),
                detail: rejection.to_string(),
            });
        }
        let mut with_rows: BTreeSet<&SubjectId> = BTreeSet::new();
        for episode in &outcomes.episodes {
            with_rows.insert(&episode.subject);
            let of_subject = stacks.get(&episode.subject);
            match join_episode(episode, of_subject.map(Vec::as_slice), scan_age) {
                Ok(kept) => manifest.kept.push(kept),
                Err((reason, detail)) => {
                    manifest.excluded.push(exclusion(episode, reason, detail));
                }
            }
            // An episode may rest on several rows; only the first stands for it.
            for row in episode.rows.iter().skip(1) {
                let detail = format!("row {row} belongs to the episode of row {}", episode.rows[0]);
                let mut further = exclusion(episode, "a further row of an episode", detail);
                further.row = *row;
                manifest.excluded.push(further);
            }
        }
        with_rows
            .extend(outcomes.rejected.iter().filter_map(|rejection| rejection.subject.as_ref()));
        for subject in stacks.keys().filter(|subject| !with_rows.contains(*subject)) {
            manifest.studies_without_row.push((*subject).clone());
            let near = with_rows.iter().filter(|other| subject.is_near_miss(other));
            manifest.near_misses.extend(near.map(|row| ((*row).clone(), (*subject).clone())));
        }
        manifest.kept.sort_by(|a, b| key(a).cmp(&key(b)));
        manifest.excluded.sort_by_key(|excluded| excluded.row);
        manifest
    }

    /// A manifest without an outcome table, for prediction: one injection to come
    /// at `level` and `side` for every subject of a scan that has an axial T2
    /// series. Subjects without one are excluded, as row 0.
    #[must_use]
    pub fn to_predict(scan: &Scan, level: Level, side: Side) -> Self {
        let mut manifest = Self::default();
        for (subject, stacks) in by_subject(scan) {
            match axial_series(&stacks, None, 0) {
                Ok(series) => manifest.kept.push(Kept {
                    row: 0,
                    subject: subject.clone(),
                    level,
                    side,
                    injection_date: None,
                    outcome: None,
                    slice_hint: None,
                    series: uids(&series),
                    scan_age: None,
                    covariates: BTreeMap::new(),
                }),
                Err(why) => manifest.excluded.push(Excluded {
                    row: 0,
                    subject: Some(subject.clone()),
                    reason: "no axial T2 scan".to_owned(),
                    detail: why,
                }),
            }
        }
        manifest.rows = manifest.kept.len() + manifest.excluded.len();
        manifest
    }

    /// Moves a kept row to the excluded ones.
    pub fn exclude(&mut self, row: u64, reason: &str, detail: String) {
        let Some(at) = self.kept.iter().position(|kept| kept.row == row) else { return };
        let kept = self.kept.remove(at);
        let subject = Some(kept.subject);
        self.excluded.push(Excluded { row, subject, reason: reason.to_owned(), detail });
        self.excluded.sort_by_key(|excluded| excluded.row);
    }
}

/// The stacks of each subject of a scan.
pub(crate) fn by_subject(scan: &Scan) -> BTreeMap<&SubjectId, Vec<&StackHeader>> {
    let mut subjects: BTreeMap<&SubjectId, Vec<&StackHeader>> = BTreeMap::new();
    for stack in &scan.stacks {
        subjects.entry(&stack.subject).or_default().push(stack);
    }
    subjects
}

/// Each series once, in order.
fn uids(found: &[AxialT2<'_>]) -> Vec<String> {
    let mut uids: Vec<String> = Vec::with_capacity(found.len());
    for series in found {
        let uid = &series.stacks[0].series_uid;
        if !uids.contains(uid) {
            uids.push(uid.clone());
        }
    }
    uids
}

fn key(kept: &Kept) -> (&SubjectId, Level, Side) {
    (&kept.subject, kept.level, kept.side)
}

fn exclusion(episode: &Episode, reason: &str, detail: String) -> Excluded {
    Excluded {
        row: episode.rows[0],
        subject: Some(episode.subject.clone()),
        reason: reason.to_owned(),
        detail,
    }
}

fn join_episode(
    episode: &Episode,
    stacks: Option<&[&StackHeader]>,
    scan_age: u16,
) -> Result<Kept, (&'static str, String)> {
    let Some(stacks) = stacks else {
        let detail = format!(
            "row {}: no images of subject {}; check the id, or give its images a row in the \
             linkage table",
            episode.rows[0], episode.subject
        );
        return Err(("no images of the subject", detail));
    };
    let series = axial_series(stacks, Some(episode.injection_date), scan_age).map_err(|why| {
        ("no axial T2 scan before the injection", format!("row {}: {why}", episode.rows[0]))
    })?;
    let acquired = series[0].stacks.iter().filter_map(|stack| stack.acquired).min();
    Ok(Kept {
        row: episode.rows[0],
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        injection_date: Some(episode.injection_date),
        outcome: Some(episode.outcome),
        slice_hint: episode.slice_hint.clone(),
        series: uids(&series),
        scan_age: acquired.map(|date| days(date, episode.injection_date)),
        covariates: BTreeMap::new(),
    })
}
