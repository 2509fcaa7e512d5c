//! Settings of logistic regressions, drawn at random.

use logit::linear::RowOptions;
use logit::nalgebra::DMatrix;
use logit::{ClassWeight, FitOptions, LogisticRegression, Penalty, Real, Solver};

use crate::case::Case;
use crate::data::Sample;
use crate::truth::Asked;

/// The settings of a fit.
pub(super) struct Setting<T> {
    pub(super) penalty: Penalty,
    pub(super) factors: Option<Vec<f64>>,
    pub(super) intercept: bool,
    pub(super) solver: Solver,
    pub(super) class_weight: Option<ClassWeight>,
    pub(super) offset: Option<DMatrix<T>>,
    pub(super) limit: Option<usize>,
    /// Whether nothing about it may be refused.
    pub(super) plain: bool,
}

impl<T: Real> Setting<T> {
    pub(super) fn model(&self) -> LogisticRegression {
        let mut model = LogisticRegression::new(self.penalty).solver(self.solver).intercept(self.intercept);
        if let Some(factors) = &self.factors {
            model = model.penalty_factors(factors.clone());
        }
        if let Some(weights) = &self.class_weight {
            model = model.class_weight(weights.clone());
        }
        match self.limit {
            Some(limit) => model.max_iterations(limit),
            None => model,
        }
    }

    pub(super) fn options<'a>(&'a self, sample: &'a Sample<T>) -> FitOptions<'a, T> {
        let mut options = FitOptions::new();
        if let Some(weights) = &sample.weights {
            options = options.weights(weights);
        }
        match &self.offset {
            Some(offset) => options.offset(offset),
            None => options,
        }
    }

    pub(super) fn rows<'a>(&'a self, sample: &'a Sample<T>) -> RowOptions<'a, T> {
        let options = self.options(sample);
        let mut rows = RowOptions::new();
        (rows.weights, rows.offset) = (options.weights, options.offset);
        rows
    }

    pub(super) fn asked<'a>(&'a self, sample: &'a Sample<T>) -> Asked<'a, T> {
        let mut counts = vec![0.0; sample.classes];
        (0..sample.y.len()).for_each(|row| counts[sample.y[row]] += sample.weight(row));
        let total: f64 = counts.iter().sum();
        let balanced = |class: usize| total / (sample.classes as f64 * counts[class]);
        let class_weights = (0..sample.classes).map(|class| match &self.class_weight {
            None => 1.0,
            Some(ClassWeight::Balanced) => balanced(class),
            // As drawn below.
            Some(_) => 1.0 + class as f64,
        });
        Asked {
            sample,
            penalty: self.penalty,
            factors: self.factors.as_deref(),
            intercept: self.intercept,
            class_weights: class_weights.collect(),
            offset: self.offset.as_ref(),
        }
    }
}

fn penalty(case: &mut Case) -> (Penalty, bool) {
    let draw = &mut case.draw;
    let wild = draw.chance(0.1);
    let strength = if wild { draw.any_number().abs() } else { draw.magnitude(-5.0, 1.0) };
    let ratio = if wild { draw.any_number() } else { draw.uniform(0.0, 1.0) };
    let penalty = match draw.below(8) {
        0 | 1 => return (Penalty::None, true),
        2 => Penalty::l2(strength),
        3 => Penalty::c(strength),
        4 => Penalty::l1(strength),
        5 => Penalty::elastic_net(strength, ratio),
        6 => return (Penalty::Jeffreys, false),
        _ => Penalty::l2(strength),
    };
    (penalty, !wild)
}

/// Draws settings for a sample.
pub(super) fn setting<T: Real>(case: &mut Case, sample: &Sample<T>) -> Setting<T> {
    let (penalty, mut plain) = penalty(case);
    let draw = &mut case.draw;
    let solvers = [Solver::Auto, Solver::Lbfgs, Solver::Newton, Solver::NewtonCg, Solver::ProximalNewton];
    let solver = draw.pick(&solvers);
    let absolute = matches!(penalty, Penalty::L1(_) | Penalty::ElasticNet { .. });
    plain &= solver == Solver::Auto || !absolute;
    let factors = draw
        .chance(0.1)
        .then(|| (0..sample.x.ncols()).map(|_| draw.pick(&[0.0, 1.0, 1.0, 2.5])).collect::<Vec<f64>>());
    let class_weight = match draw.below(6) {
        0 => Some(ClassWeight::Balanced),
        1 => Some(ClassWeight::map((0..sample.classes).map(|class| (class, 1.0 + class as f64)))),
        _ => None,
    };
    plain &= class_weight.is_none() || sample.occurring() == sample.classes;
    let columns = if sample.occurring() == 2 { 1 } else { sample.occurring() };
    let offset = draw.chance(0.12).then(|| {
        let unit = draw.pick(&[1.0, 1.0, 30.0, 1e10]);
        DMatrix::from_fn(sample.x.nrows(), columns, |_, _| T::of(unit * draw.normal()))
    });
    let limit = draw.chance(0.1).then(|| draw.below(4));
    let intercept = draw.chance(0.85);
    Setting { penalty, factors, intercept, solver, class_weight, offset, limit, plain }
}
