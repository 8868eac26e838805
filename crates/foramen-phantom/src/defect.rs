/// A defect of a subject's export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Defect {
    /// The follow-up score is empty.
    MissingFollowup,
    /// The pain score before the injection is 0: it cannot fall by half.
    BaselineZero,
    /// There is a sagittal series but no axial one.
    NoAxial,
    /// Files of the axial series are present twice. The subject can still be used.
    DuplicateFiles,
    /// One axial file, away from the treated level, is truncated. The subject can still be used.
    TruncatedFile,
    /// A second injection came before the follow-up.
    SecondInjection,
    /// There are images but there is no row in the table.
    NotInTable,
    /// There is a row in the table but no image.
    NoImages,
}

impl Defect {
    /// All kinds, in the order in which a cohort uses them.
    pub const ALL: [Defect; 8] = [
        Self::MissingFollowup,
        Self::BaselineZero,
        Self::NoAxial,
        Self::DuplicateFiles,
        Self::TruncatedFile,
        Self::SecondInjection,
        Self::NotInTable,
        Self::NoImages,
    ];

    /// The kind of the `n`-th subject with a defect.
    #[must_use]
    pub fn of(n: usize) -> Self {
        Self::ALL[n % Self::ALL.len()]
    }

    /// The name in `truth.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingFollowup => "missing_followup",
            Self::BaselineZero => "baseline_zero",
            Self::NoAxial => "no_axial",
            Self::DuplicateFiles => "duplicate_files",
            Self::TruncatedFile => "truncated_file",
            Self::SecondInjection => "second_injection",
            Self::NotInTable => "not_in_table",
            Self::NoImages => "no_images",
        }
    }

    /// Whether the data still suffice for a prediction.
    #[must_use]
    pub fn is_analysable(self) -> bool {
        matches!(self, Self::DuplicateFiles | Self::TruncatedFile)
    }

    /// Whether there are axial images.
    #[must_use]
    pub fn has_axial(self) -> bool {
        !matches!(self, Self::NoAxial | Self::NoImages)
    }
}
