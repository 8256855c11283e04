//! The configuration: TOML, with the environment on top.
//!
//! Each stage owns its settings; this module knows them all, and no stage knows this module. A
//! configuration is either good as a whole or refused with every problem in it.

mod consumer;
mod environment;
mod listen;
mod number;
mod platforms;
mod section;
mod telemetry;
mod warnings;

pub use environment::capture_key;
pub use section::{Problem, Problems};

use crate::delivery;
use crate::ingress;
use crate::routing::Routes;
use crate::telemetry as logs;
use section::{Findings, Section};
use std::path::Path;

pub use listen::Listen;

/// Where accepted webhooks are kept until they are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// Nowhere: the answer is the consumer's verdict.
    None,
}

/// Everything `serve` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses, TLS, limits.
    pub listen: Listen,
    /// Credentials of the platforms.
    pub doors: ingress::Doors,
    /// The journal.
    pub journal: Journal,
    /// Which number goes to which consumer.
    pub routes: Routes,
    /// The consumers.
    pub consumers: Vec<delivery::Settings>,
    /// Logs.
    pub telemetry: logs::Settings,
    /// What is open, and what an operator should know before the start.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads a file, or nothing but the environment where there is none.
    ///
    /// # Errors
    /// Every problem of it at once, each with its key and what to write instead.
    pub fn load(path: Option<&Path>) -> Result<Self, Problems> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Problems::one("", &format!("cannot read {}: {error}", path.display())))?,
            None => String::new(),
        };
        Self::parse(&text, process_environment())
    }

    /// Reads a configuration from its text and an environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Result<Self, Problems> {
        let mut table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| Problems::one("", &no_toml(text, &error)))?;
        let variables: Vec<(String, String)> = environment.collect();
        let problems = Findings::default();
        environment::overlay(&mut table, &variables, &problems);
        let mut root = Section::new("", table, &problems, &variables);
        let config = Self::resolve(&mut root);
        root.finish();
        problems.or(config)
    }

    fn resolve(root: &mut Section<'_>) -> Self {
        let listen = listen::read(root.section("listen"));
        let doors = platforms::read(root, &listen);
        let (journal, idle) = read_journal(root.section("journal"));
        let consumers = consumer::read_all(root, journal);
        let routes = number::read_all(root, &consumers);
        let telemetry = telemetry::read(root.section("telemetry"));
        let warnings = warnings::of(&listen, &doors, &routes, &consumers, &idle);
        Self { listen, doors, journal, routes, consumers, telemetry, warnings }
    }
}

/// Where the text is no TOML, and why. The line itself is not shown: a secret may stand there.
fn no_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: no TOML: {}", before.matches('\n').count() + 1, error.message())
}

/// The variables of this process that are text.
pub fn process_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The journal's backend, and the keys that do nothing without one. The other keys are read so that a file for a later version is checked in
/// full, not key by key.
fn read_journal(mut section: Section<'_>) -> (Journal, Vec<String>) {
    match section.text("backend").as_deref() {
        None | Some("none") => {}
        Some(known @ ("embedded" | "jetstream")) => {
            section.problem("backend", &format!("\"{known}\" is not in this version yet: write \"none\""));
        }
        Some(other) => section.problem("backend", &format!("{other:?} is no journal: write \"none\"")),
    }
    let keys = ["path", "remember", "retain_delivered", "retain_max_bytes", "jetstream"];
    let idle = keys.into_iter().filter(|key| section.has(key)).map(|key| format!("journal.{key}")).collect();
    section.text("path");
    section.duration("remember");
    section.duration("retain_delivered");
    section.integer("retain_max_bytes");
    section.ignore("jetstream");
    section.finish();
    (Journal::None, idle)
}
