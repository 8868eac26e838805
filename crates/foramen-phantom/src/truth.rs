use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::PhantomError;

/// The truth about a synthetic cohort: the content of `truth.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Version of this format, 1.
    pub schema_version: u32,
    /// The seed of the cohort.
    pub seed: u64,
    /// Share of favourable outcomes among the analysable subjects.
    pub prevalence: f64,
    /// AUC of the probabilities from which the outcomes were drawn.
    pub oracle_auc: Option<f64>,
    /// AUC of the factors that an image can show: width and cause, averaged over the covariate.
    pub oracle_image_auc: Option<f64>,
    /// AUC of the width only, if an image shows more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oracle_width_auc: Option<f64>,
    /// One entry per subject, those with defects included.
    pub subjects: Vec<SubjectTruth>,
}

impl Truth {
    /// Reads `truth.json`.
    ///
    /// # Errors
    /// [`PhantomError::Io`] and [`PhantomError::Json`].
    pub fn read(path: &Path) -> Result<Self, PhantomError> {
        let text = fs::read_to_string(path).map_err(|source| PhantomError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_str(&text)
            .map_err(|source| PhantomError::Json { path: path.to_owned(), source })
    }
}

/// The truth about one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubjectTruth {
    /// The subject, as in `outcomes.csv` and in Patient ID.
    pub subject_id: String,
    /// Whether the data suffice for a prediction.
    pub analysable: bool,
    /// The defect of the export, if any: see [`crate::Defect`].
    pub defect: Option<String>,
    /// Treated level, `C5/6`.
    pub level: String,
    /// Treated side of the patient, `left` or `right`.
    pub side: String,
    /// Cause of the treated foramen's narrowing, `soft_disc` or `bony`.
    pub cause: String,
    /// Width of the treated foramen at its narrowest height, against asymptomatic
    /// foramina of that level, in standard deviations.
    pub width_z: f64,
    /// The same width in millimetres, in the spine's own frame.
    pub waist_mm: f64,
    /// The clinical covariate, which no image shows.
    pub duration_weeks: f64,
    /// Probability of a favourable outcome.
    pub probability: f64,
    /// This probability averaged over the covariate.
    pub image_probability: f64,
    /// The simulated outcome.
    pub favourable: bool,
    /// Thickness of the fat around the treated root in standard deviations, if it differs between
    /// foramina ([`Design::Picture`](crate::Design::Picture)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fat: Option<f64>,
    /// Whether that root is swollen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swollen: Option<bool>,
    /// The field of the scanner in tesla, if the outcome depends on it
    /// ([`Design::Confounded`](crate::Design::Confounded)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<f64>,
    /// `t2_fse` or `t2_star`.
    pub contrast: String,
    /// The planning of the axial slices: `straight` or `angled`.
    pub planning: String,
    /// Disc centres from the head down, C2/3 to C7/T1.
    pub discs: Vec<DiscTruth>,
    /// The axial slice that shows the treated foramen at its narrowest.
    pub narrowest_sop_uid: Option<String>,
    /// Its width there, 0 when occluded.
    pub narrowest_width_mm: Option<f64>,
    /// Every axial slice, in the order of acquisition.
    pub slices: Vec<SliceTruth>,
}

/// The position of a disc, LPS millimetres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscTruth {
    /// `C5/6`.
    pub level: String,
    /// Centre of the disc.
    pub centre: [f64; 3],
    /// Unit normal of the disc, to the head.
    pub normal: [f64; 3],
    /// Centre of the canal at the height of the disc.
    pub canal: [f64; 3],
}

/// The truth at the mid-plane of one axial slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceTruth {
    /// SOP Instance UID of the slice.
    pub sop_instance_uid: String,
    /// Its series.
    pub series_uid: String,
    /// Index of its geometric stack within the series, from 0.
    pub stack: usize,
    /// The centre of the canal in the slice plane, LPS millimetres.
    pub canal: [f64; 3],
    /// The patient's left foramina within 9 mm of the slice: usually one.
    pub left: Vec<ForamenTruth>,
    /// The patient's right foramina within 9 mm of the slice.
    pub right: Vec<ForamenTruth>,
}

impl SliceTruth {
    /// The foramina of one side.
    #[must_use]
    pub fn side(&self, side: foramen_types::Side) -> &[ForamenTruth] {
        match side {
            foramen_types::Side::Left => &self.left,
            foramen_types::Side::Right => &self.right,
        }
    }
}

/// One foramen on one slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForamenTruth {
    /// `C5/6`.
    pub level: String,
    /// `open`, `closed` (the plane runs through a pedicle) or `occluded`.
    pub state: String,
    /// The narrowest passage in the slice plane, across the channel's axis; 0 if occluded, `None`
    /// if closed.
    pub width_mm: Option<f64>,
    /// The front end of this passage on the wall, LPS millimetres.
    pub front: Option<[f64; 3]>,
    /// The back end of this passage on the wall, LPS millimetres.
    pub back: Option<[f64; 3]>,
    /// The width of the nerve root outside the foramen, across the channel's axis
    /// 5 to 7 mm outwards of its middle, where the slice shows the root: its
    /// mid-plane passes within 0.6 of the radius from the root's own axis.
    #[serde(default)]
    pub root_width_mm: Option<f64>,
    /// Distance of the slice above (+) or below (−) the middle of the foramen at disc height, along
    /// the slice's cranial normal.
    pub offset_mm: f64,
    /// Distance of the slice from the nearest pedicle along the spine; negative if it cuts one.
    /// Only in memory, not in files.
    #[serde(skip)]
    pub clearance_mm: Option<f64>,
    /// Area between the front and the back wall over 4 mm of the channel, in the slice plane, in
    /// mm². Only in memory, for the treated foramen if it is open.
    #[serde(skip)]
    pub area_mm2: Option<f64>,
}
