//! What came and nobody has seen before, by word. A word that could be personal is not kept.

use crate::format::Format;
use crate::format::novelty::{Novelty, presentable, presentable_path};
use crate::status;
use std::collections::BTreeMap;

/// So many different ones are kept; of more, those that came last.
const KEPT: usize = 200;

/// What is unknown, by platform, place and word.
#[derive(Debug, Default)]
pub(super) struct Unfamiliar {
    sightings: BTreeMap<Key, status::Unknown>,
    has_changed: bool,
}

type Key = (String, String, Option<String>);

impl Unfamiliar {
    /// It came now.
    pub(super) fn see(&mut self, source: Format, novelty: &Novelty, now_ms: u64) {
        let word = presentable(&novelty.word).map(str::to_owned);
        let key = (source.label().to_owned(), novelty.what.label().to_owned(), word);
        if !self.sightings.contains_key(&key) && self.sightings.len() >= KEPT {
            self.forget_one();
        }
        let (source, what, word) = key.clone();
        let path = || presentable_path(&novelty.path);
        let sighting = self.sightings.entry(key).or_insert_with(|| status::Unknown {
            source,
            what,
            word,
            path: path(),
            count: 0,
            first_ms: now_ms,
            last_ms: now_ms,
        });
        sighting.count += 1;
        sighting.last_ms = now_ms;
        self.has_changed = true;
    }

    /// What has not come for the longest time makes room.
    fn forget_one(&mut self) {
        let oldest = self.sightings.iter().min_by_key(|(_, seen)| seen.last_ms).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest {
            self.sightings.remove(&oldest);
        }
    }

    /// What was written by [`Self::changed`].
    pub(super) fn read(text: &str) -> Option<Self> {
        let all: Vec<status::Unknown> = serde_json::from_str(text).ok()?;
        let key = |seen: &status::Unknown| (seen.source.clone(), seen.what.clone(), seen.word.clone());
        Some(Self { sightings: all.into_iter().map(|seen| (key(&seen), seen)).collect(), has_changed: false })
    }

    /// From now on there is something to be kept.
    pub(super) fn touch(&mut self) {
        self.has_changed = !self.sightings.is_empty();
    }

    /// All of it as text, if something has changed since it was asked the last time.
    pub(super) fn changed(&mut self) -> Option<String> {
        std::mem::take(&mut self.has_changed).then(|| serde_json::to_string(&self.shown()).ok())?
    }

    /// In the words of the status, the latest first.
    pub(super) fn shown(&self) -> Vec<status::Unknown> {
        let mut all: Vec<status::Unknown> = self.sightings.values().cloned().collect();
        all.sort_by_key(|unknown| std::cmp::Reverse(unknown.last_ms));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::novelty::What;

    fn letters(mut index: usize) -> String {
        let mut word = String::from("w");
        for _ in 0..3 {
            word.push(char::from(b'a' + (index % 26) as u8));
            index /= 26;
        }
        word
    }

    #[test]
    fn those_that_came_last_are_kept() {
        let mut unfamiliar = Unfamiliar::default();
        let mut see = |word: &str, now_ms: u64| {
            let novelty = Novelty { what: What::Member, path: String::new(), word: word.to_owned() };
            unfamiliar.see(Format::Cloud, &novelty, now_ms);
        };
        see("first", 0);
        see("again", 1);
        (0..KEPT - 2).for_each(|index| see(&letters(index), 2));
        see("again", 3);
        see("last", 4);
        let words: Vec<Option<String>> = unfamiliar.shown().into_iter().map(|unknown| unknown.word).collect();
        assert_eq!(words.len(), KEPT);
        let has = |word: &str| words.contains(&Some(word.to_owned()));
        assert_eq!((has("first"), has("again"), has("last")), (false, true, true));
    }
}
