//! Export to TorchScript: one file that PyTorch runs without foramen.

use std::path::Path;

use foramen_types::Level;
use tch::{CModule, Device, Kind, Tensor};

use crate::input::augment::{centre, grid, read};
use crate::model::VIEWS;
use crate::network::Network;
use crate::network::member::Member;
use crate::{CnnError, CnnModel};

impl CnnModel {
    /// Writes the whole model as a TorchScript file: members, views and the
    /// temperature, with the pre-processing inside.
    ///
    /// Its `forward(images)` takes f32 `[n, channels, rows, columns]` in the form of
    /// [`Sample::channels`](foramen_learn::Sample::channels), and returns f32 `[n, 2]`: the
    /// probability of a favourable outcome and NaN. Further inputs, in this order:
    ///
    /// - a model that learned widths ([`CnnModel::has_widths`]) takes `levels`, int64 `[n]`, the
    ///   index in [`Level::ALL`], and returns the width in millimetres in place of NaN;
    /// - a model with covariates takes them as f32 `[n, covariates]`, in the order of
    ///   [`CnnModel::covariates`], a measured width in millimetres, NaN where a value is missing.
    ///
    /// The file computes in f32, and its results equal those of an f32 model here to 1e-5.
    ///
    /// ```python
    /// model = torch.jit.load("model.pt")
    /// probability, _ = model(images).T  # learned on images
    /// probability, millimetres = model(patches, levels).T  # learned on foramina with widths
    /// ```
    ///
    /// # Errors
    /// [`CnnError::Torch`] when libtorch cannot trace or write.
    pub fn export_torchscript(&self, path: &Path) -> Result<(), CnnError> {
        Self::export_mean(&[self], path)
    }

    /// Writes several models, such as the folds of a cross-validation, as one TorchScript file that
    /// returns the means of their probabilities and widths. Inputs and outputs are those of
    /// [`CnnModel::export_torchscript`].
    ///
    /// # Errors
    /// [`CnnError::Together`] when there is no model, or they do not take the same inputs;
    /// [`CnnError::Torch`] when libtorch cannot trace or write.
    pub fn export_mean(models: &[&Self], path: &Path) -> Result<(), CnnError> {
        let [first, others @ ..] = models else {
            return Err(CnnError::Together { problem: "there is no model".to_owned() });
        };
        for (place, other) in others.iter().enumerate() {
            if let Some(problem) = first.differs(other) {
                let problem = format!("model {} {problem}", place + 2);
                return Err(CnnError::Together { problem });
            }
        }
        let graphs =
            models.iter().map(|model| Graph::of(model)).collect::<Result<Vec<_>, CnnError>>()?;
        let mut forward = |inputs: &[Tensor]| {
            let [patches, others @ ..] = inputs else { unreachable!("traced with an image") };
            let (levels, given) = others.split_at(usize::from(first.has_widths()));
            let patches = patches.clamp(-2.0, 3.0);
            let answers =
                graphs.iter().map(|graph| graph.answer(&patches, levels.first(), given.first()));
            let sum = answers.reduce(|total, answer| total + answer);
            vec![sum.expect("there is a model") / graphs.len() as f64]
        };
        let [channels, edge] = [first.input.channels, first.input.edge]
            .map(|n| i64::try_from(n).expect("a patch lies in memory"));
        let patches = Tensor::full([2, channels, edge, edge], 0.5, (Kind::Float, Device::Cpu));
        let mut inputs = vec![patches];
        if first.has_widths() {
            inputs.push(Tensor::from_slice(&[0i64, 1]));
        }
        if !first.input.covariates.is_empty() {
            let count = i64::try_from(first.input.covariates.len()).expect("covariates are few");
            inputs.push(Tensor::zeros([2, count], (Kind::Float, Device::Cpu)));
        }
        let traced = tch::no_grad(|| {
            CModule::create_by_tracing("ForamenCnn", "forward", &inputs, &mut forward)
        })?;
        Ok(traced.save(path)?)
    }

    /// Why another model does not take the same inputs.
    fn differs(&self, other: &Self) -> Option<String> {
        let names = |model: &Self| -> Vec<String> {
            model.covariates().iter().map(|covariate| covariate.name.clone()).collect()
        };
        let pixels = |model: &Self| (model.input.channels, model.input.edge);
        if pixels(self) != pixels(other) {
            let ((channels, edge), (others, length)) = (pixels(self), pixels(other));
            return Some(format!(
                "takes {others} × {length} × {length} pixels, and the first {channels} × {edge} × \
                 {edge}"
            ));
        }
        if self.has_widths() != other.has_widths() {
            let said = |widths: bool| if widths { "has learned widths" } else { "has not" };
            let (this, that) = (said(self.has_widths()), said(other.has_widths()));
            return Some(format!("{that}, and the first {this}"));
        }
        (names(self) != names(other)).then(|| {
            format!("reads {:?} beside the picture, and the first {:?}", names(other), names(self))
        })
    }

    /// Covariates `[n, covariates]` as input of the networks; a width is first converted to a
    /// z-score of its level.
    fn standardised(&self, given: &Tensor, normal: Option<&Normal>) -> Tensor {
        let columns = (0i64..).zip(&self.input.covariates.0).flat_map(|(place, covariate)| {
            let value = given.select(1, place);
            let known = value.isfinite().to_kind(Kind::Float);
            let value = value.nan_to_num(0.0, 0.0, 0.0);
            let value = match normal {
                Some(normal) if covariate.is_width() => normal.z(&value),
                _ => value,
            };
            [(value - covariate.mean) / covariate.deviation * &known, known]
        });
        Tensor::stack(&columns.collect::<Vec<_>>(), 1)
    }

    /// A member on the CPU whose weights become constants of a trace.
    fn frozen(&self, member: &Member) -> Result<Member, CnnError> {
        let mut network = Network::new(&self.config, &self.input, Device::Cpu)?;
        network.copy_from(&member.network)?;
        network.freeze();
        Ok(Member { network, scale: member.scale.clone() })
    }
}

/// The model that TorchScript traces: all members, on all views, with their mean.
struct Graph<'a> {
    model: &'a CnnModel,
    members: Vec<Member>,
    /// The sampling grid of each view but the first.
    grids: Vec<Tensor>,
    /// Mean and standard deviation of the width of each level, `[levels, 2]`.
    widths: Tensor,
}

impl<'a> Graph<'a> {
    fn of(model: &'a CnnModel) -> Result<Self, CnnError> {
        let members = model.members.iter().map(|member| model.frozen(member));
        let members = members.collect::<Result<Vec<_>, CnnError>>()?;
        let grid = |view: usize| {
            let mut key = model.view_key(view);
            grid(model.input.edge, model.config.crop, &VIEWS, &mut key, Device::Cpu)
        };
        let widths: Vec<f64> =
            Level::ALL.iter().flat_map(|level| <[f64; 2]>::from(level.normal_width())).collect();
        let levels = i64::try_from(Level::ALL.len()).expect("levels are few");
        Ok(Self {
            members,
            grids: (1..model.config.views).map(grid).collect(),
            widths: Tensor::from_slice(&widths).to_kind(Kind::Float).view([levels, 2]),
            model,
        })
    }

    /// Probability and millimetres `[n, 2]` of clamped patches. If no widths were learned,
    /// millimetres are NaN, and `levels` is `None`.
    fn answer(&self, patches: &Tensor, levels: Option<&Tensor>, given: Option<&Tensor>) -> Tensor {
        let Self { model, members, grids, widths } = self;
        let share = 1.0 / (members.len() * model.config.views) as f64;
        let normal = levels.map(|levels| {
            let normal = widths.index_select(0, levels);
            Normal { mean: normal.select(1, 0), deviation: normal.select(1, 1) }
        });
        let covariates = match given {
            Some(given) => model.standardised(given, normal.as_ref()),
            None => Tensor::zeros([0], (Kind::Float, Device::Cpu)), // Nothing reads it.
        };
        // A grid for each image: a size of today's batch would be traced as a constant.
        let one = patches.slice(1, 0, 1, 1).slice(2, 0, 1, 1).slice(3, 0, 1, 1) * 0.0; // [n, 1, 1, 1]
        let mut views = vec![centre(patches, model.config.crop)];
        views.extend(grids.iter().map(|grid| read(patches, &(grid + &one)).clamp_min(1e-3)));
        let sum = |total: Option<Tensor>, part: Tensor| {
            Some(total.map_or(part.shallow_clone(), |total| total + part))
        };
        let (mut logits, mut millimetres) = (None, None);
        for view in &views {
            for member in members {
                let pooled = member.network.look(&member.scale.intensity(view), false);
                let answer = member.network.answer(&pooled);
                let width = member.scale.millimetres(&answer.width);
                let z = match (&width, &normal) {
                    (Some(width), Some(normal)) => normal.z(width),
                    _ => answer.width.shallow_clone(),
                };
                logits = sum(logits, member.network.outcome(&z, &answer.features, &covariates));
                // As long as the batch, which is not known when this is traced.
                let width = width.unwrap_or_else(|| &answer.width * 0.0 + f64::NAN);
                millimetres = sum(millimetres, width);
            }
        }
        let known = "there is a member and a view";
        let probability = (logits.expect(known) * (share / model.temperature)).sigmoid();
        Tensor::stack(&[probability, millimetres.expect(known) * share], 1)
    }
}

/// Normal widths at the level of each image.
struct Normal {
    /// Millimetres, `[n]`.
    mean: Tensor,
    /// Millimetres, `[n]`.
    deviation: Tensor,
}

impl Normal {
    /// Millimetres as z-scores.
    fn z(&self, widths: &Tensor) -> Tensor {
        (widths - &self.mean) / &self.deviation
    }
}
