//! The files of a model: their own types, versioned, written as a whole.

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::covariates::Covariates;
use crate::environment::Environment;
use crate::input::Input;
use crate::member::{Member, Scale};
use crate::model::Learned;
use crate::network::Network;
use crate::records::{ConfigFile, EnvironmentFile};
use crate::{CnnError, CnnModel, DeviceChoice, ModelCard, checkpoint, tensors};

/// What `config.json` calls itself.
const FORMAT: &str = "foramen-cnn";
/// The version that this program writes. Of version 1, which knew no covariates, it
/// reads models that had not learned from the measured width.
const VERSION: u32 = 2;
const CONFIG: &str = "config.json";
const WEIGHTS: &str = "weights.safetensors";
/// The entry of metadata with the fold that weights are of.
const FOLD: &str = "fold";

#[derive(Debug, Serialize, Deserialize)]
struct ModelFile {
    format: String,
    version: u32,
    patch_pixels: usize,
    #[serde(default = "one")]
    channels: usize,
    #[serde(default)]
    covariates: Covariates,
    temperature: f64,
    scale: ScaleFile,
    config: ConfigFile,
    trained: EnvironmentFile,
    #[serde(default)]
    learned: Option<Learned>,
    /// What the weights belong to; `None` in files from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fold: Option<String>,
    /// SHA-256 of the file of weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ScaleFile {
    intensity_mean: PerChannel,
    intensity_deviation: PerChannel,
    width_mean_mm: f64,
    width_deviation_mm: f64,
}

/// A number for each channel; version 1 had one number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum PerChannel {
    Grey(f64),
    Channels(Vec<f64>),
}

impl PerChannel {
    fn into_numbers(self) -> Vec<f64> {
        match self {
            Self::Grey(number) => vec![number],
            Self::Channels(numbers) => numbers,
        }
    }
}

/// What files from before there were channels mean.
fn one() -> usize {
    1
}

impl CnnModel {
    /// Writes the model into a folder: `config.json`, `weights.safetensors`, and
    /// what [`ModelCard::of`] knows as `card.json` and `card.md`.
    ///
    /// The folder appears whole or not at all. An earlier model in its place is
    /// replaced; a process that dies at that very moment leaves it beside, as
    /// `.NAME.old-PID`.
    ///
    /// # Errors
    /// [`CnnError::Io`] when a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), CnnError> {
        save(self, folder)
    }

    /// Reads a model that [`CnnModel::save`] wrote, onto the device that the
    /// configuration names.
    ///
    /// # Errors
    /// [`CnnError::Io`] when a file cannot be read, [`CnnError::Foreign`] when it
    /// is not of this program, damaged or of a later version, and
    /// [`CnnError::NoCuda`] when it was trained for a device that is not there.
    pub fn load(folder: &Path) -> Result<Self, CnnError> {
        load(folder, None)
    }

    /// Reads a model onto another device than its configuration names.
    ///
    /// # Errors
    /// Those of [`CnnModel::load`].
    pub fn load_on(folder: &Path, device: DeviceChoice) -> Result<Self, CnnError> {
        load(folder, Some(device))
    }
}

fn save(model: &CnnModel, folder: &Path) -> Result<(), CnnError> {
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
    let keep = |path: &Path| checkpoint::sync(path).map_err(io("write", path));
    let weights = weights(model)?;
    let mut file = model_file(model);
    file.weights = Some(tensors::hex(&Sha256::digest(&weights)));
    let mut config =
        serde_json::to_vec_pretty(&file).expect("the file's types are plain numbers and texts");
    config.push(b'\n');
    write(CONFIG, &config)?;
    write(WEIGHTS, &weights)?;
    ModelCard::of(model).write(&fresh)?;
    for file in [CONFIG, WEIGHTS] {
        keep(&fresh.join(file))?;
    }
    keep(&fresh)?;
    // A rename replaces no folder that holds files: the earlier model steps
    // aside first, and goes only when the new one is in place.
    let had_one = folder.exists();
    if had_one {
        fs::rename(folder, &old).map_err(io("move", folder))?;
    }
    fs::rename(&fresh, folder).map_err(io("write", folder))?;
    keep(parent)?;
    if had_one {
        fs::remove_dir_all(&old).map_err(io("remove", &old))?;
    }
    Ok(())
}

fn model_file(model: &CnnModel) -> ModelFile {
    let scale = &model.members[0].scale;
    let intensity =
        |part: usize| PerChannel::Channels(scale.intensity.iter().map(|pair| pair[part]).collect());
    ModelFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        patch_pixels: model.input.edge,
        channels: model.input.channels,
        covariates: model.input.covariates.clone(),
        temperature: model.temperature,
        scale: ScaleFile {
            intensity_mean: intensity(0),
            intensity_deviation: intensity(1),
            width_mean_mm: scale.width_mean,
            width_deviation_mm: scale.width_deviation,
        },
        config: ConfigFile(model.config.clone()),
        trained: model.trained.clone(),
        learned: model.learned.clone(),
        fold: model.fold.clone(),
        weights: None,
    }
}

/// All tensors of all members, as `member0.stem.weight`, in f32.
fn weights(model: &CnnModel) -> Result<Vec<u8>, CnnError> {
    let members = model.members.iter().enumerate();
    let named = members.flat_map(|(number, member)| {
        let prefixed = move |(name, tensor)| (format!("member{number}.{name}"), tensor);
        member.network.named().into_iter().map(prefixed)
    });
    tensors::to_bytes_with(named, model.fold.as_deref().map(|fold| (FOLD, fold)))
}

fn load(folder: &Path, device: Option<DeviceChoice>) -> Result<CnnModel, CnnError> {
    let read = |file: &str| {
        let path = folder.join(file);
        match fs::read(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(source) => Err(CnnError::Io { action: "read", path, source }),
        }
    };
    let (path, bytes) = read(CONFIG)?;
    let file = model_of(&path, &bytes)?;
    let mut config = file.config.0;
    config
        .check()
        .map_err(|error| CnnError::Foreign { path: path.clone(), problem: error.to_string() })?;
    if let Some(device) = device {
        config.device = device;
    }
    let environment = Environment::resolve(&config)?;
    let means = file.scale.intensity_mean.into_numbers();
    let deviations = file.scale.intensity_deviation.into_numbers();
    if means.len() != file.channels || deviations.len() != file.channels {
        let problem = "it has not one scale for each channel".to_owned();
        return Err(CnnError::Foreign { path, problem });
    }
    let scale = Scale {
        intensity: means.into_iter().zip(deviations).map(|(m, d)| [m, d]).collect(),
        width_mean: file.scale.width_mean_mm,
        width_deviation: file.scale.width_deviation_mm,
    };
    let input =
        Input { edge: file.patch_pixels, channels: file.channels, covariates: file.covariates };
    let (path, bytes) = read(WEIGHTS)?;
    let foreign = |problem: String| CnnError::Foreign { path: path.clone(), problem };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| foreign(error.to_string()))?;
    check_belongs(&bytes, file.fold.as_deref(), file.weights.as_deref()).map_err(foreign)?;
    let members = (0..config.members)
        .map(|number| {
            let mut network = Network::new(&config, &input, environment.place())?;
            for (name, mut tensor) in network.named() {
                let name = format!("member{number}.{name}");
                tensors::fill(&tensors, &name, &mut tensor).map_err(foreign)?;
            }
            network.pack(environment.half)?;
            Ok(Member { network, scale: scale.clone() })
        })
        .collect::<Result<Vec<_>, CnnError>>()?;
    let ModelFile { temperature, learned, trained, fold, .. } = file;
    Ok(CnnModel { config, environment, trained, members, temperature, input, learned, fold })
}

/// Checks that weights are those which a configuration was saved with.
fn check_belongs(bytes: &[u8], fold: Option<&str>, weights: Option<&str>) -> Result<(), String> {
    let Some(expected) = weights else { return Ok(()) };
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let found = metadata.metadata().as_ref().and_then(|entries| entries.get(FOLD));
    if found.map(String::as_str) != fold {
        let short = |fold: Option<&str>| match fold {
            Some(fold) => format!("the fold {}", fold.get(..12).unwrap_or(fold)),
            None => "no known fold".to_owned(),
        };
        return Err(format!(
            "it holds weights of {}, and {CONFIG} beside it is of {}; put the weights back with \
             which the model was saved",
            short(found.map(String::as_str)),
            short(fold)
        ));
    }
    if tensors::hex(&Sha256::digest(bytes)) != expected {
        return Err(format!(
            "it is not the file that {CONFIG} was saved with: it is of another training of the \
             same fold, or damaged; put the saved weights back"
        ));
    }
    Ok(())
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
    if !(1..=VERSION).contains(&front.version) {
        return Err(foreign(format!(
            "its version is {}, and this program reads up to {VERSION}",
            front.version
        )));
    }
    let file: ModelFile =
        serde_json::from_slice(bytes).map_err(|error| foreign(error.to_string()))?;
    if front.version == 1 && file.config.0.measured_width {
        return Err(foreign(
            "models of version 1 read the measured width otherwise; train it again".to_owned(),
        ));
    }
    if !(file.temperature.is_finite() && file.temperature > 0.0) {
        return Err(foreign(format!("its temperature is {}", file.temperature)));
    }
    if file.patch_pixels < file.config.0.crop {
        return Err(foreign("its patches are smaller than its field of view".to_owned()));
    }
    Ok(file)
}
