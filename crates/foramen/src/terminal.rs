//! Output of programs on a terminal, and their exit status.

use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

/// Ends a program with the result of its command: a failure prints one message with its causes,
/// never a backtrace. A training stopped by Ctrl-C ends with status 130, as shells expect.
#[must_use]
pub fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if is_interrupt(&error) {
                eprintln!("{error:#}");
                return ExitCode::from(130); // 128 and the number of SIGINT
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a person requested the end.
#[cfg(feature = "torch")]
fn is_interrupt(error: &anyhow::Error) -> bool {
    use foramen_cnn::CnnError;

    let stopped = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref::<CnnError>(), Some(CnnError::Stopped { .. }))
    };
    error.chain().any(stopped)
}

/// Only the CNN handles an interrupt in an orderly way.
#[cfg(not(feature = "torch"))]
fn is_interrupt(_: &anyhow::Error) -> bool {
    false
}

/// Writes results to standard output. If the reader has closed the output, as in
/// `select … | head -1`, the program ends quietly.
pub fn print(text: fmt::Arguments<'_>) {
    let written = std::io::stdout().lock().write_fmt(text);
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("error: could not write to standard output: {error}");
            std::process::exit(1);
        }
        Ok(()) => {}
    }
}

/// Writes a line of results to standard output, and ends the program quietly if the reader has
/// closed the output.
#[macro_export]
macro_rules! say {
    () => { $crate::commands::print(format_args!("\n")) };
    ($text:literal $(, $value:expr)* $(,)?) => {
        $crate::commands::print(format_args!("{}\n", format_args!($text $(, $value)*)))
    };
}

/// Writes a part of a line as [`say!`](crate::say!) does.
#[macro_export]
macro_rules! say_part {
    ($text:literal $(, $value:expr)* $(,)?) => {
        $crate::commands::print(format_args!($text $(, $value)*))
    };
}

pub(crate) use {crate::say, crate::say_part};
