use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use foramen_dicom::{Orientation, Scan, StackHeader};
use foramen_image::{Contrast, PatchFrame, SliceSource};
use foramen_study::review::{MeasuredSide, SelectionRow, SelectionTable, read_measured};
use foramen_study::{DiscPosition, Levels, StudyError, files, is_reformatted};
use foramen_types::{Level, Side, SubjectId, SubjectKey};

use crate::ReviewError;
use crate::case::{Case, CaseImage};

/// The folder of a study with the images that it was made from.
///
/// The folder of images is read only; the outcome table and predictions are never opened.
pub struct Study {
    pub(crate) folder: PathBuf,
    pub(crate) scan: Scan,
    pub(crate) table: SelectionTable,
    pub(crate) cases: Vec<Case>,
    pub(crate) levels: Levels,
    pub(crate) frame: PatchFrame,
    measured: HashMap<(SliceSource, Side), MeasuredSide>,
    subjects: HashMap<SliceSource, SubjectId>,
    missing: Vec<String>,
}

impl Study {
    /// Opens what `select` or `study` has left in `folder`; `scan` is of the folder `dicom`,
    /// with the subject ids of the study.
    ///
    /// # Errors
    /// [`ReviewError::Study`] for a missing or unusable file, and
    /// [`ReviewError::NoImages`] where no image of the study is in the scan.
    pub fn open(folder: &Path, dicom: &Path, scan: Scan) -> Result<Self, ReviewError> {
        // What `levels` has left holds discs alone.
        let only_levels =
            folder.join("levels.csv").is_file() && !folder.join("selections.csv").is_file();
        let (table, rows) = if only_levels {
            (SelectionTable::default(), Vec::new())
        } else {
            let table = SelectionTable::read(&folder.join("selections.csv"))?;
            (table, read_measured(&folder.join("profile.csv"))?)
        };
        let levels = read_levels(&folder.join("levels.csv"))?;
        let mut subjects = HashMap::new();
        for stack in &scan.stacks {
            let images = stack.slices.iter().map(|slice| slice.source.clone());
            subjects.extend(images.map(|image| (image, stack.subject.clone())));
        }
        let measured: HashMap<_, _> =
            rows.into_iter().map(|row| ((row.image.clone(), row.side), row)).collect();
        let mut of_subject: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
        for (number, stack) in scan.stacks.iter().enumerate() {
            of_subject.entry(&stack.subject).or_default().push(number);
        }
        let mut missing = Vec::new();
        let none = Vec::new();
        let mut cases = Vec::new();
        for row in table.rows() {
            let stacks = of_subject.get(&row.subject).unwrap_or(&none);
            let case = case_of(row, stacks, &scan, &measured, &levels);
            if case.images.is_empty() {
                let (subject, level, side) = (&row.subject, row.level, row.side);
                let made = |image: &SliceSource| is_reformatted(&image.sop_instance_uid);
                let why = if row.image.as_ref().is_some_and(made) {
                    "it was measured on slices made of a volume, which this page cannot show; \
                     decisions.html has their pictures"
                } else {
                    "no axial images are there"
                };
                missing.push(format!("{subject} {level} {side}: {why}"));
            }
            cases.push(case);
        }
        if !cases.is_empty() && missing.len() == cases.len() {
            let (study, dicom) = (folder.to_owned(), dicom.to_owned());
            return Err(ReviewError::NoImages { study, dicom });
        }
        // The patches are shown as models see them, where there are any.
        let frame = files::read_patches(folder)
            .ok()
            .and_then(|patches| patches.into_iter().next())
            .map_or_else(PatchFrame::default, |patch| {
                let pixels = patch.patch().nrows();
                let edge = patch.plane.spacing().row * pixels as f64;
                PatchFrame::default().with_edge(edge).with_pixels(pixels)
            });
        let folder = folder.to_owned();
        Ok(Self { folder, scan, table, cases, levels, frame, measured, subjects, missing })
    }

    /// How many foramina there are to look at.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Foramina whose images are not there, each as a sentence.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// What was measured on an image.
    pub(crate) fn measured(&self, image: &SliceSource, side: Side) -> Option<&MeasuredSide> {
        self.measured.get(&(image.clone(), side))
    }

    /// Whose image it is; `None` for one that is not there.
    pub(crate) fn subject_of(&self, image: &SliceSource) -> Option<&SubjectId> {
        self.subjects.get(image)
    }

    /// The case of a foramen.
    pub(crate) fn case_at(&self, subject: &SubjectId, level: Level, side: Side) -> Option<usize> {
        let is_it = |case: &Case| case.level == level && case.side == side;
        self.cases.iter().position(|case| is_it(case) && case.subject == *subject)
    }

    /// The stack and the source of an image of a case.
    pub(crate) fn image(&self, of: CaseImage) -> (&StackHeader, &SliceSource) {
        let header = &self.scan.stacks[of.stack];
        (header, &header.slices[of.slice].source)
    }

    /// The disc of a level in the frame of reference of a stack.
    pub(crate) fn disc(&self, header: &StackHeader, level: Level) -> Option<&DiscPosition> {
        self.levels.of(&header.subject, level).filter(|disc| {
            disc.frame_of_reference_uid.is_none()
                || disc.frame_of_reference_uid == header.frame_of_reference_uid
        })
    }

    /// How far an image lies above (+) or below (−) the disc of a case, millimetres.
    pub(crate) fn offset(&self, case: &Case, of: CaseImage) -> Option<f64> {
        let (header, source) = self.image(of);
        let judged = self.measured(source, case.side).filter(|one| one.level == Some(case.level));
        judged.and_then(|one| one.offset).or_else(|| {
            let disc = self.disc(header, case.level)?;
            Some(-header.slices[of.slice].plane.distance(disc.point))
        })
    }
}

fn read_levels(path: &Path) -> Result<Levels, StudyError> {
    match File::open(path) {
        Ok(file) => Levels::read(file, &SubjectKey::identity()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Levels::default()),
        Err(source) => Err(StudyError::Read { path: path.to_owned(), source }),
    }
}

fn case_of(
    row: &SelectionRow,
    stacks: &[usize],
    scan: &Scan,
    measured: &HashMap<(SliceSource, Side), MeasuredSide>,
    levels: &Levels,
) -> Case {
    let is_measured = |number: &usize| {
        let mut slices = scan.stacks[*number].slices.iter();
        slices.any(|slice| measured.contains_key(&(slice.source.clone(), row.side)))
    };
    let of = |number: &usize| &scan.stacks[*number];
    let mut axial: Vec<usize> = stacks.iter().copied().filter(is_measured).collect();
    // Where nothing was measured, a person may still see what there is.
    if axial.is_empty() {
        let shows = |stack: &StackHeader| {
            stack.orientation == Orientation::Axial
                && !stack.localizer
                && matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star)
        };
        axial = stacks.iter().copied().filter(|number| shows(of(number))).collect();
    }
    let mut series: Vec<&str> = axial.iter().map(|one| of(one).series_uid.as_str()).collect();
    series.sort_by_key(|uid| (*uid != row.series_uid, *uid));
    series.dedup();
    let mut images: Vec<CaseImage> = axial
        .iter()
        .flat_map(|&stack| {
            let header = &scan.stacks[stack];
            let series = series.iter().position(|uid| *uid == header.series_uid).unwrap_or(0);
            (0..header.slices.len()).map(move |slice| CaseImage { stack, slice, series })
        })
        .collect();
    let height = |one: &CaseImage| {
        let header = &scan.stacks[one.stack];
        let middle = (header.rows as f64 / 2.0, header.columns as f64 / 2.0);
        header.slices[one.slice].plane.point(middle.0, middle.1).z
    };
    images.sort_by(|a, b| a.series.cmp(&b.series).then(height(a).total_cmp(&height(b))));
    let frame = axial.first().and_then(|one| of(one).frame_of_reference_uid.clone());
    let sagittal = stacks
        .iter()
        .copied()
        .filter(|one| {
            let stack = of(one);
            stack.orientation == Orientation::Sagittal
                && !stack.localizer
                && stack.frame_of_reference_uid == frame
        })
        .max_by_key(|one| {
            let stack = of(one);
            let is_source = levels.iter().any(|(subject, _, disc)| {
                *subject == row.subject
                    && matches!(&disc.source, foramen_study::LevelSource::Sagittal { series_uid }
                        if *series_uid == stack.series_uid)
            });
            (is_source, stack.contrast == Contrast::T2Fse, stack.slices.len())
        });
    Case {
        subject: row.subject.clone(),
        level: row.level,
        side: row.side,
        row: row.clone(),
        images,
        sagittal,
    }
}
