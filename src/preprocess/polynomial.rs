//! Polynomial features: products of columns.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::{Transform, Transformer, TransformerOptions, checked, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Replaces the columns by all their products up to a degree, which gives a linear model curved boundaries.
///
/// # Formula
/// The output columns are all monomials of the inputs, sorted by degree and then in the order of the inputs.
/// For a and b to degree 2 they are 1, a, b, a², a b, b², the 1 only with
/// [`include_bias`](PolynomialFeatures::include_bias). For d columns and degree k there are
/// (d + k)! / (d! k!), the 1 included.
///
/// Scale the columns first, because powers of large numbers are huge.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::PolynomialFeatures;
/// use nalgebra::dmatrix;
///
/// let polynomial = PolynomialFeatures::new(2).fit(&dmatrix![1.0, 1.0])?;
/// assert_eq!(
///     polynomial.transform(&dmatrix![2.0, 3.0])?,
///     dmatrix![2.0, 3.0, 4.0, 6.0, 9.0]
/// );
/// assert_eq!(
///     polynomial.output_names(&["a".into(), "b".into()])?,
///     ["a", "b", "a^2", "a b", "b^2"]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolynomialFeatures {
    pub(super) degree: usize,
    pub(super) interaction_only: bool,
    pub(super) include_bias: bool,
}

impl PolynomialFeatures {
    /// Creates a transformer to all products of up to `degree` columns.
    pub fn new(degree: usize) -> Self {
        PolynomialFeatures { degree, interaction_only: false, include_bias: false }
    }

    /// Sets whether a column occurs at most once in a product. Defaults to `false`.
    pub fn interaction_only(mut self, interaction_only: bool) -> Self {
        self.interaction_only = interaction_only;
        self
    }

    /// Sets whether the first output column is 1, for estimators without an intercept. Defaults to `false`.
    pub fn include_bias(mut self, include_bias: bool) -> Self {
        self.include_bias = include_bias;
        self
    }
}

/// A fitted [`PolynomialFeatures`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::PolynomialFeatures;
/// use nalgebra::dmatrix;
///
/// let fitted =
///     PolynomialFeatures::new(2).interaction_only(true).fit(&dmatrix![1.0, 1.0])?;
/// assert_eq!(fitted.powers()?, [[1, 0], [0, 1], [1, 1]]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FittedPolynomialFeatures<T> {
    pub(super) settings: PolynomialFeatures,
    pub(super) inputs: usize,
    outputs: usize,
    scalar: std::marker::PhantomData<T>,
}

/// The definition of an output column: 1, an input, or an earlier output column times an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    One,
    Input(usize),
    Times { before: usize, input: usize },
}

/// The terms of a transformation, cached in scratch memory because computing them takes longer than
/// transforming a row.
#[derive(Debug)]
struct KeptTerms {
    settings: PolynomialFeatures,
    inputs: usize,
    terms: Vec<Term>,
}

impl KeptTerms {
    fn of<T>(fitted: &FittedPolynomialFeatures<T>) -> Self {
        KeptTerms { settings: fitted.settings, inputs: fitted.inputs, terms: fitted.terms() }
    }

    fn are_of<T>(&self, fitted: &FittedPolynomialFeatures<T>) -> bool {
        (self.settings, self.inputs) == (fitted.settings, fitted.inputs)
    }
}

/// The largest number of output columns. With 2²⁴ columns, a single row takes 128 MiB.
const MOST: usize = 1 << 24;

impl<T> FittedPolynomialFeatures<T> {
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if the degree is 0, or if there are more output columns than
    /// [`MOST`].
    pub(super) fn new(settings: PolynomialFeatures, inputs: usize) -> Result<Self, Error> {
        let degree = settings.degree as f64;
        check::parameter("degree", degree, settings.degree > 0, "at least 1")?;
        let requires = "low enough for at most 2^24 products";
        let outputs = count(&settings, inputs);
        check::parameter("degree", degree, outputs.is_some(), requires)?;
        let outputs = outputs.unwrap_or_default();
        Ok(FittedPolynomialFeatures { settings, inputs, outputs, scalar: std::marker::PhantomData })
    }

    /// Returns the definition of each output column.
    fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::with_capacity(self.outputs);
        if self.settings.include_bias {
            terms.push(Term::One);
        }
        // The columns of the next lower degree, with the last input of each.
        let mut lower: Vec<(usize, usize)> = Vec::new();
        for degree in 1..=self.settings.degree {
            let mut next = Vec::new();
            let mut push = |term: Term, input: usize| {
                next.push((terms.len(), input));
                terms.push(term);
            };
            if degree == 1 {
                (0..self.inputs).for_each(|input| push(Term::Input(input), input));
            }
            for &(before, last) in &lower {
                let first = if self.settings.interaction_only { last + 1 } else { last };
                (first..self.inputs).for_each(|input| push(Term::Times { before, input }, input));
            }
            if next.is_empty() {
                break;
            }
            lower = next;
        }
        terms
    }

    /// Checks that there is memory for the terms and for those of the degree before.
    fn check_terms(&self) -> Result<(), Error> {
        check::room::<Term>("the products of columns", self.outputs, 2)
    }

    /// Returns the exponent of each input in each output column.
    ///
    /// # Errors
    /// Returns [`Error::OutOfMemory`] if there is no memory for one number per output and input.
    pub fn powers(&self) -> Result<Vec<Vec<usize>>, Error> {
        self.check_terms()?;
        check::room::<usize>("the exponents of the products", self.outputs, self.inputs)?;
        let terms = self.terms();
        let powers = |index: usize| {
            let mut powers = vec![0; self.inputs];
            factors(&terms, index).for_each(|input| powers[input] += 1);
            powers
        };
        Ok((0..terms.len()).map(powers).collect())
    }
}

/// Returns the inputs whose product is the term number `index`, from the last to the first.
fn factors(terms: &[Term], index: usize) -> impl Iterator<Item = usize> + '_ {
    let mut next = Some(index);
    std::iter::from_fn(move || match terms[next.take()?] {
        Term::One => None,
        Term::Input(input) => Some(input),
        Term::Times { before, input } => {
            next = Some(before);
            Some(input)
        }
    })
}

impl<T: Real> Transformer<T> for PolynomialFeatures {
    type Fitted = FittedPolynomialFeatures<T>;

    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedPolynomialFeatures<T>, Error> {
        check::training_matrix(x)?;
        check::weights(options.weights, x.nrows())?;
        FittedPolynomialFeatures::new(*self, x.ncols())
    }
}

impl<T: Real> Transform<T> for FittedPolynomialFeatures<T> {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.outputs
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        checked(x, self.inputs)?;
        let kept = match scratch.take_kept(|kept: &KeptTerms| kept.are_of(self)) {
            Some(kept) => kept,
            None => self.check_terms().map(|()| Box::new(KeptTerms::of(self)))?,
        };
        for (index, &term) in kept.terms.iter().enumerate() {
            let (done, mut rest) = out.columns_range_pair_mut(..index, index..);
            let mut column = rest.column_mut(0);
            match term {
                Term::One => column.fill(T::one()),
                Term::Input(input) => column.copy_from(&x.column(input)),
                Term::Times { before, input } => {
                    let factors = done.column(before);
                    for ((v, &a), &b) in column.iter_mut().zip(factors.iter()).zip(x.column(input).iter()) {
                        *v = a * b;
                    }
                }
            }
        }
        scratch.keep(kept);
        check::scores(&out)
    }
    /// Returns the inputs, which are among the output columns.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.outputs())?;
        let first = usize::from(self.settings.include_bias);
        Ok(z.columns(first, self.inputs).into_owned())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names = checked_names(names, self.inputs)?;
        self.check_terms()?;
        let terms = self.terms();
        let product = |index: usize| {
            let mut inputs: Vec<usize> = factors(&terms, index).collect();
            inputs.reverse();
            let factor = |equal: &[usize]| match (&names[equal[0]], equal.len()) {
                (name, 1) => name.clone(),
                (name, power) => format!("{name}^{power}"),
            };
            let factors: Vec<String> = inputs.chunk_by(|a, b| a == b).map(factor).collect();
            if factors.is_empty() { "1".to_owned() } else { factors.join(" ") }
        };
        Ok((0..terms.len()).map(product).collect())
    }
}

/// Returns the number of output columns, or `None` if there are more than [`MOST`].
fn count(settings: &PolynomialFeatures, inputs: usize) -> Option<usize> {
    let (mut of_degree, mut total) = (1, usize::from(settings.include_bias));
    for degree in 1..=settings.degree {
        // The number of ways to choose `degree` inputs, with or without repetition, is the previous one times
        // a fraction.
        let factor = if settings.interaction_only {
            inputs.saturating_sub(degree - 1)
        } else {
            inputs.checked_add(degree - 1)?
        };
        // This is checked before the product, which might overflow.
        if factor > MOST {
            return None;
        }
        of_degree = of_degree * factor / degree;
        total += of_degree;
        if of_degree == 0 {
            break;
        }
        if total > MOST {
            return None;
        }
    }
    Some(total)
}
