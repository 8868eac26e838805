use thiserror::Error;

/// Why labels and scores cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There are no samples.
    #[error("there are no samples to evaluate")]
    Empty,
    /// Labels and scores, or labels and clusters, differ in number.
    #[error("{labels} labels do not match {values} {what}; each sample needs one of both")]
    Lengths {
        /// Number of labels.
        labels: usize,
        /// Number of the other values.
        values: usize,
        /// What the other values are.
        what: &'static str,
    },
    /// More samples than the counts can hold.
    #[error("{samples} samples are more than the {limit} that can be counted")]
    TooMany {
        /// Number of samples.
        samples: usize,
        /// The largest number.
        limit: u32,
    },
    /// A score is NaN or infinite.
    #[error("the score of sample {index} is {value}; leave samples without a finite score out")]
    NotFinite {
        /// Index of the sample, from 0.
        index: usize,
        /// The score.
        value: f64,
    },
    /// A probability is outside 0 to 1.
    #[error(
        "the probability of sample {index} is {value}, outside 0 to 1; \
         scores that are no probabilities belong in Scores::of_marker"
    )]
    NotAProbability {
        /// Index of the sample, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Two sets of scores are for different samples.
    #[error(
        "sample {index} has different labels in the two sets; a paired comparison needs the same samples in the same order"
    )]
    LabelsDiffer {
        /// Index of the first such sample, from 0.
        index: usize,
    },
    /// A rating is NaN or infinite.
    #[error(
        "rating {rater} of subject {subject} is {value}; leave subjects without all ratings out"
    )]
    Rating {
        /// Index of the subject, from 0.
        subject: usize,
        /// Index of the rater, from 0.
        rater: usize,
        /// The rating.
        value: f64,
    },
    /// A subject has more or fewer ratings than the first one.
    #[error("subject {subject} has {ratings} ratings and the first one {expected}")]
    Ragged {
        /// Index of the subject, from 0.
        subject: usize,
        /// Number of its ratings.
        ratings: usize,
        /// Number of the first subject's ratings.
        expected: usize,
    },
    /// A grade is not among the categories.
    #[error("grade {grade} of subject {subject} is not below the {categories} categories")]
    Grade {
        /// Index of the subject, from 0.
        subject: usize,
        /// The grade.
        grade: usize,
        /// Number of categories.
        categories: usize,
    },
    /// A confidence level is not between 0 and 1.
    #[error("a confidence level of {level} is not between 0 and 1")]
    Confidence {
        /// The level.
        level: f64,
    },
}

/// Why a metric has no value, or an estimate no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Undefined {
    /// No sample is labelled positive.
    #[error("no sample is positive")]
    NoPositives,
    /// No sample is labelled negative.
    #[error("no sample is negative")]
    NoNegatives,
    /// The denominator of a proportion is 0, as for the positive predictive
    /// value where nothing is called positive.
    #[error("no sample counts in the denominator")]
    NoDenominator,
    /// Too few samples for a variance.
    #[error("there are too few samples for an interval")]
    TooFew,
    /// The variance is 0, as for an AUC of exactly 1: an interval of width 0
    /// would claim certainty.
    #[error("the estimate does not vary in this sample, so that no interval can be given")]
    NoVariation,
    /// All predictions are equal, so that no slope can be fitted.
    #[error("all predictions are equal")]
    ConstantScores,
    /// Most predictions are exactly 0 or 1, or too few others are left: the
    /// log-odds of 0 and 1 are infinite, and any finite stand-in would decide the
    /// result.
    #[error(
        "most predictions are exactly 0 or 1, which have no log-odds, or too few are between, so \
         that no line can be fitted"
    )]
    Saturated,
    /// One threshold separates the labels, so that the logistic fit has no
    /// finite slope.
    #[error("the predictions separate the labels, so that the slope has no finite estimate")]
    Separated,
    /// The predictions rank the samples the wrong way round on the whole.
    #[error("the predictions rank the samples the wrong way round")]
    Inverted,
    /// The iteration did not converge.
    #[error("the fit did not converge")]
    NotConverged,
    /// The metric needs probabilities and was given marker values.
    #[error("the metric needs probabilities, and the scores are marker values")]
    NotProbabilities,
    /// The threshold has no odds: it is not in 0 to 1, or is 1.
    #[error("the threshold is not a probability below 1")]
    Threshold,
    /// A study cannot be planned for no effect, or with rates outside 0 to 1.
    #[error("the plan has no effect to find, or a rate that is not between 0 and 1")]
    Plan,
    /// A part of a ROC curve has no width, or lies outside 0 to 1.
    #[error("the bounds are not 0 ≤ lower < upper ≤ 1")]
    Region,
    /// The number has no formula for an interval, or none was asked for.
    #[error("no interval was asked for")]
    PointOnly,
    /// The statistic was undefined in too many resamples.
    #[error("the statistic is undefined in too many resamples")]
    Resamples,
}
