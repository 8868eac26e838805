//! Fits the logistic models of how likely a measured width is within 0.8 mm of the true one.
//!
//! ```text
//! cargo run --release --example width_model -- [--subjects 80] --anatomy DIR --real ../shared/data/spine
//! ```
//!
//! measures phantoms of four families: analytic and around the vertebrae of a person, each as
//! one protocol shows them and as varied as scanners are, every other pair set aside as test;
//! and the sides that two people read on the real examinations tuned on.
//! For each contrast it prints, for models that learned on one, two or all families, what they
//! promise of each family and what holds: the mean of the probabilities and the share that is
//! right, of all sides and of those above 0.8; then the weights that all examples of these
//! families give: constant, wall edge, width in millimetres.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use foramen::commands::finish;
use foramen::{say, say_part as put};
use foramen_image::Contrast;
use foramen_phantom::{Anatomy, CohortConfig, Variety, draw_subject, draw_subject_on};
use foramen_validation::{Example, Origin, widths_of_people, widths_of_phantom};
use rayon::prelude::*;

/// Fits the model of right widths.
#[derive(Parser)]
struct Arguments {
    /// Phantoms of each origin to measure, half of them varied.
    #[arg(long, default_value_t = 80)]
    subjects: usize,
    /// Their seed; accuracy is measured on others.
    #[arg(long, default_value_t = 778)]
    seed: u64,
    /// Folder of the vertebrae of a person, as STL files.
    #[arg(long, value_name = "DIR")]
    anatomy: PathBuf,
    /// Folder of the real examinations.
    #[arg(long, value_name = "DIR")]
    real: PathBuf,
    /// How much all real sides on T2* count beside those of one family: by default as much as
    /// all phantoms together; on T2 FSE, where they are five, a fifth of it.
    #[arg(long, default_value_t = 4.0)]
    weight: f64,
}

const FAMILIES: [&str; 5] = ["analytic", "varied", "vertebrae", "varied", "people"];
/// Place of the people among them.
const PEOPLE: usize = 4;
/// How many numbers of a side are used: constant, wall edge, width.
const USED: usize = 3;

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let usual = CohortConfig::default().with_seed(arguments.seed);
    let wide = usual.clone().with_variety(Variety::Wide);
    let anatomy = Arc::new(Anatomy::read(&arguments.anatomy)?);
    let mut examples: Vec<(usize, Example)> = (0..arguments.subjects)
        .into_par_iter()
        .flat_map_iter(|i| {
            // Contrasts alternate from one subject to the next.
            let (held_out, varied) = (i / 2 % 2 == 1, i / 4 % 2);
            let config = if varied == 1 { &wide } else { &usual };
            let drawn = draw_subject(config, i);
            let analytic = widths_of_phantom(&drawn, Origin::Analytic, held_out);
            let drawn = draw_subject_on(&anatomy, config, i);
            let vertebrae = widths_of_phantom(&drawn, Origin::Vertebrae, held_out);
            let of = |family: usize| move |one| (family, one);
            analytic.into_iter().map(of(varied)).chain(vertebrae.into_iter().map(of(2 + varied)))
        })
        .collect();
    let people = widths_of_people(&arguments.real)?;
    examples.extend(people.into_iter().map(|one| (PEOPLE, one)));
    for (contrast, weight) in
        [(Contrast::T2Star, arguments.weight), (Contrast::T2Fse, arguments.weight / 5.0)]
    {
        let of: Vec<&(usize, Example)> =
            examples.iter().filter(|(_, one)| one.contrast == contrast).collect();
        say!("{contrast}: promised and right; of those above 0.8");
        put!("  {:20}", "learned on");
        say!("{}", FAMILIES.map(|name| format!("{name:>25}")).concat());
        let kinds: [(&str, &[usize]); 6] = [
            ("analytic", &[0]),
            ("analytic, varied", &[0, 1]),
            ("vertebrae, varied", &[2, 3]),
            ("all phantoms", &[0, 1, 2, 3]),
            ("analytic, people", &[0, 1, 4]),
            ("everything", &[0, 1, 2, 3, 4]),
        ];
        for (name, kinds) in kinds {
            let is_learned =
                |(family, one): &&&(usize, Example)| kinds.contains(family) && !one.held_out;
            let learned: Vec<_> = of.iter().filter(is_learned).copied().collect();
            let weights = fit(&learned, weight);
            put!("  {name:20}");
            for family in 0..FAMILIES.len() {
                let is_tested = |one: &Example| one.held_out || family == PEOPLE;
                let tested = of.iter().filter(|(is, one)| *is == family && is_tested(one));
                put!("{:>25}", promised(&weights, tested.map(|(_, one)| one)));
            }
            let whole: Vec<_> = of.iter().filter(|(is, _)| kinds.contains(is)).copied().collect();
            say!("  {:.2?}", &fit(&whole, weight)[..USED]);
        }
    }
    Ok(())
}

/// All families of phantoms count alike, people so many times as much.
fn fit(of: &[&(usize, Example)], people: f64) -> [f64; 4] {
    let number = |wanted: usize| of.iter().filter(|(family, _)| *family == wanted).count() as f64;
    let numbers: Vec<f64> = (0..FAMILIES.len()).map(number).collect();
    let most = numbers.iter().copied().fold(0.0, f64::max);
    // Each family weighs as the largest: its examples are repeated so often.
    let times = |family: usize| if family == PEOPLE { people } else { 1.0 };
    let weight = |family: usize| times(family) * most / numbers[family];
    let weighed: Vec<(f64, &Example)> =
        of.iter().map(|(family, one)| (weight(*family), one)).collect();
    Example::fit_weighed(&weighed, USED)
}

fn promised<'a>(weights: &[f64; 4], tested: impl Iterator<Item = &'a Example>) -> String {
    // How many, the sum of what is promised, how many are right: of all, of those above 0.8.
    let mut all = [(0_u32, 0.0, 0_u32); 2];
    for one in tested {
        let odds: f64 = one.seen.iter().zip(weights).take(USED).map(|(seen, w)| seen * w).sum();
        let promise = 1.0 / (1.0 + (-odds).exp());
        for (sum, counts) in all.iter_mut().zip([true, promise > 0.8]) {
            if counts {
                *sum = (sum.0 + 1, sum.1 + promise, sum.2 + u32::from(one.holds));
            }
        }
    }
    let [all, sure] = all.map(|(n, promise, right)| {
        let of = f64::from(n.max(1));
        format!("{:.2} {:.2}", promise / of, f64::from(right) / of)
    });
    format!("{all}; {sure}")
}
