//! The configuration: TOML, with the environment on top.
//!
//! Each stage owns its settings; this module knows them all, and no stage knows this module. A
//! configuration is either good as a whole or refused with every problem in it.

mod consumer;
mod environment;
mod jetstream;
mod journaling;
mod listen;
mod number;
mod platforms;
mod restart;
mod section;
mod telemetry;
mod warnings;

pub use environment::capture_key;
pub use section::{Problem, Problems};

use crate::delivery;
use crate::ingress;
use crate::journal;
use crate::routing::Routes;
use crate::telemetry as logs;
use section::{Findings, Section};
use std::path::Path;
use std::time::Duration;

pub use listen::Listen;

/// Where accepted webhooks are kept until they are delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journal {
    /// In a file of this process.
    Embedded(journal::Settings),
    /// In streams of NATS JetStream that several proxies share.
    JetStream(Box<journal::jetstream::Settings>),
    /// Nowhere: the answer is the consumer's verdict.
    None,
}

impl Journal {
    /// A journal in this file, everything else as it is where nothing is said.
    #[must_use]
    pub fn embedded_at(path: std::path::PathBuf) -> journal::Settings {
        journaling::settings(path)
    }

    /// How long events that come again are known; `None` where nothing is.
    #[must_use]
    pub const fn remember(&self) -> Option<Duration> {
        match self {
            Journal::Embedded(settings) => Some(settings.remember),
            Journal::JetStream(settings) => Some(settings.kept.remember),
            Journal::None => None,
        }
    }

    /// What is to be said if the folder of the journal is not there.
    #[must_use]
    pub fn missing_folder(&self) -> Option<String> {
        let Journal::Embedded(settings) = self else { return None };
        let folder = settings.path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
        let told = || format!("journal.path: there is no folder {}: make it before the start", folder.display());
        (!folder.is_dir()).then(told)
    }
}

/// Everything `serve` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses, TLS, limits.
    pub listen: Listen,
    /// Credentials of the platforms.
    pub doors: ingress::Doors,
    /// How old a message or status from the Cloud API may be when it arrives.
    pub max_event_age: Option<Duration>,
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
        let (journal, idle) = journaling::read(root.section("journal"), listen.max_body_bytes);
        let (doors, max_event_age) = platforms::read(root, &listen, &journal);
        let consumers = consumer::read_all(root, &journal);
        let routes = number::read_all(root, &consumers);
        let telemetry = telemetry::read(root.section("telemetry"));
        let mut config =
            Self { listen, doors, max_event_age, journal, routes, consumers, telemetry, warnings: Vec::new() };
        config.warnings = warnings::of(&config, &idle);
        config
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
