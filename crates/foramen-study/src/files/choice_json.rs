use serde::{Deserialize, Serialize};

use crate::{ChosenImages, ImageChoice, RunnerUpImages, StudyError};

/// The images that a row was measured on, in `manifest.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct ChoiceRow {
    row: u64,
    subject_id: String,
    level: String,
    side: String,
    series_uids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runner_up: Option<RunnerUpRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<RemarkRow>,
}

#[derive(Serialize, Deserialize)]
struct RunnerUpRow {
    series_uids: Vec<String>,
    rule: String,
    why: String,
}

#[derive(Serialize, Deserialize)]
struct RemarkRow {
    name: String,
    text: String,
}

impl From<&ImageChoice> for ChoiceRow {
    fn from(choice: &ImageChoice) -> Self {
        let ImageChoice { row, subject, level, side, images, remarks } = choice.clone();
        let runner_up =
            |RunnerUpImages { series, rule, why }| RunnerUpRow { series_uids: series, rule, why };
        Self {
            row,
            subject_id: subject.to_string(),
            level: level.to_string(),
            side: side.to_string(),
            series_uids: images.series,
            runner_up: images.runner_up.map(runner_up),
            remarks: remarks.into_iter().map(|(name, text)| RemarkRow { name, text }).collect(),
        }
    }
}

impl ChoiceRow {
    pub(super) fn read(self) -> Result<ImageChoice, StudyError> {
        let bad = |source| StudyError::Value { table: "manifest", row: self.row, source };
        let runner_up = |RunnerUpRow { series_uids, rule, why }| RunnerUpImages {
            series: series_uids,
            rule,
            why,
        };
        Ok(ImageChoice {
            row: self.row,
            subject: self.subject_id.parse().map_err(bad)?,
            level: self.level.parse().map_err(bad)?,
            side: self.side.parse().map_err(bad)?,
            images: ChosenImages {
                series: self.series_uids,
                runner_up: self.runner_up.map(runner_up),
            },
            remarks: self
                .remarks
                .into_iter()
                .map(|RemarkRow { name, text }| (name, text))
                .collect(),
        })
    }
}
