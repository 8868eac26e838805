//! The CNN on plain arrays: any images of one size with two labels.
//!
//! ```text
//! cargo run --release --package foramen-cnn --example plain_arrays
//! ```
//!
//! It draws bright and dark squares, trains on three quarters of them, and prints what it
//! says of the others.

use foramen_cnn::{Cnn, CnnConfig, samples};
use foramen_image::ndarray::Array3;
use foramen_learn::{Classifier, Dataset, Learner, Split};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let labels: Vec<bool> = (0..40).map(|image| image % 2 == 0).collect();
    let images = Array3::from_shape_fn((40, 24, 24), |(image, row, column)| {
        let inside = row.abs_diff(12) < 6 && column.abs_diff(12) < 6;
        if inside && image % 2 == 0 { 0.9 } else { 0.1 + 0.01 * (image % 7) as f32 }
    });
    let dataset = Dataset::new(samples("image", images.view(), &labels)?)?;
    let fold = Split::by_subject(&dataset, 4, 1)?.fold(&dataset, 0);

    let config = CnnConfig::for_images(24).with_epochs(3).with_images_per_epoch(128);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
    let predicted = model.predict(fold.test.samples())?;
    for (sample, probability) in fold.test.samples().iter().zip(predicted) {
        let outcome = sample.outcome.map(|outcome| outcome.to_string()).unwrap_or_default();
        println!("{}: {:.2}, {outcome}", sample.subject, probability.get());
    }
    Ok(())
}
