//! Checks of objectives.

use nalgebra::DMatrix;

use super::elementwise::{Point, Suspect, merged};
use super::layout::Layout;
use super::ledger::Entry;
use super::{Agreement, GradCheck, Mismatch, overwritten, unchanged};
use crate::check;
use crate::optim::{HasHessian, HessianProduct, Objective};
use crate::rng::Rng;

impl GradCheck {
    /// Checks the gradient of an objective in every parameter.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check. For a wrong gradient, it names the entry, its
    /// [`tensor`](GradCheck::tensor), and the cause if the parameters alone reveal it.
    pub fn objective<O: Objective<f64> + ?Sized>(
        &self,
        objective: &mut O,
        params: &[f64],
    ) -> Result<Agreement, Mismatch> {
        let mut ledger = self.ledger()?;
        check::count("params", "parameters", objective.parameter_count(), params.len())?;
        let layout = Layout::named(&self.tensors, params.len())?;
        let mut gradient = vec![f64::NAN; params.len()];
        let value = objective.evaluate(params, &mut gradient).value;
        if !value.is_finite() {
            return Err(Mismatch::NotFinite { value });
        }
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
        let mut causes = Vec::new();
        if ledger.has_wrong_parameters() {
            let mut claim = |params: &[f64], gradient: &mut [f64]| objective.evaluate(params, gradient).value;
            let point = Point { params: params.to_vec(), gradient };
            let suspect = Suspect::new(self, &layout, point, &ledger.parameters, None, &mut claim);
            causes = merged(suspect.causes(&mut claim));
        }
        ledger.verdict_on(&layout, causes)
    }

    /// Checks the lower triangle of a Hessian against differences of the gradient.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check.
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

    /// Checks products of a Hessian with two random vectors against differences of the gradient along them.
    ///
    /// It also checks that a product overwrites its output, gives the same bits when it is repeated, and
    /// belongs to the point linearised last, not to a point linearised or evaluated before.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] that names the failed check.
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
            // Entries that are not overwritten stay NaN.
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
}
