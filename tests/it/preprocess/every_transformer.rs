//! Properties of every transformer.

use logit::nalgebra::DMatrix;
use logit::persist::StoredLabel;
use logit::prelude::*;
use logit::preprocess::TransformerOptions;
use logit::preprocess::{
    ColumnTransformer, MaxAbsScaler, NormKind, Normalizer, PolynomialFeatures, Remainder, RobustScaler,
    SelectColumns, VarianceThreshold,
};
use logit::registry::AnyTransform;
use logit::{Error, Imputer, MinMaxScaler, OneHotEncoder, Pca, Real, StandardScaler};
use proptest::prelude::*;

use crate::common::{normal, shuffled};

/// An action for every transformer.
trait Visit<T: Real> {
    fn visit<P>(&mut self, name: &str, transformer: P)
    where
        P: Transformer<T>,
        P::Fitted: Persist<Scalar = T> + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static;
}

fn all<T: Real>(visitor: &mut impl Visit<T>) {
    visitor.visit("identity", ());
    visitor.visit("standard", StandardScaler::new());
    visitor.visit("centred", StandardScaler::new().scale(false));
    visitor.visit("min-max", MinMaxScaler::new().range(-1.0, 2.0).clip(true));
    visitor.visit("max-abs", MaxAbsScaler::new());
    visitor.visit("robust", RobustScaler::new());
    for norm in [NormKind::L1, NormKind::L2, NormKind::Max] {
        visitor.visit("normalizer", Normalizer::new().norm(norm));
    }
    visitor.visit("polynomial", PolynomialFeatures::new(3).include_bias(true));
    visitor.visit("interactions", PolynomialFeatures::new(2).interaction_only(true));
    visitor.visit("one-hot", OneHotEncoder::new().unknown(logit::preprocess::UnknownCategory::Zeros));
    visitor.visit(
        "dropped",
        OneHotEncoder::new()
            .drop(logit::preprocess::DropCategory::First)
            .unknown(logit::preprocess::UnknownCategory::Zeros),
    );
    let blocks = ColumnTransformer::new().block([2, 0], StandardScaler::new()).remainder(Remainder::Pass);
    visitor.visit("column transformer", blocks.block([0], (Imputer::mean(), PolynomialFeatures::new(2))));
    visitor.visit("selected", SelectColumns::new([1]));
    visitor.visit("mean", Imputer::mean());
    visitor.visit("median", Imputer::median().indicators(true));
    visitor.visit("most frequent", Imputer::most_frequent());
    visitor.visit("constant", Imputer::constant(0.5));
    visitor.visit("variance", VarianceThreshold::new().threshold(1e-3));
    visitor.visit("pca", Pca::new(2));
    visitor.visit("whitened", Pca::explaining(0.9).whiten(true));
    visitor.visit("chain", (Imputer::mean(), StandardScaler::new(), PolynomialFeatures::new(2), Pca::new(3)));
}

fn rows<T: Real>(count: usize, seed: u64) -> DMatrix<T> {
    let x = normal(count, 3, seed);
    // Few values, so that categories and quantiles are decided by weights.
    x.map(|v| T::of((2.0 * v).round() / 2.0))
}

fn largest_difference<T: Real>(a: &DMatrix<T>, b: &DMatrix<T>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.iter().zip(b.iter()).fold(0.0, |most: f64, (a, b)| most.max((a.as_f64() - b.as_f64()).abs()))
}

struct Weights(u64);

impl<T: Real> Visit<T> for Weights {
    fn visit<P>(&mut self, name: &str, transformer: P)
    where
        P: Transformer<T>,
        P::Fitted: Persist<Scalar = T> + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static,
    {
        let x = rows::<T>(20, self.0);
        let weights: Vec<T> = (0..20).map(|row| T::of(f64::from([1, 2, 0, 3][row % 4]))).collect();
        let repeated: Vec<usize> = (0..20).flat_map(|row| vec![row; [1, 2, 0, 3][row % 4]]).collect();
        let weighted = transformer.fit_with(&x, TransformerOptions::new().weights(&weights)).expect(name);
        let counted = transformer.fit(&x.select_rows(&repeated)).expect(name);
        let tolerance = 1e4 * T::EPSILON.as_f64();
        let (a, b) = (weighted.transform(&x).expect(name), counted.transform(&x).expect(name));
        let difference = largest_difference(&a, &b);
        assert!(difference < tolerance, "{name}: {difference:e} apart");
        // Rows in another order.
        let order = shuffled(20, self.0);
        let plain = transformer.fit(&x).expect(name).transform(&x).expect(name);
        let shuffled = transformer.fit(&x.select_rows(&order)).expect(name).transform(&x).expect(name);
        let difference = largest_difference(&plain, &shuffled);
        assert!(difference < tolerance, "{name}: {difference:e} apart in another order");
        // Alone and among others.
        for row in 0..20 {
            let alone = counted.transform(&x.rows(row, 1).into_owned()).expect(name);
            assert!(largest_difference(&alone, &b.rows(row, 1).into_owned()) < tolerance, "{name}");
        }
        // In memory of its own or not.
        assert_eq!(weighted.transform_owned(x.clone()).expect(name), a, "{name}");
        assert_eq!(
            weighted.transform(&DMatrix::zeros(0, 3)).expect(name).shape(),
            (0, weighted.outputs()),
            "{name}"
        );
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(weighted.output_names(&names).expect(name).len(), weighted.outputs(), "{name}");
        assert!(weighted.output_names(&names[..2]).is_err(), "{name}");
    }
}

#[test]
fn weights_count_rows_and_their_order_does_not_matter() {
    for seed in 1..6 {
        all::<f64>(&mut Weights(seed));
    }
    all::<f32>(&mut Weights(7));
}

struct Inverse;

impl<T: Real> Visit<T> for Inverse {
    fn visit<P>(&mut self, name: &str, transformer: P)
    where
        P: Transformer<T>,
        P::Fitted: Persist<Scalar = T> + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static,
    {
        let x = rows::<T>(15, 3);
        let fitted = transformer.fit(&x).expect(name);
        let z = fitted.transform(&x).expect(name);
        match fitted.inverse_transform(&z) {
            Ok(back) if ["pca", "whitened", "chain"].contains(&name) => assert_eq!(back.shape(), x.shape()),
            Ok(back) => {
                let difference = largest_difference(&back, &x);
                assert!(difference < 100.0 * T::EPSILON.as_f64(), "{name}: {difference:e}");
            }
            Err(Error::Unsupported { .. }) => {
                let without = ["normalizer", "selected", "variance"];
                assert!(without.contains(&name), "{name}");
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn inverses_lead_back() {
    all::<f64>(&mut Inverse);
    all::<f32>(&mut Inverse);
}

struct Stored;

impl<T: Real> Visit<T> for Stored {
    fn visit<P>(&mut self, name: &str, transformer: P)
    where
        P: Transformer<T>,
        P::Fitted: Persist<Scalar = T> + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static,
    {
        let x = rows::<T>(15, 4);
        let fitted = transformer.fit(&x).expect(name);
        let bytes = fitted.to_bytes().expect(name);
        let loaded = P::Fitted::from_bytes(&bytes).expect(name);
        assert_eq!(loaded, fitted, "{name}");
        assert_eq!(loaded.to_bytes().expect(name), bytes, "{name}");
        let any = AnyTransform::<T>::from_bytes(&bytes).expect(name);
        assert_eq!(any.transform(&x), fitted.transform(&x), "{name}");
        assert_eq!((any.inputs(), any.outputs()), (fitted.inputs(), fitted.outputs()), "{name}");
        assert_eq!(any.to_bytes().expect(name), bytes, "{name}");
    }
}

#[test]
fn what_is_saved_comes_back() {
    assert_eq!(<bool as StoredLabel>::KIND, "bool");
    all::<f64>(&mut Stored);
    all::<f32>(&mut Stored);
}

struct BadInput;

impl<T: Real> Visit<T> for BadInput {
    fn visit<P>(&mut self, name: &str, transformer: P)
    where
        P: Transformer<T>,
        P::Fitted: Persist<Scalar = T> + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static,
    {
        let x = rows::<T>(12, 5);
        let fitted = transformer.fit(&x).expect(name);
        let takes_missing = ["mean", "median", "most frequent", "constant", "chain"].contains(&name);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut bad = x.clone();
            bad[(7, 1)] = T::of(value);
            if ["selected", "column transformer"].contains(&name) || value.is_nan() && takes_missing {
                continue;
            }
            for result in [transformer.fit(&bad).map(|_| ()), fitted.transform(&bad).map(|_| ())] {
                if name == "variance" && result.is_ok() {
                    // Its fit looks at all columns; what it learned chooses some, whatever they hold.
                    continue;
                }
                let error = result.expect_err(name);
                let cause = error.cause();
                assert!(matches!(cause, Error::NotFinite { row: 7, column: 1, .. }), "{name}: {error}");
            }
        }
        for columns in [0, 1, 2, 4] {
            let error = fitted.transform(&DMatrix::zeros(5, columns)).expect_err(name);
            assert!(matches!(error, Error::ShapeMismatch { argument: "x", .. }), "{name}: {error}");
        }
        if name != "selected" {
            assert!(transformer.fit(&DMatrix::zeros(0, 3)).is_err(), "{name}");
        }
        assert!(transformer.fit(&DMatrix::zeros(5, 0)).is_err(), "{name}");
        for weights in
            [vec![T::one(); 11], vec![T::zero(); 12], vec![T::of(-1.0); 12], vec![T::of(f64::NAN); 12]]
        {
            assert!(transformer.fit_with(&x, TransformerOptions::new().weights(&weights)).is_err(), "{name}");
        }
    }
}

#[test]
fn bad_input_is_a_typed_error() {
    all::<f64>(&mut BadInput);
    all::<f32>(&mut BadInput);
}

struct Hostile(DMatrix<f64>);

impl Visit<f64> for Hostile {
    fn visit<P>(&mut self, name: &str, transformer: P)
    where
        P: Transformer<f64>,
        P::Fitted: Persist<Scalar = f64> + PartialEq + std::fmt::Debug + Clone + Send + Sync + 'static,
    {
        // An error is fine, NaN and panics are not.
        if let Ok(fitted) = transformer.fit(&self.0)
            && let Ok(z) = fitted.transform(&self.0)
        {
            assert!(z.iter().all(|v| v.is_finite()), "{name}: {z}");
            let loaded = P::Fitted::from_bytes(&fitted.to_bytes().expect(name)).expect(name);
            assert_eq!(loaded, fitted, "{name}");
            if let Ok(back) = fitted.inverse_transform(&z) {
                assert!(back.iter().all(|v| v.is_finite()), "{name}: {back}");
            }
        }
    }
}

fn any_finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(5e-324),
        Just(-1e-310),
        Just(f64::MIN_POSITIVE),
        Just(1.0),
        Just(0.1),
        Just(1e9),
        Just(1e100),
        Just(-1e300),
        Just(f64::MAX),
        Just(f64::MIN),
        any::<f64>().prop_filter("finite", |v| v.is_finite()),
    ]
}

proptest! {
    #[test]
    fn any_finite_rows_give_finite_rows_or_an_error(
        values in prop::collection::vec(any_finite(), 3..30),
    ) {
        let rows = values.len() / 3;
        all(&mut Hostile(DMatrix::from_row_slice(rows, 3, &values[..3 * rows])));
    }
}
