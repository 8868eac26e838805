/// A kind of evidence that measurement and selection can leave out, to show how much it
/// contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Clue {
    /// The slices above and below.
    Neighbours,
    /// The other side of the same slice.
    OtherSide,
    /// The height of the slice, from whichever series determines it.
    Height,
    /// The heights of pedicles on the sagittal series. Without this evidence, the usual heights
    /// above a disc are used.
    Sagittal,
    /// The evidence that separates the axis and the skull base from the foramina below.
    UpperLimit,
}

impl Clue {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Neighbours, Self::OtherSide, Self::Height, Self::Sagittal, Self::UpperLimit];

    /// The name as it is written in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbours => "slices above and below",
            Self::OtherSide => "other side",
            Self::Height => "height",
            Self::Sagittal => "sagittal series",
            Self::UpperLimit => "upper limit",
        }
    }
}
