//! Opening the journal: connect, make or check the streams, learn what is known, then take part.

use super::broker::{BESIDE_BODY_BYTES, Broker, failing, patiently};
use super::endings::{self, Unwritten};
use super::held::Holdings;
use super::known::Known;
use super::names::Names;
use super::settings::Settings;
use super::{Inner, JetStream, claims, connect, letters, look, registry::Registry, remember, settle, streams};
use crate::clock;
use crate::journal::Trouble;
use crate::secret::random_key;
use hyper::body::Bytes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How many wait at most for what they know to be written.
const REMEMBERING: usize = 4_096;

/// Why the journal cannot be opened. Each says where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody answers, or they do not let us in.
    #[error("journal.jetstream.url: cannot connect to NATS at {urls}: {error}")]
    Unreachable {
        /// The servers.
        urls: String,
        /// Why.
        error: String,
    },
    /// They want to know who we are.
    #[error(
        "journal.jetstream.url: NATS at {urls} does not let us in: say journal.jetstream.user and password, or token, \
         nkey or credentials"
    )]
    TurnedAway {
        /// The servers.
        urls: String,
    },
    /// The file of credentials cannot be read.
    #[error("journal.jetstream.credentials: cannot read {path}: {error}")]
    Credentials {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The server lacks what the journal stands on.
    #[error(
        "journal.jetstream.url: the server is NATS {version}: at least {}.{} is needed, for reads of many messages in one request that count what is left",
        needed.0, needed.1
    )]
    TooOld {
        /// What it says it is.
        version: String,
        /// What it has to be.
        needed: (i64, i64),
    },
    /// The server keeps nothing.
    #[error(
        "journal.jetstream.url: JetStream is not enabled on the server: start it with -js, or `jetstream {{}}` in its file"
    )]
    NoJetStream,
    /// A stream cannot be looked at.
    #[error("journal.jetstream.stream: cannot look at the stream {stream}: {error}")]
    Stream {
        /// Its name.
        stream: String,
        /// Why.
        error: String,
    },
    /// A stream cannot be made, or changed.
    #[error("journal.jetstream: the stream {stream} cannot be made as the configuration says: {error}{}", hint(error))]
    Create {
        /// Its name.
        stream: String,
        /// Why.
        error: String,
    },
    /// A stream is there and is another.
    #[error(
        "journal.jetstream.stream: the stream {stream} is not one that a journal can use: {problems}; say another name, or put it right while no proxy runs"
    )]
    Differs {
        /// Its name.
        stream: String,
        /// All of it.
        problems: String,
    },
    /// The streams are there, and something of them cannot be read or written.
    #[error("journal.jetstream: {0}")]
    Trouble(#[from] Trouble),
}

impl OpenError {
    /// Whether another try may go better: the broker did not answer.
    pub(super) fn may_pass(&self) -> bool {
        let (Self::Stream { error, .. } | Self::Create { error, .. }) = self else { return false };
        error.contains("timed out") || error.contains("unavailable") || error.contains("no suitable peers")
    }
}

/// What to do about the server's refusals that come most.
fn hint(error: &str) -> &'static str {
    if error.contains("insufficient storage") {
        "; the server sets journal.retain_max_bytes and max_bytes aside at once: lower them, or give it a larger max_file"
    } else if error.contains("replicas") || error.contains("no suitable peers") {
        "; journal.jetstream.replicas cannot be more than the servers of the cluster that are there"
    } else {
        ""
    }
}

/// What a process opens the journal for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// To deliver: it takes its share of the partitions.
    Member,
    /// To look and to ask: it takes nothing.
    Onlooker,
}

impl JetStream {
    /// Connects, makes or checks the streams, and takes part.
    ///
    /// # Errors
    /// The server cannot be reached, is too old, or has other streams of these names.
    pub async fn open(settings: Settings, role: Role) -> Result<Self, OpenError> {
        let (client, losses) = connect::connect(&settings).await?;
        for warning in warnings(&client.server_info(), &settings) {
            tracing::warn!("{warning}");
        }
        let me = client.new_inbox().rsplit('.').next().unwrap_or_default().to_owned();
        let broker = Broker::new(client, losses);
        let keyless = Names::new(settings.stream.clone(), settings.partitions, [0; 32]);
        match role {
            Role::Member => streams::ensure(&broker.context, &settings, &keyless).await?,
            // Whoever only looks changes nothing under those that deliver.
            Role::Onlooker => streams::check(&broker.context, &settings, &keyless).await?,
        }
        let key = patiently(|| key(&broker, &keyless)).await?;
        let names = Names::new(settings.stream.clone(), settings.partitions, key);
        let (remembering, to_remember) = mpsc::channel(REMEMBERING);
        let (writers, to_write): (Vec<_>, Vec<_>) =
            std::iter::repeat_with(mpsc::unbounded_channel).take(endings::WRITERS).unzip();
        let inner = Arc::new(Inner {
            broker,
            names,
            me,
            holdings: Mutex::new(Holdings::default()),
            registry: Mutex::new(Registry::default()),
            known: Mutex::new(Known::new(clock::millis(settings.kept.remember))),
            settings,
            remembering,
            writers,
            unwritten: watch::Sender::new(Unwritten::default()),
            ended: Mutex::new(HashSet::new()),
            doubts: Mutex::new(VecDeque::new()),
            awake_ms: AtomicU64::new(clock::steady_ms()),
            was_away: AtomicBool::new(false),
            seen: watch::Sender::new(0),
            learned: watch::Sender::new(0),
            learning: tokio::sync::Mutex::new(()),
            wakes: Mutex::new(HashMap::new()),
            trouble: Mutex::new(None),
            giving_way: tokio::sync::Mutex::new(()),
            reviving: tokio::sync::Mutex::new(()),
            born: Mutex::new((None, 0)),
            looked_at: Mutex::default(),
            ends: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            tasks: Mutex::new(JoinSet::new()),
        });
        patiently(|| inner.refresh_registry()).await?;
        inner.spawn(remember::write(Arc::clone(&inner), to_remember));
        to_write.into_iter().for_each(|endings| inner.spawn(endings::write(Arc::clone(&inner), endings)));
        if role == Role::Member {
            remember::learn(&inner).await?;
            inner.spawn(remember::follow(Arc::clone(&inner)));
            inner.spawn(remember::merge(Arc::clone(&inner)));
            inner.spawn(claims::keep(Arc::clone(&inner)));
            inner.spawn(claims::watch(Arc::clone(&inner)));
            inner.spawn(letters::answer(Arc::clone(&inner)));
            inner.spawn(look::look_after(Arc::clone(&inner)));
            inner.spawn(settle::give_up_for_the_gone(Arc::clone(&inner)));
        } else {
            // Who delivers, and what each says that it owes.
            claims::look(&inner).await?;
        }
        Ok(Self(inner))
    }
}

/// What an operator should know, and what is no reason not to start.
pub(super) fn warnings(server: &async_nats::ServerInfo, settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    if settings.replicas == 1 {
        warnings
            .push("journal.jetstream.replicas is 1: what the one server that keeps a webhook loses is lost".to_owned());
    }
    if settings.in_memory {
        warnings.push("journal.jetstream.storage is memory: what is accepted does not outlive the servers".to_owned());
    }
    if settings.largest_body + BESIDE_BODY_BYTES > server.max_payload {
        warnings.push(format!(
            "the server takes messages up to {} bytes, and listen.max_body_bytes is {}: a webhook that is larger is \
             answered 503; raise max_payload on the server",
            server.max_payload, settings.largest_body
        ));
    }
    warnings
}

/// The key of the conversations' tokens: made once, by whoever is first.
async fn key(broker: &Broker, names: &Names) -> Result<[u8; 32], Trouble> {
    let (stream, subject) = (names.state_stream(), names.below("state.key"));
    if broker.last(&stream, &subject).await?.is_none() {
        let key = random_key().ok_or_else(|| failing("the system gives no random bytes for its key"))?;
        // If another was first, its key is the one.
        broker.put(subject.clone(), Bytes::copy_from_slice(&key), 0).await?;
    }
    let kept = broker.last(&stream, &subject).await?;
    let key = kept.and_then(|stored| stored.payload.as_ref().try_into().ok());
    key.ok_or_else(|| failing(format!("{subject} is no key: it was written over by something else")))
}
