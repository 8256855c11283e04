//! `[journal]`: where an accepted webhook is kept until it is delivered.

use super::Journal;
use super::section::Section;
use crate::journal::Settings;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RETAIN_MAX_BYTES: u64 = 2 << 30;

/// The journal, and the keys that do nothing with this one.
pub(super) fn read(mut section: Section<'_>) -> (Journal, Vec<String>) {
    let known = ["path", "remember", "retain_delivered", "retain_max_bytes"];
    let given: Vec<String> =
        known.into_iter().filter(|key| section.has(key)).map(|key| format!("journal.{key}")).collect();
    let settings = Settings {
        path: section.text("path").unwrap_or_else(|| "cutover.db".to_owned()).into(),
        remember: section.duration("remember").unwrap_or(DAY),
        retain_delivered: section.duration("retain_delivered").unwrap_or(DAY),
        retain_max_bytes: section.integer("retain_max_bytes").unwrap_or(RETAIN_MAX_BYTES),
    };
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
