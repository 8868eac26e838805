//! Fits the logistic models with which `foramen-select` tells a foramen from a pedicle.
//!
//! ```text
//! cargo run --release --example state_model -- --anatomy DIR --real ../shared/data/spine
//! ```
//!
//! measures analytic phantoms, with `--anatomy` as many around the vertebrae of a person, and
//! with `--real` the real examinations of `src/states.csv` in that folder. For each contrast it
//! prints how many open sides a model of each kind of example loses and how many pedicles it
//! closes, tested on each kind (half of the phantoms are set aside for that), then what models of
//! every kind say from which one kind of evidence is left out, then the weights
//! fitted on everything: constant, bone in millimetres, wall edge, brightness. `states.csv` has
//! what a careful eye saw on each slice from the feet: O an open foramen, C a pedicle, - neither
//! for sure.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use foramen::commands::finish;
use foramen::say_part as put;
use foramen_image::Contrast;
use foramen_phantom::{Anatomy, CohortConfig, Variety, draw_subject, draw_subject_on};
use foramen_validation::{Example, Origin, states_of_people, states_of_phantom};
use rayon::prelude::*;

/// Fits the model of open and closed.
#[derive(Parser)]
struct Arguments {
    /// Phantoms of each family to measure.
    #[arg(long, default_value_t = 24)]
    subjects: usize,
    /// Their seed; accuracy is measured on others.
    #[arg(long, default_value_t = 777)]
    seed: u64,
    /// Folder of the vertebrae of a person, as STL files; without it analytic phantoms alone.
    #[arg(long, value_name = "DIR")]
    anatomy: Option<PathBuf>,
    /// Folder of the real examinations; without it phantoms alone.
    #[arg(long, value_name = "DIR")]
    real: Option<PathBuf>,
    /// Draw tissues, scanner and pedicles as widely as they differ.
    #[arg(long)]
    wide: bool,
    /// How much all real sides on T2* count beside all of one family; on T2 FSE a fifth of it.
    #[arg(long, default_value_t = 2.5)]
    weight: f64,
}

const ORIGINS: [(Origin, &str); 3] =
    [(Origin::Analytic, "analytic"), (Origin::Vertebrae, "vertebrae"), (Origin::Person, "people")];

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let variety = if arguments.wide { Variety::Wide } else { Variety::Usual };
    let config = CohortConfig::default().with_seed(arguments.seed).with_variety(variety);
    let anatomy = arguments.anatomy.as_deref().map(Anatomy::read).transpose()?.map(Arc::new);
    let mut examples: Vec<Example> = (0..arguments.subjects)
        .into_par_iter()
        .flat_map_iter(|i| {
            // Contrasts alternate from one subject to the next.
            let held_out = i / 2 % 2 == 1;
            let subject = draw_subject(&config, i);
            let mut seen = states_of_phantom(&subject, Origin::Analytic, held_out);
            if let Some(anatomy) = &anatomy {
                let subject = draw_subject_on(anatomy, &config, i);
                seen.extend(states_of_phantom(&subject, Origin::Vertebrae, held_out));
            }
            seen
        })
        .collect();
    if let Some(real) = &arguments.real {
        examples.extend(states_of_people(real)?);
    }
    for (contrast, weight) in
        [(Contrast::T2Star, arguments.weight), (Contrast::T2Fse, arguments.weight / 5.0)]
    {
        let of: Vec<&Example> = examples.iter().filter(|one| one.contrast == contrast).collect();
        put!("{}", table(contrast, &of, weight)?);
    }
    Ok(())
}

/// What a model of each kind of example says of each kind, and the weights of all.
fn table(contrast: Contrast, of: &[&Example], weight: f64) -> anyhow::Result<String> {
    // On T2* marrow is as dark as cortex, and brightness tells nothing.
    let used = if contrast == Contrast::T2Star { 3 } else { 4 };
    let number = |origin| of.iter().filter(|one| one.origin == origin).count() as f64;
    let count = |one: &Example| {
        let many = number(Origin::Analytic) / number(one.origin);
        if one.origin == Origin::Person { weight * many } else { many }
    };
    let mut shown = format!("{contrast}: open sides lost, pedicles closed\n");
    write!(shown, "  {:24}", "learned on")?;
    for (_, name) in ORIGINS {
        write!(shown, "{name:>26}")?;
    }
    writeln!(shown)?;
    let [analytic, vertebrae, people] = ORIGINS.map(|(origin, _)| origin);
    for (name, kinds) in [
        ("analytic", vec![analytic]),
        ("vertebrae", vec![vertebrae]),
        ("both", vec![analytic, vertebrae]),
        ("both and people", vec![analytic, vertebrae, people]),
    ] {
        if kinds.iter().any(|kind| number(*kind) < 1.0) {
            continue;
        }
        let learned: Vec<&Example> =
            of.iter().copied().filter(|one| kinds.contains(&one.origin) && !one.held_out).collect();
        let weights = Example::fit(&learned, count, used);
        write!(shown, "{}", tested(name, of, |one| one.odds(&weights))?)?;
    }
    write!(shown, "{}", tested("the model in use", of, |one| one.in_use)?)?;
    for (name, column) in [("without bone", 1), ("without edge", 2), ("without brightness", 3)] {
        if column < used {
            let blind: Vec<Example> = of.iter().map(|one| one.without(column)).collect();
            let blind: Vec<&Example> = blind.iter().collect();
            let learned: Vec<&Example> =
                blind.iter().copied().filter(|one| !one.held_out).collect();
            let weights = Example::fit(&learned, count, used);
            write!(shown, "{}", tested(name, &blind, |one| one.odds(&weights))?)?;
        }
    }
    let weights = Example::fit(of, count, used);
    writeln!(shown, "  weights, of everything: {weights:.2?}")?;
    Ok(shown)
}

/// Open sides that are lost and pedicles that are closed, on each kind of picture.
fn tested(
    name: &str,
    of: &[&Example],
    odds: impl Fn(&Example) -> f64,
) -> Result<String, std::fmt::Error> {
    let mut shown = format!("  {name:24}");
    for (origin, _) in ORIGINS {
        let (mut lost, mut closed) = ((0_u32, 0_u32), (0_u32, 0_u32));
        for one in of.iter().filter(|one| one.origin == origin) {
            if one.held_out || origin == Origin::Person {
                let side = if one.holds { &mut lost } else { &mut closed };
                *side = (side.0 + u32::from(odds(one) <= 0.0), side.1 + 1);
            }
        }
        let cell = format!("{} of {}, {} of {}", lost.0, lost.1, closed.0, closed.1);
        write!(shown, "{cell:>26}")?;
    }
    writeln!(shown)?;
    Ok(shown)
}
