//! The values of the label `source`.

use crate::format::Format;

/// The formats that a platform sends.
pub const SOURCES: [Format; 2] = [Format::Cloud, Format::OnPremises];
/// What a request is called whose format nobody has told yet.
const UNKNOWN: &str = "unknown";

/// The place of a format in [`SOURCES`]; normalized events come from no platform.
#[must_use]
pub const fn source_place(source: Format) -> Option<usize> {
    match source {
        Format::Cloud => Some(0),
        Format::OnPremises => Some(1),
        Format::Normalized => None,
    }
}

/// The value for a format, where it is told.
#[must_use]
pub fn source_label(source: Option<Format>) -> &'static str {
    source.map_or(UNKNOWN, Format::label)
}

/// All values, in the order of [`SOURCES`], and the one for neither.
pub fn source_labels() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|source| source.label()).chain([UNKNOWN])
}
