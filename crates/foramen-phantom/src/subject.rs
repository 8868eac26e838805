use std::sync::Arc;

use foramen_image::{Slice, SliceSource, Stack};
use foramen_types::{Level, Side, SubjectId};
use rayon::prelude::*;

use crate::anatomy::Anatomy;
use crate::artefact::Artefacts;
use crate::channel::Cause;
use crate::defect::Defect;
use crate::measure::{area, slice_truth, triple};
use crate::outcome::{Circumstances, Course};
use crate::population::Complaint;
use crate::protocol::{Protocol, Series};
use crate::render::{Scanner, Signals, render};
use crate::seed::uid;
use crate::spine::Spine;
use crate::truth::{DiscTruth, SliceTruth, SubjectTruth};
use crate::variety::{Variety, Wide};
use crate::{CohortConfig, Design};

/// One synthetic subject in memory: its images and the truth about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The subject, `P0001` for index 0.
    pub id: SubjectId,
    /// Treated level.
    pub level: Level,
    /// Treated side.
    pub side: Side,
    /// Cause of the treated foramen's narrowing.
    pub cause: Cause,
    /// The truth about the subject.
    pub truth: SubjectTruth,
    /// The axial stacks of one series: one, or one per disc when angled. Values
    /// are whole numbers, as DICOM stores them.
    pub axial: Vec<Stack>,
    /// The sagittal T2 stack, in the same frame of reference.
    pub sagittal: Stack,
}

/// Simulates one subject of a cohort in memory; `index` counts from 0, the subjects with defects
/// come last. Defects of the export (missing files or rows) have no effect here.
///
/// # Panics
/// Never for an index below [`CohortConfig::subjects`]; larger ones are simulated like further
/// analysable subjects.
#[must_use]
pub fn draw_subject(config: &CohortConfig, index: usize) -> Subject {
    Plan::draw(config, index).subject()
}

/// Simulates one subject as [`draw_subject`] does, around the vertebrae of a person instead of
/// analytic ones: scaled, shifted, bent and perhaps mirrored, with narrowing growths on the walls
/// of foramina. `truth.waist_mm` and `width_z` are the intended values; the widths of slices are
/// those of the surfaces.
#[must_use]
pub fn draw_subject_on(anatomy: &Arc<Anatomy>, config: &CohortConfig, index: usize) -> Subject {
    Plan::draw_on(anatomy, config, index).subject()
}

/// Simulates a second examination of the same subject: the same spine and the same protocol,
/// planned on the new position of the spine, with another pose, noise, bias field and artefacts.
#[must_use]
pub fn draw_rescan(config: &CohortConfig, index: usize) -> Subject {
    Plan::draw(config, index).again(config).subject()
}

/// All data of a subject except the images.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub seed: u64,
    pub index: usize,
    pub id: String,
    pub defect: Option<Defect>,
    pub complaint: Complaint,
    pub course: Course,
    pub spine: Spine,
    pub protocol: Protocol,
    /// Whether the subject is examined by a sagittal volume only.
    pub volume: bool,
    pub variety: Variety,
    pub design: Design,
}

impl Plan {
    pub(crate) fn draw(config: &CohortConfig, index: usize) -> Self {
        let seed = config.seed;
        let complaint = Complaint::draw(seed, index);
        let spine = Spine::draw(seed, index, &complaint);
        let spine = match config.variety {
            Variety::Usual => spine,
            Variety::Wide => spine.with_published_bone(seed, index),
        };
        let spine = match config.design {
            Design::Picture => spine.with_perineural(seed, index),
            Design::Width | Design::Confounded => spine,
        };
        let protocol = Protocol::draw(config, seed, index, &spine);
        let circumstances = Circumstances {
            perineural: spine.treated(&complaint).perineural,
            high_field: protocol.field > 2.0,
        };
        let course = Course::draw(&config.outcome, seed, index, &complaint, circumstances);
        let defect = index.checked_sub(config.analysable).map(Defect::of);
        let defect = defect.filter(|_| index < config.subjects());
        Self {
            seed,
            index,
            id: format!("P{:04}", index + 1),
            defect,
            complaint,
            course,
            spine,
            protocol,
            volume: config.volume,
            variety: config.variety,
            design: config.design,
        }
    }

    /// The same around the vertebrae of a person.
    pub(crate) fn draw_on(anatomy: &Arc<Anatomy>, config: &CohortConfig, index: usize) -> Self {
        let mut plan = Self::draw(config, index);
        plan.spine = plan.spine.on(anatomy, config.seed, index);
        plan.protocol = Protocol::draw(config, config.seed, index, &plan.spine);
        plan
    }

    /// The same subject at another examination.
    fn again(mut self, config: &CohortConfig) -> Self {
        let (seed, index) = (self.seed, self.index);
        self.seed = !seed;
        self.spine = self.spine.lying(self.seed, index);
        self.protocol = Protocol::draw(config, seed, index, &self.spine);
        self
    }

    fn subject(&self) -> Subject {
        let axial = self.stacks(&self.protocol.axial);
        let sagittal = self.stacks(&self.protocol.sagittal);
        let [sagittal] =
            <[Stack; 1]>::try_from(sagittal).expect("the sagittal series is one stack");
        let mut truth = self.truth();
        self.tell_areas(&mut truth);
        self.subject_of(axial, sagittal, truth)
    }

    /// The subject with its images and the truth about them.
    pub(crate) fn subject_of(
        &self,
        axial: Vec<Stack>,
        sagittal: Stack,
        truth: SubjectTruth,
    ) -> Subject {
        Subject {
            id: SubjectId::new(&self.id).expect("the id is neither empty nor odd"),
            level: self.complaint.level,
            side: self.complaint.side,
            cause: self.complaint.cause,
            truth,
            axial,
            sagittal,
        }
    }

    pub(crate) fn series_uid(&self, series: &Series) -> String {
        uid(self.seed, self.index, "series", series.kind as u64)
    }

    /// The UID of a slice, counted through the series.
    pub(crate) fn instance_uid(&self, series: &Series, slice: usize) -> String {
        uid(self.seed, self.index, "instance", 10_000 * series.kind as u64 + slice as u64)
    }

    /// Simulates a series: its stacks, each slice with its source.
    pub(crate) fn stacks(&self, series: &Series) -> Vec<Stack> {
        let kind = series.kind as u64;
        let wide = (self.variety == Variety::Wide)
            .then(|| Wide::draw(self.seed, self.index, series.contrast));
        let artefacts = Artefacts::draw(self.seed, self.index, kind);
        let artefacts = match self.design {
            Design::Confounded => artefacts.of_field(self.protocol.field),
            Design::Width | Design::Picture => artefacts,
        };
        let signals = Signals::draw(self.seed, self.index, series.contrast, wide.as_ref());
        let scanner = Scanner { signals, artefacts, wide };
        let mut first = 0;
        series
            .stacks
            .iter()
            .map(|planes| {
                let start = first;
                first += planes.len();
                let slices = planes
                    .par_iter()
                    .enumerate()
                    .map(|(offset, plane)| {
                        let slice = start + offset;
                        let key = (self.seed, self.index, 10_000 * kind + slice as u64);
                        let pixels = render(&self.spine, series, plane, &scanner, key);
                        let source = SliceSource {
                            sop_instance_uid: self.instance_uid(series, slice),
                            frame: 1,
                        };
                        Slice::new(*plane, pixels, Some(series.thickness))
                            .expect("a series has rows, columns and a thickness")
                            .with_source(source)
                    })
                    .collect();
                Stack::new(slices, series.contrast).expect("the planes of a stack are parallel")
            })
            .collect()
    }

    pub(crate) fn truth(&self) -> SubjectTruth {
        let axial = &self.protocol.axial;
        let series_uid = self.series_uid(axial);
        let has_axial = !self.volume && self.defect.is_none_or(Defect::has_axial);
        let mut slices = Vec::new();
        if has_axial {
            for (stack, planes) in axial.stacks.iter().enumerate() {
                for plane in planes {
                    let sop = self.instance_uid(axial, slices.len());
                    let series = series_uid.clone();
                    let thickness = axial.thickness;
                    slices.push(slice_truth(&self.spine, plane, sop, series, stack, thickness));
                }
            }
        }
        let (series, planning) = if self.volume {
            (&self.protocol.volume, "volume")
        } else {
            (axial, self.protocol.planning.name())
        };
        self.truth_on(slices, series.contrast.name(), planning)
    }

    /// Adds the area of the treated foramen on each axial slice to the truth.
    fn tell_areas(&self, truth: &mut SubjectTruth) {
        let planes = self.protocol.axial.stacks.iter().flatten();
        for (slice, plane) in truth.slices.iter_mut().zip(planes) {
            let foramina = match self.complaint.side {
                Side::Left => &mut slice.left,
                Side::Right => &mut slice.right,
            };
            for foramen in foramina.iter_mut().filter(|foramen| foramen.level == truth.level) {
                foramen.area_mm2 = area(&self.spine, plane, foramen);
            }
        }
    }

    /// The truth about the subject on these axial slices.
    pub(crate) fn truth_on(
        &self,
        slices: Vec<SliceTruth>,
        contrast: &str,
        planning: &str,
    ) -> SubjectTruth {
        let level = self.complaint.level.to_string();
        let narrowest = slices
            .iter()
            .flat_map(|slice| slice.side(self.complaint.side).iter().map(move |f| (slice, f)))
            .filter(|(_, foramen)| foramen.level == level)
            .filter_map(|(slice, foramen)| Some((foramen.width_mm?, &slice.sop_instance_uid)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let narrowest_width_mm = narrowest.map(|(width, _)| width);
        let narrowest_sop_uid = narrowest.map(|(_, uid)| uid.clone());
        let discs = Level::ALL
            .into_iter()
            .map(|level| {
                let (centre, normal) = self.spine.disc(level);
                DiscTruth {
                    level: level.to_string(),
                    centre: triple(centre),
                    normal: [normal.x, normal.y, normal.z],
                    canal: triple(self.spine.canal(level)),
                }
            })
            .collect();
        let around = self.spine.treated(&self.complaint).perineural;
        SubjectTruth {
            subject_id: self.id.clone(),
            analysable: self.defect.is_none_or(Defect::is_analysable),
            defect: self.defect.map(|defect| defect.name().to_owned()),
            level,
            side: self.complaint.side.to_string(),
            cause: self.complaint.cause.name().to_owned(),
            width_z: self.complaint.width_z(),
            waist_mm: self.complaint.waist,
            duration_weeks: self.course.duration_weeks,
            probability: self.course.probability,
            image_probability: self.course.image_probability,
            favourable: self.course.favourable,
            fat: around.map(|around| around.fat),
            swollen: around.map(|around| around.swollen),
            field: (self.design == Design::Confounded).then_some(self.protocol.field),
            contrast: contrast.to_owned(),
            planning: planning.to_owned(),
            discs,
            narrowest_sop_uid,
            narrowest_width_mm,
            slices,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(n: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap()
    }

    #[test]
    fn one_thread_and_two_draw_the_same() {
        let plan = Plan::draw(&CohortConfig::default(), 3);
        let mut series = plan.protocol.axial.clone();
        series.stacks.truncate(1);
        series.stacks[0].truncate(2);
        let one = threads(1).install(|| plan.stacks(&series));
        let two = threads(2).install(|| plan.stacks(&series));
        assert_eq!(one, two);
        let other = Plan::draw(&CohortConfig::default().with_seed(2), 3);
        assert_ne!(plan.truth(), other.truth());
    }

    #[test]
    fn the_narrowest_slice_of_the_truth_is_the_narrowest() {
        let config = CohortConfig::default();
        for index in 0..60 {
            let truth = Plan::draw(&config, index).truth();
            let side = truth.side.parse().unwrap();
            let least = truth
                .slices
                .iter()
                .flat_map(|slice| slice.side(side))
                .filter(|foramen| foramen.level == truth.level)
                .filter_map(|foramen| foramen.width_mm)
                .fold(f64::INFINITY, f64::min);
            assert_eq!(truth.narrowest_width_mm, Some(least), "{}", truth.subject_id);
            // A cut is never narrower than the waist, and one lies near it.
            assert!(least > truth.waist_mm - 0.06, "{least} {}", truth.waist_mm);
            assert!(least < truth.waist_mm + 2.0, "{least} {}", truth.waist_mm);
        }
    }

    #[test]
    fn a_second_examination_shows_the_same_spine_in_another_pose() {
        let config = CohortConfig::default();
        let first = Plan::draw(&config, 3);
        let second = first.clone().again(&config);
        assert_eq!(first.spine.soft.channels, second.spine.soft.channels);
        assert_ne!(first.spine.frame, second.spine.frame);
        let (axial, again) = (&first.protocol.axial, &second.protocol.axial);
        assert_eq!((axial.contrast, axial.rows), (again.contrast, again.rows));
        assert_ne!(first.instance_uid(axial, 0), second.instance_uid(again, 0));
    }

    #[test]
    #[ignore = "reads test data (FORAMEN_TEST_DATA)"]
    fn widths_on_a_person_s_vertebrae_are_those_of_the_picture() {
        let folder = foramen_test_data::path("anatomy/hra-vhf");
        let anatomy = Arc::new(Anatomy::read(&folder).unwrap());
        let config = CohortConfig::default();
        let (mut open, mut closed) = (0, 0);
        for index in 0..2 {
            let plan = Plan::draw_on(&anatomy, &config, index);
            let hard = |p: foramen_types::Point| plan.spine.is_hard([p.x, p.y, p.z]);
            let truth = plan.truth();
            assert_eq!(truth, Plan::draw_on(&anatomy, &config, index).truth());
            for foramen in
                truth.slices.iter().flat_map(|slice| slice.left.iter().chain(&slice.right))
            {
                closed += usize::from(foramen.state == "closed");
                let Some((front, back)) = foramen.front.zip(foramen.back) else { continue };
                open += 1;
                let [front, back] =
                    [front, back].map(|[x, y, z]| foramen_types::Point::new(x, y, z));
                let across = back - front;
                let width = foramen.width_mm.unwrap();
                assert!((across.length() - width).abs() < 1e-6);
                // Free from wall to wall, and wall on either side.
                let share = |s: f64| front + across * s;
                assert!((1..10).all(|tenth| !hard(share(0.1 * f64::from(tenth)))));
                let beyond = 0.1 / width;
                assert!(hard(share(-beyond)) && hard(share(1.0 + beyond)), "{foramen:?}");
            }
        }
        assert!(open > 40 && closed > 30, "{open} {closed}");
    }

    #[test]
    fn pixels_and_slices_are_as_asked_for_and_the_spine_is_the_same() {
        let config = CohortConfig::default();
        let asked = config.clone().with_axial_pixel(0.9).with_axial_thickness(7.5);
        for index in 0..6 {
            let (plan, drawn) = (Plan::draw(&asked, index), Plan::draw(&config, index));
            assert_eq!((plan.spine, plan.course), (drawn.spine, drawn.course));
            let series = &plan.protocol.axial;
            assert_eq!(series.thickness, 7.5);
            assert!(series.pitch >= 7.5 && series.contrast == drawn.protocol.axial.contrast);
            assert_eq!(series.stacks[0][0].spacing().row, 0.9);
        }
    }

    #[test]
    fn both_contrasts_and_both_plannings_are_drawn() {
        let truths: Vec<SubjectTruth> =
            (0..40).map(|index| Plan::draw(&CohortConfig::default(), index).truth()).collect();
        let star = truths.iter().filter(|truth| truth.contrast == "t2_star").count();
        let angled = truths.iter().filter(|truth| truth.planning == "angled").count();
        assert_eq!(star, 20);
        assert!((8..32).contains(&angled), "{angled}");
    }
}
