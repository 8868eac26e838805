//! Which images of an examination are measured: series that compete, blocks, volumes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use foramen_dicom::Scan;
use foramen_study::{EpisodeSelection, Manifest, Selections, StudyConfig, select_slices};
use foramen_types::{Level, Side};

mod blocks;
mod choice;
mod volumes;

const LEVELS: [Level; 4] = [Level::C3C4, Level::C4C5, Level::C5C6, Level::C6C7];

/// The left foramen of a level.
fn selected_with(found: &Scan, config: &StudyConfig, level: Level) -> (Manifest, Selections) {
    let manifest = Manifest::to_predict(found, level, Side::Left, &BTreeMap::new(), config);
    let selected = select_slices(manifest, found, None, config, &|_, _| ());
    (selected.manifest, selected.selections)
}

fn selected(found: &Scan, level: Level) -> EpisodeSelection {
    selected_with(found, &StudyConfig::default(), level).1.episodes.remove(0)
}

/// What is remarked about images; a choice may be contradicted on any of them.
fn names(episode: &EpisodeSelection) -> Vec<&'static str> {
    let names = episode.remarks.iter().map(|remark| remark.name());
    names.filter(|name| *name != "contradicted_choice").collect()
}
