//! Kinds 2 and 3: what words and numbers of a column mean, and who decides.

use foramen_outcome::{EventPolicy, OutcomeOptions};

use super::*;

const NOTHING: [&str; 8] = ["nil", "none", "0", "no pain", "None", "zero", "NIL", "nil"];

/// The eight with other follow-up scores.
fn scored(scores: [&str; 8]) -> String {
    base(HEADER, |row| {
        let at = ROWS.iter().position(|one| *one == row).unwrap();
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[6] = scores[at];
        cells.join(",")
    })
}

fn with_event(words: [&str; 8]) -> String {
    base(&format!("{HEADER},event,event_date"), |row| {
        let at = ROWS.iter().position(|one| *one == row).unwrap();
        format!("{row},{},", words[at])
    })
}

#[test]
fn nil_and_none_are_refused_with_both_readings_until_someone_decides() {
    let outcomes = label(scored(NOTHING), &OutcomeOptions::default());
    assert_eq!(labels(&outcomes), (vec!["P003"], vec![]));
    assert!(outcomes.rejected.iter().all(|one| one.reason.name() == "no_pain_or_missing"));
    assert_eq!(
        outcomes.rejected[0].to_string(),
        "row 2, nrs_followup = \"nil\": the word may mean no pain (0) or that nothing was entered; \
         say which in the mapping: [values.nrs_followup] with the word = \"0\", or missing = [the \
         word]"
    );
}

#[test]
fn what_the_mapping_says_of_a_word_goes_before_any_code() {
    let zero =
        "[values.nrs_followup]\nnil = \"0\"\nnone = \"0\"\n\"no pain\" = \"0\"\nzero = \"0\"";
    let outcomes = label(scored(NOTHING), &options(zero));
    assert_eq!(labels(&outcomes).0.len(), 8);
    let missing = options("missing = [\"nil\", \"none\", \"no pain\", \"zero\"]");
    let outcomes = label(scored(NOTHING), &missing);
    assert_eq!(reasons(&outcomes)[0], (2, "missing_followup"));
    assert_eq!(labels(&outcomes), (vec!["P003"], vec![]));
    // Even where the word is declared as missing elsewhere.
    let both = format!("missing = [\"nil\", \"none\"]\n{zero}");
    assert_eq!(labels(&label(scored(NOTHING), &options(&both))).0.len(), 8);
    // 99 as the ten of one clinic, and a word of its own for "not asked".
    let own = "[values.nrs_followup]\n99 = \"10\"\n\"n. e.\" = \"\"";
    let outcomes = label(scored(["3", "99", "2", "n. e.", "1", "4", "4", "0"]), &options(own));
    assert_eq!(outcomes.episodes[1].nrs_followup.hundredths(), 1000);
    assert_eq!(reasons(&outcomes), [(5, "missing_followup")]);
}

#[test]
fn a_declared_code_is_missing_in_every_column() {
    let header = format!("{HEADER},duration_weeks,event,event_date,scan_date");
    let table = base(&header, |row| row.replace(",61,F", ",555,F") + ",555,555,555,555");
    let outcomes = assert_base(&table, &options("missing = [\"555\"]"));
    let first = &outcomes.episodes[0].covariates;
    assert_eq!((first.get("age"), first.get("duration_weeks")), (None, None));
    assert_eq!(first.get("sex"), Some("F"));
    assert_eq!(outcomes.episodes[0].scan_date, None);
}

#[test]
fn codes_among_covariates_are_missing_where_no_number_is_near_them() {
    let header = "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,\
                  age,sex,duration_weeks,t_score,grams,site";
    let cells = ["12,-1.5,999,999", "20,-1,850,999", "-9,-9,820,A"];
    let table = base(header, |row| {
        let at = ROWS.iter().position(|one| *one == row).unwrap();
        let row = if at == 0 { row.replace(",61,", ",999,") } else { row.to_owned() };
        format!("{row},{}", cells[at % 3])
    });
    let outcomes = assert_base(&table, &OutcomeOptions::default());
    let first = &outcomes.episodes[0].covariates;
    assert_eq!(first.get("age"), None);
    assert_eq!((first.get("grams"), first.get("site")), (Some("999"), Some("999")));
    let third = &outcomes.episodes[2].covariates;
    assert_eq!((third.get("duration_weeks"), third.get("t_score")), (None, Some("-9")));
    let said = remarks(&outcomes);
    assert_eq!(
        said[0],
        "age: 1 cell holds \"999\", which counts as missing; if it is a number, say so: \
         [values.age] \"999\" = \"999\""
    );
    assert!(said[1].starts_with("duration_weeks: 2 cells hold \"-9\""), "{said:?}");
    assert_eq!(said.len(), 2);
}

#[test]
fn ages_and_durations_that_nobody_has_are_said_and_counted() {
    let header = format!("{HEADER},duration_weeks");
    let table = base(&header, |row| match row {
        row if row.starts_with("P002") => format!("{},-5", row.replace(",47,", ",470,")),
        row => format!("{row},8"),
    });
    let outcomes = assert_base(&table, &OutcomeOptions::default());
    assert_eq!(
        remarks(&outcomes),
        [
            "age: 1 cell is impossible, such as \"470\", counted as missing: row 3",
            "duration_weeks: 1 cell is impossible, such as \"-5\", counted as missing: row 3",
        ]
    );
    let characteristics = outcomes.characteristics();
    assert_eq!(characteristics[0].missing, (0, 1));
}

#[test]
fn a_denied_event_is_none_in_any_language() {
    for words in [
        ["no", "N", "No repeat injection", "nein", "없음", "none", "No", "n"],
        ["keine", "なし", "无", "aucun", "ninguna", "NONE", "no events.", "-"],
        ["without surgery", "no surgery", "Nil", "0", "false", "no further injections", "", "NA"],
    ] {
        assert_base(with_event(words), &OutcomeOptions::default());
    }
}

#[test]
fn a_word_that_is_unknown_is_shown() {
    let table = with_event(["", "", "", "Zustand n. B.", "", "", "", ""]);
    let outcomes = label(&table, &OutcomeOptions::default());
    let message = outcomes.rejected[0].to_string();
    assert!(
        message.starts_with("row 5, event_date: the event \"Zustand n. B.\" has no"),
        "{message}"
    );
    assert_base(&table, &options("[values.event]\n\"Zustand n. B.\" = \"none\""));
    assert_base(&table, &OutcomeOptions::default().with_events(EventPolicy::Keep));
}

#[test]
fn a_declaration_without_effect_is_an_error() {
    for (mapping, part) in [
        ("[values.nrs_folowup]\nnil = \"0\"", "[values.nrs_folowup]"),
        ("[values.event]\nOP = \"surgery\"", "[values.event]"),
        ("ignore = [\"Initials\"]", "\"Initials\""),
        ("[redcap]\nbaseline_events = [\"baseline_arm_1\"]", "[redcap]"),
    ] {
        let message = refusal(plain(), &options(mapping));
        assert!(message.contains(part) && message.contains("no effect"), "{message}");
    }
    // A word that happens not to occur is said.
    let outcomes = assert_base(plain(), &options("[values.side]\nlinks = \"left\"\nL = \"left\""));
    assert_eq!(
        remarks(&outcomes),
        ["[values.side] of the mapping explains \"l\" and \"links\", which no row uses"]
    );
}
