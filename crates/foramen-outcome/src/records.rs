use csv::{ReaderBuilder, StringRecord};
use csv_nose::{SampleSize, Sniffer};

use crate::OutcomeError;

/// How much of a table the delimiter is found in, in bytes.
const SAMPLE: usize = 64 * 1024;

/// The rows of a text, each with the line on which it begins; the header is one
/// of them.
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    line: u64,
    counted: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn of(text: &'a str, delimiter: u8) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        Self { bytes: text.as_bytes(), reader, line: 1, counted: 0 }
    }

    /// The next row and its line, counted here because blank lines and line ends
    /// other than `\n` would shift the reader's own count.
    pub(crate) fn next(&mut self, record: &mut StringRecord) -> Result<Option<u64>, OutcomeError> {
        if !self.reader.read_record(record)? {
            return Ok(None);
        }
        let start = record.position().map_or(self.counted, |position| {
            usize::try_from(position.byte()).expect("the bytes are in memory")
        });
        // The reader's position is before the line ends it skips.
        let skipped = self.bytes[start..].iter().take_while(|b| b"\r\n".contains(b)).count();
        let start = start + skipped;
        self.line += line_ends(&self.bytes[self.counted..start]);
        self.counted = start;
        Ok(Some(self.line))
    }

    /// The first row that is not blank.
    pub(crate) fn header(&mut self) -> Result<StringRecord, OutcomeError> {
        let mut record = StringRecord::new();
        while self.next(&mut record)?.is_some() {
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(record);
            }
        }
        Err(OutcomeError::Empty)
    }
}

/// The delimiter of a table: the one a sniffer finds from the shape of the rows,
/// unless another one finds more of the wanted columns in the header.
pub(crate) fn find_delimiter(text: &str, wanted: impl Fn(&str) -> bool) -> u8 {
    let found = |delimiter| {
        let header = Records::of(text, delimiter).header().unwrap_or_default();
        header.iter().filter(|cell| wanted(cell.trim())).count()
    };
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

/// Line ends in bytes that do not end between `\r` and `\n`.
fn line_ends(bytes: &[u8]) -> u64 {
    let mut ends = 0;
    let mut before = 0;
    for &byte in bytes {
        ends += u64::from(byte == b'\r' || byte == b'\n' && before != b'\r');
        before = byte;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<u64> {
        let mut records = Records::of(text, b',');
        let mut record = StringRecord::new();
        std::iter::from_fn(|| records.next(&mut record).unwrap()).collect()
    }

    #[test]
    fn rows_are_line_numbers_whatever_ends_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["h,h", "a,", "", "b,\"x", "y\"", "c,"].join(end);
            assert_eq!(lines(&text), [1, 2, 4, 6], "{end:?}");
        }
        assert_eq!(lines("\n\nh\na\n"), [3, 4]);
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
}
