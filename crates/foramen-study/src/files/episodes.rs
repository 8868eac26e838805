use std::collections::BTreeMap;
use std::path::Path;

use foramen_outcome::{Episode, Outcomes, Sensitivity};
use foramen_types::{Level, Outcome, Side, SubjectId};

use super::run_json::read_stage_file;
use crate::StudyError;
use crate::table::{Table, number_in, write_csv};

/// Optional numeric columns of the outcome table.
const NUMBERS: [&str; 2] = ["age", "duration_weeks"];
/// Optional text columns of the outcome table.
const WORDS: [&str; 2] = ["sex", "site"];
/// Prefix of the column of a label under another definition.
const LABEL: &str = "label_";

/// The values of the outcome table about an episode that a report uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EpisodeNotes {
    /// Age, years.
    pub age: Option<f64>,
    /// Duration of the pain, weeks.
    pub duration: Option<f64>,
    /// Pain before the injection, 0 to 10.
    pub baseline: Option<f64>,
    /// Sex, in lower case.
    pub sex: Option<String>,
    /// Hospital.
    pub site: Option<String>,
    /// Labels of the episode under other definitions, by the definition's name.
    pub labels: BTreeMap<String, Outcome>,
}

/// Writes `episodes.csv`: a row for each labelled episode, with the line of its first row in the
/// outcome table, the patient's characteristics for a report, and the labels under other
/// definitions (`label_NAME`: 0, 1 or empty).
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_episodes(
    path: &Path,
    outcomes: &Outcomes,
    definitions: &Sensitivity,
) -> Result<(), StudyError> {
    // The first definition is the label itself.
    let others: Vec<(usize, String)> = (definitions.definitions.iter().enumerate().skip(1))
        .map(|(at, definition)| (at, format!("{LABEL}{}", definition.name)))
        .collect();
    let fixed = ["row", "subject_id", "level", "side", "nrs_baseline"];
    let header: Vec<&str> = (fixed.into_iter().chain(NUMBERS).chain(WORDS))
        .chain(others.iter().map(|(_, name)| name.as_str()))
        .collect();
    type Key<'a> = (&'a SubjectId, Level, Side, jiff::civil::Date);
    let labels: BTreeMap<Key<'_>, &Vec<Option<Outcome>>> = (definitions.rows.iter())
        .map(|row| ((&row.subject, row.level, row.side, row.injection_date), &row.labels))
        .collect();
    let rows = outcomes.episodes.iter().map(|episode| {
        let mut cells = vec![
            episode.rows[0].to_string(),
            episode.subject.to_string(),
            episode.level.to_string(),
            episode.side.to_string(),
            episode.nrs_baseline.to_string(),
        ];
        cells.extend(NUMBERS.into_iter().chain(WORDS).map(|name| covariate(episode, name)));
        let key = (&episode.subject, episode.level, episode.side, episode.injection_date);
        let of_definitions = labels.get(&key);
        cells.extend(others.iter().map(|(at, _)| {
            let label = of_definitions.and_then(|labels| *labels.get(*at)?);
            label.map(|label| label.label().to_string()).unwrap_or_default()
        }));
        cells
    });
    write_csv(path, &header, rows)
}

/// The value of a column of the outcome table, found by its name in any case; a value that should
/// be a number and is not counts as missing.
fn covariate(episode: &Episode, name: &str) -> String {
    let mut columns = episode.covariates.iter();
    let found = columns.find(|(key, _)| key.eq_ignore_ascii_case(name));
    let text = found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
    if NUMBERS.contains(&name) {
        let number = text.replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite());
        return number.map(|number| number.to_string()).unwrap_or_default();
    }
    if name == "sex" { text.to_lowercase() } else { text }
}

/// Reads `episodes.csv` by the lines of the outcome table; `None` where a study has no such file,
/// as in older studies.
///
/// # Errors
/// [`StudyError::Read`], [`StudyError::Table`], [`StudyError::MissingColumn`] and
/// [`StudyError::Cell`].
pub fn read_episodes(path: &Path) -> Result<Option<BTreeMap<u64, EpisodeNotes>>, StudyError> {
    let text = match read_stage_file(path, "select") {
        Err(StudyError::MissingStage { .. }) => return Ok(None),
        read => read?,
    };
    let table = Table::read("table of episodes", text.as_slice(), &["row", "subject_id"])?;
    let row_of = table.column("row")?;
    let [age, duration, baseline, sex, site] =
        ["age", "duration_weeks", "nrs_baseline", "sex", "site"].map(|name| table.optional(name));
    let labels = table.beginning(LABEL);
    let mut read = BTreeMap::new();
    for row in table.rows() {
        let wrong = |column: &str, at: usize, remedy| StudyError::Cell {
            table: table.name(),
            row: row.line,
            column: column.to_owned(),
            value: row.cell(at).to_owned(),
            remedy,
        };
        let number = |column: &str, at: Option<usize>| {
            let Some(at) = at else { return Ok(None) };
            number_in(row.cell(at)).ok_or_else(|| wrong(column, at, "write a number, or nothing"))
        };
        let word = |at: Option<usize>| {
            at.map(|at| row.cell(at).to_owned()).filter(|text| !text.is_empty())
        };
        let mut notes = EpisodeNotes {
            age: number("age", age)?,
            duration: number("duration_weeks", duration)?,
            baseline: number("nrs_baseline", baseline)?,
            sex: word(sex),
            site: word(site),
            labels: BTreeMap::new(),
        };
        for (name, at) in &labels {
            let label = match row.cell(*at) {
                "" => continue,
                "0" => Outcome::Poor,
                "1" => Outcome::Favourable,
                _ => return Err(wrong(&format!("{LABEL}{name}"), *at, "write 0, 1 or nothing")),
            };
            notes.labels.insert(name.clone(), label);
        }
        let line = row.cell(row_of).parse();
        let line = line.map_err(|_| wrong("row", row_of, "write the line in the outcome table"))?;
        read.insert(line, notes);
    }
    Ok(Some(read))
}

#[cfg(test)]
mod tests {
    use foramen_outcome::{Definition, OutcomeOptions, PainTable};

    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let table = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,Age,SEX,site
S1,C5/6,left,2024-03-01,7,2024-04-30,4,61,F,=Nord
S2,C6/7,right,2024-03-02,8,2024-05-01,2,unknown,m,
S3,C6/7,right,2024-03-02,8,,,50,m,
";
        let options = OutcomeOptions::default();
        let table = PainTable::read(table.as_bytes(), &options).unwrap();
        let definitions = table.sensitivity(Definition::usual(&options));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("episodes.csv");
        assert_eq!(read_episodes(&path).unwrap(), None);
        write_episodes(&path, &table.label(&options), &definitions).unwrap();
        let read = read_episodes(&path).unwrap().unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), [&2, &3]);
        let first = &read[&2];
        assert_eq!((first.age, first.baseline), (Some(61.0), Some(7.0)));
        assert_eq!((first.sex.as_deref(), first.site.as_deref()), (Some("f"), Some("=Nord")));
        // 7 to 4 is no half, and more than 30 %.
        assert_eq!(first.labels["relief_30"], Outcome::Favourable);
        assert_eq!((read[&3].age, read[&3].site.as_deref()), (None, None));
        std::fs::write(&path, "row,subject_id,label_x\n2,S1,yes\n").unwrap();
        let error = read_episodes(&path).unwrap_err().to_string();
        assert!(error.contains("label_x") && error.contains("yes"), "{error}");
    }
}
