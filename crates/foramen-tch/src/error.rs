use thiserror::Error;

/// Why libtorch could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TorchError {
    /// libtorch threw an exception, which was caught at the boundary.
    #[error("libtorch could not {operation}: {message}")]
    Exception {
        /// What was asked, to complete "could not …".
        operation: &'static str,
        /// libtorch's own words.
        message: String,
    },
    /// A device that mixed precision or a generator is not offered for here.
    #[error("{device:?} is not supported here; use the CPU or a CUDA device")]
    UnsupportedDevice {
        /// The device as given.
        device: tch::Device,
    },
    /// A saved optimiser state does not belong to these parameters.
    #[error("the optimiser state does not fit its parameters: {name:?} {problem}")]
    State {
        /// The parameter or tensor concerned.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A convolution that cannot be packed, or cannot take what it was given.
    #[error("a packed convolution cannot have {problem}")]
    Convolution {
        /// What it cannot have, and why.
        problem: String,
    },
    /// The environment does not say where this process stands among several.
    #[error("the environment variable {variable} {problem}")]
    Launch {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it, and what it should be.
        problem: String,
    },
    /// Processes that train together could not meet, or lost one another.
    #[error("{process}: {problem} ({message})")]
    Group {
        /// This process: `rank 1 of 2, meeting at HOST:PORT`.
        process: String,
        /// What went wrong, and what to do.
        problem: String,
        /// libtorch's own words.
        message: String,
    },
    /// An error that tch reported.
    #[error(transparent)]
    Tch(#[from] tch::TchError),
}
