use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::dictionary::DictionaryField;

/// What the words of one column mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    /// Meanings by word in lower case.
    words: BTreeMap<String, String>,
    /// Whether a data dictionary lists all words there are.
    closed: bool,
}

impl Vocabulary {
    /// The words of a mapping, and the codes and labels of a data dictionary: a
    /// code means its label, but in a column of scores a label means its code.
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
                let meaning = mapped
                    .get(&code.to_lowercase())
                    .or_else(|| mapped.get(&label.to_lowercase()))
                    .unwrap_or(if scores { code } else { label });
                words.insert(word.to_lowercase(), meaning.clone());
            }
        }
        for (word, meaning) in mapped {
            words.entry(word.clone()).or_insert_with(|| meaning.clone());
        }
        Self { words, closed: !choices.is_empty() }
    }

    /// What a trimmed cell means, itself where nothing is said of it; `None`
    /// when it is no word of a closed list.
    pub(crate) fn meaning<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>> {
        if self.words.is_empty() || cell.is_empty() {
            return Some(Cow::Borrowed(cell));
        }
        match self.words.get(&cell.to_lowercase()) {
            Some(meaning) => Some(Cow::Owned(meaning.clone())),
            None if self.closed => None,
            None => Some(Cow::Borrowed(cell)),
        }
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
    }
}
