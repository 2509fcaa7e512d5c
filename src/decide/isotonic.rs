//! Isotonic regression: the best monotone function.

use crate::check;
use crate::error::Error;
use crate::scalar::Real;

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
struct Block {
    weight: f64,
    mean: f64,
    /// The number of distinct x.
    count: usize,
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
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
        let counted = (0..x.len()).filter(|&row| weight(row) > 0.0);
        let mut rows: Vec<(f64, f64, f64)> = counted.map(|row| (x[row], y[row], weight(row))).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut places, mut blocks): (Vec<f64>, Vec<Block>) = (vec![], vec![]);
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            let total: f64 = tied.iter().map(|(_, _, weight)| weight).sum();
            let mean = tied.iter().map(|(_, y, weight)| weight / total * y).sum::<f64>();
            places.push(tied[0].0);
            let mut last = Block { weight: total, mean, count: 1 };
            while let Some(before) =
                blocks.pop_if(|before| (before.mean > last.mean) == increasing && before.mean != last.mean)
            {
                let weight = before.weight + last.weight;
                let mean = before.mean * (before.weight / weight) + last.mean * (last.weight / weight);
                last = Block { weight, mean, count: before.count + last.count };
            }
            blocks.push(last);
        }
        let values = blocks.iter().flat_map(|block| std::iter::repeat_n(block.mean, block.count)).collect();
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
        // Halves, because the distance between two x may overflow.
        let width = self.x[above] / 2.0 - self.x[above - 1] / 2.0;
        let share = (x / 2.0 - self.x[above - 1] / 2.0) / width;
        // Clamping keeps rounding from breaking monotonicity.
        if a == b || !share.is_finite() { a } else { (a + (b - a) * share).clamp(a.min(b), a.max(b)) }
    }
}
