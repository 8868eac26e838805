use std::collections::BTreeMap;
use std::io::Read;

use foramen_select::PointKind;
use foramen_types::{Level, Point, SubjectKey, Vector};

use crate::table::Table;
use crate::{DiscPosition, DiscPositions, Drafted, LevelSource, StudyError};
use foramen_table::Row;

/// Columns by which the header is found.
const COLUMNS: [&str; 5] = ["subject_id", "level", "x_mm", "y_mm", "z_mm"];

impl DiscPositions {
    /// Reads `levels.csv`: `subject_id,level,x_mm,y_mm,z_mm` and, where present, `kind` (`disc` or
    /// `canal`), `frame_of_reference_uid`, `nx,ny,nz`, `source`, `confidence` (0 to 1), `status`
    /// (`found` or blank; a row whose status is `refused` is skipped) and `drafted_mm` (three
    /// numbers: the position drafted by the disc finder). `drafted_level` is the level it was
    /// drafted as; without it, that of the row. A row without `frame_of_reference_uid` is valid if
    /// all images of the subject are in one frame.
    ///
    /// # Errors
    /// [`StudyError::MissingColumn`], [`StudyError::Cell`], [`StudyError::Value`],
    /// [`StudyError::RepeatedRow`] and [`StudyError::Table`].
    pub fn read(table: impl Read, key: &SubjectKey) -> Result<Self, StudyError> {
        Self::of_table(&Table::read("table of levels", table, &COLUMNS)?, key)
    }

    /// Reads the same table as JSON: an array of objects whose keys are the column names. Rows in
    /// errors are counted from 1.
    ///
    /// # Errors
    /// As [`DiscPositions::read`], and [`StudyError::LevelsJson`].
    pub fn read_json(list: impl Read, key: &SubjectKey) -> Result<Self, StudyError> {
        let rows = serde_json::from_reader(list)
            .map_err(|source| StudyError::LevelsJson { what: "list of disc positions", source })?;
        Self::of_table(&Table::from_objects("list of levels", rows), key)
    }

    fn of_table(table: &Table, key: &SubjectKey) -> Result<Self, StudyError> {
        let [subject, level] = [table.column("subject_id")?, table.column("level")?];
        let place = ["x_mm", "y_mm", "z_mm"];
        for column in place {
            table.column(column)?;
        }
        let text = |row: &Row, column: &str| {
            table.optional(column).map(|at| row.cell(at)).unwrap_or_default().to_owned()
        };
        let (mut discs, mut refused) = (BTreeMap::new(), BTreeMap::new());
        for row in table.rows() {
            let drafted = text(row, "drafted_mm");
            let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
            let cell = |column: &'static str, remedy| StudyError::Cell {
                table: table.name(),
                row: row.line,
                column: column.to_owned(),
                value: text(row, column),
                remedy,
            };
            let subject = key.of_table(row.cell(subject)).map_err(StudyError::Links)?;
            let level: Level = row.cell(level).parse().map_err(value)?;
            let drafted = match drafted.as_str() {
                "" => None,
                place => {
                    let place: Vec<f64> =
                        place.split_whitespace().filter_map(|mm| mm.parse().ok()).collect();
                    let [x, y, z] = place[..] else {
                        return Err(cell("drafted_mm", "leave it as it was drafted, or blank"));
                    };
                    Some(Point::new(x, y, z))
                }
            };
            match text(row, "status").to_lowercase().as_str() {
                "" | "found" => {}
                "refused" => {
                    refused.insert((subject, level), drafted);
                    continue;
                }
                _ => return Err(cell("status", "write found or refused, or leave it blank")),
            }
            let number = |column: &'static str| {
                let number = text(row, column).parse::<f64>().ok().filter(|n| n.is_finite());
                number.ok_or_else(|| cell(column, "write a number of millimetres"))
            };
            let kind = match text(row, "kind").as_str() {
                "" | "disc" => PointKind::Disc,
                "canal" => PointKind::Canal,
                _ => return Err(cell("kind", "write disc or canal")),
            };
            let along = ["nx", "ny", "nz"];
            let blank = along.into_iter().find(|column| text(row, column).is_empty());
            let normal = if along.iter().all(|column| text(row, column).is_empty()) {
                None
            } else if let Some(column) = blank {
                return Err(cell(column, "give nx, ny and nz, or leave all three blank"));
            } else {
                let along = Vector::new(number("nx")?, number("ny")?, number("nz")?);
                Some(along.unit().ok_or_else(|| cell("nx", "a normal has a length"))?)
            };
            let confidence = match text(row, "confidence").as_str() {
                "" => 1.0,
                confidence => {
                    let number = confidence.parse().ok().filter(|n| (0.0..=1.0).contains(n));
                    number.ok_or_else(|| {
                        cell("confidence", "write a number from 0 to 1, or leave it blank")
                    })?
                }
            };
            // Older tables do not say as which level a disc was drafted.
            let drafted_level = match text(row, "drafted_level").as_str() {
                "" => level,
                drafted => drafted.parse().map_err(value)?,
            };
            let drafted = drafted.map(|point| Drafted { level: drafted_level, point });
            let frame = text(row, "frame_of_reference_uid");
            let disc = DiscPosition {
                point: Point::new(number("x_mm")?, number("y_mm")?, number("z_mm")?),
                kind,
                normal,
                frame_of_reference_uid: (!frame.is_empty()).then_some(frame),
                source: LevelSource::Given(text(row, "source")),
                confidence,
                drafted,
            };
            if discs.insert((subject, level), disc).is_some() {
                return Err(StudyError::RepeatedRow { table: table.name(), row: row.line });
            }
        }
        Ok(Self { discs, refused })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_types::SubjectId;

    fn read(table: &str) -> Result<DiscPositions, StudyError> {
        DiscPositions::read(table.as_bytes(), &SubjectKey::identity())
    }

    #[test]
    fn optional_columns_are_read() {
        let levels = read(
            "subject_id,level,x_mm,y_mm,z_mm,kind,nx,ny,nz,confidence,status\n\
             A,C5-6,1,2,3,canal,0,0,2,0.5,found\nA,C6/7,1,2,3,,,,,,refused\n",
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

    #[test]
    fn what_a_cell_may_not_say_is_named_with_its_row() {
        let row = |cells: &str| {
            read(&format!(
                "subject_id,level,x_mm,y_mm,z_mm,nx,ny,nz,confidence,status\nA,C5/6,1,2,3,{cells}\n"
            ))
        };
        for (cells, named) in [
            (",,,,maybe", "status = \"maybe\""),
            (",,,7,", "confidence = \"7\""),
            (",,,-0.1,", "confidence = \"-0.1\""),
            ("0,,1,,", "ny = \"\""),
            (",,1,,", "nx = \"\""),
        ] {
            let text = row(cells).unwrap_err().to_string();
            assert!(text.contains("row 2") && text.contains(named), "{cells}: {text}");
        }
        assert_eq!(row(",,,, Refused ").unwrap().iter().count(), 0);
        assert_eq!(row(",,,1,FOUND").unwrap().iter().count(), 1);
    }

    #[test]
    fn json_holds_what_the_table_holds() {
        let list = r#"[{"subject_id": "A", "level": "C5/6", "x_mm": 1.5, "y_mm": -2, "z_mm": 3,
            "kind": "canal", "frame_of_reference_uid": null}]"#;
        let levels = DiscPositions::read_json(list.as_bytes(), &SubjectKey::identity()).unwrap();
        let table = read("subject_id,level,x_mm,y_mm,z_mm,kind\nA,C5/6,1.5,-2,3,canal\n").unwrap();
        assert_eq!(levels.iter().collect::<Vec<_>>(), table.iter().collect::<Vec<_>>());
        let short = r#"[{"subject_id": "A", "level": "C5/6", "x_mm": 1, "y_mm": 2, "z_mm": 3},
            {"subject_id": "A", "level": "C6/7", "x_mm": 1, "y_mm": 2}]"#;
        let text = DiscPositions::read_json(short.as_bytes(), &SubjectKey::identity()).unwrap_err();
        assert!(text.to_string().contains("row 2") && text.to_string().contains("z_mm"), "{text}");
    }
}
