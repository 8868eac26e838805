use std::io::Read;

use foramen_types::SubjectKey;

use crate::StudyError;
use crate::table::Table;

/// Reads a linkage table, `patient_id,subject_id`, into a key.
///
/// # Errors
/// [`StudyError::MissingColumn`], [`StudyError::Table`] and [`StudyError::Links`]
/// when one patient id is given two subjects. Messages name no patient id.
pub fn read_links(table: impl Read) -> Result<SubjectKey, StudyError> {
    let table = Table::read("linkage table", table, &["patient_id", "subject_id"])?;
    let [patient, subject] = [table.column("patient_id")?, table.column("subject_id")?];
    let pairs = table.rows().iter().map(|row| (row.cell(patient), row.cell(subject)));
    Ok(SubjectKey::linked(pairs)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let error = read_links("patient_id,subject\n1,A\n".as_bytes()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("\"subject_id\"") && text.contains("patient_id, subject"), "{text}");
    }

    #[test]
    fn links_are_read() {
        let key = read_links("\u{feff}patient_id,subject_id\n 007 ,A\n".as_bytes()).unwrap();
        assert_eq!(key.of_patient("007").unwrap().as_str(), "A");
        assert!(key.of_patient("7").is_err());
    }
}
