use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use foramen_image::{PatchFrame, Picture};
use foramen_learn::Dataset;
use foramen_phantom::{Chosen, Truth};
use foramen_study::files::{MadeWriter, PatchWriter, ProfileWriter, StageNotes};
use foramen_study::{
    ChosenImages, CohortFlow, EpisodeSelection, Excluded, Exclusion, Manifest, RunnerUpImages,
    Selected, Selections, StudyConfig, StudyInputs, files, select_slices_in_parts,
};
use foramen_types::{Level, Side};
use serde::{Deserialize, Serialize};

use crate::contact_page::{Shown, contact_page};
use crate::files::{create, write};
use crate::inputs::OpenedInputs;
use crate::progress::bar;
use crate::study_source::StudySource;
use crate::terminal::say;
use crate::truth::{chosen_of, truth_comparison};

/// The result of the selection of a study.
pub struct SelectedStudy {
    /// Manifest and selections, without profile, patches and pictures, which were written subject
    /// by subject.
    pub selected: Selected,
    /// Number of slice sides in each state.
    pub states: BTreeMap<&'static str, usize>,
}

/// One decision as shown on the page of decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownDecision {
    confidence: f64,
    file: Option<String>,
    title: String,
    text: String,
}

/// Joins the inputs, selects the slices, and writes `manifest.json`, `levels.csv`,
/// `selections.csv`, `profile.csv`, `reformatted.csv` if slices were made from volumes, the
/// patches, a picture per decision and `decisions.html` with all of them into `out`. Files of later
/// stages for earlier selections are removed there.
///
/// # Errors
/// When a file cannot be written.
pub fn run_selection(
    inputs: &OpenedInputs,
    config: &StudyConfig,
    out: &Path,
) -> Result<SelectedStudy> {
    let (study, decisions) = select_into(inputs, config, join(inputs, config), out)?;
    write_decisions(out, decisions, &study.selected.manifest)?;
    let chosen = inputs.truth.is_some().then(|| chosen_of(&study.selected.selections));
    write_notes(out, inputs.truth.as_ref().zip(chosen.as_ref()))?;
    Ok(study)
}

/// Joins the inputs and reports what a person should know about the join.
pub(crate) fn join(inputs: &OpenedInputs, config: &StudyConfig) -> Manifest {
    let read = StudyInputs::new(&inputs.scan, &inputs.outcomes)
        .with_levels(inputs.levels.as_ref())
        .with_covariates(&inputs.covariates);
    let manifest = Manifest::join(&read, config);
    if let Some(edits) = manifest.level_edits() {
        say!("disc positions: {edits}");
    }
    for miss in near_misses(&manifest) {
        eprintln!("warning: {miss}");
    }
    for same in manifest.same_studies() {
        eprintln!("warning: {same}");
    }
    manifest
}

/// Selects the slices of a manifest and writes the files of the stage except the notes and the page
/// of decisions, which is returned.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn select_into(
    inputs: &OpenedInputs,
    config: &StudyConfig,
    manifest: Manifest,
    out: &Path,
) -> Result<(SelectedStudy, Vec<ShownDecision>)> {
    let pictures = out.join("pictures");
    fs::create_dir_all(&pictures)
        .with_context(|| format!("could not make {}", pictures.display()))?;
    // First, so that a run that is interrupted leaves word of what it was made from.
    if !matches!(StudySource::read(out), Ok(Some(_))) {
        inputs.source.write(out)?;
    }
    let names = manifest.kept().iter().flat_map(|kept| kept.covariates.keys().cloned());
    let mut patches = PatchWriter::create(out, names.collect())?;
    let mut profile = ProfileWriter::create(&out.join("profile.csv"))?;
    let mut made = MadeWriter::new(&out.join("reformatted.csv"));
    let mut states: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut decisions = Vec::new();
    let progress = bar("select", manifest.kept().len());
    let shown = |done: usize, of: usize| {
        progress.set_length(of as u64);
        progress.set_position(done as u64);
    };
    let write = |part: &mut Selections| {
        for row in &part.profile {
            *states.entry(row.foramen.state.name()).or_default() += 1;
        }
        profile.add(&std::mem::take(&mut part.profile))?;
        patches.add(&std::mem::take(&mut part.patches))?;
        made.add(&std::mem::take(&mut part.made))?;
        for episode in &mut part.episodes {
            let picture = episode.picture.take();
            decisions.push(write_picture(out, episode, picture)?);
        }
        Ok::<(), anyhow::Error>(())
    };
    let levels = inputs.levels.as_ref();
    let selected = select_slices_in_parts(manifest, &inputs.scan, levels, config, &shown, write)?;
    progress.finish();
    files::remove_later_stages(out)?;
    profile.finish()?;
    made.finish()?;
    patches.finish()?;
    for same in selected.manifest.same_images() {
        eprintln!("warning: {same}");
    }
    for unread in selected.manifest.unread() {
        eprintln!("note: {unread}; the narrowest slice may be among them");
    }
    let Selected { manifest, selections } = &selected;
    inputs.source.write(out)?;
    files::write_manifest(&out.join("manifest.json"), manifest)?;
    files::write_levels(&out.join("levels.csv"), &selections.levels)?;
    files::write_selections(&out.join("selections.csv"), selections)?;
    files::write_acquisitions(&out.join("acquisitions.csv"), &selected, &inputs.scan)?;
    files::write_episodes(&out.join("episodes.csv"), &inputs.outcomes, &inputs.definitions)?;
    Ok((SelectedStudy { selected, states }, decisions))
}

/// Notes the comparison of the choices with the truth of a synthetic cohort.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_notes(
    out: &Path,
    truth: Option<(&Truth, &BTreeMap<String, Chosen>)>,
) -> Result<()> {
    let comparison = truth.map(|(truth, chosen)| truth_comparison(truth, chosen));
    let notes = StageNotes {
        synthetic: truth.is_some(),
        truth: serde_json::to_value(comparison)?,
        ..StageNotes::default()
    };
    Ok(files::write_stages(out, &notes)?)
}

/// Most subjects of each reason that are named.
const NAMED: usize = 8;

/// Ids with almost the same spelling, in words: within the table, and between table and images.
pub(crate) fn near_misses(manifest: &Manifest) -> Vec<String> {
    let of_table = manifest.table_near_misses().iter();
    let of_table = of_table.map(|miss| format!("{miss}; they are kept apart"));
    let with_images = manifest.near_misses().iter().map(|(row, images)| {
        format!(
            "subject {row} of the table and {images} of the images are written almost alike and \
             may be one person; they are kept apart"
        )
    });
    of_table.chain(with_images).collect()
}

/// Reports the number of excluded rows for each reason, with the detail of the first.
pub(crate) fn say_excluded(selected: &Selected) {
    for count in &CohortFlow::of(&selected.manifest).excluded {
        let rows = || selected.excluded().iter().filter(|row| row.reason == count.reason);
        let mut subjects: Vec<&str> =
            rows().filter_map(|row| Some(row.subject.as_ref()?.as_str())).collect();
        subjects.dedup();
        let more = subjects.len().saturating_sub(NAMED);
        subjects.truncate(NAMED);
        let of = match (subjects.join(", "), more) {
            (none, _) if none.is_empty() => none,
            (few, 0) => format!(", {few}"),
            (few, more) => format!(", {few} and {more} more"),
        };
        let detail = rows().next().map_or("", |row| &row.detail);
        say!("  {:>4} excluded: {}{of} ({detail})", count.rows, count.reason);
    }
}

/// Writes the picture of a decision.
fn write_picture(
    out: &Path,
    episode: &EpisodeSelection,
    picture: Option<Picture>,
) -> Result<ShownDecision> {
    let name = picture_file(episode.row, episode.level, episode.side);
    if let Some(picture) = &picture {
        create(&out.join(&name), |file| Ok(picture.write_png(file)?))?;
    }
    Ok(ShownDecision {
        confidence: episode.confidence,
        file: picture.is_some().then_some(name),
        title: format!("{} {} {}", episode.subject, episode.level, episode.side),
        text: describe(episode),
    })
}

/// Writes one page with all decisions, the most doubtful first, and then the rows excluded before
/// any measurement.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_decisions(
    out: &Path,
    mut decisions: Vec<ShownDecision>,
    manifest: &Manifest,
) -> Result<()> {
    decisions.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let shown = decisions.into_iter().map(|decision| {
        let ShownDecision { file, title, text, .. } = decision;
        Shown { file, title, text }
    });
    let excluded = manifest.excluded().iter().filter(|row| row.reason != Exclusion::NoSlice);
    let left_out = excluded.map(|Excluded { row, subject, reason, detail }| Shown {
        file: None,
        title: match subject {
            Some(subject) => format!("{subject}, row {row} of the outcome table"),
            None => format!("row {row} of the outcome table"),
        },
        text: format!("left out: {reason} ({detail})"),
    });
    let note = "One picture per injection, the least confident first; at the end, rows of the \
                outcome table that were left out. Red: the width; green: the root; blue: the wall \
                of the canal with both foramina. Below: the width over the slices from the feet to \
                the head, the chosen one marked; small dots are the other side, closed is a \
                pedicle, on the lighter ground the foramen lies between its pedicles by the \
                sagittal series. z: standard deviations from the mean width of the level on the side without \
                symptoms, on axial T2 images (Bentham 2024, 10.2174/0115734056266400231106054026); \
                no norm is published for T2*, whose widths are compared with the same one.";
    let page = contact_page("Chosen slices", note, &shown.chain(left_out).collect::<Vec<_>>());
    write(&out.join("decisions.html"), &page)
}

/// Path of the picture of a decision in the folder of a study.
pub(crate) fn picture_file(row: u64, level: Level, side: Side) -> String {
    format!("pictures/row{row}-{}-{side}.png", level.name().replace('/', "-"))
}

/// A selection in words: width, z-score of the level, other side, root and grades.
fn describe(episode: &EpisodeSelection) -> String {
    let Some(chosen) = &episode.chosen else {
        return format!("refused: {}", episode.refusal.as_deref().unwrap_or_default());
    };
    let foramen = &chosen.foramen;
    let mut parts = vec![episode.status().to_owned()];
    if let Some(width) = foramen.width {
        parts.push(format!("{width:.1} mm (z {:+.1})", episode.level.width_z(width)));
    }
    if let Some(asymmetry) = foramen.asymmetry(&chosen.contralateral) {
        parts.push(format!("{asymmetry:+.1} mm against the other side"));
    }
    match (foramen.root_width, foramen.kim(), foramen.modified_kim()) {
        (Some(root), Some(kim), Some(modified)) => {
            parts.push(format!("root {root:.1} mm, Kim {kim}, modified Kim {modified}"));
        }
        _ => parts.push("root not visible".to_owned()),
    }
    parts.push(format!("confidence {:.2}", episode.confidence));
    if episode.unread > 0 {
        let unread = episode.unread;
        parts.push(format!("{unread} image(s) not read: the narrowest may be among them"));
    }
    if let Some(images) = &episode.images {
        parts.push(images_in_words(images));
    }
    let remarks = episode.remarks.iter().map(|remark| format!("{} ({remark})", remark.name()));
    let remarks: Vec<String> = remarks.collect();
    if !remarks.is_empty() {
        parts.push(format!("remarks: {}", remarks.join("; ")));
    }
    parts.join(", ")
}

/// The measured series, and, if other sets compete, these and why they are ranked second.
fn images_in_words(images: &ChosenImages) -> String {
    let ends = |series: &[String]| {
        let ends: Vec<String> = series.iter().map(|uid| format!("…{}", end_of(uid))).collect();
        match &ends[..] {
            [first, .., last] if ends.len() > 4 => {
                format!("{} series {first} to {last}", ends.len())
            }
            _ => format!("series {}", ends.join(" and ")),
        }
    };
    let chosen = ends(&images.series);
    match &images.runner_up {
        None => format!("measured on {chosen}"),
        Some(RunnerUpImages { series, rule, why }) => {
            format!("measured on {chosen}, not on {} ({rule}: {why})", ends(series))
        }
    }
}

/// The last characters of a UID, which distinguish series.
fn end_of(uid: &str) -> &str {
    uid.get(uid.len().saturating_sub(12)..).unwrap_or(uid)
}

/// The frame of patches with an edge in millimetres.
///
/// # Errors
/// When the patch would have fewer pixels than a network needs, or more than memory should hold.
pub(crate) fn patch_frame(edge: f64, pixel: f64) -> Result<PatchFrame> {
    let pixels = (edge / pixel).round();
    ensure!(
        (52.0..=512.0).contains(&pixels) && pixel > 0.0,
        "a patch of {edge} mm with pixels of {pixel} mm has {pixels} pixels along its edge; 52 to \
         512 can be used"
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "52 to 512")]
    let frame = PatchFrame::default().with_edge(pixels * pixel).with_pixels(pixels as usize);
    Ok(frame)
}

/// The dataset of the patches that `select` wrote into a folder.
///
/// # Errors
/// When the patches are missing or do not fit their index.
pub fn dataset(study: &Path) -> Result<Dataset> {
    let samples = files::read_patches(study)?;
    Ok(Dataset::new(samples.into_iter().map(|patch| patch.sample).collect())?)
}
