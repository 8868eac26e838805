//! Images of two classes in the layout of MedMNIST files.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use foramen_cnn::samples;
use foramen_image::ndarray::Array3;
use foramen_learn::{Dataset, Part, Sample, Split};
use tch::{Kind, Tensor};

/// The images of an `.npz` file, or drawn ones without it, with their official split.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn read_medmnist(path: Option<&Path>) -> Result<(Dataset, Split)> {
    let tensors = match path {
        Some(path) => {
            Tensor::read_npz(path).with_context(|| format!("{} is no .npz file", path.display()))?
        }
        None => drawn(),
    };
    let parts = [("train", Part::Train), ("val", Part::Tune), ("test", Part::Test)];
    let (mut all, mut split) = (Vec::new(), Vec::new());
    for (name, part) in parts {
        let of_part = part_of(&tensors, name)?;
        split.extend(of_part.iter().map(|sample| (sample.subject.clone(), part)));
        all.extend(of_part);
    }
    let dataset = Dataset::new(all)?;
    let split = Split::given(&dataset, split.into_iter().collect())?;
    Ok((dataset, split))
}

/// The images and labels of one part.
fn part_of(tensors: &[(String, Tensor)], part: &str) -> Result<Vec<Sample>> {
    let of = |what: &str| {
        let name = format!("{part}_{what}");
        let found = tensors.iter().find(|(other, _)| *other == name);
        found.map(|(_, tensor)| tensor).with_context(|| format!("the file has no {name}"))
    };
    let mut images = of("images")?.to_kind(Kind::Float) / 255.0;
    if images.dim() == 4 {
        images = images.mean_dim(&[3i64][..], false, Kind::Float);
    }
    let labels = Vec::<i64>::try_from(of("labels")?.to_kind(Kind::Int64).flatten(0, -1))?;
    if labels.iter().any(|label| !(0..2).contains(label)) {
        bail!("the labels of {part} are not 0 and 1; this takes files of two classes");
    }
    let [n, rows, columns] = <[i64; 3]>::try_from(images.size())
        .map_err(|size| anyhow::anyhow!("{part}_images has the shape {size:?}"))?
        .map(|size| usize::try_from(size).unwrap_or(0));
    ensure!(rows == columns, "the images are {rows} × {columns}; squares are needed");
    let pixels = Vec::<f32>::try_from(images.flatten(0, -1))?;
    let images = Array3::from_shape_vec((n, rows, columns), pixels)?;
    let labels: Vec<bool> = labels.into_iter().map(|label| label == 1).collect();
    Ok(samples(part, images.view(), &labels)?)
}

/// Discs of two sizes in noise, in the layout of a file.
fn drawn() -> Vec<(String, Tensor)> {
    tch::manual_seed(1);
    let mut tensors = Vec::new();
    for (part, n) in [("train", 200i64), ("val", 60), ("test", 60)] {
        let labels = Tensor::arange(n, (Kind::Int64, tch::Device::Cpu)).remainder(2);
        let axis = Tensor::linspace(-1.0, 1.0, 28, (Kind::Float, tch::Device::Cpu));
        let radius = (axis.square().unsqueeze(0) + axis.square().unsqueeze(1)).sqrt();
        let limit = labels.to_kind(Kind::Float).view([n, 1, 1]) * 0.1 + 0.5;
        let noise = Tensor::randn([n, 28, 28], (Kind::Float, tch::Device::Cpu)) * 60.0;
        let disc = limit.ge_tensor(&radius.unsqueeze(0)).to_kind(Kind::Float) * 60.0;
        let images = (disc + noise + 100.0).clamp(0.0, 255.0).to_kind(Kind::Uint8);
        tensors.extend([(format!("{part}_images"), images), (format!("{part}_labels"), labels)]);
    }
    tensors
}
