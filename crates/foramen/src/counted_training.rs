//! How far several trainings of the CNN are, for the progress that is shown.

use std::sync::{Mutex, PoisonError};

use foramen_learn::Learner;

/// How many epochs of how many trainings are done: resumed ones count, and those that a
/// training left out because it stopped early.
pub(crate) struct Trained {
    /// Epochs of one training.
    each: usize,
    fits: usize,
    /// The last epoch of the training that runs.
    last: usize,
}

impl Trained {
    /// Of trainings of so many epochs none is done yet.
    pub(crate) fn new(each: usize) -> Self {
        Self { each, fits: 0, last: 0 }
    }

    /// Epochs that are done when the training that runs has done so many.
    pub(crate) fn at(&mut self, epoch: usize) -> u64 {
        if epoch <= self.last {
            self.fits += 1; // the next one has begun
        }
        self.last = epoch;
        (self.fits * self.each + epoch) as u64
    }

    /// A training is done, whether or not any of its epochs was told of.
    fn end(&mut self) {
        (self.fits, self.last) = (self.fits + 1, 0);
    }
}

/// A CNN whose trainings are counted.
pub(crate) struct Counted<'a> {
    pub(crate) cnn: &'a foramen_cnn::Cnn,
    pub(crate) trained: &'a Mutex<Trained>,
}

impl Learner for Counted<'_> {
    type Fitted = foramen_cnn::CnnModel;
    type Error = foramen_cnn::CnnError;

    fn name(&self) -> &str {
        self.cnn.name()
    }

    fn fit(
        &self,
        train: &foramen_learn::TrainSet<'_>,
        tune: &foramen_learn::TuneSet<'_>,
    ) -> Result<Self::Fitted, Self::Error> {
        let fitted = self.cnn.fit(train, tune)?;
        self.trained.lock().unwrap_or_else(PoisonError::into_inner).end();
        Ok(fitted)
    }
}
