//! The boundary: declarations of `shim/shim.cpp` and the safe wrappers closest
//! to them. All `unsafe` of this crate is in this module.
#![allow(
    unsafe_code,
    reason = "calls into C++; every block says which contract of shim.cpp it relies on"
)]

#[cfg(feature = "distributed")]
pub(crate) mod group;
mod lists;

use std::ffi::{CStr, c_char, c_int};

use tch::{Device, Tensor};
use torch_sys::C_tensor;

use crate::TorchError;
pub(crate) use lists::{AdamWSlot, SgdSlot, adamw_step, clear_gradients, lerp, sgd_step};

/// What autocast was set to before [`autocast_enter`].
#[repr(C)]
pub(crate) struct AutocastBefore {
    device: c_int,
    enabled: c_int,
    dtype: c_int,
}

/// Numbers of one AdamW step, as `shim.cpp` lays them out.
#[repr(C)]
pub(crate) struct AdamWStep {
    pub(crate) learning_rate: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) weight_decay: f64,
    pub(crate) epsilon: f64,
}

/// Numbers of one step of gradient descent, as `shim.cpp` lays them out.
#[repr(C)]
pub(crate) struct SgdStep {
    pub(crate) learning_rate: f64,
    pub(crate) momentum: f64,
    pub(crate) weight_decay: f64,
    pub(crate) nesterov: c_int,
}

/// The geometry of a convolution, as `shim.cpp` lays it out.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Geometry {
    pub(crate) stride: i64,
    pub(crate) padding: i64,
    pub(crate) groups: i64,
}

type List = *const *mut C_tensor;
type Message = *mut c_char;

unsafe extern "C" {
    fn ftch_free_message(text: Message);
    fn ftch_version() -> *const c_char;
    fn ftch_cpu_capability(out: *mut Message) -> Message;
    fn ftch_cpu_capabilities(out: *mut Message) -> Message;
    fn ftch_autocast_enter(device: c_int, dtype: c_int, before: *mut AutocastBefore) -> Message;
    fn ftch_autocast_leave(before: *const AutocastBefore) -> Message;
    fn ftch_set_deterministic(on: c_int) -> Message;
    fn ftch_is_deterministic(out: *mut c_int) -> Message;
    fn ftch_set_tf32(on: c_int) -> Message;
    fn ftch_is_tf32(out: *mut c_int) -> Message;
    fn ftch_set_cudnn_benchmark(on: c_int) -> Message;
    fn ftch_is_cudnn_benchmark(out: *mut c_int) -> Message;
    fn ftch_reuse_memory(supported: *mut c_int) -> Message;
    fn ftch_set_flush_denormal(on: c_int, supported: *mut c_int) -> Message;
    fn ftch_generator_state(device: c_int, out: *mut *mut C_tensor) -> Message;
    fn ftch_set_generator_state(device: c_int, state: *mut C_tensor) -> Message;
    fn ftch_channels_last(tensor: *mut C_tensor, out: *mut *mut C_tensor) -> Message;
    fn ftch_make_channels_last(tensor: *mut C_tensor) -> Message;
    fn ftch_is_channels_last(tensor: *mut C_tensor, out: *mut c_int) -> Message;
    fn ftch_pack_convolution(
        weight: *mut C_tensor,
        geometry: *const Geometry,
        out: *mut *mut C_tensor,
    ) -> Message;
    fn ftch_packed_convolution(
        input: *mut C_tensor,
        weight: *mut C_tensor,
        bias: *mut C_tensor,
        residual: *mut C_tensor,
        geometry: *const Geometry,
        relu: c_int,
        out: *mut *mut C_tensor,
    ) -> Message;
    fn ftch_clear_gradients(count: usize, parameters: List) -> Message;
    fn ftch_adamw_step(
        options: *const AdamWStep,
        count: usize,
        parameters: List,
        gradients: List,
        first: List,
        second: List,
        steps: List,
    ) -> Message;
    fn ftch_sgd_step(
        options: *const SgdStep,
        count: usize,
        parameters: List,
        gradients: List,
        buffers: List,
    ) -> Message;
    fn ftch_lerp(count: usize, targets: List, sources: List, weight: f64) -> Message;
}

/// Turns what a function of the shim returned into a result.
fn check(operation: &'static str, message: Message) -> Result<(), TorchError> {
    if message.is_null() {
        return Ok(());
    }
    Err(TorchError::Exception { operation, message: owned(message) })
}

/// Copies a message of the shim and gives the original back.
fn owned(message: Message) -> String {
    // SAFETY: a message is a NUL-terminated text that shim.cpp allocated for
    // its caller; it is read once and freed once, by the function that fits.
    unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        ftch_free_message(message);
        text
    }
}

/// The device as `shim.cpp` numbers it.
fn number(device: Device) -> Result<c_int, TorchError> {
    match device {
        Device::Cpu => Ok(-1),
        Device::Cuda(index) => {
            c_int::try_from(index).map_err(|_| TorchError::UnsupportedDevice { device })
        }
        Device::Mps | Device::Vulkan => Err(TorchError::UnsupportedDevice { device }),
    }
}

fn pointers<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<*mut C_tensor> {
    tensors.into_iter().map(|tensor| tensor.as_ptr().cast_mut()).collect()
}

pub(crate) fn version() -> &'static str {
    // SAFETY: the function returns a string literal.
    unsafe { CStr::from_ptr(ftch_version()) }.to_str().unwrap_or("unknown")
}

pub(crate) fn cpu_capability() -> Result<String, TorchError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: `out` outlives the call, which fills it when it succeeds.
    check("name the CPU capability", unsafe { ftch_cpu_capability(&raw mut out) })?;
    Ok(if out.is_null() { String::new() } else { owned(out) })
}

pub(crate) fn cpu_capabilities() -> Result<String, TorchError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: `out` outlives the call, which fills it when it succeeds.
    check("look at the processor", unsafe { ftch_cpu_capabilities(&raw mut out) })?;
    Ok(if out.is_null() { String::new() } else { owned(out) })
}

pub(crate) fn autocast_enter(device: Device, kind: c_int) -> Result<AutocastBefore, TorchError> {
    let device = number(device)?;
    let mut before = AutocastBefore { device, enabled: 0, dtype: 0 };
    // SAFETY: `before` outlives the call; the switch is of this thread alone.
    check("switch autocast on", unsafe { ftch_autocast_enter(device, kind, &raw mut before) })?;
    Ok(before)
}

pub(crate) fn autocast_leave(before: &AutocastBefore) -> Result<(), TorchError> {
    // SAFETY: `before` was filled by `autocast_enter`.
    check("switch autocast off", unsafe { ftch_autocast_leave(before) })
}

/// A switch of libtorch that is set by one function and read by another.
macro_rules! switch {
    ($set:ident, $c_set:ident, $is:ident, $c_is:ident, $what:literal) => {
        pub(crate) fn $set(on: bool) -> Result<(), TorchError> {
            // SAFETY: plain numbers go in, nothing is kept.
            check(concat!("set ", $what), unsafe { $c_set(c_int::from(on)) })
        }

        pub(crate) fn $is() -> Result<bool, TorchError> {
            let mut out = 0;
            // SAFETY: `out` outlives the call.
            check(concat!("read ", $what), unsafe { $c_is(&raw mut out) })?;
            Ok(out != 0)
        }
    };
}

switch!(
    set_deterministic,
    ftch_set_deterministic,
    is_deterministic,
    ftch_is_deterministic,
    "deterministic algorithms"
);
switch!(set_tf32, ftch_set_tf32, is_tf32, ftch_is_tf32, "TF32");
switch!(
    set_cudnn_benchmark,
    ftch_set_cudnn_benchmark,
    is_cudnn_benchmark,
    ftch_is_cudnn_benchmark,
    "the cuDNN benchmark mode"
);

pub(crate) fn reuse_memory() -> Result<bool, TorchError> {
    let mut supported: c_int = 0;
    // SAFETY: the pointer is to a live local; the allocator takes its own lock.
    let message = unsafe { ftch_reuse_memory(&raw mut supported) };
    check("keep freed memory", message)?;
    Ok(supported != 0)
}

pub(crate) fn set_flush_denormal(on: bool) -> Result<bool, TorchError> {
    let mut supported = 0;
    // SAFETY: `supported` outlives the call.
    let message = unsafe { ftch_set_flush_denormal(c_int::from(on), &raw mut supported) };
    check("set flushing of denormal numbers", message)?;
    Ok(supported != 0)
}

pub(crate) fn generator_state(device: Device) -> Result<Tensor, TorchError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: `out` outlives the call; on success it holds a tensor that is
    // ours, which `from_ptr` takes over.
    unsafe {
        check("read the generator state", ftch_generator_state(number(device)?, &raw mut out))?;
        Ok(Tensor::from_ptr(out))
    }
}

pub(crate) fn set_generator_state(device: Device, state: &Tensor) -> Result<(), TorchError> {
    let device = number(device)?;
    // SAFETY: the shim reads the tensor during the call only.
    let message = unsafe { ftch_set_generator_state(device, state.as_ptr().cast_mut()) };
    check("set the generator state", message)
}

pub(crate) fn channels_last(tensor: &Tensor) -> Result<Tensor, TorchError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: as for `generator_state`; the source is read during the call only.
    unsafe {
        let message = ftch_channels_last(tensor.as_ptr().cast_mut(), &raw mut out);
        check("lay the tensor out channels-last", message)?;
        Ok(Tensor::from_ptr(out))
    }
}

pub(crate) fn make_channels_last(tensor: &mut Tensor) -> Result<(), TorchError> {
    // SAFETY: the tensor is borrowed mutably for the call, which replaces its
    // storage; nothing of it is kept.
    check("lay the tensor out channels-last", unsafe {
        ftch_make_channels_last(tensor.as_mut_ptr())
    })
}

pub(crate) fn is_channels_last(tensor: &Tensor) -> Result<bool, TorchError> {
    let mut out = 0;
    // SAFETY: the tensor is read during the call; `out` outlives it.
    let message = unsafe { ftch_is_channels_last(tensor.as_ptr().cast_mut(), &raw mut out) };
    check("read the memory format", message)?;
    Ok(out != 0)
}

pub(crate) fn pack_convolution(weight: &Tensor, geometry: &Geometry) -> Result<Tensor, TorchError> {
    let mut out = std::ptr::null_mut();
    // SAFETY: as for `generator_state`; the weight is read during the call only.
    unsafe {
        let message = ftch_pack_convolution(weight.as_ptr().cast_mut(), geometry, &raw mut out);
        check("pack the weight of a convolution", message)?;
        Ok(Tensor::from_ptr(out))
    }
}

/// Input, packed weight, bias and, where there is one, what is added.
pub(crate) fn packed_convolution(
    [input, weight, bias]: [&Tensor; 3],
    residual: Option<&Tensor>,
    geometry: &Geometry,
    relu: bool,
) -> Result<Tensor, TorchError> {
    let pointer = |tensor: &Tensor| tensor.as_ptr().cast_mut();
    let residual = residual.map_or(std::ptr::null_mut(), pointer);
    let mut out = std::ptr::null_mut();
    // SAFETY: as for `generator_state`; the tensors are read during the call only,
    // and the shim takes a null for "no residual".
    unsafe {
        let message = ftch_packed_convolution(
            pointer(input),
            pointer(weight),
            pointer(bias),
            residual,
            geometry,
            relu.into(),
            &raw mut out,
        );
        check("compute a packed convolution", message)?;
        Ok(Tensor::from_ptr(out))
    }
}
