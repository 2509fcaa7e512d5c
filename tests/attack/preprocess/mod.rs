//! Transformers, chains of them and pipelines.

mod checks;

use logit::nalgebra::DMatrix;
use logit::preprocess::*;
use logit::{Imputer, MinMaxScaler, OneHotEncoder, Pca, Real, StandardScaler};

use self::checks::{Known, visit};
use crate::case::Case;
use crate::data::{Sample, sample};
use crate::run::{Area, attack};

#[test]
fn preprocess() {
    attack(Area { name: "preprocess", share: 14, attack: any });
}

fn any(case: &mut Case) {
    if case.draw.chance(0.3) { one::<f32>(case) } else { one::<f64>(case) }
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
