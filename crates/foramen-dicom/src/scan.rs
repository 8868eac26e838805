use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufReader, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dicom_dictionary_std::tags;
use foramen_types::{SubjectId, SubjectKey};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::archive::{begins_as_archive, entries, is_archive};
use crate::directory::note_absent;
use crate::frame::assume_one;
use crate::group::group;
use crate::image::{Image, describe};
use crate::item::{Item, Opened};
use crate::person_conflicts::conflicts;
use crate::read::{Fault, read_header};
use crate::subject_from::{Naming, SubjectFrom};
use crate::{
    Dating, DicomError, Examination, PersonConflict, RejectReason, Rejected, Remark, StackHeader,
    Study, Tolerances,
};

/// Bytes read at a time: most headers need two or three such reads.
const READ_SIZE: usize = 8 * 1024;

/// Options of a scan.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ScanOptions {
    /// How Patient IDs become subject ids. By default they are taken as they
    /// are, which suits data that is already de-identified.
    pub key: SubjectKey,
    /// The source of subject ids. By default the Patient ID.
    pub subject_from: SubjectFrom,
    /// Whether to assume one frame of reference for images of one person and day whose positions
    /// fit one examination but which name no frame, or several. False by default: the person may
    /// have moved in between.
    pub assume_one_frame: bool,
    /// Limits from which two numbers count as different. Default [`Tolerances::default`].
    pub tolerances: Tolerances,
    /// Called with the number of finished files, from any thread. None by default.
    pub progress: Option<Progress>,
}

/// A function that is called with the number of finished files.
pub type Progress = Arc<dyn Fn(usize) + Send + Sync>;

impl ScanOptions {
    /// The same options with another subject key.
    #[must_use]
    pub fn with_key(mut self, key: SubjectKey) -> Self {
        self.key = key;
        self
    }

    /// The same options with another source of subjects.
    #[must_use]
    pub fn with_subject_from(mut self, subject_from: SubjectFrom) -> Self {
        self.subject_from = subject_from;
        self
    }

    /// The same options, with one frame of reference assumed for each examination
    /// whose sagittal and axial images cross.
    #[must_use]
    pub fn with_assume_one_frame(mut self, assume: bool) -> Self {
        self.assume_one_frame = assume;
        self
    }

    /// The same options with other tolerances.
    #[must_use]
    pub fn with_tolerances(mut self, tolerances: Tolerances) -> Self {
        self.tolerances = tolerances;
        self
    }

    /// The same options with a function that is called with the number of finished files.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }
}

impl ScanOptions {
    /// Whether subject ids are unchanged Patient IDs.
    fn names_are_ids(&self) -> bool {
        self.key.is_raw() && self.subject_from == SubjectFrom::PatientId
    }
}

impl fmt::Debug for ScanOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanOptions")
            .field("key", &self.key)
            .field("subject_from", &self.subject_from)
            .field("assume_one_frame", &self.assume_one_frame)
            .field("tolerances", &self.tolerances)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// The result of a scan: every file is part of a stack, or rejected with a reason.
#[derive(Debug)]
#[non_exhaustive]
pub struct Scan {
    /// The stacks, in order of subject, study, series and index.
    pub stacks: Vec<StackHeader>,
    /// Files and images that are not used, in order of path.
    pub rejected: Vec<Rejected>,
    /// Subjects whose images cannot be of one person, in order.
    pub conflicts: Vec<PersonConflict>,
    /// Number of files; the entries of an archive are counted.
    pub files: usize,
}

impl Scan {
    /// The stacks that were acquired together with this one ([`StackHeader::blocks`]), from the
    /// feet to the head.
    pub fn blocks<'a>(&'a self, of: &'a StackHeader) -> impl Iterator<Item = &'a StackHeader> {
        of.blocks.iter().filter_map(|&block| {
            self.stacks.iter().find(|stack| {
                stack.stack == block
                    && stack.series_uid == of.series_uid
                    && stack.study_uid == of.study_uid
                    && stack.subject == of.subject
            })
        })
    }

    /// The stacks by examination, in order of subject and day.
    #[must_use]
    pub fn examinations(&self) -> Vec<Examination<'_>> {
        Examination::group(&self.stacks)
    }

    /// The stacks by examination, in order of subject and study.
    #[must_use]
    pub fn studies(&self) -> Vec<Study<'_>> {
        Study::group(&self.stacks)
    }

    /// The message of the first file that was rejected for a reason of this
    /// [`RejectReason::summary`], if it names a way to use such files.
    #[must_use]
    pub fn way_out(&self, summary: &str) -> Option<String> {
        let of = |reason: &&RejectReason| reason.summary() == summary && reason.has_way_out();
        let mut reasons = self.rejected.iter().map(|rejected| &rejected.reason);
        reasons.find(of).map(ToString::to_string)
    }

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

/// Reads the headers of all files below a folder (or of one file or archive),
/// on all cores, and groups their images into stacks. Pixel data are not read.
///
/// Zip archives with any name are read without unpacking them to disk; an image inside has the path
/// of the archive followed by its own.
///
/// The result does not depend on the number of threads or on file names other
/// than their order.
///
/// # Errors
/// [`DicomError::Folder`] when the folder itself cannot be listed. Faults below it are returned as
/// [`Rejected`].
pub fn scan(dir: &Path, options: &ScanOptions) -> Result<Scan, DicomError> {
    if !dir.is_file() {
        std::fs::read_dir(dir)
            .map_err(|source| DicomError::Folder { path: dir.to_owned(), source })?;
    }
    let mut paths = Vec::new();
    let mut rejected = Vec::new();
    for entry in WalkDir::new(dir).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => paths.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(dir).to_owned();
                rejected.push(Rejected::file(&path, unlisted(&path, &error)));
            }
        }
    }
    let naming = Naming { key: &options.key, from: &options.subject_from, root: dir };
    let done = AtomicUsize::new(0);
    let read: Vec<Described> = paths
        .into_par_iter()
        .flat_map_iter(|path| {
            let described = described(path, naming);
            let done = done.fetch_add(described.len(), Ordering::Relaxed) + described.len();
            if let Some(progress) = &options.progress {
                progress(done);
            }
            described
        })
        .collect();
    let files = read.len();
    let mut images = distinct(read, &mut rejected);
    let mut lost = note_absent(&mut rejected, &images);
    if options.assume_one_frame {
        assume_one(&mut images);
    }
    // Whoever is named by a key was told apart by a person.
    let is_word = |id: &SubjectId| {
        // A number after the word tells patients apart: `ANON_17`.
        let numbered = id.as_str().contains(|c: char| ('1'..='9').contains(&c));
        options.names_are_ids() && !numbered && crate::identity::says_removed(id.as_str())
    };
    let by_folder = matches!(options.subject_from, SubjectFrom::Folder { .. });
    let conflicts = conflicts(&images, is_word, by_folder);
    let mut stacks = group(images, options.tolerances, &mut rejected);
    doubt_new_years_day(&mut stacks);
    for rejected in rejected.iter().filter(|rejected| rejected.reason.loses_an_image()) {
        if let Some(series_uid) = &rejected.series_uid {
            *lost.entry(series_uid.clone()).or_default() += 1;
        }
    }
    for stack in &mut stacks {
        stack.remark_on_lost(lost.get(&stack.series_uid).copied().unwrap_or(0));
        stack.remark_on_day();
        let of_subject = conflicts
            .iter()
            .filter(|conflict| conflict.subject == stack.subject && conflict.sign.is_strong());
        stack.remarks.extend(of_subject.map(|found| Remark::TwoPeople { sign: found.sign }));
    }
    rejected.sort_by(|a, b| (&a.path, a.frame).cmp(&(&b.path, b.frame)));
    Ok(Scan { stacks, rejected, conflicts, files })
}

/// The images without duplicates. The first file of an image by path is kept. Different images with
/// the same SOP Instance UID are all refused, because tables that name images could not distinguish
/// them.
fn distinct(read: Vec<Described>, rejected: &mut Vec<Rejected>) -> Vec<Image> {
    let mut files: Vec<Option<Vec<Image>>> = Vec::with_capacity(read.len());
    // The files of each UID, in order of path.
    let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for file in read {
        match file {
            Err(refused) => rejected.push(*refused),
            Ok(images) => {
                let Some(first) = images.first() else { continue };
                known.entry(first.instance.sop_uid.clone()).or_default().push(files.len());
                files.push(Some(images));
            }
        }
    }
    for same_uid in known.values().filter(|files| files.len() > 1) {
        let of: Vec<Vec<Image>> =
            same_uid.iter().filter_map(|&index| files[index].take()).collect();
        let path = |images: &Vec<Image>| images[0].instance.path.to_path_buf();
        let are_copies = of.iter().all(|images| are_the_same(images, &of[0]));
        let another_subject = of.iter().all(|images| show_the_same(images, &of[0]));
        for (index, images) in of.iter().enumerate() {
            let reason = match (are_copies, index) {
                (true, 0) => continue,
                (true, _) => RejectReason::DuplicateInstance { kept: path(&of[0]) },
                (false, 0) => RejectReason::SharedInstance { other: path(&of[1]), another_subject },
                (false, _) => RejectReason::SharedInstance { other: path(&of[0]), another_subject },
            };
            let series_uid = Some(images[0].instance.series_uid.clone());
            rejected.push(Rejected { path: path(images), frame: None, reason, series_uid });
        }
        files[same_uid[0]] = of.into_iter().next().filter(|_| are_copies);
    }
    files.into_iter().flatten().flatten().collect()
}

/// Whether two files hold the same image, whatever their paths.
fn are_the_same(a: &[Image], b: &[Image]) -> bool {
    show_the_same(a, b) && a.iter().zip(b).all(|(a, b)| a.instance.subject == b.instance.subject)
}

/// Whether two files show the same image, possibly under two subjects.
fn show_the_same(a: &[Image], b: &[Image]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.plane == b.plane
                && a.physics.echo_time == b.physics.echo_time
                && a.occasion == b.occasion
        })
}

/// If all scans of several people have the same date, a first of January, an anonymiser wrote it.
fn doubt_new_years_day(stacks: &mut [StackHeader]) {
    let Some(date) = stacks.first().and_then(|stack| stack.acquired) else { return };
    let subjects: BTreeSet<_> = stacks.iter().map(|stack| &stack.subject).collect();
    let same = stacks.iter().all(|stack| stack.acquired == Some(date));
    if (date.month(), date.day()) != (1, 1) || subjects.len() < 2 || !same {
        return;
    }
    for stack in stacks {
        stack.dating = Dating::Placeholder { name: "the date of every scan here", date };
        stack.acquired = None;
    }
}

/// Why a file or folder could not be listed.
fn unlisted(path: &Path, error: &walkdir::Error) -> RejectReason {
    if let Some(to) = error.loop_ancestor() {
        return RejectReason::Loop { to: to.to_owned() };
    }
    let kind = error.io_error().map_or(std::io::ErrorKind::Other, std::io::Error::kind);
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    match kind {
        std::io::ErrorKind::NotFound if is_link => RejectReason::BrokenLink,
        kind => RejectReason::Io { kind },
    }
}

/// The images of one file, or why it has none.
type Described = Result<Vec<Image>, Box<Rejected>>;

/// The images of a file, or of each file of an archive.
fn described(path: PathBuf, naming: Naming<'_>) -> Vec<Described> {
    let opened = Item::on_disk(path.clone())
        .map_err(|error| Refused::from(RejectReason::Io { kind: error.kind() }))
        .and_then(|(item, opened)| images_of(&item, opened, naming));
    match opened {
        Err(refused) if matches!(refused.reason, RejectReason::NotDicom) && is_archive(&path) => {
            of_archive(&path, naming)
        }
        result => vec![result.map_err(|refused| refused.of(&path))],
    }
}

fn of_archive(path: &Path, naming: Naming<'_>) -> Vec<Described> {
    // The zip reader has no known panic; a file must not end the scan even if it
    // finds one.
    let listed = catch_unwind(|| entries(path)).unwrap_or(Err(RejectReason::Panicked));
    let (items, refused) = match listed {
        Ok(listed) => listed,
        Err(reason) => return vec![Err(Box::new(Rejected::file(path, reason)))],
    };
    let mut all: Vec<Described> = items
        .into_par_iter()
        .map(|item| {
            item.open()
                .map_err(|error| Refused::from(RejectReason::Io { kind: error.kind() }))
                .and_then(|opened| images_of(&item, opened, naming))
                .map_err(|mut refused| {
                    refused.reason = not_again(&item, refused.reason);
                    refused.of(&item.path)
                })
        })
        .collect();
    all.extend(refused.into_iter().map(|refused| Err(Box::new(refused))));
    all
}

/// Archives inside archives are not searched.
fn not_again(item: &Item, reason: RejectReason) -> RejectReason {
    let mut start = [0; 4];
    let read = item.open().and_then(|mut opened| opened.read_exact(&mut start));
    match reason {
        RejectReason::NotDicom if read.is_ok() && begins_as_archive(start) => {
            RejectReason::Archive { what: "it is an archive inside an archive; unpack the outer" }
        }
        reason => reason,
    }
}

/// Why a file is not used, and its series, if the header states it.
struct Refused {
    reason: RejectReason,
    series_uid: Option<String>,
}

impl Refused {
    fn of(self, path: &Path) -> Box<Rejected> {
        let Self { reason, series_uid } = self;
        Box::new(Rejected { path: path.to_owned(), frame: None, reason, series_uid })
    }
}

impl From<RejectReason> for Refused {
    fn from(reason: RejectReason) -> Self {
        Self { reason, series_uid: None }
    }
}

fn images_of(item: &Item, opened: Opened, naming: Naming<'_>) -> Result<Vec<Image>, Refused> {
    if item.length == 0 {
        return Err(RejectReason::Empty.into());
    }
    let source = BufReader::with_capacity(READ_SIZE, opened);
    // The reader is ours and has no known panic either.
    catch_unwind(AssertUnwindSafe(|| {
        let header = read_header(source, item.length).map_err(RejectReason::from)?;
        describe(item, &header, naming).map_err(|reason| {
            let series_uid = header.set.text(tags::SERIES_INSTANCE_UID);
            Refused { reason, series_uid }
        })
    }))
    .unwrap_or(Err(RejectReason::Panicked.into()))
}

impl From<Fault> for RejectReason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(kind) => Self::Io { kind },
            Fault::NotDicom => Self::NotDicom,
            Fault::Truncated(at) => Self::Truncated { at },
            Fault::Unclosed(at) => Self::Unclosed { at },
            Fault::Broken(at, what) => Self::Broken { at, what },
        }
    }
}
