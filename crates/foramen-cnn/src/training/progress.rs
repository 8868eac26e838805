use std::fmt;
use std::time::Duration;

/// The results of one epoch of a training, passed to the callback of
/// [`Cnn::with_progress`](crate::Cnn::with_progress).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EpochReport {
    /// The network in training, from 1.
    pub member: usize,
    /// Number of networks.
    pub members: usize,
    /// The epoch, from 1.
    pub epoch: usize,
    /// Largest number of epochs.
    pub epochs: usize,
    /// Mean training loss: width and outcome together.
    pub train_loss: f64,
    /// Cross-entropy on the tune set (natural logarithm); `None` without samples.
    pub tune_loss: Option<f64>,
    /// AUC on the tune set; `None` when it has one outcome only.
    pub tune_auc: Option<f64>,
    /// Mean absolute error of the width on the tune set, millimetres.
    pub tune_width_error: Option<f64>,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Images trained on per second.
    pub images_per_second: f64,
    /// Longest remaining time of the training of all networks, at the speed of this epoch.
    pub remaining: Duration,
    /// Whether these weights are the best so far.
    pub best: bool,
}

impl fmt::Display for EpochReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
        write!(
            f,
            "network {}/{}, epoch {}/{}: train loss {:.3}, tune loss {}, tune AUC {}, {:.0} images/s, {} s left",
            self.member,
            self.members,
            self.epoch,
            self.epochs,
            self.train_loss,
            shown(self.tune_loss),
            shown(self.tune_auc),
            self.images_per_second,
            self.remaining.as_secs()
        )
    }
}
