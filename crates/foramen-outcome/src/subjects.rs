use std::fmt;
use std::hash::BuildHasher as _;

use foramen_table::without_decimals;
use foramen_types::{SubjectId, SubjectKey};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::spelling::spelling;

/// Two ids that may be one person typed in two ways: they differ only in case,
/// leading zeros, spaces, separators or added decimals, such as `00123` and `123`,
/// `1001` and `1001.0`, or `P-1` and `P1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// One subject, and the first row with this id.
    pub first: (SubjectId, u64),
    /// The other, and its first row.
    pub second: (SubjectId, u64),
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((a, row_a), (b, row_b)) = (&self.first, &self.second);
        write!(f, "subjects {a} (row {row_a}) and {b} (row {row_b}) may be one person")
    }
}

/// The subjects of a table in order of their first rows, found by their unchanged ids.
#[derive(Default)]
pub(crate) struct Subjects {
    /// All ids in one text: a table may have a million.
    text: String,
    ends: Vec<usize>,
    /// Indices with the hashes of their ids, since hashing a million ids again whenever the table
    /// grows would be slow.
    places: HashTable<(u64, u32)>,
    hasher: DefaultHashBuilder,
    /// The subjects, and the first line of each.
    known: Vec<(SubjectId, u64)>,
}

impl Subjects {
    /// The index of the subject with an id.
    pub(crate) fn place(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        let same = |(other, place): &(u64, u32)| *other == hash && self.id(*place) == id;
        self.places.find(hash, same).map(|(_, place)| *place)
    }

    /// Adds a subject under a new id.
    pub(crate) fn add(&mut self, id: &str, subject: SubjectId, line: u64) -> u32 {
        let place = u32::try_from(self.known.len()).expect("a table has fewer subjects");
        self.text.push_str(id);
        self.ends.push(self.text.len());
        self.known.push((subject, line));
        let hash = self.hasher.hash_one(id);
        self.places.insert_unique(hash, (hash, place), |(hash, _)| *hash);
        place
    }

    /// The subject at an index.
    pub(crate) fn subject(&self, place: u32) -> &SubjectId {
        &self.known[place as usize].0
    }

    /// All subjects.
    pub(crate) fn into_all(self) -> impl ExactSizeIterator<Item = SubjectId> {
        self.known.into_iter().map(|(subject, _)| subject)
    }

    /// Pairs of unchanged ids that may be one person; pseudonyms of such ids would have nothing in
    /// common.
    pub(crate) fn near_misses(&self) -> Vec<NearMiss> {
        // Comparing every id with every other would take hours on a large table;
        // only ids that share their spelling can be near misses.
        let shared = |place: u32| self.hasher.hash_one(spelling(self.id(place)));
        let mut ids: Vec<(u64, u32)> =
            (0..).take(self.known.len()).map(|place| (shared(place), place)).collect();
        ids.sort_unstable();
        let near = |a: u32, b: u32| spelling(self.id(a)) == spelling(self.id(b));
        let known = |place: u32| self.known[place as usize].clone();
        let mut misses = Vec::new();
        for alike in ids.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
            let mut places: Vec<u32> = alike.iter().map(|(_, place)| *place).collect();
            places.sort_by_key(|place| self.id(*place));
            for (n, &a) in places.iter().enumerate() {
                let others = places[n + 1..].iter().filter(|b| near(a, **b));
                misses.extend(others.map(|b| NearMiss { first: known(a), second: known(*b) }));
            }
        }
        misses.sort_by(|a, b| (&a.first, &a.second).cmp(&(&b.first, &b.second)));
        misses
    }

    /// Removes the decimals of ids that are whole numbers, unless another id is the number without
    /// them: a program that read the column as decimals added them. Returns how many ids were
    /// changed.
    pub(crate) fn drop_decimals(&mut self, key: &SubjectKey) -> usize {
        let whole = |place: u32| {
            let whole = without_decimals(self.id(place))?;
            let alone = self.place(whole).is_none();
            // `1.0` and `1.00` would become one.
            (alone && self.id(place).len() == whole.len() + 2).then(|| key.of_table(whole).ok())?
        };
        let places = (0..).take(self.known.len());
        let renamed: Vec<(u32, SubjectId)> =
            places.filter_map(|place| Some((place, whole(place)?))).collect();
        for (place, subject) in &renamed {
            self.known[*place as usize].0 = subject.clone();
        }
        renamed.len()
    }

    fn id(&self, place: u32) -> &str {
        let place = place as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.text[start..self.ends[place]]
    }
}
