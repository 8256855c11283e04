//! The command line: one file per command. The only place, with `main`, that prints and exits.

mod check;
mod dead_letters;
mod demo;
mod input;
mod reach;
mod replay;
mod serve;
mod status;
mod translate;

use crate::config::{Config, Problems};
use crate::event::Number;
use crate::format::{Format, normalized};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::io::{self, Write};
use std::path::Path;

/// Keeps a WhatsApp webhook consumer working while its numbers move between the On-Premises and the
/// Cloud API: takes either format, hands on the one the consumer was written for.
#[derive(Debug, Parser)]
#[command(name = "cutover", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Translate(translate::Translate),
    Replay(replay::Replay),
    Check(check::Check),
    DeadLetters(dead_letters::DeadLetters),
    Redeliver(dead_letters::Redeliver),
    Status(status::StatusCommand),
    /// Print the JSON Schema of the normalized event
    Schema,
    Demo(demo::Demo),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual, in roff
    Man,
}

/// How a command ended that ran at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Exit code 0.
    Done,
    /// Exit code 1: it ran, and something in its input or at its target failed.
    Failed,
}

impl Exit {
    /// Done only if both are.
    fn and(self, other: Self) -> Self {
        if self == Exit::Done { other } else { self }
    }
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
            Command::Serve(command) => command.run(),
            Command::Translate(command) => command.run(),
            Command::Replay(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::DeadLetters(command) => command.run(),
            Command::Redeliver(command) => command.run(),
            Command::Status(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Schema => print(normalized::SCHEMA.as_bytes()),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "cutover", &mut script);
                print(&script)
            }
            Command::Man => print(&manual()?),
        }
    }
}

/// The manual of the program and of each command.
fn manual() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands().filter(|command| command.get_name() != "help") {
        clap_mangen::Man::new(subcommand.clone()).render(&mut page)?;
    }
    Ok(page)
}

fn print(text: &[u8]) -> anyhow::Result<Exit> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Done),
    }
}

/// Says what went wrong on standard error.
#[expect(clippy::print_stderr, reason = "a command's errors belong there")]
pub fn complain(message: &str) {
    eprintln!("error: {message}");
}

/// Says something on standard output.
fn say(message: &str) {
    if let Err(error) = print(format!("{message}\n").as_bytes()) {
        complain(&format!("cannot write to standard output: {error}"));
    }
}

/// A configuration's problems as one error.
fn refused(problems: &Problems) -> anyhow::Error {
    anyhow::anyhow!("the configuration is refused\n{problems}")
}

/// The number of a configuration that has exactly one.
fn only_number(path: &Path) -> anyhow::Result<Option<Number>> {
    let config = Config::load(Some(path)).map_err(|problems| refused(&problems))?;
    Ok(config.routes.only_number().cloned())
}
