use crate::{
    Estimate, Method, Undefined,
    distribution::{normal_cdf, normal_quantile},
    resampling::{Bootstrap, BootstrapInterval},
};

/// Computes the interval from the resampled estimates.
pub(crate) fn interval(
    estimate: f64,
    n: usize,
    replicates: Vec<Option<f64>>,
    influence: impl FnOnce() -> [Vec<f64>; 2],
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    let drawn = replicates.len();
    let mut replicates: Vec<f64> = replicates.into_iter().flatten().collect();
    replicates.sort_unstable_by(f64::total_cmp);
    let method = match bootstrap.interval {
        BootstrapInterval::Percentile => Method::BootstrapPercentile,
        BootstrapInterval::Bca => Method::BootstrapBca,
    };
    let point =
        Estimate { method, confidence: bootstrap.confidence, ..Estimate::point(estimate, n) };
    let undefined = |reason| Ok(Estimate { interval: Err(reason), ..point });
    if 20 * (drawn - replicates.len()) > drawn {
        return undefined(Undefined::Resamples);
    }
    let (Some(first), Some(last)) = (replicates.first(), replicates.last()) else {
        return undefined(Undefined::TooFew);
    };
    if first >= last {
        return undefined(Undefined::NoVariation);
    }
    let tail = bootstrap.confidence.tail();
    let levels = match bootstrap.interval {
        BootstrapInterval::Percentile => Some((tail, 1.0 - tail)),
        BootstrapInterval::Bca => bca_levels(estimate, &replicates, &influence(), tail),
    };
    let Some((low, high)) = levels else { return undefined(Undefined::NoVariation) };
    let mean = replicates.iter().sum::<f64>() / replicates.len() as f64;
    let spread = replicates.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Ok(Estimate {
        interval: Ok((quantile(&replicates, low), quantile(&replicates, high)).into()),
        standard_error: Some((spread / (replicates.len() as f64 - 1.0)).sqrt()),
        ..point
    })
}

/// The levels at which BCa reads the sorted replicates; `None` if the estimate is outside all of
/// them, so that the bias is unbounded.
fn bca_levels(
    estimate: f64,
    sorted: &[f64],
    influence: &[Vec<f64>; 2],
    tail: f64,
) -> Option<(f64, f64)> {
    let below = sorted.partition_point(|&value| value < estimate);
    let equal = sorted.partition_point(|&value| value <= estimate) - below;
    let share = (below as f64 + 0.5 * equal as f64) / sorted.len() as f64;
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let bias = normal_quantile(share);
    // Davison and Hinkley 1997, 5.3.2: several samples, each with its size.
    let (mut squares, mut cubes) = (0.0, 0.0);
    for stratum in influence {
        let size = stratum.len() as f64;
        squares += stratum.iter().map(|value| value * value).sum::<f64>() / (size * size);
        cubes += stratum.iter().map(|value| value.powi(3)).sum::<f64>() / size.powi(3);
    }
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
    let level = |quantile: f64| {
        let shifted = bias + quantile;
        normal_cdf(bias + shifted / (1.0 - acceleration * shifted))
    };
    Some((level(normal_quantile(tail)), level(normal_quantile(1.0 - tail))))
}

/// The quantile of sorted values by linear interpolation (type 7 of Hyndman and
/// Fan 1996, the default of R and numpy).
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the place is between 0 and the last index"
    )]
    let lower = place.floor() as usize;
    let upper = (lower + 1).min(sorted.len() - 1);
    sorted[lower] + (sorted[upper] - sorted[lower]) * (place - lower as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_numpy() {
        // np.quantile([1, 2, 4, 8], [0, .025, .5, .9, 1])
        for (level, expected) in [(0.0, 1.0), (0.025, 1.075), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], level) - expected).abs() < 1e-12);
        }
    }
}
