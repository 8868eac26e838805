//! `FusedBatchNorm` beside libtorch's own batch norm, sum and `ReLU`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

#[path = "instruction_sets/each.rs"]
mod instruction_sets;

use foramen_kernels::FusedBatchNorm;
use foramen_tch::{channels_last, is_channels_last};
use instruction_sets::{in_each, say};
use tch::{Device, Kind, Tensor};

/// Numbers without a pattern, around a mean that is no zero.
fn wave(shape: &[i64], step: f64) -> Tensor {
    let count = shape.iter().product::<i64>();
    let counted = Tensor::arange(count, (Kind::Double, Device::Cpu));
    ((counted * step).sin() * 2 + 0.7).to_kind(Kind::Float).reshape(shape)
}

/// What comes after a norm.
#[derive(Debug, Clone, Copy)]
struct After {
    residual: bool,
    relu: bool,
    pooled: bool,
}

const NOTHING: After = After { residual: false, relu: false, pooled: false };
const RELU: After = After { relu: true, ..NOTHING };
const RESIDUAL_AND_RELU: After = After { residual: true, ..RELU };
const POOLED: After = After { pooled: true, ..RELU };

/// Maps, residual, weight and bias, whose gradients are asked for, and running
/// statistics.
struct Given {
    maps: Tensor,
    residual: Tensor,
    norm: [Tensor; 4],
}

impl Given {
    fn new(shape: [i64; 4], kind: Kind) -> Self {
        let lay = |step| channels_last(&wave(&shape, step).to_kind(kind)).unwrap();
        // A norm is in f32, whatever the maps are in, or all is in f64.
        let of = |step: f64| {
            let norm = wave(&[shape[1]], step);
            if kind == Kind::Double { norm.to_kind(kind) } else { norm }
        };
        let leaf = |tensor: Tensor| tensor.set_requires_grad(true);
        Self {
            maps: leaf(lay(1.1)),
            residual: leaf(lay(0.3)),
            norm: [leaf(of(0.7)), leaf(of(0.9)), of(1.3), of(0.2).square() + 0.1],
        }
    }

    /// The same numbers in f64, where nothing is rounded that matters.
    fn in_double(&self) -> Self {
        let wide = |tensor: &Tensor| {
            let wide = tensor.detach().to_kind(Kind::Double).copy();
            wide.set_requires_grad(tensor.requires_grad())
        };
        let norm = self.norm.each_ref().map(wide);
        Self { maps: wide(&self.maps), residual: wide(&self.residual), norm }
    }

    /// What comes out, its running statistics, and the gradients of all that has one.
    fn results(&self, after: After, fused: bool) -> Vec<(&'static str, Tensor)> {
        let [weight, bias, mean, variance] = &self.norm;
        let (mean, variance) = (mean.copy(), variance.copy());
        let residual = after.residual.then_some(&self.residual);
        let After { relu, pooled, .. } = after;
        let out = if fused {
            let norm = [weight, bias, &mean, &variance];
            let fused = FusedBatchNorm::default();
            if pooled {
                fused.forward_pooled(&self.maps, norm).unwrap()
            } else {
                fused.forward(&self.maps, residual, norm, relu).unwrap()
            }
        } else {
            let running = (Some(&mean), Some(&variance));
            let (weight, bias) = (Some(weight), Some(bias));
            let maps = &self.maps;
            let maps = maps.batch_norm(weight, bias, running.0, running.1, true, 0.1, 1e-5, true);
            let maps = residual.map_or(maps.shallow_clone(), |residual| maps + residual);
            let maps = if relu { maps.relu() } else { maps };
            if pooled { maps.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false) } else { maps }
        };
        let slope = wave(&out.size(), 0.05).to_kind(Kind::BFloat16).to_kind(out.kind());
        (&out * slope).sum(Kind::Float).backward();
        let mut results = vec![("out", out.detach()), ("mean", mean), ("variance", variance)];
        let [weight, bias, ..] = &self.norm;
        let leaves = [("maps", &self.maps), ("weight", weight), ("bias", bias)];
        for (name, leaf) in leaves.into_iter().chain(residual.map(|leaf| ("residual", leaf))) {
            let mut gradient = leaf.grad();
            results.push((name, gradient.copy()));
            let _ = gradient.zero_();
        }
        results
    }
}

/// The largest distance as a share of the largest value.
fn apart(a: &Tensor, b: &Tensor) -> f64 {
    let most = |tensor: Tensor| tensor.abs().max().double_value(&[]);
    let (a, b) = (a.to_kind(Kind::Double), b.to_kind(Kind::Double));
    most(&a - &b) / most(b)
}

/// What is given, and what comes of it in f64 by what comes after the norm.
struct Case {
    given: Given,
    exact: Vec<(After, Vec<(&'static str, Tensor)>)>,
    bound: f64,
}

impl Case {
    fn new(shape: [i64; 4], kind: Kind, bound: f64) -> Self {
        let given = Given::new(shape, kind);
        let double = given.in_double();
        let residual = After { residual: true, ..NOTHING };
        // Where it is libtorch that rounds to bf16 before a pooling, several are the largest.
        let pooled = (kind != Kind::BFloat16 || shape[1] % 64 == 0).then_some(POOLED);
        let afters = [NOTHING, RELU, residual, RESIDUAL_AND_RELU].into_iter().chain(pooled);
        let exact = afters.map(|after| (after, double.results(after, false))).collect();
        Self { given, exact, bound }
    }

    /// The largest distance of ours, which must be within the bound, or of libtorch's own.
    fn apart(&self, fused: bool) -> f64 {
        let (shape, kind) = (self.given.maps.size(), self.given.maps.kind());
        let mut most: f64 = 0.0;
        for (after, exact) in &self.exact {
            let ours = self.given.results(*after, fused);
            assert_eq!(ours.len(), exact.len());
            for ((name, ours), (_, exact)) in ours.iter().zip(exact) {
                let what = format!("{name}, {shape:?}, {kind:?}, {after:?}");
                assert_eq!(ours.size(), exact.size(), "{what}");
                let apart = apart(ours, exact);
                assert!(!fused || apart < self.bound, "{what}: {apart}");
                most = most.max(apart);
            }
            let out = &ours[0].1;
            assert!(out.kind() == kind && is_channels_last(out).unwrap());
        }
        most
    }
}

/// The largest distance of several.
fn most(cases: &[Case], fused: bool) -> f64 {
    cases.iter().map(|case| case.apart(fused)).fold(0.0, f64::max)
}

#[test]
fn fused_it_is_batch_norm_sum_and_relu() {
    // Some with a last chunk that is not full, some with several pixels in a row.
    let shapes = [
        [3, 64, 5, 7],
        [5, 128, 8, 6],
        [9, 16, 30, 32],
        [2, 32, 40, 40],
        [1, 320, 9, 9],
        [64, 4, 16, 16],
    ];
    let single = shapes.map(|shape| Case::new(shape, Kind::Float, 3e-4));
    let half = shapes.map(|shape| Case::new(shape, Kind::BFloat16, 1e-2));
    let libtorch = most(&single, false);
    in_each("fused_it_is_batch_norm_sum_and_relu", |set| {
        let (single, half) = (most(&single, true), most(&half, true));
        say(&format!(
            "{set}: at most {single:.1e} (f32; libtorch {libtorch:.1e}) and {half:.1e} (bf16) of \
             the largest value from f64"
        ));
    });
}

#[test]
fn what_is_not_fused_is_computed_all_the_same() {
    let shapes = [[4, 24, 9, 9], [3, 16, 5, 7]];
    let single = shapes.map(|shape| Case::new(shape, Kind::Float, 3e-4));
    let double = [[4, 24, 9, 9], [3, 16, 5, 7], [3, 64, 5, 7]];
    let double = double.map(|shape| Case::new(shape, Kind::Double, 1e-9));
    in_each("what_is_not_fused_is_computed_all_the_same", |_| {
        most(&single, true);
        most(&double, true);
    });
}

#[test]
fn maps_far_from_zero_are_as_exact_as_in_f64() {
    in_each("maps_far_from_zero_are_as_exact_as_in_f64", |_| {
        let mut given = Given::new([4, 64, 20, 20], Kind::Float);
        given.maps = (given.maps.detach() + 1000).set_requires_grad(true);
        let exact = given.in_double().results(RELU, false);
        for ((name, ours), (_, exact)) in given.results(RELU, true).iter().zip(&exact) {
            assert!(apart(ours, exact) < 1e-3, "{name}: {}", apart(ours, exact));
        }
    });
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    in_each("any_number_of_threads_gives_the_same_bytes", |_| {
        let given = Given::new([9, 64, 30, 31], Kind::BFloat16);
        let of = |threads| {
            tch::set_num_threads(threads);
            let mut results = given.results(RESIDUAL_AND_RELU, true);
            results.extend(given.results(POOLED, true));
            results
        };
        let before = tch::get_num_threads();
        let [one, two, five] = [1, 2, 5].map(of);
        tch::set_num_threads(before);
        for other in [two, five] {
            for ((name, a), (_, b)) in one.iter().zip(&other) {
                assert!(a.equal(b), "{name}");
            }
        }
    });
}

#[test]
fn what_is_no_number_is_not_lost_in_relu() {
    in_each("what_is_no_number_is_not_lost_in_relu", |_| {
        for kind in [Kind::Float, Kind::BFloat16] {
            let Given { maps, norm: [weight, bias, mean, variance], .. } =
                Given::new([2, 64, 4, 4], kind);
            let maps = maps.detach();
            let _ = maps.get(0).get(3).fill_(f64::NAN);
            let norm = [&weight, &bias, &mean, &variance];
            let out = FusedBatchNorm::default().forward(&maps, None, norm, true).unwrap();
            let lost = out.isnan().sum_dim_intlist([0_i64, 2, 3].as_slice(), false, Kind::Int64);
            assert_eq!(lost.int64_value(&[3]), 32, "{kind:?}");
            assert_eq!(lost.sum(Kind::Int64).int64_value(&[]), 32, "{kind:?}");
            let pooled = FusedBatchNorm::default().forward_pooled(&maps, norm).unwrap();
            let lost = pooled.isnan().sum(Kind::Int64).int64_value(&[]);
            assert_eq!((pooled.size(), lost), (vec![2, 64, 2, 2], 8), "{kind:?}");
        }
    });
}

#[test]
fn gradients_come_in_any_layout() {
    in_each("gradients_come_in_any_layout", |_| {
        let Given { maps, norm: [weight, bias, mean, variance], .. } =
            Given::new([2, 64, 4, 4], Kind::Float);
        let norm = [&weight, &bias, &mean, &variance];
        let of = |lay: fn(&Tensor) -> Tensor| {
            let out = FusedBatchNorm::default().forward(&maps, None, norm, true).unwrap();
            Tensor::run_backward(&[lay(&out)], &[&maps], false, false).remove(0)
        };
        // A sum's gradient is one number with strides of 0, that of the copy row by row.
        let sum = of(|out| out.sum(Kind::Float));
        let copy = of(|out| out.contiguous().pow_tensor_scalar(1).sum(Kind::Float));
        assert!(apart(&sum, &copy) < 1e-6);
    });
}

#[test]
fn a_second_derivative_and_a_residual_that_does_not_fit_are_refused() {
    in_each("a_second_derivative_and_a_residual_that_does_not_fit_are_refused", |_| {
        let Given { maps, residual, norm: [weight, bias, mean, variance] } =
            Given::new([2, 64, 4, 4], Kind::Float);
        let norm = [&weight, &bias, &mean, &variance];
        let out = FusedBatchNorm::default().forward(&maps, None, norm, true).unwrap();
        let sum = out.sum(Kind::Float);
        let error = Tensor::f_run_backward(&[&sum], &[&maps], true, true).unwrap_err();
        assert!(error.to_string().contains("no second derivative"), "{error}");
        let part = residual.narrow(0, 0, 1);
        let error = FusedBatchNorm::default().forward(&maps, Some(&part), norm, true).unwrap_err();
        assert!(error.to_string().contains("a residual of [1, 64, 4, 4] does not fit"), "{error}");
        let short = [&weight.narrow(0, 0, 3), &bias, &mean, &variance];
        assert!(FusedBatchNorm::default().forward(&maps, None, short, true).is_err());
    });
}

#[test]
fn each_instruction_set_gives_the_same_bytes() {
    let seen = std::cell::RefCell::new(None);
    in_each("each_instruction_set_gives_the_same_bytes", |set| {
        for kind in [Kind::Float, Kind::BFloat16] {
            let given = Given::new([5, 64, 11, 13], kind);
            let mut results = given.results(RESIDUAL_AND_RELU, true);
            results.extend(given.results(POOLED, true));
            let mut seen = seen.borrow_mut();
            let first: &mut Vec<_> = seen.get_or_insert_with(Vec::new);
            match first.iter().find(|(of, _)| *of == kind) {
                None => first.push((kind, results)),
                Some((_, before)) => {
                    for ((name, a), (_, b)) in before.iter().zip(&results) {
                        assert!(a.equal(b), "{name} in {set}, {kind:?}");
                    }
                }
            }
        }
    });
}
