//! `[telemetry]`.

use super::section::Section;
use crate::telemetry::{LogFormat, Settings};

pub(super) fn read(mut section: Section<'_>) -> Settings {
    let formats = [("auto", LogFormat::Auto), ("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];
    let settings = Settings {
        log: section.text("log").unwrap_or_else(|| "info".to_owned()),
        format: section.word("format", &formats, LogFormat::Auto),
    };
    if section.has("otlp_endpoint") {
        section.ignore("otlp_endpoint");
        section.problem("otlp_endpoint", "traces are not in this version yet: leave it out");
    }
    section.finish();
    settings
}
