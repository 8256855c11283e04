//! `[journal.jetstream]`: the streams that several proxies share.

use super::section::Section;
use crate::journal::jetstream::{Credentials, Retention, Settings};
use std::path::PathBuf;
use std::time::Duration;

const STREAM: &str = "CUTOVER";
const PARTITIONS: u64 = 64;
/// A look at all claims is one request, which the server answers for 1,024 subjects at most.
const MOST_PARTITIONS: u64 = 512;
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
const CLAIM: Duration = Duration::from_secs(5);
/// Below this a busy broker loses claims for its holders.
const LEAST_CLAIM: Duration = Duration::from_secs(1);

/// Reads the table; `kept` is what `[journal]` says to every journal, `largest_body` how large a
/// webhook may be, in bytes.
pub(super) fn read(mut section: Section<'_>, kept: Retention, largest_body: usize) -> Settings {
    let settings = Settings {
        urls: urls(&mut section),
        stream: stream(&mut section),
        replicas: replicas(&mut section),
        in_memory: section.word("storage", &[("file", false), ("memory", true)], false),
        partitions: partitions(&mut section),
        duplicate_window: duplicate_window(&mut section, kept.remember),
        max_bytes: section.integer("max_bytes"),
        claim: claim(&mut section),
        credentials: credentials(&mut section),
        tls_ca: section.text("tls_ca").map(PathBuf::from),
        tls_identity: tls_identity(&mut section),
        monitors: monitors(&mut section),
        largest_body,
        kept,
    };
    section.finish();
    settings
}

fn urls(section: &mut Section<'_>) -> Vec<String> {
    let text = section.required("url", "\"nats://127.0.0.1:4222\"");
    let urls: Vec<String> = text.split(',').map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()).collect();
    let is_url = |url: &String| crate::journal::jetstream::is_server(url);
    if !text.is_empty() && (urls.is_empty() || !urls.iter().all(is_url)) {
        section.problem("url", "is no list of servers: write \"nats://one:4222,nats://two:4222\"");
    }
    if text.contains('@') {
        section.problem("url", "holds a user: write user and password, or token, beside it");
        return Vec::new();
    }
    urls
}

fn monitors(section: &mut Section<'_>) -> Vec<String> {
    let text = section.text("monitor").unwrap_or_default();
    let urls = text.split(',').map(|url| url.trim().trim_end_matches('/').to_owned());
    let urls: Vec<String> = urls.filter(|url| !url.is_empty()).collect();
    if !urls.iter().all(|url| url.starts_with("http://") || url.starts_with("https://")) {
        section.problem("monitor", "is no list of URLs: write \"http://one:8222,http://two:8222\"");
    }
    urls
}

fn stream(section: &mut Section<'_>) -> String {
    let name = section.text("stream").unwrap_or_else(|| STREAM.to_owned());
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if name.is_empty() || !name.chars().all(is_plain) {
        section.problem("stream", &format!("{name:?} is no name of a stream: write letters, digits, `-` and `_`"));
    }
    name
}

fn replicas(section: &mut Section<'_>) -> usize {
    let replicas = section.integer("replicas").unwrap_or(1);
    if !matches!(replicas, 1 | 3 | 5) {
        section.problem("replicas", "write 1, 3 or 5: so many servers keep each webhook");
    }
    usize::try_from(replicas).unwrap_or(1)
}

fn partitions(section: &mut Section<'_>) -> u16 {
    let partitions = section.integer("partitions").unwrap_or(PARTITIONS);
    if !(1..=MOST_PARTITIONS).contains(&partitions) {
        section.problem("partitions", &format!("write a number from 1 to {MOST_PARTITIONS}"));
    }
    u16::try_from(partitions).unwrap_or(1)
}

fn duplicate_window(section: &mut Section<'_>, remember: Duration) -> Duration {
    let given = section.duration("duplicate_window");
    if given.is_some_and(|window| window > remember) {
        section.problem("duplicate_window", "is longer than journal.remember: what is forgotten would still be known");
    }
    given.unwrap_or_else(|| DUPLICATE_WINDOW.min(remember))
}

fn claim(section: &mut Section<'_>) -> Duration {
    let claim = section.duration("claim").unwrap_or(CLAIM);
    if claim < LEAST_CLAIM {
        section.problem("claim", "is too short: write \"1s\" or more");
    }
    claim
}

fn credentials(section: &mut Section<'_>) -> Credentials {
    let file = section.text("credentials").map(|path| Credentials::File(path.into()));
    let (user, password) = (section.text("user"), section.secret("password"));
    let password = match (user, password) {
        (Some(user), Some(password)) => Some(Credentials::Password { user, password }),
        (None, None) => None,
        (Some(_), None) => {
            section.problem("password", "is missing: a user has one");
            None
        }
        (None, Some(_)) => {
            section.problem("user", "is missing: a password is a user's");
            None
        }
    };
    let token = section.secret("token").map(Credentials::Token);
    let nkey = section.secret("nkey").map(Credentials::Nkey);
    let mut given: Vec<Credentials> = [file, password, token, nkey].into_iter().flatten().collect();
    if given.len() > 1 {
        section.problem("credentials", "are said twice: write one of credentials, user and password, token, nkey");
    }
    given.pop().unwrap_or(Credentials::None)
}

fn tls_identity(section: &mut Section<'_>) -> Option<(PathBuf, PathBuf)> {
    match (section.text("tls_cert"), section.text("tls_key")) {
        (Some(cert), Some(key)) => Some((cert.into(), key.into())),
        (None, None) => None,
        (Some(_), None) => {
            section.problem("tls_key", "is missing: a certificate has one");
            None
        }
        (None, Some(_)) => {
            section.problem("tls_cert", "is missing: a key belongs to one");
            None
        }
    }
}
