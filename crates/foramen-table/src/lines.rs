use std::fmt;

/// Counts of the lines of a table's file by kind. Their sum is compared with the number of lines of
/// the file ([`LineCount::adds_up`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCount {
    /// Lines of the file.
    pub lines: usize,
    /// Lines before the header: titles, merged headings, `sep=;`.
    pub skipped: usize,
    /// Lines of the header, 1 unless a name has a line break.
    pub header: usize,
    /// Data rows.
    pub rows: usize,
    /// Further lines of data rows whose cells have line breaks.
    pub continued: usize,
    /// Empty lines.
    pub blank: usize,
}

impl LineCount {
    /// Whether every line is counted exactly once.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.skipped + self.header + self.rows + self.continued + self.blank == self.lines
    }
}

impl fmt::Display for LineCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines: {} header, {} rows", self.lines, self.header, self.rows)?;
        for (n, what) in [
            (self.continued, "continued rows"),
            (self.skipped, "before the header"),
            (self.blank, "blank"),
        ] {
            if n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        Ok(())
    }
}

/// Line ends in bytes; `\r\n` is one.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    let mut ends = 0;
    let mut before = 0;
    for &byte in bytes {
        ends += usize::from(byte == b'\n' && before != b'\r' || byte == b'\r');
        before = byte;
    }
    ends
}

/// Number of lines of a text; the last line may lack its line end.
pub(crate) fn count_lines(bytes: &[u8]) -> usize {
    let open = bytes.last().is_some_and(|last| !b"\r\n".contains(last));
    line_ends(bytes) + usize::from(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_ends_one_line() {
        assert_eq!(count_lines(b"a\nb\r\nc\rd"), 4);
        assert_eq!(count_lines(b"a\r\r\n\n"), 3);
        assert_eq!(count_lines(b""), 0);
    }

    #[test]
    fn the_count_says_where_lines_went() {
        let count = LineCount { lines: 9, skipped: 1, header: 1, rows: 5, continued: 0, blank: 2 };
        assert!(count.adds_up());
        assert_eq!(count.to_string(), "9 lines: 1 header, 5 rows, 1 before the header, 2 blank");
        assert!(!LineCount { blank: 1, ..count }.adds_up());
    }
}
