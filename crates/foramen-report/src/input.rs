use foramen_learn::Prediction;

use crate::LeakageReport;
use crate::case::{Case, LabelDefinition};

/// What a study knows at its end.
#[derive(Debug, Clone, Default)]
pub struct ReportInput {
    /// Title of the page.
    pub title: String,
    /// Whether the cohort is synthetic: said at the top of the page.
    pub synthetic: bool,
    /// Who was included, and who was not and why.
    pub cohort: Cohort,
    /// The models, the one in question first, its baseline second: these two are
    /// compared.
    pub models: Vec<Model>,
    /// Models that show what the others are worth.
    pub controls: Vec<Model>,
    /// The first model, trained on fewer subjects; each says on how many.
    pub learning_curve: Vec<Model>,
    /// What the folds were compared by and what they share, where that was done.
    pub leakage: Option<LeakageReport>,
    /// What is known of each injection beside its prediction; may be empty.
    pub cases: Vec<Case>,
    /// Other definitions of a favourable outcome, by which the cases have labels.
    pub definitions: Vec<LabelDefinition>,
    /// Rows that are excluded because their outcome is missing.
    pub missing_outcomes: usize,
    /// Why something that the page could show of the cases is not known, in sentences.
    pub gaps: Vec<String>,
    /// Pictures of measured slices.
    pub examples: Vec<ExamplePicture>,
    /// How well measurement and prediction match the truth of a synthetic cohort.
    pub truth: Option<TruthComparison>,
    /// Seconds of each stage, in order.
    pub timing_s: Vec<(String, f64)>,
    /// How the numbers came about: versions, device, configuration.
    pub provenance: serde_json::Value,
    /// Seed of the resampling of intervals.
    pub seed: u64,
}

/// The flow from the rows of the outcome table to those with a prediction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Data rows of the outcome table.
    pub rows: usize,
    /// Rows with an out-of-fold prediction.
    pub included: usize,
    /// Included rows with a favourable outcome.
    pub favourable: usize,
    /// Rows left out, by reason; with the included ones they are all rows.
    pub excluded: Vec<Excluded>,
    /// Imaging studies that no row of the table speaks of.
    pub studies_without_row: usize,
    /// Images of the measured series that could not be decoded.
    pub images_unread: usize,
    /// Remarks on the images of included rows, the most frequent first.
    pub remarks: Vec<Remarked>,
    /// Subjects who may be one person, in words: ids written almost alike, and images that two
    /// have in common.
    pub doubtful_identities: Vec<String>,
    /// Rows for which sets of images competed: which was measured, and why not the other.
    pub competing: Vec<String>,
}

/// Included rows whose images have one remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remarked {
    /// The name of the remark in `selections.csv`.
    pub remark: String,
    /// How many rows.
    pub n: usize,
}

/// Rows left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// The reason.
    pub reason: String,
    /// How many rows.
    pub n: usize,
}

/// A model and its predictions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Its key in `report.json`: `cnn`, `ruler`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence on what it sees and does.
    pub description: String,
    /// Its out-of-fold predictions; those of rows whose outcome is not known are passed
    /// over.
    pub predictions: Vec<Prediction>,
    /// The probability from which it calls an outcome favourable, chosen on tune
    /// sets; without one there is no sensitivity.
    pub threshold: Option<f64>,
    /// What the log-odds of each fold were divided by; empty where nothing was recalibrated.
    pub temperatures: Vec<FoldTemperature>,
    /// Whether its outcomes are not those of its subjects, as where they were permuted: it is
    /// then compared with no other model.
    pub own_outcomes: bool,
    /// How many subjects each fold learned from and was tuned on, in the mean, where a learning
    /// curve was made.
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
    /// The prediction was as far from the outcome as most.
    Typical,
    /// The choice of the slice is the least sure.
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
    /// What it shows, also for those who cannot see it.
    pub caption: String,
    /// The picture as PNG.
    pub png: Vec<u8>,
    /// What speaks for the prediction, as PNG: beside each other the patch, Grad-CAM and
    /// occlusion.
    pub explanation: Option<Vec<u8>>,
}

/// What a synthetic cohort's truth says of measurement and prediction.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TruthComparison {
    /// AUC of the true probabilities: what no model can pass but by chance.
    pub oracle_auc: Option<f64>,
    /// AUC of what the image alone tells.
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
    /// `slice_hits` of a width taken by a fixed threshold.
    pub naive_slice_hits: Option<f64>,
}

/// The number by which the log-odds of one fold were divided, chosen on its tune set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoldTemperature {
    /// The repeat, from 0.
    pub repeat: usize,
    /// The fold, from 0.
    pub fold: usize,
    /// The temperature.
    pub temperature: f64,
}
