//! Each planted mistake has its cause, and arbitrary wrong gradients have none.

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

use super::{Agreement, Cause, GradCheck, Mismatch};
use crate::layer::Activation;
use crate::optim::{Evaluation, Objective};
use crate::rng::Rng;

/// A mistake in the gradient of a [`Program`].
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// Everything times this.
    Factor(f64),
    /// The weights times this.
    FactorOfWeights(f64),
    DividedTwice,
    NotDivided,
    ZeroBias,
    ZeroWeights,
    /// x · dz for xᵀ · dz, times this.
    TransposedProduct(f64),
    StoredRowByRow,
    /// The derivative of the activation is missing, under squared errors.
    NoDerivative(Activation),
    /// The derivative of the activation is there with a loss of scores.
    ExtraDerivative(Activation),
    /// The formula for -1 and +1 with labels 0 and 1, with the sign of the exponent right or wrong.
    Signs {
        right_exponent: bool,
    },
    /// The formula for 0 and 1 with labels -1 and +1.
    ZeroAndOne,
    /// Numbers added that have nothing to do with the loss.
    Noise(u64),
    /// Each row times a number of its own.
    RowNoise(u64),
}

/// Generalised linear models of k scores, with the weights and the bias as parameters.
#[derive(Debug, Clone, Copy)]
struct Program {
    bug: Bug,
    k: usize,
    /// The loss is the sum over the rows, not the mean.
    sum: bool,
    bias: bool,
}

impl Program {
    fn evaluate(self, x: &DMatrix<f64>, y: &[i32], params: &[f64], gradient: &mut [f64]) -> f64 {
        let (n, d, k) = (x.nrows(), x.ncols(), self.k);
        let w = DMatrix::from_column_slice(d, k, &params[..d * k]);
        let mut z = x * w;
        if self.bias {
            for (mut column, b) in z.column_iter_mut().zip(&params[d * k..]) {
                column.add_scalar_mut(*b);
            }
        }
        let mut loss = 0.0;
        let mut dz = DMatrix::zeros(n, k);
        for row in 0..n {
            let softplus = |v: f64| v.max(0.0) + (-v.abs()).exp().ln_1p();
            let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
            for column in 0..k {
                let z = z[(row, column)];
                let target = f64::from(if k == 1 { y[row] } else { i32::from(y[row] == column as i32) });
                let (value, slope) = match self.bug {
                    Bug::NoDerivative(activation) => {
                        let error = activation.evaluate(z).0 - target;
                        (0.5 * error * error, error)
                    }
                    Bug::ExtraDerivative(activation) => {
                        (softplus(z) - target * z, (sigmoid(z) - target) * activation.evaluate(z).1)
                    }
                    Bug::ZeroAndOne => (softplus(-target * z), sigmoid(z) - target),
                    Bug::Signs { right_exponent: true } => (softplus(z) - target * z, -target * sigmoid(-z)),
                    Bug::Signs { .. } => (softplus(z) - target * z, -target * sigmoid(z)),
                    _ => (softplus(z) - target * z, sigmoid(z) - target),
                };
                loss += value;
                dz[(row, column)] = slope;
            }
        }
        if let Bug::RowNoise(seed) = self.bug {
            for (row, mut dz) in dz.row_iter_mut().enumerate() {
                let size: f64 = x.row(row).iter().map(|v| (v * 7.3).sin()).sum();
                dz *= 1.5 + (size * (seed % 17) as f64 + z[(row, 0)]).sin();
            }
        }
        let scale = if self.sum { 1.0 } else { 1.0 / n as f64 };
        dz *= scale;
        let gw = match self.bug {
            Bug::TransposedProduct(factor) => x * &dz * factor,
            _ => x.tr_mul(&dz),
        };
        let gw = if self.bug == Bug::StoredRowByRow { gw.transpose() } else { gw };
        gradient[..d * k].copy_from_slice(gw.as_slice());
        if self.bias {
            let gb = dz.row_sum();
            gradient[d * k..].copy_from_slice(gb.as_slice());
        }
        let factor = |gradient: &mut [f64], factor: f64| gradient.iter_mut().for_each(|g| *g *= factor);
        match self.bug {
            Bug::Factor(by) => factor(gradient, by),
            Bug::DividedTwice => factor(gradient, 1.0 / n as f64),
            Bug::NotDivided => factor(gradient, n as f64),
            Bug::FactorOfWeights(by) => factor(&mut gradient[..d * k], by),
            Bug::ZeroWeights => factor(&mut gradient[..d * k], 0.0),
            Bug::ZeroBias => factor(&mut gradient[d * k..], 0.0),
            Bug::Noise(seed) => {
                let mut rng = Rng::new(seed);
                gradient.iter_mut().for_each(|g| *g += rng.uniform(0.1, 1.0));
            }
            _ => {}
        }
        loss * scale
    }
}

/// Rows, labels and parameters from a seed.
#[derive(Debug, Clone)]
struct Case {
    x: DMatrix<f64>,
    y: Vec<i32>,
    params: Vec<f64>,
}

impl Case {
    fn new(seed: u64, n: usize, d: usize, program: Program, labels: [i32; 2]) -> Self {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(n, d, |_, _| rng.standard_normal());
        // Both labels, and more rows than labels.
        let labels: Vec<i32> = if program.k > 1 { (0..program.k as i32).collect() } else { labels.into() };
        let y = (0..n).map(|row| labels[row % labels.len()]).collect();
        let count = program.k * (d + usize::from(program.bias));
        Case { x, y, params: (0..count).map(|_| rng.uniform(-1.0, 1.0)).collect() }
    }

    fn check(&self, program: Program) -> Result<Agreement, Mismatch> {
        let mut check = GradCheck::new().tensor("weights", self.x.ncols(), program.k);
        if program.bias {
            check = check.tensor("bias", 1, program.k);
        }
        check.by_rows(&self.x, &self.y, &self.params, |x, y, params, gradient| {
            program.evaluate(x, y, params, gradient)
        })
    }
}

fn causes(seed: u64, n: usize, d: usize, program: Program) -> Vec<Cause> {
    let labels = if program.bug == Bug::ZeroAndOne { [1, -1] } else { [1, 0] };
    Case::new(seed, n, d, program, labels).check(program).unwrap_err().causes().to_vec()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * b.abs()
}

fn is_factor(cause: &Cause, of: &[&str], wanted: f64) -> bool {
    matches!(cause, Cause::Factor { tensors, factor, rows: Some(_) } if tensors == of && near(*factor, wanted))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn right_gradients_pass(seed: u64, n in 4usize..10, d in 1usize..5, k in 1usize..4, sum: bool, bias: bool) {
        let program = Program { bug: Bug::None, k, sum, bias };
        Case::new(seed, n, d, program, [1, 0]).check(program).unwrap();
    }

    #[test]
    fn factors_are_named(seed: u64, n in 5usize..10, d in 1usize..5, k in 1usize..4, sum: bool, c in -3.0..3.0f64) {
        prop_assume!(c.abs() > 0.01 && (c - 1.0).abs() > 0.01);
        let n = n as f64;
        for (bug, of, wanted) in [
            (Bug::Factor(c), &[][..], c),
            (Bug::Factor(-1.0), &[], -1.0),
            (Bug::DividedTwice, &[], 1.0 / n),
            (Bug::NotDivided, &[], n),
            (Bug::FactorOfWeights(c), &["`weights`"], c),
        ] {
            let found = causes(seed, n as usize, d, Program { bug, k, sum, bias: true });
            prop_assert!(found.len() == 1 && is_factor(&found[0], of, wanted), "{:?}: {:?}", bug, found);
        }
    }

    #[test]
    fn zeros_are_named(seed: u64, n in 4usize..10, d in 1usize..5, k in 1usize..4) {
        for (bug, of) in [(Bug::ZeroBias, "`bias`"), (Bug::ZeroWeights, "`weights`")] {
            let found = causes(seed, n, d, Program { bug, k, sum: false, bias: true });
            let [Cause::Zero { tensor, derivative }] = &found[..] else { panic!("{bug:?}: {found:?}") };
            prop_assert!(tensor == of && *derivative != 0.0);
        }
    }

    #[test]
    fn transposed_products_are_named(seed: u64, d in 2usize..6, k in 1usize..4, sum: bool, c in 0.1..3.0f64) {
        for (c, bias) in [(1.0, true), (c, true), (1.0, false)] {
            let bug = Bug::TransposedProduct(c);
            // One row for each column, and more rows than classes.
            let (k, d) = (if bias { k } else { 1 }, d.max(k + 1));
            let found = causes(seed, d, d, Program { bug, k, sum, bias });
            let [Cause::TransposedProduct { tensor, rows, factor }] = &found[..] else { panic!("{found:?}") };
            prop_assert!(tensor == "`weights`" && *rows == d && near(*factor, c), "{:?}", found);
        }
    }

    #[test]
    fn transposed_tensors_are_named(seed: u64, n in 5usize..10, d in 2usize..5, k in 2usize..4) {
        let program = Program { bug: Bug::StoredRowByRow, k, sum: false, bias: true };
        let found = causes(seed, n, d, program);
        let [Cause::Transposed { tensor, rows, columns, factor }] = &found[..] else { panic!("{found:?}") };
        prop_assert!(tensor == "`weights`" && (*rows, *columns) == (d, k) && near(*factor, 1.0));
    }

    #[test]
    fn derivatives_of_activations_are_named(seed: u64, n in 8usize..20, d in 1usize..4, k in 1usize..3) {
        for activation in [Activation::Sigmoid, Activation::Tanh, Activation::Softsign, Activation::Softplus] {
            for (bug, wanted) in
                [(Bug::NoDerivative(activation), true), (Bug::ExtraDerivative(activation), false)]
            {
                let found = causes(seed, n, d, Program { bug, k, sum: false, bias: true });
                let [Cause::ActivationDerivative { tensor, activation: named, missing }, ..] = &found[..] else {
                    panic!("{bug:?}: {found:?}")
                };
                prop_assert!(tensor == "`weights`" && *named == activation && *missing == wanted);
                prop_assert_eq!(found.len(), 1, "{:?}", found);
            }
        }
    }

    #[test]
    fn classes_without_a_gradient_are_named(seed: u64, n in 8usize..20, d in 1usize..4, bias: bool) {
        for right_exponent in [true, false] {
            let program = Program { bug: Bug::Signs { right_exponent }, k: 1, sum: false, bias };
            let found = causes(seed, n, d, program);
            let Cause::ClassWithoutGradient { label, rows, derivative } = &found[0] else { panic!("{found:?}") };
            prop_assert!(label == "0" && *rows == n / 2 && *derivative != 0.0);
            let complements = found[1..].iter().filter(|cause| matches!(cause, Cause::Complement { .. })).count();
            prop_assert_eq!((found.len(), complements), if right_exponent { (1, 0) } else { (2, 1) }, "{:?}", found);
        }
    }

    #[test]
    fn classes_with_a_wrong_gradient_are_named(seed: u64, n in 8usize..20, d in 1usize..4, bias: bool) {
        let found = causes(seed, n, d, Program { bug: Bug::ZeroAndOne, k: 1, sum: false, bias });
        let wanted = Cause::ClassesDiffer { wrong: vec!["-1".into()], right: vec!["1".into()] };
        prop_assert_eq!(found, [wanted]);
    }

    #[test]
    fn arbitrary_gradients_have_no_cause(seed: u64, n in 4usize..10, d in 1usize..5, k in 1usize..4, bias: bool) {
        for bug in [Bug::Noise(seed), Bug::RowNoise(seed | 1)] {
            // Square, too.
            for n in [n, d.max(k + 1)] {
                prop_assert_eq!(causes(seed, n, d, Program { bug, k, sum: false, bias }), [], "{:?}", bug);
            }
        }
    }
}

/// Σ c_i exp(p_i) over a matrix of parameters.
struct Matrix {
    transposes: bool,
    rows: usize,
    columns: usize,
}

impl Objective<f64> for Matrix {
    fn parameter_count(&self) -> usize {
        self.rows * self.columns
    }
    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        let value = params.iter().enumerate().map(|(i, p)| (1.0 + i as f64) * p.exp()).sum();
        let right = DVector::from_fn(params.len(), |i, _| (1.0 + i as f64) * params[i].exp());
        let right = DMatrix::from_column_slice(self.rows, self.columns, right.as_slice());
        let written = if self.transposes { right.transpose() } else { right };
        gradient.copy_from_slice(written.as_slice());
        Evaluation::of(value, gradient)
    }
}

#[test]
fn a_transposed_gradient_of_an_objective_is_named() {
    for (rows, columns) in [(3, 3), (2, 3), (4, 2)] {
        let params: Vec<f64> = (0..rows * columns).map(|i| 0.3 - 0.17 * i as f64).collect();
        let check = GradCheck::new().tensor("table", rows, columns);
        check.objective(&mut Matrix { transposes: false, rows, columns }, &params).unwrap();
        let error = check.objective(&mut Matrix { transposes: true, rows, columns }, &params).unwrap_err();
        let [Cause::Transposed { tensor, .. }] = error.causes() else { panic!("{error}") };
        assert_eq!(tensor, "`table`");
    }
}

#[test]
fn a_ratio_that_holds_at_one_point_only_is_no_factor() {
    /// p^3 with the gradient 3 p, which is right times 1 / p.
    struct Cube;
    impl Objective<f64> for Cube {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient[0] = 3.0 * p[0];
            Evaluation::of(p[0].powi(3), gradient)
        }
    }
    assert_eq!(GradCheck::new().objective(&mut Cube, &[2.0]).unwrap_err().causes(), []);
}

#[test]
fn arguments_that_do_not_fit_are_errors() {
    let x = nalgebra::dmatrix![1.0; 2.0];
    let right = |x: &DMatrix<f64>, y: &[f64], p: &[f64], gradient: &mut [f64]| {
        gradient[0] = x.iter().zip(y).map(|(x, y)| 2.0 * (p[0] * x - y) * x).sum();
        x.iter().zip(y).map(|(x, y)| (p[0] * x - y).powi(2)).sum::<f64>()
    };
    let check = GradCheck::new();
    assert!(check.by_rows(&x, &[1.0, 0.5], &[0.3], right).is_ok());
    let invalid = |result: Result<Agreement, Mismatch>, words: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, Mismatch::Invalid(_)) && error.to_string().contains(words), "{error}");
    };
    invalid(check.by_rows(&x, &[1.0], &[0.3], right), "`y` has 1 label, expected 2");
    invalid(check.by_rows(&DMatrix::zeros(0, 1), &[], &[0.3], right), "`x` has no rows");
    invalid(check.by_rows(&DMatrix::zeros(2, 0), &[1.0, 0.5], &[0.3], right), "`x` has no columns");
    invalid(check.by_rows(&x, &[1.0, 0.5], &[], right), "`params` has no entries");
    invalid(check.by_rows(&x, &[1.0, 0.5], &[f64::NAN], right), "`params` is not finite at row 0");
    let nan = nalgebra::dmatrix![1.0; f64::NAN];
    invalid(check.by_rows(&nan, &[1.0, 0.5], &[0.3], right), "`x` is not finite at row 1");
    let tensors = GradCheck::new().tensor("weights", 2, 1);
    invalid(tensors.by_rows(&x, &[1.0, 0.5], &[0.3], right), "`tensors` has 2 entries, expected 1");
    invalid(GradCheck::new().step(0.0).by_rows(&x, &[1.0, 0.5], &[0.3], right), "`step` is 0");
    let infinite = |_: &DMatrix<f64>, _: &[f64], _: &[f64], gradient: &mut [f64]| {
        gradient[0] = 0.0;
        f64::INFINITY
    };
    let found = check.by_rows(&x, &[1.0, 0.5], &[0.3], infinite);
    assert_eq!(found, Err(Mismatch::NotFinite { value: f64::INFINITY }));
    let idle = |_: &DMatrix<f64>, _: &[f64], p: &[f64], _: &mut [f64]| p[0];
    let found = check.by_rows(&x, &[1.0, 0.5], &[0.3], idle);
    assert!(matches!(found, Err(Mismatch::NotOverwritten { what: "the gradient", index: 0 })));
}
