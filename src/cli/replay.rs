//! `cutover replay`: captured payloads against a proxy or a consumer.

use super::input::{self, Block, Payload, Place};
use super::{Exit, FormatArg, complain, say};
use crate::delivery::sign;
use crate::format::{Document, Format};
use crate::secret::Secret;
use crate::translate::{Rules, translate_document};
use crate::{clock, headers, json, tls};
use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// One request may take so long.
const TIMEOUT: Duration = Duration::from_secs(30);
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// One a quarter of an hour, and more than any consumer takes.
const RATE_MIN: f64 = 0.001;
const RATE_MAX: f64 = 1_000_000.0;

/// Send captured payloads to a proxy or a consumer
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Where to send them
    #[arg(long, value_name = "URL")]
    to: String,
    /// Translate them first
    #[arg(long, value_name = "FORMAT")]
    format: Option<FormatArg>,
    /// How many a second, such as 20/s [default: one after the other, as fast as they are taken]
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<f64>,
    /// Sign each: X-Hub-Signature-256 (cloud), X-Turn-Hook-Signature (onprem) or Standard Webhooks
    #[arg(long, value_name = "SECRET", env = "CUTOVER_REPLAY_SECRET", hide_env_values = true)]
    sign_with: Option<String>,
    /// One JSON document each, or one a line, or a capture of `serve`; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>();
    number
        .ok()
        .filter(|rate| (RATE_MIN..=RATE_MAX).contains(rate))
        .ok_or_else(|| format!("write a number a second from {RATE_MIN} to {RATE_MAX}, such as 20/s"))
}

/// What the summary says.
#[derive(Default)]
struct Tally {
    sent: u64,
    accepted: u64,
    unreadable: u64,
    no_counterpart: u64,
    refused: BTreeMap<String, u64>,
}

/// One request to be sent.
struct Outgoing {
    format: Format,
    headers: HeaderMap,
    body: Vec<u8>,
}

struct Sender {
    client: reqwest::Client,
    url: reqwest::Url,
    format: Option<Format>,
    secret: Option<Secret>,
    pace: Option<Duration>,
    next: Instant,
    tally: Tally,
    bar: ProgressBar,
}

impl Replay {
    /// Sends everything in order and sums up.
    ///
    /// # Errors
    /// A URL that is none, a file that cannot be read.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let url: reqwest::Url = self.to.parse().with_context(|| format!("--to {:?} is no URL", self.to))?;
        if !matches!(url.scheme(), "http" | "https") {
            bail!("--to {:?} is no URL with http:// or https://", self.to);
        }
        tls::install_provider();
        let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
        let mut sender = Sender {
            client,
            url,
            format: self.format.map(FormatArg::format),
            secret: self.sign_with.clone().map(Secret::new),
            pace: self.rate.map(|rate| Duration::from_secs_f64(1.0 / rate)),
            next: Instant::now(),
            tally: Tally::default(),
            bar: progress(),
        };
        let begun = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let read = runtime.block_on(async {
            let (blocks, mut inbox) = mpsc::channel::<Block>(1);
            let files = self.files.clone();
            let reader =
                tokio::task::spawn_blocking(move || input::read(&files, |block| blocks.blocking_send(block).is_ok()));
            while let Some(block) = inbox.recv().await {
                sender.block(&block).await;
            }
            reader.await
        });
        sender.bar.finish_and_clear();
        sender.tally.summary(begun.elapsed());
        read.context("the reading thread panicked")??;
        Ok(if sender.tally.all_well() { Exit::Done } else { Exit::Failed })
    }
}

impl Sender {
    async fn block(&mut self, block: &Block) {
        for payload in block.documents() {
            let place = payload.place;
            match self.requests(payload) {
                Ok(requests) => {
                    self.tally.no_counterpart += u64::from(requests.is_empty());
                    for request in requests {
                        self.send(request, &block.file, place).await;
                    }
                }
                Err(reason) => {
                    self.tally.unreadable += 1;
                    self.complain(&format!("{}:{}: {reason}", block.file, place.line));
                }
            }
        }
    }

    /// The requests of one document: itself, or what it is in the format asked for.
    fn requests(&self, payload: Payload<'_>) -> Result<Vec<Outgoing>, String> {
        let Some(to) = self.format else {
            let format = Document::read(payload.body, None).map(|document| document.format());
            let (body, headers) = match payload.headers {
                Some(captured) => (payload.body, self.along(captured)),
                None => (payload.body.trim_ascii(), HeaderMap::new()),
            };
            return Ok(vec![Outgoing { format: format.unwrap_or(Format::Cloud), headers, body: body.to_vec() }]);
        };
        let read = Document::read(payload.body, None).map_err(|reason| reason.to_string())?;
        let bodies = translate_document(read, to, Rules::default()).bodies;
        let body = |body: String| match to {
            Format::Normalized => format!("[{}]", json::compact(&body)).into_bytes(),
            Format::Cloud | Format::OnPremises => body.into_bytes(),
        };
        let request = |text| Outgoing { format: to, headers: HeaderMap::new(), body: body(text) };
        Ok(bodies.into_iter().map(request).collect())
    }

    /// The captured headers, and no others that somebody wrote there; another signature takes the place of theirs.
    fn along(&self, captured: &[(String, String)]) -> HeaderMap {
        let mut along = HeaderMap::new();
        for (name, value) in captured {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
                && headers::goes_along(&name, true)
                && !(self.secret.is_some() && headers::SIGNATURES.contains(&name))
            {
                along.append(name, value);
            }
        }
        along
    }

    async fn send(&mut self, request: Outgoing, file: &str, place: Place) {
        let Outgoing { format, mut headers, body } = request;
        self.keep_pace().await;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        self.tally.sent += 1;
        if let Some(secret) = &self.secret {
            sign(&mut headers, secret, format, &body, &format!("replay-{}", self.tally.sent), clock::unix_seconds());
        }
        let answer = self.client.post(self.url.clone()).headers(headers).body(body).send().await;
        let refusal = match answer {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(response.status().as_u16().to_string()),
            Err(error) if error.is_timeout() => Some("timed out".to_owned()),
            Err(error) if error.is_connect() => Some("no connection".to_owned()),
            Err(_) => Some("connection broke".to_owned()),
        };
        match refusal {
            None => self.tally.accepted += 1,
            Some(refusal) => {
                self.complain(&format!("{file}:{}: {refusal}", place.line));
                *self.tally.refused.entry(refusal).or_default() += 1;
            }
        }
        self.bar.set_message(format!("{} sent, {} accepted", self.tally.sent, self.tally.accepted));
    }

    async fn keep_pace(&mut self) {
        let Some(pace) = self.pace else { return };
        tokio::time::sleep_until(self.next.into()).await;
        self.next = (self.next + pace).max(Instant::now());
    }

    fn complain(&self, message: &str) {
        self.bar.suspend(|| complain(message));
    }
}

impl Tally {
    fn all_well(&self) -> bool {
        self.sent == self.accepted && self.unreadable == 0
    }

    fn summary(&self, took: Duration) {
        let mut parts = vec![format!("{} sent", self.sent), format!("{} accepted", self.accepted)];
        parts.extend(self.refused.iter().map(|(why, count)| format!("{count} refused ({why})")));
        if self.no_counterpart > 0 {
            parts.push(format!("{} without a counterpart", self.no_counterpart));
        }
        if self.unreadable > 0 {
            parts.push(format!("{} unreadable", self.unreadable));
        }
        say(&format!("{} in {:.1} s", parts.join(", "), took.as_secs_f64()));
    }
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(PROGRESS_EVERY);
    bar.with_style(ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
