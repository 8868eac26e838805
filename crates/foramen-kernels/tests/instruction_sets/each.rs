//! Runs a test in each instruction set that the processor has.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use foramen_kernels::{InstructionSet, instruction_set, limit_instruction_set};

const ALL: [InstructionSet; 2] = [InstructionSet::Avx2, InstructionSet::Avx512];

/// Calls `body` once for each instruction set that kernels can take here, and says on standard
/// error which these were. Instruction set and number of threads are the whole process's, so
/// that one test of a file runs at a time.
pub(crate) fn in_each(test: &str, body: impl Fn(InstructionSet)) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let takes = |set: &InstructionSet| {
        limit_instruction_set(Some(*set));
        instruction_set() == Some(*set)
    };
    let ran: Vec<_> = ALL.into_iter().filter(takes).collect();
    for set in &ran {
        limit_instruction_set(Some(*set));
        body(*set);
    }
    limit_instruction_set(Some(InstructionSet::Avx512));
    let names: Vec<_> = ran.iter().map(ToString::to_string).collect();
    say(&format!("{test}: ran in {}", names.join(" and ")));
    assert_eq!(ran, expected(), "ATEN_CPU_CAPABILITY is to be unset in this test");
}

/// Says something on standard error, where tests that pass keep what `eprintln` has to themselves.
pub(crate) fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error is open");
}

/// What Rust finds.
fn expected() -> Vec<InstructionSet> {
    #[cfg(target_arch = "x86_64")]
    {
        let has = [
            std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma"),
            std::is_x86_feature_detected!("avx512f")
                && std::is_x86_feature_detected!("avx512vl")
                && std::is_x86_feature_detected!("avx512bw")
                && std::is_x86_feature_detected!("avx512dq"),
        ];
        ALL.into_iter().zip(has).filter_map(|(set, has)| has.then_some(set)).collect()
    }
    #[cfg(not(target_arch = "x86_64"))]
    Vec::new()
}
