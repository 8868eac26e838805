use std::collections::BTreeMap;

use serde::Serialize;

use crate::Case;
use crate::grouping::{ALL, Group};
use crate::known_cases::Cases;
use crate::numerals;
use crate::scored::Scored;

/// One line of the table of characteristics of the included injections.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CharacteristicReport {
    /// Its name for people, with the unit.
    pub name: String,
    /// Its values over all, the favourable and the poor injections.
    pub values: Vec<CharacteristicValue>,
    /// Injections without a value.
    pub missing: usize,
}

/// One value of a characteristic.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CharacteristicValue {
    /// The category; none for a number.
    pub category: Option<String>,
    /// Of all injections: the count and the share, or median and quartiles.
    pub all: String,
    /// Of injections with a favourable outcome.
    pub favourable: String,
    /// Of injections with a poor outcome.
    pub poor: String,
}

/// Returns a numeric characteristic of a case.
type Number = fn(&Case) -> Option<f64>;

const NUMBERS: [(&str, Number); 4] = [
    ("Age, years", |case| case.age),
    ("Pain before the injection, 0 to 10", |case| case.baseline),
    ("Duration of pain, weeks", |case| case.duration),
    ("Measured width, mm", |case| case.width),
];

/// The characteristics of the injections, as far as they are known: numbers first, then categories.
pub(crate) fn characteristics(scored: &Scored, cases: &Cases<'_>) -> Vec<CharacteristicReport> {
    let labels = scored.scores.labels();
    let mut lines = Vec::new();
    for (name, number) in NUMBERS {
        let known: Vec<(bool, f64)> = scored
            .injections
            .iter()
            .zip(labels)
            .filter_map(|(injection, label)| Some((*label, number(cases.of(injection)?)?)))
            .collect();
        if known.is_empty() {
            continue;
        }
        let of = |keep: &dyn Fn(bool) -> bool| {
            let kept = known.iter().filter(|(label, _)| keep(*label)).map(|(_, value)| *value);
            median(kept.collect())
        };
        lines.push(CharacteristicReport {
            name: name.to_owned(),
            values: vec![CharacteristicValue {
                category: None,
                all: of(&|_| true),
                favourable: of(&|label| label),
                poor: of(&|label| !label),
            }],
            missing: labels.len() - known.len(),
        });
    }
    // Age and confidence are numbers above, or described elsewhere.
    for grouping in ALL.iter().filter(|grouping| !["age", "confidence"].contains(&grouping.name)) {
        let mut counts: BTreeMap<Group, [usize; 2]> = BTreeMap::new();
        for (injection, label) in scored.injections.iter().zip(labels) {
            if let Some(group) = (grouping.group)(injection.1, injection.2, cases.of(injection)) {
                counts.entry(group).or_default()[usize::from(!*label)] += 1;
            }
        }
        let total = |of: usize| -> usize { counts.values().map(|count| count[of]).sum() };
        let (favourable, poor) = (total(0), total(1));
        if favourable + poor == 0 {
            continue;
        }
        let values = counts.iter().map(|((_, category), count)| CharacteristicValue {
            category: Some(category.clone()),
            all: share(count[0] + count[1], favourable + poor),
            favourable: share(count[0], favourable),
            poor: share(count[1], poor),
        });
        lines.push(CharacteristicReport {
            name: grouping.title.to_owned(),
            values: values.collect(),
            missing: labels.len() - favourable - poor,
        });
    }
    lines
}

/// `66 (54–71)`: median and quartiles, between values by linear interpolation.
fn median(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return "none".to_owned() };
    let quantile = |share: f64| {
        let place = share * last as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let below = place.floor() as usize;
        let above = (below + 1).min(last);
        values[below] + (values[above] - values[below]) * (place - below as f64)
    };
    let digits = usize::from(quantile(0.5).abs() < 20.0 && values.iter().any(|v| v.fract() != 0.0));
    format!(
        "{} ({})",
        numerals::number(quantile(0.5), digits),
        numerals::interval((quantile(0.25), quantile(0.75)), digits)
    )
}

/// `52 (43 %)`.
fn share(count: usize, of: usize) -> String {
    if of == 0 {
        return count.to_string();
    }
    format!("{count} ({})", numerals::percent(Some(count as f64 / of as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;
    use crate::sample::with_cases;

    #[test]
    fn quartiles_lie_between_values() {
        // numpy.quantile([1, 2, 4, 8], [.25, .5, .75])
        assert_eq!(median(vec![8.0, 1.0, 4.0, 2.0]), "3 (2–5)");
        assert_eq!(median(vec![1.5, 2.5]), "2.0 (1.8–2.2)");
        assert_eq!(median(Vec::new()), "none");
    }

    #[test]
    fn categories_add_up_and_what_is_not_known_is_counted() {
        let report = evaluate(&with_cases()).unwrap();
        let sex = report.characteristics.iter().find(|line| line.name == "Sex").unwrap();
        let count = |text: &str| text.split(' ').next().unwrap().parse::<usize>().unwrap();
        let all: usize = sex.values.iter().map(|value| count(&value.all)).sum();
        assert_eq!(all + sex.missing, 120);
        for value in &sex.values {
            assert_eq!(count(&value.favourable) + count(&value.poor), count(&value.all));
        }
    }
}
