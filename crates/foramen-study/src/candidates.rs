use std::collections::BTreeMap;

use foramen_dicom::{Orientation, Region, StackHeader, Study};
use foramen_image::Contrast;
use jiff::civil::Date;

/// The axial T2 series that may show a foramen before an injection on `injected`,
/// best first; each is all stacks of one series (several when they are angled
/// disc by disc).
///
/// The latest study at or before the injection and at most `scan_age` days old
/// comes first; within it T2 before T2*, then the series with more slices.
/// A study whose headers say that it shows another part of the body is left out.
/// Images without a date have nothing held against them, and come last. Without
/// a date of the injection (it is yet to be done) the latest study comes first.
///
/// # Errors
/// Why there is none, as a sentence for the manifest.
pub fn axial_series<'a>(
    stacks: &[&'a StackHeader],
    injected: Option<Date>,
    scan_age: u16,
) -> Result<Vec<Vec<&'a StackHeader>>, String> {
    let mut series: BTreeMap<(&str, &str), Vec<&StackHeader>> = BTreeMap::new();
    let (neck, elsewhere): (Vec<Study<'_>>, Vec<Study<'_>>) = Study::group(stacks.iter().copied())
        .into_iter()
        .partition(|study| matches!(study.region().0, Region::Cervical | Region::Unknown));
    for stack in neck.into_iter().flat_map(|study| study.stacks) {
        let is_t2 = matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star);
        if stack.orientation == Orientation::Axial && is_t2 && !stack.localizer {
            let key = (stack.study_uid.as_str(), stack.series_uid.as_str());
            series.entry(key).or_default().push(stack);
        }
    }
    if series.is_empty() {
        let why = elsewhere.first().map(|study| {
            let (region, finding) = study.region();
            format!(": a study of the {region} ({})", finding.evidence.join(", "))
        });
        return Err(format!("no axial T2 series of the neck{}", why.unwrap_or_default()));
    }
    let today = injected.unwrap_or(Date::MAX);
    let age = |stacks: &[&StackHeader]| {
        stacks.iter().filter_map(|stack| stack.acquired).map(|date| days(date, today)).max()
    };
    let all = series.into_values();
    let (mut usable, unusable): (Vec<_>, Vec<_>) = all.partition(|stacks| {
        let in_time = |days: i64| (0..=i64::from(scan_age)).contains(&days);
        injected.is_none() || age(stacks).is_none_or(in_time)
    });
    if usable.is_empty() {
        let after = unusable.iter().all(|stacks| age(stacks).is_some_and(|days| days < 0));
        return Err(if after {
            "the only axial T2 scan was made after the injection".to_owned()
        } else {
            format!("no axial T2 scan in the {scan_age} days before the injection")
        });
    }
    usable.sort_by_key(|stacks| {
        let slices: usize = stacks.iter().map(|stack| stack.slices.len()).sum();
        (
            age(stacks).unwrap_or(i64::MAX),
            stacks[0].contrast != Contrast::T2Fse,
            std::cmp::Reverse(slices),
            stacks[0].series_uid.clone(),
        )
    });
    Ok(usable)
}

/// Whole days from one date to another.
pub(crate) fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}
