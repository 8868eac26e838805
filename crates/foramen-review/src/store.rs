use std::path::{Path, PathBuf};
use std::time::Duration;

use foramen_image::SliceSource;
use foramen_types::{Level, Side};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::discs::PlacedDisc;
use crate::{Reading, ReviewError};

/// The name of the database in the folder of a study.
const FILE: &str = "review.sqlite";

/// How long one writer waits for another.
const PATIENCE: Duration = Duration::from_secs(20);

/// What makes a database of one version one of the next; the version is their number.
///
/// Rows can be added and read, and by no statement changed or removed.
const MIGRATIONS: [&str; 3] = [
    "CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request TEXT NOT NULL UNIQUE,
        time TEXT NOT NULL,
        reader TEXT NOT NULL,
        subject TEXT NOT NULL,
        level TEXT NOT NULL,
        side TEXT NOT NULL,
        sop_instance_uid TEXT NOT NULL,
        frame INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
    CREATE TRIGGER entry_is_not_removed BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry is never removed'); END;",
    // The second version knows repeats, and the seed by which a reader's cases are shuffled.
    "ALTER TABLE entry ADD COLUMN occasion INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE seed (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL) STRICT;
    CREATE TRIGGER seed_is_not_changed BEFORE UPDATE ON seed
        BEGIN SELECT RAISE(ABORT, 'the seed is never changed'); END;",
    // The third knows discs that a reader has placed.
    "CREATE TABLE disc (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request TEXT NOT NULL UNIQUE,
        time TEXT NOT NULL,
        reader TEXT NOT NULL,
        subject TEXT NOT NULL,
        sop_instance_uid TEXT NOT NULL,
        frame INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER disc_is_not_changed BEFORE UPDATE ON disc
        BEGIN SELECT RAISE(ABORT, 'a row of discs is never changed'); END;
    CREATE TRIGGER disc_is_not_removed BEFORE DELETE ON disc
        BEGIN SELECT RAISE(ABORT, 'a row of discs is never removed'); END;",
];

/// The foramen that an entry is about, and the image it was read on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whose, under the id of that day.
    pub subject: String,
    /// Its level.
    pub level: Level,
    /// Its side.
    pub side: Side,
    /// SOP Instance UID of the image.
    pub sop_instance_uid: String,
    /// Its frame, from 1.
    pub frame: u32,
}

impl Place {
    /// The image.
    #[must_use]
    pub fn image(&self) -> SliceSource {
        SliceSource { sop_instance_uid: self.sop_instance_uid.clone(), frame: self.frame }
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// A reader's answer.
    Reading(Reading),
    /// The answer on which readers who disagreed have settled.
    Adjudication(Reading),
    /// An earlier row of the same reader is taken back.
    Undo {
        /// Its number.
        row: i64,
    },
}

impl Kind {
    /// The answer, if it is one.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Reading(reading) | Self::Adjudication(reading) => Some(reading),
            Self::Undo { .. } => None,
        }
    }
}

/// What is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// A name that the sender gave; the same name again is the same entry.
    pub request: String,
    /// Who says it.
    pub reader: String,
    /// Of what.
    pub place: Place,
    /// 0 the first time a case is shown to a reader, 1 when it is repeated.
    pub occasion: u8,
    /// What.
    pub kind: Kind,
}

impl Entry {
    /// An entry of the first occasion.
    #[must_use]
    pub fn new(request: &str, reader: &str, place: Place, kind: Kind) -> Self {
        Self { request: request.to_owned(), reader: reader.to_owned(), place, occasion: 0, kind }
    }
}

/// An entry as it was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number; later rows have higher ones.
    pub id: i64,
    /// When it was kept, UTC.
    pub time: String,
    /// What was kept.
    pub entry: Entry,
}

/// All discs of a person as a reader has placed them once.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscRow {
    /// Its number.
    pub id: i64,
    /// A name that the sender gave; the same name again is the same row.
    pub request: String,
    /// When it was kept, UTC.
    pub time: String,
    /// Who placed them.
    pub reader: String,
    /// Whose, under the id of that day.
    pub subject: String,
    /// The sagittal image on which they were placed.
    pub image: SliceSource,
    /// The discs.
    pub discs: Vec<PlacedDisc>,
}

/// The database of a review, `review.sqlite` in the folder of its study.
///
/// What [`append`](Self::append) has returned survives the end of the process at any
/// moment, and that of the machine as far as its disk keeps its word: SQLite writes ahead
/// (WAL) and waits for the disk (`synchronous = FULL`). Several processes may write at
/// once.
pub struct Store {
    path: PathBuf,
    connection: Connection,
}

impl Store {
    /// Opens the database of a study, makes it where there is none, and brings one of a
    /// former version up to date.
    ///
    /// # Errors
    /// [`ReviewError::Database`], and [`ReviewError::Newer`] for one of a later version.
    pub fn open(study: &Path) -> Result<Self, ReviewError> {
        let path = study.join(FILE);
        let connection = connect(&path)
            .map_err(|source| ReviewError::Database { path: path.clone(), source })?;
        let mut store = Self { path, connection };
        store.migrate()?;
        Ok(store)
    }

    /// Whether a study has a database.
    #[must_use]
    pub fn exists(study: &Path) -> bool {
        study.join(FILE).is_file()
    }

    fn migrate(&mut self) -> Result<(), ReviewError> {
        let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
        let path = self.path.clone();
        let failed = |source| ReviewError::Database { path: path.clone(), source };
        // Two that start at once do it one after the other.
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let found: u32 =
            change.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if found > known {
            return Err(ReviewError::Newer { path, found, known });
        }
        for migration in MIGRATIONS.iter().skip(found as usize) {
            change.execute_batch(migration).map_err(failed)?;
        }
        change.pragma_update(None, "user_version", known).map_err(failed)?;
        change.commit().map_err(failed)
    }

    /// Keeps an entry and gives its number, once it is safe on the disk. An entry whose
    /// `request` is there already is not kept twice.
    ///
    /// # Errors
    /// [`ReviewError::Database`]; then nothing was kept.
    pub fn append(&mut self, entry: &Entry) -> Result<i64, ReviewError> {
        let path = &self.path;
        let failed = |source| ReviewError::Database { path: path.clone(), source };
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let body = serde_json::to_string(&entry.kind)
            .map_err(|error| failed(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        let place = &entry.place;
        let kept = change
            .execute(
                "INSERT INTO entry (request, time, reader, subject, level, side,
                     sop_instance_uid, frame, body, occasion)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (request) DO NOTHING",
                params![
                    entry.request,
                    now(),
                    entry.reader,
                    place.subject,
                    place.level.name(),
                    place.side.to_string(),
                    place.sop_instance_uid,
                    place.frame,
                    body,
                    entry.occasion,
                ],
            )
            .map_err(failed)?;
        let id = if kept == 1 {
            change.last_insert_rowid()
        } else {
            change
                .query_row("SELECT id FROM entry WHERE request = ?1", [&entry.request], |row| {
                    row.get(0)
                })
                .map_err(failed)?
        };
        change.commit().map_err(failed)?;
        Ok(id)
    }

    /// All rows after the number `after`, in their order.
    ///
    /// # Errors
    /// [`ReviewError::Database`] and [`ReviewError::Row`].
    pub fn rows(&self, after: i64) -> Result<Vec<Row>, ReviewError> {
        let failed = |source| ReviewError::Database { path: self.path.clone(), source };
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT id, request, time, reader, subject, level, side, sop_instance_uid,
                        frame, body, occasion
                 FROM entry WHERE id > ?1 ORDER BY id",
            )
            .map_err(failed)?;
        let mut found = query.query([after]).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            rows.push(self.read(row)?);
        }
        Ok(rows)
    }

    fn read(&self, row: &rusqlite::Row<'_>) -> Result<Row, ReviewError> {
        let failed = |source| ReviewError::Database { path: self.path.clone(), source };
        let id: i64 = row.get(0).map_err(failed)?;
        let text = |at: usize| row.get::<_, String>(at).map_err(failed);
        let unknown = |at, name: &str| {
            let kind = rusqlite::types::Type::Text;
            failed(rusqlite::Error::InvalidColumnType(at, name.to_owned(), kind))
        };
        let kind = serde_json::from_str(&text(9)?).map_err(|source| ReviewError::Row {
            path: self.path.clone(),
            row: id,
            source,
        })?;
        Ok(Row {
            id,
            time: text(2)?,
            entry: Entry {
                request: text(1)?,
                reader: text(3)?,
                place: Place {
                    subject: text(4)?,
                    level: text(5)?.parse().map_err(|_| unknown(5, "level"))?,
                    side: text(6)?.parse().map_err(|_| unknown(6, "side"))?,
                    sop_instance_uid: text(7)?,
                    frame: row.get(8).map_err(failed)?,
                },
                occasion: row.get(10).map_err(failed)?,
                kind,
            },
        })
    }

    /// Keeps the discs of a person as [`append`](Self::append) keeps an entry; number and time
    /// are given here.
    ///
    /// # Errors
    /// [`ReviewError::Database`]; then nothing was kept.
    pub fn append_discs(&mut self, row: &DiscRow) -> Result<i64, ReviewError> {
        let path = &self.path;
        let failed = |source| ReviewError::Database { path: path.clone(), source };
        let body = serde_json::to_string(&row.discs)
            .map_err(|error| failed(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        change
            .execute(
                "INSERT INTO disc (request, time, reader, subject, sop_instance_uid, frame, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (request) DO NOTHING",
                params![
                    row.request,
                    now(),
                    row.reader,
                    row.subject,
                    row.image.sop_instance_uid,
                    row.image.frame,
                    body,
                ],
            )
            .map_err(failed)?;
        let id = change
            .query_row("SELECT id FROM disc WHERE request = ?1", [&row.request], |row| row.get(0))
            .map_err(failed)?;
        change.commit().map_err(failed)?;
        Ok(id)
    }

    /// All discs that were placed, in their order.
    ///
    /// # Errors
    /// [`ReviewError::Database`] and [`ReviewError::Row`].
    pub fn discs(&self) -> Result<Vec<DiscRow>, ReviewError> {
        let failed = |source| ReviewError::Database { path: self.path.clone(), source };
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT id, request, time, reader, subject, sop_instance_uid, frame, body
                 FROM disc ORDER BY id",
            )
            .map_err(failed)?;
        let mut found = query.query([]).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let id: i64 = row.get(0).map_err(failed)?;
            let text = |at: usize| row.get::<_, String>(at).map_err(failed);
            let discs = serde_json::from_str(&text(7)?).map_err(|source| ReviewError::Row {
                path: self.path.clone(),
                row: id,
                source,
            })?;
            let frame = row.get(6).map_err(failed)?;
            rows.push(DiscRow {
                id,
                request: text(1)?,
                time: text(2)?,
                reader: text(3)?,
                subject: text(4)?,
                image: SliceSource { sop_instance_uid: text(5)?, frame },
                discs,
            });
        }
        Ok(rows)
    }

    /// The seed by which cases are shuffled, the same for all who ever open this database.
    ///
    /// # Errors
    /// [`ReviewError::Database`] and [`ReviewError::Random`].
    pub fn seed(&mut self) -> Result<String, ReviewError> {
        let drawn = secret()?;
        let path = &self.path;
        let failed = |source| ReviewError::Database { path: path.clone(), source };
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let kept: Option<String> = change
            .query_row("SELECT value FROM seed", [], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        let seed = match kept {
            Some(seed) => seed,
            None => {
                change
                    .execute("INSERT INTO seed (one, value) VALUES (1, ?1)", [&drawn])
                    .map_err(failed)?;
                drawn
            }
        };
        change.commit().map_err(failed)?;
        Ok(seed)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// 128 random bits as 32 hexadecimal digits.
///
/// # Errors
/// [`ReviewError::Random`].
pub(crate) fn secret() -> Result<String, ReviewError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(ReviewError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Now, UTC, to the millisecond.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(request: &str, reader: &str) -> Entry {
        let place = Place {
            subject: "S<b>1".to_owned(),
            level: Level::C5C6,
            side: Side::Left,
            sop_instance_uid: "1.2.3".to_owned(),
            frame: 1,
        };
        let reading = Reading {
            seen: crate::Seen::Open,
            reason: String::new(),
            width_mm: Some(0.1 + 0.2),
            walls: Some([[1.0, 2.0, 3.0], [1.5, 2.0, 3.0]]),
            moved: true,
            problems: Vec::new(),
            kim: Some(1),
            note: "'); DROP TABLE entry; --".to_owned(),
            blind: false,
            automatic: None,
        };
        Entry::new(request, reader, place, Kind::Reading(reading))
    }

    #[test]
    fn an_entry_reads_back_to_the_last_bit_and_is_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let one = entry("a", "r1");
        assert_eq!(store.append(&one).unwrap(), 1);
        let rows = store.rows(0).unwrap();
        assert_eq!(rows[0].entry, one);
        for change in ["UPDATE entry SET reader = 'x'", "DELETE FROM entry"] {
            let refused = store.connection.execute(change, []).unwrap_err().to_string();
            assert!(refused.contains("never"), "{refused}");
        }
        assert_eq!(store.rows(0).unwrap(), rows);
        assert_eq!(store.seed().unwrap(), Store::open(folder.path()).unwrap().seed().unwrap());
    }

    #[test]
    fn a_repeated_request_is_one_row() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let first = store.append(&entry("a", "r1")).unwrap();
        store.append(&entry("b", "r1")).unwrap();
        assert_eq!(store.append(&entry("a", "r1")).unwrap(), first);
        assert_eq!(store.rows(0).unwrap().len(), 2);
        assert_eq!(store.rows(first).unwrap().len(), 1);
    }

    #[test]
    fn readers_and_windows_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..6 {
                let path = folder.path();
                scope.spawn(move || {
                    let mut store = Store::open(path).unwrap();
                    for n in 0..30 {
                        let reader = format!("r{}", writer % 3);
                        store.append(&entry(&format!("{writer}-{n}"), &reader)).unwrap();
                    }
                });
            }
        });
        let rows = Store::open(folder.path()).unwrap().rows(0).unwrap();
        assert_eq!(rows.len(), 180);
        let of_first = rows.iter().filter(|row| row.entry.reader == "r0").count();
        assert_eq!(of_first, 60);
    }

    #[test]
    fn a_former_version_is_migrated_and_a_later_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let old = Connection::open(folder.path().join(FILE)).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        let body = serde_json::to_string(&entry("a", "r").kind).unwrap();
        old.execute(
            "INSERT INTO entry (request, time, reader, subject, level, side, sop_instance_uid,
             frame, body) VALUES ('a', 't', 'r', 's', 'C5/6', 'left', '1.2', 1, ?1)",
            [body],
        )
        .unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        let store = Store::open(folder.path()).unwrap();
        let rows = store.rows(0).unwrap();
        assert_eq!((rows.len(), rows[0].entry.occasion), (1, 0));
        store.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(store);
        let text = Store::open(folder.path()).err().unwrap().to_string();
        assert!(text.contains("version 99"), "{text}");
    }
}
