//! The covariance of the estimates: the inverse information, and sandwich estimators around it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use nalgebra::{DMatrix, DVector};

use super::units::contrasts;
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::linear::blocks::{Block, Pass, Scratch};
use crate::linear::definite;
use crate::linear::objective::LogisticObjective;
use crate::linear::rows::Chunk;
use crate::loss::{Gradient, Targets};
use crate::optim::{HasHessian, condition};
use crate::parallel::{with_threads, zeros};
use crate::scalar::{Real, Strided, Workspace, product_lower};

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

/// The inverse information per unit of weight, with the map to standardised terms and equations.
pub(super) struct Information {
    /// The derivative of the coefficients of standardised terms in the solver's parameters.
    contrasts: DMatrix<f64>,
    /// H⁻¹ times the transpose of the derivative, with H divided by the sum of the weights.
    carried: DMatrix<f64>,
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
        let size = params.len();
        let mut hessian = DMatrix::zeros(size, size);
        objective.hessian(params, &mut hessian);
        let hessian: DMatrix<f64> = hessian.map(|h| h.as_f64());
        let condition = condition(&hessian);
        let factor = definite::factor(hessian, T::EPSILON.as_f64()).ok_or(definite::UNDETERMINED)?;
        let contrasts = contrasts(objective);
        let carried = factor.solve(&contrasts.transpose());
        Ok(Information { contrasts, carried, condition })
    }

    /// Returns the estimates of standardised terms, for each equation in turn.
    pub(super) fn estimates<T: Real>(&self, params: &[T]) -> DVector<f64> {
        let params = DVector::from_iterator(params.len(), params.iter().map(|param| param.as_f64()));
        &self.contrasts * params
    }

    /// Returns the covariance of standardised terms for the given estimator, times a weight, with that weight
    /// and the name of the estimator.
    pub(super) fn covariance<T: Real>(
        &self,
        kind: &Covariance,
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
    ) -> Result<(DMatrix<f64>, f64, String), Error> {
        let (n, p) = (objective.problem.rows.total_weight, self.contrasts.nrows() as f64);
        let corrected = || {
            let requires = "more than the number of estimates for the factor n/(n - p): use Covariance::Hc0";
            check::parameter("observations", n, n > p, requires).map(|()| n - p)
        };
        match kind {
            Covariance::Observed => {
                Ok((&self.contrasts * &self.carried, n, "inverse observed information".into()))
            }
            Covariance::Hc0 => Ok((self.sandwich(objective, params, None), n, "robust, HC0".into())),
            Covariance::Hc1 => {
                let factor = n / corrected()?;
                Ok((self.sandwich(objective, params, None) * factor, n, "robust, HC1".into()))
            }
            Covariance::Clustered(Clusters { of_row }) => {
                let rows = objective.problem.rows;
                check::count("clusters", "labels", rows.count(), of_row.len())?;
                let mut present = vec![false; of_row.iter().max().map_or(0, |last| last + 1)];
                let counted = rows.counted().into_iter().zip(of_row);
                counted.filter(|(counts, _)| *counts).for_each(|(_, &cluster)| present[cluster] = true);
                let clusters = present.iter().filter(|present| **present).count();
                let count = clusters as f64;
                check::parameter("clusters", count, clusters > 1, "at least 2 with rows of positive weight")?;
                let factor = count / (count - 1.0) * (n - 1.0) / corrected()?;
                let covariance = self.sandwich(objective, params, Some((of_row, present.len()))) * factor;
                Ok((covariance, 1.0, format!("robust, {clusters} clusters")))
            }
        }
    }

    /// Returns the sandwich H⁻¹ M H⁻¹, with M the sum of the outer products of the scores of rows or clusters.
    ///
    /// Weights count as shares of their sum, so that their squares stay in range. For rows this gives the
    /// sandwich times the sum, for clusters the sandwich itself.
    fn sandwich<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        params: &[T],
        clusters: Option<(&[usize], usize)>,
    ) -> DMatrix<f64> {
        let meat = match clusters {
            None => outer_products(objective, params),
            Some((of_row, count)) => {
                let sums = cluster_sums(objective, params, (of_row, count));
                &sums * sums.transpose()
            }
        };
        self.carried.tr_mul(&(meat * &self.carried))
    }
}

/// Returns the sum of the outer products of the scores of all rows, times their shares of the weight, in the solver's
/// coordinates.
fn outer_products<T: Real>(objective: &mut LogisticObjective<'_, T>, params: &[T]) -> DMatrix<f64> {
    let size = params.len();
    objective.load(params);
    let sum = objective.sum_plain(
        size * size,
        |old| zeros(old, size * size),
        |pass, memory, chunk, sum| {
            let count = chunk.len();
            let scores = scores_of_rows(pass, memory, chunk, size);
            let mut weighted = scores.clone();
            for column in weighted.chunks_exact_mut(count) {
                column.iter_mut().enumerate().for_each(|(row, x)| *x *= chunk.share(row));
            }
            let (left, right) =
                (Strided::columns(&scores, count, size), Strided::columns(&weighted, count, size));
            product_lower(left, right, sum, true, &mut Workspace::default());
        },
    );
    let lower = DMatrix::from_vec(size, size, sum);
    DMatrix::from_fn(size, size, |i, j| lower[(i.max(j), i.min(j))])
}

/// Returns the sums of the scores of the rows of each cluster, times their shares of the weight.
///
/// The sums are as large as all clusters together, so there is one matrix of them, to which one thread adds the rows in
/// order.
fn cluster_sums<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    params: &[T],
    (of_row, clusters): (&[usize], usize),
) -> DMatrix<f64> {
    let size = params.len();
    objective.load(params);
    let sums = Mutex::new(DMatrix::zeros(size, clusters));
    with_threads(1, || {
        objective.sum_plain(
            1,
            |_| (),
            |pass, memory, chunk, ()| {
                let count = chunk.len();
                let scores = scores_of_rows(pass, memory, chunk, size);
                let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
                for (at, row) in chunk.places().enumerate() {
                    let share = chunk.share(at);
                    let of_cluster = sums.column_mut(of_row[row]);
                    let score = scores.iter().skip(at).step_by(count);
                    of_cluster.into_iter().zip(score).for_each(|(sum, score)| *sum += share * score);
                }
            },
        );
    });
    sums.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the (unweighted) scores of the rows of a block, rows x parameters; zero for rows without weight.
fn scores_of_rows<T: Real>(
    pass: &Pass<'_, '_, T>,
    (block, scratch): (&mut Block<T>, &mut Scratch<T>),
    rows: &Chunk<'_, T>,
    size: usize,
) -> Vec<f64> {
    let (coordinates, count) = (pass.coordinates, rows.len());
    rows.add_offset(&mut block.scores);
    let targets = Targets::Classes(rows.targets());
    let out = Gradient { scale: T::one(), out: &mut block.residuals };
    pass.loss.accumulate(&block.scores, targets, None, Some(out));
    for row in (0..count).filter(|&row| !rows.counts(row)) {
        block.residuals.row_mut(row).fill(T::zero());
    }
    coordinates.scale_rows(rows, &mut scratch.rows);
    let mut scores = Vec::with_capacity(count * size);
    let residuals = || block.residuals.as_slice().chunks_exact(count);
    for residuals in residuals() {
        for column in scratch.rows.chunks_exact(count) {
            scores.extend(column.iter().zip(residuals).map(|(x, r)| r.as_f64() * x.as_f64()));
        }
    }
    if coordinates.intercept {
        scores.extend(residuals().flatten().map(|r| r.as_f64()));
    }
    scores
}
