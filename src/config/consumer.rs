//! `[[consumer]]`: who receives, and in which words.

use super::Journal;
use super::section::Section;
use crate::delivery::{Batch, Retry, Settings, Statuses, Unknown};
use crate::event::Kind;
use crate::format::Format;
use crate::translate::{MessageIds, WithoutPhone};
use hyper::Uri;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use std::time::Duration;

pub(super) fn read_all(root: &mut Section<'_>, journal: &Journal) -> Vec<Settings> {
    let sections = root.sections("consumer");
    if sections.is_empty() {
        root.problem("consumer", "is missing: write [[consumer]] with name, url and format");
    }
    let mut consumers: Vec<Settings> = Vec::with_capacity(sections.len());
    for section in sections {
        let consumer = read(section, journal);
        if consumers.iter().any(|other| other.name == consumer.name) {
            root.problem("consumer", &format!("two are called {:?}: give each its own name", consumer.name));
        }
        consumers.push(consumer);
    }
    consumers
}

fn read(mut section: Section<'_>, journal: &Journal) -> Settings {
    let name = section.required("name", "\"crm\"");
    let url = url(&mut section);
    let format = section.required("format", "\"onprem\"");
    let format = format.parse().unwrap_or_else(|reason: String| {
        if !format.is_empty() {
            section.problem("format", &reason);
        }
        Format::Cloud
    });
    let concurrency = section.integer("concurrency").unwrap_or(32);
    if concurrency == 0 {
        section.problem("concurrency", "would deliver nothing: write 1 or more");
    }
    let settings = Settings {
        name,
        url,
        format,
        timeout: section.duration("timeout").unwrap_or(Duration::from_secs(10)),
        tls_ca: section.text("tls_ca").map(Into::into),
        concurrency: usize::try_from(concurrency).unwrap_or(usize::MAX).max(1),
        batch: section.word(
            "batch",
            &[("conversation", Batch::Conversation), ("event", Batch::Event)],
            Batch::Conversation,
        ),
        sign_with: section.secret("sign_with"),
        message_ids: section.word(
            "message_ids",
            &[("keep", MessageIds::Keep), ("convert", MessageIds::Convert)],
            MessageIds::Keep,
        ),
        without_phone: needs_memory(
            &mut section,
            "without_phone",
            [("user_id", WithoutPhone::UserId), ("dead_letter", WithoutPhone::DeadLetter)],
            journal,
        ),
        unknown: needs_memory(
            &mut section,
            "unknown",
            [("deliver", Unknown::Deliver), ("dead_letter", Unknown::DeadLetter)],
            journal,
        ),
        statuses: needs_memory(
            &mut section,
            "statuses",
            [("all", Statuses::All), ("forward_only", Statuses::ForwardOnly)],
            journal,
        ),
        retry: retry(section.section("retry")),
        kinds: kinds(&mut section),
        headers: headers(section.section("headers")),
    };
    section.finish();
    settings
}

fn url(section: &mut Section<'_>) -> Uri {
    let text = section.required("url", "\"http://127.0.0.1:3000/webhook\"");
    let parsed = text
        .parse::<Uri>()
        .ok()
        .filter(|url| url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https")));
    parsed.unwrap_or_else(|| {
        if !text.is_empty() {
            section.problem("url", "write a URL with http:// or https:// and a host");
        }
        Uri::default()
    })
}

fn kinds(section: &mut Section<'_>) -> Option<Vec<Kind>> {
    let words = section.words("kinds")?;
    let known = |word: &String| {
        let kind = Kind::named(word);
        if kind.is_none() {
            let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.label()).collect();
            section.problem("kinds", &format!("{word:?} is no kind: write some of {}", all.join(", ")));
        }
        kind
    };
    Some(words.iter().filter_map(known).collect())
}

/// Headers that say how a request is sent.
const OURS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

fn headers(mut section: Section<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, secret) in section.all_secrets() {
        if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours.as_str())) {
            section.problem(&name, "follows from the request itself: leave it out");
            continue;
        }
        match (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(secret.expose())) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.push((name, value));
            }
            _ => section.problem(&name, "is no header that HTTP allows"),
        }
    }
    headers
}

/// Without a journal nothing can be remembered or set aside.
fn needs_memory<T: Copy + PartialEq>(
    section: &mut Section<'_>,
    key: &str,
    [plain, with_memory]: [(&str, T); 2],
    journal: &Journal,
) -> T {
    let asked = section.word(key, &[plain, with_memory], plain.1);
    if *journal == Journal::None && asked == with_memory.1 {
        let (plain, with_memory) = (plain.0, with_memory.0);
        section
            .problem(key, &format!("{with_memory:?} needs a journal: write {plain:?} with journal.backend = \"none\""));
    }
    asked
}

fn retry(mut section: Section<'_>) -> Retry {
    let default = Retry::default();
    let retry = Retry {
        first: section.duration("first").unwrap_or(default.first),
        max: section.duration("max").unwrap_or(default.max),
        give_up_after: section.duration("give_up_after").unwrap_or(default.give_up_after),
    };
    if retry.first.is_zero() {
        section.problem("first", "would never let a consumer rest: write a pause, such as \"1s\"");
    }
    if retry.max < retry.first {
        section.problem("max", "is shorter than first: write the longest pause between two attempts");
    }
    section.finish();
    retry
}
