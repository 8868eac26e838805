use std::fmt;

use jiff::civil::Date;

use crate::procedure::Procedure;

/// What happened between an injection and its follow-up that makes the score
/// say little about the injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// Another injection, at any level or side.
    RepeatInjection,
    /// An operation on the neck.
    Surgery,
    /// Anything else the table names.
    Other,
}

impl EventKind {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RepeatInjection => "repeat_injection",
            Self::Surgery => "surgery",
            Self::Other => "other",
        }
    }

    /// The kind that a table's words or procedure code name; `None` where they
    /// say that nothing happened.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let word = text.to_lowercase();
        let holds = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
        let denied = ["none", "no", "0", "false", "no event", "no events", "no surgery"];
        if denied.contains(&word.as_str()) {
            None
        } else if holds(&["inject", "tfesi", "esi", "epidural", "block"]) || Procedure::is_in(text)
        {
            Some(Self::RepeatInjection)
        } else if holds(&["surg", "operat", "acdf", "fusion", "disc replacement", "foraminotomy"]) {
            Some(Self::Surgery)
        } else {
            Some(Self::Other)
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::RepeatInjection => "another injection",
            Self::Surgery => "surgery",
            Self::Other => "an event",
        })
    }
}

/// An event after an injection and before its follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When; strictly after the injection and strictly before the follow-up,
    /// since a score is taken before what is done on the same day.
    pub date: Date,
    /// What.
    pub kind: EventKind,
}

/// What an event before the follow-up means for the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventPolicy {
    /// The episode is excluded and counted: the score no longer tells what the
    /// injection did. The default, as the primary analysis declares it.
    #[default]
    Exclude,
    /// The outcome is poor whatever the score, as trials count a crossover to
    /// surgery. A follow-up score within the window is still needed.
    CountAsFailure,
    /// The score stands as it is.
    Keep,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_kinds() {
        for (text, kind) in [
            ("repeat_injection", Some(EventKind::RepeatInjection)),
            ("CPT 64479-LT", Some(EventKind::RepeatInjection)),
            ("no surgery", None),
            ("2nd TFESI", Some(EventKind::RepeatInjection)),
            ("Surgery", Some(EventKind::Surgery)),
            ("ACDF C5/6", Some(EventKind::Surgery)),
            ("fall from a ladder", Some(EventKind::Other)),
            ("None", None),
            ("0", None),
        ] {
            assert_eq!(EventKind::of_text(text), kind, "{text}");
        }
    }
}
