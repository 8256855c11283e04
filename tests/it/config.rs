//! The configuration as `check` judges it.

mod environment;
mod files;
mod probe;
mod secrets;

use crate::support::command::{Outcome, run_with};

/// Runs `check` on a file with these variables.
fn check(file: &str, environment: &[(&str, &str)]) -> Outcome {
    run_with(&["check", "--config", file], environment, "")
}

/// The problems it found; it must have found some, and said nothing else.
#[track_caller]
fn problems(outcome: &Outcome) -> Vec<&str> {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{}", outcome.stderr);
    let mut lines = outcome.stderr.lines();
    assert_eq!(lines.next(), Some("error: the configuration is refused"));
    lines.collect()
}
