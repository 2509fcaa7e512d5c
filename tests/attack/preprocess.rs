//! Transformers, chains of them and pipelines.

use std::fmt::Debug;

use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::preprocess::*;
use logit::registry::AnyTransform;
use logit::{
    AnyClassifier, Error, Imputer, LogisticRegression, MinMaxScaler, OneHotEncoder, Pca, Penalty, Pipeline,
    Real, StandardScaler,
};

use crate::case::Case;
use crate::contract::{Rule, bits, obey, returns};
use crate::data::{Sample, sample};
use crate::run::{Area, attack};

#[test]
fn preprocess() {
    attack(Area { name: "preprocess", share: 14, attack: any });
}

fn any(case: &mut Case) {
    if case.draw.chance(0.3) { one::<f32>(case) } else { one::<f64>(case) }
}

/// What is known about a transformer before its fit.
#[derive(Default)]
struct Known {
    /// The number of output columns.
    width: Option<usize>,
    /// Whether missing values are welcome.
    missing: bool,
    /// Whether it looks at classes.
    supervised: bool,
    /// Whether the order of rows may change more than rounding, as folds and ties do.
    ordered: bool,
    /// The output of training rows: finite, from 0 to 1.
    unit: bool,
}

fn one<T: Real>(case: &mut Case) {
    let mut sample = sample::<T>(&mut case.draw, 30, 4);
    let kind = case.draw.below(24);
    if (12..18).contains(&kind) || case.draw.chance(0.05) {
        // Few values, so that categories repeat.
        let few = sample.x.map(|v| T::of((v.as_f64().clamp(-3.0, 3.0)).round()));
        sample.x = few;
    }
    case.say(&sample);
    let (d, known) = (sample.x.ncols(), Known { width: Some(sample.x.ncols()), ..Known::default() });
    let free = || Known::default();
    match kind {
        0 => visit(case, "standard", StandardScaler::new(), &sample, known),
        1 => visit(case, "unscaled", StandardScaler::new().scale(false), &sample, known),
        2 => visit(case, "min-max", MinMaxScaler::new(), &sample, Known { unit: true, ..known }),
        3 => {
            let (low, high) = (case.draw.any_number(), case.draw.any_number());
            case.say(format!("range {low} to {high}"));
            visit(case, "clipped", MinMaxScaler::new().range(low, high).clip(true), &sample, known)
        }
        4 => visit(case, "max-abs", MaxAbsScaler::new(), &sample, known),
        5 => visit(case, "robust", RobustScaler::new(), &sample, known),
        6 => {
            let (low, high) = (case.draw.uniform(-0.1, 0.6), case.draw.uniform(0.4, 1.1));
            visit(case, "quantiles", RobustScaler::new().quantiles(low, high), &sample, known)
        }
        7 => {
            let norm = case.draw.pick(&[NormKind::L1, NormKind::L2, NormKind::Max]);
            visit(case, "normalizer", Normalizer::new().norm(norm), &sample, known)
        }
        8 | 9 => {
            let (degree, bias) = (case.draw.below(5), case.draw.chance(0.5));
            case.say(format!("degree {degree}, bias {bias}"));
            let count = (1..=degree).fold(1, |count, k| count * (d + k) / k) - usize::from(!bias);
            let polynomial = PolynomialFeatures::new(degree).include_bias(bias);
            visit(case, "polynomial", polynomial, &sample, Known { width: Some(count), ..free() })
        }
        10 => {
            let huge = case.draw.pick(&[64, 1000, usize::MAX]);
            visit(
                case,
                "huge polynomial",
                PolynomialFeatures::new(huge),
                &sample,
                Known { ordered: true, ..free() },
            )
        }
        11 => {
            let degree = case.draw.within(1, 4);
            let products = PolynomialFeatures::new(degree).interaction_only(true);
            visit(case, "products", products, &sample, free())
        }
        12 | 13 => {
            let drop = case.draw.pick(&[DropCategory::None, DropCategory::First, DropCategory::FirstOfTwo]);
            let width = categories(&counted(&sample), drop);
            let unknown = case.draw.pick(&[UnknownCategory::Refuse, UnknownCategory::Zeros]);
            let known = Known { width: Some(width), ..free() };
            visit(case, "one-hot", OneHotEncoder::new().drop(drop).unknown(unknown), &sample, known)
        }
        14 | 15 => {
            let smoothing =
                case.draw.pick(&[Smoothing::Auto, Smoothing::Fixed(0.0), Smoothing::Fixed(1e300)]);
            let (folds, seed) = (case.draw.within(1, 6), case.draw.seed());
            let encoder = TargetEncoder::new().smoothing(smoothing).folds(folds).seed(seed);
            let known = Known { supervised: true, ordered: true, ..free() };
            visit(case, "target encoder", encoder, &sample, known)
        }
        16 => {
            let k = case.draw.within(0, d + 1);
            let scores = [FeatureScore::AnovaF, FeatureScore::MutualInformation { bins: 3 }];
            let best = SelectBest::new(k).score(case.draw.pick(&scores));
            let known = Known { width: Some(k), supervised: true, ordered: true, ..free() };
            visit(case, "best columns", best, &sample, known)
        }
        17 => {
            let threshold = case.draw.pick(&[0.0, 1e-300, 0.5]);
            let known = Known { ordered: true, ..free() };
            visit(case, "variance", VarianceThreshold::new().threshold(threshold), &sample, known)
        }
        18 | 19 => {
            missing(case, &mut sample);
            let imputer = match case.draw.below(4) {
                0 => Imputer::mean(),
                1 => Imputer::median(),
                2 => Imputer::most_frequent(),
                _ => Imputer::constant(case.draw.any_number()),
            };
            let marked = case.draw.chance(0.5);
            let columns =
                |x: &DMatrix<T>| x.column_iter().filter(|c| c.iter().any(|v| v.as_f64().is_nan())).count();
            let width = d + if marked { columns(&counted(&sample)) } else { 0 };
            let known = Known { width: Some(width), missing: true, ..free() };
            visit(case, "imputer", imputer.indicators(marked), &sample, known)
        }
        20 => {
            let (k, whiten) = (case.draw.within(0, d + 1), case.draw.chance(0.5));
            let known = Known { width: Some(k), ordered: true, ..free() };
            visit(case, "components", Pca::new(k).whiten(whiten), &sample, known)
        }
        21 => {
            let share = case.draw.pick(&[0.0, 1e-9, 0.5, 0.99, 1.0, 1.5]);
            visit(case, "share", Pca::explaining(share), &sample, Known { ordered: true, ..free() })
        }
        22 => {
            let columns: Vec<usize> =
                (0..case.draw.within(1, d + 1)).map(|_| case.draw.below(d + 1)).collect();
            let known = Known { width: Some(columns.len()), missing: true, ..free() };
            visit(case, "selected", SelectColumns::new(columns), &sample, known)
        }
        _ => {
            let blocks = ColumnTransformer::new()
                .block([case.draw.below(d + 1)], (StandardScaler::new(), PolynomialFeatures::new(2)))
                .block([0], MinMaxScaler::new())
                .remainder(case.draw.pick(&[Remainder::Pass, Remainder::Drop, Remainder::Refuse]));
            visit(case, "blocks", (blocks, StandardScaler::new()), &sample, free())
        }
    }
}

/// Returns the rows that count.
fn counted<T: Real>(sample: &Sample<T>) -> DMatrix<T> {
    let rows = (0..sample.x.nrows()).filter(|&row| sample.weight(row) > 0.0);
    sample.x.select_rows(&rows.collect::<Vec<_>>())
}

/// Returns the number of one-hot columns.
fn categories<T: Real>(x: &DMatrix<T>, drop: DropCategory) -> usize {
    let of = |column: usize| {
        let mut values: Vec<f64> = x.column(column).iter().map(|v| v.as_f64()).collect();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| a == b);
        match drop {
            DropCategory::First => values.len() - 1,
            DropCategory::FirstOfTwo if values.len() == 2 => 1,
            _ => values.len(),
        }
    };
    if x.nrows() == 0 { 0 } else { (0..x.ncols()).map(of).sum() }
}

fn missing<T: Real>(case: &mut Case, sample: &mut Sample<T>) {
    let share = case.draw.pick(&[0.0, 0.2, 0.9]);
    for value in sample.x.iter_mut() {
        if case.draw.chance(share) {
            *value = T::of(f64::NAN);
        }
    }
}

/// Checks a transformer. What it fits is kept in one type, so that the checks are compiled once.
fn visit<T: Real, P>(case: &mut Case, name: &'static str, transformer: P, sample: &Sample<T>, known: Known)
where
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
