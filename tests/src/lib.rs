//! What several tests share, and the documents of the repository, so that their
//! Rust snippets run as doctests. The tests are the files beside `src/`.

mod documents;
mod main_path;

#[cfg(doctest)]
pub use documents::{Architecture, Contributing, Labels, Readme};
pub use main_path::{cohort, open, select};
