use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::Orientation;
use foramen_image::Contrast;
use foramen_select::PointKind;
use foramen_study::{DiscPosition, DiscPositions, LevelSource};
use foramen_types::{Level, SubjectId};

use crate::placed::{DiscRow, PlacedDisc};
use crate::study::Study;

impl Study {
    /// The persons whose discs can be reviewed, each with the stack that shows the discs.
    pub(crate) fn spines(&self) -> Vec<(&SubjectId, usize)> {
        let mut best: BTreeMap<&SubjectId, (bool, bool, usize, usize)> = BTreeMap::new();
        for (number, stack) in self.scan.stacks.iter().enumerate() {
            if stack.orientation != Orientation::Sagittal || stack.localizer {
                continue;
            }
            let is_source = self.levels.iter().any(|(subject, _, disc)| {
                *subject == stack.subject
                    && matches!(&disc.source, LevelSource::Sagittal { series_uid }
                        if *series_uid == stack.series_uid)
            });
            let is_t2 = stack.contrast == Contrast::T2Fse;
            let rank = (is_source, is_t2, stack.slices.len(), number);
            let held = best.entry(&stack.subject).or_insert(rank);
            *held = (*held).max(rank);
        }
        let is_shown = |subject: &SubjectId| {
            self.cases.is_empty() || self.cases.iter().any(|case| case.subject == *subject)
        };
        let best = best.into_iter().filter(|(subject, _)| is_shown(subject));
        best.map(|(subject, (_, _, _, number))| (subject, number)).collect()
    }

    /// The current discs of a person: those of `levels.csv`, or those last placed by a reader.
    pub(crate) fn discs_of(&self, subject: &SubjectId, rows: &[DiscRow]) -> Vec<PlacedDisc> {
        let last = rows.iter().rev().find(|row| self.subject_of(&row.image) == Some(subject));
        if let Some(row) = last {
            return row.discs.clone();
        }
        let of_subject = self.levels.iter().filter(|(of, _, _)| *of == subject);
        of_subject
            .map(|(_, level, DiscPosition { point: at, .. })| PlacedDisc {
                level,
                point: [at.x, at.y, at.z],
                was: Some(level),
            })
            .collect()
    }

    /// `levels.csv` with the discs that readers placed; other discs are unchanged. The level of a
    /// disc that a reader removed is recorded as refused, so that a draft does not find it again.
    pub(crate) fn corrected_levels(&self, rows: &[DiscRow]) -> DiscPositions {
        let mut last: BTreeMap<&SubjectId, &DiscRow> = BTreeMap::new();
        for row in rows {
            if let Some(subject) = self.subject_of(&row.image) {
                last.insert(subject, row);
            }
        }
        let mut corrected = self.levels.clone();
        for (subject, row) in last {
            let stack = self.stack_of(&row.image);
            let frame = stack.and_then(|stack| stack.frame_of_reference_uid.clone());
            let placed: BTreeSet<Level> = row.discs.iter().map(|disc| disc.level).collect();
            for level in Level::ALL.into_iter().filter(|level| !placed.contains(level)) {
                if self.levels.of(subject, level).is_some() {
                    corrected.refuse(subject.clone(), level);
                }
            }
            for placed in &row.discs {
                let former = placed.was.and_then(|was| self.levels.of(subject, was)).cloned();
                let mut disc = former.unwrap_or_else(|| DiscPosition {
                    point: placed.at(),
                    kind: PointKind::Disc,
                    normal: None,
                    frame_of_reference_uid: frame.clone(),
                    source: LevelSource::Given(format!("review {}", row.reader)),
                    confidence: 1.0,
                    drafted: None,
                });
                disc.point = placed.at();
                corrected.insert(subject.clone(), placed.level, disc);
            }
        }
        corrected
    }
}
