use std::collections::BTreeMap;

use foramen_dicom::{Pool, StackHeader};
use foramen_types::SubjectId;

use crate::candidates::Candidates;
use crate::config::StudyConfig;
use crate::levels::DiscPositions;
use crate::manifest::Kept;
use crate::series::{Discs, Measured, discs_in, discs_of_set, measure_set};

/// The index of a pool, and of a set in the pool.
pub(crate) type SetIndex = (usize, usize);

/// The images of a subject that may be measured: each set once, for all episodes.
pub(crate) struct Workplace<'a> {
    subject: &'a SubjectId,
    pub(crate) stacks: &'a [&'a StackHeader],
    given: Option<&'a DiscPositions>,
    pub(crate) config: &'a StudyConfig,
    pub(crate) candidates: Candidates<'a>,
    /// Discs by pool and frame of reference.
    discs: BTreeMap<(usize, Option<String>), Discs>,
    measured: BTreeMap<SetIndex, Result<Measured, String>>,
}

impl<'a> Workplace<'a> {
    /// Gathers the images of a subject; where the subject has series that `only` names, only those
    /// are used.
    pub(crate) fn new(
        subject: &'a SubjectId,
        stacks: &'a [&'a StackHeader],
        given: Option<&'a DiscPositions>,
        config: &'a StudyConfig,
        only: &[String],
    ) -> Self {
        Self {
            subject,
            stacks,
            given,
            config,
            candidates: Candidates::of(stacks, &config.accepted, only),
            discs: BTreeMap::new(),
            measured: BTreeMap::new(),
        }
    }

    fn discs(&mut self, pool: usize, frame: Option<&str>) -> &Discs {
        let of_pool = (pool, frame.map(str::to_owned));
        self.discs
            .entry(of_pool)
            .or_insert_with(|| discs_in(self.subject, self.stacks, frame, self.given, self.config))
    }

    pub(crate) fn measured(&mut self, place: SetIndex) -> Result<&Measured, String> {
        if !self.measured.contains_key(&place) {
            let set = self.candidates.pools[place.0].sets[place.1].clone();
            let discs = match set.frame_of_reference_uid() {
                None if set.reformat => discs_of_set(&set, self.stacks, self.given, self.config),
                frame => self.discs(place.0, frame).clone(),
            };
            self.measured.insert(place, measure_set(&set, self.stacks, discs, self.config));
        }
        self.measured[&place].as_ref().map_err(String::clone)
    }

    /// The sets of a pool in their order of rank at the level of an episode, each with the rule,
    /// and its explanation, that ranks it before the next.
    pub(crate) fn ranked(&mut self, pool: usize, episode: &Kept) -> Vec<Ranked> {
        let frames: Vec<Option<String>> = self.candidates.pools[pool]
            .sets
            .iter()
            .map(|set| set.frame_of_reference_uid().map(str::to_owned))
            .collect();
        let point = frames.into_iter().find_map(|frame| {
            let discs = self.discs(pool, frame.as_deref()).as_ref().ok()?;
            Some((discs.get(&episode.level)?.point, frame))
        });
        let of = &self.candidates.pools[pool];
        match point {
            Some((point, frame)) => of
                .at(point, frame.as_deref(), REACH)
                .into_iter()
                .map(|ranked| Ranked {
                    set: index_of(of, ranked.set),
                    before_next: ranked
                        .before_next
                        .map(|(rule, why)| (rule.name().to_owned(), why)),
                })
                .collect(),
            // Without a disc the sets stand as they do for the neck as a whole.
            None => (0..of.sets.len()).map(|set| Ranked { set, before_next: None }).collect(),
        }
    }

    /// All measured sets.
    pub(crate) fn all_measured(&self) -> impl Iterator<Item = &Measured> {
        self.measured.values().flatten()
    }

    pub(crate) fn series(&self, place: SetIndex) -> Vec<String> {
        let set = &self.candidates.pools[place.0].sets[place.1];
        set.series().into_iter().map(str::to_owned).collect()
    }
}

/// A foramen and the pedicles around it lie within this height of their disc, in
/// millimetres.
const REACH: f64 = 8.0;

/// A set with its rank at a level.
pub(crate) struct Ranked {
    /// Its index in the pool.
    pub(crate) set: usize,
    /// The rule that ranks it before the next set, and its explanation.
    pub(crate) before_next: Option<(String, String)>,
}

fn index_of(pool: &Pool<'_>, set: &foramen_dicom::ImageSet<'_>) -> usize {
    pool.sets.iter().position(|other| std::ptr::eq(other, set)).unwrap_or_default()
}
