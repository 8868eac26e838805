use std::collections::HashSet;

use crate::{Table, TableError};

impl Table {
    /// Restores the original ids of a column: removes the decimal that a program added to a whole
    /// number (`1001.0`), unless another id of the column is the number without it. Returns how
    /// many ids were changed.
    ///
    /// # Errors
    /// [`TableError::ShortenedId`] for a long number that a spreadsheet has
    /// shortened (`1.23E+08`): its last digits are gone.
    pub fn tidy_ids(&mut self, column: usize) -> Result<usize, TableError> {
        let ids: HashSet<&str> = self.rows().iter().map(|row| row.cell(column)).collect();
        let mut renamed = Vec::new();
        for (place, row) in self.rows().iter().enumerate() {
            let id = row.cell(column);
            if is_shortened(id) {
                return Err(TableError::ShortenedId { line: row.line });
            }
            // `1.0` and `1.00` would become one.
            if let Some(whole) = without_decimals(id)
                && id.len() == whole.len() + 2
                && !ids.contains(whole)
            {
                renamed.push((place, whole.to_owned()));
            }
        }
        let changed = renamed.len();
        for (place, id) in renamed {
            self.set(place, column, id);
        }
        Ok(changed)
    }
}

/// `1001` for `1001.0`, the form in which programs write whole numbers that they read as decimals.
#[must_use]
pub fn without_decimals(id: &str) -> Option<&str> {
    let (whole, decimals) = id.split_once('.')?;
    let zeros = !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0');
    let number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    (zeros && number).then_some(whole)
}

/// Whether an id is a long number that a spreadsheet has shortened (`1.23E+08`): its last digits
/// are lost, and other persons may have the same shortened id.
#[must_use]
pub fn is_shortened(id: &str) -> bool {
    let Some((digits, exponent)) = id.split_once(['E', 'e']) else { return false };
    let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 1
        && number(whole)
        && number(decimals)
        && exponent.strip_prefix('+').is_some_and(|power| power.len() > 1 && number(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_numbers_are_known() {
        assert!(["1.23E+08", "1,23E+08", "1E+10"].into_iter().all(is_shortened));
        assert!(!["1E5", "E1+08", "12E+08", "P1E+08", "1.23"].into_iter().any(is_shortened));
    }

    #[test]
    fn decimals_are_left_out_where_that_merges_nobody() {
        let read = |text: &str| {
            let mut table = Table::read(text.as_bytes(), &[]).unwrap();
            let n = table.tidy_ids(0).unwrap();
            (n, table.rows().iter().map(|row| row.cell(0).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read("id,x\n1001.0,1\n1002.0,1\n"), (2, vec!["1001".into(), "1002".into()]));
        assert_eq!(read("id,x\n1001.0,1\n1001,1\n"), (0, vec!["1001.0".into(), "1001".into()]));
        let mut table = Table::read(&b"id,x\n1.23E+08,1\n"[..], &[]).unwrap();
        assert!(table.tidy_ids(0).unwrap_err().to_string().contains("line 2"));
    }
}
