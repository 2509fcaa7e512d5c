//! Optima of logistic regression to the last digits, by every solver.
//!
//! Unless a comment says otherwise, reference numbers come from Newton's method with 60 digits. Their λ
//! stands beside the sum of the losses: λ/n is ours.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use logit::prelude::*;
use logit::{FittedLogistic, Label, LogisticRegression, Penalty, Solver, StopReason, data};
use nalgebra::{DMatrix, DVector, dmatrix};

const SOLVERS: [Solver; 3] = [Solver::Auto, Solver::Newton, Solver::Lbfgs];

/// The fit for λ beside the sum of the losses of rows without weights, to the last digits.
fn fit<L: Label>(solver: Solver, lambda: f64, x: &DMatrix<f64>, y: &[L]) -> FittedLogistic<f64, L> {
    let penalty = if lambda == 0.0 { Penalty::None } else { Penalty::l2(lambda / x.nrows() as f64) };
    let model = LogisticRegression::new(penalty).solver(solver).tolerance(1e-12);
    let model = model.fit(x, y).expect("good data");
    assert!(model.report().converged(), "{solver:?}: {}", model.report());
    model
}

/// Intercept and coefficients of each score column.
fn all<L: Label>(model: &FittedLogistic<f64, L>) -> Vec<Vec<f64>> {
    let column = |(k, &b): (usize, &f64)| [&[b], model.coefficients().column(k).as_slice()].concat();
    model.intercept().iter().enumerate().map(column).collect()
}

/// The sum of the losses of all rows, without the penalty.
fn loss<L: Label>(model: &FittedLogistic<f64, L>, x: &DMatrix<f64>, y: &[L]) -> f64 {
    let p = model.predict_proba(x).expect("good data");
    logit::metrics::log_loss(y, &p, model.classes()).expect("good data") * y.len() as f64
}

/// Within `tolerance` max(1, |wanted|), number by number.
#[track_caller]
fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1.0), "{found:?}, wanted {wanted:?}");
    }
}

fn g9() -> DMatrix<f64> {
    let (a, b) =
        ([-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    DMatrix::from_fn(9, 2, |row, column| if column == 0 { a[row] } else { b[row] })
}

const G9: [u8; 9] = [0, 0, 0, 1, 1, 1, 1, 1, 1];
const G9_THREE: [u8; 9] = [0, 0, 0, 1, 1, 1, 2, 2, 2];

/// The column of ones for the intercept, then `x`.
fn with_ones(x: &DMatrix<f64>) -> DMatrix<f64> {
    x.clone().insert_column(0, 1.0)
}

#[test]
fn the_start_has_the_loss_and_gradient_of_equal_probabilities() {
    let iris = data::iris();
    for solver in SOLVERS {
        let none = LogisticRegression::new(Penalty::c(1.0)).solver(solver).max_iterations(0);
        let model = none.fit(&g9(), &G9).expect("good data");
        assert_relative_eq!(model.report().objective, std::f64::consts::LN_2, max_relative = 1e-14);
        let residuals = DVector::from_fn(9, |row, _| 0.5 - f64::from(G9[row]));
        let gradient = with_ones(&g9()).transpose() * residuals / 9.0;
        let norm = model.report().gradient_norm.expect("measured on all rows");
        assert_relative_eq!(norm, gradient.amax(), max_relative = 1e-14);

        let model = none.fit(&iris.x, &iris.y).expect("good data");
        assert_relative_eq!(model.report().objective, 3f64.ln(), max_relative = 1e-14);
        let residuals = DMatrix::from_fn(150, 3, |row, k| 1.0 / 3.0 - f64::from(u8::from(row / 50 == k)));
        let gradient = with_ones(&iris.x).transpose() * residuals / 150.0;
        let norm = model.report().gradient_norm.expect("measured on all rows");
        assert_relative_eq!(norm, gradient.amax(), max_relative = 1e-14);
    }
}

/// The Hessian at zero is XᵀX/(4n) for two classes and (I - 11ᵀ/K)/K ⊗ XᵀX/n for K, plus the penalty; across
/// shifts of all classes the latter is XᵀX/(Kn), so that Newton's first step is known.
#[test]
fn the_first_step_of_newtons_method_is_that_of_the_hessian_at_zero() {
    let one = LogisticRegression::new(Penalty::l2(1.0)).solver(Solver::Newton).max_iterations(1);
    let x = with_ones(&g9());
    let step = |residuals: DVector<f64>, curvature: f64| {
        let mut hessian = x.transpose() * &x * (curvature / 9.0);
        (1..3).for_each(|j| hessian[(j, j)] += 1.0);
        hessian.lu().solve(&(x.transpose() * residuals / -9.0)).expect("definite")
    };
    let found = one.fit(&g9(), &G9).expect("good data");
    let wanted = step(DVector::from_fn(9, |row, _| 0.5 - f64::from(G9[row])), 0.25);
    assert_close(&all(&found)[0], wanted.as_slice(), 1e-13);
    let found = one.fit(&g9(), &G9_THREE).expect("good data");
    for (k, column) in all(&found).iter().enumerate() {
        let hot = |row: usize| f64::from(u8::from(usize::from(G9_THREE[row]) == k));
        let wanted = step(DVector::from_fn(9, |row, _| 1.0 / 3.0 - hot(row)), 1.0 / 3.0);
        assert_close(column, wanted.as_slice(), 1e-13);
    }
}

#[test]
fn nine_rows_of_two_classes() {
    for solver in SOLVERS {
        let model = fit(solver, 9.0, &g9(), &G9);
        assert_close(
            &all(&model)[0],
            &[0.8923040566417846, 0.44464569317678837, 0.014575634329614503],
            1e-10,
        );
        assert_abs_diff_eq!(loss(&model, &g9(), &G9), 2.9300809049669443, epsilon = 1e-10);
    }
}

#[test]
fn nine_rows_of_three_classes() {
    for solver in SOLVERS {
        let model = fit(solver, 9.0, &g9(), &G9_THREE);
        let wanted = [
            [-0.12004757447549881, -0.38023385925731007, -0.012265016277965094],
            [0.2251747130933159, -8.164807038941346e-05, 0.047345487114792084],
            [-0.1051271386178171, 0.3803155073276995, -0.035080470836826985],
        ];
        for (found, wanted) in all(&model).iter().zip(&wanted) {
            assert_close(found, wanted, 1e-10);
        }
        assert_abs_diff_eq!(loss(&model, &g9(), &G9_THREE), 5.447324771769567, epsilon = 1e-10);
    }
}

/// Admissions to the university of California, Los Angeles, by the rank of the school: with a coefficient for
/// each rank, log-odds are those of the counts.
#[test]
fn counts_as_weights_and_as_rows_have_the_optimum_in_closed_form() {
    let (rejected, admitted) = ([28.0, 97.0, 93.0, 55.0], [33.0, 54.0, 28.0, 12.0]);
    // The first rank is the base; two rows for each rank, one per outcome.
    let x = DMatrix::from_fn(8, 3, |row, column| f64::from(u8::from(row / 2 == column + 1)));
    let y: Vec<bool> = (0..8).map(|row| row % 2 == 1).collect();
    let weights: Vec<f64> =
        (0..8).map(|row| if y[row] { admitted[row / 2] } else { rejected[row / 2] }).collect();
    let rows: Vec<usize> = (0..8).flat_map(|row| std::iter::repeat_n(row, weights[row] as usize)).collect();
    let (x_rows, y_rows): (_, Vec<bool>) = (x.select_rows(&rows), rows.iter().map(|&row| y[row]).collect());
    assert_eq!(rows.len(), 400);
    // ln(33/28), then the logarithms of the odds ratios.
    let wanted = [0.16430305129127634, -0.7500299832303847, -1.3646980342693285, -1.686729586735747];
    for solver in SOLVERS {
        let weighted = LogisticRegression::new(Penalty::None).solver(solver).tolerance(1e-12);
        let weighted = weighted.fit_weighted(&x, &y, &weights).expect("good data");
        assert!(weighted.report().converged(), "{}", weighted.report());
        for model in [weighted, fit(solver, 0.0, &x_rows, &y_rows)] {
            assert_close(&all(&model)[0], &wanted, 1e-10);
            assert_abs_diff_eq!(-400.0 * model.report().objective, -237.48335921402705, epsilon = 1e-9);
        }
    }
}

#[test]
fn irises_of_three_species() {
    let iris = data::iris();
    let wanted = [
        [9.84956805048213, -0.423509920122713, 0.967350579571554, -2.51715237760921, -1.07933664850072],
        [2.2372056322032, 0.534461508995924, -0.321587855191933, -0.206392071294869, -0.944298465396338],
        [-12.0867736826853, -0.110951588873211, -0.645762724379621, 2.72354444890408, 2.02363511389706],
    ];
    for solver in SOLVERS {
        let model = fit(solver, 1.0, &iris.x, &iris.y);
        for (found, wanted) in all(&model).iter().zip(&wanted) {
            for (found, wanted) in found.iter().zip(wanted) {
                assert_relative_eq!(*found, *wanted, max_relative = 1e-8);
            }
        }
        assert_abs_diff_eq!(loss(&model, &iris.x, &iris.y), 17.945501698185648, epsilon = 1e-9);
        assert_eq!(model.score(&iris.x, &iris.y), Ok(146.0 / 150.0));
    }
}

/// Almost separable: the optimum is far out, and flat.
#[test]
fn irises_of_two_species_without_a_penalty() {
    let iris = data::iris();
    let (x, y) = (iris.x.rows(50, 100).into_owned(), &iris.y[50..]);
    let wanted =
        [-42.63780381302199, -2.46522019518666, -6.680887014078549, 9.429385153926637, 18.28613688785099];
    for solver in SOLVERS {
        let model = fit(solver, 0.0, &x, y);
        assert_eq!(model.classes(), ["versicolor", "virginica"]);
        for (found, wanted) in all(&model)[0].iter().zip(wanted) {
            assert_relative_eq!(*found, wanted, max_relative = 1e-8);
        }
        assert_relative_eq!(loss(&model, &x, y), 5.949273395679423, max_relative = 1e-10);
    }
}

/// The statistics consultants of the University of California, Los Angeles, show these rows for complete
/// separation.
fn separable() -> (DMatrix<f64>, [u8; 8]) {
    let x = dmatrix![1.0, 3.0; 2.0, 2.0; 3.0, -1.0; 3.0, -1.0; 5.0, 2.0; 6.0, 4.0; 10.0, 1.0; 11.0, 0.0];
    (x, [0, 0, 0, 0, 1, 1, 1, 1])
}

#[test]
fn complete_separation_is_reported_with_a_model_that_is_right() {
    let (x, y) = separable();
    for solver in SOLVERS {
        for classes in [[0, 1, 1], [1, 0, 0]] {
            // The same with the classes swapped.
            let y = y.map(|class| classes[usize::from(class)]);
            let model = LogisticRegression::new(Penalty::None).solver(solver).fit(&x, &y).expect("a model");
            assert_eq!(model.report().stop, StopReason::Separated, "{solver:?}: {}", model.report());
            assert!(!model.report().converged() && model.report().iterations <= 1000);
            assert!(all(&model)[0].iter().all(|w| w.is_finite()));
            assert_eq!(model.predict(&x).expect("good data"), y);
        }
        // Three separated classes; a penalty of zero is no penalty.
        let model = LogisticRegression::new(Penalty::l2(0.0)).solver(solver);
        let model = model.fit(&x, &[0, 0, 0, 0, 1, 1, 2, 2]).expect("a model");
        assert_eq!(model.report().stop, StopReason::Separated, "{solver:?}: {}", model.report());
        assert_eq!(model.score(&x, &[0, 0, 0, 0, 1, 1, 2, 2]), Ok(1.0));
    }
}

#[test]
fn any_penalty_gives_separable_rows_an_optimum() {
    let (x, y) = separable();
    for (lambda, wanted, tolerance) in [
        (1.0, [-5.03729662510517, 1.0069723504356858, 0.4800217347014061], 1e-10),
        (1e-4, [-25.149680749629734, 5.78259724193953, 2.3343611803281057], 1e-8),
        (1e-8, [-48.81464351840924, 11.444676983019505, 4.277858998473776], 1e-6),
    ] {
        for solver in SOLVERS {
            let penalty = Penalty::l2(lambda / 8.0);
            // The gradient is the penalty's where the loss is flat: λ w is 1e-7 at the end.
            let model = LogisticRegression::new(penalty).solver(solver).tolerance(1e-15);
            let model = model.fit(&x, &y).expect("good data");
            assert_ne!(model.report().stop, StopReason::Separated);
            assert_close(&all(&model)[0], &wanted, tolerance);
            let by_c = LogisticRegression::new(Penalty::c(1.0 / lambda)).solver(solver).tolerance(1e-15);
            assert_close(&all(&by_c.fit(&x, &y).expect("good data"))[0], &wanted, tolerance);
        }
    }
}
