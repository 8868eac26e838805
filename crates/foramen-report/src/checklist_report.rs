use serde::Serialize;

/// A reporting guideline, filled in as far as the run knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChecklistReport {
    /// Its name.
    pub name: String,
    /// Its DOI.
    pub doi: String,
    /// Its items in their order.
    pub items: Vec<ChecklistItem>,
}

/// An item of a guideline.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChecklistItem {
    /// Its number in the guideline.
    pub number: String,
    /// What it asks for, in short.
    pub topic: String,
    /// What the run says.
    pub filled: Option<String>,
    /// What only the authors can say.
    pub left: Option<String>,
}
