use std::io::Read;

use foramen_select::PointKind;
use foramen_types::{Level, Point, SubjectId};

use super::label_image::{LabelImage, Region};
use crate::label_table::LabelTable;
use crate::{DiscPosition, DiscPositions, LevelSource, StudyError};

impl DiscPositions {
    /// Reads the discs of one subject from a label image, NIfTI-1, gzipped or not: segmentations by
    /// TotalSpineSeg and labels of the Spinal Cord Toolbox, see [`LabelTable`]. The values and the
    /// shape of the regions determine the table. If two tables match, `named` decides; it may not
    /// contradict the values of single places. Positions on the canal are [`PointKind::Canal`].
    ///
    /// The format holds no frame of reference; the positions are in that of the labelled image.
    ///
    /// # Errors
    /// [`StudyError::LabelImage`] and [`StudyError::Nifti`] for files that cannot be read,
    /// [`StudyError::LabelTable`] for an image that matches no table, or several, and
    /// [`StudyError::LabelName`] for an image whose name indicates another table than its values.
    pub fn read_labels(
        file: impl Read,
        subject: &SubjectId,
        named: Option<LabelTable>,
    ) -> Result<Self, StudyError> {
        let image = LabelImage::read(file)?;
        let fitting: Vec<LabelTable> =
            LabelTable::ALL.into_iter().filter(|table| fits(*table, &image)).collect();
        let table = match (fitting.as_slice(), named) {
            (_, Some(named)) if fitting.contains(&named) => named,
            (&[fits], Some(named)) if fits.is_of_places() => {
                return Err(StudyError::LabelName { named, fits, evidence: image.evidence() });
            }
            (&[table], _) => table,
            _ => return Err(StudyError::LabelTable { fits: fitting, evidence: image.evidence() }),
        };
        let discs = discs(table, &image);
        if discs.is_empty() {
            return Err(StudyError::LabelImage {
                what: "it has no two neighbours among its vertebrae, and a disc lies midway \
                       between two; label neighbours, such as 5 and 6, or write the discs into \
                       levels.csv",
            });
        }
        let kind = match table {
            LabelTable::TotalSpineSeg | LabelTable::TotalSpineSeg2024 => PointKind::Disc,
            _ => PointKind::Canal,
        };
        let disc = |point: Point| DiscPosition {
            point,
            kind,
            normal: None,
            frame_of_reference_uid: None,
            source: LevelSource::Given(format!("label image, {}", table.name())),
            confidence: 1.0,
            drafted: None,
        };
        let discs =
            discs.into_iter().map(|(level, at)| ((subject.clone(), level), disc(at))).collect();
        Ok(Self { discs, ..Self::default() })
    }
}

/// Whether an image may use a table: every value has a meaning and the regions have the right
/// shape. A table of bodies must also contain a cervical disc. A table of places need not: single
/// vertebrae mark no disc, and would otherwise be read as discs.
fn fits(table: LabelTable, image: &LabelImage) -> bool {
    let values = || image.regions.keys().copied();
    let among = |known: &[std::ops::RangeInclusive<u32>]| {
        values().all(|value| known.iter().any(|range| range.contains(&value)))
    };
    let places = image.meetings.is_empty() && image.regions.values().all(Region::is_place);
    let tells = if table.is_of_places() {
        !discs(LabelTable::DiscPoints, image).is_empty()
    } else {
        !discs(table, image).is_empty()
    };
    tells
        && match table {
            LabelTable::TotalSpineSeg => among(&[
                1..=2,
                11..=17,
                21..=32,
                41..=46,
                50..=50,
                63..=67,
                71..=82,
                91..=95,
                100..=100,
            ]),
            LabelTable::TotalSpineSeg2024 => among(&[18..=41, 92..=92, 200..=224]),
            // 49, 50 and 60 are the pons and the end of the cord.
            LabelTable::DiscPoints => places && among(&[1..=26, 49..=50, 60..=60]),
            LabelTable::VertebraPoints => places && among(&[1..=26]),
            LabelTable::VertebralLevels => among(&[1..=26]),
        }
}

/// The discs of an image under a table, in LPS millimetres.
fn discs(table: LabelTable, image: &LabelImage) -> Vec<(Level, Point)> {
    let centre = |value: u32| image.regions.get(&value).map(|region| region.centre);
    let disc = |level: Level| {
        let index = u32::try_from(level.index()).expect("there are six levels");
        match table {
            LabelTable::TotalSpineSeg if level == Level::C7T1 => centre(71),
            LabelTable::TotalSpineSeg => centre(63 + index),
            LabelTable::TotalSpineSeg2024 => centre(224 - index),
            LabelTable::DiscPoints => centre(3 + index),
            LabelTable::VertebraPoints => {
                let (above, below) = (centre(2 + index)?, centre(3 + index)?);
                Some(above + (below - above) * 0.5)
            }
            LabelTable::VertebralLevels => image.meetings.get(&(2 + index, 3 + index)).copied(),
        }
    };
    Level::ALL.into_iter().filter_map(|level| Some((level, disc(level)?))).collect()
}

#[cfg(test)]
mod tests;
