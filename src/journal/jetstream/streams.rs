//! The streams: what each has to be, and whether the one that is there is.
//!
//! What the operator chooses (replicas, ages, sizes, the window) is brought to what the configuration
//! says; what the journal stands on is never changed under somebody else's data, but refused by name.

use super::OpenError;
use super::names::Names;
use super::settings::Settings;
use crate::clock;
use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use std::collections::HashMap;
use std::time::Duration;

/// How the streams are laid out. A later version of this program writes another number.
const FORMAT: &str = "1";
const FORMAT_KEY: &str = "cutover-format";
const PARTITIONS_KEY: &str = "cutover-partitions";

/// So often a stream is asked for that does not answer, some seconds each.
const TRIES: u32 = 5;
/// How the name of the stream of claims ends.
const CLAIMS: &str = "_CLAIMS";
/// The least age that the server takes.
const LEAST_AGE: Duration = Duration::from_millis(100);
/// Known events are read for a moment longer than they count.
const MARGIN: Duration = Duration::from_secs(60);

/// Makes what is missing, checks what is there.
pub(super) async fn ensure(context: &Context, settings: &Settings, names: &Names) -> Result<(), OpenError> {
    for wanted in all(settings, names) {
        let mut tries = 1;
        while let Err(error) = ensure_one(context, &wanted).await {
            // Where a server has just gone the others first agree on who leads.
            if tries == TRIES || !error.may_pass() {
                return Err(error);
            }
            tries += 1;
        }
    }
    Ok(())
}

/// Checks those that are there; what is missing is made at the start.
pub(super) async fn check(context: &Context, settings: &Settings, names: &Names) -> Result<(), OpenError> {
    for wanted in all(settings, names) {
        if let Some(found) = find(context, &wanted.name).await? {
            refuse(&wanted, &found.config)?;
        }
    }
    Ok(())
}

/// A stream that is there.
struct Found {
    config: Config,
    messages: u64,
}

async fn find(context: &Context, name: &str) -> Result<Option<Found>, OpenError> {
    match context.get_stream(name).await {
        Ok(stream) => {
            let info = stream.cached_info();
            Ok(Some(Found { config: info.config.clone(), messages: info.state.messages }))
        }
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(OpenError::Stream { stream: name.to_owned(), error: error.to_string() }),
    }
}

fn refuse(wanted: &Config, found: &Config) -> Result<(), OpenError> {
    let problems = differences(wanted, found);
    if problems.is_empty() {
        return Ok(());
    }
    Err(OpenError::Differs { stream: wanted.name.clone(), problems: problems.join("; ") })
}

async fn ensure_one(context: &Context, wanted: &Config) -> Result<(), OpenError> {
    let name = wanted.name.clone();
    let Some(Found { config: found, messages }) = find(context, &name).await? else {
        return create(context, wanted).await;
    };
    refuse(wanted, &found)?;
    if name.ends_with(CLAIMS) && messages > 0 && wanted.max_age != found.max_age {
        // Their holders count on the age that they asked for.
        let problems = format!(
            "proxies run with journal.jetstream.claim = {}: stop all of them to change it",
            humantime::format_duration(found.max_age)
        );
        return Err(OpenError::Differs { stream: name, problems });
    }
    let adapted = adapted(wanted, &found);
    if adapted != found {
        let changed = context.update_stream(&adapted).await;
        changed.map_err(|error| OpenError::Create { stream: name.clone(), error: error.to_string() })?;
        tracing::info!(stream = %name, "stream brought to what the configuration says");
    }
    Ok(())
}

async fn create(context: &Context, wanted: &Config) -> Result<(), OpenError> {
    // Its places begin behind all that a stream of this name can have given before: whoever still holds such
    // a place must not take away what is in the new one.
    let made = Config { first_sequence: Some(clock::steady_ms()), ..wanted.clone() };
    match context.create_stream(made).await {
        // Another proxy that starts at the same moment was first.
        Err(error) if is_there_by_now(&error) => Ok(()),
        Err(error) => Err(OpenError::Create { stream: wanted.name.clone(), error: error.to_string() }),
        Ok(_) => {
            tracing::info!(stream = %wanted.name, replicas = wanted.num_replicas, "stream created");
            Ok(())
        }
    }
}

fn is_there_by_now(error: &CreateStreamError) -> bool {
    matches!(error.kind(), CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST)
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn all(settings: &Settings, names: &Names) -> [Config; 6] {
    let base = |name: &str, subjects: &[String]| Config {
        name: name.to_owned(),
        subjects: subjects.to_vec(),
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: if settings.in_memory { StorageType::Memory } else { StorageType::File },
        num_replicas: settings.replicas,
        max_bytes: limit(None),
        allow_direct: true,
        duplicate_window: settings.duplicate_window,
        description: Some("cutover: webhooks of WhatsApp on their way to consumers".to_owned()),
        metadata: HashMap::from([
            (FORMAT_KEY.to_owned(), FORMAT.to_owned()),
            (PARTITIONS_KEY.to_owned(), settings.partitions.to_string()),
        ]),
        ..Config::default()
    };
    let aged = |config: Config, age: Duration| {
        let max_age = age.max(LEAST_AGE);
        Config {
            max_age,
            duplicate_window: config.duplicate_window.min(max_age),
            discard: DiscardPolicy::Old,
            ..config
        }
    };
    let one_each = |config: Config| Config { max_messages_per_subject: 1, discard: DiscardPolicy::Old, ..config };
    let below = |what: &str| names.below(what);
    let owed = base(names.owed_stream(), &[below("owed.>")]);
    let delivered = base(&names.delivered_stream(), &[below("delivered.>")]);
    let delivered = aged(delivered, settings.kept.retain_delivered);
    let claims = base(&names.claims_stream(), &[below("claim.*"), below("member.*")]);
    [
        Config { max_bytes: limit(settings.max_bytes), ..owed },
        base(&names.dead_stream(), &[below("dead.>")]),
        Config { max_bytes: limit(Some(settings.kept.retain_max_bytes.max(1))), ..delivered },
        aged(base(&names.known_stream(), &[below("known"), below("told.>")]), settings.kept.remember + MARGIN),
        one_each(base(&names.state_stream(), &[below("state.>"), below("note.>"), below("tries.>")])),
        one_each(aged(claims, settings.claim)),
    ]
}

fn limit(bytes: Option<u64>) -> i64 {
    bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// What of a stream cannot be as it is.
fn differences(wanted: &Config, found: &Config) -> Vec<String> {
    let mut problems = Vec::new();
    let mut compare = |what: &str, wanted: String, found: String| {
        if wanted != found {
            problems.push(format!("its {what} is {found}, where {wanted} is needed"));
        }
    };
    let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let said = |config: &Config, key: &str| config.metadata.get(key).cloned().unwrap_or_else(|| "missing".to_owned());
    compare("subjects", wanted.subjects.join(", "), found.subjects.join(", "));
    compare("retention", text(&wanted.retention), text(&found.retention));
    compare("discard policy", text(&wanted.discard), text(&found.discard));
    compare("storage", text(&wanted.storage), text(&found.storage));
    compare("direct access", text(&wanted.allow_direct), text(&found.allow_direct));
    let a_subject = (wanted.max_messages_per_subject.max(0), found.max_messages_per_subject.max(0));
    compare("limit a subject", a_subject.0.to_string(), a_subject.1.to_string());
    compare("limit of messages", "none".to_owned(), bounded(found.max_messages));
    if wanted.discard == DiscardPolicy::New {
        compare("age limit", text(&wanted.max_age), text(&found.max_age));
    }
    compare("format", said(wanted, FORMAT_KEY), said(found, FORMAT_KEY));
    compare("number of partitions", said(wanted, PARTITIONS_KEY), said(found, PARTITIONS_KEY));
    for (is, what) in [(found.sealed, "sealed"), (found.deny_delete, "closed to deletions")] {
        if is {
            problems.push(format!("it is {what}"));
        }
    }
    problems
}

fn bounded(limit: i64) -> String {
    if limit > 0 { limit.to_string() } else { "none".to_owned() }
}

/// The stream that is there, with what the operator chose.
fn adapted(wanted: &Config, found: &Config) -> Config {
    Config {
        num_replicas: wanted.num_replicas,
        max_age: wanted.max_age,
        max_bytes: wanted.max_bytes,
        duplicate_window: wanted.duplicate_window,
        ..found.clone()
    }
}
