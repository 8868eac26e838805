//! The images of one examination compete across its series, and what is known of them
//! reaches the selection.

use std::sync::LazyLock;

use foramen_dicom::{FatSignal, Orientation, Scan, ScanOptions, StackHeader, scan};
use foramen_outcome::{OutcomeOptions, read};
use foramen_phantom::{CohortConfig, write_cohort};
use foramen_study::{EpisodeSelection, Manifest, StudyConfig, StudyInputs, files, select_slices};
use foramen_types::{Level, Side};

use super::{LEVELS, names, selected, selected_with};

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let config = CohortConfig::default().with_analysable(1).with_defects(0);
    write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
    folder
});

/// One examination, and its axial stack taken out of it.
fn examination() -> (Scan, StackHeader) {
    let mut found = scan(&FOLDER.path().join("dicom"), &ScanOptions::default()).unwrap();
    let is_axial =
        |stack: &StackHeader| stack.orientation == Orientation::Axial && !stack.localizer;
    let axial = found.stacks.iter().position(is_axial).unwrap();
    let axial = found.stacks.remove(axial);
    (found, axial)
}

fn with(stacks: impl IntoIterator<Item = StackHeader>) -> Scan {
    let (mut found, _) = examination();
    found.stacks.extend(stacks);
    found
}

fn width(episode: &EpisodeSelection) -> Option<f64> {
    episode.chosen.as_ref().and_then(|chosen| chosen.foramen.width)
}

#[test]
fn slices_compete_across_series_and_each_keeps_its_own() {
    let (_, axial) = examination();
    let part = |number: usize, keep: &dyn Fn(usize) -> bool| {
        let mut stack = axial.clone();
        stack.series_uid = format!("{}.{number}", axial.series_uid);
        let slices = axial.slices.iter().enumerate().filter(|(index, _)| keep(*index));
        stack.slices = slices.map(|(_, slice)| slice.clone()).collect();
        stack
    };
    let plain = with([axial.clone()]);
    let slices = axial.slices.len();
    // A series for each slice; the upper and the lower neck; two interleaved packages.
    let per_slice = with((0..slices).map(|at| part(at, &|index| index == at)));
    let halves =
        with([part(0, &|index| index < slices / 2), part(1, &|index| index >= slices / 2)]);
    let packages = with([part(0, &|index| index % 2 == 0), part(1, &|index| index % 2 == 1)]);
    for level in LEVELS {
        let expected = selected(&plain, level);
        assert!(names(&expected).is_empty(), "{:?}", names(&expected));
        for (found, series) in [(&per_slice, slices), (&halves, 2), (&packages, 2)] {
            let episode = selected(found, level);
            assert_eq!((width(&episode), names(&episode)), (width(&expected), vec![]));
            let images = episode.images.unwrap();
            assert_eq!((images.series.len(), images.runner_up), (series, None));
            let chosen = episode.chosen.unwrap();
            let holds = |stack: &&StackHeader| {
                stack.slices.iter().any(|slice| slice.source == chosen.source)
            };
            let of = found.stacks.iter().find(holds).unwrap();
            assert_eq!(chosen.series_uid, of.series_uid);
        }
    }
}

#[test]
fn of_sets_at_one_position_one_is_measured_and_the_other_is_named() {
    let (_, axial) = examination();
    let earlier = || {
        let mut stack = axial.clone();
        stack.series_uid = format!("{}.1", axial.series_uid);
        stack.time = stack.time.map(|seconds| seconds - 900.0);
        stack.series_number = axial.series_number.map(|number| number - 1);
        for slice in &mut stack.slices {
            slice.source.sop_instance_uid.push_str(".1");
        }
        stack
    };
    let mut suppressed = earlier();
    suppressed.fat = FatSignal::Suppressed;
    suppressed.time = axial.time.map(|seconds| seconds + 900.0);
    for (other, rule) in [(earlier(), "later"), (suppressed, "kind")] {
        let found = with([other.clone(), axial.clone()]);
        let (manifest, mut selections) =
            selected_with(&found, &StudyConfig::default(), Level::C5C6);
        let episode = selections.episodes.remove(0);
        let images = episode.images.clone().unwrap();
        assert_eq!(images.series, vec![axial.series_uid.clone()]);
        let second = images.runner_up.unwrap();
        assert_eq!((second.series, second.rule.as_str()), (vec![other.series_uid.clone()], rule));
        // It stands in manifest.json and reads back.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        files::write_manifest(&path, &manifest).unwrap();
        let read = files::read_manifest(&path).unwrap();
        assert_eq!(read.choices(), manifest.choices());
        assert_eq!(read.choices()[0].images.series, vec![axial.series_uid.clone()]);

        // A person who names the other series overrules the order.
        let config = StudyConfig::default().with_series(vec![other.series_uid.clone()]);
        let asked = selected_with(&found, &config, Level::C5C6).1.episodes.remove(0);
        assert_eq!(asked.images.as_ref().unwrap().series, vec![other.series_uid.clone()]);
        assert_eq!(asked.chosen.unwrap().series_uid, other.series_uid);
    }
}

#[test]
fn a_series_hint_overrules_the_order_for_its_row_alone() {
    let (_, axial) = examination();
    let mut earlier = axial.clone();
    earlier.series_uid = format!("{}.1", axial.series_uid);
    earlier.time = earlier.time.map(|seconds| seconds - 900.0);
    for slice in &mut earlier.slices {
        slice.source.sop_instance_uid.push_str(".1");
    }
    let found = with([earlier.clone(), axial.clone()]);
    // The row of the cohort, for either side.
    let table = std::fs::read_to_string(FOLDER.path().join("outcomes.csv")).unwrap();
    let (header, row) = table.trim_end().split_once('\n').unwrap();
    let cells: Vec<&str> = row.splitn(4, ',').collect();
    let side = |side: &str, hint: &str| format!("{},C5/6,{side},{},{hint}\n", cells[0], cells[3]);
    let rows =
        |hint: &str| format!("{header},series_hint\n{}{}", side("left", ""), side("right", hint));
    let select = |hint: &str| {
        let outcomes = read(rows(hint).as_bytes(), &OutcomeOptions::default()).unwrap();
        let config = StudyConfig::default();
        let manifest = Manifest::join(&StudyInputs::new(&found, &outcomes), &config);
        select_slices(manifest, &found, None, &config, &|_, _| ())
    };
    let series = |hint: &str| -> Vec<(Side, String)> {
        let chosen = select(hint).selections.episodes.into_iter();
        let mut chosen: Vec<_> =
            chosen.map(|one| (one.side, one.chosen.unwrap().series_uid)).collect();
        chosen.sort();
        chosen
    };
    let later = || axial.series_uid.clone();
    assert_eq!(series(""), [(Side::Left, later()), (Side::Right, later())]);
    let asked = earlier.series_uid.clone();
    assert_eq!(series(&asked), [(Side::Left, later()), (Side::Right, asked.clone())]);
    // A series that the subject lacks leaves its row out, and says which.
    let lacking = select("1.2.3");
    let [excluded] = lacking.excluded() else { panic!("{:?}", lacking.excluded()) };
    assert!(excluded.row == 3 && excluded.detail.contains("1.2.3"), "{excluded:?}");
    assert_eq!(lacking.included().len(), 1);
}

#[test]
fn a_slice_that_is_missing_at_the_level_limits_the_confidence() {
    let (_, axial) = examination();
    let plain = with([axial.clone()]);
    let chosen = selected(&plain, Level::C5C6).chosen.unwrap();
    let at = axial.slices.iter().position(|slice| slice.source == chosen.source).unwrap();
    let mut lost = axial.clone();
    lost.slices.remove(at);
    let found = with([lost]);
    let episode = selected(&found, Level::C5C6);
    assert!(names(&episode).contains(&"missing_slice"), "{:?}", names(&episode));
    assert!(episode.confidence <= 0.5);
    // It does not concern a level far away.
    let far = selected(&found, Level::C3C4);
    assert!(names(&far).is_empty(), "{:?}", names(&far));
    let whole = selected(&with([axial.clone()]), Level::C3C4);
    assert!((far.confidence - whole.confidence).abs() < 0.05);
    // The column of the table.
    let (_, selections) = selected_with(&found, &StudyConfig::default(), Level::C5C6);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("selections.csv");
    files::write_selections(&path, &selections).unwrap();
    let table = std::fs::read_to_string(&path).unwrap();
    assert!(table.lines().next().unwrap().contains(",reason,remarks,"), "{table}");
    assert!(table.contains("missing_slice"), "{table}");
}

#[test]
fn images_that_end_within_the_level_limit_the_confidence() {
    let (_, axial) = examination();
    let plain = with([axial.clone()]);
    let chosen = selected(&plain, Level::C5C6).chosen.unwrap();
    let at = axial.slices.iter().position(|slice| slice.source == chosen.source).unwrap();
    let mut cut = axial.clone();
    // The lowest slice that is left is that above the disc.
    cut.slices.drain(..=at);
    let episode = selected(&with([cut]), Level::C5C6);
    assert!(names(&episode).contains(&"incomplete_level"), "{:?}", names(&episode));
    assert!(episode.confidence <= 0.6);
}
