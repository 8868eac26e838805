use super::column::STEP;

/// Shortest and longest distance from disc to disc in the neck, millimetres.
const LEAST: f64 = 12.5;
pub(crate) const MOST: f64 = 24.0;

/// The greatest ratio of neighbouring distances, as a logarithm.
const UNEVEN: f64 = 0.3;

/// The usual distance from disc to disc, millimetres.
const USUAL: f64 = 17.0;

/// Contrast of a clear disc, as a share of the brightness of marrow.
const CLEAR: f64 = 0.35;

/// Discs in a row, from the head down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain {
    /// Indices along the column.
    pub(crate) discs: Vec<usize>,
    /// Sum of the responses, less the cost of uneven distances.
    pub(crate) score: f64,
}

/// Places that stand out more than their neighbours within 4 mm, at least by
/// `least`.
pub(crate) fn peaks(response: &[f64], least: f64) -> Vec<usize> {
    let known = |at: usize| if response[at].is_nan() { -1.0 } else { response[at] };
    let reach = 8;
    (0..response.len())
        .filter(|&at| {
            let value = known(at);
            value >= least
                && (at.saturating_sub(reach)..at).all(|other| known(other) < value)
                && (at + 1..=(at + reach).min(response.len() - 1))
                    .all(|other| known(other) <= value)
        })
        .collect()
}

/// The chain of peaks with the greatest sum of responses less the cost of uneven distances, by
/// dynamic programming over pairs of neighbours.
pub(crate) fn best_chain(response: &[f64]) -> Chain {
    let peaks = peaks(response, 0.2 * CLEAR);
    // A weak peak costs more than it gives, unless it lies where one is due.
    let gain = |peak: usize| (response[peaks[peak]] / CLEAR).min(1.2) - 0.3;
    let distance = |a: usize, b: usize| (peaks[b] - peaks[a]) as f64 * STEP;
    let mut ends: Vec<End> = Vec::new();
    for last in 0..peaks.len() {
        for before in 0..last {
            let step = distance(before, last);
            if !(LEAST..=MOST).contains(&step) {
                continue;
            }
            let mut sum = gain(before) - 0.1 * (step - USUAL).abs();
            let mut earlier = None;
            for (index, end) in ends.iter().enumerate().filter(|(_, end)| end.last == before) {
                let uneven = (step / distance(end.before, before)).ln().abs();
                if uneven < UNEVEN && end.sum - 1.5 * uneven > sum {
                    sum = end.sum - 1.5 * uneven;
                    earlier = Some(index);
                }
            }
            ends.push(End { before, last, sum: sum + gain(last), earlier });
        }
    }
    let Some(best) = ends.iter().max_by(|a, b| a.sum.total_cmp(&b.sum)) else {
        return Chain::default();
    };
    let mut discs = vec![peaks[best.last], peaks[best.before]];
    let mut earlier = best.earlier;
    while let Some(index) = earlier {
        discs.push(peaks[ends[index].before]);
        earlier = ends[index].earlier;
    }
    discs.reverse();
    Chain { discs, score: best.sum }
}

/// The best chain that ends in two given peaks.
struct End {
    before: usize,
    last: usize,
    sum: f64,
    /// The best chain without `last`, in the list of ends.
    earlier: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A response with discs at given millimetres and strengths.
    fn response(discs: &[(f64, f64)]) -> Vec<f64> {
        (0..400)
            .map(|at| {
                let mm = f64::from(at) * STEP;
                discs
                    .iter()
                    .map(|(place, height)| height * (-(mm - place).powi(2) / 4.0).exp())
                    .sum()
            })
            .collect()
    }

    #[test]
    fn a_stray_peak_between_discs_is_left_out() {
        let discs = [(40.0, 0.4), (57.0, 0.3), (66.0, 0.2), (74.0, 0.4), (92.0, 0.4)];
        let chain = best_chain(&response(&discs));
        assert_eq!(chain.discs, [80, 114, 148, 184]);
    }

    #[test]
    fn distances_that_no_neck_has_break_the_chain() {
        let discs = [(20.0, 0.4), (60.0, 0.4), (77.0, 0.4), (94.0, 0.4)];
        assert_eq!(best_chain(&response(&discs)).discs, [120, 154, 188]);
    }

    #[test]
    fn nothing_gives_no_chain() {
        assert!(best_chain(&[]).discs.is_empty());
        assert!(best_chain(&[f64::NAN; 50]).discs.is_empty());
        assert!(best_chain(&response(&[(50.0, 0.4)])).discs.is_empty());
    }
}
