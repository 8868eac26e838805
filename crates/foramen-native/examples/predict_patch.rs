//! A saved model predicts one patch, without libtorch.
//!
//! ```text
//! cargo run --release --package foramen-native --example predict_patch -- [MODEL]
//! ```
//!
//! `MODEL` is a folder such as `my-study/models/fold-0`; without it, a small model that was
//! trained on drawn channels is taken. It prints what the model says of narrow and of wide
//! drawn channels.

use std::path::PathBuf;

use foramen_learn::Sample;
use foramen_native::NativeModel;
use foramen_types::{Level, Side, SubjectId};
use ndarray::Array2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kept = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model"));
    let folder = std::env::args().nth(1).map_or(kept, PathBuf::from);
    let model = NativeModel::load(&folder)?;
    let edge = model.patch_pixels();
    for width in [1.5, 3.0, 4.5] {
        let half = width / model.pixel() / 2.0;
        let patch = Array2::from_shape_fn((edge, edge), |(row, column)| {
            // A bright channel between dark walls of 2.5 mm, at 45 degrees.
            let across = (row as f64 + column as f64 - edge as f64).abs() / 2f64.sqrt() - half;
            if across < 0.0 {
                0.9
            } else if across < 5.0 {
                0.1
            } else {
                0.5
            }
        });
        let mut sample = Sample::new(SubjectId::new("drawn")?, Level::C5C6, Side::Left);
        for name in model.covariate_names() {
            sample = sample.with_covariate(name, None);
        }
        let answer = model.answer(&[&sample.with_patch(patch)])?[0];
        let seen = answer.width.map_or("no width".to_owned(), |seen| format!("{seen:.1} mm"));
        println!("{width} mm: seen as {seen}, log-odds {:.2}", answer.logit);
    }
    Ok(())
}
