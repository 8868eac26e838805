//! Images of two classes in the layout of MedMNIST files.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use foramen_cnn::samples_of_channels;
use foramen_image::ndarray::Array4;
use foramen_learn::{Dataset, Part, Sample, Split};
use tch::{Kind, Tensor};

/// The images of an `.npz` file, or drawn ones without it, with their official split.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn read_medmnist(path: Option<&Path>) -> Result<(Dataset, Split)> {
    let tensors = match path {
        Some(path) => {
            File::open(path).with_context(|| format!("could not read {}", path.display()))?;
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
    let size = images.size();
    images = match *size {
        [_, _, _] => images.unsqueeze(1),
        // Colours come last in the file, and first here.
        [_, _, _, 1 | 3] => images.permute([0, 3, 1, 2]).contiguous(),
        _ => bail!(
            "{part}_images has the shape {size:?}; this takes [n, rows, columns] and \
             [n, rows, columns, 3], and no volumes"
        ),
    };
    let labels = Vec::<i64>::try_from(of("labels")?.to_kind(Kind::Int64).flatten(0, -1))?;
    if labels.iter().any(|label| !(0..2).contains(label)) {
        bail!("the labels of {part} are not 0 and 1; this takes files of two classes");
    }
    let [n, channels, rows, columns] = <[i64; 4]>::try_from(images.size())
        .expect("one axis of channels was added or moved")
        .map(|size| usize::try_from(size).unwrap_or(0));
    ensure!(rows == columns, "the images are {rows} × {columns}; squares are needed");
    let pixels = Vec::<f32>::try_from(images.flatten(0, -1))?;
    let images = Array4::from_shape_vec((n, channels, rows, columns), pixels)?;
    let labels: Vec<bool> = labels.into_iter().map(|label| label == 1).collect();
    Ok(samples_of_channels(part, images.view(), &labels)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_and_files_that_are_missing_or_something_else_are_refused() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let refused = |path: &Path| format!("{:#}", read_medmnist(Some(path)).unwrap_err());
        let path = folder.path().join("volumes.npz");
        assert!(refused(&path).contains("could not read"), "{}", refused(&path));
        std::fs::write(&path, "no archive").expect("a file can be written");
        assert!(refused(&path).contains("is no .npz file"), "{}", refused(&path));
        let volumes = Tensor::zeros([4, 28, 28, 28], (Kind::Uint8, tch::Device::Cpu));
        Tensor::write_npz(&[("train_images", volumes)], &path).expect("a file can be written");
        assert!(refused(&path).contains("[4, 28, 28, 28]"), "{}", refused(&path));
    }

    #[test]
    fn colours_are_channels_and_grey_is_one() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("colours.npz");
        let arange = |n: i64| Tensor::arange(n, (Kind::Int64, tch::Device::Cpu));
        let part = |n: i64| arange(n * 28 * 28 * 3).remainder(251).to_kind(Kind::Uint8);
        let named: Vec<(String, Tensor)> = [("train", 6), ("val", 4), ("test", 2)]
            .into_iter()
            .flat_map(|(name, n)| {
                let labels = arange(n).remainder(2).to_kind(Kind::Uint8).view([n, 1]);
                let images = part(n).view([n, 28, 28, 3]);
                [(format!("{name}_images"), images), (format!("{name}_labels"), labels)]
            })
            .collect();
        Tensor::write_npz(&named, &path).expect("a file can be written");
        let (dataset, _) = read_medmnist(Some(&path)).expect("the file is of the layout");
        assert_eq!(dataset.samples().len(), 12);
        let sample = &dataset.samples()[1];
        // The pixel in row 2, column 5 of the second image.
        let place = 3 * (28 * 28 + 2 * 28 + 5);
        for (colour, channel) in (0..).zip(sample.channels()) {
            let expected = f64::from((place + colour) % 251) / 255.0;
            assert!((f64::from(channel[(2, 5)]) - expected).abs() < 1e-6, "{colour}");
        }
        assert_eq!(sample.channels().count(), 3);
        let (drawn, _) = read_medmnist(None).expect("images can be drawn");
        assert_eq!(drawn.samples()[0].channels().count(), 1);
    }
}
