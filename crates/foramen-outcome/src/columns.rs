mod finder;

use std::borrow::Cow;
use std::sync::Arc;

use csv::StringRecord;

use self::finder::Finder;
use crate::covariates::{TextId, Texts};
use crate::field::{Field, Kind};
use crate::visit::{Unit, Visit};
use crate::vocabulary::Vocabulary;
use crate::{Dictionary, FollowupWindow, Mapping, Nominal, OutcomeError, Remark};
use foramen_table::MissingCodes;

/// The columns of a table and the fields they hold.
pub(crate) struct Columns {
    places: [Place; Field::ALL.len()],
    words: [Vocabulary; Field::ALL.len()],
    names: Vec<String>,
    covariates: Vec<Covariate>,
    pub(crate) redcap: Option<RedcapColumns>,
    /// Whether a field that holds scores is declared to have decimal commas.
    pub(crate) decimal_comma: bool,
    /// Remarks on columns that nothing needs, and on information taken from column names.
    pub(crate) remarks: Vec<Remark>,
    /// The days of visits that have a column each, by place.
    days: Vec<(usize, u16)>,
    /// The visits that the words of the column `visit` mean.
    visits: Vec<(String, Visit)>,
    /// The unit of the column of follow-up dates, if it may hold times.
    pub(crate) unit: Option<Unit>,
}

/// A column that is kept unchanged with the episode.
struct Covariate {
    name: String,
    place: usize,
    words: Vocabulary,
}

/// The columns that REDCap adds to every export.
#[derive(Debug, Default)]
pub(crate) struct RedcapColumns {
    event: Option<usize>,
    instrument: Option<usize>,
    instance: Option<usize>,
}

enum Place {
    Nowhere,
    At(usize),
    /// A value that the mapping gives to every row.
    Constant(String),
    /// A column for each visit, the visit nearest to the window's best day first.
    Visits(Vec<usize>),
    /// A checkbox field: a column for each choice, with its code.
    Boxes(Vec<(usize, String)>),
}

impl Columns {
    /// Finds every field in a header.
    pub(crate) fn find(
        header: &StringRecord,
        mapping: &Mapping,
        dictionary: Option<&Dictionary>,
        redcap: bool,
        window: FollowupWindow,
    ) -> Result<Self, OutcomeError> {
        let names: Vec<String> = header.iter().map(|cell| cell.trim().to_owned()).collect();
        let spelled: Vec<String> = names
            .iter()
            .map(|name| {
                let by_label = dictionary.and_then(|dictionary| {
                    dictionary.field(name).is_none().then(|| dictionary.column_of_label(name))?
                });
                by_label.unwrap_or_else(|| name.to_lowercase())
            })
            .collect();
        let finder = Finder { names: &names, spelled: &spelled, mapping, dictionary };
        let mut places = [const { Place::Nowhere }; Field::ALL.len()];
        for field in Field::ALL {
            places[field as usize] = finder.place(field)?;
        }
        let mut remarks = Vec::new();
        let days = finder.visits(&mut places, redcap, &mut remarks, window)?;
        let events = redcap && days.len() < mapping.nominal.len();
        let dated =
            events || !days.is_empty() || !matches!(places[Field::Visit as usize], Place::Nowhere);
        if redcap && matches!(places[Field::SubjectId as usize], Place::Nowhere) {
            // The first column of an export is always the record's id.
            places[Field::SubjectId as usize] = Place::At(0);
        }
        for field in Field::required() {
            let nominal = *field == Field::FollowupDate && dated;
            if matches!(places[*field as usize], Place::Nowhere) && !nominal {
                return Err(finder.missing(*field));
            }
        }
        let redcap_columns = redcap.then(|| finder.redcap());
        let (covariates, doubled) = finder.covariates(&places, redcap_columns.as_ref())?;
        remarks.extend(doubled);
        let unit = finder.unit(&places);
        finder.check_effect(&places, &covariates)?;
        let words = Field::ALL.map(|field| {
            let score = field.kind() == Kind::Score;
            Vocabulary::of(&mapping.values(field.name()), finder.declared(field), score)
        });
        let commas = |field: Field| {
            let declared = finder.declared(field);
            declared.is_some_and(|declared| declared.validation.contains("comma_decimal"))
        };
        let decimal_comma = commas(Field::NrsBaseline) || commas(Field::NrsFollowup);
        drop(spelled);
        let redcap = redcap_columns;
        let visit = |(word, nominal): (&String, &Nominal)| {
            Some((word.trim().to_lowercase(), nominal.visit()?))
        };
        let visits = mapping.nominal.iter().filter_map(visit).collect();
        Ok(Self {
            places,
            words,
            names,
            covariates,
            redcap,
            decimal_comma,
            remarks,
            days,
            visits,
            unit,
        })
    }

    /// Cells in the header.
    pub(crate) fn width(&self) -> usize {
        self.names.len()
    }

    /// The trimmed text of a row for a field, as in the table.
    pub(crate) fn cell<'a>(&'a self, record: &'a StringRecord, field: Field) -> Cow<'a, str> {
        match &self.places[field as usize] {
            Place::Nowhere => Cow::Borrowed(""),
            Place::Constant(value) => Cow::Borrowed(value),
            Place::Visits(places) => {
                let at = visited(places, record);
                Cow::Borrowed(record.get(at).unwrap_or_default().trim())
            }
            Place::At(place) => Cow::Borrowed(record.get(*place).unwrap_or_default().trim()),
            Place::Boxes(boxes) => {
                let ticked = boxes.iter().filter(|(place, _)| {
                    let cell = record.get(*place).unwrap_or_default().trim();
                    cell == "1" || cell.eq_ignore_ascii_case("checked")
                });
                let codes: Vec<&str> = ticked.map(|(_, code)| code.as_str()).collect();
                Cow::Owned(codes.join("; "))
            }
        }
    }

    /// What the text of a cell means; `None` if a data dictionary lists the choices and the text is
    /// not among them.
    pub(crate) fn meaning<'a>(&self, field: Field, cell: &'a str) -> Option<Cow<'a, str>> {
        let words = &self.words[field as usize];
        if matches!(self.places[field as usize], Place::Boxes(_)) {
            let codes = cell.split("; ").map(|code| words.meaning(code));
            let labels: Option<Vec<Cow<'_, str>>> = codes.collect();
            return labels.map(|labels| Cow::Owned(labels.join("; ")));
        }
        words.meaning(cell)
    }

    /// The meaning that the mapping gives to the text of a cell, which has priority over all
    /// others.
    pub(crate) fn declared(&self, field: Field, cell: &str) -> Option<&str> {
        self.words[field as usize].declared(cell)
    }

    /// Words of the mapping that occur in no cell of their column.
    pub(crate) fn unseen(&self) -> Vec<Remark> {
        let fields = Field::ALL.map(|field| (field.name(), &self.words[field as usize]));
        let covariates = self.covariates.iter().map(|one| (one.name.as_str(), &one.words));
        let all = fields.into_iter().chain(covariates);
        let unseen = all.filter_map(|(name, words)| {
            let words: Vec<String> = words.unused().into_iter().map(str::to_owned).collect();
            (!words.is_empty()).then(|| Remark::UnseenWords { name: name.to_owned(), words })
        });
        unseen.collect()
    }

    /// The name of a field's column as the table spells it.
    pub(crate) fn name(&self, field: Field) -> &str {
        match &self.places[field as usize] {
            Place::At(place) => &self.names[*place],
            Place::Visits(places) => &self.names[places[0]],
            Place::Boxes(boxes) => {
                let first = boxes.first().map_or("", |(place, _)| &self.names[*place]);
                first.rsplit_once("___").map_or(first, |(name, _)| name)
            }
            Place::Nowhere | Place::Constant(_) => field.name(),
        }
    }

    /// The nominal follow-up day of a row whose visits have no dates.
    pub(crate) fn nominal_day(&self, record: &StringRecord) -> Option<u16> {
        let place = match &self.places[Field::NrsFollowup as usize] {
            Place::At(place) => *place,
            Place::Visits(places) => visited(places, record),
            _ => return None,
        };
        self.days.iter().find(|(at, _)| *at == place).map(|(_, day)| *day)
    }

    /// Whether a column holds the visit of a row.
    pub(crate) fn have_visits(&self) -> bool {
        !matches!(self.places[Field::Visit as usize], Place::Nowhere)
    }

    /// The visit that a word in that column means.
    pub(crate) fn visit(&self, word: &str) -> Option<Visit> {
        let lower = word.to_lowercase();
        let stated = self.visits.iter().find(|(known, _)| *known == lower);
        stated.map(|(_, visit)| *visit).or_else(|| Visit::of_text(word))
    }

    /// The day that the mapping gives under `nominal` for a REDCap event, and the index of the name
    /// it is listed by.
    pub(crate) fn event_day(&self, event: &str) -> Option<(usize, Visit)> {
        let stated = |(name, _): &&(String, Visit)| is_nominal_event(name, event);
        let at = self.visits.iter().position(|visit| stated(&visit))?;
        Some((at, self.visits[at].1))
    }

    /// The names under `nominal` in the mapping that are not those of columns, by their place.
    pub(crate) fn nominal_events(&self) -> impl Iterator<Item = (usize, &str)> {
        let column = |name: &str| self.names.iter().any(|other| other.to_lowercase() == name);
        let names = self.visits.iter().map(|(name, _)| name.as_str()).enumerate();
        names.filter(move |(_, name)| !column(name))
    }

    /// Whether two fields have the same column.
    pub(crate) fn share(&self, one: Field, other: Field) -> bool {
        share(&self.places, one, other)
    }

    /// The names of covariates, in order.
    pub(crate) fn covariate_names(&self) -> Vec<String> {
        self.covariates.iter().map(|covariate| covariate.name.clone()).collect()
    }

    /// The filled covariates of a row, by their index in [`Columns::covariates`].
    pub(crate) fn covariates_of(
        &self,
        record: &StringRecord,
        missing: &MissingCodes<'_>,
        texts: &mut Texts,
    ) -> Arc<[(u16, TextId)]> {
        let filled = (0..).zip(&self.covariates).filter_map(|(index, covariate)| {
            let cell = record.get(covariate.place)?.trim();
            if covariate.words.declared(cell).is_none() && missing.hold(cell) {
                return None;
            }
            let cell = covariate.words.meaning(cell).unwrap_or(Cow::Borrowed(cell));
            (!cell.is_empty()).then_some((index, cell))
        });
        texts.keep_row(filled)
    }
}

/// Whether a name in lower case is an event of REDCap: its unique name with or without the
/// arm (`week_8_arm_1`), or its label with or without the arm.
fn is_nominal_event(name: &str, event: &str) -> bool {
    let event = event.to_lowercase();
    let label = event.split(" (arm").next().unwrap_or_default().trim();
    let unique = event.rsplit_once("_arm_").map_or(event.as_str(), |(unique, _)| unique);
    [event.as_str(), label, unique].contains(&name)
}

fn share(places: &[Place], one: Field, other: Field) -> bool {
    match (&places[one as usize], &places[other as usize]) {
        (Place::At(one), Place::At(other)) => one == other,
        _ => false,
    }
}

/// The first of several columns that is filled in a row.
fn visited(places: &[usize], record: &StringRecord) -> usize {
    let filled = |at: &&usize| record.get(**at).is_some_and(|cell| !cell.trim().is_empty());
    *places.iter().find(filled).unwrap_or(&places[0])
}

impl RedcapColumns {
    /// The names of the columns, raw and as labels.
    const NAMES: [[&str; 2]; 3] = [
        ["redcap_event_name", "event name"],
        ["redcap_repeat_instrument", "repeat instrument"],
        ["redcap_repeat_instance", "repeat instance"],
    ];

    /// Whether a header has any of them.
    pub(crate) fn are_in(header: &StringRecord) -> bool {
        let spelled = |cell: &str| cell.trim().to_lowercase();
        let raw = |cell: &str| Self::NAMES.iter().any(|[raw, _]| *raw == spelled(cell));
        let labelled = |cell: &str| Self::NAMES.iter().any(|[_, label]| *label == spelled(cell));
        header.iter().any(raw) || header.iter().filter(|cell| labelled(cell)).count() > 1
    }

    /// Whether the project has events or repeating instruments.
    pub(crate) fn have_visits(&self) -> bool {
        self.event.or(self.instrument).or(self.instance).is_some()
    }

    /// The event of a row, empty in a project that has none.
    pub(crate) fn event<'a>(&self, record: &'a StringRecord) -> &'a str {
        self.event.and_then(|place| record.get(place)).unwrap_or_default().trim()
    }
}

impl RedcapColumns {
    /// Whether a column is REDCap's own and holds no data of the patient.
    fn is_own(&self, at: usize, spelled: &str) -> bool {
        [self.event, self.instrument, self.instance].contains(&Some(at))
            || spelled.starts_with("complete?")
            || ["redcap_survey_identifier", "survey identifier"].contains(&spelled)
            || spelled.ends_with("_complete")
            || spelled.ends_with("_timestamp")
            || spelled == "survey timestamp"
    }
}
