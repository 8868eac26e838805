use foramen_table::MISSING;
use foramen_types::{Nrs, SubjectKey};

use crate::{DateOrder, Dictionary, EventPolicy, FollowupWindow, LabelRule, Low, Mapping, Names};

/// Every choice that changes which rows get a label, and which label.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutcomeOptions {
    /// How ids in the table become subject ids. Default: unchanged, since most
    /// tables are already pseudonymous.
    pub key: SubjectKey,
    /// When a fall in pain is favourable. Default: at least half, the rule of
    /// the study this project follows.
    pub rule: LabelRule,
    /// Which follow-ups count. Default: day 46 to 74, nearest to day 60.
    pub window: FollowupWindow,
    /// The most days a baseline score may precede the injection, checked where
    /// the table has a `baseline_date`. Default: 14, as trials demand
    /// (NCT04544683).
    pub baseline_days: u16,
    /// What to do with baselines below [`OutcomeOptions::least_baseline`].
    /// Default: keep and flag, since the rule itself is defined for them.
    pub low_baseline: LowBaseline,
    /// The least baseline free of a floor effect. Default: 4, the minimum that
    /// IMMPACT suggests (doi 10.1016/j.jpain.2007.09.005).
    pub least_baseline: Nrs,
    /// What an event before the follow-up means. Default: exclude.
    pub events: EventPolicy,
    /// Texts that mean a score or date is missing, compared without case;
    /// numbers also match as numbers (`99.0`). Default: the codes common in
    /// clinical tables (`77`, `88`, `99`, `777`, `888`, `999`, `-9`, `-99`, …)
    /// and words (`NA`, `n/a`, `.`, …); none is a possible score. Codes of one's
    /// own count in covariates too; of the default ones only words do, and
    /// numbers where no other number of the column is near them.
    pub missing_codes: Vec<String>,
    /// Whether those are the user's own, which count in every column.
    pub(crate) codes_are_declared: bool,
    /// What a bare `C6` in the level column means. Default: nothing, because it
    /// has two readings.
    pub level_names: LevelNames,
    /// The order of day and month in dates such as `03/04/2024`. Default:
    /// unknown, and such dates are refused.
    pub date_order: DateOrder,
    /// What to do where the table's `scan_date` is after the injection, so that
    /// the scan is no baseline imaging. Default: keep and flag, since the label
    /// is none the worse for it.
    pub late_scan: LateScan,
    /// The column separator. Default: `None`, detected.
    pub delimiter: Option<u8>,
    /// Which columns hold what. Default: each bears our name for it.
    pub mapping: Mapping,
    /// The data dictionary of a REDCap project. Default: none; codes are then
    /// taken as they stand.
    pub dictionary: Option<Dictionary>,
}

impl Default for OutcomeOptions {
    fn default() -> Self {
        Self {
            key: SubjectKey::identity(),
            rule: LabelRule::default(),
            window: FollowupWindow::default(),
            baseline_days: 14,
            low_baseline: LowBaseline::Keep,
            least_baseline: Nrs::from_hundredths(400).expect("4 is a score"),
            events: EventPolicy::Exclude,
            missing_codes: MISSING.map(str::to_owned).to_vec(),
            codes_are_declared: false,
            level_names: LevelNames::Disc,
            date_order: DateOrder::Unknown,
            late_scan: LateScan::Keep,
            delimiter: None,
            mapping: Mapping::default(),
            dictionary: None,
        }
    }
}

impl OutcomeOptions {
    /// Ids of the table go through this key.
    #[must_use]
    pub fn with_key(mut self, key: SubjectKey) -> Self {
        self.key = key;
        self
    }

    /// Labels follow this rule.
    #[must_use]
    pub fn with_rule(mut self, rule: LabelRule) -> Self {
        self.rule = rule;
        self
    }

    /// Follow-ups are chosen from this window.
    #[must_use]
    pub fn with_window(mut self, window: FollowupWindow) -> Self {
        self.window = window;
        self
    }

    /// A baseline may precede the injection by at most this many days.
    #[must_use]
    pub fn with_baseline_days(mut self, days: u16) -> Self {
        self.baseline_days = days;
        self
    }

    /// Baselines below the least one are treated like this.
    #[must_use]
    pub fn with_low_baseline(mut self, low_baseline: LowBaseline) -> Self {
        self.low_baseline = low_baseline;
        self
    }

    /// Events before the follow-up are treated like this.
    #[must_use]
    pub fn with_events(mut self, events: EventPolicy) -> Self {
        self.events = events;
        self
    }

    /// These texts, and no others, mean "missing" in every column; a blank cell
    /// always does.
    #[must_use]
    pub fn with_missing_codes(
        mut self,
        codes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.missing_codes = codes.into_iter().map(Into::into).collect();
        self.codes_are_declared = true;
        self
    }

    /// Bare names in the level column mean this.
    #[must_use]
    pub fn with_level_names(mut self, names: LevelNames) -> Self {
        self.level_names = names;
        self
    }

    /// Dates are written in this order.
    #[must_use]
    pub fn with_date_order(mut self, order: DateOrder) -> Self {
        self.date_order = order;
        self
    }

    /// Scans after the injection are treated like this.
    #[must_use]
    pub fn with_late_scan(mut self, late_scan: LateScan) -> Self {
        self.late_scan = late_scan;
        self
    }

    /// The table is read by this mapping; what it says of level names, dates,
    /// missing codes, window, baseline and threshold replaces what these options
    /// say.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        if let Some(names) = mapping.level_names {
            self.level_names = names.into();
        }
        if let Some(order) = mapping.dates {
            self.date_order = order.into();
        }
        if let Some(codes) = &mapping.missing {
            self.missing_codes.clone_from(codes);
            self.codes_are_declared = true;
        }
        if let Some([first, best, last]) = mapping.window {
            self.window = FollowupWindow::new(first, best, last);
        }
        if let Some(days) = mapping.baseline_days {
            self.baseline_days = days;
        }
        if let Some(percent) = mapping.threshold {
            self.rule = LabelRule::Relief { percent };
        }
        if let Some(low) = mapping.low_baseline {
            self.low_baseline = low.into();
        }
        self.mapping = mapping;
        self
    }

    /// The table is a REDCap export of the project with this data dictionary.
    #[must_use]
    pub fn with_dictionary(mut self, dictionary: Dictionary) -> Self {
        self.dictionary = Some(dictionary);
        self
    }
}

/// What to do with a baseline too low to fall much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LowBaseline {
    /// Label it and set [`Episode::low_baseline`](crate::Episode::low_baseline).
    #[default]
    Keep,
    /// Exclude the episode and count it.
    Exclude,
}

/// What to do with an episode whose scan is after its injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LateScan {
    /// Label it; [`Episode::scan_is_late`](crate::Episode::scan_is_late) says so.
    #[default]
    Keep,
    /// Exclude the episode and count it.
    Exclude,
}

/// What a bare vertebra or root name in the level column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LevelNames {
    /// Levels are disc names (`C5/6`); a bare `C6` is refused with both readings.
    #[default]
    Disc,
    /// A bare name is the root: `C6` is C5/6, `C8` is C7/T1. Disc names are
    /// still read.
    Root,
}

impl From<Names> for LevelNames {
    fn from(names: Names) -> Self {
        match names {
            Names::Disc => Self::Disc,
            Names::Root => Self::Root,
        }
    }
}

impl From<Low> for LowBaseline {
    fn from(low: Low) -> Self {
        match low {
            Low::Keep => Self::Keep,
            Low::Exclude => Self::Exclude,
        }
    }
}
