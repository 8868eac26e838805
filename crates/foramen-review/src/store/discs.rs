use foramen_image::SliceSource;
use rusqlite::{TransactionBehavior, params};

use super::{Store, now};
use crate::ReviewError;
use crate::placed::DiscRow;

impl Store {
    /// Stores the discs of a person as [`append`](Self::append) stores an entry; number and time
    /// are set here.
    ///
    /// # Errors
    /// [`ReviewError::Database`]; then nothing was stored.
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
            .prepare(
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
}
