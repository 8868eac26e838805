//! What the server refuses: foreign pages, paths, long bodies, answers that cannot be.

use std::fs;

use foramen::review::Store;
use serde_json::json;

use crate::client::{Page, study};

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
