//! Tensors of numbers, named tensors as safetensors bytes, and digests of bytes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use tch::{Device, Kind, Tensor};

use crate::CnnError;

/// Numbers as a tensor of f32.
pub(crate) fn floats(values: &[f64], shape: &[i64], device: Device) -> Tensor {
    Tensor::from_slice(values).to_kind(Kind::Float).view(shape).to_device(device)
}

/// The bytes of a safetensors file; f32, f64 and u8 tensors as they are, others as f32.
pub(crate) fn to_bytes(
    named: impl IntoIterator<Item = (String, Tensor)>,
) -> Result<Vec<u8>, CnnError> {
    to_bytes_with(named, None)
}

/// The same with an entry of metadata. Only one entry is used, since the order of several would
/// change from run to run.
pub(crate) fn to_bytes_with(
    named: impl IntoIterator<Item = (String, Tensor)>,
    entry: Option<(&str, &str)>,
) -> Result<Vec<u8>, CnnError> {
    let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for (name, tensor) in named {
        let flat = tensor.detach().to_device(Device::Cpu).contiguous().flatten(0, -1);
        let (kind, bytes) = match flat.kind() {
            Kind::Uint8 => (Dtype::U8, Vec::<u8>::try_from(flat)?),
            Kind::Double => {
                let values = Vec::<f64>::try_from(flat)?;
                (Dtype::F64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
            _ => {
                let values = Vec::<f32>::try_from(flat.to_kind(Kind::Float))?;
                (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
        };
        tensors.insert(name, (kind, lengths(&tensor.size()).collect(), bytes));
    }
    let views = tensors.iter().map(|(name, (kind, shape, bytes))| {
        let view = TensorView::new(*kind, shape.clone(), bytes)
            .expect("a tensor holds as many values as its shape says");
        (name.as_str(), view)
    });
    let metadata = entry.map(|(name, text)| HashMap::from([(name.to_owned(), text.to_owned())]));
    Ok(serialize(views, metadata).expect("names are texts and views are checked"))
}

/// Fills a tensor in place, whatever its layout, device and number kind; the error says why the
/// file does not fit.
pub(crate) fn fill(file: &SafeTensors<'_>, name: &str, to: &mut Tensor) -> Result<(), String> {
    let kind = match to.kind() {
        kind @ (Kind::Uint8 | Kind::Double) => kind,
        _ => Kind::Float,
    };
    let loaded = read(file, name, &to.size(), kind)?;
    tch::no_grad(|| to.f_copy_(&loaded)).map_err(|error| error.to_string())
}

/// Reads a tensor of a file, which must have this size; numbers of any precision are converted to
/// `kind`, bytes stay bytes.
pub(crate) fn read(
    file: &SafeTensors<'_>,
    name: &str,
    size: &[i64],
    kind: Kind,
) -> Result<Tensor, String> {
    let view = file.tensor(name).map_err(|error| error.to_string())?;
    let found = check(name, (view.dtype(), view.shape()), size, kind)?;
    let tensor = Tensor::f_from_data_size(view.data(), size, found);
    tensor.map(|tensor| tensor.to_kind(kind)).map_err(|error| error.to_string())
}

/// The number kind of a tensor of a file, if it has this size and can be converted to `kind`.
pub(crate) fn check(
    name: &str,
    (dtype, shape): (Dtype, &[usize]),
    size: &[i64],
    kind: Kind,
) -> Result<Kind, String> {
    let found = match dtype {
        Dtype::F64 => Kind::Double,
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::U8 => Kind::Uint8,
        other => return Err(format!("{name} is of type {other:?}")),
    };
    let are_bytes = |kind: Kind| kind == Kind::Uint8;
    if are_bytes(found) != are_bytes(kind) {
        return Err(format!("{name} is of type {dtype:?}"));
    }
    if !shape.iter().copied().eq(lengths(size)) {
        return Err(format!("{name} has the shape {shape:?} and not {size:?}"));
    }
    Ok(found)
}

fn lengths(size: &[i64]) -> impl Iterator<Item = usize> {
    size.iter().map(|n| usize::try_from(*n).expect("a size is not negative"))
}

/// A digest in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_precision_are_read_and_others_refused() {
        let numbers = [1.5f32, -0.25];
        let halves = |bits: fn(f32) -> u16| -> Vec<u8> {
            numbers.iter().flat_map(|number| bits(*number).to_le_bytes()).collect()
        };
        // The upper half of the bits of an f32.
        let brain = halves(|number| u16::try_from(number.to_bits() >> 16).expect("16 bits"));
        // 1.5 and -0.25 as IEEE 754 halves.
        let half = [0x3E00u16, 0xB400].into_iter().flat_map(u16::to_le_bytes).collect();
        let double = numbers.iter().flat_map(|n| f64::from(*n).to_le_bytes()).collect();
        let single = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let whole = numbers.iter().flat_map(|_| 7i64.to_le_bytes()).collect();
        let tensors: [(&str, Dtype, Vec<u8>); 5] = [
            ("brain", Dtype::BF16, brain),
            ("half", Dtype::F16, half),
            ("double", Dtype::F64, double),
            ("single", Dtype::F32, single),
            ("whole", Dtype::I64, whole),
        ];
        let views = tensors.iter().map(|(name, kind, bytes)| {
            (*name, TensorView::new(*kind, vec![2], bytes).expect("two numbers"))
        });
        let bytes = serialize(views, None).expect("views are checked");
        let file = SafeTensors::deserialize(&bytes).expect("it was just written");
        for name in ["brain", "half", "double", "single"] {
            let tensor = read(&file, name, &[2], Kind::Float).expect(name);
            assert_eq!(Vec::<f32>::try_from(tensor).expect("f32"), numbers, "{name}");
        }
        assert!(read(&file, "whole", &[2], Kind::Float).is_err());
        assert!(read(&file, "single", &[2], Kind::Uint8).is_err());
        assert!(read(&file, "single", &[1], Kind::Float).is_err());
    }
}
