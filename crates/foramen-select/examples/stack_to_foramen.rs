//! The foramina of a stack of axial slices, measured on both sides.
//!
//! ```text
//! cargo run --package foramen-select --example stack_to_foramen
//! ```
//!
//! It draws a synthetic neck and prints, for each slice from the feet to the head, the width
//! in millimetres on the right and on the left, or why there is none.

use foramen_phantom::{CohortConfig, draw_subject};
use foramen_select::{Foramen, MeasureOptions, measure};
use foramen_types::Side;

fn shown(foramen: &Foramen) -> String {
    match (foramen.width, &foramen.reason) {
        (Some(width), _) => format!("{width:.1} mm"),
        (None, Some(reason)) => format!("{}: {reason}", foramen.state),
        (None, None) => foramen.state.to_string(),
    }
}

fn main() {
    let neck = draw_subject(&CohortConfig::default(), 0);
    for stack in &neck.axial {
        let measured = measure(stack, &MeasureOptions::default());
        for (slice, both) in measured.iter().enumerate() {
            let [right, left] = [Side::Right, Side::Left].map(|side| shown(both.side(side)));
            println!("slice {slice:>2}   right {right:<24} left {left}");
        }
    }
}
