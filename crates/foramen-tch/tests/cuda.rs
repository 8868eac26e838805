//! What only a GPU can show: these tests fail where there is none.
#![cfg(feature = "cuda-tests")]
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test that cannot go on has failed; scales are powers of two"
)]

use std::sync::{Mutex, MutexGuard};

use foramen_tch::{
    AdamW, AdamWConfig, GradientScaler, HalfPrecision, ScalerConfig, Sgd, SgdConfig, autocast,
    channels_last, generator_state, is_channels_last, set_cudnn_benchmark, set_deterministic,
    set_generator_state, set_tf32,
};
use tch::{Device, Kind, Tensor};

const GPU: Device = Device::Cuda(0);

/// Switches and the generator are the whole process's.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Numbers between −1 and 1 that hang on no generator.
fn waves(shape: &[i64], device: Device) -> Tensor {
    let places = Tensor::arange(shape.iter().product::<i64>(), (Kind::Double, Device::Cpu));
    (places * 12.9898).sin().reshape(shape).to_kind(Kind::Float).to_device(device)
}

/// The greatest difference, in parts of the greatest number.
fn difference(found: &Tensor, expected: &Tensor) -> f64 {
    let [found, expected] =
        [found, expected].map(|tensor| tensor.to_device(Device::Cpu).to_kind(Kind::Double));
    let scale = expected.abs().max().double_value(&[]);
    (found - expected).abs().max().double_value(&[]) / scale
}

#[test]
fn tf32_cuts_products_and_convolutions_to_ten_bits_and_only_when_allowed() {
    let _alone = alone();
    let on = |device| [waves(&[512, 512], device), waves(&[512, 512], device).tr()];
    let maps = |device| [waves(&[16, 64, 56, 56], device), waves(&[64, 64, 3, 3], device)];
    let convolved = |maps: &Tensor, kernels: &Tensor| {
        maps.conv2d::<Tensor>(kernels, None, [1, 1], [1, 1], [1, 1], 1)
    };
    // Of the same numbers in double precision.
    let exactly = |pair: [Tensor; 2]| pair.map(|tensor| tensor.to_kind(Kind::Double));
    let [a, b] = exactly(on(Device::Cpu));
    let product = a.matmul(&b);
    let [a, b] = exactly(maps(Device::Cpu));
    let convolution = convolved(&a, &b);
    let errors = || {
        let ([a, b], [c, d]) = (on(GPU), maps(GPU));
        let [c, d] = [c, d].map(|tensor| channels_last(&tensor).unwrap());
        [difference(&a.matmul(&b), &product), difference(&convolved(&c, &d), &convolution)]
    };
    set_tf32(false).unwrap();
    let exact = errors();
    set_tf32(true).unwrap();
    let cut = errors();
    set_tf32(false).unwrap();
    let again = errors();
    println!("f32 {exact:?}, TF32 {cut:?}, f32 again {again:?}");
    assert!(exact.iter().chain(&again).all(|error| *error < 1e-5), "{exact:?} {again:?}");
    // Ten bits are 5e-4 of each factor.
    assert!(cut.iter().all(|error| (2e-5..5e-3).contains(error)), "{cut:?}");
}

#[test]
fn deterministic_algorithms_are_asked_for_and_repeat_their_bytes() {
    let _alone = alone();
    // torch.use_deterministic_algorithms(True) makes PyTorch refuse the gradient of
    // adaptive_avg_pool2d on CUDA, which adds with atomics.
    let pooled = || {
        let maps = waves(&[2, 4, 9, 9], GPU).set_requires_grad(true);
        let loss = maps.adaptive_avg_pool2d([4, 4]).square().sum(Kind::Float);
        Tensor::f_run_backward(&[loss], &[&maps], false, false).map(|mut found| found.remove(0))
    };
    set_deterministic(true).unwrap();
    let refused = pooled();
    let sums = [0; 2].map(|_| {
        let places = (waves(&[100_000], GPU).abs() * 9.0).to_kind(Kind::Int64);
        waves(&[10], GPU).index_add(0, &places, &waves(&[100_000], GPU))
    });
    set_deterministic(false).unwrap();
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("deterministic implementation"), "{error}");
    assert!(sums[0].equal(&sums[1]));
    assert!(pooled().is_ok());
}

#[test]
fn autocast_computes_in_half_precision_and_gradients_reach_f32_weights() {
    let _alone = alone();
    set_tf32(false).unwrap();
    let gradient = |precision: Option<HalfPrecision>| {
        let weight = (waves(&[16, 8, 3, 3], GPU) * 0.2).set_requires_grad(true);
        let maps = channels_last(&waves(&[4, 8, 12, 12], GPU)).unwrap();
        let forward = || maps.conv2d::<Tensor>(&weight, None, [1, 1], [1, 1], [1, 1], 1);
        let maps = match precision {
            Some(precision) => autocast(GPU, precision, forward).unwrap(),
            None => forward(),
        };
        let layout = is_channels_last(&maps).unwrap();
        maps.to_kind(Kind::Float).square().sum(Kind::Float).backward();
        (maps.kind(), layout, weight.grad())
    };
    let (kind, layout, exact) = gradient(None);
    assert_eq!((kind, layout), (Kind::Float, true));
    for (precision, kind, bound) in [
        (HalfPrecision::BFloat16, Kind::BFloat16, 2e-2),
        (HalfPrecision::Float16, Kind::Half, 3e-3),
    ] {
        let (found, layout, rounded) = gradient(Some(precision));
        assert_eq!((found, layout, rounded.kind()), (kind, true, Kind::Float));
        let off = difference(&rounded, &exact);
        assert!(off > 1e-6 && off < bound, "{kind:?}: {off}");
    }
}

#[test]
fn optimisers_step_there_as_on_the_processor() {
    let steps = |device, adaptive: bool| {
        let weight = waves(&[40, 30], device).set_requires_grad(true);
        let bias = waves(&[30], device).set_requires_grad(true);
        let input = waves(&[20, 40], device);
        let mut adamw = AdamW::new(AdamWConfig::default().with_learning_rate(0.01));
        let mut sgd = Sgd::new(SgdConfig::default().with_learning_rate(0.01).with_nesterov(true));
        for (name, tensor, decays) in [("weight", &weight, true), ("bias", &bias, false)] {
            adamw.add(name, tensor, decays);
            sgd.add(name, tensor, decays);
        }
        for _ in 0..10 {
            adamw.zero_grad();
            (input.matmul(&weight) + &bias).square().mean(Kind::Float).backward();
            if adaptive { adamw.step() } else { sgd.step() }.unwrap();
        }
        let state = if adaptive { adamw.state() } else { sgd.state() };
        assert!(state.iter().all(|(_, tensor)| tensor.device() == device));
        (weight.detach(), bias.detach())
    };
    let _alone = alone();
    set_tf32(false).unwrap();
    for adaptive in [true, false] {
        let (weight, bias) = steps(GPU, adaptive);
        let (expected_weight, expected_bias) = steps(Device::Cpu, adaptive);
        let off = difference(&weight, &expected_weight).max(difference(&bias, &expected_bias));
        assert!(off < 1e-5, "AdamW {adaptive}: {off}");
    }
}

#[test]
fn the_scaler_sees_what_overflows_there() {
    let mut config = ScalerConfig::default();
    (config.initial_scale, config.growth_interval) = (8.0, 2);
    let mut scaler = GradientScaler::new(config, GPU);
    let gradients = [1.0, 1.0, f32::INFINITY, 1.0, 1.0, f32::NAN];
    for (gradient, expected) in gradients.into_iter().zip([8.0, 16.0, 8.0, 8.0, 16.0, 8.0]) {
        let tensor = Tensor::from_slice(&[8.0, 8.0 * gradient]).to_device(GPU);
        assert_eq!(scaler.unscale(&[tensor]).unwrap(), gradient.is_finite());
        scaler.update().unwrap();
        assert_eq!(scaler.factor(), expected);
    }
}

#[test]
fn a_restored_generator_repeats_its_numbers() {
    let _alone = alone();
    let draw = || Vec::<f32>::try_from(Tensor::rand([8], (Kind::Float, GPU))).unwrap();
    tch::manual_seed(1);
    let state = generator_state(GPU).unwrap();
    let first = draw();
    assert_ne!(draw(), first);
    set_generator_state(GPU, &state).unwrap();
    assert_eq!(draw(), first);
    assert!(set_generator_state(GPU, &Tensor::from_slice(&[1u8])).is_err());
}

#[test]
fn algorithms_that_cudnn_timed_give_the_same_numbers() {
    let _alone = alone();
    set_tf32(false).unwrap();
    let maps = || {
        let maps = waves(&[8, 16, 32, 32], GPU);
        maps.conv2d::<Tensor>(&waves(&[16, 16, 3, 3], GPU), None, [1, 1], [1, 1], [1, 1], 1)
    };
    let plain = maps();
    set_cudnn_benchmark(true).unwrap();
    let timed = maps();
    set_cudnn_benchmark(false).unwrap();
    assert!(difference(&timed, &plain) < 1e-5);
}
