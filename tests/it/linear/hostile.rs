//! Any data, penalty and solver give a finite model or a typed error, in bounded time.

use logit::prelude::*;
use logit::{ClassWeight, Error, FitOptions, FittedLogistic, LogisticRegression, Penalty, Real, Solver};
use nalgebra::{DMatrix, DVector, dmatrix};
use proptest::prelude::*;

/// The limit on iterations of every fit here.
const LIMIT: usize = 12;

/// Numbers of a palette: moderate ones, finite ones, or any.
fn numbers<T: Real>(count: usize) -> impl Strategy<Value = Vec<T>> {
    let smallest = T::of(5e-324).max(T::MIN_POSITIVE * T::of(0.5));
    let largest = T::max_value().expect("a float");
    let tame = vec![T::zero(), -T::zero(), smallest, T::one(), T::of(-3.5), T::of(0.25), T::of(2.0)];
    let finite = [tame.clone(), vec![largest, -largest, largest * T::of(1e-8), T::of(1e18)]].concat();
    let any = [finite.clone(), [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(T::of).to_vec()].concat();
    let draw = move |palette: Vec<T>| prop::collection::vec(prop::sample::select(palette), count);
    prop_oneof![4 => draw(tame), 2 => draw(finite), 1 => draw(any)]
}

fn strength() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => prop::sample::select(vec![0.0, 1e-3, 0.1, 10.0]),
        1 => prop::sample::select(vec![-1.0, 1e-300, 5e-324, 1e300, f64::MAX, f64::NAN, f64::INFINITY]),
    ]
}

fn penalties() -> impl Strategy<Value = Penalty> {
    prop_oneof![
        Just(Penalty::None),
        Just(Penalty::Jeffreys),
        strength().prop_map(Penalty::l2),
        strength().prop_map(Penalty::l1),
        strength().prop_map(Penalty::c),
        (strength(), prop::sample::select(vec![0.0, 0.3, 1.0, 1.0 + 1e-9, f64::NAN]))
            .prop_map(|(lambda, ratio)| Penalty::elastic_net(lambda, ratio)),
    ]
}

fn configurations(columns: usize) -> impl Strategy<Value = LogisticRegression> {
    let solver = prop::sample::select(vec![
        Solver::Auto,
        Solver::Newton,
        Solver::Lbfgs,
        Solver::NewtonCg,
        Solver::ProximalNewton,
    ]);
    let factors = prop::option::weighted(0.3, prop::collection::vec(strength(), columns));
    let class_weight = prop_oneof![
        3 => Just(None),
        1 => Just(Some(ClassWeight::Balanced)),
        1 => (0usize..3, strength()).prop_map(|(class, weight)| Some(ClassWeight::map([(class, weight)]))),
    ];
    let remedy = prop::option::weighted(0.3, penalties());
    let gap = prop::option::weighted(0.2, strength());
    (penalties(), solver, factors, class_weight, remedy, gap, any::<bool>()).prop_map(
        |(penalty, solver, factors, class_weight, remedy, gap, intercept)| {
            let mut way = LogisticRegression::new(penalty).solver(solver).max_iterations(LIMIT);
            way = way.intercept(intercept);
            way = factors.into_iter().fold(way, |way, factors| way.penalty_factors(factors));
            way = class_weight.into_iter().fold(way, LogisticRegression::class_weight);
            way = remedy.into_iter().fold(way, LogisticRegression::on_separation);
            gap.into_iter().fold(way, LogisticRegression::gap_tolerance)
        },
    )
}

#[derive(Debug)]
struct Case<T: Real> {
    way: LogisticRegression,
    x: DMatrix<T>,
    y: Vec<usize>,
    weights: Option<Vec<T>>,
    offset: Option<DMatrix<T>>,
    start: Option<(DMatrix<T>, Vec<T>)>,
}

fn cases<T: Real>() -> impl Strategy<Value = Case<T>> {
    (1usize..9, 1usize..9, 2usize..4, 0usize..20).prop_flat_map(|(rows, columns, classes, odd)| {
        let score_columns = if classes == 2 { 1 } else { classes };
        // Now and then an argument of the wrong size.
        let length = |right: usize, which: usize| if odd == which { right + 1 } else { right };
        let offset_rows = length(rows, 1);
        (
            configurations(length(columns, 2)),
            numbers::<T>(rows * columns),
            prop::collection::vec(0..classes, length(rows, 3)),
            prop::option::weighted(0.5, numbers::<T>(length(rows, 4))),
            any::<bool>(),
            prop::option::weighted(0.4, numbers::<T>(offset_rows * score_columns)),
            prop::option::weighted(0.3, (numbers::<T>(columns * score_columns), numbers::<T>(score_columns))),
        )
            .prop_map(move |(way, x, y, weights, absolute, offset, start)| Case {
                way,
                x: DMatrix::from_vec(rows, columns, x),
                y,
                weights: weights.map(|w| if absolute { w.iter().map(|w| w.abs()).collect() } else { w }),
                offset: offset.map(|o| DMatrix::from_vec(offset_rows, score_columns, o)),
                start: start.map(|(w, b)| (DMatrix::from_vec(columns, score_columns, w), b)),
            })
    })
}

fn assert_sane<T: Real>(case: &Case<T>, model: &FittedLogistic<T, usize>) {
    let report = model.report();
    let finite = |values: &[T]| values.iter().all(|v| v.is_finite());
    assert!(finite(model.coefficients().as_slice()) && finite(model.intercept().as_slice()), "{case:?}");
    assert!(report.objective.is_finite() && report.objective_curve.iter().all(|f| !f.is_nan()), "{report:?}");
    assert!(report.duality_gap.is_none_or(|gap| gap >= 0.0 && gap.is_finite()), "{report:?}");
    assert!(report.hessian_condition.is_none_or(|condition| condition >= 1.0), "{report:?}");
    assert!(report.iterations <= LIMIT && report.evaluations <= 130 * (LIMIT + 1), "{report:?}");
    assert!(report.gradient_norm.is_some_and(|norm| norm >= 0.0) || !report.converged(), "{report:?}");
    if let Some(separation) = model.separation() {
        assert!(finite(separation.direction().as_slice()) && finite(separation.intercept().as_slice()));
        assert!(!separation.columns().is_empty(), "{case:?}: {separation:?}");
    }
    match model.predict_proba(&case.x) {
        Ok(p) => {
            for row in p.row_iter() {
                let sum: f64 = row.iter().map(|p| p.as_f64()).sum();
                assert!((sum - 1.0).abs() <= 4.0 * T::EPSILON.as_f64(), "{row} sums to {sum}");
                assert!(row.iter().all(|p| (T::zero()..=T::one()).contains(p)), "{row}");
            }
        }
        Err(error) => assert!(matches!(error, Error::Overflow { .. }), "{error}"),
    }
}

fn run<T: Real>(case: &Case<T>) {
    let options = || {
        let mut options = FitOptions::new();
        options.weights = case.weights.as_deref();
        options.offset = case.offset.as_ref().map(|m| m.as_view());
        options
    };
    let cold = case.way.fit_with(&case.x, &case.y, options());
    if let Ok(model) = &cold {
        assert_sane(case, model);
    }
    let Some((w, b)) = case.start.clone() else { return };
    let classes = (0..if w.ncols() == 1 { 2 } else { w.ncols() }).collect();
    let given = FittedLogistic::from_coefficients(classes, w, DVector::from_vec(b));
    if let Ok(start) = given
        && let Ok(model) = case.way.fit_from_with(&start, &case.x, &case.y, options())
    {
        assert_sane(case, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_fit_nothing_panics(case in cases::<f64>()) {
        run(&case);
    }

    #[test]
    fn whatever_the_fit_in_single_precision_nothing_panics(case in cases::<f32>()) {
        run(&case);
    }
}

#[test]
fn an_intercept_that_vanishes_beside_all_rows_is_kept() {
    let (most, least) = (f64::MAX, f64::MIN_POSITIVE / 2.0);
    let x = dmatrix![
        least, most, 0.0, 0.0, 1e-8 * most;
        least, 0.0, 0.0, least, -most;
        0.0, most, 0.0, 0.0, least;
        0.0, 0.0, least, most, -3.5;
        0.0, least, most, least, 1.0;
        most, -3.5, least, 0.0, 0.0
    ];
    for y in 1..63 {
        let y: Vec<usize> = (0..6).map(|row| y >> row & 1).collect();
        let way = LogisticRegression::new(Penalty::c(1e-3)).max_iterations(LIMIT);
        let case = Case { way, x: x.clone(), y, weights: None, offset: None, start: None };
        run(&case);
    }
}
