//! Checks of layers.

use nalgebra::DMatrix;

use super::elementwise::{Point, Suspect, merged};
use super::layout::Layout;
use super::ledger::Entry;
use super::nan::nan_passes;
use super::{Agreement, GradCheck, Mismatch, overwritten, unchanged};
use crate::check;
use crate::layer::{Layer, Tape};
use crate::rng::Rng;

impl GradCheck {
    /// Checks the gradients of a layer in every parameter and every input, for a random gradient of its
    /// output.
    ///
    /// It also checks that
    /// - both passes give the same bits when they are repeated,
    /// - `backward` overwrites `grad` and `dx`, and does not change the output's gradient,
    /// - `backward` gives the same `grad` with and without `dx`, and exactly zero for a gradient of zero,
    /// - NaN is not hidden: in [`Mode::Evaluate`](crate::nn::Mode), an output that depends on an input of its
    ///   row is not finite if that input is NaN.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check. For a layer inside another, it names the inner
    /// layer and the tensor.
    ///
    /// # Examples
    /// ```
    /// use logit::nn::{Dense, Layer, Sequential, Shape, Tape, Tensor};
    /// use logit::{GradCheck, Rng};
    /// use nalgebra::{DMatrix, dmatrix};
    ///
    /// /// y = s x, with a backward pass that forgets the row of the output's gradient.
    /// struct Scale;
    /// impl Shape for Scale {
    ///     fn inputs(&self) -> usize {
    ///         1
    ///     }
    ///     fn outputs(&self) -> usize {
    ///         1
    ///     }
    ///     fn parameter_count(&self) -> usize {
    ///         1
    ///     }
    ///     fn tensors(&self) -> Vec<Tensor> {
    ///         vec![Tensor::new("scale", 1, 1)]
    ///     }
    /// }
    /// impl Layer<f64> for Scale {
    ///     fn init(&self, params: &mut [f64], _rng: &mut Rng) {
    ///         params.fill(1.0);
    ///     }
    ///     fn forward(&self, params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
    ///         *tape.output_mut() = x * params[0];
    ///     }
    ///     fn backward(
    ///         &self,
    ///         params: &[f64],
    ///         x: &DMatrix<f64>,
    ///         tape: &mut Tape<f64>,
    ///         grad: &mut [f64],
    ///         dx: Option<&mut DMatrix<f64>>,
    ///     ) {
    ///         grad[0] = x.sum() * tape.output_gradient().sum();
    ///         if let Some(dx) = dx {
    ///             *dx = tape.output_gradient() * params[0];
    ///         }
    ///     }
    /// }
    /// let layers: Vec<Box<dyn Layer<f64>>> = vec![Box::new(Dense::new(2, 1)?), Box::new(Scale)];
    /// let network = Sequential::new(layers)?;
    /// let x = dmatrix![0.5, -1.0; 2.0, 0.3; 0.1, 0.7];
    /// let error = GradCheck::new().layer(&network, &[0.4, -0.2, 0.1, 1.5], &x).unwrap_err();
    /// assert!(error.to_string().starts_with("`scale`[0, 0] of layer 1 (Scale): "), "{error}");
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn layer<L: Layer<f64> + ?Sized>(
        &self,
        layer: &L,
        params: &[f64],
        x: &DMatrix<f64>,
    ) -> Result<Agreement, Mismatch> {
        self.layer_on(layer, params, x, &mut layer.tape(x.nrows()))
    }

    /// Checks a layer on a prepared tape, such as one in [`Mode::Train`](crate::nn::Mode) with masks drawn or
    /// running statistics loaded.
    ///
    /// The checks are those of [`layer`](GradCheck::layer).
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check.
    ///
    /// # Examples
    /// In training, each output of a batch normalisation depends on all rows, and a dropout mask stays the
    /// same once it is drawn:
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
        let layout = match self.tensors.as_slice() {
            [] => Layout::of_layer(layer)?,
            tensors => Layout::named(tensors, params.len())?,
        };
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
        let mut causes = Vec::new();
        if ledger.has_wrong_parameters() {
            let mut claim = |params: &[f64], grad: &mut [f64]| {
                layer.forward(params, x, tape);
                let value = tape.output().dot(&cotangent);
                tape.output_gradient_mut().copy_from(&cotangent);
                layer.backward(params, x, tape, grad, None);
                value
            };
            let point = Point { params: params.to_vec(), gradient: grad };
            let suspect = Suspect::new(self, &layout, point, &ledger.parameters, None, &mut claim);
            causes = merged(suspect.causes(&mut claim));
        }
        let agreement = ledger.verdict_on(&layout, causes)?;
        nan_passes(layer, params, x, tape, self.chosen(x.ncols(), &mut rng))?;
        Ok(agreement)
    }

    /// Checks all requirements other than right derivatives, and returns the gradients.
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
        unchanged("`grad` when `dx` is not requested", &grad, &without)?;
        let (zero, zero_dx) = backward(&(cotangent * 0.0), true)?;
        if zero.iter().chain(zero_dx.iter()).any(|g| *g != 0.0) {
            return Err(Mismatch::NotLinear);
        }
        Ok((grad, dx))
    }
}
