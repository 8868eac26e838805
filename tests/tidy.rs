//! What the repository promises about its own shape. Each rule that a reader
//! relies on and a compiler does not check is a test here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[path = "tidy/circles.rs"]
mod circles;

/// Who may import whom: only from a lower layer, never sideways.
const LAYERS: [&[&str]; 7] = [
    &["foramen-types", "foramen-table", "foramen-test-data"],
    &["foramen-image", "foramen-outcome", "foramen-metrics", "foramen-tch"],
    &["foramen-dicom", "foramen-select", "foramen-learn", "foramen-phantom", "foramen-kernels"],
    &["foramen-study", "foramen-native"],
    &["foramen-cnn", "foramen-report", "foramen-review"],
    &["foramen"],
    &["foramen-validation", "foramen-examples", "foramen-benches", "foramen-tests", "xtask"],
];

/// Any crate may test itself on phantoms.
const TEST_DATA: &str = "foramen-phantom";

/// The only crates that need libtorch, and those that may where asked to.
const LIBTORCH: [&str; 3] = ["foramen-tch", "foramen-kernels", "foramen-cnn"];
const LIBTORCH_AS_FEATURE: [&str; 5] =
    ["foramen", "foramen-validation", "foramen-examples", "foramen-benches", "foramen-tests"];

/// The only crates that know DICOM.
const DICOM: [&str; 2] = ["foramen-dicom", "foramen-phantom"];

/// Brings a web server and a database, which few need.
const REVIEW: &str = "foramen-review";

/// Crates that are for this repository alone.
const UNPUBLISHED: [&str; 2] = ["foramen-test-data", "foramen-validation"];

/// Files of more than `MOST_LINES` lines, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];
const MOST_LINES: usize = 600;
const MOST_LINES_OF_AN_EXAMPLE: usize = 160;
/// The programs of the top level are doors to the commands of `foramen`.
const MOST_LINES_OF_A_DOOR: usize = 40;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "helpers", "helper", "common", "base", "misc", "mod"];

#[test]
fn crates_import_only_from_lower_layers() {
    let packages = packages();
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let mut wrong = Vec::new();
    for package in &packages {
        let Some(own) = layer(&package.name) else {
            wrong.push(format!("{} has no layer", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let Some(other) = layer(&dependency.name) else { continue };
            let phantom = dependency.kind == "dev" && dependency.name == TEST_DATA;
            if other >= own && !phantom {
                wrong.push(format!("{} imports {}", package.name, dependency.name));
            }
        }
    }
    for name in LAYERS.iter().flat_map(|layer| layer.iter()) {
        if !packages.iter().any(|package| package.name == *name) {
            wrong.push(format!("{name} has a layer and does not exist"));
        }
    }
    assert_none(&wrong, "a crate imports only from lower layers");
}

#[test]
fn modules_of_a_crate_import_in_one_direction() {
    let mut wrong = Vec::new();
    for package in packages() {
        let circles = circles::circles(&package.folder.join("src"));
        wrong.extend(circles.iter().map(|one| format!("{}: {one}", package.name)));
    }
    assert_none(&wrong, "no circle of imports inside a crate");
}

#[test]
fn libtorch_and_dicom_stay_behind_their_fences() {
    let mut wrong = Vec::new();
    for package in packages() {
        let name = &*package.name;
        for dependency in &package.dependencies {
            let torch = matches!(&*dependency.name, "tch" | "torch-sys")
                || LIBTORCH.contains(&&*dependency.name);
            let may = LIBTORCH.contains(&name)
                || LIBTORCH_AS_FEATURE.contains(&name) && dependency.optional;
            let dicom = dependency.name.starts_with("dicom-") && !DICOM.contains(&name);
            if torch && !may || dicom {
                wrong.push(format!("{name} imports {}", dependency.name));
            }
        }
    }
    assert_none(
        &wrong,
        "libtorch is for foramen-tch, foramen-kernels and foramen-cnn, dicom-* for foramen-dicom and \
         foramen-phantom",
    );
}

#[test]
fn the_cnn_never_pulls_dicom() {
    let packages = packages();
    let mut reached = BTreeSet::from(["foramen-cnn"]);
    let mut open = vec!["foramen-cnn"];
    while let Some(name) = open.pop() {
        let package = packages.iter().find(|package| package.name == name);
        for dependency in package.iter().flat_map(|package| &package.dependencies) {
            if dependency.kind != "dev" && reached.insert(&dependency.name) {
                open.push(&dependency.name);
            }
        }
    }
    let wrong: Vec<_> = DICOM.iter().filter(|name| reached.contains(**name)).collect();
    assert!(wrong.is_empty(), "foramen-cnn pulls {wrong:?}");
}

#[test]
fn default_members_are_all_but_the_libtorch_crates_and_the_review_page() {
    let metadata = metadata();
    let ids = |key: &str| -> BTreeSet<String> {
        let ids = metadata[key].as_array().expect("cargo metadata lists members");
        ids.iter().map(|id| id.as_str().expect("an id is a string").to_owned()).collect()
    };
    let left_out: Vec<String> =
        ids("workspace_members").difference(&ids("workspace_default_members")).cloned().collect();
    assert_eq!(left_out.len(), LIBTORCH.len() + 1, "left out: {left_out:?}");
    for name in LIBTORCH.into_iter().chain([REVIEW]) {
        assert!(left_out.iter().any(|id| id.contains(name)), "{name} is a default member");
    }
}

#[test]
fn manifests_keep_the_house_rules() {
    let mut wrong = Vec::new();
    for package in packages() {
        let name = &package.name;
        let manifest = read_toml(&package.folder.join("Cargo.toml"));
        let at = |table: &str, key: &str| manifest.get(table)?.get(key);
        if at("lints", "workspace") != Some(&true.into()) {
            wrong.push(format!("{name}: `[lints] workspace = true` is missing"));
        }
        // Otherwise the arguments of `cargo bench` reach the unit tests' runner.
        let library = package.folder.join("src/lib.rs").exists();
        if library && at("lib", "bench") != Some(&false.into()) {
            wrong.push(format!("{name}: `[lib] bench = false` is missing"));
        }
        if package.folder.parent().is_some_and(|folder| folder.ends_with("crates")) {
            let readme = fs::read_to_string(package.folder.join("README.md")).unwrap_or_default();
            if readme.lines().count() < 5 {
                wrong.push(format!("{name}: its README.md says too little to be used alone"));
            }
        }
        let is_published = package.folder.parent().is_some_and(|folder| folder.ends_with("crates"))
            && !UNPUBLISHED.contains(&name.as_str());
        if is_published {
            for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
                if !package.folder.join(file).exists() {
                    wrong.push(format!("{name}: {file} is missing; link it to ../../{file}"));
                }
            }
            for key in ["keywords", "categories"] {
                if at("package", key).and_then(toml::Value::as_array).is_none() {
                    wrong.push(format!("{name}: it has no {key} of its own"));
                }
            }
            let readme = fs::read_to_string(package.folder.join("README.md")).unwrap_or_default();
            if readme.contains("](..") {
                wrong.push(format!("{name}: a link of its README.md leaves the package"));
            }
        }
        if !is_published && at("package", "publish") != Some(&false.into()) {
            wrong.push(format!("{name}: `publish = false` is missing"));
        }
    }
    assert_none(&wrong, "manifests");
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for path in files("rs") {
        let (name, lines) = (relative(&path), read(&path).lines().count());
        let listed = LONG_FILES.iter().any(|(long, _)| *long == name);
        match lines > MOST_LINES {
            true if !listed => wrong.push(format!("{name} has {lines} lines; split it by noun")),
            false if listed => wrong.push(format!("{name} is no longer long; strike it off")),
            _ => {}
        }
    }
    assert_none(&wrong, "files of at most 600 lines");
}

#[test]
fn file_names_say_what_is_inside() {
    let named = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        EMPTY_NAMES.contains(&stem)
    };
    let wrong: Vec<String> =
        files("rs").iter().filter(|path| named(path)).map(|path| relative(path)).collect();
    assert_none(&wrong, "file names are nouns of the domain");
}

#[test]
fn every_program_has_its_row_and_every_row_its_program() {
    let mut wrong = Vec::new();
    for (folder, kind) in [("examples", "example"), ("benches", "bench"), ("tests", "test")] {
        let rows = rows(folder, kind);
        let programs = programs(folder);
        for name in programs.iter().filter(|name| !rows.contains_key(*name)) {
            wrong.push(format!("{folder}/{name}.rs has no row"));
        }
        for (name, path) in &rows {
            if *path != format!("{name}.rs") || !programs.contains(name) {
                wrong.push(format!("{folder}/Cargo.toml: the row {name} has no {name}.rs"));
            }
        }
    }
    assert_none(&wrong, "rows of examples, benches and tests");
}

#[test]
fn examples_are_short_and_open_with_their_command() {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for path in examples() {
        let (place, text) = (relative(&path), read(&path));
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let command = format!("--example {name}");
        let lines = text.lines().count();
        let is_door = path.parent() == Some(&*root().join("examples"));
        let most = if is_door { MOST_LINES_OF_A_DOOR } else { MOST_LINES_OF_AN_EXAMPLE };
        if header.len() < 3 {
            wrong.push(format!("{place} does not say in a `//!` header what it shows"));
        }
        // What `cargo xtask peers-test` starts has no command of its own.
        let is_peer = header.iter().any(|line| line.contains("peers-test"));
        let has_command =
            header.iter().any(|line| line.contains("cargo run") && line.contains(&command));
        if !has_command && !is_peer {
            wrong.push(format!("{place} does not give its command, `cargo run … {command}`"));
        }
        if lines >= most {
            wrong.push(format!("{place} has {lines} lines; it may have {}", most - 1));
        }
        if !names.insert(name) {
            wrong.push(format!("{place} has the name of another example"));
        }
    }
    assert_none(&wrong, "examples");
}

#[test]
fn programs_named_in_documents_exist() {
    let known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::from([
        ("--example", examples().iter().filter_map(|path| stem(path)).collect()),
        ("--bench", programs("benches")),
        ("--test", integration_tests()),
    ]);
    let mut wrong = Vec::new();
    for path in files("md").into_iter().chain(files("rs")) {
        // This file names what must not be there.
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate() {
            let words: Vec<&str> = line.split([' ', '`', '"', ',']).collect();
            for pair in words.windows(2) {
                let name = pair[1].trim_end_matches(['.', ':', ';', ')', ']']);
                let is_name = !name.is_empty()
                    && name.chars().all(|char| char.is_ascii_lowercase() || char == '_');
                let unknown = known.get(pair[0]).is_some_and(|names| !names.contains(name));
                if unknown && is_name {
                    let place = format!("{}:{}", relative(&path), number + 1);
                    wrong.push(format!("{place} names `{} {name}`", pair[0]));
                }
            }
        }
    }
    assert_none(&wrong, "programs named in documents exist");
}

/// Those of the workspace and of its crates.
fn integration_tests() -> BTreeSet<String> {
    files("rs").iter().filter(|path| lies_in("tests", path)).filter_map(|path| stem(path)).collect()
}

/// The programs of the top level and of the crates.
fn examples() -> Vec<PathBuf> {
    let is_program = |path: &PathBuf| lies_in("examples", path) && !path.ends_with("build.rs");
    files("rs").into_iter().filter(is_program).collect()
}

fn lies_in(folder: &str, path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.ends_with(folder))
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_owned())
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in files("md") {
        let text = read(&path);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let folder = path.parent().expect("a file lies in a folder");
            let outside = target.is_empty() || target.contains("://") || target.contains(' ');
            if !outside && !folder.join(target).exists() {
                wrong.push(format!("{} links to {target}", relative(&path)));
            }
        }
    }
    assert_none(&wrong, "links between documents");
}

#[test]
fn snippets_of_documents_are_doctests() {
    let mut included = BTreeSet::new();
    for path in files("rs") {
        let folder = path.parent().expect("a file lies in a folder");
        for rest in read(&path).split("doc = include_str!(\"").skip(1) {
            let document = rest.split('"').next().unwrap_or_default();
            included.extend(fs::canonicalize(folder.join(document)));
        }
    }
    let is_tested = |path: &PathBuf| {
        !read(path).contains("```rust")
            || fs::canonicalize(path).is_ok_and(|p| included.contains(&p))
    };
    let wrong: Vec<String> =
        files("md").iter().filter(|path| !is_tested(path)).map(|path| relative(path)).collect();
    assert_none(&wrong, "every document with Rust snippets is included as documentation");
}

struct Package {
    name: String,
    folder: PathBuf,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// `normal`, `dev` or `build`.
    kind: String,
    optional: bool,
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--quiet"])
        .current_dir(root())
        .output()
        .expect("cargo can be started from a test that cargo started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn packages() -> Vec<Package> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let dependency = |value: &Value| Dependency {
        name: text(&value["name"]),
        kind: value["kind"].as_str().unwrap_or("normal").to_owned(),
        optional: value["optional"] == Value::Bool(true),
    };
    let package = |value: &Value| Package {
        name: text(&value["name"]),
        folder: Path::new(&text(&value["manifest_path"]))
            .parent()
            .map(Path::to_owned)
            .unwrap_or_default(),
        dependencies: list(&value["dependencies"]).iter().map(dependency).collect(),
    };
    let packages: Vec<Package> = list(&metadata()["packages"]).iter().map(package).collect();
    assert!(!packages.is_empty(), "cargo metadata lists no packages");
    packages
}

/// Name to path of the rows `[[kind]]` in the manifest of `folder`.
fn rows(folder: &str, kind: &str) -> BTreeMap<String, String> {
    let manifest = read_toml(&root().join(folder).join("Cargo.toml"));
    let rows = manifest.get(kind).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text = |row: &toml::Value, key| {
        row.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    };
    rows.iter().map(|row| (text(row, "name"), text(row, "path"))).collect()
}

/// The programs that lie directly in `folder`.
fn programs(folder: &str) -> BTreeSet<String> {
    let folder = root().join(folder);
    let mut names = BTreeSet::new();
    for path in files("rs") {
        if path.parent() == Some(&*folder) && !path.ends_with("build.rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the tests lie in the workspace root").to_owned()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_toml(path: &Path) -> toml::Table {
    read(path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of the repository with this extension, build outputs aside.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let built =
                name.starts_with('.') || name == "target" || name.starts_with("foramen-study-");
            let output = name == "foramen-study" && folder == root();
            if path.is_dir() && !built && !output {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}
