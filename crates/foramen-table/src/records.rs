use csv::{ReaderBuilder, StringRecord};
use csv_nose::{SampleSize, Sniffer};

use crate::TableError;
use crate::lines::{LineCount, count_lines, line_ends};
use crate::quote::check_quotes;

/// Number of bytes from which the delimiter is detected.
const SAMPLE: usize = 64 * 1024;

/// Number of records among which the header is searched.
const FIRST: usize = 30;

/// The rows of a text, each with the line on which it begins; the header is one
/// of them.
pub struct Records<'a> {
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    delimiter: u8,
    /// The byte and the line at which the next record begins.
    start: usize,
    line: usize,
    /// Number of header cells, once known.
    width: usize,
    lines: LineCount,
}

impl<'a> Records<'a> {
    /// Reads the rows of a text with this delimiter; a line `sep=;` is skipped.
    #[must_use]
    pub fn of(text: &'a str, delimiter: u8) -> Self {
        let bytes = text.as_bytes();
        let start = separator_line(text).map_or(0, |(_, length)| length);
        let skipped = line_ends(&bytes[..start]);
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(&bytes[start..]);
        let lines = LineCount { lines: count_lines(bytes), skipped, ..LineCount::default() };
        let mut records = Self {
            bytes: &bytes[start..],
            reader,
            delimiter,
            start: 0,
            line: skipped + 1,
            width: 0,
            lines,
        };
        records.skip_blank(0);
        records
    }

    /// Reads the next row and returns its line. Lines are counted here, because blank lines and
    /// line ends other than `\n` would shift the CSV reader's count.
    ///
    /// # Errors
    /// [`TableError`] for bytes that are not a row, and for a quote that includes further rows.
    pub fn next(&mut self, record: &mut StringRecord) -> Result<Option<u64>, TableError> {
        if !self.reader.read_record(record)? {
            return Ok(None);
        }
        let line = self.line;
        let position = self.reader.position().byte();
        let end = usize::try_from(position).expect("the bytes are in memory").max(self.start);
        let whole = &self.bytes[self.start..end];
        let last = whole.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
        let bytes = &whole[..last];
        let breaks = line_ends(bytes);
        let ends_file = self.bytes[self.start + last..].iter().all(|byte| b"\r\n".contains(byte));
        if breaks > 0 || ends_file {
            check_quotes(bytes, line, self.delimiter, self.width, ends_file)?;
        }
        self.line += breaks;
        self.lines.rows += 1;
        self.lines.continued += breaks;
        self.skip_blank(self.start + last);
        Ok(Some(u64::try_from(line).expect("a line number")))
    }

    /// Moves from the end of a record to the start of the next.
    fn skip_blank(&mut self, end: usize) {
        let ends = self.bytes[end..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let lines = line_ends(&self.bytes[end..end + ends]);
        self.lines.blank += lines.saturating_sub(usize::from(end > 0));
        self.line += lines;
        self.start = end + ends;
    }

    /// The header and its line: the row at `line` if given, else the one of the first rows with
    /// most of the `wanted` names, or the first row if none has any.
    ///
    /// # Errors
    /// [`TableError::HeaderRow`] where no row begins on that line, and
    /// [`TableError::Empty`] where there is no row at all.
    pub fn header(
        &mut self,
        line: Option<u64>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(StringRecord, u64), TableError> {
        let place = match line {
            Some(line) => line,
            None => self.ahead().most(wanted).ok_or(TableError::Empty)?.0,
        };
        let mut record = StringRecord::new();
        while let Some(found) = self.next(&mut record)? {
            if found == place {
                // Until here all were counted as rows.
                let lines = &mut self.lines;
                let breaks = record.iter().map(|cell| line_ends(cell.as_bytes())).sum::<usize>();
                lines.header = 1 + breaks;
                lines.skipped += lines.rows + lines.continued - lines.header;
                (lines.rows, lines.continued) = (0, 0);
                self.width = record.len();
                return Ok((record, found));
            }
            if found > place {
                break;
            }
        }
        Err(TableError::HeaderRow { line: place })
    }

    /// The counts of lines, once all records are read.
    ///
    /// # Errors
    /// [`TableError::Lines`] if they do not add up, which is a fault of this crate.
    pub fn lines(&self) -> Result<LineCount, TableError> {
        if self.lines.adds_up() {
            Ok(self.lines)
        } else {
            Err(TableError::Lines { lines: self.lines })
        }
    }

    /// The same records, from the current position.
    fn ahead(&self) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.bytes);
        Self { reader, ..*self }
    }

    /// The line of the first record with most of the wanted names, and their number; the first
    /// record that is not blank if none has any.
    fn most(&mut self, wanted: impl Fn(&str) -> bool) -> Option<(u64, usize)> {
        let mut best: Option<(u64, usize)> = None;
        let mut record = StringRecord::new();
        for _ in 0..FIRST {
            // What cannot be read is told when it is read in earnest.
            let Ok(Some(line)) = self.next(&mut record) else { break };
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let found = record.iter().filter(|cell| wanted(cell.trim())).count();
            if best.is_none_or(|(_, most)| found > most.max(1)) {
                best = Some((line, found));
            }
        }
        best
    }
}

/// The separator that a first line `sep=;` states, as Excel writes it, and the
/// length of that line with its end.
#[must_use]
pub fn separator_line(text: &str) -> Option<(u8, usize)> {
    let line = text.split(['\r', '\n']).next()?;
    let stated = line.trim_matches(' ').trim_matches('"');
    let (name, separator) = stated.split_at_checked(4)?;
    let separator = if separator == "\\t" { "\t" } else { separator };
    let [byte] = separator.as_bytes() else { return None };
    let ends = match text.as_bytes()[line.len()..] {
        [b'\r', b'\n', ..] => 2,
        [] => 0,
        _ => 1,
    };
    name.eq_ignore_ascii_case("sep=").then_some((*byte, line.len() + ends))
}

/// The delimiter of a table: the stated one, else the one detected from the shape of the rows,
/// unless another delimiter gives more of the wanted columns in the header.
#[must_use]
pub fn find_delimiter(text: &str, wanted: impl Fn(&str) -> bool) -> u8 {
    if let Some((stated, _)) = separator_line(text) {
        return stated;
    }
    let found =
        |delimiter| Records::of(text, delimiter).most(&wanted).map_or(0, |(_, found)| found);
    let start = &text.as_bytes()[..text.len().min(SAMPLE)];
    // A row that is cut off would look like a short one.
    let whole = start.iter().rposition(|byte| *byte == b'\n').filter(|_| text.len() > SAMPLE);
    let sniffed = Sniffer::new()
        .sample_size(SampleSize::All)
        .sniff_bytes(&start[..whole.unwrap_or(start.len())])
        .map_or(b',', |metadata| metadata.dialect.delimiter);
    let mut best = (found(sniffed), sniffed);
    for delimiter in [b',', b';', b'\t', b'|'] {
        let columns = found(delimiter);
        if columns > best.0 {
            best = (columns, delimiter);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<u64> {
        let mut records = Records::of(text, b',');
        let mut record = StringRecord::new();
        std::iter::from_fn(|| records.next(&mut record).unwrap()).collect()
    }

    fn header(text: &str) -> (u64, LineCount) {
        let mut records = Records::of(text, b',');
        let (_, line) = records.header(None, |cell| ["id", "side", "nrs"].contains(&cell)).unwrap();
        let mut record = StringRecord::new();
        while records.next(&mut record).unwrap().is_some() {}
        (line, records.lines().unwrap())
    }

    #[test]
    fn rows_are_line_numbers_whatever_ends_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["h,h", "a,", "", "b,\"x", "y\"", "c,"].join(end);
            assert_eq!(lines(&text), [1, 2, 4, 6], "{end:?}");
        }
        assert_eq!(lines("\n\nh\na\n"), [3, 4]);
        assert_eq!(lines("h\r1\r\n2\n3\r4"), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn titles_and_merged_headings_are_no_header() {
        let (line, count) = header("Registry 2024,,\n\nwho,,score\nid,side,nrs\n1,l,7\n2,r,8\n");
        assert_eq!(line, 4);
        assert_eq!(count.to_string(), "6 lines: 1 header, 2 rows, 2 before the header, 1 blank");
        // Without names that are known the first row is the header.
        assert_eq!(header("a,b,c\nd,e,f\n").0, 1);
        // One name alone may be a value.
        assert_eq!(header("a,b,c\nid,e,f\n").0, 1);
    }

    #[test]
    fn a_stated_separator_is_taken_and_its_line_skipped() {
        for (text, separator) in [
            ("sep=;\r\nid;side\r\n1;2\r\n", b';'),
            ("\"SEP=|\"\nid|side\n1|2", b'|'),
            ("sep=\t\rid\tside", b'\t'),
        ] {
            assert_eq!(find_delimiter(text, |_| false), separator, "{text:?}");
            assert_eq!(Records::of(text, separator).header(None, |_| false).unwrap().1, 2);
        }
        assert_eq!(separator_line("separate,x\n"), None);
    }

    #[test]
    fn delimiters_are_found_from_rows_and_from_known_names() {
        for delimiter in [",", ";", "\t", "|"] {
            let text = ["pat,disc,score", "1,C5/6,4", "2,C6/7,5"].join("\n");
            let text = text.replace(',', delimiter);
            assert_eq!(find_delimiter(&text, |_| false), delimiter.as_bytes()[0], "{text}");
        }
        // More commas than semicolons, and yet the names lie between semicolons.
        let text = "pat;disc;score\n1;C5/6;4,5\n2;a,b,c;4,5\n";
        assert_eq!(find_delimiter(text, |name| ["pat", "disc"].contains(&name)), b';');
        assert_eq!(find_delimiter("", |_| true), b',');
    }

    proptest! {
        /// All bytes are accounted for, whatever they are.
        #[test]
        fn every_line_is_in_one_place(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["a", "\"", "\"\"", ",", "\n", "\r", "\r\n", " ", "id", "é"]),
                0..60,
            ),
        ) {
            let text = pieces.concat();
            let mut records = Records::of(&text, b',');
            let mut record = StringRecord::new();
            let mut read = 0;
            loop {
                match records.next(&mut record) {
                    Ok(Some(_)) => read += 1,
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
            let count = records.lines().unwrap();
            prop_assert_eq!((count.rows, records.start), (read, text.len()));
        }
    }
}
