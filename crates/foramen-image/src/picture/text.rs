use crate::{Colour, Picture};

/// Letters of 5 × 7 dots, the highest of five bits at the left.
const GLYPHS: [(char, [u8; 7]); 36] = [
    ('R', [30, 17, 17, 30, 20, 18, 17]),
    ('L', [16, 16, 16, 16, 16, 16, 31]),
    ('A', [14, 17, 17, 31, 17, 17, 17]),
    ('P', [30, 17, 17, 30, 16, 16, 16]),
    ('H', [17, 17, 17, 31, 17, 17, 17]),
    ('F', [31, 16, 16, 30, 16, 16, 16]),
    ('C', [14, 17, 16, 16, 16, 17, 14]),
    ('T', [31, 4, 4, 4, 4, 4, 4]),
    ('0', [14, 17, 19, 21, 25, 17, 14]),
    ('1', [4, 12, 4, 4, 4, 4, 14]),
    ('2', [14, 17, 1, 2, 4, 8, 31]),
    ('3', [31, 2, 4, 2, 1, 17, 14]),
    ('4', [2, 6, 10, 18, 31, 2, 2]),
    ('5', [31, 16, 30, 1, 1, 17, 14]),
    ('6', [6, 8, 16, 30, 17, 17, 14]),
    ('7', [31, 1, 2, 4, 8, 8, 8]),
    ('8', [14, 17, 17, 14, 17, 17, 14]),
    ('9', [14, 17, 17, 15, 1, 2, 12]),
    ('.', [0, 0, 0, 0, 0, 12, 12]),
    ('-', [0, 0, 0, 31, 0, 0, 0]),
    ('+', [0, 4, 4, 31, 4, 4, 0]),
    ('/', [1, 1, 2, 4, 8, 16, 16]),
    ('a', [0, 0, 14, 1, 15, 17, 15]),
    ('c', [0, 0, 14, 16, 16, 17, 14]),
    ('d', [1, 1, 13, 19, 17, 17, 15]),
    ('e', [0, 0, 14, 17, 31, 16, 14]),
    ('f', [6, 9, 8, 28, 8, 8, 8]),
    ('l', [12, 4, 4, 4, 4, 4, 14]),
    ('m', [0, 0, 26, 21, 21, 17, 17]),
    ('n', [0, 0, 22, 25, 17, 17, 17]),
    ('o', [0, 0, 14, 17, 17, 17, 14]),
    ('p', [0, 0, 30, 17, 30, 16, 16]),
    ('r', [0, 0, 22, 25, 16, 16, 16]),
    ('s', [0, 0, 14, 16, 14, 1, 30]),
    ('t', [8, 8, 28, 8, 8, 9, 6]),
    ('u', [0, 0, 17, 17, 17, 19, 13]),
];

/// Dots from one letter to the next.
const ADVANCE: usize = 6;

impl Picture {
    /// Writes text with its upper left dot at `(row, column)`, letters 5 × 7 dots of `scale` ×
    /// `scale` pixels, 6 dots apart. Only digits and the letters of marks and plots are available;
    /// other characters are blank.
    pub fn text(
        &mut self,
        text: &str,
        (row, column): (usize, usize),
        scale: usize,
        colour: Colour,
    ) {
        for (place, letter) in text.chars().enumerate() {
            let Some((_, dots)) = GLYPHS.iter().find(|known| known.0 == letter) else { continue };
            let left = column + place * ADVANCE * scale;
            for (down, bits) in dots.iter().enumerate() {
                for across in (0..5).filter(|across| bits & (16 >> across) != 0) {
                    for dot in 0..scale * scale {
                        let r = row + down * scale + dot / scale;
                        self.blend(r, left + across * scale + dot % scale, colour, 1.0);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_drawn_dot_by_dot_and_unknown_ones_left_blank() {
        let (black, white) = (Colour(0, 0, 0), Colour(255, 255, 255));
        let mut picture = Picture::filled(9, 30, black);
        picture.text("L%-", (1, 2), 1, white);
        let is_white = |row, column| picture.colour(row, column) == Some(white);
        assert!(is_white(1, 2) && is_white(7, 6) && !is_white(1, 3));
        assert!((8..14).all(|column| (0..9).all(|row| !is_white(row, column))));
        assert!((14..19).all(|column| is_white(4, column)));
        // What does not fit is left out.
        picture.text("88", (5, 26), 3, white);
    }
}
