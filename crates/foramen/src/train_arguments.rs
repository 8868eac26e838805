use std::path::PathBuf;

use clap::{Args, ValueEnum};
use foramen_learn::Overlap;

use crate::processes::Processes;

/// The variable that separates test subjects from training subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitBy {
    /// The site of the injection.
    Site,
    /// Manufacturer, model and field strength of the scanner.
    Scanner,
    /// The day of the injection.
    Date,
}

impl SplitBy {
    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Scanner => "scanner",
            Self::Date => "date",
        }
    }
}

/// Options of training.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrainArguments {
    /// Device for the CNN: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// What computes convolutions and batch norms of the training: auto (our kernels where the
    /// processor has AVX2) or libtorch.
    #[arg(long, value_name = "WHAT", default_value = "auto", value_parser = ["auto", "libtorch"])]
    pub(crate) kernels: String,
    /// Folds of the cross-validation, by subject.
    #[arg(long, default_value_t = 5)]
    pub(crate) folds: usize,
    /// Number of repeats of the cross-validation, each with other folds; 10 are advised for
    /// published results. Models of the first repeat are kept.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) repeats: usize,
    /// Uses the folds of this table (`folds.csv` of another study, or any table with the columns
    /// subject_id and fold) instead of random ones.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folds", "repeats"])]
    pub(crate) folds_file: Option<PathBuf>,
    /// Tests each site (the column `site` of the outcome table) or scanner with a model trained on
    /// all others, or later injected subjects with a model trained on earlier ones, instead of
    /// using random folds.
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["folds", "repeats", "folds_file"])]
    pub(crate) split_by: Option<SplitBy>,
    /// The first day of the test subjects (`--split-by date`) [default: the day that leaves the
    /// last 30 of 100 subjects for testing].
    #[arg(long, value_name = "DAY", requires = "split_by")]
    pub(crate) test_from: Option<jiff::civil::Date>,
    /// Continue although folds share this: subject, study, image, pixels or near-duplicate.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) allow_overlap: Vec<Overlap>,
    /// Seed of the split and of the training.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Trains controls that show how much the CNN is worth: on measurements, covariates and
    /// metadata only, on the surroundings of the foramen, on shuffled outcomes. Two of them train
    /// the CNN again, so the run takes about three times as long.
    #[arg(long, conflicts_with = "reviewed")]
    pub(crate) controls: bool,
    /// Also trains the CNN on a fourth, a half and three fourths of the subjects of each train and
    /// tune set, in the first repeat, to show whether more subjects would help.
    #[arg(long, conflicts_with = "reviewed")]
    pub(crate) learning_curve: bool,
    /// Epochs of the CNN, instead of its default.
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    /// Threads of libtorch [default: the number of free cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Trains N folds at once, each in its own process with its share of the threads.
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..),
        conflicts_with_all = [
            "controls", "learning_curve", "repeats", "folds_file", "split_by", "reviewed",
        ],
    )]
    pub(crate) jobs: Option<u16>,
    /// Continues an interrupted training of the same study.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Use the corrections of persons (`review --export`), and also report the result without them.
    #[arg(long, conflicts_with = "resume")]
    pub(crate) reviewed: bool,
    /// The processes that train together.
    #[arg(skip)]
    pub(crate) processes: Processes,
}

impl Default for TrainArguments {
    fn default() -> Self {
        Self {
            device: "auto".to_owned(),
            kernels: "auto".to_owned(),
            folds: 5,
            repeats: 1,
            folds_file: None,
            split_by: None,
            test_from: None,
            allow_overlap: Vec::new(),
            seed: 1,
            controls: false,
            learning_curve: false,
            epochs: None,
            threads: None,
            jobs: None,
            resume: false,
            reviewed: false,
            processes: Processes::default(),
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

    /// The same with a number of threads: the requested one, else the number of free cores.
    #[cfg(feature = "torch")]
    #[must_use]
    pub(crate) fn with_threads_of_now(mut self) -> Self {
        let free = || u16::try_from(crate::threads::free_cores()).unwrap_or(u16::MAX);
        self.threads = Some(self.threads.unwrap_or_else(free));
        self
    }

    /// The same with another number of epochs.
    #[must_use]
    pub(crate) fn with_epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs);
        self
    }
}
