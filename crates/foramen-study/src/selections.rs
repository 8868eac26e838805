use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::Remark;
use foramen_image::{Picture, SliceSource};
use foramen_select::{Foramen, ForamenHeights};
use foramen_types::{Level, Side, SubjectId};

use crate::image_choice::{ChosenImages, ImageChoice};
use crate::levels::DiscPositions;
use crate::made_slice::MadeSlice;
use crate::same_images::SameImages;
use crate::samples::PatchSample;
use crate::unread::UnreadImages;

/// The foramen that was chosen for an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedForamen {
    /// Series Instance UID (0020,000E) of its image.
    pub series_uid: String,
    /// Its image.
    pub source: SliceSource,
    /// How far the slice lies above (+) or below (−) the disc, millimetres; `None` on a
    /// slice of a reader's choice where the disc is not known.
    pub offset: Option<f64>,
    /// The measured foramen.
    pub foramen: Foramen,
    /// The other side on the same slice.
    pub contralateral: Foramen,
}

/// What was selected for one episode.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSelection {
    /// Line number of its row in the outcome table.
    pub row: u64,
    /// Whose foramen.
    pub subject: SubjectId,
    /// Its level.
    pub level: Level,
    /// Its side.
    pub side: Side,
    /// The chosen foramen; `None` when selection was refused.
    pub chosen: Option<SelectedForamen>,
    /// Whether the slice is a reader's own choice.
    pub hinted: bool,
    /// How sure the choice is, 0 to 1.
    pub confidence: f64,
    /// Why there is no choice.
    pub refusal: Option<String>,
    /// Images of the series that could not be decoded: the narrowest may be among them.
    pub unread: usize,
    /// The set of images it was measured on and the one that comes second; `None` where
    /// nothing was measured.
    pub images: Option<ChosenImages>,
    /// What was remarked on the images; the lowest of their caps limits the confidence.
    pub remarks: Vec<Remark>,
    /// Between which heights its foramen lies, where the sagittal series shows it.
    pub heights: Option<ForamenHeights>,
    /// The image that a fixed threshold would have chosen, for comparison.
    pub naive: Option<SliceSource>,
    /// The chosen slice with the measured foramen drawn on it, and the profile.
    pub picture: Option<Picture>,
}

impl EpisodeSelection {
    /// `selected`, `hint` or `refused`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (&self.chosen, self.hinted) {
            (None, _) => "refused",
            (Some(_), true) => "hint",
            (Some(_), false) => "selected",
        }
    }

    /// The images and what was remarked on them, as the manifest keeps them.
    pub(crate) fn image_choice(&self) -> Option<ImageChoice> {
        let Self { row, subject, level, side, images, remarks, .. } = self;
        let in_words = |remark: &Remark| (remark.name().to_owned(), remark.to_string());
        Some(ImageChoice {
            row: *row,
            subject: subject.clone(),
            level: *level,
            side: *side,
            images: images.clone()?,
            remarks: remarks.iter().map(in_words).collect(),
        })
    }
}

/// One slice and side that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRow {
    /// Whose image.
    pub subject: SubjectId,
    /// Series Instance UID (0020,000E) of the image.
    pub series_uid: String,
    /// The image.
    pub source: SliceSource,
    /// Its number within its stack, 0 nearest the feet.
    pub slice: usize,
    /// The side.
    pub side: Side,
    /// What was measured; judged by its height where it belongs to the profile of an
    /// episode.
    pub foramen: Foramen,
    /// The episode whose profile it belongs to.
    pub episode: Option<ProfileEpisode>,
}

/// What a slice is to an episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfileEpisode {
    /// The level.
    pub level: Level,
    /// How far the slice lies above (+) or below (−) the disc, millimetres.
    pub offset: f64,
    /// Whether the choice fell on this slice and side.
    pub rank: Option<Rank>,
}

/// The best places among the slices of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// Chosen, by its width or by a reader.
    Chosen,
    /// The narrowest of the others.
    RunnerUp,
}

/// What the stage `select` gives.
#[derive(Debug, Clone, Default)]
pub struct Selections {
    /// One per kept row, in the order of the manifest.
    pub episodes: Vec<EpisodeSelection>,
    /// Every slice and side that was measured.
    pub profile: Vec<ProfileRow>,
    /// Where the slices lie that were made of volumes.
    pub made: Vec<MadeSlice>,
    /// The disc positions that were used.
    pub levels: DiscPositions,
    /// What models will see: treated foramina, then auxiliary ones, by subject.
    pub patches: Vec<PatchSample>,
    /// Images of the measured series that could not be decoded.
    pub unread: Vec<UnreadImages>,
    /// Subjects with measured images in common.
    pub same_images: Vec<SameImages>,
    /// Digests of the measured images of each subject, by which the former are found.
    pub image_digests: BTreeMap<SubjectId, BTreeSet<u64>>,
}

impl Selections {
    /// Takes in what was selected for further subjects.
    pub(crate) fn append(&mut self, further: Self) {
        self.episodes.extend(further.episodes);
        self.profile.extend(further.profile);
        self.made.extend(further.made);
        self.patches.extend(further.patches);
        self.unread.extend(further.unread);
        for (subject, level, disc) in further.levels.iter() {
            self.levels.insert(subject.clone(), level, disc.clone());
        }
        self.image_digests.extend(further.image_digests);
    }
}
