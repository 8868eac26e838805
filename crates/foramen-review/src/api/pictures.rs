use foramen_image::Patch;

use super::Api;
use crate::failure::{Failure, absent, undecoded, unreadable};
use crate::images::packed;
use crate::view::View;

impl Api {
    /// The pixels of an axial image of a case.
    pub(crate) fn axial(&self, id: &str, slice: usize) -> Result<Vec<u8>, Failure> {
        let case = &self.study.cases[self.item(id)?.1.case];
        let image = *case.images.get(slice).ok_or_else(absent)?;
        let loaded = self.study.load_stack(image.stack).map_err(unreadable)?;
        let slice = self.study.slice(image, &loaded).ok_or_else(undecoded)?;
        Ok(loaded.pixels(&slice, &View::axial(&self.study.grid(image))))
    }

    /// The pixels of a sagittal image of a case.
    pub(crate) fn sagittal(&self, id: &str, slice: usize) -> Result<Vec<u8>, Failure> {
        let case = &self.study.cases[self.item(id)?.1.case];
        let stack = case.sagittal.ok_or_else(absent)?;
        let header = &self.study.scan.stacks[stack];
        let source = &header.slices.get(slice).ok_or_else(absent)?.source;
        let loaded = self.study.load_stack(stack).map_err(unreadable)?;
        let image = loaded.slice(source).ok_or_else(undecoded)?;
        Ok(loaded.pixels(image, &View::sagittal(header, slice)))
    }

    /// The patch that a model would get around a place of an image.
    pub(crate) fn patch(&self, id: &str, slice: usize, at: [f64; 2]) -> Result<Vec<u8>, Failure> {
        let case = &self.study.cases[self.item(id)?.1.case];
        let image = *case.images.get(slice).ok_or_else(absent)?;
        let view = View::axial(&self.study.grid(image));
        if !at.iter().all(|at| at.is_finite()) || !view.holds(at) {
            return Err(absent());
        }
        let loaded = self.study.load_stack(image.stack).map_err(unreadable)?;
        let slice = self.study.slice(image, &loaded).ok_or_else(undecoded)?;
        let window = self.study.patch_window(image).map_err(unreadable)?;
        let centre = view.plane.point(at[0], at[1]);
        let frame = self.study.frame;
        let patch = Patch::cut(&slice, centre, case.side, frame, window)
            .map_err(|error| unreadable(error.to_string()))?;
        let values: Vec<f32> = patch.pixels().iter().copied().collect();
        Ok(packed(frame.pixels, frame.pixels, [0.0, 1.0], &values))
    }
}
