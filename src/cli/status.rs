//! `cutover status`: what the status page says, in the terminal.

use super::reach::Found;
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
            loop {
                // Anew each time: the server may have been restarted, or be gone.
                let reach = self.found.reach().await?;
                let status = reach.status().await;
                reach.close().await;
                match status? {
                    Ok(status) => self.say(&status)?,
                    Err(reason) => {
                        complain(&reason);
                        return Ok(Exit::Failed);
                    }
                }
                if !self.watch {
                    return Ok(Exit::Done);
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        })
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
