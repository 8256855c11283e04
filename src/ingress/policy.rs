//! What a reload replaces: who may come in, whose numbers are known, and where webhooks go on to.

use super::{Doors, Rejection};
use crate::intake::{Intake, Taken};
use crate::pass_through::PassThrough;
use crate::received::Received;
use crate::routing::Routes;
use crate::watch::Witness;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Under which webhooks are taken. One that is at work when another comes ends under this one.
#[derive(Debug)]
pub struct Policy {
    /// Who may come in.
    pub doors: Doors,
    /// Which numbers there are.
    pub routes: Arc<Routes>,
    /// What comes next.
    pub next: Next,
}

/// Where a webhook goes on to.
#[derive(Debug)]
pub enum Next {
    /// Into the journal; it is safe when it is there.
    Journal(Intake),
    /// To its consumers; it is safe when they have taken it.
    PassThrough(PassThrough),
}

impl Policy {
    /// Hands a webhook on; ready when it is safe.
    pub(super) async fn hand_on(
        &self,
        received: Received<'_>,
        room: OwnedSemaphorePermit,
        witness: &Witness,
    ) -> Result<Taken, Rejection> {
        match &self.next {
            Next::Journal(intake) => Ok(intake.take(received, Some(room), &self.routes, witness).await?),
            Next::PassThrough(pass_through) => {
                pass_through.deliver(received, &self.routes, witness).await?;
                drop(room);
                Ok(Taken::New)
            }
        }
    }
}
