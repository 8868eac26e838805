//! A pain table of a million rows to labels. Throughput is in rows. Before the
//! measurement the peak memory of one run is printed, where the system tells it:
//! the table is read from a file, so that it is the reader's own. The crate csv beside it
//! splits the same rows into cells and does nothing else.
//!
//! ```text
//! cargo bench -p foramen-benches --bench outcome
//! ```

use std::cell::LazyCell;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foramen_outcome::{OutcomeOptions, read};

const ROWS: u32 = 1_000_000;

/// Writes a table in which each episode has `visits` rows, on days 60, 30, 70 and
/// 80, with two covariates.
fn write_table(path: &Path, visits: u32) {
    let file = File::create(path).expect("a temporary folder can be written");
    let mut table = BufWriter::new(file);
    let mut line = |text: String| writeln!(table, "{text}").expect("the disk has room");
    line(
        "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,age,sex"
            .to_owned(),
    );
    for row in 0..ROWS {
        let (subject, visit) = (row / visits, row % visits);
        let level = ["C4/5", "C5/6", "C6/7", "C7/T1"][subject as usize % 4];
        let side = ["left", "right"][subject as usize % 2];
        let date = ["2024-04-30", "2024-03-31", "2024-05-10", "2024-05-20"][visit as usize % 4];
        let (before, after) = (subject % 11, row % 10);
        let (age, sex) = (30 + subject % 50, ["f", "m"][subject as usize % 2]);
        line(format!(
            "S{subject:07},{level},{side},2024-03-01,{before},{date},{after},{age},{sex}"
        ));
    }
}

/// The most memory this process has held, in MB (Linux).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1000)
}

fn label(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let options = OutcomeOptions::default();
    let mut group = criterion.benchmark_group("outcome/read");
    group.throughput(Throughput::Elements(ROWS.into())).sample_size(10);
    for visits in [4, 1] {
        // Written when a bench is run that reads it, and not where it is filtered out.
        let path = LazyCell::new(|| {
            let path = folder.path().join(format!("{visits}.csv"));
            write_table(&path, visits);
            path
        });
        let open = || File::open(&*path).expect("the table was written");
        let run = || read(open(), &options).expect("the table is well formed");
        let told = LazyCell::new(|| {
            let rows = run().rows;
            let peak = peak_memory().map_or("unknown".to_owned(), |mb| format!("{mb} MB"));
            println!("{rows} rows, {visits} a foramen: peak memory so far {peak}");
        });
        let id = BenchmarkId::new(format!("{visits}-visits"), ROWS);
        group.bench_function(id, |bencher| {
            LazyCell::force(&told);
            bencher.iter(|| black_box(run()));
        });
        // The crate csv, which splits the same rows into cells and understands none of them.
        let id = BenchmarkId::new(format!("{visits}-visits-csv"), ROWS);
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let mut table = csv::Reader::from_reader(BufReader::new(open()));
                let (mut row, mut cells) = (csv::ByteRecord::new(), 0);
                while table.read_byte_record(&mut row).expect("the table is well formed") {
                    cells += row.len();
                }
                black_box(cells)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, label);
criterion_main!(benches);
