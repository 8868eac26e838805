//! Slices that were made of volumes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use foramen::phantom::{CohortConfig, write_cohort};
use foramen::study::review::{Correction, read_reviewed};
use foramen::study::{PatchUse, files, is_reformatted};
use serde_json::json;

use crate::client::{Page, export, foramen};

/// One who was examined by a volume alone, and the study of them.
fn one_volume() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let config = CohortConfig::default().with_analysable(1).with_defects(0).with_volume();
    write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [dicom, outcomes, study] = ["dicom", "outcomes.csv", "study"].map(at);
    let asked = ["select", "--dicom", &dicom, "--outcomes", &outcomes, "--reformat-mm", "2.5"];
    foramen(&[&asked[..], &["--out", &study]].concat());
    (folder, study.into())
}

#[test]
fn slices_of_a_volume_are_shown_as_they_were_measured_and_are_corrected() {
    let (_folder, study) = one_volume();
    let patches = files::read_patches(&study).unwrap();
    let page = Page::start(&study, &["--reader", "a"]);
    let list = page.get("/study").json();
    assert_eq!(list["missing"], json!([]));
    let items = list["items"].as_array().unwrap();
    assert!(!items.is_empty());
    for item in items {
        let id = item["id"].as_str().unwrap();
        let case = page.get(&format!("/case/{id}")).json();
        let slices = case["slices"].as_array().unwrap();
        assert!(slices.len() > 20 && slices.iter().all(|slice| slice["reformatted"] == true));
        assert!(slices.iter().all(|slice| slice["line"].is_array()), "{slices:?}");
        let at = usize::try_from(case["automatic"]["slice"].as_u64().unwrap()).unwrap();
        let [row, column] = [0, 1].map(|axis| slices[at]["centre"][axis].as_f64().unwrap());
        let shown = page.get(&format!("/case/{id}/patch/{at}/{row}/{column}"));
        // What `select` has cut there; the page is sent 16 bits, and the place to a thousandth.
        let is_it = |patch: &&foramen::study::PatchSample| {
            let of = &patch.sample;
            patch.usage == PatchUse::Treated
                && case["title"] == of.subject.as_str()
                && case["level"] == of.level.name()
                && case["side"] == of.side.name()
        };
        let patch = patches.iter().find(is_it).unwrap().patch();
        let bytes = shown.bytes();
        let greys = bytes[16..].chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let greys: Vec<u16> = greys.collect();
        assert_eq!(greys.len(), patch.len());
        let off = greys.iter().zip(patch).map(|(grey, value)| {
            (f64::from(*grey) / 65535.0 - f64::from(value.clamp(0.0, 1.0))).abs()
        });
        let most = off.fold(0.0, f64::max);
        assert!(most < 0.002, "{id}: {most}");
    }

    // Another slice, and walls three pixels of 0.5 mm apart.
    let item = &items[0];
    let case = page.get(&format!("/case/{}", item["id"].as_str().unwrap())).json();
    let other = case["automatic"]["slice"].as_u64().unwrap() + 1;
    let [row, column] = [0, 1].map(|axis| case["slices"][0]["disc"][axis].as_f64().unwrap());
    let said = json!({ "item": item["id"], "request": "request-0", "slice": other,
                       "seen": "open", "walls": [[row, column], [row + 3.0, column]] });
    let reply = page.post("/answer", &said);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!((reply.json()["width_mm"].as_f64().unwrap() - 1.5).abs() < 1e-6);
    drop(page);
    let said = export(&study);
    assert!(said.contains("1 patches changed, 0 added") && !said.contains("note:"), "{said}");
    let rows = read_reviewed(&study.join("reviewed/selections.csv")).unwrap();
    assert_eq!((rows.len(), rows[0].correction), (1, Correction::Slice));
    assert!(is_reformatted(&rows[0].image.sop_instance_uid));
    assert!(rows[0].image.sop_instance_uid.ends_with(&rows[0].series_uid));
    let recut = files::read_patches(&study.join("reviewed")).unwrap();
    assert_eq!(recut.iter().filter(|patch| patch.sample.width == Some(1.5)).count(), 1);

    // Studies of before do not say where these slices lie.
    fs::remove_file(study.join("reformatted.csv")).unwrap();
    let page = Command::new(env!("CARGO_BIN_EXE_foramen"))
        .args(["review", "--export", "--study", study.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&page.stderr);
    assert!(!page.status.success() && said.contains("run `select` again"), "{said}");
}
