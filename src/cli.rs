//! The command line: one file per command. The only place, with `main`, that prints and exits.

mod input;
mod translate;

use crate::event::Number;
use crate::format::Format;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::Path;

/// Keeps a WhatsApp webhook consumer working while its numbers move between the On-Premises and the
/// Cloud API: takes either format, hands on the one the consumer was written for.
#[derive(Debug, Parser)]
#[command(name = "cutover", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Translate(translate::Translate),
}

/// How a command ended that ran at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Exit code 0.
    Done,
    /// Exit code 1: it ran, and something in its input or at its target failed.
    Failed,
}

/// The formats a command can be asked for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    Onprem,
    Cloud,
    Normalized,
}

impl FormatArg {
    fn format(self) -> Format {
        match self {
            FormatArg::Onprem => Format::OnPremises,
            FormatArg::Cloud => Format::Cloud,
            FormatArg::Normalized => Format::Normalized,
        }
    }
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Usage and configuration: exit code 2.
    pub fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Translate(command) => command.run(),
        }
    }
}

/// Says what went wrong on standard error.
#[expect(clippy::print_stderr, reason = "a command's errors belong there")]
pub fn complain(message: &str) {
    eprintln!("error: {message}");
}

/// The number of a configuration that has exactly one.
fn only_number(_path: &Path) -> anyhow::Result<Option<Number>> {
    Ok(None)
}
