//! Compares measured widths and grades with readers', and readers with each other. Reads
//! `profile.csv` or `selections.csv` of `select` or `study`, and a table of readings with the
//! columns `sop_instance_uid`, `side` and, where present, `frame`, `subject_id`, `reader`, `state`,
//! `width_mm`, `root_width_mm`, `kim`, `modified_kim`, and wall points (`front_x_mm` to
//! `back_z_mm`). Prints κ for the state (open or not); for the widths the median difference, the
//! Bland–Altman bias and limits and ICC(2,1); the distance between walls; and the weighted κ of the
//! grades. Walls of the program are in `profile.csv`, its grades in `selections.csv`. Refused
//! foramina are counted but not compared. With no arguments it compares made-up widths of 60
//! foramina with two made-up readers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Parser;
use foramen_study::{
    Place, Readings, describe_agreement, mean_reading, read_profile, read_readings,
};

use crate::files::open;
use crate::terminal::{say, say_part};

/// Agreement of measured widths and grades with readings.
#[derive(Parser)]
pub struct Arguments {
    /// profile.csv or selections.csv of a selection [default: made-up widths].
    #[arg(long, value_name = "FILE", requires = "readings")]
    profile: Option<PathBuf>,
    /// Table of readings [default: made-up ones].
    #[arg(long, value_name = "FILE", requires = "profile")]
    readings: Option<PathBuf>,
    /// Prints each foramen too.
    #[arg(long)]
    each: bool,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (measured, readers) = match (&arguments.profile, &arguments.readings) {
        (Some(profile), Some(readings)) => {
            (open(profile, read_profile)?, open(readings, read_readings)?)
        }
        _ => {
            say!("all of it is made up; give --profile FILE and --readings FILE of your own");
            let (profile, readings) = made_up();
            (read_profile(profile.as_bytes())?, read_readings(readings.as_bytes())?)
        }
    };
    let read: BTreeSet<&Place> = readers.values().flat_map(Readings::keys).collect();
    let lost = read.iter().filter(|place| !measured.contains_key(**place)).count();
    say!("{} foramina were read, {lost} of them are not in the profile", read.len());
    anyhow::ensure!(
        lost < read.len(),
        "no foramen was both measured and read; check that both tables are of the same images"
    );
    let names: Vec<&String> = readers.keys().collect();
    let compare = |title: &str, first: &Readings, second: &Readings| {
        say_part!("\n{title}\n{}", describe_agreement(first, second, arguments.each));
    };
    for (i, first) in names.iter().enumerate() {
        compare(&format!("measured and reader {first}"), &measured, &readers[*first]);
        for second in &names[i + 1..] {
            let title = format!("readers {first} and {second}");
            compare(&title, &readers[*first], &readers[*second]);
        }
    }
    if names.len() > 1 {
        let mean = mean_reading(&readers);
        compare("measured and mean of the readers", &measured, &mean.readings);
        say!("  {} left out: the readers give different states", mean.different);
        say!(
            "  {} left out: not read by every reader, or marked as not measurable by at least one",
            mean.not_by_all
        );
    }
    Ok(())
}

/// Widths of 60 foramina, every tenth of them a pedicle, and two readers who differ a little.
fn made_up() -> (String, String) {
    let mut profile = String::from("sop_instance_uid,side,state,width_mm\n");
    let mut readings = String::from("reader,sop_instance_uid,side,state,width_mm\n");
    for i in 0..60_u32 {
        let place = format!("1.2.{},{}", i / 2, ["left", "right"][i as usize % 2]);
        let width = 1.0 + f64::from(i * 37 % 60) / 15.0;
        let told = |off: f64, open: bool| match open {
            true => format!("{place},open,{:.2}\n", width + off),
            false => format!("{place},closed,\n"),
        };
        profile += &told(0.0, i % 10 != 0);
        let off = |factor: u32| (f64::from(i * factor % 11) - 5.0) / 12.5;
        readings += &format!("anna,{}", told(off(17), i % 10 != 0));
        readings += &format!("ben,{}", told(off(29) + 0.1, i % 10 != 5));
    }
    (profile, readings)
}
