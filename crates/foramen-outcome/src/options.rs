use foramen_table::MISSING;
use foramen_types::{Nrs, SubjectKey};

use crate::{DateOrder, Dictionary, EventPolicy, FollowupWindow, LabelRule, Low, Mapping, Names};

/// All choices that affect whether a row gets a label, and which label.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutcomeOptions {
    /// How ids in the table become subject ids. Default: unchanged, since most tables are already
    /// pseudonymised.
    pub key: SubjectKey,
    /// When a fall in pain is favourable. Default: at least half, the rule of the study that this
    /// project follows.
    pub rule: LabelRule,
    /// Which follow-ups count. Default: day 46 to 74, nearest to day 60.
    pub window: FollowupWindow,
    /// The greatest number of days between a baseline score and the injection, checked if the table
    /// has a `baseline_date`. Default: 14, as trials require (NCT04544683).
    pub baseline_days: u16,
    /// The treatment of baselines below [`OutcomeOptions::least_baseline`]. Default: keep and flag,
    /// since the rule is defined for them too.
    pub low_baseline: LowBaseline,
    /// The lowest baseline without a floor effect. Default: 4, the minimum suggested by IMMPACT
    /// (doi 10.1016/j.jpain.2007.09.005).
    pub least_baseline: Nrs,
    /// The effect of an event before the follow-up. Default: exclude.
    pub events: EventPolicy,
    /// Texts that mean a score or date is missing, compared without case; numbers also match as
    /// numbers (`99.0`). Default: the codes common in clinical tables (`77`, `88`, `99`, `777`,
    /// `888`, `999`, `-9`, `-99`, …) and words (`NA`, `n/a`, `.`, …); none is a possible score. The
    /// user's own codes also count in covariates. Of the default codes, only words count there, and
    /// numbers if no other number of the column is near them.
    pub missing_codes: Vec<String>,
    /// Whether the codes are the user's own, which count in every column.
    pub(crate) codes_are_declared: bool,
    /// The meaning of a bare `C6` in the level column. Default: none, because it is ambiguous.
    pub level_names: LevelNames,
    /// The order of day and month in dates such as `03/04/2024`. Default:
    /// unknown, and such dates are refused.
    pub date_order: DateOrder,
    /// The treatment of episodes whose `scan_date` is after the injection, so that the scan does
    /// not show the state before it. Default: keep and flag, since the label is not affected.
    pub late_scan: LateScan,
    /// The column separator. Default: `None`, detected.
    pub delimiter: Option<u8>,
    /// The columns of the fields. Default: each column has foramen's name.
    pub mapping: Mapping,
    /// The data dictionary of a REDCap project. Default: none; codes are then used unchanged.
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
    /// Maps ids of the table with this key.
    #[must_use]
    pub fn with_key(mut self, key: SubjectKey) -> Self {
        self.key = key;
        self
    }

    /// Decides labels by this rule.
    #[must_use]
    pub fn with_rule(mut self, rule: LabelRule) -> Self {
        self.rule = rule;
        self
    }

    /// Chooses follow-ups from this window.
    #[must_use]
    pub fn with_window(mut self, window: FollowupWindow) -> Self {
        self.window = window;
        self
    }

    /// Allows at most this many days between a baseline and the injection.
    #[must_use]
    pub fn with_baseline_days(mut self, days: u16) -> Self {
        self.baseline_days = days;
        self
    }

    /// Sets the treatment of baselines below the least one.
    #[must_use]
    pub fn with_low_baseline(mut self, low_baseline: LowBaseline) -> Self {
        self.low_baseline = low_baseline;
        self
    }

    /// Sets the treatment of events before the follow-up.
    #[must_use]
    pub fn with_events(mut self, events: EventPolicy) -> Self {
        self.events = events;
        self
    }

    /// Sets the texts that mean "missing" in every column, replacing the default; a blank cell is
    /// always missing.
    #[must_use]
    pub fn with_missing_codes(
        mut self,
        codes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.missing_codes = codes.into_iter().map(Into::into).collect();
        self.codes_are_declared = true;
        self
    }

    /// Sets the meaning of bare names in the level column.
    #[must_use]
    pub fn with_level_names(mut self, names: LevelNames) -> Self {
        self.level_names = names;
        self
    }

    /// Sets the order of day and month.
    #[must_use]
    pub fn with_date_order(mut self, order: DateOrder) -> Self {
        self.date_order = order;
        self
    }

    /// Sets the treatment of scans after the injection.
    #[must_use]
    pub fn with_late_scan(mut self, late_scan: LateScan) -> Self {
        self.late_scan = late_scan;
        self
    }

    /// Reads the table with this mapping. Its level names, dates, missing codes, window, baseline
    /// and threshold replace those of the options.
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

    /// Reads the table as a REDCap export of the project with this data dictionary.
    #[must_use]
    pub fn with_dictionary(mut self, dictionary: Dictionary) -> Self {
        self.dictionary = Some(dictionary);
        self
    }
}

/// The treatment of baselines that are too low for a large fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LowBaseline {
    /// Label it and set [`Episode::low_baseline`](crate::Episode::low_baseline).
    #[default]
    Keep,
    /// Exclude the episode and count it.
    Exclude,
}

/// The treatment of episodes whose scan is after the injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LateScan {
    /// Label it; [`Episode::scan_is_late`](crate::Episode::scan_is_late) is then true.
    #[default]
    Keep,
    /// Exclude the episode and count it.
    Exclude,
}

/// The meaning of a bare vertebra or root name in the level column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LevelNames {
    /// Levels are disc names (`C5/6`); a bare `C6` is refused, and the message gives both meanings.
    #[default]
    Disc,
    /// A bare name is the root: `C6` is C5/6, `C8` is C7/T1. Disc names are also read.
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
