use std::collections::BTreeMap;

use statrs::stats_tests::Alternative;
use statrs::stats_tests::chisquare::chisquare;
use statrs::stats_tests::fisher::fishers_exact;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

use crate::{Episode, Outcomes};

/// The most episodes for which ranks are compared: the time of the comparison grows with the square
/// of their number, and with more episodes any difference is significant.
const MOST_RANKED: usize = 20_000;

/// One line of the table of characteristics: a value before the injection, for the episodes with a
/// favourable and with a poor outcome.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Characteristic {
    /// `age`, `sex`, `nrs_baseline`, `level`, `side`, `duration_weeks`.
    pub name: String,
    /// The values in the two groups.
    pub groups: Groups,
    /// Episodes without a value, favourable and poor.
    pub missing: (usize, usize),
    /// The test of a difference and its two-sided p value; `None` where it is not defined, for
    /// example for an empty group. Episodes are treated as independent, although the two sides of
    /// one subject are not. The p values of the six tests are not corrected for multiple testing.
    pub test: Option<(Test, f64)>,
}

/// The values of a characteristic in the two groups.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Groups {
    /// A numeric characteristic; `None` for a group without values.
    Number {
        /// Summary of the favourable episodes.
        favourable: Option<Summary>,
        /// Summary of the poor episodes.
        poor: Option<Summary>,
    },
    /// A categorical characteristic: each category with its number of favourable and of poor
    /// episodes.
    Category(Vec<(String, usize, usize)>),
}

/// Summary of a numeric characteristic in a group.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Summary {
    /// Number of values.
    pub n: usize,
    /// Median and quartiles, between values by linear interpolation (type 7 of
    /// doi 10.1080/00031305.1996.10473566).
    pub median: f64,
    /// The lower and the upper quartile.
    pub quartiles: (f64, f64),
    /// Mean.
    pub mean: f64,
}

/// A test of a difference between two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Test {
    /// Numbers, with the normal distribution, corrected for ties and continuity; in groups of fewer
    /// than about 8 the p value is an approximation.
    MannWhitney,
    /// Two categories.
    Fisher,
    /// More than two categories.
    ChiSquared {
        /// The least expected count; below 5 the p value is an approximation.
        least_expected: f64,
    },
}

impl Test {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MannWhitney => "mann_whitney",
            Self::Fisher => "fisher",
            Self::ChiSquared { .. } => "chi_squared",
        }
    }
}

impl Outcomes {
    /// The table of characteristics by outcome. A covariate that the table lacks has no line; an
    /// `age` or `duration_weeks` that is not a number counts as missing.
    #[must_use]
    pub fn characteristics(&self) -> Vec<Characteristic> {
        let covariate = |name: &'static str| {
            move |episode: &Episode| {
                let named = |(key, _): &(&str, &str)| key.eq_ignore_ascii_case(name);
                episode.covariates.iter().find(named).map(|(_, value)| value.to_lowercase())
            }
        };
        let number = |name| {
            let text = covariate(name);
            move |episode: &Episode| text(episode)?.replace(',', ".").parse::<f64>().ok()
        };
        let all = [
            self.numbers("age", number("age")),
            self.categories("sex", covariate("sex")),
            self.numbers("nrs_baseline", |episode| Some(episode.nrs_baseline.get())),
            self.categories("level", |episode| Some(episode.level.name().to_owned())),
            self.categories("side", |episode| Some(episode.side.name().to_owned())),
            self.numbers("duration_weeks", number("duration_weeks")),
        ];
        all.into_iter().flatten().collect()
    }

    fn numbers(
        &self,
        name: &str,
        value: impl Fn(&Episode) -> Option<f64>,
    ) -> Option<Characteristic> {
        let (mut favourable, mut poor) = (Vec::new(), Vec::new());
        let mut missing = (0, 0);
        for episode in &self.episodes {
            let good = episode.outcome.is_favourable();
            match value(episode).filter(|value| value.is_finite()) {
                Some(value) => if good { &mut favourable } else { &mut poor }.push(value),
                None => *if good { &mut missing.0 } else { &mut missing.1 } += 1,
            }
        }
        let n = favourable.len() + poor.len();
        if n == 0 {
            return None;
        }
        let test = (n <= MOST_RANKED)
            .then(|| {
                // The exact method of statrs 0.19 gives the complement of p when
                // the first group is not the larger one.
                let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
                mannwhitneyu(&favourable, &poor, method, Alternative::TwoSided).ok()
            })
            .flatten()
            .filter(|(_, p)| p.is_finite())
            .map(|(_, p)| (Test::MannWhitney, p));
        let groups =
            Groups::Number { favourable: summary(&mut favourable), poor: summary(&mut poor) };
        Some(Characteristic { name: name.to_owned(), groups, missing, test })
    }

    fn categories(
        &self,
        name: &str,
        value: impl Fn(&Episode) -> Option<String>,
    ) -> Option<Characteristic> {
        let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        let mut missing = [0, 0];
        for episode in &self.episodes {
            let group = usize::from(!episode.outcome.is_favourable());
            match value(episode) {
                Some(value) => counts.entry(value).or_default()[group] += 1,
                None => missing[group] += 1,
            }
        }
        if counts.is_empty() {
            return None;
        }
        let table: Vec<[usize; 2]> = counts.values().copied().collect();
        let test = compare(&table).filter(|(_, p)| p.is_finite());
        let groups = counts.into_iter().map(|(word, [good, bad])| (word, good, bad)).collect();
        Some(Characteristic {
            name: name.to_owned(),
            groups: Groups::Category(groups),
            missing: (missing[0], missing[1]),
            test,
        })
    }
}

fn summary(values: &mut [f64]) -> Option<Summary> {
    values.sort_by(f64::total_cmp);
    let quantile = |quarters: usize| {
        let at = quarters * (values.len() - 1);
        let (below, part) = (at / 4, (at % 4) as f64 / 4.0);
        let above = values[(below + 1).min(values.len() - 1)];
        values[below] + part * (above - values[below])
    };
    (!values.is_empty()).then(|| Summary {
        n: values.len(),
        median: quantile(2),
        quartiles: (quantile(1), quantile(3)),
        mean: values.iter().sum::<f64>() / values.len() as f64,
    })
}

/// The test for a table of two columns without empty rows.
fn compare(table: &[[usize; 2]]) -> Option<(Test, f64)> {
    let totals = [0, 1].map(|group| table.iter().map(|row| row[group]).sum::<usize>());
    if totals.contains(&0) {
        return None;
    }
    let [first, second] = match table {
        [] | [_] => return None,
        [first, second] => [first, second],
        more => {
            let all = (totals[0] + totals[1]) as f64;
            let observed: Vec<usize> = more.iter().flatten().copied().collect();
            let expected: Vec<f64> = more
                .iter()
                .flat_map(|row| totals.map(|total| (row[0] + row[1]) as f64 * total as f64 / all))
                .collect();
            let least_expected = expected.iter().copied().fold(f64::INFINITY, f64::min);
            // Of 2 k counts, k row totals and one column total are given.
            let (_, p) = chisquare(&observed, Some(&expected), Some(more.len())).ok()?;
            return Some((Test::ChiSquared { least_expected }, p));
        }
    };
    let cells = [first[0], first[1], second[0], second[1]].map(|n| n as u64);
    let p = fishers_exact(&cells, Alternative::TwoSided).ok()?;
    Some((Test::Fisher, p.min(1.0)))
}
