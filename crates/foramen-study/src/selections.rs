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
    /// Height of the slice above (+) or below (−) the disc, millimetres; `None` for a reader's
    /// slice where the disc is not known.
    pub offset: Option<f64>,
    /// The measured foramen.
    pub foramen: Foramen,
    /// The other side on the same slice.
    pub contralateral: Foramen,
}

/// The selection for one episode.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSelection {
    /// Line number of its row in the outcome table.
    pub row: u64,
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// The chosen foramen; `None` when selection was refused.
    pub chosen: Option<SelectedForamen>,
    /// Whether a reader chose the slice.
    pub hinted: bool,
    /// Confidence in the choice, 0 to 1.
    pub confidence: f64,
    /// Why there is no choice.
    pub refusal: Option<String>,
    /// Images of the series that could not be decoded: the narrowest may be among them.
    pub unread: usize,
    /// The measured set of images and the second-ranked set; `None` where nothing was measured.
    pub images: Option<ChosenImages>,
    /// Remarks on the images; the lowest of their caps limits the confidence.
    pub remarks: Vec<Remark>,
    /// Heights of the lower and upper end of the foramen, where the sagittal series shows it.
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

    /// The images and the remarks on them, in the form that the manifest keeps.
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
    /// The subject.
    pub subject: SubjectId,
    /// Series Instance UID (0020,000E) of the image.
    pub series_uid: String,
    /// The image.
    pub source: SliceSource,
    /// Its number within its stack, 0 nearest the feet.
    pub slice: usize,
    /// The side.
    pub side: Side,
    /// The measurement; for a slice of an episode's profile, judged with its height.
    pub foramen: Foramen,
    /// The episode whose profile the slice belongs to.
    pub episode: Option<ProfileEpisode>,
}

/// The relation of a slice to an episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfileEpisode {
    /// The level.
    pub level: Level,
    /// Height of the slice above (+) or below (−) the disc, millimetres.
    pub offset: f64,
    /// Whether this slice and side was chosen or is the runner-up.
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

/// The result of the stage `select`.
#[derive(Debug, Clone, Default)]
pub struct Selections {
    /// One per kept row, in the order of the manifest.
    pub episodes: Vec<EpisodeSelection>,
    /// Every slice and side that was measured.
    pub profile: Vec<ProfileRow>,
    /// Positions of the slices made from volumes.
    pub made: Vec<MadeSlice>,
    /// The disc positions that were used.
    pub levels: DiscPositions,
    /// The inputs of models: treated foramina, then auxiliary ones, by subject.
    pub patches: Vec<PatchSample>,
    /// Images of the measured series that could not be decoded.
    pub unread: Vec<UnreadImages>,
    /// Subjects with measured images in common.
    pub same_images: Vec<SameImages>,
    /// Digests of the measured images of each subject, from which `same_images` is found.
    pub image_digests: BTreeMap<SubjectId, BTreeSet<u64>>,
}

impl Selections {
    /// Adds the selections of further subjects.
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
