//! The cutover record of one number, event by event.

use super::*;

const OLD: Platform = Platform::OnPremises;
const NEW: Platform = Platform::Cloud;

fn seen(platform: Platform, at_s: u64, happened_s: u64) -> Seen<'static> {
    Seen { platform, at_ms: at_s * 1_000, happened_ms: Some(happened_s * 1_000), id: "", word: "message" }
}

fn record(events: &[(Platform, u64, u64)]) -> (Cutover, Vec<bool>) {
    let mut cutover = Cutover::default();
    let switched = events.iter().map(|(platform, at, then)| cutover.see(seen(*platform, *at, *then), false).is_some());
    let switched = switched.collect();
    (cutover, switched)
}

#[test]
fn the_first_event_of_the_other_platform_is_a_switch_whatever_its_time() {
    let (cutover, switched) = record(&[(OLD, 10, 9), (OLD, 20, 19), (NEW, 62, 3)]);
    assert_eq!(switched, [false, false, true]);
    let shown = cutover.shown(63_000, false);
    assert_eq!((shown.platform.as_deref(), shown.since_ms), (Some("cloud"), Some(62_000)));
    let switch = shown.switches.first().expect("one");
    assert_eq!((switch.from.as_str(), switch.gap_seconds, switch.last_before_ms), ("onprem", 42.0, 20_000));
    assert_eq!(switch.out_of_order, 1, "it happened before what the other has said");
    assert_eq!((shown.onprem.events, shown.cloud.events), (2, 1));
    assert_eq!((shown.onprem.first_ms, shown.onprem.last_ms), (Some(10_000), Some(20_000)));
}

#[test]
fn what_comes_late_from_the_old_platform_is_no_way_back() {
    let (cutover, switched) = record(&[(OLD, 10, 10), (NEW, 20, 20), (OLD, 21, 12), (OLD, 22, 19), (NEW, 23, 23)]);
    assert_eq!(switched, [false, true, false, false, false]);
    let shown = cutover.shown(30_000, false);
    assert_eq!(shown.platform.as_deref(), Some("cloud"));
    assert_eq!(shown.switches.first().map(|switch| switch.out_of_order), Some(2));
}

#[test]
fn what_happened_later_is_the_way_back() {
    let (cutover, switched) = record(&[(OLD, 10, 10), (NEW, 20, 20), (OLD, 30, 30)]);
    assert_eq!(switched, [false, true, true]);
    let shown = cutover.shown(40_000, false);
    assert_eq!((shown.platform.as_deref(), shown.switches.len()), (Some("onprem"), 2));
}

#[test]
fn what_tells_no_time_counts_by_its_arrival() {
    let mut cutover = Cutover::default();
    for (platform, at_s) in [(OLD, 1), (NEW, 2), (OLD, 3)] {
        cutover.see(Seen { happened_ms: None, ..seen(platform, at_s, 0) }, false);
    }
    assert_eq!(cutover.switches.len(), 2);
}

#[test]
fn what_both_platforms_send_is_noticed_for_an_hour() {
    let message = |platform, at_s, id| Seen { id, ..seen(platform, at_s, 1) };
    let (old, new) = ("gBEGkYiEB1VXAglK1ZEqA1YKPrU", "wamid.HBgMOTE4ODg0MDc1NTU3FQIAERgSNEFENTkxMkEwMzU2MEEzRUI1AA==");
    let mut cutover = Cutover::default();
    cutover.see(message(OLD, 1, old), false);
    cutover.see(message(NEW, 2, new), false);
    cutover.see(Seen { word: "read", ..message(NEW, 2, new) }, false);
    assert_eq!(cutover.switches.first().map(|switch| switch.twice), Some(1));
    cutover.see(Seen { word: "read", ..message(OLD, 3, old) }, false);
    assert_eq!(cutover.switches.first().map(|switch| switch.twice), Some(2));
    cutover.see(message(OLD, 3_700, old), false);
    assert_eq!(cutover.switches.first().map(|switch| switch.twice), Some(2));
}

#[test]
fn several_numbers_under_one_name_make_no_switch() {
    let mut cutover = Cutover::default();
    for (platform, at_s) in [(OLD, 1), (NEW, 2), (OLD, 3)] {
        assert_eq!(cutover.see(seen(platform, at_s, at_s), true), None);
    }
    assert_eq!(cutover.shown(4_000, true).platform, None);
}

#[test]
fn it_comes_back_from_text_as_it_was() {
    let (mut cutover, _) = record(&[(OLD, 10, 10), (NEW, 20, 20), (OLD, 30, 30)]);
    let text = serde_json::to_string(&cutover).expect("it can be written");
    let mut back: Cutover = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(back, cutover);
    // And goes on as it would have.
    assert_eq!(back.see(seen(NEW, 40, 40), false), cutover.see(seen(NEW, 40, 40), false));
    assert!(serde_json::from_str::<Cutover>("{}").is_ok(), "what an older version did not write is empty");
}

#[test]
fn only_the_last_switches_are_kept() {
    let events: Vec<(Platform, u64, u64)> =
        (0..60).map(|index| (if index % 2 == 0 { OLD } else { NEW }, index, index)).collect();
    assert_eq!(record(&events).0.switches.len(), KEPT);
}

/// The machine's clock was a day ahead, and was set right between two runs.
#[test]
fn a_clock_that_is_set_back_hides_no_switch_and_no_silence() {
    const DAY: u64 = 86_400;
    let (mut cutover, _) = record(&[(OLD, DAY + 10, DAY + 10), (NEW, DAY + 20, DAY + 20)]);
    cutover.not_after(30_000);
    assert_eq!(cutover.shown(90_000, false).quiet_seconds, Some(60.0));
    assert!(cutover.see(seen(OLD, 100, 100), false).is_some(), "the way back is seen");
    assert_eq!(cutover.shown(100_000, false).since_ms, Some(100_000));
}
