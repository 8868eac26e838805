//! The program as tests run it.

use std::path::Path;
use std::process::{Command, Output};

/// The program with a cache of its own, so that nothing outside `folder` is touched.
pub(crate) fn foramen(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    command.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache")).env("HOME", folder);
    command
}

pub(crate) fn ended(command: &mut Command) -> Output {
    command.output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
