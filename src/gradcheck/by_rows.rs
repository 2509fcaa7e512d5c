//! Checks of functions of rows, which can be called with other data.

use std::fmt::Debug;

use nalgebra::DMatrix;

use super::elementwise::{Point, Suspect, merged};
use super::layout::Layout;
use super::ledger::{Entry, Ledger};
use super::{Agreement, Cause, GradCheck, Mismatch, classes, overwritten, scores, unchanged};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;

impl GradCheck {
    /// Checks the gradient of a function of rows, labels and parameters, and looks for the cause if it is
    /// wrong.
    ///
    /// `function` takes rows, their labels, parameters and the gradient to overwrite, and returns the loss:
    /// the mean or the sum over the rows. It is checked on all rows of `x`. If the gradient is wrong,
    /// `function` is also called with copies of single rows and with the rows of single classes, always with
    /// the same number of rows as `x`. [`Cause`] lists the mistakes that this detects. Labels may be of any
    /// type, including floats.
    ///
    /// # Limitations
    /// - The gradient is compared with the loss that `function` returns. If both are written for other labels
    ///   than those of `y`, they agree, and the check passes.
    /// - The causes [`TransposedProduct`](Cause::TransposedProduct),
    ///   [`ActivationDerivative`](Cause::ActivationDerivative) and [`Complement`](Cause::Complement) are only
    ///   found in a [`tensor`](GradCheck::tensor) of weights that multiply `x`, with a row for each column of
    ///   `x`. In a network, only the first layer has such weights.
    /// - A transposed product is only found if `x` is square, and if no row is zero or there is a bias.
    /// - Classes are only compared if there are 2 to 100 of them, and more rows than classes.
    ///
    /// # Errors
    /// Returns [`Mismatch::Invalid`] if `x` or `params` is empty or not finite, if `y` does not have a label
    /// for each row, or if the tensors do not cover all parameters. Returns [`Mismatch::NotFinite`] if the
    /// loss is NaN or infinite, and another [`Mismatch`] if a check fails; [`causes`](Mismatch::causes)
    /// returns the causes of a wrong gradient.
    ///
    /// # Examples
    /// A logistic regression written by hand, with a transposed product:
    /// ```
    /// use logit::GradCheck;
    /// use logit::gradcheck::Mismatch;
    /// use nalgebra::{DMatrix, DVector, dmatrix};
    ///
    /// fn loss(x: &DMatrix<f64>, y: &[f64], params: &[f64], gradient: &mut [f64]) -> f64 {
    ///     let (w, b) = (DVector::from_column_slice(&params[..2]), params[2]);
    ///     let (y, m) = (DVector::from_column_slice(y), y.len() as f64);
    ///     let z = (x * w).add_scalar(b);
    ///     let dz = z.map(|z| 1.0 / (1.0 + (-z).exp())) - &y;
    ///     gradient[..2].copy_from_slice((x * &dz / m).as_slice()); // must be x.tr_mul(&dz)
    ///     gradient[2] = dz.mean();
    ///     (z.map(|z| z.exp().ln_1p()) - z.component_mul(&y)).mean()
    /// }
    ///
    /// let x = dmatrix![0.5, -1.0; 2.0, 0.3];
    /// let check = GradCheck::new().tensor("weights", 2, 1).tensor("bias", 1, 1);
    /// let error = check.by_rows(&x, &[1.0, 0.0], &[0.4, -0.2, 0.1], loss).unwrap_err();
    /// let Mismatch::Gradient { place, tensors, causes, .. } = &error else { panic!("{error}") };
    /// assert!(place.starts_with("`weights`"));
    /// assert_eq!(tensors[1].to_string(), "`bias` is right");
    /// assert_eq!(
    ///     causes[0].to_string(),
    ///     "`weights` is the product x · dz where xᵀ · dz is right; \
    ///      their shapes agree only because `x` is 2 x 2"
    /// );
    /// ```
    pub fn by_rows<L, F>(
        &self,
        x: &DMatrix<f64>,
        y: &[L],
        params: &[f64],
        function: F,
    ) -> Result<Agreement, Mismatch>
    where
        L: Clone + PartialEq + Debug,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let mut ledger = self.ledger()?;
        ledger.rows = Some(x.nrows());
        check::training_matrix(x)?;
        check::labels(x, y.len())?;
        if params.is_empty() {
            return Err(Error::Empty { argument: "params", axis: "entries" }.into());
        }
        check::finite("params", &DMatrix::from_column_slice(params.len(), 1, params))?;
        let layout = Layout::named(&self.tensors, params.len())?;

        let mut data = RowFunction { x, y, function };
        let gradient = data.obligations(params)?;
        let mut moved = params.to_vec();
        let mut scratch = gradient.clone();
        for index in self.chosen(params.len(), &mut Rng::new(self.seed)) {
            let numeric = self.numeric(params[index], |p| {
                moved[index] = p;
                (data.function)(x, y, &moved, &mut scratch)
            });
            moved[index] = params[index];
            ledger.record(Entry::Parameter(index), gradient[index], numeric);
        }
        let mut causes = Vec::new();
        if ledger.has_wrong_parameters() {
            causes = self.causes(&mut data, &layout, Point { params: params.to_vec(), gradient }, &ledger);
        }
        ledger.verdict_on(&layout, causes)
    }

    /// Looks for causes in single tensors, and then for causes in rows and classes of the tensors that
    /// remain.
    fn causes<L, F>(
        &self,
        data: &mut RowFunction<'_, L, F>,
        layout: &Layout,
        point: Point,
        ledger: &Ledger,
    ) -> Vec<Cause>
    where
        L: Clone + PartialEq + Debug,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let (x, y) = (data.x, data.y);
        let mut claim = data.on(x, y);
        let suspect = Suspect::new(self, layout, point, &ledger.parameters, ledger.rows, &mut claim);
        let mut found = suspect.causes(&mut claim);
        drop(claim);
        let unexplained = |found: &[(usize, Cause)]| {
            let mut parts = suspect.wrong_parts();
            parts.retain(|part| found.iter().all(|(explained, _)| explained != part));
            parts
        };
        found.extend(scores::causes(&suspect, data, &unexplained(&found)));
        let remaining = unexplained(&found);
        let mut causes = merged(found);
        if !remaining.is_empty() {
            let classes = classes::search(&suspect, data, &remaining);
            causes.extend(classes.causes);
            if !classes.silent.is_empty() {
                causes.extend(scores::complement(&suspect, data, &remaining, &classes.silent));
            }
        }
        causes
    }
}

/// A function of rows, labels and parameters, and the rows to call it with.
pub(super) struct RowFunction<'a, L, F> {
    pub(super) x: &'a DMatrix<f64>,
    pub(super) y: &'a [L],
    function: F,
}

impl<L, F> RowFunction<'_, L, F>
where
    L: Clone,
    F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
{
    /// Returns the function of the parameters on these rows.
    pub(super) fn on<'s>(
        &'s mut self,
        x: &'s DMatrix<f64>,
        y: &'s [L],
    ) -> impl FnMut(&[f64], &mut [f64]) -> f64 + 's {
        move |params, gradient| (self.function)(x, y, params, gradient)
    }

    /// Returns the listed rows and their labels, repeated until there are as many as in the data.
    pub(super) fn repeated(&self, rows: &[usize]) -> (DMatrix<f64>, Vec<L>) {
        let row = |number: usize| rows[number % rows.len()];
        let x =
            DMatrix::from_fn(self.x.nrows(), self.x.ncols(), |number, column| self.x[(row(number), column)]);
        (x, (0..self.y.len()).map(|number| self.y[row(number)].clone()).collect())
    }

    /// Checks all requirements other than a right gradient, and returns the gradient.
    fn obligations(&mut self, params: &[f64]) -> Result<Vec<f64>, Mismatch> {
        // Entries that are not overwritten stay NaN.
        let (mut gradient, mut again) = (vec![f64::NAN; params.len()], vec![f64::NAN; params.len()]);
        let value = (self.function)(self.x, self.y, params, &mut gradient);
        if !value.is_finite() {
            return Err(Mismatch::NotFinite { value });
        }
        overwritten("the gradient", &gradient)?;
        let repeated = (self.function)(self.x, self.y, params, &mut again);
        unchanged("the value of a repeated evaluation", &[value], &[repeated])?;
        unchanged("the gradient of a repeated evaluation", &gradient, &again)?;
        Ok(gradient)
    }
}
