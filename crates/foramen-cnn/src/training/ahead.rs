//! Draws the random numbers of an epoch's batches while earlier batches run.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use rand::RngExt as _;

use crate::CnnConfig;
use crate::input::augment::{Variation, keyed};
use crate::input::mixing::Mixing;
use crate::network::FEATURES;
use crate::training::schedule::purpose;

/// The dimensions of batches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub config: &'a CnnConfig,
    /// Channels, rows and columns of an image.
    pub image: [i64; 3],
    /// Number of labelled images of a batch, which come first.
    pub labelled: usize,
    /// The images of a batch from which this process learns.
    pub share: &'a Range<usize>,
}

impl Shape<'_> {
    /// The images of a batch that this process needs: if images are mixed, also those of other
    /// processes.
    fn seen(&self) -> Range<usize> {
        let augmentation = &self.config.augmentation;
        let mixes = augmentation.mixup > 0.0 || augmentation.cutmix > 0.0;
        if mixes { 0..self.config.batch } else { self.share.clone() }
    }
}

/// The random numbers of one batch; they depend only on seed, epoch and position.
#[derive(Debug)]
pub(crate) struct Draws {
    /// The images of the batch that are augmented and, perhaps, mixed.
    pub seen: Range<usize>,
    /// The images to learn from, as a range counted from the first of `seen`.
    pub learned: Range<usize>,
    pub variation: Variation,
    pub mixing: Option<Mixing>,
    /// 0 for a feature that is dropped, else 1, `[n, FEATURES]`, for the images to learn from.
    pub kept: Vec<f32>,
}

impl Draws {
    fn new(shape: &Shape<'_>, seed: u64, [epoch, place]: [u64; 2]) -> Self {
        let Shape { config, image, labelled, share } = *shape;
        let (count, seen) = (config.batch as u64, shape.seen());
        let generators = |purpose: u64| -> Vec<_> {
            let key = |image| keyed(seed, [purpose, epoch, place * count + image as u64]);
            seen.clone().map(key).collect()
        };
        let (vary, mix) = (&mut generators(purpose::AUGMENT), &mut generators(purpose::MIX));
        let crop = i64::try_from(config.crop).expect("a crop is at most a patch");
        let mut generator = keyed(seed, [purpose::DROPOUT, epoch, place]);
        let mut keep = || if generator.random_bool(config.dropout) { 0.0 } else { 1.0 };
        let kept: Vec<f32> = (0..config.batch * FEATURES).map(|_| keep()).collect();
        Self {
            variation: Variation::draw(image, crop, &config.augmentation, vary),
            mixing: Mixing::draw(&config.augmentation, config.crop, labelled, mix),
            kept: kept[share.start * FEATURES..share.end * FEATURES].to_vec(),
            learned: share.start - seen.start..share.end - seen.start,
            seen,
        }
    }
}

/// Threads that draw random numbers for the batches of an epoch, each one batch ahead.
pub(crate) struct Ahead {
    threads: Vec<Receiver<Draws>>,
    next: usize,
}

impl Ahead {
    /// Starts drawing for `batches` batches.
    pub(crate) fn start<'a>(
        scope: &'a Scope<'a, '_>,
        shape: Shape<'a>,
        seed: u64,
        epoch: usize,
        batches: usize,
    ) -> Self {
        let threads = (0..shape.config.data_threads).map(|thread| {
            let (sender, receiver) = sync_channel(1);
            scope.spawn(move || {
                for place in (thread..batches).step_by(shape.config.data_threads) {
                    let draws = Draws::new(&shape, seed, [epoch as u64, place as u64]);
                    if sender.send(draws).is_err() {
                        break; // The training has stopped.
                    }
                }
            });
            receiver
        });
        Self { threads: threads.collect(), next: 0 }
    }

    /// The random numbers of the next batch.
    pub(crate) fn next(&mut self) -> Draws {
        let thread = self.next % self.threads.len();
        self.next += 1;
        self.threads[thread].recv().expect("a thread draws until nobody listens")
    }
}
