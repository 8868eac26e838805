use crate::exclusion::Exclusion;
use crate::manifest::{Excluded, Kept, Manifest};
use crate::selections::{EpisodeSelection, Selections};

/// The result of selecting slices for a manifest.
#[derive(Debug, Clone, Default)]
pub struct Selected {
    /// The manifest, in which rows without a chosen slice are excluded.
    pub manifest: Manifest,
    /// The selection for every row that had been kept.
    pub selections: Selections,
}

impl Selected {
    /// Moves rows without a chosen slice to the excluded rows.
    pub(crate) fn new(manifest: Manifest, selections: Selections) -> Self {
        let mut excluded = manifest.excluded;
        let mut kept = Vec::with_capacity(manifest.kept.len());
        let mut unselected = manifest.unselected;
        for (row, episode) in manifest.kept.into_iter().zip(&selections.episodes) {
            match &episode.refusal {
                None => kept.push(row),
                Some(refusal) => {
                    excluded.push(Excluded {
                        row: row.row,
                        subject: Some(row.subject.clone()),
                        reason: Exclusion::NoSlice,
                        detail: match row.row {
                            0 => refusal.clone(),
                            line => format!("row {line}: {refusal}"),
                        },
                    });
                    unselected.push(row);
                }
            }
        }
        excluded.sort_by_key(|excluded| excluded.row);
        let unread = selections.unread.clone();
        let choices =
            selections.episodes.iter().filter_map(EpisodeSelection::image_choice).collect();
        let same_images = selections.same_images.clone();
        let manifest =
            Manifest { kept, excluded, unselected, unread, choices, same_images, ..manifest };
        Self { manifest, selections }
    }

    /// Rows that lead to a prediction, by subject, level and side.
    #[must_use]
    pub fn included(&self) -> &[Kept] {
        self.manifest.kept()
    }

    /// Rows left out for any reason, by line number.
    #[must_use]
    pub fn excluded(&self) -> &[Excluded] {
        self.manifest.excluded()
    }
}
