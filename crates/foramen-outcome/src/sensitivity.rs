use foramen_types::{Level, Nrs, Outcome, Side, SubjectId};
use jiff::civil::Date;

use crate::{
    EventPolicy, FollowupWindow, LabelRule, LowBaseline, OutcomeOptions, PainTable, Prevalence,
};

/// One definition of the label.
#[derive(Debug, Clone)]
pub struct Definition {
    /// A short name for tables and files.
    pub name: String,
    /// A description of its effect.
    pub description: String,
    /// Rule, window, baselines and events of the definition.
    pub options: OutcomeOptions,
    /// The treatment of an episode without a follow-up.
    pub missing: MissingOutcome,
}

/// The treatment of an episode with a baseline and without a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingOutcome {
    /// The episode has no label.
    #[default]
    Excluded,
    /// The outcome is poor.
    Failure,
    /// The outcome is favourable.
    Success,
}

/// The labels of all episodes under several definitions, side by side.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// The definitions, the primary one first.
    pub definitions: Vec<Definition>,
    /// For each definition, the prevalence of favourable outcomes among labelled episodes.
    pub prevalence: Vec<Option<Prevalence>>,
    /// For each definition, the number of labels that differ from the primary definition's, if both
    /// exist.
    pub changed: Vec<usize>,
    /// Every injected foramen in the table.
    pub rows: Vec<SensitivityRow>,
}

/// One injected foramen and its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitivityRow {
    /// The subject.
    pub subject: SubjectId,
    /// The disc level that was injected.
    pub level: Level,
    /// The side that was injected.
    pub side: Side,
    /// Date of the injection.
    pub injection_date: Date,
    /// Labels by definition; `None` without a label.
    pub labels: Vec<Option<Outcome>>,
}

impl Definition {
    /// The usual definitions: the options as given, then with one choice changed at a time.
    #[must_use]
    pub fn usual(primary: &OutcomeOptions) -> Vec<Self> {
        let two = Nrs::from_hundredths(200).expect("2 is a score");
        let with = |name: &str, description: &str, options: OutcomeOptions| Self {
            name: name.to_owned(),
            description: description.to_owned(),
            options,
            missing: MissingOutcome::Excluded,
        };
        let same = || primary.clone();
        let mut all = vec![with("primary", "as configured", same())];
        for (name, description, rule) in [
            ("relief_50", "a fall by at least half", LabelRule::Relief { percent: 50 }),
            ("relief_30", "a fall by at least 30 %", LabelRule::Relief { percent: 30 }),
            ("fall_2", "a fall by at least 2 points", LabelRule::Fall { points: two }),
        ] {
            if primary.rule != rule {
                all.push(with(name, description, same().with_rule(rule)));
            }
        }
        if primary.low_baseline == LowBaseline::Keep {
            let strict = same().with_low_baseline(LowBaseline::Exclude);
            all.push(with("no_low_baseline", "without low baselines", strict));
        }
        for (name, description, events) in [
            ("events_excluded", "without events before the follow-up", EventPolicy::Exclude),
            ("events_failure", "events before the follow-up fail", EventPolicy::CountAsFailure),
            ("events_kept", "events before the follow-up ignored", EventPolicy::Keep),
        ] {
            if primary.events != events {
                all.push(with(name, description, same().with_events(events)));
            }
        }
        let wide = same().with_window(FollowupWindow::new(30, 60, 90));
        all.push(with("wide_window", "follow-ups on days 30 to 90", wide));
        for (name, description, missing) in [
            ("missing_failure", "without a follow-up fails", MissingOutcome::Failure),
            ("missing_success", "without a follow-up succeeds", MissingOutcome::Success),
        ] {
            all.push(Self { missing, ..with(name, description, same()) });
        }
        all
    }
}

impl PainTable {
    /// Labels every episode under each definition.
    #[must_use]
    pub fn sensitivity(&self, definitions: Vec<Definition>) -> Sensitivity {
        let mut rows: Vec<SensitivityRow> = Vec::new();
        for (n, definition) in definitions.iter().enumerate() {
            let outcomes = self.label(&definition.options);
            let missing = match definition.missing {
                MissingOutcome::Excluded => None,
                MissingOutcome::Failure => Some(Outcome::Poor),
                MissingOutcome::Success => Some(Outcome::Favourable),
            };
            let labelled = outcomes.episodes.into_iter().map(|e| SensitivityRow {
                subject: e.subject,
                level: e.level,
                side: e.side,
                injection_date: e.injection_date,
                labels: vec![Some(e.outcome)],
            });
            let others = outcomes.excluded.into_iter().map(|e| SensitivityRow {
                labels: vec![missing.filter(|_| e.lacks_followup())],
                subject: e.subject,
                level: e.level,
                side: e.side,
                injection_date: e.injection_date,
            });
            let mut found: Vec<SensitivityRow> = labelled.chain(others).collect();
            found.sort_by(|a, b| a.key().cmp(&b.key()));
            if n == 0 {
                rows = found;
            } else {
                // Every definition sees the same episodes, labelled or not.
                debug_assert_eq!(rows.len(), found.len());
                for (row, mut other) in rows.iter_mut().zip(found) {
                    row.labels.append(&mut other.labels);
                }
            }
        }
        let labels = |n: usize| rows.iter().map(move |row| (row.labels[0], row.labels[n]));
        let prevalence = (0..definitions.len()).map(|n| {
            let labelled = labels(n).filter_map(|(_, label)| label);
            let favourable = labelled.clone().filter(|label| label.is_favourable()).count();
            Prevalence::new(favourable, labelled.count())
        });
        let differs = |(first, label): &(Option<Outcome>, Option<Outcome>)| {
            first.is_some() && label.is_some() && first != label
        };
        let changed = (0..definitions.len()).map(|n| labels(n).filter(differs).count());
        let (prevalence, changed) = (prevalence.collect(), changed.collect());
        Sensitivity { definitions, prevalence, changed, rows }
    }
}

impl SensitivityRow {
    fn key(&self) -> (&SubjectId, Level, Side, Date) {
        (&self.subject, self.level, self.side, self.injection_date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_side_by_side() {
        let table = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,event,event_date
S1,C5/6,left,2024-03-01,7,2024-04-30,4,,
S2,C5/6,left,2024-03-01,3,2024-04-30,1,,
S3,C5/6,left,2024-03-01,8,2024-04-30,2,surgery,2024-04-01
S4,C5/6,left,2024-03-01,8,2024-04-05,2,,
S5,C5/6,left,2024-03-01,8,,,,
S6,C5/6,left,2024-03-01,0,2024-04-30,0,,
";
        let options = OutcomeOptions::default();
        let table = PainTable::read(table.as_bytes(), &options).unwrap();
        let sensitivity = table.sensitivity(Definition::usual(&options));
        let names: Vec<&str> = sensitivity.definitions.iter().map(|d| d.name.as_str()).collect();
        let letter = |label: &Option<Outcome>| match label {
            None => '.',
            Some(Outcome::Poor) => 'p',
            Some(Outcome::Favourable) => 'f',
        };
        let column = |name: &str| -> String {
            let n = names.iter().position(|other| *other == name).unwrap();
            sensitivity.rows.iter().map(|row| letter(&row.labels[n])).collect()
        };
        // S1 to S6, by hand. S1 fell by 43 %, S2 by 2 of 3; S4 was seen on day 35.
        assert_eq!(column("primary"), "pf....");
        assert_eq!(column("relief_30"), "ff....");
        assert_eq!(column("fall_2"), "ff....");
        assert_eq!(column("no_low_baseline"), "p.....");
        assert_eq!(column("events_failure"), "pfp...");
        assert_eq!(column("events_kept"), "pff...");
        assert_eq!(column("wide_window"), "pf.f..");
        assert_eq!(column("missing_failure"), "pf.pp.");
        assert_eq!(column("missing_success"), "pf.ff.");
        assert!(!names.contains(&"relief_50"));
        let relief_30 = names.iter().position(|name| *name == "relief_30").unwrap();
        assert_eq!(sensitivity.changed[relief_30], 1);
        assert_eq!(sensitivity.prevalence[relief_30], Prevalence::new(2, 2));
    }
}
