//! Weights for classes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// How much the rows of each class count, times their sample weights.
///
/// # Formula
/// `Balanced` gives class k the weight W / (K W_k), where W_k is the sum of the sample weights of its rows, W that of
/// all rows and K the number of classes: every class then has the same say, and the mean weight stays 1.
///
/// # Examples
/// ```
/// use logit::{ClassWeight, Estimator, LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let weights = ClassWeight::map([("virginica", 5.0)]);
/// let model = LogisticRegression::new(Penalty::c(1.0)).class_weight(weights).fit(&iris.x, &iris.y)?;
/// assert!(model.report().converged());
///
/// let misspelt = ClassWeight::map([("virginicum", 5.0)]);
/// assert!(LogisticRegression::new(Penalty::c(1.0)).class_weight(misspelt).fit(&iris.x, &iris.y).is_err());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClassWeight {
    /// In inverse proportion to the weight of the class in the data.
    Balanced,
    /// As given; see [`ClassWeight::map`].
    Map(LabelWeights),
}

/// Weights by label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelWeights {
    /// Labels as `Debug` writes them, so that the type of the labels stays out of the hyper-parameters.
    weights: BTreeMap<String, f64>,
}

impl ClassWeight {
    /// A weight for each label that is named, 1 for the others. Fits refuse labels that do not occur in `y`, and
    /// weights that are not finite and above 0.
    pub fn map<L: Label>(weights: impl IntoIterator<Item = (L, f64)>) -> Self {
        let named = |(label, weight): (L, f64)| (format!("{label:?}"), weight);
        ClassWeight::Map(LabelWeights { weights: weights.into_iter().map(named).collect() })
    }

    /// The weight of each class.
    pub(crate) fn of_classes<T: Real, L: Label>(
        &self,
        classes: &[L],
        indices: &[usize],
        weights: Option<&[T]>,
    ) -> Result<Vec<f64>, Error> {
        match self {
            ClassWeight::Balanced => {
                let mut sums = vec![0.0; classes.len()];
                for (row, &class) in indices.iter().enumerate() {
                    sums[class] += weights.map_or(1.0, |w| w[row].as_f64());
                }
                let total: f64 = sums.iter().sum();
                Ok(sums.iter().map(|sum| total / (classes.len() as f64 * sum)).collect())
            }
            ClassWeight::Map(LabelWeights { weights }) => {
                let names: Vec<String> = classes.iter().map(|class| format!("{class:?}")).collect();
                for (label, &weight) in weights {
                    check::positive("class_weight", weight)?;
                    if !names.contains(label) {
                        return Err(Error::UnknownClass { argument: "class_weight", label: label.clone() });
                    }
                }
                Ok(names.iter().map(|name| weights.get(name).copied().unwrap_or(1.0)).collect())
            }
        }
    }
}

/// Sample weights times class weights.
pub(crate) fn times_class<'a, T: Real>(
    weights: Option<&'a [T]>,
    indices: &[usize],
    class_weights: Option<&[f64]>,
) -> Option<Cow<'a, [T]>> {
    let Some(of_class) = class_weights else { return weights.map(Cow::Borrowed) };
    let product = |(row, &class): (usize, &usize)| {
        let weight = weights.map_or(T::one(), |w| w[row]);
        weight * T::of(of_class[class])
    };
    Some(indices.iter().enumerate().map(product).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_weights_are_exact() {
        let classes = ["a", "b"];
        let weights = ClassWeight::Balanced.of_classes::<f64, _>(&classes, &[1, 1, 1, 0, 0], None).unwrap();
        assert_eq!(weights, [5.0 / 4.0, 5.0 / 6.0]);
        // A row of weight 3 is the row three times.
        let weights = ClassWeight::Balanced.of_classes(&classes, &[1, 0, 0], Some(&[3.0, 1.0, 1.0])).unwrap();
        assert_eq!(weights, [5.0 / 4.0, 5.0 / 6.0]);
    }

    #[test]
    fn maps_are_by_label_and_checked() {
        let of = |weights: ClassWeight| weights.of_classes::<f64, _>(&["a", "b"], &[0, 1], None);
        assert_eq!(of(ClassWeight::map([("b", 2.0)])), Ok(vec![1.0, 2.0]));
        assert_eq!(of(ClassWeight::map([("b".to_owned(), 2.0)])), Ok(vec![1.0, 2.0]));
        let unknown = Error::UnknownClass { argument: "class_weight", label: "\"c\"".into() };
        assert_eq!(of(ClassWeight::map([("c", 2.0)])), Err(unknown));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(of(ClassWeight::map([("a", bad)])).is_err(), "{bad}");
        }
    }
}
