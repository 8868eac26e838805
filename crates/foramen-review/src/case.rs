use foramen_image::SliceSource;
use foramen_study::review::SelectionRow;
use foramen_types::{Level, Point, Side, SubjectId};

/// One foramen to review: a row of `selections.csv`, or several rows of one foramen (repeated
/// injections) with the same chosen image.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) subject: SubjectId,
    pub(crate) level: Level,
    pub(crate) side: Side,
    /// The numbers of its rows in the table, from 0.
    pub(crate) rows: Vec<usize>,
    /// The index of this case among the cases of its foramen: 0, except for a repeated injection
    /// with another chosen image.
    pub(crate) turn: usize,
    /// The first of its rows.
    pub(crate) row: SelectionRow,
    /// The middle of its patch, if it has one.
    pub(crate) centre: Option<Point>,
    /// The images of the subject that may show the foramen: all images of the pools, by series and
    /// from the feet to the head.
    pub(crate) images: Vec<CaseImage>,
    /// The sagittal stack of the scan that shows the discs.
    pub(crate) sagittal: Option<usize>,
}

/// One image of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaseImage {
    /// The index of the stack in the scan.
    pub(crate) stack: usize,
    /// The slice of the stack.
    pub(crate) slice: CaseSlice,
    /// The index of the series in the case.
    pub(crate) series: usize,
}

/// A slice of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseSlice {
    /// An image of a file, by its index in the stack.
    Acquired(usize),
    /// A slice made from the stack, which is a volume: by its index among all such slices.
    Made(usize),
}

impl Case {
    /// Whether an image is the automatic choice.
    pub(crate) fn chose(&self, image: &SliceSource) -> bool {
        self.row.image.as_ref() == Some(image)
    }
}
