//! `cutover translate`: payloads offline, many at a time, output in input order.

use super::{Exit, complain, input};
use crate::format::Format;
use crate::json;
use crate::translate::{MessageIds, Rules, Translation, WithoutPhone, translate};
use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many blocks may wait for a worker, and how many results for the writer.
const WAITING: usize = 2;

/// Translate payloads offline
#[derive(Debug, Args)]
pub(super) struct Translate {
    /// Format of the input
    #[arg(long, default_value = "auto", value_name = "FORMAT")]
    from: From,
    /// Format of the output
    #[arg(long, value_name = "FORMAT")]
    to: super::FormatArg,
    /// Take the business phone number of flat bodies from this configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write one line of JSON for each thing the target could not say
    #[arg(long, value_name = "FILE")]
    losses: Option<PathBuf>,
    /// Keep message ids, or convert them between the two grammars
    #[arg(long, default_value = "keep", value_name = "RULE")]
    message_ids: MessageIdsArg,
    /// What stands for a phone number that the platform withheld
    #[arg(long, default_value = "user_id", value_name = "RULE")]
    without_phone: WithoutPhoneArg,
    /// One JSON document each, or one a line; `-` is standard input
    #[arg(default_value = "-", value_name = "FILE")]
    files: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// Told by the envelope
    Auto,
    Onprem,
    Cloud,
    Normalized,
}

impl From {
    fn format(self) -> Option<Format> {
        match self {
            From::Auto => None,
            From::Onprem => Some(Format::OnPremises),
            From::Cloud => Some(Format::Cloud),
            From::Normalized => Some(Format::Normalized),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MessageIdsArg {
    Keep,
    Convert,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum WithoutPhoneArg {
    UserId,
    DeadLetter,
}

/// What became of one block.
struct Done {
    bytes: u64,
    output: Vec<u8>,
    losses: Vec<u8>,
    errors: Vec<String>,
}

#[derive(Clone, Copy)]
struct Job<'r> {
    from: Option<Format>,
    to: Format,
    rules: Rules<'r>,
    with_losses: bool,
}

impl Translate {
    /// Translates everything it can.
    ///
    /// # Errors
    /// A file or configuration that cannot be read, an output that cannot be written.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let number = match &self.config {
            Some(path) => super::only_number(path)?,
            None => None,
        };
        let rules = Rules {
            number: number.as_ref(),
            message_ids: match self.message_ids {
                MessageIdsArg::Keep => MessageIds::Keep,
                MessageIdsArg::Convert => MessageIds::Convert,
            },
            without_phone: match self.without_phone {
                WithoutPhoneArg::UserId => WithoutPhone::UserId,
                WithoutPhoneArg::DeadLetter => WithoutPhone::DeadLetter,
            },
        };
        let job = Job { from: self.from.format(), to: self.to.format(), rules, with_losses: self.losses.is_some() };
        let losses = self
            .losses
            .as_ref()
            .map(|path| File::create(path).with_context(|| format!("cannot write {}", path.display())));
        let sink = Sink {
            output: BufWriter::new(io::stdout()),
            losses: losses.transpose()?.map(BufWriter::new),
            progress: progress(&self.files),
        };
        run(&self.files, job, sink)
    }
}

/// One reader, a worker for each core, one writer. Block n goes to worker n modulo their number, and
/// the writer asks them in the same turn: the output is in order without any bookkeeping.
fn run(files: &[String], job: Job<'_>, mut sink: Sink) -> anyhow::Result<Exit> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let (mut inboxes, mut outboxes) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (inbox, blocks) = sync_channel::<input::Block>(WAITING);
            let (done, outbox) = sync_channel::<Done>(WAITING);
            scope.spawn(move || work(&blocks, &done, job));
            inboxes.push(inbox);
            outboxes.push(outbox);
        }
        let reader = scope.spawn(move || {
            let mut turn = inboxes.iter().cycle();
            input::read(files, |block| turn.next().is_some_and(|inbox| inbox.send(block).is_ok()))
        });
        let written = sink.drain(&outboxes);
        drop(outboxes);
        let read = reader.join().map_err(|_| anyhow::anyhow!("the reading thread panicked"))?;
        let exit = written?;
        read?;
        Ok(exit)
    })
}

fn work(blocks: &Receiver<input::Block>, done: &SyncSender<Done>, job: Job<'_>) {
    for block in blocks {
        if done.send(job.block(&block)).is_err() {
            return;
        }
    }
}

impl Job<'_> {
    fn block(&self, block: &input::Block) -> Done {
        let mut done = Done {
            bytes: block.len() as u64,
            output: Vec::with_capacity(block.len()),
            losses: Vec::new(),
            errors: Vec::new(),
        };
        for payload in block.documents() {
            match translate(payload.body, self.from, self.to, self.rules) {
                Ok(translation) => self.settle(translation, payload.place, &mut done),
                Err(reason) => done.errors.push(format!("{}:{}: {reason}", block.file, payload.place.line)),
            }
        }
        done
    }

    fn settle(&self, translation: Translation<'_>, place: input::Place, done: &mut Done) {
        for body in translation.bodies {
            // Blanks that came along may hold a line's end; a body is one line.
            match body.as_bytes().contains(&b'\n') {
                true => done.output.extend(json::compact(&body).into_bytes()),
                false => done.output.extend(body.into_bytes()),
            }
            done.output.push(b'\n');
        }
        if !self.with_losses {
            return;
        }
        for loss in translation.losses {
            let line = format!(
                "{{\"input\":{},\"path\":\"{}\",\"code\":\"{}\",\"value\":{}}}\n",
                place.input,
                loss.path,
                loss.code.label(),
                json::compact(&loss.value.to_json()),
            );
            done.losses.extend(line.into_bytes());
        }
    }
}

struct Sink {
    output: BufWriter<io::Stdout>,
    losses: Option<BufWriter<File>>,
    progress: Option<ProgressBar>,
}

impl Sink {
    fn drain(&mut self, outboxes: &[Receiver<Done>]) -> anyhow::Result<Exit> {
        let mut exit = Exit::Done;
        for outbox in outboxes.iter().cycle() {
            let Ok(done) = outbox.recv() else { break };
            if let Err(error) = self.output.write_all(&done.output) {
                return closed(error);
            }
            if let Some(losses) = &mut self.losses {
                losses.write_all(&done.losses).context("cannot write the loss list")?;
            }
            for error in &done.errors {
                exit = Exit::Failed;
                match &self.progress {
                    Some(bar) => bar.suspend(|| complain(error)),
                    None => complain(error),
                }
            }
            if let Some(bar) = &self.progress {
                bar.inc(done.bytes);
            }
        }
        if let Some(bar) = &self.progress {
            bar.finish_and_clear();
        }
        if let Some(losses) = &mut self.losses {
            losses.flush().context("cannot write the loss list")?;
        }
        match self.output.flush() {
            Ok(()) => Ok(exit),
            Err(error) => closed(error),
        }
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn closed(error: io::Error) -> anyhow::Result<Exit> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        _ => Err(error).context("cannot write the output"),
    }
}

/// A bar on a terminal, where the output does not go to the same one.
fn progress(files: &[String]) -> Option<ProgressBar> {
    if !io::stderr().is_terminal() || io::stdout().is_terminal() {
        return None;
    }
    let bar = input::total_bytes(files).map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}";
    Some(bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())))
}
