use foramen_dicom::{AxialT2, Dating, StackHeader, Study};
use jiff::civil::Date;
use thiserror::Error;

/// Axial T2 images that may show a foramen: a stack, or the angled blocks that belong
/// together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxialSeries {
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Its stacks, as [`StackHeader::stack`], from the feet to the head; none where it was
    /// read from `manifest.json`, which names series alone.
    pub stacks: Vec<usize>,
}

impl AxialSeries {
    fn of(images: &AxialT2<'_>) -> Self {
        Self {
            series_uid: images.stacks[0].series_uid.clone(),
            stacks: images.stacks.iter().map(|stack| stack.stack).collect(),
        }
    }

    /// Its stacks among those of the subject.
    pub(crate) fn headers<'a>(&self, of_subject: &[&'a StackHeader]) -> Vec<&'a StackHeader> {
        let find = |number: &usize| {
            let is_it = |header: &&&StackHeader| {
                header.stack == *number && header.series_uid == self.series_uid
            };
            of_subject.iter().find(is_it).copied()
        };
        self.stacks.iter().filter_map(find).collect()
    }
}

/// Why no axial T2 images of a subject may be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoAxialSeries {
    /// No study of the subject holds any.
    #[error("{}", studies.join("; "))]
    None {
        /// Why, for each study ([`foramen_dicom::NoAxialT2`]).
        studies: Vec<String>,
    },
    /// All were made after the injection.
    #[error("the only axial T2 scan was made after the injection")]
    AfterInjection,
    /// The date of those that are left cannot be read, or is a placeholder.
    #[error(
        "the day of the axial T2 scan is not known ({dating}), so that it may have been made \
         after the injection; correct the date in the images"
    )]
    UnknownDay {
        /// What stands there.
        dating: Dating,
    },
    /// All were made too long before it, or after it.
    #[error("no axial T2 scan in the {days} days before the injection")]
    NotInTime {
        /// How old a scan may be.
        days: u16,
    },
}

/// The axial T2 images of a subject that may be used, best first, each series once.
pub(crate) struct Candidates {
    pub(crate) series: Vec<AxialSeries>,
    /// The day on which the best was begun.
    pub(crate) acquired: Option<Date>,
}

/// The axial T2 images ([`Study::axial_t2`]) that may show a foramen before an
/// injection on `injected`, best first.
///
/// The latest study at or before the injection and at most `scan_age` days old
/// comes first; within it what suits better, then more slices. Images without a
/// date have nothing held against them, and come last; images whose date is there
/// but cannot be read, or is a placeholder, are never taken for made before an
/// injection. Without a date of the injection (it is yet to be done) the latest
/// study comes first.
///
/// # Errors
/// Why there is none.
pub(crate) fn axial_series(
    stacks: &[&StackHeader],
    injected: Option<Date>,
    scan_age: u16,
) -> Result<Candidates, NoAxialSeries> {
    let mut found = Vec::new();
    let mut refused = Vec::new();
    for study in Study::group(stacks.iter().copied()) {
        match study.axial_t2() {
            Ok(series) => found.extend(series),
            Err(why) => refused.push(why.to_string()),
        }
    }
    if found.is_empty() {
        return Err(NoAxialSeries::None { studies: refused });
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
            return Err(NoAxialSeries::UnknownDay { dating });
        }
        let after = unusable.iter().all(|series| age(series).is_some_and(|days| days < 0));
        return Err(if after {
            NoAxialSeries::AfterInjection
        } else {
            NoAxialSeries::NotInTime { days: scan_age }
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
    let acquired = usable[0].stacks.iter().filter_map(|stack| stack.acquired).min();
    let mut series: Vec<AxialSeries> = Vec::with_capacity(usable.len());
    for images in &usable {
        if series.iter().all(|other| other.series_uid != images.stacks[0].series_uid) {
            series.push(AxialSeries::of(images));
        }
    }
    Ok(Candidates { series, acquired })
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
            axial_series(&headers, injected, 365).map(|found| found.series.len())
        };
        assert!(series(&found, Some(made)).is_ok());
        let dating = Dating::Placeholder { name: "Study Date", date: Date::constant(1900, 1, 1) };
        for stack in &mut found.stacks {
            (stack.acquired, stack.dating) = (None, dating.clone());
        }
        let refusal = series(&found, Some(made)).unwrap_err().to_string();
        assert!(refusal.contains("1900-01-01, a placeholder"), "{refusal}");
        // To predict, no day is needed; and no date at all holds nothing against it.
        assert!(series(&found, None).is_ok());
        found.stacks.iter_mut().for_each(|stack| stack.dating = Dating::Absent);
        assert!(series(&found, Some(made)).is_ok());
    }
}
