//! Fits the logistic models of how likely a measured width is within 0.8 mm of the true one.
//!
//! ```text
//! cargo run --release --example width_model -- [--subjects 60] [--wide] --anatomy DIR
//! ```
//!
//! measures analytic phantoms and as many around the vertebrae of a person, every other pair set
//! aside as test. For each contrast it prints, for a model of each family and of both, what it
//! promises of the sides it is tested on and what holds: the mean of its probabilities and the
//! share that is right, of all and of those above 0.8; then the weights fitted on everything:
//! constant, wall edge, width in millimetres, bone on the way in millimetres.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use foramen::commands::finish;
use foramen::{say, say_part as put};
use foramen_image::Contrast;
use foramen_phantom::{Anatomy, CohortConfig, Variety, draw_subject, draw_subject_on};
use foramen_validation::{Example, Origin, widths_of_phantom};
use rayon::prelude::*;

/// Fits the model of right widths.
#[derive(Parser)]
struct Arguments {
    /// Phantoms of each family to measure.
    #[arg(long, default_value_t = 60)]
    subjects: usize,
    /// Their seed; accuracy is measured on others.
    #[arg(long, default_value_t = 778)]
    seed: u64,
    /// Draw tissues, scanner and pedicles as widely as they differ.
    #[arg(long)]
    wide: bool,
    /// Folder of the vertebrae of a person, as STL files.
    #[arg(long, value_name = "DIR")]
    anatomy: PathBuf,
}

const FAMILIES: [(Origin, &str); 2] =
    [(Origin::Analytic, "analytic"), (Origin::Vertebrae, "vertebrae")];

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let variety = if arguments.wide { Variety::Wide } else { Variety::Usual };
    let config = CohortConfig::default().with_seed(arguments.seed).with_variety(variety);
    let anatomy = Arc::new(Anatomy::read(&arguments.anatomy)?);
    let examples: Vec<Example> = (0..arguments.subjects)
        .into_par_iter()
        .flat_map_iter(|i| {
            // Contrasts alternate from one subject to the next.
            let held_out = i / 2 % 2 == 1;
            let drawn = draw_subject(&config, i);
            let mut seen = widths_of_phantom(&drawn, Origin::Analytic, held_out);
            let drawn = draw_subject_on(&anatomy, &config, i);
            seen.extend(widths_of_phantom(&drawn, Origin::Vertebrae, held_out));
            seen
        })
        .collect();
    for contrast in [Contrast::T2Star, Contrast::T2Fse] {
        let of: Vec<&Example> = examples.iter().filter(|one| one.contrast == contrast).collect();
        say!("{contrast}: promised and right; of those above 0.8");
        put!("  {:12}", "learned on");
        say!("{:>36}{:>36}", FAMILIES[0].1, FAMILIES[1].1);
        let kinds: [(&str, &[Origin]); 3] = [
            ("analytic", &[Origin::Analytic]),
            ("vertebrae", &[Origin::Vertebrae]),
            ("both", &[Origin::Analytic, Origin::Vertebrae]),
        ];
        for (name, kinds) in kinds {
            let learned =
                of.iter().copied().filter(|one| kinds.contains(&one.origin) && !one.held_out);
            let weights = fit(&learned.collect::<Vec<_>>());
            put!("  {name:12}");
            for (origin, _) in FAMILIES {
                let tested = of.iter().filter(|one| one.origin == origin && one.held_out);
                put!("{:>36}", promised(&weights, tested.copied()));
            }
            say!();
        }
        say!("  weights, of everything: {:.2?}", fit(&of));
    }
    Ok(())
}

/// Both families count alike.
fn fit(of: &[&Example]) -> [f64; 4] {
    let number = |origin| of.iter().filter(|one| one.origin == origin).count().max(1) as f64;
    let [analytic, vertebrae] = [number(Origin::Analytic), number(Origin::Vertebrae)];
    let count = |one: &Example| match one.origin {
        Origin::Vertebrae => analytic.max(vertebrae) / vertebrae,
        _ => analytic.max(vertebrae) / analytic,
    };
    Example::fit(of, count, 4)
}

fn promised<'a>(weights: &[f64; 4], tested: impl Iterator<Item = &'a Example>) -> String {
    // How many, the sum of what is promised, how many are right: of all, of those above 0.8.
    let mut all = [(0_u32, 0.0, 0_u32); 2];
    for one in tested {
        let promise = 1.0 / (1.0 + (-one.odds(weights)).exp());
        for (sum, counts) in all.iter_mut().zip([true, promise > 0.8]) {
            if counts {
                *sum = (sum.0 + 1, sum.1 + promise, sum.2 + u32::from(one.holds));
            }
        }
    }
    let [all, sure] = all.map(|(n, promise, right)| {
        let n = f64::from(n.max(1));
        format!("{:.2} {:.2}", promise / n, f64::from(right) / n)
    });
    format!("{all}; {sure}")
}
