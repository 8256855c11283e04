//! What is surely not in a table of identities: a Bloom filter, so that what is new need not be looked
//! up among millions.

use crate::format::Identity;

/// Bits: 4 MiB. With a million identities one lookup in six thousand is in vain, with ten million one in
/// four.
const BITS: u32 = 1 << 25;

/// A set that may claim too much, and never too little.
#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { words: vec![0; (BITS / 64) as usize] }
    }
}

impl Filter {
    pub(super) fn add(&mut self, identity: &Identity) {
        for (word, bit) in places(identity) {
            if let Some(word) = self.words.get_mut(word) {
                *word |= bit;
            }
        }
    }

    pub(super) fn may_hold(&self, identity: &Identity) -> bool {
        places(identity).all(|(word, bit)| self.words.get(word).is_none_or(|word| word & bit != 0))
    }
}

/// Four places for each: an identity is a hash already.
fn places(identity: &Identity) -> impl Iterator<Item = (usize, u64)> {
    let (parts, _) = identity.as_chunks::<4>();
    parts.iter().map(|part| {
        let place = u32::from_le_bytes(*part) % BITS;
        ((place / 64) as usize, 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn identity(number: u32) -> Identity {
        let digest = Sha256::digest(number.to_le_bytes());
        *digest.first_chunk().expect("a digest is longer")
    }

    #[test]
    fn it_never_claims_too_little_and_seldom_too_much() {
        let mut filter = Filter::default();
        (0..100_000).for_each(|number| filter.add(&identity(number)));
        assert!((0..100_000).all(|number| filter.may_hold(&identity(number))));
        assert!((100_000..200_000).filter(|number| filter.may_hold(&identity(*number))).count() < 10);
    }
}
