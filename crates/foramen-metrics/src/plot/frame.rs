//! What plots are made of: a frame with axes, the inks of models, a whole drawing.

use std::fmt::Write as _;

use maud::{Markup, html};

/// The colour of text.
pub const TEXT: &str = "#1f2a35";
/// The colour of what stands back: ticks, legends, curves to compare with.
pub const MUTED: &str = "#5b6570";
const GRID: &str = "#e3e7eb";

/// Colour and dashes of a model's curve, told apart in print too.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    /// A colour as SVG writes it.
    pub colour: &'static str,
    /// The value of `stroke-dasharray`.
    pub dashes: &'static str,
}

/// The ink of the model at a place among others; the sixth has that of the first again.
#[must_use]
pub fn ink(place: usize) -> Ink {
    const INKS: [Ink; 5] = [
        Ink { colour: "#14578c", dashes: "none" },
        Ink { colour: "#b8500a", dashes: "7 4" },
        Ink { colour: "#27704a", dashes: "2 3" },
        Ink { colour: "#7a3e8f", dashes: "9 3 2 3" },
        Ink { colour: "#5b6570", dashes: "4 2" },
    ];
    INKS[place % INKS.len()]
}

/// A rectangle of data on the paper, both axes linear.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Left, top, width and height on the paper.
    pub paper: [f64; 4],
    /// First and last value of the horizontal axis.
    pub across: (f64, f64),
    /// Lowest and highest value of the vertical axis.
    pub up: (f64, f64),
}

impl Frame {
    /// Where a value lies across the paper.
    #[must_use]
    pub fn x(&self, value: f64) -> f64 {
        let (first, last) = self.across;
        round(self.paper[0] + self.paper[2] * (value - first) / (last - first))
    }

    /// Where a value lies down the paper.
    #[must_use]
    pub fn y(&self, value: f64) -> f64 {
        let (lowest, highest) = self.up;
        round(self.paper[1] + self.paper[3] * (highest - value) / (highest - lowest))
    }

    /// The points of a curve as a path.
    #[must_use]
    pub fn path(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (place, (x, y)) in points.into_iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            write!(path, "{command}{} {}", self.x(x), self.y(y)).expect("a string takes all");
        }
        path
    }

    /// Grid, ticks and titles. The titles are plain text.
    #[must_use]
    pub fn axes(&self, ticks_across: &[f64], ticks_up: &[f64], titles: (&str, &str)) -> Markup {
        let [left, top, width, height] = self.paper;
        let (right, bottom) = (left + width, top + height);
        let (middle, centre) = (left + width / 2.0, top + height / 2.0);
        // A script that marks a place reads where the values lie.
        let place = [left, top, width, height, self.across.0, self.across.1, self.up.0, self.up.1];
        let place = place.map(|number| number.to_string()).join(" ");
        html! {
            g font-size="13" fill=(MUTED) data-frame=(place) {
                @for &tick in ticks_across {
                    line x1=(self.x(tick)) x2=(self.x(tick)) y1=(top) y2=(bottom) stroke=(GRID) {}
                    text x=(self.x(tick)) y=(bottom + 18.0) text-anchor="middle" { (label(tick)) }
                }
                @for &tick in ticks_up {
                    line x1=(left) x2=(right) y1=(self.y(tick)) y2=(self.y(tick)) stroke=(GRID) {}
                    text x=(left - 8.0) y=(self.y(tick) + 4.5) text-anchor="end" { (label(tick)) }
                }
            }
            rect x=(left) y=(top) width=(width) height=(height) fill="none" stroke="#9aa5b0" {}
            g font-size="14" fill=(TEXT) {
                text x=(middle) y=(bottom + 40.0) text-anchor="middle" { (titles.0) }
                text x="16" y=(centre) text-anchor="middle"
                    transform={ "rotate(-90 16 " (centre) ")" } { (titles.1) }
            }
        }
    }
}

/// A place that tells its values where a pointer rests on it, and in a page also to the script.
#[must_use]
pub fn tip(x: f64, y: f64, values: &str) -> Markup {
    html! {
        circle.tip cx=(x) cy=(y) r="7" fill="#000" fill-opacity="0" { title { (values) } }
    }
}

/// At most so many of the places 0 to `count` − 1, evenly spread, both ends included.
#[must_use]
pub fn spread(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    (0..most).map(|at| at * (count - 1) / (most - 1)).collect()
}

/// A whole drawing that stands alone or in a page.
#[must_use]
pub fn drawing(width: f64, height: f64, title: &str, content: &Markup) -> String {
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) }
            role="img" aria-label=(title)
            font-family="system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif" {
            title { (title) }
            rect width=(width) height=(height) fill="#fff" {}
            (content)
        }
    }
    .into_string()
}

/// A tick's value, as short as it can be.
fn label(tick: f64) -> String {
    let text = format!("{tick:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" || short.is_empty() { "0".into() } else { short.replace('-', "−") }
}

/// Hundredths of a point are finer than any printer.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Evenly spaced values, both ends included.
#[must_use]
pub fn steps(first: f64, last: f64, count: u32) -> Vec<f64> {
    (0..=count).map(|step| first + (last - first) * f64::from(step) / f64::from(count)).collect()
}
