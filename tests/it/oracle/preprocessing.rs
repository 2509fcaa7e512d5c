//! Preprocessing: scikit-learn, with means and variances from mpmath.

use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::preprocess::{
    DropCategory, LabelEncoder, MaxAbsScaler, Moments, NormKind, Normalizer, PolynomialFeatures,
    RobustScaler, UnknownCategory,
};
use logit::{MinMaxScaler, OneHotEncoder, StandardScaler};
use serde::Deserialize;

use crate::oracle::json;

#[derive(Deserialize)]
struct Cases {
    scaling: Vec<Scaling>,
    polynomial: Vec<Polynomial>,
    one_hot: Vec<OneHot>,
    label_encoder: Labels,
    partial_fit: Parts,
    weighted_standard: Weighted,
}

#[derive(Deserialize)]
struct Scaling {
    name: String,
    #[serde(rename = "X")]
    x: Vec<Vec<f64>>,
    #[serde(rename = "X_new")]
    x_new: Vec<Vec<f64>>,
    exact_mean: Vec<f64>,
    exact_var: Vec<f64>,
    scalers: Vec<Scaler>,
}

#[derive(Deserialize)]
struct Scaler {
    kind: String,
    hyper: Hyper,
    transform: Vec<Vec<f64>>,
    transform_new: Vec<Vec<f64>>,
    inverse_of_transform: Option<Vec<Vec<f64>>>,
    fitted: Option<Fitted>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Hyper {
    with_mean: Option<bool>,
    with_std: Option<bool>,
    feature_range: Option<[f64; 2]>,
    clip: bool,
    quantile_range: Option<[f64; 2]>,
    with_centering: Option<bool>,
    with_scaling: Option<bool>,
    norm: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fitted {
    mean: Option<Vec<f64>>,
    scale: Option<Vec<f64>>,
    center: Option<Vec<f64>>,
    data_min: Option<Vec<f64>>,
    data_max: Option<Vec<f64>>,
    data_range: Option<Vec<f64>>,
    /// The offset that min-max scaling adds after its factor.
    min: Option<Vec<f64>>,
    max_abs: Option<Vec<f64>>,
    var: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct Polynomial {
    #[serde(rename = "X")]
    x: Vec<Vec<f64>>,
    degree: usize,
    include_bias: bool,
    interaction_only: bool,
    powers: Vec<Vec<usize>>,
    transform: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct OneHot {
    values: Vec<f64>,
    drop: Option<String>,
    handle_unknown: Option<String>,
    query: Option<Vec<f64>>,
    categories: Vec<f64>,
    transform: Vec<Vec<f64>>,
    inverse: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct Labels {
    values: Vec<String>,
    classes: Vec<String>,
    encoded: Vec<usize>,
    one_hot: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Parts {
    #[serde(rename = "X")]
    x: Vec<Vec<f64>>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    rows: [usize; 2],
    n_seen: usize,
    mean: Vec<f64>,
    var: Vec<f64>,
}

#[derive(Deserialize)]
struct Weighted {
    #[serde(rename = "X")]
    x: Vec<Vec<f64>>,
    sample_weight: Vec<f64>,
    mean: Vec<f64>,
    var: Vec<f64>,
    scale: Vec<f64>,
}

fn cases() -> Cases {
    json::read(include_str!("data/preprocessing.json"))
}

/// Close, on the scale of the largest number of the column.
fn assert_close(what: &str, found: &DMatrix<f64>, wanted: &DMatrix<f64>, scale: &[f64]) {
    assert_eq!(found.shape(), wanted.shape(), "{what}");
    for column in 0..found.ncols() {
        let size = wanted.column(column).amax().max(scale.get(column).copied().unwrap_or(0.0));
        for row in 0..found.nrows() {
            let (found, wanted) = (found[(row, column)], wanted[(row, column)]);
            assert!(
                (found - wanted).abs() <= 1e-12 * size,
                "{what}: {found:e} at row {row}, column {column}, wanted {wanted:e}"
            );
        }
    }
}

fn row(values: &[f64]) -> DMatrix<f64> {
    DMatrix::from_row_slice(1, values.len(), values)
}

/// The error, in units of the scale, of a shift by a mean that is rounded to |mean| eps.
fn rounding(x: &DMatrix<f64>, scale: &[f64]) -> Vec<f64> {
    let largest = x.column_iter().map(|column| column.amax());
    largest.zip(scale).map(|(largest, scale)| 1e-3 * largest / scale).collect()
}

impl Scaler {
    fn fit(&self, x: &DMatrix<f64>) -> (Box<dyn Transform<f64>>, Fitted) {
        let Hyper {
            with_mean,
            with_std,
            feature_range,
            clip,
            quantile_range,
            with_centering,
            with_scaling,
            norm,
        } = &self.hyper;
        match self.kind.as_str() {
            "standard" => {
                let scaler =
                    StandardScaler::new().center(with_mean.unwrap_or(true)).scale(with_std.unwrap_or(true));
                let fitted = scaler.fit(x).expect("a fit");
                let (mean, scale) = (fitted.mean().to_vec(), fitted.scale().to_vec());
                let centred = with_mean.unwrap_or(true);
                let var = Some(Moments::of(x, None).expect("moments").variance());
                // A scaler that does not centre keeps no mean.
                let mean = Some(if centred { mean } else { Moments::of(x, None).expect("moments").mean() });
                (Box::new(fitted), Fitted { mean, scale: Some(scale), var, ..Fitted::default() })
            }
            "minmax" => {
                let [low, high] = feature_range.expect("a range");
                let fitted = MinMaxScaler::new().range(low, high).clip(*clip).fit(x).expect("a fit");
                let (low, high) = (fitted.minimum().to_vec(), fitted.maximum().to_vec());
                let scale = fitted.scale();
                let [start, _] = feature_range.expect("a range");
                let fitted_numbers = Fitted {
                    data_range: Some(low.iter().zip(&high).map(|(low, high)| high - low).collect()),
                    min: Some(low.iter().zip(&scale).map(|(low, scale)| start - low * scale).collect()),
                    data_min: Some(low),
                    data_max: Some(high),
                    scale: Some(scale),
                    ..Fitted::default()
                };
                (Box::new(fitted), fitted_numbers)
            }
            "maxabs" => {
                let fitted = MaxAbsScaler::new().fit(x).expect("a fit");
                let scale = fitted.scale().to_vec();
                let largest =
                    |(column, &scale): (usize, &f64)| if x.column(column).amax() > 0.0 { scale } else { 0.0 };
                let max_abs = Some(scale.iter().enumerate().map(largest).collect());
                (Box::new(fitted), Fitted { scale: Some(scale), max_abs, ..Fitted::default() })
            }
            "robust" => {
                let [low, high] = quantile_range.unwrap_or([25.0, 75.0]);
                let scaler = RobustScaler::new()
                    .quantiles(low / 100.0, high / 100.0)
                    .center(with_centering.unwrap_or(true))
                    .scale(with_scaling.unwrap_or(true));
                let fitted = scaler.fit(x).expect("a fit");
                let (center, scale) = (Some(fitted.center().to_vec()), Some(fitted.scale().to_vec()));
                (Box::new(fitted), Fitted { center, scale, ..Fitted::default() })
            }
            "normalizer" => {
                let norm = match norm.as_deref() {
                    Some("l1") => NormKind::L1,
                    Some("max") => NormKind::Max,
                    _ => NormKind::L2,
                };
                (Box::new(Normalizer::new().norm(norm).fit(x).expect("a fit")), Fitted::default())
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn scalers() {
    let mut compared = 0;
    for case in cases().scaling {
        let (x, x_new) = (json::matrix(&case.x), json::matrix(&case.x_new));
        let moments = Moments::of(&x, None).expect("moments");
        assert_close(&case.name, &row(&moments.mean()), &row(&case.exact_mean), &[]);
        assert_close(&case.name, &row(&moments.variance()), &row(&case.exact_var), &[]);
        for scaler in &case.scalers {
            let what = format!("{}: {} {:?}", case.name, scaler.kind, scaler.hyper.quantile_range);
            let (fitted, numbers) = scaler.fit(&x);
            let wanted = scaler.fitted.as_ref();
            let pairs = [
                (wanted.and_then(|f| f.mean.as_ref()), &numbers.mean),
                (wanted.and_then(|f| f.scale.as_ref()), &numbers.scale),
                (wanted.and_then(|f| f.center.as_ref()), &numbers.center),
                (wanted.and_then(|f| f.data_min.as_ref()), &numbers.data_min),
                (wanted.and_then(|f| f.data_max.as_ref()), &numbers.data_max),
                (wanted.and_then(|f| f.data_range.as_ref()), &numbers.data_range),
                (wanted.and_then(|f| f.min.as_ref()), &numbers.min),
                (wanted.and_then(|f| f.max_abs.as_ref()), &numbers.max_abs),
            ];
            for (wanted, found) in pairs {
                if let (Some(wanted), Some(found)) = (wanted, found) {
                    assert_close(&what, &row(found), &row(wanted), &[]);
                    compared += 1;
                }
            }
            if let (Some(wanted), Some(found)) = (wanted.and_then(|f| f.var.as_ref()), &numbers.var) {
                // The reference uses one pass; where it loses digits, only the exact variance above is
                // compared.
                for ((&found, &wanted), &exact) in found.iter().zip(wanted).zip(&case.exact_var) {
                    assert!(
                        (found - wanted).abs() <= (wanted - exact).abs() + 1e-12 * wanted,
                        "{what}: variance {found:e}"
                    );
                }
                compared += 1;
            }
            let scale = numbers.scale.unwrap_or_else(|| vec![f64::INFINITY; x.ncols()]);
            // A scale of min-max multiplies.
            let divisor: Vec<f64> =
                if scaler.kind == "minmax" { scale.iter().map(|s| 1.0 / s).collect() } else { scale };
            let allowed = rounding(&x, &divisor);
            let made = fitted.transform(&x).expect("rows");
            assert_close(&what, &made, &json::matrix(&scaler.transform), &allowed);
            let new = fitted.transform(&x_new).expect("rows");
            assert_close(&what, &new, &json::matrix(&scaler.transform_new), &rounding(&x_new, &divisor));
            if let Some(back) = &scaler.inverse_of_transform {
                let found = fitted.inverse_transform(&made).expect("rows");
                let size: Vec<f64> = x.column_iter().map(|column| column.amax()).collect();
                assert_close(&what, &found, &json::matrix(back), &size);
            }
            compared += 3;
        }
    }
    assert_eq!(compared, 18 + 12 + 54 + 18 + 18 + 12 + 18 + 6 + 12 + 3 * 78);
}

#[test]
fn polynomials() {
    let cases = cases().polynomial;
    assert!(cases.len() >= 24);
    for case in cases {
        let x = json::matrix(&case.x);
        let settings = PolynomialFeatures::new(case.degree);
        let settings = settings.include_bias(case.include_bias).interaction_only(case.interaction_only);
        let fitted = settings.fit(&x).expect("a fit");
        assert_eq!(fitted.powers().expect("few"), case.powers);
        assert_close("polynomial", &fitted.transform(&x).expect("rows"), &json::matrix(&case.transform), &[]);
    }
}

#[test]
fn one_hot() {
    let cases = cases().one_hot;
    assert!(cases.len() >= 8);
    for case in cases {
        let x = DMatrix::from_column_slice(case.values.len(), 1, &case.values);
        let drop = match case.drop.as_deref() {
            None => DropCategory::None,
            Some("first") => DropCategory::First,
            Some("if_binary") => DropCategory::FirstOfTwo,
            Some(other) => panic!("{other}"),
        };
        let ignore = case.handle_unknown.as_deref() == Some("ignore");
        let unknown = if ignore { UnknownCategory::Zeros } else { UnknownCategory::Refuse };
        let fitted = OneHotEncoder::new().drop(drop).unknown(unknown).fit(&x).expect("a fit");
        assert_eq!(fitted.categories(), std::slice::from_ref(&case.categories));
        let query = case.query.map_or(x.clone(), |query| DMatrix::from_column_slice(query.len(), 1, &query));
        let made = fitted.transform(&query).expect("rows");
        assert_eq!(made, json::matrix(&case.transform));
        if let Some(inverse) = case.inverse {
            assert_eq!(fitted.inverse_transform(&made).expect("rows").as_slice(), inverse);
        }
    }
}

#[test]
fn labels() {
    let Labels { values, classes, encoded, one_hot } = cases().label_encoder;
    let encoder = LabelEncoder::new(&values).expect("labels");
    assert_eq!(encoder.classes(), classes);
    assert_eq!(encoder.encode(&values).expect("indices"), encoded);
    assert_eq!(encoder.decode(&encoded).expect("labels"), values);
    assert_eq!(encoder.one_hot::<f64>(&values).expect("rows"), json::matrix(&one_hot));
}

#[test]
fn moments_in_parts() {
    let Parts { x, steps } = cases().partial_fit;
    let x = json::matrix(&x);
    let mut moments = Moments::new(x.ncols()).expect("columns");
    for Step { rows: [start, end], n_seen, mean, var } in steps {
        moments.update(&x.rows(start, end - start).into_owned(), None).expect("rows");
        assert_eq!(moments.rows(), n_seen);
        assert_close("means", &row(&moments.mean()), &row(&mean), &[]);
        assert_close("variances", &row(&moments.variance()), &row(&var), &[]);
    }
}

#[test]
fn weighted_moments() {
    let Weighted { x, sample_weight, mean, var, scale } = cases().weighted_standard;
    let x = json::matrix(&x);
    let moments = Moments::of(&x, Some(&sample_weight)).expect("moments");
    assert_close("means", &row(&moments.mean()), &row(&mean), &[]);
    assert_close("variances", &row(&moments.variance()), &row(&var), &[]);
    let scaler = StandardScaler::new()
        .fit_with(&x, logit::preprocess::TransformerOptions::new().weights(&sample_weight))
        .expect("a fit");
    assert_close("scales", &row(scaler.scale()), &row(&scale), &[]);
}
