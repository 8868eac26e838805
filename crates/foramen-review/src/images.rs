use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use foramen_dicom::Scan;
use foramen_image::{Slice, SliceSource, Stack, Window};
use foramen_study::review::{LoadedSet, StudyImages};

use crate::view::View;

/// Stacks kept in memory: those of the current case, of the next one, and of some before.
const KEPT: usize = 12;

/// Fewer stacks are kept if they have more pixels than this together, 256 MB: volumes are large.
const MOST_PIXELS: usize = 64_000_000;

/// Quantiles of the initial display window, the same as for patches.
const SHOWN: (f64, f64) = (0.01, 0.99);

/// Decoded stacks, the most recently used last, and the intensity windows of the image sets from
/// which patches were cut.
#[derive(Default)]
pub(crate) struct Images {
    kept: Mutex<VecDeque<(usize, Arc<LoadedStack>)>>,
    windows: Mutex<HashMap<SliceSource, Window>>,
}

/// A stack with its display window.
pub(crate) struct LoadedStack {
    pub(crate) stack: Stack,
    window: Window,
    full: Window,
}

impl LoadedStack {
    /// An image of it.
    pub(crate) fn slice(&self, source: &SliceSource) -> Option<&Slice> {
        self.stack.slices().iter().find(|slice| slice.source.as_ref() == Some(source))
    }

    fn pixels_in_all(&self) -> usize {
        self.stack.slices().iter().map(|slice| slice.pixels().len()).sum()
    }

    /// The pixels of an image in the format of the page ([`packed`]).
    pub(crate) fn pixels(&self, slice: &Slice, view: &View) -> Vec<u8> {
        let turned = view.turn(slice.pixels());
        let values: Vec<f32> = turned.iter().map(|value| self.full.apply(*value)).collect();
        let shown = [self.window.low(), self.window.high()].map(|value| self.full.apply(value));
        packed(view.rows, view.columns, shown, &values)
    }
}

impl Images {
    /// A stack of the scan, decoded.
    ///
    /// # Errors
    /// Why it cannot be decoded, as a sentence.
    pub(crate) fn load(&self, scan: &Scan, number: usize) -> Result<Arc<LoadedStack>, String> {
        if let Some(found) = self.take(number) {
            return Ok(found);
        }
        let stack =
            foramen_dicom::load(&scan.stacks[number]).map_err(|error| error.with_causes())?.stack;
        let loaded = Arc::new(LoadedStack {
            window: Window::from_quantiles(stack.slices(), SHOWN.0, SHOWN.1),
            full: whole(&stack),
            stack,
        });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((number, loaded.clone()));
        let is_too_much = |kept: &VecDeque<(usize, Arc<LoadedStack>)>| {
            let pixels: usize = kept.iter().map(|(_, one)| one.pixels_in_all()).sum();
            kept.len() > KEPT || pixels > MOST_PIXELS
        };
        while kept.len() > 1 && is_too_much(&kept) {
            kept.pop_front();
        }
        Ok(loaded)
    }

    /// The intensity window of patches of an image: the one of the set of images in which it is
    /// measured.
    ///
    /// # Errors
    /// Why the window is not known, as a sentence.
    pub(crate) fn patch_window(
        &self,
        images: StudyImages<'_>,
        image: &SliceSource,
    ) -> Result<Window, String> {
        let known = || self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = known().get(image) {
            return Ok(*window);
        }
        let set = LoadedSet::of(images, image)?;
        let sources = set.slices().filter_map(|slice| slice.source.clone());
        known().extend(sources.map(|image| (image, set.window)));
        Ok(set.window)
    }

    fn take(&self, number: usize) -> Option<Arc<LoadedStack>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(of, _)| *of == number)?;
        let found = kept.remove(at)?;
        kept.push_back(found.clone());
        Some(found.1)
    }
}

/// The window from the darkest to the brightest pixel of a stack.
fn whole(stack: &Stack) -> Window {
    let pixels = stack.slices().iter().flat_map(|slice| slice.pixels().iter().copied());
    let ends = pixels.filter(|value| value.is_finite()).fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    });
    ends.map_or_else(|| Window::new(0.0, 1.0), |(low, high): (f32, f32)| Window::new(low, high))
}

/// Pixels in the format of the page, little endian: rows, columns and the initial display window as
/// four 32-bit numbers, then 16 bits for each pixel.
pub(crate) fn packed(rows: usize, columns: usize, shown: [f32; 2], values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 2 * values.len());
    for size in [rows, columns] {
        bytes.extend(u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
    }
    for edge in shown {
        bytes.extend(u32::from(grey(edge)).to_le_bytes());
    }
    bytes.extend(values.iter().flat_map(|value| grey(*value).to_le_bytes()));
    bytes
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 65535 first"
)]
fn grey(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * 65535.0).round() as u16
}
