//! Curves as SVG text (feature `plot`): no fonts, scripts or files from elsewhere, and a text for
//! those who cannot see them.
//!
//! The same curves as data: [`crate::discrimination::roc()`], [`crate::resampling::roc_band`],
//! [`crate::calibration::reliability()`], [`crate::calibration::calibration_curve`],
//! [`crate::utility::decision_curve`]. [`frame`] is what a drawing of one's own is made of.

mod calibration;
mod decision;
pub mod frame;
mod roc;

// Its markup stands in signatures of `frame`.
pub use maud;

pub use calibration::calibration_svg;
pub use decision::decision_svg;
pub use roc::roc_svg;

use crate::{Estimate, Scores, estimate::signed};

/// A model whose curves are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Plotted<'a> {
    /// What the legend calls it.
    pub name: &'a str,
    /// Its labels and predictions.
    pub scores: &'a Scores,
    /// The threshold that is marked on its ROC curve.
    pub threshold: Option<f64>,
}

impl<'a> Plotted<'a> {
    /// A model without a threshold.
    #[must_use]
    pub fn new(name: &'a str, scores: &'a Scores) -> Self {
        Self { name, scores, threshold: None }
    }

    /// The same model with a threshold.
    #[must_use]
    pub fn with_threshold(self, threshold: f64) -> Self {
        Self { threshold: Some(threshold), ..self }
    }
}

/// What a plot calls outcomes and acting on a prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The positive outcome. Default `positive`.
    pub positive: String,
    /// The negative outcome. Default `negative`.
    pub negative: String,
    /// What one does where the probability is high, as an infinitive. Default `act`.
    pub act: String,
}

impl Default for Wording {
    fn default() -> Self {
        let [positive, negative, act] = ["positive", "negative", "act"].map(str::to_owned);
        Self { positive, negative, act }
    }
}

/// `62 %`, of a share.
fn percent(share: f64) -> String {
    format!("{}\u{a0}%", signed(100.0 * share, 0))
}

/// `0.85 (0.81–0.90)`.
fn between(estimate: &Estimate) -> String {
    let bounds = estimate
        .interval
        .map_or_else(|_| "no interval".to_owned(), |interval| format!("{interval:.2}"));
    format!("{} ({bounds})", signed(estimate.estimate, 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calibration::Bins, resampling::Bootstrap};

    fn scores() -> Scores {
        let values: Vec<f64> = (0..120_u32).map(|i| f64::from(i * 37 % 120) / 120.0).collect();
        let labels: Vec<bool> = values
            .iter()
            .zip(0_u32..)
            .map(|(p, i)| p + f64::from(i * 53 % 120) / 120.0 > 0.95)
            .collect();
        Scores::new(&labels, &values).unwrap()
    }

    fn draws() -> Bootstrap {
        Bootstrap::default().with_resamples(200)
    }

    #[test]
    fn plots_are_whole_and_say_their_numbers() {
        let scores = scores();
        let doubled: Vec<f64> = scores.values().iter().map(|p| (p * 7.0) % 1.0).collect();
        let other = Scores::new(scores.labels(), &doubled).unwrap();
        let one = Plotted::new("network", &scores).with_threshold(0.5);
        let models = [one, Plotted::new("a < b & c", &other)];
        let area = crate::discrimination::auc(&scores).unwrap().estimate;
        let roc = roc_svg(&models, &draws());
        assert!(roc.contains(&format!("network: area {area:.2} (")), "{roc}");
        assert!(roc.contains("a &lt; b &amp; c: area "), "{roc}");
        let wording = Wording { positive: "favourable".to_owned(), ..Wording::default() };
        let calibration = calibration_svg(&one, 0, Bins::EqualMass(10), &wording);
        assert!(calibration.contains("slope") && calibration.contains("favourable"));
        let decision = decision_svg(&models, &wording);
        assert!(decision.contains("everyone") && decision.contains("no one"), "{decision}");
        for text in [roc, calibration, decision] {
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }

    #[test]
    fn what_is_undefined_is_said_and_not_drawn() {
        let none = Scores::new(&[false, false], &[0.2, 0.4]).unwrap();
        let model = Plotted::new("none", &none);
        let roc = roc_svg(&[model], &draws());
        assert!(roc.contains("not defined: no sample is positive"), "{roc}");
        let calibration = calibration_svg(&model, 0, Bins::EqualMass(2), &Wording::default());
        assert!(calibration.contains("slope and intercept not defined"), "{calibration}");
        for text in [roc, calibration, decision_svg(&[model], &Wording::default())] {
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
        assert!(decision_svg(&[], &Wording::default()).starts_with("<svg"));
    }
}
