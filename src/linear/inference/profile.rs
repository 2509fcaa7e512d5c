//! Profile-likelihood confidence intervals.

use nalgebra::{DMatrix, DVector};

use super::constrained::minimize;
use super::ends::Profile;
use super::quantile;
use super::units::{Units, contrasts};
use crate::error::Error;
use crate::label::Label;
use crate::linear::definite;
use crate::linear::fitted::FittedLogistic;
use crate::linear::jeffreys::JeffreysObjective;
use crate::linear::objective::LogisticObjective;
use crate::linear::sample::RowOptions;
use crate::optim::HasHessian;
use crate::parallel::{for_each, workers_for};
use crate::report::StopReason;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scalar::dot;

/// Profile-likelihood intervals of coefficients. Each matrix is p terms x E equations, as in
/// [`Inference`](crate::linear::Inference).
///
/// # Formula
/// The ends of the interval for a coefficient β are where 2 (ℓ_max - ℓ(β)) equals the quantile of the
/// chi-squared distribution with one degree of freedom. Here ℓ(β) is the profile log-likelihood: the largest
/// log-likelihood of all fits with that value of the coefficient. Unlike Wald intervals, profile intervals do
/// not depend on the scale (the intervals of odds ratios have the ends exp β), need not be symmetric, and
/// exist where the estimate does not. An end that the data does not determine is infinite.
///
/// With Jeffreys' prior or an L2 penalty, ℓ is the penalised log-likelihood.
///
/// # References
/// Venzon and Moolgavkar (1988), *A method for computing profile-likelihood-based confidence intervals*;
/// Heinze and Schemper (2002) for Jeffreys' prior.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProfileIntervals {
    /// The maximum of the (penalised) likelihood: the estimates, accurate to the last digits even if the fit
    /// was stopped early.
    ///
    /// For separable classes without a penalty, it is the point where the search for a maximum was given up.
    pub estimates: DMatrix<f64>,
    /// The lower ends.
    pub lower: DMatrix<f64>,
    /// The upper ends.
    pub upper: DMatrix<f64>,
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    /// Computes profile-likelihood intervals at the given confidence level, such as 0.95, from the rows that
    /// the model was fitted to, with their weights and offsets.
    ///
    /// See [`ProfileIntervals`].
    ///
    /// # Method
    /// For each end, the fit is repeated with the coefficient fixed at values that approach the end, by
    /// Newton's method on the signed root of the deviance, within a bracket. Every such fit is certified: its
    /// gradient per standard deviation of a column is within [`Real::TOLERANCE`].
    ///
    /// An end is infinite if the deviance stays below the quantile up to 200 Wald half-widths from the
    /// estimate. If the classes are separable, the limit is 400 in units of the inverse standard deviation of
    /// the column.
    ///
    /// Each coefficient takes about ten fits; with Jeffreys' prior on dozens of similar columns this may take
    /// minutes. `f32` gives about three digits.
    ///
    /// # Errors
    /// Returns the same errors as [`inference_with`](Self::inference_with), except that separable classes are
    /// not an error. Also returns [`Error::InvalidParameter`] if `level` is outside (0, 1), and
    /// [`Error::NotConverged`] if a fit cannot be certified.
    ///
    /// # Examples
    /// ```
    /// use logit::linear::RowOptions;
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty};
    /// use nalgebra::dmatrix;
    ///
    /// // None of 5 recovered without the treatment, and 4 of 6 with it: the log-odds ratio
    /// // is infinite.
    /// let (x, y) = (dmatrix![0.0; 0.0; 1.0; 1.0], [false, true, false, true]);
    /// let rows = RowOptions::new().weights(&[5.0, 0.0, 2.0, 4.0]);
    /// let model = LogisticRegression::new(Penalty::Jeffreys).fit_weighted(
    ///     &x,
    ///     &y,
    ///     &[5.0, 0.0, 2.0, 4.0],
    /// )?;
    /// let treated = 1;
    ///
    /// let intervals = model.profile_intervals(&x, &y, rows, 0.95)?;
    /// assert!(intervals.lower[treated] > 0.0 && intervals.upper[treated].is_finite());
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn profile_intervals<'a>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        rows: RowOptions<'_, T>,
        level: f64,
    ) -> Result<ProfileIntervals, Error> {
        let x = x.into();
        let reach = quantile(level)?;
        let sample = self.sample(x, y, rows)?;
        self.check_smooth("profile intervals")?;
        self.check_separation_decided()?;
        let terms = self.terms();
        let problem = sample.problem(&terms.penalty, terms.intercept);
        let mut objectives = vec![LogisticObjective::new(problem)];
        let objective = &objectives[0];
        objective.check_information()?;
        let start = self.params_in(&objective.coordinates);
        let (units, jacobian) = coefficients(objective);
        let operations = (jacobian.nrows() * EVALUATIONS * x.len() * sample.classes) as f64;
        let workers = workers_for(jacobian.nrows(), operations);
        objectives.resize_with(workers, || LogisticObjective::new(problem));
        let shape = (x.ncols() + usize::from(terms.intercept), sample.classes - 1);
        let setting = Setting {
            units: &units,
            jacobian: &jacobian,
            total_weight: sample.examples.total_weight(),
            reach,
            separated: self.report().stop == StopReason::Separated,
        };
        let ends = if terms.jeffreys {
            let jeffreys = objectives.iter_mut().map(|objective| JeffreysObjective::new(objective, &start));
            setting.intervals(&mut jeffreys.collect::<Result<Vec<_>, Error>>()?, &start)?
        } else {
            setting.intervals(&mut objectives, &start)?
        };
        let matrix = |side: usize| DMatrix::from_fn(shape.0, shape.1, |i, j| ends[j * shape.0 + i][side]);
        Ok(ProfileIntervals { estimates: matrix(0), lower: matrix(1), upper: matrix(2) })
    }
}

/// Returns the derivative of the coefficients in the solver's parameters, one row per coefficient, with the
/// units by which slopes are still to be divided.
fn coefficients<T: Real>(objective: &LogisticObjective<'_, T>) -> (Units, DMatrix<f64>) {
    let (units, mut jacobian) = (Units::new(&objective.coordinates), contrasts(objective));
    units.move_intercepts(&mut jacobian, |_| true);
    (units, jacobian)
}

/// The quantities shared by all profiles.
struct Setting<'a> {
    units: &'a Units,
    /// The derivative of each coefficient in the solver's parameters, with slopes per scale of a column.
    jacobian: &'a DMatrix<f64>,
    total_weight: f64,
    /// The square root of the chi-squared quantile.
    reach: f64,
    separated: bool,
}

/// The number of evaluations for a coefficient, about.
const EVALUATIONS: usize = 100;
/// The distance from the estimate at which the search stops, in Wald half-widths.
const FARTHEST: f64 = 200.0;
/// The largest first distance, in standard deviations of the column.
const FIRST: f64 = 8.0;

impl Setting<'_> {
    /// Returns the estimate and both ends of each coefficient. The objectives are copies of one, for a thread each.
    fn intervals<T: Real, O: HasHessian<T> + Send>(
        &self,
        objectives: &mut [O],
        start: &[T],
    ) -> Result<Vec<[f64; 3]>, Error> {
        let objective = &mut objectives[0];
        let optimum = minimize(objective, start, None)?;
        let size = start.len();
        let mut hessian = DMatrix::zeros(size, size);
        objective.hessian(&optimum.params, &mut hessian);
        hessian.fill_upper_triangle_with_lower_triangle();
        let hessian: DMatrix<f64> = hessian.map(|h| h.as_f64() * self.total_weight);
        let factor = definite::factor(hessian, T::EPSILON.as_f64());
        if factor.is_none() && !self.separated {
            return Err(definite::UNDETERMINED);
        }
        let mut ends: Vec<Result<[f64; 3], Error>> = vec![Ok([0.0; 3]); self.jacobian.nrows()];
        let coefficients = self.jacobian.row_iter().enumerate().zip(&mut ends);
        for_each(objectives, coefficients, |objective, ((index, row), ends)| {
            let unit = self.units.of_coefficient(index);
            let a = row.transpose();
            let spread = a.norm();
            // Without a usable curvature, use the shortest direction and a width of one standard deviation.
            let (image, variance) = match factor.as_ref().filter(|_| !self.separated) {
                Some(factor) => {
                    let image = factor.solve(&a);
                    let variance = a.dot(&image);
                    (image / variance, variance)
                }
                None => (&a / (spread * spread), spread * spread),
            };
            let width = self.reach * variance.sqrt();
            let of = |vector: &DVector<f64>| -> Vec<T> { vector.iter().map(|&v| T::of(v)).collect() };
            let a = of(&a);
            let profile = Profile {
                reach: self.reach,
                total_weight: self.total_weight,
                estimate: dot(&a, &optimum.params).as_f64(),
                a,
                direction: of(&image),
                optimum: &optimum,
                first: width.min(FIRST * spread),
                limit: FARTHEST * width,
            };
            let found =
                profile.end(objective, -1.0).and_then(|lower| Ok((lower, profile.end(objective, 1.0)?)));
            *ends = found.map(|(lower, upper)| [profile.estimate, lower, upper].map(|value| value / unit));
        });
        ends.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::problem::{ColumnPenalty, Problem};

    /// Column 0 is 1 for rows of class 1 only, but for some of them; column 1 overlaps. Column 0's
    /// coefficient has a lower end only, and column 1's has those of the rows where column 0 is 0, which
    /// alone decide it.
    #[test]
    fn quasi_complete_separation_leaves_the_other_ends() {
        let other = [0.3, -1.0, 0.8, 1.7, -0.4, 0.1, 2.0, -1.5, 0.2, 0.9];
        let classes = [0, 0, 1, 1, 1, 0, 0, 0, 1, 1];
        let flagged = [8, 9];
        let flag = |row: usize| f64::from(u8::from(flagged.contains(&row)));
        let x = DMatrix::from_fn(10, 2, |row, j| if j == 0 { flag(row) } else { other[row] });
        let ends = |x: &DMatrix<f64>, classes: &[usize], start: &[f64], separated: bool| {
            let penalty = ColumnPenalty::none(x.ncols());
            let rows = ClassExamples::new(x.into(), classes, None).unwrap();
            let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
            let objective = LogisticObjective::new(problem);
            let (units, jacobian) = coefficients(&objective);
            let (total_weight, reach) = (x.nrows() as f64, 1.959963984540054);
            let setting = Setting { units: &units, jacobian: &jacobian, total_weight, reach, separated };
            setting.intervals(&mut [objective], start).unwrap()
        };
        // As a fit would leave it when separation is found: far out, and not at an optimum.
        for start in [[3.0, 0.5, 0.0], [25.0, 0.1, 1.0]] {
            let found = ends(&x, &classes, &start, true);
            let rest = x.rows(0, 8).columns(1, 1).into_owned();
            let wanted = ends(&rest, &classes[..8], &[0.0, 0.0], false);
            for (found, wanted) in [(found[0], wanted[0]), (found[2], wanted[1])] {
                for (found, wanted) in found.iter().zip(&wanted) {
                    approx::assert_relative_eq!(found, wanted, max_relative = 1e-6);
                }
            }
            assert_eq!(found[1][2], f64::INFINITY);
            assert!(found[1][1].is_finite() && found[1][1] < 2.0, "{:?}", found[1]);
        }
    }

    /// One class of three that a plane separates from the others: most ends are infinite, and all are found.
    #[test]
    fn a_class_apart_leaves_infinite_ends() {
        let iris = crate::data::iris();
        let classes: Vec<usize> = iris
            .y
            .iter()
            .map(|&name| ["setosa", "versicolor", "virginica"].iter().position(|c| *c == name).unwrap())
            .collect();
        let x = iris.x.columns(2, 1).into_owned();
        let penalty = ColumnPenalty::none(1);
        let rows = ClassExamples::new((&x).into(), classes.as_slice(), None).unwrap();
        let problem = Problem { rows: rows.into(), classes: 3, intercept: true, penalty: &penalty };
        let objective = LogisticObjective::new(problem);
        let (units, jacobian) = coefficients(&objective);
        let (total_weight, reach) = (150.0, 1.959963984540054);
        let setting = Setting { units: &units, jacobian: &jacobian, total_weight, reach, separated: true };
        let start = vec![0.0; 6];
        let ends = setting.intervals(&mut [objective], &start).unwrap();
        // Intercepts and slopes of versicolor and virginica against setosa: slopes grow, intercepts fall for
        // ever.
        for [_, lower, upper] in [ends[0], ends[2]] {
            assert!(lower == f64::NEG_INFINITY && upper.is_finite(), "{lower} {upper}");
        }
        for [_, lower, upper] in [ends[1], ends[3]] {
            assert!(lower.is_finite() && upper == f64::INFINITY, "{lower} {upper}");
        }
    }
}
