use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foramen_dicom::{Orientation, Scan, StackHeader};
use foramen_image::{Contrast, PatchFrame, SliceSource, Window};
use foramen_study::review::{
    MeasuredSide, SelectionRow, SelectionTable, StudyImages, pooled_images, read_measured,
};
use foramen_study::{
    DiscPosition, Levels, PatchSample, PatchUse, StudyConfig, StudyError, files, made_of,
};
use foramen_types::{Level, Point, Side, SubjectId, SubjectKey, Vector};

use crate::ReviewError;
use crate::case::{Case, CaseImage, CaseSlice};
use crate::entry::Row;
use crate::images::{Images, LoadedStack};
use crate::view::Grid;

/// Where the foramen of an adult is from the centre of its disc: to the side and behind,
/// millimetres.
const BESIDE: f64 = 14.0;
const BEHIND: f64 = 8.0;

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
    pub(crate) config: StudyConfig,
    /// The windows of the patches that `select` cut, by image.
    windows: HashMap<SliceSource, Window>,
    /// The slices that `select` has made of volumes.
    made: Vec<MadeSlice>,
    images: Images,
    measured: HashMap<(SliceSource, Side), MeasuredSide>,
    /// The cases of a foramen.
    foramina: BTreeMap<(SubjectId, Level, Side), Vec<usize>>,
    /// Which stack of the scan holds an image, or is the volume that it was made of.
    stacks: HashMap<SliceSource, usize>,
    missing: Vec<String>,
}

/// A slice that was made of a volume.
struct MadeSlice {
    source: SliceSource,
    /// The volume, as a stack of the scan.
    stack: usize,
    /// Around the disc of which level.
    level: Level,
}

/// What was measured on a slice that was made of a volume lies so near to its plane,
/// millimetres: places are written to thousandths.
const IN_PLANE: f64 = 0.05;

impl Study {
    /// Opens what `select` or `study` has left in `folder`; `scan` is of the folder `dicom`,
    /// with the subject ids of the study. `config` tells which images `select` accepted and
    /// which series were named, as far as that is known.
    ///
    /// # Errors
    /// [`ReviewError::Study`] for a missing or unusable file, and
    /// [`ReviewError::NoImages`] where no image of the study is in the scan.
    pub fn open(
        folder: &Path,
        dicom: &Path,
        scan: Scan,
        config: StudyConfig,
    ) -> Result<Self, ReviewError> {
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
        let mut stacks = HashMap::new();
        for (number, stack) in scan.stacks.iter().enumerate() {
            stacks.extend(stack.slices.iter().map(|slice| (slice.source.clone(), number)));
        }
        let made = made_slices(&rows, &scan);
        stacks.extend(made.iter().map(|one| (one.source.clone(), one.stack)));
        let measured: HashMap<_, _> =
            rows.into_iter().map(|row| ((row.image.clone(), row.side), row)).collect();
        let mut of_subject: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
        for (number, stack) in scan.stacks.iter().enumerate() {
            of_subject.entry(&stack.subject).or_default().push(number);
        }
        let patches = match files::read_patches(folder) {
            Ok(patches) => patches,
            // A selection without an outcome table has none.
            Err(StudyError::MissingStage { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let image_of = |patch: &PatchSample| SliceSource {
            sop_instance_uid: patch.sop_instance_uid.clone(),
            frame: patch.frame,
        };
        let centre = |row: &SelectionRow| {
            let is_it = |patch: &&PatchSample| {
                let of = &patch.sample;
                patch.usage == PatchUse::Treated
                    && (&of.subject, of.level, of.side) == (&row.subject, row.level, row.side)
                    && row.image.as_ref() == Some(&image_of(patch))
            };
            let patch = patches.iter().find(is_it)?;
            let middle = (patch.patch().nrows() as f64 - 1.0) / 2.0;
            Some(patch.plane.point(middle, middle))
        };
        let pooled = pooled_images(&scan, &config);
        let may_show = |image: &SliceSource, side: Side| {
            pooled.contains(image) || measured.contains_key(&(image.clone(), side))
        };
        let mut missing = Vec::new();
        let none = Vec::new();
        let mut cases: Vec<Case> = Vec::new();
        for (number, row) in table.rows().iter().enumerate() {
            let is_same = |case: &&mut Case| {
                (&case.subject, case.level, case.side) == (&row.subject, row.level, row.side)
                    && case.row.image == row.image
            };
            if let Some(case) = cases.iter_mut().find(is_same) {
                case.rows.push(number);
                continue;
            }
            let of_subject = of_subject.get(&row.subject).unwrap_or(&none);
            let is_foramen = |case: &&Case| {
                (&case.subject, case.level, case.side) == (&row.subject, row.level, row.side)
            };
            let mut case = case_of(row, of_subject, &scan, (&may_show, &made), &levels);
            case.rows.push(number);
            case.turn = cases.iter().filter(is_foramen).count();
            case.centre = centre(row);
            if case.images.is_empty() {
                let (subject, level, side) = (&row.subject, row.level, row.side);
                let why = if row.image.as_ref().is_some_and(|image| made_of(image).is_some()) {
                    "the volume is not there of which its slices were made"
                } else {
                    "no axial images are there"
                };
                missing.push(format!("{subject} {level} {side}: {why}"));
            }
            cases.push(case);
        }
        let mut foramina: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (number, case) in cases.iter().enumerate() {
            let foramen = (case.subject.clone(), case.level, case.side);
            foramina.entry(foramen).or_default().push(number);
        }
        if !cases.is_empty() && missing.len() == cases.len() {
            let (study, dicom) = (folder.to_owned(), dicom.to_owned());
            return Err(ReviewError::NoImages { study, dicom });
        }
        // The patches are shown as models see them, where there are any.
        let frame = patches.first().map_or(config.patch, |patch| {
            let pixels = patch.patch().nrows();
            let edge = patch.plane.spacing().row * pixels as f64;
            PatchFrame::default().with_edge(edge).with_pixels(pixels)
        });
        let windows = patches.iter().map(|patch| (image_of(patch), patch.window)).collect();
        let folder = folder.to_owned();
        Ok(Self {
            folder,
            scan,
            table,
            cases,
            levels,
            frame,
            config,
            windows,
            made,
            images: Images::default(),
            measured,
            foramina,
            stacks,
            missing,
        })
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
        self.stack_of(image).map(|stack| &stack.subject)
    }

    /// The case that an answer belongs to: of the person whose image it names, at its level and
    /// side. Of a foramen that was injected twice, with a choice for each, it is the one whose
    /// choice the reader saw, else the one that was chosen on this image, in its series, in its
    /// study.
    pub(crate) fn case_of_answer(&self, row: &Row) -> Option<usize> {
        let place = &row.entry.place;
        let image = place.image();
        let subject = self.subject_of(&image)?;
        let seen = row.entry.kind.reading().and_then(|reading| reading.automatic.as_ref());
        let rank = |case: &Case| {
            let chosen = case.row.image.as_ref();
            let is_seen = match (chosen, seen) {
                (Some(chosen), Some(seen)) => seen.is(chosen),
                (chosen, seen) => chosen.is_none() && seen.is_none(),
            };
            let both = self.stack_of(&image).zip(chosen.and_then(|chosen| self.stack_of(chosen)));
            let is_series = both.is_some_and(|(one, other)| one.series_uid == other.series_uid);
            let is_study = both.is_some_and(|(one, other)| one.study_uid == other.study_uid);
            (is_seen, chosen == Some(&image), is_series, is_study)
        };
        let of_foramen = self.foramina.get(&(subject.clone(), place.level, place.side))?;
        match of_foramen[..] {
            [only] => Some(only),
            _ => of_foramen
                .iter()
                .copied()
                .max_by_key(|number| (rank(&self.cases[*number]), std::cmp::Reverse(*number))),
        }
    }

    /// Where the foramen of a case is to be looked for on an image that does not show it open:
    /// the middle of the patch that was cut, else beside the disc, where the foramen of an adult
    /// is on average.
    pub(crate) fn expected(&self, case: &Case, of: CaseImage) -> Option<Point> {
        let header = self.image(of).0;
        let chosen = case.row.image.as_ref().and_then(|image| self.stack_of(image));
        let is_one_frame = chosen
            .is_some_and(|stack| stack.frame_of_reference_uid == header.frame_of_reference_uid);
        case.centre.filter(|_| is_one_frame).or_else(|| self.beside_disc(case, of))
    }

    /// Beside the disc of a case, where the foramen of an adult is on average: it tells nothing
    /// of what was measured.
    pub(crate) fn beside_disc(&self, case: &Case, of: CaseImage) -> Option<Point> {
        let disc = self.disc(self.image(of).0, case.level)?;
        Some(disc.point + Vector::new(case.side.sign() * BESIDE, BEHIND, 0.0))
    }

    /// The stack that holds an image; `None` for one that is not there.
    pub(crate) fn stack_of(&self, image: &SliceSource) -> Option<&StackHeader> {
        self.stacks.get(image).map(|number| &self.scan.stacks[*number])
    }

    /// The stack and the source of an image of a case; of a slice that was made of a volume,
    /// the volume.
    pub(crate) fn image(&self, of: CaseImage) -> (&StackHeader, &SliceSource) {
        let header = &self.scan.stacks[of.stack];
        let source = match of.slice {
            CaseSlice::Acquired(slice) => &header.slices[slice].source,
            CaseSlice::Made(slice) => &self.made[slice].source,
        };
        (header, source)
    }

    /// Where the pixels of an image of a case lie. Slices of a volume are made for it, where
    /// that has not been done.
    ///
    /// # Errors
    /// Why they cannot be made, as a sentence.
    pub(crate) fn grid(&self, of: CaseImage) -> Result<Grid, String> {
        let header = &self.scan.stacks[of.stack];
        let slice = match of.slice {
            CaseSlice::Acquired(slice) => return Ok(Grid::of(header, slice)),
            CaseSlice::Made(slice) => &self.made[slice].source,
        };
        let loaded = self.load(of)?;
        let made = loaded.slice(slice);
        let made = made.filter(|made| {
            let sides = Side::BOTH.into_iter().filter_map(|side| self.measured(slice, side));
            let mut walls = sides.filter_map(|side| side.walls).flatten();
            walls.all(|wall| made.plane().distance(wall).abs() < IN_PLANE)
        });
        let made = made.ok_or_else(|| {
            format!(
                "the slices that are made of volume {} are not those that were measured: levels.csv, \
                 the images or foramen have changed since; run `select` again",
                header.series_uid
            )
        })?;
        Ok(Grid { plane: *made.plane(), size: made.pixels().dim() })
    }

    /// The images of the study.
    pub(crate) fn images(&self) -> StudyImages<'_> {
        StudyImages { scan: &self.scan, levels: &self.levels, config: &self.config }
    }

    /// The stack that holds an image of a case, decoded, or what was made of it.
    ///
    /// # Errors
    /// Why it cannot be decoded, as a sentence.
    pub(crate) fn load(&self, of: CaseImage) -> Result<Arc<LoadedStack>, String> {
        match of.slice {
            CaseSlice::Acquired(_) => self.load_stack(of.stack),
            CaseSlice::Made(_) => self.images.load_made(self.images(), of.stack, self.image(of).1),
        }
    }

    /// A stack of the scan, decoded.
    ///
    /// # Errors
    /// Why it cannot be decoded, as a sentence.
    pub(crate) fn load_stack(&self, number: usize) -> Result<Arc<LoadedStack>, String> {
        self.images.load(&self.scan, number)
    }

    /// The window through which a patch of an image is seen.
    ///
    /// # Errors
    /// Why it is not known, as a sentence.
    pub(crate) fn patch_window(&self, of: CaseImage) -> Result<Window, String> {
        let image = self.image(of).1;
        let cut = self.windows.get(image).copied();
        cut.map_or_else(|| self.images.patch_window(self.images(), image), Ok)
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
            Some(-self.grid(of).ok()?.plane.distance(disc.point))
        })
    }
}

/// The slices that were made of volumes of the scan, of each from the feet to the head.
fn made_slices(rows: &[MeasuredSide], scan: &Scan) -> Vec<MadeSlice> {
    let mut volumes: HashMap<&str, usize> = HashMap::new();
    for (number, stack) in scan.stacks.iter().enumerate() {
        volumes.entry(&stack.series_uid).or_insert(number);
    }
    let made = rows.iter().filter_map(|row| {
        let of = made_of(&row.image)?;
        let stack = *volumes.get(of.series_uid)?;
        Some(MadeSlice { source: row.image.clone(), stack, level: of.level })
    });
    let mut made: Vec<MadeSlice> = made.collect();
    made.sort_by_key(|one| (one.stack, std::cmp::Reverse(one.level), one.source.frame));
    made.dedup_by(|a, b| a.source == b.source);
    made
}

/// Those of one volume, with their numbers among all.
fn of_volume(made: &[MadeSlice], stack: usize) -> impl Iterator<Item = (usize, &MadeSlice)> {
    let from = made.partition_point(|one| one.stack < stack);
    (from..).zip(&made[from..]).take_while(move |(_, one)| one.stack == stack)
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
    (may_show, made): (&dyn Fn(&SliceSource, Side) -> bool, &[MadeSlice]),
    levels: &Levels,
) -> Case {
    let is_candidate = |number: &usize| {
        let mut slices = scan.stacks[*number].slices.iter();
        slices.any(|slice| may_show(&slice.source, row.side))
    };
    let of = |number: &usize| &scan.stacks[*number];
    let mut axial: Vec<usize> = stacks.iter().copied().filter(is_candidate).collect();
    let made: Vec<(usize, &MadeSlice)> =
        stacks.iter().flat_map(|stack| of_volume(made, *stack)).collect();
    // Where nothing may be measured, a person may still see what there is.
    if axial.is_empty() && made.is_empty() {
        let shows = |stack: &StackHeader| {
            stack.orientation == Orientation::Axial
                && !stack.localizer
                && matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star)
        };
        axial = stacks.iter().copied().filter(|number| shows(of(number))).collect();
    }
    let shown = || axial.iter().copied().chain(made.iter().map(|(_, one)| one.stack));
    let mut series: Vec<&str> = shown().map(|one| of(&one).series_uid.as_str()).collect();
    // Not the chosen one first: that would tell a blinded reader.
    series.sort_unstable();
    series.dedup();
    let mut images: Vec<CaseImage> = axial
        .iter()
        .flat_map(|&stack| {
            let header = &scan.stacks[stack];
            let series = series.iter().position(|uid| *uid == header.series_uid).unwrap_or(0);
            let all = 0..header.slices.len();
            all.map(move |slice| CaseImage { stack, slice: CaseSlice::Acquired(slice), series })
        })
        .collect();
    let height = |one: &CaseImage| {
        let CaseSlice::Acquired(slice) = one.slice else { return 0.0 };
        let Grid { plane, size: (rows, columns) } = Grid::of(&scan.stacks[one.stack], slice);
        plane.point(rows as f64 / 2.0, columns as f64 / 2.0).z
    };
    images.extend(made.iter().map(|&(slice, &MadeSlice { stack, .. })| {
        let series = series.iter().position(|uid| *uid == of(&stack).series_uid).unwrap_or(0);
        CaseImage { stack, slice: CaseSlice::Made(slice), series }
    }));
    // Slices that were made of volumes are in this order already.
    images.sort_by(|a, b| a.series.cmp(&b.series).then(height(a).total_cmp(&height(b))));
    let frame = shown().next().and_then(|one| of(&one).frame_of_reference_uid.clone());
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
        rows: Vec::new(),
        turn: 0,
        row: row.clone(),
        centre: None,
        images,
        sagittal,
    }
}
