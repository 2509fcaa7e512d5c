//! Folds that keep groups together and balance classes.

use super::plain_folds::by_fold;
use super::split::Split;
use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct, encode};
use crate::rng::Rng;

/// The number of groups up to which pairs of groups are exchanged: each pass looks at all pairs.
const EXCHANGED: usize = 1000;
/// The most passes over all groups. A pass that changes nothing ends the search, usually after three or four.
const PASSES: usize = 100;

/// Splits rows into `k` folds so that all rows of a group are in the same fold, and the folds have similar
/// fractions of each class.
///
/// It minimises, summed over classes and folds, the squared share of the rows of the class that the fold has.
/// The groups with the largest shares are assigned first, each to the fold where the sum grows least. Then
/// groups are moved, and up to 1,000 groups also exchanged in pairs, as long as the sum falls. The minimum is
/// a local one. The folds cannot be even if groups are few or contain most rows of a class: check them, or
/// bring your own with [`Split::new`]. If all rows of a class are in one group, one training set lacks it.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] unless `k` is from 2 to the number of groups. Returns [`Error::Empty`]
/// if there are no labels, [`Error::OneClass`] if all labels are the same, [`Error::ShapeMismatch`] if there
/// is not one group per label, and [`Error::OutOfMemory`] if there is no memory for the splits.
///
/// # Examples
/// ```
/// use logit::select::stratified_group_k_fold;
///
/// let patient = ["a", "a", "b", "b", "c", "c", "d", "d"];
/// let ill = [true, true, false, false, true, true, false, false];
/// for split in stratified_group_k_fold(&ill, &patient, 2, 1)? {
///     assert_eq!(split.test.iter().filter(|&&row| ill[row]).count(), 2);
/// }
/// # Ok::<(), logit::Error>(())
/// ```
pub fn stratified_group_k_fold<L: Label, G: Label>(
    y: &[L],
    groups: &[G],
    k: usize,
    seed: u64,
) -> Result<Vec<Split>, Error> {
    let encoded = encode(y, |_| true)?;
    check::count("groups", "entries", y.len(), groups.len())?;
    let names = distinct(groups.iter());
    let possible = (2..=names.len()).contains(&k);
    check::parameter("k", k as f64, possible, "at least 2 and at most the number of groups")?;
    let classes = encoded.classes.len();
    check::room::<f64>("the shares of classes in groups", 2 * names.len(), classes)?;
    let mut sizes = vec![0.0; classes];
    encoded.indices.iter().for_each(|&class| sizes[class] += 1.0);
    let mut all = vec![Group { shares: vec![0.0; classes], rows: Vec::new(), fold: 0 }; names.len()];
    for (row, (group, &class)) in groups.iter().zip(&encoded.indices).enumerate() {
        let group = &mut all[names.binary_search(group).unwrap_or_default()];
        group.shares[class] += 1.0 / sizes[class];
        group.rows.push(row);
    }
    Rng::new(seed).shuffle(&mut all);
    all.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
    let mut folds = Folds { shares: vec![vec![0.0; classes]; k], rows: vec![0; k] };
    for group in &mut all {
        let growth = |fold: usize| folds.growth(&group.shares, fold);
        let best =
            (0..k).min_by(|&a, &b| growth(a).total_cmp(&growth(b)).then(folds.rows[a].cmp(&folds.rows[b])));
        group.fold = best.unwrap_or(0);
        folds.add(group, group.fold);
    }
    for _ in 0..PASSES {
        let moved = folds.move_groups(&mut all);
        let exchanged = all.len() <= EXCHANGED && folds.exchange_groups(&mut all);
        if !moved && !exchanged {
            break;
        }
    }
    let mut fold_of = vec![0; y.len()];
    all.iter().for_each(|group| group.rows.iter().for_each(|&row| fold_of[row] = group.fold));
    by_fold(&fold_of, k)
}

/// A group: its share of the rows of each class, its rows and its fold.
#[derive(Clone)]
struct Group {
    shares: Vec<f64>,
    rows: Vec<usize>,
    fold: usize,
}

impl Group {
    fn weight(&self) -> f64 {
        self.shares.iter().map(|share| share * share).sum()
    }
}

/// The share of each class and the number of rows of each fold.
struct Folds {
    shares: Vec<Vec<f64>>,
    rows: Vec<usize>,
}

impl Folds {
    /// Returns by how much the sum of squared shares grows with these shares in a fold.
    fn growth(&self, shares: &[f64], fold: usize) -> f64 {
        shares.iter().zip(&self.shares[fold]).map(|(new, old)| new * (new + 2.0 * old)).sum()
    }

    /// Returns the change of the sum of squared shares if the differences are taken from one fold to another.
    fn change(&self, taken: impl Iterator<Item = f64>, from: usize, to: usize) -> f64 {
        let pairs = self.shares[from].iter().zip(&self.shares[to]);
        2.0 * taken.zip(pairs).map(|(taken, (from, to))| taken * (taken + to - from)).sum::<f64>()
    }

    fn add(&mut self, group: &Group, fold: usize) {
        self.shares[fold].iter_mut().zip(&group.shares).for_each(|(sum, share)| *sum += share);
        self.rows[fold] += group.rows.len();
    }

    fn relocate(&mut self, group: &mut Group, to: usize) {
        let from = group.fold;
        self.shares[from].iter_mut().zip(&group.shares).for_each(|(sum, share)| *sum -= share);
        self.rows[from] -= group.rows.len();
        group.fold = to;
        self.add(group, to);
    }

    /// Moves each group to the fold that lowers the sum most. Returns whether a group moved.
    ///
    /// No fold becomes empty: moving its only group elsewhere never lowers the sum.
    fn move_groups(&mut self, groups: &mut [Group]) -> bool {
        let mut moved = false;
        for group in groups {
            let from = group.fold;
            let change = |to: usize| self.change(group.shares.iter().copied(), from, to);
            let changes = (0..self.rows.len()).filter(|&to| to != from).map(|to| (to, change(to)));
            let best = changes.min_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((to, change)) = best
                && lowers(change)
            {
                self.relocate(group, to);
                moved = true;
            }
        }
        moved
    }

    /// Exchanges pairs of groups of different folds if that lowers the sum. Returns whether it did.
    fn exchange_groups(&mut self, groups: &mut [Group]) -> bool {
        let mut exchanged = false;
        for first in 1..groups.len() {
            let (before, rest) = groups.split_at_mut(first);
            let one = &mut rest[0];
            for other in before {
                let (from, to) = (one.fold, other.fold);
                let taken = one.shares.iter().zip(&other.shares).map(|(one, other)| one - other);
                if from != to && lowers(self.change(taken, from, to)) {
                    self.relocate(one, to);
                    self.relocate(other, from);
                    exchanged = true;
                }
            }
        }
        exchanged
    }
}

/// Returns whether a change lowers the sum by more than rounding does.
fn lowers(change: f64) -> bool {
    change < -1e-9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::group_k_fold;

    /// Returns the sum, over classes and folds, of the squared share of the rows of the class.
    fn unevenness(splits: &[Split], y: &[usize]) -> f64 {
        let count = |rows: &[usize], class: usize| rows.iter().filter(|&&row| y[row] == class).count();
        let all: Vec<usize> = (0..y.len()).collect();
        let shares = (0..3).flat_map(|class| {
            let size = count(&all, class).max(1) as f64;
            splits.iter().map(move |split| count(&split.test, class) as f64 / size)
        });
        shares.map(|share| share * share).sum()
    }

    /// Up to eight groups of one to six rows, of three classes, and the number of groups.
    fn drawn(rng: &mut Rng) -> (Vec<usize>, Vec<usize>, usize) {
        let count = 4 + rng.below(5);
        let (mut y, mut groups) = (vec![0, 1, 2], vec![0, 1, 2]);
        for group in 0..count {
            for _ in 0..1 + rng.below(6) {
                y.push(if rng.below(3) == 0 { rng.below(3) } else { group % 3 });
                groups.push(group);
            }
        }
        (y, groups, count)
    }

    /// Returns the smallest unevenness of all assignments of groups to two folds.
    fn smallest(y: &[usize], groups: &[usize], count: usize) -> f64 {
        let assignments = (1..(1_usize << count) - 1).map(|bits| {
            let fold_of: Vec<usize> = groups.iter().map(|group| bits >> group & 1).collect();
            unevenness(&by_fold(&fold_of, 2).unwrap(), y)
        });
        assignments.fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn classes_are_nearly_as_even_as_they_can_be() {
        let mut rng = Rng::new(1);
        let (mut best, mut of_sizes) = (0, 0);
        for seed in 0..200 {
            let (y, groups, count) = drawn(&mut rng);
            let wanted = smallest(&y, &groups, count);
            let found = unevenness(&stratified_group_k_fold(&y, &groups, 2, seed).unwrap(), &y);
            assert!(found < 1.25 * wanted, "{found} for {wanted}: {y:?} {groups:?}");
            best += usize::from(found < wanted + 1e-9);
            let by_size = unevenness(&group_k_fold(&groups, 2, seed).unwrap(), &y);
            of_sizes += usize::from(by_size < wanted + 1e-9);
        }
        assert!(best >= 180 && of_sizes < 60, "{best} and {of_sizes} of 200");
    }

    #[test]
    fn groups_stay_together_and_no_fold_is_empty() {
        let mut rng = Rng::new(2);
        for seed in 0..200 {
            let (y, groups, count) = drawn(&mut rng);
            let k = 2 + rng.below(count - 1);
            let splits = stratified_group_k_fold(&y, &groups, k, seed).unwrap();
            assert_eq!(splits, stratified_group_k_fold(&y, &groups, k, seed).unwrap());
            assert!(splits.len() == k && splits.iter().all(|split| split.check().is_ok()));
            let mut fold_of = vec![None; count];
            for (fold, split) in splits.iter().enumerate() {
                for &row in &split.test {
                    assert_eq!(*fold_of[groups[row]].get_or_insert(fold), fold);
                }
            }
            assert_eq!(splits.iter().map(|split| split.test.len()).sum::<usize>(), y.len());
        }
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let split = |groups: &[u8], k| stratified_group_k_fold(&[0, 1, 0, 1], groups, k, 0);
        for k in [0, 1, 4, usize::MAX] {
            let error = split(&[1, 2, 3, 3], k).unwrap_err();
            assert!(matches!(error, Error::InvalidParameter { name: "k", .. }), "{k}: {error}");
        }
        assert!(matches!(split(&[1, 2], 2), Err(Error::ShapeMismatch { argument: "groups", .. })));
        let one_class = stratified_group_k_fold(&[1, 1], &[1, 2], 2, 0);
        assert!(matches!(one_class, Err(Error::OneClass { .. })));
    }
}
