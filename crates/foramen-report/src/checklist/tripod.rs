use super::{Facts, both, left, run};
use crate::ChecklistItem;

/// The items of TRIPOD+AI (Collins et al. 2024, doi 10.1136/bmj-2023-078378).
pub(super) fn items(facts: &Facts) -> Vec<ChecklistItem> {
    vec![
        left("1", "Title", "name the study, the population and the outcome"),
        left("2", "Abstract", "follow TRIPOD+AI for abstracts"),
        left("3a", "Context", "say why the prediction is wanted, with existing models"),
        both(
            "3b",
            "Population and purpose",
            "Predicts whether pain is at least halved about two months after a cervical \
             transforaminal steroid injection.",
            "say who would use it, and where in the pathway",
        ),
        left("3c", "Inequalities", "say what is known of inequalities between groups"),
        run("4", "Objectives", "Development and internal validation of a prediction model."),
        facts.of_patients("5a", "Sources of data", "name sources, and whether prospective"),
        facts.of_patients("5b", "Dates", "give dates of accrual and end of follow-up"),
        facts.of_patients("6a", "Setting", "name hospitals and country"),
        both("6b", "Eligibility", facts.exclusions.clone(), "name criteria before the table"),
        left("6c", "Treatments", "describe the injection: drug, dose, guidance, repeats"),
        run(
            "7",
            "Data preparation",
            "The narrowest slice is chosen by measurement, without the outcome; a patch is cut \
             in a fixed patient frame. Intensities are normalised on train.",
        ),
        run(
            "8a",
            "Outcome",
            "Favourable: pain on the 0–10 scale at least halved in the follow-up window.",
        ),
        left("8b", "Assessors of the outcome", "say who asked for the pain score"),
        left("8c", "Blinding of the outcome", "say what the assessors knew"),
        both(
            "9a",
            "Choice of predictors",
            facts.model.clone(),
            "say why these predictors and no others",
        ),
        run(
            "9b",
            "Definition of predictors",
            "The measurement, the patch and every control are defined in docs/evaluation.md and \
             docs/slice-selection.md.",
        ),
        run(
            "9c",
            "Assessors of predictors",
            "A program measures; slices that a person chose are counted under “The images”.",
        ),
        both("10", "Sample size", facts.size.clone(), "say how many were planned"),
        run("11", "Missing data", facts.missing.clone()),
        run("12a", "Use of data", facts.partitions.clone()),
        run(
            "12b",
            "Handling of predictors",
            "Numbers are standardised on train; a missing one is the mean.",
        ),
        run(
            "12c",
            "Type of model and building",
            "Epoch, temperature, threshold and penalty are chosen on tune; test is predicted \
             once. Settings stand under “How it was made”.",
        ),
        both(
            "12d",
            "Heterogeneity",
            "Several injections of one subject are counted together in clustered intervals.",
            "compare hospitals, if there are several",
        ),
        run(
            "12e",
            "Measures of performance",
            "AUC, Brier score, calibration slope and intercept, sensitivity, specificity, \
             predictive values and net benefit, each with its formula in docs/evaluation.md.",
        ),
        run("12f", "Updating of the model", "None after the test parts were predicted."),
        run(
            "12g",
            "How predictions were made",
            "By the model of the fold that did not see the subject; over repeats their mean.",
        ),
        run(
            "13",
            "Class imbalance",
            "Folds are stratified; no class is weighted or drawn again, and probabilities are \
             judged as they are.",
        ),
        both("14", "Fairness", facts.subgroups.clone(), "say which groups matter and why"),
        run(
            "15",
            "Output of the model",
            "A probability, and a call at the threshold chosen on tune.",
        ),
        run("16", "Training against evaluation", "Both are parts of one cohort."),
        facts.of_patients("17", "Ethics", "name the board and the consent"),
        left("18a", "Funding", "name funders and their role"),
        left("18b", "Conflicts of interest", "declare them"),
        left("18c", "Protocol", "say where it can be read"),
        left("18d", "Registration", "give the number, or say that there is none"),
        left("18e", "Sharing of data", "say who can have the data"),
        run("18f", "Sharing of code", facts.software.clone()),
        left("19", "Patients and public", "say how they were involved"),
        run("20a", "Flow of participants", facts.flow.clone()),
        run("20b", "Characteristics", "See “Who they were”."),
        left("20c", "Comparison with development data", "for an external test alone"),
        run("21", "Numbers analysed", facts.events.clone()),
        run(
            "22",
            "Full model",
            "Weights, settings and a model card of each fold lie in the folder models.",
        ),
        run("23a", "Performance", facts.performance.clone()),
        run("23b", "Heterogeneity of performance", facts.subgroups.clone()),
        run("24", "Results of updating", "The model was not updated."),
        left("25", "Interpretation", "discuss the results against other studies"),
        both(
            "26",
            "Limitations",
            "See “What these numbers do not show”.",
            "add those of your cohort",
        ),
        run(
            "27a",
            "Poor or missing input",
            "A slice that cannot be measured is refused with its reason; doubtful ones carry a \
             low confidence and remarks.",
        ),
        left("27b", "Interaction of users", "say which skill the use needs"),
        left("27c", "Next steps", "say what comes before any use"),
    ]
}
