//! Groups of processes: declarations of `shim/distributed.cpp`.

use std::ffi::{CString, c_char, c_int};
use std::time::Duration;

use tch::Tensor;
use torch_sys::C_tensor;

use super::{List, Message, check, owned, pointers};
use crate::TorchError;

/// How to join a group, as `distributed.cpp` lays it out.
#[repr(C)]
struct Launch {
    address: *const c_char,
    interface: *const c_char,
    prefix: *const c_char,
    port: u16,
    rank: c_int,
    size: c_int,
    serves: c_int,
    timeout_ms: i64,
}

#[repr(C)]
struct RawGroup {
    private: [u8; 0],
}

#[repr(C)]
struct RawSum {
    private: [u8; 0],
}

#[repr(C)]
struct RawReducer {
    private: [u8; 0],
}

unsafe extern "C" {
    fn ftch_join(launch: *const Launch, met: *mut c_int, out: *mut *mut RawGroup) -> Message;
    fn ftch_leave(group: *mut RawGroup);
    fn ftch_has_nccl() -> c_int;
    fn ftch_lost(group: *mut RawGroup, out: *mut Message) -> Message;
    fn ftch_check_norms(group: *mut RawGroup) -> Message;
    fn ftch_all_reduce(
        group: *mut RawGroup,
        count: usize,
        tensors: List,
        divisor: f64,
        out: *mut *mut RawSum,
    ) -> Message;
    fn ftch_wait(sum: *mut RawSum) -> Message;
    fn ftch_broadcast(
        group: *mut RawGroup,
        count: usize,
        tensors: *const *mut C_tensor,
        from: c_int,
    ) -> Message;
    fn ftch_barrier(group: *mut RawGroup) -> Message;
    fn ftch_share_norms(group: *mut RawGroup) -> Message;
    fn ftch_reducer_new(
        group: *mut RawGroup,
        count: usize,
        parameters: List,
        bytes: usize,
        out: *mut *mut RawReducer,
    ) -> Message;
    fn ftch_reducer_prepare(reducer: *mut RawReducer) -> Message;
    fn ftch_reducer_free(reducer: *mut RawReducer);
}

/// What is needed to join a group.
pub(crate) struct Join<'a> {
    pub(crate) address: &'a str,
    /// An address of this machine that the others reach.
    pub(crate) interface: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) port: u16,
    pub(crate) rank: i32,
    pub(crate) size: i32,
    /// Whether this process is to be the store's server.
    pub(crate) serves: bool,
    pub(crate) timeout: Duration,
}

/// A process group that this process is in.
#[derive(Debug)]
pub(crate) struct GroupHandle(*mut RawGroup);

// SAFETY: a process group of c10d may be used from any thread.
unsafe impl Send for GroupHandle {}
// SAFETY: c10d's own locks order what threads ask for; that all processes ask in one order is
// for its user to see to.
unsafe impl Sync for GroupHandle {}

/// A sum that is under way.
#[derive(Debug)]
pub(crate) struct SumHandle(*mut RawSum);

/// A reducer, which hangs on the parameters' gradients.
#[derive(Debug)]
pub(crate) struct ReducerHandle(*mut RawReducer);

// SAFETY: c10d's reducer has locks of its own; tensors of tch are Send.
unsafe impl Send for ReducerHandle {}

impl GroupHandle {
    /// Joins, or says why not and whether the store was reached.
    pub(crate) fn join(join: &Join<'_>) -> Result<Self, (TorchError, bool)> {
        let text = |text: &str| CString::new(text).unwrap_or_default();
        let [address, interface, prefix] = [join.address, join.interface, join.prefix].map(text);
        let launch = Launch {
            address: address.as_ptr(),
            interface: interface.as_ptr(),
            prefix: prefix.as_ptr(),
            port: join.port,
            rank: join.rank,
            size: join.size,
            serves: join.serves.into(),
            timeout_ms: i64::try_from(join.timeout.as_millis()).unwrap_or(i64::MAX),
        };
        let (mut out, mut met) = (std::ptr::null_mut(), 0);
        // SAFETY: the texts and both results outlive the call.
        let message = unsafe { ftch_join(&raw const launch, &raw mut met, &raw mut out) };
        match check("join the other processes", message) {
            Ok(()) => Ok(Self(out)),
            Err(error) => Err((error, met != 0)),
        }
    }

    /// Begins to add tensors up and to divide by `divisor`.
    pub(crate) fn all_reduce(
        &self,
        tensors: &[Tensor],
        divisor: f64,
    ) -> Result<SumHandle, TorchError> {
        let list = pointers(tensors);
        let mut out = std::ptr::null_mut();
        // SAFETY: the list has the length given; the shim keeps tensors of its own on the same
        // storage, which tch shares by design.
        let message =
            unsafe { ftch_all_reduce(self.0, list.len(), list.as_ptr(), divisor, &raw mut out) };
        check("add up over processes", message)?;
        Ok(SumHandle(out))
    }

    pub(crate) fn broadcast(&self, tensors: &[Tensor], from: i32) -> Result<(), TorchError> {
        let list = pointers(tensors);
        // SAFETY: the list has the length given and lives through the call.
        check("hand tensors to the other processes", unsafe {
            ftch_broadcast(self.0, list.len(), list.as_ptr(), from)
        })
    }

    pub(crate) fn barrier(&self) -> Result<(), TorchError> {
        // SAFETY: the group is alive as long as its handle.
        check("wait for the other processes", unsafe { ftch_barrier(self.0) })
    }

    /// The ranks of processes that are lost, `1, 3`; it takes some seconds.
    pub(crate) fn lost(&self) -> Result<String, TorchError> {
        let mut out = std::ptr::null_mut();
        // SAFETY: `out` outlives the call, which fills it when it succeeds.
        check("look for lost processes", unsafe { ftch_lost(self.0, &raw mut out) })?;
        Ok(if out.is_null() { String::new() } else { owned(out) })
    }

    /// Says why batch norms could not share their sums, if they could not.
    pub(crate) fn check_norms(&self) -> Result<(), TorchError> {
        // SAFETY: the group is alive as long as its handle.
        check("share batch norms", unsafe { ftch_check_norms(self.0) })
    }

    /// Lets batch norms of this thread share their sums.
    pub(crate) fn share_norms(&self) -> Result<(), TorchError> {
        // SAFETY: the shim keeps a reference of its own to the group.
        check("share batch norms", unsafe { ftch_share_norms(self.0) })
    }

    pub(crate) fn reducer(
        &self,
        parameters: &[Tensor],
        bytes: usize,
    ) -> Result<ReducerHandle, TorchError> {
        let list = pointers(parameters);
        let mut out = std::ptr::null_mut();
        // SAFETY: as for `all_reduce`; the shim keeps a reference of its own to the group.
        let message =
            unsafe { ftch_reducer_new(self.0, list.len(), list.as_ptr(), bytes, &raw mut out) };
        check("prepare the averaging of gradients", message)?;
        Ok(ReducerHandle(out))
    }
}

/// Whether groups carry tensors of CUDA devices.
pub(crate) fn has_nccl() -> bool {
    // SAFETY: a constant of the build.
    unsafe { ftch_has_nccl() != 0 }
}

/// Lets batch norms of this thread keep their sums to themselves.
pub(crate) fn share_no_norms() {
    // SAFETY: null stands for no group. Nothing in it can fail.
    let _ = check("share no batch norms", unsafe { ftch_share_norms(std::ptr::null_mut()) });
}

impl Drop for GroupHandle {
    fn drop(&mut self) {
        // SAFETY: the handle is the only owner, and is gone.
        unsafe { ftch_leave(self.0) }
    }
}

impl SumHandle {
    pub(crate) fn wait(mut self) -> Result<(), TorchError> {
        let sum = std::mem::replace(&mut self.0, std::ptr::null_mut());
        // SAFETY: the handle was the only owner; the shim gives the sum back.
        check("add up over processes", unsafe { ftch_wait(sum) })
    }
}

impl Drop for SumHandle {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: as for `wait`; nobody is there to hear how it ended.
            let _ = check("add up over processes", unsafe { ftch_wait(self.0) });
        }
    }
}

impl ReducerHandle {
    pub(crate) fn prepare(&mut self) -> Result<(), TorchError> {
        // SAFETY: the reducer is alive as long as its handle.
        check("prepare the averaging of gradients", unsafe { ftch_reducer_prepare(self.0) })
    }
}

impl Drop for ReducerHandle {
    fn drop(&mut self) {
        // SAFETY: the handle is the only owner, and is gone.
        unsafe { ftch_reducer_free(self.0) }
    }
}
