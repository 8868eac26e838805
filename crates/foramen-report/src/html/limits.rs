use maud::{Markup, html};

use crate::{Report, numerals};

/// What the numbers do not show, in plain words.
pub(super) fn section(report: &Report) -> Markup {
    let n = report.cohort.included;
    let first = report.models.first().map(|(_, model)| model);
    html! {
        section.limits {
            h2 { "What these numbers do not show" }
            ul {
                @if report.synthetic {
                    li {
                        strong { "They are no evidence about patients. " }
                        "The cohort is synthetic. Its outcomes follow the drawn foramen by a formula \
                         that we chose; real pain follows much else. A high AUC here proves that the \
                         software measures, learns and evaluates as it should, and nothing more."
                    }
                }
                li {
                    strong { "They are no test at another hospital. " }
                    "Training and testing took turns within one cohort (internal validation). Other \
                     scanners, protocols, readers and patients usually make a model worse."
                }
                li {
                    strong { "They do not say that the injection helped. " }
                    "Who was injected and did well might have done well without. The model predicts \
                     the course after an injection, not the gain from it; that needs a comparison \
                     with patients who were not injected."
                }
                li {
                    strong { "They do not cover those left out. " }
                    "Rows excluded above (no follow-up, no suitable image) may differ from the rest."
                }
                @if let Some(model) = first && let Some((lower, upper)) = model.auc_ci95 {
                    li {
                        strong { "They are not exact. " }
                        "With " (n) " injections the AUC of " (super::figures::in_sentence(&model.title)) " is only known to lie about "
                        "between " (numerals::number(lower, 2)) " and " (numerals::number(upper, 2))
                        ". The interval takes the trained models as given; training again on other \
                         patients would add to it."
                    }
                }
                li {
                    strong { "Probabilities are less sure than ranks. " }
                    "A calibration curve wants about 200 favourable and 200 poor outcomes. Slope and \
                     intercept can be trusted sooner, a single patient\u{2019}s percentage hardly ever."
                }
                li {
                    strong { "The threshold is one choice. " }
                    "It was chosen for equal weight on missed successes and false alarms, as the mean \
                     over the folds. Another weighing needs another threshold."
                }
                li {
                    strong { "They are not comparable one to one with the published study. " }
                    "Wang, Kim and Chang (2023, "
                    a href="https://doi.org/10.2147/JPR.S409841" { "doi 10.2147/JPR.S409841" }
                    ") report an AUC of 0.801 in 288 patients, without an interval; what it may have \
                     been stands above. How they chose the slice, split the data and excluded \
                     patients is not known to us. A simpler model on clinical facts might reach as \
                     much: every image model belongs beside one."
                }
                li {
                    strong { "This is not a medical device. " }
                    "It must not decide on the treatment of anyone."
                }
            }
        }
    }
}
