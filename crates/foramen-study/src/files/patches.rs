use std::path::Path;

use foramen_image::{Plane, Spacing, Window};
use foramen_learn::Sample;
use foramen_select::SELECTION_VERSION;
use foramen_types::{Level, Outcome, Point, Side, SubjectId, Vector};
use half::f16;
use ndarray::Array2;
use safetensors::{Dtype, SafeTensors};

use super::run_json::read_stage_file;
use foramen_table::Row;

use crate::covariates::LARGEST;
use crate::table::{Table, number_in};
use crate::{PatchSample, PatchUse, StudyError};

mod writer;

pub use writer::PatchWriter;

const HEADER: [&str; 8] =
    ["subject_id", "level", "side", "use", "label", "width_mm", "sop_instance_uid", "frame"];
/// Prefix of the titles of covariate columns.
const COVARIATE: &str = "covariate_";
/// The number that holds the pixel spacing in millimetres, and its value where there are no
/// patches.
const PIXEL: &str = "pixel_mm";
const DEFAULT_PIXEL: f64 = 0.5;
/// The tensors that relate each patch to its image.
const PLANES: &str = "planes";
const WINDOWS: &str = "windows";
const CANALS: &str = "canals";
/// The number that holds the selection's version, and its value for files without one.
const VERSION: &str = "selection_version";
const FIRST_VERSION: f64 = 1.0;
const INDEX: &str = "patches.csv";
const PIXELS: &str = "patches.safetensors";
const PATCHES: &str = "patches";

/// Writes `patches.csv` and `patches.safetensors` into a folder: the index, with a
/// column `covariate_NAME` for each covariate that a sample names, and in the order of
/// the index the tensors
///
/// - `patches` `[n, row, column]`: intensities in half precision,
/// - `planes` `[n, 3, 3]`: the centre of the pixel at row 0, column 0, in LPS
///   millimetres, then the unit directions in which columns and rows grow,
/// - `windows` `[n, 2]`: the intensities of the image that are mapped to 0 and 1,
/// - `canals` `[n, 3]`: the middle of the spinal canal in LPS millimetres, NaN where it was not
///   found,
///
/// and the numbers `pixel_mm`, the pixel spacing in millimetres, and `selection_version`
/// ([`SELECTION_VERSION`]).
///
/// # Errors
/// Those of [`PatchWriter`].
pub fn write_patches(folder: &Path, samples: &[PatchSample]) -> Result<(), StudyError> {
    let names = samples.iter().flat_map(|patch| patch.sample.covariates.keys().cloned());
    let mut writer = PatchWriter::create(folder, names.collect())?;
    writer.add(samples)?;
    writer.finish()
}

/// Reads what [`write_patches`] wrote.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::MissingColumn`], [`StudyError::Cell`],
/// [`StudyError::Value`], [`StudyError::Patches`], and [`StudyError::SelectionVersion`] for patches
/// chosen by another version of the selection.
pub fn read_patches(folder: &Path) -> Result<Vec<PatchSample>, StudyError> {
    let index = read_stage_file(&folder.join(INDEX), "select")?;
    let table = Table::read("patches.csv", index.as_slice(), &["subject_id", "level"])?;
    let mut at = [0; 8];
    for (place, column) in at.iter_mut().zip(HEADER) {
        *place = table.column(column)?;
    }
    let [subject, level, side, usage, label, width, uid, frame] = at;
    let further = table.beginning(COVARIATE);

    let path = folder.join(PIXELS);
    let wrong = |what: String| StudyError::Patches { path: path.clone(), what };
    let bytes = read_stage_file(&path, "select")?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(e.to_string()))?;
    let found = version_of(&file).map_err(wrong)?;
    if found != SELECTION_VERSION {
        return Err(StudyError::SelectionVersion { path, found });
    }
    let pixel = pixel_of(&file).map_err(wrong)?;
    let tensor = file.tensor(PATCHES).map_err(|e| wrong(e.to_string()))?;
    let &[n, rows, columns] = tensor.shape() else {
        return Err(wrong(format!("shape {:?}", tensor.shape())));
    };
    if n != table.rows().len() || tensor.dtype() != Dtype::F16 {
        return Err(wrong(format!("{n} patches for {} rows", table.rows().len())));
    }
    let planes = floats(&file, PLANES, &[n, 3, 3]).map_err(wrong)?;
    let windows = floats(&file, WINDOWS, &[n, 2]).map_err(wrong)?;
    let canals = canals_of(&file, n).map_err(wrong)?;
    let size = rows * columns;
    let read = |(number, row): (usize, &Row)| {
        let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
        let cell = |column: &str, at: usize| StudyError::Cell {
            table: table.name(),
            row: row.line,
            column: column.to_owned(),
            value: row.cell(at).to_owned(),
            remedy: "run `select` again",
        };
        let values = tensor.data()[2 * number * size..2 * (number + 1) * size]
            .chunks_exact(2)
            .map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32());
        let patch = Array2::from_shape_vec((rows, columns), values.collect())
            .expect("the tensor holds n × rows × columns values");
        let outcome = match row.cell(label) {
            "" => None,
            "0" => Some(Outcome::Poor),
            "1" => Some(Outcome::Favourable),
            _ => return Err(cell("label", label)),
        };
        let mut sample = Sample::new(
            SubjectId::new(row.cell(subject)).map_err(value)?,
            row.cell(level).parse::<Level>().map_err(value)?,
            row.cell(side).parse::<Side>().map_err(value)?,
        )
        .with_patch(patch);
        sample.outcome = outcome;
        sample.width = match row.cell(width) {
            "" => None,
            text => Some(text.parse().map_err(|_| cell("width_mm", width))?),
        };
        for (name, at) in &further {
            let title = format!("{COVARIATE}{name}");
            let number = number_in(row.cell(*at)).ok_or_else(|| cell(&title, *at))?;
            if number.is_some_and(|number| number.abs() > LARGEST) {
                return Err(StudyError::Cell {
                    table: table.name(),
                    row: row.line,
                    column: title,
                    value: row.cell(*at).to_owned(),
                    remedy: "no measurement of a patient is as large; correct it in the outcome \
                             table and run `select` again",
                });
            }
            sample = sample.with_covariate(name, number);
        }
        Ok(PatchSample {
            sample,
            usage: PatchUse::from_name(row.cell(usage)).ok_or_else(|| cell("use", usage))?,
            sop_instance_uid: row.cell(uid).to_owned(),
            frame: row.cell(frame).parse().map_err(|_| cell("frame", frame))?,
            plane: plane_of(&planes[9 * number..9 * (number + 1)], pixel).map_err(wrong)?,
            window: window_of(&windows[2 * number..2 * (number + 1)]),
            canal: canal_of(&canals[3 * number..3 * (number + 1)]),
        })
    };
    table.rows().iter().enumerate().map(read).collect()
}

/// Reads the edge of a pixel of the patches, millimetres.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Read`] and [`StudyError::Patches`].
pub fn read_pixel(folder: &Path) -> Result<f64, StudyError> {
    let path = folder.join(PIXELS);
    let bytes = read_stage_file(&path, "select")?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string());
    let pixel = file.and_then(|file| pixel_of(&file));
    pixel.map_err(|what| StudyError::Patches { path, what })
}

fn pixel_of(file: &SafeTensors<'_>) -> Result<f64, String> {
    Ok(floats(file, PIXEL, &[])?[0])
}

fn version_of(file: &SafeTensors<'_>) -> Result<u32, String> {
    let has_one = file.names().into_iter().any(|name| name == VERSION);
    let version = if has_one { floats(file, VERSION, &[])?[0] } else { FIRST_VERSION };
    let fits = (0.0..=f64::from(u32::MAX)).contains(&version) && version.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
    let whole = fits.then_some(version as u32);
    whole.ok_or_else(|| format!("{VERSION} {version}"))
}

/// The values of a tensor of a given shape.
fn floats(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f64>, String> {
    let tensor = file.tensor(name).map_err(|_| format!("no {name}; run `select` again"))?;
    if tensor.dtype() != Dtype::F64 || tensor.shape() != shape {
        return Err(format!("{name} of shape {:?}, not {shape:?}", tensor.shape()));
    }
    let (values, _) = tensor.data().as_chunks::<8>();
    Ok(values.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

/// The positions of the canals; all unknown in older files without this tensor.
fn canals_of(file: &SafeTensors<'_>, n: usize) -> Result<Vec<f64>, String> {
    if file.names().into_iter().any(|name| name == CANALS) {
        floats(file, CANALS, &[n, 3])
    } else {
        Ok(vec![f64::NAN; 3 * n])
    }
}

fn canal_of(numbers: &[f64]) -> Option<Point> {
    let known = numbers.iter().all(|number| number.is_finite());
    known.then(|| Point::new(numbers[0], numbers[1], numbers[2]))
}

/// The plane of nine numbers: its origin and both directions.
fn plane_of(numbers: &[f64], pixel: f64) -> Result<Plane, String> {
    let vector = |at: usize| Vector::new(numbers[at], numbers[at + 1], numbers[at + 2]);
    let origin = Point::new(numbers[0], numbers[1], numbers[2]);
    let spacing = Spacing { row: pixel, column: pixel };
    Plane::new(origin, vector(3), vector(6), spacing).map_err(|error| error.to_string())
}

fn window_of(numbers: &[f64]) -> Window {
    #[expect(clippy::cast_possible_truncation, reason = "they were f32")]
    let [low, high] = [numbers[0], numbers[1]].map(|value| value as f32);
    Window::new(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_round_trip() {
        let sample = |id: &str, value: f32| PatchSample {
            sample: Sample::new(SubjectId::new(id).unwrap(), Level::C5C6, Side::Left)
                .with_patch(Array2::from_elem((2, 3), value))
                .with_width(1.25),
            usage: PatchUse::Auxiliary,
            sop_instance_uid: "1.2.3".to_owned(),
            frame: 1,
            plane: Plane::new(
                Point::new(1.5, -20.25, 0.1),
                Vector::new(-1.0, 0.0, 0.0),
                Vector::new(0.0, 1.0, 0.0),
                Spacing { row: 0.75, column: 0.75 },
            )
            .unwrap(),
            window: Window::new(3.25, 812.0 + value),
            canal: (value > 0.0).then(|| Point::new(0.5, -1.25, 3.0)),
        };
        let mut samples = vec![sample("A", 0.5), sample("B", -0.25)];
        samples[0].sample.outcome = Some(Outcome::Favourable);
        samples[0].usage = PatchUse::Treated;
        samples[0].sample.covariates = [("age".to_owned(), Some(61.5))].into();
        samples[1].sample.covariates = [("age".to_owned(), None)].into();
        let folder = tempfile::tempdir().unwrap();
        write_patches(folder.path(), &samples).unwrap();
        assert_eq!(read_patches(folder.path()).unwrap(), samples);
        assert_eq!(read_pixel(folder.path()).unwrap(), 0.75);
        let index = std::fs::read_to_string(folder.path().join(INDEX)).unwrap();
        std::fs::write(folder.path().join(INDEX), index.replace("61.5", "1e308")).unwrap();
        let error = read_patches(folder.path()).unwrap_err().to_string();
        for part in ["patches.csv", "row 2", "covariate_age = \"1e308\"", "correct it"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let bytes = || std::fs::read(folder.path().join(PIXELS)).unwrap();
        let first = bytes();
        for _ in 0..20 {
            write_patches(folder.path(), &samples).unwrap();
            assert!(bytes() == first, "the same patches give other bytes");
        }
    }

    #[test]
    fn patches_of_another_selection_are_refused_by_their_version() {
        let folder = tempfile::tempdir().unwrap();
        write_patches(folder.path(), &[]).unwrap();
        let path = folder.path().join(PIXELS);
        let bytes = std::fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let older = file.tensors().into_iter().filter(|(name, _)| name != VERSION);
        let older = safetensors::serialize(older.collect::<Vec<_>>(), None).unwrap();
        std::fs::write(&path, older).unwrap();
        let text = read_patches(folder.path()).unwrap_err().to_string();
        assert!(text.contains("chosen by version 1 of the selection"), "{text}");
        assert!(text.contains("run `select` again"), "{text}");
    }

    #[test]
    fn a_missing_stage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let text = read_patches(folder.path()).unwrap_err().to_string();
        assert!(text.contains("run `select` first"), "{text}");
    }
}
