//! The loss of a network over all rows, as an objective for a minimiser.

use std::ops::Range;

use nalgebra::DMatrix;

use super::blocks::{Blocks, workers};
use super::compatible::check_compatible;
use crate::error::Error;
use crate::examples::{CheckedExamples, Examples};
use crate::layer::{Layer, Tape};
use crate::loss::{Gradient, Loss};
use crate::optim::{Evaluation, HasHessian, Objective};
use crate::parallel::{Entries, Tally};
use crate::penalty::{add_l2_gradient_of, l2_of};
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, axpy, product_lower};

/// The mean loss of a network over all rows plus λ/2 ‖w‖², as an objective for [`Lbfgs`](crate::Lbfgs) and
/// [`LevenbergMarquardt`](crate::optim::LevenbergMarquardt).
///
/// Layers behave as in prediction ([`Mode::Evaluate`](crate::nn::Mode)): nothing is random, and normalisation
/// uses its initial statistics.
///
/// # Second derivatives
/// [`HasHessian::hessian`] is the generalised Gauss-Newton matrix Σ Jᵢᵀ Hᵢ Jᵢ, where Jᵢ is the derivative of
/// the scores of row i with respect to the parameters, and Hᵢ is the curvature of its loss
/// ([`Loss::curvature`]), or the identity for a loss without one. The matrix is positive semidefinite. It is
/// the Hessian itself where scores are linear in the parameters. It costs a backward pass per row and score,
/// and memory for the square of the number of parameters, so it is meant for small networks.
///
/// # Memory
/// The objective keeps a copy of `x`, in blocks of rows.
///
/// # References
/// Schraudolph (2002), "Fast curvature matrix-vector products for second-order gradient descent".
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{
///     BinaryCrossEntropy, Examples, NetworkObjective, Sequential, Targets,
/// };
/// use logit::optim::LevenbergMarquardt;
/// use logit::Activation;
///
/// // Exclusive or.
/// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
/// let examples = Examples::new(&x, Targets::Classes(&[0, 1, 1, 0]));
/// let network = Sequential::perceptron(&[2, 3, 1], Activation::Tanh)?;
/// let mut objective =
///     NetworkObjective::new(&network, &BinaryCrossEntropy, examples, 1e-3)?;
/// let start = objective.initial(1);
/// let minimum =
///     LevenbergMarquardt::new().floor(1.0).minimize(&mut objective, start)?;
/// assert!(minimum.report.converged(), "{}", minimum.report);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct NetworkObjective<T: Real, N, S> {
    network: N,
    loss: S,
    blocks: Blocks<T>,
    lambda: f64,
    penalized: Vec<Range<usize>>,
    /// Sums of losses and gradients over blocks.
    sums: Tally<(f64, Vec<T>)>,
    curvature: Option<CurvatureScratch<T>>,
}

/// The scratch memory of [`HasHessian::hessian`].
#[derive(Debug)]
struct CurvatureScratch<T> {
    x: DMatrix<T>,
    tape: Tape<T>,
    /// The curvature of the loss of a row in its scores.
    of_loss: DMatrix<T>,
    /// The derivatives of the scores of several rows, one after the other.
    jacobian: Vec<T>,
    /// The derivatives in `jacobian` times the weighted curvature of the losses.
    bent: Vec<T>,
    workspace: Workspace<T>,
}

impl<T: Real, N: Layer<T>, S: Loss<T>> NetworkObjective<T, N, S> {
    /// Creates the objective of `network` (or a reference to one) on `examples`, with the penalty λ, at
    /// least 0.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if λ is negative or not finite, and the errors of a mismatch, such
    /// as [`Error::ShapeMismatch`] or [`Error::InvalidTarget`], if the examples do not fit the network or the
    /// loss.
    pub fn new(network: N, loss: S, examples: Examples<'_, T>, lambda: f64) -> Result<Self, Error> {
        crate::check::not_negative("lambda", lambda)?;
        Self::on_checked(network, loss, examples.checked()?, lambda)
    }

    /// Creates the objective on checked examples with a checked penalty.
    pub(crate) fn on_checked(
        network: N,
        loss: S,
        examples: CheckedExamples<'_, T>,
        lambda: f64,
    ) -> Result<Self, Error> {
        network.check()?;
        check_compatible(&examples, &network, &loss)?;
        Ok(NetworkObjective {
            blocks: Blocks::new(examples, &network),
            lambda,
            penalized: network.penalized(),
            sums: Tally::default(),
            curvature: None,
            network,
            loss,
        })
    }

    /// Returns the initial parameters that the layers draw for this seed.
    pub fn initial(&self, seed: u64) -> Vec<T> {
        let mut params = vec![T::zero(); self.network.parameter_count()];
        self.network.init(&mut params, &mut Rng::new(seed).split());
        params
    }
}

impl<T: Real, N: Layer<T>, S: Loss<T>> Objective<T> for NetworkObjective<T, N, S> {
    fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        let NetworkObjective { network, loss, blocks, sums, .. } = self;
        let total = blocks.total_weight;
        let blocks = blocks.blocks.as_mut_slice();
        // A forward pass, and a backward pass that takes twice as long.
        let (mut workers, count) = (workers(blocks, 3.0 * params.len() as f64), blocks.len());
        // A backward pass overwrites its gradient, so old numbers may stay.
        let zero = |old: Option<(f64, Vec<T>)>| {
            (0.0, old.map_or_else(|| vec![T::zero(); params.len()], |(_, gradient)| gradient))
        };
        let sides = Entries::new(blocks, 1);
        let sum = sums.over(&mut workers, (count, 1), sides, zero, |(), _, sum, blocks| {
            for block in blocks.into_slice() {
                network.forward(params, &block.x, &mut block.tape);
                let judged = block.loss_inputs();
                let out = Gradient { scale: T::of(1.0 / total), out: judged.gradient };
                sum.0 += loss.accumulate(judged.scores, judged.targets, judged.weights, Some(out));
                network.backward(params, &block.x, &mut block.tape, &mut sum.1, None);
            }
        });
        gradient.copy_from_slice(&sum.1);
        let loss = sum.0;
        sums.give_back(sum);
        add_l2_gradient_of(self.lambda, &self.penalized, params, gradient);
        Evaluation::of(loss / total + l2_of(self.lambda, &self.penalized, params), gradient)
    }
}

/// The number of rows of the Jacobian that are multiplied together.
const JACOBIAN_ROWS: usize = 256;

impl<T: Real, N: Layer<T>, S: Loss<T>> HasHessian<T> for NetworkObjective<T, N, S> {
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        let (count, scores) = (params.len(), self.network.outputs());
        hessian.fill(T::zero());
        let mut scratch = self.curvature.take().unwrap_or_else(|| CurvatureScratch {
            x: DMatrix::zeros(1, self.network.inputs()),
            tape: self.network.tape(1),
            of_loss: DMatrix::zeros(scores, scores),
            jacobian: Vec::with_capacity((JACOBIAN_ROWS + scores) * count),
            bent: Vec::with_capacity((JACOBIAN_ROWS + scores) * count),
            workspace: Workspace::default(),
        });
        for block in &mut self.blocks.blocks {
            self.network.forward(params, &block.x, &mut block.tape);
            for row in 0..block.rows() {
                let judged = block.loss_inputs();
                let weight = judged.weights.map_or(T::one(), |weights| weights[row]);
                if weight == T::zero() {
                    continue;
                }
                if !self.loss.curvature(judged.scores, judged.targets, row, &mut scratch.of_loss) {
                    scratch.of_loss.fill_with_identity();
                }
                let weight = weight * T::of(1.0 / self.blocks.total_weight);
                scratch.x.copy_from(&block.x.row(row));
                scratch.push(&self.network, params, weight);
                if scratch.jacobian.len() >= JACOBIAN_ROWS * count {
                    scratch.add_to(hessian);
                }
            }
        }
        scratch.add_to(hessian);
        self.curvature = Some(scratch);
        for at in self.penalized.iter().cloned().flatten() {
            hessian[(at, at)] += T::of(self.lambda);
        }
    }

    fn is_exact(&self) -> bool {
        false
    }
}

impl<T: Real> CurvatureScratch<T> {
    /// Appends the Jacobian of the scores of the current row, plain and times the curvature of its loss.
    fn push<N: Layer<T>>(&mut self, network: &N, params: &[T], weight: T) {
        let (count, scores, start) = (params.len(), network.outputs(), self.jacobian.len());
        self.jacobian.resize(start + scores * count, T::zero());
        self.bent.resize(start + scores * count, T::zero());
        network.forward(params, &self.x, &mut self.tape);
        let jacobian = &mut self.jacobian[start..];
        for (score, derivative) in jacobian.chunks_exact_mut(count).enumerate() {
            let gradient = self.tape.output_gradient_mut();
            gradient.fill(T::zero());
            gradient[score] = T::one();
            network.backward(params, &self.x, &mut self.tape, derivative, None);
        }
        for (score, bent) in self.bent[start..].chunks_exact_mut(count).enumerate() {
            for (other, derivative) in jacobian.chunks_exact(count).enumerate() {
                axpy(weight * self.of_loss[(score, other)], derivative, bent);
            }
        }
    }

    /// Adds the products of all stored rows to `hessian`, and removes the rows.
    fn add_to(&mut self, hessian: &mut DMatrix<T>) {
        let count = hessian.nrows();
        let rows = self.jacobian.len() / count.max(1);
        let plain = Strided::columns(&self.jacobian, count, rows).transposed();
        let bent = Strided::columns(&self.bent, count, rows).transposed();
        product_lower(plain, bent, hessian.as_mut_slice(), true, &mut self.workspace);
        self.jacobian.clear();
        self.bent.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::examples::Targets;
    use crate::gradcheck::GradCheck;
    use crate::layer::{Activation, Sequential};
    use crate::loss::cross_entropy;
    use crate::rng::Rng;

    struct Problem {
        network: Sequential<crate::layer::Dense>,
        x: DMatrix<f64>,
        y: Vec<usize>,
        weights: Vec<f64>,
        params: Vec<f64>,
    }

    fn problem(rows: usize, sizes: &[usize], activation: Activation, classes: usize, seed: u64) -> Problem {
        let mut rng = Rng::new(seed);
        let network = Sequential::perceptron(sizes, activation).unwrap();
        Problem {
            x: DMatrix::from_fn(rows, sizes[0], |_, _| rng.standard_normal()),
            y: (0..rows).map(|_| rng.below(classes)).collect(),
            weights: (0..rows).map(|row| if row == 1 { 0.0 } else { rng.uniform(0.5, 2.0) }).collect(),
            params: (0..crate::layer::Shape::parameter_count(&network))
                .map(|_| rng.standard_normal())
                .collect(),
            network,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_gradient_over_all_blocks_is_the_derivative(
            rows in prop_oneof![2usize..20, 250usize..300], classes in 2usize..4, lambda in 0.0f64..1.0,
            weighted: bool, seed: u64,
        ) {
            let loss = cross_entropy::<f64>(classes);
            let p = problem(rows, &[2, 3, loss.score_columns(classes)], Activation::Tanh, classes, seed);
            let examples = Examples::new(&p.x, Targets::Classes(&p.y));
            let examples = if weighted { examples.weights(&p.weights) } else { examples };
            let mut objective = NetworkObjective::new(&p.network, loss, examples, lambda).unwrap();
            let check = GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-10);
            let agreement = check.objective(&mut objective, &p.params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
        }

        /// Where scores are linear in the parameters, nothing is left out.
        #[test]
        fn the_matrix_of_a_network_without_hidden_layers_is_the_hessian(
            rows in prop_oneof![2usize..20, 250usize..300], classes in 2usize..4, lambda in 0.0f64..1.0, seed: u64,
        ) {
            let loss = cross_entropy::<f64>(classes);
            let p = problem(rows, &[2, loss.score_columns(classes)], Activation::Tanh, classes, seed);
            let examples = Examples::new(&p.x, Targets::Classes(&p.y)).weights(&p.weights);
            let mut objective = NetworkObjective::new(&p.network, loss, examples, lambda).unwrap();
            let agreement = GradCheck::new().hessian(&mut objective, &p.params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
        }
    }
}
