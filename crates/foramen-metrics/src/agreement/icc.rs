use crate::{Confidence, Estimate, Method, Ratings, Undefined, distribution::upper_f_quantile};

/// Which intraclass correlation (Shrout and Fleiss 1979,
/// doi 10.1037/0033-2909.86.2.420). Agreement counts a rater who always reads
/// higher as an error, consistency does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Icc {
    /// ICC(1,1): each subject has raters of its own; one rating.
    OneWaySingle,
    /// ICC(1,k): the same, for the mean of all raters.
    OneWayAverage,
    /// ICC(2,1): the raters stand for all raters; absolute agreement of one
    /// rating.
    AgreementSingle,
    /// ICC(2,k): the same, for the mean of all raters.
    AgreementAverage,
    /// ICC(3,1): these raters alone; consistency of one rating.
    ConsistencySingle,
    /// ICC(3,k): the same, for the mean of all raters.
    ConsistencyAverage,
}

/// An intraclass correlation with its F interval.
///
/// # Errors
/// [`Undefined::TooFew`] for fewer than two subjects or raters,
/// [`Undefined::NoVariation`] where all ratings are equal. Where raters agree
/// without any error the estimate is 1 and has no interval.
pub fn icc(ratings: &Ratings, form: Icc, confidence: Confidence) -> Result<Estimate, Undefined> {
    let squares = MeanSquares::of(ratings)?;
    let (n, k) = (squares.subjects, squares.raters);
    let tail = confidence.tail();
    let one_way = matches!(form, Icc::OneWaySingle | Icc::OneWayAverage);
    let (error, freedom) = if one_way {
        (squares.within, n * (k - 1.0))
    } else {
        (squares.error, (n - 1.0) * (k - 1.0))
    };
    let between = squares.between;
    // Of one rating: estimate and bounds.
    let (estimate, bounds) = match form {
        Icc::AgreementSingle | Icc::AgreementAverage => {
            let raters = k * (squares.raters_between - error) / n;
            let single = (between - error) / (between + (k - 1.0) * error + raters);
            let ratio = squares.raters_between / error;
            let scale = n * (1.0 + (k - 1.0) * single) - k * single;
            let freedom = freedom * (k * single * ratio + scale).powi(2)
                / ((n - 1.0) * (k * single * ratio).powi(2) + scale * scale);
            let noise = k * squares.raters_between + (k * n - k - n) * error;
            let lower = upper_f_quantile(tail, (n - 1.0, freedom));
            let upper = upper_f_quantile(tail, (freedom, n - 1.0));
            let lower = n * (between - lower * error) / (lower * noise + n * between);
            let upper = n * (upper * between - error) / (noise + n * upper * between);
            (single, (lower, upper))
        }
        _ => {
            let ratio = between / error;
            let single = |ratio: f64| (ratio - 1.0) / (ratio + k - 1.0);
            let lower = ratio / upper_f_quantile(tail, (n - 1.0, freedom));
            let upper = ratio * upper_f_quantile(tail, (freedom, n - 1.0));
            let estimate = (between - error) / (between + (k - 1.0) * error);
            (estimate, (single(lower), single(upper)))
        }
    };
    let averaged =
        matches!(form, Icc::OneWayAverage | Icc::AgreementAverage | Icc::ConsistencyAverage);
    let of_form = |single: f64| {
        // Spearman and Brown.
        if averaged { k * single / (1.0 + (k - 1.0) * single) } else { single }
    };
    let point = Estimate {
        method: Method::F,
        confidence,
        ..Estimate::point(of_form(estimate), ratings.subjects())
    };
    Ok(if error > 0.0 {
        Estimate { ci: Some((of_form(bounds.0), of_form(bounds.1))), ..point }
    } else {
        Estimate { ci_undefined: Some(Undefined::NoVariation), ..point }
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
    /// What subjects and raters do not explain.
    error: f64,
}

impl MeanSquares {
    fn of(ratings: &Ratings) -> Result<Self, Undefined> {
        if ratings.subjects() < 2 || ratings.raters() < 2 {
            return Err(Undefined::TooFew);
        }
        let (n, k) = (ratings.subjects() as f64, ratings.raters() as f64);
        let rows = &ratings.rows;
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
        let between = k * about(&mean_of_row) / (n - 1.0);
        let within = within / (n * (k - 1.0));
        if between + within <= 0.0 {
            return Err(Undefined::NoVariation);
        }
        Ok(Self {
            subjects: n,
            raters: k,
            between,
            within,
            raters_between: n * about(&mean_of_rater) / (k - 1.0),
            error: error / ((n - 1.0) * (k - 1.0)),
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
            let ci = ours.ci.unwrap();
            assert!((ours.estimate - estimate).abs() < 1e-13, "{form:?} {ours:?}");
            assert!((ci.0 - lower).abs() < 1e-11, "{form:?} {ours:?} {lower}");
            assert!((ci.1 - upper).abs() < 1e-11, "{form:?} {ours:?} {upper}");
        }
    }

    #[test]
    fn equal_raters_agree_and_equal_ratings_say_nothing() {
        let same = Ratings::new(&[[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]).unwrap();
        let ours = icc(&same, Icc::ConsistencySingle, Confidence::P95).unwrap();
        assert_eq!((ours.estimate, ours.ci), (1.0, None));
        let constant = Ratings::new(&[[3.0, 3.0], [3.0, 3.0]]).unwrap();
        assert_eq!(icc(&constant, Icc::OneWaySingle, Confidence::P95), Err(Undefined::NoVariation));
        let one = Ratings::new(&[[3.0, 4.0]]).unwrap();
        assert_eq!(icc(&one, Icc::OneWaySingle, Confidence::P95), Err(Undefined::TooFew));
    }
}
