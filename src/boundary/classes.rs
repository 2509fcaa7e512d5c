//! Boundaries between pairs of classes.

use std::collections::{BTreeMap, BTreeSet};

use nalgebra::DMatrix;

use super::bounds::Bounds;
use super::contour::polished;
use super::marching::Marcher;
use super::polyline::Polyline;
use super::probe::{Difference, Probe};
use super::triple::{Visible, visible};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// The boundary where two classes are equally probable and no other class is more probable.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassBoundary<L> {
    pub(super) classes: (L, L),
    pub(super) bounds: Bounds,
    pub(super) lines: Vec<Polyline>,
}

impl<L> ClassBoundary<L> {
    /// Returns the two classes; the first is on the left of the lines.
    pub fn classes(&self) -> (&L, &L) {
        (&self.classes.0, &self.classes.1)
    }

    /// Returns the bounds in which the boundary was computed.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Returns the lines, which are closed or end on the frame or at a third class. Empty if the classes do
    /// not meet.
    pub fn lines(&self) -> &[Polyline] {
        &self.lines
    }

    /// Returns the total length of all lines.
    pub fn length(&self) -> f64 {
        self.lines.iter().map(Polyline::length).sum()
    }
}

/// Computes the boundary between the classes `first` and `second` within `bounds`.
///
/// The boundary is the set where both are equally probable and no other class is more probable. It is found
/// on a grid of `resolution` x `resolution` points.
///
/// # Precision
/// At each vertex, the log-probabilities of both classes differ by at most 1e-9 (`f32`: 1e-5). Where a line
/// ends at a third class, this holds for all three. Details smaller than a grid cell that lie between grid
/// points are missed.
///
/// # Errors
/// Returns [`Error::NoSuchClass`] if the classifier does not have one of the classes. Returns
/// [`Error::InvalidParameter`] if both are the same class, or if the resolution is not from 2 to 4096.
/// Returns [`Error::ShapeMismatch`] if the number of features is not two. Also returns the errors of the
/// classifier.
///
/// # Examples
/// ```
/// use logit::FittedLogistic;
/// use logit::boundary::{Bounds, between};
/// use nalgebra::{dmatrix, dvector};
///
/// let w = dmatrix![1.0, 0.0, -1.0; 0.0, 1.0, -1.0];
/// let model = FittedLogistic::from_coefficients(
///     vec!["a", "b", "c"],
///     w,
///     dvector![0.0, 0.0, 0.0],
/// )?;
/// let boundary =
///     between(&model, &"a", &"b", Bounds::new((-1.0, 2.0), (-1.0, 2.0))?, 20)?;
/// // Along x = y from where the third class ends.
/// assert!((boundary.length() - 8f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn between<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    first: &C::Label,
    second: &C::Label,
    bounds: Bounds,
    resolution: usize,
) -> Result<ClassBoundary<C::Label>, Error> {
    let pair = pair(classifier.classes(), first, second)?;
    let mut found = trace(classifier, &[pair], bounds, resolution)?;
    let none = || (Vec::new(), BTreeSet::new());
    let (lines, _) = found.pop().unwrap_or_else(none);
    Ok(ClassBoundary { classes: (first.clone(), second.clone()), bounds, lines })
}

/// Computes the boundaries between all classes within `bounds`, with [`between`] for each pair that meets, in
/// the order of the classes.
///
/// The lower class of each pair is the first.
///
/// # Errors
/// Returns the same errors as [`between`].
///
/// # Examples
/// ```
/// use logit::boundary::{Bounds, class_boundaries};
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let petals = iris.x.select_columns(&[2, 3]);
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&petals, &iris.y)?;
/// let boundaries = class_boundaries(&model, Bounds::around(&petals, 0.1)?, 50)?;
/// let pairs: Vec<_> = boundaries.iter().map(|boundary| boundary.classes()).collect();
/// assert_eq!(pairs, [(&"setosa", &"versicolor"), (&"versicolor", &"virginica")]);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn class_boundaries<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    bounds: Bounds,
    resolution: usize,
) -> Result<Vec<ClassBoundary<C::Label>>, Error> {
    let mut pairs = neighbours(classifier, bounds, resolution)?;
    let mut traced: BTreeMap<(usize, usize), Vec<Polyline>> = BTreeMap::new();
    // A class may be too narrow for the grid and still end a line between two others. It then meets both.
    loop {
        let new: Vec<(usize, usize)> =
            pairs.iter().copied().filter(|pair| !traced.contains_key(pair)).collect();
        if new.is_empty() {
            break;
        }
        for (&(a, b), (lines, thirds)) in new.iter().zip(trace(classifier, &new, bounds, resolution)?) {
            traced.insert((a, b), lines);
            for third in thirds {
                pairs.extend([a, b].map(|class| (class.min(third), class.max(third))));
            }
        }
    }
    let classes = classifier.classes();
    let boundary = |((a, b), lines): ((usize, usize), Vec<Polyline>)| {
        let classes = (classes[a].clone(), classes[b].clone());
        ClassBoundary { classes, bounds, lines }
    };
    Ok(traced.into_iter().filter(|(_, lines)| !lines.is_empty()).map(boundary).collect())
}

/// Returns the indices of two different classes.
pub(super) fn pair<L: Label>(classes: &[L], first: &L, second: &L) -> Result<(usize, usize), Error> {
    let number = |label: &L| {
        let unknown = |_| Error::NoSuchClass { label: format!("{label:?}"), classes: classes.len() };
        classes.binary_search(label).map_err(unknown)
    };
    let (first, second) = (number(first)?, number(second)?);
    let requires = "a different class from the first";
    crate::check::parameter("second", second as f64, first != second, requires)?;
    Ok((first, second))
}

pub(super) fn difference((plus, minus): (usize, usize)) -> Difference {
    Difference { plus, minus, offset: 0.0 }
}

/// Returns the pairs of classes that are most probable at two points of the same grid cell.
fn neighbours<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    bounds: Bounds,
    resolution: usize,
) -> Result<BTreeSet<(usize, usize)>, Error> {
    let probe = Probe::new(classifier)?;
    let grid = probe.grid(bounds, resolution)?;
    let width = grid.x.len();
    let mut pairs = BTreeSet::new();
    let mut below: Vec<usize> = Vec::new();
    probe.rows_of_grid(&grid, |_, log_p, first| {
        let row: Vec<usize> = (first..first + width).map(|row| most_probable(log_p, row)).collect();
        if below.is_empty() {
            below = row.clone();
        }
        for j in 1..width {
            let corners = [below[j - 1], below[j], row[j - 1], row[j]];
            for (i, &a) in corners.iter().enumerate() {
                pairs.extend(corners[..i].iter().filter(|&&b| a != b).map(|&b| (a.min(b), a.max(b))));
            }
        }
        below = row;
    })?;
    Ok(pairs)
}

fn most_probable<T: Real>(log_p: &DMatrix<T>, row: usize) -> usize {
    (1..log_p.ncols()).fold(0, |best, k| if log_p[(row, k)] > log_p[(row, best)] { k } else { best })
}

/// Traces the boundary of each pair.
fn trace<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    pairs: &[(usize, usize)],
    bounds: Bounds,
    resolution: usize,
) -> Result<Vec<Visible>, Error> {
    let probe = Probe::new(classifier)?;
    let grid = probe.grid(bounds, resolution)?;
    let mut marchers: Vec<Marcher<'_>> = pairs.iter().map(|_| Marcher::new(&grid.x)).collect();
    probe.rows_of_grid(&grid, |y, log_p, first| {
        for (&pair, marcher) in pairs.iter().zip(&mut marchers) {
            let of = difference(pair);
            let rows = first..first + grid.x.len();
            marcher.push(y, rows.map(|row| of.value(log_p, row)).collect());
        }
    })?;
    let boundary = |(&pair, marcher): (&(usize, usize), Marcher<'_>)| {
        let of = difference(pair);
        visible(&probe, of, bounds, polished(&probe, of, marcher, bounds)?.0)
    };
    pairs.iter().zip(marchers).map(boundary).collect()
}
