use foramen_dicom::{Accepted, Dating, Examination, ImageSet, NoAxialT2, Pool, StackHeader};
use jiff::civil::Date;
use thiserror::Error;

use crate::config::StudyConfig;

/// Axial T2 images that may show a foramen, by the series that holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxialSeries {
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Its stacks, as [`StackHeader::stack`], in order. Empty where the series was read from
    /// `manifest.json`, which names series only.
    pub stacks: Vec<usize>,
}

/// Why no axial T2 images of a subject may be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoAxialSeries {
    /// No study of the subject holds any.
    #[error("{}", studies.join("; "))]
    None {
        /// The reason for each study ([`foramen_dicom::NoAxialT2`]).
        studies: Vec<String>,
    },
    /// All were made after the injection.
    #[error(
        "the only axial T2 scan was made after the injection (scan {scan}, injection {injection})"
    )]
    AfterInjection {
        /// The day of the first of them.
        scan: Date,
        /// The day of the injection.
        injection: Date,
    },
    /// The dates of the remaining images cannot be read or are placeholders.
    #[error(
        "the day of the axial T2 scan is not known ({dating}), so that it may have been made \
         after the injection; correct the date in the images, or give `--undated use`"
    )]
    UnknownDay {
        /// The reason why a date is not known.
        dating: Dating,
    },
    /// All were made too long before the injection, or after it.
    #[error("no axial T2 scan in the {days} days before the injection")]
    NotInTime {
        /// Greatest age of a scan at the injection, days.
        days: u16,
    },
}

/// The axial T2 images of a subject, one pool for each examination. All episodes of a subject share
/// it, since it borrows only the scan.
pub(crate) struct Candidates<'a> {
    /// A pool for each examination that has one, in order of their days.
    pub(crate) pools: Vec<Pool<'a>>,
    /// Why the other examinations have no pool.
    refused: Vec<String>,
}

impl<'a> Candidates<'a> {
    /// Gathers the axial T2 images of a subject ([`Examination::pool`]).
    ///
    /// Where the subject has series that `only` names, only those are used.
    pub(crate) fn of(stacks: &[&'a StackHeader], accepted: &Accepted, only: &[String]) -> Self {
        let (mut pools, mut refused) = (Vec::new(), Vec::new());
        for pool in pools_of(stacks, accepted, only) {
            match pool {
                Ok(mut pool) => {
                    // Where no image decodes, loading the set says so.
                    _ = pool.measure_sharpness();
                    pools.push(pool);
                }
                Err(why) => refused.push(why.to_string()),
            }
        }
        Self { pools, refused }
    }

    /// The indices of the pools that may show a foramen before an injection on
    /// `injected`, best first.
    ///
    /// The latest examination at or before the injection and at most [`StudyConfig::scan_age`] days
    /// old comes first. Images without a date may be used, and come last. Images whose date cannot
    /// be read, or is a placeholder, are not used for an injection unless [`StudyConfig::undated`]
    /// asks for them. Without an injection date (a planned injection) the latest examination comes
    /// first.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn usable(
        &self,
        injected: Option<Date>,
        config: &StudyConfig,
    ) -> Result<Vec<usize>, NoAxialSeries> {
        if self.pools.is_empty() {
            return Err(NoAxialSeries::None { studies: self.refused.clone() });
        }
        let today = injected.unwrap_or(Date::MAX);
        // The latest image counts: none may have been made after the injection.
        let age = |pool: &Pool<'_>| {
            let dates = images(pool).filter_map(|stack| stack.acquired);
            dates.map(|date| days(date, today)).min()
        };
        let unread = |pool: &Pool<'_>| {
            let mut datings = images(pool).map(|stack| &stack.dating);
            let unread = |dating: &&Dating| dating.date().is_none() && **dating != Dating::Absent;
            datings.find(unread).cloned()
        };
        let in_time = |days: i64| (0..=i64::from(config.scan_age)).contains(&days);
        let (mut usable, unusable): (Vec<usize>, Vec<usize>) =
            (0..self.pools.len()).partition(|&index| {
                let pool = &self.pools[index];
                let held_against = unread(pool).is_some() && !config.undated.is_used();
                injected.is_none() || !held_against && age(pool).is_none_or(in_time)
            });
        if usable.is_empty() {
            let unusable = || unusable.iter().map(|&index| &self.pools[index]);
            if let Some(dating) = unusable().find_map(unread) {
                return Err(NoAxialSeries::UnknownDay { dating });
            }
            let after = unusable().all(|pool| age(pool).is_some_and(|days| days < 0));
            let scanned = || unusable().flat_map(images).filter_map(|stack| stack.acquired).min();
            return Err(match (after.then(scanned).flatten(), injected) {
                (Some(scan), Some(injection)) => NoAxialSeries::AfterInjection { scan, injection },
                _ => NoAxialSeries::NotInTime { days: config.scan_age },
            });
        }
        usable.sort_by_key(|&index| age(&self.pools[index]).unwrap_or(i64::MAX));
        Ok(usable)
    }

    /// The series of these pools, best first, each once, and the day on which the first pool's
    /// acquisition began.
    pub(crate) fn series(&self, usable: &[usize]) -> (Vec<AxialSeries>, Option<Date>) {
        let mut series: Vec<AxialSeries> = Vec::new();
        for stack in usable.iter().flat_map(|&index| images(&self.pools[index])) {
            match series.iter_mut().find(|other| other.series_uid == stack.series_uid) {
                Some(known) if known.stacks.contains(&stack.stack) => {}
                Some(known) => known.stacks.push(stack.stack),
                None => series.push(AxialSeries {
                    series_uid: stack.series_uid.clone(),
                    stacks: vec![stack.stack],
                }),
            }
        }
        let first = usable.first().map(|&index| &self.pools[index]);
        let acquired = first.and_then(|pool| {
            pool.best().images.iter().filter_map(|image| image.stack.acquired).min()
        });
        (series, acquired)
    }
}

/// The pools of a subject's examinations, with sets in the order that the headers give. Where the
/// subject has series that `only` names, only those are used.
pub(crate) fn pools_of<'a>(
    stacks: &[&'a StackHeader],
    accepted: &Accepted,
    only: &[String],
) -> Vec<Result<Pool<'a>, NoAxialT2>> {
    let named: Vec<&str> = only
        .iter()
        .map(String::as_str)
        .filter(|uid| stacks.iter().any(|stack| stack.series_uid == *uid))
        .collect();
    let holds = |stack: &&StackHeader| named.contains(&stack.series_uid.as_str());
    Examination::group(stacks.iter().copied())
        .into_iter()
        .filter(|examination| named.is_empty() || examination.stacks.iter().any(holds))
        .map(|examination| examination.pool_of(accepted, &named))
        .collect()
}

/// The stacks of all images of a pool, those of the best set first.
fn images<'p, 'a>(pool: &'p Pool<'a>) -> impl Iterator<Item = &'a StackHeader> + use<'p, 'a> {
    let of = |set: &'p ImageSet<'a>| {
        let aside = set.set_aside.iter().map(|aside| aside.image.stack);
        set.images.iter().map(|image| image.stack).chain(aside)
    };
    pool.sets.iter().flat_map(of)
}

/// Whole days from one date to another.
pub(crate) fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

#[cfg(test)]
mod tests {
    use foramen_dicom::{ScanOptions, scan};
    use foramen_phantom::{CohortConfig, write_cohort};

    use super::*;
    use crate::config::Undated;

    #[test]
    fn images_with_an_unreadable_date_are_never_before_an_injection() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let made = found.stacks[0].acquired.unwrap();
        let config = StudyConfig::default();
        let pools = |found: &foramen_dicom::Scan, injected, config: &StudyConfig| {
            let headers: Vec<&StackHeader> = found.stacks.iter().collect();
            let candidates = Candidates::of(&headers, &Accepted::default(), &[]);
            candidates.usable(injected, config).map(|usable| usable.len())
        };
        assert_eq!(pools(&found, Some(made), &config), Ok(1));
        let dating = Dating::Placeholder { name: "Study Date", date: Date::constant(1900, 1, 1) };
        for stack in &mut found.stacks {
            (stack.acquired, stack.dating) = (None, dating.clone());
        }
        let refusal = pools(&found, Some(made), &config).unwrap_err().to_string();
        assert!(refusal.contains("1900-01-01, a placeholder"), "{refusal}");
        assert!(refusal.contains("--undated use"), "{refusal}");
        let asked = StudyConfig::default().with_undated(Undated::Use);
        assert_eq!(pools(&found, Some(made), &asked), Ok(1));
        // To predict, no day is needed; and no date at all holds nothing against it.
        assert!(pools(&found, None, &config).is_ok());
        found.stacks.iter_mut().for_each(|stack| stack.dating = Dating::Absent);
        assert!(pools(&found, Some(made), &config).is_ok());
    }
}
