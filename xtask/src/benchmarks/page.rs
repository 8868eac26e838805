//! `docs/benchmarks.md`, made of records.

use std::fmt::Write as _;

use super::interval::median;
use super::record::{Costs, Growth, Record, Row, Side, Stage};

const HEAD: &str = "\
# Speed and memory beside other software

For those who choose between foramen and what they use now, and for those who change foramen.
After reading you know how much faster or slower each step is, on what, and how sure that is.

`cargo xtask peers` measured all of this and wrote this page. Do not edit it.

";

const METHOD: &str = "\
## How it is measured

- Foramen and its peers take turns on the same files, in rounds after one that does not count. \
The order changes with each round.
- A ratio says how many times as long the peer took as foramen in the same round. The table has the \
median of all rounds and its 95 % interval by order statistics; of fewer than six rounds the \
least and the greatest.
- Times are medians. Peak memory is what the system counted when the process ended, with the \
program itself; less than 15 MiB cannot be told from the process that starts it. The program \
of ours that serves labels, measurement, patches and augmentation is linked with libtorch, which \
takes about 110 MiB of its memory.
- Files lie in the page cache. Both sides may use the same number of threads.
- Peers are the releases that their packages name; their scripts are in the folders `peers` of the \
crates.

```text
cargo xtask peers                # all but growth
cargo xtask peers dicom labels   # some; the page is made anew from all records
cargo xtask peers growth         # cohorts of 288, 2,880 and 28,800 subjects
cargo xtask peers --page         # the page alone
```

Each record is kept in the user cache until it is measured again.
";

/// The whole page.
pub(crate) fn page(records: &[Record]) -> String {
    let mut page = HEAD.to_owned();
    if records.iter().any(|record| record.quick) {
        page += "**Some of these records come from a quick run (`--quick`), which only shows that \
                 everything runs. Their times mean nothing.**\n\n";
    }
    machines(&mut page, records);
    for record in records {
        section(&mut page, record);
    }
    page += METHOD;
    page
}

fn machines(page: &mut String, records: &[Record]) {
    let mut told = Vec::new();
    for record in records {
        let Some(machine) = &record.machine else { continue };
        let words = format!(
            "{}, {} cores, {} GiB of memory, {}, {}, {} threads on each side",
            machine.processor,
            machine.cores,
            machine.memory_gib,
            machine.system,
            machine.rustc,
            record.threads
        );
        if !told.contains(&words) {
            told.push(words);
        }
    }
    for words in told {
        _ = writeln!(page, "Measured on: {words}.\n");
    }
}

fn section(page: &mut String, record: &Record) {
    let title = match record.subject.as_str() {
        "dicom" => "DICOM folders",
        "labels" => "Labels from a table",
        "statistics" => "Statistics",
        "stages" => "Measurement, patches and augmentation",
        "network" => "Training and prediction",
        "job" => "The whole job, from folder to report",
        "profile" => "Where the time of a study goes",
        "growth" => "Growth",
        other => other,
    };
    _ = writeln!(page, "## {title}\n");
    if !record.rows.is_empty() {
        comparisons(page, &record.rows);
    }
    if !record.stages.is_empty() {
        stages(page, &record.stages);
    }
    if !record.growth.is_empty() {
        growth(page, &record.growth);
    }
    if !record.profile.is_empty() {
        profile(page, &record.profile);
    }
    for note in &record.notes {
        _ = writeln!(page, "- {note}");
    }
    if let (false, Some(machine)) = (record.notes.is_empty(), &record.machine) {
        _ = writeln!(page, "- Load average at the end: {}.", machine.load);
    }
    page.push('\n');
}

fn comparisons(page: &mut String, rows: &[Row]) {
    *page += "| what | on | peer | foramen | peer | ratio (95 % interval) | rounds | bar | peak \
              memory of foramen, MiB | of the peer, MiB |\n";
    *page += "|---|---|---|---|---|---|---|---|---|---|\n";
    for row in rows {
        let Some((ours, peers)) = row.parted() else { continue };
        for peer in peers {
            let Some(ratio) = peer.ratio(ours) else { continue };
            let bar = row.bar.map_or("–".to_owned(), |bar| {
                format!("≥ {bar}: {}", if ratio.median >= bar { "met" } else { "missed" })
            });
            _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | **{}** ({} to {}) | {} | {bar} | {} | {} |",
                row.what,
                row.work,
                named(peer),
                time(ours.median()),
                time(peer.median()),
                number(ratio.median),
                number(ratio.low),
                number(ratio.high),
                ours.seconds.len().min(peer.seconds.len()),
                memory(ours.peak_mib),
                memory(peer.peak_mib)
            );
        }
    }
    page.push('\n');
}

fn named(side: &Side) -> String {
    format!("{} {}", side.name, side.version).trim().to_owned()
}

fn memory(mib: f64) -> String {
    if mib > 0.0 { format!("{mib:.0}") } else { "–".to_owned() }
}

fn stages(page: &mut String, stages: &[Stage]) {
    *page += "Seconds of each stage, medians:\n\n| stage | foramen | Python | ratio |\n|---|---|---|---|\n";
    for stage in stages {
        let (ours, theirs) = (median(&stage.foramen), median(&stage.python));
        let ratio = if ours >= 0.05 { number(theirs / ours) } else { "–".to_owned() };
        _ = writeln!(page, "| {} | {ours:.2} | {theirs:.2} | {ratio} |", stage.name);
    }
    page.push('\n');
}

fn growth(page: &mut String, rows: &[Growth]) {
    *page += "Scan and selection of studies of three axial slices of about 128 × 128 pixels with \
              disc positions given, each size in a process of its own:\n\n";
    *page += "| subjects | included | scan, s | selection, s | ms a subject | against the first | \
              peak memory after the scan, MiB | after the selection, MiB |\n";
    *page += "|---|---|---|---|---|---|---|---|\n";
    let each = |row: &Growth| 1000.0 * (row.scan_s + row.select_s) / row.subjects as f64;
    let first = rows.first().map_or(f64::NAN, each);
    for row in rows {
        let [scan, select] = row.peak_mib.map(|mib| mib.map_or("–".to_owned(), memory));
        _ = writeln!(
            page,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:+.0} % | {scan} | {select} |",
            row.subjects,
            row.included,
            row.scan_s,
            row.select_s,
            each(row),
            100.0 * (each(row) / first - 1.0)
        );
    }
    page.push('\n');
}

fn profile(page: &mut String, stages: &[Costs]) {
    *page += "Samples of the processor's time by `perf record`, by the function that was running, \
              and how near a stage comes to what the machine can do:\n\n";
    for stage in stages {
        _ = writeln!(page, "**`{}`**, {:.1} s. {}\n", stage.stage, stage.seconds, stage.roofline);
        if stage.top.is_empty() {
            continue;
        }
        *page += "| share | function |\n|---|---|\n";
        for (share, function) in &stage.top {
            _ = writeln!(page, "| {share:.1} % | `{function}` |");
        }
        page.push('\n');
    }
}

/// Seconds in the unit that reads best.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{} µs", number(s * 1e6)),
        s if s < 1.0 => format!("{} ms", number(s * 1e3)),
        s => format!("{} s", number(s)),
    }
}

/// Three digits.
fn number(value: f64) -> String {
    match value.abs() {
        v if v < 10.0 => format!("{value:.2}"),
        v if v < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str, seconds: &[f64]) -> Side {
        let (name, version) = (name.to_owned(), "1".to_owned());
        Side { name, version, seconds: seconds.to_vec(), peak_mib: 20.0 }
    }

    #[test]
    fn a_ratio_is_that_of_the_same_round_and_is_held_against_the_bar() {
        let sides = vec![side("foramen", &[0.1, 0.2, 0.1]), side("peer", &[1.0, 3.0, 1.1])];
        let row = Row { what: "task".into(), work: "files".into(), bar: Some(12.0), sides };
        let record = Record { subject: "dicom".into(), rows: vec![row], ..Record::default() };
        let page = page(&[record]);
        assert!(
            page.contains("| 100 ms | 1.10 s | **11.0** (10.0 to 15.0) | 3 | ≥ 12: missed |"),
            "{page}"
        );
        assert!(page.contains("peer 1"), "{page}");
    }
}
