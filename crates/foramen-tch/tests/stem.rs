//! `stem_convolution` beside libtorch's own convolution in f64.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::sync::{Mutex, PoisonError};

use foramen_tch::{HalfPrecision, autocast, channels_last, is_channels_last, stem_convolution};
use tch::{Device, Kind, Tensor};

/// The number of threads is the whole process's.
static THREADS: Mutex<()> = Mutex::new(());

/// Numbers without a pattern.
fn wave(shape: &[i64], step: f64) -> Tensor {
    let count = shape.iter().product::<i64>();
    let counted = Tensor::arange(count, (Kind::Double, Device::Cpu));
    (counted.square() * step).sin().to_kind(Kind::Float).reshape(shape)
}

fn images(shape: [i64; 4]) -> Tensor {
    channels_last(&wave(&shape, 0.7)).unwrap()
}

fn direct(images: &Tensor, weight: &Tensor, stride: i64) -> Tensor {
    images.conv2d(weight, None::<Tensor>, stride, weight.size()[2] / 2, 1, 1)
}

fn stem(images: &Tensor, weight: &Tensor, stride: i64) -> Tensor {
    stem_convolution(images, weight, stride).unwrap()
}

/// What comes out, and the gradients of images and weight.
fn results(
    convolve: impl Fn(&Tensor, &Tensor) -> Tensor,
    images: &Tensor,
    weight: &Tensor,
) -> [Tensor; 3] {
    let leaf = |tensor: &Tensor| tensor.detach().copy().set_requires_grad(true);
    let (images, weight) = (leaf(images), leaf(weight));
    let out = convolve(&images, &weight);
    (&out * wave(&out.size(), 0.05).to_kind(out.kind())).sum(None).backward();
    [out.detach(), images.grad(), weight.grad()]
}

/// The largest distance as a share of the largest value.
fn apart(a: &Tensor, b: &Tensor) -> f64 {
    let most = |tensor: Tensor| tensor.abs().max().double_value(&[]);
    most(a.to_kind(Kind::Double) - b) / most(b.shallow_clone())
}

#[test]
fn equals_a_direct_convolution() {
    // Filters of one pixel and of 7 x 7, one to four channels, 16, 32 and 64 of them after and
    // numbers that these do not divide; columns that the loops divide, and others.
    for (shape, to, side, stride) in [
        ([5, 1, 64, 64], 16, 5, 2),
        ([2, 3, 61, 52], 64, 7, 2),
        ([3, 2, 9, 27], 48, 3, 1),
        ([20, 4, 33, 40], 32, 5, 3),
        ([1, 3, 1, 13], 128, 1, 1),
    ] {
        let (images, weight) = (images(shape), wave(&[to, shape[1], side, side], 0.3));
        let ours = results(|images, weight| stem(images, weight, stride), &images, &weight);
        let wide = [&images, &weight].map(|tensor| tensor.to_kind(Kind::Double));
        let direct = |images: &Tensor, weight: &Tensor| direct(images, weight, stride);
        let exact = results(direct, &wide[0], &wide[1]);
        for (name, (ours, exact)) in ["out", "images", "weight"].iter().zip(ours.iter().zip(&exact))
        {
            let what = format!("{name} of {shape:?} to {to}, {side}, {stride}");
            assert_eq!(ours.size(), exact.size(), "{what}");
            assert!(apart(ours, exact) < 1e-5, "{what}: {:.1e}", apart(ours, exact));
        }
        assert!(is_channels_last(&ours[0]).unwrap());
    }
}

/// What the loops are not for must come out as from libtorch.
#[test]
fn leaves_the_rest_to_libtorch() {
    let (good, weight) = (images([2, 1, 30, 30]), wave(&[16, 1, 5, 5], 0.3));
    for (images, weight) in [
        (&images([2, 5, 30, 30]), &wave(&[16, 5, 5, 5], 0.3)),
        (&images([2, 1, 30, 12]), &weight),
        (&good, &wave(&[20, 1, 5, 5], 0.3)),
        (&good, &wave(&[16, 1, 9, 9], 0.3)),
        (&good.to_kind(Kind::Double), &weight.to_kind(Kind::Double)),
    ] {
        assert_eq!(stem(images, weight, 1), direct(images, weight, 1));
    }
    let even = stem(&good, &wave(&[16, 1, 4, 2], 0.3), 1);
    assert_eq!(even.size(), [2, 16, 31, 31]);
    let half = autocast(Device::Cpu, HalfPrecision::BFloat16, || stem(&good, &weight, 2));
    assert_eq!(half.unwrap().kind(), Kind::BFloat16);
    assert!(stem_convolution(&good, &wave(&[16, 3, 5, 5], 0.3), 2).is_err());
    assert!(stem_convolution(&good, &weight, 0).is_err());
    assert!(stem_convolution(&good, &weight.get(0), 2).is_err());
}

#[test]
fn gives_the_same_bytes_with_any_number_of_threads() {
    let _alone = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let (images, weight) = (images([21, 3, 40, 44]), wave(&[64, 3, 7, 7], 0.3));
    let before = tch::get_num_threads();
    let with = |threads| {
        tch::set_num_threads(threads);
        // That of the images is libtorch's.
        let [out, _, of_weight] = results(|a, b| stem(a, b, 2), &images, &weight);
        [out, of_weight]
    };
    let one = with(1);
    let (two, five) = (with(2), with(5));
    tch::set_num_threads(before);
    assert_eq!(one, two);
    assert_eq!(one, five);
}

#[test]
fn a_second_derivative_is_refused() {
    let weight = wave(&[16, 1, 5, 5], 0.3).set_requires_grad(true);
    let sum = stem(&images([2, 1, 30, 30]), &weight, 2).square().sum(None);
    let error = Tensor::f_run_backward(&[sum], &[&weight], true, true).unwrap_err();
    assert!(error.to_string().contains("no second derivative"), "{error}");
}
