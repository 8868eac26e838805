use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    Cohort, ControlsReport, Excluded, LeakageReport, ModelReport, Remarked, TruthComparison,
};

/// The evaluation of a study; its serialisation is `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    pub cohort: Cohort,
    /// The models by name, in the order given; an object in JSON.
    #[serde(serialize_with = "in_order")]
    pub models: Vec<(String, ModelReport)>,
    /// The first model against the second, on the injections both predicted.
    pub comparison: Option<ComparisonReport>,
    /// The first model against each further one.
    pub further_comparisons: Vec<ComparisonReport>,
    /// Simpler models, and models that should know nothing, where they were trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<ControlsReport>,
    /// What the folds share, where they were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leakage: Option<LeakageReport>,
    /// Comparison with the truth, for synthetic cohorts only.
    pub truth: Option<TruthComparison>,
    /// Seconds of each stage; an object in JSON.
    #[serde(serialize_with = "in_order")]
    pub timing_s: Vec<(String, f64)>,
    /// Seed of the resampling.
    pub seed: u64,
    /// How the numbers came about.
    pub provenance: serde_json::Value,
}

/// Two models on the same injections.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

fn cohort<S: Serializer>(cohort: &Cohort, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Flow<'a> {
        rows: usize,
        included: usize,
        favourable: usize,
        excluded: Vec<Reason<'a>>,
        studies_without_row: usize,
        #[serde(skip_serializing_if = "is_none")]
        images_unread: usize,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<Remark<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        doubtful_identities: &'a Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        competing: &'a Vec<String>,
    }
    #[derive(Serialize)]
    struct Remark<'a> {
        remark: &'a str,
        n: usize,
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_none(images: &usize) -> bool {
        *images == 0
    }
    #[derive(Serialize)]
    struct Reason<'a> {
        reason: &'a str,
        n: usize,
    }
    let excluded =
        cohort.excluded.iter().map(|Excluded { reason, n }| Reason { reason, n: *n }).collect();
    let remarks = cohort.remarks.iter();
    let remarks = remarks.map(|Remarked { remark, n }| Remark { remark, n: *n }).collect();
    let Cohort { rows, included, favourable, studies_without_row, images_unread, .. } = *cohort;
    Flow {
        rows,
        included,
        favourable,
        excluded,
        studies_without_row,
        images_unread,
        remarks,
        doubtful_identities: &cohort.doubtful_identities,
        competing: &cohort.competing,
    }
    .serialize(serializer)
}
