use foramen_image::{Plane, Slice, SliceSource, Stack};

/// A slice that was made of a volume, and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeSlice {
    /// Its name ([`crate::made_of`]) and number.
    pub source: SliceSource,
    /// Which stack of the series is the volume, as [`foramen_dicom::StackHeader::stack`].
    pub stack: usize,
    /// Where its pixels lie.
    pub plane: Plane,
    /// Rows and columns.
    pub size: (usize, usize),
    /// Over how much it is the mean, millimetres.
    pub thickness: f64,
}

impl MadeSlice {
    /// Makes it again, of its volume.
    #[must_use]
    pub fn cut(&self, volume: &Stack) -> Slice {
        let (rows, columns) = self.size;
        volume.reformat(&self.plane, rows, columns, self.thickness).with_source(self.source.clone())
    }
}
