//! What corrections change, and what outlives a new selection.

use std::fs;
use std::path::Path;

use foramen::review::{Entry, Kind, Place, Reading, Seen, Store};
use foramen::study::review::{SelectionRow, SelectionTable, read_reviewed};
use foramen::study::{PatchSample, PatchUse, files, read_readings};
use foramen::types::{Level, Side};
use serde_json::{Value, json};

use crate::client::{Page, cohort, export, foramen, study};

/// A foramen of the automatic choice, and what is to be said of it.
fn answer(page: &Page, item: &Value, change: &str) -> Value {
    let id = item["id"].as_str().unwrap();
    let case = page.get(&format!("/case/{id}")).json();
    let chosen = case["automatic"]["slice"].as_u64().unwrap();
    let walls = |slice: u64| {
        let side = case["side"].as_str().unwrap();
        case["slices"][usize::try_from(slice).unwrap()][side]["walls"].clone()
    };
    let mut said = json!({ "item": id, "request": format!("{change}-{id}"), "slice": chosen,
                           "seen": case_state(&case, chosen) });
    match change {
        "walls" => {
            said["seen"] = json!("open");
            said["walls"] = json!([[60.0, 70.0], [63.0, 70.0]]);
        }
        "slice" => {
            said["slice"] = json!(chosen + 1);
            said["seen"] = json!("open");
            said["walls"] = match walls(chosen + 1) {
                Value::Null => json!([[60.0, 70.0], [63.0, 70.0]]),
                walls => walls,
            };
        }
        "state" => {
            let is_open = said["seen"] == json!("open");
            said["seen"] = json!(if is_open { "occluded" } else { "open" });
            said["walls"] = json!([[60.0, 70.0], [63.0, 70.0]]);
        }
        "excluded" => {
            said["seen"] = json!("unclear");
            said["reason"] = json!("motion");
        }
        _ => {}
    }
    let reply = page.post("/answer", &said);
    assert_eq!(reply.status, 200, "{change}: {}", reply.text());
    reply.json()
}

fn case_state(case: &Value, slice: u64) -> Value {
    let side = case["side"].as_str().unwrap();
    case["slices"][usize::try_from(slice).unwrap()][side]["state"].clone()
}

#[test]
fn corrections_change_the_selections_and_the_patches_and_outlive_a_new_selection() {
    let folder = study();
    let before = files::read_patches(folder.path()).unwrap();
    let automatic = fs::read(folder.path().join("selections.csv")).unwrap();
    let page = Page::start(folder.path(), &["--reader", "a"]);
    let items: Vec<Value> = page.get("/study").json()["items"].as_array().unwrap().clone();
    let items: Vec<Value> = items.into_iter().filter(|item| item["status"] == "selected").collect();
    assert!(items.len() >= 10, "{} cases", items.len());
    let changes =
        ["none", "walls", "slice", "state", "excluded", "walls", "slice", "walls", "none", "state"];
    for (item, change) in items.iter().zip(changes) {
        let width = answer(&page, item, change)["width_mm"].clone();
        if change == "walls" {
            // Three pixels of the image, whose spacing the page was told.
            let case = page.get(&format!("/case/{}", item["id"].as_str().unwrap())).json();
            let slice = usize::try_from(case["automatic"]["slice"].as_u64().unwrap()).unwrap();
            let spacing = case["slices"][slice]["spacing_mm"][0].as_f64().unwrap();
            assert!((width.as_f64().unwrap() - 3.0 * spacing).abs() < 1e-6);
        }
    }
    drop(page);

    // An answer to an image that is gone.
    let gone = Place {
        subject: "P0001".to_owned(),
        level: Level::C5C6,
        side: Side::Left,
        sop_instance_uid: "1.2.3.4".to_owned(),
        frame: 1,
    };
    let reading = Reading {
        seen: Seen::Pedicle,
        reason: String::new(),
        width_mm: None,
        walls: None,
        moved: false,
        problems: Vec::new(),
        kim: None,
        note: String::new(),
        blind: false,
        automatic: None,
    };
    let lost = Entry::new("request-lost", "a", gone, Kind::Reading(reading));
    Store::open(folder.path()).unwrap().append(&lost).unwrap();

    let said = export(folder.path());
    assert!(said.contains("10 of "), "{said}");
    assert!(said.contains("1.2.3.4 is not in the study any more"), "{said}");
    assert_eq!(fs::read(folder.path().join("selections.csv")).unwrap(), automatic);
    let reviewed = folder.path().join("reviewed");
    let table = fs::read_to_string(reviewed.join("selections.csv")).unwrap();
    let count = |word: &str| table.lines().filter(|line| line.contains(word)).count();
    assert_eq!(count(",reviewed,"), 9);
    for (correction, n) in [(",walls,", 3), (",slice,", 2), (",state,", 2), (",excluded,", 1)] {
        assert_eq!(count(correction), n, "{correction}\n{table}");
    }
    let after = files::read_patches(&reviewed).unwrap();
    assert_eq!(after.len(), before.len() - 1);
    // Planes may differ in their last bit.
    let is_as_before = |patch: &&PatchSample| {
        before
            .iter()
            .any(|was| was.sample == patch.sample && was.sop_instance_uid == patch.sop_instance_uid)
    };
    let changed = after.iter().filter(|patch| !is_as_before(patch)).count();
    assert_eq!(changed, 7);
    let readings = read_readings(fs::File::open(reviewed.join("readings.csv")).unwrap()).unwrap();
    assert_eq!(readings["a"].len(), 10);

    // A new selection that chooses other images for all: what was said stays.
    let text = String::from_utf8(automatic).unwrap();
    let mut reader = text.lines();
    let header: Vec<&str> = reader.next().unwrap().split(',').collect();
    let uid = header.iter().position(|title| *title == "sop_instance_uid").unwrap();
    let profile = fs::read_to_string(folder.path().join("profile.csv")).unwrap();
    let other = |series: &str, not: &str| {
        let mut rows = profile.lines().map(|row| row.split(',').collect::<Vec<_>>());
        rows.find(|row| row[0] == series && row[1] != not).unwrap()[1].to_owned()
    };
    let moved: Vec<String> = reader
        .map(|line| {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if !cells[uid].is_empty() {
                cells[uid] = other(&cells[uid - 1], &cells[uid]);
            }
            cells.join(",")
        })
        .collect();
    let table = format!("{}\n{}\n", header.join(","), moved.join("\n"));
    fs::write(folder.path().join("selections.csv"), table).unwrap();
    let said = export(folder.path());
    assert!(said.contains("10 of "), "{said}");
    let again = read_readings(fs::File::open(reviewed.join("readings.csv")).unwrap()).unwrap();
    assert_eq!(again, readings);
}

#[test]
fn a_study_is_reported_with_and_without_the_corrections() {
    let folder = study();
    let page = Page::start(folder.path(), &["--reader", "a"]);
    let items: Vec<Value> = page.get("/study").json()["items"].as_array().unwrap().clone();
    let items: Vec<Value> = items.into_iter().filter(|item| item["status"] == "selected").collect();
    for (item, change) in items.iter().zip(["walls", "slice", "walls", "none", "excluded"]) {
        answer(&page, item, change);
    }
    drop(page);
    export(folder.path());
    // An answer that was given after the export counts too.
    let page = Page::start(folder.path(), &["--reader", "a"]);
    answer(&page, &items[5], "none");
    drop(page);
    study_reviewed(folder.path(), &[]);
    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    let [with, without] = ["ruler-reviewed", "ruler"].map(|name| &report["models"][name]);
    assert_eq!(without["title"], "Width alone, without corrections");
    let told = with["description"].as_str().unwrap_or_default();
    assert_eq!(with["title"], "Width alone, with corrections");
    assert_eq!(report["provenance"]["review"]["looked_at"], 6, "{told}");
    let counts = &report["provenance"]["review"]["corrections"];
    assert_eq!(counts["with moved walls"], 2);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("with corrections") && page.contains("2 with moved walls"));
    // Every included row has a prediction without the corrections; one is left out with them.
    let lines = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    assert_eq!(lines("predictions-ruler.csv"), lines("reviewed/predictions-ruler.csv") + 1);
    // The corrections hold for the selection that was just made, without another export.
    let rows = read_reviewed(&folder.path().join("reviewed/selections.csv")).unwrap();
    let now = SelectionTable::read(&folder.path().join("selections.csv")).unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let is_it = |now: &&SelectionRow| {
            (&now.subject, now.level, now.side) == (&row.subject, row.level, row.side)
        };
        assert_eq!(now.rows().iter().find(is_it).unwrap().image, row.automatic);
    }
}

/// Runs `study --reviewed` without a network.
fn study_reviewed(study: &Path, more: &[&str]) -> String {
    let at = |name: &str| cohort().join(name).to_str().unwrap().to_owned();
    let (dicom, outcomes) = (at("dicom"), at("outcomes.csv"));
    let arguments = ["study", "--reviewed", "--folds", "2", "--epochs", "1"];
    let inputs = ["--dicom", &dicom, "--outcomes", &outcomes, "--out", study.to_str().unwrap()];
    foramen(&[&arguments[..], &inputs, more].concat())
}

#[test]
fn a_foramen_for_which_nothing_was_chosen_gets_a_patch() {
    // The discs of one person are not known, so that nothing is chosen there.
    let table = SelectionTable::read(&cohort().join("study/selections.csv")).unwrap();
    let subject = table.rows().iter().find(|row| row.image.is_some()).unwrap().subject.clone();
    let folder = tempfile::tempdir().unwrap();
    let known = fs::read_to_string(cohort().join("study/levels.csv")).unwrap();
    let known: Vec<&str> =
        known.lines().filter(|line| !line.starts_with(&format!("{subject},"))).collect();
    let levels = folder.path().join("known.csv");
    fs::write(&levels, known.join("\n")).unwrap();
    let study = folder.path().join("study");
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    let [dicom, outcomes, levels, out] =
        [at(&cohort().join("dicom")), at(&cohort().join("outcomes.csv")), at(&levels), at(&study)];
    let inputs = ["--dicom", &dicom, "--outcomes", &outcomes, "--levels", &levels];
    foramen(&[&["select"], &inputs[..], &["--out", &out]].concat());

    let before = files::read_patches(&study).unwrap();
    let of = |patches: &[PatchSample]| {
        let treated = |patch: &&PatchSample| {
            patch.sample.subject == subject && patch.usage == PatchUse::Treated
        };
        patches.iter().filter(treated).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of(&before), []);
    let page = Page::start(&study, &["--reader", "a"]);
    let items: Vec<Value> = page.get("/study").json()["items"].as_array().unwrap().clone();
    let item = items.iter().find(|item| item["title"] == subject.as_str()).unwrap();
    assert_eq!(item["status"], "refused");
    let said = json!({ "item": item["id"], "request": "request-found", "slice": 4, "seen": "open",
                       "walls": [[60.0, 70.0], [63.0, 70.0]] });
    assert_eq!(page.post("/answer", &said).status, 200);
    drop(page);
    let told = export(&study);
    assert!(told.contains("0 patches changed, 1 added"), "{told}");
    let after = files::read_patches(&study.join("reviewed")).unwrap();
    assert_eq!(after.len(), before.len() + 1);
    let [found] = &of(&after)[..] else { panic!("{} patches", of(&after).len()) };
    assert!(found.sample.outcome.is_some());
    let [one, other] = [found.plane.spacing(), before[0].plane.spacing()];
    assert!((one.row - other.row).abs() < 1e-9);
    // All images of the person are one set, seen through one window.
    let beside = before.iter().find(|patch| patch.sample.subject == subject);
    assert!(beside.is_none_or(|patch| patch.window == found.window));

    let told = study_reviewed(&study, &["--levels", &levels]);
    assert!(!told.contains(&format!("note: {subject} ")), "{told}");
    let lines = |file: &str| fs::read_to_string(study.join(file)).unwrap().lines().count();
    assert_eq!(lines("reviewed/predictions-ruler.csv"), lines("predictions-ruler.csv") + 1);
}

#[test]
fn a_foramen_that_was_injected_twice_is_reviewed_once_for_each_choice() {
    let folder = study();
    let path = folder.path().join("selections.csv");
    let text = fs::read_to_string(&path).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let uid = header.iter().position(|title| *title == "sop_instance_uid").unwrap();
    let row = text.lines().skip(1).find(|row| row.contains(",selected,")).unwrap();
    let chosen = row.split(',').nth(uid).unwrap();
    // A second injection that fell on the same image, and a third on another one.
    let profile = fs::read_to_string(folder.path().join("profile.csv")).unwrap();
    let series = row.split(',').nth(uid - 1).unwrap();
    let mut images = profile.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let other = images.find(|cells| cells[0] == series && cells[1] != chosen).unwrap()[1];
    fs::write(&path, format!("{text}{row}\n{}\n", row.replace(chosen, other))).unwrap();

    let page = Page::start(folder.path(), &["--reader", "a"]);
    let items: Vec<Value> = page.get("/study").json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), text.lines().count());
    let foramen = |item: &&Value| {
        let cells: Vec<&str> = row.split(',').collect();
        [("title", 0), ("level", 1), ("side", 2)].iter().all(|(key, at)| item[key] == cells[*at])
    };
    let both: Vec<&Value> = items.iter().filter(foramen).collect();
    assert_eq!(both.len(), 2);
    for item in &both {
        answer(&page, item, "none");
    }
    let list = page.get("/study").json();
    let answered =
        list["items"].as_array().unwrap().iter().filter(|item| !item["answer"].is_null());
    assert_eq!(answered.count(), 2);
    drop(page);
    export(folder.path());
    let rows = read_reviewed(&folder.path().join("reviewed/selections.csv")).unwrap();
    let images: Vec<&str> = rows.iter().map(|row| row.image.sop_instance_uid.as_str()).collect();
    assert_eq!(images, [chosen, chosen, other]);
}
