//! The results of each epoch, in files that can be read while the training runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::training::tensorboard::EventFile;
use crate::{CnnError, EpochReport};

const HEADER: &str =
    "epoch,learning_rate,train_loss,tune_loss,tune_auc,tune_width_error_mm,images_per_second,best";

/// `history.csv` and a TensorBoard file of one network.
#[derive(Debug)]
pub(crate) struct History {
    table: File,
    events: EventFile,
    folder: PathBuf,
}

impl History {
    /// Creates the files of a network. Files of an earlier training are removed; a resumed training
    /// keeps its rows up to `epoch`.
    pub(crate) fn open(folder: &Path, number: usize, epoch: usize) -> Result<Self, CnnError> {
        let folder = folder.join(format!("network-{}", number + 1));
        let path = folder.join("history.csv");
        let open = || -> io::Result<(File, EventFile)> {
            fs::create_dir_all(&folder)?;
            if epoch == 0 {
                EventFile::remove_earlier(&folder)?;
            }
            let done = |row: &&str| {
                row.split(',')
                    .next()
                    .and_then(|n| n.parse().ok())
                    .is_some_and(|n: usize| n <= epoch)
            };
            let before = fs::read_to_string(&path).unwrap_or_default();
            let mut rows = vec![HEADER];
            rows.extend(before.lines().skip(1).filter(done));
            fs::write(&path, rows.join("\n") + "\n")?;
            let table = OpenOptions::new().append(true).open(&path)?;
            Ok((table, EventFile::create(&folder)?))
        };
        match open() {
            Ok((table, events)) => Ok(Self { table, events, folder }),
            Err(source) => Err(CnnError::Io { action: "write", path: folder, source }),
        }
    }

    /// Adds the results of an epoch.
    pub(crate) fn write(&mut self, report: &EpochReport) -> Result<(), CnnError> {
        let numbers = [
            ("learning_rate", Some(report.learning_rate)),
            ("loss/train", Some(report.train_loss)),
            ("loss/tune", report.tune_loss),
            ("auc/tune", report.tune_auc),
            ("width_error_mm/tune", report.tune_width_error),
            ("images_per_second", Some(report.images_per_second)),
        ];
        let mut row = vec![report.epoch.to_string()];
        row.extend(
            numbers.iter().map(|(_, number)| number.map_or(String::new(), |n| n.to_string())),
        );
        row.push(u8::from(report.best).to_string());
        let known: Vec<(&str, f64)> =
            numbers.into_iter().filter_map(|(name, number)| Some((name, number?))).collect();
        let written = writeln!(self.table, "{}", row.join(","));
        let written = written.and_then(|()| self.events.write(report.epoch as u64, &known));
        written.map_err(|source| CnnError::Io {
            action: "write",
            path: self.folder.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn report(epoch: usize) -> EpochReport {
        EpochReport {
            member: 1,
            members: 1,
            epoch,
            epochs: 3,
            train_loss: 1.0,
            tune_loss: None,
            tune_auc: None,
            tune_width_error: None,
            learning_rate: 0.1,
            images_per_second: 1.0,
            remaining: Duration::ZERO,
            best: false,
        }
    }

    #[test]
    fn a_training_that_begins_anew_removes_what_the_one_before_wrote_and_a_resumed_one_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        // Rows of the table, and files for TensorBoard.
        let written = || {
            let folder = folder.path().join("network-1");
            let table = fs::read_to_string(folder.join("history.csv")).unwrap();
            (table.lines().count() - 1, fs::read_dir(folder).unwrap().count() - 1)
        };
        let train = |done: usize, epochs: std::ops::RangeInclusive<usize>| {
            let mut history = History::open(folder.path(), 0, done).unwrap();
            epochs.for_each(|epoch| history.write(&report(epoch)).unwrap());
        };
        train(0, 1..=2);
        assert_eq!(written(), (2, 1));
        train(1, 2..=3);
        assert_eq!(written(), (3, 2));
        train(0, 1..=1);
        assert_eq!(written(), (1, 1));
    }
}
