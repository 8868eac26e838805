use foramen_image::SliceSource;
use foramen_study::review::SelectionRow;
use foramen_types::{Level, Point, Side, SubjectId};

/// One foramen that a person is to look at: a row of `selections.csv`, or several of one
/// foramen (it was injected again) that fell on one image.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) subject: SubjectId,
    pub(crate) level: Level,
    pub(crate) side: Side,
    /// The numbers of its rows in the table, from 0.
    pub(crate) rows: Vec<usize>,
    /// How many cases of this foramen stand before it: 0, but for a foramen that was injected
    /// again and has another choice there.
    pub(crate) turn: usize,
    /// The first of its rows.
    pub(crate) row: SelectionRow,
    /// Where the middle of its patch lies, where it has one.
    pub(crate) centre: Option<Point>,
    /// The images of the subject that may show it, all those of its pools, by series and from
    /// the feet to the head.
    pub(crate) images: Vec<CaseImage>,
    /// The sagittal stack of the scan that shows the discs.
    pub(crate) sagittal: Option<usize>,
}

/// One image of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaseImage {
    /// Which stack of the scan.
    pub(crate) stack: usize,
    /// Which slice of it.
    pub(crate) slice: CaseSlice,
    /// Which series of the case, from 0.
    pub(crate) series: usize,
}

/// A slice of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseSlice {
    /// An image of a file, by its number in the stack.
    Acquired(usize),
    /// A slice that was made of the stack, a volume: by its number among all that were made.
    Made(usize),
}

impl Case {
    /// Whether the automatic choice fell on an image.
    pub(crate) fn chose(&self, image: &SliceSource) -> bool {
        self.row.image.as_ref() == Some(image)
    }
}
