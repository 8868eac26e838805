//! The files of a model: separate, versioned types, written completely or not at all.

pub(crate) mod card;
pub(crate) mod torchscript;

use std::fs;
use std::path::Path;

use foramen_native::contract::{CONFIG, Description, FOLD, PerChannel, ScaleFile, WEIGHTS, parse};
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::model::Learned;
use crate::network::Network;
use crate::network::member::{Member, Scale, WidthScale};
use crate::records::{ConfigFile, EnvironmentFile};
use crate::{CnnError, CnnModel, DeviceChoice, ModelCard, tensors, training::checkpoint};

/// `config.json`: everything on which a prediction depends, and how the model was made.
#[derive(Debug, Serialize, Deserialize)]
struct ModelFile {
    #[serde(flatten)]
    description: Description,
    config: ConfigFile,
    trained: EnvironmentFile,
    #[serde(default)]
    learned: Option<Learned>,
}

impl CnnModel {
    /// Writes the model into a folder: `config.json`, `weights.safetensors`, and the card of
    /// [`ModelCard::of`] as `card.json` and `card.md`.
    ///
    /// The folder appears only when it is complete, and replaces an earlier model. If the process
    /// dies during the replacement, the earlier model remains as `.NAME.old`, and the next save
    /// restores it first. Two processes must not save one model at the same time.
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
    /// [`CnnError::Io`] when a file cannot be read, [`CnnError::Foreign`] when it was not written
    /// by this program, is damaged or is of a later version, and [`CnnError::NoCuda`] when its
    /// configuration names a device that is not available.
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
    // Names without a process in them: what a killed program left is found and removed.
    let beside = |what: &str| parent.join(format!(".{name}.{what}"));
    let (fresh, old) = (beside("new"), beside("old"));
    if old.exists() && !folder.exists() {
        fs::rename(&old, folder).map_err(io("move", &old))?;
    }
    for left in [&fresh, &old] {
        let _ = fs::remove_dir_all(left);
    }
    fs::create_dir(&fresh).map_err(io("create", &fresh))?;
    let write = |file: &str, bytes: &[u8]| {
        let path = fresh.join(file);
        fs::write(&path, bytes).map_err(io("write", &path))
    };
    let keep = |path: &Path| checkpoint::sync(path).map_err(io("write", path));
    let weights = weights(model)?;
    let file = model_file(model, &weights);
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

fn model_file(model: &CnnModel, weights: &[u8]) -> ModelFile {
    let scale = &model.members[0].scale;
    let intensity =
        |part: usize| PerChannel::Channels(scale.intensity.iter().map(|pair| pair[part]).collect());
    let scale = ScaleFile {
        intensity_mean: intensity(0),
        intensity_deviation: intensity(1),
        width_mean_mm: scale.width.map(|width| width.mean),
        width_deviation_mm: scale.width.map(|width| width.deviation),
    };
    let mut description = Description::new(&model.input, model.temperature, scale);
    description.fold.clone_from(&model.fold);
    ModelFile {
        description: description.with_weights(weights),
        config: ConfigFile(model.config.clone()),
        trained: model.trained.clone(),
        learned: model.learned.clone(),
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
    let foreign = |problem: String| CnnError::Foreign { path: path.clone(), problem };
    let file: ModelFile = parse(&bytes).map_err(|error| foreign(error.to_string()))?;
    let ModelFile { description, config: ConfigFile(mut config), trained, learned } = file;
    let checked = description.check(config.crop, config.measured_width);
    checked.map_err(|error| foreign(error.to_string()))?;
    config.check().map_err(|error| foreign(error.to_string()))?;
    if let Some(device) = device {
        config.device = device;
    }
    let environment = Environment::resolve(&config)?;
    let scale = Scale {
        intensity: description.intensity(),
        width: description.scale.width().map(|[mean, deviation]| WidthScale { mean, deviation }),
    };
    let input = description.input();
    let (path, bytes) = read(WEIGHTS)?;
    let foreign = |problem: String| CnnError::Foreign { path: path.clone(), problem };
    let tensors = description.open_weights(&bytes).map_err(|error| foreign(error.to_string()))?;
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
    let Description { temperature, fold, .. } = description;
    Ok(CnnModel { config, environment, trained, members, temperature, input, learned, fold })
}
