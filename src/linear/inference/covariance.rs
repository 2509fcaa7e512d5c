//! The covariance of the estimates: the inverse information, and sandwich estimators around it.

use std::collections::BTreeMap;

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::linear::definite;
use crate::linear::objective::LogisticObjective;
use crate::loss::{Gradient, Targets};
use crate::optim::{HasHessian, condition};
use crate::scalar::Real;

/// The estimator of the covariance of the estimates.
///
/// # Formula
/// H is the observed information, s_i the derivative of row i's log-likelihood (its score), u_i its weight, n
/// the sum of the weights and p the number of estimates.
///
/// | kind | covariance | assumes |
/// |---|---|---|
/// | `Observed` | H⁻¹ | that the model is correct |
/// | `Hc0` | H⁻¹ (Σ u_i s_i s_iᵀ) H⁻¹ | independent rows |
/// | `Hc1` | n/(n - p) times the covariance of `Hc0` | independent rows; corrects for few rows |
/// | `Clustered` | G/(G - 1) (n - 1)/(n - p) H⁻¹ (Σ_g t_g t_gᵀ) H⁻¹, t_g = Σ_{i in g} u_i s_i | that the G clusters are independent |
///
/// A weight of 2 counts as the row twice, also within a cluster. Robust standard errors do not remove the
/// bias of estimates from a wrong model. With few clusters (below some 40) they are too small.
///
/// Conventions differ. Some packages apply no factor for logistic regression, so their HC0 and HC1 are equal,
/// and some omit (n - 1)/(n - p) for clusters. The factors are the same for all entries, so results are easy
/// to convert.
///
/// # References
/// Huber (1967); White (1980) for HC0; MacKinnon and White (1985) for HC1; Liang and Zeger (1986), Cameron
/// and Miller (2015) for clusters.
///
/// # Examples
/// ```
/// use logit::linear::{Covariance, RowOptions};
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0; 5.0; 6.0; 7.0];
/// let y = [0, 0, 1, 0, 1, 0, 1, 1];
/// let model = LogisticRegression::new(Penalty::None).fit(&x, &y)?;
///
/// let schools = ["north", "north", "south", "south", "east", "east", "west", "west"];
/// let inference = model.inference_with(
///     &x,
///     &y,
///     RowOptions::default(),
///     Covariance::clustered(&schools),
/// )?;
/// assert_eq!(inference.covariance_name(), "robust, 4 clusters");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Covariance {
    /// The inverse of the observed information.
    #[default]
    Observed,
    /// The sandwich estimator, without a correction for few rows.
    Hc0,
    /// The sandwich estimator times n/(n - p).
    Hc1,
    /// The clustered sandwich estimator; see [`Covariance::clustered`].
    Clustered(Clusters),
}

/// The cluster of each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    of_row: Vec<usize>,
}

impl Covariance {
    /// Creates a clustered sandwich estimator from one label per row. Rows that may depend on each other
    /// share a label.
    pub fn clustered<L: Label>(labels: &[L]) -> Self {
        let mut numbers = BTreeMap::new();
        let mut number = |label| {
            let next = numbers.len();
            *numbers.entry(label).or_insert(next)
        };
        Covariance::Clustered(Clusters { of_row: labels.iter().map(&mut number).collect() })
    }

    /// Returns whether the covariance is robust to a misspecified model.
    pub(super) fn is_robust(&self) -> bool {
        *self != Covariance::Observed
    }
}

/// The inverse information in the solver's coordinates, with the map to terms and equations.
pub(super) struct Information {
    /// The derivative of the coefficients (terms and equations) in the solver's parameters.
    pub(super) jacobian: DMatrix<f64>,
    /// H⁻¹ times the transpose of the derivative.
    pub(super) carried: DMatrix<f64>,
    pub(super) condition: f64,
}

impl Information {
    /// Inverts the information at `params`.
    ///
    /// # Errors
    /// Returns [`Error::Singular`] if the coefficients are not determined.
    pub(super) fn new<T: Real>(
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
    ) -> Result<Self, Error> {
        let total_weight = objective.problem.rows.total_weight;
        let size = params.len();
        let mut hessian = DMatrix::zeros(size, size);
        objective.hessian(params, &mut hessian);
        let hessian: DMatrix<f64> = hessian.map(|h| h.as_f64() * total_weight);
        let condition = condition(&hessian);
        let factor = definite::factor(hessian, T::EPSILON.as_f64()).ok_or(definite::UNDETERMINED)?;
        let jacobian = jacobian(objective);
        let carried = factor.solve(&jacobian.transpose());
        Ok(Information { jacobian, carried, condition })
    }

    /// Returns the covariance for the given estimator, and its name.
    pub(super) fn covariance<T: Real>(
        &self,
        kind: &Covariance,
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
    ) -> Result<(DMatrix<f64>, String), Error> {
        let (n, p) = (objective.problem.rows.total_weight, self.jacobian.nrows() as f64);
        let corrected = || {
            let requires = "more than the number of estimates for the factor n/(n - p): use Covariance::Hc0";
            check::parameter("observations", n, n > p, requires).map(|()| n - p)
        };
        match kind {
            Covariance::Observed => {
                Ok((&self.jacobian * &self.carried, "inverse observed information".into()))
            }
            Covariance::Hc0 => Ok((self.sandwich(objective, params, None), "robust, HC0".into())),
            Covariance::Hc1 => {
                let factor = n / corrected()?;
                Ok((self.sandwich(objective, params, None) * factor, "robust, HC1".into()))
            }
            Covariance::Clustered(Clusters { of_row }) => {
                let rows = objective.problem.rows;
                check::count("clusters", "labels", rows.x.nrows(), of_row.len())?;
                let mut present = vec![false; of_row.iter().max().map_or(0, |last| last + 1)];
                rows.counted().into_iter().for_each(|row| present[of_row[row]] = true);
                let clusters = present.iter().filter(|present| **present).count();
                let count = clusters as f64;
                check::parameter("clusters", count, clusters > 1, "at least 2 with rows of positive weight")?;
                let factor = count / (count - 1.0) * (n - 1.0) / corrected()?;
                let covariance = self.sandwich(objective, params, Some((of_row, present.len()))) * factor;
                Ok((covariance, format!("robust, {clusters} clusters")))
            }
        }
    }

    /// Returns the sandwich H⁻¹ M H⁻¹ for terms and equations, with M the sum of the outer products of the
    /// scores of rows or clusters.
    fn sandwich<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
        clusters: Option<(&[usize], usize)>,
    ) -> DMatrix<f64> {
        let size = params.len();
        let mut meat = DMatrix::zeros(size, size);
        let mut sums = DMatrix::zeros(size, clusters.map_or(0, |(_, count)| count));
        each_score(objective, params, |row, weight, score| match clusters {
            None => meat.ger(weight, score, score, 1.0),
            Some((of_row, _)) => sums.column_mut(of_row[row]).axpy(weight, score, 1.0),
        });
        if clusters.is_some() {
            meat = &sums * sums.transpose();
        }
        self.carried.tr_mul(&(meat * &self.carried))
    }
}

/// Calls `each` with the index, weight and (unweighted) score of every row with a positive weight, in the
/// solver's coordinates.
fn each_score<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    params: &[T],
    mut each: impl FnMut(usize, f64, &nalgebra::DVector<f64>),
) {
    objective.load(params);
    let (loss, coordinates) = (objective.loss, objective.coordinates.clone());
    let (features, width) = (coordinates.features(), objective.width());
    let columns = coordinates.columns;
    let mut scaled = Vec::new();
    let mut score = nalgebra::DVector::zeros(params.len());
    objective.pass(false, |problem, range, block| {
        problem.add_offset(range.clone(), &mut block.scores);
        let targets = Targets::Classes(&problem.rows.targets[range.clone()]);
        let out = Gradient { scale: T::one(), out: &mut block.residuals };
        loss.accumulate(&block.scores, targets, None, Some(out));
        coordinates.scale_rows(problem.rows.x, range.clone(), &mut scaled);
        for row in range.clone().filter(|&row| problem.rows.counts(row)) {
            let at = row - range.start;
            for column in 0..columns {
                let residual = block.residuals[(at, column)].as_f64();
                for j in 0..features {
                    score[column * features + j] = residual * scaled[j * range.len() + at].as_f64();
                }
                if width > features {
                    score[features * columns + column] = residual;
                }
            }
            each(row, problem.rows.weights.map_or(1.0, |w| w[row].as_f64()), &score);
        }
    });
}

/// Returns the derivative of the coefficients (terms and equations) with respect to the solver's parameters.
pub(super) fn jacobian<T: Real>(objective: &LogisticObjective<'_, T>) -> DMatrix<f64> {
    let coordinates = &objective.coordinates;
    let (features, shift) = (coordinates.features(), usize::from(coordinates.intercept));
    let terms = features + shift;
    let equations = coordinates.columns.max(2) - 1;
    let mut jacobian = DMatrix::zeros(terms * equations, objective.problem.parameter_count());
    for equation in 0..equations {
        // The score column itself, or the difference between this class's column and the first.
        let signed: &[(usize, f64)] =
            if coordinates.columns == 1 { &[(0, 1.0)] } else { &[(equation + 1, 1.0), (0, -1.0)] };
        for &(column, sign) in signed {
            let first = equation * terms;
            for j in 0..features {
                let slope = sign / coordinates.scale[j].as_f64();
                let at = objective.index(j, column);
                jacobian[(first + shift + j, at)] = slope;
                if coordinates.intercept {
                    jacobian[(first, at)] = -coordinates.center[j].as_f64() * slope;
                }
            }
            if coordinates.intercept {
                jacobian[(first, objective.index(features, column))] = sign;
            }
        }
    }
    jacobian
}
