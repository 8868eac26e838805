//! What PyTorch itself computes, beside what this crate computes from the same numbers.
//!
//! `pytorch.safetensors` was written by `peers/reference.py` with PyTorch 2.13, the release
//! that libtorch is of; `cargo xtask peers-test cnn` checks that it still is what PyTorch
//! computes. Both run the same kernels, but those of another processor round in another
//! order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use foramen_tch::{
    AdamW, AdamWConfig, GradientScaler, HalfPrecision, PackedConvolution, ScalerConfig, Sgd,
    SgdConfig, TorchError, autocast, channels_last, generator_state, make_channels_last,
    move_towards, set_generator_state,
};
use tch::{Device, Kind, Reduction, Tensor};

/// How far f32 may be off, and what has been computed in bf16 or fp16, as a share of the
/// largest value.
const SINGLE: f64 = 1e-5;
const HALF: f64 = 2e-2;

/// The tensors of the file by name.
struct Reference(BTreeMap<String, Tensor>);

impl Reference {
    fn open() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pytorch.safetensors");
        Self(Tensor::read_safetensors(path).unwrap().into_iter().collect())
    }

    fn get(&self, name: &str) -> &Tensor {
        self.0.get(name).unwrap_or_else(|| panic!("the file has no {name}"))
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        Vec::try_from(self.get(name).to_kind(Kind::Double)).unwrap()
    }

    /// Kind and shape are those of PyTorch, and no value is farther off than this share of
    /// the largest.
    fn assert_within(&self, share: f64, name: &str, ours: &Tensor) {
        let theirs = self.get(name);
        assert_eq!((ours.kind(), ours.size()), (theirs.kind(), theirs.size()), "{name}");
        let (ours, theirs) = (ours.detach().to_kind(Kind::Double), theirs.to_kind(Kind::Double));
        let most = |tensor: &Tensor| tensor.abs().max().double_value(&[]);
        let (off, largest) = (most(&(ours - &theirs)), most(&theirs));
        assert!(off <= share * largest, "{name}: {off} off, of up to {largest}");
    }

    fn assert_same(&self, name: &str, ours: &Tensor) {
        self.assert_within(SINGLE, name, ours);
    }
}

/// What both optimisers do.
trait Optimiser {
    fn add(&mut self, name: &str, parameter: &Tensor, decays: bool);
    fn prepare(&mut self, rate: f64);
    fn clip(&mut self, limit: f64) -> f64;
    fn step(&mut self) -> Result<(), TorchError>;
    fn state(&self) -> Vec<(String, Tensor)>;
}

macro_rules! optimiser {
    ($name:ty) => {
        impl Optimiser for $name {
            fn add(&mut self, name: &str, parameter: &Tensor, decays: bool) {
                Self::add(self, name, parameter, decays);
            }
            fn prepare(&mut self, rate: f64) {
                self.set_learning_rate(rate);
                self.zero_grad();
            }
            fn clip(&mut self, limit: f64) -> f64 {
                self.clip_gradients(limit)
            }
            fn step(&mut self) -> Result<(), TorchError> {
                Self::step(self)
            }
            fn state(&self) -> Vec<(String, Tensor)> {
                Self::state(self)
            }
        }
    };
}
optimiser!(AdamW);
optimiser!(Sgd);

/// Twelve steps at falling rates, the first ones with bounded gradients, on two
/// parameters of which the second does not decay.
fn steps_are_pytorchs(name: &str, limit: f64, mut optimiser: impl Optimiser) {
    let reference = Reference::open();
    let labels = ["weight", "bias"];
    let start = |label| reference.get(&format!("{name}.start.{label}")).copy();
    let parameters = labels.map(|label| start(label).set_requires_grad(true));
    let targets = labels.map(|label| reference.get(&format!("{name}.target.{label}")));
    optimiser.add("weight", &parameters[0], true);
    optimiser.add("bias", &parameters[1], false);
    let norms = reference.numbers(&format!("{name}.norms"));
    assert!(norms[0] > limit && norms[norms.len() - 1] < limit, "{norms:?}");
    for (step, expected) in norms.into_iter().enumerate() {
        optimiser.prepare(0.05 / (1.0 + 0.3 * step as f64));
        let parts =
            [0, 1].map(|i| (&parameters[i] - targets[i]).pow_tensor_scalar(4).sum(Kind::Float));
        (&parts[0] + &parts[1]).backward();
        let norm = optimiser.clip(limit);
        assert!((norm - expected).abs() < 1e-5 * expected, "{name} {step}: {norm}, {expected}");
        optimiser.step().unwrap();
        for (label, parameter) in labels.into_iter().zip(&parameters) {
            reference.assert_same(&format!("{name}.{step}.{label}"), parameter);
        }
    }
    let state = optimiser.state();
    let theirs = reference.0.keys().filter(|key| key.starts_with(&format!("{name}.state.")));
    assert_eq!(state.len(), theirs.count());
    for (key, tensor) in state {
        reference.assert_same(&format!("{name}.state.{key}"), &tensor);
    }
}

#[test]
fn adamw_takes_the_steps_of_torch_optim_adamw_and_keeps_its_state() {
    steps_are_pytorchs("adamw", 300.0, AdamW::new(AdamWConfig::default().with_weight_decay(0.1)));
}

#[test]
fn sgd_takes_the_steps_of_torch_optim_sgd_and_keeps_its_state() {
    let config = SgdConfig::default().with_weight_decay(0.1);
    steps_are_pytorchs("sgd", 20.0, Sgd::new(config));
    steps_are_pytorchs("nesterov", 20.0, Sgd::new(config.with_nesterov(true)));
}

#[test]
fn gradients_are_clipped_as_clip_grad_norm_does() {
    let reference = Reference::open();
    for name in ["small", "large", "zero"] {
        let gradient = reference.get(&format!("clip.{name}.gradient"));
        let weight = gradient.zeros_like().set_requires_grad(true);
        (&weight * gradient).sum(Kind::Float).backward();
        let mut optimiser = Sgd::new(SgdConfig::default());
        optimiser.add("weight", &weight, true);
        let norm = Tensor::from(optimiser.clip_gradients(2e-3)).to_kind(Kind::Float);
        reference.assert_same(&format!("clip.{name}.norm"), &norm);
        reference.assert_same(&format!("clip.{name}.after"), &weight.grad());
    }
}

#[test]
fn the_scaler_grows_backs_off_and_leaves_steps_out_as_torch_amp_does() {
    let reference = Reference::open();
    let weight = Tensor::ones([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let config = SgdConfig::default().with_learning_rate(0.125).with_momentum(0.0);
    let mut optimiser = Sgd::new(config);
    optimiser.add("weight", &weight, false);
    let mut config = ScalerConfig::default();
    (config.initial_scale, config.growth_interval) = (1024.0, 2);
    let mut scaler = GradientScaler::new(config, Device::Cpu);
    let (mut scales, mut weights) = (Vec::new(), Vec::new());
    for factor in reference.numbers("scaler.factors") {
        optimiser.zero_grad();
        scaler.scale(&(&weight * factor).sum(Kind::Float)).backward();
        if scaler.unscale(&optimiser.gradients()).unwrap() {
            optimiser.step().unwrap();
        }
        scaler.update().unwrap();
        scales.push(scaler.factor());
        weights.push(weight.double_value(&[0]));
    }
    assert_eq!(scales, reference.numbers("scaler.scales"));
    assert_eq!(weights, reference.numbers("scaler.weights"));
}

/// What autocast decides on, by name.
fn operations([image, filters, matrix, norm, labels]: [&Tensor; 5]) -> Vec<(&str, Tensor)> {
    let none: Option<Tensor> = None;
    let maps = image.conv2d(filters, none.as_ref(), [1, 1], [1, 1], [1, 1], 1);
    let product = image.flatten(1, -1).matmul(matrix);
    let normed = maps.batch_norm(
        Some(norm),
        Some(norm),
        none.as_ref(),
        none.as_ref(),
        true,
        0.1,
        1e-5,
        false,
    );
    let width = product.size()[1];
    vec![
        ("norm", normed),
        ("layer_norm", product.layer_norm([width], none.as_ref(), none.as_ref(), 1e-5, false)),
        ("softmax", product.softmax(1, None::<Kind>)),
        ("relu", maps.relu()),
        ("pool", maps.mean_dim(&[2i64, 3][..], false, None::<Kind>)),
        (
            "cross_entropy",
            product.binary_cross_entropy_with_logits(
                labels,
                none.as_ref(),
                none.as_ref(),
                Reduction::Mean,
            ),
        ),
        ("square_error", product.mse_loss(labels, Reduction::Mean)),
        ("sum", product.sum(None::<Kind>)),
        ("mixed", &product + labels),
        ("convolution", maps),
        ("product", product),
    ]
}

#[test]
fn autocast_gives_each_operation_the_format_that_torch_autocast_gives_it() {
    let reference = Reference::open();
    let given = |name: &str| reference.get(&format!("autocast.given.{name}"));
    for (name, half) in [("bf16", HalfPrecision::BFloat16), ("fp16", HalfPrecision::Float16)] {
        let leaf = |name: &str| given(name).copy().set_requires_grad(true);
        let (filters, matrix) = (leaf("filters"), leaf("matrix"));
        let tensors = [given("image"), &filters, &matrix, given("norm"), given("labels")];
        let results = autocast(Device::Cpu, half, || operations(tensors)).unwrap();
        for (key, result) in &results {
            reference.assert_within(HALF, &format!("autocast.{name}.{key}"), result);
        }
        let result = |wanted: &str| {
            let found = results.iter().find(|(key, _)| *key == wanted);
            found.unwrap().1.to_kind(Kind::Float)
        };
        let loss = result("cross_entropy") + result("pool").square().sum(Kind::Float);
        loss.backward();
        for (label, leaf) in [("filters", filters), ("matrix", matrix)] {
            let name = format!("autocast.{name}.gradient.{label}");
            reference.assert_within(HALF, &name, &leaf.grad());
        }
    }
}

#[test]
fn a_generator_has_the_state_and_draws_the_numbers_of_pytorch() {
    let reference = Reference::open();
    let before = generator_state(Device::Cpu).unwrap();
    assert_eq!(before.size(), reference.get("generator.state").size());
    set_generator_state(Device::Cpu, reference.get("generator.state")).unwrap();
    let drawn = |shape| (shape, (Kind::Float, Device::Cpu));
    let (shape, options) = drawn([7]);
    let uniform = Tensor::rand(shape, options);
    let (shape, options) = drawn([20]);
    let normal = Tensor::randn(shape, options);
    let after = generator_state(Device::Cpu).unwrap();
    tch::manual_seed(42);
    let seeded = generator_state(Device::Cpu).unwrap();
    reference.assert_same("generator.uniform", &uniform);
    reference.assert_same("generator.normal", &normal);
    assert!(after.equal(reference.get("generator.state_after")));
    assert!(seeded.equal(reference.get("generator.state")));
}

#[test]
fn an_average_follows_as_that_of_torch_optim_swa_utils() {
    let reference = Reference::open();
    let average = reference.get("average.start").copy();
    let source = reference.get("average.source").shallow_clone();
    move_towards(&[average.shallow_clone()], &[source], 0.25).unwrap();
    reference.assert_same("average.after", &average);
}

#[test]
fn channels_come_last_as_those_that_pytorch_moves() {
    let reference = Reference::open();
    let numbers = |index: usize, name: &str| -> Option<Vec<i64>> {
        let tensor = reference.0.get(&format!("layout.{index}.{name}"))?;
        Some(Vec::try_from(tensor).unwrap())
    };
    let cases = (0..).map_while(|index| Some((index, numbers(index, "shape")?)));
    for (index, shape) in cases {
        let image = channels_last(&Tensor::ones(&shape, (Kind::Float, Device::Cpu))).unwrap();
        let mut filters = Tensor::ones([4, shape[1], 3, 3], (Kind::Float, Device::Cpu));
        make_channels_last(&mut filters).unwrap();
        let none: Option<Tensor> = None;
        let maps = image.conv2d(&filters, none.as_ref(), [1, 1], [1, 1], [1, 1], 1);
        for (name, tensor) in [("image", image), ("filters", filters), ("maps", maps)] {
            assert_eq!(Some(tensor.stride()), numbers(index, name), "{name} of {shape:?}");
        }
    }
    assert!(numbers(5, "shape").is_some());
}

#[test]
fn a_packed_convolution_is_convolution_norm_sum_and_relu_of_pytorch() {
    let reference = Reference::open();
    let get = |name: &str| reference.get(&format!("packed.{name}"));
    let norm = ["scale", "shift", "mean", "variance"].map(get);
    let packed =
        PackedConvolution::with_norm(get("weight"), norm, 1e-5, [2, 1, 2], Kind::Float).unwrap();
    let after = packed.forward(get("image"), Some(get("residual")), true).unwrap();
    // Folded into the weights, the norm rounds elsewhere.
    reference.assert_within(10.0 * SINGLE, "packed.after", &after);
}
