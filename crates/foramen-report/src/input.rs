use foramen_learn::Prediction;

use crate::LeakageReport;
use crate::case::{Case, LabelDefinition};

/// The data of a study from which a report is made.
#[derive(Debug, Clone, Default)]
pub struct ReportInput {
    /// Title of the page.
    pub title: String,
    /// Whether the cohort is synthetic, which the top of the page states.
    pub synthetic: bool,
    /// Included subjects, and excluded rows with their reasons.
    pub cohort: Cohort,
    /// The models: the main one first, its baseline second. These two are compared.
    pub models: Vec<Model>,
    /// Controls, with which the models are compared.
    pub controls: Vec<Model>,
    /// The first model, trained on fewer subjects; each entry has its number of subjects.
    pub learning_curve: Vec<Model>,
    /// What was compared between folds and what they share, if this was checked.
    pub leakage: Option<LeakageReport>,
    /// Data on each injection besides its prediction; may be empty.
    pub cases: Vec<Case>,
    /// Other definitions of a favourable outcome, for which the cases have labels.
    pub definitions: Vec<LabelDefinition>,
    /// Rows that are excluded because their outcome is missing.
    pub missing_outcomes: usize,
    /// Reasons, as sentences, why facts about the cases that the page could show are not known.
    pub gaps: Vec<String>,
    /// Pictures of measured slices.
    pub examples: Vec<ExamplePicture>,
    /// How well measurement and prediction match the truth of a synthetic cohort.
    pub truth: Option<TruthComparison>,
    /// Seconds of each stage, in order.
    pub timing_s: Vec<(String, f64)>,
    /// How the results were computed: versions, device, configuration.
    pub provenance: serde_json::Value,
    /// Seed of the resampling of intervals.
    pub seed: u64,
}

/// The flow from the rows of the outcome table to the rows with a prediction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Data rows of the outcome table.
    pub rows: usize,
    /// Rows with an out-of-fold prediction.
    pub included: usize,
    /// Included rows with a favourable outcome.
    pub favourable: usize,
    /// Excluded rows, by reason. Included and excluded rows together are all rows.
    pub excluded: Vec<Excluded>,
    /// Imaging studies without a row in the outcome table.
    pub studies_without_row: usize,
    /// Images of the measured series that could not be decoded.
    pub images_unread: usize,
    /// Remarks on the images of included rows, the most frequent first.
    pub remarks: Vec<Remarked>,
    /// Subjects who may be one person, in words: ids with almost the same spelling, and images that
    /// two subjects have in common.
    pub doubtful_identities: Vec<String>,
    /// Rows with several candidate sets of images: which set was measured, and why not the other.
    pub competing: Vec<String>,
}

/// Number of included rows whose images have a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remarked {
    /// The name of the remark in `selections.csv`.
    pub remark: String,
    /// Number of rows.
    pub n: usize,
}

/// Number of rows excluded for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// The reason.
    pub reason: String,
    /// Number of rows.
    pub n: usize,
}

/// A model and its predictions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Its key in `report.json`: `cnn`, `ruler`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence on its input and method.
    pub description: String,
    /// Its out-of-fold predictions; rows without a known outcome are ignored.
    pub predictions: Vec<Prediction>,
    /// The threshold, chosen on tune sets: the model predicts a favourable outcome at this
    /// probability or above. Without it no sensitivity is reported.
    pub threshold: Option<f64>,
    /// The temperature of each fold, by which its log-odds were divided; empty where nothing was
    /// recalibrated.
    pub temperatures: Vec<FoldTemperature>,
    /// Whether its outcomes are not the subjects' own, for example permuted ones. Such a model is
    /// not compared with others.
    pub own_outcomes: bool,
    /// For a learning curve: the mean number of subjects on which each fold was trained and tuned.
    pub subjects: Option<f64>,
}

impl Model {
    /// A model whose title is its name, without description and threshold.
    #[must_use]
    pub fn new(name: &str, predictions: Vec<Prediction>) -> Self {
        Self { name: name.into(), title: name.into(), predictions, ..Self::default() }
    }

    /// Sets the threshold.
    #[must_use]
    pub fn with_threshold(self, threshold: f64) -> Self {
        Self { threshold: Some(threshold), ..self }
    }
}

/// Why a picture is in the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Showing {
    /// The prediction was near the outcome.
    Best,
    /// The prediction was far from the outcome.
    Worst,
    /// The distance between prediction and outcome was typical.
    Typical,
    /// The slice was chosen with the least confidence.
    Doubtful,
}

impl Showing {
    /// All, in the order of the gallery.
    pub const ALL: [Self; 4] = [Self::Best, Self::Worst, Self::Typical, Self::Doubtful];

    /// The heading of such pictures.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Best => "Best predictions",
            Self::Worst => "Worst predictions",
            Self::Typical => "Typical predictions",
            Self::Doubtful => "Most doubtful slices",
        }
    }
}

/// A picture for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExamplePicture {
    /// Why it is shown.
    pub showing: Showing,
    /// A description of the picture, also for those who cannot see it.
    pub caption: String,
    /// The picture as PNG.
    pub png: Vec<u8>,
    /// The explanation of the prediction, as PNG: patch, Grad-CAM and occlusion side by side.
    pub explanation: Option<Vec<u8>>,
}

/// Comparison of measurement and prediction with the truth of a synthetic cohort.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TruthComparison {
    /// AUC of the true probabilities, which a model can exceed only by chance.
    pub oracle_auc: Option<f64>,
    /// AUC of the part of the true probabilities that the image determines.
    pub oracle_image_auc: Option<f64>,
    /// Median distance of measured and true width, millimetres.
    pub width_error_median_mm: Option<f64>,
    /// 95th percentile of that distance, millimetres.
    pub width_error_p95_mm: Option<f64>,
    /// Analysable rows: the denominator of the fractions.
    pub n_rows: usize,
    /// Rows in which a width was measured; a refusal counts as a miss below.
    pub found: usize,
    /// Share of rows whose chosen slice is the narrowest, or within 0.15 mm of it.
    pub slice_hits: Option<f64>,
    /// Share of rows whose chosen slice is at most one slice from the narrowest.
    pub within_one_slice: Option<f64>,
    /// `slice_hits` for widths measured with a fixed threshold.
    pub naive_slice_hits: Option<f64>,
}

/// The temperature of one fold, by which its log-odds were divided; it was chosen on the fold's
/// tune set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoldTemperature {
    /// The repeat, from 0.
    pub repeat: usize,
    /// The fold, from 0.
    pub fold: usize,
    /// The temperature.
    pub temperature: f64,
}
