//! How often 95 % intervals of an AUC hold the true AUC: a simulation.
//!
//! ```text
//! cargo run --release --example coverage -- --trials 4000
//! ```
//!
//! draws studies from normal scores whose true AUC is known and prints, for each
//! size and AUC, the share of intervals that hold it, for plain DeLong, DeLong
//! on the logit scale, and percentiles and BCa of the stratified bootstrap.
//! `none` is the share of studies whose ranking was perfect: none of the methods
//! gives an interval then, and the study counts for none of them. A share is
//! good to about ± 0.7 % with 4,000 trials.

use std::process::ExitCode;

use clap::Parser;
use foramen::commands::finish;
use foramen::{say, say_part as put};
use foramen_metrics::{
    Confidence, Estimate, Scores, Undefined,
    discrimination::{AucInterval, auc_with},
    resampling::{Bootstrap, BootstrapInterval, bootstrap_auc},
};
use rayon::prelude::*;

/// Simulates the coverage of intervals of an AUC.
#[derive(Parser)]
struct Arguments {
    /// Studies per size and AUC.
    #[arg(long, default_value_t = 1000)]
    trials: u32,
    /// Resamples of each bootstrap.
    #[arg(long, default_value_t = 1000)]
    resamples: u32,
    /// Samples of a study.
    #[arg(long, value_delimiter = ',', default_value = "58,100,288")]
    sizes: Vec<u32>,
    /// True AUCs.
    #[arg(long, value_delimiter = ',', default_value = "0.7,0.8,0.9,0.95")]
    areas: Vec<f64>,
    /// Share of positive samples.
    #[arg(long, default_value_t = 0.5)]
    prevalence: f64,
    /// Seed of the studies.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

type Interval = fn(&Scores, u32) -> Result<Estimate, Undefined>;

const METHODS: [(&str, Interval); 4] = [
    ("DeLong", |scores, _| auc_with(scores, AucInterval::DeLong, Confidence::P95)),
    ("DeLong-logit", |scores, _| auc_with(scores, AucInterval::DeLongLogit, Confidence::P95)),
    ("percentile", |scores, resamples| {
        bootstrap_auc(scores, &Bootstrap::default().with_resamples(resamples))
    }),
    ("BCa", |scores, resamples| {
        let bca = Bootstrap::default().with_interval(BootstrapInterval::Bca);
        bootstrap_auc(scores, &bca.with_resamples(resamples))
    }),
];

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for &area in &arguments.areas {
        anyhow::ensure!(0.0 < area && area < 1.0, "an AUC of {area} is not between 0 and 1");
    }
    say!("coverage and mean width of 95 % intervals, {} studies each", arguments.trials);
    put!("{:>5} {:>5}", "n", "AUC");
    METHODS.iter().for_each(|(name, _)| put!(" {name:>17}"));
    say!(" {:>6}", "none");
    for &n in &arguments.sizes {
        for &area in &arguments.areas {
            let studies: Vec<[Option<(f64, f64)>; 4]> = (0..arguments.trials)
                .into_par_iter()
                .map(|trial| {
                    let scores = study(n, area, arguments, trial)?;
                    Ok(METHODS.map(|(_, interval)| {
                        interval(&scores, arguments.resamples).ok().and_then(|made| made.ci())
                    }))
                })
                .collect::<anyhow::Result<_>>()?;
            put!("{n:>5} {area:>5}");
            for method in 0..METHODS.len() {
                let made: Vec<(f64, f64)> =
                    studies.iter().filter_map(|study| study[method]).collect();
                let count = made.len() as f64;
                let holds = made.iter().filter(|(low, high)| *low <= area && area <= *high).count();
                let width = made.iter().map(|(low, high)| high - low).sum::<f64>() / count;
                put!(" {:>9.1} % {width:.3}", 100.0 * holds as f64 / count);
            }
            let none = studies.iter().filter(|study| study[0].is_none()).count();
            say!(" {:>4.1} %", 100.0 * none as f64 / f64::from(arguments.trials));
        }
    }
    Ok(())
}

/// A study of normal scores whose distance gives the AUC.
fn study(n: u32, area: f64, arguments: &Arguments, trial: u32) -> anyhow::Result<Scores> {
    let positives = (f64::from(n) * arguments.prevalence).round();
    let distance = std::f64::consts::SQRT_2 * quantile(area);
    let (labels, values): (Vec<bool>, Vec<f64>) = (0..n)
        .map(|i| {
            let label = f64::from(i) < positives;
            let key = (u64::from(trial) << 32 | u64::from(i)) ^ (arguments.seed << 56);
            // Box and Muller.
            let radius = (-2.0 * (1.0 - uniform(2 * key)).ln()).sqrt();
            let normal = radius * (std::f64::consts::TAU * uniform(2 * key + 1)).cos();
            (label, normal + if label { distance } else { 0.0 })
        })
        .unzip();
    Ok(Scores::of_marker(&labels, &values)?)
}

/// The normal quantile, by bisection of the series of the distribution function.
fn quantile(probability: f64) -> f64 {
    let below = |z: f64| {
        let (mut term, mut sum, mut odd) = (z, z, 1.0);
        while f64::abs(term) > 1e-17 {
            odd += 2.0;
            term *= z * z / odd;
            sum += term;
        }
        0.5 + sum * (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
    };
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle) < probability { low = middle } else { high = middle }
    }
    low
}

/// A number in 0 to 1 by the finaliser of SplitMix64.
fn uniform(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
