use std::path::Path;

use foramen_dicom::Remark;
use foramen_select::{PointKind, State};
use foramen_types::Point;

use crate::table::{CsvWriter, millimetres, number, write_csv};
use crate::{DiscPositions, Drafted, LevelSource, ProfileRow, Rank, Selections, StudyError};

/// Writes `selections.csv`: one row per processed episode, in the order of the manifest. `remarks`
/// holds the names of the remarks on its images, with spaces between them; `foramen_low_mm` and
/// `foramen_high_mm` give the lower and upper end of the foramen above the disc, where the sagittal
/// series shows it.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_selections(path: &Path, selections: &Selections) -> Result<(), StudyError> {
    let header = [
        "subject_id",
        "level",
        "side",
        "series_uid",
        "sop_instance_uid",
        "frame",
        "slice_position_mm",
        "width_mm",
        "contralateral_width_mm",
        "root_width_mm",
        "kim",
        "modified_kim",
        "confidence",
        "status",
        "reason",
        "remarks",
        "foramen_low_mm",
        "foramen_high_mm",
        "area_mm2",
    ];
    let rows = selections.episodes.iter().map(|episode| {
        let chosen = episode.chosen.as_ref();
        let text = |of: fn(&crate::SelectedForamen) -> String| chosen.map(of).unwrap_or_default();
        vec![
            episode.subject.to_string(),
            episode.level.to_string(),
            episode.side.to_string(),
            text(|slice| slice.series_uid.clone()),
            text(|slice| slice.source.sop_instance_uid.clone()),
            text(|slice| slice.source.frame.to_string()),
            text(|slice| millimetres(slice.offset)),
            text(|slice| millimetres(slice.foramen.width)),
            text(|slice| millimetres(slice.contralateral.width)),
            text(|slice| millimetres(slice.foramen.root_width)),
            text(|slice| slice.foramen.kim().map(|grade| grade.to_string()).unwrap_or_default()),
            text(|slice| {
                slice.foramen.modified_kim().map(|grade| grade.to_string()).unwrap_or_default()
            }),
            millimetres(Some(episode.confidence)),
            episode.status().to_owned(),
            episode.refusal.clone().unwrap_or_default(),
            names(&episode.remarks),
            millimetres(episode.heights.map(|heights| heights.range().0)),
            millimetres(episode.heights.map(|heights| heights.range().1)),
            text(|slice| millimetres(slice.foramen.area)),
        ]
    });
    write_csv(path, &header, rows)
}

/// The names of remarks, each once.
fn names(remarks: &[Remark]) -> String {
    let mut names: Vec<&str> = remarks.iter().map(Remark::name).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

/// The columns of `profile.csv`.
const PROFILE: [&str; 19] = [
    "series_uid",
    "sop_instance_uid",
    "slice",
    "side",
    "state",
    "width_mm",
    "confidence",
    "subject_id",
    "front_x_mm",
    "front_y_mm",
    "front_z_mm",
    "back_x_mm",
    "back_y_mm",
    "back_z_mm",
    "frame",
    "level",
    "slice_position_mm",
    "rank",
    "area_mm2",
];

/// Writes `profile.csv`: every measured slice and side, and the patient coordinates of an opening's
/// walls. Slices at the disc of an episode also have its level, their height above the disc, and
/// whether they are `chosen` or the `runner_up`.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_profile(path: &Path, profile: &[ProfileRow]) -> Result<(), StudyError> {
    let mut writer = ProfileWriter::create(path)?;
    writer.add(profile)?;
    writer.finish()
}

/// Writes `profile.csv` as [`write_profile`] does, some rows at a time, so that they need not all
/// be in memory.
#[derive(Debug)]
pub struct ProfileWriter(CsvWriter);

impl ProfileWriter {
    /// Creates the writer; the file is complete when [`ProfileWriter::finish`] returns.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn create(path: &Path) -> Result<Self, StudyError> {
        Ok(Self(CsvWriter::create(path, &PROFILE)?))
    }

    /// Writes further rows.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn add(&mut self, profile: &[ProfileRow]) -> Result<(), StudyError> {
        profile.iter().try_for_each(|row| self.0.add(&profile_cells(row)))
    }

    /// Moves the finished file to its path.
    ///
    /// # Errors
    /// [`StudyError::Write`].
    pub fn finish(self) -> Result<(), StudyError> {
        self.0.finish()
    }
}

fn profile_cells(row: &ProfileRow) -> Vec<String> {
    let is_open = row.foramen.state == State::Open;
    let walls = row.foramen.front.zip(row.foramen.back).filter(|_| is_open);
    let at = |of: fn((Point, Point)) -> f64| millimetres(walls.map(of));
    vec![
        row.series_uid.clone(),
        row.source.sop_instance_uid.clone(),
        row.slice.to_string(),
        row.side.to_string(),
        row.foramen.state.to_string(),
        millimetres(row.foramen.width),
        millimetres(Some(row.foramen.confidence)),
        row.subject.to_string(),
        at(|(front, _)| front.x),
        at(|(front, _)| front.y),
        at(|(front, _)| front.z),
        at(|(_, back)| back.x),
        at(|(_, back)| back.y),
        at(|(_, back)| back.z),
        row.source.frame.to_string(),
        row.episode.map_or_else(String::new, |episode| episode.level.to_string()),
        millimetres(row.episode.map(|episode| episode.offset)),
        match row.episode.and_then(|episode| episode.rank) {
            Some(Rank::Chosen) => "chosen".to_owned(),
            Some(Rank::RunnerUp) => "runner_up".to_owned(),
            None => String::new(),
        },
        millimetres(row.foramen.area),
    ]
}

/// Writes `levels.csv`: disc positions in the form that [`DiscPositions::read`] reads, and the
/// levels that a person refused, as rows with the `status` `refused`.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_levels(path: &Path, levels: &DiscPositions) -> Result<(), StudyError> {
    let header = [
        "subject_id",
        "level",
        "x_mm",
        "y_mm",
        "z_mm",
        "kind",
        "frame_of_reference_uid",
        "nx",
        "ny",
        "nz",
        "source",
        "confidence",
        "status",
        "drafted_mm",
        "drafted_level",
    ];
    let found = levels.iter().map(|(subject, level, disc)| {
        let along = |of: fn(foramen_types::Vector) -> f64| number(disc.normal.map(of));
        vec![
            subject.to_string(),
            level.to_string(),
            millimetres(Some(disc.point.x)),
            millimetres(Some(disc.point.y)),
            millimetres(Some(disc.point.z)),
            match disc.kind {
                PointKind::Disc => "disc".to_owned(),
                PointKind::Canal => "canal".to_owned(),
            },
            disc.frame_of_reference_uid.clone().unwrap_or_default(),
            along(|normal| normal.x),
            along(|normal| normal.y),
            along(|normal| normal.z),
            match &disc.source {
                LevelSource::Given(source) => source.clone(),
                LevelSource::Sagittal { series_uid } => format!("sagittal {series_uid}"),
            },
            millimetres(Some(disc.confidence)),
            "found".to_owned(),
            disc.drafted.map_or_else(String::new, |Drafted { point: at, .. }| {
                [at.x, at.y, at.z].map(|mm| millimetres(Some(mm))).join(" ")
            }),
            disc.drafted.map_or_else(String::new, |drafted| drafted.level.to_string()),
        ]
    });
    let refused = levels.refused().map(|(subject, level, drafted)| {
        let mut cells = vec![String::new(); header.len()];
        let along = |of: fn(Point) -> f64| millimetres(drafted.map(of));
        let place = [along(|at| at.x), along(|at| at.y), along(|at| at.z)];
        for (title, text) in [
            ("subject_id", subject.to_string()),
            ("level", level.to_string()),
            ("status", "refused".to_owned()),
            ("drafted_mm", place.join(" ").trim().to_owned()),
            ("x_mm", place[0].clone()),
            ("y_mm", place[1].clone()),
            ("z_mm", place[2].clone()),
        ] {
            if let Some(at) = header.iter().position(|known| *known == title) {
                cells[at] = text;
            }
        }
        cells
    });
    write_csv(path, &header, found.chain(refused))
}
