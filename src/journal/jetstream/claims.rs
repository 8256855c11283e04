//! Claims: which process holds which partition.
//!
//! A claim is a message that its holder renews and that the broker drops when it is old. It is only
//! written over by whoever knows the last one, so two can never have the same. The holder stops by
//! itself before its claim is dropped: it counts from the moment it asked, the broker from a later one.

use super::broker::{Put, failing, store_is_full};
use super::held::Held;
use super::lanes::Counts;
use super::share::{Moves, Seen, moves};
use super::{Inner, names};
use crate::journal::Trouble;
use crate::lock::lock;
use futures_util::future::join_all;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A claim is renewed so many times before it would be dropped.
const RENEWALS: u32 = 5;
/// What somebody has left is taken up within this, however long claims are.
const ROUND: Duration = Duration::from_secs(1);
/// How often a claim that cannot be renewed is looked at.
const WATCH: Duration = Duration::from_millis(50);

/// What a member says of itself.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Member {
    /// What each consumer is owed in its partitions.
    owed: HashMap<i64, Counts>,
}

/// A claim as it was seen: its place, and whose it is.
pub(super) type Claims = HashMap<u16, (u64, String)>;

/// Renews, takes and leaves, until the journal is closed.
pub(super) async fn keep(inner: Arc<Inner>) {
    loop {
        let begun = Instant::now();
        if let Err(trouble) = round(&inner).await {
            tracing::debug!(%trouble, "claims");
        }
        let rest = (inner.settings.claim / RENEWALS).min(ROUND).saturating_sub(begun.elapsed());
        tokio::time::sleep(rest.max(WATCH)).await;
    }
}

/// Lets go of what could not be renewed in time.
pub(super) async fn watch(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(WATCH).await;
        inner.is_awake();
        let mut holdings = lock(&inner.holdings);
        let lost: Vec<u16> =
            holdings.partitions.iter().filter(|(_, held)| held.is_late()).map(|(partition, _)| *partition).collect();
        lost.iter().for_each(|partition| drop(holdings.lose(*partition)));
        drop(holdings);
        if !lost.is_empty() {
            tracing::warn!(partitions = lost.len(), "claims could not be renewed: others may deliver what they hold");
        }
    }
}

/// How long a claim holds that was asked for at that moment: a fifth of its time is left for clocks
/// that differ.
fn until(inner: &Inner, asked: Instant) -> Instant {
    asked + inner.settings.claim * (RENEWALS - 1) / RENEWALS
}

async fn round(inner: &Arc<Inner>) -> Result<(), Trouble> {
    renew(inner).await;
    announce(inner).await?;
    let (seen, claims) = look(inner).await?;
    let held = lock(&inner.holdings).staying();
    let Moves { take, leave } = moves(&seen, &inner.me, &held, inner.names.partitions());
    for partition in leave {
        lock(&inner.holdings).leave(partition);
    }
    give_up(inner).await;
    if inner.retired.load(Ordering::Relaxed) {
        return Ok(());
    }
    let taken = join_all(take.into_iter().map(|partition| take_one(inner, partition, claims.get(&partition)))).await;
    let taken = taken.into_iter().filter(|taken| *taken).count();
    if taken > 0 {
        tracing::info!(taken, held = lock(&inner.holdings).partitions.len(), "partitions taken");
    }
    Ok(())
}

async fn renew(inner: &Arc<Inner>) {
    let claims: Vec<(u16, u64)> = {
        let holdings = lock(&inner.holdings);
        holdings.partitions.iter().map(|(partition, held)| (*partition, held.claim)).collect()
    };
    join_all(claims.into_iter().map(|(partition, claim)| renew_one(inner, partition, claim))).await;
}

async fn renew_one(inner: &Inner, partition: u16, claim: u64) {
    let asked = Instant::now();
    let put = inner.broker.put(inner.names.claim(partition), me(inner), claim);
    let renewed = tokio::time::timeout(inner.settings.claim / 2, put).await;
    let mut holdings = lock(&inner.holdings);
    match renewed {
        Ok(Ok(Put::At(claim))) => {
            if let Some(held) = holdings.partitions.get_mut(&partition) {
                held.renew(claim, until(inner, asked));
            }
        }
        Ok(Ok(Put::Outrun)) => {
            drop(holdings);
            take_up(inner, partition, claim).await;
        }
        // It holds for a while; the next round tries again.
        Ok(Err(trouble)) => {
            drop(holdings);
            make_room(inner, &trouble).await;
        }
        Err(_) => {}
    }
}

/// Somebody wrote over a claim: another member, or we ourselves did and did not hear of it.
async fn take_up(inner: &Inner, partition: u16, claim: u64) {
    let last = inner.broker.last(&inner.names.claims_stream(), &inner.names.claim(partition)).await;
    let Ok(last) = last else { return };
    let ours = last.filter(|stored| stored.payload == me(inner)).map(|stored| stored.sequence);
    let mut holdings = lock(&inner.holdings);
    let Some(held) = holdings.partitions.get_mut(&partition).filter(|held| held.claim == claim) else { return };
    match ours {
        // When it was written is not known, so it holds no longer than before.
        Some(claim) => held.claim = claim,
        None => {
            drop(holdings.lose(partition));
            tracing::warn!(partition, "a claim is not ours any more");
        }
    }
}

/// Claims are written even where nothing else is.
async fn make_room(inner: &Inner, trouble: &Trouble) {
    if *trouble == store_is_full() {
        inner.give_way().await;
    }
}

async fn announce(inner: &Inner) -> Result<(), Trouble> {
    let member = Member { owed: lock(&inner.holdings).counts() };
    let said = serde_json::to_vec(&member).map_err(failing)?;
    let subject = inner.names.member(&inner.me);
    let published = inner.broker.say(subject, said);
    let published = tokio::time::timeout(inner.settings.claim / RENEWALS, published).await.map_err(failing)?;
    if let Err(trouble) = &published {
        make_room(inner, trouble).await;
    }
    published.map(drop)
}

/// Who lives, and who holds what.
pub(super) async fn look(inner: &Inner) -> Result<(Seen, Claims), Trouble> {
    let subjects = [inner.names.below("claim.*"), inner.names.below("member.*")];
    let stream = inner.names.claims_stream();
    let found = inner.broker.last_of_each(&stream, &subjects);
    let found = tokio::time::timeout(inner.settings.claim / RENEWALS, found).await.map_err(failing)??;
    let (mut seen, mut claims, mut others) = (Seen::default(), Claims::new(), HashMap::new());
    let members = inner.names.below("member.");
    for stored in found {
        if stored.subject.starts_with(&members) {
            let name = names::last(&stored.subject).to_owned();
            if name != inner.me {
                let member: Member = serde_json::from_slice(&stored.payload).unwrap_or_default();
                others.insert(name.clone(), member.owed);
            }
            seen.members.insert(name);
        } else if let Some(partition) = names::number(&stored.subject).and_then(|number| u16::try_from(number).ok()) {
            let owner = String::from_utf8_lossy(&stored.payload).into_owned();
            claims.insert(partition, (stored.sequence, owner));
        }
    }
    seen.members.insert(inner.me.clone());
    let mut holdings = lock(&inner.holdings);
    holdings.others = others;
    // One that is ours and not held is one whose acknowledgement we did not hear: it is taken up again.
    let stands = |partition: &u16, owner: &String| *owner != inner.me || holdings.partitions.contains_key(partition);
    let stands = claims.iter().filter(|(partition, (_, owner))| stands(partition, owner));
    seen.claims = stands.map(|(partition, (_, owner))| (*partition, owner.clone())).collect();
    Ok((seen, claims))
}

/// Says whether it is ours now.
async fn take_one(inner: &Arc<Inner>, partition: u16, claim: Option<&(u64, String)>) -> bool {
    let last = claim.map_or(0, |(sequence, _)| *sequence);
    let asked = Instant::now();
    let put = inner.broker.put(inner.names.claim(partition), me(inner), last);
    let Ok(Ok(Put::At(claim))) = tokio::time::timeout(inner.settings.claim / 2, put).await else { return false };
    let until = until(inner, asked);
    if inner.is_closed() || until <= Instant::now() {
        return false;
    }
    // Before what is known of the stream may be found to be of another.
    let mut holdings = lock(&inner.holdings);
    let mut held = Held::new(claim, until, inner.stream());
    let follower = tokio::spawn(super::follow::follow(Arc::clone(inner), partition, held.hold()));
    held.follower = Some(follower.abort_handle());
    // What was acknowledged before may be delivered and gone by now.
    holdings.acknowledged.remove(&partition);
    drop(holdings.lose(partition));
    holdings.partitions.insert(partition, held);
    true
}

/// Gives up what is about to be left and of which nothing is out. An attempt that takes longer than a claim
/// is cut off: what waits behind it must not wait for it.
async fn give_up(inner: &Inner) {
    let is_late = |held: &Held| held.leaving.is_some_and(|since| since.elapsed() > inner.settings.claim);
    let done = |held: &Held| held.leaving.is_some() && (held.is_at_rest() || is_late(held));
    let claims: Vec<u64> = {
        let mut holdings = lock(&inner.holdings);
        let left: Vec<u16> =
            holdings.partitions.iter().filter(|(_, held)| done(held)).map(|(partition, _)| *partition).collect();
        left.into_iter().filter_map(|partition| holdings.lose(partition)).map(|held| held.claim).collect()
    };
    withdraw(inner, claims).await;
}

async fn withdraw(inner: &Inner, claims: Vec<u64>) {
    let stream = inner.names.claims_stream();
    for withdrawn in join_all(claims.into_iter().map(|claim| inner.broker.delete(&stream, claim))).await {
        if let Err(trouble) = withdrawn {
            tracing::debug!(%trouble, "a claim is not withdrawn; it ends by itself");
        }
    }
}

/// Gives everything up at once, and leaves; nothing is out any more.
pub(super) async fn resign(inner: &Inner) {
    let partitions = std::mem::take(&mut lock(&inner.holdings).partitions);
    let mut ours: BTreeSet<u64> = partitions.values().map(|held| held.claim).collect();
    drop(partitions);
    // And what was asked for a moment ago, when nobody listened any more.
    match look(inner).await {
        Ok((_, claims)) => {
            let is_ours = |(sequence, owner): (u64, String)| (owner == inner.me).then_some(sequence);
            ours.extend(claims.into_values().filter_map(is_ours));
        }
        Err(trouble) => tracing::debug!(%trouble, "claims are not looked at any more"),
    }
    withdraw(inner, ours.into_iter().collect()).await;
    let member = inner.names.member(&inner.me);
    let stream = inner.names.claims_stream();
    if let Ok(Some(stored)) = inner.broker.last(&stream, &member).await {
        withdraw(inner, vec![stored.sequence]).await;
    }
}

fn me(inner: &Inner) -> Bytes {
    Bytes::from(inner.me.clone())
}
