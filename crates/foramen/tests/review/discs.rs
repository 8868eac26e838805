//! Discs that a reader places.

use std::fs;
use std::path::Path;

use foramen::review::Store;
use serde_json::{Value, json};

use crate::client::{Page, cohort, export, foramen, study};

#[test]
fn discs_that_cannot_be_are_refused_and_others_are_kept() {
    let folder = study();
    let page = Page::start(folder.path(), &["--reader", "a"]);
    let person = page.get("/spine/0").json();
    let discs = person["discs"].as_array().unwrap();
    let told: Vec<Value> = discs
        .iter()
        .map(|disc| json!({ "level": disc["level"], "at": disc["at"], "was": disc["was"] }))
        .collect();
    let good = json!({ "person": 0, "request": "request-0", "slice": person["slice"],
                       "discs": told });
    let twice = json!([told[0], told[0]]);
    let upside_down = json!([
        { "level": "C2/3", "at": told[1]["at"] }, { "level": "C3/4", "at": told[0]["at"] }
    ]);
    for (field, value) in [
        ("person", json!(999)),
        ("person", json!("../..")),
        ("slice", json!(999)),
        ("request", json!("<script>")),
        ("discs", twice),
        ("discs", upside_down),
        ("discs", json!([{ "level": "<b>", "at": [1, 1] }])),
        ("discs", json!([{ "level": "C2/3", "at": [1e9, 1] }])),
        ("discs", json!([{ "level": "C2/3", "at": [1, 1], "away_mm": 1e9 }])),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let reply = page.post("/discs", &bad);
        assert!((400..500).contains(&reply.status), "{bad}: {}", reply.status);
    }
    assert_eq!(Store::open(folder.path()).unwrap().discs().unwrap(), []);
    assert_eq!(page.post("/discs", &good).status, 200);
    assert_eq!(page.post("/discs", &good).status, 200);
    let kept = Store::open(folder.path()).unwrap().discs().unwrap();
    assert_eq!((kept.len(), kept[0].discs.len()), (1, discs.len()));
    // A blinded reader is not told whose spines there are.
    drop(page);
    let page = Page::start(folder.path(), &["--reader", "b", "--blind"]);
    assert_eq!(page.get("/spines").json()["people"], json!([]));
    assert_eq!(page.get("/spine/0").status, 404);
}

#[test]
fn a_disc_that_was_removed_stays_removed_for_who_reads_the_levels() {
    let folder = study();
    let page = Page::start(folder.path(), &["--reader", "a"]);
    let person = page.get("/spine/0").json();
    let discs = person["discs"].as_array().unwrap();
    let kept: Vec<Value> = discs
        .iter()
        .filter(|disc| disc["level"] != "C6/7")
        .map(|disc| json!({ "level": disc["level"], "at": disc["at"], "was": disc["was"] }))
        .collect();
    assert_eq!(kept.len() + 1, discs.len());
    let placed = json!({ "person": 0, "request": "request-0", "slice": person["slice"],
                         "discs": kept });
    assert_eq!(page.post("/discs", &placed).status, 200);
    drop(page);
    export(folder.path());
    let levels = folder.path().join("reviewed/levels.csv");
    let subject = person["title"].as_str().unwrap();
    let is_refused = |table: &Path| {
        let text = fs::read_to_string(table).unwrap();
        let rows: Vec<&str> =
            text.lines().filter(|line| line.starts_with(&format!("{subject},C6/7,"))).collect();
        rows.len() == 1 && rows[0].contains(",refused,")
    };
    assert!(is_refused(&levels));
    let out = folder.path().join("again");
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    let told = foramen(&[
        "select",
        "--dicom",
        &at(&cohort().join("dicom")),
        "--outcomes",
        &at(&cohort().join("outcomes.csv")),
        "--levels",
        &at(&levels),
        "--out",
        &at(&out),
    ]);
    assert!(told.contains("1 refused"), "{told}");
    assert!(is_refused(&out.join("levels.csv")));
}
