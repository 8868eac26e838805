use clap::Args;

/// How models are trained.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrainArguments {
    /// Where the CNN computes: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// Folds of the cross-validation, by subject.
    #[arg(long, default_value_t = 5)]
    pub(crate) folds: usize,
    /// Seed of the split and of the training.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Epochs of the CNN, instead of its default.
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    /// Threads of libtorch, instead of the cores that no other work keeps busy.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Goes on with a training of the same study that was interrupted.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Use what persons corrected (`review --export`), and report the result without their
    /// corrections beside.
    #[arg(long, conflicts_with = "resume")]
    pub(crate) reviewed: bool,
}

impl Default for TrainArguments {
    fn default() -> Self {
        Self {
            device: "auto".to_owned(),
            folds: 5,
            seed: 1,
            epochs: None,
            threads: None,
            resume: false,
            reviewed: false,
        }
    }
}

impl TrainArguments {
    /// The same with another number of folds.
    #[must_use]
    pub(crate) fn with_folds(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// The same with another number of epochs.
    #[must_use]
    pub(crate) fn with_epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs);
        self
    }
}
