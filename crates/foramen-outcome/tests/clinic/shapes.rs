//! Kind 6: tables of other shapes, read by what a mapping says of them.

use foramen_outcome::OutcomeOptions;

use super::*;

/// The eight with a row for each visit.
fn long(visit: &str, before: &str, after: &str) -> String {
    let rows = ROWS.iter().flat_map(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        let foramen = cells[..4].join(",");
        let baseline = format!("{foramen},{before},{},{}", cells[3], cells[4]);
        [baseline, format!("{foramen},{after},{},{}", cells[5], cells[6])]
    });
    let rows: Vec<String> = rows.collect();
    format!("subject_id,level,side,injection_date,{visit},visit_date,nrs\n{}\n", rows.join("\n"))
}

/// The eight with a column for each visit.
fn wide() -> String {
    base("subject_id,level,side,injection_date,nrs_0,nrs_1m,nrs_2m,nrs_3m", |row| {
        let cells: Vec<&str> = row.split(',').collect();
        format!("{},{},9,{},1", cells[..4].join(","), cells[4], cells[6])
    })
}

const SHARED: &str =
    "[columns]\nnrs_baseline = \"nrs\"\nnrs_followup = \"nrs\"\nfollowup_date = \"visit_date\"\n";

#[test]
fn a_long_table_has_a_column_that_tells_the_visit() {
    let table = long("visit", "baseline", "2 months");
    let outcomes = assert_base(&table, &options(SHARED));
    assert_eq!(outcomes.episodes[0].rows, [2, 3]);
    assert_eq!(outcomes.episodes[0].followup_date.to_string(), "2024-04-30");
    // Under any name, and with words of its own.
    let mapping = format!("{SHARED}visit = \"Zeitpunkt\"\n[nominal]\nT0 = 0\nT2 = \"2 months\"");
    assert_base(long("Zeitpunkt", "T0", "T2"), &options(&mapping));
    let mapping = format!("{SHARED}visit = \"time\"\n[nominal]\n1 = \"baseline\"\n2 = 61");
    assert_base(long("time", "1", "2"), &options(&mapping));
    let message = refusal(long("Zeitpunkt", "T0", "T2"), &options(SHARED));
    assert!(message.contains("the column `visit` under [columns]"), "{message}");
    let outcomes = label(long("visit", "baseline", "second"), &options(SHARED));
    assert!(outcomes.rejected[1].to_string().contains("under [nominal]"));
}

#[test]
fn a_long_table_may_have_nominal_visits_alone() {
    let table: Vec<String> = long("visit", "pre", "Week 8")
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            [&cells[..5], &cells[6..]].concat().join(",")
        })
        .collect();
    let mapping = "[columns]\nnrs_baseline = \"nrs\"\nnrs_followup = \"nrs\"\n";
    let outcomes = assert_base(table.join("\n"), &options(mapping));
    assert!(outcomes.episodes.iter().all(|one| one.days() == 56));
}

#[test]
fn a_wide_table_has_visits_at_nominal_days() {
    let columns = "[columns]\nnrs_baseline = \"nrs_0\"\n";
    // The name tells it, which is said.
    let outcomes = assert_base(wide(), &options(&format!("{columns}nrs_followup = \"nrs_2m\"")));
    assert_eq!(outcomes.episodes[0].days(), 61);
    assert_eq!(outcomes.remarks[0].name(), "nominal_day");
    // The mapping tells it, of all visits or of one under any name.
    let all = "[nominal]\nnrs_1m = 30\nnrs_2m = 61\nnrs_3m = \"3 months\"";
    let outcomes = assert_base(wide(), &options(&format!("{columns}{all}")));
    assert!(outcomes.remarks.is_empty());
    let later = options(&format!("window = [80, 91, 100]\n{columns}{all}"));
    assert_eq!(labels(&label(wide(), &later)).1, [""; 0]);
    let named = wide().replace("nrs_2m", "second");
    assert_base(&named, &options(&format!("{columns}[nominal]\nsecond = \"8 weeks\"")));
    let message = refusal(&named, &options(&format!("{columns}nrs_followup = \"second\"")));
    assert!(message.contains("followup_date") && message.contains("[nominal]"), "{message}");
}

#[test]
fn followups_may_be_counted_from_the_injection() {
    let weeks = |name: &str, number: &str| {
        let header =
            format!("subject_id,level,side,injection_date,nrs_baseline,{name},nrs_followup");
        base(&header, |row| {
            let cells: Vec<&str> = row.split(',').collect();
            format!("{},{number},{}", cells[..5].join(","), cells[6])
        })
    };
    let mapping = "[columns]\nfollowup_date = \"followup_weeks\"";
    let outcomes = assert_base(weeks("followup_weeks", "8"), &options(mapping));
    assert_eq!(
        remarks(&outcomes),
        ["8 cells of \"followup_weeks\" read as weeks after the injection (followup_unit in the \
          mapping)"]
    );
    let days = "followup_unit = \"days\"\n[columns]\nfollowup_date = \"after\"";
    assert_base(weeks("after", "61"), &options(days));
    assert_base(weeks("Wochen", "8.5"), &options("[columns]\nfollowup_date = \"Wochen\""));
    assert_base(weeks("after", "8 weeks"), &options("[columns]\nfollowup_date = \"after\""));
    let outcomes = label(weeks("after", "8"), &options("[columns]\nfollowup_date = \"after\""));
    assert!(outcomes.rejected.iter().all(|one| one.reason.name() == "time_without_unit"));
}

#[test]
fn what_a_table_lacks_is_constant() {
    let table = base("subject_id,age,nrs_baseline,followup_date,nrs_followup", |row| {
        let cells: Vec<&str> = row.split(',').collect();
        format!("{},{},{},2024-04-30,{}", cells[0], cells[7], cells[4], cells[6])
    });
    let constant = "[constant]\nlevel = \"C5/6\"\nside = \"left\"\ninjection_date = \"2024-03-01\"";
    assert_base(&table, &options(constant));
    let message = refusal(&table, &OutcomeOptions::default());
    assert!(message.contains("under [constant]"), "{message}");
    let message = refusal(plain(), &options("[constant]\nside = \"left\""));
    assert!(message.contains("under [constant], and a column"), "{message}");
}

#[test]
fn the_mapping_states_window_threshold_and_baselines() {
    let outcomes = label(plain(), &options("threshold = 43"));
    // P006: 7 to 4 is 42.9 %, P002: 8 to 5 is 37.5 %.
    assert_eq!(labels(&outcomes).0.len(), 5);
    assert_eq!(labels(&label(plain(), &options("threshold = 42"))).0.len(), 6);
    // P002 and P004 were seen on days 58 and 57.
    let narrow = label(plain(), &options("window = [59, 60, 70]"));
    assert_eq!(labels(&narrow).1, ["P006"]);
    let table = base(&format!("{HEADER},baseline_date"), |row| format!("{row},2024-02-27"));
    assert_eq!(label(&table, &options("baseline_days = 2")).episodes.len(), 0);
    assert_eq!(label(&table, &options("baseline_days = 6")).episodes.len(), 2);
    let low = plain().replace("P008,C6/7,right,2024-05-03,4", "P008,C6/7,right,2024-05-03,3");
    assert_eq!(label(low, &options("low_baseline = \"exclude\"")).episodes.len(), 7);
}

#[test]
fn dates_are_read_as_their_language_writes_them() {
    for (injected, seen) in [
        ("2024年3月1日", "2024年4月30日"),
        ("2024. 3. 1.", "2024년 4월 30일"),
        ("1 March 2024", "30-Apr-2024"),
        ("1. März 2024", "30 avril 2024"),
        ("1 de marzo de 2024", "２０２４／４／３０"),
    ] {
        let table = plain().replace("2024-03-01", injected).replace("2024-04-30", seen);
        assert_base(table, &OutcomeOptions::default());
    }
}
