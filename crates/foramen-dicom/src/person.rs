use std::fmt;

use dicom_dictionary_std::tags;
use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::dating::day;
use crate::set::Set;

/// The personal attributes of a header, kept while one folder is scanned and compared with other
/// images of the same subject. They are dropped after the scan, are in no result, and have no text
/// form.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Person {
    /// Patient ID (0010,0020).
    pub(crate) id: Option<Vec<u8>>,
    /// Patient's Sex (0010,0040), `M` or `F`.
    pub(crate) sex: Option<char>,
    /// Patient's Birth Date (0010,0030), if it is a calendar day.
    pub(crate) born: Option<Date>,
    /// The year of birth according to Patient's Age (0010,1010), exact to a year.
    pub(crate) year: Option<i16>,
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
        let id = set.bytes(tags::PATIENT_ID).map(|bytes| bytes.trim_ascii().to_owned());
        Self { id: id.filter(|id| !id.is_empty()), sex, born, year }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person")
    }
}

/// Images under one subject id that may be of two people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PersonConflict {
    /// The subject that the Patient ID gives, or the folder.
    pub subject: SubjectId,
    /// The kind of contradiction.
    pub sign: ConflictSign,
    /// The Study Instance UIDs of that subject.
    pub studies: Vec<String>,
}

/// A sign that images under one id are of two people. Values are compared while a folder is
/// scanned, and forgotten.
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
    /// Subjects are named by folder, and a folder holds several Patient IDs (0010,0020). Some
    /// anonymisers give each study another Patient ID, so this is reported but does not affect the
    /// choice of images.
    PatientId,
}

impl ConflictSign {
    /// Whether images of one person can hardly have this sign.
    pub(crate) fn is_strong(self) -> bool {
        self != Self::PatientId
    }
}

impl fmt::Display for ConflictSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sex => "Patient's Sex (0010,0040) differs",
            Self::BirthDate => "Patient's Birth Date (0010,0030) differs",
            Self::Age => "Patient's Age (0010,1010) gives two years of birth",
            Self::SameTime => "two studies were acquired at the same time",
            Self::SharedWord => "the id is a word that an anonymiser wrote, in several studies",
            Self::PatientId => "Patient ID (0010,0020) differs within the folder",
        })
    }
}

impl fmt::Display for PersonConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, sign, studies } = self;
        let (n, studies) = (studies.len(), if studies.len() == 1 { "study" } else { "studies" });
        write!(
            f,
            "{subject}: two people may share this id ({n} {studies}): {sign}; give each a Patient \
             ID or a folder of their own, and name them by it: --subject-from patient-id, or \
             --subject-from folder"
        )
    }
}
