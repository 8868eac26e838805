use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::StudyError;

/// Files made from a study's selections only.
const FILES: [&str; 8] = [
    "predictions.csv",
    "predictions-ruler.csv",
    "folds.csv",
    "leakage.json",
    "report.json",
    "report.html",
    "report/methods.txt",
    "run.json",
];

/// Folders with files of a report.
const FOLDERS: [&str; 2] = ["report/figures", "report/tables"];

/// Prefixes of the files with predictions of controls and of points of a learning curve.
const CONTROLS: [&str; 2] = ["predictions-control-", "predictions-learning-"];

/// Removes files that later stages made from earlier selections in a folder, so that they cannot be
/// mistaken for results of this run: predictions, reports, `run.json` and the models of folds.
/// Nothing else is touched.
///
/// # Errors
/// [`StudyError::Write`] for a file that cannot be removed.
pub fn remove_later_stages(folder: &Path) -> Result<(), StudyError> {
    for name in FILES {
        let path = folder.join(name);
        absent(fs::remove_file(&path), &path)?;
    }
    for name in FOLDERS {
        let path = folder.join(name);
        absent(fs::remove_dir_all(&path), &path)?;
    }
    // What else may lie there stays, and the folder with it.
    let _ = fs::remove_dir(folder.join("report"));
    for path in predictions_of_controls(folder)? {
        absent(fs::remove_file(&path), &path)?;
    }
    for fold in 0.. {
        let path = folder.join("models").join(format!("fold-{fold}"));
        if !path.join("config.json").is_file() {
            break;
        }
        absent(fs::remove_dir_all(&path), &path)?;
    }
    let index = folder.join("models").join("folds.json");
    absent(fs::remove_file(&index), &index)
}

/// The prediction files of controls. Prediction files of other programs are not listed, and so not
/// removed.
fn predictions_of_controls(folder: &Path) -> Result<Vec<PathBuf>, StudyError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries,
    };
    let failed = |source| StudyError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in entries.map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let is_one = |name: String| {
            name.ends_with(".csv") && CONTROLS.iter().any(|start| name.starts_with(start))
        };
        if name.is_some_and(is_one) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn absent(removed: io::Result<()>, path: &Path) -> Result<(), StudyError> {
    match removed {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StudyError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_of_the_selections_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let kept = [
            "levels.csv",
            "predictions-mine.csv",
            "outcomes.csv",
            "models/mine.txt",
            "report/mine.txt",
            "models/fold-9/notes.txt",
        ];
        let removed = [
            "predictions.csv",
            "predictions-control-x.csv",
            "predictions-learning-50.csv",
            "report/figures/roc.svg",
            "report/methods.txt",
            "folds.csv",
            "models/fold-0/config.json",
        ];
        for name in kept.iter().chain(&removed) {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "x").unwrap();
        }
        remove_later_stages(folder.path()).unwrap();
        assert!(kept.iter().all(|name| at(name).exists()));
        assert!(removed.iter().all(|name| !at(name).exists()));
        remove_later_stages(&at("nowhere")).unwrap();
    }
}
