//! `cutover status`: what the status page says, in the terminal.

use super::reach::{Done, Found};
use super::{Exit, complain, print, say};
use crate::status::{Status, table};
use clap::Args;
use std::io::IsTerminal;
use std::time::Duration;

const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// To the top left corner, and nothing below.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

/// Say what the status page says: platforms, consumers, losses
#[derive(Debug, Args)]
pub(super) struct StatusCommand {
    /// Say it again every other second, until it is interrupted
    #[arg(long)]
    watch: bool,
    /// One JSON object, as `/api/status` has it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    found: Found,
}

impl StatusCommand {
    /// Asks the server that runs, else the journal itself.
    ///
    /// # Errors
    /// Neither a server nor a journal can be reached.
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut has_said = false;
            loop {
                match self.ask().await {
                    Ok(Ok(status)) => self.say(&status)?,
                    Ok(Err(reason)) => {
                        complain(&reason);
                        return Ok(Exit::Failed);
                    }
                    // Between two servers there may be neither a listener nor a journal to be had.
                    Err(error) if has_said => complain(&format!("{error:#}")),
                    Err(error) => return Err(error),
                }
                if !self.watch {
                    return Ok(Exit::Done);
                }
                has_said = true;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        })
    }

    /// Anew each time: the server may have been restarted, or be gone.
    async fn ask(&self) -> Done<Status> {
        let reach = self.found.reach().await?;
        let status = reach.status().await;
        reach.close().await;
        status
    }

    fn say(&self, status: &Status) -> anyhow::Result<()> {
        if self.json {
            say(&serde_json::to_string(status)?);
            return Ok(());
        }
        if self.watch && std::io::stdout().is_terminal() {
            print(CLEAR)?;
        }
        say(&table(status));
        Ok(())
    }
}
