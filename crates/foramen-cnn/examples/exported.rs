//! Writes exported models with what they say here, for `peers/compare.py` to hold
//! against what PyTorch says: one of patches, one of pictures in colour with numbers beside
//! them, and one of images without widths. `cargo xtask peers-test cnn` runs them.

#[path = "../tests/drawn/channels.rs"]
mod channels;

use std::error::Error;
use std::path::{Path, PathBuf};

use channels::{dataset, small};
use foramen_cnn::{Cnn, Precision};
use foramen_image::ndarray::{Axis, stack};
use foramen_learn::{Dataset, Learner, Sample, Split};
use foramen_types::Level;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write into")?);
    let grey = dataset(60, 1);
    export(&grey, &folder.join("grey"))?;
    let coloured = grey.samples().iter().enumerate().map(|(place, sample)| {
        let (red, green) = (sample.patch.view(), sample.patch.mapv(|value| 1.0 - value));
        let blue = sample.patch.t();
        let colours = stack(Axis(0), &[red, green.view(), blue])?;
        // Every third lacks the number.
        let age = (!place.is_multiple_of(3)).then_some(40.0 + (place % 30) as f64);
        Ok(sample.clone().with_channels(colours.view()).with_covariate("age", age))
    });
    let coloured = coloured.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    export(&Dataset::new(coloured)?, &folder.join("colour-and-age"))?;
    let images = grey.samples().iter().map(|sample| Sample { width: None, ..sample.clone() });
    export(&Dataset::new(images.collect())?, &folder.join("images"))
}

/// Trains on a fold, and writes the model with what it says of all samples.
fn export(data: &Dataset, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let fold = Split::by_subject(data, 3, 1)?.fold(data, 0);
    let config = small().with_precision(Precision::F32).with_members(2).with_epochs(4);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
    model.export_torchscript(&folder.join("model.pt"))?;
    let samples: Vec<&Sample> = data.samples().iter().collect();
    let rows: Vec<Value> = samples
        .iter()
        .zip(model.answer(&samples)?)
        .map(|(sample, answer)| {
            let rows = |channel: &foramen_image::ndarray::Array2<f32>| -> Vec<Vec<f32>> {
                channel.rows().into_iter().map(|row| row.to_vec()).collect()
            };
            json!({
                "channels": sample.channels().map(rows).collect::<Vec<_>>(),
                "level": model.has_widths().then(|| {
                    Level::ALL.iter().position(|level| *level == sample.level)
                }),
                "covariates": sample.covariates.values().collect::<Vec<_>>(),
                "logit": answer.logit,
                "millimetres": answer.width,
            })
        })
        .collect();
    std::fs::write(folder.join("answers.json"), serde_json::to_vec(&rows)?)?;
    Ok(())
}
