use std::collections::BTreeMap;

use foramen_metrics::{
    Confidence, Estimate,
    agreement::{Grades, Icc, KappaWeights, Ratings, bland_altman, icc, kappa},
};
use foramen_types::SubjectId;
use serde::Serialize;

use crate::reading::{Reading, Seen};
use crate::standing::Standing;
use crate::study::Study;

/// Agreement of two readers on the cases that both have read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Pair {
    first: String,
    second: String,
    /// Cases that both answered.
    cases: usize,
    /// Number of persons with these cases.
    persons: usize,
    /// κ of open, closed and occluded.
    states: Option<Value>,
    /// Cases that both call open or occluded, so that both have a width.
    widths: usize,
    /// Mean difference of widths, first − second, millimetres.
    bias: Option<Value>,
    lower_limit: Option<Value>,
    upper_limit: Option<Value>,
    /// ICC(2,1), absolute agreement of single readings.
    icc: Option<Value>,
    /// Quadratic κ of Kim's grade.
    kim: Option<Value>,
}

/// A number with its interval; the interval is missing where it is not defined.
#[derive(Debug, Clone, Copy, Serialize)]
struct Value {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// The answers of two readers to one case, with its subject.
type Both<'a> = (&'a SubjectId, &'a Reading, &'a Reading);

/// The answers of one reader, by case.
type Answers = BTreeMap<usize, Reading>;

/// The agreement of every two readers, of each reader with their own repeats, and, where
/// `measured`, with the automatic choice.
///
/// Intervals leave out one person at a time (the jackknife), so that several cases of one person
/// are treated as related; with a single person there are no intervals.
pub(crate) fn agreement(study: &Study, standing: &Standing, measured: bool) -> Vec<Pair> {
    let mut readers: BTreeMap<String, Answers> = BTreeMap::new();
    for ((case, reader, occasion), rows) in &standing.answers {
        let name = if *occasion == 0 { reader.clone() } else { format!("{reader}, again") };
        // What was said before the automatic choice was shown counts.
        let blind = rows
            .iter()
            .rev()
            .find(|row| row.entry.kind.reading().is_some_and(|reading| reading.blind));
        let answer = blind.or(rows.last()).and_then(|row| row.entry.kind.reading());
        if let Some(reading) = answer.filter(|reading| reading.seen != Seen::Unclear) {
            readers.entry(name).or_default().insert(*case, reading.clone());
        }
    }
    if measured {
        let all = study.cases.iter().enumerate();
        let answers: Answers = all.filter_map(|(at, _)| Some((at, chosen(study, at)?))).collect();
        readers.insert("automatic choice".to_owned(), answers);
    }
    let names: Vec<&String> = readers.keys().collect();
    let mut pairs = Vec::new();
    for (at, first) in names.iter().enumerate() {
        for second in &names[at + 1..] {
            let both: Vec<Both<'_>> = readers[*first]
                .iter()
                .filter_map(|(case, one)| {
                    Some((&study.cases[*case].subject, one, readers[*second].get(case)?))
                })
                .collect();
            if !both.is_empty() {
                pairs.push(pair(first, second, &both));
            }
        }
    }
    pairs
}

/// The automatic choice in the form of an answer.
fn chosen(study: &Study, case: usize) -> Option<Reading> {
    let case = &study.cases[case];
    let side = study.measured(case.row.image.as_ref()?, case.side)?;
    Some(Reading {
        seen: Seen::of(side.state)?,
        width_mm: case.row.width,
        reason: String::new(),
        walls: None,
        moved: false,
        problems: Vec::new(),
        kim: None,
        note: String::new(),
        blind: true,
        automatic: None,
    })
}

fn pair(first: &str, second: &str, both: &[Both<'_>]) -> Pair {
    let mut persons: Vec<&SubjectId> = both.iter().map(|(subject, _, _)| *subject).collect();
    persons.dedup();
    let states = of_clusters(both, COEFFICIENT, &|some| {
        let category = |reading: &Reading| reading.seen as usize;
        let all: Vec<(usize, usize)> =
            some.iter().map(|(_, a, b)| (category(a), category(b))).collect();
        weighted(&all, 3, KappaWeights::None)
    });
    let widths: Vec<_> = both
        .iter()
        .copied()
        .filter(|(_, a, b)| a.width_mm.is_some() && b.width_mm.is_some())
        .collect();
    let rated = |some: &[Both<'_>]| {
        let rows: Vec<[f64; 2]> =
            some.iter().filter_map(|(_, a, b)| Some([a.width_mm?, b.width_mm?])).collect();
        Ratings::new(&rows).ok()
    };
    let level = Confidence::default();
    let limits = |of: fn(foramen_metrics::agreement::BlandAltman) -> Estimate| {
        of_clusters(&widths, MILLIMETRES, &|some| {
            Some(of(bland_altman(&rated(some)?, (0, 1), level).ok()?).estimate)
        })
    };
    let graded: Vec<_> =
        both.iter().copied().filter(|(_, a, b)| a.kim.is_some() && b.kim.is_some()).collect();
    Pair {
        first: first.to_owned(),
        second: second.to_owned(),
        cases: both.len(),
        persons: persons.len(),
        states,
        widths: widths.len(),
        bias: limits(|limits| limits.bias),
        lower_limit: limits(|limits| limits.lower_limit),
        upper_limit: limits(|limits| limits.upper_limit),
        icc: of_clusters(&widths, COEFFICIENT, &|some| {
            Some(icc(&rated(some)?, Icc::AgreementSingle, level).ok()?.estimate)
        }),
        kim: of_clusters(&graded, COEFFICIENT, &|some| {
            let all: Vec<(usize, usize)> =
                some.iter().filter_map(|(_, a, b)| Some((a.kim?.into(), b.kim?.into()))).collect();
            weighted(&all, 3, KappaWeights::Quadratic)
        }),
    }
}

fn weighted(all: &[(usize, usize)], categories: usize, weights: KappaWeights) -> Option<f64> {
    let (a, b): (Vec<usize>, Vec<usize>) = all.iter().copied().unzip();
    let grades = Grades::new(&a, &b, categories).ok()?;
    Some(kappa(&grades, weights, Confidence::default()).ok()?.estimate)
}

/// The ranges of κ and ICC, and of differences.
const COEFFICIENT: (f64, f64) = (-1.0, 1.0);
const MILLIMETRES: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// A statistic with its 95 % jackknife interval over persons, limited to its range.
fn of_clusters(
    both: &[Both<'_>],
    range: (f64, f64),
    statistic: &dyn Fn(&[Both<'_>]) -> Option<f64>,
) -> Option<Value> {
    let value = statistic(both).filter(|value| value.is_finite())?;
    let mut persons: Vec<&SubjectId> = both.iter().map(|(subject, _, _)| *subject).collect();
    persons.sort();
    persons.dedup();
    let n = persons.len() as f64;
    let without: Option<Vec<f64>> = persons
        .iter()
        .map(|person| {
            let others: Vec<_> =
                both.iter().copied().filter(|(subject, _, _)| subject != person).collect();
            statistic(&others).filter(|value| value.is_finite())
        })
        .collect();
    let error = without.filter(|all| all.len() > 2).map(|all| {
        let mean = all.iter().sum::<f64>() / n;
        let squares: f64 = all.iter().map(|one| (one - mean).powi(2)).sum();
        (squares * (n - 1.0) / n).sqrt()
    });
    let edge = |sign: f64| error.map(|error| (value + sign * 1.96 * error).clamp(range.0, range.1));
    Some(Value { value, low: edge(-1.0), high: edge(1.0) })
}
