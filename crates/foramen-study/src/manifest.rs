use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use foramen_dicom::{Scan, StackHeader};
use foramen_outcome::{Episode, may_be_one_person};
use foramen_types::{Level, Outcome, Side, SubjectId};
use jiff::civil::Date;

use crate::StudyConfig;
use crate::candidates::{AxialSeries, Candidates, days};
use crate::covariates::Numbers;
use crate::exclusion::Exclusion;
use crate::image_choice::ImageChoice;
use crate::inputs::StudyInputs;
use crate::levels::{DiscPositions, LevelEdits};
use crate::same_images::SameImages;
use crate::same_studies::{SameStudy, same_studies};
use crate::unread::UnreadImages;

/// A row that can be used: an injection with an outcome and an axial scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Line number of the row in the outcome table; 0 without a table.
    pub row: u64,
    /// The injected subject.
    pub subject: SubjectId,
    /// The injected level.
    pub level: Level,
    /// The injected side.
    pub side: Side,
    /// Date of the injection; `None` for an injection that is still planned.
    pub injection_date: Option<Date>,
    /// Outcome of the injection; `None` where it is to be predicted.
    pub outcome: Option<Outcome>,
    /// SOP Instance UID of the slice that a reader chose.
    pub slice_hint: Option<String>,
    /// Series Instance UIDs (0020,000E) of the series that a reader wants measured.
    pub series_hint: Option<String>,
    /// The axial T2 series that may be used, best first.
    pub series: Vec<AxialSeries>,
    /// Days from the scan to the injection; `None` for images without a date.
    pub scan_age: Option<i64>,
    /// Covariates that models use beside the image, by name.
    pub covariates: Numbers,
    /// The hospital: the column `site` of the outcome table, where it is filled.
    pub site: Option<String>,
}

impl Kept {
    /// The series that may be measured for the row: those of the row's hint, else `asked`; any
    /// series where both are empty.
    pub(crate) fn only_series(&self, asked: &[String]) -> Vec<String> {
        only_series(self.series_hint.as_deref(), asked)
    }
}

/// The series UIDs in a hint, separated by any characters that are no part of a UID; without a hint
/// the series in `asked`.
fn only_series(hint: Option<&str>, asked: &[String]) -> Vec<String> {
    let uids = |hint: &str| {
        let parts = hint.split(|c: char| !c.is_ascii_digit() && c != '.');
        parts.filter(|uid| !uid.is_empty()).map(str::to_owned).collect()
    };
    hint.map_or_else(|| asked.to_vec(), uids)
}

/// A row that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Line number of the row in the outcome table.
    pub row: u64,
    /// The subject, where the row names one that can be read.
    pub subject: Option<SubjectId>,
    /// The reason.
    pub reason: Exclusion,
    /// The details, for the person who can correct the row.
    pub detail: String,
}

/// Every row of an outcome table, kept or excluded, and the studies without one.
///
/// It is made once, by [`Manifest::join`] or [`Manifest::to_predict`];
/// [`select_slices`](crate::select_slices) returns a new manifest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    pub(crate) rows: usize,
    pub(crate) kept: Vec<Kept>,
    pub(crate) excluded: Vec<Excluded>,
    pub(crate) unselected: Vec<Kept>,
    pub(crate) studies_without_row: Vec<SubjectId>,
    pub(crate) near_misses: Vec<(SubjectId, SubjectId)>,
    pub(crate) level_edits: Option<LevelEdits>,
    pub(crate) unread: Vec<UnreadImages>,
    pub(crate) choices: Vec<ImageChoice>,
    pub(crate) same_images: Vec<SameImages>,
    pub(crate) same_studies: Vec<SameStudy>,
    pub(crate) table_near_misses: Vec<String>,
}

impl Manifest {
    /// Joins the images of a scan and the rows of an outcome table, with covariates and disc
    /// positions.
    #[must_use]
    pub fn join(inputs: &StudyInputs<'_>, config: &StudyConfig) -> Self {
        let outcomes = inputs.outcomes;
        let stacks = by_subject(inputs.scan);
        let mut manifest = Self {
            rows: outcomes.rows,
            level_edits: inputs.levels.and_then(DiscPositions::edits),
            same_studies: same_studies(&inputs.scan.stacks),
            table_near_misses: outcomes.near_misses.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        for rejection in &outcomes.rejected {
            manifest.excluded.push(Excluded {
                row: rejection.row,
                subject: rejection.subject.clone(),
                reason: (&rejection.reason).into(),
                detail: rejection.to_string(),
            });
        }
        let mut with_rows: BTreeSet<&SubjectId> = BTreeSet::new();
        for episode in &outcomes.episodes {
            with_rows.insert(&episode.subject);
            let of_subject = stacks.get(&episode.subject).map(Vec::as_slice);
            let numbers = inputs.covariates.and_then(|numbers| numbers.get(&episode.rows[0]));
            match join_episode(episode, of_subject, numbers, config) {
                Ok(kept) => manifest.kept.push(kept),
                Err(excluded) => manifest.excluded.push(excluded),
            }
            // An episode may rest on several rows; only the first stands for it.
            for row in episode.rows.iter().skip(1) {
                let detail = format!("row {row} belongs to the episode of row {}", episode.rows[0]);
                let further = exclusion(episode, Exclusion::FurtherRow, detail);
                manifest.excluded.push(Excluded { row: *row, ..further });
            }
        }
        with_rows
            .extend(outcomes.rejected.iter().filter_map(|rejection| rejection.subject.as_ref()));
        for subject in stacks.keys().filter(|subject| !with_rows.contains(*subject)) {
            manifest.studies_without_row.push((*subject).clone());
            let near = |other: &&&SubjectId| may_be_one_person(subject.as_str(), other.as_str());
            let near = with_rows.iter().filter(near);
            manifest.near_misses.extend(near.map(|row| ((*row).clone(), (*subject).clone())));
        }
        manifest.kept.sort_by(|a, b| key(a).cmp(&key(b)));
        manifest.excluded.sort_by_key(|excluded| excluded.row);
        manifest
    }

    /// A manifest without an outcome table, for prediction: one planned injection at `level` and
    /// `side` for every subject of a scan that has an axial T2 series, with the subject's
    /// covariates. Subjects without a series are excluded, as row 0.
    #[must_use]
    pub fn to_predict(
        scan: &Scan,
        level: Level,
        side: Side,
        covariates: &BTreeMap<SubjectId, Numbers>,
        config: &StudyConfig,
    ) -> Self {
        let mut manifest = Self::default();
        for (subject, stacks) in by_subject(scan) {
            let candidates = Candidates::of(&stacks, &config.accepted, &config.series);
            match candidates.usable(None, config).map(|usable| candidates.series(&usable).0) {
                Ok(series) => manifest.kept.push(Kept {
                    row: 0,
                    subject: subject.clone(),
                    level,
                    side,
                    injection_date: None,
                    outcome: None,
                    slice_hint: None,
                    series_hint: None,
                    series,
                    scan_age: None,
                    covariates: covariates.get(subject).cloned().unwrap_or_default(),
                    site: None,
                }),
                Err(why) => manifest.excluded.push(Excluded {
                    row: 0,
                    subject: Some(subject.clone()),
                    reason: Exclusion::NoAxialT2,
                    detail: why.to_string(),
                }),
            }
        }
        manifest.rows = manifest.kept.len() + manifest.excluded.len();
        manifest
    }

    /// The same manifest with the kept rows of some subjects only: those at these places in the
    /// order of all subjects that have a kept row. Everything else is unchanged. Several processes
    /// divide a selection this way; [`Manifest::merged`] joins the results.
    #[must_use]
    pub fn with_subjects(mut self, places: impl FnOnce(usize) -> Range<usize>) -> Self {
        let subjects: BTreeSet<&SubjectId> = self.kept.iter().map(|kept| &kept.subject).collect();
        let places = places(subjects.len());
        let subjects = subjects.into_iter().skip(places.start).take(places.len());
        let subjects: BTreeSet<SubjectId> = subjects.cloned().collect();
        self.kept.retain(|kept| subjects.contains(&kept.subject));
        self
    }

    /// Joins manifests that [`Manifest::with_subjects`] divided and a selection processed, in the
    /// order of the places. `None` where they do not come from one manifest: other fields differ,
    /// or a row is missing or present twice.
    #[must_use]
    pub fn merged(parts: Vec<Self>, same_images: Vec<SameImages>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let mut whole = parts.next()?;
        for part in parts {
            let excluded: BTreeSet<u64> = whole.excluded.iter().map(|row| row.row).collect();
            let same = whole.rows == part.rows
                && whole.studies_without_row == part.studies_without_row
                && whole.near_misses == part.near_misses
                && whole.level_edits == part.level_edits
                && whole.same_studies == part.same_studies
                && whole.table_near_misses == part.table_near_misses;
            if !same {
                return None;
            }
            whole.kept.extend(part.kept);
            whole.unselected.extend(part.unselected);
            // What the join excluded is in every part.
            let fresh = part.excluded.into_iter().filter(|row| !excluded.contains(&row.row));
            whole.excluded.extend(fresh);
            whole.unread.extend(part.unread);
            whole.choices.extend(part.choices);
        }
        whole.excluded.sort_by_key(|excluded| excluded.row);
        whole.same_images = same_images;
        let kept = whole.kept.iter().map(|kept| kept.row);
        let rows: BTreeSet<u64> = kept.chain(whole.excluded.iter().map(|row| row.row)).collect();
        let count = whole.kept.len() + whole.excluded.len();
        (count == whole.rows && rows.len() == count).then_some(whole)
    }

    /// Number of data rows in the outcome table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows that can be used, by subject, level and side.
    #[must_use]
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Rows left out, by line number.
    #[must_use]
    pub fn excluded(&self) -> &[Excluded] {
        &self.excluded
    }

    /// Excluded rows whose only fault is that no slice could be chosen: a person may still find
    /// their foramen.
    #[must_use]
    pub fn unselected(&self) -> &[Kept] {
        &self.unselected
    }

    /// Subjects with images but without a row.
    #[must_use]
    pub fn studies_without_row(&self) -> &[SubjectId] {
        &self.studies_without_row
    }

    /// Pairs of subject ids, one of a row and one of images, with almost the same spelling
    /// ([`may_be_one_person`]): most likely one person.
    #[must_use]
    pub fn near_misses(&self) -> &[(SubjectId, SubjectId)] {
        &self.near_misses
    }

    /// Subjects of the outcome table whose ids have almost the same spelling, in words.
    #[must_use]
    pub fn table_near_misses(&self) -> &[String] {
        &self.table_near_misses
    }

    /// Subjects with measured images in common; none before slices are selected.
    #[must_use]
    pub fn same_images(&self) -> &[SameImages] {
        &self.same_images
    }

    /// Examinations whose images belong to two subjects.
    #[must_use]
    pub fn same_studies(&self) -> &[SameStudy] {
        &self.same_studies
    }

    /// The changes that a person made to the drafted disc positions.
    #[must_use]
    pub fn level_edits(&self) -> Option<&LevelEdits> {
        self.level_edits.as_ref()
    }

    /// Images of measured series that could not be decoded; none before slices are
    /// selected.
    #[must_use]
    pub fn unread(&self) -> &[UnreadImages] {
        &self.unread
    }

    /// Which images each row was measured on and why, with the remarks on them; none before slices
    /// are selected.
    #[must_use]
    pub fn choices(&self) -> &[ImageChoice] {
        &self.choices
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

fn key(kept: &Kept) -> (&SubjectId, Level, Side) {
    (&kept.subject, kept.level, kept.side)
}

fn exclusion(episode: &Episode, reason: Exclusion, detail: String) -> Excluded {
    Excluded { row: episode.rows[0], subject: Some(episode.subject.clone()), reason, detail }
}

fn join_episode(
    episode: &Episode,
    stacks: Option<&[&StackHeader]>,
    covariates: Option<&Numbers>,
    config: &StudyConfig,
) -> Result<Kept, Excluded> {
    let row = episode.rows[0];
    let Some(stacks) = stacks else {
        let detail = format!(
            "row {row}: no images of subject {}; check the id, or give its images a row in the \
             linkage table",
            episode.subject
        );
        return Err(exclusion(episode, Exclusion::NoImages, detail));
    };
    let only = only_series(episode.series_hint.as_deref(), &config.series);
    let is_there = |uid: &&String| stacks.iter().any(|stack| stack.series_uid == **uid);
    let unknown = episode
        .series_hint
        .as_ref()
        .filter(|_| only.is_empty() || !only.iter().all(|uid| is_there(&uid)));
    if let Some(hint) = unknown {
        let detail = format!(
            "row {row}: series_hint {hint} names no series of subject {}; correct it, or leave \
             it empty to have the series chosen",
            episode.subject
        );
        return Err(exclusion(episode, Exclusion::NoAxialT2, detail));
    }
    let candidates = Candidates::of(stacks, &config.accepted, &only);
    let usable = candidates.usable(Some(episode.injection_date), config).map_err(|why| {
        exclusion(episode, Exclusion::NoAxialT2BeforeInjection, format!("row {row}: {why}"))
    })?;
    let (series, acquired) = candidates.series(&usable);
    Ok(Kept {
        row,
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        injection_date: Some(episode.injection_date),
        outcome: Some(episode.outcome),
        slice_hint: episode.slice_hint.clone(),
        series_hint: episode.series_hint.clone(),
        series,
        scan_age: acquired.map(|date| days(date, episode.injection_date)),
        covariates: covariates.cloned().unwrap_or_default(),
        site: site_of(episode),
    })
}

/// The value of the column `site`, in any spelling of the name.
fn site_of(episode: &Episode) -> Option<String> {
    let mut columns = episode.covariates.iter();
    let (_, site) = columns.find(|(name, _)| name.trim().eq_ignore_ascii_case("site"))?;
    let site = site.trim();
    (!site.is_empty()).then(|| site.to_owned())
}
