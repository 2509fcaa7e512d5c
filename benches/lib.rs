//! Benchmarks of `logit`, in a package of their own: `cargo bench -p benches`. The library holds the data
//! that several of them use. All but `threads` and `sources` run on one thread.

use std::fs;
use std::time::Instant;

use logit::prelude::*;
use logit::{Error, FittedLogistic, Label, Real, Rng};
use nalgebra::DMatrix;

/// Independent normal entries.
pub fn normal<T: Real>(rows: usize, columns: usize, rng: &mut Rng) -> DMatrix<T> {
    DMatrix::from_fn(rows, columns, |_, _| T::of(rng.standard_normal()))
}

/// Correlated columns with labels drawn from a model, as in most data.
pub fn correlated(rows: usize, columns: usize, classes: usize) -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(7);
    let factors = DMatrix::from_fn(rows, 5, |_, _| rng.standard_normal());
    let loadings = DMatrix::from_fn(5, columns, |_, _| 0.5 * rng.standard_normal());
    let mut x = factors * loadings;
    x.iter_mut().for_each(|x| *x += rng.standard_normal());
    let size = 1.5 / (columns as f64).sqrt();
    let w = DMatrix::from_fn(columns, classes, |_, _| size * rng.standard_normal());
    let scores = &x * w;
    let draw = |row: usize| {
        // Gumbel noise on scores draws from their softmax.
        let noisy = |k: usize, rng: &mut Rng| scores[(row, k)] - (-rng.uniform(0.0, 1.0).ln()).ln();
        let values: Vec<f64> = (0..classes).map(|k| noisy(k, &mut rng)).collect();
        (0..classes).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0)
    };
    let y = (0..rows).map(draw).collect();
    (x, y)
}

/// Returns the processor time of this thread so far in seconds, or of the clock since `start`.
///
/// Other work on the machine has little effect on processor time. Linux counts it in steps of a few
/// milliseconds; other systems get the clock.
pub fn processor_time(start: Instant) -> f64 {
    let used = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let used = used.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    used.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| 1e-9 * nanoseconds)
}

/// Returns the mean loss plus penalty of a logistic regression, from its scores and coefficients and not from
/// its report.
///
/// `y` are the indices of the classes. `c` is the inverse strength of the L2 penalty, if there is one.
pub fn objective<L: Label>(
    model: &FittedLogistic<f64, L>,
    x: &DMatrix<f64>,
    y: &[usize],
    weights: Option<&[f64]>,
    c: Option<f64>,
) -> Result<f64, Error> {
    let scores = model.decision_function(x)?;
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, &class) in y.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[row]);
        let loss = if scores.ncols() == 1 {
            let z = if class == 1 { -scores[(row, 0)] } else { scores[(row, 0)] };
            z.max(0.0) + (-z.abs()).exp().ln_1p()
        } else {
            let row = scores.row(row);
            let most = row.max();
            most + row.iter().map(|z| (z - most).exp()).sum::<f64>().ln() - row[class]
        };
        sum += weight * loss;
        total += weight;
    }
    let squares = model.coefficients().norm_squared();
    Ok((sum + c.map_or(0.0, |c| 0.5 / c * squares)) / total)
}
