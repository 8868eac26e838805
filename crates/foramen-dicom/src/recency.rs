use jiff::civil::Date;

use crate::StackHeader;

/// When a stack was acquired, as far as it tells, for comparison with others of
/// its examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Recency {
    day: Option<Date>,
    /// Of the day.
    milliseconds: Option<i64>,
    series_number: Option<i64>,
    /// Of several images at each position.
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
