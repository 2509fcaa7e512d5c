//! The checks of arguments that all public functions share.

use nalgebra::{DMatrix, DMatrixView};

use crate::compiled::compiled;
use crate::error::Error;
pub(crate) use crate::error::count;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scalar::is_finite;

/// Checks that `indices` are below `count`. `axis` names the items in the singular.
pub(crate) fn indices(
    argument: &'static str,
    axis: &'static str,
    indices: &[usize],
    count: usize,
) -> Result<(), Error> {
    match indices.iter().find(|&&index| index >= count) {
        Some(&index) => Err(Error::NoSuchIndex { argument, axis, index, count }),
        None => Ok(()),
    }
}

/// Checks that `x` has one row per label.
pub(crate) fn labels<'a, T: Real>(x: impl Into<DMatrixView<'a, T>>, labels: usize) -> Result<(), Error> {
    let x = x.into();
    let (rows, columns) = x.shape();
    if rows < columns && columns == labels {
        return Err(Error::Transposed { rows, columns });
    }
    count("y", "labels", rows, labels)
}

/// Checks that every entry is finite. The error names the first entry that is not, row by row.
pub(crate) fn finite<'a, T: Real>(argument: &'static str, x: impl Into<Rows<'a, T>>) -> Result<(), Error> {
    #[cfg(test)]
    passes::count(argument);
    all_entries(argument, x.into())
}

/// Checks what [`finite`] checks.
#[inline(never)]
fn all_entries<T: Real>(argument: &'static str, x: Rows<'_, T>) -> Result<(), Error> {
    if is_finite(&*x) {
        return Ok(());
    }
    let first = (0..x.nrows()).find_map(|row| {
        let column = (0..x.ncols()).find(|&column| !x[(row, column)].is_finite())?;
        let name = x.names().and_then(|names| names.get(column)).cloned();
        Some(Error::NotFinite { argument, row, column, name, value: x[(row, column)].as_f64() })
    });
    first.map_or(Ok(()), Err)
}

compiled!(T: all_entries::<T> as fn(_, _) -> _);

/// Checks that a training matrix is not empty and has only finite entries.
pub(crate) fn training_matrix<'a, T: Real>(x: impl Into<Rows<'a, T>>) -> Result<(), Error> {
    let x = x.into();
    for (axis, count) in [("rows", x.nrows()), ("columns", x.ncols())] {
        if count == 0 {
            return Err(Error::Empty { argument: "x", axis });
        }
    }
    finite("x", x)
}

/// Checks that the scores of a model are finite. Finite input can still overflow the number type.
pub(crate) fn scores<'a, T: Real>(scores: impl Into<DMatrixView<'a, T>>) -> Result<(), Error> {
    let scores = scores.into();
    if is_finite(&scores) {
        return Ok(());
    }
    let row = (0..scores.nrows()).find(|&row| scores.row(row).iter().any(|z| !z.is_finite()));
    row.map_or(Ok(()), |row| Err(Error::Overflow { row }))
}

/// Checks the sample weights of `rows` rows and returns their sum. Weights must be finite and at least 0, and
/// their sum must be a positive normal number.
pub(crate) fn weights<T: Real>(weights: Option<&[T]>, rows: usize) -> Result<f64, Error> {
    let Some(weights) = weights else { return Ok(rows as f64) };
    count("weights", "entries", rows, weights.len())?;
    if let Some((row, w)) = weights.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < T::zero()) {
        return Err(Error::InvalidWeight { row, value: w.as_f64() });
    }
    let sum: f64 = weights.iter().map(|w| w.as_f64()).sum();
    weight_sum::<T>(sum).map(|()| sum)
}

/// Checks that a sum of weights is a positive normal number.
pub(crate) fn weight_sum<T: Real>(sum: f64) -> Result<(), Error> {
    let normal = T::of(sum).is_finite() && T::of(sum) >= T::MIN_POSITIVE;
    if normal { Ok(()) } else { Err(Error::InvalidWeightSum { sum }) }
}

/// Checks that a hyper-parameter is `valid`, that is, within its range.
pub(crate) fn parameter(
    name: &'static str,
    value: f64,
    valid: bool,
    requires: &'static str,
) -> Result<(), Error> {
    if valid { Ok(()) } else { Err(Error::InvalidParameter { name, value, requires }) }
}

/// Checks that a hyper-parameter is finite and at least 0.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, value >= 0.0 && value.is_finite(), "finite and at least 0")
}

/// Checks that a hyper-parameter is finite and above 0.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, value > 0.0 && value.is_finite(), "finite and above 0")
}

/// Checks that a hyper-parameter is at least 0 and below 1.
pub(crate) fn fraction(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, (0.0..1.0).contains(&value), "at least 0 and below 1")
}

/// Checks that a fraction of the rows is above 0 and below 1.
pub(crate) fn part(name: &'static str, value: f64) -> Result<(), Error> {
    parameter(name, value, value > 0.0 && value < 1.0, "above 0 and below 1")
}

/// Checks that there is memory for `rows` x `columns` entries of the type `E`. `what` names them in the
/// plural.
///
/// An allocation that fails ends the process, so sizes that users multiply are checked before. Up to 16 MiB
/// nothing is checked.
pub(crate) fn room<E>(what: &'static str, rows: usize, columns: usize) -> Result<(), Error> {
    let bytes = (rows as u128).saturating_mul(columns as u128).saturating_mul(size_of::<E>() as u128);
    if bytes <= 1 << 24 {
        return Ok(());
    }
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let possible =
        usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    if possible { Ok(()) } else { Err(Error::OutOfMemory { what, rows, columns, bytes }) }
}

/// Returns a matrix of zeros, if there is memory for it.
///
/// The system provides large memory as zeros, which `DMatrix::zeros` would write again. Small memory comes
/// from the process itself, where asking for zeros costs more than writing them. The limit between the two is
/// that of common allocators.
pub(crate) fn zeros<T: Real>(what: &'static str, rows: usize, columns: usize) -> Result<DMatrix<T>, Error> {
    const LARGE: usize = 128 << 10;
    room::<T>(what, rows, columns)?;
    if rows * columns < LARGE / size_of::<T>() {
        return Ok(DMatrix::zeros(rows, columns));
    }
    Ok(DMatrix::from_vec(rows, columns, vec![T::zero(); rows * columns]))
}

/// Checks that there is memory for two matrices of `parameters` x `parameters`: a second derivative and its
/// factor.
pub(crate) fn second_derivative<T>(parameters: usize) -> Result<(), Error> {
    room::<T>("the second derivative and its factor", parameters, parameters.saturating_mul(2))
}

/// Checks the width of a layer with as many outputs as inputs: at least 1, and small enough that a few
/// parameters per column can be addressed.
pub(crate) fn width(width: usize) -> Result<usize, Error> {
    parameter("width", width as f64, width > 0, "at least 1")?;
    let addressable = width <= isize::MAX as usize / (8 * size_of::<f64>());
    parameter("width", width as f64, addressable, "addressable").map(|()| width)
}

/// A counter of the passes that [`finite`] makes over `x`, so that tests can show that fits make only one.
#[cfg(test)]
pub(crate) mod passes {
    use std::cell::Cell;

    thread_local! {
        static OVER_X: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count(argument: &str) {
        if argument == "x" {
            OVER_X.set(OVER_X.get() + 1);
        }
    }

    /// Returns the number of passes that `work` makes over all entries of `x` on this thread.
    pub(crate) fn during(work: impl FnOnce()) -> usize {
        let before = OVER_X.get();
        work();
        OVER_X.get() - before
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::finite;
    use super::passes::during;
    use crate::error::Error;
    use crate::linear::Solver;
    use crate::nn::{MlpOptions, Normalization, RateRange};
    use crate::optim::LevenbergMarquardt;
    use crate::parallel::with_threads;
    use crate::{ClassWeight, Estimator, LabelSets, Lbfgs, LogisticRegression, MlpClassifier, Penalty, data};

    /// Many entries are read on several threads. The first in row order is named.
    #[test]
    fn the_first_entry_is_named_in_every_part() {
        let mut x = DMatrix::from_element(200_000, 7, 1.0);
        let shares = || crate::parallel::tasks::shared::during(|| assert_eq!(finite("x", &x), Ok(())));
        assert_eq!((with_threads(1, shares), with_threads(3, shares)), (0, 1));
        for (row, column) in [(199_999, 2), (150_000, 0), (40_000, 6), (40_000, 3), (0, 1)] {
            x[(row, column)] = f64::INFINITY;
            for threads in [1, 2, 8] {
                let error = with_threads(threads, || finite("x", &x)).unwrap_err();
                let named =
                    matches!(error, Error::NotFinite { row: r, column: c, .. } if (r, c) == (row, column));
                assert!(named, "{threads}: {error}");
            }
        }
    }

    #[test]
    fn a_logistic_regression_looks_at_x_once() {
        let iris = data::iris();
        let plain = LogisticRegression::new(Penalty::c(1.0));
        let weights = vec![2.0; 150];
        for solver in [Solver::Lbfgs, Solver::Newton, Solver::NewtonCg] {
            let model = plain.clone().solver(solver).class_weight(ClassWeight::Balanced);
            assert_eq!(
                during(|| drop(model.fit_weighted(&iris.x, &iris.y, &weights).unwrap())),
                1,
                "{solver:?}"
            );
        }
        for penalty in [Penalty::l1(0.1), Penalty::None, Penalty::Jeffreys] {
            let model = LogisticRegression::new(penalty);
            assert_eq!(during(|| drop(model.fit(&iris.x, &iris.y).unwrap())), 1, "{penalty:?}");
        }
        let remedied = LogisticRegression::new(Penalty::None).on_separation(Penalty::l2(0.1));
        assert_eq!(during(|| drop(remedied.fit(&iris.x, &iris.y).unwrap())), 1);
        let start = plain.fit(&iris.x, &iris.y).unwrap();
        assert_eq!(during(|| drop(plain.fit_from(&start, &iris.x, &iris.y).unwrap())), 1);
    }

    #[test]
    fn a_network_looks_at_x_once() {
        let iris = data::iris();
        let plain = MlpClassifier::new([3]).epochs(2);
        let weights = vec![2.0; 150];
        for network in [
            plain.clone(),
            plain.clone().validation_fraction(0.2).class_weight(ClassWeight::Balanced),
            plain.clone().normalization(Normalization::Batch).dropout(0.2),
            MlpClassifier::new([3]).optimizer(Lbfgs::new().max_iterations(3)),
            MlpClassifier::new([3]).optimizer(LevenbergMarquardt::new().max_iterations(3)),
        ] {
            let passes = during(|| drop(network.fit_weighted(&iris.x, &iris.y, &weights).unwrap()));
            assert_eq!(passes, 1, "{network:?}");
        }
        let start = plain.fit(&iris.x, &iris.y).unwrap();
        assert_eq!(during(|| drop(plain.fit_from(&start, &iris.x, &iris.y).unwrap())), 1);
        let found =
            during(|| drop(plain.find_learning_rate(&iris.x, &iris.y, RateRange::default()).unwrap()));
        assert_eq!(found, 1);
        // Training rows, and validation rows that are not among them.
        let options = MlpOptions::new().validation(&iris.x, &iris.y);
        assert_eq!(during(|| drop(plain.start(&iris.x, &iris.y, options).unwrap())), 2);
        let run = plain.start(&iris.x, &iris.y, MlpOptions::new()).unwrap();
        let resumed = || drop(plain.resume(&iris.x, &iris.y, MlpOptions::new(), run.checkpoint()).unwrap());
        assert_eq!(during(resumed), 1);
    }

    #[test]
    fn networks_that_learn_in_parts_and_of_several_labels_look_at_x_once() {
        let iris = data::iris();
        let mut partial = MlpClassifier::new([3]).partial(4, ["setosa", "versicolor", "virginica"]).unwrap();
        assert_eq!(during(|| partial.fit(&iris.x, &iris.y).unwrap()), 1);
        let sets: Vec<Vec<&str>> = iris.y.iter().map(|&label| vec![label]).collect();
        let sets = LabelSets::new(&sets).unwrap();
        let plain = MlpClassifier::new([3]).epochs(2);
        for network in [
            plain.clone(),
            plain.validation_fraction(0.2),
            MlpClassifier::new([3]).optimizer(Lbfgs::new().max_iterations(3)),
        ] {
            assert_eq!(during(|| drop(network.fit_multi_label(&iris.x, &sets).unwrap())), 1, "{network:?}");
        }
    }
}
