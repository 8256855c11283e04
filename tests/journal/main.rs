//! The journal: what it promises, held against real files.
//!
//! One line a module. `contract` is written against `Journal` and runs on every kind of it; `model`
//! compares it with a list in memory; `file` and `trouble` are about the embedded one's file.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, what it stands on included")]

/// A NATS server.
#[path = "../shared/broker.rs"]
mod broker;

/// A journal to test: fresh, after a crash, after an orderly close.
mod bench;
/// What is put into it.
mod drafts;

/// What every journal promises.
mod contract;

/// The embedded one's file: versions, damage, who has it.
mod file;
/// The same as a list in memory that is asked the same.
mod model;
/// The embedded one while its file cannot be written.
mod trouble;
