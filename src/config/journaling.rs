//! `[journal]`: where an accepted webhook is kept until it is delivered.

use super::section::Section;
use super::{Journal, jetstream};
use crate::journal::Settings;
use crate::journal::jetstream::Retention;
use std::path::PathBuf;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RETAIN_MAX_BYTES: u64 = 2 << 30;

/// The defaults, for a journal in this file.
pub(super) const fn settings(path: PathBuf) -> Settings {
    Settings { path, remember: DAY, retain_delivered: DAY, retain_max_bytes: RETAIN_MAX_BYTES }
}

/// The journal, and the keys that do nothing with this one.
pub(super) fn read(mut section: Section<'_>, largest_body: usize) -> (Journal, Vec<String>) {
    let known = ["path", "remember", "retain_delivered", "retain_max_bytes"];
    let given: Vec<&str> = known.into_iter().filter(|key| section.has(key)).collect();
    let mut settings = settings(section.text("path").unwrap_or_else(|| "cutover.db".to_owned()).into());
    settings.remember = section.duration("remember").unwrap_or(settings.remember);
    settings.retain_delivered = section.duration("retain_delivered").unwrap_or(settings.retain_delivered);
    settings.retain_max_bytes = section.integer("retain_max_bytes").unwrap_or(settings.retain_max_bytes);
    if settings.path.as_os_str().is_empty() {
        section.problem("path", "is empty: write the name of a file, such as \"/var/lib/cutover/cutover.db\"");
    }
    let backend = section.text("backend");
    let has_jetstream = section.has("jetstream");
    let (journal, idle) = match backend.as_deref() {
        None | Some("embedded") => (Journal::Embedded(settings), Vec::new()),
        Some("jetstream") => {
            let idle = given.into_iter().filter(|key| *key == "path").collect();
            (
                Journal::JetStream(Box::new(jetstream::read(
                    section.section("jetstream"),
                    kept(&settings),
                    largest_body,
                ))),
                idle,
            )
        }
        Some("none") => (Journal::None, given),
        Some(other) => {
            let wanted = "write \"embedded\", \"jetstream\" or \"none\"";
            section.problem("backend", &format!("{other:?} is no journal: {wanted}"));
            (Journal::None, given)
        }
    };
    let mut idle: Vec<String> = idle.into_iter().map(|key| format!("journal.{key}")).collect();
    if has_jetstream && !matches!(journal, Journal::JetStream(_)) {
        section.ignore("jetstream");
        idle.push("journal.jetstream".to_owned());
    }
    section.finish();
    (journal, idle)
}

/// What it says to every journal.
const fn kept(settings: &Settings) -> Retention {
    Retention {
        remember: settings.remember,
        retain_delivered: settings.retain_delivered,
        retain_max_bytes: settings.retain_max_bytes,
    }
}
