use crate::TableError;
use crate::lines::line_ends;

/// A cell with more line breaks than this is an error.
const MOST_BREAKS: usize = 60;

/// Least number of separators for which a line within a cell looks like a row.
const LEAST_SEPARATORS: usize = 4;

/// Checks the quoted cells of a record that covers several lines: a quote opened by mistake would
/// include all lines up to the next quote, and their patients would be lost.
///
/// `record` holds its bytes without the last line end, `line` is its first line, `width` the number
/// of header cells (0 if unknown); `ends_file` is true if nothing follows the record.
pub(crate) fn check_quotes(
    record: &[u8],
    line: usize,
    separator: u8,
    width: usize,
    ends_file: bool,
) -> Result<(), TableError> {
    let mut at = 0;
    while at < record.len() {
        let start = at;
        if record[at] != b'"' {
            at += record[at..]
                .iter()
                .position(|byte| *byte == separator)
                .map_or(record.len(), |n| n + 1);
            continue;
        }
        let (end, closed) = closing(record, at + 1);
        let cell = &record[start + 1..end];
        let breaks = line_ends(cell);
        let after = &record[(end + 1).min(record.len())..];
        let rest = after.iter().position(|byte| *byte == separator).unwrap_or(after.len());
        // Text after the closing quote: that was another cell's opening one.
        let torn = after[..rest].iter().any(|byte| !byte.is_ascii_whitespace());
        let open = !closed && (ends_file || breaks > 0);
        if open || breaks > 0 && (torn || breaks > MOST_BREAKS || has_rows(cell, separator, width))
        {
            return Err(TableError::OpenQuote {
                line: line + line_ends(&record[..start]),
                lines: breaks,
            });
        }
        at = end + 1 + rest + 1;
    }
    Ok(())
}

/// Where a quoted cell ends, and whether a quote ends it.
fn closing(record: &[u8], mut at: usize) -> (usize, bool) {
    while at < record.len() {
        match (record[at], record.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return (at, true),
            _ => at += 1,
        }
    }
    (record.len(), false)
}

/// Whether lines within a cell look like rows of the table.
fn has_rows(cell: &[u8], separator: u8, width: usize) -> bool {
    let separators = |line: &[u8]| line.iter().filter(|byte| **byte == separator).count();
    let lines = cell.split(|byte| b"\r\n".contains(byte)).skip(1);
    let wanted = width.saturating_sub(1).max(1);
    let mut like = 0;
    for line in lines {
        let found = separators(line);
        if found >= wanted.max(LEAST_SEPARATORS) {
            return true;
        }
        like += usize::from(found == wanted);
    }
    like > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: &str) -> Option<(usize, usize)> {
        match check_quotes(record.as_bytes(), 7, b',', 6, false) {
            Err(TableError::OpenQuote { line, lines }) => Some((line, lines)),
            _ => None,
        }
    }

    #[test]
    fn a_comment_of_several_lines_is_one_cell() {
        assert_eq!(
            check("P1,left,\"worse, then\nbetter, he \"\"said\"\"\nand slept\",3,4,5"),
            None
        );
        assert_eq!(check("\"a\nb\",\"c\nd\" ,3"), None);
    }

    #[test]
    fn a_quote_that_takes_in_rows_is_named_by_the_line_where_it_opens() {
        // The next quote closes it.
        assert_eq!(check("P1,a,b,c,d,\"worse\nP2,a,b,c,d,\"better\""), Some((7, 1)));
        // It closes well, but the line within has as many cells as a row.
        assert_eq!(check("P1,\"a,b,c,d,e\nP2,a,b,c,d,e\nP3,\",b,c,d,e"), Some((7, 2)));
        // It opens in the second line of the record.
        assert_eq!(check("\"two\nlines\",\"x\nP2,a,b,c,d,e\n\",c,d,e,f"), Some((8, 2)));
    }

    #[test]
    fn a_quote_without_an_end_is_one() {
        assert_eq!(check("P1,\"worse\nand worse"), Some((7, 1)));
        assert!(check_quotes(b"P1,\"worse", 7, b',', 2, true).is_err());
        assert!(check_quotes(b"P1,worse \"now", 7, b',', 2, true).is_ok());
    }

    #[test]
    fn a_hundred_lines_are_no_comment() {
        let cell = "and\n".repeat(100);
        assert_eq!(check(&format!("P1,\"{cell}\",3")), Some((7, 100)));
    }
}
