use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    CharacteristicReport, ChecklistReport, Cohort, ControlsReport, Excluded, LeakageReport,
    LearningPoint, ModelReport, PaperReport, Remarked, SampleSizeReport, SensitivityReport,
    SubgroupReport, TruthComparison,
};

/// The evaluation of a study; its serialisation is `report.json`, and `docs/report.schema.json`
/// the schema of that.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// Version of this form: 1.
    pub schema_version: u32,
    /// Title of the study.
    pub title: String,
    /// Whether the cohort is synthetic.
    pub synthetic: bool,
    /// Included subjects, and excluded rows with their reasons.
    #[serde(serialize_with = "cohort")]
    #[cfg_attr(test, schemars(with = "Flow"))]
    pub cohort: Cohort,
    /// Characteristics of the included injections, where known.
    pub characteristics: Vec<CharacteristicReport>,
    /// The models by name, in the order given; an object in JSON.
    #[serde(serialize_with = "in_order")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, ModelReport>"))]
    pub models: Vec<(String, ModelReport)>,
    /// The first model compared with the second, on the injections that both predicted.
    pub comparison: Option<ComparisonReport>,
    /// The first model compared with each further one.
    pub further_comparisons: Vec<ComparisonReport>,
    /// Simpler models, and models without relevant information, if they were trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<ControlsReport>,
    /// The AUC of the first model by number of training subjects, ascending; empty where no
    /// learning curve was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning_curve: Vec<LearningPoint>,
    /// The results of the first model in groups of injections.
    pub subgroups: Vec<SubgroupReport>,
    /// The results of the first model under other choices of the analysis.
    pub sensitivity: Option<SensitivityReport>,
    /// Whether there were enough injections; none where all outcomes are the same.
    pub sample_size: Option<SampleSizeReport>,
    /// The published study.
    pub paper: PaperReport,
    /// What the folds share, if this was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leakage: Option<LeakageReport>,
    /// Comparison with the truth, for synthetic cohorts only.
    pub truth: Option<TruthComparison>,
    /// Duration of each stage in seconds; an object in JSON.
    #[serde(serialize_with = "in_order")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, f64>"))]
    pub timing_s: Vec<(String, f64)>,
    /// Seed of the resampling.
    pub seed: u64,
    /// How the results were computed.
    pub provenance: serde_json::Value,
    /// Reporting guidelines, filled in as far as the run provides the facts.
    pub checklists: Vec<ChecklistReport>,
}

/// Comparison of two models on the same injections.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ComparisonReport {
    /// Name of the first model.
    pub first: String,
    /// Name of the second.
    pub second: String,
    /// Injections that both predicted.
    pub n: usize,
    /// AUC of the first model on these injections.
    pub auc_first: Option<f64>,
    /// AUC of the second model on these injections.
    pub auc_second: Option<f64>,
    /// AUC of the first model minus AUC of the second.
    pub difference: Option<f64>,
    /// The 95 % interval of the difference by the paired test of DeLong.
    pub difference_ci95: Option<(f64, f64)>,
    /// The 95 % interval of the difference by a stratified paired bootstrap (10,000 resamples).
    pub difference_ci95_bootstrap: Option<(f64, f64)>,
    /// Two-sided p-value of no difference.
    pub p: Option<f64>,
    /// The method of the test.
    pub method: &'static str,
    /// Why a number is missing.
    pub undefined: Option<String>,
}

fn in_order<S: Serializer, V: Serialize>(
    pairs: &[(String, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// The flow of rows, in the form of the file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Flow {
    /// Data rows of the outcome table: included and excluded rows together.
    rows: usize,
    /// Rows with an out-of-fold prediction.
    included: usize,
    /// Included rows with a favourable outcome.
    favourable: usize,
    /// Excluded rows, by reason.
    excluded: Vec<FlowReason>,
    /// Imaging studies without a row in the outcome table.
    studies_without_row: usize,
    /// Images of the measured series that could not be decoded.
    #[serde(skip_serializing_if = "is_none")]
    images_unread: usize,
    /// Remarks on the images of included rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<FlowRemark>,
    /// Subjects who may be one person, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubtful_identities: Vec<String>,
    /// Rows with several candidate sets of images, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    competing: Vec<String>,
}

/// Number of rows excluded for one reason.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FlowReason {
    /// The reason.
    reason: String,
    /// Number of rows.
    n: usize,
}

/// Number of rows with one remark.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FlowRemark {
    /// The name of the remark.
    remark: String,
    /// Number of rows.
    n: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(images: &usize) -> bool {
    *images == 0
}

fn cohort<S: Serializer>(cohort: &Cohort, serializer: S) -> Result<S::Ok, S::Error> {
    let Cohort { rows, included, favourable, studies_without_row, images_unread, .. } = *cohort;
    let excluded = cohort.excluded.iter().cloned();
    let remarks = cohort.remarks.iter().cloned();
    Flow {
        rows,
        included,
        favourable,
        excluded: excluded.map(|Excluded { reason, n }| FlowReason { reason, n }).collect(),
        studies_without_row,
        images_unread,
        remarks: remarks.map(|Remarked { remark, n }| FlowRemark { remark, n }).collect(),
        doubtful_identities: cohort.doubtful_identities.clone(),
        competing: cohort.competing.clone(),
    }
    .serialize(serializer)
}
