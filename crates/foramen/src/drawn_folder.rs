//! Folders that commands make anew when they are run again without arguments.

use std::path::Path;

use anyhow::{Context as _, Result};
use foramen_study::files::read_stages;

use crate::demo_cohort::is_demo_cohort;
use crate::inputs::prepare_output;
use crate::run_lock::RunLock;
use crate::study_source::StudySource;

/// What a review leaves in a folder: answers of a person.
const OF_PERSONS: [&str; 2] = ["review.sqlite", "reviewed"];

/// Takes the folder that a command fills where none is given: an empty one, or one that this
/// program filled with a study of drawn subjects before, which is then made anew.
///
/// # Errors
/// When it holds anything else, or another run has it.
pub(crate) fn prepare_drawn(folder: &Path) -> Result<RunLock> {
    if is_anew(folder) {
        return prepare_output(folder, true);
    }
    prepare_output(folder, false).with_context(|| {
        format!(
            "without arguments this command works on drawn subjects in {}, which holds something \
             else; name a folder of your own as DIR, or run it elsewhere",
            folder.display()
        )
    })
}

/// Takes the folder of `--out`. One that is not empty is refused unless `force`, or unless
/// subjects are `drawn` again where they were drawn before.
///
/// # Errors
/// When another run has the folder, when it is not empty, or cannot be made.
pub(crate) fn prepare_study(folder: &Path, force: bool, drawn: bool) -> Result<RunLock> {
    prepare_output(folder, force || drawn && is_anew(folder))
}

/// Whether a folder holds a study of drawn subjects that nobody has worked on; says that it is
/// made anew.
pub(crate) fn is_anew(folder: &Path) -> bool {
    let source = StudySource::read(folder).ok().flatten();
    let is_drawn = source.is_some_and(|source| is_demo_cohort(&source.dicom));
    let is_anew = is_drawn && !is_of_person(folder);
    if is_anew {
        eprintln!(
            "note: {} holds an earlier run on drawn subjects; it is made anew",
            folder.display()
        );
    }
    is_anew
}

/// Whether a person has reviewed the study in a folder, or trained on it by its name.
fn is_of_person(folder: &Path) -> bool {
    if OF_PERSONS.iter().any(|name| folder.join(name).exists()) {
        return true;
    }
    let command = trained_by(folder).unwrap_or_default();
    command.split_whitespace().any(|word| Path::new(word).file_name() == folder.file_name())
}

/// The command that trained the models in a folder, without the name of the program.
pub(crate) fn trained_by(folder: &Path) -> Option<String> {
    let notes = read_stages(folder).ok().flatten()?;
    Some(notes.provenance["command"].as_str()?.to_owned())
}
