//! Images in the layout of MedMNIST files: arrays of NumPy in one archive.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use foramen_image::ndarray::{Array3, Array4, Axis, ShapeBuilder as _};
use foramen_learn::Part;
use zip::ZipArchive;

use crate::npy::Npy;

/// The parts of an archive and their names in it.
const PARTS: [(&str, Part); 3] =
    [("train", Part::Train), ("val", Part::Tune), ("test", Part::Test)];

/// The images of each part, `[image, row, column]`.
pub(crate) type ImageParts = Vec<(&'static str, Part, Array3<f32>)>;

/// Reads `train_images`, `val_images` and `test_images` of an `.npz` file, as MedMNIST writes them:
/// `[image, row, column]`, or with one or three channels last, which are averaged. One of the three
/// may be missing.
///
/// # Errors
/// When the file cannot be read, or holds something else; with the name of the array.
pub(crate) fn read_images(path: &Path) -> Result<ImageParts> {
    let file = File::open(path).with_context(|| format!("could not read {}", path.display()))?;
    let mut archive = ZipArchive::new(file)
        .with_context(|| format!("{} is no .npz file: it is no archive", path.display()))?;
    let mut parts = Vec::new();
    for (name, part) in PARTS {
        let entry = format!("{name}_images.npy");
        let Some(place) = archive.index_for_name(&entry) else { continue };
        let entry = archive.by_index(place)?;
        let size = entry.size();
        let images = array(entry, size)
            .with_context(|| format!("could not use {name}_images of {}", path.display()))?;
        parts.push((name, part, images));
    }
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    let names: Vec<String> = names.collect();
    ensure!(
        parts.len() >= 2,
        "{} holds {}; two or three of train_images, val_images and test_images are needed",
        path.display(),
        if names.is_empty() { "no arrays".to_owned() } else { names.join(", ") }
    );
    let shape = |images: &Array3<f32>| (images.len_of(Axis(1)), images.len_of(Axis(2)));
    let first = shape(&parts[0].2);
    if let Some((name, _, other)) = parts.iter().find(|(_, _, images)| shape(images) != first) {
        bail!(
            "{}: images of {} are {first:?} pixels and those of {name} {:?}; they cannot be compared",
            path.display(),
            parts[0].0,
            shape(other)
        );
    }
    Ok(parts)
}

/// One array of an archive as images.
fn array(entry: impl Read, size: u64) -> Result<Array3<f32>> {
    let Npy { shape, values, column_major } = Npy::read(entry, size)?;
    let [n, rows, columns, channels] = match shape[..] {
        [n, rows, columns] => [n, rows, columns, 1],
        [n, rows, columns, channels @ (1 | 3)] => [n, rows, columns, channels],
        _ => bail!(
            "its shape is {shape:?}; this takes [n, rows, columns] and [n, rows, columns, 3], and \
             no volumes"
        ),
    };
    let shape = (n, rows, columns, channels);
    let images = if column_major {
        Array4::from_shape_vec(shape.f(), values)?
    } else {
        Array4::from_shape_vec(shape, values)?
    };
    images.mean_axis(Axis(3)).context("it has no channels")
}

/// Example images: discs and bars in noise. Two images of the test part are moved copies of images
/// of the train part, and one is an exact copy.
pub(crate) fn drawn_images() -> ImageParts {
    let noise = |image: usize, salt: usize| {
        let mut mixed = ((image * 64 + salt) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        f64::from(u16::try_from(mixed >> 48).unwrap_or_default()) / 65536.0
    };
    let pixel = |image: usize, row: f64, column: f64| {
        let blobs = (0..9).map(|blob| {
            let [y, x, wide, bright] = [0, 1, 2, 3].map(|salt| noise(image, 4 * blob + salt + 1));
            let (dy, dx) = (32.0 * y - row, 32.0 * x - column);
            (bright - 0.4) * (-(dy * dy + dx * dx) / (2.0 + 14.0 * wide)).exp()
        });
        #[expect(clippy::cast_possible_truncation, reason = "a drawing")]
        let value = blobs.sum::<f64>() as f32;
        value
    };
    let part = |first: usize, n: usize, copies: &[(usize, usize, f64)]| {
        Array3::from_shape_fn((n, 32, 32), |(image, row, column)| {
            let copy = copies.iter().find(|(place, ..)| *place == image);
            let (of, moved) = copy.map_or((first + image, 0.0), |(_, of, moved)| (*of, *moved));
            pixel(of, row as f64 + moved, column as f64 - moved)
        })
    };
    vec![
        ("train", Part::Train, part(0, 60, &[])),
        ("val", Part::Tune, part(60, 20, &[])),
        ("test", Part::Test, part(80, 20, &[(3, 12, 0.0), (7, 30, 1.0), (11, 5, -1.0)])),
    ]
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const C: bool = false;
    const FORTRAN: bool = true;

    /// An archive with arrays of bytes from 0 on.
    fn archive(path: &Path, arrays: &[(&str, &[usize], bool)]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, shape, column_major) in arrays {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(format!("{name}.npy"), options).unwrap();
            let n: usize = shape.iter().product();
            let bytes: Vec<u8> = (0..n).map(|v| u8::try_from(v % 251).unwrap()).collect();
            zip.write_all(&crate::npy::written("|u1", *column_major, shape, &bytes)).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn images_of_one_and_of_three_channels_are_read_in_either_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("images.npz");
        archive(
            &path,
            &[
                ("train_images", &[4, 2, 3], C),
                ("test_images", &[2, 2, 3, 3], C),
                ("val_images", &[2, 2, 3], FORTRAN),
                ("train_labels", &[4, 1], C),
            ],
        );
        let parts = read_images(&path).unwrap();
        let [train, val, test] = [0, 1, 2].map(|place| &parts[place].2);
        assert_eq!((train.dim(), val.dim(), test.dim()), ((4, 2, 3), (2, 2, 3), (2, 2, 3)));
        assert!((train[(1, 0, 2)] - 8.0).abs() < 1e-6);
        // In Fortran's order the image is the fastest axis.
        assert!((val[(1, 0, 2)] - 9.0).abs() < 1e-6);
        // The mean of three channels: 3 × 2 + (0, 1, 2).
        assert!((test[(0, 0, 2)] - 7.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_data_set_is_refused_by_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.npz");
        let refused = || format!("{:#}", read_images(&path).unwrap_err());
        assert!(refused().contains("could not read"), "{}", refused());
        std::fs::write(&path, "no archive").unwrap();
        assert!(refused().contains("is no .npz file"), "{}", refused());
        archive(&path, &[("train_images", &[4, 2, 3], C), ("labels", &[4], C)]);
        assert!(refused().contains("holds train_images.npy, labels.npy"), "{}", refused());
        archive(&path, &[("train_images", &[4, 9, 9, 9], C)]);
        assert!(refused().contains("[4, 9, 9, 9]") && refused().contains("train_images"));
        archive(&path, &[("train_images", &[4, 2, 3], C), ("test_images", &[4, 3, 2], C)]);
        assert!(refused().contains("cannot be compared"), "{}", refused());
    }
}
