use std::fmt::Write;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// A bar for a stage of known length.
///
/// # Panics
/// Never: the template is fixed.
#[must_use]
pub fn bar(stage: &'static str, length: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{prefix:>10} [{bar:32}] {pos}/{len} {msg} {elapsed}{left}")
            .expect("the template is well formed")
            .with_key("left", left)
            .progress_chars("=> ");
    let bar = ProgressBar::new(length as u64).with_style(style).with_prefix(stage);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The remaining time; empty while nothing is finished, since it is not known then.
fn left(state: &ProgressState, text: &mut dyn Write) {
    if state.pos() > 0 {
        // A progress bar that cannot be written has nobody to tell.
        let _ = write!(text, ", {:#} left", HumanDuration(state.eta()));
    }
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
