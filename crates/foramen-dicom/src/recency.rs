use jiff::civil::Date;

use crate::StackHeader;

/// The time of a stack's acquisition, as far as it is known, for comparison with other stacks of
/// its examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Recency {
    day: Option<Date>,
    /// Milliseconds of the day.
    milliseconds: Option<i64>,
    series_number: Option<i64>,
    /// The repeat among several images at each position.
    repeat: usize,
}

pub(crate) fn recency(stack: &StackHeader) -> Recency {
    Recency {
        day: stack.acquired,
        milliseconds: stack.time.map(milliseconds),
        series_number: stack.series_number,
        repeat: stack.report.repeat.map_or(0, |repeat| repeat.number),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a time of day has at most 86,400,999 ms")]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
