use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foramen_types::SubjectKey;
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::group::group;
use crate::image::{Image, describe};
use crate::read::{Fault, read_header};
use crate::{DicomError, RejectReason, Rejected, StackHeader};

/// Bytes read at a time: most headers need two or three such reads.
const READ_SIZE: usize = 8 * 1024;

/// How a folder is scanned.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ScanOptions {
    /// How Patient IDs become subject ids. By default they are taken as they
    /// are, which suits data that is already de-identified.
    pub key: SubjectKey,
    /// Told the number of files done so far, from any thread. None by default.
    pub progress: Option<Progress>,
}

/// A function that is told how many files are done.
pub type Progress = Arc<dyn Fn(usize) + Send + Sync>;

impl ScanOptions {
    /// The same options with another subject key.
    #[must_use]
    pub fn with_key(mut self, key: SubjectKey) -> Self {
        self.key = key;
        self
    }

    /// The same options with a function that is told the number of files done.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }
}

impl fmt::Debug for ScanOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanOptions")
            .field("key", &self.key)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// What a folder holds: every file is part of a stack, or rejected with a
/// reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct Scan {
    /// The stacks, in order of subject, study, series and index.
    pub stacks: Vec<StackHeader>,
    /// What is not used, in order of path.
    pub rejected: Vec<Rejected>,
    /// Files looked at.
    pub files: usize,
}

impl Scan {
    /// How many files were rejected for each reason, in words of
    /// [`RejectReason::summary`].
    #[must_use]
    pub fn rejected_counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for rejected in &self.rejected {
            *counts.entry(rejected.reason.summary()).or_default() += 1;
        }
        counts
    }
}

/// Reads the headers of all files below a folder, on all cores, and groups
/// their images into stacks. Pixel data are not read.
///
/// The result does not depend on the number of threads or on file names other
/// than their order.
///
/// # Errors
/// [`DicomError::Folder`] when the folder itself cannot be listed. Anything
/// wrong below it is a [`Rejected`].
pub fn scan(dir: &Path, options: &ScanOptions) -> Result<Scan, DicomError> {
    std::fs::read_dir(dir).map_err(|source| DicomError::Folder { path: dir.to_owned(), source })?;
    let mut paths = Vec::new();
    let mut rejected = Vec::new();
    for entry in WalkDir::new(dir).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => paths.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(dir).to_owned();
                let kind = error.io_error().map_or(std::io::ErrorKind::Other, |e| e.kind());
                rejected.push(Rejected::file(&path, RejectReason::Io { kind }));
            }
        }
    }
    let done = AtomicUsize::new(0);
    let read: Vec<Result<Vec<Image>, Rejected>> = paths
        .par_iter()
        .map(|path| {
            let images = images_of(path, &options.key);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = &options.progress {
                progress(done);
            }
            images.map_err(|reason| Rejected::file(path, reason))
        })
        .collect();
    let mut images = Vec::with_capacity(read.len());
    // The first file of each image by path is kept.
    let mut known: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in read {
        match file {
            Err(refused) => rejected.push(refused),
            Ok(of_file) => {
                let Some(first) = of_file.first() else { continue };
                let instance = first.instance.clone();
                if let Some(kept) = known.get(&instance.sop_uid) {
                    let reason = RejectReason::DuplicateInstance { kept: kept.clone() };
                    rejected.push(Rejected::file(&instance.path, reason));
                } else {
                    known.insert(instance.sop_uid.clone(), instance.path.to_path_buf());
                    images.extend(of_file);
                }
            }
        }
    }
    let stacks = group(images, &mut rejected);
    rejected.sort_by(|a, b| (&a.path, a.frame).cmp(&(&b.path, b.frame)));
    Ok(Scan { stacks, rejected, files: paths.len() })
}

fn images_of(path: &Path, key: &SubjectKey) -> Result<Vec<Image>, RejectReason> {
    let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let source = BufReader::with_capacity(READ_SIZE, file);
    // The reader is ours and has no known panic; a file must not lose a series
    // even if it finds one.
    catch_unwind(AssertUnwindSafe(|| {
        let header = read_header(source, length)?;
        describe(path, &header, length, key)
    }))
    .unwrap_or(Err(RejectReason::Panicked))
}

impl From<Fault> for RejectReason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(kind) => Self::Io { kind },
            Fault::NotDicom => Self::NotDicom,
            Fault::Truncated(at) => Self::Truncated { at },
            Fault::Broken(at, what) => Self::Broken { at, what },
        }
    }
}
