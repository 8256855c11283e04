//! The laws of `docs/translation.md` as properties of invented bodies. The checks are in `laws/`, one
//! file a law, so that `corpus.rs` and `fixtures.rs` hold real bodies to the same ones.
//!
//! The seed is fixed, so that CI says the same twice; `PROPTEST_RNG_SEED=7 PROPTEST_CASES=20000`
//! looks further.

pub(crate) mod bounds;
pub(crate) mod conservation;
pub(crate) mod cut;
pub(crate) mod normalized;
pub(crate) mod order;
mod rows;
pub(crate) mod same_format;
pub(crate) mod stable;

use crate::generate::{self, Manners};
use crate::translation::attempt;
use cutover::format::Format;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};

/// A fixed seed unless the environment has one; cases and everything else as proptest reads it.
pub(crate) fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(0xC0FFEE);
    }
    config
}

/// A law's answer as proptest wants it.
fn holds(complaints: &[String]) -> Result<(), TestCaseError> {
    if complaints.is_empty() { Ok(()) } else { Err(TestCaseError::fail(complaints.join("\n"))) }
}

fn any_body() -> BoxedStrategy<String> {
    prop_oneof![generate::cloud(Manners::Wild), generate::flat(Manners::Wild)].boxed()
}

/// The other of the two platforms.
pub(crate) fn other(format: Format) -> Format {
    match format {
        Format::Cloud => Format::OnPremises,
        Format::OnPremises | Format::Normalized => Format::Cloud,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn law_1_same_format_same_thing(body in any_body()) {
        holds(&same_format::complaints(&body))?;
    }

    #[test]
    fn law_2_normalized_holds_everything(body in any_body()) {
        holds(&normalized::complaints(&body))?;
    }

    #[test]
    fn law_3_and_5_conservation_down(body in generate::cloud(Manners::Wild)) {
        holds(&conservation::complaints(&body, Format::OnPremises))?;
    }

    #[test]
    fn law_3_and_5_conservation_up(body in generate::flat(Manners::Wild)) {
        holds(&conservation::complaints(&body, Format::Cloud))?;
    }

    #[test]
    fn law_4_stable_from_the_cloud(body in generate::cloud(Manners::Proper)) {
        holds(&stable::complaints(&body))?;
    }

    #[test]
    fn law_4_stable_from_the_flat_side(body in generate::flat(Manners::Proper)) {
        holds(&stable::complaints(&body))?;
    }

    #[test]
    fn law_4_the_loss_list_is_the_same_on_each_run(body in any_body()) {
        for to in [Format::Cloud, Format::OnPremises, Format::Normalized] {
            prop_assert_eq!(attempt(&body, to).ok(), attempt(&body, to).ok());
        }
    }

    #[test]
    fn law_6_key_order_is_kept(body in any_body()) {
        holds(&order::complaints(&body))?;
    }

    #[test]
    fn law_6_the_envelope_keeps_its_order_too(body in generate::cloud(Manners::Wild)) {
        holds(&order::envelope_complaints(&body))?;
    }

    #[test]
    fn cutting_loses_nothing(body in any_body()) {
        holds(&cut::complaints(&body))?;
    }

    #[test]
    fn law_7_any_bytes_are_answered(bytes in generate::bytes()) {
        holds(&bounds::complaints(&bytes))?;
    }

    #[test]
    fn law_7_any_json_is_answered(json in generate::json()) {
        holds(&bounds::complaints(json.as_bytes()))?;
    }

    #[test]
    fn law_7_any_event_of_ours_is_answered(data in generate::json(), kind in "message|status|error|other|zz") {
        let event = format!(r#"{{"specversion":"1.0","type":"whatsapp.{kind}","data":{data}}}"#);
        holds(&bounds::complaints(event.as_bytes()))?;
    }

    #[test]
    fn law_7_any_body_stays_within_bounds(body in any_body()) {
        holds(&bounds::complaints(body.as_bytes()))?;
    }
}
