//! What is handed out to be kept.

use super::*;
use std::collections::BTreeSet;

fn watch(numbers: usize) -> Watch {
    let watch = Watch::new(0, &[]);
    let watched = |index| Watched { number: format!("n{index}"), deliver_to: Vec::new() };
    watch.watch((0..numbers).map(watched).collect(), Vec::new(), 0);
    watch
}

fn names(changed: Vec<(String, String)>) -> Vec<String> {
    changed.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn of_many_numbers_all_have_their_turn() {
    let watch = watch(10);
    let all_speak = || watch.has_not_been_kept();
    for _ in 0..3 {
        let mut seen = BTreeSet::new();
        for _ in 0..3 {
            all_speak();
            let handed_out = names(watch.changed(4));
            assert_eq!(handed_out.len(), 4);
            seen.extend(handed_out);
        }
        assert_eq!(seen.len(), 10);
    }
}

#[test]
fn what_was_left_out_is_handed_out_next_time_and_what_has_not_changed_is_not() {
    let watch = watch(3);
    assert_eq!(watch.changed(2), []);
    watch.has_not_been_kept();
    assert_eq!((watch.changed(2).len(), watch.changed(2).len(), watch.changed(2).len()), (2, 1, 0));
}
