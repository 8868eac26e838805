//! What programs read of a scan.

use std::fs;

use foramen_dicom::{ScanOptions, ScanSummary, StudySummary, scan};
use foramen_phantom::{CohortConfig, write_cohort};

#[test]
fn a_scan_says_what_its_stacks_are_and_what_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let config = CohortConfig::default().with_analysable(1).with_defects(0);
    write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
    let dicom = folder.path().join("dicom");
    fs::write(dicom.join("notes.txt"), "no image").unwrap();
    let found = scan(&dicom, &ScanOptions::default()).unwrap();
    let json = serde_json::to_value(&found).unwrap();
    // What was written can be read.
    let read: ScanSummary = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read, ScanSummary::from(&found));
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
    assert_eq!(read.stacks[0].date, found.stacks[0].acquired);

    assert_eq!(json["files"], found.files);
    let stacks = json["stacks"].as_array().unwrap();
    assert_eq!(stacks.len(), found.stacks.len());
    for (form, header) in stacks.iter().zip(&found.stacks) {
        assert_eq!(form["subject_id"], header.subject.as_str());
        assert_eq!(form["plane"], header.orientation.name());
        assert_eq!(form["n_slices"], header.slices.len());
        assert_eq!(form["gaps_mm"].as_array().unwrap().len() + 1, header.slices.len());
        assert_eq!(form["spacing_mm"]["row"], header.spacing.row);
        let about: Vec<&str> = header.findings.iter().map(|finding| finding.about).collect();
        let findings = form["findings"].as_array().unwrap();
        assert_eq!(findings.iter().map(|one| &one["about"]).collect::<Vec<_>>(), about);
        assert!(findings.iter().all(|one| one["evidence"].is_array()));
        // Where the files lie is nobody's business.
        assert!(!form.to_string().contains(&*dicom.to_string_lossy()));
    }
    let study = &json["studies"][0];
    assert_eq!(study["study_uid"], found.stacks[0].study_uid.as_str());
    let best = &study["axial_t2"][0];
    assert!(best["score"].as_f64().unwrap() > 0.0, "{best}");
    assert!(found.stacks.iter().any(|stack| best["series_uid"] == stack.series_uid.as_str()));
    let [rejected] = &json["rejected"].as_array().unwrap()[..] else { panic!("{json}") };
    assert!(rejected["path"].as_str().unwrap().ends_with("notes.txt"));
    assert_eq!(rejected["reason"], "no DICOM file");
}

#[test]
fn a_study_without_axial_t2_images_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let config = CohortConfig::default().with_analysable(1).with_defects(0);
    write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
    let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
    for stack in &mut found.stacks {
        stack.localizer = true;
    }
    let json = serde_json::to_value(found.studies()).unwrap();
    let read: Vec<StudySummary> = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), json);
    let refused = json[0]["axial_t2"]["refused"].as_array().unwrap();
    assert_eq!(refused.len(), found.stacks.len());
    assert!(refused[0]["reason"].as_str().unwrap().contains("localizer"), "{json}");
}
