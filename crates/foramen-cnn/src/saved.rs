//! The files of a model: their own types, versioned, written as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::environment::Environment;
use crate::member::{Member, Scale};
use crate::network::Network;
use crate::{Augmentation, CnnConfig, CnnError, CnnModel, DeviceChoice, Precision};

/// What `config.json` calls itself.
const FORMAT: &str = "foramen-cnn";
/// The version that this program writes, and the only one it reads.
const VERSION: u32 = 1;
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "weights.safetensors";

#[derive(Debug, Serialize, Deserialize)]
struct ModelFile {
    format: String,
    version: u32,
    patch_pixels: usize,
    temperature: f64,
    scale: ScaleFile,
    config: ConfigFile,
    trained: TrainedFile,
}

#[derive(Debug, Serialize, Deserialize)]
struct ScaleFile {
    intensity_mean: f64,
    intensity_deviation: f64,
    width_mean_mm: f64,
    width_deviation_mm: f64,
}

/// How the model was computed: for the reader, and for claims of equal bytes.
#[derive(Debug, Serialize, Deserialize)]
struct TrainedFile {
    crate_version: String,
    libtorch: String,
    device: String,
    threads: usize,
    bf16: bool,
    cpu_capability: String,
    deterministic: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PrecisionFile {
    Auto,
    F32,
    Bf16,
}

#[derive(Debug, Serialize, Deserialize)]
struct ConfigFile {
    device: String,
    precision: PrecisionFile,
    threads: Option<usize>,
    seed: u64,
    members: usize,
    crop: usize,
    channels: usize,
    epochs: usize,
    images_per_epoch: usize,
    batch: usize,
    labelled_share: f64,
    learning_rate: f64,
    weight_decay: f64,
    warm_up: f64,
    clip: f64,
    outcome_weight: f64,
    width_first: f64,
    dropout: f64,
    label_smoothing: f64,
    average_decay: f64,
    patience: usize,
    views: usize,
    augmentation: AugmentationFile,
}

#[derive(Debug, Serialize, Deserialize)]
struct AugmentationFile {
    rotation: f64,
    shift: f64,
    scale: f64,
    gamma: f64,
    bias: f64,
    offset: f64,
    noise: f64,
}

impl ConfigFile {
    fn of(config: &CnnConfig) -> Self {
        let CnnConfig { device, precision, threads, seed, members, crop, channels, .. } = *config;
        let CnnConfig { epochs, images_per_epoch, batch, labelled_share, .. } = *config;
        let CnnConfig { learning_rate, weight_decay, warm_up, clip, outcome_weight, .. } = *config;
        let CnnConfig { width_first, dropout, label_smoothing, average_decay, .. } = *config;
        let CnnConfig { patience, views, .. } = *config;
        let Augmentation { rotation, shift, scale, gamma, bias, offset, noise } =
            config.augmentation;
        Self {
            device: device.to_string(),
            precision: match precision {
                Precision::Auto => PrecisionFile::Auto,
                Precision::F32 => PrecisionFile::F32,
                Precision::BFloat16 => PrecisionFile::Bf16,
            },
            threads,
            seed,
            members,
            crop,
            channels,
            epochs,
            images_per_epoch,
            batch,
            labelled_share,
            learning_rate,
            weight_decay,
            warm_up,
            clip,
            outcome_weight,
            width_first,
            dropout,
            label_smoothing,
            average_decay,
            patience,
            views,
            augmentation: AugmentationFile { rotation, shift, scale, gamma, bias, offset, noise },
        }
    }

    fn into_config(self) -> Result<CnnConfig, CnnError> {
        let AugmentationFile { rotation, shift, scale, gamma, bias, offset, noise } =
            self.augmentation;
        let config = CnnConfig {
            device: self.device.parse::<DeviceChoice>()?,
            precision: match self.precision {
                PrecisionFile::Auto => Precision::Auto,
                PrecisionFile::F32 => Precision::F32,
                PrecisionFile::Bf16 => Precision::BFloat16,
            },
            threads: self.threads,
            seed: self.seed,
            members: self.members,
            crop: self.crop,
            channels: self.channels,
            epochs: self.epochs,
            images_per_epoch: self.images_per_epoch,
            batch: self.batch,
            labelled_share: self.labelled_share,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            warm_up: self.warm_up,
            clip: self.clip,
            outcome_weight: self.outcome_weight,
            width_first: self.width_first,
            dropout: self.dropout,
            label_smoothing: self.label_smoothing,
            average_decay: self.average_decay,
            patience: self.patience,
            views: self.views,
            augmentation: Augmentation { rotation, shift, scale, gamma, bias, offset, noise },
        };
        config.check()?;
        Ok(config)
    }
}

pub(crate) fn save(model: &CnnModel, folder: &Path) -> Result<(), CnnError> {
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |source| CnnError::Io { action, path, source }
    };
    let parent = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(io("create", parent))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = |what: &str| parent.join(format!(".{name}.{what}-{}", std::process::id()));
    let (fresh, old) = (beside("new"), beside("old"));
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir(&fresh).map_err(io("create", &fresh))?;
    let write = |file: &str, bytes: &[u8]| {
        let path = fresh.join(file);
        fs::write(&path, bytes).map_err(io("write", &path))
    };
    let mut config = serde_json::to_vec_pretty(&model_file(model))
        .expect("the file's types are plain numbers and texts");
    config.push(b'\n');
    write(CONFIG, &config)?;
    write(WEIGHTS, &weights(model)?)?;
    // A rename replaces no folder that holds files: the earlier model steps
    // aside first, and goes only when the new one is in place.
    let had_one = folder.exists();
    if had_one {
        fs::rename(folder, &old).map_err(io("move", folder))?;
    }
    fs::rename(&fresh, folder).map_err(io("write", folder))?;
    if had_one {
        fs::remove_dir_all(&old).map_err(io("remove", &old))?;
    }
    Ok(())
}

fn model_file(model: &CnnModel) -> ModelFile {
    let scale = model.members[0].scale;
    ModelFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        patch_pixels: model.edge,
        temperature: model.temperature,
        scale: ScaleFile {
            intensity_mean: scale.intensity_mean,
            intensity_deviation: scale.intensity_deviation,
            width_mean_mm: scale.width_mean,
            width_deviation_mm: scale.width_deviation,
        },
        config: ConfigFile::of(&model.config),
        trained: TrainedFile {
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            libtorch: model.environment.libtorch.clone(),
            device: model.environment.device.to_string(),
            threads: model.environment.threads,
            bf16: model.environment.bf16,
            cpu_capability: model.environment.cpu_capability.clone(),
            deterministic: model.environment.deterministic,
        },
    }
}

/// All tensors of all members, as `member0.stem.weight`, in f32.
fn weights(model: &CnnModel) -> Result<Vec<u8>, CnnError> {
    let mut tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for (number, member) in model.members.iter().enumerate() {
        for (name, tensor) in member.network.named() {
            let flat = tensor.detach().to_device(tch::Device::Cpu).contiguous().flatten(0, -1);
            let values = Vec::<f32>::try_from(flat)?;
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.insert(format!("member{number}.{name}"), (shape(&tensor), bytes));
        }
    }
    let views = tensors.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes)
            .expect("a tensor holds as many values as its shape says");
        (name.as_str(), view)
    });
    Ok(serialize(views, None).expect("names are texts and views are checked"))
}

fn shape(tensor: &Tensor) -> Vec<usize> {
    tensor.size().iter().map(|n| usize::try_from(*n).expect("a size is not negative")).collect()
}

pub(crate) fn load(folder: &Path, device: Option<DeviceChoice>) -> Result<CnnModel, CnnError> {
    let read = |file: &str| {
        let path = folder.join(file);
        match fs::read(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(source) => Err(CnnError::Io { action: "read", path, source }),
        }
    };
    let (path, bytes) = read(CONFIG)?;
    let file = model_of(&path, &bytes)?;
    let mut config = file
        .config
        .into_config()
        .map_err(|error| CnnError::Foreign { path: path.clone(), problem: error.to_string() })?;
    if let Some(device) = device {
        config.device = device;
    }
    let environment = Environment::resolve(&config)?;
    let scale = Scale {
        intensity_mean: file.scale.intensity_mean,
        intensity_deviation: file.scale.intensity_deviation,
        width_mean: file.scale.width_mean_mm,
        width_deviation: file.scale.width_deviation_mm,
    };
    let (path, bytes) = read(WEIGHTS)?;
    let foreign = |problem: String| CnnError::Foreign { path: path.clone(), problem };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| foreign(error.to_string()))?;
    let members = (0..config.members)
        .map(|number| {
            let mut generator = ChaCha8Rng::seed_from_u64(0);
            let mut network = Network::new(config.channels, environment.place(), &mut generator);
            network.make_channels_last()?;
            for (name, mut tensor) in network.named() {
                let name = format!("member{number}.{name}");
                let view = tensors.tensor(&name).map_err(|error| foreign(error.to_string()))?;
                if view.dtype() != Dtype::F32 || view.shape() != shape(&tensor) {
                    return Err(foreign(format!("{name} has another type or shape")));
                }
                let size = tensor.size();
                let loaded = Tensor::f_from_data_size(view.data(), &size, Kind::Float)?;
                tch::no_grad(|| tensor.f_copy_(&loaded))?;
            }
            Ok(Member { network, scale })
        })
        .collect::<Result<Vec<_>, CnnError>>()?;
    let (temperature, edge) = (file.temperature, file.patch_pixels);
    Ok(CnnModel { config, environment, members, temperature, edge })
}

fn model_of(path: &Path, bytes: &[u8]) -> Result<ModelFile, CnnError> {
    #[derive(Deserialize)]
    struct Front {
        format: String,
        version: u32,
    }
    let foreign = |problem: String| CnnError::Foreign { path: path.to_owned(), problem };
    let front: Front = serde_json::from_slice(bytes).map_err(|error| foreign(error.to_string()))?;
    if front.format != FORMAT {
        return Err(foreign(format!("its format is {:?}", front.format)));
    }
    if front.version != VERSION {
        return Err(foreign(format!(
            "its version is {}, and this program reads {VERSION}",
            front.version
        )));
    }
    let file: ModelFile =
        serde_json::from_slice(bytes).map_err(|error| foreign(error.to_string()))?;
    if !(file.temperature.is_finite() && file.temperature > 0.0) {
        return Err(foreign(format!("its temperature is {}", file.temperature)));
    }
    if file.patch_pixels < file.config.crop {
        return Err(foreign("its patches are smaller than its field of view".to_owned()));
    }
    Ok(file)
}
