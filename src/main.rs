//! The executable: arguments in, exit code out.

use clap::Parser;
use cutover::cli::{Cli, Exit};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Failed) => ExitCode::from(1),
        Err(error) => {
            cutover::cli::complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
