use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::TypeError;

/// The identifier of a subject in files, logs and splits.
///
/// Surrounding spaces are trimmed; leading zeros are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectId(String);

impl SubjectId {
    /// Checks and trims an identifier.
    ///
    /// # Errors
    /// [`TypeError::EmptySubjectId`] and [`TypeError::ControlInSubjectId`].
    pub fn new(text: &str) -> Result<Self, TypeError> {
        // DICOM pads with spaces or a NUL (PS3.5 6.2).
        let id = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if id.is_empty() {
            return Err(TypeError::EmptySubjectId);
        }
        if id.chars().any(char::is_control) {
            return Err(TypeError::ControlInSubjectId { value: id.to_owned() });
        }
        Ok(Self(id.to_owned()))
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two different identifiers differ only in case or leading zeros
    /// (`00123` and `123`): most likely one person typed in two ways.
    #[must_use]
    pub fn is_near_miss(&self, other: &Self) -> bool {
        let bare = |id: &Self| id.0.trim_start_matches('0').to_lowercase();
        self != other && bare(self) == bare(other)
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for SubjectId {
    type Err = TypeError;
    fn from_str(text: &str) -> Result<Self, TypeError> {
        Self::new(text)
    }
}

/// Why a [`SubjectKey`] could not be made, or cannot map an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The id is not a valid identifier.
    #[error(transparent)]
    Id(#[from] TypeError),
    /// One hospital number is linked to two subjects.
    #[error("a patient id is linked to both {first} and {second}; keep one row")]
    Contradiction {
        /// The subject of the earlier row.
        first: SubjectId,
        /// The subject of the later row.
        second: SubjectId,
    },
    /// A hospital number is not in the linkage table. The number itself is not
    /// repeated here, since this message may be logged.
    #[error("a patient id of the images is not in the linkage table; add its row")]
    NotLinked,
}

/// Maps hospital numbers to subject ids, in the same way for images and tables: an optional linkage
/// table for the images, then an optional keyed pseudonym for both.
///
/// ```
/// use foramen_types::SubjectKey;
///
/// let key = SubjectKey::linked([("H-0042", "S1")])?.with_pseudonym(b"a site's secret");
/// assert_eq!(key.of_patient("H-0042")?, key.of_table("S1")?);
/// assert!(key.of_patient("H-0043").is_err());
/// # Ok::<(), foramen_types::KeyError>(())
/// ```
#[derive(Clone, Default)]
pub struct SubjectKey {
    links: Option<BTreeMap<SubjectId, SubjectId>>,
    secret: Option<Vec<u8>>,
}

impl SubjectKey {
    /// Hospital numbers are the subject ids.
    #[must_use]
    pub fn identity() -> Self {
        Self::default()
    }

    /// Hospital numbers are looked up in pairs of patient id and subject id.
    ///
    /// # Errors
    /// [`KeyError::Id`] for an empty id, [`KeyError::Contradiction`] when one
    /// patient id is given two subjects.
    pub fn linked<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, KeyError> {
        let mut links = BTreeMap::new();
        for (patient, subject) in pairs {
            let subject = SubjectId::new(subject)?;
            if let Some(first) = links.insert(SubjectId::new(patient)?, subject.clone())
                && first != subject
            {
                return Err(KeyError::Contradiction { first, second: subject });
            }
        }
        Ok(Self { links: Some(links), secret: None })
    }

    /// Replaces every subject id by the first 16 hexadecimal digits of its
    /// HMAC-SHA-256 under `secret`.
    #[must_use]
    pub fn with_pseudonym(mut self, secret: &[u8]) -> Self {
        self.secret = Some(secret.to_vec());
        self
    }

    /// Whether files will contain raw hospital numbers.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.links.is_none() && self.secret.is_none()
    }

    /// The subject of a DICOM Patient ID (0010,0020).
    ///
    /// # Errors
    /// [`KeyError::Id`] for an empty id, [`KeyError::NotLinked`] when there is a
    /// linkage table without it.
    pub fn of_patient(&self, patient_id: &str) -> Result<SubjectId, KeyError> {
        let id = SubjectId::new(patient_id)?;
        match &self.links {
            None => Ok(self.sealed(id)),
            Some(links) => {
                links.get(&id).cloned().map(|id| self.sealed(id)).ok_or(KeyError::NotLinked)
            }
        }
    }

    /// The subject with an id in an outcome table.
    ///
    /// # Errors
    /// [`KeyError::Id`] for an empty id.
    pub fn of_table(&self, subject_id: &str) -> Result<SubjectId, KeyError> {
        Ok(self.sealed(SubjectId::new(subject_id)?))
    }

    fn sealed(&self, id: SubjectId) -> SubjectId {
        let Some(secret) = &self.secret else { return id };
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
        mac.update(id.0.as_bytes());
        let digest = mac.finalize().into_bytes();
        SubjectId(digest.iter().take(8).fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
            text
        }))
    }
}

impl fmt::Debug for SubjectKey {
    /// Shows only whether links and a secret are present, since neither may leak.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectKey")
            .field("links", &self.links.as_ref().map(BTreeMap::len))
            .field("pseudonym", &self.secret.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_trimmed_and_zeros_kept() {
        assert_eq!(SubjectId::new(" 00123 \0").unwrap().as_str(), "00123");
        assert_eq!(SubjectId::new("  "), Err(TypeError::EmptySubjectId));
        let (a, b) = (SubjectId::new("00123").unwrap(), SubjectId::new("123").unwrap());
        assert!(a.is_near_miss(&b) && !a.is_near_miss(&a));
    }

    #[test]
    fn pseudonyms_match_openssl() {
        // printf S1 | openssl dgst -sha256 -hmac key
        let key = SubjectKey::identity().with_pseudonym(b"key");
        assert_eq!(key.of_table("S1").unwrap().as_str(), "fe8cc611d4b8e60c");
        assert!(!key.is_raw());
    }

    #[test]
    fn a_contradicting_link_is_refused() {
        let error = SubjectKey::linked([("1", "A"), ("1", "B")]).unwrap_err();
        assert!(matches!(error, KeyError::Contradiction { .. }));
    }

    #[test]
    fn debug_shows_no_number() {
        let key = SubjectKey::linked([("H-0042", "S1")]).unwrap().with_pseudonym(b"secret");
        let text = format!("{key:?}");
        assert!(!text.contains("0042") && !text.contains("secret"), "{text}");
    }
}
