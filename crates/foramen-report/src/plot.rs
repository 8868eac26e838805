//! Plots as SVG: no fonts, scripts or files from elsewhere, and a text for those
//! who cannot see them.

mod calibration;
mod decision;
mod forest;
mod frame;
mod learning_curve;
mod roc;
mod subgroups;

pub use calibration::calibration_svg;
pub use decision::decision_svg;
pub use forest::forest_svg;
pub use learning_curve::learning_curve_svg;
pub use roc::roc_svg;
pub use subgroups::subgroups_svg;

/// Colour and dashes of a model's curve, told apart in print too.
#[derive(Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) colour: &'static str,
    pub(crate) dashes: &'static str,
}

/// The ink of the model at a place in the input.
pub(crate) fn ink(place: usize) -> Ink {
    const INKS: [Ink; 5] = [
        Ink { colour: "#14578c", dashes: "none" },
        Ink { colour: "#b8500a", dashes: "7 4" },
        Ink { colour: "#27704a", dashes: "2 3" },
        Ink { colour: "#7a3e8f", dashes: "9 3 2 3" },
        Ink { colour: "#5b6570", dashes: "4 2" },
    ];
    INKS[place % INKS.len()]
}
