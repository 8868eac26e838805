//! Checks what the parts of a split share: subjects, examinations, images and near-duplicate
//! images.
//!
//! `DIR` compares the folds of a study (those of its `folds.csv`, or dealt by
//! `--folds` and `--seed` where it has not been trained), `--data FILE.npz` the train, val and
//! test images of a data set in the layout of MedMNIST. It prints what was compared, how many
//! near-duplicates there are between which parts, and each pair; `--json FILE` writes the same
//! for a program. With neither, small pictures are drawn of which three are in two parts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use foramen_image::ndarray::Axis;
use foramen_learn::{Crossing, Leakage, NEAR_DUPLICATE, Overlap, Specimen, Split, read_folds};
use foramen_study::files::{self, LeakageNotes};
use foramen_types::SubjectId;

use crate::files::open;
use crate::folder_arguments::StudyFolder;
use crate::image_arrays::{ImageParts, drawn_images, read_images};
use crate::splitting::leakage;
use crate::stages::dataset;
use crate::terminal::say;

/// Checks what the parts of a split share.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    study: StudyFolder,
    /// Folds to compare instead of those of the study (`folds.csv`).
    #[arg(long, value_name = "FILE", requires = "StudyFolder")]
    folds_file: Option<PathBuf>,
    /// Number of folds, for a study without folds.
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Seed of the folds, for a study without folds.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Images of a data set with an official split (.npz of MedMNIST's layout).
    #[arg(long, value_name = "FILE", conflicts_with = "StudyFolder")]
    data: Option<PathBuf>,
    /// The correlation from which images of a data set count as near-duplicates.
    #[arg(long, value_name = "R", default_value_t = NEAR_DUPLICATE, conflicts_with = "StudyFolder")]
    threshold: f64,
    /// Number of listed pairs; the JSON has all.
    #[arg(long, value_name = "N", default_value_t = 20)]
    list: usize,
    /// Writes the numbers as JSON for programs.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    anyhow::ensure!(
        arguments.threshold > 0.0 && arguments.threshold <= 1.0,
        "a correlation of {} is out of range; give a --threshold from 0 to 1",
        arguments.threshold
    );
    let notes = match (arguments.study.path(), &arguments.data) {
        (Some(study), _) => of_study(study, arguments)?,
        (None, Some(path)) => of_parts(&read_images(path)?, arguments.threshold)?,
        (None, None) => of_parts(&drawn_images(), arguments.threshold)?,
    };
    print(&notes, arguments.list, arguments.study.path().is_none());
    if let Some(path) = &arguments.json {
        files::write_leakage_as(path, &notes)
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(())
}

fn of_study(study: &Path, arguments: &Arguments) -> Result<LeakageNotes> {
    let dataset = dataset(study)?;
    let own = study.join("folds.csv");
    let table = arguments.folds_file.clone().or_else(|| own.is_file().then_some(own));
    let splits = match table {
        Some(path) => open(&path, |file| read_folds(file, &dataset, arguments.seed))?,
        None => vec![Split::by_subject(&dataset, arguments.folds, arguments.seed)?],
    };
    leakage(study, &splits, &[])
}

fn of_parts(parts: &ImageParts, threshold: f64) -> Result<LeakageNotes> {
    let mut specimens = Vec::new();
    for (name, part, images) in parts {
        for (place, image) in images.axis_iter(Axis(0)).enumerate() {
            specimens.push(Specimen {
                name: format!("{name} image {place}"),
                subject: SubjectId::new(&format!("{name}-{place}"))?,
                study_uid: None,
                image_uid: None,
                pixels: image,
                parts: vec![Some(*part)],
            });
        }
    }
    let leakage = Leakage::between_parts(&specimens, threshold);
    Ok(LeakageNotes { folds: 1, leakage, allowed: Vec::new() })
}

fn print(notes: &LeakageNotes, list: usize, of_data_set: bool) {
    let Leakage { subjects, images, blank, pairs, correlated, threshold, .. } = notes.leakage;
    say!("{images} images of {subjects} subjects, {} fold(s)", notes.folds);
    say!("{pairs} pairs in different parts, {correlated} of them correlated after the hash");
    if blank > 0 {
        say!("{blank} images without any detail were not compared");
    }
    if let Some(closest) = &notes.leakage.closest {
        say!(
            "most alike below {threshold}: {} and {}, correlation {:.3}",
            closest.first,
            closest.second,
            closest.similarity
        );
    }
    for crossing in Crossing::ALL {
        let counts = Overlap::ALL.map(|kind| (kind, notes.leakage.count(kind, crossing)));
        let found = counts.iter().filter(|(_, count)| *count > 0);
        let found: Vec<String> = found.map(|(kind, count)| format!("{count} {kind}")).collect();
        let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
        let of = notes.leakage.shared.iter().filter(|shared| shared.crossing == crossing);
        // Images of a data set are listed by their part: the later one comes second.
        let later: BTreeSet<&str> = of.map(|shared| shared.second.as_str()).collect();
        match later.len() {
            n @ 1.. if of_data_set => {
                say!("shared by {}: {found}, of {n} images of the latter", crossing.name());
            }
            _ => say!("shared by {}: {found}", crossing.name()),
        }
    }
    for shared in notes.leakage.shared.iter().take(list) {
        say!("  {shared}");
    }
    if let more @ 1.. = notes.leakage.shared.len().saturating_sub(list) {
        say!("  and {more} more (--json lists all)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_twice_is_found_and_nothing_else() {
        let notes = of_parts(&drawn_images(), NEAR_DUPLICATE).unwrap();
        let found: Vec<(&str, &str)> = notes
            .leakage
            .shared
            .iter()
            .map(|one| (one.first.as_str(), one.second.as_str()))
            .collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(notes.leakage.shared[0].kind, Overlap::Pixels);
        assert_eq!(found[0], ("train image 12", "test image 3"));
        for pair in [("train image 30", "test image 7"), ("train image 5", "test image 11")] {
            assert!(found.contains(&pair), "{found:?}");
        }
    }

    /// On visual inspection, the least similar of these pairs show the same lesion twice.
    #[test]
    #[ignore = "reads test data (FORAMEN_TEST_DATA)"]
    fn breast_mnist_tests_on_pictures_it_was_trained_on() {
        let path = foramen_test_data::path("medmnist/breastmnist.npz");
        let notes = of_parts(&read_images(&path).unwrap(), NEAR_DUPLICATE).unwrap();
        let count = |kind| notes.leakage.count(kind, Crossing::TrainTest);
        assert_eq!((count(Overlap::Pixels), count(Overlap::NearDuplicate)), (1, 72));
        let tested: BTreeSet<&str> = notes
            .leakage
            .shared
            .iter()
            .filter(|one| one.crossing == Crossing::TrainTest)
            .map(|one| one.second.as_str())
            .collect();
        assert_eq!(tested.len(), 56);
    }
}
