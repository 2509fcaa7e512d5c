//! Two classes in the plane, in units of different size: a mixture of two normal distributions, and one more.

use logit::Rng;
use logit::nalgebra::DMatrix;

struct Component {
    class: &'static str,
    points: usize,
    /// Mean and standard deviation of both features.
    features: [(f64, f64); 2],
}

const COMPONENTS: [Component; 3] = [
    Component { class: "one", points: 1000, features: [(5.0, 10.0), (5.0, 2.0)] },
    Component { class: "one", points: 1000, features: [(40.0, 20.0), (2.0, 1.0)] },
    Component { class: "other", points: 2000, features: [(60.0, 5.0), (10.0, 1.0)] },
];

/// 4,000 points (a row each) with their classes, 2,000 of each.
pub(crate) fn points(seed: u64) -> (DMatrix<f64>, Vec<&'static str>) {
    let mut rng = Rng::new(seed);
    let (mut values, mut classes) = (Vec::new(), Vec::new());
    for Component { class, points, features } in COMPONENTS {
        for _ in 0..points {
            values.extend(features.map(|(mean, deviation)| mean + deviation * rng.standard_normal()));
            classes.push(class);
        }
    }
    (DMatrix::from_row_slice(classes.len(), 2, &values), classes)
}

/// How features are brought to a scale that suits a network.
#[derive(Debug, Clone)]
pub(crate) enum Scaling {
    /// Each feature by its mean and standard deviation.
    Standard(Vec<(f64, f64)>),
    /// Each row divided by its length. What is left of a point is its direction from the origin.
    UnitLength,
}

impl Scaling {
    /// Standardisation by the mean and the standard deviation of these rows.
    pub(crate) fn standard(x: &DMatrix<f64>) -> Self {
        let moments = |column: usize| (x.column(column).mean(), x.column(column).variance().sqrt());
        Scaling::Standard((0..x.ncols()).map(moments).collect())
    }

    pub(crate) fn apply(&self, mut x: DMatrix<f64>) -> DMatrix<f64> {
        match self {
            Scaling::Standard(moments) => {
                for (mut column, (mean, deviation)) in x.column_iter_mut().zip(moments) {
                    column.apply(|value| *value = (*value - mean) / deviation);
                }
            }
            Scaling::UnitLength => {
                for mut row in x.row_iter_mut() {
                    row.unscale_mut(row.norm());
                }
            }
        }
        x
    }
}
