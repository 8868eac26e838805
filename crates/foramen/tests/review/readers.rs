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
