use serde::Serialize;

/// What shows how much the first model is worth: simpler models, and models that should know
/// nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ControlsReport {
    /// Each control, in the order given.
    pub models: Vec<ControlReport>,
    /// The test that all AUCs are one: of the models and of the controls that were judged on
    /// the same outcomes.
    pub all_equal: EqualAucs,
}

/// One control.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ControlReport {
    /// Its name in files.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is, for people.
    pub description: String,
    /// Injections it predicted.
    pub n: usize,
    /// Its AUC.
    pub auc: Option<f64>,
    /// Its 95 % interval (DeLong).
    pub auc_ci95: Option<(f64, f64)>,
    /// Whether the interval lies wholly above 0.5.
    pub above_chance: Option<bool>,
    /// The first model minus the control, on the injections both predicted; none where the
    /// control was judged on other outcomes.
    pub difference: Option<f64>,
    /// Its 95 % interval by the paired test of DeLong.
    pub difference_ci95: Option<(f64, f64)>,
    /// Two-sided p value of no difference.
    pub p: Option<f64>,
    /// The same after Holm's correction for the number of controls and baselines that the first
    /// model is compared with.
    pub p_holm: Option<f64>,
    /// Why a number is missing.
    pub undefined: Option<String>,
}

/// The global test of DeLong that several AUCs are one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EqualAucs {
    /// The names of the models that were compared.
    pub models: Vec<String>,
    /// Injections that all of them predicted.
    pub n: usize,
    /// χ².
    pub chi_squared: Option<f64>,
    /// Its degrees of freedom.
    pub freedom: usize,
    /// Its p value.
    pub p: Option<f64>,
    /// Why a number is missing.
    pub undefined: Option<String>,
}
