use std::collections::BTreeMap;

use super::{Covariate, Place, RedcapColumns};
use crate::dictionary::DictionaryField;
use crate::field::{Field, Kind};
use crate::mapping::place_of_name;
use crate::visit::{Unit, Visit};
use crate::vocabulary::Vocabulary;
use crate::{Dictionary, FollowupWindow, Mapping, OutcomeError, Remark};

/// Finds the columns that a table needs in its header.
pub(super) struct Finder<'a> {
    pub(super) names: &'a [String],
    /// The names in lower case, labels replaced by the names of their fields.
    pub(super) spelled: &'a [String],
    pub(super) mapping: &'a Mapping,
    pub(super) dictionary: Option<&'a Dictionary>,
}

impl Finder<'_> {
    pub(super) fn place(&self, field: Field) -> Result<Place, OutcomeError> {
        let mapped = self.mapping.column(field);
        if let Some(value) = self.mapping.constant(field) {
            let named = self.named_like(field, &[]);
            return match named {
                Some(_) => Err(OutcomeError::ConstantAndColumn { name: field.name().to_owned() }),
                None => Ok(Place::Constant(value.to_owned())),
            };
        }
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

    /// Determines how visits are distinguished: by a column `visit` if one column holds all scores,
    /// by a column for each visit, or by the name of the only column. Returns the days of columns
    /// by place.
    pub(super) fn visits(
        &self,
        places: &mut [Place],
        redcap: bool,
        remarks: &mut Vec<Remark>,
        window: FollowupWindow,
    ) -> Result<Vec<(usize, u16)>, OutcomeError> {
        let mapping = self.mapping;
        let pairs =
            [(Field::NrsBaseline, Field::NrsFollowup), (Field::BaselineDate, Field::FollowupDate)];
        let shared = pairs.into_iter().find(|(one, other)| super::share(places, *one, *other));
        let has_visit = !matches!(places[Field::Visit as usize], Place::Nowhere);
        if redcap || shared.is_none() && mapping.column(Field::Visit).is_none() {
            // What else a table calls `visit` tells nothing here.
            places[Field::Visit as usize] = Place::Nowhere;
        } else if has_visit {
            return Ok(Vec::new());
        }
        if let (Some((first, second)), true) = (shared, mapping.redcap.baseline_events.is_empty()) {
            return Err(OutcomeError::MappedTwice {
                column: mapping.column(second).unwrap_or_default().to_owned(),
                first: first.name().to_owned(),
                second: second.name().to_owned(),
            });
        }
        let mut days = Vec::new();
        for (name, nominal) in &mapping.nominal {
            let wanted = name.trim().to_lowercase();
            let at = self.stated_place(&wanted).or_else(|| {
                let named = |at: &usize| {
                    self.spelled[*at] == wanted || self.names[*at].to_lowercase() == wanted
                };
                (0..self.names.len()).find(named)
            });
            let Some(at) = at else {
                // Where an export has events, the name is that of one; whether it is, its rows
                // will tell.
                if redcap && self.redcap().event.is_some() {
                    continue;
                }
                return Err(OutcomeError::MappedColumnMissing {
                    field: "a nominal visit",
                    column: name.clone(),
                    found: self.names.to_vec(),
                });
            };
            if let Some(Visit::Day(day)) = nominal.visit() {
                days.push((at, day));
            }
        }
        days.sort_by_key(|(_, day)| window.preference(i64::from(*day)));
        let undated = matches!(places[Field::FollowupDate as usize], Place::Nowhere);
        match places[Field::NrsFollowup as usize] {
            Place::Nowhere if !days.is_empty() => {
                let visits = days.iter().map(|(at, _)| *at).collect();
                places[Field::NrsFollowup as usize] = Place::Visits(visits);
            }
            Place::At(at) if undated && days.is_empty() => {
                // A name such as `nrs_2m` tells the day.
                if let Some(Visit::Day(day)) = Visit::of_text(&self.names[at]) {
                    remarks.push(Remark::NominalDay { column: self.names[at].clone(), day });
                    days.push((at, day));
                }
            }
            _ => {}
        }
        Ok(days)
    }

    /// The unit of the column of follow-up dates, if it may hold times.
    pub(super) fn unit(&self, places: &[Place]) -> Option<Unit> {
        let Place::At(at) = places[Field::FollowupDate as usize] else { return None };
        self.mapping.followup_unit.or_else(|| Unit::of_name(&self.names[at]))
    }

    /// The place that a mapping gives instead of a column name, if it does.
    fn stated_place(&self, wanted: &str) -> Option<usize> {
        place_of_name(wanted).filter(|place| {
            *place < self.names.len() && !self.spelled.iter().any(|name| name == wanted)
        })
    }

    /// Whether the mapping assigns a column.
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
            || mapping.nominal.keys().any(same)
            || mapping.ignore.iter().any(same)
    }

    /// A column that has a field's own name although another column is mapped to the field.
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

    /// The dictionary's entry for a field.
    pub(super) fn declared(&self, field: Field) -> Option<&DictionaryField> {
        let column = self.mapping.column(field).unwrap_or(field.name());
        let dictionary = self.dictionary?;
        dictionary.field(column).or_else(|| dictionary.field(&dictionary.column_of_label(column)?))
    }

    /// Checks a found column against the dictionary.
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

    pub(super) fn missing(&self, field: Field) -> OutcomeError {
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

    /// Returns an error if the mapping refers to absent columns.
    pub(super) fn check_effect(
        &self,
        places: &[Place],
        covariates: &[Covariate],
    ) -> Result<(), OutcomeError> {
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

    pub(super) fn redcap(&self) -> RedcapColumns {
        let place = |[raw, label]: [&str; 2]| {
            self.spelled.iter().position(|name| name == raw || name == label)
        };
        let [event, instrument, instance] = RedcapColumns::NAMES.map(place);
        RedcapColumns { event, instrument, instance }
    }

    pub(super) fn covariates(
        &self,
        places: &[Place],
        redcap: Option<&RedcapColumns>,
    ) -> Result<(Vec<Covariate>, Vec<Remark>), OutcomeError> {
        let used = |at: usize| {
            places.iter().any(|place| match place {
                Place::Nowhere | Place::Constant(_) => false,
                Place::At(place) => *place == at,
                Place::Visits(places) => places.contains(&at),
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

    /// Adds the place to the name of covariates that share a name. Returns an error if the mapping
    /// refers to such a shared name.
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
