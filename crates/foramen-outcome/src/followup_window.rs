/// The days after the injection on which a follow-up counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowupWindow {
    /// The first day that counts. Default: 46, a fortnight before the target.
    pub first: u16,
    /// The best day. Default: 60, about two months.
    pub target: u16,
    /// The last day that counts. Default: 74, a fortnight after the target.
    pub last: u16,
}

impl FollowupWindow {
    /// Days `first` to `last`, both included, best at `target`; the ends are
    /// moved to hold the target.
    #[must_use]
    pub fn new(first: u16, target: u16, last: u16) -> Self {
        Self { first: first.min(target), target, last: last.max(target) }
    }

    /// Whether a follow-up so many days after the injection counts.
    #[must_use]
    pub fn contains(&self, days: i64) -> bool {
        (i64::from(self.first)..=i64::from(self.last)).contains(&days)
    }

    /// The order of preference, least first: nearest to the target, ties to the
    /// earlier.
    pub(crate) fn preference(&self, days: i64) -> (u64, i64) {
        ((days - i64::from(self.target)).unsigned_abs(), days)
    }
}

impl Default for FollowupWindow {
    /// 60 ± 14 days: between the windows that trials set for one and three
    /// months (NCT04544683).
    fn default() -> Self {
        Self { first: 46, target: 60, last: 74 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_followup_wins_and_a_tie_goes_to_the_earlier() {
        let window = FollowupWindow::default();
        let best = |days: [i64; 3]| days.into_iter().min_by_key(|d| window.preference(*d));
        assert_eq!(best([46, 63, 58]), Some(58));
        assert_eq!(best([70, 62, 58]), Some(58));
        assert!(window.contains(46) && window.contains(74));
        assert!(!window.contains(45) && !window.contains(75));
    }
}
