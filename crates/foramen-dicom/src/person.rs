use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dicom_dictionary_std::tags;
use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::dating::day;
use crate::image::Image;
use crate::set::Set;

/// Two acquisitions of one person are at least this far apart, in seconds, where
/// they overlap at all: clocks of two rooms differ.
const CLOCKS: f64 = 60.0;

/// What a header says about the person, held while one folder is scanned and
/// compared with the other images of the same subject. It is dropped with the
/// scan, is in no result, and has no text of its own.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Person {
    /// Patient's Sex (0010,0040), `M` or `F`.
    sex: Option<char>,
    /// Patient's Birth Date (0010,0030), where it is a day.
    born: Option<Date>,
    /// The year of birth after Patient's Age (0010,1010), good to a year.
    year: Option<i16>,
}

impl Person {
    pub(crate) fn new(set: &Set, scanned: Option<Date>) -> Self {
        let sex = set.text(tags::PATIENT_SEX).and_then(|text| match text.as_str() {
            "M" => Some('M'),
            "F" => Some('F'),
            _ => None,
        });
        let born = set.text(tags::PATIENT_BIRTH_DATE).and_then(|text| day(&text));
        // 1900 and before are what anonymisers write.
        let born = born.filter(|date| date.year() > 1900);
        let years = set.text(tags::PATIENT_AGE).and_then(|text| {
            text.strip_suffix('Y')?.parse::<i16>().ok().filter(|&years| years > 0 && years < 120)
        });
        let year = years.zip(scanned).map(|(years, scanned)| scanned.year() - years);
        Self { sex, born, year }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person")
    }
}

/// Images under one Patient ID that cannot be of one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PersonConflict {
    /// The subject that the Patient ID gives.
    pub subject: SubjectId,
    /// What contradicts itself.
    pub sign: ConflictSign,
    /// The Study Instance UIDs of that subject.
    pub studies: Vec<String>,
}

/// What says that images under one Patient ID are of two people. Values are
/// compared while a folder is scanned, and forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConflictSign {
    /// Patient's Sex (0010,0040) is M and F.
    Sex,
    /// Patient's Birth Date (0010,0030) is two days.
    BirthDate,
    /// Patient's Age (0010,1010) gives years of birth more than two years apart.
    Age,
    /// Two studies in two frames of reference were acquired at the same time.
    SameTime,
    /// The Patient ID is a word of an anonymiser, as in `ANONYMOUS`, and covers
    /// several studies.
    SharedWord,
}

impl fmt::Display for ConflictSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sex => "Patient's Sex (0010,0040) differs",
            Self::BirthDate => "Patient's Birth Date (0010,0030) differs",
            Self::Age => "Patient's Age (0010,1010) gives two years of birth",
            Self::SameTime => "two studies were acquired at the same time",
            Self::SharedWord => "the id is a word that an anonymiser wrote, in several studies",
        })
    }
}

impl fmt::Display for PersonConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, sign, studies } = self;
        write!(
            f,
            "{subject}: two people may share this Patient ID ({} studies): {sign}; give each a \
             Patient ID of their own, or name them by folder (--subject-from folder)",
            studies.len()
        )
    }
}

/// Which subjects are more than one person, in order. `is_word` tells whether a
/// subject id only says that an id was removed.
pub(crate) fn conflicts(
    images: &[Image],
    is_word: impl Fn(&SubjectId) -> bool,
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

/// Whether there are two birth dates. The first of January stands for any day of
/// its year: some anonymisers keep the year alone.
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
