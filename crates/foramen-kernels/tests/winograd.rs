//! `winograd_convolution` beside libtorch's own convolution in f64.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

#[path = "instruction_sets/each.rs"]
mod instruction_sets;

use foramen_kernels::winograd_convolution;
use foramen_tch::{HalfPrecision, autocast, channels_last, is_channels_last};
use instruction_sets::{in_each, say};
use tch::{Device, Kind, Tensor};

/// Numbers without a pattern.
fn wave(shape: &[i64], step: f64) -> Tensor {
    let count = shape.iter().product::<i64>();
    let counted = Tensor::arange(count, (Kind::Double, Device::Cpu));
    (counted.square() * step).sin().to_kind(Kind::Float).reshape(shape)
}

fn direct(maps: &Tensor, weight: &Tensor) -> Tensor {
    maps.conv2d(weight, None::<Tensor>, 1, 1, 1, 1)
}

/// What comes out, and the gradients of maps and weight.
fn results(
    convolve: impl Fn(&Tensor, &Tensor) -> Tensor,
    maps: &Tensor,
    weight: &Tensor,
) -> [Tensor; 3] {
    let leaf = |tensor: &Tensor| tensor.detach().copy().set_requires_grad(true);
    let (maps, weight) = (leaf(maps), leaf(weight));
    let out = convolve(&maps, &weight);
    let slope = channels_last(&wave(&out.size(), 0.05)).unwrap().to_kind(out.kind());
    (&out * slope).sum(None).backward();
    [out.detach(), maps.grad(), weight.grad()]
}

/// The largest distance as a share of the largest value.
fn apart(a: &Tensor, b: &Tensor) -> f64 {
    let most = |tensor: Tensor| tensor.abs().max().double_value(&[]);
    most(a.to_kind(Kind::Double) - b) / most(b.shallow_clone())
}

fn winograd(maps: &Tensor, weight: &Tensor) -> Tensor {
    winograd_convolution(maps, weight).unwrap()
}

/// Maps and a weight, with what libtorch computes from them in f64.
struct Case {
    maps: Tensor,
    weight: Tensor,
    exact: [Tensor; 3],
}

impl Case {
    fn new(shape: [i64; 4], to: i64, lay_weight: bool) -> Self {
        let maps = channels_last(&wave(&shape, 0.7)).unwrap();
        let weight = wave(&[to, shape[1], 3, 3], 0.3);
        let weight = if lay_weight { channels_last(&weight).unwrap() } else { weight };
        let double = |tensor: &Tensor| tensor.to_kind(Kind::Double);
        let exact = results(direct, &double(&maps), &double(&weight));
        Self { maps, weight, exact }
    }

    /// The largest distance of what a convolution gives, which must be within `bound`.
    fn apart(&self, convolve: fn(&Tensor, &Tensor) -> Tensor, bound: f64) -> f64 {
        let ours = results(convolve, &self.maps, &self.weight);
        assert!(is_channels_last(&ours[0]).unwrap());
        let named = ["out", "maps", "weight"].into_iter().zip(ours.iter().zip(&self.exact));
        let distances = named.map(|(name, (ours, exact))| {
            let what = format!("{name} of {:?} by {:?}", self.maps.size(), self.weight.size());
            assert_eq!(ours.size(), exact.size(), "{what}");
            let apart = apart(ours, exact);
            assert!(apart < bound, "{what}: {apart:.1e}");
            apart
        });
        distances.fold(0.0, f64::max)
    }
}

#[test]
fn equals_a_direct_convolution() {
    // One strip of channels, several, and numbers that 32 or 64 does not divide; sides that
    // 4 divides and others, less than a tile, a last block with few tiles, filters that are
    // taken in several groups, and such as are more than the maps.
    let shapes = [
        ([2, 16, 20, 20], 16),
        ([3, 32, 17, 23], 48),
        ([1, 64, 41, 31], 64),
        ([5, 48, 13, 16], 80),
        ([50, 96, 3, 2], 32),
        ([4, 128, 15, 15], 192),
        ([64, 16, 7, 5], 256),
        ([9, 256, 13, 14], 256),
        ([14, 512, 7, 7], 256),
        ([12, 128, 7, 7], 96),
        ([12, 128, 7, 7], 80),
        ([16, 64, 7, 7], 2048),
    ];
    let mut cases: Vec<_> = shapes.map(|(shape, to)| Case::new(shape, to, true)).into();
    cases.push(Case::new([2, 32, 24, 24], 64, false));
    let most = |convolve| cases.iter().map(|case| case.apart(convolve, 4e-5)).fold(0.0, f64::max);
    let libtorch = most(direct);
    in_each("equals_a_direct_convolution", |set| {
        say(&format!(
            "{set}: at most {:.1e} of the largest value from a convolution in f64 (libtorch \
             {libtorch:.1e})",
            most(winograd)
        ));
    });
}

/// What the loops are not for must come out as from libtorch, to the last bit.
#[test]
fn leaves_the_rest_to_libtorch() {
    in_each("leaves_the_rest_to_libtorch", |_| {
        let maps = wave(&[2, 16, 20, 20], 0.7);
        let weight = wave(&[16, 16, 3, 3], 0.3);
        let lies_well = channels_last(&maps).unwrap();
        assert_ne!(winograd(&lies_well, &weight), direct(&lies_well, &weight));
        let few = channels_last(&wave(&[1, 16, 20, 20], 0.7)).unwrap();
        let narrow = channels_last(&wave(&[2, 8, 20, 20], 0.7)).unwrap();
        for (maps, weight) in [
            (&maps, &weight),
            (&few, &weight),
            (&narrow, &wave(&[16, 8, 3, 3], 0.3)),
            (&lies_well, &wave(&[20, 16, 3, 3], 0.3)),
            (&lies_well.to_kind(Kind::Double), &weight.to_kind(Kind::Double)),
        ] {
            assert_eq!(winograd(maps, weight), direct(maps, weight));
        }
        let half = autocast(Device::Cpu, HalfPrecision::BFloat16, || winograd(&lies_well, &weight));
        assert_eq!(half.unwrap().kind(), Kind::BFloat16);
        assert!(winograd_convolution(&lies_well, &wave(&[16, 32, 3, 3], 0.3)).is_err());
    });
}

#[test]
fn gives_the_same_bytes_with_any_number_of_threads() {
    in_each("gives_the_same_bytes_with_any_number_of_threads", |_| {
        let before = tch::get_num_threads();
        // More maps than filters, and more filters than maps.
        for (shape, to) in [([6, 32, 29, 31], 64), ([14, 512, 7, 7], 256)] {
            let maps = channels_last(&wave(&shape, 0.7)).unwrap();
            let weight = channels_last(&wave(&[to, shape[1], 3, 3], 0.3)).unwrap();
            let with = |threads| {
                tch::set_num_threads(threads);
                results(winograd, &maps, &weight)
            };
            let [one, two, five] = [1, 2, 5].map(with);
            tch::set_num_threads(before);
            assert_eq!(one, two);
            assert_eq!(one, five);
        }
    });
}

/// Gradients go where they are asked for.
#[test]
fn differentiates_what_is_asked_for() {
    in_each("differentiates_what_is_asked_for", |_| {
        let maps = channels_last(&wave(&[2, 16, 20, 20], 0.7)).unwrap();
        let weight = wave(&[16, 16, 3, 3], 0.3).set_requires_grad(true);
        winograd(&maps, &weight).sum(None).backward();
        assert!(weight.grad().defined() && !maps.grad().defined());
        let maps = maps.set_requires_grad(true);
        winograd(&maps, &weight.detach()).sum(None).backward();
        assert!(maps.grad().defined());
        let first = Tensor::f_run_backward(
            &[winograd(&maps, &weight).square().sum(None)],
            &[&maps],
            true,
            true,
        );
        assert!(first.unwrap_err().to_string().contains("no second derivative"));
    });
}
