//! Blinded readers, and readers who disagree.

use std::fs;

use foramen::review::Store;
use serde_json::{Value, json};

use crate::client::{Page, export, study};

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
fn what_a_blinded_reader_hears_does_not_depend_on_the_choice() {
    let (one, other) = (study(), study());
    // Both show the cases in one order, which the database keeps.
    drop(Page::start(one.path(), &["--reader", "b", "--blind"]));
    for name in ["review.sqlite", "review.sqlite-wal"] {
        let path = one.path().join(name);
        if path.is_file() {
            fs::copy(path, other.path().join(name)).unwrap();
        }
    }
    // In the other study another image was chosen for all, of another width and confidence.
    let path = other.path().join("selections.csv");
    let text = fs::read_to_string(&path).unwrap();
    let profile = fs::read_to_string(other.path().join("profile.csv")).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|title| *title == name).unwrap();
    let (uid, width, confidence) = (at("sop_instance_uid"), at("width_mm"), at("confidence"));
    let mut table = vec![header.join(",")];
    for line in text.lines().skip(1) {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if !cells[uid].is_empty() {
            let mut images = profile.lines().map(|row| row.split(',').collect::<Vec<_>>());
            let is_other = |row: &Vec<&str>| row[0] == cells[uid - 1] && row[1] != cells[uid];
            let image = images.find(is_other).unwrap()[1].to_owned();
            cells[uid] = image;
            cells[width] = "9.999".to_owned();
            cells[confidence] = "0.111".to_owned();
        }
        table.push(cells.join(","));
    }
    fs::write(&path, table.join("\n")).unwrap();
    let ranks = profile.replace(",chosen", ",").replace(",runner_up", ",");
    fs::write(other.path().join("profile.csv"), ranks).unwrap();

    let heard = |study: &std::path::Path| {
        let page = Page::start(study, &["--reader", "b", "--blind"]);
        let cases = page.items();
        let cases = cases.iter().map(|id| page.get(&format!("/case/{id}")).text());
        [page.get("/study").text(), page.get("/agreement").text(), page.get("/spines").text()]
            .into_iter()
            .chain(cases)
            .collect::<Vec<String>>()
    };
    assert_eq!(heard(one.path()), heard(other.path()));
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
