//! What becomes of each kind of row.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use foramen_outcome::{
    EventKind, EventPolicy, LevelNames, LowBaseline, OutcomeOptions, Outcomes, RejectionReason,
    read,
};
use foramen_types::{Level, Outcome, SubjectKey};

const HEADER: &str = "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup";

fn label(rows: &[&str]) -> Outcomes {
    label_with(rows, &OutcomeOptions::default())
}

fn label_with(rows: &[&str], options: &OutcomeOptions) -> Outcomes {
    with_columns("", rows, options)
}

/// Reads rows under the required columns and some more (`",event,event_date"`).
fn with_columns(more: &str, rows: &[&str], options: &OutcomeOptions) -> Outcomes {
    let table = format!("{HEADER}{more}\n{}\n", rows.join("\n"));
    let outcomes = read(table.as_bytes(), options).unwrap();
    assert!(outcomes.flow().adds_up(), "{:?}", outcomes.flow());
    outcomes
}

fn reasons(outcomes: &Outcomes) -> Vec<(u64, &'static str)> {
    outcomes.rejected.iter().map(|r| (r.row, r.reason.name())).collect()
}

fn messages(outcomes: &Outcomes) -> Vec<String> {
    outcomes.rejected.iter().map(ToString::to_string).collect()
}

// 2024-03-01 plus 60 days is 2024-04-30 (31 days in March).
const GOOD: &str = "S1,C5/6,left,2024-03-01,7,2024-04-30,3";

#[test]
fn a_good_row_becomes_an_episode() {
    let outcomes = with_columns(
        ",slice_hint,series_hint,Age,site",
        &[&format!("{GOOD},1.2.3,1.2.840.5,54,north")],
        &OutcomeOptions::default(),
    );
    let episode = &outcomes.episodes[0];
    assert_eq!(
        (episode.level, episode.days(), episode.rows.as_slice()),
        (Level::C5C6, 60, &[2][..])
    );
    assert_eq!(episode.slice_hint.as_deref(), Some("1.2.3"));
    assert_eq!(episode.series_hint.as_deref(), Some("1.2.840.5"));
    assert_eq!(&episode.covariates["Age"], "54");
    assert_eq!(&episode.covariates["site"], "north");
    assert!(!episode.low_baseline && outcomes.rejected.is_empty());
}

#[test]
fn the_window_holds_both_its_ends() {
    // Days 45, 46, 74, 75.
    let dates = ["2024-04-15", "2024-04-16", "2024-05-14", "2024-05-15"];
    let rows: Vec<String> = dates
        .iter()
        .enumerate()
        .map(|(i, d)| format!("S{i},C5/6,left,2024-03-01,7,{d},3"))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let outcomes = label(&rows);
    assert_eq!(outcomes.episodes.iter().map(|e| e.days()).collect::<Vec<_>>(), [46, 74]);
    assert_eq!(
        messages(&outcomes),
        [
            "row 2, followup_date = \"2024-04-15\": the follow-up is on day 45, outside days 46 to 74",
            "row 5, followup_date = \"2024-05-15\": the follow-up is on day 75, outside days 46 to 74",
        ]
    );
}

#[test]
fn the_nearest_followup_is_used_and_the_others_say_so() {
    // Days 58, 62 and 30: the tie at two days from 60 goes to the earlier.
    let outcomes = label(&[
        "S1,C5/6,left,2024-03-01,8,2024-05-02,1",
        "S1,C5/6,left,2024-03-01,8,2024-04-28,5",
        "S1,C5/6,left,2024-03-01,8,2024-03-31,2",
    ]);
    assert_eq!(outcomes.episodes[0].rows, [3]);
    assert_eq!(outcomes.episodes[0].outcome, Outcome::Poor);
    assert_eq!(reasons(&outcomes), [(2, "other_followup_chosen"), (4, "followup_outside_window")]);
}

#[test]
fn a_baseline_of_zero_is_not_evaluable_and_a_low_one_is_flagged() {
    let rows =
        ["S1,C5/6,left,2024-03-01,0,2024-04-30,0", "S2,C5/6,left,2024-03-01,3.5,2024-04-30,1"];
    let outcomes = label(&rows);
    assert_eq!(reasons(&outcomes), [(2, "baseline_zero")]);
    assert!(outcomes.episodes[0].low_baseline);
    let strict = OutcomeOptions::default().with_low_baseline(LowBaseline::Exclude);
    let reasons = reasons(&label_with(&rows, &strict));
    assert_eq!(reasons, [(2, "baseline_zero"), (3, "baseline_low")]);
}

#[test]
fn a_missing_followup_is_told_from_an_impossible_one() {
    let outcomes = label(&[
        "S1,C5/6,left,2024-03-01,7,,",
        "S2,C5/6,left,2024-03-01,7,2024-04-30,99",
        "S3,C5/6,left,2024-03-01,7,2024-04-30,12",
        "S4,C5/6,left,2024-03-01,7,,3",
        "S5,C5/6,left,2024-03-01,7,2024-02-28,3",
        "S6,C5/6,left,2024-03-01,,2024-04-30,3",
        "S7,C5/6,left,2024-03-01,7,2024-04-31,3",
        "S8,C5/6,left,2024-03-01,7,2024-04-30,about 3",
    ]);
    assert_eq!(
        messages(&outcomes),
        [
            "row 2, nrs_followup: no follow-up score: the visit was missed or not entered",
            "row 3, nrs_followup = \"99\": no follow-up score: the visit was missed or not entered",
            "row 4, nrs_followup = \"12\": the pain score 12 is outside 0 to 10; correct it, or list it as a missing \
             code",
            "row 5, followup_date: the follow-up has no date, so its window cannot be checked; enter followup_date",
            "row 6, followup_date = \"2024-02-28\": the follow-up is 2 days before the injection; check both dates",
            "row 7, nrs_baseline: no baseline score, so no fall can be computed",
            "row 8, followup_date = \"2024-04-31\": no such day in the calendar; correct it, and \
             write dates as 2024-03-31",
            "row 9, nrs_followup = \"about 3\": \"about 3\" is no pain score; write a number from 0 \
             to 10",
        ]
    );
    assert!(outcomes.episodes.is_empty());
}

#[test]
fn what_names_no_foramen_is_refused() {
    let outcomes = label(&[
        "S1,C6,left,2024-03-01,7,2024-04-30,3",
        "S2,L4/5,left,2024-03-01,7,2024-04-30,3",
        "S3,C5/6,both,2024-03-01,7,2024-04-30,3",
        "S4,C5/6,,2024-03-01,7,2024-04-30,3",
        ",C5/6,left,2024-03-01,7,2024-04-30,3",
        "S6,C5/6,left,,7,2024-04-30,3",
        "S7,C5/6,left,2024-03-01,7,2024-04-30",
        ",,,,,,",
    ]);
    let reasons = reasons(&outcomes);
    let expected = [
        (2, "bad_value"),
        (3, "bad_value"),
        (4, "both_sides"),
        (5, "missing_key"),
        (6, "missing_key"),
        (7, "missing_key"),
        (8, "missing_followup"),
        (9, "blank_row"),
    ];
    assert_eq!(reasons, expected);
    assert!(messages(&outcomes)[0].contains("C5/6") && messages(&outcomes)[0].contains("C6/7"));
}

#[test]
fn bare_names_are_roots_when_the_options_say_so() {
    let options = OutcomeOptions::default().with_level_names(LevelNames::Root);
    let outcomes = label_with(
        &["S1,C6,left,2024-03-01,7,2024-04-30,3", "S2,C8,left,2024-03-01,7,2024-04-30,3"],
        &options,
    );
    let levels: Vec<_> = outcomes.episodes.iter().map(|e| e.level).collect();
    assert_eq!(levels, [Level::C5C6, Level::C7T1]);
}

#[test]
fn an_event_before_the_followup_is_a_stated_choice() {
    let row = format!("{GOOD},surgery,2024-04-01");
    let run = |policy| {
        let options = OutcomeOptions::default().with_events(policy);
        with_columns(",event,event_date", &[&row], &options)
    };
    let excluded = run(EventPolicy::Exclude);
    assert_eq!(messages(&excluded), ["row 2: surgery on 2024-04-01 came before the follow-up"]);
    assert_eq!(reasons(&excluded), [(2, "surgery_before_followup")]);
    let failed = run(EventPolicy::CountAsFailure);
    assert_eq!(failed.episodes[0].outcome, Outcome::Poor);
    let kept = run(EventPolicy::Keep);
    assert_eq!(kept.episodes[0].outcome, Outcome::Favourable);
    assert_eq!(kept.episodes[0].event.unwrap().kind, EventKind::Surgery);
}

#[test]
fn events_on_the_day_of_injection_or_followup_or_later_do_not_count() {
    for date in ["2023-11-05", "2024-03-01", "2024-04-30", "2024-06-01"] {
        let row = format!("{GOOD},surgery,{date}");
        let outcomes = with_columns(",event,event_date", &[&row], &OutcomeOptions::default());
        assert_eq!(outcomes.episodes[0].event, None, "{date}");
    }
}

#[test]
fn an_event_without_a_readable_date_excludes_every_row_of_its_episode() {
    for date in ["", "April"] {
        let event = format!("S1,C5/6,left,2024-03-01,7,,,surgery,{date}");
        let rows = [format!("{GOOD},,"), event];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let outcomes = with_columns(",event,event_date", &rows, &OutcomeOptions::default());
        assert_eq!(reasons(&outcomes), [(2, "event_undated"), (3, "event_undated")]);
    }
}

#[test]
fn another_injection_in_the_table_is_an_event_even_in_a_bad_row() {
    let outcomes = label(&[GOOD, "S1,C6/7,nowhere,2024-04-10,6,2024-06-09,1"]);
    assert_eq!(reasons(&outcomes), [(2, "repeat_injection_before_followup"), (3, "bad_value")]);
    // Two levels on one day are no repeat.
    let outcomes = label(&[GOOD, "S1,C6/7,left,2024-03-01,7,2024-04-30,3"]);
    assert_eq!(outcomes.episodes.len(), 2);
    assert_eq!(outcomes.flow().subjects, 1);
}

#[test]
fn exact_duplicates_are_counted_and_contradictions_refused() {
    let outcomes = label(&[GOOD, GOOD]);
    assert_eq!(outcomes.episodes.len(), 1);
    assert!(matches!(outcomes.rejected[0].reason, RejectionReason::Duplicate { of: 2 }));

    let outcomes = label(&[GOOD, "S1,C5/6,left,2024-03-01,7,2024-04-30,4"]);
    assert!(outcomes.episodes.is_empty());
    let message = "rows 2 and 3 give one injection different values of nrs_followup; keep one";
    let expected = [format!("row 2: {message}"), format!("row 3: {message}")];
    assert_eq!(messages(&outcomes), expected);

    let outcomes = label(&[GOOD, "S1,C5/6,left,2024-03-01,8,2024-05-01,4"]);
    assert_eq!(reasons(&outcomes), [(2, "contradiction"), (3, "contradiction")]);
}

#[test]
fn a_baseline_row_of_its_own_gives_baseline_and_covariates() {
    let outcomes = with_columns(
        ",age",
        &["S1,C5/6,left,2024-03-01,,2024-04-30,3,", "S1,C5/6,left,2024-03-01,7,,,61"],
        &OutcomeOptions::default(),
    );
    let episode = &outcomes.episodes[0];
    assert_eq!(episode.rows, [2, 3]);
    assert_eq!((episode.nrs_baseline.hundredths(), &episode.covariates["age"]), (700, "61"));
    assert!(outcomes.rejected.is_empty());
}

#[test]
fn a_baseline_date_is_checked_where_there_is_one() {
    // 1 March 2024 minus 14 and 15 days are 16 and 15 February.
    for (date, expected) in [
        ("", None),
        ("2024-03-01", None),
        ("2024-02-16", None),
        ("2024-02-15", Some("baseline_too_old")),
        ("2024-03-02", Some("baseline_after_injection")),
    ] {
        let row = format!("{GOOD},{date}");
        let outcomes = with_columns(",baseline_date", &[&row], &OutcomeOptions::default());
        assert_eq!(outcomes.rejected.first().map(|r| r.reason.name()), expected, "{date}");
    }
}

#[test]
fn near_misses_are_reported_and_never_joined() {
    let rows = [
        "00123,C5/6,left,2024-03-01,7,2024-04-30,3",
        "s-9,C5/6,left,2024-03-01,7,2024-04-30,3",
        "123,C5/6,left,2024-03-01,7,2024-05-01,4",
        "S-9,C6/7,left,2024-03-01,7,2024-05-01,4",
        "1230,C6/7,left,2024-03-01,7,2024-05-01,4",
    ];
    let outcomes = label(&rows);
    assert_eq!(outcomes.episodes.len(), 5);
    let found: Vec<_> = outcomes.near_misses.iter().map(|m| (m.first.1, m.second.1)).collect();
    assert_eq!(found, [(2, 4), (5, 3)]);
    // Under a pseudonym they are still found, and no raw id is left.
    let options =
        OutcomeOptions::default().with_key(SubjectKey::identity().with_pseudonym(b"secret"));
    let sealed = label_with(&rows, &options);
    assert_eq!(sealed.near_misses.len(), 2);
    assert!(!format!("{sealed:?}").contains("123"));
}

#[test]
fn a_semicolon_table_may_have_decimal_commas() {
    let table = format!("{HEADER}\nS1,C5/6,left,2024-03-01,4#5,2024-04-30,2#5\n")
        .replace(',', ";")
        .replace('#', ",");
    let outcomes = read(table.as_bytes(), &OutcomeOptions::default()).unwrap();
    assert_eq!(outcomes.episodes[0].nrs_baseline.hundredths(), 450);
    assert_eq!(outcomes.episodes[0].outcome, Outcome::Poor);
}

#[cfg(feature = "serde")]
#[test]
fn episodes_are_written_and_read_back() {
    let table = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,age,smoker
P0001,C5/6,left,2024-03-01,7,2024-04-30,3.5,61,no
";
    let episodes = foramen_outcome::read(table.as_bytes(), &Default::default()).unwrap().episodes;
    let text = serde_json::to_string(&episodes).unwrap();
    assert_eq!(serde_json::from_str::<Vec<foramen_outcome::Episode>>(&text).unwrap(), episodes);
    assert!(text.contains(r#""injection_date":"2024-03-01""#), "{text}");
    assert!(text.contains(r#""covariates":{"age":"61","smoker":"no"}"#), "{text}");
}
