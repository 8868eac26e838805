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
    /// Who was included, and who was not and why.
    #[serde(serialize_with = "cohort")]
    #[cfg_attr(test, schemars(with = "Flow"))]
    pub cohort: Cohort,
    /// What the included injections were like, as far as it is known.
    pub characteristics: Vec<CharacteristicReport>,
    /// The models by name, in the order given; an object in JSON.
    #[serde(serialize_with = "in_order")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, ModelReport>"))]
    pub models: Vec<(String, ModelReport)>,
    /// The first model against the second, on the injections both predicted.
    pub comparison: Option<ComparisonReport>,
    /// The first model against each further one.
    pub further_comparisons: Vec<ComparisonReport>,
    /// Simpler models, and models that should know nothing, where they were trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<ControlsReport>,
    /// The AUC of the first model by the number of subjects that it learned from, ascending;
    /// empty where no learning curve was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning_curve: Vec<LearningPoint>,
    /// The first model in groups of injections.
    pub subgroups: Vec<SubgroupReport>,
    /// The first model under other choices of the analysis.
    pub sensitivity: Option<SensitivityReport>,
    /// Whether there were enough injections; none where one outcome is missing.
    pub sample_size: Option<SampleSizeReport>,
    /// The published study.
    pub paper: PaperReport,
    /// What the folds share, where they were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leakage: Option<LeakageReport>,
    /// Comparison with the truth, for synthetic cohorts only.
    pub truth: Option<TruthComparison>,
    /// Seconds of each stage; an object in JSON.
    #[serde(serialize_with = "in_order")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, f64>"))]
    pub timing_s: Vec<(String, f64)>,
    /// Seed of the resampling.
    pub seed: u64,
    /// How the numbers came about.
    pub provenance: serde_json::Value,
    /// Reporting guidelines, filled in as far as the run knows.
    pub checklists: Vec<ChecklistReport>,
}

/// Two models on the same injections.
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
    /// AUC of the first on them.
    pub auc_first: Option<f64>,
    /// AUC of the second on them.
    pub auc_second: Option<f64>,
    /// First − second.
    pub difference: Option<f64>,
    /// Its 95 % interval by the paired test of DeLong.
    pub difference_ci95: Option<(f64, f64)>,
    /// Its 95 % interval by a stratified paired bootstrap (10,000 resamples).
    pub difference_ci95_bootstrap: Option<(f64, f64)>,
    /// Two-sided p-value of no difference.
    pub p: Option<f64>,
    /// How the test was made.
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

/// The flow of rows, as it is written.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Flow {
    /// Data rows of the outcome table; the included and the excluded ones are all of them.
    rows: usize,
    /// Rows with an out-of-fold prediction.
    included: usize,
    /// Included rows with a favourable outcome.
    favourable: usize,
    /// Rows left out, by reason.
    excluded: Vec<FlowReason>,
    /// Imaging studies that no row speaks of.
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
    /// Rows for which sets of images competed, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    competing: Vec<String>,
}

/// Rows left out for one reason.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FlowReason {
    /// The reason.
    reason: String,
    /// How many rows.
    n: usize,
}

/// Rows with one remark.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FlowRemark {
    /// The name of the remark.
    remark: String,
    /// How many rows.
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
