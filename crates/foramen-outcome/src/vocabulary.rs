use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::dictionary::DictionaryField;

/// The meanings of the words of one column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    /// Meanings by word in lower case.
    words: BTreeMap<String, Word>,
    /// Whether a data dictionary lists all possible words.
    closed: bool,
}

#[derive(Debug, Clone, Default)]
struct Word {
    meaning: String,
    /// The mapping's word with this meaning, and whether a cell held it.
    declared: Option<(String, Cell<bool>)>,
}

impl Vocabulary {
    /// Combines the words of a mapping with the codes and labels of a data dictionary: a code means
    /// its label; in a column of scores, a label means its code.
    pub(crate) fn of(
        mapped: &BTreeMap<String, String>,
        declared: Option<&DictionaryField>,
        scores: bool,
    ) -> Self {
        let choices = declared.map(|declared| declared.choices.as_slice()).unwrap_or_default();
        let mut words = BTreeMap::new();
        // Codes come last: they win where one choice's label is another's code.
        for by_code in [false, true] {
            for (code, label) in choices {
                let word = if by_code { code } else { label };
                let said = mapped
                    .get_key_value(&code.to_lowercase())
                    .or_else(|| mapped.get_key_value(&label.to_lowercase()));
                let of_choice = if scores { code } else { label };
                let entry = match said {
                    Some((said, meaning)) => Word::declared(said, meaning),
                    None => Word { meaning: of_choice.clone(), declared: None },
                };
                words.insert(word.to_lowercase(), entry);
            }
        }
        for (word, meaning) in mapped {
            words.entry(word.clone()).or_insert_with(|| Word::declared(word, meaning));
        }
        Self { words, closed: !choices.is_empty() }
    }

    /// The meaning of a trimmed cell, or the cell itself if no meaning is defined; `None` if a
    /// closed list does not contain it.
    pub(crate) fn meaning<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>> {
        if self.words.is_empty() || cell.is_empty() {
            return Some(Cow::Borrowed(cell));
        }
        match self.words.get(&cell.to_lowercase()) {
            Some(word) => Some(Cow::Owned(word.used().meaning.clone())),
            None if self.closed => None,
            None => Some(Cow::Borrowed(cell)),
        }
    }
}

impl Vocabulary {
    /// The meaning that the mapping gives to a cell.
    pub(crate) fn declared(&self, cell: &str) -> Option<&str> {
        if self.words.is_empty() {
            return None;
        }
        let word = self.words.get(&cell.to_lowercase()).filter(|word| word.declared.is_some())?;
        Some(&word.used().meaning)
    }

    /// Words of the mapping that occur in no cell.
    pub(crate) fn unused(&self) -> BTreeSet<&str> {
        let declared = || self.words.values().filter_map(|word| word.declared.as_ref());
        let of = |wanted: bool| {
            let words = declared().filter(move |(_, used)| used.get() == wanted);
            words.map(|(word, _)| word.as_str()).collect::<BTreeSet<_>>()
        };
        &of(false) - &of(true)
    }
}

impl Word {
    fn declared(word: &str, meaning: &str) -> Self {
        let declared = Some((word.to_owned(), Cell::new(false)));
        Self { meaning: meaning.to_owned(), declared }
    }

    fn used(&self) -> &Self {
        if let Some((_, used)) = &self.declared {
            used.set(true);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(choices: &[(&str, &str)]) -> DictionaryField {
        DictionaryField {
            label: String::new(),
            kind: "radio".to_owned(),
            validation: String::new(),
            choices: choices.iter().map(|(c, l)| ((*c).to_owned(), (*l).to_owned())).collect(),
            identifier: false,
        }
    }

    #[test]
    fn codes_and_labels_mean_the_label_and_scores_the_code() {
        let level = field(&[("1", "C4/5"), ("2", "C5/6")]);
        let words = Vocabulary::of(&BTreeMap::new(), Some(&level), false);
        assert_eq!(words.meaning("2").unwrap(), "C5/6");
        assert_eq!(words.meaning("c5/6").unwrap(), "C5/6");
        assert_eq!(words.meaning("3"), None);
        let score = field(&[("0", "no pain"), ("10", "worst")]);
        let words = Vocabulary::of(&BTreeMap::new(), Some(&score), true);
        assert_eq!(words.meaning("worst").unwrap(), "10");
        assert_eq!(words.meaning("10").unwrap(), "10");
    }

    #[test]
    fn the_mapping_explains_codes_and_labels() {
        let mapped = BTreeMap::from([("links".to_owned(), "left".to_owned())]);
        let side = field(&[("1", "Links"), ("2", "right")]);
        let words = Vocabulary::of(&mapped, Some(&side), false);
        assert_eq!(words.meaning("1").unwrap(), "left");
        let words = Vocabulary::of(&mapped, None, false);
        assert_eq!(words.meaning("Links").unwrap(), "left");
        assert_eq!(words.meaning("rechts").unwrap(), "rechts");
        assert_eq!((words.declared("LINKS"), words.declared("rechts")), (Some("left"), None));
        assert!(words.unused().is_empty());
    }
}
