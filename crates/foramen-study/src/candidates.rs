use foramen_dicom::{AxialT2, StackHeader, Study};
use jiff::civil::Date;

/// The axial T2 images ([`Study::axial_t2`]) that may show a foramen before an
/// injection on `injected`, best first; each is a stack, or the angled blocks
/// that belong together.
///
/// The latest study at or before the injection and at most `scan_age` days old
/// comes first; within it what suits better, then more slices. Images without a
/// date have nothing held against them, and come last. Without a date of the
/// injection (it is yet to be done) the latest study comes first.
///
/// # Errors
/// Why there is none, as a sentence for the manifest.
pub fn axial_series<'a>(
    stacks: &[&'a StackHeader],
    injected: Option<Date>,
    scan_age: u16,
) -> Result<Vec<AxialT2<'a>>, String> {
    let mut found = Vec::new();
    let mut refused = Vec::new();
    for study in Study::group(stacks.iter().copied()) {
        match study.axial_t2() {
            Ok(series) => found.extend(series),
            Err(why) => refused.push(why.to_string()),
        }
    }
    if found.is_empty() {
        return Err(refused.join("; "));
    }
    let today = injected.unwrap_or(Date::MAX);
    let age = |series: &AxialT2<'_>| {
        let acquired = series.stacks.iter().filter_map(|stack| stack.acquired);
        acquired.map(|date| days(date, today)).max()
    };
    let (mut usable, unusable): (Vec<_>, Vec<_>) = found.into_iter().partition(|series| {
        let in_time = |days: i64| (0..=i64::from(scan_age)).contains(&days);
        injected.is_none() || age(series).is_none_or(in_time)
    });
    if usable.is_empty() {
        let after = unusable.iter().all(|series| age(series).is_some_and(|days| days < 0));
        return Err(if after {
            "the only axial T2 scan was made after the injection".to_owned()
        } else {
            format!("no axial T2 scan in the {scan_age} days before the injection")
        });
    }
    let slices = |series: &AxialT2<'_>| -> usize {
        series.stacks.iter().map(|stack| stack.slices.len()).sum()
    };
    usable.sort_by(|a, b| {
        let days = |series| age(series).unwrap_or(i64::MAX);
        let by_suitability = b.score.total_cmp(&a.score);
        days(a).cmp(&days(b)).then(by_suitability).then(slices(b).cmp(&slices(a)))
    });
    Ok(usable)
}

/// Whole days from one date to another.
pub(crate) fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}
