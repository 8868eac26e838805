//! Writes an exported model with what it says here, for `peers/compare.py` to hold
//! against what PyTorch says: `cargo xtask peers-test cnn` runs both.

#[path = "../tests/drawn/channels.rs"]
mod channels;

use std::path::PathBuf;

use channels::{dataset, small};
use foramen_cnn::{Cnn, Precision};
use foramen_learn::{Learner, Sample, Split};
use foramen_types::Level;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder to write into")?);
    std::fs::create_dir_all(&folder)?;
    let data = dataset(60, 1);
    let fold = Split::by_subject(&data, 3, 1)?.fold(&data, 0);
    let config = small().with_precision(Precision::F32).with_members(2).with_epochs(4);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
    model.export_torchscript(&folder.join("model.pt"))?;
    let samples: Vec<&Sample> = data.samples().iter().collect();
    let rows: Vec<_> = samples
        .iter()
        .zip(model.answer(&samples)?)
        .map(|(sample, answer)| {
            json!({
                "patch": sample.patch.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
                "level": Level::ALL.iter().position(|level| *level == sample.level),
                "logit": answer.logit,
                "millimetres": answer.width,
            })
        })
        .collect();
    std::fs::write(folder.join("answers.json"), serde_json::to_vec(&rows)?)?;
    Ok(())
}
