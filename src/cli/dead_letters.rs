//! `cutover dead-letters` and `cutover redeliver`: what could not be delivered, and delivery once more.

use super::reach::{Found, Reach};
use super::{Exit, complain, say};
use crate::journal::Letter;
use crate::letters::{self, Receipt, Redelivery};
use crate::status::time;
use clap::{Args, Subcommand};

/// Look at what could not be delivered, and decide what becomes of it
#[derive(Debug, Args)]
pub(super) struct DeadLetters {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    found: Found,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List dead letters; no line names a user
    List {
        /// List what is still tried instead
        #[arg(long)]
        waiting: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        only: Only,
    },
    /// Show a letter with what it holds, as JSON; this is personal data
    Show {
        /// Its id
        id: String,
    },
    /// Put letters at the end of their conversations again
    Redeliver {
        /// Their ids
        #[arg(required_unless_present = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long, conflicts_with = "ids", required_unless_present = "ids")]
        all: bool,
        #[command(flatten)]
        only: Only,
    },
    /// Forget letters for good
    Drop {
        /// Their ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Make a letter of a record that is still tried, so that its conversation goes on
    Bury {
        /// Its id, from `list --waiting`
        id: String,
    },
}

/// Which letters are meant.
#[derive(Debug, Args)]
struct Only {
    /// Only those set aside for this reason, such as gave_up
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Only those for this consumer; - for those of nobody
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
}

impl Only {
    fn meant(&self) -> letters::Only {
        letters::Only { reason: self.reason.clone(), consumer: self.consumer.clone() }
    }
}

/// Send a consumer once more what was delivered to it, as far as it is retained
#[derive(Debug, Args)]
pub(super) struct Redeliver {
    /// To whom
    #[arg(long, value_name = "NAME")]
    consumer: String,
    /// How far back, such as 2h
    #[arg(long, value_name = "TIME")]
    since: String,
    #[command(flatten)]
    found: Found,
}

impl DeadLetters {
    /// Carries the action out; exit code 1 where some of it could not be.
    ///
    /// # Errors
    /// Neither a server nor a journal can be reached.
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        with_reach(&self.found, async |reach| match &self.action {
            Action::List { waiting, json, only } => list(reach, *waiting, *json, &only.meant()).await,
            Action::Show { id } => {
                let shown = reach.show(id).await?;
                Ok(end(shown.map(|shown| serde_json::to_string_pretty(&shown).unwrap_or_default())))
            }
            Action::Redeliver { all: true, only, .. } => {
                let letters::Only { reason, consumer } = only.meant();
                redeliver(reach, &Redelivery::All { all: true, reason, consumer }).await
            }
            Action::Redeliver { only, .. } if only.meant() != letters::Only::default() => {
                Ok(end(Err("--reason and --consumer go with --all, not with ids".to_owned())))
            }
            Action::Redeliver { ids, .. } => redeliver(reach, &Redelivery::Letters { ids: ids.clone() }).await,
            Action::Drop { ids } => {
                let mut exit = Exit::Done;
                for id in ids {
                    exit = exit.and(end(reach.drop_letter(id).await?.map(|()| format!("{id} dropped"))));
                }
                Ok(exit)
            }
            Action::Bury { id } => Ok(end(reach.bury(id).await?.map(|()| format!("{id} buried")))),
        })
    }
}

impl Redeliver {
    /// Asks for it; it is delivered by the server that runs, or by the next that starts.
    ///
    /// # Errors
    /// Neither a server nor a journal can be reached.
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let what = Redelivery::Since { consumer: self.consumer, since: self.since };
        with_reach(&self.found, async |reach| redeliver(reach, &what).await)
    }
}

fn with_reach(found: &Found, act: impl AsyncFnOnce(&Reach) -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let reach = found.reach().await?;
        let exit = act(&reach).await;
        reach.close().await;
        exit
    })
}

/// Says what was done, or why not.
fn end(done: Result<String, String>) -> Exit {
    match done {
        Ok(text) => {
            say(&text);
            Exit::Done
        }
        Err(reason) => {
            complain(&reason);
            Exit::Failed
        }
    }
}

async fn redeliver(reach: &Reach, what: &Redelivery) -> anyhow::Result<Exit> {
    let receipt = match reach.redeliver(what).await? {
        Ok(receipt) => receipt,
        Err(reason) => return Ok(end(Err(reason))),
    };
    let Receipt { redelivered, problems } = receipt;
    problems.iter().for_each(|problem| complain(problem));
    say(&format!("{redelivered} put back"));
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

async fn list(reach: &Reach, waiting: bool, json: bool, only: &letters::Only) -> anyhow::Result<Exit> {
    if let Err(refused) = only.check() {
        return Ok(end(Err(refused.to_string())));
    }
    let mut after: Option<String> = None;
    if !json {
        say(&line([
            "ID",
            "CONSUMER",
            if waiting { "NEXT ATTEMPT" } else { "REASON" },
            "FROM",
            "KIND",
            "RECEIVED",
            "ATTEMPTS",
            "LAST ANSWER",
        ]));
    }
    loop {
        let page = match reach.list(waiting, after.as_deref()).await? {
            Ok(page) => page,
            Err(reason) => return Ok(end(Err(reason))),
        };
        for letter in page.letters.iter().filter(|letter| only.is_met_by(letter)) {
            match json {
                true => say(&serde_json::to_string(letter)?),
                false => say(&row(letter, waiting)),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(Exit::Done);
        }
    }
}

fn row(letter: &Letter, waiting: bool) -> String {
    let consumer = if letter.consumer.is_empty() { "-" } else { &letter.consumer };
    let third = match (waiting, letter.at_ms) {
        (false, _) => letter.reason.clone(),
        (true, 0) => "when it is its turn".to_owned(),
        (true, at_ms) => time(at_ms),
    };
    let attempts = letter.attempts.to_string();
    let verdict = letter.verdict.as_deref().unwrap_or("-");
    line([&letter.id, consumer, &third, &letter.source, &letter.kind, &time(letter.received_ms), &attempts, verdict])
}

fn line([id, consumer, third, source, kind, received, attempts, verdict]: [&str; 8]) -> String {
    format!("{id:<12} {consumer:<16} {third:<20} {source:<6} {kind:<8} {received:<20} {attempts:>8} {verdict}")
}
