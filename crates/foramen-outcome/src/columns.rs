use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use csv::StringRecord;

use crate::covariates::{TextId, Texts};
use crate::dictionary::DictionaryField;
use crate::field::{Field, Kind};
use crate::mapping::place_of_name;
use crate::missing::MissingCodes;
use crate::vocabulary::Vocabulary;
use crate::{Dictionary, Mapping, OutcomeError, Remark};

/// Which column of a table holds what.
pub(crate) struct Columns {
    places: [Place; Field::ALL.len()],
    words: [Vocabulary; Field::ALL.len()],
    names: Vec<String>,
    covariates: Vec<Covariate>,
    pub(crate) redcap: Option<RedcapColumns>,
    /// Whether a field that holds scores is declared to have decimal commas.
    pub(crate) decimal_comma: bool,
    /// Of columns that nothing needs.
    pub(crate) remarks: Vec<Remark>,
}

/// A column that is kept with the episode as it stands.
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
        if redcap && matches!(places[Field::SubjectId as usize], Place::Nowhere) {
            // The first column of an export is always the record's id.
            places[Field::SubjectId as usize] = Place::At(0);
        }
        for field in Field::required() {
            if matches!(places[*field as usize], Place::Nowhere) {
                return Err(finder.missing(*field));
            }
        }
        let redcap_columns = redcap.then(|| finder.redcap());
        let (covariates, remarks) = finder.covariates(&places, redcap_columns.as_ref())?;
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
        Ok(Self { places, words, names, covariates, redcap, decimal_comma, remarks })
    }

    /// Cells in the header.
    pub(crate) fn width(&self) -> usize {
        self.names.len()
    }

    /// What a row holds for a field, trimmed, as it stands in the table.
    pub(crate) fn cell<'a>(&self, record: &'a StringRecord, field: Field) -> Cow<'a, str> {
        match &self.places[field as usize] {
            Place::Nowhere => Cow::Borrowed(""),
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

    /// What the text of a cell means; `None` where a data dictionary lists the
    /// choices and it is none of them.
    pub(crate) fn meaning<'a>(&self, field: Field, cell: &'a str) -> Option<Cow<'a, str>> {
        let words = &self.words[field as usize];
        if matches!(self.places[field as usize], Place::Boxes(_)) {
            let codes = cell.split("; ").map(|code| words.meaning(code));
            let labels: Option<Vec<Cow<'_, str>>> = codes.collect();
            return labels.map(|labels| Cow::Owned(labels.join("; ")));
        }
        words.meaning(cell)
    }

    /// What the mapping says of the text of a cell: that goes before all else.
    pub(crate) fn declared(&self, field: Field, cell: &str) -> Option<&str> {
        self.words[field as usize].declared(cell)
    }

    /// Words of the mapping that no cell of their column held.
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
            Place::Boxes(boxes) => {
                let first = boxes.first().map_or("", |(place, _)| &self.names[*place]);
                first.rsplit_once("___").map_or(first, |(name, _)| name)
            }
            Place::Nowhere => field.name(),
        }
    }

    /// The names of covariates, in order.
    pub(crate) fn covariate_names(&self) -> Vec<String> {
        self.covariates.iter().map(|covariate| covariate.name.clone()).collect()
    }

    /// The filled covariates of a row, by their place in [`Columns::covariates`].
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

struct Finder<'a> {
    names: &'a [String],
    /// The names in lower case, labels replaced by the names of their fields.
    spelled: &'a [String],
    mapping: &'a Mapping,
    dictionary: Option<&'a Dictionary>,
}

impl Finder<'_> {
    fn place(&self, field: Field) -> Result<Place, OutcomeError> {
        let mapped = self.mapping.column(field);
        let wanted = mapped.unwrap_or(field.name()).to_lowercase();
        if let Some(place) = self.stated_place(&wanted) {
            return self
                .check(field, &self.spelled[place], &Place::At(place))
                .map(|()| Place::At(place));
        }
        let found: Vec<usize> = (0..self.names.len())
            .filter(|at| self.spelled[*at] == wanted || self.names[*at].to_lowercase() == wanted)
            .filter(|at| mapped.is_some() || !self.is_taken(*at))
            .collect();
        if let [first, second, ..] = found.as_slice() {
            let column = wanted;
            return Err(OutcomeError::RepeatedColumn {
                column,
                first: first + 1,
                second: second + 1,
            });
        }
        if let (Some(mapped), Some(named), false) =
            (mapped, self.named_like(field, &found), found.is_empty())
        {
            return Err(OutcomeError::TwoColumns {
                field: field.name(),
                mapped: mapped.to_owned(),
                place: named + 1,
            });
        }
        let place = match found.first() {
            Some(place) => Place::At(*place),
            None => self.boxes(&wanted),
        };
        match (&place, mapped) {
            (Place::Nowhere, Some(_)) => Err(self.missing(field)),
            _ => self.check(field, &wanted, &place).map(|()| place),
        }
    }

    /// The place that a mapping names in place of a column, where there is one.
    fn stated_place(&self, wanted: &str) -> Option<usize> {
        place_of_name(wanted).filter(|place| {
            *place < self.names.len() && !self.spelled.iter().any(|name| name == wanted)
        })
    }

    /// Whether the mapping says what a column is.
    fn is_taken(&self, at: usize) -> bool {
        let same = |column: &String| {
            let column = column.trim().to_lowercase();
            column == self.spelled[at]
                || column == self.names[at].to_lowercase()
                || self.stated_place(&column) == Some(at)
        };
        let mapping = self.mapping;
        mapping.columns.values().any(same)
            || mapping.covariates.values().any(same)
            || mapping.ignore.iter().any(same)
    }

    /// A column that bears a field's own name beside the one that is mapped to it.
    fn named_like(&self, field: Field, found: &[usize]) -> Option<usize> {
        (0..self.names.len()).find(|at| {
            self.spelled[*at] == field.name() && !found.contains(at) && !self.is_taken(*at)
        })
    }

    fn boxes(&self, wanted: &str) -> Place {
        let prefix = format!("{wanted}___");
        let boxes: Vec<(usize, String)> = self
            .spelled
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some((at, name.strip_prefix(&prefix)?.to_owned())))
            .collect();
        if boxes.is_empty() { Place::Nowhere } else { Place::Boxes(boxes) }
    }

    /// What the dictionary says of a field.
    fn declared(&self, field: Field) -> Option<&DictionaryField> {
        let column = self.mapping.column(field).unwrap_or(field.name());
        let dictionary = self.dictionary?;
        dictionary.field(column).or_else(|| dictionary.field(&dictionary.column_of_label(column)?))
    }

    /// Holds a column that was found against the dictionary.
    fn check(&self, field: Field, column: &str, place: &Place) -> Result<(), OutcomeError> {
        let (Some(dictionary), false) = (self.dictionary, matches!(place, Place::Nowhere)) else {
            return Ok(());
        };
        let Some(declared) = self.declared(field) else {
            return Err(OutcomeError::NotInDictionary {
                column: column.to_owned(),
                fields: dictionary.names().map(str::to_owned).collect(),
            });
        };
        let expected = match field.kind() {
            Kind::Date if !declared.is_date() => "a text with date validation",
            Kind::Score if !declared.is_score() => "a number, a slider or a choice of numbers",
            _ => return Ok(()),
        };
        Err(OutcomeError::WrongFieldType {
            column: column.to_owned(),
            field: field.name(),
            found: declared.description(),
            expected,
        })
    }

    fn missing(&self, field: Field) -> OutcomeError {
        let found = self.names.iter().filter(|name| !name.is_empty()).cloned().collect();
        match self.mapping.column(field) {
            Some(column) => OutcomeError::MappedColumnMissing {
                field: field.name(),
                column: column.to_owned(),
                found,
            },
            None => OutcomeError::MissingColumn { column: field.name(), found },
        }
    }

    /// Refuses what the mapping says of columns that are not there.
    fn check_effect(&self, places: &[Place], covariates: &[Covariate]) -> Result<(), OutcomeError> {
        let there = |name: &str| {
            let field = Field::of_name(name)
                .is_some_and(|field| !matches!(places[field as usize], Place::Nowhere));
            field || covariates.iter().any(|one| one.name.eq_ignore_ascii_case(name))
        };
        if let Some(name) = self.mapping.values.keys().find(|name| !there(name)) {
            let fields = Field::ALL.map(|field| field.name().to_owned());
            let fields = fields.into_iter().filter(|name| there(name));
            let others = covariates.iter().map(|one| one.name.clone());
            let known = fields.chain(others).collect();
            return Err(OutcomeError::ValuesOfNothing { name: name.clone(), known });
        }
        let known = |column: &String| {
            let wanted = column.trim().to_lowercase();
            let same = |name: &String| name.to_lowercase() == wanted;
            self.names.iter().chain(self.spelled).any(same)
        };
        match self.mapping.ignore.iter().find(|column| !known(column)) {
            Some(column) => Err(OutcomeError::IgnoresNothing {
                column: column.clone(),
                found: self.names.to_vec(),
            }),
            None => Ok(()),
        }
    }

    fn redcap(&self) -> RedcapColumns {
        let place = |[raw, label]: [&str; 2]| {
            self.spelled.iter().position(|name| name == raw || name == label)
        };
        let [event, instrument, instance] = RedcapColumns::NAMES.map(place);
        RedcapColumns { event, instrument, instance }
    }

    fn covariates(
        &self,
        places: &[Place],
        redcap: Option<&RedcapColumns>,
    ) -> Result<(Vec<Covariate>, Vec<Remark>), OutcomeError> {
        let used = |at: usize| {
            places.iter().any(|place| match place {
                Place::Nowhere => false,
                Place::At(place) => *place == at,
                Place::Boxes(boxes) => boxes.iter().any(|(place, _)| *place == at),
            })
        };
        let ignored: Vec<String> =
            self.mapping.ignore.iter().map(|name| name.trim().to_lowercase()).collect();
        let mut covariates: Vec<Covariate> = Vec::new();
        let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, spelled) in self.spelled.iter().enumerate() {
            let raw = self.names[at].to_lowercase();
            // Spreadsheets leave empty columns at the right.
            let skipped = spelled.is_empty()
                || used(at)
                || ignored.contains(spelled)
                || ignored.contains(&raw)
                || redcap.is_some_and(|redcap| redcap.is_own(at, spelled));
            let declared = self.dictionary.and_then(|dictionary| dictionary.field(spelled));
            if skipped || declared.is_some_and(|declared| declared.identifier) {
                continue;
            }
            names.entry(spelled).or_default().push(at);
            let renamed = self.mapping.covariates.iter().find(|(_, column)| {
                let column = column.trim().to_lowercase();
                let named = column == *spelled || column == raw;
                self.stated_place(&column).map_or(named, |place| place == at)
            });
            let name = renamed.map_or(&self.names[at], |(name, _)| name).clone();
            let words = Vocabulary::of(&self.mapping.values(&name), declared, false);
            covariates.push(Covariate { name, place: at, words });
        }
        for column in self.mapping.covariates.values() {
            let wanted = column.trim().to_lowercase();
            let known = |name: &String| name.to_lowercase() == wanted;
            let there = self.stated_place(&wanted).is_some();
            if !there && !self.names.iter().chain(self.spelled).any(known) {
                return Err(OutcomeError::MappedColumnMissing {
                    field: "a covariate",
                    column: column.clone(),
                    found: self.names.to_vec(),
                });
            }
        }
        let remarks = self.doubled(&names, &mut covariates)?;
        covariates.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((covariates, remarks))
    }

    /// Gives covariates of one name their places as names too; one that the
    /// mapping asks for by a name of several is refused.
    fn doubled(
        &self,
        names: &BTreeMap<&str, Vec<usize>>,
        covariates: &mut [Covariate],
    ) -> Result<Vec<Remark>, OutcomeError> {
        let mut remarks = Vec::new();
        for (spelled, places) in names {
            let named_by_a_field = (0..self.names.len())
                .any(|at| self.spelled[at] == *spelled && !places.contains(&at));
            if places.len() < 2 && !named_by_a_field {
                continue;
            }
            let asked = self.mapping.covariates.values().any(|column| {
                let column = column.trim().to_lowercase();
                column == *spelled || column == self.names[places[0]].to_lowercase()
            });
            if let (true, [first, second, ..]) = (asked, places.as_slice()) {
                let (column, first, second) = ((*spelled).to_owned(), first + 1, second + 1);
                return Err(OutcomeError::RepeatedColumn { column, first, second });
            }
            let column = self.names[places[0]].clone();
            for covariate in covariates.iter_mut().filter(|covariate| covariate.name == column) {
                covariate.name = format!("{column} (column {})", covariate.place + 1);
            }
            let all = (0..self.names.len()).filter(|at| self.spelled[*at] == *spelled);
            remarks.push(Remark::DoubledColumn { column, places: all.map(|at| at + 1).collect() });
        }
        Ok(remarks)
    }
}

impl RedcapColumns {
    /// Whether a column is REDCap's own and says nothing of the patient.
    fn is_own(&self, at: usize, spelled: &str) -> bool {
        [self.event, self.instrument, self.instance].contains(&Some(at))
            || spelled.starts_with("complete?")
            || ["redcap_survey_identifier", "survey identifier"].contains(&spelled)
            || spelled.ends_with("_complete")
            || spelled.ends_with("_timestamp")
            || spelled == "survey timestamp"
    }
}
