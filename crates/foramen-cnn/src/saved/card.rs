use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::model::Learned;
use crate::{CnnError, CnnModel, Covariate};

/// What a person needs to know before a model is used: what it is, its training data, its
/// performance, and its limits.
///
/// ```no_run
/// use foramen_cnn::{CnnModel, ModelCard};
///
/// let folder = std::path::Path::new("models/fold-0");
/// let model = CnnModel::load(folder)?;
/// ModelCard::of(&model)
///     .with_data("112 patients of one hospital, 2019 to 2024, axial T2")
///     .with_metric("AUC", 0.74, Some((0.65, 0.83)), "48 patients of fold 0, not seen")
///     .write(folder)?;
/// # Ok::<(), foramen_cnn::CnnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ModelCard {
    /// Title of the model.
    pub title: String,
    /// Input, output and size of the model.
    pub model: String,
    /// Source of the data; empty if not given.
    pub data: String,
    /// The covariates that the model reads beside the image.
    pub covariates: Vec<Covariate>,
    /// The training and tune data.
    pub learned: Option<Learned>,
    /// How, and with which programs, the model was computed.
    pub computed: String,
    /// Performance of the model.
    pub metrics: Vec<CardMetric>,
    /// Limits of the model.
    pub limits: Vec<String>,
}

/// One performance figure of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CardMetric {
    /// Name of the measure, for example `AUC`.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its 95 % interval, if known.
    pub interval: Option<(f64, f64)>,
    /// The data on which it was measured.
    pub on: String,
}

impl ModelCard {
    /// The card from the data stored in a model. Its metrics are of the tune set, and say so.
    #[must_use]
    pub fn of(model: &CnnModel) -> Self {
        let (config, learned) = (&model.config, model.learned.clone());
        let mut card = Self {
            title: "A favourable outcome from a picture".to_owned(),
            model: format!(
                "{} convolutional network(s) of the architecture {}, {} weights together, on the \
                 middle {} × {} of a patch of {} × {} pixels and {} channel(s). Out come the \
                 probability of a favourable outcome{}. Log-odds are divided by the temperature \
                 {:.3}.",
                config.members,
                config.architecture,
                model.weights(),
                config.crop,
                config.crop,
                model.input.edge,
                model.input.edge,
                model.input.channels,
                if model.has_widths() { " and a width" } else { "" },
                model.temperature,
            ),
            data: String::new(),
            covariates: model.covariates().to_vec(),
            computed: format!(
                "{}, seed {}, at most {} epochs",
                model.trained, config.seed, config.epochs
            ),
            metrics: Vec::new(),
            limits: vec![
                "For research. It is no medical device and decides nothing.".to_owned(),
                "It has seen the contrasts, scanners and patients of its train set; elsewhere \
                 its probabilities have to be checked first."
                    .to_owned(),
            ],
            learned,
        };
        if let Some(learned) = card.learned.clone() {
            let on = format!("{} samples of the tune set, on which it was chosen", learned.tune);
            if let Some(auc) = learned.tune_auc {
                card = card.with_metric("AUC", auc, None, &on);
            }
            if let Some(loss) = learned.tune_loss {
                card = card.with_metric("cross-entropy", loss, None, &on);
            }
            if learned.train < 100 {
                let few = format!("It was trained on {} outcomes only.", learned.train);
                card.limits.push(few);
            }
        }
        card
    }

    /// The same card with another title.
    #[must_use]
    pub fn with_title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// The same card with the source of the data.
    #[must_use]
    pub fn with_data(mut self, data: &str) -> Self {
        data.clone_into(&mut self.data);
        self
    }

    /// The same card with one more metric and the data on which it was measured.
    #[must_use]
    pub fn with_metric(
        mut self,
        name: &str,
        value: f64,
        interval: Option<(f64, f64)>,
        on: &str,
    ) -> Self {
        let (name, on) = (name.to_owned(), on.to_owned());
        self.metrics.push(CardMetric { name, value, interval, on });
        self
    }

    /// The same card with one more limit.
    #[must_use]
    pub fn with_limit(mut self, limit: &str) -> Self {
        self.limits.push(limit.to_owned());
        self
    }

    /// The card as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# {}\n\n{}\n\n## Data\n\n", self.title, self.model);
        let said = if self.data.is_empty() { "Nobody has said where from." } else { &self.data };
        let _ = writeln!(text, "{said}");
        if let Some(Learned { train, favourable, auxiliary, tune, .. }) = &self.learned {
            let widths = match auxiliary {
                0 => String::new(),
                _ => format!(" and the widths of {auxiliary} further samples"),
            };
            let _ = writeln!(
                text,
                "\nTrained on {train} outcomes ({favourable} favourable){widths}, chosen on \
                 {tune} outcomes."
            );
        }
        if !self.covariates.is_empty() {
            let _ = writeln!(
                text,
                "\n## Covariates\n\nRead beside the picture; one that is missing says nothing.\n\n\
                 | covariate | mean | standard deviation | known in training |\n|---|---|---|---|"
            );
        }
        for Covariate { name, mean, deviation, known, .. } in &self.covariates {
            let _ = writeln!(text, "| {name} | {mean:.3} | {deviation:.3} | {known} |");
        }
        let _ = writeln!(text, "\nComputed by {}.\n\n## Metrics\n", self.computed);
        if self.metrics.is_empty() {
            let _ = writeln!(text, "None.");
        } else {
            let _ = writeln!(text, "| metric | value | 95 % interval | on |\n|---|---|---|---|");
        }
        for CardMetric { name, value, interval, on } in &self.metrics {
            let interval =
                interval.map_or("–".to_owned(), |(low, high)| format!("{low:.3}–{high:.3}"));
            let _ = writeln!(text, "| {name} | {value:.3} | {interval} | {on} |");
        }
        let _ = writeln!(text, "\n## Limits\n");
        for limit in &self.limits {
            let _ = writeln!(text, "- {limit}");
        }
        text
    }

    /// Writes `card.json` and `card.md` into the folder of a saved model, replacing earlier files.
    ///
    /// # Errors
    /// [`CnnError::Io`] when a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), CnnError> {
        let mut json = serde_json::to_string_pretty(self).expect("a card is numbers and texts");
        json.push('\n');
        for (name, text) in [("card.json", json), ("card.md", self.to_markdown())] {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|source| CnnError::Io {
                action: "write",
                path,
                source,
            })?;
        }
        Ok(())
    }
}
