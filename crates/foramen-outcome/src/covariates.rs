use std::borrow::Cow;
use std::fmt;
use std::ops::Index;
use std::sync::Arc;

use hashbrown::HashMap;

/// The filled columns of an episode that have no meaning to this crate, unchanged, by name.
///
/// Episodes of one table share names and texts, since a million of them repeat
/// the same few.
#[derive(Clone, Default)]
pub struct Covariates {
    words: Arc<Words>,
    cells: Arc<[(u16, TextId)]>,
}

/// The names of a table's covariates and all texts of its cells, both in order.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) names: Vec<String>,
    pub(crate) texts: Vec<Arc<str>>,
}

impl Covariates {
    pub(crate) fn new(words: &Arc<Words>, cells: Arc<[(u16, TextId)]>) -> Self {
        Self { words: Arc::clone(words), cells }
    }

    /// The text of a column, by its exact name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, text)| text)
    }

    /// All names and texts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cells.iter().map(|(place, text)| {
            let Words { names, texts } = &*self.words;
            (names[usize::from(*place)].as_str(), &*texts[text.0 as usize])
        })
    }
}

impl Index<&str> for Covariates {
    type Output = str;

    /// # Panics
    /// When there is no such column, or it is blank; see [`Covariates::get`].
    fn index(&self, name: &str) -> &str {
        self.get(name).expect("the covariate is there")
    }
}

impl fmt::Debug for Covariates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl PartialEq for Covariates {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// As a map from names to texts.
#[cfg(feature = "serde")]
impl serde::Serialize for Covariates {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Covariates {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = std::collections::BTreeMap::<String, String>::deserialize(deserializer)?;
        let mut words = Words { names: Vec::new(), texts: vec!["".into()] };
        let mut cells = Vec::new();
        for (place, (name, text)) in (0_u16..).zip(given) {
            words.names.push(name);
            words.texts.push(text.into());
            cells.push((place, TextId(u32::from(place) + 1)));
        }
        Ok(Self::new(&Arc::new(words), cells.into()))
    }
}

/// A text of a table, by its index among all texts; 0 is the empty text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TextId(u32);

impl TextId {
    /// The index among all texts of the table.
    pub(crate) fn place(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn of(self, words: &Words) -> Option<String> {
        (!self.is_empty()).then(|| words.texts[self.0 as usize].to_string())
    }

    /// The index among the sorted texts.
    pub(crate) fn ranked(&mut self, ranks: &[u32]) {
        self.0 = ranks[self.0 as usize];
    }
}

/// The texts of a table, each kept once.
pub(crate) struct Texts {
    places: HashMap<Arc<str>, TextId>,
    texts: Vec<Arc<str>>,
    /// Buffer for the cells of one row.
    row: Vec<(u16, TextId)>,
}

impl Texts {
    pub(crate) fn new() -> Self {
        let empty: Arc<str> = Arc::from("");
        Self {
            places: HashMap::from_iter([(Arc::clone(&empty), TextId(0))]),
            texts: vec![empty],
            row: Vec::new(),
        }
    }

    pub(crate) fn keep(&mut self, text: &str) -> TextId {
        if text.is_empty() {
            return TextId(0);
        }
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.texts.len()).expect("a table has fewer different texts");
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.places.insert(text, TextId(place));
        TextId(place)
    }

    /// All texts, by place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    pub(crate) fn text(&self, id: TextId) -> &str {
        &self.texts[id.place()]
    }

    /// Stores the texts of a row, each with the index of its column.
    pub(crate) fn keep_row<'a>(
        &mut self,
        cells: impl Iterator<Item = (u16, Cow<'a, str>)>,
    ) -> Arc<[(u16, TextId)]> {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.extend(cells.map(|(column, text)| (column, self.keep(&text))));
        let kept = Arc::from(row.as_slice());
        self.row = row;
        kept
    }

    /// The sorted texts, and the new index of each former index: comparisons by index must not
    /// depend on the order of rows.
    pub(crate) fn finish(self) -> (Vec<Arc<str>>, Vec<u32>) {
        drop(self.places);
        let mut order: Vec<u32> = (0..).take(self.texts.len()).collect();
        order.sort_by(|a, b| self.texts[*a as usize].cmp(&self.texts[*b as usize]));
        let mut ranks = vec![0; order.len()];
        for (rank, place) in (0..).zip(&order) {
            ranks[*place as usize] = rank;
        }
        let mut texts = self.texts;
        texts.sort();
        (texts, ranks)
    }
}
