//! Proposes a mapping from the header and the first rows of a table.

mod guesses;
mod names;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use csv::StringRecord;
use foramen_types::{Level, Side, TypeError};

use self::names::{COVARIATES, NAMES, SIDES};
use crate::DateOrder;
use crate::date::read_date;
use crate::field::{Field, Kind};
use crate::visit::Visit;
use crate::{DateError, OutcomeError};
use foramen_table::{Records, Text, find_delimiter};

/// Comment for a column that was found by its content, not by its name.
const GUESS: &str = "  # a guess from what stands in it";
/// Number of rows that are examined.
const ROWS: usize = 500;

/// Proposes a mapping (TOML) for a table, from the names of its columns in English, German, Korean,
/// Chinese, Japanese, Spanish and French and from their contents. A person has to read and correct
/// it: its comments mark what was guessed and what was not found.
///
/// ```
/// use foramen_outcome::{Mapping, draft_mapping};
///
/// let table = "Patient-Nr;Höhe;Seite;Infiltration am;NRS vor;Kontrolle am;NRS nach\n\
///              17;C5/6;links;31.03.2024;7;30.05.2024;3\n";
/// let draft = draft_mapping(table.as_bytes())?;
/// assert!(draft.contains("nrs_baseline = \"NRS vor\"") && draft.contains("links = \"left\""));
/// Mapping::read(draft.as_bytes())?;
/// # Ok::<(), foramen_outcome::OutcomeError>(())
/// ```
///
/// # Errors
/// [`OutcomeError`] when the table cannot be read at all.
pub fn draft_mapping(table: impl io::Read) -> Result<String, OutcomeError> {
    let Text { text, sheet, .. } = Text::read(table, None, None)?;
    let known = |cell: &str| {
        let name = cell.to_lowercase();
        NAMES.iter().any(|(_, parts)| parts.iter().any(|part| holds(&name, part)))
    };
    let delimiter = if sheet.is_some() { b'\t' } else { find_delimiter(&text, known) };
    let mut records = Records::of(&text, delimiter);
    let (header, _) = records.header(None, known)?;
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut record = StringRecord::new();
    for _ in 0..ROWS {
        if records.next(&mut record)?.is_none() {
            break;
        }
        for (column, cell) in columns.iter_mut().zip(&record) {
            let cell = cell.trim();
            if !cell.is_empty() {
                column.push(cell.to_owned());
            }
        }
    }
    Ok(Draft { names, columns }.write())
}

/// Whether a name contains a part: as whole words in Latin script, anywhere in other scripts.
fn holds(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let latin = part.chars().all(|c| u32::from(c) < 0x250);
        let (before, after) = (&name[..at], &name[at + part.len()..]);
        !latin || !letter(before.chars().next_back()) && !letter(after.chars().next())
    })
}

struct Draft {
    names: Vec<String>,
    columns: Vec<Vec<String>>,
}

impl Draft {
    /// A score of how well a column fits a field, 0 for not at all.
    fn fits(&self, at: usize, field: Field, parts: &[&str]) -> u32 {
        let name = self.names[at].to_lowercase();
        let place = parts.iter().position(|part| holds(&name, part));
        let named = place.map_or(0, |place| if name == parts[place] { 300 } else { 200 });
        let named = named - u32::try_from(place.unwrap_or(0)).unwrap_or(0).min(100);
        let values = self.share(at, |cell| match (field, field.kind()) {
            (Field::Level, _) => level(cell),
            (Field::Side, _) => side(cell).is_some(),
            (_, Kind::Date) => date(cell),
            (_, Kind::Score) => score(cell).is_some(),
            _ => true,
        });
        let own = matches!(field, Field::Level | Field::Side);
        match (named, values) {
            (0, values) if own && values > 0.6 => 150,
            (0, _) => 0,
            (_, values) if field.kind() != Kind::Text && values < 0.3 => 0,
            (named, _) => named,
        }
    }

    /// The share of filled cells for which `is` holds; 1 for an empty column.
    fn share(&self, at: usize, is: impl Fn(&str) -> bool) -> f64 {
        let cells = &self.columns[at];
        if cells.is_empty() {
            return 1.0;
        }
        cells.iter().filter(|cell| is(cell)).count() as f64 / cells.len() as f64
    }

    fn write(&self) -> String {
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut found: Vec<(Field, Option<usize>)> = Vec::new();
        for (field, parts) in NAMES {
            let free = (0..self.names.len()).filter(|at| !taken.contains(at));
            let best = free.map(|at| (self.fits(at, field, parts), at)).filter(|(fit, _)| *fit > 0);
            let best = best.max_by_key(|(fit, at)| (*fit, std::cmp::Reverse(*at)));
            taken.extend(best.map(|(_, at)| at));
            found.push((field, best.map(|(_, at)| at)));
        }
        let guessed = self.guess(&mut found, &mut taken);
        found.sort_unstable();
        let place = |wanted: Field| found.iter().find(|(field, _)| *field == wanted)?.1;
        let mut top = String::from(
            "# Drafted from the header and the first rows. Read every line and correct it; then\n\
             # try it with `label`, and one row with `--explain`.\n",
        );
        let mut body = String::from("\n[columns]\n");
        for (field, at) in &found {
            match at {
                Some(at) => {
                    let guess = if guessed.contains(field) { GUESS } else { "" };
                    writeln!(body, "{} = {}{guess}", field.name(), quoted(&self.names[*at])).ok();
                }
                None if Field::required().contains(field) => {
                    writeln!(body, "# {} = \"?\"  # not found", field.name()).ok();
                }
                None => {}
            }
        }
        let missing = |field: Field| place(field).is_none();
        if missing(Field::FollowupDate) {
            match place(Field::NrsFollowup).map(|at| (at, Visit::of_text(&self.names[at]))) {
                Some((at, Some(Visit::Day(day)))) => {
                    writeln!(
                        body,
                        "\n[nominal]  # days after the injection\n{} = {day}",
                        quoted(&self.names[at])
                    )
                    .ok();
                }
                _ => {
                    body += "\n# [nominal]  # where visits have no date: days after the injection\n\
                              # nrs_2m = 61\n"
                }
            }
        }
        let constant: Vec<&str> = [Field::Level, Field::Side, Field::InjectionDate]
            .into_iter()
            .filter(|field| missing(*field))
            .map(Field::name)
            .collect();
        if !constant.is_empty() {
            body += "\n# [constant]  # what holds for every row\n";
            constant.iter().for_each(|name| body += &format!("# {name} = \"?\"\n"));
        }
        self.covariates(&taken, &mut body);
        self.sides(place(Field::Side), &mut body);
        self.forms(&found, &mut top);
        top + &body
    }

    fn covariates(&self, taken: &BTreeSet<usize>, body: &mut String) {
        let mut lines = String::new();
        for (name, parts) in COVARIATES {
            let at = (0..self.names.len()).filter(|at| !taken.contains(at)).find(|at| {
                let column = self.names[*at].to_lowercase();
                self.names[*at] != name && parts.iter().any(|part| holds(&column, part))
            });
            if let Some(at) = at {
                writeln!(lines, "{name} = {}", quoted(&self.names[at])).ok();
            }
        }
        if !lines.is_empty() {
            *body += &format!("\n[covariates]\n{lines}");
        }
    }

    /// The meaning of the words for the side.
    fn sides(&self, at: Option<usize>, body: &mut String) {
        let Some(at) = at else { return };
        let words: BTreeSet<String> =
            self.columns[at].iter().map(|cell| cell.to_lowercase()).collect();
        let unread = words.iter().filter(|word| word.parse::<Side>().is_err());
        let lines: Vec<String> = unread
            .map(|word| match side(word) {
                Some(side) => format!("{} = \"{side}\"", quoted_key(word)),
                None => format!("# {} = \"?\"  # left or right", quoted_key(word)),
            })
            .collect();
        if !lines.is_empty() {
            *body += &format!("\n[values.side]\n{}\n", lines.join("\n"));
        }
    }

    /// The forms of dates, scores and levels.
    fn forms(&self, found: &[(Field, Option<usize>)], top: &mut String) {
        let of_kind = |kind: Kind| {
            let columns = found.iter().filter(move |(field, _)| field.kind() == kind);
            columns.filter_map(|(_, at)| *at).flat_map(|at| &self.columns[at])
        };
        let fails =
            |order| of_kind(Kind::Date).filter(|cell| read_date(cell, order).is_err()).count();
        let ambiguous = |cell: &&String| {
            matches!(read_date(cell, DateOrder::Unknown), Err(DateError::Ambiguous { .. }))
        };
        if of_kind(Kind::Date).any(|cell| ambiguous(&cell)) {
            let (day, month) = (fails(DateOrder::DayFirst), fails(DateOrder::MonthFirst));
            *top += match day.cmp(&month) {
                std::cmp::Ordering::Less => {
                    "dates = \"day_first\"  # no other order is right for all\n"
                }
                std::cmp::Ordering::Greater => {
                    "dates = \"month_first\"  # no other order is right for all\n"
                }
                std::cmp::Ordering::Equal => {
                    "# dates = \"day_first\"  # or \"month_first\": dates have two readings\n"
                }
            };
        }
        let scores: Vec<f64> = of_kind(Kind::Score).filter_map(|cell| score(cell)).collect();
        let above = scores.iter().filter(|score| **score > 10.0).count();
        if 2 * above > scores.len() {
            *top += "scale = 100  # most scores are above 10\n";
        }
        let words: BTreeSet<&String> =
            of_kind(Kind::Score).filter(|cell| score(cell).is_none()).collect();
        if !words.is_empty() {
            let words: Vec<String> = words.into_iter().take(10).map(|word| quoted(word)).collect();
            *top += &format!(
                "# among the scores: {}; missing, or numbers under [values]?\n",
                words.join(", ")
            );
        }
        let levels = found.iter().find(|(field, _)| *field == Field::Level).and_then(|(_, at)| *at);
        let bare =
            |cell: &str| matches!(cell.parse::<Level>(), Err(TypeError::AmbiguousLevel { .. }));
        if levels.is_some_and(|at| self.columns[at].iter().any(|cell| bare(cell))) {
            *top += "# level_names = \"root\"  # if a bare C6 is the root, at C5/6\n";
        }
    }
}

fn level(cell: &str) -> bool {
    matches!(cell.parse::<Level>(), Ok(_) | Err(TypeError::AmbiguousLevel { .. }))
}

fn side(cell: &str) -> Option<Side> {
    let word = cell.trim().trim_end_matches('.').to_lowercase();
    let known = |(_, words): &&(&str, &[&str])| words.contains(&word.as_str());
    let named = || SIDES.iter().find(known)?.0.parse().ok();
    cell.parse().ok().or_else(named)
}

fn date(cell: &str) -> bool {
    matches!(read_date(cell, DateOrder::Unknown), Ok(_) | Err(DateError::Ambiguous { .. }))
}

fn score(cell: &str) -> Option<f64> {
    cell.replace(',', ".").parse().ok().filter(|score| (0.0..=100.0).contains(score))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A TOML key, quoted only if needed.
fn quoted_key(text: &str) -> String {
    let bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if bare { text.to_owned() } else { quoted(text) }
}
