//! From a synthetic cohort on disk to a report with the baseline: the main path
//! without libtorch.

#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test may unwrap")]

use std::collections::BTreeMap;
use std::path::Path;

use foramen_learn::{Dataset, Split, WidthBaseline, cross_validate};
use foramen_outcome::OutcomeOptions;
use foramen_phantom::{Chosen, Truth};
use foramen_study::{
    CohortFlow, Manifest, PatchUse, Selections, StudyConfig, StudyInputs, files, select_slices,
};
use foramen_tests::{cohort, open, select};
use foramen_types::SubjectKey;

fn chosen(selections: &Selections) -> BTreeMap<String, Chosen> {
    let of_episode = |episode: &foramen_study::EpisodeSelection| {
        let uid = |source: &foramen_image::SliceSource| source.sop_instance_uid.clone();
        let chosen = Chosen {
            sop_instance_uid: episode.chosen.as_ref().map(|slice| uid(&slice.source)),
            width: episode.chosen.as_ref().and_then(|slice| slice.foramen.width),
            naive_sop_instance_uid: episode.naive.as_ref().map(uid),
        };
        (episode.subject.to_string(), chosen)
    };
    selections.episodes.iter().map(of_episode).collect()
}

#[test]
fn the_main_path_runs_and_accounts_for_every_row() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let key = SubjectKey::identity();
    let (scan, outcomes) = open(&folder.join("dicom"), &folder.join("outcomes.csv"), &key);
    let (manifest, selections) = select(&scan, &outcomes);
    let truth = Truth::read(&folder.join("truth.json")).unwrap();

    // Every row is kept or excluded, with a reason.
    let flow = CohortFlow::of(&manifest);
    let excluded: usize = flow.excluded.iter().map(|count| count.rows).sum();
    assert_eq!(flow.included + excluded, flow.rows);
    let lines = std::fs::read_to_string(folder.join("outcomes.csv")).unwrap();
    assert_eq!(flow.rows, lines.lines().count() - 1);
    assert!(manifest.excluded().iter().all(|row| !row.detail.is_empty() && row.row > 1));

    // What is analysable by the truth is what is kept, but for refusals.
    let refused = selections.episodes.iter().filter(|episode| episode.chosen.is_none()).count();
    let analysable = truth.subjects.iter().filter(|subject| subject.analysable).count();
    assert_eq!(flow.included + refused, analysable, "{:?}", manifest.excluded());

    // The slices are the right ones: the bars of the whole cohort, with room for
    // its small size.
    let score = truth.score(&chosen(&selections)).unwrap();
    assert!(score.median_error.is_some_and(|mm| mm <= 0.6), "{score:?}");
    assert!(score.right_slice >= 0.7 && score.within_one_slice >= 0.85, "{score:?}");

    // The files of the stages read back as what was written.
    let out = tempfile::tempdir().unwrap();
    files::write_manifest(&out.path().join("manifest.json"), &manifest).unwrap();
    let read = files::read_manifest(&out.path().join("manifest.json")).unwrap();
    assert_eq!(read.excluded(), manifest.excluded());
    // Only the stacks of a series are not in the file.
    files::write_manifest(&out.path().join("again.json"), &read).unwrap();
    let [first, again] = ["manifest.json", "again.json"]
        .map(|name| std::fs::read_to_string(out.path().join(name)).unwrap());
    assert_eq!(first, again);
    files::write_patches(out.path(), &selections.patches).unwrap();
    let patches = files::read_patches(out.path()).unwrap();
    let treated = patches.iter().filter(|patch| patch.usage == PatchUse::Treated).count();
    assert_eq!(treated, flow.included);

    // The baseline predicts each of them once.
    let samples = patches.into_iter().map(|patch| patch.sample).collect();
    let dataset = Dataset::new(samples).unwrap();
    let split = Split::by_subject(&dataset, 2, 1).unwrap();
    let result = cross_validate(&WidthBaseline::default(), &dataset, &split).unwrap();
    assert_eq!(result.predictions.len(), flow.included);
    let path = out.path().join("predictions-ruler.csv");
    files::write_predictions(&path, &result.predictions).unwrap();
    let table = foramen_report::read_predictions(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!((table.predictions.len(), table.without_label), (flow.included, 0));
    for (read, written) in table.predictions.iter().zip(&result.predictions) {
        assert_eq!((&read.subject, read.fold), (&written.subject, written.fold));
        assert!(read.probability.get().to_bits() == written.probability.get().to_bits());
    }
}

#[test]
fn covariates_of_the_table_reach_the_injected_foramina() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let key = SubjectKey::identity();
    let (scan, outcomes) = open(&folder.join("dicom"), &folder.join("outcomes.csv"), &key);
    let names = ["age".to_owned(), "nrs_baseline".to_owned()];
    let numbers = outcomes.covariate_numbers(&names, &OutcomeOptions::default()).unwrap();
    let config = StudyConfig::default();
    let inputs = StudyInputs::new(&scan, &outcomes).with_covariates(&numbers);
    let manifest = Manifest::join(&inputs, &config);
    let selections = select_slices(manifest, &scan, None, &config, &|_, _| ()).selections;
    let out = tempfile::tempdir().unwrap();
    files::write_patches(out.path(), &selections.patches).unwrap();
    let mut seen = 0;
    for patch in files::read_patches(out.path()).unwrap() {
        let sample = &patch.sample;
        let episode = outcomes.episodes.iter().find(|episode| {
            patch.usage == PatchUse::Treated
                && (&episode.subject, episode.level, episode.side)
                    == (&sample.subject, sample.level, sample.side)
        });
        let age = episode.and_then(|episode| episode.covariates.get("age")?.parse().ok());
        let baseline = episode.map(|episode| episode.nrs_baseline.get());
        assert_eq!((sample.covariates["age"], sample.covariates["nrs_baseline"]), (age, baseline));
        seen += usize::from(age.is_some());
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn defects_are_excluded_with_their_own_reasons() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let key = SubjectKey::identity();
    let (scan, outcomes) = open(&folder.join("dicom"), &folder.join("outcomes.csv"), &key);
    let (manifest, _) = select(&scan, &outcomes);
    let truth = Truth::read(&folder.join("truth.json")).unwrap();
    for subject in truth.subjects.iter().filter(|subject| !subject.analysable) {
        let kept = manifest.kept().iter().any(|kept| kept.subject.as_str() == subject.subject_id);
        assert!(!kept, "{} has the defect {:?}", subject.subject_id, subject.defect);
    }
    let reasons: std::collections::BTreeSet<&str> =
        manifest.excluded().iter().map(|row| row.reason.name()).collect();
    assert!(reasons.len() >= 4, "{reasons:?}");
}

#[test]
fn a_lumbar_study_is_excluded_with_the_evidence() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let copy = tempfile::tempdir().unwrap();
    let (mut slices, mut first) = (0, None);
    for file in walk(&folder.join("dicom")) {
        let mut bytes = std::fs::read(&file).unwrap();
        let patient = find(&bytes, b"CSPINE").map(|at| bytes[at - 60..at].to_vec());
        let patient = patient.and_then(|near| Some(near[find(&near, b"P0")?..][..5].to_vec()));
        if patient.is_none() || *first.get_or_insert_with(|| patient.clone()) != patient {
            continue;
        }
        for (old, new) in
            [(&b"CSPINE"[..], &b"LSPINE"[..]), (b"MR cervical spine", b"MR lumbar spine  ")]
        {
            let at = find(&bytes, old).unwrap();
            bytes[at..at + old.len()].copy_from_slice(new);
        }
        std::fs::write(copy.path().join(format!("{slices}.dcm")), bytes).unwrap();
        slices += 1;
    }
    assert!(slices > 20, "{slices}");
    let key = SubjectKey::identity();
    let (scan, outcomes) = open(copy.path(), &folder.join("outcomes.csv"), &key);
    let (manifest, _) = select(&scan, &outcomes);
    let reasons: Vec<String> = manifest.excluded().iter().map(|row| format!("{row:?}")).collect();
    let lumbar = reasons.iter().filter(|reason| reason.contains("another region (lumbar")).count();
    assert_eq!(lumbar, 1, "{reasons:#?}");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
