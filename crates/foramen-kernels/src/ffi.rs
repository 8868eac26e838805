//! The boundary: declarations of `shim/` and the safe wrappers closest to them. All `unsafe` of
//! this crate is in this module.
#![allow(
    unsafe_code,
    reason = "calls into C++; every block says which contract of the shim it relies on"
)]

use std::ffi::{CStr, c_char, c_int};

use tch::Tensor;
use torch_sys::C_tensor;

use crate::TorchError;
use crate::leftover::say_once;

/// Numbers of a batch norm, as `batch_norm.cpp` lays them out.
#[repr(C)]
pub(crate) struct Norm {
    pub(crate) momentum: f64,
    pub(crate) epsilon: f64,
    pub(crate) relu: c_int,
    pub(crate) pools: c_int,
    pub(crate) by_libtorch: c_int,
}

type Message = *mut c_char;
/// Why libtorch computed: a string literal of the shim, or null.
type Reason = *const c_char;

unsafe extern "C" {
    fn fkernels_free_message(text: Message);
    fn fkernels_instruction_set() -> c_int;
    fn fkernels_limit_instruction_set(to: c_int);
    fn fkernels_batch_norm(
        maps: *mut C_tensor,
        residual: *mut C_tensor,
        weight: *mut C_tensor,
        bias: *mut C_tensor,
        running_mean: *mut C_tensor,
        running_variance: *mut C_tensor,
        options: *const Norm,
        out: *mut *mut C_tensor,
        left: *mut Reason,
    ) -> Message;
    fn fkernels_winograd(
        maps: *mut C_tensor,
        weight: *mut C_tensor,
        out: *mut *mut C_tensor,
        left: *mut Reason,
    ) -> Message;
}

pub(crate) fn instruction_set() -> i32 {
    // SAFETY: reads a number.
    unsafe { fkernels_instruction_set() }
}

pub(crate) fn limit_instruction_set(to: i32) {
    // SAFETY: stores a number, which threads read atomically.
    unsafe { fkernels_limit_instruction_set(to) }
}

/// Maps, what is added where there is something, and `[weight, bias, running mean,
/// running variance]`.
pub(crate) fn batch_norm(
    maps: &Tensor,
    residual: Option<&Tensor>,
    [weight, bias, mean, variance]: [&Tensor; 4],
    options: &Norm,
) -> Result<Tensor, TorchError> {
    let residual = residual.map_or(std::ptr::null_mut(), pointer);
    // SAFETY: the tensors are read during the call; what autograd keeps are tensors of its own
    // on the same storage, and the running statistics, written through tensors, share theirs by
    // design of tch. The shim takes a null for "no residual".
    call("normalise a batch", "batch norm", maps, |out, left| unsafe {
        fkernels_batch_norm(
            pointer(maps),
            residual,
            pointer(weight),
            pointer(bias),
            pointer(mean),
            pointer(variance),
            options,
            out,
            left,
        )
    })
}

/// Maps `[n, from, rows, columns]` and a weight `[to, from, 3, 3]`.
pub(crate) fn winograd(maps: &Tensor, weight: &Tensor) -> Result<Tensor, TorchError> {
    // SAFETY: the tensors are read during the call; what autograd keeps are tensors of its own
    // on the same storage.
    call("convolve", "a convolution", maps, |out, left| unsafe {
        fkernels_winograd(pointer(maps), pointer(weight), out, left)
    })
}

fn pointer(tensor: &Tensor) -> *mut C_tensor {
    tensor.as_ptr().cast_mut()
}

/// Calls a kernel that fills a tensor and a reason, or says what went wrong.
fn call(
    operation: &'static str,
    kernel: &'static str,
    maps: &Tensor,
    kernel_of: impl FnOnce(*mut *mut C_tensor, *mut Reason) -> Message,
) -> Result<Tensor, TorchError> {
    let (mut out, mut left) = (std::ptr::null_mut(), std::ptr::null());
    let message = kernel_of(&raw mut out, &raw mut left);
    if !message.is_null() {
        // SAFETY: a message is a NUL-terminated text that the shim allocated for its caller; it
        // is read once and freed once, by the function that fits.
        let text = unsafe {
            let text = CStr::from_ptr(message).to_string_lossy().into_owned();
            fkernels_free_message(message);
            text
        };
        return Err(TorchError::Exception { operation, message: text });
    }
    if !left.is_null() {
        // SAFETY: a reason is a literal in ASCII, which is there as long as the program.
        let reason: &'static CStr = unsafe { CStr::from_ptr(left) };
        say_once(kernel, maps, reason.to_str().unwrap_or("its reason is no text"));
    }
    // SAFETY: on success it holds a tensor that is ours, which `from_ptr` takes over.
    Ok(unsafe { Tensor::from_ptr(out) })
}
