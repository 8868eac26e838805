//! What the CNN sees that the width does not tell, where a picture shows more.
//!
//! ```text
//! cargo run --release --features torch --example picture -- --cohort-seeds 1,2,3
//! ```
//!
//! On cohorts whose outcome hangs on the fat around the root, on its swelling and on what narrows
//! the foramen (`cohort --cohort picture`), the CNN and the width are trained in five folds by
//! subject. It prints their AUCs, their paired difference, what of it the truth of the cohort
//! allows, and how much the histogram of a patch adds to the width: nothing, where no shortcut
//! leads past the picture.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use foramen::commands::{bar, finish};
use foramen::say;
use foramen_cnn::{Cnn, CnnConfig};
use foramen_learn::{
    Dataset, Feature, Learner, Logistic, Prediction, Sample, Split, WidthBaseline, cross_validate,
};
use foramen_metrics::{
    Confidence, Scores,
    comparison::{PairedScores, compare_auc},
    discrimination::auc,
};
use foramen_phantom::{CohortConfig, Design};
use foramen_validation::{Prepared, Spread};

/// Bins of the histogram of a patch, from 0 to 1 on its window and beyond.
const BINS: usize = 12;

/// Trains the CNN where a picture shows more than the width.
#[derive(Parser)]
struct Arguments {
    /// Analysable subjects of a cohort.
    #[arg(long, default_value_t = 288)]
    subjects: usize,
    /// Seeds of the cohorts; each is a cohort of its own.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    cohort_seeds: Vec<u64>,
    /// Epochs of the CNN, instead of its default.
    #[arg(long)]
    epochs: Option<usize>,
    /// Share of the epochs in which widths alone are learned, instead of the default.
    #[arg(long)]
    width_first: Option<f64>,
    /// Weight of the outcome beside the width, instead of the default.
    #[arg(long)]
    outcome_weight: Option<f64>,
    /// Networks of a fold, whose log-odds are averaged.
    #[arg(long)]
    members: Option<usize>,
    /// Leaves the CNN out.
    #[arg(long)]
    numbers_only: bool,
    /// Where cohorts are kept.
    #[arg(long, value_name = "DIR", default_value = "foramen-picture")]
    out: PathBuf,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    foramen_tch::reuse_memory()?;
    let [mut gains, mut shares, mut shortcuts]: [Spread; 3] = Default::default();
    for &seed in &arguments.cohort_seeds {
        let config = CohortConfig::default().with_seed(seed).with_analysable(arguments.subjects);
        let config = config.with_defects(0).with_design(Design::Picture);
        let cohort = Prepared::of(&config, &arguments.out)?;
        let split = Split::by_subject(&cohort.dataset, 5, 1)?;
        let width = predicted(&WidthBaseline::default(), &cohort.dataset, &split)?;
        let with_histograms = with_histograms(&cohort.dataset)?;
        let mut features: Vec<Feature> =
            (0..BINS).map(|bin| Feature::Covariate(bin.to_string())).collect();
        features.push(Feature::Width);
        let histogram = predicted(&Logistic::new("histogram", features), &with_histograms, &split)?;
        let area = |scores: &Scores| anyhow::Ok(auc(scores)?.estimate);
        let (of_width, of_histogram) = (area(&width)?, area(&histogram)?);
        let (image, known) = (cohort.truth.oracle_image_auc, cohort.truth.oracle_width_auc);
        let (image, known) = image.zip(known).context("the cohort has both outcomes")?;
        shortcuts.add(of_histogram - of_width);
        say!(
            "cohort {seed}: oracle {image:.3}, of the width {known:.3}; width {of_width:.3}, with \
             a histogram {of_histogram:.3}"
        );
        if arguments.numbers_only {
            continue;
        }
        let mut config = CnnConfig::default();
        config.epochs = arguments.epochs.unwrap_or(config.epochs);
        config.width_first = arguments.width_first.unwrap_or(config.width_first);
        config.outcome_weight = arguments.outcome_weight.unwrap_or(config.outcome_weight);
        config.members = arguments.members.unwrap_or(config.members);
        let progress = bar("train", split.folds() * config.members * config.epochs);
        let counted = progress.clone();
        let cnn = Cnn::new(config).with_progress(move |_| counted.inc(1));
        let cnn = predicted(&cnn, &cohort.dataset, &split)?;
        progress.finish_and_clear();
        let both = compare_auc(&PairedScores::new(cnn, width)?, Confidence::default())?;
        let gain = both.difference;
        let (low, high) = gain.ci().unwrap_or_default();
        let share = gain.estimate / (image - known);
        say!(
            "    CNN {:.3}, {:.3} above the width ({low:.3} to {high:.3}): {:.0} % of what can be \
             gained",
            both.first.estimate,
            gain.estimate,
            100.0 * share
        );
        gains.add(gain.estimate);
        shares.add(share);
    }
    say!("histogram over width {shortcuts}");
    if !arguments.numbers_only {
        say!("CNN over width {gains}, share {shares}");
    }
    Ok(())
}

/// What a learner says of the test sets of all folds.
fn predicted<L: Learner>(learner: &L, dataset: &Dataset, split: &Split) -> Result<Scores> {
    let predictions = cross_validate(learner, dataset, split)?.predictions;
    let known = |p: &Prediction| Some((p.outcome?.is_favourable(), p.probability.get()));
    let (labels, values): (Vec<bool>, Vec<f64>) = predictions.iter().filter_map(known).unzip();
    Ok(Scores::new(&labels, &values)?)
}

/// The samples with an outcome, with the histogram of the patch in place of the picture.
fn with_histograms(dataset: &Dataset) -> Result<Dataset> {
    let labelled = dataset.samples().iter().filter(|sample| sample.outcome.is_some());
    let of = |sample: &Sample| {
        let mut counts = [0.0; BINS];
        for value in &sample.patch {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to the number of bins"
            )]
            let bin = (value * (BINS - 2) as f32 + 1.0).clamp(0.0, BINS as f32 - 1.0) as usize;
            counts[bin] += 1.0;
        }
        let mut plain = Sample::new(sample.subject.clone(), sample.level, sample.side);
        (plain.outcome, plain.width) = (sample.outcome, sample.width);
        let bins = counts.into_iter().enumerate();
        bins.fold(plain, |plain, (bin, count)| plain.with_covariate(&bin.to_string(), count))
    };
    Ok(Dataset::new(labelled.map(of).collect())?)
}
