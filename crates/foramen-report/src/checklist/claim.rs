use super::{Facts, both, left, run};
use crate::ChecklistItem;

/// The items of CLAIM, update of 2024 (Tejani et al., doi 10.1148/ryai.240300).
pub(super) fn items(facts: &Facts) -> Vec<ChecklistItem> {
    vec![
        left("1", "Title: study of AI, with the technology", "name them"),
        left("2", "Abstract", "structured summary"),
        left("3", "Background and intended use", "describe them"),
        left("4", "Aims and hypotheses", "state them"),
        facts.of_patients("5", "Prospective or retrospective", "say which"),
        run("6", "Goal of the study", "Development and internal testing of a model."),
        facts.of_patients("7", "Sources of data", "name them"),
        both(
            "8",
            "Inclusion and exclusion",
            facts.exclusions.clone(),
            "name criteria before the table",
        ),
        run(
            "9",
            "Preprocessing",
            "Patches in a fixed patient frame; intensities normalised on train.",
        ),
        run(
            "10",
            "Selection of data subsets",
            "One slice and one patch per injection: the narrowest slice by measurement.",
        ),
        run(
            "11",
            "De-identification",
            "Names and birth dates are never read; files carry the subject id alone.",
        ),
        run("12", "Missing data", facts.missing.clone()),
        both(
            "13",
            "Acquisition protocol",
            "acquisitions.csv holds contrast, spacing, size and echo time of each chosen series.",
            "name scanners and field strengths",
        ),
        run(
            "14",
            "Definition of the reference standard",
            "Pain on the 0–10 scale at least halved in the follow-up window.",
        ),
        left("15", "Why this reference standard", "give the reason"),
        facts.of_patients("16", "Source of the reference standard", "say who asked for the score"),
        facts.of_patients("17", "Annotation of the test set", "say how outcomes were taken"),
        left("18", "Variability of annotators", "run agreement on readings of several readers"),
        run("19", "Assignment to partitions", facts.partitions.clone()),
        run("20", "Level at which partitions are disjoint", format!("Subjects. {}", facts.leakage)),
        both("21", "Intended sample size", facts.size.clone(), "say how many were planned"),
        run("22", "Description of the model", facts.model.clone()),
        run("23", "Software", facts.software.clone()),
        run("24", "Initial parameters", "Drawn from the seed under “How it was made”."),
        run(
            "25",
            "Training",
            "Settings stand under “How it was made” and in the config.json of each model.",
        ),
        run("26", "Choice of the final model", "The epoch with the least loss on tune."),
        run("27", "Ensembles", "The config.json of each model names its members."),
        run("28", "Metrics", "Listed and defined in docs/evaluation.md."),
        run(
            "29",
            "Uncertainty and significance",
            "95 % intervals by DeLong, bootstrap and by subject; paired tests, corrected by Holm \
             where there are controls.",
        ),
        run(
            "30",
            "Robustness",
            "See “Does it depend on choices of the analysis?” and “Does it hold in every group?”.",
        ),
        run(
            "31",
            "Explainability",
            "The measured width is drawn on each picture of the gallery, and below it Grad-CAM \
             and occlusion where a network was explained.",
        ),
        run("32", "Internal testing", facts.performance.clone()),
        left("33", "External testing", "there was none in this run"),
        left("34", "Registration of a trial", "give the number, if it is one"),
        run("35", "Flow", facts.flow.clone()),
        run("36", "Characteristics", "See “Who they were”."),
        run("37", "Performance with uncertainty", facts.performance.clone()),
        run("38", "Diagnostic accuracy", "See “The numbers” and “What a threshold does”."),
        run(
            "39",
            "Failures",
            "The gallery shows the worst predictions and the most doubtful slices.",
        ),
        both(
            "40",
            "Limitations",
            "See “What these numbers do not show”.",
            "add those of your cohort",
        ),
        left("41", "Implications for practice", "discuss them"),
        left("42", "Protocol", "say where it can be read"),
        both("43", "Availability", facts.software.clone(), "say who can have data and weights"),
        left("44", "Funding", "name funders and their role"),
    ]
}
