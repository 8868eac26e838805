//! Splits by site, by scanner and by date, from a study's data on its subjects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use foramen_learn::{Dataset, Split};
use foramen_study::files::{read_manifest, read_scanners};
use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::terminal::say;
use crate::train_arguments::SplitBy;

/// How many of 100 subjects are tested if no day is given.
const TESTED: usize = 30;

/// Splits a dataset, and describes who is tested in each fold.
///
/// # Errors
/// When the study does not record where or when a subject was treated, or too few subjects would be
/// trained on or tested.
pub(crate) fn split_by(
    what: SplitBy,
    test_from: Option<Date>,
    dataset: &Dataset,
    study: &Path,
    seed: u64,
) -> Result<Split> {
    ensure!(
        test_from.is_none() || what == SplitBy::Date,
        "--test-from is the first day of those who are tested; give --split-by date with it"
    );
    let groups = match what {
        SplitBy::Date => return by_date(test_from, dataset, study, seed),
        SplitBy::Site => sites(dataset, study)?,
        SplitBy::Scanner => scanners(dataset, study)?,
    };
    let (split, held) = Split::by_group(dataset, &groups, seed)?;
    for (fold, one) in held.iter().enumerate() {
        let [poor, favourable] = one.subjects;
        let names = one.names.join(", ");
        let alone = if one.names.len() > 1 { " (too few to be tested alone)" } else { "" };
        say!("fold {fold} tests {names}{alone}: {favourable} favourable, {poor} poor subjects");
    }
    Ok(split)
}

/// The site of each subject with an outcome: that of the first injection.
fn sites(dataset: &Dataset, study: &Path) -> Result<BTreeMap<SubjectId, String>> {
    let manifest = read_manifest(&study.join("manifest.json"))?;
    let mut found: BTreeMap<&SubjectId, (Option<Date>, &str)> = BTreeMap::new();
    let mut moved: BTreeSet<&SubjectId> = BTreeSet::new();
    for kept in manifest.kept() {
        let Some(site) = kept.site.as_deref() else { continue };
        let before = found.entry(&kept.subject).or_insert((kept.injection_date, site));
        if before.1 != site {
            moved.insert(&kept.subject);
        }
        if kept.injection_date < before.0 {
            *before = (kept.injection_date, site);
        }
    }
    for subject in moved {
        let (_, site) = found[subject];
        eprintln!(
            "note: {subject} was treated at several sites and counts as of the first, {site}"
        );
    }
    let lacking = labelled(dataset).find(|subject| !found.contains_key(subject));
    if let Some(subject) = lacking {
        anyhow::bail!(
            "the study does not say where {subject} was treated; fill the column `site` of the \
             outcome table (a mapping names it), run `select` again, or split by something else"
        );
    }
    Ok(found.into_iter().map(|(subject, (_, site))| (subject.clone(), site.to_owned())).collect())
}

/// The scanner of each subject with an outcome: manufacturer, model and field strength.
fn scanners(dataset: &Dataset, study: &Path) -> Result<BTreeMap<SubjectId, String>> {
    let path = study.join("acquisitions.csv");
    let found = read_scanners(&path)?;
    let lacking = labelled(dataset).find(|subject| !found.contains_key(*subject));
    if let Some(subject) = lacking {
        anyhow::bail!(
            "{} does not say by which scanner {subject} was examined: its images name neither \
             manufacturer (0008,0070) nor model (0008,1090) nor field strength (0018,0087), or \
             the study is of a former version and `select` must be run again; split by something \
             else",
            path.display()
        );
    }
    Ok(found)
}

/// Tests later subjects with a model trained on earlier ones. The first injection determines a
/// subject's date.
fn by_date(test_from: Option<Date>, dataset: &Dataset, study: &Path, seed: u64) -> Result<Split> {
    let manifest = read_manifest(&study.join("manifest.json"))?;
    let mut first: BTreeMap<&SubjectId, Date> = BTreeMap::new();
    for kept in manifest.kept() {
        let Some(date) = kept.injection_date else { continue };
        let before = first.entry(&kept.subject).or_insert(date);
        *before = date.min(*before);
    }
    let of = |subject: &SubjectId| {
        let date = first.get(subject).copied();
        date.with_context(|| format!("the study does not say when {subject} was injected"))
    };
    let subjects: BTreeSet<&SubjectId> = labelled(dataset).collect();
    let mut dates = subjects.iter().map(|one| of(one)).collect::<Result<Vec<Date>>>()?;
    dates.sort_unstable();
    let from = match test_from {
        Some(from) => from,
        None => {
            *dates.get(dates.len() * (100 - TESTED) / 100).context("no subject has an outcome")?
        }
    };
    let later = subjects.into_iter().filter(|subject| first[*subject] >= from).cloned().collect();
    let split = Split::holding_out(dataset, &later, seed)?;
    say!(
        "{} subjects injected on or after {from} are tested with a model trained on the {} \
         injected before",
        later.len(),
        dates.len() - later.len()
    );
    Ok(split)
}

fn labelled(dataset: &Dataset) -> impl Iterator<Item = &SubjectId> {
    let with_outcome = dataset.samples().iter().filter(|sample| sample.outcome.is_some());
    with_outcome.map(|sample| &sample.subject)
}
