use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Deserializer};

use crate::field::Field;
use crate::visit::{Unit, Visit};
use crate::{DateOrder, OutcomeError, Rounding};
use foramen_table::plain;

/// How to read a table of another form, from a TOML file: the columns of the fields, the meanings
/// of words, the forms of dates and decimals.
///
/// ```
/// use foramen_outcome::{Mapping, OutcomeOptions, read};
///
/// let mapping = Mapping::read(r#"
///     dates = "day_first"
///     level_names = "root"
///     [columns]
///     subject_id = "Patient"
///     level = "Nerve root"
///     side = "Side"
///     injection_date = "Injected"
///     nrs_baseline = "NRS before"
///     followup_date = "Seen"
///     nrs_followup = "NRS after"
///     [values.side]
///     sinister = "left"
/// "#.as_bytes())?;
/// let table = "\
/// Patient;Nerve root;Side;Injected;NRS before;Seen;NRS after
/// 17;C6;sinister;01/03/2024;7,5;30/04/2024;3
/// ";
/// let outcomes = read(table.as_bytes(), &OutcomeOptions::default().with_mapping(mapping))?;
/// assert_eq!(outcomes.episodes[0].level.name(), "C5/6");
/// # Ok::<(), foramen_outcome::OutcomeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Mapping {
    /// Whether the table is a REDCap export. Default: found from its header.
    pub format: Option<TableFormat>,
    /// Its encoding, by a name of the Encoding Standard (`latin1`, `utf-8`).
    /// Default: detected.
    pub encoding: Option<String>,
    /// The column separator. Default: detected.
    pub delimiter: Option<char>,
    /// The line of the header, counted from 1. Default: the row among the first 30 with most of the
    /// expected names.
    pub header_row: Option<u64>,
    /// The decimal separator. Default: comma and point are both accepted, except where commas
    /// separate columns.
    pub decimal: Option<Decimal>,
    /// `day_first` or `month_first`. Default: dates with two readings are
    /// refused.
    pub dates: Option<Order>,
    /// `root` if a bare `C6` means the nerve root, at C5/6; `disc` (the default) if levels are
    /// discs, so that a bare `C6` is refused.
    pub level_names: Option<Names>,
    /// The greatest possible score, such as 100 for millimetres of a visual analogue scale; scores
    /// are converted to 0 to 10. Default: 10; a table whose scores are mostly above 10 is refused.
    pub scale: Option<u16>,
    /// `none` keeps all decimals of scores that are means (BPI), and applies the label rule to
    /// them. Default: more than two decimals are refused.
    pub rounding: Option<Rounding>,
    /// Texts that mean "missing", in place of the usual ones, in every column. Meanings under
    /// `values` have priority.
    pub missing: Option<Vec<String>>,
    /// For foramen's name of a column: its name in the table, or its place there counted from 1.
    #[serde(deserialize_with = "names_or_places")]
    pub columns: BTreeMap<String, String>,
    /// For a name under which a column is kept as covariate: its name in the table, or its place
    /// there.
    #[serde(deserialize_with = "names_or_places")]
    pub covariates: BTreeMap<String, String>,
    /// Columns that are neither used nor kept.
    pub ignore: Vec<String>,
    /// For foramen's name of a column: the meanings of the table's words.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The meanings of the events of a longitudinal REDCap project.
    pub redcap: RedcapEvents,
    /// Values that hold for every row and are not in the table, by foramen's column names: a
    /// `level`, a `side`, a nominal `injection_date`.
    pub constant: BTreeMap<String, String>,
    /// The days of visits without a date: days after the injection (or texts such as `"2 months"`
    /// and `"baseline"`) by the names of the columns of a wide table, or by the words of the column
    /// `visit` of a long one.
    pub nominal: BTreeMap<String, Nominal>,
    /// The unit of `followup_date` if it holds the time since the injection. Default: taken from
    /// the column's name.
    pub followup_unit: Option<Unit>,
    /// The first, best and last day of follow-ups that count.
    pub window: Option<[u16; 3]>,
    /// Greatest number of days between a baseline and its injection.
    pub baseline_days: Option<u16>,
    /// The least fall of pain that counts as favourable, in percent of the baseline.
    pub threshold: Option<u8>,
    /// The treatment of low baselines.
    pub low_baseline: Option<Low>,
    /// The sheet of a workbook. Default: its only one with cells.
    pub sheet: Option<String>,
}

/// The time of a nominal visit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Nominal {
    /// Days after the injection.
    Day(u16),
    /// `baseline`, or a time after the injection: `2 months`, `8 weeks`.
    Text(String),
}

/// The treatment of low baselines, as stated in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Low {
    /// Label and flag them.
    Keep,
    /// Exclude them.
    Exclude,
}

impl Nominal {
    /// The visit that it means.
    pub(crate) fn visit(&self) -> Option<Visit> {
        match self {
            Self::Day(0) => Some(Visit::Baseline),
            Self::Day(days) => Some(Visit::Day(*days)),
            Self::Text(text) => Visit::of_text(text),
        }
    }
}

/// The events of a longitudinal REDCap project, by unique name or label.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RedcapEvents {
    /// Events whose scores are baselines. Default: wherever `nrs_baseline` is filled.
    pub baseline_events: Vec<String>,
    /// Events whose scores are follow-ups, and which every record must have. Default: wherever
    /// `nrs_followup` is filled.
    pub followup_events: Vec<String>,
}

/// The two forms of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// A row describes one foramen, one injection and at most one follow-up.
    Table,
    /// A REDCap export: rows of one record complete each other.
    Redcap,
}

/// The decimal separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// `4.5`.
    Point,
    /// `4,5`; `4.5` is then refused.
    Comma,
}

/// The order of day and month, as stated in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// `31/03/2024`.
    DayFirst,
    /// `03/31/2024`.
    MonthFirst,
}

/// The meaning of level names, as stated in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// Discs, `C5/6`.
    Disc,
    /// Roots, `C6`.
    Root,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`OutcomeError::Read`], [`OutcomeError::Mapping`] when it is not TOML or has an unknown key,
    /// [`OutcomeError::UnknownField`] when it maps a field that does not exist,
    /// [`OutcomeError::MappedTwice`] when one column is mapped to two fields.
    pub fn read(mut input: impl io::Read) -> Result<Self, OutcomeError> {
        let mut text = String::new();
        input.read_to_string(&mut text).map_err(OutcomeError::Read)?;
        let text = plain(text);
        let mapping: Self =
            toml::from_str(&text).map_err(|e| OutcomeError::Mapping(Box::new(e)))?;
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), OutcomeError> {
        for name in self.columns.keys() {
            if Field::of_name(name).is_none() {
                return Err(OutcomeError::UnknownField { name: name.clone() });
            }
        }
        for name in self.constant.keys() {
            if Field::of_name(name).is_none() {
                return Err(OutcomeError::UnknownField { name: name.clone() });
            }
            if self.columns.keys().any(|column| column.eq_ignore_ascii_case(name)) {
                return Err(OutcomeError::ConstantAndColumn { name: name.clone() });
            }
        }
        let odd = self.nominal.iter().find(|(_, nominal)| nominal.visit().is_none());
        if let Some((visit, _)) = odd {
            return Err(OutcomeError::NominalVisit { visit: visit.clone() });
        }
        if self.window.is_some_and(|[first, best, last]| first > best || best > last) {
            let (key, remedy) = ("window", "give its first, best and last day, in that order");
            return Err(OutcomeError::MappingValue { key, remedy });
        }
        if self.threshold.is_some_and(|percent| !(1..=100).contains(&percent)) {
            let (key, remedy) = ("threshold", "give the percentage of the baseline, 1 to 100");
            return Err(OutcomeError::MappingValue { key, remedy });
        }
        if self.scale.is_some_and(|scale| !(1..=1000).contains(&scale)) {
            let (key, remedy) = ("scale", "give the highest score there can be, 1 to 1000");
            return Err(OutcomeError::MappingValue { key, remedy });
        }
        for name in self.covariates.keys() {
            if Field::of_name(name).is_some() {
                return Err(OutcomeError::FieldAsCovariate { name: name.clone() });
            }
        }
        let mut fields: BTreeMap<String, &str> = BTreeMap::new();
        for (field, column) in self.columns.iter().chain(&self.covariates) {
            let Some(other) = fields.insert(column.trim().to_lowercase(), field) else { continue };
            // One instrument asked at several visits has one column for both; that
            // something tells the visits apart is asked where the table is known.
            let scores = ["nrs_baseline", "nrs_followup", "baseline_date", "followup_date"];
            if ![other, field].iter().all(|name| scores.contains(name)) {
                return Err(OutcomeError::MappedTwice {
                    column: column.clone(),
                    first: other.to_owned(),
                    second: field.clone(),
                });
            }
        }
        Ok(())
    }

    /// The column that the mapping names for a field.
    pub(crate) fn column(&self, field: Field) -> Option<&str> {
        let named = |(name, _): &(&String, _)| name.eq_ignore_ascii_case(field.name());
        self.columns.iter().find(named).map(|(_, column)| column.trim())
    }

    /// The value that the mapping gives a field in every row.
    pub(crate) fn constant(&self, field: Field) -> Option<&str> {
        let named = |(name, _): &(&String, _)| name.eq_ignore_ascii_case(field.name());
        self.constant.iter().find(named).map(|(_, value)| value.trim())
    }

    /// The meanings of the table's words under one of foramen's names.
    pub(crate) fn values(&self, name: &str) -> BTreeMap<String, String> {
        let named = |(key, _): &(&String, _)| key.eq_ignore_ascii_case(name);
        let words = self.values.iter().filter(named).flat_map(|(_, words)| words);
        words.map(|(word, meaning)| (word.trim().to_lowercase(), meaning.clone())).collect()
    }
}

/// The name used in the mapping for the column at a place; no real column has such a name.
pub(crate) fn place_name(place: u32) -> String {
    format!("#{place}")
}

/// The place that a mapping names, counted from 0.
pub(crate) fn place_of_name(name: &str) -> Option<usize> {
    name.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1)
}

/// Reads names, or places counted from 1, of columns.
fn names_or_places<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Column {
        Name(String),
        Place(u32),
    }
    let columns = BTreeMap::<String, Column>::deserialize(deserializer)?;
    let name = |column| match column {
        Column::Name(name) => name,
        Column::Place(place) => place_name(place),
    };
    Ok(columns.into_iter().map(|(field, column)| (field, name(column))).collect())
}

impl From<Order> for DateOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::DayFirst => Self::DayFirst,
            Order::MonthFirst => Self::MonthFirst,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Mapping::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn names_that_mean_nothing_are_refused() {
        assert!(error("[columns]\nnrs_basline = \"x\"").starts_with(
            "the mapping names the column \"nrs_basline\", which is none of subject_id, level,"
        ));
        assert!(matches!(
            Mapping::read(&b"date = \"day_first\""[..]),
            Err(OutcomeError::Mapping(_))
        ));
        assert!(error("[covariates]\nlevel = \"x\"").contains("[columns]"));
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for text in [
            "window = [60, 46, 74]",
            "threshold = 0",
            "scale = 0",
            "[nominal]\nnrs_2m = \"soon\"",
            "[constant]\nlevle = \"C5/6\"",
            "[constant]\nlevel = \"C5/6\"\n[columns]\nlevel = \"x\"",
        ] {
            assert!(Mapping::read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn one_column_for_two_fields_is_refused_unless_visits_may_tell_them_apart() {
        let columns = "[columns]\nnrs_baseline = \"nrs\"\nnrs_followup = \"NRS\"\n";
        assert!(Mapping::read(columns.as_bytes()).is_ok());
        let sides = columns.replace("nrs_followup", "side");
        assert!(matches!(Mapping::read(sides.as_bytes()), Err(OutcomeError::MappedTwice { .. })));
    }
}
