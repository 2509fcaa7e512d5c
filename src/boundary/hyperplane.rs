//! The boundary of a linear model, in closed form.

use nalgebra::{DMatrix, DVector};

use super::bounds::Bounds;
use super::classes::pair;
use super::contour::{check_level, check_two_classes};
use super::polyline::Polyline;
use super::probe::Difference;
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::linear::FittedLogistic;
use crate::rows::Rows;
use crate::scalar::{Pair, Real};

/// The hyperplane w·x + b = 0 in any number of dimensions; in two dimensions a line.
///
/// # Formula
/// For two classes, the second has the probability `level` where w·x + b = ln(level / (1 - level)). For more
/// classes, classes j and k are equally probable where (w_j - w_k)·x + b_j - b_k = 0. The distance of a point
/// is |w·x + b| / ‖w‖, along the normal w, in the units of x.
///
/// A model of columns far from the origin keeps its scores at their centre c. The hyperplane does the same,
/// and computes w·(x - c) + w·c + b without a difference of large numbers.
///
/// # Examples
/// ```
/// use logit::FittedLogistic;
/// use logit::boundary::{Bounds, Hyperplane};
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(
///     vec!["no", "yes"],
///     dmatrix![3.0; 4.0],
///     dvector![-5.0],
/// )?;
/// let line = Hyperplane::of(&model, 0.5)?;
/// let segment = line.segment(Bounds::new((-1.0, 3.0), (-1.0, 2.0))?)?.unwrap();
/// assert!((segment.length() - 5.0).abs() < 1e-14); // from (3, -1) to (-1, 2)
///
/// let x = dmatrix![3.0, 4.0; 0.0, 0.0];
/// assert!((line.distances(&x)? - dvector![4.0, -1.0]).amax() < 1e-14);
/// assert!((line.nearest(&x)? - dmatrix![0.6, 0.8; 0.6, 0.8]).amax() < 1e-14);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperplane {
    normal: DVector<f64>,
    /// A point, and its signed distance from the hyperplane.
    center: DVector<f64>,
    distance: f64,
    offset: f64,
}

impl Hyperplane {
    /// Creates the hyperplane on which the second of two classes has the probability `level`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if the level is not between 0 and 1, if the number of classes is
    /// not two, or if all coefficients are 0, because the probability is then the same everywhere.
    pub fn of<T: Real, L: Label>(model: &FittedLogistic<T, L>, level: f64) -> Result<Self, Error> {
        check_level(level)?;
        check_two_classes(crate::Classifier::classes(model).len())?;
        let normal = model.coefficients().column(0).map(|w| w.as_f64());
        let (center, scores) = point(model);
        Hyperplane::new(normal, center, scores[0] - Difference::of_level(level).offset)
    }

    /// Creates the hyperplane on which two classes are equally probable, whatever the probabilities of the
    /// others; `first` is more probable on the positive side.
    ///
    /// # Errors
    /// Returns [`Error::NoSuchClass`] if the model does not have one of the classes. Returns
    /// [`Error::InvalidParameter`] if both are the same class, or if they have the same coefficients.
    pub fn between<T: Real, L: Label>(
        model: &FittedLogistic<T, L>,
        first: &L,
        second: &L,
    ) -> Result<Self, Error> {
        let classes = crate::Classifier::classes(model);
        let pair = pair(classes, first, second)?;
        let w = model.coefficients();
        let (center, scores) = point(model);
        if classes.len() == 2 {
            let sign = if pair.0 == 1 { 1.0 } else { -1.0 };
            return Hyperplane::new(w.column(0).map(|w| sign * w.as_f64()), center, sign * scores[0]);
        }
        let of = |class: usize| (w.column(class).map(|w| w.as_f64()), scores[class]);
        let ((w_first, b_first), (w_second, b_second)) = (of(pair.0), of(pair.1));
        Hyperplane::new(w_first - w_second, center, b_first - b_second)
    }

    /// Creates the hyperplane where `normal` times x - `center`, plus `score`, is zero.
    fn new(normal: DVector<f64>, center: DVector<f64>, score: f64) -> Result<Self, Error> {
        let largest = normal.iter().fold(0.0, |largest: f64, w| largest.max(w.abs()));
        check::parameter(
            "coefficients",
            largest,
            largest > 0.0,
            "nonzero: with all coefficients 0 there is no boundary",
        )?;
        // With the largest coefficient scaled to 1, squares neither overflow nor underflow.
        let (normal, score) = (normal / largest, score / largest);
        let length = normal.norm();
        let (normal, distance) = (normal / length, score / length);
        let steps = normal.iter().zip(center.iter()).map(|(w, c)| Pair::of(-w).times_scaled(*c));
        let moved = steps.fold(Pair::of(distance), Pair::plus_pair);
        let offset = moved.high + moved.low;
        check::parameter(
            "intercept",
            offset,
            offset.is_finite(),
            "finite relative to the largest coefficient",
        )?;
        Ok(Hyperplane { normal, center, distance, offset })
    }

    /// Converts the hyperplane to the units of x, for a model that was fitted to z = (x - `shift`) / `scale`,
    /// column by column.
    ///
    /// For a pipeline with a [`StandardScaler`](crate::StandardScaler), call this on the model's hyperplane
    /// with the mean and scale of the scaler.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `shift` or `scale` has the wrong length, [`Error::NotFinite`] if
    /// an entry of `shift` is not finite, and [`Error::InvalidParameter`] if a scale is not finite and above
    /// 0.
    ///
    /// # Examples
    /// ```
    /// use logit::boundary::Hyperplane;
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler, data};
    ///
    /// let iris = data::iris();
    /// let y: Vec<bool> = iris.y.iter().map(|&species| species == "setosa").collect();
    /// let pipeline =
    ///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    /// let model = pipeline.fit(&iris.x, &y)?;
    /// let steps = model.steps();
    /// let plane = Hyperplane::of(model.classifier(), 0.5)?
    ///     .unscaled(steps.mean(), steps.scale())?;
    /// let on_it = plane.nearest(&iris.x)?;
    /// assert!(model.predict_proba(&on_it)?.iter().all(|p| (p - 0.5).abs() < 1e-12));
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn unscaled<T: Real>(&self, shift: &[T], scale: &[T]) -> Result<Self, Error> {
        check::count("shift", "entries", self.normal.len(), shift.len())?;
        check::count("scale", "entries", self.normal.len(), scale.len())?;
        check::finite("shift", &DMatrix::from_row_slice(1, shift.len(), shift))?;
        scale.iter().try_for_each(|scale| check::positive("scale", scale.as_f64()))?;
        let normal = DVector::from_fn(shift.len(), |column, _| self.normal[column] / scale[column].as_f64());
        // The centre in the new units, and what rounding it leaves to the score there.
        let centers: Vec<Pair<f64>> = (0..shift.len())
            .map(|j| Pair::of(scale[j].as_f64()).times_scaled(self.center[j]).plus(shift[j].as_f64()))
            .collect();
        let center = DVector::from_iterator(shift.len(), centers.iter().map(|center| center.high));
        let rest: f64 = normal.iter().zip(&centers).map(|(w, center)| w * center.low).sum();
        Hyperplane::new(normal, center, self.distance - rest)
    }

    /// Returns the normal w, of length 1. It points in the direction of increasing probability.
    pub fn normal(&self) -> &DVector<f64> {
        &self.normal
    }

    /// Returns the offset b: the signed distance of the origin from the hyperplane.
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Returns the part of the line within `bounds`, from frame to frame, with the positive side on its left.
    ///
    /// Returns `None` if the line misses the bounds or only touches a corner.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of features is not two.
    pub fn segment(&self, bounds: Bounds) -> Result<Option<Polyline>, Error> {
        check::count("coefficients", "rows", 2, self.normal.len())?;
        let w = [self.normal[0], self.normal[1]];
        let ends = [bounds.x(), bounds.y()];
        let mut crossings = Vec::new();
        for axis in 0..2 {
            let other = 1 - axis;
            for fixed in [ends[axis].0, ends[axis].1] {
                let along = self.distance + w[axis] * (fixed - self.center[axis]);
                let value = self.center[other] - along / w[other];
                if (ends[other].0..=ends[other].1).contains(&value) {
                    crossings.push(if axis == 0 { [fixed, value] } else { [value, fixed] });
                }
            }
        }
        // Sort along the line, with the positive side on the left.
        let along = |point: &[f64; 2]| w[1] * point[0] - w[0] * point[1];
        crossings.sort_by(|a, b| along(a).total_cmp(&along(b)));
        let (Some(&first), Some(&last)) = (crossings.first(), crossings.last()) else { return Ok(None) };
        let slack = super::contour::slack(bounds, f64::EPSILON);
        Ok(Polyline::cleaned(vec![first, last], false, slack))
    }

    /// Returns the signed distance of each row along the normal: positive on the positive side, negative on
    /// the other.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `x` has the wrong number of columns, [`Error::NotFinite`] if an
    /// entry is not finite, and [`Error::Overflow`] if a distance leaves the range of the number type.
    pub fn distances<'a, T: Real>(&self, x: impl Into<Rows<'a, T>>) -> Result<DVector<f64>, Error> {
        let x = x.into();
        check::count("x", "columns", self.normal.len(), x.ncols())?;
        check::finite("x", x)?;
        let distance = |row: usize| {
            self.normal
                .iter()
                .enumerate()
                .fold(self.distance, |sum, (j, w)| sum + w * (x[(row, j)].as_f64() - self.center[j]))
        };
        let distances: Vec<f64> = (0..x.nrows()).map(distance).collect();
        match distances.iter().position(|distance| !distance.is_finite()) {
            Some(row) => Err(Error::Overflow { row }),
            None => Ok(DVector::from_vec(distances)),
        }
    }

    /// Returns the nearest point of the hyperplane to each row.
    ///
    /// # Errors
    /// Returns the same errors as [`distances`](Hyperplane::distances).
    pub fn nearest<'a, T: Real>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<f64>, Error> {
        let x = x.into();
        let distances = self.distances(x)?;
        let mut nearest = x.map(|x| x.as_f64());
        for (mut row, distance) in nearest.row_iter_mut().zip(distances.iter()) {
            row.iter_mut().zip(self.normal.iter()).for_each(|(x, w)| *x -= distance * w);
        }
        Ok(nearest)
    }
}

/// Returns a point, and the score of each score column at that point.
fn point<T: Real, L: Label>(model: &FittedLogistic<T, L>) -> (DVector<f64>, Vec<f64>) {
    let (center, scores) = model.center_and_scores();
    let center = match center {
        Some(center) => DVector::from_iterator(center.len(), center.iter().map(|c| c.as_f64())),
        None => DVector::zeros(model.coefficients().nrows()),
    };
    (center, scores.iter().map(|score| score.as_f64()).collect())
}
