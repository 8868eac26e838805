//! Trains the CNN on images of two classes in the MedMNIST layout, with the official
//! split, nothing tuned to one data set.
//!
//! ```text
//! cargo run --release --features torch --example benchmark_medmnist -- --data breastmnist.npz
//! ```
//!
//! The `.npz` holds `{train,val,test}_images` (`[n, rows, columns]`, bytes; colours
//! are averaged) and `{train,val,test}_labels`. It prints the AUC on `val` by seed, and
//! on `test` only with `--test`: each such look is a line in `--log`. With no
//! arguments it draws images of its own.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use foramen_cnn::{Cnn, CnnConfig, CnnModel, DeviceChoice, samples};
use foramen_examples::Failure;
use foramen_image::ndarray::Array3;
use foramen_learn::{Classifier, Dataset, Learner, Part, Sample, Split};
use foramen_metrics::{Scores, auc};
use tch::{Kind, Tensor};

/// Trains the CNN on a MedMNIST file of two classes.
#[derive(Parser)]
struct Arguments {
    /// The `.npz` file; without it, images are drawn.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// How many seeds, from 1.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Networks per seed, whose log-odds are averaged.
    #[arg(long, default_value_t = 1)]
    members: usize,
    /// Looks at the test images, once everything else is settled.
    #[arg(long)]
    test: bool,
    /// Where looks at the test images are noted.
    #[arg(long, value_name = "FILE", default_value = "test-evaluations.csv")]
    log: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
}

fn main() -> Result<(), Failure> {
    Ok(run(&Arguments::parse())?)
}

fn run(arguments: &Arguments) -> Result<()> {
    let tensors = match &arguments.data {
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
    let fold = Split::given(&dataset, split.into_iter().collect())?.fold(&dataset, 0);
    let (train, tune) = (fold.train.samples().len(), fold.tune.samples().len());
    println!("{train} train, {tune} val, {} test images", fold.test.samples().len());
    let config = CnnConfig::for_images(dataset.samples()[0].patch.nrows())
        .with_device(arguments.device)
        .with_members(arguments.members);
    let (mut of_val, mut of_test) = (0.0, 0.0);
    for seed in 1..=arguments.seeds {
        let model = Cnn::new(config.clone().with_seed(seed)).fit(&fold.train, &fold.tune)?;
        let on_val = area(&model, fold.tune.samples())?;
        of_val += on_val / arguments.seeds as f64;
        println!("seed {seed}: val AUC {on_val:.3}");
        if arguments.test {
            let on_test = area(&model, fold.test.samples())?;
            of_test += on_test / arguments.seeds as f64;
            println!("seed {seed}: test AUC {on_test:.3}");
            note(&arguments.log, arguments.data.as_deref(), seed, &model, on_test)?;
        }
    }
    println!("mean val AUC {of_val:.3}");
    if arguments.test {
        println!("mean test AUC {of_test:.3}");
    }
    Ok(())
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

fn area(model: &CnnModel, samples: &[&Sample]) -> Result<f64> {
    let labels: Vec<bool> =
        samples.iter().map(|s| s.outcome.is_some_and(|outcome| outcome.is_favourable())).collect();
    let predicted: Vec<f64> = model.predict(samples)?.iter().map(|p| p.get()).collect();
    Ok(auc(&Scores::new(&labels, &predicted)?)?.estimate)
}

/// One line for each look at the test images.
fn note(log: &Path, data: Option<&Path>, seed: u64, model: &CnnModel, area: f64) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(log)?;
    let data = data.map_or("drawn".into(), Path::to_string_lossy);
    let config = model.config();
    Ok(writeln!(file, "{data},{seed},{},{},{area:.4}", config.members, config.epochs)?)
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
