//! What cargo is told (`.cargo/libtorch.toml`) and asked to do.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};

/// The root of the workspace that cargo was asked in. With one target folder for two
/// checkouts, the program may have been built in the other.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let asked = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let xtask = asked.filter(|folder| folder.join("src/lite0.rs").is_file());
        let xtask = xtask.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        xtask.parent().expect("xtask lies in the workspace root").to_owned()
    });
    &ROOT
}

/// The folder of the test data.
pub(crate) fn test_data() -> PathBuf {
    foramen_test_data::of_checkout(root())
}

/// What `.cargo/libtorch.toml` holds; `.cargo/config.toml` includes that file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where libtorch is: a folder with `include` and `lib`.
    pub(crate) libtorch: Option<PathBuf>,
    /// The CMake program, where none is on `PATH`.
    pub(crate) cmake: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn path() -> PathBuf {
        root().join(".cargo").join("libtorch.toml")
    }

    /// The settings of an earlier run; none where the file is missing or is
    /// not ours to understand, because `setup` writes it anew anyway.
    pub(crate) fn read() -> Self {
        fs::read_to_string(Self::path()).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap_or_default();
        let path = |name: &str| Some(PathBuf::from(table.get("env")?.get(name)?.as_str()?));
        Self { libtorch: path("LIBTORCH"), cmake: path("CMAKE") }
    }

    fn text(&self) -> Result<String> {
        let mut env = toml::Table::new();
        let mut table = toml::Table::new();
        for (name, path) in [("LIBTORCH", &self.libtorch), ("CMAKE", &self.cmake)] {
            if let Some(path) = path {
                env.insert(name.into(), utf8(path)?.into());
            }
        }
        table.insert("env".into(), env.into());
        if let (Some(libtorch), true) = (&self.libtorch, cfg!(unix)) {
            // A doctest is linked by rustdoc, which no build script reaches.
            let rpath = format!("link-arg=-Wl,-rpath,{}", utf8(&libtorch.join("lib"))?);
            let mut build = toml::Table::new();
            build.insert("rustdocflags".into(), vec!["-C".to_owned(), rpath].into());
            table.insert("build".into(), build.into());
        }
        Ok(format!(
            "# Written by `cargo xtask setup`. Variables of the environment win over these.\n{table}"
        ))
    }

    /// Writes the file in one step, and only when it would change.
    pub(crate) fn write(&self) -> Result<()> {
        let (path, text) = (Self::path(), self.text()?);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        let folder = path.parent().expect("the file lies in .cargo");
        let mut file = tempfile::NamedTempFile::new_in(folder)
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        file.write_all(text.as_bytes())?;
        file.persist(&path).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {}", path.strip_prefix(root()).unwrap_or(&path).display());
        Ok(())
    }

    /// Whether the environment's `name` is only what cargo read from our file,
    /// as it is whenever a program is started by `cargo run`.
    pub(crate) fn gave(&self, name: &str) -> bool {
        let ours = match name {
            "LIBTORCH" => &self.libtorch,
            "CMAKE" => &self.cmake,
            _ => return false,
        };
        ours.as_ref().is_some_and(|ours| std::env::var_os(name).is_some_and(|value| value == *ours))
    }
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("the path {} is not UTF-8", path.display()))
}

/// Runs cargo at the root as a user would, showing the command first.
pub(crate) fn run<'a>(
    command: impl IntoIterator<Item = &'a str>,
    extra: &'a [String],
) -> Result<()> {
    run_with(command, extra, &[])
}

/// The same with further variables in its environment.
pub(crate) fn run_with<'a>(
    command: impl IntoIterator<Item = &'a str>,
    extra: &'a [String],
    variables: &[(&str, PathBuf)],
) -> Result<()> {
    let arguments: Vec<&str> =
        command.into_iter().chain(extra.iter().map(String::as_str)).collect();
    let line = format!("cargo {}", arguments.join(" "));
    println!("\n$ {line}");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(&arguments).current_dir(root()).envs(variables.iter().cloned());
    // A value that came from our file is left to that file, which may have
    // changed since, and so that a later plain cargo sees the same environment.
    let settings = Settings::read();
    for name in ["LIBTORCH", "CMAKE"] {
        if settings.gave(name) {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_a_round_trip() {
        let settings = Settings {
            libtorch: Some("/a folder/libtorch".into()),
            cmake: Some("/c/bin/cmake".into()),
        };
        assert_eq!(Settings::parse(&settings.text().unwrap()), settings);
        assert_eq!(Settings::parse(&Settings::default().text().unwrap()), Settings::default());
    }

    #[test]
    fn a_value_of_the_environment_is_not_forced() {
        let settings = Settings { libtorch: Some("/l".into()), cmake: None };
        let text = settings.text().unwrap();
        assert!(text.contains("LIBTORCH = \"/l\""), "{text}");
        assert!(!text.contains("force"), "{text}");
    }

    #[test]
    fn a_damaged_file_counts_as_no_settings() {
        assert_eq!(Settings::parse("env = [["), Settings::default());
        assert_eq!(Settings::parse("env = 3"), Settings::default());
    }
}
