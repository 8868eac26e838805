use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use foramen_study::{Numbers, read_covariates};
use foramen_types::SubjectId;

use crate::files::open;

/// The covariates that a model needs, for every subject, from a table with `subject_id` and a
/// column for each. All covariates of subjects without a row are missing; these subjects are listed
/// on stderr.
///
/// # Errors
/// When the model needs covariates and there is no table, or the other way round, and when the
/// table cannot be used, with its name.
pub(crate) fn covariates(
    subjects: impl Iterator<Item = SubjectId>,
    names: &[&str],
    table: Option<&Path>,
) -> Result<BTreeMap<SubjectId, Numbers>> {
    let path = match (names, table) {
        ([], None) => return Ok(BTreeMap::new()),
        ([], Some(_)) => bail!("the model reads no covariates; leave --covariates out"),
        (_, None) => bail!(
            "the model asks for {}; give --covariates FILE with the columns subject_id,{} (a blank \
             cell is missing)",
            names.join(", "),
            names.join(",")
        ),
        (_, Some(path)) => path,
    };
    let numbers = open(path, |file| read_covariates(file, names))?;
    let of = |subject: SubjectId| {
        let of_subject = numbers.get(&subject).cloned().unwrap_or_else(|| {
            eprintln!("note: {subject} has no row in {}", path.display());
            names.iter().map(|name| ((*name).to_owned(), None)).collect()
        });
        (subject, of_subject)
    };
    Ok(subjects.map(of).collect())
}
