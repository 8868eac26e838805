//! Small studies in any number: what it takes to scan and select as cohorts grow.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use foramen_phantom::{CohortConfig, SubjectTruth, Truth, write_cohort};
use rayon::prelude::*;

/// Phantoms that small studies are copies of, each with noise of its own.
const TEMPLATES: usize = 12;
/// Slices of a small study.
const SLICES: usize = 3;
/// Subject ids have five digits, as the Patient IDs of phantoms have five characters.
const MOST: usize = 99_999;

/// An element of a DICOM file: group and element.
type Tag = [u16; 2];

const PATIENT_ID: Tag = [0x0010, 0x0020];
const PIXEL_DATA: Tag = [0x7fe0, 0x0010];
/// Media Storage SOP Instance, SOP Instance, Study and Series Instance, Frame of Reference.
const UIDS: [Tag; 5] =
    [[0x0002, 0x0003], [0x0008, 0x0018], [0x0020, 0x000d], [0x0020, 0x000e], [0x0020, 0x0052]];

/// Writes `dicom`, `outcomes.csv` and `levels.csv` of small studies into a new folder: three
/// axial T2 slices of about 128 × 128 pixels each, around the narrowest one, with the true
/// disc positions as given levels. No two of them share a pixel pattern.
///
/// # Errors
/// When there are more subjects than 99,999, or a file cannot be written.
pub fn write_small_studies(subjects: usize, folder: &Path) -> Result<()> {
    ensure!(subjects <= MOST, "{subjects} subjects are more than {MOST}");
    let drawn = folder.join("templates");
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let config = CohortConfig::default().with_analysable(TEMPLATES).with_defects(0);
    // 110 to 138 mm at 1 mm.
    let config = config.with_axial_pixel(1.0).with_axial_thickness(3.0);
    write_cohort(&config, &drawn, &|_, _| ())?;
    let truth = Truth::read(&drawn.join("truth.json"))?;
    let table = fs::read_to_string(drawn.join("outcomes.csv"))?;
    let templates = truth.subjects.iter().map(|subject| Template::of(subject, &drawn, &table));
    let templates = templates.collect::<Result<Vec<_>>>()?;
    fs::remove_dir_all(&drawn)?;

    let mut outcomes = format!("{}\n", table.lines().next().unwrap_or_default());
    let mut levels = "subject_id,level,x_mm,y_mm,z_mm\n".to_owned();
    for subject in 0..subjects {
        let (id, template) = (id_of(subject), &templates[subject % TEMPLATES]);
        writeln!(outcomes, "{id},{}", template.row)?;
        for (level, [x, y, z]) in &template.discs {
            writeln!(levels, "{id},{level},{x:.3},{y:.3},{z:.3}")?;
        }
    }
    fs::write(folder.join("outcomes.csv"), outcomes)?;
    fs::write(folder.join("levels.csv"), levels)?;
    (0..subjects).into_par_iter().try_for_each(|subject| {
        let study = folder.join("dicom").join(id_of(subject));
        fs::create_dir_all(&study)?;
        for (number, slice) in templates[subject % TEMPLATES].slices.iter().enumerate() {
            fs::write(study.join(format!("IM{number}.dcm")), copied(slice, subject)?)?;
        }
        Ok(())
    })
}

/// A phantom that is copied.
struct Template {
    /// Its row of the outcome table without the id.
    row: String,
    /// The centre of each disc, LPS millimetres.
    discs: Vec<(String, [f64; 3])>,
    /// The bytes of its files.
    slices: Vec<Vec<u8>>,
}

impl Template {
    fn of(truth: &SubjectTruth, cohort: &Path, table: &str) -> Result<Self> {
        let id = &truth.subject_id;
        let row = table.lines().find_map(|line| line.strip_prefix(&format!("{id},")));
        let narrowest = truth
            .slices
            .iter()
            .position(|slice| Some(&slice.sop_instance_uid) == truth.narrowest_sop_uid.as_ref());
        let row = row.with_context(|| format!("{id} has no row"))?.to_owned();
        let narrowest = narrowest.with_context(|| format!("{id} has no narrowest slice"))?;
        let first = narrowest.saturating_sub(1).min(truth.slices.len().saturating_sub(SLICES));
        let slices = (first..first + SLICES).map(|number| {
            let name = format!("IM{:04}.dcm", number + 1);
            Ok(fs::read(cohort.join("dicom").join(id).join("3-axial").join(name))?)
        });
        let discs = truth.discs.iter().map(|disc| (disc.level.clone(), disc.centre)).collect();
        Ok(Self { row, discs, slices: slices.collect::<Result<_>>()? })
    }
}

fn id_of(subject: usize) -> String {
    format!("{subject:05}")
}

/// A file under the names of another subject, with other noise.
fn copied(file: &[u8], subject: usize) -> Result<Vec<u8>> {
    let (mut file, id) = (file.to_vec(), id_of(subject));
    let patient = value_of(&mut file, PATIENT_ID)?;
    ensure!(patient.len() >= id.len(), "the Patient ID of a phantom has five characters");
    patient[..id.len()].copy_from_slice(id.as_bytes());
    for tag in UIDS {
        let uid = value_of(&mut file, tag)?;
        // UIDs are padded to an even length by a zero byte.
        let end = uid.len() - usize::from(uid.ends_with(&[0]));
        uid[end - id.len()..end].copy_from_slice(id.as_bytes());
    }
    let mut state = subject as u64;
    for pixel in value_of(&mut file, PIXEL_DATA)?.chunks_exact_mut(2) {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = u16::try_from(state >> 62).unwrap_or_default();
        let value = u16::from_le_bytes([pixel[0], pixel[1]]).saturating_add(noise);
        pixel.copy_from_slice(&value.to_le_bytes());
    }
    Ok(file)
}

/// The value of an element of a file in explicit VR little endian without sequences before it.
fn value_of(file: &mut [u8], [group, element]: Tag) -> Result<&mut [u8]> {
    let tag = [group.to_le_bytes(), element.to_le_bytes()].concat();
    // The preamble and "DICM" lead.
    let mut at = 132;
    while at + 12 <= file.len() {
        let is_long = matches!(&file[at + 4..at + 6], b"OB" | b"OW" | b"UN" | b"SQ" | b"UT");
        let (start, length) = if is_long {
            let length = [file[at + 8], file[at + 9], file[at + 10], file[at + 11]];
            (at + 12, u32::from_le_bytes(length) as usize)
        } else {
            (at + 8, usize::from(u16::from_le_bytes([file[at + 6], file[at + 7]])))
        };
        if file[at..at + 4] == tag {
            return file.get_mut(start..start + length).context("a file ends early");
        }
        at = start + length;
    }
    anyhow::bail!("a phantom has no element ({group:04x},{element:04x})")
}

/// The most memory that this process has held at once, MiB; `None` where the system does not
/// tell (it does on Linux).
#[must_use]
pub fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn small_studies_differ_in_names_and_pixels() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("studies");
        write_small_studies(TEMPLATES + 2, &folder).unwrap();
        let mut seen = BTreeSet::new();
        for subject in [0, 1, TEMPLATES, TEMPLATES + 1] {
            for number in 0..SLICES {
                let path = folder.join(format!("dicom/{}/IM{number}.dcm", id_of(subject)));
                let mut file = fs::read(path).unwrap();
                let patient = value_of(&mut file, PATIENT_ID).unwrap();
                assert!(patient.starts_with(id_of(subject).as_bytes()), "{patient:?}");
                for tag in [[0x0008, 0x0018], PIXEL_DATA] {
                    let value = value_of(&mut file, tag).unwrap().to_vec();
                    assert!(seen.insert((tag, value)), "{subject} {number} {tag:?}");
                }
            }
        }
        let lines = |name: &str| fs::read_to_string(folder.join(name)).unwrap().lines().count();
        assert_eq!(lines("outcomes.csv"), 1 + TEMPLATES + 2);
        assert_eq!(lines("levels.csv"), 1 + 6 * (TEMPLATES + 2));
    }
}
