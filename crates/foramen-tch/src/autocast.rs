use tch::Device;

use crate::{TorchError, ffi};

/// A 16-bit number format that mixed precision computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HalfPrecision {
    /// bfloat16: the range of f32 with 8 significant bits; needs no gradient
    /// scaling, and is fast on processors with AVX512-BF16 or AMX.
    BFloat16,
    /// IEEE half: 11 significant bits, but gradients below 6e-8 vanish, so
    /// losses have to be scaled in training.
    Float16,
}

impl HalfPrecision {
    /// The number of the format in libtorch's `ScalarType`.
    fn scalar_type(self) -> i32 {
        match self {
            Self::BFloat16 => 15,
            Self::Float16 => 5,
        }
    }
}

/// Leaves autocast again however the closure ends.
struct Scope(ffi::AutocastBefore);

impl Drop for Scope {
    fn drop(&mut self) {
        // Leaving only restores what entering has read; should libtorch refuse
        // even that, a drop has nobody to tell.
        let _ = ffi::autocast_leave(&self.0);
    }
}

/// Runs a closure in mixed precision on this thread: convolutions and matrix
/// products in `precision`, what needs range in f32, by libtorch's own lists.
///
/// Weights stay f32; their casts are kept until the outermost scope ends, so
/// the forward pass of one step belongs into one scope. The backward pass is
/// run outside. Scopes nest, and a panic leaves them properly.
///
/// ```
/// use foramen_tch::{HalfPrecision, autocast};
/// use tch::{Device, Kind, Tensor};
///
/// let a = Tensor::ones([2, 2], (Kind::Float, Device::Cpu));
/// let product = autocast(Device::Cpu, HalfPrecision::BFloat16, || a.matmul(&a))?;
/// assert_eq!(product.kind(), Kind::BFloat16);
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
///
/// # Errors
/// [`TorchError::UnsupportedDevice`] for other than CPU and CUDA,
/// [`TorchError::Exception`] where libtorch refuses the format.
pub fn autocast<T>(
    device: Device,
    precision: HalfPrecision,
    body: impl FnOnce() -> T,
) -> Result<T, TorchError> {
    let _scope = Scope(ffi::autocast_enter(device, precision.scalar_type())?);
    Ok(body())
}

#[cfg(test)]
mod tests {
    use tch::{Kind, Tensor};

    use super::*;

    fn product() -> Kind {
        let a = Tensor::ones([2, 2], (Kind::Float, Device::Cpu));
        a.matmul(&a).kind()
    }

    #[test]
    fn products_are_in_the_format_asked_for_inside_and_f32_outside() {
        for (precision, kind) in
            [(HalfPrecision::BFloat16, Kind::BFloat16), (HalfPrecision::Float16, Kind::Half)]
        {
            assert_eq!(autocast(Device::Cpu, precision, product).unwrap(), kind);
            assert_eq!(product(), Kind::Float);
        }
    }

    #[test]
    fn scopes_nest_and_restore_the_outer_format() {
        let kinds = autocast(Device::Cpu, HalfPrecision::BFloat16, || {
            let inner = autocast(Device::Cpu, HalfPrecision::Float16, product).unwrap();
            (inner, product())
        });
        assert_eq!(kinds.unwrap(), (Kind::Half, Kind::BFloat16));
    }

    #[test]
    fn the_cast_of_a_weight_is_kept_until_the_outermost_scope_ends() {
        // As in PyTorch, where a weight that changes inside of a scope is not seen:
        //   w = torch.ones(2, 2, requires_grad=True); x = torch.ones(1, 2)
        //   with torch.autocast("cpu", torch.bfloat16):
        //       a = x @ w; w.data.mul_(3); b = x @ w    # both are 2
        let mut weight = Tensor::ones([2, 2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let input = Tensor::ones([1, 2], (Kind::Float, Device::Cpu));
        let first = |weight: &Tensor| input.matmul(weight).double_value(&[0, 0]);
        let mut look = || {
            let before = first(&weight);
            autocast(Device::Cpu, HalfPrecision::BFloat16, || {
                let _ = tch::no_grad(|| weight.g_mul_scalar_(3.0));
            })
            .unwrap();
            [before, first(&weight)]
        };
        let within = autocast(Device::Cpu, HalfPrecision::BFloat16, &mut look).unwrap();
        assert_eq!(within, [2.0, 2.0]);
        let after = autocast(Device::Cpu, HalfPrecision::BFloat16, || first(&weight)).unwrap();
        assert_eq!(after, 6.0);
    }

    #[test]
    fn a_panic_leaves_the_scope() {
        let result = std::panic::catch_unwind(|| {
            autocast(Device::Cpu, HalfPrecision::BFloat16, || panic!("on purpose"))
        });
        assert!(result.is_err());
        assert_eq!(product(), Kind::Float);
    }

    #[test]
    fn gradients_reach_f32_weights_through_bf16() {
        let weight = Tensor::ones([4, 4], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let input = Tensor::ones([1, 4], (Kind::Float, Device::Cpu));
        let loss = autocast(Device::Cpu, HalfPrecision::BFloat16, || {
            input.matmul(&weight).to_kind(Kind::Float).sum(Kind::Float)
        })
        .unwrap();
        loss.backward();
        let gradient = weight.grad();
        assert_eq!(gradient.kind(), Kind::Float);
        assert_eq!(gradient.sum(Kind::Float).double_value(&[]), 16.0);
    }

    #[test]
    fn other_devices_are_refused() {
        let error = autocast(Device::Mps, HalfPrecision::BFloat16, || ()).unwrap_err();
        assert!(matches!(error, TorchError::UnsupportedDevice { .. }), "{error}");
    }
}
