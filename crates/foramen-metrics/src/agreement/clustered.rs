use std::collections::BTreeMap;

use crate::{
    Confidence, Estimate, Method, MetricsError, Undefined,
    agreement::{BlandAltman, Grades, Icc, KappaWeights, Ratings, bland_altman, icc, kappa},
    distribution::upper_t_quantile,
};

/// The indices of the members of each cluster, such as the foramina of each person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    members: Vec<Vec<usize>>,
    samples: usize,
}

impl Clusters {
    /// Groups samples by the name of their cluster.
    ///
    /// # Errors
    /// [`MetricsError::Empty`] without a sample.
    pub fn new<C: Ord>(names: &[C]) -> Result<Self, MetricsError> {
        if names.is_empty() {
            return Err(MetricsError::Empty);
        }
        let mut members: BTreeMap<&C, Vec<usize>> = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            members.entry(name).or_default().push(place);
        }
        Ok(Self { members: members.into_values().collect(), samples: names.len() })
    }

    /// Number of clusters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Always false: there is at least one cluster.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The estimate with the interval of a jackknife that leaves out one cluster at a time.
    /// `scaled` maps the statistic to a scale on which it is approximately normal, and back.
    fn jackknife(
        &self,
        estimate: Estimate,
        statistic: impl Fn(&[usize]) -> Result<f64, Undefined>,
        scale: Scale,
        confidence: Confidence,
    ) -> Estimate {
        let error = self.jackknife_error(statistic, scale);
        let t = |freedom: f64| upper_t_quantile(confidence.tail(), freedom);
        let interval = error.map(|error| {
            let half = t(self.len() as f64 - 1.0) * error;
            let middle = scale.to(estimate.estimate);
            (scale.from(middle - half), scale.from(middle + half)).into()
        });
        Estimate {
            interval,
            standard_error: match scale {
                Scale::Plain => error.ok(),
                Scale::FisherZ => None,
            },
            method: Method::ClusterJackknife,
            confidence,
            ..estimate
        }
    }

    fn jackknife_error(
        &self,
        statistic: impl Fn(&[usize]) -> Result<f64, Undefined>,
        scale: Scale,
    ) -> Result<f64, Undefined> {
        let clusters = self.len() as f64;
        if self.len() < 3 {
            return Err(Undefined::TooFew);
        }
        let mut without = Vec::with_capacity(self.len());
        for left_out in 0..self.len() {
            let others = self.members.iter().enumerate().filter(|(at, _)| *at != left_out);
            let places: Vec<usize> = others.flat_map(|(_, places)| places).copied().collect();
            let value = scale.to(statistic(&places)?);
            if !value.is_finite() {
                return Err(Undefined::NoVariation);
            }
            without.push(value);
        }
        let mean = without.iter().sum::<f64>() / clusters;
        let squares: f64 = without.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = squares * (clusters - 1.0) / clusters;
        if variance > 1e-20 { Ok(variance.sqrt()) } else { Err(Undefined::NoVariation) }
    }
}

/// The scale on which a statistic is approximately normal.
#[derive(Clone, Copy)]
enum Scale {
    Plain,
    FisherZ,
}

impl Scale {
    fn to(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::FisherZ => value.atanh(),
        }
    }

    fn from(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::FisherZ => value.tanh(),
        }
    }
}

/// [`icc`] with an interval that allows for clusters: a jackknife over whole clusters (Arvesen
/// 1969, doi 10.1214/aoms/1177697287) on the scale of Fisher's z, with Student's t and one degree
/// of freedom less than the number of clusters. The rows of `ratings` are the samples.
///
/// # Errors
/// As [`icc`]; [`Undefined::TooFew`] unless there is one row for each sample. With fewer than three
/// clusters there is an estimate but no interval.
///
/// ```
/// use foramen_metrics::agreement::{Clusters, Icc, Ratings, icc, icc_of_clusters};
/// use foramen_metrics::Confidence;
///
/// // Six subjects, four raters (Shrout and Fleiss 1979, table 2).
/// let rows = [[9.0, 2.0, 5.0, 8.0], [6.0, 1.0, 3.0, 2.0], [8.0, 4.0, 6.0, 8.0],
///             [7.0, 1.0, 2.0, 6.0], [10.0, 5.0, 6.0, 9.0], [6.0, 2.0, 4.0, 7.0]];
/// let ratings = Ratings::new(&rows)?;
///
/// // Three persons with two foramina each.
/// let persons = Clusters::new(&["A", "A", "B", "B", "C", "C"])?;
///
/// let level = Confidence::P95;
/// let of_persons = icc_of_clusters(&ratings, &persons, Icc::AgreementSingle, level)?;
/// assert_eq!(format!("{:.2}", of_persons.estimate), "0.29"); // the number is the same
/// assert_ne!(of_persons.ci(), icc(&ratings, Icc::AgreementSingle, level)?.ci()); // the interval not
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn icc_of_clusters(
    ratings: &Ratings,
    clusters: &Clusters,
    form: Icc,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    if ratings.subjects() != clusters.samples {
        return Err(Undefined::TooFew);
    }
    let whole = icc(ratings, form, confidence)?;
    let of = |places: &[usize]| Ok(icc(&ratings.subset(places), form, confidence)?.estimate);
    Ok(clusters.jackknife(whole, of, Scale::FisherZ, confidence))
}

/// [`kappa`] with an interval that allows for clusters, computed as in [`icc_of_clusters`]. `first`
/// and `second` are the grades of two raters, a pair for each sample.
///
/// # Errors
/// As [`Grades::new`].
///
/// ```
/// use foramen_metrics::{agreement::{Clusters, KappaWeights, kappa_of_clusters}, Confidence};
///
/// let persons = Clusters::new(&["A", "A", "B", "B", "C", "C", "D", "D"])?;
/// let readers = (&[0, 1, 2, 1, 0, 2, 1, 0][..], &[0, 1, 1, 1, 0, 2, 2, 0][..]);
/// let linear = KappaWeights::Linear;
/// let kappa = kappa_of_clusters(readers, 3, &persons, linear, Confidence::P95)??;
/// assert_eq!(format!("{:.3}", kappa.estimate), "0.704");
/// assert!(kappa.ci().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kappa_of_clusters(
    (first, second): (&[usize], &[usize]),
    categories: usize,
    clusters: &Clusters,
    weights: KappaWeights,
    confidence: Confidence,
) -> Result<Result<Estimate, Undefined>, MetricsError> {
    let whole = kappa(&Grades::new(first, second, categories)?, weights, confidence);
    if first.len() != clusters.samples {
        let (labels, values) = (first.len(), clusters.samples);
        return Err(MetricsError::Lengths { labels, values, what: "clusters" });
    }
    let of = |places: &[usize]| {
        let [a, b] = [first, second].map(|of| places.iter().map(|&at| of[at]).collect::<Vec<_>>());
        let grades = Grades::new(&a, &b, categories).map_err(|_| Undefined::TooFew)?;
        Ok(kappa(&grades, weights, confidence)?.estimate)
    };
    Ok(whole.map(|whole| clusters.jackknife(whole, of, Scale::FisherZ, confidence)))
}

/// [`bland_altman`] with intervals that allow for clusters: a jackknife over whole clusters, with
/// Student's t and one degree of freedom less than the number of clusters. Bias and limits
/// themselves are those of all samples.
///
/// # Errors
/// As [`bland_altman`]; [`Undefined::TooFew`] unless there is one row for each sample. With fewer
/// than three clusters there are estimates but no intervals.
///
/// ```
/// use foramen_metrics::agreement::{Clusters, Ratings, bland_altman_of_clusters};
/// use foramen_metrics::Confidence;
///
/// let widths = Ratings::new(&[[3.1, 2.9], [2.4, 2.6], [4.0, 3.6], [1.8, 1.7]])?;
/// let persons = Clusters::new(&["A", "A", "B", "B"])?;
/// let limits = bland_altman_of_clusters(&widths, (0, 1), &persons, Confidence::P95)?;
/// assert_eq!(format!("{:.3}", limits.bias.estimate), "0.125");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bland_altman_of_clusters(
    ratings: &Ratings,
    raters: (usize, usize),
    clusters: &Clusters,
    confidence: Confidence,
) -> Result<BlandAltman, Undefined> {
    if ratings.subjects() != clusters.samples {
        return Err(Undefined::TooFew);
    }
    let whole = bland_altman(ratings, raters, confidence)?;
    let with = |of: fn(&BlandAltman) -> Estimate| {
        let without = |places: &[usize]| {
            let drawn = bland_altman(&ratings.subset(places), raters, confidence)?;
            Ok(of(&drawn).estimate)
        };
        clusters.jackknife(of(&whole), without, Scale::Plain, confidence)
    };
    Ok(BlandAltman {
        bias: with(|limits| limits.bias),
        lower_limit: with(|limits| limits.lower_limit),
        upper_limit: with(|limits| limits.upper_limit),
        ..whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    fn normal(random: &mut ChaCha8Rng) -> f64 {
        crate::distribution::normal_quantile(random.random::<f64>().clamp(1e-12, 1.0 - 1e-12))
    }

    /// Two readers' widths of `foramina` foramina of each of `people`; the second reader's offset
    /// is the same for all foramina of a person.
    fn readings(people: usize, foramina: usize, seed: u64) -> (Vec<[f64; 2]>, Vec<usize>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (mut rows, mut names) = (Vec::new(), Vec::new());
        for person in 0..people {
            let (size, shift) = (0.8 * normal(&mut random), 0.5 * normal(&mut random));
            for _ in 0..foramina {
                let width = 4.0 + size + 0.8 * normal(&mut random);
                let noise = |random: &mut ChaCha8Rng| 0.3 * normal(random);
                rows.push([width + noise(&mut random), width + shift + noise(&mut random)]);
                names.push(person);
            }
        }
        (rows, names)
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        // With one sample a cluster, the bias of Bland and Altman is a mean of differences.
        let (rows, _) = readings(12, 1, 3);
        let ratings = Ratings::new(&rows).unwrap();
        let clusters = Clusters::new(&(0..12).collect::<Vec<_>>()).unwrap();
        let plain = bland_altman(&ratings, (0, 1), Confidence::P95).unwrap().bias;
        let ours = bland_altman_of_clusters(&ratings, (0, 1), &clusters, Confidence::P95).unwrap();
        let (a, b) = (ours.bias.ci().unwrap(), plain.ci().unwrap());
        assert!((a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
        assert_eq!(ours.bias.method, Method::ClusterJackknife);
    }

    #[test]
    fn the_bias_of_unequal_clusters_is_worked_by_hand() {
        // Differences 1 and 3 in one person, 2 in the second, 6 in the third. Bias 3; without
        // each 4, 10/3, 2: mean 28/9, squares 56/27·…, by hand: (8/9)² + (2/9)² + (10/9)² = 168/81,
        // times 2/3 is 112/81; its root is 1.17589.
        let rows = [[1.0, 0.0], [3.0, 0.0], [2.0, 0.0], [6.0, 0.0]];
        let clusters = Clusters::new(&["a", "a", "b", "c"]).unwrap();
        let ratings = Ratings::new(&rows).unwrap();
        let ours = bland_altman_of_clusters(&ratings, (0, 1), &clusters, Confidence::P95).unwrap();
        let error = ours.bias.standard_error.unwrap();
        assert!((error - (112.0_f64 / 81.0).sqrt()).abs() < 1e-12, "{error}");
    }

    #[test]
    fn foramina_of_one_person_seen_twice_teach_nothing_new() {
        let (rows, names) = readings(15, 2, 5);
        let twice = [rows.clone(), rows.clone()].concat();
        let of = |rows: &[[f64; 2]], names: &[usize]| {
            let ratings = Ratings::new(rows).unwrap();
            let clusters = Clusters::new(names).unwrap();
            icc_of_clusters(&ratings, &clusters, Icc::OneWaySingle, Confidence::P95).unwrap()
        };
        let (once, double) = (of(&rows, &names), of(&twice, &[names.clone(), names].concat()));
        let width = |estimate: &Estimate| estimate.ci().map(|(low, high)| high - low).unwrap();
        assert!((width(&double) / width(&once) - 1.0).abs() < 0.05, "{once:?} {double:?}");
    }

    /// The share of studies whose interval contains the value of a very large study.
    fn coverage(of: impl Fn(&[[f64; 2]], &[usize], bool) -> Estimate) -> (usize, usize) {
        let (rows, names) = readings(4000, 6, 999);
        let truth = of(&rows, &names, false).estimate;
        let mut held = (0, 0);
        for seed in 0..400 {
            let (rows, names) = readings(20, 6, seed);
            let holds = |clustered| {
                let (low, high) = of(&rows, &names, clustered).ci().expect("an interval");
                usize::from(low <= truth && truth <= high)
            };
            held = (held.0 + holds(true), held.1 + holds(false));
        }
        held
    }

    #[test]
    fn intervals_over_people_hold_the_truth_and_those_over_foramina_do_not() {
        // 380 of 400 are expected; 366 to 393 are within three standard deviations. Intervals of
        // 20 people may be somewhat short.
        let right = 362..=394;
        let level = Confidence::P95;
        let bias = coverage(|rows, names, clustered| {
            let (ratings, clusters) = (Ratings::new(rows).unwrap(), Clusters::new(names).unwrap());
            let limits = if clustered {
                bland_altman_of_clusters(&ratings, (0, 1), &clusters, level)
            } else {
                bland_altman(&ratings, (0, 1), level)
            };
            limits.unwrap().bias
        });
        let agreement = coverage(|rows, names, clustered| {
            let (ratings, clusters) = (Ratings::new(rows).unwrap(), Clusters::new(names).unwrap());
            let form = Icc::AgreementSingle;
            if clustered {
                icc_of_clusters(&ratings, &clusters, form, level).unwrap()
            } else {
                icc(&ratings, form, level).unwrap()
            }
        });
        let graded = coverage(|rows, names, clustered| {
            let grade = |width: f64| usize::from(width < 4.0) + usize::from(width < 3.0);
            let [a, b] = [0, 1].map(|of| rows.iter().map(|row| grade(row[of])).collect::<Vec<_>>());
            let weights = KappaWeights::Linear;
            if clustered {
                let clusters = Clusters::new(names).unwrap();
                kappa_of_clusters((&a, &b), 3, &clusters, weights, level).unwrap().unwrap()
            } else {
                kappa(&Grades::new(&a, &b, 3).unwrap(), weights, level).unwrap()
            }
        });
        println!("bias {bias:?}, ICC {agreement:?}, kappa {graded:?}");
        for (name, (clustered, plain)) in [("bias", bias), ("ICC", agreement), ("kappa", graded)] {
            assert!(right.contains(&clustered), "{name}: {clustered} of 400");
            assert!(plain < clustered, "{name}: {plain} and {clustered} of 400");
        }
        assert!(bias.1 < 320, "{bias:?}");
    }

    #[test]
    fn two_people_have_no_interval_and_perfect_agreement_none_either() {
        let rows = [[1.0, 1.2], [2.0, 2.1], [3.0, 3.3]];
        let ratings = Ratings::new(&rows).unwrap();
        let two = Clusters::new(&[1, 1, 2]).unwrap();
        let form = Icc::ConsistencySingle;
        let ours = icc_of_clusters(&ratings, &two, form, Confidence::P95).unwrap();
        assert_eq!((ours.ci(), ours.no_interval()), (None, Some(Undefined::TooFew)));
        let three = Clusters::new(&[1, 2, 3]).unwrap();
        let grades = [0, 1, 2];
        let level = Confidence::P95;
        let same = kappa_of_clusters((&grades, &grades), 3, &three, KappaWeights::None, level);
        let same = same.unwrap().unwrap();
        assert_eq!((same.estimate, same.no_interval()), (1.0, Some(Undefined::NoVariation)));
        let short = kappa_of_clusters((&[0], &[0]), 3, &three, KappaWeights::None, level);
        assert!(short.is_err());
    }
}
