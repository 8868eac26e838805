use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::ReviewError;
use crate::secret::secret;

mod discs;
mod entries;
mod migrations;

use migrations::MIGRATIONS;

/// The name of the database in the folder of a study.
const FILE: &str = "review.sqlite";

/// How long a writer waits for another writer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The database of a review, `review.sqlite` in the folder of its study.
///
/// An entry for which [`append`](Self::append) has returned survives a crash of the process, and a
/// crash of the machine if its disk really stores what it confirms: SQLite writes ahead (WAL) and
/// waits for the disk (`synchronous = FULL`). Several processes may write at once.
pub struct Store {
    path: PathBuf,
    connection: Connection,
}

impl Store {
    /// Opens the database of a study. Creates it if there is none, and updates it if it is of an
    /// older version.
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

    /// The seed by which cases are shuffled, the same for everyone who opens this database.
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

/// Now, UTC, to the millisecond.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Side};

    use super::*;
    use crate::entry::{Entry, Kind, Place};
    use crate::reading::Reading;

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
    fn every_former_version_is_migrated_and_a_later_one_refused() {
        let body = serde_json::to_string(&entry("a", "r").kind).unwrap();
        for version in 1..MIGRATIONS.len() {
            let folder = tempfile::tempdir().unwrap();
            let old = Connection::open(folder.path().join(FILE)).unwrap();
            for migration in &MIGRATIONS[..version] {
                old.execute_batch(migration).unwrap();
            }
            let row = "INSERT INTO entry (request, time, reader, subject, level, side,
                 sop_instance_uid, frame, body)
                 VALUES ('a', 't', 'r', 's', 'C5/6', 'left', '1.2', 1, ?1)";
            old.execute(row, [&body]).unwrap();
            old.pragma_update(None, "user_version", u32::try_from(version).unwrap()).unwrap();
            drop(old);
            let mut store = Store::open(folder.path()).unwrap();
            let rows = store.rows(0).unwrap();
            assert_eq!((rows.len(), rows[0].entry.occasion), (1, 0), "version {version}");
            // All that the latest version knows can be written.
            assert_eq!(store.append(&entry("b", "r2")).unwrap(), 2);
            assert!(!store.seed().unwrap().is_empty());
            assert_eq!(store.discs().unwrap(), []);
            store.connection.pragma_update(None, "user_version", 99).unwrap();
            drop(store);
            let text = Store::open(folder.path()).err().unwrap().to_string();
            assert!(text.contains("version 99"), "{text}");
        }
    }
}
