//! Writes patches to the disk, some at a time.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use foramen_image::Plane;
use foramen_select::SELECTION_VERSION;
use half::f16;
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors};

use super::{
    CANALS, COVARIATE, DEFAULT_PIXEL, HEADER, INDEX, PATCHES, PIXEL, PIXELS, PLANES, VERSION,
    WINDOWS, canals_of, floats, version_of,
};
use crate::atomic_file::AtomicFile;
use crate::files::run_json::read_stage_file;
use crate::table::{CsvWriter, millimetres, number};
use crate::{PatchSample, StudyError};

/// Writes `patches.csv` and `patches.safetensors` as [`write_patches`](super::write_patches) does,
/// some patches at a time, so that they need not all be in memory. Pixels are kept on the disk; the
/// writer holds 112 bytes of memory per patch.
#[derive(Debug)]
pub struct PatchWriter {
    path: PathBuf,
    index: CsvWriter,
    /// Covariates, a column each.
    names: BTreeSet<String>,
    /// Pixels in half precision, kept in an unnamed temporary file until the number of patches is
    /// known. The file disappears with the process.
    pixels: File,
    /// Rows and columns of the patches, and the pixel spacing in millimetres; `None` before the
    /// first patch.
    shape: Option<([usize; 2], f64)>,
    planes: Vec<f64>,
    windows: Vec<f64>,
    canals: Vec<f64>,
}

impl PatchWriter {
    /// Begins both files in a folder, with a column for each covariate that samples may name; the
    /// files are complete when [`PatchWriter::finish`] returns.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn create(folder: &Path, names: BTreeSet<String>) -> Result<Self, StudyError> {
        let titles: Vec<String> = names.iter().map(|name| format!("{COVARIATE}{name}")).collect();
        let header: Vec<&str> =
            HEADER.into_iter().chain(titles.iter().map(String::as_str)).collect();
        let index = CsvWriter::create(&folder.join(INDEX), &header)?;
        let path = folder.join(PIXELS);
        let pixels = tempfile::tempfile_in(folder)
            .map_err(|source| StudyError::Write { path: path.clone(), source })?;
        let [planes, windows, canals] = [(); 3].map(|()| Vec::new());
        Ok(Self { path, index, names, pixels, shape: None, planes, windows, canals })
    }

    /// Writes further patches.
    ///
    /// # Errors
    /// [`StudyError::Write`], and [`StudyError::Patches`] when patches differ in shape or have
    /// several channels.
    pub fn add(&mut self, samples: &[PatchSample]) -> Result<(), StudyError> {
        let wrong = |what: &str| {
            let (path, what) = (self.path.clone(), what.to_owned());
            StudyError::Patches { path, what }
        };
        let mut bytes = Vec::new();
        for sample in samples {
            let (rows, columns) = sample.patch().dim();
            let (shape, _) =
                *self.shape.get_or_insert(([rows, columns], sample.plane.spacing().row));
            if shape != [rows, columns] {
                return Err(wrong("patches differ in shape"));
            }
            if !sample.sample.further_channels.is_empty() {
                return Err(wrong("patches of several channels are not kept"));
            }
            bytes.extend(sample.patch().iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()));
            self.planes.extend(numbers_of(&sample.plane));
            let window = [sample.window.low(), sample.window.high()];
            self.windows.extend(window.map(f64::from));
            let canal = sample.canal.map_or([f64::NAN; 3], |at| [at.x, at.y, at.z]);
            self.canals.extend(canal);
            self.index.add(&cells(sample, &self.names))?;
        }
        let written = self.pixels.write_all(&bytes);
        written.map_err(|source| StudyError::Write { path: self.path.clone(), source })
    }

    /// Adds the patches of another folder unchanged.
    ///
    /// # Errors
    /// [`StudyError::MissingStage`], [`StudyError::SelectionVersion`], and [`StudyError::Patches`]
    /// when their shape or columns differ from those already written.
    pub fn add_written(&mut self, folder: &Path) -> Result<(), StudyError> {
        let path = folder.join(PIXELS);
        let wrong = |what: String| StudyError::Patches { path: path.clone(), what };
        let bytes = read_stage_file(&path, "select")?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(e.to_string()))?;
        let found = version_of(&file).map_err(wrong)?;
        if found != SELECTION_VERSION {
            return Err(StudyError::SelectionVersion { path, found });
        }
        let tensor = file.tensor(PATCHES).map_err(|e| wrong(e.to_string()))?;
        let (&[n, rows, columns], Dtype::F16) = (tensor.shape(), tensor.dtype()) else {
            return Err(wrong(format!("shape {:?} of {:?}", tensor.shape(), tensor.dtype())));
        };
        let planes = floats(&file, PLANES, &[n, 3, 3]).map_err(wrong)?;
        let windows = floats(&file, WINDOWS, &[n, 2]).map_err(wrong)?;
        let canals = canals_of(&file, n).map_err(wrong)?;
        let shape = ([rows, columns], floats(&file, PIXEL, &[]).map_err(wrong)?[0]);
        if n > 0 && *self.shape.get_or_insert(shape) != shape {
            return Err(wrong("patches differ in shape".to_owned()));
        }
        let index = read_stage_file(&folder.join(INDEX), "select")?;
        let mut index = csv::Reader::from_reader(index.as_slice());
        let mut count = 0;
        let header = index.headers().map_err(|e| wrong(e.to_string()))?;
        if header.len() != HEADER.len() + self.names.len() {
            return Err(wrong("its index has other columns; run `select` again".to_owned()));
        }
        for row in index.records() {
            let row = row.map_err(|e| wrong(e.to_string()))?;
            self.index.add(&row.iter().map(str::to_owned).collect::<Vec<_>>())?;
            count += 1;
        }
        if count != n {
            return Err(wrong(format!("{n} patches for {count} rows")));
        }
        self.planes.extend(planes);
        self.windows.extend(windows);
        self.canals.extend(canals);
        let written = self.pixels.write_all(tensor.data());
        written.map_err(|source| StudyError::Write { path: self.path.clone(), source })
    }

    /// Moves both finished files to their paths.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn finish(mut self) -> Result<(), StudyError> {
        let n = self.windows.len() / 2;
        let ([rows, columns], pixel) = self.shape.unwrap_or(([0, 0], DEFAULT_PIXEL));
        // Numbers lie at a multiple of their size: the larger ones come first.
        let numbers = [
            (CANALS, vec![n, 3], self.canals),
            (PIXEL, vec![], vec![pixel]),
            (PLANES, vec![n, 3, 3], self.planes),
            (VERSION, vec![], vec![f64::from(SELECTION_VERSION)]),
            (WINDOWS, vec![n, 2], self.windows),
        ];
        let mut infos = Vec::new();
        let mut end = 0;
        let mut info = |name: &str, dtype: Dtype, shape: Vec<usize>, length: usize| {
            let data_offsets = (end, end + length);
            end += length;
            infos.push((name.to_owned(), TensorInfo { dtype, shape, data_offsets }));
        };
        for (name, shape, values) in &numbers {
            info(name, Dtype::F64, shape.clone(), 8 * values.len());
        }
        info(PATCHES, Dtype::F16, vec![n, rows, columns], 2 * n * rows * columns);
        // Of two entries of metadata the order would change from run to run.
        let metadata = HashMap::from([("schema_version".to_owned(), "1".to_owned())]);
        let header = Metadata::new(Some(metadata), infos).map_err(|error| StudyError::Patches {
            path: self.path.clone(),
            what: error.to_string(),
        })?;
        let mut file = AtomicFile::create(&self.path)?;
        let mut write = || -> io::Result<()> {
            let mut header = serde_json::to_vec(&header)?;
            header.resize(header.len().next_multiple_of(8), b' ');
            file.write_all(&(header.len() as u64).to_le_bytes())?;
            file.write_all(&header)?;
            for (_, _, values) in &numbers {
                values.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))?;
            }
            self.pixels.rewind()?;
            io::copy(&mut self.pixels, &mut file).map(|_| ())
        };
        let written = write();
        written.map_err(|source| StudyError::Write { path: self.path.clone(), source })?;
        file.finish()?;
        self.index.finish()
    }
}

/// The row of a patch in the index.
fn cells(patch: &PatchSample, names: &BTreeSet<String>) -> Vec<String> {
    let sample = &patch.sample;
    let known = |name: &String| sample.covariates.get(name).copied().flatten();
    let mut cells = vec![
        sample.subject.to_string(),
        sample.level.to_string(),
        sample.side.to_string(),
        patch.usage.name().to_owned(),
        sample.outcome.map(|outcome| outcome.label().to_string()).unwrap_or_default(),
        millimetres(sample.width),
        patch.sop_instance_uid.clone(),
        patch.frame.to_string(),
    ];
    cells.extend(names.iter().map(|name| number(known(name))));
    cells
}

fn numbers_of(plane: &Plane) -> [f64; 9] {
    let (o, r, c) = (plane.origin(), plane.along_row(), plane.along_column());
    [o.x, o.y, o.z, r.x, r.y, r.z, c.x, c.y, c.z]
}

#[cfg(test)]
mod tests {
    use foramen_image::{Spacing, Window};
    use foramen_learn::Sample;
    use foramen_types::{Level, Point, Side, SubjectId, Vector};
    use ndarray::Array2;
    use safetensors::tensor::TensorView;

    use super::*;
    use crate::PatchUse;

    fn sample(number: u8) -> PatchSample {
        let subject = SubjectId::new(&format!("S{number}")).unwrap();
        let spacing = Spacing { row: 0.75, column: 0.75 };
        let [row, column] = [Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0)];
        let origin = Point::new(f64::from(number), 0.5, -1.0);
        PatchSample {
            sample: Sample::new(subject, Level::C5C6, Side::Left)
                .with_patch(Array2::from_elem((3, 5), f32::from(number) / 8.0)),
            usage: PatchUse::Auxiliary,
            sop_instance_uid: "1.2".to_owned(),
            frame: 1,
            plane: Plane::new(origin, row, column, spacing).unwrap(),
            window: Window::new(0.0, 100.0),
            canal: (number > 2).then(|| Point::new(0.0, f64::from(number), 4.5)),
        }
    }

    #[test]
    fn some_at_a_time_gives_the_bytes_of_all_at_once() {
        let samples: Vec<PatchSample> = (0..7).map(sample).collect();
        let [whole, parts] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        crate::files::write_patches(whole.path(), &samples).unwrap();
        let mut writer = PatchWriter::create(parts.path(), BTreeSet::new()).unwrap();
        samples.chunks(3).for_each(|part| writer.add(part).unwrap());
        assert_eq!(std::fs::read_dir(parts.path()).unwrap().count(), 1, "only the index begins");
        writer.finish().unwrap();
        for name in [INDEX, PIXELS] {
            let [a, b] = [&whole, &parts].map(|of| std::fs::read(of.path().join(name)).unwrap());
            assert!(a == b, "{name} differs");
        }
        let joined = tempfile::tempdir().unwrap();
        let mut writer = PatchWriter::create(joined.path(), BTreeSet::new()).unwrap();
        writer.add(&samples[..0]).unwrap();
        writer.add_written(parts.path()).unwrap();
        writer.finish().unwrap();
        for name in [INDEX, PIXELS] {
            let [a, b] = [&whole, &joined].map(|of| std::fs::read(of.path().join(name)).unwrap());
            assert!(a == b, "{name} differs");
        }
        // The crate `safetensors` writes the same bytes of the same tensors.
        let bytes = std::fs::read(whole.path().join(PIXELS)).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let views: Vec<(String, TensorView<'_>)> = file.tensors();
        let metadata = HashMap::from([("schema_version".to_owned(), "1".to_owned())]);
        assert!(safetensors::serialize(views, Some(metadata)).unwrap() == bytes);
    }

    #[test]
    fn patches_of_another_shape_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = PatchWriter::create(folder.path(), BTreeSet::new()).unwrap();
        writer.add(&[sample(1)]).unwrap();
        let mut other = sample(2);
        other.sample.patch = Array2::zeros((3, 4));
        let error = writer.add(&[other]).unwrap_err().to_string();
        assert!(error.contains("differ in shape"), "{error}");
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
