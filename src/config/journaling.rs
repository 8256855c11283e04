//! `[journal]`: where an accepted webhook is kept until it is delivered.

use super::Journal;
use super::section::Section;
use crate::journal::Settings;
use std::path::PathBuf;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RETAIN_MAX_BYTES: u64 = 2 << 30;

/// The defaults, for a journal in this file.
pub(super) const fn settings(path: PathBuf) -> Settings {
    Settings { path, remember: DAY, retain_delivered: DAY, retain_max_bytes: RETAIN_MAX_BYTES }
}

/// The journal, and the keys that do nothing with this one.
pub(super) fn read(mut section: Section<'_>) -> (Journal, Vec<String>) {
    let known = ["path", "remember", "retain_delivered", "retain_max_bytes"];
    let given: Vec<String> =
        known.into_iter().filter(|key| section.has(key)).map(|key| format!("journal.{key}")).collect();
    let mut settings = settings(section.text("path").unwrap_or_else(|| "cutover.db".to_owned()).into());
    settings.remember = section.duration("remember").unwrap_or(settings.remember);
    settings.retain_delivered = section.duration("retain_delivered").unwrap_or(settings.retain_delivered);
    settings.retain_max_bytes = section.integer("retain_max_bytes").unwrap_or(settings.retain_max_bytes);
    if settings.path.as_os_str().is_empty() {
        section.problem("path", "is empty: write the name of a file, such as \"/var/lib/cutover/cutover.db\"");
    }
    let journal = match section.text("backend").as_deref() {
        None | Some("embedded") => Journal::Embedded(settings),
        Some("none") => Journal::None,
        Some("jetstream") => {
            section.problem("backend", "\"jetstream\" is not in this version yet: write \"embedded\" or \"none\"");
            Journal::None
        }
        Some(other) => {
            section.problem("backend", &format!("{other:?} is no journal: write \"embedded\" or \"none\""));
            Journal::None
        }
    };
    let mut idle = if journal == Journal::None { given } else { Vec::new() };
    if section.has("jetstream") {
        section.ignore("jetstream");
        idle.push("journal.jetstream".to_owned());
    }
    section.finish();
    (journal, idle)
}
