use std::fmt;

use jiff::civil::Date;

use crate::procedure::Procedure;

/// An event between an injection and its follow-up, after which the score is no longer informative
/// about the injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum EventKind {
    /// Another injection, at any level or on any side.
    RepeatInjection,
    /// An operation on the neck.
    Surgery,
    /// Any other event in the table.
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

    /// The kind of event that the text or procedure code of a table means; `None` where the text
    /// says that nothing happened.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let word = text.to_lowercase();
        let holds = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
        if is_denial(&word) {
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

/// Whether a text says that nothing happened, in any of several languages: a denial alone, or the
/// denial of an event.
fn is_denial(text: &str) -> bool {
    const ALONE: [&str; 40] = [
        "none",
        "nil",
        "no",
        "n",
        "0",
        "false",
        "negative",
        "nothing",
        "never",
        "-",
        "nein",
        "kein",
        "keine",
        "keines",
        "nichts",
        "ohne",
        "entfällt",
        "없음",
        "없다",
        "아니오",
        "아니요",
        "무",
        "해당없음",
        "无",
        "無",
        "否",
        "没有",
        "なし",
        "無し",
        "いいえ",
        "ない",
        "no hubo",
        "ninguno",
        "ninguna",
        "nada",
        "aucun",
        "aucune",
        "non",
        "rien",
        "néant",
    ];
    const FIRST: [&str; 11] = [
        "no", "not", "none", "nil", "without", "denies", "kein", "keine", "sin", "aucun", "aucune",
    ];
    // What follows a denial must all be known: "no relief, fusion" is an event.
    const DENIED: [&str; 50] = [
        "known",
        "noted",
        "documented",
        "of",
        "so",
        "far",
        "any",
        "further",
        "repeat",
        "repeated",
        "other",
        "another",
        "new",
        "more",
        "additional",
        "adverse",
        "subsequent",
        "event",
        "events",
        "surgery",
        "surgeries",
        "operation",
        "operations",
        "injection",
        "injections",
        "reinjection",
        "tfesi",
        "esi",
        "block",
        "blocks",
        "complication",
        "complications",
        "intervention",
        "interventions",
        "procedure",
        "procedures",
        "treatment",
        "treatments",
        "performed",
        "done",
        "needed",
        "reported",
        "since",
        "weitere",
        "operationen",
        "infiltration",
        "ereignis",
        "ereignisse",
        "cirugía",
        "événement",
    ];
    let text = text.trim().trim_end_matches('.');
    if ALONE.contains(&text) {
        return true;
    }
    let mut words = text.split([' ', '-', '_']).filter(|word| !word.is_empty());
    words.next().is_some_and(|first| FIRST.contains(&first))
        && words.all(|word| DENIED.contains(&word))
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// Date of the event: strictly after the injection and strictly before the follow-up, since a
    /// score is assumed to precede what is done on the same day.
    pub date: Date,
    /// Kind of the event.
    pub kind: EventKind,
}

/// The effect of an event before the follow-up on the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventPolicy {
    /// The episode is excluded and counted: the score no longer shows the effect of the injection.
    /// The default, as the primary analysis declares it.
    #[default]
    Exclude,
    /// The outcome is poor whatever the score, as trials count a crossover to
    /// surgery. A follow-up score within the window is still needed.
    CountAsFailure,
    /// The score is used as it is.
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
            ("N", None),
            ("nein", None),
            ("keine weitere Infiltration", None),
            ("없음", None),
            ("No repeat injection", None),
            ("no further surgery needed.", None),
            ("none reported so far", None),
            ("no relief, fusion", Some(EventKind::Surgery)),
            ("no improvement", Some(EventKind::Other)),
            ("none known, ACDF elsewhere", Some(EventKind::Surgery)),
            ("0", None),
        ] {
            assert_eq!(EventKind::of_text(text), kind, "{text}");
        }
    }
}
