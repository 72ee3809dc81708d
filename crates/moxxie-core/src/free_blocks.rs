//! Several prefixes taken at once: what is known of a pool's free blocks meanwhile, and what becomes of them.
//!
//! The blocks that the store reads are enough when each question to come finds its answer among them and the pieces
//! that were cut since; which blocks these are is said where they are read.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::{
    free::{choose, first_in, remainder},
    pool::Policy,
};

/// Free blocks of a pool, some of them known.
#[derive(Debug, Clone, Default)]
pub struct FreeBlocks {
    /// Free and known, by length.
    known: BTreeMap<u8, BTreeSet<IpNet>>,
    /// Of the store's blocks those that are free no more.
    gone: BTreeSet<IpNet>,
    /// Pieces that the store does not have.
    new: BTreeSet<IpNet>,
}

impl FreeBlocks {
    /// Takes a block of the store into account, unless it has been cut already.
    pub fn learn(&mut self, block: IpNet) {
        if !self.gone.contains(&block) {
            self.known.entry(block.prefix_len()).or_default().insert(block);
        }
    }

    /// Takes the next prefix of a length where the policy says; `None` when no known block is large enough.
    pub fn take_next(&mut self, policy: Policy, length: u8) -> Option<IpNet> {
        let lowest = self.known.range(..=length).filter_map(|(_, blocks)| blocks.first().copied());
        let block = choose(policy, lowest, length)?;
        let prefix = first_in(block, length)?;
        self.cut(block, prefix);
        Some(prefix)
    }

    /// Takes this very prefix; `false` when no known block holds it.
    pub fn take(&mut self, prefix: IpNet) -> bool {
        let around = |length| IpNet::new(prefix.network(), length).ok().map(|block| block.trunc());
        let block = self
            .known
            .range(..=prefix.prefix_len())
            .filter_map(|(length, blocks)| around(*length).filter(|block| blocks.contains(block)))
            .next();
        let Some(block) = block else { return false };
        self.cut(block, prefix);
        true
    }

    /// The store's blocks that are free no more.
    #[must_use]
    pub const fn gone(&self) -> &BTreeSet<IpNet> {
        &self.gone
    }

    /// The blocks that are free from now on and that the store does not have.
    #[must_use]
    pub const fn new_ones(&self) -> &BTreeSet<IpNet> {
        &self.new
    }

    fn cut(&mut self, block: IpNet, prefix: IpNet) {
        if let Some(blocks) = self.known.get_mut(&block.prefix_len()) {
            blocks.remove(&block);
            if blocks.is_empty() {
                self.known.remove(&block.prefix_len());
            }
        }
        if !self.new.remove(&block) {
            self.gone.insert(block);
        }
        for piece in remainder(block, prefix) {
            self.known.entry(piece.prefix_len()).or_default().insert(piece);
            self.new.insert(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A prefix wanted of 10.0.0.0/24: the next one of a length, or a certain one.
    #[derive(Debug, Clone, Copy)]
    enum Wish {
        Next(Policy, u8),
        Given(IpNet),
    }

    fn wish() -> impl Strategy<Value = Wish> {
        let policies = [Policy::BestFit, Policy::FirstFit, Policy::Sparse];
        let given = |(address, length): (u32, u8)| {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + address);
            Wish::Given(IpNet::new(address.into(), length).unwrap().trunc())
        };
        prop_oneof![
            4 => (prop::sample::select(policies.to_vec()), 25_u8..=30).prop_map(|(p, l)| Wish::Next(p, l)),
            1 => (0_u32..256, 25_u8..=30).prop_map(given),
        ]
    }

    /// All that is free, known from the beginning: one prefix after the other.
    #[derive(Clone)]
    struct Whole(BTreeSet<IpNet>);

    impl Whole {
        fn take(&mut self, wish: Wish) -> Option<IpNet> {
            let (block, prefix) = match wish {
                Wish::Next(policy, length) => {
                    let block = choose(policy, self.0.iter().copied(), length)?;
                    (block, first_in(block, length)?)
                }
                Wish::Given(prefix) => (*self.0.iter().find(|block| block.contains(&prefix))?, prefix),
            };
            self.0.remove(&block);
            self.0.extend(remainder(block, prefix));
            Some(prefix)
        }
    }

    proptest! {
        /// What is read for a batch is enough for it: it takes what would have been taken one by one, and leaves the
        /// same blocks.
        #[test]
        fn a_batch_takes_what_single_requests_would(
            before in prop::collection::vec(wish(), 0..20), batch in prop::collection::vec(wish(), 0..20),
        ) {
            let mut whole = Whole(["10.0.0.0/24".parse().unwrap()].into());
            for wish in before {
                whole.take(wish);
            }
            let store = whole.0.clone();
            let mut blocks = FreeBlocks::default();
            for wish in &batch {
                match wish {
                    // As many of the best fitting as there are wishes.
                    Wish::Next(Policy::BestFit, length) => {
                        let mut fitting: Vec<_> =
                            store.iter().filter(|block| block.prefix_len() <= *length).collect();
                        fitting.sort_by_key(|block| (std::cmp::Reverse(block.prefix_len()), block.network()));
                        fitting.iter().take(batch.len()).for_each(|block| blocks.learn(**block));
                    }
                    // As many of the lowest of every length.
                    Wish::Next(_, longest) => {
                        for length in 24..=*longest {
                            let same = store.iter().filter(|block| block.prefix_len() == length);
                            same.take(batch.len()).for_each(|block| blocks.learn(*block));
                        }
                    }
                    Wish::Given(prefix) => {
                        store.iter().filter(|block| block.contains(prefix)).for_each(|block| blocks.learn(*block));
                    }
                }
            }
            for wish in batch {
                let taken = match wish {
                    Wish::Next(policy, length) => blocks.take_next(policy, length),
                    Wish::Given(prefix) => blocks.take(prefix).then_some(prefix),
                };
                prop_assert_eq!(taken, whole.take(wish), "{:?}", wish);
            }
            let left: BTreeSet<IpNet> =
                store.difference(blocks.gone()).chain(blocks.new_ones()).copied().collect();
            prop_assert_eq!(left, whole.0);
        }
    }
}
