use std::collections::BTreeMap;
use std::io;

use csv::StringRecord;

use crate::OutcomeError;
use foramen_table::{Records, Text, find_delimiter};

/// A REDCap data dictionary: the names, contents and codes of a project's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dictionary {
    fields: BTreeMap<String, DictionaryField>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DictionaryField {
    pub(crate) label: String,
    /// `text`, `radio`, `dropdown`, `checkbox`, `yesno`, …
    pub(crate) kind: String,
    /// `date_ymd`, `number`, `integer`, … for text fields.
    pub(crate) validation: String,
    /// Codes and their labels, in the order of the form.
    pub(crate) choices: Vec<(String, String)>,
    /// Whether the field identifies the patient.
    pub(crate) identifier: bool,
}

/// The columns that are read, with their names in the web export and in the API.
const COLUMNS: [[&str; 2]; 6] = [
    ["variable / field name", "field_name"],
    ["field type", "field_type"],
    ["field label", "field_label"],
    ["choices, calculations, or slider labels", "select_choices_or_calculations"],
    ["text validation type or show slider number", "text_validation_type_or_show_slider_number"],
    ["identifier?", "identifier"],
];

impl Dictionary {
    /// Reads a data dictionary as REDCap exports it (CSV, by the web page or the
    /// API).
    ///
    /// # Errors
    /// [`OutcomeError::NotADictionary`] when its header names no fields, and the errors of any
    /// unreadable CSV.
    pub fn read(input: impl io::Read) -> Result<Self, OutcomeError> {
        let Text { text, .. } = Text::read(input, None, None)?;
        let known =
            |cell: &str| COLUMNS.iter().any(|names| names.contains(&cell.to_lowercase().as_str()));
        let mut records = Records::of(&text, find_delimiter(&text, known));
        let (header, _) = records.header(None, known)?;
        let place = |names: [&str; 2]| {
            header.iter().position(|cell| names.contains(&cell.trim().to_lowercase().as_str()))
        };
        let places = COLUMNS.map(place);
        if places[..2].contains(&None) {
            return Err(OutcomeError::NotADictionary);
        }
        let mut fields = BTreeMap::new();
        let mut record = StringRecord::new();
        while records.next(&mut record)?.is_some() {
            let [name, kind, label, choices, validation, identifier] =
                places.map(|place| place.and_then(|at| record.get(at)).unwrap_or("").trim());
            if name.is_empty() {
                continue;
            }
            let kind = kind.to_lowercase();
            let field = DictionaryField {
                label: without_tags(label),
                choices: choices_of(&kind, choices),
                validation: validation.to_lowercase(),
                identifier: identifier.eq_ignore_ascii_case("y"),
                kind,
            };
            fields.insert(name.to_lowercase(), field);
        }
        Ok(Self { fields })
    }

    /// The field of a column, by its name.
    pub(crate) fn field(&self, column: &str) -> Option<&DictionaryField> {
        self.fields.get(&column.to_lowercase())
    }

    /// The column name, in a raw export, of the only field with a label; a choice of a checkbox
    /// field is `Label (choice=Choice)`.
    pub(crate) fn column_of_label(&self, label: &str) -> Option<String> {
        let label = without_tags(label);
        let (label, choice) = match label.strip_suffix(')').and_then(|l| l.split_once(" (choice="))
        {
            Some((label, choice)) => (label, Some(choice)),
            None => (label.as_str(), None),
        };
        let mut named = self.fields.iter().filter(|(_, field)| {
            field.label == label && (field.kind == "checkbox") == choice.is_some()
        });
        let (Some((name, field)), None) = (named.next(), named.next()) else { return None };
        let Some(choice) = choice else { return Some(name.clone()) };
        let (code, _) = field.choices.iter().find(|(_, label)| label == choice)?;
        Some(format!("{name}___{}", code.to_lowercase()))
    }

    /// All field names, for messages.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }
}

impl DictionaryField {
    /// Whether the field holds dates.
    pub(crate) fn is_date(&self) -> bool {
        self.kind == "text" && self.validation.starts_with("date")
    }

    /// Whether the field holds numbers: as text, slider or choices.
    pub(crate) fn is_score(&self) -> bool {
        let numeric = ["number", "integer"].iter().any(|word| self.validation.starts_with(word));
        let code = |(code, _): &(String, String)| code.parse::<f64>().is_ok();
        match self.kind.as_str() {
            "text" => numeric,
            "slider" | "calc" => true,
            _ => !self.choices.is_empty() && self.choices.iter().all(code),
        }
    }

    /// A description of the field, for messages.
    pub(crate) fn description(&self) -> String {
        match (self.kind.as_str(), self.validation.as_str()) {
            (kind, "") => kind.to_owned(),
            (kind, validation) => format!("{kind} ({validation})"),
        }
    }
}

/// `1, Left | 2, Right` as pairs.
fn choices_of(kind: &str, text: &str) -> Vec<(String, String)> {
    let pair = |code: &str, label: &str| (code.trim().to_owned(), without_tags(label));
    match kind {
        "yesno" => vec![pair("1", "Yes"), pair("0", "No")],
        "truefalse" => vec![pair("1", "True"), pair("0", "False")],
        "radio" | "dropdown" | "checkbox" => text
            .split('|')
            .filter_map(|choice| choice.split_once(','))
            .map(|(code, label)| pair(code, label))
            .collect(),
        _ => Vec::new(),
    }
}

/// A label without the HTML that REDCap allows in it.
fn without_tags(label: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in label.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "\
\"Variable / Field Name\",\"Form Name\",\"Section Header\",\"Field Type\",\"Field Label\",\"Choices, Calculations, OR Slider Labels\",\"Field Note\",\"Text Validation Type OR Show Slider Number\",\"Text Validation Min\",\"Text Validation Max\",Identifier?
record_id,patient,,text,Record ID,,,,,,
mrn,patient,,text,\"<b>Hospital</b>  number\",,,,,,y
side,injection,,radio,Side,\"1, Left | 2, Right\",,,,,
seen,followup,,text,Date,,,date_dmy,,,
seen2,other,,text,Date,,,date_dmy,,,
ae,other,,checkbox,Events,\"1, Surgery | 2, A fall\",,,,,
";

    #[test]
    fn fields_are_read_from_both_headers() {
        let dictionary = Dictionary::read(WEB.as_bytes()).unwrap();
        let side = dictionary.field("SIDE").unwrap();
        assert_eq!(side.choices[1], ("2".to_owned(), "Right".to_owned()));
        assert!(dictionary.field("mrn").unwrap().identifier);
        assert!(dictionary.field("seen").unwrap().is_date());
        assert_eq!(dictionary.column_of_label("Hospital number").as_deref(), Some("mrn"));
        // Two fields are called "Date".
        assert_eq!(dictionary.column_of_label("Date"), None);
        let box_of_fall = dictionary.column_of_label("Events (choice=A fall)");
        assert_eq!(box_of_fall.as_deref(), Some("ae___2"));

        let api = "field_name,form_name,section_header,field_type\nok,f,,yesno\n";
        let dictionary = Dictionary::read(api.as_bytes()).unwrap();
        assert_eq!(dictionary.field("ok").unwrap().choices[0].1, "Yes");
    }

    #[test]
    fn a_dictionary_may_have_semicolons() {
        // As a spreadsheet of a German or French machine saves it.
        let semicolons = WEB.replace("\"1, Left | 2, Right\"", "1# Left | 2# Right");
        let semicolons = semicolons.replace("\"1, Surgery | 2, A fall\"", "1# Surgery | 2# A fall");
        let semicolons =
            semicolons.replace("Choices, Calculations, OR", "Choices# Calculations# OR");
        let semicolons = semicolons.replace(',', ";").replace('#', ",");
        let dictionary = Dictionary::read(semicolons.as_bytes()).unwrap();
        assert_eq!(dictionary, Dictionary::read(WEB.as_bytes()).unwrap());
    }

    #[test]
    fn another_table_is_no_dictionary() {
        let error = Dictionary::read(&b"subject_id,level\n"[..]).unwrap_err();
        assert!(matches!(error, OutcomeError::NotADictionary));
    }
}
