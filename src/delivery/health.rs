//! Whether a consumer is up, as far as its answers tell: pure, with time and randomness passed in.
//!
//! A consumer that refuses one conversation is up, and that conversation waits. One that refuses
//! several in a row, with nothing taken in between, is down: it is asked by one probe at a time, and
//! when it is back it gets more only as fast as it takes them.

use super::Retry;
use std::collections::HashSet;
use std::time::Duration;

/// So many conversations refused in a row mean that it is the consumer, not what it is sent.
const SUSPECTS: usize = 5;
/// The longest pause between two probes. It bounds how long a consumer that is back waits.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// The health of one consumer.
#[derive(Debug)]
pub(super) struct Health {
    state: State,
    /// Conversations refused since it last took something.
    suspects: HashSet<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many attempts at once are fine.
    Up { limit: usize },
    /// It is asked again at that time.
    Down { probe_at_ms: u64, probes: u32, probing: bool },
}

/// Whether an attempt is one of many, or the one that finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One of those that run when all is well.
    Ordinary,
    /// The only one that was begun while the consumer was down.
    Probe,
}

/// What a consumer did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The conversation.
    pub(super) lane: i64,
    /// Of which attempt.
    pub(super) role: Role,
    /// For how long the consumer wants to be left alone.
    pub(super) asked: Option<Duration>,
}

/// A turn for better or worse, to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It takes nothing any more.
    WentDown,
    /// It takes something again.
    CameBack,
}

impl Health {
    /// Up until it proves otherwise.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { state: State::Up { limit: usize::MAX }, suspects: HashSet::new() }
    }

    /// Whether it is down.
    #[must_use]
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.state, State::Down { .. })
    }

    /// How many more attempts may begin now, with so many running and so many allowed at all.
    #[must_use]
    pub(super) fn slots(&self, now_ms: u64, running: usize, concurrency: usize) -> usize {
        match self.state {
            State::Up { limit } => limit.min(concurrency).saturating_sub(running),
            State::Down { probe_at_ms, probing, .. } => usize::from(!probing && now_ms >= probe_at_ms),
        }
    }

    /// When the next probe may begin, if it waits for one.
    #[must_use]
    pub(super) const fn probe_at_ms(&self) -> Option<u64> {
        match self.state {
            State::Down { probe_at_ms, probing: false, .. } => Some(probe_at_ms),
            State::Down { .. } | State::Up { .. } => None,
        }
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) -> Role {
        match &mut self.state {
            State::Up { .. } => Role::Ordinary,
            State::Down { probing, .. } => {
                *probing = true;
                Role::Probe
            }
        }
    }

    /// A probe ended without an answer: there was nothing to ask.
    pub(super) fn not_asked(&mut self, role: Role) {
        if let (Role::Probe, State::Down { probing, .. }) = (role, &mut self.state) {
            *probing = false;
        }
    }

    /// It has taken something.
    pub(super) fn delivered(&mut self) -> Option<Turn> {
        self.suspects.clear();
        match self.state {
            State::Up { limit } => {
                self.state = State::Up { limit: limit.saturating_mul(2) };
                None
            }
            State::Down { .. } => {
                self.state = State::Up { limit: 1 };
                Some(Turn::CameBack)
            }
        }
    }

    /// It has refused something.
    pub(super) fn refused(&mut self, refusal: Refusal, retry: &Retry, now_ms: u64, random: f64) -> Option<Turn> {
        let Refusal { lane, role, asked } = refusal;
        self.suspects.insert(lane);
        let next = |probes: u32| {
            let schedule = Retry { max: retry.max.min(PROBE_MAX), ..*retry };
            let pause = schedule.pause(probes, random, None).max(asked.unwrap_or_default().min(retry.max));
            now_ms.saturating_add(crate::clock::millis(pause))
        };
        match self.state {
            State::Up { .. } if self.suspects.len() >= SUSPECTS => {
                self.state = State::Down { probe_at_ms: next(1), probes: 1, probing: false };
                Some(Turn::WentDown)
            }
            State::Up { limit } => {
                // On the way up again, one step back.
                self.state = State::Up { limit: (limit / 2).max(1) };
                None
            }
            State::Down { probes, .. } if role == Role::Probe => {
                let probes = probes.saturating_add(1);
                self.state = State::Down { probe_at_ms: next(probes), probes, probing: false };
                None
            }
            State::Down { .. } => None,
        }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        first: Duration::from_millis(100),
        max: Duration::from_secs(60),
        give_up_after: Duration::from_secs(3600),
    };

    fn refuse(health: &mut Health, lane: i64, role: Role, now_ms: u64) -> Option<Turn> {
        health.refused(Refusal { lane, role, asked: None }, &RETRY, now_ms, 1.0)
    }

    fn down() -> Health {
        let mut health = Health::new();
        let turns: Vec<_> = (0..5).map(|lane| refuse(&mut health, lane, Role::Ordinary, 1_000)).collect();
        assert_eq!(turns, [None, None, None, None, Some(Turn::WentDown)]);
        health
    }

    #[test]
    fn one_conversation_takes_nobody_down() {
        let mut health = Health::new();
        assert!((0..100).all(|_| refuse(&mut health, 7, Role::Ordinary, 0).is_none()));
        assert!(health.slots(0, 0, 8) > 0);
    }

    #[test]
    fn something_taken_in_between_clears_the_suspicion() {
        let mut health = Health::new();
        for lane in 0..100 {
            assert_eq!(refuse(&mut health, lane, Role::Ordinary, 0), None);
            assert_eq!(health.delivered(), None);
        }
    }

    #[test]
    fn a_consumer_that_is_down_is_asked_by_one_probe_at_a_time_and_ever_more_rarely() {
        let mut health = down();
        assert_eq!((health.slots(1_099, 0, 8), health.slots(1_100, 0, 8)), (0, 1));
        assert_eq!(health.begin(), Role::Probe);
        assert_eq!(health.slots(5_000, 1, 8), 0);
        assert_eq!(refuse(&mut health, 9, Role::Probe, 5_000), None);
        assert_eq!(health.probe_at_ms(), Some(5_200));
        // What was begun before it went down says nothing new.
        refuse(&mut health, 10, Role::Ordinary, 9_000);
        assert_eq!(health.probe_at_ms(), Some(5_200));
        for _ in 0..40 {
            health.begin();
            refuse(&mut health, 9, Role::Probe, 0);
        }
        assert_eq!(health.probe_at_ms(), Some(30_000));
    }

    fn refuse_for(health: &mut Health, asked: Duration) {
        health.refused(Refusal { lane: 9, role: Role::Probe, asked: Some(asked) }, &RETRY, 0, 0.0);
    }

    #[test]
    fn it_is_left_alone_for_as_long_as_it_asks() {
        let mut health = down();
        health.begin();
        refuse_for(&mut health, Duration::from_secs(45));
        assert_eq!(health.probe_at_ms(), Some(45_000));
        health.begin();
        refuse_for(&mut health, Duration::from_secs(4_500));
        assert_eq!(health.probe_at_ms(), Some(60_000));
    }

    #[test]
    fn it_gets_more_as_fast_as_it_takes_them() {
        let mut health = down();
        health.begin();
        assert_eq!(health.delivered(), Some(Turn::CameBack));
        assert_eq!(health.slots(0, 0, 8), 1);
        health.delivered();
        health.delivered();
        assert_eq!(health.slots(0, 1, 8), 3);
        refuse(&mut health, 1, Role::Ordinary, 0);
        assert_eq!(health.slots(0, 0, 8), 2);
        for _ in 0..70 {
            health.delivered();
        }
        assert_eq!(health.slots(0, 0, 8), 8);
    }
}
