//! What convolutions take and give.

/// Maps of one image, `[row, column, channel]`: the channels of a pixel lie together.
#[derive(Debug, Clone)]
pub(crate) struct Maps {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) channels: usize,
    pub(crate) values: Vec<f32>,
}

impl Maps {
    /// Means over the whole and over the middle half of each edge, `[2 × channels]`: the
    /// foramen lies in the middle, so that what is there is pooled by itself.
    pub(crate) fn pool(&self) -> Vec<f32> {
        let (row, column) = (self.rows / 4, self.columns / 4);
        let whole = self.mean([0, self.rows], [0, self.columns]);
        let middle = self.mean([row, self.rows - row], [column, self.columns - column]);
        [whole, middle].concat()
    }

    /// The mean of each channel over the pixels from the first of each pair up to the last.
    fn mean(&self, [top, bottom]: [usize; 2], [left, right]: [usize; 2]) -> Vec<f32> {
        let mut sums = vec![0f32; self.channels];
        for row in top..bottom {
            let line = row * self.columns;
            let pixels =
                &self.values[(line + left) * self.channels..][..(right - left) * self.channels];
            for pixel in pixels.chunks_exact(self.channels) {
                sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
            }
        }
        let count = ((bottom - top) * (right - left)) as f32;
        sums.iter().map(|sum| sum / count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_pooled_by_itself() {
        // Rows and columns of 5: the middle is 3 × 3, from the second on.
        let values = (0..25).flat_map(|pixel: u8| [f32::from(pixel), 1.0]).collect();
        let mut maps = Maps { rows: 5, columns: 5, channels: 2, values };
        assert_eq!(maps.pool(), [12.0, 1.0, 12.0, 1.0]);
        maps.values[0] = 25.0;
        assert_eq!(maps.pool(), [13.0, 1.0, 12.0, 1.0]);
    }
}
