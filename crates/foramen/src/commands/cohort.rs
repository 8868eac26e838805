//! Generates a synthetic cohort: DICOM studies, an outcome table and the truth.
//!
//! With no arguments it makes six subjects in a temporary folder. It prints a progress line on a
//! terminal, then the folder, the number of files and bytes, the prevalence, and the two AUCs that
//! no model can be expected to exceed: with all factors known, and with only those visible in an
//! image.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use foramen_phantom::{CohortConfig, Design, Variety, write_cohort};

use crate::progress::bar;
use crate::terminal::say;

/// Generates a synthetic cohort of cervical MRI with outcomes.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Folder to write, which must not hold anything yet [default: a new one in
    /// the system's temporary folder].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Subjects whose data suffice for a prediction.
    #[arg(long, default_value_t = 6)]
    subjects: usize,
    /// Further subjects with typical defects of a hospital export.
    #[arg(long, default_value_t = 0)]
    defects: usize,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Examine each subject by one sagittal T2 volume (SPACE, CUBE, VISTA) only.
    #[arg(long)]
    volume: bool,
    /// Simulate tissues, scanners and pedicles with their full variation, not those of one
    /// protocol.
    #[arg(long)]
    wide: bool,
    /// What determines the outcome: width (the width of the foramen), picture (features visible
    /// only in the image: fat around the root, swelling of the root, disc or bone), confounded (the
    /// width and the field of the scanner).
    #[arg(long, value_name = "DESIGN", default_value_t)]
    cohort: Design,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut config = CohortConfig::default()
        .with_seed(arguments.seed)
        .with_analysable(arguments.subjects)
        .with_defects(arguments.defects)
        .with_design(arguments.cohort);
    config.volume = arguments.volume;
    if arguments.wide {
        config = config.with_variety(Variety::Wide);
    }
    let out = arguments.out.clone().unwrap_or_else(|| {
        let name = format!("foramen-cohort-{}-{}", config.fingerprint(), std::process::id());
        std::env::temp_dir().join(name)
    });

    let progress = bar("draw", config.subjects());
    let started = Instant::now();
    let summary = write_cohort(&config, &out, &|done, _| progress.set_position(done as u64))
        .with_context(|| format!("no cohort was written to {}", out.display()))?;
    progress.finish_and_clear();

    let auc = |value: Option<f64>| {
        value.map_or_else(|| "not defined".to_owned(), |auc| format!("{auc:.3}"))
    };
    say!("{}", out.display());
    say!(
        "{} subjects, {} analysable; {} files, {:.1} MB, {:.1} s",
        summary.subjects,
        summary.analysable,
        summary.files,
        summary.bytes as f64 / 1e6,
        started.elapsed().as_secs_f64()
    );
    say!("favourable outcomes   {:.3}", summary.prevalence);
    say!("oracle AUC            {}", auc(summary.oracle_auc));
    say!("oracle AUC of images  {}", auc(summary.oracle_image_auc));
    if summary.oracle_width_auc.is_some() {
        say!("oracle AUC of widths  {}", auc(summary.oracle_width_auc));
    }
    Ok(())
}
