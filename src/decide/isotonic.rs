//! Isotonic regression: the best monotone function.

use crate::check;
use crate::error::Error;
use crate::scalar::{Pair, Real, max_abs, power_of_two};

/// The monotone function of x that is nearest to y in least squares.
///
/// It never falls, or never rises. Between the x of the fit it is linear; outside it is constant.
///
/// # Algorithm
/// Values at equal x are averaged first. Then neighbours in the wrong order are pooled into their weighted
/// mean until none are left. This takes one pass after sorting.
///
/// # References
/// Ayer, Brunk, Ewing, Reid and Silverman (1955); Zadrozny and Elkan (2002), "Transforming classifier scores
/// into accurate multiclass probability estimates".
///
/// # Examples
/// ```
/// use logit::decide::IsotonicRegression;
///
/// let fitted = IsotonicRegression::fit(
///     &[1.0, 2.0, 3.0, 4.0],
///     &[0.0, 1.0, 0.0, 1.0],
///     None,
///     true,
/// )?;
/// assert_eq!([0.0, 2.0, 2.5, 3.5].map(|x| fitted.value(x)), [0.0, 0.5, 0.5, 0.75]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct IsotonicRegression {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
}

/// Adjacent x with a common value.
#[derive(Clone, Copy)]
struct Block {
    /// The sums of the weights and of the weighted y, with twice the usual digits, so that none is lost to
    /// pooling.
    weight: Pair<f64>,
    sum: Pair<f64>,
    /// The number of distinct x.
    count: usize,
}

impl Block {
    /// One distinct x without rows.
    const EMPTY: Block =
        Block { weight: Pair { high: 0.0, low: 0.0 }, sum: Pair { high: 0.0, low: 0.0 }, count: 1 };

    fn mean(&self) -> f64 {
        (self.sum.high + self.sum.low) / (self.weight.high + self.weight.low)
    }

    /// Adds a row.
    fn with(self, y: f64, weight: f64) -> Block {
        let product = Pair::product(weight, y);
        let sum = Pair { low: self.sum.low + product.low, ..self.sum }.plus(product.high);
        Block { weight: self.weight.plus(weight), sum, ..self }
    }

    /// Pools two blocks.
    fn and(self, other: Block) -> Block {
        let add = |a: Pair<f64>, b: Pair<f64>| Pair { low: a.low + b.low, ..a }.plus(b.high);
        let (weight, sum) = (add(self.weight, other.weight), add(self.sum, other.sum));
        Block { weight, sum, count: self.count + other.count }
    }
}

impl IsotonicRegression {
    /// Fits the function to y at x, weighted if there are weights; it never falls if `increasing`, else never
    /// rises.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::Empty`] if there are no entries,
    /// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid, and
    /// [`Error::NotFinite`] if an entry is not finite.
    pub fn fit<T: Real>(x: &[T], y: &[T], weights: Option<&[T]>, increasing: bool) -> Result<Self, Error> {
        check::count("y", "entries", x.len(), y.len())?;
        if x.is_empty() {
            return Err(Error::Empty { argument: "x", axis: "entries" });
        }
        check::weights(weights, x.len())?;
        let [x, y] = [x, y].map(|values| values.iter().map(|v| v.as_f64()).collect::<Vec<f64>>());
        for (argument, values) in [("x", &x), ("y", &y)] {
            if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { argument, row, column: 0, name: None, value: values[row] });
            }
        }
        // Powers of two round nothing. In units of them, sums do not overflow.
        let unit = power_of_two(max_abs(&y));
        let heaviest = power_of_two(weights.map_or(1.0, max_abs));
        let weight = |row: usize| {
            weights.map_or(1.0, |weights| (weights[row].as_f64() / heaviest).max(f64::MIN_POSITIVE))
        };
        let counted = (0..x.len()).filter(|&row| weights.is_none_or(|weights| weights[row] > T::zero()));
        let mut rows: Vec<(f64, f64, f64)> =
            counted.map(|row| (x[row], y[row] / unit, weight(row))).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut places, mut blocks): (Vec<f64>, Vec<Block>) = (vec![], vec![]);
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            places.push(tied[0].0);
            let mut last = tied.iter().fold(Block::EMPTY, |block, &(_, y, weight)| block.with(y, weight));
            while let Some(before) = blocks.pop_if(|before| {
                let (before, last) = (before.mean(), last.mean());
                (before > last) == increasing && before != last
            }) {
                last = before.and(last);
            }
            blocks.push(last);
        }
        // Rounding must not move a mean out of the range of y.
        let ends =
            rows.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), row| (a.min(row.1), b.max(row.1)));
        let value = |block: &Block| unit * block.mean().max(ends.0).min(ends.1);
        let values = blocks.iter().flat_map(|block| std::iter::repeat_n(value(block), block.count)).collect();
        Ok(IsotonicRegression { x: places, y: values })
    }

    /// Returns the distinct x of the fit, in ascending order.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// Returns the values of the function at [`x`](Self::x).
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// Returns the value of the function at x; NaN if x is NaN.
    pub fn value(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        let above = self.x.partition_point(|&place| place < x);
        if above == 0 {
            return self.y[0];
        }
        if above == self.x.len() {
            return self.y[above - 1];
        }
        let (a, b) = (self.y[above - 1], self.y[above]);
        // Interpolation would round it.
        if x == self.x[above] {
            return b;
        }
        // Halves, because the distance between two x may overflow.
        let width = self.x[above] / 2.0 - self.x[above - 1] / 2.0;
        let share = (x / 2.0 - self.x[above - 1] / 2.0) / width;
        // Clamping keeps rounding from breaking monotonicity.
        if a == b || !share.is_finite() { a } else { (a + (b - a) * share).clamp(a.min(b), a.max(b)) }
    }
}
