//! A folder with the habits of three hospitals, from `scan` to `decisions.html`, as a new user
//! would go, with what each program says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use foramen::phantom::{CohortConfig, Truth, write_cohort};

#[allow(dead_code, reason = "another test uses the rest")]
#[path = "../../foramen-study/tests/field/dicom_file.rs"]
mod dicom_file;

use dicom_file::{DicomFile, Tag};

const SOP_INSTANCE_UID: Tag = (0x8, 0x18);
const DATES: [Tag; 4] = [(0x8, 0x20), (0x8, 0x21), (0x8, 0x22), (0x8, 0x23)];
const SERIES_DESCRIPTION: Tag = (0x8, 0x103e);
const PATIENT_ID: Tag = (0x10, 0x20);
const BODY_PART: Tag = (0x18, 0x15);
const SCAN_OPTIONS: Tag = (0x18, 0x22);
const STUDY_UID: Tag = (0x20, 0xd);
const SERIES_UID: Tag = (0x20, 0xe);
const SERIES_NUMBER: Tag = (0x20, 0x11);
const FRAME_OF_REFERENCE: Tag = (0x20, 0x52);

/// The images of a phantom.
struct Images {
    axial: Vec<DicomFile>,
    sagittal: Vec<DicomFile>,
}

impl Images {
    fn all(&mut self) -> impl Iterator<Item = &mut DicomFile> {
        self.axial.iter_mut().chain(&mut self.sagittal)
    }
}

fn files(folder: &Path) -> Vec<DicomFile> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| DicomFile::read(path)).collect()
}

fn write(files: &[DicomFile], folder: &Path, prefix: &str) {
    fs::create_dir_all(folder).unwrap();
    for (number, file) in files.iter().enumerate() {
        file.write(&folder.join(format!("{prefix}{number:04}.dcm")));
    }
}

/// Another series of the same images.
fn series(of: &[DicomFile], number: u32, description: &str) -> Vec<DicomFile> {
    let renewed = |file: &DicomFile| {
        let mut file = file.clone();
        for tag in [SOP_INSTANCE_UID, SERIES_UID] {
            let uid = format!("{}.{number}", file.text(tag));
            file.put(tag, "UI", &uid);
        }
        file.put(SERIES_NUMBER, "IS", &number.to_string());
        file.put(SERIES_DESCRIPTION, "LO", description);
        file
    };
    of.iter().map(renewed).collect()
}

/// Draws four patients and writes them as three hospitals export them; the outcome table
/// beside them has an injection of each.
fn export(folder: &Path) {
    let drawn = folder.join("drawn");
    let config = CohortConfig::default().with_analysable(3).with_defects(0);
    write_cohort(&config, &drawn, &|_, _| ()).unwrap();
    let truth = Truth::read(&drawn.join("truth.json")).unwrap();
    let images = |index: usize| {
        let of = drawn.join("dicom").join(&truth.subjects[index].subject_id);
        Images { axial: files(&of.join("3-axial")), sagittal: files(&of.join("2-sagittal")) }
    };
    let export = folder.join("export");

    // The first writes a series for each slice, the coil's body part and German dates.
    let mut first = images(0);
    for (number, file) in first.axial.iter_mut().enumerate() {
        let uid = format!("{}.{number}", file.text(SERIES_UID));
        file.put(SERIES_UID, "UI", &uid);
    }
    for file in first.all() {
        let day = file.text(DATES[0]);
        let german = format!("{}.{}.{}", &day[6..], &day[4..6], &day[..4]);
        DATES.into_iter().for_each(|tag| file.put(tag, "LO", &german));
        file.put(BODY_PART, "CS", "HEAD");
    }
    write(&first.axial, &export.join("A-1/ax"), "I");
    write(&first.sagittal, &export.join("A-1/sag"), "I");

    // The second adds a fat-suppressed series with more slices, and a file is cut short.
    let second = images(2);
    let mut suppressed = series(&second.axial, 9, "T2 TSE TRA FS");
    suppressed.iter_mut().for_each(|file| file.put(SCAN_OPTIONS, "CS", "FS"));
    write(&second.axial, &export.join("B-7"), "A");
    write(&suppressed, &export.join("B-7"), "F");
    write(&second.sagittal, &export.join("B-7"), "S");
    let path = export.join("B-7/A0000.dcm");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();

    // The third anonymises: no ids, no dates that are any, no frames of reference. One patient
    // was examined by a volume alone.
    let mut third = images(1);
    let volume = folder.join("volume");
    let config = CohortConfig::default().with_seed(7).with_analysable(1).with_defects(0);
    write_cohort(&config.with_volume(), &volume, &|_, _| ()).unwrap();
    let mut alone =
        Images { axial: Vec::new(), sagittal: files(&volume.join("dicom/P0001/2-volume")) };
    for file in third.all().chain(alone.all()) {
        file.put(PATIENT_ID, "LO", "");
        file.put(STUDY_UID, "UI", &format!("{}.1", file.text(STUDY_UID)));
        DATES.into_iter().for_each(|tag| file.put(tag, "DA", "19000101"));
        file.remove(FRAME_OF_REFERENCE);
    }
    write(&third.axial, &export.join("C-3"), "A");
    write(&third.sagittal, &export.join("C-3"), "S");
    write(&alone.sagittal, &export.join("C-4"), "V");

    let header = "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup\n";
    let outcomes = fs::read_to_string(drawn.join("outcomes.csv")).unwrap();
    let rows: Vec<Vec<&str>> =
        outcomes.lines().map(|line| line.split(',').collect::<Vec<_>>()).collect();
    let column = |name: &str| rows[0].iter().position(|title| *title == name).unwrap();
    let mut table = header.to_owned();
    for (subject, index) in [("A-1", 0), ("B-7", 2), ("C-3", 1), ("C-4", 0)] {
        let id = truth.subjects[index].subject_id.as_str();
        let row = rows.iter().find(|row| row[0] == id).unwrap();
        let cells = header.trim().split(',').skip(1).map(|name| row[column(name)]);
        table += &format!("{subject},{}\n", cells.collect::<Vec<_>>().join(","));
    }
    fs::write(folder.join("outcomes.csv"), table).unwrap();
}

/// What a program printed (both streams), and whether it went well.
fn said(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    command.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache")).env("HOME", folder);
    let output = command.args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let text = text.concat();
    println!("$ foramen {}\n{text}", arguments.join(" "));
    (output.status.success(), text)
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn three_hospitals_go_from_scan_to_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    export(folder);
    // Tried as it is: the patients without ids are told, with the way out.
    let (_, first) = said(folder, &["scan", "export"]);
    holds(&first, &["Patient ID", "--subject-from folder"]);
    let by_folder = ["--subject-from", "folder"];
    let scan = [&["scan", "export", "--explain"], &by_folder[..]].concat();
    let (went, second) = said(folder, &scan);
    assert!(went);
    holds(&second, &["A-1", "B-7", "C-3", "C-4", "contradicted_region", "--assume-one-frame"]);
    holds(&second, &["a placeholder", "to be reformatted", "28 more series"]);
    // Of a volume alone there is nothing to compare places with.
    assert!(!second.contains("C-4: no image names its frame"), "{second}");

    let select = |further: &[&str], out: &str| {
        let arguments = ["select", "--dicom", "export", "--outcomes", "outcomes.csv", "--out", out];
        said(folder, &[&arguments, &by_folder[..], further].concat())
    };
    // The anonymised ones have no day: they are not taken for made before the injection.
    let (went, third) = select(&[], "strict");
    assert!(went);
    holds(&third, &["C-3, C-4", "--undated use", "names of folders are used", "undecodable_image"]);
    let table = |out: &str| fs::read_to_string(folder.join(out).join("selections.csv")).unwrap();
    let row = |out: &str, subject: &str| {
        table(out).lines().find(|line| line.starts_with(subject)).map(str::to_owned)
    };
    holds(&row("strict", "A-1").unwrap(), &[",selected,", "contradicted_region"]);
    holds(&row("strict", "B-7").unwrap(), &[",selected,", "undecodable_image"]);
    assert_eq!((row("strict", "C-3"), row("strict", "C-4")), (None, None));

    let (went, _) = select(&["--undated", "use", "--assume-one-frame"], "asked");
    assert!(went);
    holds(&row("asked", "C-3").unwrap(), &[",selected,", "assumed_frame", "unreadable_date"]);
    let volume = row("asked", "C-4").unwrap();
    holds(&volume, &[",selected,", "reformatted-", "reformatted unreadable_date"]);
    let page = fs::read_to_string(folder.join("asked/decisions.html")).unwrap();
    holds(&page, &["signs of another region", "fat_suppressed", "1 image cannot be read"]);
    holds(&page, &["one frame of reference was assumed", "the day of the scan cannot be read"]);
    holds(&page, &["axial slices of 2.0 mm (mean) were made of a sagittal volume"]);
}
