//! The cutover record of a number: which platform it speaks, since when, and what happened on the way
//! from one to the other. Pure: times come as arguments.
//!
//! A number speaks one platform at a time. The first event ever of the other one is a switch; later, an
//! event is one if it happened no earlier than everything the present platform has said. What happened
//! earlier is a late one of the old platform, and no way back.

use super::overlap::Overlap;
use super::platform::Platform;
use super::rhythm::Rhythm;
use crate::status;
use serde::{Deserialize, Serialize};

/// So many switches are kept.
const KEPT: usize = 16;
/// So far our clock may be behind the platform's.
const CLOCKS_DIFFER_MS: u64 = 5 * 60 * 1_000;

/// A message or status, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'i> {
    /// Who sent it.
    pub(super) platform: Platform,
    /// When it arrived.
    pub(super) at_ms: u64,
    /// When it happened, where that can be told.
    pub(super) happened_ms: Option<u64>,
    /// The message's id, in the platform's spelling.
    pub(super) id: &'i str,
    /// `message`, or the word of the status.
    pub(super) word: &'i str,
}

/// One side of the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Side {
    first_ms: u64,
    last_ms: u64,
    /// The latest time at which anything it said has happened.
    newest_ms: u64,
    events: u64,
}

/// A change of platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Switch {
    pub(super) to: Platform,
    pub(super) at_ms: u64,
    pub(super) last_before_ms: u64,
    pub(super) out_of_order: u64,
    pub(super) twice: u64,
}

impl Switch {
    /// For how long nothing came.
    pub(super) const fn gap_ms(&self) -> u64 {
        self.at_ms.saturating_sub(self.last_before_ms)
    }
}

/// What is known of one number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cutover {
    speaks: Option<Platform>,
    cloud: Side,
    onprem: Side,
    rhythm: Rhythm,
    /// Oldest first.
    switches: Vec<Switch>,
    /// What came around the last switch; not kept across a restart.
    #[serde(skip)]
    overlap: Overlap,
}

impl Cutover {
    /// An event came. Tells of the switch that it makes, unless `mixed` numbers come in under one name.
    pub(super) fn see(&mut self, seen: Seen<'_>, mixed: bool) -> Option<Switch> {
        // Nothing happens after it has arrived, as far as clocks agree: a stray time far ahead would hide every
        // later switch.
        let latest_ms = seen.at_ms + CLOCKS_DIFFER_MS;
        let seen = Seen { happened_ms: seen.happened_ms.map(|then| then.min(latest_ms)), ..seen };
        if let Some(before) = self.last_ms() {
            self.rhythm.paused(seen.at_ms.saturating_sub(before));
        }
        let switch = if mixed { self.speak(seen.platform) } else { self.turn(&seen) };
        let other_newest_ms = self.side(seen.platform.other()).newest_ms;
        if let Some(switch) = self.switches.last_mut().filter(|_| !mixed) {
            switch.out_of_order += u64::from(seen.happened_ms.is_some_and(|then| then < other_newest_ms));
            switch.twice += u64::from(self.overlap.is_known_from_other(&seen));
        }
        self.overlap.remember(&seen);
        let side = self.side_mut(seen.platform);
        if side.events == 0 {
            side.first_ms = seen.at_ms;
        }
        side.events += 1;
        side.last_ms = side.last_ms.max(seen.at_ms);
        side.newest_ms = side.newest_ms.max(seen.happened_ms.unwrap_or_default());
        switch
    }

    fn speak(&mut self, platform: Platform) -> Option<Switch> {
        self.speaks = Some(platform);
        None
    }

    fn turn(&mut self, seen: &Seen<'_>) -> Option<Switch> {
        let now = seen.platform;
        let Some(old) = self.speaks.filter(|old| *old != now) else { return self.speak(now) };
        let is_first = self.side(now).events == 0;
        let is_later = seen.happened_ms.is_none_or(|then| then >= self.side(old).newest_ms);
        // What the present platform has said too is a copy, and no way back.
        if !is_first && (!is_later || self.overlap.is_known_from_other(seen)) {
            return None;
        }
        self.speaks = Some(now);
        let last_before_ms = self.side(old).last_ms;
        let switch = Switch { to: now, at_ms: seen.at_ms, last_before_ms, out_of_order: 0, twice: 0 };
        if self.switches.len() == KEPT {
            self.switches.remove(0);
        }
        self.switches.push(switch);
        self.overlap.open(seen.at_ms);
        Some(switch)
    }

    fn side(&self, platform: Platform) -> &Side {
        match platform {
            Platform::Cloud => &self.cloud,
            Platform::OnPremises => &self.onprem,
        }
    }

    fn side_mut(&mut self, platform: Platform) -> &mut Side {
        match platform {
            Platform::Cloud => &mut self.cloud,
            Platform::OnPremises => &mut self.onprem,
        }
    }

    /// What a clock that has been set back makes of the future happened just now.
    pub(super) fn not_after(&mut self, now_ms: u64) {
        for side in [&mut self.cloud, &mut self.onprem] {
            for time in [&mut side.first_ms, &mut side.last_ms, &mut side.newest_ms] {
                *time = (*time).min(now_ms);
            }
        }
        for switch in &mut self.switches {
            switch.at_ms = switch.at_ms.min(now_ms);
            switch.last_before_ms = switch.last_before_ms.min(now_ms);
        }
    }

    /// When the last event of a platform arrived.
    pub(super) fn last_of(&self, platform: Platform) -> Option<u64> {
        let side = self.side(platform);
        (side.events > 0).then_some(side.last_ms)
    }

    fn last_ms(&self) -> Option<u64> {
        self.last_of(Platform::Cloud).max(self.last_of(Platform::OnPremises))
    }

    /// The platform it speaks, and since when: the switch, else its first event.
    pub(super) fn spoken(&self, mixed: bool) -> Option<(Platform, u64)> {
        let platform = self.speaks.filter(|_| !mixed)?;
        let since_ms = self.switches.last().map_or(self.side(platform).first_ms, |switch| switch.at_ms);
        Some((platform, since_ms))
    }

    /// For how long nothing came at the last switch.
    pub(super) fn last_gap_ms(&self, mixed: bool) -> Option<u64> {
        self.switches.last().filter(|_| !mixed).map(Switch::gap_ms)
    }

    /// It in the words of the status; the rest of the number is for others to fill in.
    pub(super) fn shown(&self, now_ms: u64, mixed: bool) -> status::Number {
        let quiet_ms = self.last_ms().map(|last_ms| now_ms.saturating_sub(last_ms));
        let spoken = self.spoken(mixed);
        status::Number {
            platform: spoken.map(|(platform, _)| platform.label().to_owned()),
            since_ms: spoken.map(|(_, since_ms)| since_ms),
            silent: quiet_ms.is_some_and(|quiet_ms| self.rhythm.is_unusual(quiet_ms)),
            quiet_seconds: quiet_ms.map(seconds),
            usual_pause_seconds: self.rhythm.usual_ms().map(seconds),
            mixed,
            onprem: self.side(Platform::OnPremises).shown(),
            cloud: self.side(Platform::Cloud).shown(),
            // What looked like one may have been two numbers.
            switches: self.switches.iter().rev().filter(|_| !mixed).map(Switch::shown).collect(),
            ..status::Number::default()
        }
    }
}

impl Side {
    fn shown(&self) -> status::Side {
        let seen = self.events > 0;
        status::Side {
            first_ms: seen.then_some(self.first_ms),
            last_ms: seen.then_some(self.last_ms),
            events: self.events,
        }
    }
}

impl Switch {
    fn shown(&self) -> status::Switch {
        status::Switch {
            at_ms: self.at_ms,
            from: self.to.other().label().to_owned(),
            to: self.to.label().to_owned(),
            last_before_ms: self.last_before_ms,
            gap_seconds: seconds(self.gap_ms()),
            out_of_order: self.out_of_order,
            twice: self.twice,
        }
    }
}

/// Milliseconds as seconds.
pub(super) fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}

#[cfg(test)]
mod tests;
