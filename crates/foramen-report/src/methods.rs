use crate::{Report, numerals};

/// A paragraph on methods and one on results for a manuscript, as plain text. Facts that only the
/// authors know are left as gaps in square brackets.
#[must_use]
pub fn methods_text(report: &Report) -> String {
    let mut text = String::from("Methods\n\n");
    let cohort = &report.cohort;
    if report.synthetic {
        text += "The cohort is synthetic: a program drew the spines, images and outcomes, so that \
                 the results say nothing about patients. ";
    } else {
        text += "[Setting, dates, ethics, injection technique.] ";
    }
    text += "For each injection the axial T2-weighted slice with the narrowest neural foramen at \
             the treated level and side was chosen by an automatic measurement that did not know \
             the outcome. A favourable outcome was a fall of the numeric rating scale by at least \
             half at about two months. ";
    if let Some((_, first)) = report.models.first() {
        let (parts, repeats) = (first.auc_by_fold.len(), first.repeats);
        let folds = parts / repeats.max(1);
        text += &format!(
            "{}: {} Models were trained and tested by {folds}-fold cross-validation by subject, \
             stratified by outcome{}; epoch, temperature and threshold were chosen on a tune part \
             of each fold, and every number below is out of fold. ",
            first.title,
            sentence(&first.description),
            if repeats > 1 { format!(", repeated {repeats} times") } else { String::new() },
        );
        for (_, model) in report.models.iter().skip(1) {
            text += &format!("{}: {} ", model.title, sentence(&model.description));
        }
    }
    if let Some(leakage) = &report.leakage {
        text += &format!(
            "Between the parts of the folds, subjects, examinations, images and pixels were \
             compared, and {} images for near-duplicates (normalised correlation of at least {}); \
             {}. ",
            leakage.images,
            leakage.near_duplicate_from,
            if leakage.is_clean() {
                "nothing was shared"
            } else {
                "[say what was shared, and why]"
            },
        );
    }
    text += "Areas under the ROC curve (AUC) have DeLong intervals, and intervals that count \
             injections of one subject together (Obuchowski); paired AUCs were compared by DeLong's \
             test. Calibration is given by intercept and slope, clinical use by net benefit. ";
    if report.controls.is_some() {
        text += "p values of comparisons with controls and baselines were corrected by Holm's \
                 method. ";
    }
    text += &format!(
        "Analyses were made by foramen {} (seed {}).\n\nResults\n\n",
        report.provenance["foramen"].as_str().unwrap_or("[version]"),
        report.seed
    );
    let excluded: usize = cohort.excluded.iter().map(|reason| reason.n).sum();
    text += &format!(
        "Of {} rows {} were included and {excluded} excluded; {} of the included ({}) were \
         favourable. ",
        cohort.rows,
        cohort.included,
        cohort.favourable,
        numerals::percent(
            (cohort.included > 0).then(|| cohort.favourable as f64 / cohort.included as f64)
        ),
    );
    for (_, model) in &report.models {
        text += &format!(
            "{}: AUC {}, Brier score {}, calibration slope {}, intercept {}. ",
            model.title,
            numerals::estimate(model.auc, model.auc_ci95, 3),
            numerals::estimate(model.brier, model.brier_ci95, 3),
            numerals::estimate(model.calibration_slope, model.calibration_slope_ci95, 2),
            numerals::estimate(model.calibration_intercept, model.calibration_intercept_ci95, 2),
        );
    }
    if let Some(comparison) = &report.comparison {
        text += &format!(
            "Difference of AUC, {} − {}: {} ({}). ",
            comparison.first,
            comparison.second,
            numerals::estimate(comparison.difference, comparison.difference_ci95, 3),
            numerals::p_value(comparison.p),
        );
    }
    if let Some(size) = &report.sample_size {
        text += &format!(
            "By the criteria of Riley et al. a regression of ten parameters needs {} injections \
             where an AUC of 0.8 is expected; {} were there. ",
            size.plans.first().and_then(|plan| plan.models.get(2)).map_or(0, |one| one.n_needed),
            size.n,
        );
    }
    text.trim_end().to_owned() + "\n"
}

/// A description as a complete sentence.
fn sentence(description: &str) -> String {
    let text = description.trim();
    if text.is_empty() {
        "[description].".to_owned()
    } else if text.ends_with('.') {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
