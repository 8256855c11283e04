//! Room that is set aside in the servers' store for the time when it is full.
//!
//! A store that takes nothing takes neither claims nor endings, so that nothing would ever be delivered
//! that makes room again. What was delivered gives way first, then this. It is filled again before any
//! webhook is taken.

use super::Inner;
use super::broker::store_is_full;
use crate::journal::Trouble;
use hyper::body::Bytes;
use serde_json::json;

/// So many messages, of so many bytes each; smaller ones where the server takes no larger.
const PIECES: usize = 8;
const PIECE_BYTES: usize = 256 << 10;
/// What was delivered gives way in so many steps.
const STEPS: u64 = 8;

impl Inner {
    fn piece(&self, piece: usize) -> String {
        self.names.below(&format!("state.reserve.{piece}"))
    }

    /// The pieces that are there.
    async fn pieces(&self) -> Result<Vec<String>, Trouble> {
        self.broker.subjects(&self.names.state_stream(), &self.names.below("state.reserve.*")).await
    }

    /// Fills the reserve up, where it is not full; then a webhook finds room.
    ///
    /// # Errors
    /// The store is full: there is no room for all of it and a word more.
    pub(super) async fn fill_reserve(&self) -> Result<(), Trouble> {
        let there = self.pieces().await?;
        let missing: Vec<String> =
            (0..PIECES).map(|piece| self.piece(piece)).filter(|piece| !there.contains(piece)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let filled = self.fill(&missing).await;
        if filled == Err(store_is_full()) {
            self.let_delivered_go().await?;
        }
        filled
    }

    /// All that is missing and as much again have to find room, else what is free stays free: claims need it.
    async fn fill(&self, missing: &[String]) -> Result<(), Trouble> {
        let room = Bytes::from(vec![0; PIECE_BYTES.min(self.broker.largest())]);
        let beyond: Vec<String> = (0..missing.len()).map(|piece| self.piece(PIECES + piece)).collect();
        let mut filled = Ok(());
        for piece in missing.iter().chain(&beyond) {
            filled = self.broker.say(piece.clone(), room.clone()).await.map(drop);
            if filled.is_err() {
                break;
            }
        }
        let goes = if filled.is_ok() { &[][..] } else { missing };
        for piece in beyond.iter().chain(goes) {
            self.give_up(piece).await?;
        }
        filled
    }

    /// Lets a part of the reserve go, so that what makes room can be written.
    pub(super) async fn give_way(&self) {
        // Many are refused at the same time.
        let Ok(_turn) = self.giving_way.try_lock() else { return };
        let given = async {
            match self.pieces().await?.pop() {
                Some(piece) => self.give_up(&piece).await,
                None => self.let_delivered_go().await,
            }
        };
        if let Err(trouble) = given.await {
            tracing::debug!(%trouble, "no room is given up");
        }
        // Nobody takes webhooks into it.
        self.suffer(store_is_full());
    }

    async fn give_up(&self, piece: &str) -> Result<(), Trouble> {
        let what = json!({"filter": piece});
        self.broker.ask(format!("STREAM.PURGE.{}", self.names.state_stream()), &what).await.map(drop)
    }

    /// Forgets the oldest of what was delivered and is kept for another delivery.
    async fn let_delivered_go(&self) -> Result<(), Trouble> {
        let stream = self.names.delivered_stream();
        let state = self.broker.ask(format!("STREAM.INFO.{stream}"), &json!({})).await?["state"].take();
        let place = |name: &str| state[name].as_u64().unwrap_or_default();
        let (first, last) = (place("first_seq"), place("last_seq"));
        if last >= first && place("messages") > 0 {
            let what = json!({"seq": first + (last - first) / STEPS + 1});
            self.broker.ask(format!("STREAM.PURGE.{stream}"), &what).await?;
            tracing::warn!("the store is full: the oldest of what was delivered is not retained any more");
        }
        Ok(())
    }
}
