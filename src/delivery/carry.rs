//! Carrying one record to its consumer: opened, planned, sent request by request.

use super::fate::Carried;
use super::plan::{Opened, Plan, Terms};
use super::rules::Advances;
use super::{Consumer, Shipment, Verdict};
use crate::clock;
use crate::fate::{Reason, Rule};
use crate::format::Identity;
use crate::headers;
use crate::journal::{Journal, Lease, Progress, Trouble};
use crate::telemetry::Delivery;
use crate::watch::Track;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What came of a record, and what the journal is to remember of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) carried: Carried,
    /// How far the consumer knows of messages now.
    pub(super) advances: Advances,
    /// Whether the consumer was asked at all.
    pub(super) asked: bool,
    /// What was said of it, where all of that was taken.
    pub(super) said: Said,
    /// Where its consumers are compared, if they are.
    pub(super) track: Option<Arc<Track>>,
}

/// What became of a record's events, for the line that tells its fate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    /// So many requests were taken.
    pub(super) requests: usize,
    /// So many events have no counterpart.
    pub(super) no_counterpart: u64,
    /// So many events a rule left out.
    pub(super) dropped: u64,
}

impl Outcome {
    pub(super) fn hopeless(reason: Reason) -> Self {
        Self::unsaid(Carried::Hopeless(reason), None)
    }

    /// Nothing that was said of it is settled.
    fn unsaid(carried: Carried, track: Option<Arc<Track>>) -> Self {
        Self { carried, advances: Advances::new(), asked: false, said: Said::default(), track }
    }
}

/// Carries a record. Nothing is kept of it but what the outcome says.
///
/// # Errors
/// When the journal cannot say what it takes to plan; nothing was sent then. When the lease is lost; what was
/// sent before is sent again by whoever has it now.
pub(super) async fn carry(
    consumer: &Consumer,
    terms: &Terms,
    journal: &Journal,
    lease: &Lease,
) -> Result<Outcome, Trouble> {
    let Planned { plan, track } = plan(consumer, terms, journal, lease).await?;
    let plan = match plan {
        Ok(plan) => plan,
        Err(reason) => return Ok(Outcome::unsaid(Carried::Hopeless(reason), track)),
    };
    let platform = headers::restored(&lease.record.headers);
    let ids: Vec<String> = plan.requests.iter().map(|request| delivery_id(consumer, lease, &request.body)).collect();
    let done = already_done(&ids, lease.progress.as_ref());
    let mut attempts = lease.attempts;
    let mut asked = false;
    for (index, (request, id)) in plan.requests.iter().zip(&ids).enumerate().skip(done as usize) {
        if lease.hold.is_lost() {
            // Somebody else may be at it by now.
            return Err(Trouble::Lost);
        }
        attempts += 1;
        asked = true;
        let (source, kind) = (lease.record.source, lease.record.kind);
        let shipment = Shipment { source, kind, platform: &platform, id, attempt: attempts };
        let verdict = consumer.attempt(request.clone(), shipment).await;
        if verdict != Verdict::Delivered {
            let last = index.checked_sub(1).and_then(|last| ids.get(last));
            let progress = last.map(|last| Progress { done: index as u32, last: last.clone() });
            return Ok(Outcome { asked, ..Outcome::unsaid(Carried::Refused { verdict, attempts, progress }, track) });
        }
        consumer.meter.ended(Delivery::Delivered, 1);
        if let Some(then) = plan.happened_ms {
            consumer.meter.lagged(clock::unix_seconds().saturating_mul(1000).saturating_sub(then));
        }
        attempts = 0;
    }
    count(consumer, lease, &plan);
    let dropped = plan.unwanted + plan.behind;
    let said = Said { requests: ids.len(), no_counterpart: plan.no_counterpart, dropped };
    Ok(Outcome { carried: Carried::Through { apart: plan.apart }, advances: plan.advances, asked, said, track })
}

/// What is to be done with a record, and where its consumers are compared, if they are.
struct Planned {
    plan: Result<Plan, Reason>,
    track: Option<Arc<Track>>,
}

async fn plan(consumer: &Consumer, terms: &Terms, journal: &Journal, lease: &Lease) -> Result<Planned, Trouble> {
    let (record, settings) = (&lease.record, &consumer.settings);
    let opened = match Opened::new(record, &terms.routes) {
        Ok(opened) => opened,
        Err(reason) => return Ok(Planned { plan: Err(reason), track: None }),
    };
    let track = terms.track(opened.number());
    let compared: Vec<Identity> = opened.compared(settings).into_keys().collect();
    if compared.is_empty() {
        let plan = opened.plan(settings, record, lease.by_hand, terms.max_event_age, &Advances::new());
        return Ok(Planned { plan, track });
    }
    // Nothing opened is held while the journal is asked.
    drop(opened);
    let advances = journal.advances(lease.consumer, compared, clock::steady_ms()).await?;
    let opened = Opened::new(record, &terms.routes);
    let plan = opened.and_then(|opened| opened.plan(settings, record, lease.by_hand, terms.max_event_age, &advances));
    Ok(Planned { plan, track })
}

/// How many requests need not be sent again: those of an earlier attempt, if the plan still has them.
fn already_done(ids: &[String], progress: Option<&Progress>) -> u32 {
    let Some(Progress { done, last }) = progress else { return 0 };
    let still_last = done.checked_sub(1).and_then(|index| ids.get(index as usize));
    if still_last == Some(last) { *done } else { 0 }
}

/// The same for the same request of the same record to the same consumer, however often it is made.
fn delivery_id(consumer: &Consumer, lease: &Lease, body: &[u8]) -> String {
    let (place, received_ms) = lease.record.seed();
    let digest = Sha256::new()
        .chain_update(&consumer.settings.name)
        .chain_update([0])
        .chain_update(place.to_le_bytes())
        .chain_update(received_ms.to_le_bytes())
        .chain_update(body)
        .finalize();
    HEXLOWER.encode(digest.get(..16).unwrap_or_default())
}

fn count(consumer: &Consumer, lease: &Lease, plan: &Plan) {
    let meter = &consumer.meter;
    consumer.lost(lease.record.source, &plan.losses);
    meter.dropped(Rule::Kinds, plan.unwanted);
    meter.dropped(Rule::ForwardOnly, plan.behind);
    meter.ended(Delivery::NoCounterpart, plan.no_counterpart);
}
