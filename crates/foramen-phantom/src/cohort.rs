use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use foramen_image::Stack;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::defect::Defect;
use crate::dicom::encode;
use crate::outcome::auc;
use crate::protocol::{Series, SeriesKind};
use crate::subject::Plan;
use crate::table::{Dates, HEADER, row};
use crate::truth::{SubjectTruth, Truth};
use crate::{CohortConfig, Design, PhantomError};

/// Format version of `truth.json` and `cohort.json`.
const SCHEMA_VERSION: u32 = 1;

/// The result of [`write_cohort`]: the content of `cohort.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CohortSummary {
    /// Version of this format, 1.
    pub schema_version: u32,
    /// Version of the generator: another version gives other bytes.
    pub generator: u32,
    /// The configuration.
    pub config: CohortConfig,
    /// All subjects.
    pub subjects: usize,
    /// Subjects whose data suffice for a prediction.
    pub analysable: usize,
    /// Number of image files.
    pub files: usize,
    /// Total size of the image files, bytes.
    pub bytes: u64,
    /// Share of favourable outcomes among the analysable subjects.
    pub prevalence: f64,
    /// See [`Truth::oracle_auc`].
    pub oracle_auc: Option<f64>,
    /// See [`Truth::oracle_image_auc`].
    pub oracle_image_auc: Option<f64>,
    /// See [`Truth::oracle_width_auc`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oracle_width_auc: Option<f64>,
}

/// Simulates a cohort and writes it to a new folder: `dicom/<subject>/…`, `outcomes.csv`,
/// `truth.json` ([`Truth`]) and `cohort.json` ([`CohortSummary`]).
///
/// The cohort is written beside `dir` and moved there when complete, so `dir` is complete or
/// absent. `progress` is called with the numbers of finished and of all subjects.
///
/// # Errors
/// [`PhantomError::Exists`] when `dir` is not empty, else [`PhantomError::Io`],
/// [`PhantomError::Dicom`], [`PhantomError::Json`].
pub fn write_cohort(
    config: &CohortConfig,
    dir: &Path,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<CohortSummary, PhantomError> {
    // An empty folder may be given; removing it fails when it holds anything.
    if dir.exists() && fs::remove_dir(dir).is_err() {
        return Err(PhantomError::Exists { path: dir.to_owned() });
    }
    let partial = beside(dir);
    create(&partial)?;
    let written = fill(config, &partial, progress);
    let moved = written.and_then(|summary| {
        fs::rename(&partial, dir).map_err(io("rename", &partial))?;
        Ok(summary)
    });
    if moved.is_err() {
        // The error that matters is the first; what cannot be removed stays
        // under a name that says it is partial.
        let _ = fs::remove_dir_all(&partial);
    }
    moved
}

fn fill(
    config: &CohortConfig,
    dir: &Path,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<CohortSummary, PhantomError> {
    let total = config.subjects();
    let done = AtomicUsize::new(0);
    progress(0, total);
    let subjects = (0..total)
        .into_par_iter()
        .map(|index| {
            let plan = Plan::draw(config, index);
            let folder = dir.join("dicom").join(&plan.id);
            let written = write_subject(&plan, &folder)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok((plan.truth(), row(&plan), written))
        })
        .collect::<Result<Vec<_>, PhantomError>>()?;

    let mut table = format!("{HEADER}\n");
    let (mut truths, mut files, mut bytes) = (Vec::new(), 0, 0);
    for (truth, row, written) in subjects {
        if let Some(line) = row {
            table.push_str(&line);
            table.push('\n');
        }
        truths.push(truth);
        files += written.0;
        bytes += written.1;
    }
    let usable: Vec<&SubjectTruth> = truths.iter().filter(|truth| truth.analysable).collect();
    let scored = |score: fn(&SubjectTruth) -> f64| {
        auc(&usable.iter().map(|truth| (truth.favourable, score(truth))).collect::<Vec<_>>())
    };
    let favourable = usable.iter().filter(|truth| truth.favourable).count();
    let summary = CohortSummary {
        schema_version: SCHEMA_VERSION,
        generator: CohortConfig::GENERATOR,
        config: config.clone(),
        subjects: total,
        analysable: usable.len(),
        files,
        bytes,
        prevalence: favourable as f64 / (usable.len().max(1)) as f64,
        oracle_auc: scored(|truth| truth.probability),
        oracle_image_auc: scored(|truth| truth.image_probability),
        oracle_width_auc: (config.design == Design::Picture)
            .then(|| scored(|truth| truth.width_z))
            .flatten(),
    };
    let truth = Truth {
        schema_version: SCHEMA_VERSION,
        seed: config.seed,
        prevalence: summary.prevalence,
        oracle_auc: summary.oracle_auc,
        oracle_image_auc: summary.oracle_image_auc,
        oracle_width_auc: summary.oracle_width_auc,
        subjects: truths,
    };
    write(&dir.join("outcomes.csv"), table.as_bytes())?;
    write_json(&dir.join("truth.json"), &truth)?;
    write_json(&dir.join("cohort.json"), &summary)?;
    Ok(summary)
}

/// Writes the images of one subject; returns the number of files and bytes.
fn write_subject(plan: &Plan, folder: &Path) -> Result<(usize, u64), PhantomError> {
    if plan.defect == Some(Defect::NoImages) {
        return Ok((0, 0));
    }
    let (mut files, mut bytes) = (0, 0);
    let protocol = &plan.protocol;
    let all = if plan.volume {
        vec![&protocol.scout, &protocol.volume]
    } else {
        vec![&protocol.scout, &protocol.sagittal, &protocol.axial]
    };
    for series in all {
        let axial = series.kind == SeriesKind::Axial;
        if axial && plan.defect.is_some_and(|defect| !defect.has_axial()) {
            continue;
        }
        let name = match series.kind {
            SeriesKind::Scout => "1-scout",
            SeriesKind::Sagittal => "2-sagittal",
            SeriesKind::Axial => "3-axial",
            SeriesKind::Volume => "2-volume",
        };
        let defect = plan.defect.filter(|_| axial);
        for (name, content) in encoded(plan, series, &folder.join(name), defect)? {
            files += 1;
            bytes += content.len() as u64;
            write(&name, &content)?;
        }
    }
    Ok((files, bytes))
}

/// The files of one series, with the effect of a defect.
fn encoded(
    plan: &Plan,
    series: &Series,
    folder: &Path,
    defect: Option<Defect>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, PhantomError> {
    create(folder)?;
    let study = Dates::of(plan).study;
    let stacks = plan.stacks(series);
    let mut files = Vec::new();
    for (number, slice) in stacks.iter().flat_map(Stack::slices).enumerate() {
        let path = folder.join(format!("IM{:04}.dcm", number + 1));
        let bytes = encode(plan, series, slice, number, study)
            .map_err(|source| PhantomError::Dicom { path: path.clone(), source })?;
        files.push((path, bytes));
    }
    match defect {
        Some(Defect::DuplicateFiles) => {
            for number in 0..files.len() / 3 {
                let copy =
                    (folder.join(format!("IM{:04}-copy.dcm", number + 1)), files[number].1.clone());
                files.push(copy);
            }
        }
        Some(Defect::TruncatedFile) => {
            // The slice farthest from the treated disc, so that the foramen in
            // question is whole.
            let (centre, _) = plan.spine.disc(plan.complaint.level);
            let planes = series.stacks.iter().flatten().map(|plane| plane.distance(centre).abs());
            let farthest = planes.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((_, bytes)) = farthest.and_then(|(number, _)| files.get_mut(number)) {
                bytes.truncate(bytes.len() / 3);
            }
        }
        _ => {}
    }
    Ok(files)
}

/// An unused name beside a folder.
fn beside(dir: &Path) -> PathBuf {
    let name = dir.file_name().map_or_else(|| "cohort".into(), |name| name.to_string_lossy());
    dir.with_file_name(format!(".{name}.partial-{}", std::process::id()))
}

fn create(folder: &Path) -> Result<(), PhantomError> {
    fs::create_dir_all(folder).map_err(io("create", folder))
}

fn write(path: &Path, content: &[u8]) -> Result<(), PhantomError> {
    fs::write(path, content).map_err(io("write", path))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), PhantomError> {
    let text = serde_json::to_vec(value)
        .map_err(|source| PhantomError::Json { path: path.to_owned(), source })?;
    write(path, &text)
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PhantomError {
    let path = path.to_owned();
    move |source| PhantomError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cohort_is_whole_and_never_overwrites() {
        let folder = std::env::temp_dir().join(format!("foramen-phantom-{}", std::process::id()));
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        let summary = write_cohort(&config, &folder, &|_, _| {}).unwrap();
        let truth = Truth::read(&folder.join("truth.json")).unwrap();
        assert_eq!(truth.subjects.len(), 1);
        assert_eq!(
            summary.files,
            truth.subjects[0].slices.len() + file_count(&folder, &["1-scout", "2-sagittal"])
        );
        let table = fs::read_to_string(folder.join("outcomes.csv")).unwrap();
        assert_eq!(table.lines().count(), 2);
        let refused = write_cohort(&config, &folder, &|_, _| {});
        assert!(matches!(refused, Err(PhantomError::Exists { .. })));
        fs::remove_dir_all(&folder).unwrap();
        assert!(!beside(&folder).exists());
    }

    fn file_count(folder: &Path, series: &[&str]) -> usize {
        let subject = folder.join("dicom").join("P0001");
        series.iter().map(|name| fs::read_dir(subject.join(name)).unwrap().count()).sum()
    }
}
