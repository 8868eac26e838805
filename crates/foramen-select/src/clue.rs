/// A kind of evidence that measurement and selection can leave out, to see what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Clue {
    /// The slices above and below.
    Neighbours,
    /// The other side of the same slice.
    OtherSide,
    /// The height of the slice above or below the disc.
    Height,
    /// What tells the axis and the skull base from the foramina below.
    UpperLimit,
}

impl Clue {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Neighbours, Self::OtherSide, Self::Height, Self::UpperLimit];

    /// The name as it is written in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbours => "slices above and below",
            Self::OtherSide => "other side",
            Self::Height => "height of the disc",
            Self::UpperLimit => "upper limit",
        }
    }
}
