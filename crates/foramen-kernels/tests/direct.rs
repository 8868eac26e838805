//! `direct_convolution` beside libtorch's convolution in f64.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

#[path = "instruction_sets/each.rs"]
mod instruction_sets;

use foramen_kernels::direct_convolution;
use foramen_tch::{HalfPrecision, autocast, channels_last, is_channels_last};
use instruction_sets::in_each;
use tch::{Device, Kind, Tensor};

/// Numbers without a pattern.
fn wave(shape: &[i64], step: f64) -> Tensor {
    let count = shape.iter().product::<i64>();
    let counted = Tensor::arange(count, (Kind::Double, Device::Cpu));
    (counted.square() * step).sin().to_kind(Kind::Float).reshape(shape)
}

fn images(shape: [i64; 4]) -> Tensor {
    channels_last(&wave(&shape, 0.7)).unwrap()
}

fn libtorch(images: &Tensor, weight: &Tensor, stride: i64) -> Tensor {
    images.conv2d(weight, None::<Tensor>, stride, weight.size()[2] / 2, 1, 1)
}

fn ours(images: &Tensor, weight: &Tensor, stride: i64) -> Tensor {
    direct_convolution(images, weight, stride).unwrap()
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
fn equals_a_convolution_in_f64() {
    in_each("equals_a_convolution_in_f64", |_| {
        // Filters of one pixel and of 7 x 7, one to four channels, 16, 32 and 64 of them after and
        // numbers that these do not divide; then strides, from 16, 32 and 64 channels, of even and
        // odd sides, and of rows that are longer than what is gone over at a time.
        for (shape, to, side, stride) in [
            ([5, 1, 64, 64], 16, 5, 2),
            ([2, 3, 61, 52], 64, 7, 2),
            ([3, 2, 9, 27], 48, 3, 1),
            ([20, 4, 33, 40], 32, 5, 3),
            ([1, 3, 1, 13], 128, 1, 1),
            ([2, 1, 3, 300], 16, 7, 1),
            ([3, 16, 32, 32], 32, 3, 2),
            ([40, 32, 17, 16], 64, 3, 2),
            ([1, 64, 8, 263], 16, 3, 2),
            ([2, 48, 1, 2], 80, 3, 2),
            ([1, 16, 2, 1], 16, 3, 2),
        ] {
            let (images, weight) = (images(shape), wave(&[to, shape[1], side, side], 0.3));
            let ours = results(|images, weight| ours(images, weight, stride), &images, &weight);
            let wide = [&images, &weight].map(|tensor| tensor.to_kind(Kind::Double));
            let libtorch = |images: &Tensor, weight: &Tensor| libtorch(images, weight, stride);
            let exact = results(libtorch, &wide[0], &wide[1]);
            for (name, (ours, exact)) in
                ["out", "maps", "weight"].iter().zip(ours.iter().zip(&exact))
            {
                let what = format!("{name} of {shape:?} to {to}, {side}, {stride}");
                assert_eq!(ours.size(), exact.size(), "{what}");
                assert!(apart(ours, exact) < 1e-5, "{what}: {:.1e}", apart(ours, exact));
            }
            assert!(is_channels_last(&ours[0]).unwrap());
        }
    });
}

/// What the loops are not for must come out as from libtorch.
#[test]
fn leaves_the_rest_to_libtorch() {
    in_each("leaves_the_rest_to_libtorch", |_| {
        let (good, weight) = (images([2, 1, 30, 30]), wave(&[16, 1, 5, 5], 0.3));
        let many = images([2, 16, 30, 30]);
        for (images, weight, stride) in [
            (&images([2, 5, 30, 30]), &wave(&[16, 5, 5, 5], 0.3), 1),
            (&good, &wave(&[20, 1, 5, 5], 0.3), 1),
            (&good, &wave(&[16, 1, 9, 9], 0.3), 1),
            (&good.to_kind(Kind::Double), &weight.to_kind(Kind::Double), 1),
            (&many, &wave(&[16, 16, 3, 3], 0.3), 3),
            (&many, &wave(&[16, 16, 5, 5], 0.3), 2),
            (&images([2, 24, 30, 30]), &wave(&[16, 24, 3, 3], 0.3), 2),
        ] {
            assert_eq!(ours(images, weight, stride), libtorch(images, weight, stride));
        }
        let even = ours(&good, &wave(&[16, 1, 4, 2], 0.3), 1);
        assert_eq!(even.size(), [2, 16, 31, 31]);
        let half = autocast(Device::Cpu, HalfPrecision::BFloat16, || ours(&good, &weight, 2));
        assert_eq!(half.unwrap().kind(), Kind::BFloat16);
        assert!(direct_convolution(&good, &wave(&[16, 3, 5, 5], 0.3), 2).is_err());
        assert!(direct_convolution(&good, &weight, 0).is_err());
        assert!(direct_convolution(&good, &weight.get(0), 2).is_err());
    });
}

#[test]
fn gives_the_same_bytes_with_any_number_of_threads() {
    in_each("gives_the_same_bytes_with_any_number_of_threads", |_| {
        let before = tch::get_num_threads();
        for (maps, weight) in [
            (images([21, 3, 40, 44]), wave(&[64, 3, 7, 7], 0.3)),
            (images([21, 32, 40, 44]), wave(&[64, 32, 3, 3], 0.3)),
        ] {
            let with = |threads| {
                tch::set_num_threads(threads);
                let [out, of_maps, of_weight] = results(|a, b| ours(a, b, 2), &maps, &weight);
                // That of images is libtorch's.
                if maps.size()[1] > 4 {
                    vec![out, of_maps, of_weight]
                } else {
                    vec![out, of_weight]
                }
            };
            let one = with(1);
            assert_eq!(one, with(2));
            assert_eq!(one, with(5));
        }
        tch::set_num_threads(before);
    });
}

#[test]
fn a_second_derivative_is_refused() {
    in_each("a_second_derivative_is_refused", |_| {
        let weight = wave(&[16, 1, 5, 5], 0.3).set_requires_grad(true);
        let sum = ours(&images([2, 1, 30, 30]), &weight, 2).square().sum(None);
        let error = Tensor::f_run_backward(&[sum], &[&weight], true, true).unwrap_err();
        assert!(error.to_string().contains("no second derivative"), "{error}");
    });
}
