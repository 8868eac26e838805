use foramen_image::SliceSource;
use foramen_study::review::SelectionRow;
use foramen_types::{Level, Side, SubjectId};

/// One foramen that a person is to look at: a row of `selections.csv`.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) subject: SubjectId,
    pub(crate) level: Level,
    pub(crate) side: Side,
    /// The row of the table, in its order.
    pub(crate) row: SelectionRow,
    /// The images of the subject that may show it: those of the series that was chosen
    /// first, each series from the feet to the head.
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
    pub(crate) slice: usize,
    /// Which series of the case, from 0.
    pub(crate) series: usize,
}

impl Case {
    /// Whether the automatic choice fell on an image.
    pub(crate) fn chose(&self, image: &SliceSource) -> bool {
        self.row.image.as_ref() == Some(image)
    }
}
