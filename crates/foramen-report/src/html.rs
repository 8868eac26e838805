mod characteristics;
mod checklist;
mod closing;
mod cohort;
mod controls;
mod figures;
mod images;
mod leakage;
mod learning_curve;
mod limits;
mod numbers;
mod paper;
mod sample_size;
mod sensitivity;
mod subgroups;
mod thresholds;
mod truth;

use maud::{DOCTYPE, Markup, html};

use crate::{Report, ReportInput, numerals};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Renders the report as one self-contained HTML page, without scripts, fonts or files from
/// elsewhere. The page's own script adds a slider and values under the pointer; without scripts the
/// page is still complete. Plots are drawn from the predictions of the input, pictures are its
/// examples, and numbers come from the report.
#[must_use]
pub fn render_html(report: &Report, input: &ReportInput) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("foramen-report ", env!("CARGO_PKG_VERSION")));
                title { (report.title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kicker { "foramen · outcome after cervical transforaminal steroid injection" }
                    h1 { (report.title) }
                    @if report.synthetic { (synthetic_banner()) }
                    (summary(report))
                }
                main {
                    (cohort::section(report))
                    (characteristics::section(report, input))
                    (figures::sections(report, input))
                    (thresholds::section(report, input))
                    (numbers::section(report))
                    (controls::section(report))
                    (learning_curve::section(report))
                    (subgroups::section(report, input))
                    (sensitivity::section(report))
                    (leakage::section(report))
                    (images::section(report, input))
                    (figures::examples(report, input))
                    (truth::section(report))
                    (sample_size::section(report))
                    (paper::section(report))
                    (limits::section(report))
                    (checklist::section(report))
                    (closing::section(report))
                }
                footer {
                    p {
                        "Made by foramen-report " (env!("CARGO_PKG_VERSION"))
                        ". Research software, not a medical device. "
                        "The same numbers are in " code { "report.json" } "; figures as SVG, tables                          as CSV and the text for a manuscript are in the folder "
                        code { "report" } " beside this page."
                    }
                }
                script { (maud::PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn synthetic_banner() -> Markup {
    html! {
        p.banner role="note" {
            strong { "Synthetic cohort." }
            " No patient is in these data: the spines, images and outcomes were made by a program. \
              This page shows that the software works. It says nothing about medicine."
        }
    }
}

/// The summary: four numbers, each with one sentence.
fn summary(report: &Report) -> Markup {
    let cohort = &report.cohort;
    let share = (cohort.included > 0).then(|| cohort.favourable as f64 / cohort.included as f64);
    html! {
        section.cards aria-label="In brief" {
            div.card {
                span.name { "Injections evaluated" }
                span.value { (cohort.included) }
                span.detail { "of " (cohort.rows) " rows in the outcome table" }
            }
            div.card {
                span.name { "Favourable outcome" }
                span.value { (numerals::percent(share)) }
                span.detail { (cohort.favourable) " of " (cohort.included) ": pain at least halved" }
            }
            @for (_, model) in report.models.iter().take(2) {
                div.card {
                    span.name { "AUC, " (model.title) }
                    span.value { (numerals::optional(model.auc, 2)) }
                    span.detail {
                        @match model.auc_ci95 {
                            Some(ci) => { "95 % interval " (numerals::interval(ci, 2)) }
                            None => { "no interval: " (model.undefined.get("auc").map_or("", String::as_str)) }
                        }
                    }
                }
            }
        }
        p.lead { (in_words(report)) }
    }
}

fn in_words(report: &Report) -> Markup {
    let Some((_, first)) = report.models.first() else { return html! {} };
    html! {
        @match first.auc {
            Some(auc) => {
                "Given one injection with a favourable and one with a poor outcome, "
                (figures::in_sentence(&first.title)) " ranks the favourable one higher in "
                (numerals::percent(Some(auc))) " of such pairs; guessing would reach 50 %. "
            }
            None => { (first.title) " has no AUC: " (first.undefined.get("auc").map_or("", String::as_str)) ". " }
        }
        @if let Some(comparison) = &report.comparison {
            (numbers::comparison_sentence(report, comparison)) " "
        }
        @if report.models.iter().all(|(_, model)| model.subjects_in_several_folds == 0) {
            "All predictions are out of fold: no injection was predicted by a model that had seen \
             its subject."
        } @else {
            strong {
                "Some subjects are in more than one fold: models may have seen whom they predict, \
                 and the numbers may be too good."
            }
        }
        @if report.leakage.as_ref().is_some_and(|leakage| !leakage.is_clean()) {
            " " strong {
                "Folds share images or examinations, which was allowed by name: the numbers may be \
                 too good."
            }
        }
        (controls::warning(report))
        @if let Some(size) = &report.sample_size && size.n < size.n_for_overall_share {
            " There are fewer injections than any prediction model needs: " (size.n) " of "
            (size.n_for_overall_share) "."
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{evaluate, render_html, sample::study};

    fn page() -> String {
        let input = study();
        render_html(&evaluate(&input).unwrap(), &input)
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let page = page();
        for outside in ["<script src", "<link", "src=\"http", "url(http", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        // Links are followed by hand alone; there is one, to the published study.
        assert_eq!(page.matches("href=").count(), page.matches("href=\"https://doi.org/").count());
    }

    #[test]
    fn every_picture_has_a_text() {
        let page = page();
        assert_eq!(page.matches("<img ").count(), page.matches(" alt=\"").count());
        let tag = |svg: &str| svg.split('>').next().unwrap_or_default().to_owned();
        assert!(page.split("<svg ").skip(1).all(|svg| tag(svg).contains(" aria-label=\"")));
        // ROC, two calibration plots, decision curve.
        assert_eq!(page.matches("<svg ").count(), 4);
    }

    #[test]
    fn what_people_typed_is_escaped() {
        let page = page();
        assert!(page.contains("no axial T2 series &lt;before&gt; the injection"));
        assert!(page.contains("2.1 mm &amp; the width drawn"));
    }

    #[test]
    fn a_synthetic_cohort_is_called_one_and_a_real_one_is_not() {
        assert!(page().contains("Synthetic cohort."));
        let mut input = study();
        (input.synthetic, input.truth) = (false, None);
        let page = render_html(&evaluate(&input).unwrap(), &input);
        assert!(!page.contains("Synthetic cohort.") && !page.contains("Against the truth"));
    }

    #[test]
    fn a_leak_between_folds_is_said_at_the_top() {
        let mut input = study();
        assert!(page().contains("All predictions are out of fold"));
        let mut again = input.models[0].predictions[0].clone();
        again.fold += 1;
        input.models[0].predictions.push(again);
        let page = render_html(&evaluate(&input).unwrap(), &input);
        assert!(!page.contains("All predictions are out of fold"));
        assert!(page.contains("Some subjects are in more than one fold"));
    }

    #[test]
    fn controls_and_the_proof_against_leakage_are_shown_where_they_were_made() {
        use crate::sample::{leakage, with_controls};

        let plain = page();
        assert!(!plain.contains("should know nothing") && !plain.contains("seen in training?"));
        let mut input = with_controls();
        input.leakage = Some(leakage(false));
        let shown = render_html(&evaluate(&input).unwrap(), &input);
        // The forest plot beside ROC, two calibration plots and the decision curve.
        assert_eq!(shown.matches("<svg ").count(), 5);
        assert!(shown.contains("Areas under the ROC curve with 95 % intervals"));
        assert!(shown.contains("not compared: other outcomes"));
        assert!(shown.contains("should know nothing and reaches an AUC of"));
        assert!(shown.contains("<p>No. Before training, 90 pictures of 30 subjects"));
        input.leakage = Some(leakage(true));
        let leaking = render_html(&evaluate(&input).unwrap(), &input);
        assert!(leaking.contains("Folds share images or examinations, which was allowed by name"));
        assert!(leaking.contains("A C5/6 left and B C5/6 left have the same pixels"));
    }

    #[test]
    fn groups_choices_and_what_is_too_few_are_shown() {
        let mut input = crate::sample::with_cases();
        input.cases[3].site = Some("<b>Nord</b>".into());
        input.cases[4].site = Some("Süd".into());
        let shown = render_html(&evaluate(&input).unwrap(), &input);
        for heading in [
            "Who they were",
            "What a threshold does",
            "Does it hold in every group?",
            "Does it depend on choices of the analysis?",
            "Were there enough patients?",
            "Beside the published study",
            "For the manuscript",
        ] {
            assert!(shown.contains(heading), "{heading}");
        }
        assert!(shown.contains("too few") && shown.contains("&lt;b&gt;Nord&lt;/b&gt;"));
        assert!(shown.contains("Sex is not known of 12 injections"));
        assert!(shown.contains("it proves the software, not the medicine"));
        // The chosen threshold stands among those of the table, and the slider waits for scripts.
        assert!(shown.contains("0.50 (chosen on tune)"));
        assert!(shown.contains("<div class=\"slider\" id=\"thresholds\" hidden>"));
        let plain = page();
        assert!(!plain.contains("<h2>Does it hold in every group?</h2>"));
    }

    #[test]
    fn a_page_without_numbers_says_why() {
        let mut input = study();
        for model in &mut input.models {
            model.threshold = None;
            for prediction in &mut model.predictions {
                prediction.outcome = Some(foramen_types::Outcome::Poor);
            }
        }
        let page = render_html(&evaluate(&input).unwrap(), &input);
        assert!(page.contains("no sample is positive") && !page.contains("NaN"));
    }
}
