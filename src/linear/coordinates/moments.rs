//! The range, mean and variance of every column, in one pass over blocks of rows.

use crate::linear::rows::{Chunk, TrainingRows};
use crate::parallel::wire::wire;
use crate::parallel::{Sum, Tally};
use crate::scalar::{Real, power_of_two, range, vectorize};

/// The moments of the columns of some rows. Rows without weight do not count, however large their entries.
///
/// # Formula
/// Two sets of rows with shares a and b of the weight, means μ and ν and variances S and T have together the mean
/// μ + b (ν - μ) and the variance a S + b T + ab (ν - μ)².
///
/// # Precision
/// A mean is kept as its distance from the entry of the heaviest row. So neither a large mean nor a row that outweighs
/// the others costs digits of the variance. Distances and variances have a power of two as their unit, which is about
/// as large as the range of the column. So nothing overflows, and what underflows is too small to matter.
///
/// # References
/// Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance".
#[derive(Debug, Clone, PartialEq)]
pub(in crate::linear) struct Moments {
    /// The sum of the weights of the rows; 0 if none counts.
    weight: f64,
    /// The weight of the heaviest row.
    heaviest: f64,
    columns: Vec<ColumnMoments>,
}

/// The moments of one column. All are zero if no row counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::linear) struct ColumnMoments {
    pub(in crate::linear) least: f64,
    pub(in crate::linear) most: f64,
    /// The entry of the heaviest row, the first of them if there are several.
    origin: f64,
    /// The inverse of the unit, which is a power of two between a quarter and a half of the range, if that is not
    /// subnormal; 0 if all entries are equal.
    inverse: f64,
    /// The mean minus the origin, in units.
    shift: f64,
    /// The variance, in squared units.
    variance: f64,
}

/// The number of operations for each entry: it is read twice.
const OPERATIONS: usize = 5;

impl Moments {
    /// Returns the moments of no rows, in the memory of old ones if there are some.
    pub(in crate::linear) fn none(old: Option<Self>, features: usize) -> Self {
        let mut columns = old.map(|old| old.columns).unwrap_or_default();
        columns.clear();
        columns.resize(features, ColumnMoments::default());
        Moments { weight: 0.0, heaviest: 0.0, columns }
    }

    /// Returns the moments of all rows. A leaf of the sum is a block of rows.
    pub(in crate::linear) fn of<T: Real>(rows: &TrainingRows<'_, T>) -> Self {
        let (size, features) = (rows.block(), rows.columns());
        let mut workers = vec![(); rows.workers(size, OPERATIONS * features)];
        let (tally, zero) = (&mut Tally::default(), |old| Moments::none(old, features));
        rows.sum(tally, &mut workers, (size, size), (), zero, |(), chunk, sum, ()| {
            sum.add_rows(chunk, chunk.weights());
        })
    }

    /// Adds the rows of a block, whose columns should fit in cache one by one.
    pub(in crate::linear) fn add_rows<T: Real, W: Real>(
        &mut self,
        rows: &Chunk<'_, T>,
        weights: Option<&[W]>,
    ) {
        self.add_columns(rows.len(), |j| rows.column(j), weights);
    }

    /// Adds rows with these columns.
    fn add_columns<'c, T: Real, W: Real>(
        &mut self,
        rows: usize,
        columns: impl Fn(usize) -> &'c [T],
        weights: Option<&[W]>,
    ) {
        let Some(block) = Weights::new(rows, weights) else { return };
        let joint = self.joint(block.sum, block.heaviest);
        let mut counted = Vec::new();
        for (j, moments) in self.columns.iter_mut().enumerate() {
            let entries = block.counted(columns(j), &mut counted);
            let own = ColumnMoments::of(entries, block.first, block.shares.as_deref());
            *moments = joint.map_or(own, |joint| moments.with(&own, joint));
        }
        self.count(block.sum, block.heaviest);
    }

    /// Returns the sum of the weights of the rows.
    pub(in crate::linear) fn weight(&self) -> f64 {
        self.weight
    }

    pub(in crate::linear) fn columns(&self) -> &[ColumnMoments] {
        &self.columns
    }

    /// Returns how these moments and those of rows with this sum of weights are joined; `None` if there are no rows yet.
    fn joint(&self, weight: f64, heaviest: f64) -> Option<Joint> {
        let total = total(self.weight, weight);
        let joint =
            Joint { own: self.weight / total, others: weight / total, heavier: heaviest > self.heaviest };
        (self.weight > 0.0).then_some(joint)
    }

    /// Adds the weight of other rows.
    fn count(&mut self, weight: f64, heaviest: f64) {
        self.weight = total(self.weight, weight);
        self.heaviest = self.heaviest.max(heaviest);
    }
}

wire!(ColumnMoments { least, most, origin, inverse, shift, variance });
wire!(Moments { weight, heaviest, columns });

impl Sum for Moments {
    fn add(&mut self, next: &Self) {
        if next.weight == 0.0 {
            return;
        }
        match self.joint(next.weight, next.heaviest) {
            Some(joint) => {
                let pairs = self.columns.iter_mut().zip(&next.columns);
                pairs.for_each(|(column, next)| *column = column.with(next, joint));
            }
            None => self.columns.copy_from_slice(&next.columns),
        }
        self.count(next.weight, next.heaviest);
    }
}

/// Returns the sum of two weights. Rounding must not carry it beyond the range.
fn total(weight: f64, next: f64) -> f64 {
    (weight + next).min(f64::MAX)
}

/// How the moments of two sets of rows are joined.
#[derive(Clone, Copy)]
struct Joint {
    /// The shares of the weight.
    own: f64,
    others: f64,
    /// Whether the heaviest row is one of the others.
    heavier: bool,
}

/// The weights of the rows of a block.
struct Weights {
    sum: f64,
    heaviest: f64,
    /// The first of the heaviest rows.
    first: usize,
    /// The weight of each row divided by the sum, if there are weights.
    shares: Option<Vec<f64>>,
    /// The rows that do not count.
    left_out: Vec<usize>,
}

impl Weights {
    /// Returns `None` if no row counts.
    fn new<W: Real>(rows: usize, weights: Option<&[W]>) -> Option<Self> {
        let Some(weights) = weights else {
            let one =
                Weights { sum: rows as f64, heaviest: 1.0, first: 0, shares: None, left_out: Vec::new() };
            return (rows > 0).then_some(one);
        };
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight.as_f64()).collect();
        let sum = shares.iter().fold(0.0, |sum, &weight| total(sum, weight));
        let (mut first, mut heaviest) = (0, 0.0);
        let mut left_out = Vec::new();
        for (row, &weight) in shares.iter().enumerate() {
            if weight > heaviest {
                (first, heaviest) = (row, weight);
            } else if weight <= 0.0 {
                left_out.push(row);
            }
        }
        shares.iter_mut().for_each(|share| *share /= sum);
        (heaviest > 0.0).then_some(Weights { sum, heaviest, first, shares: Some(shares), left_out })
    }

    /// Returns the entries of a column, with that of the heaviest row in the place of those that do not count.
    fn counted<'a, T: Real>(&self, entries: &'a [T], counted: &'a mut Vec<T>) -> &'a [T] {
        if self.left_out.is_empty() {
            return entries;
        }
        counted.clear();
        counted.extend_from_slice(entries);
        self.left_out.iter().for_each(|&row| counted[row] = entries[self.first]);
        counted
    }
}

/// The largest square of a block's shift, in variances, for which its variance is the mean square minus this square.
/// That costs a factor of at most 17 in the rounding error.
const CANCELS: f64 = 16.0;

/// The largest rounding error of a centre, in standard deviations.
const ROUGH: f64 = 1e-3;

impl ColumnMoments {
    /// Returns the moments of the entries of a block with these shares of its weight, of which row `first` has the most.
    fn of<T: Real>(entries: &[T], first: usize, shares: Option<&[f64]>) -> Self {
        let (least, most) = range(entries);
        let (least, most, origin) = (least.as_f64(), most.as_f64(), entries[first].as_f64());
        let inverse = inverse_unit(least, most);
        let weight = if shares.is_some() { 1.0 } else { entries.len() as f64 };
        let about = |shift: f64| {
            let (first, second) = sums(entries, shares, inverse, (origin * inverse, shift));
            (first / weight, second / weight)
        };
        let (shift, variance) = if inverse == 0.0 { (0.0, 0.0) } else { mean_and_variance(about) };
        ColumnMoments { least, most, origin, inverse, shift, variance }
    }

    /// Returns the moments of these rows and others.
    fn with(&self, next: &Self, Joint { own, others, heavier }: Joint) -> Self {
        let (least, most) = (self.least.min(next.least), self.most.max(next.most));
        let inverse = inverse_unit(least, most);
        // The ratio of the units, in which the product of an entry and `inverse` is finite.
        let ratio = |of: &Self| if of.inverse == 0.0 { 0.0 } else { inverse / of.inverse };
        let (ratio, next_ratio) = (ratio(self), ratio(next));
        let (shift, next_shift) = (self.shift * ratio, next.shift * next_ratio);
        let apart = (next.origin * inverse - self.origin * inverse) + (next_shift - shift);
        let (origin, shift) = if heavier {
            (next.origin, next_shift - own * apart)
        } else {
            (self.origin, shift + others * apart)
        };
        let within =
            own * (self.variance * ratio * ratio) + others * (next.variance * next_ratio * next_ratio);
        let variance = within + own * (others * apart * apart);
        ColumnMoments { least, most, origin, inverse, shift, variance }
    }

    /// Returns the largest absolute value.
    pub(in crate::linear) fn largest(&self) -> f64 {
        self.most.max(-self.least)
    }

    /// Returns the mean, which is within the range.
    pub(in crate::linear) fn mean(&self) -> f64 {
        // A quarter of any difference is finite.
        let quarter = 0.25 * self.origin + 0.25 * self.shift * self.unit();
        (4.0 * quarter).max(self.least).min(self.most)
    }

    /// Returns the standard deviation.
    pub(in crate::linear) fn deviation(&self) -> f64 {
        self.variance.sqrt() * self.unit()
    }

    /// Returns the mean as a number of the type of the entries. If one row outweighs the others so much that the mean,
    /// rounded, is far from it in units of the deviation, and its entry is not, this is the entry.
    pub(super) fn center<T: Real>(&self) -> T {
        let mean = self.mean();
        let rounding = T::EPSILON.as_f64() * mean.abs();
        let outweighs = rounding > ROUGH * self.deviation() && (self.shift * self.unit()).abs() <= rounding;
        T::of(if outweighs { self.origin } else { mean })
    }

    fn unit(&self) -> f64 {
        if self.inverse == 0.0 { 0.0 } else { 1.0 / self.inverse }
    }
}

/// Returns the inverse of the unit of a column with this range.
fn inverse_unit(least: f64, most: f64) -> f64 {
    // Halves, because the difference may overflow.
    let half = (0.5 * most - 0.5 * least).max(f64::MIN_POSITIVE);
    if least < most { 1.0 / power_of_two(half) } else { 0.0 }
}

/// Returns the mean and the variance, from a function that returns means of distances from a point and of their
/// squares.
fn mean_and_variance(about: impl Fn(f64) -> (f64, f64)) -> (f64, f64) {
    let (mean, square) = about(0.0);
    let variance = square - mean * mean;
    if mean * mean <= CANCELS * variance {
        return (mean, variance);
    }
    let (off, square) = about(mean);
    (mean + off, (square - off * off).max(0.0))
}

/// The number of interleaved sums. With 16, the compiler mixes up the lanes, and the loop takes three times as long.
const LANES: usize = 32;

/// Returns the sums of distances and of squared distances, each times its share if there are shares. A distance is
/// `x inverse - origin - shift`.
fn sums<T: Real>(
    entries: &[T],
    shares: Option<&[f64]>,
    inverse: f64,
    (origin, shift): (f64, f64),
) -> (f64, f64) {
    let distance = move |x: T| (x.as_f64() * inverse - origin) - shift;
    match shares {
        Some(shares) => vectorize(
            #[inline(always)]
            || {
                let distance = distance;
                let ((chunks, rest), (of_chunks, of_rest)) =
                    (entries.as_chunks::<LANES>(), shares.as_chunks::<LANES>());
                let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
                for (chunk, shares) in chunks.iter().zip(of_chunks) {
                    let sums = first.iter_mut().zip(&mut second);
                    for (((first, second), &x), &share) in sums.zip(chunk).zip(shares) {
                        let distance = distance(x);
                        *first += share * distance;
                        *second += share * distance * distance;
                    }
                }
                let sums = (first.iter().sum(), second.iter().sum());
                rest.iter().zip(of_rest).fold(sums, |(first, second), (&x, &share)| {
                    let distance = distance(x);
                    (first + share * distance, second + share * distance * distance)
                })
            },
        ),
        None => vectorize(
            #[inline(always)]
            || {
                let distance = distance;
                let (chunks, rest) = entries.as_chunks::<LANES>();
                let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
                for chunk in chunks {
                    for ((first, second), &x) in first.iter_mut().zip(&mut second).zip(chunk) {
                        let distance = distance(x);
                        *first += distance;
                        *second += distance * distance;
                    }
                }
                rest.iter().fold((first.iter().sum(), second.iter().sum()), |(first, second), &x| {
                    let distance = distance(x);
                    (first + distance, second + distance * distance)
                })
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::parallel::tasks::shared;
    use crate::parallel::tree::Tree;
    use crate::parallel::with_threads;
    use crate::rng::Rng;
    use crate::rows::block_rows;
    use crate::scalar::Pair;

    /// The moments of one column.
    fn of_column<T: Real>(entries: &[T], weights: Option<&[T]>) -> Moments {
        let mut moments = Moments::none(None, 1);
        moments.add_columns(entries.len(), |_| entries, weights);
        moments
    }

    /// The moments of blocks of `size` rows, joined along the tree in a random order.
    fn in_leaves<T: Real>(x: &DMatrix<T>, weights: Option<&[T]>, size: usize, rng: &mut Rng) -> Moments {
        let mut order: Vec<usize> = (0..x.nrows().div_ceil(size)).collect();
        rng.shuffle(&mut order);
        let mut tree = Tree::default();
        for leaf in order {
            let range = leaf * size..x.nrows().min((leaf + 1) * size);
            let mut moments = Moments::none(None, x.ncols());
            let weights = weights.map(|weights| &weights[range.clone()]);
            moments.add_columns(range.len(), |j| &x.as_slice()[j * x.nrows()..][range.clone()], weights);
            tree.insert(leaf, moments);
        }
        tree.total().unwrap()
    }

    /// The distance of the mean from an entry, and the variance, with twice the digits of `f64`.
    fn exact(entries: &[f64], weights: &[f64], origin: f64) -> (f64, f64) {
        let distances = || entries.iter().map(|&x| Pair::of(x).plus(-origin)).zip(weights);
        let sum =
            |terms: &mut dyn Iterator<Item = Pair<f64>>| terms.fold(Pair::of(0.0), Pair::plus_pair).high;
        let total = sum(&mut weights.iter().map(|&weight| Pair::of(weight)));
        let mean = sum(&mut distances().map(|(x, &weight)| x.times(weight))) / total;
        let off = sum(&mut distances().map(|(x, &weight)| x.plus(-mean).times(weight))) / total;
        let square = |(x, &weight): (Pair<f64>, &f64)| {
            let x = x.plus(-mean);
            x.times_pair(x).times(weight)
        };
        (mean + off, sum(&mut distances().map(square)) / total - off * off)
    }

    /// Compares the moments of random rows with the definition.
    fn compare<T: Real>(rows: usize, size: usize, exponent: i32, offset: f64, kind: u8, seed: u64) {
        let mut rng = Rng::new(seed);
        let unit = 2f64.powi(exponent);
        let mut x: Vec<T> = (0..rows).map(|_| T::of((offset + rng.standard_normal()) * unit)).collect();
        let mut weights: Vec<T> = (0..rows)
            .map(|_| match kind {
                0 | 1 => T::one(),
                2 => T::of(rng.uniform(0.1, 2.0)),
                _ => T::of(10f64.powf(rng.uniform(-30.0, 30.0))),
            })
            .collect();
        if kind == 4 {
            let huge = if T::of(f64::MAX).is_finite() { f64::MAX } else { f64::from(f32::MAX) };
            for row in (0..rows).filter(|row| row % 3 == 1) {
                weights[row] = T::zero();
                x[row] = T::of([huge, -huge, 5e-324][rng.below(3)]);
            }
        }
        let given = (kind > 0).then_some(weights.as_slice());
        let x = DMatrix::from_vec(rows, 1, x);
        let found = in_leaves(&x, given, size, &mut rng);
        let counted = || (0..rows).filter(|&row| !weights[row].is_zero());
        let entries: Vec<f64> = counted().map(|row| x[row].as_f64() / unit).collect();
        let weights: Vec<f64> = counted().map(|row| weights[row].as_f64()).collect();
        let column = &found.columns[0];
        assert_eq!(column.least / unit, entries.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(column.most / unit, entries.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let heaviest = weights.iter().copied().fold(0.0, f64::max);
        let first = weights.iter().position(|&weight| weight == heaviest).unwrap();
        assert_eq!((found.heaviest, column.origin / unit), (heaviest, entries[first]));
        approx::assert_relative_eq!(found.weight, weights.iter().sum::<f64>(), max_relative = 1e-13);
        let (shift, variance) = exact(&entries, &weights, entries[first]);
        let deviation = variance.sqrt();
        approx::assert_relative_eq!(column.deviation() / unit, deviation, max_relative = 5e-13);
        let off = column.shift * column.unit() / unit - shift;
        assert!(off.abs() <= 1e-13 * (deviation + shift.abs()), "{off} of {shift} and {deviation}");
        let mean = entries[first] + shift;
        assert!((column.mean() / unit - mean).abs() <= 1e-13 * deviation + f64::EPSILON * mean.abs());
    }

    proptest! {
        /// The relative error of a variance is at most 10⁻¹², whatever the scale, the weights and the blocks, also beside
        /// a mean of 10⁹ deviations.
        #[test]
        fn moments_are_those_of_the_definition(
            (rows, size) in (1usize..700, 1usize..300),
            exponent in -1000i32..=980,
            offset in prop::sample::select(vec![0.0, 3.0, -1e3, 1e9]),
            kind in 0u8..5,
            seed: u64,
        ) {
            compare::<f64>(rows, size, exponent, offset, kind, seed);
            // Numbers of this type have no digits for such a mean.
            compare::<f32>(rows, size, exponent / 10, offset.min(3.0), kind, seed);
        }

        /// A block that is added to others is joined like a leaf.
        #[test]
        fn blocks_of_a_leaf_are_joined_like_leaves(rows in 1usize..40, cut in 0usize..40, weighted: bool, seed: u64) {
            let mut rng = Rng::new(seed);
            let cut = cut.min(rows);
            let x = DMatrix::from_fn(rows, 3, |_, _| rng.standard_normal());
            let weights: Vec<f64> = (0..rows).map(|_| rng.below(3) as f64).collect();
            let weights = weighted.then_some(weights.as_slice());
            let add = |moments: &mut Moments, first: usize, count: usize| {
                let column = |j: usize| &x.as_slice()[j * x.nrows() + first..][..count];
                moments.add_columns(count, column, weights.map(|weights| &weights[first..first + count]));
            };
            let (mut leaf, mut next) = (Moments::none(None, 3), Moments::none(None, 3));
            add(&mut leaf, 0, cut);
            add(&mut next, cut, rows - cut);
            let mut sum = leaf.clone();
            sum.add(&next);
            add(&mut leaf, cut, rows - cut);
            prop_assert_eq!(&leaf, &sum);
            sum.add(&Moments::none(None, 3));
            prop_assert_eq!(&leaf, &sum);
            let mut none = Moments::none(Some(next), 3);
            none.add(&sum);
            prop_assert_eq!(&leaf, &none);
        }
    }

    #[test]
    fn any_number_of_threads_and_any_order_have_the_same_bits() {
        let mut rng = Rng::new(5);
        let (rows, features) = (20_000, 64);
        let x = DMatrix::from_fn(rows, features, |_, j| rng.standard_normal() * 10f64.powi(j as i32 - 30));
        let weights: Vec<f64> = (0..rows).map(|_| 10f64.powf(rng.uniform(-30.0, 30.0))).collect();
        let targets: Vec<usize> = (0..rows).map(|row| row % 2).collect();
        for weights in [None, Some(weights.as_slice())] {
            let examples = ClassExamples::new((&x).into(), &targets, weights).unwrap();
            let wanted = in_leaves(&x, weights, block_rows::<f64>(features), &mut rng);
            for threads in [1, 2, 3, 8] {
                let mut found = None;
                let among = || shared::during(|| found = Some(Moments::of(&examples.into())));
                assert_eq!(with_threads(threads, among) > 0, threads > 1);
                // Equal numbers have equal bits, because none is a zero with a sign.
                assert_eq!(found.as_ref(), Some(&wanted), "{threads}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_neither_overflow_nor_underflow() {
        for weights in [None, Some([1.0, 1.0].as_slice())] {
            let ends = of_column(&[f64::MIN, f64::MAX], weights);
            assert_eq!((ends.columns[0].mean(), ends.columns[0].deviation()), (0.0, f64::MAX));
            let tiny = of_column(&[0.0, 40e-324], weights);
            assert_eq!((tiny.columns[0].mean(), tiny.columns[0].deviation()), (20e-324, 20e-324));
            let same = of_column(&[f64::MAX; 2], weights);
            assert_eq!((same.columns[0].mean(), same.columns[0].deviation()), (f64::MAX, 0.0));
        }
        let singles = of_column::<f32>(&[f32::MIN, f32::MAX, 0.0], Some(&[1.0, 1.0, 0.0]));
        assert_eq!((singles.columns[0].mean(), singles.columns[0].deviation()), (0.0, f64::from(f32::MAX)));
        // The units of these two are further apart than the largest power of two from 1.
        let mut far = of_column(&[0.0, 50e-324], None);
        far.add(&of_column(&[f64::MIN, f64::MAX], None));
        let half = f64::MAX / 2f64.sqrt();
        assert_eq!(far.columns[0].mean(), 0.0);
        approx::assert_relative_eq!(far.columns[0].deviation(), half, max_relative = 1e-15);
        // The sum of these weights would be rounded to infinity.
        let mut heavy = of_column(&[1.0, 3.0], Some(&[f64::MAX, 0.0]));
        heavy.add(&of_column(&[2.0], Some(&[2f64.powi(970)])));
        assert_eq!((heavy.columns[0].mean(), heavy.weight()), (1.0, f64::MAX));
    }

    /// Distances from the first row alone would cost four digits.
    #[test]
    fn a_first_row_far_from_the_others_costs_no_digits() {
        let mut rng = Rng::new(6);
        let mut entries: Vec<f64> = (0..4096).map(|_| rng.standard_normal()).collect();
        entries[0] = 1e6;
        let ones = vec![1.0; 4096];
        let (_, variance) = exact(&entries, &ones, 0.0);
        for weights in [None, Some(ones.as_slice())] {
            let found = of_column(&entries, weights).columns[0].deviation();
            approx::assert_relative_eq!(found, variance.sqrt(), max_relative = 2e-15);
        }
    }

    #[test]
    fn no_rows_have_no_moments() {
        for none in [of_column::<f64>(&[], None), of_column(&[1.0, 2.0], Some(&[0.0, 0.0]))] {
            assert_eq!(none, Moments::none(None, 1));
            let column = &none.columns()[0];
            assert_eq!([column.mean(), column.deviation(), column.center(), column.largest()], [0.0; 4]);
        }
    }

    /// The mean, rounded, would be many standard deviations from the row that has almost all of the weight.
    #[test]
    fn a_row_that_outweighs_the_others_is_the_centre() {
        let mut rng = Rng::new(3);
        for _ in 0..50 {
            let entries: Vec<f64> = (0..3).map(|_| rng.uniform(0.5, 1.0)).collect();
            let x = DMatrix::from_column_slice(3, 1, &entries);
            for size in 1..4 {
                let found = in_leaves(&x, Some(&[1.0, 1e30, 2.0]), size, &mut rng).columns[0];
                assert_eq!(found.center::<f64>(), entries[1]);
                let square = (entries[0] - entries[1]).powi(2) + 2.0 * (entries[2] - entries[1]).powi(2);
                approx::assert_relative_eq!(found.deviation(), (square / 1e30).sqrt(), max_relative = 1e-14);
            }
            // Without such a row, the rounded mean is the centre, however rough.
            let far: Vec<f32> = entries.iter().map(|&x| 3e3 + x as f32).collect();
            let found = of_column(&far, None).columns[0];
            assert_eq!(found.center::<f32>(), found.mean() as f32);
        }
    }
}
