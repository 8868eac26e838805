use std::borrow::Cow;
use std::fmt;

use foramen_outcome::RejectionReason;

/// Why a row of an outcome table is left out of a study. Details that help to correct it are
/// ([`Excluded::detail`](crate::Excluded)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Exclusion {
    /// The outcome table gives no label for the row; the name of a [`RejectionReason`].
    NoLabel(Cow<'static, str>),
    /// The scan holds no images of the subject.
    NoImages,
    /// The subject has no axial T2 images of the cervical spine.
    NoAxialT2,
    /// None of the subject's axial T2 images was made within the allowed time before the injection.
    NoAxialT2BeforeInjection,
    /// The row belongs to the same episode as an earlier row, which counts for both.
    FurtherRow,
    /// No foramen could be chosen on any slice.
    NoSlice,
}

/// Reasons with their own name in files, and their description.
const OWN: [(Exclusion, &str, &str); 5] = [
    (Exclusion::NoImages, "no_images", "no images of the subject"),
    (Exclusion::NoAxialT2, "no_axial_t2", "no axial T2 scan"),
    (
        Exclusion::NoAxialT2BeforeInjection,
        "no_axial_t2_before_injection",
        "no axial T2 scan before the injection",
    ),
    (Exclusion::FurtherRow, "further_row", "a further row of an episode"),
    (Exclusion::NoSlice, "no_slice", "no slice could be selected"),
];

impl Exclusion {
    /// The name in files; it does not change between versions.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::NoLabel(name) => name,
            own => OWN.iter().find(|(other, _, _)| other == own).map_or("", |(_, name, _)| name),
        }
    }

    /// Whether only the outcome is missing: the follow-up is absent, or was not made in time.
    #[must_use]
    pub fn is_missing_outcome(&self) -> bool {
        let missing = [
            "missing_followup",
            "missed_visit",
            "missing_followup_date",
            "followup_outside_window",
        ];
        missing.contains(&self.name())
    }

    /// The exclusion with a name, or with the description that older files hold instead.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let own = OWN.iter().find(|(_, own, words)| [*own, *words].contains(&name));
        own.map_or_else(
            || Self::NoLabel(name.replace(' ', "_").into()),
            |(exclusion, _, _)| exclusion.clone(),
        )
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLabel(name) => f.write_str(&name.replace('_', " ")),
            own => {
                let words = OWN.iter().find(|(other, _, _)| other == own);
                f.write_str(words.map_or("", |(_, _, words)| words))
            }
        }
    }
}

impl From<&RejectionReason> for Exclusion {
    fn from(reason: &RejectionReason) -> Self {
        Self::NoLabel(Cow::Borrowed(reason.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_the_words_of_former_files_read_back() {
        let all = OWN.iter().map(|(exclusion, _, _)| exclusion.clone());
        for exclusion in all.chain([Exclusion::NoLabel("missing_followup".into())]) {
            assert_eq!(Exclusion::from_name(exclusion.name()), exclusion);
            assert_eq!(Exclusion::from_name(&exclusion.to_string()), exclusion);
        }
    }
}
