//! Formats numbers for people.

/// The text for a number that is not defined.
pub(crate) const MISSING: &str = "not defined";

/// A number with so many decimals and a true minus sign.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // Rounding to zero leaves no sign.
    if text.trim_start_matches(['-', '0', '.']).is_empty() {
        text.trim_start_matches('-').to_owned()
    } else {
        text.replace('-', "−")
    }
}

/// A count with thousands separators: `3 067 875`.
pub(crate) fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A number that may be missing.
pub(crate) fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| MISSING.to_owned(), |value| number(value, decimals))
}

/// `0.75–0.85`; `−0.2 to 0.1` where a bound is negative.
pub(crate) fn interval((lower, upper): (f64, f64), decimals: usize) -> String {
    let between = if lower < 0.0 { " to " } else { "–" };
    format!("{}{between}{}", number(lower, decimals), number(upper, decimals))
}

/// `0.80 (0.75–0.85)`.
pub(crate) fn estimate(value: Option<f64>, ci: Option<(f64, f64)>, decimals: usize) -> String {
    match (value, ci) {
        (None, _) => MISSING.to_owned(),
        (Some(value), None) => format!("{} (no interval)", number(value, decimals)),
        (Some(value), Some(ci)) => {
            format!("{} ({})", number(value, decimals), interval(ci, decimals))
        }
    }
}

/// `83 %`, of a share.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| MISSING.to_owned(), |share| format!("{}\u{a0}%", number(100.0 * share, 0)))
}

/// `83 % (75–89)`, of a share.
pub(crate) fn percent_estimate(share: Option<f64>, ci: Option<(f64, f64)>) -> String {
    let interval = ci.map(|(lower, upper)| {
        format!(" ({}–{})", number(100.0 * lower, 0), number(100.0 * upper, 0))
    });
    percent(share) + &interval.unwrap_or_default()
}

/// `p = 0.013`, `p < 0.001`.
pub(crate) fn p_value(p: Option<f64>) -> String {
    match p {
        None => format!("p {MISSING}"),
        Some(p) if p < 0.001 => "p\u{a0}<\u{a0}0.001".to_owned(),
        Some(p) if p < 0.1 => format!("p\u{a0}=\u{a0}{p:.3}"),
        Some(p) => format!("p\u{a0}=\u{a0}{p:.2}"),
    }
}

/// `4.5 s`, `5 min 10 s`, `1 h 02 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return MISSING.to_owned();
    }
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    let (hours, minutes) = ((whole / 3600.0).floor(), (whole % 3600.0 / 60.0).floor());
    if hours > 0.0 {
        format!("{hours:.0} h {minutes:02.0} min")
    } else {
        format!("{minutes:.0} min {:02.0} s", whole % 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_a_journal() {
        assert_eq!(estimate(Some(0.801), Some((0.7499, 0.85)), 2), "0.80 (0.75–0.85)");
        assert_eq!(estimate(Some(-0.2), Some((-0.31, 0.004)), 2), "−0.20 (−0.31 to 0.00)");
        assert_eq!(estimate(None, None, 2), "not defined");
        assert_eq!(number(-0.001, 2), "0.00");
        let counts = [7, 292, 2622, 3_067_875].map(count);
        assert_eq!(counts, ["7", "292", "2\u{202f}622", "3\u{202f}067\u{202f}875"]);
        assert_eq!(percent_estimate(Some(0.698), Some((0.565, 0.805))), "70\u{a0}% (56–80)");
        assert_eq!(
            [p_value(Some(0.0004)), p_value(Some(0.04))],
            ["p\u{a0}<\u{a0}0.001", "p\u{a0}=\u{a0}0.040"]
        );
    }

    #[test]
    fn durations_carry_their_units() {
        let texts = [4.46, 310.0, 3725.0].map(duration);
        assert_eq!(texts, ["4.5 s", "5 min 10 s", "1 h 02 min"]);
    }
}
