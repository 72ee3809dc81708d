//! Free numbers as ranges: the rule for addresses and AS numbers.
//!
//! What is free is kept as the fewest ranges that cover it. Taking the lowest number, taking a given one and giving
//! one back touch one or two of them, so the cost depends on how many ranges there are (its logarithm) and not on
//! how much is taken. The store keeps the ranges in an indexed table; the rules are here.

use std::collections::BTreeMap;

/// A set of numbers, as the fewest ranges that hold them: disjoint, ascending, never touching.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeSet {
    /// First to last, both included.
    ranges: BTreeMap<u128, u128>,
}

impl FromIterator<(u128, u128)> for RangeSet {
    fn from_iter<I: IntoIterator<Item = (u128, u128)>>(ranges: I) -> Self {
        let mut set = Self::default();
        for (first, last) in ranges {
            set.insert(first, last);
        }
        set
    }
}

impl RangeSet {
    /// Adds every number from `first` to `last`; those that are there stay.
    pub fn insert(&mut self, first: u128, last: u128) {
        self.change(first, last, true, &mut |_, _| {});
    }

    /// Takes every number from `first` to `last` out; those that are not there do no harm.
    pub fn remove(&mut self, first: u128, last: u128) {
        self.change(first, last, false, &mut |_, _| {});
    }

    /// The range a number is in.
    #[must_use]
    pub fn around(&self, number: u128) -> Option<(u128, u128)> {
        let (first, last) = self.ranges.range(..=number).next_back()?;
        (number <= *last).then_some((*first, *last))
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u128) -> bool {
        self.around(number).is_some()
    }

    /// The lowest number of the set that is not below `number`.
    #[must_use]
    pub fn next_from(&self, number: u128) -> Option<u128> {
        if self.contains(number) {
            return Some(number);
        }
        self.ranges.range(number..).next().map(|(first, _)| *first)
    }

    /// The lowest number of the set.
    #[must_use]
    pub fn first(&self) -> Option<u128> {
        self.ranges.first_key_value().map(|(first, _)| *first)
    }

    /// The ranges, ascending, both ends included.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u128, u128)> + '_ {
        self.ranges.iter().map(|(first, last)| (*first, *last))
    }

    /// How many ranges there are.
    #[must_use]
    pub fn ranges(&self) -> usize {
        self.ranges.len()
    }

    /// How many numbers there are; `u128::MAX` also when it is one more.
    #[must_use]
    pub fn count(&self) -> u128 {
        self.iter().fold(0, |sum: u128, (first, last)| sum.saturating_add((last - first).saturating_add(1)))
    }

    /// Whether there is no number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds or removes a span and tells `note` of every range that changes: where it begins, and where it ended before.
    fn change(&mut self, first: u128, last: u128, add: bool, note: &mut dyn FnMut(u128, Option<u128>)) {
        if last < first {
            return;
        }
        // Everything that overlaps the span, and when adding what touches it, makes way for what is left of it.
        let (mut low, mut high) = (first, last);
        let (reach_low, reach_high) =
            if add { (first.saturating_sub(1), last.saturating_add(1)) } else { (first, last) };
        let from = self.ranges.range(..=reach_high).rev();
        let hit: Vec<_> = from.take_while(|(_, end)| **end >= reach_low).map(|(a, b)| (*a, *b)).collect();
        for (start, end) in &hit {
            note(*start, Some(*end));
            self.ranges.remove(start);
            (low, high) = (low.min(*start), high.max(*end));
        }
        let mut put = |start: u128, end: u128| {
            if !hit.iter().any(|(known, _)| *known == start) {
                note(start, None);
            }
            self.ranges.insert(start, end);
        };
        if add {
            put(low, high);
        } else {
            if low < first {
                put(low, first - 1);
            }
            if last < high {
                put(last + 1, high);
            }
        }
    }
}

/// What became of the ranges of a [`FreeRanges`] since it was settled, for an index that keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeChanges {
    /// Ranges that are no more, by their first number.
    pub gone: Vec<u128>,
    /// Ranges that begin where one did before and end elsewhere.
    pub moved: Vec<(u128, u128)>,
    /// Ranges that begin where none did.
    pub new: Vec<(u128, u128)>,
}

/// Free numbers, with what changed since the last [`FreeRanges::settle`].
#[derive(Debug, Clone, Default)]
pub struct FreeRanges {
    set: RangeSet,
    /// Where the ranges that changed ended before; `None`: there was none.
    before: BTreeMap<u128, Option<u128>>,
}

impl FreeRanges {
    /// Free is what is in the set; nothing has changed.
    #[must_use]
    pub const fn new(set: RangeSet) -> Self {
        Self { set, before: BTreeMap::new() }
    }

    /// What is free now.
    #[must_use]
    pub const fn set(&self) -> &RangeSet {
        &self.set
    }

    /// Takes the lowest free number that `spared` does not hold.
    pub fn take_lowest(&mut self, spared: &RangeSet) -> Option<u128> {
        let mut number = self.set.first()?;
        while let Some((_, last)) = spared.around(number) {
            number = self.set.next_from(last.checked_add(1)?)?;
        }
        self.change(number, false);
        Some(number)
    }

    /// Takes this number; `false` when it is not free.
    pub fn take(&mut self, number: u128) -> bool {
        let free = self.set.contains(number);
        if free {
            self.change(number, false);
        }
        free
    }

    /// Gives a number back; `false` when it is free already.
    pub fn give(&mut self, number: u128) -> bool {
        let taken = !self.set.contains(number);
        if taken {
            self.change(number, true);
        }
        taken
    }

    fn change(&mut self, number: u128, add: bool) {
        let before = &mut self.before;
        self.set.change(number, number, add, &mut |first, last| {
            before.entry(first).or_insert(last);
        });
    }

    /// Adds what is known to be free elsewhere, and unchanged: a part of the index that was not read before.
    pub fn learn(&mut self, first: u128, last: u128) {
        self.set.insert(first, last);
    }

    /// What has changed since the last settling.
    #[must_use]
    pub fn changes(&self) -> RangeChanges {
        let mut changes = RangeChanges::default();
        for (&first, &before) in &self.before {
            match (before, self.set.ranges.get(&first).copied()) {
                (Some(_), None) => changes.gone.push(first),
                (Some(then), Some(now)) if then != now => changes.moved.push((first, now)),
                (None, Some(now)) => changes.new.push((first, now)),
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        changes
    }

    /// Where the lowest range begins now, when all that changed is that numbers were taken from its beginning and some
    /// of it is left. It is what most changes are, and an index can note it without touching its ranges.
    #[must_use]
    pub fn advanced(&self) -> Option<u128> {
        let mut before = self.before.iter();
        let ((_, last), (&first, None), None) = (before.next()?, before.next()?, before.next()) else {
            return None;
        };
        let (lowest, now) = self.set.ranges.first_key_value()?;
        (*lowest == first && *last == Some(*now)).then_some(first)
    }

    /// The changes are kept.
    pub fn settle(&mut self) {
        self.before.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(ranges: &[(u128, u128)]) -> RangeSet {
        ranges.iter().copied().collect()
    }

    #[test]
    fn ranges_merge_and_split() {
        let mut free = set(&[(10, 20), (30, 40)]);
        free.insert(21, 29);
        assert_eq!(free, set(&[(10, 40)]));
        free.remove(15, 15);
        assert_eq!(free.iter().collect::<Vec<_>>(), [(10, 14), (16, 40)]);
        free.remove(0, 12);
        assert_eq!((free.first(), free.next_from(15), free.count()), (Some(13), Some(16), 27));
    }

    #[test]
    fn the_ends_of_the_number_space_are_safe() {
        let mut free = set(&[(0, u128::MAX)]);
        assert_eq!(free.count(), u128::MAX);
        free.remove(0, 0);
        free.remove(u128::MAX, u128::MAX);
        assert_eq!(free.iter().collect::<Vec<_>>(), [(1, u128::MAX - 1)]);
        free.insert(u128::MAX, u128::MAX);
        free.insert(0, 0);
        assert_eq!(free, set(&[(0, u128::MAX)]));
    }

    #[test]
    fn what_is_spared_is_passed_over() {
        let mut free = FreeRanges::new(set(&[(10, 12), (20, 21)]));
        let spared = set(&[(10, 10), (12, 20)]);
        assert_eq!(free.take_lowest(&spared), Some(11));
        assert_eq!(free.take_lowest(&spared), Some(21));
        assert_eq!(free.take_lowest(&spared), None);
        assert_eq!(free.take_lowest(&RangeSet::default()), Some(10));
    }

    #[derive(Debug, Clone)]
    enum Op {
        Lowest,
        Take(u8),
        Give(u8),
        Settle,
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            3 => Just(Op::Lowest),
            2 => any::<u8>().prop_map(Op::Take),
            3 => any::<u8>().prop_map(Op::Give),
            1 => Just(Op::Settle),
        ];
        prop::collection::vec(op, 0..120)
    }

    proptest! {
        /// The naive model is a set of numbers. An index that follows the changes is always the set, and the ranges
        /// are always the fewest.
        #[test]
        fn agrees_with_a_set_of_numbers(ops in ops(), spared in prop::collection::btree_set(any::<u8>(), 0..20)) {
            let mut free = FreeRanges::new(set(&[(0, 255)]));
            let mut model: BTreeSet<u128> = (0..=255).collect();
            let mut index: BTreeMap<u128, u128> = free.set().iter().collect();
            let spared: BTreeSet<u128> = spared.into_iter().map(u128::from).collect();
            let spared_set: RangeSet = spared.iter().map(|n| (*n, *n)).collect();
            for op in ops {
                match op {
                    Op::Lowest => {
                        let lowest = model.iter().find(|n| !spared.contains(n)).copied();
                        prop_assert_eq!(free.take_lowest(&spared_set), lowest);
                        if let Some(lowest) = lowest {
                            model.remove(&lowest);
                        }
                    }
                    Op::Take(n) => prop_assert_eq!(free.take(n.into()), model.remove(&n.into())),
                    Op::Give(n) => prop_assert_eq!(free.give(n.into()), model.insert(n.into())),
                    Op::Settle => {
                        let changes = free.changes();
                        if let Some(first) = free.advanced() {
                            let (&began, &last) = index.first_key_value().expect("a lowest range");
                            prop_assert!(began < first && first <= last);
                            let mut cut = index.clone();
                            cut.remove(&began);
                            cut.insert(first, last);
                            prop_assert_eq!(&cut, &free.set.ranges);
                        }
                        for first in changes.gone {
                            prop_assert!(index.remove(&first).is_some());
                        }
                        for (first, last) in changes.moved {
                            prop_assert!(index.insert(first, last).is_some());
                        }
                        for (first, last) in changes.new {
                            prop_assert!(index.insert(first, last).is_none());
                        }
                        free.settle();
                        prop_assert_eq!(&index, &free.set.ranges);
                        let naive: RangeSet = model.iter().map(|n| (*n, *n)).collect();
                        prop_assert_eq!(free.set(), &naive);
                    }
                }
                prop_assert_eq!(free.set().count(), model.len() as u128);
                let ranges: Vec<_> = free.set().iter().collect();
                prop_assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ranges touch: {:?}", ranges);
            }
            for n in 0..=255 {
                free.give(n);
            }
            prop_assert_eq!(free.set(), &set(&[(0, 255)]));
        }
    }
}
