//! Curves as SVG text (feature `plot`). The same curves as data:
//! [`crate::discrimination::roc()`], [`crate::resampling::roc_band`], [`crate::calibration::reliability()`],
//! [`crate::calibration::calibration_curve`], [`crate::utility::decision_curve`].

mod calibration;
mod decision;
mod roc;

pub use calibration::calibration_svg;
pub use decision::decision_svg;
pub use roc::{roc_svg, several_roc_svg};

use plotters::{coord::Shift, prelude::*};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Width and height of a plot, in pixels.
const SIZE: (u32, u32) = (520, 520);

const FONT: (&str, i32) = ("sans-serif", 15);

const MODEL: RGBColor = RGBColor(0, 90, 156);
/// Colours that people who see red and green alike tell apart (Okabe and Ito), the first
/// that of a model alone.
const CURVES: [RGBColor; 6] = [
    MODEL,
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
const REFERENCE: RGBColor = RGBColor(140, 148, 156);

/// Draws on white paper.
fn svg(draw: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)
            .and_then(|()| draw(&area))
            .and_then(|()| area.present())
            .expect("a string takes all that is drawn");
    }
    text
}

/// Points of a curve that a plot of this size can show.
const MOST_POINTS: usize = 1_000;

/// A curve with no more points than a plot can show, both ends kept.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let last = points.len().saturating_sub(1);
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let kept = points.into_iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
    kept.map(|(_, point)| point).collect()
}

/// A number with its interval, to two digits.
fn with_interval(estimate: &crate::Estimate) -> String {
    let bounds = estimate.ci().map(|(lower, upper)| format!(" ({lower:.2} to {upper:.2})"));
    format!("{:.2}{}", estimate.estimate, bounds.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Scores, Undefined,
        calibration::{Bins, Smoothing},
        resampling::Bootstrap,
    };

    fn scores() -> Scores {
        let values: Vec<f64> = (0..120_u32).map(|i| f64::from(i * 37 % 120) / 120.0).collect();
        let labels: Vec<bool> = values
            .iter()
            .zip(0_u32..)
            .map(|(p, i)| p + f64::from(i * 53 % 120) / 120.0 > 0.95)
            .collect();
        Scores::new(&labels, &values).unwrap()
    }

    #[test]
    fn plots_are_whole_and_say_their_numbers() {
        let draws = Bootstrap::default().with_resamples(200);
        let thresholds: Vec<f64> = (1..20).map(|step| f64::from(step) / 20.0).collect();
        let area = crate::discrimination::auc(&scores()).unwrap().estimate;
        let roc = roc_svg(&scores(), &draws).unwrap();
        assert!(roc.contains(&format!("AUC {area:.2} (")), "{roc}");
        let calibration =
            calibration_svg(&scores(), Bins::EqualMass(10), &Smoothing::default()).unwrap();
        assert!(calibration.contains("slope"), "{calibration}");
        let decision = decision_svg(&scores(), &thresholds).unwrap();
        assert!(decision.contains("treat all"), "{decision}");
        let doubled: Vec<f64> = scores().values().iter().map(|p| (p * 7.0) % 1.0).collect();
        let other = Scores::new(scores().labels(), &doubled).unwrap();
        let several = several_roc_svg(&[("network", &scores()), ("a < b & c", &other)]).unwrap();
        assert!(several.contains("network: AUC ") && several.contains("a &lt; b &amp; c: AUC "));
        let drawn = CURVES.map(|RGBColor(r, g, b)| {
            several.contains(&format!("stroke=\"#{r:02X}{g:02X}{b:02X}\" stroke-width=\"2\""))
        });
        assert_eq!(drawn, [true, true, false, false, false, false]);
        for text in [roc, calibration, decision, several] {
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
            assert!(!text.contains("NaN") && !text.contains("inf"));
        }
    }

    #[test]
    fn a_curve_of_many_points_is_thinned_and_keeps_its_ends() {
        let points: Vec<(f64, f64)> = (0..12_345).map(|i| (f64::from(i), 0.0)).collect();
        let kept = thinned(points);
        assert!(kept.len() <= MOST_POINTS + 1);
        assert_eq!((kept[0].0, kept[kept.len() - 1].0), (0.0, 12_344.0));
        assert_eq!(thinned(vec![(1.0, 2.0)]), [(1.0, 2.0)]);
    }

    #[test]
    fn what_is_undefined_is_not_drawn() {
        let none = Scores::new(&[false, false], &[0.2, 0.4]).unwrap();
        assert_eq!(roc_svg(&none, &Bootstrap::default()), Err(Undefined::NoPositives));
        let one_of_two = several_roc_svg(&[("a", &scores()), ("b", &none)]);
        assert_eq!(one_of_two, Err(Undefined::NoPositives));
        let smoothing = Smoothing::default();
        assert!(calibration_svg(&none, Bins::EqualMass(2), &smoothing).is_err());
        assert_eq!(decision_svg(&scores(), &[]), Err(Undefined::Threshold));
        assert_eq!(decision_svg(&scores(), &[0.2, 1.0]), Err(Undefined::Threshold));
    }
}
