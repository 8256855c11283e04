//! The pure core and the rules of the house, seen from outside: the public API of the library, no
//! mocks. One line a module; each says in its first lines what belongs there.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

mod capture;
mod corpus;
mod error_codes;
mod fixtures;
mod generate;
mod laws;
mod novelty;
mod redact;
mod schema;
mod tidy;
mod translation;
mod tree;
