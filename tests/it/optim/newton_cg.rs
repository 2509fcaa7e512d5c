//! Truncated Newton reaches the minimum of Newton's method with Hessian products alone, and survives wrong
//! products.

use std::ops::ControlFlow;

use approx::assert_abs_diff_eq;
use logit::optim::{Evaluation, HasHessian, HessianProduct, MinimizeResult, Newton, NewtonCg, Objective};
use logit::{Error, Lbfgs, Progress, Real, Rng, StopReason};
use nalgebra::{DMatrix, DVector};

/// ½ (x - m)ᵀ H (x - m), with the number of products taken.
struct Quadratic<T> {
    hessian: DMatrix<T>,
    minimum: DVector<T>,
    products: usize,
}

impl<T: Real> Quadratic<T> {
    /// Curvatures from 1 down to 1/condition in even ratios, in the axes of a reflection.
    fn new(size: usize, condition: f64) -> Self {
        let mut rng = Rng::new(7);
        let normal = DVector::from_fn(size, |_, _| rng.standard_normal()).normalize();
        let axes = DMatrix::identity(size, size) - &normal * normal.transpose() * 2.0;
        let curvature = |i: usize| condition.powf(-(i as f64) / (size - 1) as f64);
        let curvatures = DMatrix::from_diagonal(&DVector::from_fn(size, |i, _| curvature(i)));
        let hessian = (&axes * curvatures * &axes).map(T::of);
        let minimum = DVector::from_fn(size, |_, _| T::of(rng.uniform(-2.0, 2.0)));
        Quadratic { hessian, minimum, products: 0 }
    }
}

impl<T: Real> Objective<T> for Quadratic<T> {
    fn parameter_count(&self) -> usize {
        self.minimum.len()
    }
    fn evaluate(&mut self, x: &[T], gradient: &mut [T]) -> Evaluation {
        let away = DVector::from_column_slice(x) - &self.minimum;
        let slope = &self.hessian * &away;
        gradient.copy_from_slice(slope.as_slice());
        Evaluation::of(0.5 * away.dot(&slope).as_f64(), gradient)
    }
}

impl<T: Real> HessianProduct<T> for Quadratic<T> {
    fn linearize(&mut self, _x: &[T]) {}
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.products += 1;
        out.copy_from_slice((&self.hessian * DVector::from_column_slice(vector)).as_slice());
    }
}

/// 10 Σ ln cosh(x_{i+1} - 3 x_i) + Σ exp(x_i) - 2 x_i: a narrow convex valley.
struct Chain<T> {
    at: Vec<T>,
    products: usize,
}

impl<T: Real> Chain<T> {
    fn new(size: usize) -> Self {
        Chain { at: vec![T::zero(); size], products: 0 }
    }
}

fn bend<T: Real>(a: T, b: T) -> T {
    let t = (b - T::of(3.0) * a).tanh();
    T::of(10.0) * (T::one() - t * t)
}

impl<T: Real> Objective<T> for Chain<T> {
    fn parameter_count(&self) -> usize {
        self.at.len()
    }
    fn evaluate(&mut self, x: &[T], gradient: &mut [T]) -> Evaluation {
        let mut terms = vec![0.0; x.len()];
        for ((g, &x), term) in gradient.iter_mut().zip(x).zip(&mut terms) {
            *term = (x.exp() - T::of(2.0) * x).as_f64();
            *g = x.exp() - T::of(2.0);
        }
        for i in 1..x.len() {
            let difference = x[i] - T::of(3.0) * x[i - 1];
            let size = difference.as_f64().abs();
            terms[i] += 10.0 * (size + (-2.0 * size).exp().ln_1p());
            let slope = T::of(10.0) * difference.tanh();
            gradient[i] += slope;
            gradient[i - 1] -= T::of(3.0) * slope;
        }
        // In blocks: one long sum would round by more than the last steps gain.
        Evaluation::of(terms.chunks(128).map(|block| block.iter().sum::<f64>()).sum(), gradient)
    }
}

impl<T: Real> HessianProduct<T> for Chain<T> {
    fn linearize(&mut self, x: &[T]) {
        self.at.copy_from_slice(x);
    }
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.products += 1;
        for ((out, &v), &x) in out.iter_mut().zip(vector).zip(&self.at) {
            *out = x.exp() * v;
        }
        for i in 1..vector.len() {
            let bent = bend(self.at[i - 1], self.at[i]) * (vector[i] - T::of(3.0) * vector[i - 1]);
            out[i] += bent;
            out[i - 1] -= T::of(3.0) * bent;
        }
    }
}

impl HasHessian<f64> for Chain<f64> {
    fn hessian(&mut self, x: &[f64], hessian: &mut DMatrix<f64>) {
        hessian.fill(0.0);
        for i in 0..x.len() {
            hessian[(i, i)] += x[i].exp();
            if i > 0 {
                let bent = bend(x[i - 1], x[i]);
                hessian[(i, i)] += bent;
                hessian[(i - 1, i - 1)] += 9.0 * bent;
                hessian[(i, i - 1)] -= 3.0 * bent;
            }
        }
    }
}

#[test]
fn products_of_the_test_functions_are_right() {
    let x: Vec<f64> = (0..9).map(|i| 0.3 * f64::from(i) - 1.0).collect();
    logit::GradCheck::new().objective(&mut Chain::new(9), &x).expect("right");
    logit::GradCheck::new().hessian(&mut Chain::new(9), &x).expect("right");
    let agreement = logit::GradCheck::new().hessian_product(&mut Chain::new(9), &x).expect("right");
    assert_eq!((agreement.entries, agreement.kinks), (18, 0));
    logit::GradCheck::new().hessian_product(&mut Quadratic::new(9, 100.0), &x).expect("right");
}

#[test]
fn an_ill_conditioned_quadratic_is_solved() {
    let mut quadratic = Quadratic::<f64>::new(60, 1e6);
    let minimum = NewtonCg::new().tolerance(1e-13).minimize(&mut quadratic, vec![0.0; 60]).expect("a start");
    assert!(minimum.report.converged(), "{}", minimum.report);
    assert_abs_diff_eq!(minimum.params[..], quadratic.minimum.as_slice()[..], epsilon = 1e-6);
}

/// Where the optimum, the gradient and the curvature are far from 1.
#[test]
fn the_units_of_the_objective_do_not_matter() {
    struct Scaled(Chain<f64>, f64);
    impl Objective<f64> for Scaled {
        fn parameter_count(&self) -> usize {
            self.0.parameter_count()
        }
        fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
            let value = self.0.evaluate(x, gradient).value;
            gradient.iter_mut().for_each(|g| *g *= self.1);
            Evaluation::of(self.1 * value, gradient)
        }
    }
    impl HessianProduct<f64> for Scaled {
        fn linearize(&mut self, x: &[f64]) {
            self.0.linearize(x);
        }
        fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
            self.0.hessian_product(vector, out);
            out.iter_mut().for_each(|g| *g *= self.1);
        }
    }
    let solve = |scale: f64| {
        let mut objective = Scaled(Chain::new(30), scale);
        let solver = NewtonCg::new().tolerance(1e-9 * scale);
        let minimum = solver.minimize(&mut objective, vec![-1.0; 30]).expect("a start");
        assert!(minimum.report.converged(), "{scale}: {}", minimum.report);
        (minimum.params, minimum.report.iterations, objective.0.products)
    };
    // A power of two changes no digits.
    let one = solve(1.0);
    for scale in [2f64.powi(-40), 2f64.powi(40)] {
        assert_eq!(solve(scale), one, "{scale}");
    }
}

#[test]
fn newtons_method_lbfgs_and_truncated_newton_agree() {
    for (size, from) in [(1, 3.0), (2, -4.0), (25, 0.0), (25, 5.0)] {
        let start = vec![from; size];
        let newton = Newton::new().tolerance(1e-11).minimize(&mut Chain::new(size), start.clone());
        let newton = newton.expect("a start");
        let cg = NewtonCg::new().tolerance(1e-11).minimize(&mut Chain::new(size), start.clone());
        let cg = cg.expect("a start");
        let lbfgs = Lbfgs::new().tolerance(1e-11).minimize(&mut Chain::new(size), start).expect("a start");
        for found in [&cg, &lbfgs] {
            assert!(found.report.converged(), "{size} from {from}: {}", found.report);
            assert_abs_diff_eq!(found.params[..], newton.params[..], epsilon = 1e-10);
        }
        assert!(cg.report.iterations <= 40, "{}", cg.report);
    }
}

#[test]
fn many_parameters_need_few_iterations() {
    let mut chain = Chain::<f64>::new(20_000);
    let minimum = NewtonCg::new().minimize(&mut chain, vec![0.0; 20_000]).expect("a start");
    assert!(minimum.report.converged() && minimum.report.iterations <= 20, "{}", minimum.report);
    assert!(chain.products <= 60, "{}", chain.products);
}

/// The forcing term falls: the last iterations gain digits by the handful.
#[test]
fn convergence_is_superlinear() {
    let mut norms = Vec::new();
    for limit in 0..20 {
        let solver = NewtonCg::new().tolerance(1e-13).max_iterations(limit);
        let minimum = solver.minimize(&mut Chain::new(12), vec![1.0; 12]).expect("a start");
        norms.push(minimum.report.gradient_norm.expect("measured"));
        if minimum.report.converged() {
            break;
        }
    }
    let best = norms.windows(2).map(|pair| pair[1] / pair[0]).fold(1.0, f64::min);
    assert!(norms.len() <= 14 && best < 1e-4, "{norms:?}");
}

#[test]
fn the_tolerance_is_met_but_not_overshot() {
    for tolerance in [1e-2, 1e-4, 1e-6, 1e-8, 1e-10] {
        let mut quadratic = Quadratic::<f64>::new(60, 1e3);
        let solver = NewtonCg::new().tolerance(tolerance);
        let minimum = solver.minimize(&mut quadratic, vec![5.0; 60]).expect("a start");
        let norm = minimum.report.gradient_norm.expect("measured");
        assert!(minimum.report.converged() && norm <= tolerance, "{}", minimum.report);
        assert!(norm >= 0.1 * tolerance, "{norm:e} for {tolerance:e}");
    }
}

#[test]
fn single_precision_reaches_its_tolerance() {
    let start = vec![0.0f32; 40];
    let chain = NewtonCg::new().minimize(&mut Chain::<f32>::new(40), start.clone()).expect("a start");
    assert!(chain.report.converged(), "{}", chain.report);
    let wide = NewtonCg::new().tolerance(1e-11).minimize(&mut Chain::<f64>::new(40), vec![0.0; 40]);
    let wide: Vec<f32> = wide.expect("a start").params.iter().map(|&p| p as f32).collect();
    assert_abs_diff_eq!(chain.params[..], wide[..], epsilon = 1e-4);
    let mut quadratic = Quadratic::<f32>::new(40, 1e4);
    let minimum = NewtonCg::new().minimize(&mut quadratic, start).expect("a start");
    assert!(minimum.report.converged(), "{}", minimum.report);
}

#[test]
fn the_observer_may_stop_the_run() {
    let mut seen = Vec::new();
    let mut observer = |progress: &Progress| {
        seen.push((progress.iteration, progress.limit));
        if progress.iteration == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let solver = NewtonCg::new().tolerance(1e-13).max_iterations(50);
    let found = solver.minimize_observed(&mut Chain::new(12), vec![1.0; 12], &mut observer).expect("a start");
    assert_eq!((found.report.stop, found.report.iterations), (StopReason::Cancelled, 2));
    assert_eq!(seen, [(1, 50), (2, 50)]);
}

#[test]
fn no_iterations_return_the_start_and_bad_settings_an_error() {
    let run = |solver: NewtonCg, start: Vec<f64>| solver.minimize(&mut Chain::new(3), start);
    let start = vec![0.5, -0.5, 2.0];
    let MinimizeResult { params, report, .. } =
        run(NewtonCg::new().max_iterations(0), start.clone()).expect("a start");
    assert_eq!((params, report.stop), (start.clone(), StopReason::IterationLimit));
    assert_eq!((report.iterations, report.evaluations), (0, 1));
    for tolerance in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = run(NewtonCg::new().tolerance(tolerance), start.clone()).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { name: "tolerance", .. }), "{error}");
    }
    let error = run(NewtonCg::new().max_products(0), start).unwrap_err();
    assert!(matches!(error, Error::InvalidParameter { name: "max_products", .. }), "{error}");
    let error = run(NewtonCg::new(), vec![0.0; 2]).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { expected: 3, found: 2, .. }), "{error}");
    let error = run(NewtonCg::new(), vec![0.0, f64::NAN, 0.0]).unwrap_err();
    assert!(matches!(error, Error::NotFinite { row: 1, .. }), "{error}");
}

#[test]
fn products_are_counted_up_to_their_limit() {
    for limit in [1, 2, 7] {
        let mut quadratic = Quadratic::<f64>::new(60, 1e6);
        let solver = NewtonCg::new().tolerance(1e-13).max_iterations(1).max_products(limit);
        solver.minimize(&mut quadratic, vec![0.0; 60]).expect("a start");
        assert!(quadratic.products <= limit, "{}", quadratic.products);
    }
    // A single product makes a gradient step of the right length.
    let mut quadratic = Quadratic::<f64>::new(10, 3.0);
    let minimum = NewtonCg::new().max_products(1).minimize(&mut quadratic, vec![0.0; 10]).expect("a start");
    assert!(minimum.report.converged(), "{}", minimum.report);
    assert_eq!(minimum.report.evaluations, minimum.report.iterations + 1);
    assert_eq!(quadratic.products, minimum.report.iterations);
}

/// A bowl whose products are not its Hessian's.
#[derive(Debug, Clone, Copy)]
enum Misleading {
    Nan,
    Infinite,
    Zero,
    Negative,
    /// Right the first time in each direction, NaN after.
    Late(usize),
}

impl Objective<f64> for Misleading {
    fn parameter_count(&self) -> usize {
        3
    }
    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
        gradient.copy_from_slice(&[x[0], 4.0 * x[1], 9.0 * x[2]]);
        Evaluation::of(0.5 * (x[0] * x[0] + 4.0 * x[1] * x[1] + 9.0 * x[2] * x[2]), gradient)
    }
}

impl HessianProduct<f64> for Misleading {
    fn linearize(&mut self, _x: &[f64]) {
        if let Misleading::Late(count) = self {
            *count = 0;
        }
    }
    fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
        for ((out, v), h) in out.iter_mut().zip(vector).zip([1.0, 4.0, 9.0]) {
            *out = match self {
                Misleading::Nan => f64::NAN,
                Misleading::Infinite => f64::INFINITY * v,
                Misleading::Zero => 0.0,
                Misleading::Negative => -h * v,
                Misleading::Late(0) => h * v,
                Misleading::Late(_) => f64::NAN,
            };
        }
        if let Misleading::Late(count) = self {
            *count += 1;
        }
    }
}

#[test]
fn without_positive_curvature_it_descends_along_the_gradient() {
    use Misleading::*;
    for mut objective in [Nan, Infinite, Zero, Negative, Late(0)] {
        for scale in [1e-3, 1.0, 1e6] {
            let start = vec![scale, -2.0 * scale, scale];
            let minimum =
                NewtonCg::new().max_iterations(1000).minimize(&mut objective, start).expect("a start");
            assert!(minimum.report.converged(), "{objective:?} from {scale}: {}", minimum.report);
        }
    }
}

/// (x + y - 1)^2 + (z - 2)^2: x - y is not determined, and stays as it was.
#[test]
fn a_flat_direction_is_left_alone() {
    struct Flat;
    impl Objective<f64> for Flat {
        fn parameter_count(&self) -> usize {
            3
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            let (a, b) = (p[0] + p[1] - 1.0, p[2] - 2.0);
            gradient.copy_from_slice(&[2.0 * a, 2.0 * a, 2.0 * b]);
            Evaluation::of(a * a + b * b, gradient)
        }
    }
    impl HessianProduct<f64> for Flat {
        fn linearize(&mut self, _p: &[f64]) {}
        fn hessian_product(&mut self, v: &[f64], out: &mut [f64]) {
            out.copy_from_slice(&[2.0 * (v[0] + v[1]), 2.0 * (v[0] + v[1]), 2.0 * v[2]]);
        }
    }
    let minimum = NewtonCg::new().tolerance(1e-12).minimize(&mut Flat, vec![5.0, 1.0, 0.0]).expect("a start");
    assert!(minimum.report.converged(), "{}", minimum.report);
    assert_abs_diff_eq!(minimum.params[..], [2.5, -1.5, 2.0][..], epsilon = 1e-11);
}

/// Not convex: curvature is negative along the way.
#[test]
fn rosenbrocks_valley_is_walked_to_its_end() {
    struct Rosenbrock(f64, f64);
    impl Objective<f64> for Rosenbrock {
        fn parameter_count(&self) -> usize {
            2
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            let (x, y) = (p[0], p[1]);
            gradient[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
            gradient[1] = 200.0 * (y - x * x);
            Evaluation::of((1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2), gradient)
        }
    }
    impl HessianProduct<f64> for Rosenbrock {
        fn linearize(&mut self, p: &[f64]) {
            *self = Rosenbrock(p[0], p[1]);
        }
        fn hessian_product(&mut self, v: &[f64], out: &mut [f64]) {
            let Rosenbrock(x, y) = *self;
            out[0] = (2.0 - 400.0 * y + 1200.0 * x * x) * v[0] - 400.0 * x * v[1];
            out[1] = -400.0 * x * v[0] + 200.0 * v[1];
        }
    }
    for start in [[-1.2, 1.0], [0.0, 5.0], [3.0, -3.0]] {
        let solver = NewtonCg::new().tolerance(1e-9);
        let minimum = solver.minimize(&mut Rosenbrock(0.0, 0.0), start.to_vec()).expect("a start");
        assert!(minimum.report.converged() && minimum.report.iterations < 100, "{}", minimum.report);
        assert_abs_diff_eq!(minimum.params[..], [1.0, 1.0][..], epsilon = 1e-8);
    }
}
