use std::fs;
use std::io;
use std::path::Path;

use crate::StudyError;

/// What is made of the selections of a study, and of nothing else.
const FILES: [&str; 5] =
    ["predictions.csv", "predictions-ruler.csv", "report.json", "report.html", "run.json"];

/// Removes what later stages made of former selections in a folder, so that it
/// cannot pass for the work of this run: predictions, reports, `run.json` and the
/// models of folds. Nothing else is touched.
///
/// # Errors
/// [`StudyError::Write`] for a file that cannot be removed.
pub fn remove_later_stages(folder: &Path) -> Result<(), StudyError> {
    for name in FILES {
        let path = folder.join(name);
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
        let kept = ["levels.csv", "outcomes.csv", "models/mine.txt", "models/fold-9/notes.txt"];
        let removed =
            ["predictions.csv", "report.html", "models/fold-0/config.json", "models/folds.json"];
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
