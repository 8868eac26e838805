//! One array in NumPy's format (NEP 1, `numpy.lib.format`, versions 1 to 3).
//!
//! The header is a line of Python with three entries. Existing crates for this format depend on a
//! parser of Python literals and a dozen further crates, which three entries do not need.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};

/// The bytes that a file begins with.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// More values than this are not read: 4 GiB as f32.
const MOST_VALUES: u64 = 1 << 30;

/// An array of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Npy {
    /// Length along each axis.
    pub(crate) shape: Vec<usize>,
    /// Its values, in the order of the file.
    pub(crate) values: Vec<f32>,
    /// Whether the first axis is the fastest (Fortran's order) and not the last.
    pub(crate) column_major: bool,
}

impl Npy {
    /// Reads an array of whole numbers of 8 or 16 bits, or of floats of 32 or 64, from a file of
    /// at most `size` bytes.
    ///
    /// # Errors
    /// When it is not an array, has another type of numbers, or has another length than its header
    /// states.
    pub(crate) fn read(mut file: impl Read, size: u64) -> Result<Self> {
        let mut start = [0; 8];
        file.read_exact(&mut start).context("it is too short for an array of NumPy")?;
        ensure!(start.starts_with(MAGIC), "it is no array of NumPy");
        let length = if start[6] == 1 {
            let mut length = [0; 2];
            file.read_exact(&mut length)?;
            u64::from(u16::from_le_bytes(length))
        } else {
            let mut length = [0; 4];
            file.read_exact(&mut length)?;
            u64::from(u32::from_le_bytes(length))
        };
        let mut header = Vec::new();
        (&mut file).take(length.min(1 << 16)).read_to_end(&mut header)?;
        let header = String::from_utf8_lossy(&header);
        let kind = quoted(entry(&header, "descr")?)?;
        let column_major = entry(&header, "fortran_order")?.starts_with("True");
        let shape = shape(entry(&header, "shape")?)?;
        let n = shape.iter().try_fold(1u64, |n, edge| n.checked_mul(*edge as u64));
        // Each value takes a byte or more.
        let n = n.filter(|n| *n <= size.min(MOST_VALUES)).with_context(|| {
            format!("its shape {shape:?} says more values than the file holds, or than can be read")
        })?;
        let bytes_each = bytes_of(kind)?;
        let mut bytes = Vec::new();
        file.take(n * bytes_each).read_to_end(&mut bytes)?;
        ensure!(
            bytes.len() as u64 == n * bytes_each,
            "it ends before its last value: {} bytes of {}",
            bytes.len(),
            n * bytes_each
        );
        Ok(Self { shape, values: values(kind, &bytes)?, column_major })
    }
}

/// The text after a key in the header.
fn entry<'a>(header: &'a str, key: &str) -> Result<&'a str> {
    let found = ['\'', '"'].iter().find_map(|quote| {
        let (_, rest) = header.split_once(&format!("{quote}{key}{quote}"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    });
    found.with_context(|| format!("its header has no {key}"))
}

/// The text between quotes.
fn quoted(text: &str) -> Result<&str> {
    let quoted = text.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next());
    quoted.context("its numbers are records; this takes plain ones")
}

/// The lengths in brackets.
fn shape(text: &str) -> Result<Vec<usize>> {
    let inside = text.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (inside, _) = inside.context("its header has no shape in brackets")?;
    let edges = inside.split(',').map(str::trim).filter(|edge| !edge.is_empty());
    let edge = |edge: &str| edge.parse().with_context(|| format!("{edge:?} is no length"));
    edges.map(edge).collect()
}

/// Bytes of each value.
fn bytes_of(kind: &str) -> Result<u64> {
    Ok(match kind {
        "|u1" | "|i1" | "|b1" => 1,
        "<u2" | "<i2" | ">u2" | ">i2" => 2,
        "<f4" | ">f4" => 4,
        "<f8" | ">f8" => 8,
        _ => bail!(
            "its numbers are {kind:?}; this takes whole numbers of 8 and 16 bits and floats of 32 \
             and 64"
        ),
    })
}

fn values(kind: &str, bytes: &[u8]) -> Result<Vec<f32>> {
    let little = !kind.starts_with('>');
    let two = || bytes.as_chunks::<2>().0.iter();
    let four = || bytes.as_chunks::<4>().0.iter();
    let eight = || bytes.as_chunks::<8>().0.iter();
    #[expect(clippy::cast_possible_truncation, reason = "pixels are compared in f32")]
    Ok(match (kind.get(1..), little) {
        (Some("u1" | "b1"), _) => bytes.iter().map(|byte| f32::from(*byte)).collect(),
        (Some("i1"), _) => bytes.iter().map(|byte| f32::from(byte.cast_signed())).collect(),
        (Some("u2"), true) => two().map(|v| f32::from(u16::from_le_bytes(*v))).collect(),
        (Some("u2"), false) => two().map(|v| f32::from(u16::from_be_bytes(*v))).collect(),
        (Some("i2"), true) => two().map(|v| f32::from(i16::from_le_bytes(*v))).collect(),
        (Some("i2"), false) => two().map(|v| f32::from(i16::from_be_bytes(*v))).collect(),
        (Some("f4"), true) => four().map(|v| f32::from_le_bytes(*v)).collect(),
        (Some("f4"), false) => four().map(|v| f32::from_be_bytes(*v)).collect(),
        (Some("f8"), true) => eight().map(|v| f64::from_le_bytes(*v) as f32).collect(),
        (Some("f8"), false) => eight().map(|v| f64::from_be_bytes(*v) as f32).collect(),
        _ => bail!("its numbers are {kind:?}"),
    })
}

/// An array as NumPy writes it.
#[cfg(test)]
pub(crate) fn written(kind: &str, column_major: bool, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let order = if column_major { "True" } else { "False" };
    let edges: Vec<String> = shape.iter().map(|edge| format!("{edge},")).collect();
    let header = format!(
        "{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({}), }}\n",
        edges.join(" ")
    );
    let length = u16::try_from(header.len()).expect("a short header");
    [&MAGIC[..], &[1, 0], &length.to_le_bytes(), header.as_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Npy> {
        Npy::read(bytes, bytes.len() as u64)
    }

    #[test]
    fn numbers_of_each_kind_are_read() {
        let cases: [(&str, Vec<u8>); 9] = [
            ("|u1", vec![7, 200]),
            ("|i1", vec![7, 200]),
            ("<u2", [7u16, 200].iter().flat_map(|v| v.to_le_bytes()).collect()),
            (">u2", [7u16, 200].iter().flat_map(|v| v.to_be_bytes()).collect()),
            ("<i2", [7i16, 200].iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("<f4", [7f32, 200.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
            (">f4", [7f32, 200.0].iter().flat_map(|v| v.to_be_bytes()).collect()),
            ("<f8", [7f64, 200.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
            (">f8", [7f64, 200.0].iter().flat_map(|v| v.to_be_bytes()).collect()),
        ];
        for (kind, bytes) in cases {
            let found = read(&written(kind, false, &[2, 1], &bytes)).unwrap();
            let second = if kind == "|i1" { -56.0 } else { 200.0 };
            assert_eq!((found.shape, found.values), (vec![2, 1], vec![7.0, second]), "{kind}");
        }
    }

    #[test]
    fn what_is_no_array_or_a_broken_one_is_refused_with_the_reason() {
        let refused = |bytes: &[u8]| format!("{:#}", read(bytes).unwrap_err());
        assert!(refused(b"PK").contains("too short"));
        assert!(refused(b"no array at all").contains("no array of NumPy"));
        assert!(refused(&written("<c8", false, &[1], &[0; 8])).contains("\"<c8\""));
        assert!(refused(&written("|u1", false, &[3], &[0; 2])).contains("2 bytes of 3"));
        let much = written("|u1", false, &[usize::MAX, 2], &[]);
        assert!(refused(&much).contains("more values than the file holds"), "{}", refused(&much));
        let record = String::from_utf8_lossy(&written("|u1", false, &[1], &[0]))
            .replace("'|u1'", "[('a', '<i4')]");
        assert!(read(record.as_bytes()).is_err());
    }
}
