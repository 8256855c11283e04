//! The journal against a list in memory: whatever is asked of both, in whatever order and whenever the
//! process ends, they say the same.
//!
//! The seed is fixed, so that CI says the same twice; `PROPTEST_RNG_SEED=7 PROPTEST_CASES=2000` looks
//! further.

/// The list in memory.
mod ledger;
/// Both side by side.
mod pair;

use crate::bench::{Kind, Terms, on};
use pair::Pair;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{FileFailurePersistence, RngSeed};

const CASES: u32 = 48;
const STEPS: usize = 40;

/// Something that is asked of both. What it is done to is picked from what there is then.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Append(Vec<Draft>),
    /// An arrival that cannot be written; whatever shares its transaction is lost with it.
    Fail,
    Lease {
        consumer: usize,
        most: usize,
        fresh_first: bool,
    },
    End {
        lease: Index,
        end: Ending,
    },
    Pass {
        ms: u64,
    },
    Bury(Index),
    Revive(Index),
    Drop(Index),
    OweAgain {
        consumer: usize,
        back_ms: u64,
    },
    Crash,
    Reopen,
}

/// A record that arrives.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) lane: i64,
    /// Consumers are 1 and 2.
    pub(crate) to: Vec<usize>,
    /// One of a few, so that some come again.
    pub(crate) events: Vec<u8>,
    pub(crate) errors: Option<u8>,
}

/// How a lease ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Settled { apart: usize },
    RetryAfter { ms: u64, done: u32 },
    Buried,
    Released,
}

fn draft() -> impl Strategy<Value = Draft> {
    let to = prop_oneof![
        4 => Just(vec![1]),
        2 => Just(vec![2]),
        4 => Just(vec![1, 2]),
        1 => Just(vec![]),
    ];
    let events = prop::collection::vec(0_u8..24, 0..3);
    (0_i64..4, to, events, prop::option::weighted(0.2, 0_u8..4)).prop_map(|(lane, to, events, errors)| Draft {
        lane,
        to,
        errors: errors.filter(|_| !events.is_empty()),
        events,
    })
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        6 => (0_usize..2).prop_map(|apart| Ending::Settled { apart }),
        6 => (0_u64..40, 0_u32..3).prop_map(|(ms, done)| Ending::RetryAfter { ms, done }),
        2 => Just(Ending::Buried),
        1 => Just(Ending::Released),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let consumer = 1_usize..3;
    prop_oneof![
        8 => prop::collection::vec(draft(), 1..4).prop_map(Step::Append),
        2 => Just(Step::Fail),
        8 => (consumer.clone(), 1_usize..5, any::<bool>())
            .prop_map(|(consumer, most, fresh_first)| Step::Lease { consumer, most, fresh_first }),
        12 => (any::<Index>(), ending()).prop_map(|(lease, end)| Step::End { lease, end }),
        4 => (1_u64..60).prop_map(|ms| Step::Pass { ms }),
        2 => any::<Index>().prop_map(Step::Bury),
        2 => any::<Index>().prop_map(Step::Revive),
        1 => any::<Index>().prop_map(Step::Drop),
        1 => (consumer, 0_u64..200).prop_map(|(consumer, back_ms)| Step::OweAgain { consumer, back_ms }),
        1 => Just(Step::Crash),
        1 => Just(Step::Reopen),
    ]
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(0xC0FFEE);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_embedded_journal_is_what_the_list_is(steps in prop::collection::vec(step(), 1..STEPS)) {
        on(Kind::Embedded, Terms::default(), async |bench| {
            let mut pair = Pair::new(bench).await;
            for step in &steps {
                pair = pair.step(step.clone()).await;
                pair.compare().await;
            }
            pair.drain().await;
        });
    }
}
