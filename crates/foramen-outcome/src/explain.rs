use std::{fmt, io};

use crate::{ExplainedCell, OutcomeError, OutcomeOptions, Outcomes, PainTable};

/// How one row led to a label, or the reason why it did not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Its line number; the header is 1.
    pub row: u64,
    /// How each cell was read, in the order of foramen's columns.
    pub cells: Vec<ExplainedCell>,
    /// The result for the row and for its episodes.
    pub fate: Vec<String>,
}

/// Explains one row of a table, given its line number.
///
/// ```
/// use foramen_outcome::{OutcomeOptions, explain};
///
/// let table = "\
/// subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
/// S1,c56,L,1 March 2024,7,2024-04-30,3.5
/// ";
/// let row = explain(table.as_bytes(), &OutcomeOptions::default(), 2)?;
/// assert_eq!((row.cells[1].cell.as_str(), row.cells[1].reading.as_str()), ("c56", "C5/6"));
/// assert!(row.fate[0].ends_with("7 to 3.5 on day 60 is favourable"), "{row}");
/// # Ok::<(), foramen_outcome::OutcomeError>(())
/// ```
///
/// # Errors
/// [`OutcomeError`] when the table as a whole cannot be read, and
/// [`OutcomeError::NoRow`] when no row begins on that line.
pub fn explain(
    table: impl io::Read,
    options: &OutcomeOptions,
    row: u64,
) -> Result<Explanation, OutcomeError> {
    let (table, cells) = PainTable::read_watching(table, options, Some(row))?;
    let cells = cells.ok_or(OutcomeError::NoRow { row })?;
    Ok(Explanation { row, cells, fate: fate(&table.label(options), row) })
}

fn fate(outcomes: &Outcomes, row: u64) -> Vec<String> {
    let used = outcomes
        .episodes
        .iter()
        .filter(|one| one.rows.contains(&row) || one.shared_rows.contains(&row));
    let used = used.map(|one| {
        format!(
            "used for {} {} {} on {}: {} to {} on day {} is {}",
            one.subject,
            one.level,
            one.side,
            one.injection_date,
            one.nrs_baseline,
            one.nrs_followup,
            one.days(),
            one.outcome
        )
    });
    let rejected = outcomes.rejected.iter().filter(|one| one.row == row);
    let rejected = rejected.map(|one| format!("not used: {}", one.reason));
    let excluded = outcomes.excluded.iter().filter(|one| one.rows.contains(&row)).map(|one| {
        let (level, side, date) = (one.level, one.side, one.injection_date);
        format!("{} {level} {side} on {date} has no label: {}", one.subject, one.reason)
    });
    used.chain(rejected).chain(excluded).collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "row {}", self.row)?;
        for ExplainedCell { field, column, cell, reading } in &self.cells {
            let name = if field == column {
                (*field).to_owned()
            } else {
                format!("{field} (column {column:?})")
            };
            writeln!(f, "  {name}: {cell:?} is read as {reading}")?;
        }
        self.fate.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
