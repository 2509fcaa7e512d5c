//! What every transformer promises.

use std::fmt::Debug;

use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::preprocess::TransformerOptions;
use logit::registry::AnyTransform;
use logit::{AnyClassifier, Error, LogisticRegression, Penalty, Pipeline, Real};

use crate::case::Case;
use crate::contract::{Rule, bits, obey, returns};
use crate::data::Sample;

/// What is known about a transformer before its fit.
#[derive(Default)]
pub(super) struct Known {
    /// The number of output columns.
    pub(super) width: Option<usize>,
    /// Whether missing values are welcome.
    pub(super) missing: bool,
    /// Whether it looks at classes.
    pub(super) supervised: bool,
    /// Whether the order of rows may change more than rounding, as folds and ties do.
    pub(super) ordered: bool,
    /// The output of training rows: finite, from 0 to 1.
    pub(super) unit: bool,
}

/// Checks a transformer. What it fits is kept in one type, so that the checks are compiled once.
pub(super) fn visit<T: Real, P>(
    case: &mut Case,
    name: &'static str,
    transformer: P,
    sample: &Sample<T>,
    known: Known,
) where
    P: Transformer<T> + Debug + Clone,
    P::Fitted: Persist<Scalar = T> + Debug + Clone + Send + Sync + 'static,
{
    case.say(format!("{name}: {transformer:?}"));
    let fit = |sample: &Sample<T>| {
        let mut options = TransformerOptions::new();
        if let Some(weights) = &sample.weights {
            options = options.weights(weights);
        }
        let options = if known.supervised { options.classes(&sample.y, sample.classes) } else { options };
        transformer.fit_with(&sample.x, options).map(AnyTransform::new)
    };
    let ridge = LogisticRegression::new(Penalty::l2(0.1)).max_iterations(20);
    let pipeline = Pipeline::new(transformer.clone(), ridge);
    let fit_pipeline = || {
        let fitted = match &sample.weights {
            Some(weights) => pipeline.fit_weighted(&sample.x, &sample.y, weights),
            None => pipeline.fit(&sample.x, &sample.y),
        };
        fitted.map(AnyClassifier::new)
    };
    if inspect(case, name, &fit, sample, &known) && case.draw.chance(0.2) {
        piped(case, fit_pipeline(), sample);
    }
}

/// Fits a transformer to a sample.
type Fit<'a, T> = &'a dyn Fn(&Sample<T>) -> Result<AnyTransform<T>, Error>;

/// Returns whether there is a result that a pipeline can use.
fn inspect<T: Real>(
    case: &mut Case,
    name: &'static str,
    fit: Fit<'_, T>,
    sample: &Sample<T>,
    known: &Known,
) -> bool {
    let x = &sample.x;
    let invalid = x.iter().any(|v| v.as_f64().is_infinite() || !known.missing && v.as_f64().is_nan());
    let fitted = match fit(sample) {
        Ok(fitted) => fitted,
        Err(error) => {
            case.check("an error without words", !error.to_string().is_empty(), || "");
            let scaler =
                ["standard", "min-max", "max-abs", "robust", "normalizer", "unscaled"].contains(&name);
            let usual = sample.tame && x.nrows() > 1 && x.ncols() > 0 && scaler && sample.valid();
            case.check("usual data are refused", !usual, || &error);
            return false;
        }
    };
    // These do not look at values.
    let blind = ["selected", "variance", "normalizer", "blocks"].contains(&name);
    case.check("rows that are not finite are accepted", !invalid || blind, || "");
    let Ok(z) = fitted.transform(x) else { return false };
    case.reached();
    let (rows, columns) = (x.nrows(), fitted.outputs());
    case.check("rows of another width", z.shape() == (rows, columns), || {
        format!("{:?}, {columns}", z.shape())
    });
    case.check("the inputs have another number", fitted.inputs() == x.ncols(), || fitted.inputs());
    if let Some(width) = known.width {
        case.check("not the documented width", columns == width, || format!("{columns}, documented {width}"));
    }
    let finite = z.iter().all(|v| v.as_f64().is_finite());
    case.check("a result is not finite", finite || name == "selected", || &z);
    let slack = 4.0 * T::EPSILON.as_f64();
    let counted = (0..z.nrows()).filter(|&row| sample.valid() && sample.weight(row) > 0.0);
    let unit = counted.flat_map(|row| z.row(row).iter().copied().collect::<Vec<T>>());
    let unit = unit.into_iter().all(|v| (-slack..=1.0 + slack).contains(&v.as_f64()));
    case.check("a result outside its range", !known.unit || unit, || &z);
    consistent(case, &fitted, x, &z, known.missing);
    let again = fit(sample);
    case.check("the same fit gives another result", again.is_ok_and(|again| same(&again, &fitted, x)), || "");
    if name == "standard" && sample.tame && sample.valid() {
        standardised(case, sample, &z);
    }
    stored(case, &fitted, x);
    if sample.tame && !known.ordered && x.nrows() > 1 {
        permuted(case, name, fit, &fitted, sample);
    }
    sample.valid() && columns < 200
}

fn same<T: Real>(a: &AnyTransform<T>, b: &AnyTransform<T>, x: &DMatrix<T>) -> bool {
    a == b || a.transform(x).ok().map(|z| bits(&z)) == b.transform(x).ok().map(|z| bits(&z))
}

/// Results do not depend on the memory that they are written to, and names have the width of rows.
fn consistent<T: Real>(
    case: &mut Case,
    fitted: &AnyTransform<T>,
    x: &DMatrix<T>,
    z: &DMatrix<T>,
    missing: bool,
) {
    let owned = fitted.transform_owned(x.clone());
    case.check("another result in place", owned.is_ok_and(|owned| bits(&owned) == bits(z)), || "");
    let names: Vec<String> = (0..x.ncols()).map(|column| format!("c{column}")).collect();
    let named = fitted.output_names(&names);
    case.check("names of another number", named.as_ref().is_ok_and(|named| named.len() == z.ncols()), || {
        format!("{named:?}")
    });
    let none = fitted.transform(&DMatrix::zeros(0, x.ncols()));
    case.check("no rows are not transformed", none.is_ok_and(|none| none.shape() == (0, z.ncols())), || "");
    let wide = fitted.transform(&DMatrix::zeros(1, x.ncols() + 1));
    case.check("another number of columns is accepted", wide.is_err(), || "");
    let sources =
        (0..z.ncols()).all(|column| fitted.source_column(column).is_none_or(|source| source < x.ncols()));
    case.check("a column comes from none", sources, || "");
    match fitted.inverse_transform(z) {
        Ok(back) => {
            // What was missing is so again.
            let finite = missing || back.iter().all(|v| v.as_f64().is_finite());
            let right = back.shape() == x.shape() && finite;
            case.check("an inverse of another shape, or not finite", right, || &back);
        }
        Err(error) => case.check("an error without words", !error.to_string().is_empty(), || ""),
    }
}

fn standardised<T: Real>(case: &mut Case, sample: &Sample<T>, z: &DMatrix<T>) {
    let total: f64 = (0..z.nrows()).map(|row| sample.weight(row)).sum();
    for (column, entries) in z.column_iter().enumerate() {
        let moment = |power: i32| {
            let term = |(row, v): (usize, &T)| sample.weight(row) * v.as_f64().powi(power);
            entries.iter().enumerate().map(term).sum::<f64>() / total
        };
        let (mean, variance) = (moment(1), moment(2));
        let constant =
            entries.iter().enumerate().all(|(row, v)| sample.weight(row) == 0.0 || v.as_f64() == 0.0);
        let tolerance = 1e3 * T::EPSILON.as_f64();
        let right = mean.abs() < tolerance && (constant || (variance - 1.0).abs() < tolerance);
        case.check("a column is not standardised", right, || {
            format!("column {column}: {mean} and {variance}")
        });
    }
}

fn stored<T: Real>(case: &mut Case, fitted: &AnyTransform<T>, x: &DMatrix<T>) {
    let Some(bytes) = case.must("a transform cannot be written", fitted.to_bytes()) else { return };
    let Some(read) = case.must("a transform cannot be read", AnyTransform::from_bytes(&bytes)) else {
        return;
    };
    case.check("a transform that was read differs", same(&read, fitted, x), || "");
}

/// Rows in another order, and whole weights as repeated rows.
fn permuted<T: Real>(
    case: &mut Case,
    name: &str,
    fit: Fit<'_, T>,
    fitted: &AnyTransform<T>,
    sample: &Sample<T>,
) {
    let order = case.draw.order(sample.y.len());
    let mut others = vec![("rows in another order give another result", sample.rows(&order))];
    if sample.weights.iter().flatten().all(|w| w.as_f64().fract() == 0.0) && sample.weights.is_some() {
        let times = |row: usize| vec![row; sample.weight(row) as usize];
        let mut repeated = sample.rows(&(0..sample.y.len()).flat_map(times).collect::<Vec<_>>());
        repeated.weights = None;
        // Rows of weight 0 still have categories.
        if ["standard", "unscaled", "robust"].contains(&name) {
            others.push(("rows twice in place of weights give another result", repeated));
        }
    }
    for (kind, other) in others {
        let a = fitted.transform(&sample.x);
        let b = fit(&other).and_then(|fitted| fitted.transform(&sample.x));
        let near = match (&a, &b) {
            (Ok(a), Ok(b)) => {
                a.shape() == b.shape()
                    && a.iter().zip(b.iter()).all(|(a, b)| {
                        let (a, b) = (a.as_f64(), b.as_f64());
                        (a - b).abs() <= 1e4 * T::EPSILON.as_f64() * a.abs().max(1.0)
                    })
            }
            (a, b) => a.is_err() == b.is_err(),
        };
        case.check(kind, near, || format!("{a:?} and {b:?}"));
    }
}

/// A pipeline is a classifier like others.
fn piped<T: Real>(case: &mut Case, fitted: Result<AnyClassifier<T, usize>, Error>, sample: &Sample<T>) {
    match fitted {
        Ok(model) => {
            obey(case, &model, &sample.x, &Rule::Probability);
            returns(case, &model, &sample.x);
        }
        Err(error) => case.check("an error without words", !error.to_string().is_empty(), || ""),
    }
}
