//! The review page as a program: what it refuses, what it keeps when it is killed, and what
//! corrections change. `crates/foramen-review/browser` holds the tests in a browser.
#![cfg(feature = "review")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "review/client.rs"]
mod client;
#[path = "review/corrections.rs"]
mod corrections;
#[path = "review/discs.rs"]
mod discs;
#[path = "review/images.rs"]
mod images;
#[path = "review/keeping.rs"]
mod keeping;
#[path = "review/readers.rs"]
mod readers;
#[path = "review/refusals.rs"]
mod refusals;
#[path = "review/volumes.rs"]
mod volumes;
