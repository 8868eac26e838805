//! Kinds 2, 4 and 5 in exports of REDCap with repeating instruments.

use foramen_outcome::Outcomes;

use super::*;

const COLUMNS: &str = "subject_id,redcap_repeat_instrument,redcap_repeat_instance,age,level,side,\
                       injection_date,nrs_baseline,baseline_date,followup_date,nrs_followup";

fn export(rows: &[&str]) -> String {
    format!("{COLUMNS}\n{}\n", rows.join("\n"))
}

fn outcomes(rows: &[&str]) -> Outcomes {
    label(export(rows), &with_dictionary(""))
}

fn excluded(outcomes: &Outcomes) -> Vec<(String, &'static str)> {
    let of = |one: &foramen_outcome::Excluded| (one.injection_date.to_string(), one.reason.name());
    outcomes.excluded.iter().map(of).collect()
}

#[test]
fn codes_of_missing_data_are_missing_and_a_visit_that_was_made_is_not_missed() {
    let of = |id: &str, before: &str, date: &str, after: &str| {
        [
            format!("{id},,,50,,,,,,,"),
            format!("{id},injection,1,,4,1,2024-03-01,{before},,,"),
            format!("{id},followup,1,,,,,,,{date},{after}"),
        ]
    };
    let rows = [
        of("R1", "7", "2024-04-30", "3"),
        of("R3", "7", "2024-04-30", "UNK"),
        of("R4", "NASK", "2024-04-30", "2"),
        of("R5", "7", "NAVU", "2"),
        of("R6", "7", "soon", "2"),
        of("R7", "7", "2024-04-30", "11"),
    ]
    .concat();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let outcomes = outcomes(&rows);
    assert_eq!(labels(&outcomes), (vec!["R1"], vec![]));
    let kinds: Vec<&str> = excluded(&outcomes).into_iter().map(|(_, kind)| kind).collect();
    let expected = [
        "missing_followup",
        "missing_baseline",
        "missing_followup_date",
        "bad_date",
        "not_a_choice",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_baseline_at_enrolment_is_that_of_the_first_injection_alone() {
    let rows = [
        "R6,,,50,,,,8,,,",
        "R6,injection,1,,4,1,2024-01-02,,,,",
        "R6,injection,2,,4,1,2024-05-02,,,,",
        "R6,followup,1,,,,,,,2024-03-01,3",
        "R6,followup,2,,,,,,,2024-07-01,4",
    ];
    let outcomes = outcomes(&rows);
    assert_eq!(labels(&outcomes), (vec!["R6"], vec![]));
    assert_eq!(outcomes.episodes[0].injection_date.to_string(), "2024-01-02");
    assert_eq!(excluded(&outcomes), [("2024-05-02".to_owned(), "baseline_of_earlier_injection")]);
    let said = outcomes.excluded[0].reason.to_string();
    assert!(said.contains("row 2 is that of the earlier injection on 2024-01-02"), "{said}");
}

#[test]
fn a_dated_baseline_belongs_to_the_injection_after_it() {
    // Scored on 30 December; 3 January is within 14 days of it, but after the first.
    let rows = [
        "R6,,,50,,,,8,2023-12-30,,",
        "R6,injection,1,,4,1,2024-01-02,,,,",
        "R6,injection,2,,5,1,2024-01-03,,,,",
        "R6,followup,1,,,,,,,2024-03-03,3",
    ];
    let outcomes = self::outcomes(&rows);
    let of_second = ("2024-01-03".to_owned(), "baseline_of_earlier_injection");
    assert!(excluded(&outcomes).contains(&of_second), "{:?}", excluded(&outcomes));
    // With a baseline of its own it is an episode.
    let own = rows[2].replace("2024-01-03,,", "2024-05-03,7,");
    let rows = [rows[0], rows[1], &own, rows[3], "R6,followup,2,,,,,,,2024-07-03,1"];
    assert_eq!(self::outcomes(&rows).episodes.len(), 2);
}

#[test]
fn two_injections_on_one_day_share_their_baseline() {
    let rows = [
        "R6,,,50,,,,8,,,",
        "R6,injection,1,,4,1,2024-01-02,,,,",
        "R6,injection,2,,4,2,2024-01-02,,,,",
        "R6,followup,1,,,,,,,2024-03-01,3",
    ];
    assert_eq!(outcomes(&rows).episodes.len(), 2);
}

#[test]
fn both_entries_of_a_record_are_one_person() {
    let entry = |entry: &str, score: &str| {
        [
            format!("R1--{entry},,,50,,,,,,,"),
            format!("R1--{entry},injection,1,,4,1,2024-03-01,7,,,"),
            format!("R1--{entry},followup,1,,,,,,,2024-04-30,{score}"),
        ]
    };
    let rows = [entry("1", "3"), entry("2", "3")].concat();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let outcomes = outcomes(&rows);
    assert_eq!(labels(&outcomes), (vec!["R1"], vec![]));
    assert_eq!(outcomes.remarks[0].name(), "double_entry");
    assert!(remarks(&outcomes)[0].starts_with("1 person has two entries, --1 and --2 (from row 2"));
    // A visit outside the window is that, and no row repeats itself.
    let early = [entry("1", "3"), entry("2", "3")].concat();
    let early: Vec<String> =
        early.iter().map(|row| row.replace("2024-04-30", "2024-04-04")).collect();
    let early: Vec<&str> = early.iter().map(String::as_str).collect();
    let early = self::outcomes(&early);
    assert!(early.rejected.iter().all(|one| {
        !matches!(one.reason, foramen_outcome::RejectionReason::Duplicate { of } if of == one.row)
    }));
    assert_eq!(reasons(&early)[2], (4, "followup_outside_window"));
    // Entries that differ give no label.
    let rows = [entry("1", "3"), entry("2", "6")].concat();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let outcomes = self::outcomes(&rows);
    assert!(outcomes.episodes.is_empty());
    assert_eq!(excluded(&outcomes)[0].1, "contradiction");
}

const EVENTS: &str = "\
subject_id,redcap_event_name,level,side,injection_date,nrs
R1,baseline_arm_1,C5/6,left,2024-03-01,7
R1,2_month_followup_arm_1,,,,3
R2,baseline_arm_1,C6/7,right,2024-03-04,8
R2,2_month_followup_arm_1,,,,5
R3,baseline_arm_1,C6/7,right,2024-03-05,8
R3,6_month_followup_arm_1,,,,2
";

const OF_EVENTS: &str = "\
[columns]
nrs_baseline = \"nrs\"
nrs_followup = \"nrs\"
[redcap]
baseline_events = [\"baseline_arm_1\"]
";

#[test]
fn events_without_dates_are_on_nominal_days() {
    let nominal = "[nominal]\n2_month_followup = 61\n6_month_followup_arm_1 = \"6 months\"\n";
    let outcomes = label(EVENTS, &options(&format!("{OF_EVENTS}{nominal}")));
    assert_eq!(labels(&outcomes), (vec!["R1"], vec!["R2"]));
    assert_eq!(outcomes.episodes[0].days(), 61);
    // The visit of the third, and with it the injection.
    let outside = "followup_outside_window";
    assert_eq!(reasons(&outcomes), [(6, outside), (7, outside)]);
    // Where a date was entered, it counts.
    let dated = EVENTS.lines().map(|line| match line.split_once(',') {
        Some(("subject_id", _)) => format!("{line},followup_date\n"),
        Some(("R2", rest)) if rest.starts_with('2') => format!("{line},2024-12-01\n"),
        _ => format!("{line},\n"),
    });
    let dated: String = dated.collect();
    let outcomes = label(dated, &options(&format!("{OF_EVENTS}{nominal}")));
    assert_eq!(labels(&outcomes), (vec!["R1"], vec![]));
    // Labels of events, with and without their arm.
    let labelled = EVENTS.replace("2_month_followup_arm_1", "2 months (Arm 1: Steroid)");
    let nominal = "[nominal]\n\"2 Months\" = 61\n6_month_followup = 183\n";
    let outcomes = label(labelled, &options(&format!("{OF_EVENTS}{nominal}")));
    assert_eq!(labels(&outcomes), (vec!["R1"], vec!["R2"]));
}

#[test]
fn a_nominal_event_belongs_to_one_injection_and_exists() {
    let nominal = "[nominal]\n2_month_followup = 61\n6_month_followup = 183\n";
    // Of which of two injections the visit is, nobody can say.
    let second = "R1,second_arm_1,C5/6,left,2024-06-01,\n";
    let outcomes = label(format!("{EVENTS}{second}"), &options(&format!("{OF_EVENTS}{nominal}")));
    assert_eq!(labels(&outcomes), (vec![], vec!["R2"]));
    let odd = format!("{OF_EVENTS}{nominal}3_month = 91\n");
    let said = refusal(EVENTS, &options(&odd));
    assert!(said.contains("\"3_month\"") && said.contains("6_month_followup_arm_1"), "{said}");
    let said = refusal(EVENTS, &options(OF_EVENTS));
    assert!(said.contains("[nominal]") && said.contains("events"), "{said}");
}
