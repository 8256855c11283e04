//! Who should hold which partition. Pure: what is seen of the claims goes in, what to do comes out.

use std::collections::{BTreeMap, BTreeSet};

/// What a look at the claims has shown.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Members that live, this one among them.
    pub(super) members: BTreeSet<String>,
    /// Who holds what.
    pub(super) claims: BTreeMap<u16, String>,
}

/// What to do about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    pub(super) take: Vec<u16>,
    pub(super) leave: Vec<u16>,
}

/// What a member that holds `held` does. Each leaves what is beyond its share, and takes what is free;
/// where all shares are full there is nothing free.
pub(super) fn moves(seen: &Seen, me: &str, held: &BTreeSet<u16>, partitions: u16) -> Moves {
    let members = seen.members.len().max(1);
    let share = usize::from(partitions).div_ceil(members);
    let free: Vec<u16> = (0..partitions).filter(|partition| !seen.claims.contains_key(partition)).collect();
    if held.len() > share {
        return Moves { leave: held.iter().rev().take(held.len() - share).copied().collect(), take: Vec::new() };
    }
    // Not all begin at the same place, or all but one would come too late.
    let rank = seen.members.iter().position(|member| member == me).unwrap_or_default();
    let begin = free.len() * rank / members;
    let mut turned = free;
    turned.rotate_left(begin);
    turned.truncate(share - held.len());
    Moves { take: turned, leave: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTITIONS: u16 = 16;

    struct World {
        held: BTreeMap<String, BTreeSet<u16>>,
    }

    impl World {
        fn of(members: &[&str]) -> Self {
            Self { held: members.iter().map(|name| ((*name).to_owned(), BTreeSet::new())).collect() }
        }

        /// Everybody looks at the same moment, then acts; who is late gets nothing.
        fn round(&mut self) {
            let mut claims = BTreeMap::new();
            for (name, held) in &self.held {
                claims.extend(held.iter().map(|partition| (*partition, name.clone())));
            }
            let seen = Seen { members: self.held.keys().cloned().collect(), claims: claims.clone() };
            for (name, held) in &mut self.held {
                let Moves { take, leave } = moves(&seen, name, held, PARTITIONS);
                held.retain(|partition| !leave.contains(partition));
                for partition in take {
                    if let std::collections::btree_map::Entry::Vacant(free) = claims.entry(partition) {
                        free.insert(name.clone());
                        held.insert(partition);
                    }
                }
            }
        }

        fn settle(&mut self) -> Vec<usize> {
            (0..20).for_each(|_| self.round());
            let mut sizes: Vec<usize> = self.held.values().map(BTreeSet::len).collect();
            assert_eq!(sizes.iter().sum::<usize>(), usize::from(PARTITIONS), "each is held");
            sizes.sort_unstable();
            sizes
        }
    }

    #[test]
    fn everybody_gets_a_share_whoever_comes_and_goes() {
        let mut world = World::of(&["a"]);
        assert_eq!(world.settle(), [16]);
        world.held.insert("b".to_owned(), BTreeSet::new());
        assert_eq!(world.settle(), [8, 8]);
        world.held.insert("c".to_owned(), BTreeSet::new());
        assert!(world.settle()[0] >= 4);
        world.held.remove("a");
        assert_eq!(world.settle(), [8, 8]);
    }

    #[test]
    fn more_members_than_partitions_is_no_harm() {
        let names: Vec<String> = (0..40).map(|number| format!("m{number:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sizes = World::of(&names).settle();
        assert_eq!((sizes[0], sizes[39]), (0, 1));
    }
}
