//! Initial weights: random, or from a torchvision file.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use foramen_tch::{channels_last, is_channels_last};
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Normal};
use safetensors::tensor::Metadata;
use tch::{Device, Kind, Tensor};

use crate::{CnnError, tensors};

/// Draws a convolution's weights from He's normal distribution (arXiv 1502.01852).
pub(crate) fn draw_convolution(tensor: &mut Tensor, generator: &mut ChaCha8Rng) {
    let fan_in = tensor.size().iter().skip(1).product::<i64>() as f64;
    let normal = Normal::new(0.0, (2.0 / fan_in).sqrt()).expect("a deviation is positive");
    fill(tensor, normal.sample_iter(generator));
}

/// Fills a tensor with numbers in order.
pub(crate) fn fill(tensor: &mut Tensor, numbers: impl Iterator<Item = f64>) {
    let values: Vec<f64> = numbers.take(tensor.numel()).collect();
    let drawn = Tensor::from_slice(&values).view(&*tensor.size()).to_kind(Kind::Float);
    tch::no_grad(|| tensor.copy_(&drawn));
}

/// Fills tensors from a safetensors file by their names; kernels are then channels-last. Other
/// tensors of the file, such as the last layer, are ignored. If images have one channel, kernels
/// for three colours are summed, which gives the same result for grey images.
pub(crate) fn load(
    path: &Path,
    named: impl Iterator<Item = (String, Tensor)>,
) -> Result<(), CnnError> {
    let file = WeightsFile::open(path)?;
    for (name, mut tensor) in named {
        let (size, kind) = (tensor.size(), tensor.kind());
        let loaded = match *size {
            [to, 1, rows, columns] if file.is_for_colours(&name) => {
                let colours = file.tensor(&name, &[to, 3, rows, columns], kind)?;
                colours.sum_dim_intlist(1, true, kind)
            }
            _ => file.tensor(&name, &size, kind)?,
        };
        let lies_well = loaded.dim() != 4 || is_channels_last(&loaded)?;
        // Out of the file's memory, in one pass.
        let own = if lies_well { loaded.copy() } else { channels_last(&loaded)? };
        // The storage changes hands: one more copy of all weights would take as long as to
        // predict with them.
        tensor.set_data(&own.to_device(tensor.device()));
    }
    Ok(())
}

/// A memory-mapped safetensors file: reading it into memory first would take longer than predicting
/// with it.
struct WeightsFile<'a> {
    path: &'a Path,
    /// All its bytes.
    bytes: Tensor,
    metadata: Metadata,
    /// Offset of its tensors.
    start: usize,
}

impl<'a> WeightsFile<'a> {
    fn open(path: &'a Path) -> Result<Self, CnnError> {
        let io = |source| CnnError::Io { action: "read", path: path.to_owned(), source };
        let foreign = |problem: String| CnnError::Foreign { path: path.to_owned(), problem };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut header = [0; HEADER];
        if length >= HEADER as u64 {
            file.read_exact(&mut header).map_err(io)?;
        }
        let header = u64::from_le_bytes(header);
        if header == 0 || header > length {
            return Err(foreign("it is no safetensors file".to_owned()));
        }
        let mut text = Vec::new();
        file.take(header).read_to_end(&mut text).map_err(io)?;
        let metadata: Metadata =
            serde_json::from_slice(&text).map_err(|error| foreign(error.to_string()))?;
        let start = HEADER + text.len();
        let expected = start + metadata.data_len();
        if length != expected as u64 {
            return Err(foreign(format!(
                "it has {length} bytes, and its header asks for {expected}"
            )));
        }
        let bytes = match path.to_str() {
            Some(path) => {
                Tensor::f_from_file(path, false, length as i64, (Kind::Uint8, Device::Cpu))?
            }
            None => Tensor::f_from_slice(&fs::read(path).map_err(io)?)?,
        };
        Ok(Self { path, bytes, metadata, start })
    }

    fn is_for_colours(&self, name: &str) -> bool {
        self.metadata.info(name).is_some_and(|info| info.shape.get(1) == Some(&3))
    }

    /// A tensor of this size in numbers of `kind`, without a copy where possible.
    fn tensor(&self, name: &str, size: &[i64], kind: Kind) -> Result<Tensor, CnnError> {
        let foreign = |problem: String| CnnError::Foreign { path: self.path.to_owned(), problem };
        let Some(info) = self.metadata.info(name) else {
            return Err(foreign(format!("it has no tensor {name}")));
        };
        let found = tensors::check(name, (info.dtype, &info.shape), size, kind).map_err(foreign)?;
        let (from, to) = info.data_offsets;
        let bytes = self.bytes.f_narrow(0, (self.start + from) as i64, (to - from) as i64)?;
        // Numbers must lie at a multiple of their length.
        let aligned = (self.start + from).is_multiple_of(found.elt_size_in_bytes());
        let bytes = if aligned { bytes } else { bytes.copy() };
        Ok(bytes.f_view_dtype(found)?.f_view(size)?.to_kind(kind))
    }
}

/// Bytes that hold the length of a safetensors header.
const HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel for three colours and a row of numbers, as PyTorch lays them.
    fn written(folder: &Path) -> (std::path::PathBuf, [Tensor; 2]) {
        let counted = Tensor::arange(36, (Kind::Float, Device::Cpu));
        let tensors = [counted.view([2, 3, 3, 2]), counted.narrow(0, 0, 5)];
        let named: Vec<_> = ["kernel", "row"].into_iter().zip(&tensors).collect();
        let path = folder.join("weights.safetensors");
        Tensor::write_safetensors(&named, &path).unwrap();
        (path, tensors)
    }

    fn empty(size: &[i64]) -> Tensor {
        Tensor::zeros(size, (Kind::Float, Device::Cpu))
    }

    #[test]
    fn weights_are_those_of_the_file_and_no_longer_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, [kernel, row]) = written(folder.path());
        let filled = [empty(&[2, 3, 3, 2]), empty(&[5]), empty(&[2, 1, 3, 2])];
        let [colours, numbers, grey] = filled.each_ref().map(Tensor::shallow_clone);
        let named = [("kernel", colours), ("row", numbers)];
        load(&path, named.into_iter().map(|(name, tensor)| (name.to_owned(), tensor))).unwrap();
        load(&path, [("kernel".to_owned(), grey)].into_iter()).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        fs::write(&path, vec![7; usize::try_from(length).unwrap()]).unwrap();
        assert!(filled[0].equal(&kernel) && filled[1].equal(&row));
        assert!(is_channels_last(&filled[0]).unwrap());
        assert!(filled[2].equal(&kernel.sum_dim_intlist(1, true, Kind::Float)));
    }

    #[test]
    fn numbers_that_lie_askew_and_in_other_formats_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let header = r#"{"row":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}"#;
        for padding in 0..8 {
            let text = format!("{header}{}", " ".repeat(padding));
            let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
            bytes.extend(text.bytes());
            bytes.extend([1.5_f64, -2.0].map(f64::to_le_bytes).concat());
            fs::write(&path, bytes).unwrap();
            let row = empty(&[2]);
            load(&path, [("row".to_owned(), row.shallow_clone())].into_iter()).unwrap();
            assert_eq!(Vec::<f32>::try_from(row).unwrap(), [1.5, -2.0]);
        }
    }

    #[test]
    fn a_file_that_is_none_or_does_not_fit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = written(folder.path());
        let message = |name: &str, size: &[i64]| {
            load(&path, [(name.to_owned(), empty(size))].into_iter()).unwrap_err().to_string()
        };
        assert!(message("other", &[5]).ends_with("cannot be used: it has no tensor other"));
        assert!(message("row", &[6]).ends_with("row has the shape [5] and not [6]"));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let text = message("row", &[5]);
        assert!(text.contains("weights.safetensors") && text.contains("header asks for"), "{text}");
        for bytes in [&b""[..], b"text", b"a longer text", &[0; 8]] {
            fs::write(&path, bytes).unwrap();
            assert!(message("row", &[5]).ends_with("it is no safetensors file"));
        }
        fs::write(&path, b"\x02\0\0\0\0\0\0\0[]").unwrap();
        assert!(message("row", &[5]).contains("cannot be used"));
        fs::remove_file(&path).unwrap();
        assert!(message("row", &[5]).contains("could not read"), "{}", message("row", &[5]));
    }
}
