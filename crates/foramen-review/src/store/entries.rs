use rusqlite::{TransactionBehavior, params};

use super::{Store, now};
use crate::ReviewError;
use crate::entry::{Entry, Place, Row};

impl Store {
    /// Stores an entry and returns its number once it is safe on the disk. An entry with a
    /// `request` that is already stored is not stored twice.
    ///
    /// # Errors
    /// [`ReviewError::Database`]; then nothing was stored.
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
            .prepare(
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
}
