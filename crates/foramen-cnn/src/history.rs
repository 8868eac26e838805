//! What each epoch came to, as files that are read while the training runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::tensorboard::EventFile;
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
    /// Begins the files of a network; those of an earlier training go, but what a
    /// resumed one has done already, the rows up to `epoch`, is kept.
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

    /// Adds an epoch.
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
