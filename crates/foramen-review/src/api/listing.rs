use jiff::Timestamp;
use serde_json::{Value, json};

use super::Api;
use crate::doubt::doubt;
use crate::entry::Row;
use crate::failure::Failure;
use crate::standing::Standing;

/// A pause between two answers longer than this, in seconds, does not count as work on a case.
const LONGEST_PAUSE: f64 = 600.0;
/// Number of latest answers from which the pace is computed.
const PACE: usize = 50;

impl Api {
    /// The list of cases. A blinded reader gets levels, sides and their own answers only.
    pub(crate) fn study(&self) -> Result<Value, Failure> {
        let rows = self.rows()?;
        let standing = Standing::of(&self.study, &rows);
        let mut items = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            let disagree = standing.disagree(item.case);
            if self.session.adjudicate && !disagree {
                continue;
            }
            let case = &self.study.cases[item.case];
            let own = self.own(&standing, item).last().and_then(|row| row.entry.kind.reading());
            let answer = own.map(|reading| {
                json!({ "seen": reading.seen, "width_mm": reading.width_mm,
                        "note": !reading.note.is_empty() || !reading.problems.is_empty() })
            });
            let mut shown = json!({
                "id": item.id, "title": self.title(number, case), "level": case.level.name(),
                "side": case.side.name(), "answer": answer, "images": case.images.len(),
            });
            if !self.session.blind {
                let mut doubt = doubt(&self.study, case);
                if disagree {
                    doubt.score += 1.5;
                    doubt.reasons.push("readers disagree".to_owned());
                }
                shown["doubt"] = json!(doubt);
                shown["width_mm"] = json!(case.row.width);
                shown["status"] = json!(case.row.status);
            }
            items.push(shown);
        }
        // Counting lost answers tells nothing of a case.
        Ok(json!({
            "reader": self.session.reader, "blind": self.session.blind,
            "adjudicate": self.session.adjudicate, "items": items,
            "seconds_per_case": self.pace(&rows), "lost": standing.lost.len(),
            "missing": if self.session.blind { &[] } else { self.study.missing() },
        }))
    }

    /// The median of the seconds between two answers of this reader.
    fn pace(&self, rows: &[Row]) -> Option<f64> {
        let own = rows.iter().filter(|row| row.entry.reader == self.session.reader);
        let times: Vec<Timestamp> = own.filter_map(|row| row.time.parse().ok()).collect();
        let mut pauses: Vec<f64> = times
            .windows(2)
            .map(|pair| pair[1].duration_since(pair[0]).as_secs_f64())
            .filter(|seconds| (0.2..LONGEST_PAUSE).contains(seconds))
            .collect();
        let recent = pauses.len().saturating_sub(PACE);
        let mut recent = pauses.split_off(recent);
        recent.sort_by(f64::total_cmp);
        recent.get(recent.len() / 2).copied()
    }
}
