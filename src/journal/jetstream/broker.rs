//! The broker as the journal asks it: publish and be sure, read, count, delete.
//!
//! It knows the protocol's errors and what they mean for a webhook; what is in a message it does not
//! know.

use crate::journal::Trouble;
use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap, Message};
use futures_util::StreamExt;
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::future::Future;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// How long anybody waits for the broker. The platforms give up after some 20 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Publishes that wait for their acknowledgement at once.
const IN_FLIGHT: usize = 8_192;

/// The server's codes: a message of this id is being stored; another of this subject is; there is no such
/// message.
const DUPLICATE_IN_PROCESS: u64 = 10_158;
const OUTRUN_IN_PROCESS: u64 = 10_164;
const NO_MESSAGE: u64 = 10_037;
/// The place is empty; a deletion failed, for a reason in words.
const NO_PLACE: u64 = 10_043;
const NOT_DELETED: u64 = 10_057;
/// Words for a place that is before the first, or behind the end.
const NOT_THERE: [&str; 2] = ["no message found", "store EOF"];
/// There is no room in an account or on a server, for files or in memory.
const NO_ROOM: [u64; 4] = [10_002, 10_023, 10_028, 10_047];
/// So often, and so long, a message waits for its twin.
const IN_PROCESS_TRIES: u32 = 60;
const IN_PROCESS_PAUSE: Duration = Duration::from_millis(50);
/// What stands beside a payload, if it is no record.
const HEADERS_BYTES: usize = 4 << 10;
/// What stands beside a record's body, at most.
pub(super) const BESIDE_BODY_BYTES: usize = 64 << 10;
/// So often something is asked at the start that does not answer.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// Subjects are listed so many at a time by the server.
const SUBJECTS_A_PAGE: u64 = 100_000;

/// A connection, and what is asked over it.
#[derive(Debug, Clone)]
pub(super) struct Broker {
    pub(super) client: Client,
    pub(super) context: Context,
    /// How often the connection was lost.
    losses: watch::Receiver<u64>,
}

/// A message that is in a stream.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// What has to hold for a message to be taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Provided {
    /// Not taken a second time under this id, within the window of the stream.
    pub(super) id: Option<String>,
    /// The last message of the subject is this one; 0 for none.
    pub(super) last: Option<u64>,
}

/// What became of a message that was taken only under a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It is in the stream, at this place.
    At(u64),
    /// Somebody else was first.
    Outrun,
}

pub(super) fn failing(error: impl std::fmt::Display) -> Trouble {
    Trouble::Failing(format!("NATS: {error}"))
}

impl Broker {
    pub(super) fn new(client: Client, losses: watch::Receiver<u64>) -> Self {
        let context = jetstream::context::ContextBuilder::new();
        let context = context.timeout(PATIENCE).ack_timeout(PATIENCE).max_ack_inflight(IN_FLIGHT);
        let context = context.backpressure_on_inflight(true).build(client.clone());
        Self { client, context, losses }
    }

    /// Waits for an answer for as long as the connection is there over which it was asked for: it does not come
    /// over another.
    async fn answered<T>(&self, asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let mut losses = self.losses.clone();
        losses.mark_unchanged();
        if !self.is_connected() {
            return Err(gone());
        }
        tokio::select! {
            biased;
            answer = asked => answer,
            // Also when nobody is left who would tell.
            _ = losses.changed() => Err(gone()),
        }
    }

    /// The largest payload that a message may have, a few headers beside it.
    pub(super) fn largest(&self) -> usize {
        self.client.server_info().max_payload.saturating_sub(HEADERS_BYTES)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// The connection that there is, or was last: which start of which server, and its number there.
    pub(super) fn connection(&self) -> (String, u64) {
        let server = self.client.server_info();
        (server.server_id, server.client_id)
    }

    /// Sends a message, and what the stream answers.
    async fn send(
        &self,
        subject: String,
        message: PublishMessage,
    ) -> Result<Result<PublishAck, PublishError>, Trouble> {
        let sent = async {
            let sent = self.context.send_publish(subject, message).await.map_err(|error| refused(&error))?;
            Ok(sent.await)
        };
        self.answered(sent).await
    }

    /// Puts a message into the stream that its subject belongs to; ready when as many servers as the
    /// stream asks for have it.
    ///
    /// # Errors
    /// When that is not known. It may be there all the same.
    pub(super) async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: Bytes,
        provided: Provided,
    ) -> Result<PublishAck, Trouble> {
        for _ in 0..IN_PROCESS_TRIES {
            let message = message(headers.clone(), payload.clone(), &provided);
            match self.send(subject.clone(), message).await? {
                Err(error) if code(&error) == Some(DUPLICATE_IN_PROCESS) => {
                    tokio::time::sleep(IN_PROCESS_PAUSE).await;
                }
                answer => return answer.map_err(|error| refused(&error)),
            }
        }
        Err(silent())
    }

    /// [`Broker::publish`] without headers or conditions.
    pub(super) async fn say(&self, subject: String, payload: impl Into<Bytes>) -> Result<PublishAck, Trouble> {
        self.publish(subject, HeaderMap::new(), payload.into(), Provided::default()).await
    }

    /// Puts a message into its stream as [`Broker::publish`] does; that somebody else was first is no error
    /// here. `true` beside it: the server knew its id already.
    pub(super) async fn put_with(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: Bytes,
        provided: Provided,
    ) -> Result<(Put, bool), Trouble> {
        let message = message(headers, payload, &provided);
        match self.send(subject, message).await? {
            Ok(ack) => Ok((Put::At(ack.sequence), ack.duplicate)),
            Err(error)
                if error.kind() == PublishErrorKind::WrongLastSequence || code(&error) == Some(OUTRUN_IN_PROCESS) =>
            {
                Ok((Put::Outrun, false))
            }
            Err(error) => Err(refused(&error)),
        }
    }

    /// Puts a message where `last` is the last of its subject, or none is for 0.
    pub(super) async fn put(&self, subject: String, payload: Bytes, last: u64) -> Result<Put, Trouble> {
        let provided = Provided { id: None, last: Some(last) };
        Ok(self.put_with(subject, HeaderMap::new(), payload, provided).await?.0)
    }

    /// Asks the API of a stream.
    pub(super) async fn ask(&self, what: String, payload: &Value) -> Result<Value, Trouble> {
        let answer = self.answer(what, payload).await?;
        match answer.get("error") {
            Some(error) if error["err_code"] != NO_MESSAGE => Err(said(error)),
            _ => Ok(answer),
        }
    }

    async fn answer(&self, what: String, payload: &Value) -> Result<Value, Trouble> {
        self.answered(async { self.context.request(what, payload).await.map_err(failing) }).await
    }

    /// Takes a message out of a stream. What was there is written over when its block is, not now: that
    /// would take an fsync for each.
    pub(super) async fn delete(&self, stream: &str, sequence: u64) -> Result<bool, Trouble> {
        let what = json!({"seq": sequence, "no_erase": true});
        let answer = self.answer(format!("STREAM.MSG.DELETE.{stream}"), &what).await?;
        let error = &answer["error"];
        let words = error["description"].as_str().unwrap_or_default();
        match error["err_code"].as_u64() {
            None => Ok(answer["success"] == true),
            // Somebody was first.
            Some(NO_MESSAGE | NO_PLACE) => Ok(false),
            Some(NOT_DELETED) if NOT_THERE.iter().any(|not_there| words.contains(not_there)) => Ok(false),
            Some(_) => Err(said(error)),
        }
    }

    /// The message at a place. Any server may answer; that it is not there only the leader says.
    pub(super) async fn at(&self, stream: &str, sequence: u64) -> Result<Option<Stored>, Trouble> {
        let some = self.read(stream, &json!({"seq": sequence})).await;
        match some.map(|mut some| some.pop()) {
            Ok(Some(stored)) => Ok(Some(stored)),
            _ => self.of_leader(stream, &json!({"seq": sequence})).await,
        }
    }

    /// The last message of a subject, as the leader has it.
    pub(super) async fn last(&self, stream: &str, subject: &str) -> Result<Option<Stored>, Trouble> {
        self.of_leader(stream, &json!({"last_by_subj": subject})).await
    }

    async fn of_leader(&self, stream: &str, what: &Value) -> Result<Option<Stored>, Trouble> {
        let answer = self.ask(format!("STREAM.MSG.GET.{stream}"), what).await?;
        let Some(found) = answer.get("message") else { return Ok(None) };
        let raw = async_nats::jetstream::message::StreamMessage::try_from(
            serde_json::from_value::<async_nats::jetstream::stream::RawMessage>(found.clone()).map_err(failing)?,
        );
        let message = raw.map_err(failing)?;
        Ok(Some(Stored {
            subject: message.subject.to_string(),
            sequence: message.sequence,
            headers: message.headers,
            payload: message.payload,
        }))
    }

    /// Some messages of a subject from a place on, in their order; nothing after the last of them.
    pub(super) async fn from(
        &self,
        stream: &str,
        subject: &str,
        sequence: u64,
        most: usize,
    ) -> Result<Vec<Stored>, Trouble> {
        let what = json!({"next_by_subj": subject, "seq": sequence.max(1), "batch": most, "max_bytes": 8 << 20});
        self.read(stream, &what).await
    }

    /// All messages of a subject.
    pub(super) async fn all(&self, stream: &str, subject: &str) -> Result<Vec<Stored>, Trouble> {
        let mut all = Vec::new();
        self.each_stored(stream, subject, |stored| all.push(stored)).await?;
        Ok(all)
    }

    /// Shows all messages of a subject, a page of them at a time.
    pub(super) async fn each_stored(
        &self,
        stream: &str,
        subject: &str,
        mut see: impl FnMut(Stored),
    ) -> Result<(), Trouble> {
        const PAGE: usize = 1_000;
        let mut next = 1;
        loop {
            let page = self.from(stream, subject, next, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            next = last.sequence + 1;
            page.into_iter().for_each(&mut see);
        }
    }

    /// The last message of each of some subjects, up to 1,024 of them.
    pub(super) async fn last_of_each(&self, stream: &str, subjects: &[String]) -> Result<Vec<Stored>, Trouble> {
        self.read(stream, &json!({"multi_last": subjects})).await
    }

    /// How many messages of a subject there are.
    pub(super) async fn count(&self, stream: &str, subject: &str) -> Result<u64, Trouble> {
        let what = json!({"next_by_subj": subject, "seq": 1, "batch": 1});
        let mut pending = 0;
        let read = self.each(stream, &what, |message| {
            let rest = header(&message, "Nats-Num-Pending").and_then(|text| text.parse::<u64>().ok());
            if header(&message, "Nats-Sequence").is_some() {
                pending = 1 + rest.unwrap_or_default();
            }
        });
        read.await?;
        Ok(pending)
    }

    /// The place of the first message that was put there after a time.
    pub(super) async fn first_after(
        &self,
        stream: &str,
        subject: &str,
        time: SystemTime,
    ) -> Result<Option<u64>, Trouble> {
        let after = humantime::format_rfc3339_nanos(time + Duration::from_nanos(1)).to_string();
        let what = json!({"next_by_subj": subject, "start_time": after, "batch": 1});
        Ok(self.read(stream, &what).await?.first().map(|stored| stored.sequence))
    }

    /// The subjects that have messages.
    pub(super) async fn subjects(&self, stream: &str, filter: &str) -> Result<Vec<String>, Trouble> {
        let mut all = Vec::new();
        loop {
            let what = json!({"subjects_filter": filter, "offset": all.len()});
            let answer = self.ask(format!("STREAM.INFO.{stream}"), &what).await?;
            let page = answer["state"]["subjects"].as_object();
            let found = page.map_or(0, serde_json::Map::len);
            all.extend(page.into_iter().flat_map(serde_json::Map::keys).cloned());
            if (found as u64) < SUBJECTS_A_PAGE {
                return Ok(all);
            }
        }
    }

    async fn read(&self, stream: &str, what: &Value) -> Result<Vec<Stored>, Trouble> {
        let mut all = Vec::new();
        self.each(stream, what, |message| all.extend(stored(message))).await?;
        Ok(all)
    }

    /// A direct get; its answers come one by one, and an empty one with a status says that this was all.
    async fn each(&self, stream: &str, what: &Value, see: impl FnMut(Message)) -> Result<(), Trouble> {
        self.answered(self.each_answer(stream, what, see)).await
    }

    async fn each_answer(&self, stream: &str, what: &Value, mut see: impl FnMut(Message)) -> Result<(), Trouble> {
        let is_one = what.get("batch").is_none() && what.get("multi_last").is_none();
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.map_err(failing)?;
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        let payload = Bytes::from(what.to_string());
        self.client.publish_with_reply(subject, inbox, payload).await.map_err(failing)?;
        loop {
            let next = tokio::time::timeout(PATIENCE, answers.next()).await;
            let Ok(Some(message)) = next else {
                return Err(silent());
            };
            match message.status.map(|status| status.as_u16()) {
                None | Some(200) => see(message),
                // The end; nothing is there.
                Some(204 | 404) => return Ok(()),
                Some(503) => return Err(failing(format!("nobody answers for the stream {stream}"))),
                Some(status) => {
                    let why = message.description.unwrap_or_default();
                    return Err(failing(format!("a read of {stream} is answered {status} {why}")));
                }
            }
            if is_one {
                return Ok(());
            }
        }
    }
}

/// Asks again where a stream that has just been made has nobody yet who leads it.
pub(super) async fn patiently<T, A>(mut ask: impl FnMut() -> A) -> Result<T, Trouble>
where
    A: Future<Output = Result<T, Trouble>>,
{
    for _ in 1..TRIES {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(trouble) => tracing::debug!(%trouble, "asked again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    ask().await
}

pub(super) fn gone() -> Trouble {
    Trouble::Failing("NATS is gone: there is no connection to a server".to_owned())
}

pub(super) fn silent() -> Trouble {
    Trouble::Failing("NATS does not answer: a server is frozen, or not enough of them are there".to_owned())
}

/// A refusal in the server's words.
fn said(error: &Value) -> Trouble {
    failing(error["description"].as_str().unwrap_or("it refuses without a word"))
}

pub(super) fn store_is_full() -> Trouble {
    Trouble::Failing(
        "the store of the NATS servers is full: make room there (max_file_store, the disk), or deliver".to_owned(),
    )
}

fn message(headers: HeaderMap, payload: Bytes, provided: &Provided) -> PublishMessage {
    let mut message = PublishMessage::build().headers(headers).payload(payload);
    if let Some(id) = &provided.id {
        message = message.message_id(id);
    }
    if let Some(last) = provided.last {
        message = message.expected_last_subject_sequence(last);
    }
    message
}

fn refused(error: &PublishError) -> Trouble {
    use std::error::Error;
    match error.kind() {
        _ if code(error).is_some_and(|code| NO_ROOM.contains(&code)) => store_is_full(),
        PublishErrorKind::TimedOut => silent(),
        PublishErrorKind::StreamNotFound => failing("no stream takes what is published: it is gone, or has no leader"),
        _ => match error.source() {
            Some(source) => failing(format!("{error}: {source}")),
            None => failing(error),
        },
    }
}

/// The server's own code of an error.
fn code(error: &PublishError) -> Option<u64> {
    use std::error::Error;
    let source = error.source()?.downcast_ref::<async_nats::jetstream::Error>()?;
    Some(source.error_code().0)
}

fn header<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
}

/// What a direct get answers: where the message stands is in headers beside its own.
fn stored(message: Message) -> Option<Stored> {
    let subject = header(&message, "Nats-Subject")?.to_owned();
    let sequence = header(&message, "Nats-Sequence")?.parse().ok()?;
    Some(Stored { subject, sequence, headers: message.headers.unwrap_or_default(), payload: message.payload })
}
