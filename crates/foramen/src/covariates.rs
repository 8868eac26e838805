use std::path::Path;

use anyhow::{Result, bail};
use foramen_study::{Manifest, Numbers, read_covariates};

use crate::files::open;

/// Gives those who are to be predicted the numbers that a model asks for, from a table
/// with `subject_id` and a column for each. Who has no row there is told of.
///
/// # Errors
/// When the model asks for numbers and there is no table, or the other way round, and
/// when the table cannot be used, with its name.
pub(crate) fn add_covariates(
    manifest: &mut Manifest,
    names: &[&str],
    table: Option<&Path>,
) -> Result<()> {
    let path = match (names, table) {
        ([], None) => return Ok(()),
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
    for kept in &mut manifest.kept {
        let of_subject = numbers.get(&kept.subject).cloned();
        kept.covariates = of_subject.unwrap_or_else(|| {
            eprintln!("note: {} has no row in {}", kept.subject, path.display());
            names.iter().map(|name| ((*name).to_owned(), None)).collect::<Numbers>()
        });
    }
    Ok(())
}
