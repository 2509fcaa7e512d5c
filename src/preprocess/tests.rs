//! Every transformation with views and with memory of the caller, and the hand-over between tuples of steps.

use allocation_counter::measure;
use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, dmatrix};

use super::*;

/// Rows with few values, so that categories repeat.
fn rows(count: usize) -> DMatrix<f64> {
    let mut rng = crate::rng::Rng::new(3);
    DMatrix::from_fn(count, 3, |_, _| (2.0 * rng.standard_normal()).round() / 2.0)
}

/// A fit of every transformer.
fn all(x: &DMatrix<f64>) -> Vec<(&'static str, Box<dyn Transform<f64>>)> {
    fn fitted<P>(transformer: P, x: &DMatrix<f64>) -> Box<dyn Transform<f64>>
    where
        P: Transformer<f64>,
        P::Fitted: 'static,
    {
        Box::new(transformer.fit(x).unwrap())
    }
    fn supervised<P>(transformer: P, x: &DMatrix<f64>) -> Box<dyn Transform<f64>>
    where
        P: Transformer<f64>,
        P::Fitted: 'static,
    {
        let y: Vec<bool> = (0..x.nrows()).map(|row| row % 3 == 0).collect();
        Box::new(transformer.fit_supervised(x, &y).unwrap())
    }
    let lenient = OneHotEncoder::new().unknown(UnknownCategory::Zeros);
    let columns = ColumnTransformer::new()
        .block([2, 0], StandardScaler::new())
        .block([0], (Imputer::median(), PolynomialFeatures::new(2)))
        .remainder(Remainder::Pass);
    vec![
        ("identity", fitted((), x)),
        ("standard", fitted(StandardScaler::new(), x)),
        ("min-max", fitted(MinMaxScaler::new().clip(true), x)),
        ("max-abs", fitted(MaxAbsScaler::new(), x)),
        ("robust", fitted(RobustScaler::new(), x)),
        ("normalizer", fitted(Normalizer::new(), x)),
        ("polynomial", fitted(PolynomialFeatures::new(3).include_bias(true), x)),
        ("one-hot", fitted(lenient, x)),
        ("column transformer", fitted(columns, x)),
        ("target encoder", supervised(TargetEncoder::new(), x)),
        ("best columns", supervised(SelectBest::new(2), x)),
        ("selected", fitted(SelectColumns::new([2, 1]), x)),
        ("imputer", fitted(Imputer::mean(), x)),
        ("pca", fitted(Pca::new(2).whiten(true), x)),
        ("chain", fitted((StandardScaler::new(), PolynomialFeatures::new(2), Pca::new(3)), x)),
    ]
}

#[test]
fn views_are_transformed_as_copies_are_whatever_the_memory_held() {
    // More rows than are changed at a time.
    let x = rows(5000);
    for (name, transform) in all(&x) {
        let view = x.rows(7, 4800);
        let wanted = transform.transform_owned(view.clone_owned()).unwrap();
        // Columns of the result do not follow each other.
        let mut memory = DMatrix::from_element(4805, transform.outputs(), f64::NAN);
        let mut scratch = Scratch::new();
        for _ in 0..2 {
            transform.transform_into(view.into(), memory.rows_mut(3, 4800), &mut scratch).unwrap();
            assert_eq!(memory.rows(3, 4800), wanted, "{name}");
            assert!(
                memory.rows(0, 3).iter().chain(memory.rows(4803, 2).iter()).all(|v| v.is_nan()),
                "{name}"
            );
        }
        assert_eq!(transform.transform(view).unwrap(), wanted, "{name}");
    }
}

#[test]
fn the_first_row_that_is_not_finite_is_named_in_copies_and_in_place() {
    let mut x = rows(5000);
    let scaler = StandardScaler::new().fit(&x).unwrap();
    (x[(4500, 0)], x[(2500, 2)], x[(4400, 1)]) = (f64::NAN, f64::INFINITY, f64::NAN);
    let wanted = Error::NotFinite { argument: "x", row: 2500, column: 2, name: None, value: f64::INFINITY };
    assert_eq!(scaler.transform(&x).unwrap_err(), wanted);
    assert_eq!(scaler.transform_owned(x).unwrap_err(), wanted);
}

#[test]
fn missing_values_are_replaced_and_marked_in_memory_of_others() {
    let x = dmatrix![1.0, f64::NAN, 5.0; 3.0, 4.0, f64::NAN];
    let imputer = Imputer::mean().indicators(true).fit(&x).unwrap();
    let mut out = DMatrix::from_element(2, 5, f64::INFINITY);
    imputer.transform_into((&x).into(), out.as_view_mut(), &mut Scratch::new()).unwrap();
    assert_eq!(out, dmatrix![1.0, 4.0, 5.0, 1.0, 0.0; 3.0, 4.0, 5.0, 0.0, 1.0]);
    assert_eq!(imputer.transform_owned(x).unwrap(), out);
}

#[test]
fn a_single_row_is_transformed_without_an_allocation() {
    let x = rows(40);
    for (name, transform) in all(&x) {
        let (row, mut out, mut scratch) = ([0.5, 0.0, -1.0], vec![0.0; transform.outputs()], Scratch::new());
        let mut once = || transform.transform_row(&row, &mut out, &mut scratch).unwrap();
        // Buffers change places between calls, so that it takes some until all have grown.
        (0..4).for_each(|_| once());
        assert_eq!(measure(once).count_total, 0, "{name}");
    }
}

#[test]
fn one_scratch_serves_several_polynomials() {
    let (x, mut scratch) = (dmatrix![2.0, 3.0], Scratch::new());
    let fit = |transformer: PolynomialFeatures| transformer.fit(&x).unwrap();
    let quadratic = fit(PolynomialFeatures::new(2));
    let products = fit(PolynomialFeatures::new(2).interaction_only(true));
    for _ in 0..2 {
        let (mut five, mut three) = ([0.0; 5], [0.0; 3]);
        quadratic.transform_row(&[2.0, 3.0], &mut five, &mut scratch).unwrap();
        products.transform_row(&[2.0, 3.0], &mut three, &mut scratch).unwrap();
        assert_eq!((five, three), ([2.0, 3.0, 4.0, 6.0, 9.0], [2.0, 3.0, 6.0]));
    }
}

#[test]
fn errors_do_not_lose_memory_of_scratch() {
    let x = rows(40);
    for (name, transform) in all(&x) {
        let mut scratch = Scratch::new();
        let mut out = vec![0.0; transform.outputs()];
        let mut once = |row: &[f64]| transform.transform_row(row, &mut out, &mut scratch);
        (0..4).for_each(|_| once(&[0.5, 0.0, -1.0]).unwrap());
        for _ in 0..4 {
            // Those that choose columns take what the others hold.
            let _ = once(&[f64::INFINITY; 3]);
        }
        assert_eq!(measure(|| once(&[0.5, 0.0, -1.0]).unwrap()).count_total, 0, "{name}");
    }
}

/// Adds 1, or 10 to the rows that it hands on from a fit, as a cross-fitted transformer would; needs names
/// and classes.
#[derive(Debug, Clone, Copy)]
struct Supervised;

impl Transformer<f64> for Supervised {
    type Fitted = Supervised;

    fn fit_rows(&self, x: Rows<'_, f64>, options: TransformerOptions<'_, f64>) -> Result<Self, Error> {
        options.required_classes(x.nrows(), "this spy")?;
        Ok(*self)
    }
    fn fit_transform_rows(
        &self,
        x: Rows<'_, f64>,
        options: TransformerOptions<'_, f64>,
    ) -> Result<(Self, DMatrix<f64>), Error> {
        Ok((self.fit_rows(x, options)?, x.add_scalar(10.0)))
    }
}

impl Transform<f64> for Supervised {
    fn inputs(&self) -> usize {
        1
    }
    fn outputs(&self) -> usize {
        1
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&x.add_scalar(1.0));
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.iter().map(|name| format!("{name}+1")).collect())
    }
}

/// Remembers the rows that it was fitted to and their names.
#[derive(Debug, Clone, Copy)]
struct Spy;

#[derive(Debug)]
struct Seen(DMatrix<f64>, Option<Vec<String>>);

impl Transformer<f64> for Spy {
    type Fitted = Seen;

    fn fit_rows(&self, x: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<Seen, Error> {
        Ok(Seen(x.clone_owned(), x.names().map(<[String]>::to_vec)))
    }
}

impl Transform<f64> for Seen {
    fn inputs(&self) -> usize {
        1
    }
    fn outputs(&self) -> usize {
        1
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&x.view());
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

#[test]
fn tuples_hand_on_cross_fitted_rows_their_classes_and_names() {
    let (x, names) = (dmatrix![1.0; 2.0], ["a".to_owned()]);
    let named = Rows::from(&x).with_names(&names).unwrap();
    let options = TransformerOptions::new().classes(&[0, 1], 2);

    let chain = (Supervised, Spy).fit_with(named, options).unwrap();
    assert_eq!(chain.second().0, dmatrix![11.0; 12.0]);
    assert_eq!(chain.second().1, Some(vec!["a+1".to_owned()]));
    assert_eq!(chain.transform(&x).unwrap(), dmatrix![2.0; 3.0]);

    let (chain, z) = (Supervised, Supervised, Spy).fit_transform_rows(named, options).unwrap();
    assert_eq!(chain.second().second().0, dmatrix![21.0; 22.0]);
    assert_eq!(chain.second().second().1, Some(vec!["a+1+1".to_owned()]));
    assert_eq!(z, dmatrix![21.0; 22.0]);

    let without = (Supervised, Spy).fit_with(&x, options).unwrap();
    assert_eq!(without.second().1, None);
    let refused = (Supervised, Spy).fit(&x).unwrap_err();
    assert!(matches!(refused.cause(), Error::Unsupported { .. }), "{refused}");
    assert!(refused.to_string().starts_with("step 0 (Supervised): "), "{refused}");
}

#[test]
fn moments_take_views() {
    let x = rows(20);
    let mut blocks = Moments::new(3).unwrap();
    blocks.update(x.rows(0, 20), None).unwrap();
    assert_eq!(blocks, Moments::of(&x, None).unwrap());
    let part: DMatrixView<'_, f64> = x.rows(3, 9);
    assert_eq!(Moments::of(part, None), Moments::of(&part.clone_owned(), None));
}

#[test]
fn the_smallest_normal_width_is_a_scale() {
    let narrow = dmatrix![0.0; f64::MIN_POSITIVE];
    let fitted = RobustScaler::new().quantiles(0.0, 1.0).fit(&narrow).unwrap();
    assert_eq!(fitted.scale(), [f64::MIN_POSITIVE]);
}
