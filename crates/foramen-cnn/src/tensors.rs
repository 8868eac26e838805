//! Named tensors as safetensors bytes, and digests of bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use tch::{Device, Kind, Tensor};

use crate::CnnError;

/// The bytes of a safetensors file; f32 and u8 tensors as they are, others as f32.
pub(crate) fn to_bytes(
    named: impl IntoIterator<Item = (String, Tensor)>,
) -> Result<Vec<u8>, CnnError> {
    let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for (name, tensor) in named {
        let flat = tensor.detach().to_device(Device::Cpu).contiguous().flatten(0, -1);
        let (kind, bytes) = if flat.kind() == Kind::Uint8 {
            (Dtype::U8, Vec::<u8>::try_from(flat)?)
        } else {
            let values = Vec::<f32>::try_from(flat.to_kind(Kind::Float))?;
            (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        };
        tensors.insert(name, (kind, lengths(&tensor.size()).collect(), bytes));
    }
    let views = tensors.iter().map(|(name, (kind, shape, bytes))| {
        let view = TensorView::new(*kind, shape.clone(), bytes)
            .expect("a tensor holds as many values as its shape says");
        (name.as_str(), view)
    });
    Ok(serialize(views, None).expect("names are texts and views are checked"))
}

/// Fills a tensor in place, whatever its layout, device and kind of number; or says why
/// the file does not fit it.
pub(crate) fn fill(file: &SafeTensors<'_>, name: &str, to: &mut Tensor) -> Result<(), String> {
    let kind = if to.kind() == Kind::Uint8 { Kind::Uint8 } else { Kind::Float };
    let loaded = read(file, name, &to.size(), kind)?;
    tch::no_grad(|| to.f_copy_(&loaded)).map_err(|error| error.to_string())
}

/// A tensor of a file, which must have this size and kind.
pub(crate) fn read(
    file: &SafeTensors<'_>,
    name: &str,
    size: &[i64],
    kind: Kind,
) -> Result<Tensor, String> {
    let view = file.tensor(name).map_err(|error| error.to_string())?;
    let found = match view.dtype() {
        Dtype::F32 => Kind::Float,
        Dtype::U8 => Kind::Uint8,
        other => return Err(format!("{name} is of type {other:?}")),
    };
    if found != kind || !view.shape().iter().copied().eq(lengths(size)) {
        return Err(format!("{name} has another type or shape"));
    }
    Tensor::f_from_data_size(view.data(), size, kind).map_err(|error| error.to_string())
}

fn lengths(size: &[i64]) -> impl Iterator<Item = usize> {
    size.iter().map(|n| usize::try_from(*n).expect("a size is not negative"))
}

/// A digest as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
