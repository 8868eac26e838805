//! Tables as clinics really have them: eight made-up patients, of whom P001, P003,
//! P005, P007 (exactly half) and P008 are favourable, in every form that such a
//! table was met in. Each module is one kind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod drafts;
mod identity;
mod lines;
mod redcap;
mod scales;
mod shapes;
mod words;
mod workbooks;

use foramen_outcome::{Dictionary, Mapping, OutcomeOptions, Outcomes, read};

const HEADER: &str =
    "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,age,sex";

const ROWS: [&str; 8] = [
    "P001,C5/6,left,2024-03-01,7,2024-04-30,3,61,F",
    "P002,C6/7,right,2024-03-04,8,2024-05-01,5,47,M",
    "P003,C5/6,right,2024-03-12,6,2024-05-14,2,55,F",
    "P004,C4/5,left,2024-04-02,9,2024-05-29,8,70,M",
    "P005,C6/7,left,2024-04-05,5,2024-06-10,1,39,F",
    "P006,C7/T1,right,2024-04-09,7,2024-06-09,4,52,M",
    "P007,C5/6,left,2024-04-23,8,2024-06-22,4,66,F",
    "P008,C6/7,right,2024-05-03,4,2024-07-01,0,58,M",
];

/// The table of the eight, with a header of one's own.
fn base(header: &str, row: impl Fn(&str) -> String) -> String {
    let rows: Vec<String> = ROWS.iter().map(|one| row(one)).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// The table as it should be.
fn plain() -> String {
    base(HEADER, str::to_owned)
}

fn options(mapping: &str) -> OutcomeOptions {
    OutcomeOptions::default().with_mapping(Mapping::read(mapping.as_bytes()).unwrap())
}

fn with_dictionary(mapping: &str) -> OutcomeOptions {
    let dictionary = include_bytes!("../../../../docs/redcap-dictionary.csv");
    options(mapping).with_dictionary(Dictionary::read(&dictionary[..]).unwrap())
}

fn label(table: impl AsRef<[u8]>, options: &OutcomeOptions) -> Outcomes {
    let outcomes = read(table.as_ref(), options).unwrap();
    assert!(outcomes.flow().adds_up(), "{}", outcomes.flow());
    assert!(outcomes.lines.adds_up(), "{}", outcomes.lines);
    outcomes
}

/// The message with which a table as a whole is refused.
fn refusal(table: impl AsRef<[u8]>, options: &OutcomeOptions) -> String {
    read(table.as_ref(), options).unwrap_err().to_string()
}

/// Who is favourable, and who poor.
fn labels(outcomes: &Outcomes) -> (Vec<&str>, Vec<&str>) {
    let of = |good: bool| {
        let episodes = outcomes.episodes.iter();
        let episodes = episodes.filter(move |one| one.outcome.is_favourable() == good);
        episodes.map(|one| one.subject.as_str()).collect()
    };
    (of(true), of(false))
}

/// That a table says of the eight what it should.
fn assert_base(table: impl AsRef<[u8]>, options: &OutcomeOptions) -> Outcomes {
    let outcomes = label(table, options);
    let favourable = vec!["P001", "P003", "P005", "P007", "P008"];
    let poor = vec!["P002", "P004", "P006"];
    assert_eq!(labels(&outcomes), (favourable, poor), "{:?}", outcomes.rejected);
    outcomes
}

fn remarks(outcomes: &Outcomes) -> Vec<String> {
    outcomes.remarks.iter().map(ToString::to_string).collect()
}

fn reasons(outcomes: &Outcomes) -> Vec<(u64, &'static str)> {
    outcomes.rejected.iter().map(|r| (r.row, r.reason.name())).collect()
}

#[test]
fn the_table_as_it_should_be_has_five_favourable_outcomes() {
    let outcomes = assert_base(plain(), &OutcomeOptions::default());
    assert!(outcomes.remarks.is_empty() && outcomes.near_misses.is_empty());
    assert_eq!(outcomes.lines.to_string(), "9 lines: 1 header, 8 rows");
}
