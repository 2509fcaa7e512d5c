//! Gradients proved against finite differences: the crate's own proof obligation, offered to authors of layers,
//! losses and objectives.

mod difference;
mod nan;
mod verdict;

use nalgebra::DMatrix;

use difference::{Derivative, derivative};
use nan::nan_passes;
pub use verdict::{Agreement, Mismatch};
use verdict::{Entry, Ledger};

use crate::check;
use crate::error::{Error, unsupported};
use crate::layer::{Layer, Tape};
use crate::loss::{Gradient, Loss, Targets};
use crate::optim::{HasHessian, HessianProduct, Objective};
use crate::rng::Rng;

/// Checks analytic derivatives against five-point differences in `f64`, entry by entry, and the other obligations
/// of [`Layer`], [`Loss`] and [`Objective`] on the way.
///
/// # Method
/// f'(x) is estimated as (f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)) / 12h, whose error is of order h^4: about 1e-12
/// for moderate functions. Each estimate is confirmed with half the step. Where the two disagree the function has a
/// kink nearby; the step is then made smaller, and if that does not help the entry is counted as a kink and left out.
/// Kinks in more than a quarter of the entries are an error, because the check would prove too little.
///
/// # Errors
/// Every check refuses settings out of range as [`Mismatch::Invalid`].
///
/// # Examples
/// A gradient that belongs to other labels (0/1 instead of -1/+1) does not pass:
/// ```
/// use logit::optim::{Evaluation, Objective};
/// use logit::GradCheck;
///
/// /// ln(1 + exp(-s w)) for the label s = -1, with the gradient of somebody else's formula.
/// struct Mistaken;
/// impl Objective<f64> for Mistaken {
///     fn parameter_count(&self) -> usize {
///         1
///     }
///     fn evaluate(&mut self, w: &[f64], gradient: &mut [f64]) -> Evaluation {
///         let s = -1.0;
///         gradient[0] = 1.0 / (1.0 + (-w[0]).exp()) - s; // σ(w) - s wants labels 0 and 1
///         Evaluation::of((1.0 + (-s * w[0]).exp()).ln(), gradient)
///     }
/// }
/// let mismatch = GradCheck::new().objective(&mut Mistaken, &[0.3]).unwrap_err();
/// assert!(mismatch.to_string().starts_with("parameter 0: the gradient says 1.574442516811659"), "{mismatch}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradCheck {
    step: f64,
    relative: f64,
    absolute: f64,
    max_entries: usize,
    seed: u64,
}

impl Default for GradCheck {
    fn default() -> Self {
        GradCheck { step: 1e-3, relative: 1e-7, absolute: 1e-9, max_entries: 2000, seed: 0 }
    }
}

impl GradCheck {
    /// A check with default settings.
    pub fn new() -> Self {
        GradCheck::default()
    }

    /// The step h of the differences, for entries around 1; larger entries get proportionally larger steps. Above 0.
    /// Defaults to 1e-3.
    pub fn step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    /// The relative error allowed, at least 0. Defaults to 1e-7.
    pub fn relative_tolerance(mut self, relative: f64) -> Self {
        self.relative = relative;
        self
    }

    /// The absolute error allowed, for derivatives close to zero; at least 0. Defaults to 1e-9.
    pub fn absolute_tolerance(mut self, absolute: f64) -> Self {
        self.absolute = absolute;
        self
    }

    /// The largest number of entries that are checked of parameters and of inputs, at least 1; of more, this number is
    /// chosen at random. Defaults to 2000.
    pub fn max_entries(mut self, max_entries: usize) -> Self {
        self.max_entries = max_entries;
        self
    }

    /// The seed of the random output gradient of layers and of the choice of entries. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks a layer's gradients in every parameter and every input, for a random gradient of its output; that both
    /// passes repeat to the same bits; that `backward` overwrites what it writes, leaves the output's gradient alone,
    /// gives the same with and without `dx`, and is exactly zero for a gradient of zero; and that NaN in gives NaN out:
    /// in [`Mode::Evaluate`](crate::nn::Mode), an output that changes when an input of its row is moved is not finite when
    /// that input is NaN.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong.
    pub fn layer<L: Layer<f64> + ?Sized>(
        &self,
        layer: &L,
        params: &[f64],
        x: &DMatrix<f64>,
    ) -> Result<Agreement, Mismatch> {
        self.layer_on(layer, params, x, &mut layer.tape(x.nrows()))
    }

    /// As [`layer`](GradCheck::layer), with a tape that has been prepared: set to [`Mode::Train`](crate::nn::Mode), with
    /// masks drawn or running statistics loaded.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong.
    ///
    /// # Examples
    /// In training, each output of a batch normalisation depends on all rows, and a dropout mask stays as it was drawn:
    /// ```
    /// use logit::nn::{AnyLayer, BatchNorm, Dropout, Layer, Mode, Sequential};
    /// use logit::{GradCheck, Rng};
    /// use nalgebra::dmatrix;
    ///
    /// let layers = vec![BatchNorm::new(2)?.into(), Dropout::new(2, 0.5)?.into()];
    /// let network = Sequential::<AnyLayer>::new(layers)?;
    /// let x = dmatrix![0.3, -1.0; 0.8, 2.0; -0.4, 0.1; 1.9, 0.6];
    /// let mut tape = network.tape(4);
    /// tape.set_mode(Mode::Train);
    /// network.sample_masks(&mut tape, &mut Rng::new(1));
    /// let agreement = GradCheck::new().layer_on(&network, &[1.2, 0.7, 0.1, -0.3], &x, &mut tape)?;
    /// assert_eq!((agreement.entries, agreement.kinks), (4 + 8, 0));
    /// # Ok::<(), logit::gradcheck::Mismatch>(())
    /// ```
    pub fn layer_on<L: Layer<f64> + ?Sized>(
        &self,
        layer: &L,
        params: &[f64],
        x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        layer.check()?;
        check::count("params", "parameters", layer.parameter_count(), params.len())?;
        check::count("x", "columns", layer.inputs(), x.ncols())?;
        check::count("tape", "rows", x.nrows(), tape.output().nrows())?;
        let mut rng = Rng::new(self.seed);
        let cotangent = DMatrix::from_fn(x.nrows(), layer.outputs(), |_, _| rng.uniform(-1.0, 1.0));
        let (grad, dx) = self.layer_obligations(layer, params, x, &cotangent, tape)?;

        let mut value = |params: &[f64], x: &DMatrix<f64>| {
            layer.forward(params, x, tape);
            tape.output().dot(&cotangent)
        };
        let mut moved = params.to_vec();
        for index in self.chosen(params.len(), &mut rng) {
            let numeric = self.numeric(params[index], |p| {
                moved[index] = p;
                value(&moved, x)
            });
            moved[index] = params[index];
            ledger.record(Entry::Parameter(index), grad[index], numeric);
        }
        let mut moved = x.clone();
        for index in self.chosen(x.len(), &mut rng) {
            let numeric = self.numeric(x[index], |p| {
                moved[index] = p;
                value(params, &moved)
            });
            moved[index] = x[index];
            ledger.record(Entry::Input(index % x.nrows(), index / x.nrows()), dx[index], numeric);
        }
        let agreement = ledger.verdict()?;
        nan_passes(layer, params, x, tape, self.chosen(x.ncols(), &mut rng))?;
        Ok(agreement)
    }

    /// Everything that is owed besides being right; returns the gradients.
    fn layer_obligations<L: Layer<f64> + ?Sized>(
        &self,
        layer: &L,
        params: &[f64],
        x: &DMatrix<f64>,
        cotangent: &DMatrix<f64>,
        tape: &mut Tape<f64>,
    ) -> Result<(Vec<f64>, DMatrix<f64>), Mismatch> {
        layer.forward(params, x, tape);
        let first = tape.output().clone();
        layer.forward(params, x, tape);
        unchanged("the output of a repeated forward pass", first.as_slice(), tape.output().as_slice())?;

        let mut backward = |cotangent: &DMatrix<f64>, with_dx: bool| {
            tape.output_gradient_mut().copy_from(cotangent);
            // What is not overwritten stays NaN.
            let mut grad = vec![f64::NAN; params.len()];
            let mut dx = x.map(|_| f64::NAN);
            layer.backward(params, x, tape, &mut grad, with_dx.then_some(&mut dx));
            unchanged("the output's gradient", cotangent.as_slice(), tape.output_gradient().as_slice())?;
            overwritten("grad", &grad)?;
            if with_dx {
                overwritten("dx", dx.as_slice())?;
            }
            Ok::<_, Mismatch>((grad, dx))
        };
        let (grad, dx) = backward(cotangent, true)?;
        let (again, dx_again) = backward(cotangent, true)?;
        unchanged("`grad` of a repeated backward pass", &grad, &again)?;
        unchanged("`dx` of a repeated backward pass", dx.as_slice(), dx_again.as_slice())?;
        let (without, _) = backward(cotangent, false)?;
        unchanged("`grad` when `dx` is not asked for", &grad, &without)?;
        let (zero, zero_dx) = backward(&(cotangent * 0.0), true)?;
        if zero.iter().chain(zero_dx.iter()).any(|g| *g != 0.0) {
            return Err(Mismatch::NotLinear);
        }
        Ok((grad, dx))
    }

    /// Checks the gradient of a mean loss in every score.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong.
    pub fn loss<L: Loss<f64> + ?Sized>(
        &self,
        loss: &L,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        let mut gradient = scores.map(|_| f64::NAN);
        let value = loss.mean_and_gradient(scores, targets, weights, &mut gradient)?;
        overwritten("the gradient", gradient.as_slice())?;
        unchanged("the value without a gradient", &[value], &[loss.mean(scores, targets, weights)?])?;
        let mut moved = scores.clone();
        for index in self.chosen(scores.len(), &mut Rng::new(self.seed)) {
            let numeric = self.numeric(scores[index], |z| {
                moved[index] = z;
                loss.mean(&moved, targets, weights).unwrap_or(f64::NAN)
            });
            moved[index] = scores[index];
            let (row, column) = (index % scores.nrows(), index / scores.nrows());
            ledger.record(Entry::Score(row, column), gradient[index], numeric);
        }
        ledger.verdict()
    }

    /// Checks, row by row, the curvature of a loss in its scores against differences of the gradient, and that it
    /// overwrites what it writes. It is for losses whose curvature is their second derivative; a matrix in its place, such
    /// as that of Gauss and Newton, differs from it by design.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong, also when the loss has no curvature.
    pub fn loss_curvature<L: Loss<f64> + ?Sized>(
        &self,
        loss: &L,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
    ) -> Result<Agreement, Mismatch> {
        let (mut ledger, columns) = (self.ledger()?, scores.ncols());
        loss.mean(scores, targets, None)?;
        let mut curvature = DMatrix::zeros(columns, columns);
        let (mut moved, mut gradient) = (DMatrix::zeros(1, columns), DMatrix::zeros(1, columns));
        for row in self.chosen(scores.nrows(), &mut Rng::new(self.seed)) {
            curvature.fill(f64::NAN);
            if !loss.curvature(scores, targets, row, &mut curvature) {
                return Err(
                    unsupported("a check of its curvature", "the loss", "it says that it has none").into()
                );
            }
            overwritten("the curvature", curvature.as_slice())?;
            moved.row_mut(0).copy_from(&scores.row(row));
            let values;
            let alone = match &targets {
                Targets::Classes(classes) => Targets::Classes(&classes[row..=row]),
                Targets::Values(all) => {
                    values = all.rows(row, 1).into_owned();
                    Targets::Values(&values)
                }
            };
            for (i, j) in (0..columns).flat_map(|j| (0..columns).map(move |i| (i, j))) {
                let numeric = self.numeric(scores[(row, j)], |z| {
                    moved[j] = z;
                    let out = Gradient { scale: 1.0, out: &mut gradient };
                    loss.accumulate(&moved, alone, None, Some(out));
                    gradient[i]
                });
                moved[j] = scores[(row, j)];
                ledger.record(Entry::Curvature(row, i, j), curvature[(i, j)], numeric);
            }
        }
        ledger.verdict()
    }

    /// Checks the gradient of an objective in every parameter.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong.
    pub fn objective<O: Objective<f64> + ?Sized>(
        &self,
        objective: &mut O,
        params: &[f64],
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        check::count("params", "parameters", objective.parameter_count(), params.len())?;
        let mut gradient = vec![f64::NAN; params.len()];
        objective.evaluate(params, &mut gradient);
        overwritten("the gradient", &gradient)?;
        let mut scratch = vec![f64::NAN; params.len()];
        objective.evaluate(params, &mut scratch);
        unchanged("the gradient of a repeated evaluation", &gradient, &scratch)?;
        let mut moved = params.to_vec();
        for index in self.chosen(params.len(), &mut Rng::new(self.seed)) {
            let numeric = self.numeric(params[index], |p| {
                moved[index] = p;
                objective.evaluate(&moved, &mut scratch).value
            });
            moved[index] = params[index];
            ledger.record(Entry::Parameter(index), gradient[index], numeric);
        }
        ledger.verdict()
    }

    /// Checks the lower triangle of a Hessian against differences of the gradient.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong.
    pub fn hessian<O: HasHessian<f64> + ?Sized>(
        &self,
        objective: &mut O,
        params: &[f64],
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        let size = objective.parameter_count();
        check::count("params", "parameters", size, params.len())?;
        let mut hessian = DMatrix::zeros(size, size);
        objective.hessian(params, &mut hessian);
        let (mut moved, mut gradient) = (params.to_vec(), vec![0.0; size]);
        for column in self.chosen(size, &mut Rng::new(self.seed)) {
            for row in column..size {
                let numeric = self.numeric(params[column], |p| {
                    moved[column] = p;
                    objective.evaluate(&moved, &mut gradient);
                    gradient[row]
                });
                moved[column] = params[column];
                ledger.record(Entry::Second(row, column), hessian[(row, column)], numeric);
            }
        }
        ledger.verdict()
    }

    /// Checks products of a Hessian with two random vectors against differences of the gradient along them; that a
    /// product overwrites what it writes and repeats to the same bits; and that it belongs to the point linearised
    /// last, not to one linearised or evaluated before.
    ///
    /// # Errors
    /// A [`Mismatch`] that names what is wrong.
    pub fn hessian_product<O: HessianProduct<f64> + ?Sized>(
        &self,
        objective: &mut O,
        params: &[f64],
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        let size = objective.parameter_count();
        check::count("params", "parameters", size, params.len())?;
        let mut rng = Rng::new(self.seed);
        let mut vector =
            || -> Vec<f64> { params.iter().map(|p| p.abs().max(1.0) * rng.uniform(-1.0, 1.0)).collect() };
        let (vectors, mut moved, mut gradient) = ([vector(), vector()], vector(), vec![0.0; size]);
        objective.linearize(&moved);
        objective.evaluate(&moved, &mut gradient);
        objective.linearize(params);
        let mut product = |vector: &[f64]| {
            // What is not overwritten stays NaN.
            let mut out = vec![f64::NAN; size];
            objective.hessian_product(vector, &mut out);
            overwritten("a Hessian product", &out).map(|()| out)
        };
        let products = [product(&vectors[0])?, product(&vectors[1])?];
        unchanged("a repeated Hessian product", &products[0], &product(&vectors[0])?)?;
        for (vector, product) in vectors.iter().zip(&products) {
            for row in self.chosen(size, &mut rng) {
                let numeric = self.numeric(0.0, |t| {
                    for ((moved, p), v) in moved.iter_mut().zip(params).zip(vector) {
                        *moved = p + t * v;
                    }
                    objective.evaluate(&moved, &mut gradient);
                    gradient[row]
                });
                ledger.record(Entry::Product(row), product[row], numeric);
            }
        }
        ledger.verdict()
    }

    /// An empty account of a check, if the settings are in range.
    fn ledger(&self) -> Result<Ledger, Error> {
        check::positive("step", self.step)?;
        check::not_negative("relative_tolerance", self.relative)?;
        check::not_negative("absolute_tolerance", self.absolute)?;
        check::parameter("max_entries", self.max_entries as f64, self.max_entries > 0, "at least 1")?;
        Ok(Ledger::new(self.relative, self.absolute))
    }

    fn numeric(&self, at: f64, f: impl FnMut(f64) -> f64) -> Derivative {
        derivative(at, self.step * at.abs().max(1.0), self.relative, self.absolute, f)
    }

    /// All entries or, of too many, a random choice in ascending order.
    fn chosen(&self, count: usize, rng: &mut Rng) -> Vec<usize> {
        let mut entries: Vec<usize> = (0..count).collect();
        if count > self.max_entries {
            rng.shuffle(&mut entries);
            entries.truncate(self.max_entries);
            entries.sort_unstable();
        }
        entries
    }
}

fn overwritten(what: &'static str, values: &[f64]) -> Result<(), Mismatch> {
    match values.iter().position(|v| v.is_nan()) {
        Some(index) => Err(Mismatch::NotOverwritten { what, index }),
        None => Ok(()),
    }
}

fn unchanged(what: &'static str, before: &[f64], after: &[f64]) -> Result<(), Mismatch> {
    match before.iter().zip(after).position(|(a, b)| a.to_bits() != b.to_bits()) {
        Some(index) => {
            Err(Mismatch::NotRepeatable { what, index, before: before[index], after: after[index] })
        }
        None => Ok(()),
    }
}

impl From<Error> for Mismatch {
    fn from(error: Error) -> Self {
        Mismatch::Invalid(error)
    }
}
