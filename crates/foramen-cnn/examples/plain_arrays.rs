//! The CNN on plain arrays: any images of one size with two labels.
//!
//! ```text
//! cargo run --release --package foramen-cnn --example plain_arrays
//! ```
//!
//! It draws images with and without a bright square, trains on three quarters of them,
//! and prints what the model says of images that it has not seen.

use foramen_cnn::ndarray::Array3;
use foramen_cnn::{Cnn, CnnConfig, samples};
use foramen_learn::{Dataset, Learner, Split};

/// Every other image, the first too, has a bright square; each has its own brightness.
fn drawn(images: usize) -> Array3<f32> {
    Array3::from_shape_fn((images, 24, 24), |(image, row, column)| {
        let inside = row.abs_diff(12) < 6 && column.abs_diff(12) < 6;
        if inside && image % 2 == 0 { 0.9 } else { 0.1 + 0.01 * (image % 7) as f32 }
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let labels: Vec<bool> = (0..40).map(|image| image % 2 == 0).collect();
    let dataset = Dataset::new(samples("image", drawn(40).view(), &labels)?)?;
    let fold = Split::by_subject(&dataset, 4, 1)?.fold(&dataset, 0);

    let config = CnnConfig::for_images(24).with_epochs(3).with_images_per_epoch(128);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
    println!("image  has a square  probability of a square");
    for (image, probability) in model.predict_images(drawn(6).view())?.iter().enumerate() {
        let square = if image % 2 == 0 { "yes" } else { "no" };
        println!("{image:5}  {square:12}  {:.2}", probability.get());
    }
    Ok(())
}
