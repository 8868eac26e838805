use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use foramen_image::{Plane, Spacing};
use foramen_types::{Point, Vector};

use super::cells::Cells;
use crate::table::Table;
use crate::{MadeSlice, StudyError};

/// Reads `reformatted.csv`: the positions of the slices that were made from volumes. A study
/// without such slices has no such file.
///
/// # Errors
/// [`StudyError::Read`], [`StudyError::Table`], [`StudyError::MissingColumn`] and
/// [`StudyError::Cell`].
pub fn read_made(path: &Path) -> Result<Vec<MadeSlice>, StudyError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.map_err(|source| StudyError::Read { path: path.to_owned(), source })?,
    };
    let table = Table::read("table of slices made of volumes", file, &["sop_instance_uid"])?;
    table.rows().iter().map(|row| read_row(Cells::of(&table, row))).collect()
}

const REMEDY: &str = "run `select` again";
/// Most rows or columns of a slice.
const MOST: usize = 4096;

fn read_row(cells: Cells<'_>) -> Result<MadeSlice, StudyError> {
    let number = |column: &str| cells.number(column)?.ok_or_else(|| cells.refused(column, REMEDY));
    let count = |column: &str| {
        let count = cells.needed(column)?.parse().ok().filter(|count| *count <= MOST);
        count.ok_or_else(|| cells.refused(column, REMEDY))
    };
    let vector = |name: &str| -> Result<Vector, StudyError> {
        let [x, y, z] = ["x", "y", "z"].map(|axis| number(&format!("{name}_{axis}")));
        Ok(Vector::new(x?, y?, z?))
    };
    let image = cells.image("sop_instance_uid", "frame")?;
    let origin = Point::new(number("x_mm")?, number("y_mm")?, number("z_mm")?);
    let pixel = number("pixel_mm")?;
    let spacing = Spacing { row: pixel, column: pixel };
    let plane = Plane::new(origin, vector("row")?, vector("column")?, spacing);
    let thickness = number("thickness_mm")?;
    Ok(MadeSlice {
        source: image.ok_or_else(|| cells.refused("sop_instance_uid", REMEDY))?,
        stack: count("stack")?,
        plane: plane.map_err(|_| cells.refused("row_x", REMEDY))?,
        size: (count("rows")?, count("columns")?),
        thickness: Some(thickness)
            .filter(|mm| (0.0..=20.0).contains(mm))
            .ok_or_else(|| cells.refused("thickness_mm", REMEDY))?,
    })
}
