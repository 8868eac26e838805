/// A column with a meaning in this crate; every other column is a covariate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    SubjectId,
    Level,
    Side,
    InjectionDate,
    NrsBaseline,
    FollowupDate,
    NrsFollowup,
    BaselineDate,
    Event,
    EventDate,
    SliceHint,
    SeriesHint,
    ScanDate,
    ProcedureCode,
    ScoreCode,
    Visit,
}

/// The content of a field, which determines how a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Date,
    Score,
}

impl Field {
    pub(crate) const ALL: [Self; 16] = [
        Self::SubjectId,
        Self::Level,
        Self::Side,
        Self::InjectionDate,
        Self::NrsBaseline,
        Self::FollowupDate,
        Self::NrsFollowup,
        Self::BaselineDate,
        Self::Event,
        Self::EventDate,
        Self::SliceHint,
        Self::SeriesHint,
        Self::ScanDate,
        Self::ProcedureCode,
        Self::ScoreCode,
        Self::Visit,
    ];

    /// The columns every table needs: the first of [`Field::ALL`].
    pub(crate) fn required() -> &'static [Self] {
        &Self::ALL[..7]
    }

    /// The name of its column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SubjectId => "subject_id",
            Self::Level => "level",
            Self::Side => "side",
            Self::InjectionDate => "injection_date",
            Self::NrsBaseline => "nrs_baseline",
            Self::FollowupDate => "followup_date",
            Self::NrsFollowup => "nrs_followup",
            Self::BaselineDate => "baseline_date",
            Self::Event => "event",
            Self::EventDate => "event_date",
            Self::SliceHint => "slice_hint",
            Self::SeriesHint => "series_hint",
            Self::ScanDate => "scan_date",
            Self::ProcedureCode => "procedure_code",
            Self::ScoreCode => "score_code",
            Self::Visit => "visit",
        }
    }

    /// Finds a field by its name; upper and lower case are the same.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::InjectionDate
            | Self::FollowupDate
            | Self::BaselineDate
            | Self::EventDate
            | Self::ScanDate => Kind::Date,
            Self::NrsBaseline | Self::NrsFollowup => Kind::Score,
            _ => Kind::Text,
        }
    }

    /// All names, for messages.
    pub(crate) fn names(fields: &[Self]) -> String {
        fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ")
    }
}
