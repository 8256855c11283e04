//! `[telemetry]`.

use super::section::Section;
use crate::telemetry::{LogFormat, Settings};
use hyper::Uri;
use hyper::http::uri::Authority;

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
    let format = section.word("format", &formats, LogFormat::Auto);
    let settings = Settings { log, format, otlp_endpoint: endpoint(&mut section) };
    section.finish();
    settings
}

/// The collector. gRPC knows no path, and a password in a URL would be said aloud.
fn endpoint(section: &mut Section<'_>) -> Option<Uri> {
    let text = section.text("otlp_endpoint")?;
    let is_bare = |url: &Uri| {
        let authority = url.authority().map(Authority::as_str).unwrap_or_default();
        !authority.is_empty() && !authority.contains('@') && url.path() == "/" && url.query().is_none()
    };
    let url = text.parse::<Uri>().ok().filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && is_bare(url));
    if url.is_none() {
        section.problem(
            "otlp_endpoint",
            "write http:// or https://, the host and the port of gRPC, and no path: http://localhost:4317",
        );
    }
    url
}
