//! The tests of the review page and of the report in a real browser.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{cache, cargo};

/// Browsers that the tests can drive, as they are called on different systems.
const BROWSERS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "chromium-headless-shell",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];
/// The variable that names another.
const CHROMIUM: &str = "FORAMEN_CHROMIUM";

#[derive(Args)]
pub(crate) struct Options {
    /// Fail where Node.js or a browser is missing, instead of saying so.
    #[arg(long)]
    required: bool,
    /// Measure alone how fast so many cases follow each other, and whether the memory of the
    /// page stays: all foramina of as many people as that takes.
    #[arg(long, value_name = "CASES")]
    pace: Option<usize>,
    /// Keep screenshots there.
    #[arg(long, value_name = "DIR")]
    shots: Option<PathBuf>,
}

/// Draws twelve people, selects their slices, reviews them and two who were examined by volumes
/// in a browser, and opens their report in it. Node.js and npm
/// must be there; the browser is a Chromium of this machine, else one that apt or Playwright
/// fetches into the user cache.
pub(crate) fn browser_test(options: &Options) -> Result<()> {
    let found = prepare();
    let (folder, chromium) = match found {
        Ok(found) => found,
        Err(missing) if options.required => return Err(missing),
        Err(missing) => {
            println!("skipped: review page and report are not tested in a browser: {missing:#}");
            return Ok(());
        }
    };
    cargo::run(["build", "--package", "foramen", "--features", "review"], &[])?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let foramen = target.unwrap_or_else(|| cargo::root().join("target"));
    let foramen = foramen.join("debug").join(format!("foramen{}", std::env::consts::EXE_SUFFIX));
    let scratch = tempfile::tempdir()?;
    let pace = options.pace.is_some();
    let people = options.pace.map_or(12, |cases| cases.div_ceil(FORAMINA));
    let outcomes: fn(&Path) -> Result<()> =
        if pace { inject_everywhere } else { favour_every_other };
    let study = select(&foramen, &scratch.path().join("people"), people, outcomes, &[])?;
    if let Some(shots) = &options.shots {
        fs::create_dir_all(shots).with_context(|| format!("cannot make {}", shots.display()))?;
    }
    let test = |script: &str, further: &[&OsStr]| {
        let mut test = Command::new("node");
        test.arg(folder.join(script)).args([&foramen, &study]).env(CHROMIUM, &chromium);
        if let Some(shots) = &options.shots {
            test.args(["--shots".as_ref(), shots.as_path()]);
        }
        run(test.args(further))
    };
    if pace {
        return test("review.mjs", &["--pace".as_ref()]);
    }
    let as_drawn = |_: &Path| Ok(());
    let volumes = select(&foramen, &scratch.path().join("volumes"), 2, as_drawn, &["--volume"])?;
    test("review.mjs", &["--volumes".as_ref(), volumes.as_os_str()])?;
    // A program without libtorch trains the models on numbers, which make a whole report.
    run(Command::new(&foramen)
        .args(["train", "--folds", "2", "--study"])
        .arg(&study)
        .stdout(Stdio::null()))?;
    run(Command::new(&foramen).args(["report", "--study"]).arg(&study).stdout(Stdio::null()))?;
    test("report.mjs", &[])
}

/// Draws so many people into a folder and selects their slices, once their table of outcomes was
/// changed; it gives the study.
fn select(
    foramen: &Path,
    folder: &Path,
    people: usize,
    change: impl Fn(&Path) -> Result<()>,
    drawn: &[&str],
) -> Result<PathBuf> {
    let (cohort, study) = (folder.join("cohort"), folder.join("study"));
    let outcomes = cohort.join("outcomes.csv");
    run(Command::new(foramen)
        .args(["cohort", "--subjects", &people.to_string(), "--out"])
        .arg(&cohort)
        .args(drawn)
        .stdout(Stdio::null()))?;
    change(&outcomes)?;
    run(Command::new(foramen)
        .args(["select".as_ref(), "--dicom".as_ref(), cohort.join("dicom").as_os_str()])
        .args(["--outcomes".as_ref(), outcomes.as_os_str(), "--out".as_ref(), study.as_os_str()])
        .stdout(Stdio::null()))?;
    Ok(study)
}

/// The cervical foramina of a person, C2/3 to C7/T1.
const FORAMINA: usize = 12;

/// Writes an outcome table anew, with a favourable and a poor outcome in turn: of twelve people
/// too few may have one of them for two folds.
fn favour_every_other(outcomes: &Path) -> Result<()> {
    let read = || format!("cannot use {}", outcomes.display());
    let text = fs::read_to_string(outcomes).with_context(read)?;
    let (header, rows) = text.split_once('\n').with_context(read)?;
    let places = ["nrs_baseline", "nrs_followup"]
        .map(|name| header.split(',').position(|column| column == name).with_context(read));
    let [baseline, followup] = places;
    let (baseline, followup) = (baseline?, followup?);
    let mut table = vec![header.to_owned()];
    for (place, row) in rows.lines().enumerate() {
        let mut cells: Vec<&str> = row.split(',').collect();
        // A row without a follow-up stays one.
        if cells.get(followup).is_some_and(|cell| !cell.is_empty()) {
            cells[followup] = if place % 2 == 0 { "0" } else { cells[baseline] };
        }
        table.push(cells.join(","));
    }
    fs::write(outcomes, table.join("\n") + "\n").with_context(read)
}

/// Writes an outcome table anew, with a row for each foramen of each person.
fn inject_everywhere(outcomes: &Path) -> Result<()> {
    let read = || format!("cannot use {}", outcomes.display());
    let text = fs::read_to_string(outcomes).with_context(read)?;
    let (header, rows) = text.split_once('\n').with_context(read)?;
    ensure!(header.starts_with("subject_id,level,side,"), read());
    let mut table = vec![header.to_owned()];
    for row in rows.lines() {
        let cells: Vec<&str> = row.splitn(4, ',').collect();
        let [subject, _, _, rest] = cells[..] else { anyhow::bail!(read()) };
        for level in ["C2/3", "C3/4", "C4/5", "C5/6", "C6/7", "C7/T1"] {
            let sides = ["left", "right"].map(|side| format!("{subject},{level},{side},{rest}"));
            table.extend(sides);
        }
    }
    fs::write(outcomes, table.join("\n") + "\n").with_context(read)
}

/// The folder of the tests with the packages they need, and the browser.
fn prepare() -> Result<(PathBuf, PathBuf)> {
    for program in ["node", "npm"] {
        let says = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        let works = says.is_ok_and(|status| status.success());
        ensure!(works, "{program} is not there; install Node.js 20 or later");
    }
    let folder = cache::folder()?.join("browser-test");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let sources = ["foramen-review", "foramen-report"].map(|name| format!("crates/{name}/browser"));
    let mut files = Vec::new();
    for source in sources.map(|source| cargo::root().join(source)) {
        let found = fs::read_dir(&source).with_context(|| format!("no {}", source.display()))?;
        files.extend(found.collect::<std::io::Result<Vec<_>>>()?);
    }
    for path in files.iter().map(fs::DirEntry::path) {
        let is_needed = path.extension().is_some_and(|kind| kind == "mjs" || kind == "json");
        if let (true, Some(name)) = (is_needed, path.file_name()) {
            fs::copy(&path, folder.join(name))
                .with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]);
    run(npm.current_dir(&folder).stdout(Stdio::null()))?;
    if let Some(given) = std::env::var_os(CHROMIUM) {
        return Ok((folder, given.into()));
    }
    if let Some(found) = BROWSERS.into_iter().find_map(on_path) {
        return Ok((folder, found));
    }
    if let Some(found) = of_debian(&folder) {
        return Ok((folder, found));
    }
    let browsers = folder.join("browsers");
    let mut fetch = Command::new("node");
    fetch.args(["node_modules/playwright-core/cli.js", "install", "chromium-headless-shell"]);
    fetch.current_dir(&folder).env("PLAYWRIGHT_BROWSERS_PATH", &browsers).stdout(Stdio::null());
    run(&mut fetch).with_context(|| {
        format!("no Chromium is on PATH; install one, or name one by {CHROMIUM}")
    })?;
    let found = shell_below(&browsers).context("Playwright has fetched no browser")?;
    Ok((folder, found))
}

/// Debian's Chromium, unpacked into the cache; `None` on other systems, or without a network.
fn of_debian(folder: &Path) -> Option<PathBuf> {
    on_path("apt-get").and(on_path("dpkg"))?;
    let script = cargo::root().join("crates/foramen-review/browser/chromium-of-debian.sh");
    let mut unpack = Command::new("sh");
    unpack.arg(script).arg(folder.join("chromium-of-debian")).stderr(Stdio::null());
    let output = unpack.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().into())
}

/// The program of this name on `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The browser in the folder that Playwright has filled.
fn shell_below(folder: &Path) -> Option<PathBuf> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        let is_shell = path
            .file_stem()
            .is_some_and(|stem| stem == "headless_shell" || stem == "chrome-headless-shell");
        if path.is_dir() {
            if let Some(found) = shell_below(&path) {
                return Some(found);
            }
        } else if is_shell {
            return Some(path);
        }
    }
    None
}

fn run(command: &mut Command) -> Result<()> {
    let line = format!("{command:?}");
    let status = command.status().with_context(|| format!("cannot start {line}"))?;
    ensure!(status.success(), "{line} failed ({status})");
    Ok(())
}
