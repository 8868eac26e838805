//! What is kept when the server is killed, and when several write at once.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use foramen::review::Store;
use foramen::study::{files, read_readings};
use serde_json::json;

use crate::client::{self, Page, study};

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

#[test]
fn two_readers_and_two_windows_of_each_lose_nothing() {
    const ANSWERS: usize = 20;
    let folder = study();
    let pages =
        ["a", "b"].map(|reader| (reader, Page::start(folder.path(), &["--reader", reader])));
    let said: Vec<(String, &str, i64)> = std::thread::scope(|scope| {
        let mut windows = Vec::new();
        for (reader, page) in &pages {
            for window in 0..2 {
                let (items, port, token) = (page.items(), page.port, page.token.clone());
                windows.push(scope.spawn(move || {
                    let answers = (0..ANSWERS).map(|n| {
                        let request = format!("{reader}-window-{window}-{n}");
                        let answer = json!({ "item": items[n % items.len()], "request": request,
                            "slice": n % 5, "seen": "open", "walls": [[50.0, 50.0], [54.0, 50.5]] });
                        let reply = client::try_post(port, &token, "answer", &answer).unwrap();
                        assert_eq!(reply.status, 200, "{}", reply.text());
                        (request, *reader, reply.json()["row"].as_i64().unwrap())
                    });
                    answers.collect::<Vec<_>>()
                }));
            }
        }
        windows.into_iter().flat_map(|window| window.join().unwrap()).collect()
    });
    assert_eq!(said.len(), 4 * ANSWERS);
    let kept = Store::open(folder.path()).unwrap().rows(0).unwrap();
    assert_eq!(kept.len(), said.len());
    for (request, reader, row) in said {
        let kept = kept.iter().find(|kept| kept.id == row).unwrap();
        assert_eq!((kept.entry.request.as_str(), kept.entry.reader.as_str()), (&*request, reader));
    }
    // Each window sees what the other has said.
    for (_, page) in &pages {
        let list = page.get("/study").json();
        let items = list["items"].as_array().unwrap();
        let answered = items.iter().filter(|item| !item["answer"].is_null()).count();
        assert_eq!(answered, items.len().min(ANSWERS));
    }
}
