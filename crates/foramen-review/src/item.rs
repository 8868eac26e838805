use sha2::{Digest, Sha256};

use crate::ReviewError;
use crate::case::Case;
use crate::study::Study;

/// The order of the cases for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The most doubtful first.
    Doubt,
    /// Shuffled, so that the order reveals nothing.
    Shuffled,
}

/// A session of one reader.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Session {
    /// The reader.
    pub reader: String,
    /// Whether the automatic choice is hidden until the reader has answered; the cases are
    /// shuffled then.
    pub blind: bool,
    /// The share of cases that are shown twice without being recognisable, 0 to 0.4; only in
    /// blinded reading.
    pub repeats: f64,
    /// Whether only cases with reader disagreement are shown; then answers settle them.
    pub adjudicate: bool,
}

impl Session {
    /// A session of a reader.
    ///
    /// # Errors
    /// [`ReviewError::Reader`] for an id with characters that are not allowed.
    pub fn new(reader: &str) -> Result<Self, ReviewError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let usable = (1..=64).contains(&reader.len()) && reader.chars().all(is_plain);
        if !usable {
            return Err(ReviewError::Reader(reader.to_owned()));
        }
        let reader = reader.to_owned();
        Ok(Self { reader, blind: false, repeats: 0.0, adjudicate: false })
    }

    /// The same session, blinded, with a share of cases that are shown twice.
    #[must_use]
    pub fn blinded(mut self, repeats: f64) -> Self {
        self.blind = true;
        self.repeats = repeats.clamp(0.0, 0.4);
        self
    }

    /// The same session, for cases on which readers disagree.
    #[must_use]
    pub fn adjudicating(mut self) -> Self {
        self.adjudicate = true;
        self
    }

    /// The order of the cases.
    #[must_use]
    pub fn order(&self) -> Order {
        if self.blind { Order::Shuffled } else { Order::Doubt }
    }
}

/// A case as shown to a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its name on the page, which reveals nothing.
    pub(crate) id: String,
    /// The index of the case.
    pub(crate) case: usize,
    /// 1 for the repeat of a case.
    pub(crate) occasion: u8,
}

/// Repeats are taken from this first part of the list and shown in its last part, so that they are
/// apart.
const FIRST_PART: f64 = 0.4;

/// The items of a session. The same seed gives the same items, whatever other cases there are.
pub(crate) fn items(study: &Study, session: &Session, seed: &str) -> Vec<Item> {
    let mut keyed: Vec<(f64, Item)> = Vec::new();
    for (number, case) in study.cases.iter().enumerate() {
        let digest = |what: &str| digest(seed, &session.reader, case, what);
        let item = |what: &str, occasion| {
            let id = digest(what)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            Item { id, case: number, occasion }
        };
        let place = if session.blind { fraction(&digest("place")) } else { number as f64 };
        keyed.push((place, item("id", 0)));
        let is_repeated = session.blind
            && place < FIRST_PART
            && fraction(&digest("repeat")) < session.repeats / FIRST_PART;
        if is_repeated {
            let place = 1.0 - FIRST_PART * fraction(&digest("place again"));
            keyed.push((place, item("id again", 1)));
        }
    }
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    keyed.into_iter().map(|(_, item)| item).collect()
}

fn digest(seed: &str, reader: &str, case: &Case, what: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    let (level, side) = (case.level.to_string(), case.side.to_string());
    for part in [seed, reader, case.subject.as_str(), &level, &side, what] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    // Names stay what they were for foramina that have one case.
    if case.turn > 0 {
        hash.update((case.turn as u64).to_le_bytes());
    }
    hash.finalize().into()
}

/// A number from 0 to 1.
fn fraction(digest: &[u8; 32]) -> f64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[8..16]);
    u64::from_le_bytes(bytes) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use foramen_dicom::ScanOptions;
    use foramen_study::review::SelectionTable;
    use foramen_types::SubjectId;

    use super::*;

    /// A study of so many foramina, without images.
    fn study(cases: usize) -> Study {
        let folder = tempfile::tempdir().unwrap();
        let mut table = "subject_id,level,side,series_uid,sop_instance_uid,frame,\
                         slice_position_mm,width_mm,contralateral_width_mm,confidence,status\n"
            .to_owned();
        for n in 0..cases {
            table += &format!("S{n},C5/6,left,,,,,,,,refused\n");
        }
        std::fs::write(folder.path().join("selections.csv"), table).unwrap();
        let open = |scan| {
            Study::open(folder.path(), folder.path(), scan, foramen_study::StudyConfig::default())
        };
        let profile = "series_uid,sop_instance_uid,side,state,subject_id\n";
        std::fs::write(folder.path().join("profile.csv"), profile).unwrap();
        let scan = foramen_dicom::scan(folder.path(), &ScanOptions::default()).unwrap();
        let rows = SelectionTable::read(&folder.path().join("selections.csv")).unwrap();
        // No image is there, which is an error of its own.
        assert!(open(scan).is_err());
        std::fs::remove_file(folder.path().join("selections.csv")).unwrap();
        let levels = "subject_id,level,x_mm,y_mm,z_mm\n";
        std::fs::write(folder.path().join("levels.csv"), levels).unwrap();
        let scan = foramen_dicom::scan(folder.path(), &ScanOptions::default()).unwrap();
        let mut study = open(scan).unwrap();
        study.cases = rows
            .rows()
            .iter()
            .enumerate()
            .map(|(number, row)| Case {
                subject: SubjectId::clone(&row.subject),
                level: row.level,
                side: row.side,
                rows: vec![number],
                turn: 0,
                row: row.clone(),
                centre: None,
                images: Vec::new(),
                sagittal: None,
            })
            .collect();
        study
    }

    #[test]
    fn repeats_are_disguised_far_apart_and_the_same_at_every_start() {
        let study = study(400);
        let session = Session::new("anna").unwrap().blinded(0.2);
        let all = items(&study, &session, "seed");
        assert_eq!(all, items(&study, &session, "seed"));
        let ids: BTreeSet<&str> = all.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids.len(), all.len());
        let repeats: Vec<usize> = (0..all.len()).filter(|at| all[*at].occasion == 1).collect();
        // A fifth of 400, and three standard deviations of a binomial number.
        assert!((56..=104).contains(&repeats.len()), "{}", repeats.len());
        for at in repeats {
            let first = all.iter().position(|one| one.case == all[at].case).unwrap();
            assert!(at - first > 40, "{first} and {at}");
        }
        // Another reader gets another order; without blinding it is that of the table.
        let other = Session::new("ben").unwrap().blinded(0.2);
        let order = |items: Vec<Item>| items.iter().map(|item| item.case).collect::<Vec<_>>();
        assert_ne!(order(items(&study, &other, "seed")), order(all));
        let open = items(&study, &Session::new("anna").unwrap(), "seed");
        assert_eq!(order(open), (0..400).collect::<Vec<_>>());
    }

    #[test]
    fn an_id_of_a_reader_is_plain() {
        for id in ["", "a b", "a,b", "<b>", "../x", "=1+1", &"x".repeat(65)] {
            assert!(Session::new(id).is_err(), "{id}");
        }
        assert!(Session::new("Anna.B-2_x").is_ok());
    }
}
