use std::fmt;

use crate::ffi;

/// The version of the kernels. It changes whenever a kernel, or what it is taken for, changes
/// the last digits of a result.
pub const VERSION: u32 = 1;

/// An instruction set that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InstructionSet {
    /// AVX2 and FMA: eight numbers in f32 at once.
    Avx2,
    /// AVX-512 F: sixteen.
    Avx512,
}

impl InstructionSet {
    /// As the kernels number it.
    fn number(set: Option<Self>) -> i32 {
        match set {
            None => 0,
            Some(Self::Avx2) => 1,
            Some(Self::Avx512) => 2,
        }
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// The instruction set that kernels run in: the best that the processor has and
/// `ATEN_CPU_CAPABILITY` allows. `avx2` in that variable rules AVX-512 out, `default` rules
/// everything out. `None` where libtorch computes everything.
///
/// ```
/// use foramen_kernels::{InstructionSet, instruction_set};
///
/// match instruction_set() {
///     Some(set) => assert!(set >= InstructionSet::Avx2),
///     None => println!("libtorch computes everything"),
/// }
/// ```
#[must_use]
pub fn instruction_set() -> Option<InstructionSet> {
    [InstructionSet::Avx512, InstructionSet::Avx2]
        .into_iter()
        .find(|set| InstructionSet::number(Some(*set)) == ffi::instruction_set())
}

/// Takes no better instruction set than this one in any thread of the process, for tests of each.
/// `None` leaves everything to libtorch.
#[doc(hidden)]
pub fn limit_instruction_set(most: Option<InstructionSet>) {
    ffi::limit_instruction_set(InstructionSet::number(most));
}
