use std::collections::BTreeMap;

use crate::{ForamenTruth, SliceTruth, SubjectTruth, Truth};

/// A chosen slice counts as right if its true width exceeds that of the narrowest slice by at most
/// this, millimetres: neighbours can tie. The report, the documents and `selection_accuracy` use
/// this limit.
pub const RIGHT_SLICE_MM: f64 = 0.15;

/// A program's choice for one subject.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chosen {
    /// SOP Instance UID of the chosen slice; `None` if the program refused.
    pub sop_instance_uid: Option<String>,
    /// The measured width on this slice, millimetres.
    pub width: Option<f64>,
    /// The slice that a fixed threshold would have chosen.
    pub naive_sop_instance_uid: Option<String>,
}

/// The accuracy of a program's choices and measurements over all analysable subjects. Refusals and
/// absent subjects count as misses.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionScore {
    /// Analysable subjects.
    pub subjects: usize,
    /// Subjects with a chosen slice.
    pub found: usize,
    /// Median of the absolute difference between the measured width and the true
    /// width of the narrowest slice, millimetres; `None` when half are misses.
    pub median_error: Option<f64>,
    /// 95th percentile of this difference; `None` when one in twenty is a miss.
    pub error_95: Option<f64>,
    /// Median of the signed difference, measured − true, over subjects with a chosen slice.
    pub median_bias: Option<f64>,
    /// Share of subjects whose chosen slice is the narrowest, or truly within [`RIGHT_SLICE_MM`] of
    /// it.
    pub right_slice: f64,
    /// Share of subjects whose chosen slice is the narrowest, its neighbour, or right as above.
    pub within_one_slice: f64,
    /// Share of subjects for which a fixed threshold chooses the right slice.
    pub naive_right_slice: f64,
}

impl Truth {
    /// Scores the choices, by subject id. `None` when the cohort has no analysable subject, or none
    /// with axial slices.
    #[must_use]
    pub fn score(&self, chosen: &BTreeMap<String, Chosen>) -> Option<SelectionScore> {
        let subjects: Vec<&SubjectTruth> =
            self.subjects.iter().filter(|subject| subject.analysable).collect();
        let nothing = Chosen::default();
        let (mut errors, mut biases) = (Vec::new(), Vec::new());
        let (mut found, mut right, mut near, mut naive) = (0, 0, 0, 0);
        for subject in &subjects {
            let choice = chosen.get(&subject.subject_id).unwrap_or(&nothing);
            found += usize::from(choice.sop_instance_uid.is_some());
            let bias = choice.width.zip(subject.narrowest_width_mm).map(|(a, b)| a - b);
            biases.extend(bias);
            errors.push(bias.map_or(f64::INFINITY, f64::abs));
            let is_right =
                |uid: &Option<String>| uid.as_deref().is_some_and(|uid| subject.is_narrowest(uid));
            let hit = is_right(&choice.sop_instance_uid);
            let neighbour = choice
                .sop_instance_uid
                .as_deref()
                .is_some_and(|uid| subject.is_beside_narrowest(uid));
            right += usize::from(hit);
            near += usize::from(hit || neighbour);
            naive += usize::from(is_right(&choice.naive_sop_instance_uid));
        }
        // Without axial slices, as of volumes, there is nothing to have chosen.
        if subjects.iter().all(|subject| subject.slices.is_empty()) {
            return None;
        }
        let share = |n: usize| n as f64 / subjects.len() as f64;
        Some(SelectionScore {
            subjects: subjects.len(),
            found,
            median_error: quantile(&mut errors, 0.5),
            error_95: quantile(&mut errors, 0.95),
            median_bias: quantile(&mut biases, 0.5),
            right_slice: share(right),
            within_one_slice: share(near),
            naive_right_slice: share(naive),
        })
    }
}

impl SubjectTruth {
    /// The treated foramen on a slice.
    fn treated<'a>(&self, slice: &'a SliceTruth) -> Option<&'a ForamenTruth> {
        let foramina = if self.side == "left" { &slice.left } else { &slice.right };
        foramina.iter().find(|foramen| foramen.level == self.level)
    }

    fn is_narrowest(&self, uid: &str) -> bool {
        let slice = self.slices.iter().find(|slice| slice.sop_instance_uid == uid);
        let width =
            slice.and_then(|slice| self.treated(slice)).and_then(|foramen| foramen.width_mm);
        width
            .zip(self.narrowest_width_mm)
            .is_some_and(|(width, least)| width <= least + RIGHT_SLICE_MM)
    }

    /// Whether a slice is next to the narrowest, in order of position along the
    /// foramen.
    fn is_beside_narrowest(&self, uid: &str) -> bool {
        let mut heights: Vec<(f64, &str)> = self
            .slices
            .iter()
            .filter_map(|s| Some((self.treated(s)?.offset_mm, s.sop_instance_uid.as_str())))
            .collect();
        heights.sort_by(|a, b| a.0.total_cmp(&b.0));
        let place = |uid: &str| heights.iter().position(|(_, of)| *of == uid);
        let narrowest = self.narrowest_sop_uid.as_deref().and_then(place);
        place(uid).zip(narrowest).is_some_and(|(a, b)| a.abs_diff(b) <= 1)
    }
}

/// The value of quantile `q` (nearest rank); `None` if it is not finite or there are no values.
fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among the values"
    )]
    let rank = (q * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth() -> Truth {
        let slice = |uid: &str, width: f64, offset: f64| SliceTruth {
            sop_instance_uid: uid.to_owned(),
            series_uid: "1".to_owned(),
            stack: 0,
            canal: [0.0; 3],
            left: vec![ForamenTruth {
                clearance_mm: None,
                area_mm2: None,
                level: "C5/6".to_owned(),
                state: "open".to_owned(),
                width_mm: Some(width),
                front: None,
                back: None,
                root_width_mm: None,
                offset_mm: offset,
            }],
            right: vec![],
        };
        let subject = SubjectTruth {
            subject_id: "A".to_owned(),
            analysable: true,
            defect: None,
            level: "C5/6".to_owned(),
            side: "left".to_owned(),
            cause: "bony".to_owned(),
            width_z: 0.0,
            waist_mm: 2.0,
            duration_weeks: 10.0,
            probability: 0.5,
            image_probability: 0.5,
            favourable: true,
            fat: None,
            swollen: None,
            field: None,
            contrast: "t2_fse".to_owned(),
            planning: "straight".to_owned(),
            discs: vec![],
            narrowest_sop_uid: Some("n".to_owned()),
            narrowest_width_mm: Some(2.0),
            slices: vec![
                slice("far", 3.0, -6.0),
                slice("beside", 2.5, -3.0),
                slice("n", 2.0, 0.0),
                slice("tie", 2.1, 6.0),
                slice("between", 2.4, 3.0),
            ],
        };
        Truth {
            schema_version: 1,
            seed: 1,
            prevalence: 1.0,
            oracle_auc: None,
            oracle_image_auc: None,
            oracle_width_auc: None,
            subjects: vec![subject],
        }
    }

    fn score(uid: Option<&str>, width: Option<f64>) -> SelectionScore {
        let uid = uid.map(str::to_owned);
        let naive_sop_instance_uid = Some("far".to_owned());
        let chosen = Chosen { sop_instance_uid: uid, width, naive_sop_instance_uid };
        truth().score(&BTreeMap::from([("A".to_owned(), chosen)])).unwrap()
    }

    #[test]
    fn ties_and_neighbours_count_as_said() {
        let shares = |uid| {
            let score = score(Some(uid), Some(2.5));
            (score.right_slice, score.within_one_slice)
        };
        assert_eq!(shares("n"), (1.0, 1.0));
        assert_eq!(shares("tie"), (1.0, 1.0));
        assert_eq!(shares("beside"), (0.0, 1.0));
        assert_eq!(shares("between"), (0.0, 1.0));
        assert_eq!(shares("far"), (0.0, 0.0));
        assert_eq!(shares("unknown"), (0.0, 0.0));
    }

    #[test]
    fn a_refusal_is_a_miss_not_a_gap() {
        let refused = score(None, None);
        assert_eq!((refused.subjects, refused.found), (1, 0));
        assert_eq!((refused.median_error, refused.right_slice), (None, 0.0));
        assert_eq!(score(Some("n"), Some(2.3)).naive_right_slice, 0.0);
        assert!((score(Some("n"), Some(2.3)).median_error.unwrap() - 0.3).abs() < 1e-12);
    }
}
