//! Headers of a folder, and the pixels of stacks by transfer syntax.
//!
//! `cargo bench --bench dicom` on a synthetic cohort of four subjects, written
//! once to a temporary folder (a warm cache), and, where the folder of real test
//! data is (`FORAMEN_TEST_DATA`, by default `../shared/data`), on one image of
//! 384 × 384 pixels in nine encodings.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use foramen_dicom::{Orientation, Policy, Scan, ScanOptions, StackHeader, load, load_volume, scan};
use foramen_phantom::{CohortConfig, write_cohort};

/// Files of the cohort, and slices, rows and columns of its largest axial stack: names and
/// throughput are told before anything is drawn.
const FILES: usize = 166;
const LARGEST: [usize; 3] = [32, 204, 204];
/// The same of the published image.
const PUBLISHED: [usize; 3] = [1, 384, 384];

/// A cohort in a folder and in an archive, and what is found in both.
struct Cohort {
    dir: PathBuf,
    archive: PathBuf,
    found: Scan,
    inside: Scan,
}

impl Cohort {
    fn write(folder: &Path) -> Self {
        let cohort = folder.join("cohort");
        let config = CohortConfig::default().with_analysable(4).with_defects(0);
        write_cohort(&config, &cohort, &|_, _| ()).expect("the temporary folder can be written");
        let (dir, archive) = (cohort.join("dicom"), folder.join("cohort.zip"));
        fs::write(&archive, zipped(&dir)).expect("the temporary folder can be written");
        let read = |path: &Path| scan(path, &ScanOptions::default()).expect("it was just written");
        let (found, inside) = (read(&dir), read(&archive));
        assert_eq!(found.files, FILES, "the phantom has changed: change FILES");
        Self { dir, archive, found, inside }
    }
}

fn dicom(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    // Written when a bench is run that reads it, and not where it is filtered out.
    let cohort = LazyCell::new(|| Cohort::write(folder.path()));
    let options = ScanOptions::default();

    let mut headers = criterion.benchmark_group("scan");
    headers.throughput(Throughput::Elements(FILES as u64));
    headers.measurement_time(Duration::from_secs(5));
    let name = |what: &str| format!("{what}/{FILES}");
    headers.bench_function(name("headers"), |bencher| {
        let dir = &cohort.dir;
        bencher.iter(|| scan(black_box(dir), &options));
    });
    headers.bench_function(name("zip"), |bencher| {
        let archive = &cohort.archive;
        bencher.iter(|| scan(black_box(archive), &options));
    });
    headers.finish();

    let mut group = criterion.benchmark_group("load/stack");
    bench_load(&mut group, "native", LARGEST, || largest_axial(&cohort.found.stacks).clone());
    bench_load(&mut group, "zip", LARGEST, || largest_axial(&cohort.inside.stacks).clone());
    group.bench_function(sized("volume", LARGEST), |bencher| {
        let axial = largest_axial(&cohort.found.stacks);
        bencher.iter(|| load_volume(black_box(axial), Policy::Lenient));
    });
    for (syntax, bytes) in encodings() {
        // JPEG-LS is rejected without its feature.
        if syntax.starts_with("jpeg-ls") && !cfg!(feature = "jpeg-ls") {
            continue;
        }
        bench_load(&mut group, &syntax, PUBLISHED, || {
            let file = folder.path().join(&syntax);
            fs::write(&file, &bytes).expect("the temporary folder can be written");
            let found = scan(&file, &options).expect("the file was just written");
            let [stack] = &found.stacks[..] else { panic!("{syntax}: {:?}", found.rejected) };
            stack.clone()
        });
    }
    group.finish();
}

/// The name of a bench on a stack of so many slices, rows and columns.
fn sized(name: &str, [slices, rows, columns]: [usize; 3]) -> String {
    format!("{name}/{slices}x{rows}x{columns}")
}

fn bench_load(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    size: [usize; 3],
    stack: impl FnOnce() -> StackHeader,
) {
    let pixels: usize = size.iter().product();
    // Bytes decoded: 16 bits a pixel.
    group.throughput(Throughput::Bytes(2 * pixels as u64));
    let mut stack = Some(stack);
    group.bench_function(sized(name, size), |bencher| {
        let stack = stack.take().expect("a bench is run once")();
        assert_eq!([stack.slices.len(), stack.rows, stack.columns], size, "{name} has changed");
        bencher.iter(|| load(black_box(&stack)));
    });
}

fn largest_axial(stacks: &[StackHeader]) -> &StackHeader {
    stacks
        .iter()
        .filter(|stack| stack.orientation == Orientation::Axial && !stack.localizer)
        .max_by_key(|stack| stack.slices.len())
        .expect("the cohort has axial stacks")
}

/// The files below a folder in one archive, deflated.
fn zipped(dir: &Path) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("the cohort can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            zip.start_file(path.to_string_lossy(), options).expect("memory holds the archive");
            let bytes = fs::read(path).expect("the cohort can be read");
            zip.write_all(&bytes).expect("memory holds the archive");
        }
    }
    zip.finish().expect("memory holds the archive").into_inner()
}

/// One picture in nine encodings, by transfer syntax. It is a mosaic of tiles,
/// which is renamed, since pixels are decoded here and not shown.
fn encodings() -> BTreeMap<String, Vec<u8>> {
    let root = foramen_test_data::root();
    let Ok(files) = fs::read_dir(root.join("dicom/ts/In")) else {
        println!("{} holds no dicom/ts; compressed pixels are not timed", root.display());
        return BTreeMap::new();
    };
    let mut paths: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let rewritten = paths.iter().filter_map(|path| {
        let mut bytes = fs::read(path).ok()?;
        replace(&mut bytes, b"MOSAIC", b"NORMAL");
        replace(&mut bytes, b"SIEMENS MR HEADER", b"SIEMENS MR RENAME");
        Some((syntax(&bytes)?, bytes))
    });
    rewritten.collect()
}

fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    for at in 0..bytes.len().saturating_sub(old.len()) {
        if bytes[at..].starts_with(old) {
            bytes[at..at + new.len()].copy_from_slice(new);
        }
    }
}

/// The end of the Transfer Syntax UID (0002,0010), and the coding it stands for.
fn syntax(bytes: &[u8]) -> Option<String> {
    let at = bytes.windows(6).position(|window| window == b"\x02\x00\x10\x00UI")?;
    let length = usize::from(*bytes.get(at + 6)?);
    let uid = String::from_utf8_lossy(bytes.get(at + 8..at + 8 + length)?);
    let end = uid.trim_end_matches('\0').strip_prefix("1.2.840.10008.1.2").unwrap_or("");
    let coding = match end {
        "" => "implicit",
        ".1" => "explicit",
        ".2" => "big-endian",
        ".5" => "rle",
        ".4.57" | ".4.70" => "jpeg-lossless",
        ".4.80" | ".4.81" => "jpeg-ls",
        ".4.90" | ".4.91" => "jpeg-2000",
        _ => "other",
    };
    Some(format!("{coding}-1.2{end}"))
}

criterion_group!(benches, dicom);
criterion_main!(benches);
