use serde::Serialize;

/// A reporting guideline, filled in as far as the run provides the facts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChecklistReport {
    /// The guideline's name.
    pub name: String,
    /// The guideline's DOI.
    pub doi: String,
    /// The guideline's items, in order.
    pub items: Vec<ChecklistItem>,
}

/// An item of a guideline.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChecklistItem {
    /// The item's number in the guideline.
    pub number: String,
    /// A short form of what the item asks for.
    pub topic: String,
    /// The text that the run provides.
    pub filled: Option<String>,
    /// What only the authors can add.
    pub left: Option<String>,
}
