//! Free space as aligned blocks: the buddy rule for prefixes.
//!
//! A pool's free space is kept as the fewest aligned blocks that cover it. Taking a prefix splits one
//! block into at most 32 (IPv4) or 128 (IPv6) smaller ones, releasing it merges buddies back, so the
//! cost of an allocation depends on the length of an address and not on how much is allocated. The
//! store keeps the blocks in an indexed table; the rules are here.

use ipnet::IpNet;

use crate::{
    pool::Policy,
    prefix::{address_from_number, address_number},
};

/// The free block that a prefix of this length is taken from, by the policy. `lowest` has of every block
/// length the block of lowest address (other blocks do no harm); the prefix is [`first_in`] it. `None`
/// when none is large enough.
#[must_use]
pub fn choose(policy: Policy, lowest: impl IntoIterator<Item = IpNet>, length: u8) -> Option<IpNet> {
    let fitting = lowest.into_iter().filter(|block| block.prefix_len() <= length);
    match policy {
        Policy::BestFit | Policy::ByVlan => {
            fitting.min_by_key(|block| (std::cmp::Reverse(block.prefix_len()), block.network()))
        }
        Policy::FirstFit => fitting.min_by_key(IpNet::network),
        Policy::Sparse => fitting.min_by_key(|block| (block.prefix_len(), block.network())),
    }
}

/// What is left of `block` when `taken`, a prefix inside it, is cut out: smallest blocks last.
#[must_use]
pub fn remainder(block: IpNet, taken: IpNet) -> Vec<IpNet> {
    debug_assert!(block.contains(&taken), "{taken} is not in {block}");
    let mut left = Vec::new();
    let mut piece = taken;
    while piece.prefix_len() > block.prefix_len() {
        left.extend(buddy(piece));
        piece = parent(piece);
    }
    left.reverse();
    left
}

/// The fewest aligned blocks that cover what `occupied` (ascending, without overlaps) leaves of `block`,
/// ascending.
#[must_use]
pub fn gaps(block: IpNet, occupied: &[IpNet]) -> Vec<IpNet> {
    let mut free = Vec::new();
    fill(block, occupied, &mut free);
    free
}

fn fill(block: IpNet, occupied: &[IpNet], free: &mut Vec<IpNet>) {
    let Some(first) = occupied.first() else {
        free.push(block);
        return;
    };
    if first.contains(&block) {
        return;
    }
    let Ok(halves) = block.subnets(block.prefix_len() + 1) else { return };
    for half in halves {
        let from = occupied.partition_point(|prefix| prefix.broadcast() < half.network());
        let to = occupied.partition_point(|prefix| prefix.network() <= half.broadcast());
        fill(half, &occupied[from..to.max(from)], free);
    }
}

/// The block of a length whose number in the pool is `number`, counted from 0; `None` when the pool has not
/// that many.
#[must_use]
pub fn numbered(pool: IpNet, length: u8, number: u16) -> Option<IpNet> {
    let bits = length.checked_sub(pool.prefix_len())?;
    if length > pool.max_prefix_len() || (bits < 16 && number >> bits != 0) {
        return None;
    }
    let offset = u128::from(number).checked_shl((pool.max_prefix_len() - length).into())?;
    let address = address_from_number(address_number(pool.network()).checked_add(offset)?, pool.network())?;
    IpNet::new(address, length).ok()
}

/// The first prefix of a length in a block that is at least as large.
#[must_use]
pub fn first_in(block: IpNet, length: u8) -> Option<IpNet> {
    if length < block.prefix_len() {
        return None;
    }
    IpNet::new(block.network(), length).ok()
}

/// The other half of the prefix one bit shorter; `None` for a whole address family.
#[must_use]
pub fn buddy(prefix: IpNet) -> Option<IpNet> {
    if prefix.prefix_len() == 0 {
        return None;
    }
    let bit = 1_u128 << (prefix.max_prefix_len() - prefix.prefix_len());
    let address = address_from_number(address_number(prefix.network()) ^ bit, prefix.network())?;
    IpNet::new(address, prefix.prefix_len()).ok()
}

/// The prefix one bit shorter; a whole address family is its own parent.
#[must_use]
pub fn parent(prefix: IpNet) -> IpNet {
    prefix.supernet().unwrap_or(prefix)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Free space in memory by the rules above, against which the naive model below is held.
    struct Free {
        pool: IpNet,
        blocks: BTreeSet<IpNet>,
    }

    impl Free {
        fn new(pool: IpNet) -> Self {
            Self { pool, blocks: [pool].into() }
        }

        fn take(&mut self, policy: Policy, length: u8) -> Option<IpNet> {
            let best = choose(policy, self.blocks.iter().copied(), length)?;
            let taken = first_in(best, length)?;
            self.blocks.remove(&best);
            self.blocks.extend(remainder(best, taken));
            Some(taken)
        }

        fn release(&mut self, mut prefix: IpNet) {
            while prefix != self.pool {
                match buddy(prefix) {
                    Some(other) if self.blocks.remove(&other) => prefix = parent(prefix),
                    _ => break,
                }
            }
            self.blocks.insert(prefix);
        }
    }

    fn taken(policy: Policy, lengths: &[u8]) -> Vec<String> {
        let mut free = Free::new("10.0.0.0/22".parse().unwrap());
        free.take(Policy::FirstFit, 26);
        lengths.iter().map(|length| free.take(policy, *length).unwrap().to_string()).collect()
    }

    #[test]
    fn policies() {
        assert_eq!(taken(Policy::BestFit, &[26, 24, 25]), ["10.0.0.64/26", "10.0.1.0/24", "10.0.0.128/25"]);
        assert_eq!(taken(Policy::FirstFit, &[27, 24, 25]), ["10.0.0.64/27", "10.0.1.0/24", "10.0.0.128/25"]);
        assert_eq!(taken(Policy::Sparse, &[26, 26, 26]), ["10.0.2.0/26", "10.0.1.0/26", "10.0.3.0/26"]);
        assert_eq!(choose(Policy::Sparse, [], 26), None);
    }

    fn gaps_of(block: &str, occupied: &[&str]) -> Vec<String> {
        let occupied: Vec<IpNet> = occupied.iter().map(|text| text.parse().unwrap()).collect();
        gaps(block.parse().unwrap(), &occupied).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn gaps_are_the_fewest_blocks() {
        assert_eq!(gaps_of("10.0.0.0/24", &[]), ["10.0.0.0/24"]);
        assert_eq!(gaps_of("10.0.0.0/24", &["10.0.0.64/26"]), ["10.0.0.0/26", "10.0.0.128/25"]);
        assert_eq!(gaps_of("10.0.0.0/30", &["10.0.0.0/32", "10.0.0.3/32"]), ["10.0.0.1/32", "10.0.0.2/32"]);
        assert_eq!(gaps_of("10.0.0.0/24", &["10.0.0.0/25", "10.0.0.128/25"]), [""; 0]);
        assert_eq!(gaps_of("10.0.0.0/24", &["10.0.0.0/16"]), [""; 0]);
        assert_eq!(gaps_of("::/127", &["::1/128"]), ["::/128"]);
    }

    #[test]
    fn blocks_have_numbers() {
        let number = |pool: &str, length, number| {
            numbered(pool.parse().unwrap(), length, number).map(|block| block.to_string())
        };
        assert_eq!(number("172.16.0.0/16", 24, 150).as_deref(), Some("172.16.150.0/24"));
        assert_eq!(number("172.20.0.0/16", 24, 255).as_deref(), Some("172.20.255.0/24"));
        assert_eq!(number("172.20.0.0/16", 24, 256), None);
        assert_eq!(number("10.0.0.0/8", 24, 4094).as_deref(), Some("10.15.254.0/24"));
        assert_eq!(number("2001:db8::/48", 64, 150).as_deref(), Some("2001:db8:0:96::/64"));
        assert_eq!(number("10.0.0.0/24", 16, 0), None);
        assert_eq!(number("10.0.0.0/24", 33, 0), None);
    }

    #[test]
    fn cutting_a_slash_26_out_of_a_slash_24() {
        let left = remainder("10.0.0.0/24".parse().unwrap(), "10.0.0.64/26".parse().unwrap());
        let text: Vec<_> = left.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["10.0.0.128/25", "10.0.0.0/26"]);
    }

    #[derive(Debug, Clone)]
    enum Op {
        Take(u8),
        Release(prop::sample::Index),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            2 => (0_u8..=8).prop_map(Op::Take),
            1 => any::<prop::sample::Index>().prop_map(Op::Release),
        ];
        prop::collection::vec(op, 0..120)
    }

    proptest! {
        /// The naive model is a set of single addresses: nothing overlaps, a request is refused only
        /// when no aligned gap exists, and releasing everything restores the exact first state.
        #[test]
        fn agrees_with_a_set_of_addresses(
            ops in ops(), v6 in any::<bool>(), policy in prop::sample::select(Policy::ALL.to_vec()),
        ) {
            let (pool, top): (IpNet, u8) =
                if v6 { ("2001:db8::/120".parse().unwrap(), 120) } else { ("10.0.0.0/24".parse().unwrap(), 24) };
            let base = address_number(pool.network());
            let mut free = Free::new(pool);
            let mut used = BTreeSet::new();
            let mut held: Vec<IpNet> = Vec::new();
            let members = |p: &IpNet| {
                let first = address_number(p.network()) - base;
                first..first + (1_u128 << (p.max_prefix_len() - p.prefix_len()))
            };
            for op in ops {
                match op {
                    Op::Take(extra) => {
                        let size = 1_u128 << (8 - extra);
                        let gap = (0..256 / size).any(|i| (i * size..(i + 1) * size).all(|a| !used.contains(&a)));
                        let got = free.take(policy, top + extra);
                        prop_assert_eq!(got.is_some(), gap);
                        if let Some(prefix) = got {
                            for a in members(&prefix) {
                                prop_assert!(used.insert(a), "{} overlaps", prefix);
                            }
                            held.push(prefix);
                        }
                    }
                    Op::Release(index) if !held.is_empty() => {
                        let prefix = held.swap_remove(index.index(held.len()));
                        members(&prefix).for_each(|a| { used.remove(&a); });
                        free.release(prefix);
                    }
                    Op::Release(_) => {}
                }
            }
            for prefix in held.drain(..) {
                free.release(prefix);
            }
            prop_assert_eq!(free.blocks, BTreeSet::from([pool]));
        }
    }
}
