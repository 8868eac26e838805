//! The review page as a program: what it refuses, what it keeps when it is killed, and what
//! corrections change. `crates/foramen-review/browser` holds the tests in a browser.
#![cfg(feature = "review")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "review/client.rs"]
mod client;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use client::{Page, study};
use foramen::review::{Entry, Kind, Place, Reading, Seen, Store};
use foramen::study::{PatchSample, files, read_readings};
use foramen::types::{Level, Side};
use serde_json::{Value, json};

#[test]
fn only_the_page_itself_is_answered() {
    let folder = study();
    let page = Page::start(folder.path(), &["--reader", "a"]);
    let own = page.origin();
    let token = page.token.clone();
    assert_eq!(page.get("/study").status, 200);

    // Another address, name, origin or site.
    assert_eq!(page.send("GET", "/0123456789abcdef/study", &[], "").status, 404);
    assert_eq!(page.send("GET", "/", &[], "").status, 404);
    let path = format!("/{token}/answer");
    for headers in [
        &[("Host", "evil.example")][..],
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
        &[],
        &[("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")],
    ] {
        let reply = page.send("POST", &path, headers, "{}");
        assert_eq!(reply.status, 403, "{headers:?}: {}", reply.text());
    }
    assert_eq!(page.send("POST", &path, &[("Origin", &own)], "{}").status, 400);
    assert_eq!(page.send("DELETE", &path, &[("Origin", &own)], "").status, 405);
    let long = "x".repeat(70_000);
    assert_eq!(page.send("POST", &path, &[("Origin", &own)], &long).status, 413);

    // Paths in every parameter: nothing a client says names a file.
    let id = page.first_item();
    let up = "..%2f..%2f..%2f..%2fetc%2fpasswd";
    for path in [
        format!("/page/{up}"),
        "/page/../../../../etc/passwd".to_owned(),
        "/page/..%5c..%5cboot.ini".to_owned(),
        format!("/case/{up}"),
        format!("/case/{id}/axial/{up}"),
        format!("/case/{id}/axial/-1"),
        format!("/case/{id}/axial/18446744073709551616"),
        format!("/case/{id}/axial/999999"),
        format!("/case/{id}/sagittal/{up}"),
        format!("/case/{id}/patch/0/NaN/1"),
        format!("/case/{id}/patch/0/1e300/1"),
        format!("/case/{id}/patch/{up}/1/1"),
        "/case/%00".to_owned(),
        "/case/<script>".to_owned(),
    ] {
        let reply = page.get(&path);
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
        assert!(!reply.text().contains("root:"), "{path}");
        assert!(!reply.is_html(), "{path} is answered as a page");
    }
    // Every response, also a refusal, tells the browser what it may do.
    for reply in [page.get("/"), page.get("/study"), page.send("GET", "/x", &[], "")] {
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(reply.header("x-content-type-options").as_deref(), Some("nosniff"));
    }
}

#[test]
fn answers_that_cannot_be_are_refused_and_nothing_is_kept() {
    let folder = study();
    let page = Page::start(folder.path(), &["--reader", "a"]);
    let id = page.first_item();
    let good = json!({ "item": id, "request": "request-0", "slice": 3, "seen": "open",
                       "walls": [[50.0, 50.0], [54.0, 50.0]] });
    let cases = [
        ("item", json!("../../x"), "no such case"),
        ("slice", json!(100_000), "no such image"),
        ("slice", json!(-1), "no answer"),
        ("seen", json!("ajar"), "no answer"),
        ("walls", json!([[1e9, 1.0], [1.0, 1.0]]), "do not lie on the image"),
        ("walls", json!([[50.0, 50.0], [50.0, 50.0]]), "apart"),
        ("kim", json!(3), "0, 1 or 2"),
        ("note", json!("x".repeat(3000)), "at most"),
        ("request", json!("'; DROP TABLE entry"), "no usable name"),
        ("outcome", json!(1), "no answer"),
    ];
    for (field, value, said) in cases {
        let mut bad = good.clone();
        bad[field] = value;
        let reply = page.post("/answer", &bad);
        assert!((400..500).contains(&reply.status), "{field}: {}", reply.status);
        assert!(reply.text().contains(said), "{field}: {}", reply.text());
    }
    let unclear = json!({ "item": id, "request": "request-1", "slice": 3, "seen": "unclear" });
    assert_eq!(page.post("/answer", &unclear).status, 422);
    assert_eq!(page.post("/undo", &json!({ "item": id, "request": "request-2" })).status, 409);
    assert_eq!(Store::open(folder.path()).unwrap().rows(0).unwrap(), []);

    // Markup and formulas are text, wherever they go.
    let note = "=HYPERLINK(\"http://x\") <img src=x onerror=alert(1)>, \"quoted\"\nline";
    let mut marked = good;
    marked["note"] = json!(note);
    let reply = page.post("/answer", &marked);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let shown = page.get(&format!("/case/{id}"));
    assert!(shown.header("content-type").unwrap().starts_with("application/json"));
    assert_eq!(shown.json()["answers"][0]["note"], json!(note));
    assert_eq!(page.post("/export", &json!({})).status, 200);
    let table = fs::read_to_string(folder.path().join("reviewed/readings.csv")).unwrap();
    assert!(table.contains("\"'=HYPERLINK("), "{table}");
}

#[test]
fn no_answer_that_was_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = study();
    // A generator of its own: the moments are the same in every run.
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut acknowledged: BTreeMap<String, i64> = BTreeMap::new();
    for round in 0..50 {
        let mut page = Page::start(folder.path(), &["--reader", "a"]);
        let items = page.items();
        let end = Instant::now() + Duration::from_millis(5 + random(60));
        let (port, token) = (page.port, page.token.clone());
        let said = std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                let mut said = Vec::new();
                for n in 0.. {
                    let request = format!("round-{round}-{n}");
                    let answer = json!({ "item": items[n % items.len()], "request": request,
                        "slice": n % 5, "seen": "open", "walls": [[50.0, 50.0], [54.0, 50.5]] });
                    let path = if n % 7 == 6 { "export" } else { "answer" };
                    let reply = client::try_post(port, &token, path, &answer);
                    let Some(reply) = reply.filter(|reply| reply.status == 200) else { break };
                    if let Some(row) = reply.json()["row"].as_i64() {
                        said.push((request, row));
                    }
                }
                said
            });
            while Instant::now() < end {
                std::thread::sleep(Duration::from_micros(200));
            }
            page.kill();
            writer.join().unwrap()
        });
        acknowledged.extend(said);
        let kept = Store::open(folder.path()).unwrap().rows(0).unwrap();
        let kept: BTreeMap<&str, i64> =
            kept.iter().map(|row| (row.entry.request.as_str(), row.id)).collect();
        for (request, row) in &acknowledged {
            assert_eq!(kept.get(request.as_str()), Some(row), "round {round}: {request}");
        }
        // Exported files are whole, of whatever moment.
        let reviewed = folder.path().join("reviewed");
        if reviewed.join("readings.csv").is_file() {
            read_readings(fs::File::open(reviewed.join("readings.csv")).unwrap()).unwrap();
        }
        if reviewed.join("selections.csv").is_file() {
            files::read_selections(&reviewed.join("selections.csv")).unwrap();
        }
    }
    assert!(acknowledged.len() > 100, "only {} answers were acknowledged", acknowledged.len());
}

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
    assert!(items.len() >= 9, "{} cases", items.len());
    let changes =
        ["none", "walls", "slice", "state", "excluded", "walls", "slice", "walls", "none"];
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
        seen: Seen::Closed,
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
    assert!(said.contains("9 of "), "{said}");
    assert!(said.contains("1.2.3.4 is not in the study any more"), "{said}");
    assert_eq!(fs::read(folder.path().join("selections.csv")).unwrap(), automatic);
    let reviewed = folder.path().join("reviewed");
    let table = fs::read_to_string(reviewed.join("selections.csv")).unwrap();
    let count = |word: &str| table.lines().filter(|line| line.contains(word)).count();
    assert_eq!(count(",reviewed,"), 8);
    for (correction, n) in [(",walls,", 3), (",slice,", 2), (",state,", 1), (",excluded,", 1)] {
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
    assert_eq!(changed, 6);
    let readings = read_readings(fs::File::open(reviewed.join("readings.csv")).unwrap()).unwrap();
    assert_eq!(readings["a"].len(), 9);

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
    assert!(said.contains("9 of "), "{said}");
    let again = read_readings(fs::File::open(reviewed.join("readings.csv")).unwrap()).unwrap();
    assert_eq!(again, readings);
}

fn export(study: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_foramen"))
        .args(["review", "--export", "--study"])
        .arg(study)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let [said, notes] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{said}{notes}")
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
    let images: Value =
        serde_json::from_slice(&fs::read(folder.path().join("source.json")).unwrap()).unwrap();
    let dicom = Path::new(images["dicom"].as_str().unwrap()).to_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_foramen"))
        .args(["study", "--reviewed", "--folds", "2", "--epochs", "1", "--dicom"])
        .arg(&dicom)
        .arg("--outcomes")
        .arg(dicom.parent().unwrap().join("outcomes.csv"))
        .arg("--out")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    let [with, without] = ["ruler-reviewed", "ruler"].map(|name| &report["models"][name]);
    assert_eq!(without["title"], "Ruler, without corrections");
    let told = with["description"].as_str().unwrap_or_default();
    assert_eq!(with["title"], "Ruler, with corrections");
    assert_eq!(report["provenance"]["review"]["looked_at"], 5, "{told}");
    let counts = &report["provenance"]["review"]["corrections"];
    assert_eq!(counts["with moved walls"], 2);
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("with corrections") && page.contains("2 with moved walls"));
    // Every included row has a prediction without the corrections; one is left out with them.
    let lines = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    assert_eq!(lines("predictions-ruler.csv"), lines("reviewed/predictions-ruler.csv") + 1);
}

#[test]
fn a_blinded_reader_hears_of_the_choice_after_the_answer_alone() {
    let folder = study();
    let page = Page::start(folder.path(), &["--reader", "b", "--blind", "--repeats", "0.3"]);
    let list = page.get("/study");
    let subjects: Vec<String> = (1..=18).map(|n| format!("P{n:04}")).collect();
    let hidden = ["automatic\"", "confidence", "rank", "\"state\"", "outcome", "label", "status"];
    let leaks = |text: &str| {
        hidden.iter().any(|word| text.contains(word))
            || subjects.iter().any(|subject| text.contains(subject))
    };
    assert!(!leaks(&list.text()), "{}", list.text());
    let items = page.items();
    for id in &items {
        let case = page.get(&format!("/case/{id}"));
        assert!(!leaks(&case.text()), "{}", case.text());
    }
    assert!(!page.get("/agreement").text().contains("automatic"));
    // What was measured cannot be taken over unseen.
    let unplaced = json!({ "item": items[0], "request": "request-0", "slice": 3, "seen": "open" });
    assert_eq!(page.post("/answer", &unplaced).status, 422);
    let placed = json!({ "item": items[0], "request": "request-1", "slice": 3, "seen": "open",
                         "walls": [[50.0, 50.0], [54.0, 50.0]] });
    assert_eq!(page.post("/answer", &placed).status, 200);
    let shown = page.get(&format!("/case/{}", items[0])).json();
    assert!(shown["automatic"].is_object(), "{shown}");
    let row = &Store::open(folder.path()).unwrap().rows(0).unwrap()[0];
    assert!(row.entry.kind.reading().unwrap().blind);
    // What is said after that is told apart.
    let mut second = placed;
    second["request"] = json!("request-2");
    assert_eq!(page.post("/answer", &second).status, 200);
    let row = &Store::open(folder.path()).unwrap().rows(0).unwrap()[1];
    assert!(!row.entry.kind.reading().unwrap().blind);
}

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
fn readers_who_disagree_are_settled_before_their_word_counts() {
    let folder = study();
    let say = |reader: &str, arguments: &[&str], item: usize, walls: Value, n: &str| {
        let page = Page::start(folder.path(), &[&["--reader", reader], arguments].concat());
        let list = page.get("/study").json();
        let id = list["items"][item]["id"].clone();
        let said = json!({ "item": id, "request": format!("{reader}-request-{n}"), "slice": 3,
                           "seen": "open", "walls": walls });
        let reply = page.post("/answer", &said);
        assert_eq!(reply.status, 200, "{}", reply.text());
        list["items"].as_array().unwrap().len()
    };
    let (near, far) = (json!([[50.0, 50.0], [53.0, 50.0]]), json!([[50.0, 50.0], [62.0, 50.0]]));
    say("a", &[], 0, near.clone(), "1");
    say("b", &[], 0, far.clone(), "1");
    let said = export(folder.path());
    assert!(said.contains("0 of ") && said.contains("readers disagree"), "{said}");
    let left = say("c", &["--adjudicate"], 0, far, "1");
    assert_eq!(left, 1);
    let said = export(folder.path());
    assert!(said.contains("1 of ") && !said.contains("disagree"), "{said}");
    let table = fs::read_to_string(folder.path().join("reviewed/selections.csv")).unwrap();
    assert!(table.contains("c (settled)"), "{table}");
}
