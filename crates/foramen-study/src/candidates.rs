use foramen_dicom::{AxialT2, Dating, StackHeader, Study};
use jiff::civil::Date;

/// The axial T2 images ([`Study::axial_t2`]) that may show a foramen before an
/// injection on `injected`, best first; each is a stack, or the angled blocks
/// that belong together.
///
/// The latest study at or before the injection and at most `scan_age` days old
/// comes first; within it what suits better, then more slices. Images without a
/// date have nothing held against them, and come last; images whose date is there
/// but cannot be read, or is a placeholder, are never taken for made before an
/// injection. Without a date of the injection (it is yet to be done) the latest
/// study comes first.
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
    // A date that cannot be read is not the same as none.
    let unread = |series: &AxialT2<'_>| {
        let mut datings = series.stacks.iter().map(|stack| &stack.dating);
        let unread = |dating: &&Dating| dating.date().is_none() && **dating != Dating::Absent;
        datings.find(unread).cloned()
    };
    let (mut usable, unusable): (Vec<_>, Vec<_>) = found.into_iter().partition(|series| {
        let in_time = |days: i64| (0..=i64::from(scan_age)).contains(&days);
        let held_against = age(series).is_none() && unread(series).is_some();
        injected.is_none() || !held_against && age(series).is_none_or(in_time)
    });
    if usable.is_empty() {
        if let Some(dating) = unusable.iter().find_map(unread) {
            return Err(format!(
                "the day of the axial T2 scan is not known ({dating}), so that it may have been \
                 made after the injection; correct the date in the images"
            ));
        }
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

#[cfg(test)]
mod tests {
    use foramen_dicom::{Dating, ScanOptions, scan};
    use foramen_phantom::{CohortConfig, write_cohort};

    use super::*;

    #[test]
    fn images_with_an_unreadable_date_are_never_before_an_injection() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let made = found.stacks[0].acquired.unwrap();
        let series = |found: &foramen_dicom::Scan, injected| {
            let headers: Vec<&StackHeader> = found.stacks.iter().collect();
            axial_series(&headers, injected, 365).map(|series| series.len())
        };
        assert!(series(&found, Some(made)).is_ok());
        let dating = Dating::Placeholder { name: "Study Date", date: Date::constant(1900, 1, 1) };
        for stack in &mut found.stacks {
            (stack.acquired, stack.dating) = (None, dating.clone());
        }
        let refusal = series(&found, Some(made)).unwrap_err();
        assert!(refusal.contains("1900-01-01, a placeholder"), "{refusal}");
        // To predict, no day is needed; and no date at all holds nothing against it.
        assert!(series(&found, None).is_ok());
        found.stacks.iter_mut().for_each(|stack| stack.dating = Dating::Absent);
        assert!(series(&found, Some(made)).is_ok());
    }
}
