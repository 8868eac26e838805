use std::collections::BTreeMap;
use std::io::Read;

use foramen_dicom::StackHeader;
use foramen_select::{DiscOptions, PointKind, find_discs};
use foramen_types::{Level, Point, SubjectId, SubjectKey, Vector};

use crate::StudyError;
use crate::files::{Row, Table};

/// Where a disc is, and how that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscPosition {
    /// The place, patient LPS millimetres.
    pub point: Point,
    /// Whether the place is the disc's centre or lies on the canal beside it.
    pub kind: PointKind,
    /// The cranial unit normal of the disc, where known.
    pub normal: Option<Vector>,
    /// Frame of Reference UID (0020,0052) in which the place holds; `None` means
    /// that of every series of the subject.
    pub frame_of_reference_uid: Option<String>,
    /// Who says so.
    pub source: LevelSource,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
}

/// Who placed a disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelSource {
    /// A row of `levels.csv`, with the text of its column `source`.
    Given(String),
    /// The disc finder, on a sagittal series.
    Sagittal {
        /// Series Instance UID (0020,000E) of that series.
        series_uid: String,
    },
}

/// Disc positions by subject and level.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    discs: BTreeMap<(SubjectId, Level), DiscPosition>,
}

impl Levels {
    /// Reads `levels.csv`: `subject_id,level,x_mm,y_mm,z_mm` and, where they are,
    /// `kind` (`disc` or `canal`), `frame_of_reference_uid`, `nx,ny,nz`,
    /// `source`, `confidence` and `status` (a row whose status is `refused` is
    /// skipped).
    ///
    /// # Errors
    /// [`StudyError::MissingColumn`], [`StudyError::Cell`], [`StudyError::Value`],
    /// [`StudyError::RepeatedRow`] and [`StudyError::Csv`].
    pub fn read(table: impl Read, key: &SubjectKey) -> Result<Self, StudyError> {
        let table = Table::read("table of levels", table)?;
        let [subject, level] = [table.column("subject_id")?, table.column("level")?];
        let place = ["x_mm", "y_mm", "z_mm"];
        for column in place {
            table.column(column)?;
        }
        let text = |row: &Row, column: &str| {
            table.optional(column).map(|at| row.cell(at)).unwrap_or_default().to_owned()
        };
        let mut discs = BTreeMap::new();
        for row in table.rows() {
            if text(row, "status") == "refused" {
                continue;
            }
            let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
            let cell = |column: &'static str, remedy| StudyError::Cell {
                table: table.name(),
                row: row.line,
                column,
                value: text(row, column),
                remedy,
            };
            let number = |column: &'static str| {
                let number = text(row, column).parse::<f64>().ok().filter(|n| n.is_finite());
                number.ok_or_else(|| cell(column, "write a number of millimetres"))
            };
            let subject = key.of_table(row.cell(subject)).map_err(StudyError::Links)?;
            let level: Level = row.cell(level).parse().map_err(value)?;
            let kind = match text(row, "kind").as_str() {
                "" | "disc" => PointKind::Disc,
                "canal" => PointKind::Canal,
                _ => return Err(cell("kind", "write disc or canal")),
            };
            let normal = if text(row, "nx").is_empty() {
                None
            } else {
                let along = Vector::new(number("nx")?, number("ny")?, number("nz")?);
                Some(along.unit().ok_or_else(|| cell("nx", "a normal has a length"))?)
            };
            let confidence = match text(row, "confidence").as_str() {
                "" => 1.0,
                _ => number("confidence")?,
            };
            let frame = text(row, "frame_of_reference_uid");
            let disc = DiscPosition {
                point: Point::new(number("x_mm")?, number("y_mm")?, number("z_mm")?),
                kind,
                normal,
                frame_of_reference_uid: (!frame.is_empty()).then_some(frame),
                source: LevelSource::Given(text(row, "source")),
                confidence,
            };
            if discs.insert((subject, level), disc).is_some() {
                return Err(StudyError::RepeatedRow { table: table.name(), row: row.line });
            }
        }
        Ok(Self { discs })
    }

    /// Adds or replaces a disc.
    pub fn insert(&mut self, subject: SubjectId, level: Level, disc: DiscPosition) {
        self.discs.insert((subject, level), disc);
    }

    /// The disc of a level of a subject.
    #[must_use]
    pub fn of(&self, subject: &SubjectId, level: Level) -> Option<&DiscPosition> {
        self.discs.get(&(subject.clone(), level))
    }

    /// All discs, by subject and level.
    pub fn iter(&self) -> impl Iterator<Item = (&SubjectId, Level, &DiscPosition)> {
        self.discs.iter().map(|((subject, level), disc)| (subject, *level, disc))
    }
}

/// Finds the discs of one subject on the best of its sagittal T2 stacks: all
/// stacks of the frame of reference `frame`, the one with most slices first.
///
/// # Errors
/// Why there are none, as a sentence for the manifest.
pub fn find_levels(
    stacks: &[&StackHeader],
    frame: Option<&str>,
    options: &DiscOptions,
) -> Result<BTreeMap<Level, DiscPosition>, String> {
    let mut sagittal: Vec<&StackHeader> = stacks
        .iter()
        .copied()
        .filter(|stack| stack.orientation == foramen_dicom::Orientation::Sagittal)
        .filter(|stack| !stack.localizer)
        .collect();
    if sagittal.is_empty() {
        return Err("no sagittal series".to_owned());
    }
    // Places carry over only within one frame of reference (PS3.3 C.7.4.1).
    sagittal.retain(|stack| frame.is_some() && stack.frame_of_reference_uid.as_deref() == frame);
    if sagittal.is_empty() {
        return Err("no sagittal series in the frame of reference of the axial one".to_owned());
    }
    sagittal.sort_by_key(|stack| (std::cmp::Reverse(stack.slices.len()), &stack.series_uid));
    let mut refusal = String::new();
    for header in sagittal {
        let loaded = match foramen_dicom::load(header) {
            Ok(loaded) => loaded,
            Err(error) => {
                refusal = format!("the sagittal series could not be loaded: {error}");
                continue;
            }
        };
        match find_discs(&loaded.stack, options) {
            Ok(discs) => {
                let position = |disc: foramen_select::Disc| DiscPosition {
                    point: disc.centre,
                    kind: PointKind::Disc,
                    normal: Some(disc.normal),
                    frame_of_reference_uid: header.frame_of_reference_uid.clone(),
                    source: LevelSource::Sagittal { series_uid: header.series_uid.clone() },
                    confidence: disc.confidence,
                };
                return Ok(discs.into_iter().map(|disc| (disc.level, position(disc))).collect());
            }
            Err(error) => refusal = error.to_string(),
        }
    }
    Err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str) -> Result<Levels, StudyError> {
        Levels::read(table.as_bytes(), &SubjectKey::identity())
    }

    #[test]
    fn optional_columns_are_read() {
        let levels = read(
            "subject_id,level,x_mm,y_mm,z_mm,kind,nx,ny,nz,confidence,status\n\
             A,C5-6,1,2,3,canal,0,0,2,0.5,ok\nA,C6/7,1,2,3,,,,,,refused\n",
        )
        .unwrap();
        let subject = SubjectId::new("A").unwrap();
        let disc = levels.of(&subject, Level::C5C6).unwrap();
        assert_eq!((disc.kind, disc.confidence), (PointKind::Canal, 0.5));
        assert_eq!(disc.normal, Some(Vector::new(0.0, 0.0, 1.0)));
        assert!(levels.of(&subject, Level::C6C7).is_none());
    }

    #[test]
    fn a_bad_cell_is_named_with_its_row() {
        let text = read("subject_id,level,x_mm,y_mm,z_mm\nA,C5/6,1,2,3\nA,C6/7,1,two,3\n")
            .unwrap_err()
            .to_string();
        assert!(text.contains("row 3") && text.contains("y_mm = \"two\""), "{text}");
        let twice = read("subject_id,level,x_mm,y_mm,z_mm\nA,C5/6,1,2,3\nA,C56,1,2,3\n");
        assert!(matches!(twice, Err(StudyError::RepeatedRow { row: 3, .. })));
    }
}
