//! Sums along a fixed binary tree.
//!
//! The terms are leaves, numbered from 0. Node i of a level is the sum of the nodes 2i and 2i + 1 of the level below. If
//! the number of leaves is no power of two, some nodes at the end have no partner; they are added from the last to the
//! first. This is the recursion that splits a range at the largest power of two below its length.
//!
//! So the order of the additions depends on the number of leaves alone. Whoever has the sums of some nodes can add them
//! to those of others, in any order: the result has the same bits.
//!
//! # Rounding
//! A sum of n leaves takes at most ⌈log₂ n⌉ + 1 additions one after another, so its error is at most (⌈log₂ n⌉ + 1) ε/2
//! Σ|x| to first order. In a plain sum it is (n - 1) ε/2 Σ|x|. (Higham, "Accuracy and Stability of Numerical
//! Algorithms", 2002, section 4.2.)

use std::ops::{AddAssign, Range};
use std::sync::{Mutex, PoisonError};

use num_traits::Zero;

use super::exchange::{Exchange, gather};
use super::rows::ByRows;
use super::tasks::{for_each, resized};
use super::wire::{Wire, decoded};
use crate::error::Error;

/// A partial sum, to which that of the leaves that follow can be added.
pub(crate) trait Sum {
    /// Adds the sum of the leaves that follow.
    fn add(&mut self, next: &Self);
}

impl Sum for () {
    fn add(&mut self, (): &Self) {}
}

impl Sum for f64 {
    fn add(&mut self, next: &Self) {
        *self += next;
    }
}

impl<T: AddAssign + Copy> Sum for Vec<T> {
    fn add(&mut self, next: &Self) {
        debug_assert_eq!(self.len(), next.len());
        self.iter_mut().zip(next).for_each(|(sum, &next)| *sum += next);
    }
}

impl<A: Sum, B: Sum> Sum for (A, B) {
    fn add(&mut self, next: &Self) {
        self.0.add(&next.0);
        self.1.add(&next.1);
    }
}

/// Returns an empty sum of `size` entries, in the memory of an old one if there is one.
pub(crate) fn zeros<T: Clone + Zero>(old: Option<Vec<T>>, size: usize) -> Vec<T> {
    let mut zeros = old.unwrap_or_default();
    zeros.clear();
    zeros.resize(size, T::zero());
    zeros
}

/// The sum of the leaves below one node.
#[derive(Debug)]
struct Node<A> {
    /// The leaves have level 0.
    level: u32,
    /// The place among the nodes of the level.
    index: usize,
    sum: A,
}

impl<A> Node<A> {
    /// The first leaf below the node.
    fn first(&self) -> usize {
        self.index << self.level
    }
}

/// Sums of some leaves, in order: nodes without a partner among them.
#[derive(Debug)]
pub(crate) struct Tree<A> {
    nodes: Vec<Node<A>>,
    /// Sums that are no longer needed, for reuse of their memory.
    spare: Vec<A>,
}

impl<A> Default for Tree<A> {
    fn default() -> Self {
        Tree { nodes: Vec::new(), spare: Vec::new() }
    }
}

impl<A: Sum> Tree<A> {
    /// Adds a leaf.
    pub(crate) fn insert(&mut self, leaf: usize, sum: A) {
        self.join(Node { level: 0, index: leaf, sum });
    }

    /// Adds the leaves of another tree. No leaf may be in both.
    fn append(&mut self, other: &mut Self) {
        other.nodes.drain(..).for_each(|node| self.join(node));
    }

    /// Adds a node, joins it with its partner if that is there, and so on.
    fn join(&mut self, mut node: Node<A>) {
        let mut at = self.nodes.partition_point(|other| other.first() < node.first());
        loop {
            let is_partner = |other: &Node<A>| other.level == node.level && other.index == node.index ^ 1;
            let (mut left, right);
            if node.index % 2 == 1 && at > 0 && is_partner(&self.nodes[at - 1]) {
                at -= 1;
                (left, right) = (self.nodes.remove(at).sum, node.sum);
            } else if node.index.is_multiple_of(2) && self.nodes.get(at).is_some_and(is_partner) {
                (left, right) = (node.sum, self.nodes.remove(at).sum);
            } else {
                return self.nodes.insert(at, node);
            }
            left.add(&right);
            self.spare.push(right);
            node = Node { level: node.level + 1, index: node.index / 2, sum: left };
        }
    }

    /// Takes the sum of all leaves, which must be there from the first to the last; `None` if there are none.
    pub(crate) fn total(&mut self) -> Option<A> {
        let mut total = self.nodes.pop()?.sum;
        while let Some(mut node) = self.nodes.pop() {
            node.sum.add(&total);
            self.spare.push(std::mem::replace(&mut total, node.sum));
        }
        Some(total)
    }
}

impl<A: Sum + Wire> Tally<A> {
    /// Replaces the leaves by those of all ranks; see [`Tree::exchange`].
    pub(crate) fn exchange(
        &mut self,
        exchange: &dyn Exchange,
        leaves: usize,
        failed: Option<&Error>,
    ) -> Result<(), Error> {
        self.whole.exchange(exchange, leaves, failed)
    }
}

impl<A: Sum + Wire> Tree<A> {
    /// Replaces the nodes by those of all ranks, so that the total is the sum over all leaves, with the bits of
    /// one rank.
    ///
    /// Each rank has a range of `all` leaves, in order of rank. It may be empty. All ranks have sums of the same
    /// shape. If this rank has `failed`, it says so to the others.
    ///
    /// # Errors
    /// Returns the own failure, that of another rank, the error of the exchange, and an error if a rank did not send the
    /// leaves that follow.
    pub(crate) fn exchange(
        &mut self,
        exchange: &dyn Exchange,
        all: usize,
        failed: Option<&Error>,
    ) -> Result<(), Error> {
        let messages = gather(exchange, failed, |own| self.write(own))?;
        self.spare.extend(self.nodes.drain(..).map(|node| node.sum));
        let mut leaves = 0;
        for (rank, message) in messages.into_iter().enumerate() {
            let nodes: Option<Vec<(usize, usize, A)>> = decoded(&message);
            let joined = nodes.and_then(|nodes| {
                nodes.into_iter().try_for_each(|(level, index, sum)| {
                    let size = 1usize.checked_shl(u32::try_from(level).ok()?)?;
                    (index.checked_mul(size)? == leaves).then_some(())?;
                    leaves = leaves.checked_add(size)?;
                    self.join(Node { level: level as u32, index, sum });
                    Some(())
                })
            });
            joined.ok_or(Error::RankMessage { rank, reader: exchange.rank() })?;
        }
        let last = exchange.ranks().saturating_sub(1);
        if leaves == all { Ok(()) } else { Err(Error::RankMessage { rank: last, reader: exchange.rank() }) }
    }

    /// Writes the nodes.
    fn write(&self, own: &mut Vec<u8>) {
        self.nodes.len().write(own);
        for Node { level, index, sum } in &self.nodes {
            (*level as usize).write(own);
            index.write(own);
            sum.write(own);
        }
    }
}

/// Sums over leaves on any number of threads, with memory that is reused.
#[derive(Debug)]
pub(crate) struct Tally<A> {
    whole: Tree<A>,
    of_workers: Vec<Tree<A>>,
}

impl<A> Default for Tally<A> {
    fn default() -> Self {
        Tally { whole: Tree::default(), of_workers: Vec::new() }
    }
}

/// The number of pieces for each worker: a thread that is held up leaves the rest of its pieces to the others.
const PIECES: usize = 16;

impl<A: Sum + Send> Tally<A> {
    /// Returns the sum over leaves of `size` rows each; the last may be smaller.
    ///
    /// `zero` makes an empty sum, of an old one if there is one. `each` adds the rows of a leaf to an empty sum; it also
    /// gets what `sides` has for these rows.
    pub(crate) fn over<W: Send, P: ByRows>(
        &mut self,
        workers: &mut [W],
        (rows, size): (usize, usize),
        sides: P,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&mut W, Range<usize>, &mut A, P) + Sync,
    ) -> A {
        let leaves = rows.div_ceil(size.max(1));
        // Whole subtrees, so that there is one sum for each piece.
        let piece = (leaves / (workers.len() * PIECES)).max(1);
        let piece = if workers.len() == 1 { leaves } else { 1 << piece.ilog2() };
        let pieces = super::rows::parts(rows, piece * size, sides).map(|(range, sides)| (range, (), sides));
        self.over_pieces(workers, size, pieces, &zero, |worker, leaf, (), sum, sides| {
            each(worker, leaf, sum, sides);
        });
        self.total(zero)
    }

    /// Adds the leaves of pieces of rows. Pieces begin where leaves begin, and are dropped when their leaves are added.
    ///
    /// `each` also gets the piece of the leaf.
    pub(crate) fn over_pieces<W: Send, X: Send, P: ByRows>(
        &mut self,
        workers: &mut [W],
        size: usize,
        pieces: impl Iterator<Item = (Range<usize>, X, P)> + Send,
        zero: &(impl Fn(Option<A>) -> A + Sync),
        each: impl Fn(&mut W, Range<usize>, &X, &mut A, P) + Sync,
    ) {
        let Self { whole, of_workers } = self;
        resized(of_workers, workers.len(), Tree::default);
        let mut workers: Vec<_> = workers.iter_mut().zip(of_workers).collect();
        let shared = Mutex::new(whole);
        for_each(&mut workers, pieces, |(worker, tree), (range, piece, sides)| {
            for (leaf, sides) in super::rows::parts(range.len(), size, sides) {
                let leaf = range.start + leaf.start..range.start + leaf.end;
                let index = leaf.start / size;
                let mut sum = zero(tree.spare.pop());
                each(worker, leaf, &piece, &mut sum, sides);
                tree.insert(index, sum);
            }
            drop(piece);
            let mut whole = shared.lock().unwrap_or_else(PoisonError::into_inner);
            whole.append(tree);
            // What the joined pieces leave over serves for the next leaves.
            tree.spare.append(&mut whole.spare);
        });
    }

    /// Takes the sum of the leaves that were added.
    pub(crate) fn total(&mut self, zero: impl Fn(Option<A>) -> A) -> A {
        let total = self.whole.total().unwrap_or_else(|| zero(None));
        if let Some(tree) = self.of_workers.first_mut() {
            tree.spare.append(&mut self.whole.spare);
        }
        total
    }

    /// Keeps the memory of a sum for the next one.
    pub(crate) fn give_back(&mut self, sum: A) {
        resized(&mut self.of_workers, 1, Tree::default)[0].spare.push(sum);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parallel::{ranks, with_threads};
    use crate::rng::Rng;

    /// The sum by recursion: split at the largest power of two below the number of leaves.
    fn recursive(leaves: &[f64]) -> f64 {
        match leaves {
            [] => 0.0,
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                recursive(left) + recursive(right)
            }
        }
    }

    fn numbers(count: usize, seed: u64) -> Vec<f64> {
        let mut rng = Rng::new(seed);
        (0..count).map(|_| rng.standard_normal() * 10f64.powf(rng.uniform(-8.0, 8.0))).collect()
    }

    proptest! {
        /// In whatever order the leaves come, and however they are collected before.
        #[test]
        fn sums_do_not_depend_on_the_order(count in 1usize..300, groups in 1usize..9, seed: u64) {
            let leaves = numbers(count, seed);
            let mut rng = Rng::new(seed);
            let mut order: Vec<usize> = (0..count).collect();
            rng.shuffle(&mut order);
            let mut trees: Vec<Tree<f64>> = (0..groups).map(|_| Tree::default()).collect();
            order.into_iter().for_each(|leaf| trees[rng.below(groups)].insert(leaf, leaves[leaf]));
            let mut whole = Tree::default();
            trees.iter_mut().for_each(|tree| whole.append(tree));
            prop_assert_eq!(whole.total(), Some(recursive(&leaves)));
            prop_assert!(whole.total().is_none());
        }

        /// Rows that are no multiple of a leaf, any number of threads, and values for each row on the side.
        #[test]
        fn any_number_of_threads_has_the_same_bits(rows in 0usize..2000, size in 1usize..40, seed: u64) {
            let terms = numbers(rows, seed);
            let leaves: Vec<f64> = terms.chunks(size).map(|leaf| leaf.iter().sum()).collect();
            for threads in [1, 2, 3, 4, 8] {
                let mut doubled = vec![0.0; 2 * rows];
                let mut tally = Tally::default();
                let sum = |tally: &mut Tally<f64>, doubled: &mut [f64]| {
                    let sides = super::super::Entries::new(doubled, 2);
                    with_threads(threads, || {
                        tally.over(&mut vec![(); threads], (rows, size), sides, |_| 0.0, |(), range, sum, out| {
                            *sum += terms[range.clone()].iter().sum::<f64>();
                            for (out, term) in out.into_slice().chunks_exact_mut(2).zip(&terms[range]) {
                                out.fill(2.0 * term);
                            }
                        })
                    })
                };
                let (first, again) = (sum(&mut tally, &mut doubled), sum(&mut tally, &mut doubled));
                prop_assert_eq!(first.to_bits(), recursive(&leaves).to_bits());
                prop_assert_eq!(first.to_bits(), again.to_bits());
                let wanted: Vec<f64> = terms.iter().flat_map(|t| [2.0 * t; 2]).collect();
                prop_assert_eq!(&doubled, &wanted);
            }
        }

        /// The bound of the module's page, with the exact sum of numbers of few digits.
        #[test]
        fn errors_are_within_the_bound(count in 1usize..5000, seed: u64) {
            let mut rng = Rng::new(seed);
            let whole: Vec<i64> = (0..count).map(|_| rng.below(1 << 50) as i64 - (1 << 49)).collect();
            let exact: i128 = whole.iter().map(|&n| i128::from(n)).sum();
            let size: i128 = whole.iter().map(|&n| i128::from(n.abs())).sum();
            let mut tree = Tree::default();
            whole.iter().enumerate().for_each(|(leaf, &n)| tree.insert(leaf, n as f64));
            let sum = tree.total().unwrap();
            let depth = f64::from(count.next_power_of_two().ilog2()) + 1.0;
            let error = (sum as i128 - exact).unsigned_abs() as f64;
            prop_assert!(error <= depth * f64::EPSILON / 2.0 * size as f64, "{error} of {size}");
        }
    }

    fn tree(leaves: &[f64], range: Range<usize>) -> Tree<(f64, Vec<f32>)> {
        let mut tree = Tree::default();
        range.for_each(|leaf| tree.insert(leaf, (leaves[leaf], vec![leaves[leaf] as f32; 2])));
        tree
    }

    proptest! {
        /// Wherever the leaves are cut, and if ranks have none.
        #[test]
        fn ranks_have_the_bits_of_one(
            count in 0usize..300, seed: u64,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        ) {
            let leaves = numbers(count, seed);
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(count + 1)).chain([count]).collect();
            ends.sort_unstable();
            let wanted = tree(&leaves, 0..count).total();
            let totals = ranks(ends.len(), |own| {
                let first = own.rank().checked_sub(1).map_or(0, |before| ends[before]);
                let mut tree = tree(&leaves, first..ends[own.rank()]);
                tree.exchange(own, count, None).map(|()| (tree.total(), tree.total()))
            });
            prop_assert_eq!(totals.unwrap(), vec![Ok((wanted, None)); ends.len()]);
        }
    }

    /// Sends the same messages to every rank, whatever they send.
    struct Fixed(Vec<Vec<u8>>);

    impl Exchange for Fixed {
        fn rank(&self) -> usize {
            1
        }

        fn ranks(&self) -> usize {
            2
        }

        fn gather(&self, _: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn messages_that_are_not_the_next_leaves_are_errors() {
        let message = |nodes: &[(usize, usize, f64)]| {
            let mut bytes = Vec::new();
            nodes.to_vec().write(&mut bytes);
            bytes.push(0);
            bytes
        };
        let joined = |first: &[_], second: Vec<u8>, all: usize| {
            let mut tree = Tree::default();
            tree.insert(0, 7.0);
            tree.exchange(&Fixed(vec![message(first), second]), all, None).map(|()| tree.total())
        };
        let first = [(1, 0, 3.0), (0, 2, 4.0)];
        assert_eq!(joined(&first, message(&[(0, 3, 1.0), (0, 4, 5.0)]), 5), Ok(Some(13.0)));
        assert_eq!(joined(&[], message(&[]), 0), Ok(None));
        for wrong in [
            message(&[]),
            message(&[(0, 4, 1.0)]),
            message(&[(0, 2, 1.0)]),
            message(&[(0, 3, 1.0), (0, 3, 1.0)]),
            message(&[(64, 0, 1.0)]),
            message(&[(usize::MAX, 0, 1.0)]),
            message(&[(1, usize::MAX, 1.0)]),
            message(&[])[1..].to_vec(),
            b"hello".to_vec(),
        ] {
            let error = joined(&first, wrong, 4).unwrap_err();
            assert_eq!(
                error.to_string(),
                "rank 1 sent a message that rank 1 does not understand: run the same version of the program, \
                 with the same settings, on all ranks"
            );
        }
        let error = Tree::<f64>::default().exchange(&Fixed(vec![vec![0]]), 0, None).unwrap_err();
        assert_eq!(error.to_string(), "`gather` has 1 message, expected 2");
    }

    /// In order on one thread, a tree holds one sum for each level.
    #[test]
    fn few_sums_are_held() {
        let mut tree = Tree::default();
        for leaf in 0..1000 {
            tree.insert(leaf, vec![1.0; 3]);
            assert!(tree.nodes.len() <= 10);
            tree.spare.clear();
        }
        assert_eq!(tree.total(), Some(vec![1000.0; 3]));
    }
}
