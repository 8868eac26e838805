//! CPU training kernels for libtorch tensors.
//!
//! [`winograd_convolution`] and [`FusedBatchNorm`] compute what libtorch's own operations compute,
//! with their gradients, in less time. They run on x86-64 processors with AVX2 or AVX-512. Tensors
//! that a kernel is not made for go to libtorch, with the same result but for rounding; the crate
//! says so once for each reason, through [`log`], at level `info`.
//!
//! [`instruction_set`] tells what kernels run in. [`VERSION`] changes whenever a result changes in
//! its last digits: record both beside a training that is to be repeated.
//!
//! ```
//! use foramen_kernels::{FusedBatchNorm, winograd_convolution};
//! use foramen_tch::channels_last;
//! use tch::{Device, Kind, Tensor};
//!
//! let options = (Kind::Float, Device::Cpu);
//! let maps = channels_last(&Tensor::randn([8, 16, 12, 12], options))?;
//! let weight = (Tensor::randn([32, 16, 3, 3], options) / 12.0).set_requires_grad(true);
//! let norm = [1.0, 0.0, 0.0, 1.0].map(|value| Tensor::full([32], value, options));
//!
//! let convolved = winograd_convolution(&maps, &weight)?;
//! let out = FusedBatchNorm::default().forward(&convolved, None, norm.each_ref(), true)?;
//! assert_eq!(out.size(), [8, 32, 12, 12]);
//! out.sum(Kind::Float).backward();
//! assert_eq!(weight.grad().size(), [32, 16, 3, 3]);
//! # Ok::<(), foramen_kernels::TorchError>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch_norm;
mod ffi;
mod instruction_set;
mod leftover;
mod winograd;

pub use batch_norm::FusedBatchNorm;
pub use foramen_tch::TorchError;
#[doc(hidden)]
pub use instruction_set::limit_instruction_set;
pub use instruction_set::{InstructionSet, VERSION, instruction_set};
pub use tch;
pub use winograd::winograd_convolution;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
