//! How much faster several processes train: images per second where each has 64 images of
//! every step, on one thread.
//!
//! `cargo run --release -p foramen-cnn --features distributed --example weak_scaling` measures
//! one process; started by `torchrun --no-python`, `srun`, or with `RANK`, `WORLD_SIZE`,
//! `MASTER_ADDR` and `MASTER_PORT` set, it measures all together.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foramen_cnn::{Cnn, CnnConfig, DeviceChoice};
use foramen_image::ndarray::Array2;
use foramen_learn::{Dataset, Learner, Sample, Split};
use foramen_tch::{Group, Launch};
use foramen_types::{Level, Outcome, Side, SubjectId};

/// Steps of an epoch, and epochs, of which the median counts.
const STEPS: usize = 20;
const EPOCHS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    foramen_tch::reuse_memory()?;
    let launch = Launch::from_environment()?;
    let processes = launch.as_ref().map_or(1, |launch| launch.size);
    let mut config = CnnConfig::default().with_device(DeviceChoice::Cpu).with_threads(1);
    config.batch *= processes;
    let images = STEPS * config.batch;
    let config = config.with_epochs(EPOCHS).with_images_per_epoch(images);

    let speeds = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&speeds);
    let mut cnn = Cnn::new(config).with_progress(move |report| {
        told.lock().unwrap_or_else(PoisonError::into_inner).push(report.images_per_second);
    });
    if let Some(launch) = launch {
        cnn = cnn.with_group(Arc::new(Group::join(launch, Duration::from_secs(60))?));
    }
    let dataset = channels(90)?;
    let fold = Split::by_subject(&dataset, 3, 1)?.fold(&dataset, 0);
    cnn.fit(&fold.train, &fold.tune)?;
    let mut speeds = speeds.lock().unwrap_or_else(PoisonError::into_inner).clone();
    speeds.sort_by(f64::total_cmp);
    // Rank 0 alone hears of progress.
    if let Some(median) = speeds.get(speeds.len() / 2) {
        println!("{processes} process(es): {median:.0} images/s");
    }
    Ok(())
}

/// Dark channels of several widths on bright ground; wide ones do well.
fn channels(count: usize) -> Result<Dataset, Box<dyn Error>> {
    let sample = |i: usize| -> Result<Sample, Box<dyn Error>> {
        let half = 2 + i % 8;
        let pixel = |row: usize| if row.abs_diff(50) <= half { 0.1 } else { 0.9 };
        let patch = Array2::from_shape_fn((100, 100), |(row, _)| pixel(row));
        Ok(Sample::new(SubjectId::new(&format!("S{i:02}"))?, Level::C5C6, Side::Left)
            .with_patch(patch)
            .with_width(half as f64)
            .with_outcome(Outcome::from_favourable(half > 5)))
    };
    Ok(Dataset::new((0..count).map(sample).collect::<Result<Vec<_>, _>>()?)?)
}
