//! The record of a subject, as the scripts write it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::interval::{Ratio, median};
use super::machine::Machine;

/// What was measured of a subject.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    pub(crate) subject: String,
    pub(crate) threads: usize,
    pub(crate) quick: bool,
    pub(crate) machine: Option<Machine>,
    pub(crate) rows: Vec<Row>,
    pub(crate) notes: Vec<String>,
    /// Of the whole job.
    pub(crate) stages: Vec<Stage>,
    pub(crate) growth: Vec<Growth>,
    pub(crate) profile: Vec<Costs>,
}

/// A comparison; the first side is ours.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) work: String,
    /// The ratio that is wanted.
    pub(crate) bar: Option<f64>,
    pub(crate) sides: Vec<Side>,
}

/// A program that took turns with others.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Of each round.
    pub(crate) seconds: Vec<f64>,
    pub(crate) peak_mib: f64,
}

/// Seconds of a stage of the whole job, of each round.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) foramen: Vec<f64>,
    pub(crate) python: Vec<f64>,
}

/// A row that the example `growth` writes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Growth {
    pub(crate) subjects: usize,
    pub(crate) included: usize,
    pub(crate) scan_s: f64,
    pub(crate) select_s: f64,
    pub(crate) peak_mib: [Option<f64>; 2],
}

/// Where the time of a stage goes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Costs {
    pub(crate) stage: String,
    pub(crate) seconds: f64,
    /// Share of the samples and name of a function, the greatest first.
    pub(crate) top: Vec<(f64, String)>,
    pub(crate) roofline: String,
}

impl Record {
    /// The record of a file, where there is one.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(path)?;
        let damaged = || format!("{} is damaged; measure this subject again", path.display());
        serde_json::from_str(&text).map(Some).with_context(damaged)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Row {
    /// Our side, and the others.
    pub(crate) fn parted(&self) -> Option<(&Side, &[Side])> {
        self.sides.split_first()
    }
}

impl Side {
    pub(crate) fn median(&self) -> f64 {
        median(&self.seconds)
    }

    /// How many times as long this side took as ours, round by round.
    pub(crate) fn ratio(&self, ours: &Self) -> Option<Ratio> {
        let each: Vec<f64> = self.seconds.iter().zip(&ours.seconds).map(|(a, b)| a / b).collect();
        Ratio::of(&each)
    }
}
