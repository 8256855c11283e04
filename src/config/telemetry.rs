//! `[telemetry]`.

use super::section::Section;
use crate::telemetry::{LogFormat, Settings};

pub(super) fn read(mut section: Section<'_>) -> Settings {
    let formats = [("auto", LogFormat::Auto), ("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];
    let log = section.text("log").unwrap_or_else(|| "info".to_owned());
    let level = log.split(',').all(|directive| {
        let level = directive.rsplit('=').next().unwrap_or_default();
        ["error", "warn", "info", "debug", "trace", "off"].contains(&level.trim())
    });
    if !level {
        section.problem("log", "write a level (error, warn, info, debug, trace, off), or target=level by commas");
    }
    let settings = Settings { log, format: section.word("format", &formats, LogFormat::Auto) };
    if section.has("otlp_endpoint") {
        section.ignore("otlp_endpoint");
        section.problem("otlp_endpoint", "traces are not in this version yet: leave it out");
    }
    section.finish();
    settings
}
