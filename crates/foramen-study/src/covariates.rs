use std::collections::BTreeMap;
use std::io::Read;

use foramen_table::Row;
use foramen_types::SubjectId;

use crate::StudyError;
use crate::table::{Table, number_in};

/// Numbers of a subject by name; `None` where one is missing.
pub type Numbers = BTreeMap<String, Option<f64>>;

/// Larger numbers are data errors; after standardisation they would hide all other values.
pub(crate) const LARGEST: f64 = 1e12;

/// Reads a table of covariates for the subjects to be predicted: `subject_id` and a column for each
/// of `names`. A blank cell is a missing value; other columns are ignored.
///
/// # Errors
/// [`StudyError::MissingColumn`], [`StudyError::Table`], [`StudyError::Value`],
/// [`StudyError::RepeatedRow`] when a subject has two rows, and [`StudyError::Cell`] for a cell
/// that is not a number, or whose number exceeds 10¹².
pub fn read_covariates(
    table: impl Read,
    names: &[&str],
) -> Result<BTreeMap<SubjectId, Numbers>, StudyError> {
    let wanted: Vec<&str> = ["subject_id"].into_iter().chain(names.iter().copied()).collect();
    let mut table = Table::read("table of covariates", table, &wanted)?;
    let subject = table.column("subject_id")?;
    let places = names.iter().map(|name| Ok((*name, table.column(name)?)));
    let places = places.collect::<Result<Vec<_>, StudyError>>()?;
    places.iter().for_each(|(_, at)| table.plain_numbers(*at));
    let mut read = BTreeMap::new();
    for row in table.rows() {
        let id = SubjectId::new(row.cell(subject)).map_err(|source| StudyError::Value {
            table: table.name(),
            row: row.line,
            source,
        })?;
        let numbers = numbers_of(&table, row, &places)?;
        if read.insert(id, numbers).is_some() {
            return Err(StudyError::RepeatedRow { table: table.name(), row: row.line });
        }
    }
    Ok(read)
}

/// The numbers of a row by name. A cell may be empty or hold a word for "missing".
///
/// # Errors
/// [`StudyError::Cell`] for a cell that is not a number, or whose number exceeds the largest
/// allowed.
pub(crate) fn numbers_of(
    table: &Table,
    row: &Row,
    places: &[(&str, usize)],
) -> Result<Numbers, StudyError> {
    let number = |(name, at): &(&str, usize)| {
        let wrong = |remedy| StudyError::Cell {
            table: table.name(),
            row: row.line,
            column: (*name).to_owned(),
            value: row.cell(*at).to_owned(),
            remedy,
        };
        let number = number_in(row.cell(*at))
            .ok_or_else(|| wrong("write a number, or nothing where it is not known"))?;
        if number.is_some_and(|number| number.abs() > LARGEST) {
            return Err(wrong(
                "no measurement of a patient is as large; correct it, or write nothing",
            ));
        }
        Ok(((*name).to_owned(), number))
    };
    places.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_columns_are_read_and_blanks_are_missing() {
        let table = "subject_id,age,note,duration\nA,61,tall,\nB,,short,2.5\n";
        let read = read_covariates(table.as_bytes(), &["age", "duration"]).unwrap();
        let of = |id: &str, name: &str| read[&SubjectId::new(id).unwrap()][name];
        assert_eq!((of("A", "age"), of("A", "duration")), (Some(61.0), None));
        assert_eq!((of("B", "age"), of("B", "duration")), (None, Some(2.5)));
    }

    #[test]
    fn a_table_of_a_german_spreadsheet_is_read() {
        let table = b"Name;subject_id;Age\r\nM\xfcller;7.0;61,5\r\nK\xf6nig;8.0;s. Akte\r\n";
        let error = read_covariates(&table[..], &["age"]).unwrap_err().to_string();
        assert!(error.contains("row 3") && error.contains("s. Akte"), "{error}");
        let table = b"Name;subject_id;Age\r\nM\xfcller;7.0;61,5\r\nK\xf6nig;8.0;k. A.\r\n";
        let read = read_covariates(&table[..], &["age"]).unwrap();
        let of = |id: &str| read[&SubjectId::new(id).unwrap()]["age"];
        assert_eq!((of("7"), of("8")), (Some(61.5), None));
    }

    #[test]
    fn a_number_that_no_patient_has_is_named() {
        let table = "subject_id,age\nA,61\nB,1e308\n";
        let error = read_covariates(table.as_bytes(), &["age"]).unwrap_err().to_string();
        assert!(error.contains("row 3") && error.contains("age = \"1e308\""), "{error}");
    }

    #[test]
    fn what_is_no_number_or_not_there_is_refused_with_its_place() {
        let error =
            |table: &str| read_covariates(table.as_bytes(), &["age"]).unwrap_err().to_string();
        let text = error("subject_id,age\nA,61\nB,old\n");
        assert!(text.contains("row 3") && text.contains("age = \"old\""), "{text}");
        assert!(error("subject_id,years\nA,61\n").contains("\"age\""));
        assert!(error("subject_id,age\nA,61\nA,62\n").contains("row 3"));
    }
}
