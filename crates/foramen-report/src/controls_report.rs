use serde::Serialize;

/// Controls, which show how much the first model is worth: simpler models, and models without
/// relevant information.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ControlsReport {
    /// Each control, in the order given.
    pub models: Vec<ControlReport>,
    /// The test that all AUCs are equal: of the models, and of the controls that were tested on the
    /// same outcomes.
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
    /// A description for people.
    pub description: String,
    /// Injections that the control predicted.
    pub n: usize,
    /// The control's AUC.
    pub auc: Option<f64>,
    /// The 95 % interval of the AUC (DeLong).
    pub auc_ci95: Option<(f64, f64)>,
    /// Whether the whole interval is above 0.5.
    pub above_chance: Option<bool>,
    /// The first model's AUC minus the control's, on the injections that both predicted; none where
    /// the control was tested on other outcomes.
    pub difference: Option<f64>,
    /// The 95 % interval of the difference by the paired test of DeLong.
    pub difference_ci95: Option<(f64, f64)>,
    /// Two-sided p value of no difference.
    pub p: Option<f64>,
    /// The p value after Holm's correction for the number of controls and baselines compared with
    /// the first model.
    pub p_holm: Option<f64>,
    /// Why a number is missing.
    pub undefined: Option<String>,
}

/// DeLong's global test that several AUCs are equal.
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
    /// The p value of the test.
    pub p: Option<f64>,
    /// Why a number is missing.
    pub undefined: Option<String>,
}
