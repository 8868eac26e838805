use std::collections::BTreeMap;
use std::io::Read;

use foramen_select::PointKind;
use foramen_types::{Level, Point, SubjectId};
use serde::Deserialize;

use crate::{DiscPosition, DiscPositions, LevelSource, StudyError};

/// A markups file of 3D Slicer (`.mrk.json`,
/// slicer.readthedocs.io/en/latest/developer_guide/modules/markups.html).
#[derive(Deserialize)]
struct File {
    markups: Vec<Markup>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Markup {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinate_system: String,
    #[serde(default = "millimetres")]
    coordinate_units: Units,
    #[serde(default)]
    control_points: Vec<ControlPoint>,
}

/// One unit for all axes, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Units {
    All(String),
    Each(Vec<String>),
}

fn millimetres() -> Units {
    Units::All("mm".to_owned())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ControlPoint {
    #[serde(default)]
    label: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    position: Option<[f64; 3]>,
    #[serde(default)]
    position_status: Option<String>,
}

impl DiscPositions {
    /// Reads the discs of one subject from a markups file of 3D Slicer: point lists in LPS or RAS
    /// millimetres, as the file states, each point labelled with its level (`C5/6`, `C5-C6`, …). A
    /// point whose description is `canal` lies on the canal, any other on the disc.
    ///
    /// The format holds no frame of reference; the positions are in that of the image on which the
    /// points were set.
    ///
    /// # Errors
    /// [`StudyError::LevelsJson`], [`StudyError::Markup`] for coordinates that are neither LPS nor
    /// RAS millimetres and for markups other than point lists, [`StudyError::MarkupPoint`] for a
    /// point without a position, without the name of a level, or with the level of an earlier
    /// point.
    pub fn read_markups(file: impl Read, subject: &SubjectId) -> Result<Self, StudyError> {
        let file: File = serde_json::from_reader(file)
            .map_err(|source| StudyError::LevelsJson { what: "3D Slicer markups", source })?;
        let mut discs = BTreeMap::new();
        let mut number = 0;
        for markup in file.markups {
            let sign = markup.sign()?;
            for point in markup.control_points {
                number += 1;
                let (level, disc) = point.disc(number, sign)?;
                if discs.insert((subject.clone(), level), disc).is_some() {
                    return Err(point.refused(number, "an earlier point has the same level"));
                }
            }
        }
        Ok(Self { discs, ..Self::default() })
    }
}

impl Markup {
    /// What x and y are multiplied by to be LPS.
    fn sign(&self) -> Result<f64, StudyError> {
        let refused = |what, found: &str, remedy| {
            Err(StudyError::Markup { what, found: found.to_owned(), remedy })
        };
        if self.kind != "Fiducial" {
            return refused("type", &self.kind, "save the discs as a point list");
        }
        let units = match &self.coordinate_units {
            Units::All(unit) => std::slice::from_ref(unit),
            Units::Each(units) => units,
        };
        if let Some(other) = units.iter().find(|unit| *unit != "mm") {
            return refused("coordinateUnits", other, "save it in millimetres");
        }
        match self.coordinate_system.as_str() {
            "LPS" => Ok(1.0),
            "RAS" => Ok(-1.0),
            other => refused("coordinateSystem", other, "LPS and RAS are known"),
        }
    }
}

impl ControlPoint {
    fn disc(&self, number: usize, sign: f64) -> Result<(Level, DiscPosition), StudyError> {
        if self.label.trim().is_empty() {
            return Err(self.refused(number, "it has no label; name its disc, such as C5/6"));
        }
        let level = self
            .label
            .parse()
            .map_err(|_| self.refused(number, "its label is no cervical disc, such as C5/6"))?;
        let is_set = self.position_status.as_deref().is_none_or(|status| status == "defined");
        let place = self.position.filter(|place| is_set && place.iter().all(|mm| mm.is_finite()));
        let [x, y, z] =
            place.ok_or_else(|| self.refused(number, "it has no place; set it or delete it"))?;
        let on_canal = self.description.trim().eq_ignore_ascii_case("canal");
        let disc = DiscPosition {
            point: Point::new(sign * x, sign * y, z),
            kind: if on_canal { PointKind::Canal } else { PointKind::Disc },
            normal: None,
            frame_of_reference_uid: None,
            source: LevelSource::Given("3D Slicer markups".to_owned()),
            confidence: 1.0,
            drafted: None,
        };
        Ok((level, disc))
    }

    fn refused(&self, number: usize, why: &'static str) -> StudyError {
        StudyError::MarkupPoint { number, label: self.label.clone(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Result<DiscPositions, StudyError> {
        DiscPositions::read_markups(file.as_bytes(), &SubjectId::new("A").unwrap())
    }

    fn list(system: &str, points: &str) -> String {
        format!(
            r#"{{"@schema": "markups-schema-v1.0.3.json#", "markups": [{{"type": "Fiducial",
            "coordinateSystem": "{system}", "coordinateUnits": "mm", "controlPoints": [{points}]}}]}}"#
        )
    }

    const TWO: &str = r#"{"id": "1", "label": "C5/6", "position": [-12.5, 30.25, 100.0],
        "positionStatus": "defined"}, {"id": "2", "label": "C6-C7", "description": "canal",
        "position": [1.0, 2.0, 3.0]}"#;

    #[test]
    fn lps_is_kept_and_ras_is_negated_in_x_and_y() {
        let subject = SubjectId::new("A").unwrap();
        for (system, sign) in [("LPS", 1.0), ("RAS", -1.0)] {
            let levels = read(&list(system, TWO)).unwrap();
            let upper = levels.of(&subject, Level::C5C6).unwrap();
            assert_eq!(upper.point, Point::new(sign * -12.5, sign * 30.25, 100.0));
            let lower = levels.of(&subject, Level::C6C7).unwrap();
            assert_eq!((upper.kind, lower.kind), (PointKind::Disc, PointKind::Canal));
        }
    }

    #[test]
    fn a_point_that_cannot_be_used_is_named() {
        for (point, expected) in [
            (r#"{"label": "", "position": [0, 0, 0]}"#, "no label"),
            (r#"{"label": "F-1", "position": [0, 0, 0]}"#, "\"F-1\""),
            (r#"{"label": "C5", "position": [0, 0, 0]}"#, "\"C5\""),
            (r#"{"label": "C4/5", "position": [0, 0, 0], "positionStatus": "undefined"}"#, "place"),
            (r#"{"label": "C5-6", "position": [0, 0, 0]}"#, "same level"),
        ] {
            let text = read(&list("LPS", &format!("{TWO}, {point}"))).unwrap_err().to_string();
            assert!(text.contains("point 3") && text.contains(expected), "{text}");
        }
    }

    #[test]
    fn unknown_coordinates_are_refused() {
        let text = read(&list("", TWO)).unwrap_err().to_string();
        assert!(text.contains("coordinateSystem") && text.contains("LPS and RAS"), "{text}");
        assert!(read(&list("IJK", TWO)).is_err());
        let metres = list("LPS", TWO).replace("\"mm\"", "[\"mm\", \"mm\", \"m\"]");
        assert!(read(&metres).unwrap_err().to_string().contains("\"m\""));
        let line = list("LPS", TWO).replace("Fiducial", "Line");
        assert!(read(&line).unwrap_err().to_string().contains("point list"));
    }
}
