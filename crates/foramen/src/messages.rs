//! What libraries say through `log`, as notes on standard error.

use log::{LevelFilter, Log, Metadata, Record};

/// Prints what the kernels of a training say: which maps they leave to libtorch, and why. Other
/// libraries are not printed, and a program that has a logger of its own keeps it.
pub(crate) fn print_messages() {
    if log::set_logger(&Notes).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

struct Notes;

impl Log for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LevelFilter::Info && metadata.target().starts_with("foramen")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            eprintln!("note: {}", record.args());
        }
    }

    fn flush(&self) {}
}
