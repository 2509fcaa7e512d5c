//! Transformers that learn from classes.

use logit::nalgebra::{DMatrix, dmatrix};
use logit::prelude::*;
use logit::preprocess::{
    FeatureScore, FittedTargetEncoder, SelectBest, Smoothing, TargetEncoder, TransformerOptions,
};
use logit::{Error, LogisticRegression, Penalty, Pipeline, Rng, Rows, data};

fn close(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{found:e}, wanted {wanted:e}");
    }
}

/// Two columns of categories.
fn codes() -> DMatrix<f64> {
    dmatrix![
        0.0, 1.0; 0.0, 2.0; 0.0, 1.0; 1.0, 2.0; 1.0, 1.0; 1.0, 2.0; 2.0, 1.0; 2.0, 1.0; 2.0, 2.0; 2.0, 1.0; 3.0, 2.0;
        0.0, 2.0
    ]
}

const TWO: [i32; 12] = [0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0];
const THREE: [i32; 12] = [0, 1, 2, 0, 0, 1, 2, 1, 2, 2, 0, 1];

/// All encodings of a column, category after category.
fn encodings(fitted: &FittedTargetEncoder<f64>, column: usize) -> Vec<f64> {
    let categories = &fitted.categories()[column];
    categories
        .iter()
        .flat_map(|&category| fitted.encoding(column, category).expect("known").to_vec())
        .collect()
}

/// `TargetEncoder(smooth=..).fit(x, y).encodings_` of scikit-learn 1.5.2.
#[test]
fn two_classes_are_encoded_as_by_scikit_learn() {
    let fit =
        |smoothing| TargetEncoder::new().smoothing(smoothing).fit_supervised(&codes(), &TWO).expect("a fit");
    let auto = fit(Smoothing::Auto);
    close(&encodings(&auto, 0), &[0.5170454545454546, 0.3917274939172749, 1.0, 0.0], 1e-14);
    close(&encodings(&auto, 1), &[0.6556473829201102, 0.5121951219512195], 1e-14);
    let fixed = fit(Smoothing::Fixed(2.0));
    let wanted = [0.5277777777777778, 0.4333333333333334, 0.8611111111111112, 0.3888888888888889];
    close(&encodings(&fixed, 0), &wanted, 1e-14);
    close(&encodings(&fixed, 1), &[0.6458333333333334, 0.5208333333333334], 1e-14);
    close(fixed.means(), &[0.5833333333333334], 1e-15);
}

/// The same with `target_type="multiclass"`, where scikit-learn has the classes of a category in arrays of
/// their own.
#[test]
fn three_classes_are_encoded_as_by_scikit_learn() {
    let fit = |smoothing| {
        TargetEncoder::new().smoothing(smoothing).fit_supervised(&codes(), &THREE).expect("a fit")
    };
    let by_class = |fitted: &FittedTargetEncoder<f64>, column: usize| -> Vec<f64> {
        let all = encodings(fitted, column);
        (0..3).flat_map(|class| all.iter().skip(class).step_by(3).copied().collect::<Vec<_>>()).collect()
    };
    let third = 1.0 / 3.0;
    let auto = fit(Smoothing::Auto);
    let wanted = [
        [0.2645161290322581, 0.5833333333333334, 0.0, 1.0],
        [0.4634146341463415, third, 0.2645161290322581, 0.0],
        [0.2645161290322581, 0.0, 0.6774193548387096, 0.0],
    ];
    close(&by_class(&auto, 0), &wanted.concat(), 1e-14);
    let wanted =
        [third, third, 0.18238993710691823, 0.4736842105263158, 0.4736842105263158, 0.18238993710691823];
    close(&by_class(&auto, 1), &wanted, 1e-14);
    let fixed = fit(Smoothing::Fixed(2.0));
    let wanted =
        [third, third, 0.20833333333333331, 0.4583333333333333, 0.4583333333333333, 0.20833333333333331];
    close(&by_class(&fixed, 1), &wanted, 1e-14);
    let names = fixed.output_names(&["a".into(), "b".into()]).expect("names");
    assert_eq!(names, ["a: P(0)", "a: P(1)", "a: P(2)", "b: P(0)", "b: P(1)", "b: P(2)"]);
    // Columns of a category stay together.
    let row = fixed.transform(&dmatrix![3.0, 2.0]).expect("a row");
    close(&row.as_slice()[..3], &[5.0 / 9.0, 2.0 / 9.0, 2.0 / 9.0], 1e-14);
}

#[test]
fn weights_count_rows() {
    let (x, classes) = (codes(), TWO.map(|class| class as usize));
    let weights: Vec<f64> = (0..12).map(|row| [1.0, 2.0, 0.0, 3.0][row % 4]).collect();
    let repeated: Vec<usize> = (0..12).flat_map(|row| vec![row; weights[row] as usize]).collect();
    let repeated_classes: Vec<usize> = repeated.iter().map(|&row| classes[row]).collect();
    let options = TransformerOptions::new().classes(&classes, 2).weights(&weights);
    let weighted = TargetEncoder::new().fit_with(&x, options).expect("a fit");
    let options = TransformerOptions::new().classes(&repeated_classes, 2);
    let counted = TargetEncoder::new().fit_with(&x.select_rows(&repeated), options).expect("a fit");
    assert_eq!(weighted.categories(), counted.categories());
    for column in 0..2 {
        close(&encodings(&weighted, column), &encodings(&counted, column), 1e-14);
    }
    // A row of weight 0 might as well not be there, for the folds too.
    let kept: Vec<usize> = (0..12).filter(|&row| weights[row] > 0.0).collect();
    let pick = |of: &[usize]| kept.iter().map(|&row| of[row]).collect::<Vec<usize>>();
    let (some_classes, some_weights) =
        (pick(&classes), kept.iter().map(|&row| weights[row]).collect::<Vec<_>>());
    let encoder = TargetEncoder::new().folds(3);
    let options = TransformerOptions::new().classes(&classes, 2).weights(&weights);
    let (_, all) = encoder.fit_transform_rows((&x).into(), options).expect("rows");
    let options = TransformerOptions::new().classes(&some_classes, 2).weights(&some_weights);
    let (_, some) = encoder.fit_transform_rows((&x.select_rows(&kept)).into(), options).expect("rows");
    assert_eq!(all.select_rows(&kept), some);

    let options = TransformerOptions::new().classes(&classes, 2).weights(&weights);
    let weighted = SelectBest::new(1).fit_with(&x, options).expect("a fit");
    let options = TransformerOptions::new().classes(&repeated_classes, 2);
    let counted = SelectBest::new(1).fit_with(&x.select_rows(&repeated), options).expect("a fit");
    close(weighted.scores(), counted.scores(), 1e-12);
    close(weighted.p_values().expect("p"), counted.p_values().expect("p"), 1e-12);
}

#[test]
fn unknown_categories_have_the_share_of_all_rows_or_are_refused() {
    let new = dmatrix![0.0, 1.0; 9.0, 1.0];
    let lenient = TargetEncoder::new().fit_supervised(&codes(), &TWO).expect("a fit");
    assert_eq!(lenient.transform(&new).expect("rows")[(1, 0)], lenient.means()[0]);
    let strict = TargetEncoder::new().refuse_unknown(true).fit_supervised(&codes(), &TWO).expect("a fit");
    let error = strict.transform(&new).expect_err("an error");
    assert!(
        matches!(error, Error::UnknownCategory { row: 1, column: 0, value: 9.0, known: 4, .. }),
        "{error}"
    );
}

#[test]
fn names_of_classes_go_through_a_pipeline() {
    let names = ["island".to_owned(), "sex".to_owned()];
    let x = codes();
    let y = TWO.map(|class| ["no", "yes"][class as usize]);
    let rows = Rows::from(&x).with_names(&names).expect("names");
    let model = Pipeline::new(TargetEncoder::new().folds(2), LogisticRegression::new(Penalty::c(1.0)));
    let model = model.fit(rows, &y).expect("a fit");
    assert_eq!(model.classifier().feature_names().expect("names"), ["island: P(yes)", "sex: P(yes)"]);
    assert_eq!(model.predict(rows).expect("labels").len(), 12);
}

#[test]
fn what_cannot_be_learned_from_is_an_error() {
    let x = codes();
    assert!(matches!(TargetEncoder::new().fit(&x), Err(Error::Unsupported { .. })));
    assert!(matches!(SelectBest::new(1).fit(&x), Err(Error::Unsupported { .. })));
    let negative = TargetEncoder::new().smoothing(Smoothing::Fixed(-1.0)).fit_supervised(&x, &TWO);
    assert!(matches!(negative, Err(Error::InvalidParameter { name: "smoothing", .. })));
    let classes = TWO.map(|class| class as usize);
    let options = TransformerOptions::new().classes(&classes, 2);
    for folds in [0, 1, 13] {
        let refused = TargetEncoder::new().folds(folds).fit_transform_rows((&x).into(), options);
        assert!(matches!(refused, Err(Error::InvalidParameter { name: "folds", .. })), "{folds}");
    }
    for k in [0, 3] {
        let refused = SelectBest::new(k).fit_supervised(&x, &TWO);
        assert!(matches!(refused, Err(Error::InvalidParameter { name: "k", .. })), "{k}");
    }
    let few = SelectBest::new(1).fit_supervised(&dmatrix![1.0; 2.0], &[0, 1]);
    assert!(matches!(few, Err(Error::Unsupported { by: "SelectBest with AnovaF", .. })));
    let one_bin = SelectBest::new(1).score(FeatureScore::MutualInformation { bins: 1 });
    assert!(matches!(one_bin.fit_supervised(&x, &TWO), Err(Error::InvalidParameter { name: "bins", .. })));
    let missing = dmatrix![1.0; f64::NAN; 2.0; 1.0];
    assert!(matches!(
        SelectBest::new(1).fit_supervised(&missing, &[0, 0, 1, 1]),
        Err(Error::NotFinite { .. })
    ));
}

/// `f_classif` of scikit-learn 1.5.2.
#[test]
fn f_statistics_are_those_of_scikit_learn() {
    let iris = data::iris();
    let best = SelectBest::new(2).fit_supervised(&iris, &iris.y).expect("a fit");
    let wanted = [119.26450218449871, 49.16004008961098, 1180.1611822529776, 960.0071468018025];
    close(best.scores(), &wanted, 1e-12);
    let wanted = [1.6696691907731882e-31, 4.492017133312052e-17, 2.85677661096213e-91, 4.169445839445089e-85];
    close(best.p_values().expect("p-values"), &wanted, 1e-10);
    let x = dmatrix![1.0, 5.0; 2.0, 4.0; 3.0, 7.0; 4.0, 1.0; 6.0, 2.0; 5.0, 9.0];
    let best = SelectBest::new(1).fit_supervised(&x, &[0, 0, 0, 1, 1, 1]).expect("a fit");
    close(best.scores(), &[13.5, 0.25], 1e-13);
    close(best.p_values().expect("p-values"), &[0.021311641128756713, 0.643329963181864], 1e-12);
    let moved = x.map(|v| 1e9 + v);
    let best = SelectBest::new(1).fit_supervised(&moved, &[0, 0, 0, 1, 1, 1]).expect("a fit");
    close(best.scores(), &[13.5, 0.25], 1e-13);
    for factor in [1e-300, 1e300] {
        let best = SelectBest::new(1).fit_supervised(&(&x * factor), &[0, 0, 0, 1, 1, 1]).expect("a fit");
        close(best.scores(), &[13.5, 0.25], 1e-12);
    }
}

#[test]
fn constant_columns_score_zero_and_ties_go_to_the_lower_column() {
    let x = dmatrix![0.1, 0.0, 1.0, 0.0; 0.1, 0.0, 2.0, 0.0; 0.1, 1.0, 3.0, 1.0; 0.1, 1.0, 4.0, 1.0];
    let y = ["a", "a", "b", "b"];
    for (score, perfect) in [
        (FeatureScore::AnovaF, f64::INFINITY),
        // ln 2, and a correction of (2 + 2 - 2 - 1) / 8.
        (FeatureScore::MutualInformation { bins: 3 }, 2f64.ln() + 0.125),
    ] {
        let best = SelectBest::new(1).score(score).fit_supervised(&x, &y).expect("a fit");
        assert_eq!((best.columns(), best.scores()[0]), (&[1][..], 0.0), "{score:?}");
        assert_eq!((best.scores()[1], best.scores()[3]), (perfect, perfect));
        assert_eq!(best.transform(&x).expect("rows"), x.columns(1, 1));
        assert_eq!(best.output_names(&["a", "b", "c", "d"].map(String::from)).expect("names"), ["b"]);
        let bytes = best.to_bytes().expect("bytes");
        assert_eq!(logit::preprocess::FittedSelectBest::from_bytes(&bytes).expect("a value"), best);
    }
}

/// By hand: a table of 2 x 2 cells with 3, 1, 1 and 3 rows, ln 2 less its entropy given a column, and a
/// correction of (2 + 2 - 4 - 1) / 16.
#[test]
fn mutual_information_is_that_of_the_table() {
    let x = dmatrix![0.0; 0.0; 0.0; 1.0; 1.0; 1.0; 1.0; 0.0];
    let y = [0, 0, 0, 0, 1, 1, 1, 1];
    let score = FeatureScore::MutualInformation { bins: 10 };
    let best = SelectBest::new(1).score(score).fit_supervised(&x, &y).expect("a fit");
    let entropy = -(0.75 * 0.75f64.ln() + 0.25 * 0.25f64.ln());
    close(best.scores(), &[2f64.ln() - entropy - 1.0 / 16.0], 1e-12);
    assert!(best.p_values().is_none());
    // Numbers of chance say next to nothing, however many bins they are cut into.
    let mut rng = Rng::new(8);
    let noise = DMatrix::from_fn(2000, 1, |_, _| rng.standard_normal());
    let y: Vec<bool> = (0..2000).map(|_| rng.uniform(0.0, 1.0) < 0.5).collect();
    for bins in [5, 50] {
        let score = FeatureScore::MutualInformation { bins };
        let found = SelectBest::new(1).score(score).fit_supervised(&noise, &y).expect("a fit").scores()[0];
        assert!(found < 0.01, "{bins}: {found}");
    }
}

#[test]
fn the_seed_decides_the_folds() {
    let (x, classes) = (codes(), TWO.map(|class| class as usize));
    let options = TransformerOptions::new().classes(&classes, 2);
    let rows = |seed| TargetEncoder::new().folds(3).seed(seed).fit_transform_rows((&x).into(), options);
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1).expect("rows").1, rows(2).expect("rows").1);
}
