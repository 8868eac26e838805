use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foramen_dicom::{Orientation, Scan, StackHeader};
use foramen_image::{Contrast, PatchFrame, Slice, SliceSource, Window};
use foramen_study::review::{
    MeasuredSide, SelectionRow, SelectionTable, StudyImages, pooled_images, read_made,
    read_measured,
};
use foramen_study::{
    DiscPosition, DiscPositions, MadeSlice, PatchSample, PatchUse, StudyConfig, StudyError, files,
    made_of,
};
use foramen_types::{Level, Point, Side, SubjectId, SubjectKey, Vector};

use crate::ReviewError;
use crate::case::{Case, CaseImage, CaseSlice};
use crate::entry::Row;
use crate::images::{Images, LoadedStack};
use crate::view::Grid;

/// Usual position of an adult's foramen relative to the centre of its disc: to the side and behind,
/// millimetres.
const BESIDE: f64 = 14.0;
const BEHIND: f64 = 8.0;

/// The folder of a study with its images.
///
/// The folder of images is read only; the outcome table and predictions are never opened.
pub struct Study {
    pub(crate) folder: PathBuf,
    pub(crate) scan: Scan,
    pub(crate) table: SelectionTable,
    pub(crate) cases: Vec<Case>,
    pub(crate) levels: DiscPositions,
    pub(crate) frame: PatchFrame,
    pub(crate) config: StudyConfig,
    /// The intensity windows of the patches that `select` cut, by image.
    windows: HashMap<SliceSource, Window>,
    /// The slices that `select` made from volumes, by volume, from the feet to the head.
    made: Vec<MadeSlice>,
    images: Images,
    measured: HashMap<(SliceSource, Side), MeasuredSide>,
    /// The cases of a foramen.
    foramina: BTreeMap<(SubjectId, Level, Side), Vec<usize>>,
    /// The index of the stack that holds an image, or of the volume from which it was made.
    stacks: HashMap<SliceSource, usize>,
    missing: Vec<String>,
}

impl Study {
    /// Opens the study that `select` or `study` wrote into `folder`. `scan` is a scan of the folder
    /// `dicom` with the subject ids of the study. `config` holds, if known, which images `select`
    /// accepted and which series were named.
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
        let (made, volumes) = made_slices(read_made(&folder.join("reformatted.csv"))?, &scan);
        let sources = made.iter().map(|one| one.source.clone());
        stacks.extend(sources.zip(volumes.iter().copied()));
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
        let (mut missing, mut unplaced) = (Vec::new(), 0);
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
            let mut case = case_of(row, of_subject, &scan, (&may_show, &volumes), &levels);
            case.rows.push(number);
            case.turn = cases.iter().filter(is_foramen).count();
            case.centre = centre(row);
            if case.images.is_empty() {
                let (subject, level, side) = (&row.subject, row.level, row.side);
                let volume = row.image.as_ref().and_then(made_of).map(|made| made.series_uid);
                let is_there = |uid: &str| scan.stacks.iter().any(|one| one.series_uid == uid);
                let why = match volume.map(is_there) {
                    Some(true) => {
                        unplaced += 1;
                        "its slices were made of a volume by a version that does not say where \
                         they lie; run `select` again"
                    }
                    Some(false) => "the volume is not there of which its slices were made",
                    None => "no axial images are there",
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
            return Err(if unplaced == missing.len() {
                ReviewError::Reformatted { study }
            } else {
                ReviewError::NoImages { study, dicom }
            });
        }
        // The patches are shown as models see them, where there are any.
        let frame = patches.first().map_or(config.patch, |patch| {
            let pixels = patch.patch().nrows();
            let edge = patch.plane.spacing().row * pixels as f64;
            PatchFrame::default().with_edge(edge).with_pixels(pixels)
        });
        let windows = patches.iter().map(|patch| (image_of(patch), patch.window));
        let mut windows: HashMap<SliceSource, Window> = windows.collect();
        add_windows_of_volumes(&mut windows, &made);
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

    /// Number of foramina to review.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Foramina whose images are missing, each as a sentence.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The measurement on an image.
    pub(crate) fn measured(&self, image: &SliceSource, side: Side) -> Option<&MeasuredSide> {
        self.measured.get(&(image.clone(), side))
    }

    /// The subject of an image; `None` if the image is not in the study.
    pub(crate) fn subject_of(&self, image: &SliceSource) -> Option<&SubjectId> {
        self.stack_of(image).map(|stack| &stack.subject)
    }

    /// The case that an answer belongs to: of the person whose image it names, at its level and
    /// side. For a foramen with two injections and two choices, it is the case whose choice the
    /// reader saw, else the case chosen on this image, in its series, or in its study.
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
                .max_by_key(|number| (rank(&self.cases[*number]), Reverse(*number))),
        }
    }

    /// The expected position of a case's foramen on an image where it was not found open: the
    /// middle of its patch, else the average position beside the disc in adults.
    pub(crate) fn expected(&self, case: &Case, of: CaseImage) -> Option<Point> {
        let header = self.image(of).0;
        let chosen = case.row.image.as_ref().and_then(|image| self.stack_of(image));
        let is_one_frame = chosen
            .is_some_and(|stack| stack.frame_of_reference_uid == header.frame_of_reference_uid);
        case.centre.filter(|_| is_one_frame).or_else(|| self.beside_disc(case, of))
    }

    /// The average position of the foramen beside the disc of a case in adults, which reveals
    /// nothing of the measurement.
    pub(crate) fn beside_disc(&self, case: &Case, of: CaseImage) -> Option<Point> {
        let disc = self.disc(self.image(of).0, case.level)?;
        Some(disc.point + Vector::new(case.side.sign() * BESIDE, BEHIND, 0.0))
    }

    /// The stack that holds an image; `None` if the image is not in the study.
    pub(crate) fn stack_of(&self, image: &SliceSource) -> Option<&StackHeader> {
        self.stacks.get(image).map(|number| &self.scan.stacks[*number])
    }

    /// The stack and the source of an image of a case; for a slice made from a volume, the volume.
    pub(crate) fn image(&self, of: CaseImage) -> (&StackHeader, &SliceSource) {
        let header = &self.scan.stacks[of.stack];
        let source = match of.slice {
            CaseSlice::Acquired(slice) => &header.slices[slice].source,
            CaseSlice::Made(slice) => &self.made[slice].source,
        };
        (header, source)
    }

    /// The pixel grid of an image of a case.
    pub(crate) fn grid(&self, of: CaseImage) -> Grid {
        match of.slice {
            CaseSlice::Acquired(slice) => Grid::of(&self.scan.stacks[of.stack], slice),
            CaseSlice::Made(slice) => {
                let MadeSlice { plane, size, .. } = self.made[slice];
                Grid { plane, size }
            }
        }
    }

    /// An image of a case, from the stack that holds it or from which it is made; `None` if it
    /// could not be decoded.
    pub(crate) fn slice<'a>(
        &self,
        of: CaseImage,
        loaded: &'a LoadedStack,
    ) -> Option<Cow<'a, Slice>> {
        match of.slice {
            CaseSlice::Acquired(_) => loaded.slice(self.image(of).1).map(Cow::Borrowed),
            CaseSlice::Made(slice) => Some(Cow::Owned(self.made[slice].cut(&loaded.stack))),
        }
    }

    /// The images of the study.
    pub(crate) fn images(&self) -> StudyImages<'_> {
        StudyImages { scan: &self.scan, made: &self.made, config: &self.config }
    }

    /// A stack of the scan, decoded.
    ///
    /// # Errors
    /// Why it cannot be decoded, as a sentence.
    pub(crate) fn load_stack(&self, number: usize) -> Result<Arc<LoadedStack>, String> {
        self.images.load(&self.scan, number)
    }

    /// The intensity window of patches of an image.
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

    /// Height of an image above (+) or below (−) the disc of a case, millimetres.
    pub(crate) fn offset(&self, case: &Case, of: CaseImage) -> Option<f64> {
        let (header, source) = self.image(of);
        let judged = self.measured(source, case.side).filter(|one| one.level == Some(case.level));
        judged.and_then(|one| one.offset).or_else(|| {
            let disc = self.disc(header, case.level)?;
            Some(-self.grid(of).plane.distance(disc.point))
        })
    }
}

/// The slices made from volumes of the scan, by volume, and for each volume from the feet to the
/// head; and the index of each volume's stack in the scan.
fn made_slices(slices: Vec<MadeSlice>, scan: &Scan) -> (Vec<MadeSlice>, Vec<usize>) {
    let stacks = scan.stacks.iter().enumerate();
    let volumes: HashMap<(&str, usize), usize> =
        stacks.map(|(number, stack)| ((&*stack.series_uid, stack.stack), number)).collect();
    let mut placed: Vec<(usize, Reverse<Level>, MadeSlice)> = slices
        .into_iter()
        .filter_map(|slice| {
            let of = made_of(&slice.source)?;
            let number = *volumes.get(&(of.series_uid, slice.stack))?;
            Some((number, Reverse(of.level), slice))
        })
        .collect();
    placed.sort_by_key(|(number, level, slice)| (*number, *level, slice.source.frame));
    placed.into_iter().map(|(number, _, slice)| (slice, number)).unzip()
}

/// Gives all slices made from a volume the intensity window of any of them.
fn add_windows_of_volumes(windows: &mut HashMap<SliceSource, Window>, made: &[MadeSlice]) {
    let volume = |image: &SliceSource| made_of(image).map(|made| made.series_uid.to_owned());
    let known: HashMap<String, Window> =
        windows.iter().filter_map(|(image, window)| Some((volume(image)?, *window))).collect();
    for slice in made {
        if let Some(window) = volume(&slice.source).and_then(|of| known.get(&of)) {
            windows.entry(slice.source.clone()).or_insert(*window);
        }
    }
}

fn read_levels(path: &Path) -> Result<DiscPositions, StudyError> {
    match File::open(path) {
        Ok(file) => DiscPositions::read(file, &SubjectKey::identity()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(DiscPositions::default()),
        Err(source) => Err(StudyError::Read { path: path.to_owned(), source }),
    }
}

/// Whether an image may show a side.
type MayShow<'a> = &'a dyn Fn(&SliceSource, Side) -> bool;

fn case_of(
    row: &SelectionRow,
    stacks: &[usize],
    scan: &Scan,
    (may_show, volumes): (MayShow<'_>, &[usize]),
    levels: &DiscPositions,
) -> Case {
    let is_candidate = |number: &usize| {
        let mut slices = scan.stacks[*number].slices.iter();
        slices.any(|slice| may_show(&slice.source, row.side))
    };
    let of = |number: &usize| &scan.stacks[*number];
    let mut axial: Vec<usize> = stacks.iter().copied().filter(is_candidate).collect();
    // The slices that were made of each volume follow each other.
    let made = |stack: &usize| {
        let from = volumes.partition_point(|one| one < stack);
        from..volumes.partition_point(|one| one <= stack)
    };
    let made: Vec<usize> = stacks.iter().flat_map(made).collect();
    // Where nothing may be measured, a person may still see what there is.
    if axial.is_empty() && made.is_empty() {
        let shows = |stack: &StackHeader| {
            stack.orientation == Orientation::Axial
                && !stack.localizer
                && matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star)
        };
        axial = stacks.iter().copied().filter(|number| shows(of(number))).collect();
    }
    let shown = || axial.iter().copied().chain(made.iter().map(|one| volumes[*one]));
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
    images.extend(made.iter().map(|&slice| {
        let stack = volumes[slice];
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
