//! Each document is the text of a type that exists for `cargo test --doc` only.

/// The front page.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// How the crates fit together.
#[cfg(doctest)]
#[doc = include_str!("../../ARCHITECTURE.md")]
pub struct Architecture;

/// How to take part.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
pub struct Contributing;

/// The numbers of a report.
#[cfg(doctest)]
#[doc = include_str!("../../docs/evaluation.md")]
pub struct Evaluation;

/// Which metric answers which question.
#[cfg(doctest)]
#[doc = include_str!("../../docs/metrics.md")]
pub struct Metrics;

/// libtorch in a crate of one's own.
#[cfg(all(doctest, feature = "torch"))]
#[doc = include_str!("../../docs/libtorch.md")]
pub struct Libtorch;

/// How labels are decided.
#[cfg(doctest)]
#[doc = include_str!("../../docs/labels.md")]
pub struct Labels;
