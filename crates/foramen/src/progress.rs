use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for a stage of known length.
///
/// # Panics
/// Never: the template is fixed.
#[must_use]
pub fn bar(stage: &'static str, length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{prefix:>10} [{bar:32}] {pos}/{len} {msg} {elapsed}, {eta} left",
    )
    .expect("the template is well formed")
    .progress_chars("=> ");
    let bar = ProgressBar::new(length as u64).with_style(style).with_prefix(stage);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A counter for a stage of unknown length.
///
/// # Panics
/// Never: the template is fixed.
#[must_use]
pub(crate) fn counter(stage: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} {spinner} {pos} {msg} {elapsed}")
        .expect("the template is well formed");
    let bar = ProgressBar::new_spinner().with_style(style).with_prefix(stage);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
