//! Kind 3: scores on other scales than 0 to 10.

use foramen_outcome::OutcomeOptions;

use super::*;

/// Baseline and follow-up of each patient.
fn scored(scores: &[(&str, &str)]) -> String {
    let row = |(n, (before, after)): (usize, &(&str, &str))| {
        format!("L{n:03},C5/6,left,2024-03-01,{before},2024-04-30,{after},50,F\n")
    };
    let rows: String = scores.iter().enumerate().map(row).collect();
    format!("{HEADER}\n{rows}")
}

const MILLIMETRES: [(&str, &str); 8] = [
    ("72", "30"),
    ("81", "48"),
    ("55", "18"),
    ("93", "81"),
    ("48", "9"),
    ("72", "37"),
    ("81", "37"),
    ("37", "2"),
];

/// Half of the patients have little pain.
const LOW: [(&str, &str); 10] = [
    ("8", "9"),
    ("10", "2"),
    ("6", "3"),
    ("5", "1"),
    ("62", "30"),
    ("71", "20"),
    ("55", "48"),
    ("80", "77"),
    ("77", "20"),
    ("99", "40"),
];

#[test]
fn a_column_in_millimetres_is_refused_as_a_whole_with_the_remedy() {
    for (scores, shown) in [(&MILLIMETRES[..], "8 of the 8"), (&LOW[..], "4 of the 8")] {
        let message = refusal(scored(scores), &OutcomeOptions::default());
        assert!(message.contains(shown) && message.contains("scale = 100"), "{message}");
    }
    // Little pain before and much after.
    let worse = scored(&[("8", "9"), ("4", "45"), ("9", "62"), ("3", "71"), ("2", "8")]);
    assert!(refusal(worse, &OutcomeOptions::default()).contains("nrs_followup"));
}

#[test]
fn millimetres_are_read_with_their_scale() {
    let hundred = options("scale = 100");
    let outcomes = label(scored(&MILLIMETRES), &hundred);
    // 72 to 30, 55 to 18, 48 to 9, 81 to 37, 37 to 2; 72 to 37 is 1 mm short of half.
    assert_eq!(
        labels(&outcomes),
        (vec!["L000", "L002", "L004", "L006", "L007"], vec!["L001", "L003", "L005"])
    );
    assert_eq!(outcomes.episodes[0].nrs_baseline.hundredths(), 720);
    // On this scale 77 and 99 are scores.
    let outcomes = label(scored(&LOW), &hundred);
    assert_eq!(outcomes.episodes.len(), 10);
    assert_eq!(labels(&outcomes).0, ["L001", "L002", "L003", "L004", "L005", "L008", "L009"]);
    let outcomes = label(scored(&LOW), &options("scale = 100\nmissing = [\"99\"]"));
    assert_eq!(outcomes.episodes.len(), 9);
    let outcomes = label(scored(&[("72", "130"), ("60", "30.5")]), &hundred);
    assert_eq!(reasons(&outcomes), [(2, "bad_value")]);
    assert_eq!(labels(&outcomes), (vec![], vec!["L001"]));
}

#[test]
fn errors_of_single_cells_are_errors_of_single_cells() {
    let ten = [("7", "3"), ("8", "12"), ("6", "2"), ("9", "99"), ("7", "77"), ("5", "88")];
    let outcomes = label(scored(&ten), &OutcomeOptions::default());
    assert_eq!(reasons(&outcomes)[0], (3, "bad_value"));
    assert_eq!(outcomes.episodes.len(), 2);
    // What the user declares wins.
    assert!(label(scored(&MILLIMETRES), &options("scale = 10")).episodes.is_empty());
    let message = refusal(scored(&[("7", "3"); 5]), &options("scale = 100"));
    assert!(message.contains("no score is above 10"), "{message}");
}

#[test]
fn means_are_read_where_they_are_declared() {
    // 10/3 to 5/3 is half, 10/3 to 1.68 is not; 4.5 to 2.25 as ever.
    let scores = [
        ("3.33333333333333", "1.66666666666667"),
        ("3.33333333333333", "1.68"),
        ("4.5", "2.25"),
        ("2.14285714285714", "1.07142857142857"),
        ("2.14285714285714", "1.0715"),
    ];
    let outcomes = label(scored(&scores), &options("rounding = \"none\""));
    assert_eq!(labels(&outcomes), (vec!["L000", "L002", "L003"], vec!["L001", "L004"]));
    let outcomes = label(scored(&scores), &OutcomeOptions::default());
    assert!(outcomes.rejected[0].to_string().contains("rounding = \"none\""));
    assert_eq!(outcomes.episodes.len(), 1);
}
