//! What a benchmark ran on.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A machine, as far as times depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name and what of its instructions matters here.
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: usize,
    pub(crate) system: String,
    /// Runnable processes when the measurement ended, beside the measurement (load average).
    pub(crate) load: String,
    pub(crate) rustc: String,
}

/// Instructions that decide how fast convolutions are.
const INSTRUCTIONS: [&str; 6] =
    ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16"];

impl Machine {
    /// This machine; what the system does not tell is empty.
    pub(crate) fn here() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpu.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
        };
        let flags: Vec<&str> = field("flags").split(' ').collect();
        let has: Vec<&str> = INSTRUCTIONS.into_iter().filter(|name| flags.contains(name)).collect();
        let processor = format!(
            "{} (family {}, model {}; {})",
            field("model name"),
            field("cpu family"),
            field("model"),
            has.join(", ")
        );
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok());
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            processor,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: kib.map_or(0, |kib| kib.div_ceil(1024 * 1024)),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            rustc: said("rustc", "--version"),
        }
    }
}

fn said(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
