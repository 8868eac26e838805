//! How the threads of libtorch wait for each other.

/// Said by the user or by us: how long a thread of OpenMP waits by counting before it
/// sleeps.
const SAYS: [&str; 2] = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"];

/// Lets the threads of libtorch sleep while they wait for each other. A program that trains
/// or predicts calls it first in `main`.
///
/// By default they wait by counting, up to milliseconds, since that wakes fastest. Where
/// other programs want the same cores, the core that counts is missing to the thread that is
/// waited for. OpenMP reads the setting when libtorch is loaded, before `main`, so this
/// sets `OMP_WAIT_POLICY=passive` and lets the program begin anew in the same process, once.
/// `OMP_WAIT_POLICY` or `GOMP_SPINCOUNT` in the environment wins. Nothing changes without
/// the feature `torch`, or where a program cannot begin anew (Windows).
pub fn begin() {
    #[cfg(all(unix, feature = "torch"))]
    if SAYS.iter().all(|name| std::env::var_os(name).is_none()) {
        use std::os::unix::process::CommandExt as _;

        let Ok(program) = std::env::current_exe() else { return };
        let mut arguments = std::env::args_os();
        let mut command = std::process::Command::new(program);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        // It returns only where that failed: then threads wait as they did.
        let _ = command.args(arguments).env(SAYS[0], "passive").exec();
    }
    #[cfg(not(all(unix, feature = "torch")))]
    let _ = SAYS;
}
