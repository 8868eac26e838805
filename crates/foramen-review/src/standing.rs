use std::collections::BTreeMap;

use crate::entry::{Kind, Row};
use crate::reading::Reading;
use crate::study::Study;

/// Widths of two readers that differ by more than this are a disagreement, millimetres: about the
/// limits of agreement between readers of a foramen.
pub(crate) const APART: f64 = 1.0;

/// The current answers from all rows of a database.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Valid answers by case, reader and occasion, in order of time.
    pub(crate) answers: BTreeMap<(usize, String, u8), Vec<Row>>,
    /// Settled answers by case, in order of time.
    pub(crate) settled: BTreeMap<usize, Vec<Row>>,
    /// Rows whose image or foramen is no longer in the study.
    pub lost: Vec<Row>,
}

/// The result for a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Final {
    /// Nobody has answered.
    Open,
    /// The valid answer, and who gave it.
    Answer(Box<Row>, String),
    /// Readers disagree, and the case is not settled.
    Disagreement,
}

impl Standing {
    /// Computes the current answers. A row belongs to the case of the person whose image it names,
    /// at its level and side. It stays valid if a new selection chooses another image or uses
    /// another subject id.
    #[must_use]
    pub fn of(study: &Study, rows: &[Row]) -> Self {
        let mut undone: BTreeMap<i64, &str> = BTreeMap::new();
        for row in rows {
            if let Kind::Undo { row: id } = row.entry.kind {
                undone.insert(id, &row.entry.reader);
            }
        }
        let mut standing = Self::default();
        for row in rows {
            let is_undone = undone.get(&row.id).is_some_and(|by| *by == row.entry.reader);
            if is_undone || row.entry.kind.reading().is_none() {
                continue;
            }
            let case = study.case_of_answer(row);
            let Some(case) = case else {
                standing.lost.push(row.clone());
                continue;
            };
            match row.entry.kind {
                Kind::Adjudication(_) => {
                    standing.settled.entry(case).or_default().push(row.clone())
                }
                _ => {
                    let key = (case, row.entry.reader.clone(), row.entry.occasion);
                    standing.answers.entry(key).or_default().push(row.clone());
                }
            }
        }
        standing
    }

    /// The answers of a reader to a case.
    pub(crate) fn by(&self, case: usize, reader: &str, occasion: u8) -> &[Row] {
        self.answers.get(&(case, reader.to_owned(), occasion)).map_or(&[], Vec::as_slice)
    }

    /// The last answers of each reader to a case on the first occasion.
    pub(crate) fn last(&self, case: usize) -> Vec<&Row> {
        let from = (case, String::new(), 0);
        let of_case = self.answers.range(from..).take_while(|((of, _, _), _)| *of == case);
        of_case
            .filter(|((_, _, occasion), _)| *occasion == 0)
            .filter_map(|(_, rows)| rows.last())
            .collect()
    }

    /// Whether readers disagree on a case, whether or not it was settled.
    pub(crate) fn disagree(&self, case: usize) -> bool {
        let last = self.last(case);
        let readings: Vec<&Reading> =
            last.iter().filter_map(|row| row.entry.kind.reading()).collect();
        readings.iter().any(|one| !alike(readings[0], one))
    }

    /// The result for a case: the settled answer, else the first reader's answer if all agree.
    #[must_use]
    pub fn of_case(&self, case: usize) -> Final {
        if let Some(row) = self.settled.get(&case).and_then(|rows| rows.last()) {
            let by = format!("{} (settled)", row.entry.reader);
            return Final::Answer(Box::new(row.clone()), by);
        }
        let last = self.last(case);
        let Some(first) = last.iter().min_by_key(|row| row.id) else { return Final::Open };
        if self.disagree(case) {
            return Final::Disagreement;
        }
        let readers: Vec<&str> = last.iter().map(|row| row.entry.reader.as_str()).collect();
        Final::Answer(Box::new((*first).clone()), readers.join(" and "))
    }
}

/// Whether two answers agree: the same state, and widths that differ by at most [`APART`].
fn alike(one: &Reading, other: &Reading) -> bool {
    one.seen == other.seen
        && match (one.width_mm, other.width_mm) {
            (Some(a), Some(b)) => (a - b).abs() <= APART,
            (a, b) => a.is_none() == b.is_none(),
        }
}
