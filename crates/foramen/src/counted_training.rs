//! Progress of several trainings of the CNN.

use std::sync::{Mutex, PoisonError};

use foramen_learn::Learner;

use crate::progress::Progress;

/// How many epochs of how many trainings are done: resumed ones count, and those that a
/// training left out because it stopped early.
pub(crate) struct Trained {
    /// Epochs of one training.
    each: usize,
    fits: usize,
    /// The last finished epoch of the current training.
    last: usize,
}

impl Trained {
    /// Creates a counter for trainings of `each` epochs.
    pub(crate) fn new(each: usize) -> Self {
        Self { each, fits: 0, last: 0 }
    }

    /// Number of finished epochs when the current training has finished `epoch` epochs.
    pub(crate) fn at(&mut self, epoch: usize) -> u64 {
        if epoch <= self.last {
            self.fits += 1; // the next one has begun
        }
        self.last = epoch;
        (self.fits * self.each + epoch) as u64
    }

    /// A training is done. Gives the epochs that are done now, and whether none of the last
    /// training was told of: it had been done before.
    fn end(&mut self) -> (u64, bool) {
        let is_resumed = self.last == 0;
        (self.fits, self.last) = (self.fits + 1, 0);
        ((self.fits * self.each) as u64, is_resumed)
    }
}

/// A CNN with a progress counter for its trainings.
pub(crate) struct Counted<'a> {
    pub(crate) cnn: &'a foramen_cnn::Cnn,
    pub(crate) trained: &'a Mutex<Trained>,
    pub(crate) progress: &'a Progress,
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
        let (done, is_resumed) = self.trained.lock().unwrap_or_else(PoisonError::into_inner).end();
        if is_resumed {
            self.progress.resume_at(done);
        } else {
            self.progress.set_position(done);
        }
        Ok(fitted)
    }
}
