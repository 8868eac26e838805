use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::table::{CsvWriter, number};
use crate::{MadeSlice, StudyError};

/// The columns of `reformatted.csv`.
const COLUMNS: [&str; 16] = [
    "sop_instance_uid",
    "frame",
    "stack",
    "x_mm",
    "y_mm",
    "z_mm",
    "row_x",
    "row_y",
    "row_z",
    "column_x",
    "column_y",
    "column_z",
    "pixel_mm",
    "rows",
    "columns",
    "thickness_mm",
];

/// Writes `reformatted.csv`, some rows at a time: the position of each slice made from a volume.
/// The file is not written if no slice was made.
#[derive(Debug)]
pub struct MadeWriter {
    path: PathBuf,
    writer: Option<CsvWriter>,
}

impl MadeWriter {
    /// Creates the writer for the file at `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), writer: None }
    }

    /// Writes further rows.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn add(&mut self, slices: &[MadeSlice]) -> Result<(), StudyError> {
        for slice in slices {
            let writer = match &mut self.writer {
                Some(writer) => writer,
                none => none.insert(CsvWriter::create(&self.path, &COLUMNS)?),
            };
            writer.add(&cells(slice))?;
        }
        Ok(())
    }

    /// Moves the finished file to its path, or removes the file of an earlier selection if no slice
    /// was made.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn finish(self) -> Result<(), StudyError> {
        match self.writer {
            Some(writer) => writer.finish(),
            None => match fs::remove_file(&self.path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    Err(StudyError::Write { path: self.path, source })
                }
                _ => Ok(()),
            },
        }
    }
}

fn cells(slice: &MadeSlice) -> Vec<String> {
    let (origin, row, column) =
        (slice.plane.origin(), slice.plane.along_row(), slice.plane.along_column());
    let numbers =
        [[origin.x, origin.y, origin.z], [row.x, row.y, row.z], [column.x, column.y, column.z]];
    let mut cells = vec![
        slice.source.sop_instance_uid.clone(),
        slice.source.frame.to_string(),
        slice.stack.to_string(),
    ];
    // To the last digit: with a little less, another slice would be made.
    cells.extend(numbers.as_flattened().iter().map(|value| number(Some(*value))));
    cells.extend([
        number(Some(slice.plane.spacing().row)),
        slice.size.0.to_string(),
        slice.size.1.to_string(),
        number(Some(slice.thickness)),
    ]);
    cells
}
