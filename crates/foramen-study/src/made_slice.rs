use foramen_image::{Plane, Slice, SliceSource, Stack};

/// A slice that was made from a volume, with its position.
#[derive(Debug, Clone, PartialEq)]
pub struct MadeSlice {
    /// Its name ([`crate::made_of`]) and number.
    pub source: SliceSource,
    /// The stack of the series that is the volume, as [`foramen_dicom::StackHeader::stack`].
    pub stack: usize,
    /// Position and orientation of its pixels.
    pub plane: Plane,
    /// Rows and columns.
    pub size: (usize, usize),
    /// The thickness over which voxels are averaged, millimetres.
    pub thickness: f64,
}

impl MadeSlice {
    /// Makes the slice again from its volume.
    #[must_use]
    pub fn cut(&self, volume: &Stack) -> Slice {
        let (rows, columns) = self.size;
        volume.reformat(&self.plane, rows, columns, self.thickness).with_source(self.source.clone())
    }
}
