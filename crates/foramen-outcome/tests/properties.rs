//! What holds for every table.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use foramen_outcome::{Episode, OutcomeOptions, Outcomes, read};
use proptest::prelude::*;

const HEADER: &str = "subject_id,level,side,injection_date,nrs_baseline,followup_date,\
                      nrs_followup,baseline_date,event,event_date,age";

/// One cell per column, from few values, so that rows often meet.
fn row() -> impl Strategy<Value = String> {
    let pick = |values: &'static [&'static str]| prop::sample::select(values);
    (
        pick(&["S1", "S2", "0S1", "s2", ""]),
        pick(&["C5/6", "C5/6", "C5-6", "C6/7", "C6", "x"]),
        pick(&["left", "left", "L", "right", "both", ""]),
        pick(&["2024-03-01", "2024-03-01", "2024-03-20", "2024-3-1", ""]),
        pick(&["7", "7.0", "0", "2", "", "99", "11"]),
        pick(&["2024-04-30", "2024-05-02", "2024-04-28", "2024-03-05", "2024-02-01", ""]),
        pick(&["3", "3.5", "4", "", "-9", "ten"]),
        pick(&["", "", "2024-02-28", "2023-01-01"]),
        pick(&["", "", "", "none", "surgery", "tfesi"]),
        pick(&["", "2024-04-01", "2024-06-01", "soon"]),
        pick(&["", "50", "51"]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i, j, k)| [a, b, c, d, e, f, g, h, i, j, k].join(","))
}

fn label(rows: &[String]) -> Outcomes {
    let table = format!("{HEADER}\n{}\n", rows.join("\n"));
    read(table.as_bytes(), &OutcomeOptions::default()).unwrap()
}

/// The episodes with their rows as text instead of line numbers.
fn contents(rows: &[String], episodes: &[Episode]) -> Vec<(Episode, Vec<String>)> {
    let text = |line: &u64| spelled(&rows[usize::try_from(*line).unwrap() - 2]);
    let one = |episode: &Episode| {
        let mut used: Vec<String> = episode.rows.iter().map(text).collect();
        used.sort();
        (Episode { rows: vec![], ..episode.clone() }, used)
    };
    episodes.iter().map(one).collect()
}

/// A row in one spelling: of two rows that say the same the first is kept,
/// however they say it.
fn spelled(row: &str) -> String {
    [("C5-6", "C5/6"), (",L,", ",left,"), ("2024-3-1", "2024-03-01"), (",7.0,", ",7,")]
        .iter()
        .fold(row.to_owned(), |row, (one, other)| row.replace(one, other))
}

/// How many rows of each text were rejected for each reason.
fn rejections(rows: &[String], outcomes: &Outcomes) -> BTreeMap<(String, &'static str), usize> {
    let mut counts = BTreeMap::new();
    for rejection in &outcomes.rejected {
        let text = spelled(&rows[usize::try_from(rejection.row).unwrap() - 2]);
        *counts.entry((text, rejection.reason.name())).or_default() += 1;
    }
    counts
}

proptest! {
    #[test]
    fn every_row_is_in_exactly_one_place(rows in prop::collection::vec(row(), 1..30)) {
        let outcomes = label(&rows);
        let mut places: Vec<u64> = outcomes.rejected.iter().map(|r| r.row).collect();
        places.extend(outcomes.episodes.iter().flat_map(|episode| &episode.rows));
        places.sort_unstable();
        let all: Vec<u64> = (2..).take(rows.len()).collect();
        prop_assert_eq!(places, all);
        prop_assert!(outcomes.flow().adds_up());
    }

    #[test]
    fn row_order_does_not_matter(
        (rows, shuffled) in prop::collection::vec(row(), 1..30)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let (one, other) = (label(&rows), label(&shuffled));
        prop_assert_eq!(contents(&rows, &one.episodes), contents(&shuffled, &other.episodes));
        prop_assert_eq!(rejections(&rows, &one), rejections(&shuffled, &other));
    }

    #[test]
    fn an_episode_is_unique(rows in prop::collection::vec(row(), 1..30)) {
        let outcomes = label(&rows);
        let key = |e: &Episode| (e.subject.clone(), e.level, e.side, e.injection_date);
        let keys: BTreeSet<_> = outcomes.episodes.iter().map(key).collect();
        prop_assert_eq!(keys.len(), outcomes.episodes.len());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut table = format!("{HEADER}\n").into_bytes();
        table.extend(&bytes);
        for input in [bytes, table] {
            if let Ok(outcomes) = read(&input[..], &OutcomeOptions::default()) {
                prop_assert!(outcomes.flow().adds_up());
            }
        }
    }
}
