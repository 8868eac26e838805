use std::collections::{BTreeMap, BTreeSet};

use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::image::Image;
use crate::person::{ConflictSign, Person, PersonConflict};

/// Least distance of two acquisitions of one person, in seconds, if they are at overlapping times:
/// clocks of two rooms differ.
const CLOCKS: f64 = 60.0;

/// Subjects whose images are of more than one person, in order. `is_word` returns whether a subject
/// id only says that an id was removed; `by_folder` is true if subjects are folders.
pub(crate) fn conflicts(
    images: &[Image],
    is_word: impl Fn(&SubjectId) -> bool,
    by_folder: bool,
) -> Vec<PersonConflict> {
    let mut subjects: BTreeMap<&SubjectId, Vec<&Image>> = BTreeMap::new();
    for image in images {
        subjects.entry(&image.instance.subject).or_default().push(image);
    }
    let mut found = Vec::new();
    for (subject, images) in subjects {
        let studies: BTreeSet<&str> =
            images.iter().map(|image| image.instance.study_uid.as_str()).collect();
        let signs = [
            (ConflictSign::Sex, differ(&images, |person| person.sex)),
            (ConflictSign::BirthDate, births_differ(&images)),
            (ConflictSign::Age, ages_differ(&images)),
            (ConflictSign::SameTime, are_at_the_same_time(&images)),
            (ConflictSign::SharedWord, studies.len() > 1 && is_word(subject)),
            (ConflictSign::PatientId, by_folder && differ(&images, |person| person.id.clone())),
        ];
        for (sign, _) in signs.into_iter().filter(|(_, holds)| *holds) {
            let studies = studies.iter().map(|&uid| uid.to_owned()).collect();
            found.push(PersonConflict { subject: subject.clone(), sign, studies });
        }
    }
    found
}

fn differ<T: Ord>(images: &[&Image], of: impl Fn(&Person) -> Option<T>) -> bool {
    images.iter().filter_map(|image| of(&image.instance.person)).collect::<BTreeSet<_>>().len() > 1
}

/// Whether there are two birth dates. The first of January matches any day of its year: some
/// anonymisers keep only the year.
fn births_differ(images: &[&Image]) -> bool {
    let born: BTreeSet<Date> =
        images.iter().filter_map(|image| image.instance.person.born).collect();
    let year_alone = |date: &Date| (date.month(), date.day()) == (1, 1);
    born.iter().any(|a| {
        born.iter().any(|b| a != b && (a.year() != b.year() || !year_alone(a) && !year_alone(b)))
    })
}

fn ages_differ(images: &[&Image]) -> bool {
    let years = || images.iter().filter_map(|image| image.instance.person.year);
    years().max().zip(years().min()).is_some_and(|(most, least)| most - least > 2)
}

/// Whether two studies, each in a frame of reference of its own, were acquired at
/// overlapping times of one day.
fn are_at_the_same_time(images: &[&Image]) -> bool {
    let mut spans: BTreeMap<(Date, &str), (f64, f64, &str)> = BTreeMap::new();
    for image in images {
        let instance = &image.instance;
        let (Some(date), Some(frame), Some(time)) =
            (instance.dating.date(), &instance.frame_of_reference_uid, image.seconds())
        else {
            continue;
        };
        if image.physics.image_type.first().is_some_and(|value| value == "DERIVED") {
            continue;
        }
        let span = spans.entry((date, frame)).or_insert((time, time, &instance.study_uid));
        (span.0, span.1) = (span.0.min(time), span.1.max(time));
    }
    let spans: Vec<_> = spans.into_iter().collect();
    spans.iter().enumerate().any(|(index, ((date, _), a))| {
        spans[index + 1..].iter().any(|((other, _), b)| {
            date == other && a.2 != b.2 && a.1.min(b.1) - a.0.max(b.0) > CLOCKS
        })
    })
}
