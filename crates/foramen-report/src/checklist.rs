mod claim;
mod tripod;

use crate::{ChecklistItem, ChecklistReport, Report};

/// Both guidelines: TRIPOD+AI and CLAIM 2024. The topics are our own wording.
pub(crate) fn checklists(report: &Report) -> Vec<ChecklistReport> {
    let facts = Facts::of(report);
    vec![
        ChecklistReport {
            name: "TRIPOD+AI".to_owned(),
            doi: "10.1136/bmj-2023-078378".to_owned(),
            items: tripod::items(&facts),
        },
        ChecklistReport {
            name: "CLAIM, update of 2024".to_owned(),
            doi: "10.1148/ryai.240300".to_owned(),
            items: claim::items(&facts),
        },
    ]
}

/// An item that the run fills.
fn run(number: &str, topic: &str, filled: impl Into<String>) -> ChecklistItem {
    ChecklistItem { filled: Some(filled.into()), ..authors(number, topic, None) }
}

/// An item that the run fills in part.
fn both(number: &str, topic: &str, filled: impl Into<String>, left: &str) -> ChecklistItem {
    ChecklistItem { filled: Some(filled.into()), ..authors(number, topic, Some(left)) }
}

/// An item that is left to the authors.
fn left(number: &str, topic: &str, left: &str) -> ChecklistItem {
    authors(number, topic, Some(left))
}

fn authors(number: &str, topic: &str, left: Option<&str>) -> ChecklistItem {
    ChecklistItem {
        number: number.to_owned(),
        topic: topic.to_owned(),
        filled: None,
        left: left.map(str::to_owned),
    }
}

/// Facts that several items use.
struct Facts {
    flow: String,
    exclusions: String,
    events: String,
    partitions: String,
    leakage: String,
    performance: String,
    missing: String,
    size: String,
    software: String,
    model: String,
    subgroups: String,
    synthetic: Option<&'static str>,
}

impl Facts {
    fn of(report: &Report) -> Self {
        let cohort = &report.cohort;
        let excluded: usize = cohort.excluded.iter().map(|reason| reason.n).sum();
        let reasons = cohort.excluded.iter().map(|e| format!("{} ({})", e.reason, e.n));
        let reasons: Vec<String> = reasons.collect();
        let first = report.models.first().map(|(_, model)| model);
        let title = first.map_or("the model", |model| model.title.as_str());
        let auc = first.map_or_else(
            || "none".to_owned(),
            |model| crate::numerals::estimate(model.auc, model.auc_ci95, 3),
        );
        let repeats = first.map_or(1, |model| model.repeats);
        let parts = first.map_or(0, |model| model.auc_by_fold.len());
        let missing = report.sensitivity.as_ref().map_or(0, |one| one.missing.n);
        let known = |key: &str| report.provenance[key].as_str().unwrap_or("not known").to_owned();
        Self {
            flow: format!(
                "{} rows, {} included, {excluded} excluded; see the flow above.",
                cohort.rows, cohort.included
            ),
            exclusions: if reasons.is_empty() {
                "No row was excluded.".to_owned()
            } else {
                format!("Exclusions by reason: {}.", reasons.join(", "))
            },
            events: format!(
                "{} injections, {} with a favourable outcome.",
                cohort.included, cohort.favourable
            ),
            partitions: format!(
                "Cross-validation by whole subjects, stratified by outcome; {parts} test parts in \
                 {repeats} repeat(s). Of the subjects that are not tested, one in five tunes. \
                 folds.csv names the part of each."
            ),
            leakage: match &report.leakage {
                None => "Folds were not compared.".to_owned(),
                Some(leakage) if leakage.is_clean() => format!(
                    "Subjects, examinations, images, pixels and likenesses of {} pictures were \
                     compared between parts; nothing is shared.",
                    leakage.images
                ),
                Some(_) => "Parts share something, which was allowed by name.".to_owned(),
            },
            performance: format!(
                "AUC of {title}: {auc}. All numbers stand in “The numbers” with 95 % intervals."
            ),
            missing: format!(
                "{missing} rows without an outcome are excluded; what they could change stands \
                 under “Does it depend on choices of the analysis?”."
            ),
            size: report.sample_size.as_ref().map_or_else(
                || "Not defined here.".to_owned(),
                |size| {
                    format!(
                        "{} injections; any regression would need at least {} (Riley). See \
                         “Were there enough patients?”.",
                        size.n, size.n_for_overall_share
                    )
                },
            ),
            software: format!(
                "foramen {}, commit {}, libtorch {}, device {}.",
                known("foramen"),
                known("commit"),
                known("libtorch"),
                known("device")
            ),
            model: first
                .map_or_else(String::new, |model| format!("{title}: {}", model.description)),
            subgroups: match report.subgroups.len() {
                0 => "No group is known.".to_owned(),
                n => format!("AUC with interval in {n} groupings."),
            },
            synthetic: report
                .synthetic
                .then_some("The cohort is synthetic: a program made spines, images and outcomes."),
        }
    }

    /// The text for a synthetic cohort in place of the authors' text about patients.
    fn of_patients(&self, number: &str, topic: &str, of_authors: &str) -> ChecklistItem {
        match self.synthetic {
            Some(said) => run(number, topic, said),
            None => left(number, topic, of_authors),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evaluate;
    use crate::sample::study;

    #[test]
    fn every_item_is_there_and_says_something() {
        let report = evaluate(&study()).unwrap();
        let [tripod, claim] = &report.checklists[..] else { panic!() };
        // 27 main items, of which some have several parts; 44 items.
        let mains: std::collections::BTreeSet<u32> = (tripod.items.iter())
            .map(|item| item.number.trim_end_matches(char::is_alphabetic).parse().unwrap())
            .collect();
        assert_eq!(mains, (1..=27).collect());
        let numbers: Vec<String> = claim.items.iter().map(|item| item.number.clone()).collect();
        assert_eq!(numbers, (1..=44).map(|n: u32| n.to_string()).collect::<Vec<_>>());
        for item in tripod.items.iter().chain(&claim.items) {
            assert!(item.filled.is_some() || item.left.is_some(), "{item:?}");
        }
    }
}
