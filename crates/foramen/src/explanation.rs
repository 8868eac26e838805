use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use foramen_cnn::{CnnModel, Heatmap};
use foramen_image::{Colour, Picture};
use foramen_learn::Sample;
use foramen_study::files::write_atomically;
use foramen_types::{Outcome, Probability};

use crate::contact_page::{Shown, contact_page};
use crate::files::write;

/// The edge of the square that occlusion hides, millimetres: the width of an open
/// foramen and its walls.
const HIDDEN: f64 = 8.0;

/// Pictures that explain predictions, and a page with all of them.
pub(crate) struct Explanations<'a> {
    models: &'a [CnnModel],
    folder: PathBuf,
    shown: Vec<Shown>,
}

impl<'a> Explanations<'a> {
    /// Explains predictions that are the mean of some models.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn new(models: &'a [CnnModel], folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        Ok(Self { models, folder: folder.to_owned(), shown: Vec::new() })
    }

    /// Draws side by side the patch and the evidence for the more likely outcome by Grad-CAM and by
    /// occlusion, each averaged over the models.
    ///
    /// # Errors
    /// When a model cannot read the sample or the picture cannot be written.
    pub(crate) fn add(&mut self, sample: &Sample, probability: Probability) -> Result<()> {
        let likelier = likelier(probability);
        let picture = explain(self.models, sample, probability)?;
        let level = sample.level.name().replace('/', "-");
        let file = format!("{}_{level}_{}.png", sample.subject, sample.side);
        write_atomically(&self.folder.join(&file), |writer| {
            picture.write_png(writer).map_err(std::io::Error::other)
        })?;
        self.shown.push(Shown {
            file: Some(file),
            title: format!("{} {} {}", sample.subject, sample.level, sample.side),
            text: format!("favourable {:.2}; maps for {likelier}", probability.get()),
        });
        Ok(())
    }

    /// Writes `explanations.html` with all pictures.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(self) -> Result<()> {
        let note = format!(
            "Left: the patch, treated side at image left. Middle: what speaks for the likelier \
             outcome by Grad-CAM. Right: by how much its log-odds fall when a square of {HIDDEN} \
             mm is hidden. Each map is the mean of {} models on a scale of its own. Where the two \
             differ, believe neither; neither proves a cause.",
            self.models.len()
        );
        let page = contact_page("Where predictions come from", &note, &self.shown);
        write(&self.folder.join("explanations.html"), &page)
    }
}

/// The more likely outcome of a prediction.
fn likelier(probability: Probability) -> Outcome {
    if probability.get() >= 0.5 { Outcome::Favourable } else { Outcome::Poor }
}

/// The patch and the evidence for the more likely outcome by Grad-CAM and by occlusion, side by
/// side, each averaged over the models.
///
/// # Errors
/// When a model cannot read the sample.
pub(crate) fn explain(
    models: &[CnnModel],
    sample: &Sample,
    probability: Probability,
) -> Result<Picture> {
    let likelier = likelier(probability);
    let mean = |map: &dyn Fn(&CnnModel) -> Result<Heatmap>| -> Result<Heatmap> {
        let maps = models.iter().map(map).collect::<Result<Vec<_>>>()?;
        Heatmap::mean(&maps).context("no model to explain")
    };
    let cam = mean(&|model| Ok(model.grad_cam(sample, likelier)?))?;
    let occlusion = mean(&|model| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
        let size = (HIDDEN / model.config().pixel).round() as usize;
        Ok(model.occlusion(sample, likelier, size)?)
    })?;
    let bare = Heatmap { values: cam.values.map(|_| 0.0) };
    Ok(beside(&[bare, cam, occlusion].map(|map| map.overlay(&sample.patch))))
}

/// Pictures of one height from left to right, with a gap between.
fn beside(pictures: &[Picture; 3]) -> Picture {
    const GAP: usize = 4;
    let [rows, columns] = [pictures[0].rows(), pictures[0].columns()];
    let mut all = Picture::filled(rows, 3 * columns + 2 * GAP, Colour(255, 255, 255));
    for (place, picture) in pictures.iter().enumerate() {
        all.paste(picture, 0, place * (columns + GAP));
    }
    all
}
