use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use foramen_dicom::{Rejected, Scan, SubjectFrom, scan};
use foramen_outcome::{
    Definition, Dictionary, Mapping, OutcomeError, OutcomeOptions, Outcomes, PainTable, Sensitivity,
};
use foramen_phantom::{Design, Truth};
use foramen_study::{DiscPositions, Numbers, StudyConfig, open_levels, read_links};
use foramen_types::{SubjectId, SubjectKey};

use crate::demo_cohort::demo_cohort;
use crate::files::open;
use crate::folder_arguments::DicomFolder;
use crate::progress::counter;
use crate::run_lock::{LOCK, RunLock};
use crate::scan_arguments::{ImageArguments, ScanArguments};
use crate::study_source::StudySource;

/// What a study is made from. Without a folder and `--outcomes`, the synthetic cohort.
#[derive(Debug, Clone, Args)]
#[command(mut_group("DicomFolder", |group| group.requires("outcomes")))]
pub struct Inputs {
    /// Where the images lie.
    #[command(flatten)]
    pub dicom: DicomFolder,
    /// Table of injections and pain scores.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    pub outcomes: Option<PathBuf>,
    /// Mapping of the table's columns (TOML).
    #[arg(long, value_name = "FILE", requires = "outcomes")]
    pub mapping: Option<PathBuf>,
    /// The data dictionary of a REDCap project (CSV).
    #[arg(long, value_name = "FILE", requires = "outcomes")]
    pub dictionary: Option<PathBuf>,
    /// Disc positions: levels.csv or the same as JSON, 3D Slicer markups, label images
    /// (NIfTI), or a folder of such files; without it, discs are found on the sagittal
    /// series.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    pub levels: Option<PathBuf>,
    /// Table `patient_id,subject_id` that links the images to the outcome table.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    pub link: Option<PathBuf>,
    /// Options of reading the folder.
    #[command(flatten)]
    pub scan: ScanArguments,
    /// Options of choosing images.
    #[command(flatten)]
    pub images: ImageArguments,
    /// `truth.json` of a synthetic cohort; that of a folder which `cohort` has written is
    /// found.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    pub truth: Option<PathBuf>,
    /// Numeric columns of the outcome table that the CNN uses beside the image, such as
    /// age,duration_weeks; blank cells are missing values.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub covariates: Vec<String>,
    /// Analysable subjects of the synthetic cohort.
    #[arg(long, value_name = "N", default_value_t = 288, conflicts_with = "DicomFolder")]
    pub subjects: usize,
    /// Seed of the synthetic cohort.
    #[arg(long, value_name = "S", default_value_t = 1, conflicts_with = "DicomFolder")]
    pub cohort_seed: u64,
    /// What its outcome hangs on: width (the width of the foramen), picture (what only the
    /// picture shows), confounded (the width and the scanner).
    #[arg(long, value_name = "DESIGN", default_value_t, conflicts_with = "DicomFolder")]
    pub cohort: Design,
}

/// Inputs that have been read.
pub struct OpenedInputs {
    /// The stacks of the DICOM folder.
    pub scan: Scan,
    /// The episodes of the outcome table.
    pub outcomes: Outcomes,
    /// The labels of its episodes under other definitions.
    pub definitions: Sensitivity,
    /// The covariates of each episode, by its first row.
    pub covariates: BTreeMap<u64, Numbers>,
    /// Disc positions, where given.
    pub levels: Option<DiscPositions>,
    /// The truth of a synthetic cohort.
    pub truth: Option<Truth>,
    /// The file of the truth.
    pub truth_file: Option<PathBuf>,
    /// The location of the images.
    pub source: StudySource,
}

impl Inputs {
    /// A synthetic cohort of this many analysable subjects.
    #[must_use]
    pub fn synthetic(subjects: usize) -> Self {
        Self {
            dicom: DicomFolder::default(),
            outcomes: None,
            mapping: None,
            dictionary: None,
            levels: None,
            link: None,
            scan: ScanArguments::default(),
            images: ImageArguments::default(),
            truth: None,
            covariates: Vec::new(),
            subjects,
            cohort_seed: 1,
            cohort: Design::Width,
        }
    }

    /// The study's options for its images.
    #[must_use]
    pub fn config(&self) -> StudyConfig {
        self.images.config(&self.scan)
    }

    /// The files that are given, by the names of their arguments.
    pub(crate) fn given(&self) -> Vec<(&'static str, &Path)> {
        let Self { outcomes, mapping, dictionary, levels, link, truth, .. } = self;
        let named = [
            ("outcomes", outcomes),
            ("mapping", mapping),
            ("dictionary", dictionary),
            ("levels", levels),
            ("link", link),
            ("truth", truth),
        ];
        named.into_iter().filter_map(|(name, path)| Some((name, path.as_deref()?))).collect()
    }

    /// Simulates the synthetic cohort if no folder is given and it has not been simulated yet.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn draw(&self) -> Result<()> {
        if self.dicom.path().is_none() {
            demo_cohort(self.subjects, self.cohort_seed, self.cohort)?;
        }
        Ok(())
    }

    /// Scans the folder and reads the tables; first simulates the synthetic cohort if no folder is
    /// given.
    ///
    /// # Errors
    /// When a folder or table cannot be used, with its name.
    pub fn open(&self) -> Result<OpenedInputs> {
        let (dicom, outcomes, truth) = match (self.dicom.path(), &self.outcomes) {
            (Some(dicom), Some(outcomes)) => {
                let truth = match &self.truth {
                    Some(path) => Some((Truth::read(path)?, path.clone())),
                    None => truth_of_cohort(dicom, outcomes),
                };
                (dicom.to_owned(), outcomes.clone(), truth)
            }
            _ => {
                let folder = demo_cohort(self.subjects, self.cohort_seed, self.cohort)?;
                eprintln!("synthetic cohort: {}", folder.display());
                let path = folder.join("truth.json");
                let truth = (Truth::read(&path)?, path);
                (folder.join("dicom"), folder.join("outcomes.csv"), Some(truth))
            }
        };
        let key = read_key(self.link.as_deref())?;
        let mut options = OutcomeOptions::default().with_key(key.clone());
        if let Some(path) = &self.mapping {
            options = options.with_mapping(open(path, Mapping::read)?);
        }
        if let Some(path) = &self.dictionary {
            options = options.with_dictionary(open(path, Dictionary::read)?);
        }
        let (outcomes, definitions, covariates) = open(&outcomes, |file| {
            let table = PainTable::read(file, &options)?;
            let outcomes = table.label(&options);
            let covariates = outcomes.covariate_numbers(&self.covariates, &options)?;
            let definitions = table.sensitivity(Definition::usual(&options));
            Ok::<_, OutcomeError>((outcomes, definitions, covariates))
        })?;
        if self.dicom.path().is_some() {
            note_raw_ids(&key, &self.scan);
        }
        let scan = scan_folder(&dicom, &self.scan, key.clone())?;
        let levels = self.levels.as_ref().map(|path| read_levels(path, &key, &scan)).transpose()?;
        let source = StudySource {
            dicom,
            link: self.link.clone(),
            scan: self.scan.clone(),
            series: self.images.series.clone(),
        };
        let (truth, truth_file) = truth.unzip();
        Ok(OpenedInputs {
            scan,
            outcomes,
            definitions,
            covariates,
            levels,
            truth,
            truth_file,
            source,
        })
    }
}

/// The truth of a folder written by `cohort`, which has the images and the table under their usual
/// names. In any other folder, a file with the name of the truth is ignored.
fn truth_of_cohort(dicom: &Path, outcomes: &Path) -> Option<(Truth, PathBuf)> {
    let folder = dicom.parent()?;
    let is_cohort = dicom.ends_with("dicom")
        && outcomes.ends_with("outcomes.csv")
        && outcomes.parent() == Some(folder);
    let path = folder.join("truth.json");
    if !is_cohort || !path.is_file() {
        return None;
    }
    let read = Truth::read(&path).inspect_err(|error| {
        let path = path.display();
        eprintln!("note: {path} is not used: {error}; name another by --truth");
    });
    Some((read.ok()?, path))
}

/// The key from a linkage table for hospital numbers; without a table they are the subject ids.
///
/// # Errors
/// When the table cannot be used, with its name.
pub(crate) fn read_key(link: Option<&Path>) -> Result<SubjectKey> {
    link.map_or_else(|| Ok(SubjectKey::identity()), |path| open(path, read_links))
}

/// Warns if hospital numbers, or the names of folders, will be in every file.
pub(crate) fn note_raw_ids(key: &SubjectKey, scan: &ScanArguments) {
    if key.is_raw() {
        let ids = match scan.subject_from {
            SubjectFrom::PatientId => "Patient IDs",
            _ => "names of folders",
        };
        eprintln!(
            "note: {ids} are used as subject ids and will be in every file; give --link FILE to \
             replace them"
        );
    }
}

/// Reads disc positions in any form, and reports which files of a folder could not be used and how
/// many subjects have no images.
///
/// # Errors
/// When a file cannot be used, with its name.
pub(crate) fn read_levels(path: &Path, key: &SubjectKey, scan: &Scan) -> Result<DiscPositions> {
    let given = open_levels(path, key, scan)?;
    for file in &given.unread {
        eprintln!("note: {} is not used: {}", file.path.display(), file.reason);
    }
    let images: BTreeSet<&SubjectId> = scan.stacks.iter().map(|stack| &stack.subject).collect();
    let named: BTreeSet<&SubjectId> = given.levels.iter().map(|(subject, _, _)| subject).collect();
    let unmatched: Vec<&SubjectId> = named.difference(&images).copied().collect();
    if let Some(first) = unmatched.first() {
        eprintln!(
            "note: {} of {} subjects of {} have no images, such as {first}; check their ids, or \
             give --link FILE",
            unmatched.len(),
            named.len(),
            path.display()
        );
    }
    Ok(given.levels)
}

/// Scans a folder, and shows how far that is.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn scan_shown(dicom: &Path, how: &ScanArguments, key: SubjectKey) -> Result<Scan> {
    let progress = counter("scan");
    let shown = progress.clone();
    let options =
        how.options().with_key(key).with_progress(move |files| shown.set_position(files as u64));
    let found = scan(dicom, &options)?;
    progress.finish_with_message(format!("files, {} stacks", found.stacks.len()));
    Ok(found)
}

fn scan_folder(dicom: &Path, how: &ScanArguments, key: SubjectKey) -> Result<Scan> {
    let found = scan_shown(dicom, how, key)?;
    for (reason, files) in found.rejected_counts() {
        let first = found.rejected.iter().find(|rejected| rejected.reason.summary() == reason);
        let example = || {
            first.map_or_else(String::new, |Rejected { path, reason: why, .. }| {
                format!("{reason}, the first {}: {why}", path.display())
            })
        };
        let reason = found.way_out(reason).unwrap_or_else(example);
        eprintln!("note: {files} file(s) are not used: {reason}");
    }
    for conflict in &found.conflicts {
        eprintln!("warning: {conflict}");
    }
    if found.stacks.is_empty() {
        let first = found.rejected.first();
        let why = first.map_or(String::new(), |r| format!(" ({}: {})", r.path.display(), r.reason));
        bail!(
            "{} holds no usable MR stack: {} files, {} rejected{why}; give the folder that holds \
             the DICOM files, and run the example `scan` on it to see every reason",
            dicom.display(),
            found.files,
            found.rejected.len()
        );
    }
    Ok(found)
}

/// Makes the output folder and takes it for this run; one that holds something is refused
/// unless `force`.
///
/// # Errors
/// When another run has the folder, when it is not empty, or cannot be made.
pub fn prepare_output(folder: &Path, force: bool) -> Result<RunLock> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let lock = RunLock::take(folder)?;
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    let is_empty = entries.flatten().all(|entry| entry.file_name() == LOCK);
    if !is_empty && !force {
        bail!("{} is not empty; give --force to write into it, or another --out", folder.display());
    }
    Ok(lock)
}
