//! How far a stage is: a bar on a terminal, lines in a log.

use std::borrow::Cow;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Where there is no terminal, a stage that goes on says so once in this time.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// How far a stage is: a bar on standard error where that is a terminal. Elsewhere, such as in
/// the log of a batch system, a line when it is done, and one a minute until then.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
    stage: &'static str,
    is_terminal: bool,
    pace: Arc<Mutex<Pace>>,
}

/// How fast a stage goes on.
#[derive(Debug)]
struct Pace {
    started: Instant,
    /// What was done before it started: a training that is resumed begins in the middle.
    before: Option<u64>,
    /// When the last line was written.
    told: Instant,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { started: now, before: None, told: now }
    }

    /// Whether it is time for a line.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = now.duration_since(self.told) >= BETWEEN_LINES;
        if is_due {
            self.told = now;
        }
        is_due
    }

    /// How long it will go on when `done` of `all` are done; `None` before anything is done,
    /// since nothing is known then, and at the end.
    fn left(&mut self, done: u64, all: u64, now: Instant) -> Option<Duration> {
        if done == 0 || done >= all {
            return None;
        }
        // The first that is told of is the first that was done here.
        let here = done.saturating_sub(*self.before.get_or_insert(done - 1));
        let each = now.duration_since(self.started).as_secs_f64() / here.max(1) as f64;
        Some(Duration::from_secs_f64(each * (all - done) as f64))
    }
}

/// Progress of a stage of known length.
///
/// # Panics
/// Never: the template is fixed.
#[must_use]
pub fn bar(stage: &'static str, length: usize) -> Progress {
    let template = "{prefix:>10} [{bar:32}] {pos}/{len} {msg} {elapsed}{left}";
    Progress::new(stage, ProgressBar::new(length as u64), template)
}

/// Progress of a stage of unknown length.
///
/// # Panics
/// Never: the template is fixed.
#[must_use]
pub(crate) fn counter(stage: &'static str) -> Progress {
    Progress::new(stage, ProgressBar::new_spinner(), "{prefix:>10} {spinner} {pos} {msg} {elapsed}")
}

impl Progress {
    fn new(stage: &'static str, bar: ProgressBar, template: &str) -> Self {
        let pace = Arc::new(Mutex::new(Pace::new(Instant::now())));
        let seen = Arc::clone(&pace);
        let style = ProgressStyle::with_template(template)
            .expect("the template is well formed")
            .with_key(
                "left",
                move |state: &indicatif::ProgressState, text: &mut dyn std::fmt::Write| {
                    let mut pace = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    let all = state.len().unwrap_or(0);
                    if let Some(left) = pace.left(state.pos(), all, Instant::now()) {
                        // A progress bar that cannot be written has nobody to tell.
                        let _ = write!(text, ", {:#} left", HumanDuration(left));
                    }
                },
            )
            .progress_chars("=> ");
        let bar = bar.with_style(style).with_prefix(stage);
        let is_terminal = std::io::stderr().is_terminal();
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, stage, is_terminal, pace }
    }

    /// How long the stage is.
    pub fn set_length(&self, length: u64) {
        self.bar.set_length(length);
    }

    /// So much is done.
    pub fn set_position(&self, done: u64) {
        self.bar.set_position(done);
        self.pass(done);
    }

    /// So much was done before, by a run that this one goes on with.
    #[cfg(feature = "torch")]
    pub(crate) fn resume_at(&self, done: u64) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) =
            Pace { before: Some(done), ..Pace::new(Instant::now()) };
        self.bar.set_position(done);
    }

    /// So much more is done.
    pub fn inc(&self, more: u64) {
        self.bar.inc(more);
        self.pass(self.bar.position());
    }

    /// What is said beside it.
    pub fn set_message(&self, message: impl Into<Cow<'static, str>>) {
        self.bar.set_message(message);
    }

    /// The stage is done.
    pub fn finish(&self) {
        self.bar.finish();
        self.tell_end();
    }

    /// The stage is done, with what is said of it at last.
    pub fn finish_with_message(&self, message: impl Into<Cow<'static, str>>) {
        self.bar.finish_with_message(message);
        self.tell_end();
    }

    /// The stage is done, and its bar goes away.
    pub fn finish_and_clear(&self) {
        self.bar.finish_and_clear();
        self.tell_end();
    }

    fn pass(&self, done: u64) {
        // The bar is asked first: while it is drawn, it asks for the pace.
        let all = self.bar.length().unwrap_or(0);
        let now = Instant::now();
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let left = pace.left(done, all, now);
        let is_due = !self.is_terminal && pace.is_due(now);
        drop(pace);
        if is_due {
            let left = left.map(|left| format!(", {:#} left", HumanDuration(left)));
            eprintln!("{}{}", self.line(), left.unwrap_or_default());
        }
    }

    fn tell_end(&self) {
        if !self.is_terminal {
            eprintln!("{}", self.line());
        }
    }

    /// The stage in a line of a log.
    fn line(&self) -> String {
        let started = self.pace.lock().unwrap_or_else(PoisonError::into_inner).started;
        let mut line = format!("{}: {}", self.stage, self.bar.position());
        if let Some(length) = self.bar.length() {
            line += &format!("/{length}");
        }
        let message = self.bar.message();
        if !message.is_empty() {
            line += &format!(" {message}");
        }
        line + &format!(" in {:.0} s", started.elapsed().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_from_what_was_done_here() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut fresh = Pace::new(start);
        assert_eq!(fresh.left(0, 120, at(25)), None);
        assert_eq!(fresh.left(1, 120, at(10)), Some(Duration::from_secs(1190)));
        assert_eq!(fresh.left(60, 120, at(60)), Some(Duration::from_secs(60)));
        assert_eq!(fresh.left(120, 120, at(120)), None);
        // Resumed at epoch 100: those before took no time here.
        let mut resumed = Pace::new(start);
        assert_eq!(resumed.left(101, 120, at(10)), Some(Duration::from_secs(190)));
        assert_eq!(resumed.left(110, 120, at(100)), Some(Duration::from_secs(100)));
    }

    #[test]
    fn a_log_has_a_line_a_minute() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let due = |pace: &mut Pace, seconds| pace.is_due(start + Duration::from_secs(seconds));
        assert!(!due(&mut pace, 59));
        assert!(due(&mut pace, 60));
        assert!(!due(&mut pace, 119));
        assert!(due(&mut pace, 121));
    }
}
