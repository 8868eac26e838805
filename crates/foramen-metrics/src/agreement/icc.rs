use crate::{
    Confidence, Estimate, Interval, Method, Undefined, agreement::Ratings,
    distribution::upper_f_quantile,
};

/// The form of intraclass correlation (Shrout and Fleiss 1979, doi 10.1037/0033-2909.86.2.420).
/// Agreement counts a constant difference between raters as an error, consistency does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Icc {
    /// ICC(1,1): each subject has different raters; a single rating.
    OneWaySingle,
    /// ICC(1,k): the same, for the mean of all raters.
    OneWayAverage,
    /// ICC(2,1): the raters are a sample of all raters; absolute agreement of a single rating.
    AgreementSingle,
    /// ICC(2,k): the same, for the mean of all raters.
    AgreementAverage,
    /// ICC(3,1): only these raters; consistency of a single rating.
    ConsistencySingle,
    /// ICC(3,k): the same, for the mean of all raters.
    ConsistencyAverage,
}

/// An intraclass correlation with its F interval.
///
/// If raters differ by nothing, or by a constant, there is no error from which to compute an
/// interval: there is an estimate (1 if they differ by nothing) but no interval. There is also no
/// interval if its bounds do not exist, as may happen with very few subjects.
///
/// # Errors
/// [`Undefined::TooFew`] for fewer than two subjects or raters, [`Undefined::NoVariation`] if all
/// ratings are equal, [`Undefined::NoDenominator`] if the variances cancel out, for example if
/// subjects do not differ and the mean of raters is requested.
///
/// ```
/// use foramen_metrics::{agreement::{Icc, Ratings, icc}, Confidence};
///
/// // Six subjects, four raters (Shrout and Fleiss 1979, table 2).
/// let rows = [[9.0, 2.0, 5.0, 8.0], [6.0, 1.0, 3.0, 2.0], [8.0, 4.0, 6.0, 8.0],
///             [7.0, 1.0, 2.0, 6.0], [10.0, 5.0, 6.0, 9.0], [6.0, 2.0, 4.0, 7.0]];
/// let ratings = Ratings::new(&rows)?;
///
/// let of = |form| Ok::<_, foramen_metrics::Undefined>(icc(&ratings, form, Confidence::P95)?.estimate);
/// assert_eq!(format!("{:.2}", of(Icc::OneWaySingle)?), "0.17");
/// assert_eq!(format!("{:.2}", of(Icc::AgreementSingle)?), "0.29");
/// assert_eq!(format!("{:.2}", of(Icc::ConsistencySingle)?), "0.71");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn icc(ratings: &Ratings, form: Icc, confidence: Confidence) -> Result<Estimate, Undefined> {
    let squares = MeanSquares::of(ratings)?;
    let (n, k) = (squares.subjects, squares.raters);
    let (between, of_raters) = (squares.between, squares.raters_between);
    let one_way = matches!(form, Icc::OneWaySingle | Icc::OneWayAverage);
    let agreement = matches!(form, Icc::AgreementSingle | Icc::AgreementAverage);
    let averaged =
        matches!(form, Icc::OneWayAverage | Icc::AgreementAverage | Icc::ConsistencyAverage);
    let (error, freedom) = if one_way {
        (squares.within, n * (k - 1.0))
    } else {
        (squares.error, (n - 1.0) * (k - 1.0))
    };
    let raters = if agreement { k * (of_raters - error) / n } else { 0.0 };
    let single = (between - error) / (between + (k - 1.0) * error + raters);
    let of_form = |single: f64| {
        // Spearman and Brown, for whom the mean of raters has a pole.
        let spread = if averaged { 1.0 + (k - 1.0) * single } else { 1.0 };
        let value = if averaged { k * single / spread } else { single };
        (value.is_finite() && spread > 1e-12).then_some(value)
    };
    let estimate = of_form(single).ok_or(Undefined::NoDenominator)?;
    let tail = confidence.tail();
    let bounds = || {
        if !agreement {
            let ratio = between / error;
            let single = |ratio: f64| (ratio - 1.0) / (ratio + k - 1.0);
            let lower = ratio / upper_f_quantile(tail, (n - 1.0, freedom));
            let upper = ratio * upper_f_quantile(tail, (freedom, n - 1.0));
            return Some((single(lower), single(upper)));
        }
        let ratio = of_raters / error;
        let scale = n * (1.0 + (k - 1.0) * single) - k * single;
        let freedom = freedom * (k * single * ratio + scale).powi(2)
            / ((n - 1.0) * (k * single * ratio).powi(2) + scale * scale);
        if freedom.is_nan() || freedom <= 0.0 {
            return None;
        }
        let noise = k * of_raters + (k * n - k - n) * error;
        let lower = upper_f_quantile(tail, (n - 1.0, freedom));
        let upper = upper_f_quantile(tail, (freedom, n - 1.0));
        let lower = n * (between - lower * error) / (lower * noise + n * between);
        Some((lower, n * (upper * between - error) / (noise + n * upper * between)))
    };
    let interval = if error > 0.0 {
        let known = bounds().and_then(|(low, high)| Some((of_form(low)?, of_form(high)?)));
        known.filter(|(low, high)| low <= high).map(Interval::from).ok_or(Undefined::TooFew)
    } else {
        Err(Undefined::NoVariation)
    };
    Ok(Estimate {
        method: Method::F,
        confidence,
        interval,
        ..Estimate::point(estimate, ratings.subjects())
    })
}

/// The analysis of variance of subjects and raters.
struct MeanSquares {
    subjects: f64,
    raters: f64,
    /// Between subjects.
    between: f64,
    /// Within subjects.
    within: f64,
    /// Between raters.
    raters_between: f64,
    /// Residual: not explained by subjects and raters.
    error: f64,
}

impl MeanSquares {
    fn of(ratings: &Ratings) -> Result<Self, Undefined> {
        if ratings.subjects() < 2 || ratings.raters() < 2 {
            return Err(Undefined::TooFew);
        }
        let (n, k) = (ratings.subjects() as f64, ratings.raters() as f64);
        // No correlation depends on the unit, and within 1 no square overflows.
        let largest = ratings.rows.iter().flatten().fold(0.0, |most: f64, v| most.max(v.abs()));
        if largest <= 0.0 {
            return Err(Undefined::NoVariation);
        }
        let scaled = |row: &Vec<f64>| row.iter().map(|value| value / largest).collect();
        let rows: Vec<Vec<f64>> = ratings.rows.iter().map(scaled).collect();
        let mean_of_row: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / k).collect();
        let grand = mean_of_row.iter().sum::<f64>() / n;
        let mean_of_rater: Vec<f64> = (0..ratings.raters())
            .map(|rater| rows.iter().map(|row| row[rater]).sum::<f64>() / n)
            .collect();
        let about = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
        let (mut within, mut error) = (0.0, 0.0);
        for (row, mean) in rows.iter().zip(&mean_of_row) {
            for (value, of_rater) in row.iter().zip(&mean_of_rater) {
                within += (value - mean).powi(2);
                error += (value - mean - of_rater + grand).powi(2);
            }
        }
        // What rounding leaves of equal ratings is nothing.
        let rounding = (8.0 * f64::EPSILON * n * k).powi(2);
        let beyond_rounding = |square: f64| if square > rounding { square } else { 0.0 };
        let between = beyond_rounding(k * about(&mean_of_row) / (n - 1.0));
        let within = beyond_rounding(within / (n * (k - 1.0)));
        if between + within <= 0.0 {
            return Err(Undefined::NoVariation);
        }
        Ok(Self {
            subjects: n,
            raters: k,
            between,
            within,
            raters_between: beyond_rounding(n * about(&mean_of_rater) / (k - 1.0)),
            error: beyond_rounding(error / ((n - 1.0) * (k - 1.0))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of Shrout and Fleiss 1979: six targets, four judges.
    const TABLE: [[f64; 4]; 6] = [
        [9.0, 2.0, 5.0, 8.0],
        [6.0, 1.0, 3.0, 2.0],
        [8.0, 4.0, 6.0, 8.0],
        [7.0, 1.0, 2.0, 6.0],
        [10.0, 5.0, 6.0, 9.0],
        [6.0, 2.0, 4.0, 7.0],
    ];

    const FORMS: [Icc; 6] = [
        Icc::OneWaySingle,
        Icc::AgreementSingle,
        Icc::ConsistencySingle,
        Icc::OneWayAverage,
        Icc::AgreementAverage,
        Icc::ConsistencyAverage,
    ];

    #[test]
    fn the_six_forms_agree_with_shrout_and_fleiss() {
        let ratings = Ratings::new(&TABLE).unwrap();
        for (form, printed) in
            FORMS.into_iter().zip(["0.17", "0.29", "0.71", "0.44", "0.62", "0.91"])
        {
            let ours = icc(&ratings, form, Confidence::P95).unwrap();
            assert_eq!(format!("{:.2}", ours.estimate), printed, "{form:?}");
        }
    }

    #[test]
    fn intervals_are_the_formulas_worked_in_scipy() {
        // n, k = 6, 4; MSB, MSW, MSJ, MSE by numpy from the table; from scipy.stats import f
        // as in pingouin 0.7.0 intraclass_corr, before it rounds
        let ratings = Ratings::new(&TABLE).unwrap();
        for (form, (estimate, lower, upper)) in FORMS.into_iter().zip([
            (0.165_741_768_405_475_44, -0.132_932_324_874_750_98, 0.722_560_062_328_121),
            (0.289_763_779_527_559_1, 0.018_786_513_374_712, 0.761_084_369_648_952_9),
            (0.714_840_714_840_714_9, 0.342_464_765_033_925_3, 0.945_858_259_955_359_5),
            (0.442_797_133_679_268_65, -0.884_442_155_238_120_1, 0.912_415_420_340_775_5),
            (0.620_050_547_598_989_1, 0.071_136_815_302_503_32, 0.927_232_040_167_721_9),
            (0.909_315_542_377_069_5, 0.675_674_713_816_304_6, 0.985_891_678_169_062_3),
        ]) {
            let ours = icc(&ratings, form, Confidence::P95).unwrap();
            let ci = ours.ci().unwrap();
            assert!((ours.estimate - estimate).abs() < 1e-13, "{form:?} {ours:?}");
            assert!((ci.0 - lower).abs() < 1e-11, "{form:?} {ours:?} {lower}");
            assert!((ci.1 - upper).abs() < 1e-11, "{form:?} {ours:?} {upper}");
        }
    }

    #[test]
    fn equal_raters_agree_and_equal_ratings_say_nothing() {
        // A third of three times 0.1 is not 0.1, so that rounding leaves something.
        for ratings in [
            Ratings::new(&[[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]).unwrap(),
            Ratings::new(&[[0.1; 3], [0.7; 3], [0.3; 3]]).unwrap(),
        ] {
            for form in FORMS {
                let ours = icc(&ratings, form, Confidence::P95).unwrap();
                assert_eq!((ours.estimate, ours.ci()), (1.0, None), "{form:?}");
                assert_eq!(ours.no_interval(), Some(Undefined::NoVariation));
            }
        }
        for form in FORMS {
            for constant in [0.0, 0.1, 3.0] {
                let constant = Ratings::new(&[[constant; 3], [constant; 3]]).unwrap();
                assert_eq!(icc(&constant, form, Confidence::P95), Err(Undefined::NoVariation));
            }
            let one = Ratings::new(&[[3.0, 4.0]]).unwrap();
            assert_eq!(icc(&one, form, Confidence::P95), Err(Undefined::TooFew));
        }
    }

    #[test]
    fn a_constant_difference_leaves_consistency_whole_and_agreement_less() {
        // By hand: MSB = 14/3, MSJ = 3/2, MSE = 0; MSB / (MSB + 2 MSJ / 3) = 14/17.
        let ratings = Ratings::new(&[[1.0, 2.0], [2.0, 3.0], [4.0, 5.0]]).unwrap();
        let of = |form| icc(&ratings, form, Confidence::P95).unwrap();
        let (agreement, consistency) = (of(Icc::AgreementSingle), of(Icc::ConsistencySingle));
        assert!((agreement.estimate - 14.0 / 17.0).abs() < 1e-14, "{agreement:?}");
        assert_eq!((agreement.ci(), consistency.ci()), (None, None));
        assert_eq!(consistency.estimate, 1.0);
    }

    #[test]
    fn subjects_that_do_not_differ_have_no_reliable_mean() {
        let of = |rows: &[[f64; 2]], form| {
            icc(&Ratings::new(rows).unwrap(), form, Confidence::P95).map(|ours| ours.estimate)
        };
        let crossed = [[1.0, 2.0], [2.0, 1.0]];
        assert_eq!(of(&crossed, Icc::ConsistencySingle), Ok(-1.0));
        for form in [Icc::OneWayAverage, Icc::ConsistencyAverage, Icc::AgreementSingle] {
            assert_eq!(of(&crossed, form), Err(Undefined::NoDenominator), "{form:?}");
        }
        let shifted = [[1.0, 0.0], [1.0, 0.0]];
        assert_eq!(of(&shifted, Icc::ConsistencySingle), Err(Undefined::NoDenominator));
        assert_eq!(of(&shifted, Icc::AgreementSingle), Ok(0.0));
    }

    #[test]
    fn small_tables_have_numbers_or_reasons_in_any_unit() {
        // All tables of three subjects, two raters and the ratings 0 to 2.
        for table in 0..3_u32.pow(6) {
            let digit = |place: u32| f64::from(table / 3_u32.pow(place) % 3);
            let rows = [[digit(0), digit(1)], [digit(2), digit(3)], [digit(4), digit(5)]];
            for form in FORMS {
                let of = |unit: f64| {
                    let rows = rows.map(|row| row.map(|value| value * unit));
                    icc(&Ratings::new(&rows).unwrap(), form, Confidence::P95)
                };
                let Ok(ours) = of(1.0) else { continue };
                assert!(ours.estimate <= 1.0, "{rows:?} {form:?} {ours:?}");
                assert_eq!(ours.ci().is_none(), ours.no_interval().is_some());
                if let Some((low, high)) = ours.ci() {
                    assert!(low.is_finite() && low <= high, "{rows:?} {form:?} {ours:?}");
                }
                for unit in [0.1, 1e-200, 1e200] {
                    let other = of(unit).unwrap();
                    let near = (other.estimate - ours.estimate).abs();
                    assert!(
                        near <= 1e-9 * ours.estimate.abs().max(1.0),
                        "{rows:?} {form:?} {unit}"
                    );
                }
            }
        }
    }
}
