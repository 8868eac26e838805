//! Tables of predictions from any source, for `evaluate`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use foramen_learn::{Prediction, read_predictions};
use foramen_metrics::Scores;
use foramen_table::{Row, Table, is_missing};
use foramen_types::{Level, Outcome, Probability, Side, SubjectId};

/// The required columns of `predictions.csv`.
const OURS: [&str; 5] = ["subject_id", "level", "side", "label", "probability"];
/// Names of columns of outcomes and of scores in other tables.
const LABELS: [&str; 9] =
    ["label", "outcome", "y_true", "y", "target", "truth", "favourable", "event", "class"];
const SCORES: [&str; 12] = [
    "probability",
    "prob",
    "score",
    "prediction",
    "predicted",
    "pred",
    "y_score",
    "y_prob",
    "y_pred",
    "risk",
    "p",
    "p_hat",
];
const SUBJECTS: [&str; 7] =
    ["subject_id", "subject", "patient_id", "patient", "id", "record_id", "participant_id"];
/// Names of columns with case weights, which would change every number and are not supported.
const WEIGHTS: [&str; 10] = [
    "weight",
    "weights",
    "case_weight",
    "case_weights",
    "sample_weight",
    "sample_weights",
    "ipw",
    "iptw",
    "ipcw",
    "sampling_weight",
];

/// The columns of a table of predictions.
#[derive(Args, Default)]
pub(crate) struct ScoreColumns {
    /// Column of the outcome (0 or 1, no or yes).
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The word of that column that means a favourable outcome; every other word is poor.
    #[arg(long, value_name = "WORD")]
    positive: Option<String>,
    /// Columns of scores or probabilities, one for each model; a higher score means favourable.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    score: Vec<String>,
    /// Column of the subject; without it every row counts as another subject.
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
    /// Column of the fold.
    #[arg(long, value_name = "COLUMN")]
    fold: Option<String>,
    /// Column of the repeat of the cross-validation.
    #[arg(long, value_name = "COLUMN")]
    repeat: Option<String>,
    /// Counts every row once even if the table has case weights.
    #[arg(long)]
    ignore_weights: bool,
}

/// The scores of one model.
pub(crate) struct Scored {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
    pub(crate) without_label: usize,
}

/// One scored row with a label.
#[derive(Clone)]
pub(crate) struct Case {
    subject: SubjectId,
    level: Level,
    side: Side,
    repeat: usize,
    fold: usize,
    favourable: bool,
    score: f64,
}

impl Scored {
    /// Whether every score may be a probability.
    pub(crate) fn are_probabilities(&self) -> bool {
        self.cases.iter().all(|case| (0.0..=1.0).contains(&case.score))
    }

    /// The scores as predictions, if they are probabilities.
    pub(crate) fn predictions(&self) -> Result<Vec<Prediction>> {
        let prediction = |case: &Case| {
            Ok(Prediction {
                subject: case.subject.clone(),
                level: case.level,
                side: case.side,
                repeat: case.repeat,
                fold: case.fold,
                outcome: Some(Outcome::from_favourable(case.favourable)),
                probability: Probability::new(case.score)?,
            })
        };
        self.cases.iter().map(prediction).collect()
    }

    /// Label and mean score of each injection over the repeats: a foramen that occurs again within
    /// a repeat counts as another injection.
    fn averaged(&self) -> BTreeMap<(&SubjectId, Level, Side, usize), (bool, f64)> {
        let mut seen = BTreeMap::new();
        let mut sums = BTreeMap::new();
        for case in &self.cases {
            let foramen = (&case.subject, case.level, case.side);
            let before: &mut usize = seen.entry((foramen, case.repeat)).or_default();
            let sum = sums.entry((foramen.0, foramen.1, foramen.2, *before));
            let (_, total, n) = sum.or_insert((case.favourable, 0.0, 0.0));
            (*total, *n) = (*total + case.score, *n + 1.0);
            *before += 1;
        }
        sums.into_iter().map(|(key, (label, total, n))| (key, (label, total / n))).collect()
    }

    /// The scores to rank by, one for each injection.
    pub(crate) fn markers(&self) -> Result<Scores> {
        let (labels, values): (Vec<bool>, Vec<f64>) = self.averaged().into_values().unzip();
        Ok(Scores::of_marker(&labels, &values)?)
    }

    /// Label, score, and repeat with fold of each row.
    pub(crate) fn folds(&self) -> impl Iterator<Item = (bool, f64, (usize, usize))> {
        self.cases.iter().map(|case| (case.favourable, case.score, (case.repeat, case.fold)))
    }
}

/// The scores of several models for the injections that all of them scored.
pub(crate) fn in_common(models: &[Scored]) -> Result<Vec<Scores>> {
    let averaged: Vec<_> = models.iter().map(Scored::averaged).collect();
    let Some(first) = averaged.first() else { return Ok(Vec::new()) };
    let shared: Vec<_> =
        first.keys().filter(|key| averaged.iter().all(|model| model.contains_key(key))).collect();
    ensure!(
        !shared.is_empty(),
        "the models have no subject in common; check the column --subject, without which rows are \
         compared by their place"
    );
    let scores = averaged.iter().map(|model| {
        let (labels, values): (Vec<bool>, Vec<f64>) = shared.iter().map(|key| model[*key]).unzip();
        Ok(Scores::of_marker(&labels, &values)?)
    });
    scores.collect()
}

/// Reads the models of a file: `predictions.csv`, or any table with a column of
/// outcomes and one of scores for each model.
///
/// # Errors
/// When the file cannot be used; the message names row, column and remedy.
pub(crate) fn read_scored(path: &Path, columns: &ScoreColumns) -> Result<Vec<Scored>> {
    let read = || {
        let table = Table::read(File::open(path)?, &wanted(columns))?;
        let weights = table.header().iter().find(|title| {
            let title = title.to_lowercase();
            WEIGHTS.contains(&title.as_str()) && !columns.score.contains(&title)
        });
        if let Some(weights) = weights.filter(|_| !columns.ignore_weights) {
            bail!(
                "the column {weights:?} holds case weights, which no number here takes; remove it, \
                 or give --ignore-weights to count every row once"
            );
        }
        let ours = OURS.iter().all(|name| table.find(name).is_some());
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if ours && columns.label.is_none() && columns.score.is_empty() {
            let read = read_predictions(File::open(path)?)?;
            return Ok(vec![Scored {
                name,
                cases: read.predictions.iter().filter_map(case_of).collect(),
                without_label: read.without_label,
            }]);
        }
        of_table(table, columns, &name)
    };
    read().with_context(|| format!("could not use {}", path.display()))
}

pub(crate) fn case_of(prediction: &Prediction) -> Option<Case> {
    Some(Case {
        subject: prediction.subject.clone(),
        level: prediction.level,
        side: prediction.side,
        repeat: prediction.repeat,
        fold: prediction.fold,
        favourable: prediction.outcome?.is_favourable(),
        score: prediction.probability.get(),
    })
}

fn wanted(columns: &ScoreColumns) -> Vec<&str> {
    let named = [&columns.label, &columns.subject, &columns.fold, &columns.repeat];
    let named = named.into_iter().flatten().chain(&columns.score).map(String::as_str);
    named.chain(LABELS).chain(SCORES).chain(SUBJECTS).chain(["fold", "repeat"]).collect()
}

fn of_table(mut table: Table, columns: &ScoreColumns, file: &str) -> Result<Vec<Scored>> {
    let found = table.header().join(", ");
    let named = |table: &Table, name: &str| match (table.count(name), table.find(name)) {
        (1, Some(place)) => Ok(place),
        (0, _) => bail!("there is no column {name:?}; the columns are {found}"),
        (n, _) => bail!("{n} columns are called {name:?}; rename the others"),
    };
    let known = |table: &Table, names: &[&str]| names.iter().find_map(|name| table.find(name));
    let optional = |table: &Table, name: &Option<String>, names: &[&str]| match name {
        Some(name) => named(table, name).map(Some),
        None => Ok(known(table, names)),
    };
    let label = optional(&table, &columns.label, &LABELS)?;
    let label = label.with_context(|| {
        format!("no column is known to hold outcomes; name it by --label; the columns are {found}")
    })?;
    let scores: Vec<usize> = if columns.score.is_empty() {
        known(&table, &SCORES).into_iter().collect()
    } else {
        columns.score.iter().map(|name| named(&table, name.trim())).collect::<Result<_>>()?
    };
    ensure!(
        !scores.is_empty(),
        "no column is known to hold scores; name one for each model by --score; the columns are \
         {found}"
    );
    let subject = optional(&table, &columns.subject, &SUBJECTS)?;
    let fold = optional(&table, &columns.fold, &["fold"])?;
    let repeat = optional(&table, &columns.repeat, &["repeat"])?;
    let [level, side] = ["level", "side"].map(|name| table.find(name));
    if let Some(subject) = subject {
        table.tidy_ids(subject)?;
    }
    let title = |place: usize| table.header()[place].as_str();
    let mut words: [BTreeMap<String, usize>; 2] = Default::default();
    let mut models: Vec<Scored> = scores
        .iter()
        .map(|place| Scored {
            name: if scores.len() > 1 { title(*place).to_owned() } else { file.to_owned() },
            cases: Vec::new(),
            without_label: 0,
        })
        .collect();
    for row in table.rows() {
        let favourable = outcome(row, label, columns.positive.as_deref())
            .with_context(|| format!("row {}, column {:?}", row.line, title(label)))?;
        let Some(favourable) = favourable else {
            models.iter_mut().for_each(|model| model.without_label += 1);
            continue;
        };
        let place = |what: Option<usize>, words: &mut BTreeMap<String, usize>| {
            let Some(column) = what else { return 0 };
            let next = words.len();
            *words.entry(row.cell(column).to_owned()).or_insert(next)
        };
        // A table that names no foramen has one for each row.
        let told =
            |column: Option<usize>| column.map(|column| row.cell(column)).filter(|c| !c.is_empty());
        let unusable = || format!("row {} cannot be used", row.line);
        let id = told(subject).map_or_else(|| format!("row {}", row.line), str::to_owned);
        let case = Case {
            subject: SubjectId::new(&id).with_context(unusable)?,
            level: told(level).map_or(Ok(Level::C5C6), str::parse).with_context(unusable)?,
            side: told(side).map_or(Ok(Side::Left), str::parse).with_context(unusable)?,
            repeat: place(repeat, &mut words[0]),
            fold: place(fold, &mut words[1]),
            favourable,
            score: 0.0,
        };
        for (model, column) in models.iter_mut().zip(&scores) {
            let cell = row.cell(*column);
            let score = table.number(cell).ok().flatten().with_context(|| {
                format!(
                    "row {}, column {:?}: {cell:?} is not a score; write a number or remove the row",
                    row.line,
                    title(*column)
                )
            })?;
            model.cases.push(Case { score, ..case.clone() });
        }
    }
    ensure!(!models[0].cases.is_empty(), "no row has an outcome in the column {:?}", title(label));
    Ok(models)
}

/// Whether a row's outcome is favourable; `None` where it is missing.
fn outcome(row: &Row, column: usize, positive: Option<&str>) -> Result<Option<bool>> {
    let cell = row.cell(column);
    if is_missing(cell) {
        return Ok(None);
    }
    if let Some(positive) = positive {
        return Ok(Some(cell.to_lowercase() == positive.trim().to_lowercase()));
    }
    match cell.to_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" | "favourable" | "favorable" | "positive" => Ok(Some(true)),
        "0" | "0.0" | "false" | "no" | "poor" | "unfavourable" | "negative" => Ok(Some(false)),
        _ => bail!("{cell:?} is not a known outcome; write 0 or 1, or give --positive WORD"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str, columns: &ScoreColumns) -> Result<Vec<Scored>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, table).unwrap();
        read_scored(&path, columns)
    }

    fn message(table: &str, columns: &ScoreColumns) -> String {
        format!("{:#}", read(table, columns).err().unwrap())
    }

    #[test]
    fn any_table_is_read_by_the_names_of_its_columns() {
        let table = "Pat;Ergebnis;A;B\r\n7.0;gut;0,25;12,5\r\n8.0;schlecht;0,5;3\r\n9.0;;0,1;4\r\n";
        let columns = ScoreColumns {
            label: Some("ergebnis".into()),
            positive: Some("Gut".into()),
            score: vec!["A".into(), "B".into()],
            subject: Some("Pat".into()),
            ..ScoreColumns::default()
        };
        let models = read(table, &columns).unwrap();
        assert_eq!((models[0].name.as_str(), models[0].without_label), ("A", 1));
        assert_eq!(models[0].cases[0].subject.as_str(), "7");
        assert!(models[0].are_probabilities() && !models[1].are_probabilities());
        let common = in_common(&models).unwrap();
        assert_eq!(
            (common[0].labels(), common[1].values()),
            (&[true, false][..], &[12.5, 3.0][..])
        );
    }

    #[test]
    fn usual_names_need_no_option() {
        let models = read("y_true,y_score\n1,3\n0,2\n", &ScoreColumns::default()).unwrap();
        assert_eq!((models.len(), models[0].markers().unwrap().len()), (1, 2));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let plain = ScoreColumns::default();
        let text = message("y,score,case_weight\n1,0.5,2\n", &plain);
        assert!(text.contains("\"case_weight\"") && text.contains("--ignore-weights"), "{text}");
        let text = message("status,score\n1,0.5\n", &plain);
        assert!(text.contains("--label") && text.contains("status, score"), "{text}");
        let text = message("y,width\n1,0.5\n", &plain);
        assert!(text.contains("--score"), "{text}");
        let text = message("y,score\n1,0.5\nmaybe,0.5\n", &plain);
        assert!(text.contains("row 3") && text.contains("--positive"), "{text}");
        let text = message("y,score\n1,0.5\n0,\n", &plain);
        assert!(text.contains("row 3") && text.contains("\"score\""), "{text}");
        let columns = ScoreColumns { score: vec!["risk".into()], ..plain };
        assert!(message("y,score\n1,0.5\n", &columns).contains("\"risk\""));
    }

    #[test]
    fn weights_are_left_out_where_asked() {
        let columns = ScoreColumns { ignore_weights: true, ..ScoreColumns::default() };
        assert_eq!(read("y,score,ipw\n1,0.5,2\n0,0.1,1\n", &columns).unwrap()[0].cases.len(), 2);
    }
}
