use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use csv::StringRecord;
use foramen_table::{Merged, Records, TableError, Text, find_delimiter, separator_line};
use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::columns::{Columns, RedcapColumns};
use crate::covariates::{Texts, Words};
use crate::field::Field;
use crate::missing::Missing;
use crate::plausible;
use crate::reader::{ExplainedCell, Reader};
use crate::redcap::Assembly;
use crate::row::{Key, Row};
use crate::score::ScaleWatch;
use crate::spelling::without_entry;
use crate::subjects::{NearMiss, Subjects};
use crate::{
    Decimal, LineCount, OutcomeError, OutcomeOptions, RedcapEvents, Rejection, RejectionReason,
    Remark, TableFormat,
};

/// A pain table with its cells read and checked, which can be labelled once or under several
/// definitions.
///
/// ```
/// use foramen_outcome::{LabelRule, OutcomeOptions, PainTable};
///
/// let table = "\
/// subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
/// S1,C5/6,left,2024-03-01,7,2024-04-30,4
/// ";
/// let options = OutcomeOptions::default();
/// let table = PainTable::read(table.as_bytes(), &options)?;
/// assert!(!table.label(&options).episodes[0].outcome.is_favourable());
/// let moderate = options.with_rule(LabelRule::Relief { percent: 30 });
/// assert!(table.label(&moderate).episodes[0].outcome.is_favourable());
/// # Ok::<(), foramen_outcome::OutcomeError>(())
/// ```
pub struct PainTable {
    /// Subjects in order of their ids; keys hold indices of this list.
    pub(crate) subjects: Vec<SubjectId>,
    /// Rows ordered by key, then by content.
    pub(crate) rows: Vec<Row>,
    /// All days on which each subject was injected, at any level and side.
    pub(crate) injections: Vec<(u32, Date)>,
    /// Rows that belong to no episode under any definition.
    pub(crate) rejected: Vec<Rejection>,
    /// Data rows, the header not counted.
    pub(crate) data_rows: usize,
    pub(crate) words: Arc<Words>,
    /// The table's name of each of [`Field::ALL`].
    pub(crate) names: Vec<String>,
    pub(crate) near_misses: Vec<NearMiss>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) lines: LineCount,
    pub(crate) encoding: &'static str,
    /// For a REDCap export, the lines and subjects of all rows of records: a row of such a table
    /// may belong to several episodes.
    pub(crate) record_rows: Option<Vec<(u64, u32)>>,
    /// Follow-up events for which a record with an injection has no row.
    pub(crate) missed: Vec<(u32, String)>,
}

impl PainTable {
    /// Reads a table; see [`read`](crate::read) for its forms.
    ///
    /// # Errors
    /// [`OutcomeError`] when the table as a whole cannot be read.
    pub fn read(input: impl io::Read, options: &OutcomeOptions) -> Result<Self, OutcomeError> {
        Ok(Self::read_watching(input, options, None)?.0)
    }

    /// The same, also recording how the cells of one row were read.
    pub(crate) fn read_watching(
        input: impl io::Read,
        options: &OutcomeOptions,
        watched: Option<u64>,
    ) -> Result<(Self, Option<Vec<ExplainedCell>>), OutcomeError> {
        let mapping = &options.mapping;
        let read = Text::read(input, mapping.encoding.as_deref(), mapping.sheet.as_deref())?;
        let Text { text, encoding, sheet } = read;
        let delimiter = match (options.delimiter, mapping.delimiter) {
            _ if sheet.is_some() => b'\t',
            (Some(delimiter), _) => delimiter,
            (None, Some(delimiter)) => {
                u8::try_from(delimiter).map_err(|_| TableError::Delimiter { delimiter })?
            }
            (None, None) => find_delimiter(&text, |cell| is_known(cell, options)),
        };
        let separator_line = separator_line(&text).is_some();
        let mut records = Records::of(&text, delimiter);
        let (header, header_line) =
            records.header(mapping.header_row, |cell| is_known(cell, options))?;
        let merged = sheet.iter().flatten().find(|merged| merged.last > header_line);
        if let Some(Merged { place, .. }) = merged {
            return Err(TableError::MergedCells { place: place.clone() }.into());
        }
        let redcap = match mapping.format {
            Some(format) => format == TableFormat::Redcap,
            None => options.dictionary.is_some() || RedcapColumns::are_in(&header),
        };
        if !redcap && mapping.redcap != RedcapEvents::default() {
            return Err(OutcomeError::EventsOfNoRedcap);
        }
        let columns =
            Columns::find(&header, mapping, options.dictionary.as_ref(), redcap, options.window)?;
        let decimal_comma = match mapping.decimal {
            Some(decimal) => decimal == Decimal::Comma,
            None => delimiter != b',' || columns.decimal_comma,
        };
        let mut builder = Builder::new(options, redcap);
        let missing = Missing::of(options, redcap);
        let scale = ScaleWatch::default();
        let counted = Cell::new(0);
        let mut story = None;
        let mut record = StringRecord::new();
        while let Some(line) = records.next(&mut record)? {
            let reader = Reader {
                columns: &columns,
                options,
                missing: &missing,
                decimal_comma,
                scale: &scale,
                counted: &counted,
                line,
                record: &record,
            };
            if watched == Some(line) {
                story = Some(reader.story());
            }
            builder.add(&reader);
        }
        let lines = records.lines()?;
        drop(text);
        let scores = [Field::NrsBaseline, Field::NrsFollowup].map(|field| columns.name(field));
        scale.check(mapping.scale, scores)?;
        if let Some(assembly) = &builder.assembly {
            assembly.check_nominal(&columns)?;
        }
        let mut table = builder.finish(columns.covariate_names());
        if lines.skipped > usize::from(separator_line) && mapping.header_row.is_none() {
            let (line, skipped) = (header_line, lines.skipped);
            table.remarks.insert(0, Remark::Header { line, skipped });
        }
        table.remarks.extend(columns.remarks.iter().cloned().chain(columns.unseen()));
        if let (n @ 1.., Some(unit)) = (counted.get(), columns.unit) {
            let column = columns.name(Field::FollowupDate).to_owned();
            table.remarks.push(Remark::Counted { column, unit, n });
        }
        table.lines = lines;
        table.encoding = encoding;
        table.names = Field::ALL.map(|field| columns.name(field).to_owned()).to_vec();
        Ok((table, story))
    }

    /// The days on which a subject was injected.
    pub(crate) fn injections_of(&self, subject: u32) -> &[(u32, Date)] {
        let start = self.injections.partition_point(|(other, _)| *other < subject);
        let end = self.injections.partition_point(|(other, _)| *other <= subject);
        &self.injections[start..end]
    }
}

/// Whether a cell of a header is an expected name.
fn is_known(cell: &str, options: &OutcomeOptions) -> bool {
    let mapping = &options.mapping;
    let word = cell.to_lowercase();
    let mapped = |column: &String| column.trim().to_lowercase() == word;
    Field::of_name(cell).is_some()
        || mapping.columns.values().chain(mapping.covariates.values()).any(mapped)
        || options.dictionary.as_ref().is_some_and(|dictionary| {
            dictionary.field(cell).is_some() || dictionary.column_of_label(cell).is_some()
        })
}

/// Collects rows and their subjects.
struct Builder<'a> {
    options: &'a OutcomeOptions,
    subjects: Subjects,
    assembly: Option<Assembly>,
    texts: Texts,
    rows: Vec<Row>,
    injections: Vec<(u32, Date)>,
    rejected: Vec<Rejection>,
    data_rows: usize,
    /// Rows that are shorter than the header.
    short: Vec<u64>,
    /// REDCap records that were entered twice, and the first line of one of them.
    entries: BTreeSet<String>,
    first_entry: Option<u64>,
}

impl<'a> Builder<'a> {
    fn new(options: &'a OutcomeOptions, redcap: bool) -> Self {
        Self {
            options,
            subjects: Subjects::default(),
            assembly: redcap.then(Assembly::default),
            texts: Texts::new(),
            rows: Vec::new(),
            injections: Vec::new(),
            rejected: Vec::new(),
            data_rows: 0,
            short: Vec::new(),
            entries: BTreeSet::new(),
            first_entry: None,
        }
    }

    fn add(&mut self, reader: &Reader<'_>) {
        self.data_rows += 1;
        if let Some(reason) = misshapen(reader.record, reader.columns.width()) {
            let row = reader.line;
            self.rejected.push(Rejection { row, subject: None, column: None, value: None, reason });
            return;
        }
        if reader.record.len() < reader.columns.width() {
            self.short.push(reader.line);
        }
        let added = self.subject(reader).and_then(|subject| match self.assembly.take() {
            Some(mut assembly) => {
                let id = self.subjects.subject(subject);
                assembly.add(reader, subject, id, &mut self.texts);
                self.assembly = Some(assembly);
                Ok(())
            }
            None => self.add_row(reader, subject),
        });
        if let Err(rejection) = added {
            self.rejected.push(*rejection);
        }
    }

    fn add_row(&mut self, reader: &Reader<'_>, subject: u32) -> Result<(), Box<Rejection>> {
        let id = self.subjects.subject(subject);
        let injection = reader.injection(id, &mut self.texts)?;
        let injection = injection.ok_or_else(|| reader.no_key(Field::InjectionDate, Some(id)))?;
        // A row that fails later on still tells that there was an injection.
        self.injections.push((subject, injection));
        let foramen = reader.foramen(id)?;
        let level = foramen.level.ok_or_else(|| reader.no_key(Field::Level, Some(id)))?;
        let side = foramen.side.ok_or_else(|| reader.no_key(Field::Side, Some(id)))?;
        let (told, fault) = reader.told(id, &mut self.texts, Some(injection));
        let key = Key { subject, level, side, injection };
        self.rows.push(Row { line: reader.line, key, told, fault, anchor: None });
        Ok(())
    }

    /// The index of a row's subject.
    fn subject(&mut self, reader: &Reader<'_>) -> Result<u32, Box<Rejection>> {
        let id = reader.id()?;
        let entry = self.assembly.as_ref().and_then(|_| without_entry(&id));
        if let Some(subject) = entry {
            self.entries.insert(subject.to_owned());
            self.first_entry.get_or_insert(reader.line);
        }
        let id = entry.unwrap_or(&id);
        if let Some(place) = self.subjects.place(id) {
            return Ok(place);
        }
        let typed = SubjectId::new(id).map_err(|error| reader.no_subject(error.into()))?;
        // Without its padding it may be known.
        if typed.as_str() != id
            && let Some(place) = self.subjects.place(typed.as_str())
        {
            return Ok(place);
        }
        let key = &self.options.key;
        let subject = key.of_table(id).map_err(|error| reader.no_subject(error))?;
        Ok(self.subjects.add(typed.as_str(), subject, reader.line))
    }

    fn finish(mut self, covariates: Vec<String>) -> PainTable {
        let mut remarks = Vec::new();
        if !self.short.is_empty() {
            remarks.push(Remark::Padded { rows: self.short });
        }
        let subjects = self.subjects.drop_decimals(&self.options.key);
        if subjects > 0 {
            remarks.push(Remark::Decimals { subjects });
        }
        if let Some(row) = self.first_entry {
            remarks.push(Remark::DoubleEntry { subjects: self.entries.len(), row });
        }
        let near_misses = self.subjects.near_misses();
        let subjects: Vec<SubjectId> = self.subjects.into_all().collect();
        let (mut record_rows, mut missed) = (None, Vec::new());
        if let Some(assembly) = self.assembly {
            let records = assembly.finish(&subjects, &self.options.mapping.redcap);
            self.rows = records.rows;
            self.injections = records.injections;
            self.rejected.extend(records.rejected);
            record_rows = Some(records.lines);
            missed = records.missed;
        }
        let declared = self.options.codes_are_declared;
        remarks.extend(plausible::judge(&mut self.rows, &covariates, &self.texts, declared));
        let (texts, text_ranks) = self.texts.finish();
        self.rows.iter_mut().for_each(|row| row.told.rank_texts(&text_ranks));
        // Places follow the order of ids, so that keys sort as ids do.
        let mut named: Vec<(SubjectId, u32)> = subjects.into_iter().zip(0..).collect();
        named.sort_unstable();
        let mut ranks = vec![0u32; named.len()];
        for (rank, (_, place)) in (0..).zip(&named) {
            ranks[*place as usize] = rank;
        }
        let subjects: Vec<SubjectId> = named.into_iter().map(|(id, _)| id).collect();
        let in_rank = |subject: &mut u32| *subject = ranks[*subject as usize];
        self.rows.iter_mut().for_each(|row| in_rank(&mut row.key.subject));
        self.injections.iter_mut().for_each(|(subject, _)| in_rank(subject));
        record_rows.iter_mut().flatten().for_each(|(_, subject)| in_rank(subject));
        missed.iter_mut().for_each(|(subject, _)| in_rank(subject));
        missed.sort();
        self.rows.sort_unstable_by(|a, b| {
            a.key.cmp(&b.key).then_with(|| a.told.cmp(&b.told)).then(a.line.cmp(&b.line))
        });
        self.injections.sort_unstable();
        self.injections.dedup();
        PainTable {
            subjects,
            rows: self.rows,
            injections: self.injections,
            rejected: self.rejected,
            data_rows: self.data_rows,
            words: Arc::new(Words { names: covariates, texts }),
            names: Vec::new(),
            near_misses,
            remarks,
            lines: LineCount::default(),
            encoding: "",
            record_rows,
            missed,
        }
    }
}

/// Why a record is not a valid row of the table, if it is not.
fn misshapen(record: &StringRecord, width: usize) -> Option<RejectionReason> {
    let filled = (0..record.len()).rev().find(|at| !record[*at].trim().is_empty());
    let Some(last) = filled else { return Some(RejectionReason::Blank) };
    // Trailing separators are common and lose nothing, and what programs leave
    // out of a row are empty cells at its end.
    let found = record.len();
    (last >= width).then_some(RejectionReason::Ragged { expected: width, found })
}
