//! Weights for classes.

use std::any::{Any, type_name};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::check;
use crate::error::Error;
use crate::label::{Label, integer, text};
use crate::scalar::Real;

/// Class weights, by which the sample weights of the rows of each class are multiplied.
///
/// # Formula
/// `Balanced` gives class k the weight W / (K W_k), where W_k is the sum of the sample weights of its rows, W
/// that of all rows and K the number of classes. All classes then have the same total weight, and the mean
/// weight stays 1.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{ClassWeight, LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let weights = ClassWeight::map([("virginica", 5.0)]);
/// let model = LogisticRegression::new(Penalty::c(1.0))
///     .class_weight(weights)
///     .fit(&iris.x, &iris.y)?;
/// assert!(model.report().converged());
///
/// let misspelt = ClassWeight::map([("virginicum", 5.0)]);
/// assert!(
///     LogisticRegression::new(Penalty::c(1.0))
///         .class_weight(misspelt)
///         .fit(&iris.x, &iris.y)
///         .is_err()
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClassWeight {
    /// Weights in inverse proportion to the total weight of each class in the data.
    Balanced,
    /// Given weights by label; see [`ClassWeight::map`].
    Map(WeightMap),
}

impl ClassWeight {
    /// Creates class weights from pairs of a label and its weight. The other labels have weight 1.
    ///
    /// Labels must have the type of those in `y`. Two exceptions are convenient: text can be `&'static str`
    /// here and `String` in `y`, and integers can be of different types, because a literal such as `1` is an
    /// `i32` here.
    ///
    /// A fit returns [`Error::LabelType`] for labels of another type. It also returns an error for labels
    /// that no row has, labels that are named twice, and weights that are not finite and above 0.
    pub fn map<L: Label>(weights: impl IntoIterator<Item = (L, f64)>) -> Self {
        let mut weights: Vec<(L, f64)> = weights.into_iter().collect();
        weights.sort_by(|(a, _), (b, _)| a.cmp(b));
        ClassWeight::Map(WeightMap { entries: Arc::new(weights) })
    }

    /// Returns the weight of each class. `sums` returns the sum of the weights of the rows of each class.
    pub(crate) fn of_classes<L: Label>(
        &self,
        classes: &[L],
        sums: impl FnOnce() -> Result<Vec<f64>, Error>,
    ) -> Result<Vec<f64>, Error> {
        match self {
            ClassWeight::Balanced => {
                let sums = sums()?;
                let total: f64 = sums.iter().sum();
                Ok(sums.iter().map(|sum| total / (classes.len() as f64 * sum)).collect())
            }
            ClassWeight::Map(map) => map.of_classes(classes),
        }
    }
}

/// Adds the weight of each row to the sum of its class.
pub(crate) fn add_to_classes<T: Real>(indices: &[usize], weights: Option<&[T]>, sums: &mut [f64]) {
    for (row, &class) in indices.iter().enumerate() {
        sums[class] += weights.map_or(1.0, |w| w[row].as_f64());
    }
}

/// Weights by label, for labels of any type. [`ClassWeight::map`] creates them.
#[derive(Clone)]
pub struct WeightMap {
    /// The labels with their weights. Their type is erased, so that hyper-parameters do not depend on it. A
    /// fit checks it.
    entries: Arc<dyn Entries>,
}

impl WeightMap {
    fn of_classes<L: Label>(&self, classes: &[L]) -> Result<Vec<f64>, Error> {
        let mut found = vec![None; classes.len()];
        let mut put = |class: Option<usize>, label: &dyn fmt::Debug, weight: f64| {
            check::positive("class_weight", weight)?;
            let named = || format!("{label:?}");
            let Some(class) = class else {
                return Err(Error::UnknownClass { argument: "class_weight", label: named() });
            };
            match found[class].replace(weight) {
                None => Ok(()),
                Some(_) => Err(Error::DuplicateClass { argument: "class_weight", label: named() }),
            }
        };
        if let Some(entries) = self.entries.as_any().downcast_ref::<Vec<(L, f64)>>() {
            for (label, weight) in entries {
                put(classes.binary_search(label).ok(), label, *weight)?;
            }
        } else if let (Some(entries), Some(texts)) = (self.entries.texts(), all(classes, text)) {
            for (label, weight) in entries {
                put(texts.iter().position(|text| *text == label), &label, weight)?;
            }
        } else if let (Some(entries), Some(integers)) = (self.entries.integers(), all(classes, integer)) {
            for (label, weight) in entries {
                put(integers.iter().position(|integer| *integer == label), &label, weight)?;
            }
        } else {
            let (expected, found) = (type_name::<L>(), self.entries.label_type());
            return Err(Error::LabelType { argument: "class_weight", expected, found });
        }
        Ok(found.into_iter().map(|weight| weight.unwrap_or(1.0)).collect())
    }
}

/// Maps are equal if their labels have the same type and all entries are equal.
impl PartialEq for WeightMap {
    fn eq(&self, other: &Self) -> bool {
        self.entries.equals(other.entries.as_any())
    }
}

impl fmt::Debug for WeightMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

/// Type-erased labels in ascending order, with their weights.
trait Entries: Send + Sync + fmt::Debug {
    fn as_any(&self) -> &dyn Any;
    fn equals(&self, other: &dyn Any) -> bool;
    fn label_type(&self) -> &'static str;
    /// Returns the labels as text, if they are strings.
    fn texts(&self) -> Option<Vec<(&str, f64)>>;
    /// Returns the labels as integers, if they are integers.
    fn integers(&self) -> Option<Vec<(i128, f64)>>;
}

impl<L: Label> Entries for Vec<(L, f64)> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Self>() == Some(self)
    }

    fn label_type(&self) -> &'static str {
        type_name::<L>()
    }

    fn texts(&self) -> Option<Vec<(&str, f64)>> {
        self.iter().map(|(label, weight)| text(label).map(|text| (text, *weight))).collect()
    }

    fn integers(&self) -> Option<Vec<(i128, f64)>> {
        self.iter().map(|(label, weight)| integer(label).map(|integer| (integer, *weight))).collect()
    }
}

/// Returns `of(label)` for all labels, or `None` if it is `None` for any label.
fn all<'a, L: Label, A>(labels: &'a [L], of: impl Fn(&'a L) -> Option<A>) -> Option<Vec<A>> {
    labels.iter().map(of).collect()
}

/// Returns the sample weights times the class weights.
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
        let balanced = |indices: &[usize], weights: Option<&[f64]>| {
            let mut sums = vec![0.0; 2];
            add_to_classes(indices, weights, &mut sums);
            ClassWeight::Balanced.of_classes(&["a", "b"], || Ok(sums)).unwrap()
        };
        let weights = balanced(&[1, 1, 1, 0, 0], None);
        assert_eq!(weights, [5.0 / 4.0, 5.0 / 6.0]);
        // A row of weight 3 is the row three times.
        let weights = balanced(&[1, 0, 0], Some(&[3.0, 1.0, 1.0]));
        assert_eq!(weights, [5.0 / 4.0, 5.0 / 6.0]);
    }

    #[test]
    fn maps_are_by_label_and_checked() {
        let of = |weights: ClassWeight| weights.of_classes(&["a", "b"], || Ok(vec![1.0, 1.0]));
        assert_eq!(of(ClassWeight::map([("b", 2.0)])), Ok(vec![1.0, 2.0]));
        assert_eq!(of(ClassWeight::map([("b", 2.0), ("a", 3.0)])), Ok(vec![3.0, 2.0]));
        let unknown = Error::UnknownClass { argument: "class_weight", label: "\"c\"".into() };
        assert_eq!(of(ClassWeight::map([("c", 2.0)])), Err(unknown));
        let twice = Error::DuplicateClass { argument: "class_weight", label: "\"b\"".into() };
        assert_eq!(of(ClassWeight::map([("b", 2.0), ("a", 1.0), ("b", 2.0)])), Err(twice));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(of(ClassWeight::map([("a", bad)])).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_is_text_whoever_owns_it() {
        let owned = ["a".to_owned(), "b".to_owned()];
        let map = ClassWeight::map([("b", 2.0)]);
        assert_eq!(map.of_classes(&owned, || Ok(vec![1.0, 1.0])), Ok(vec![1.0, 2.0]));
        let map = ClassWeight::map([("b".to_owned(), 2.0)]);
        assert_eq!(map.of_classes(&["a", "b"], || Ok(vec![1.0, 1.0])), Ok(vec![1.0, 2.0]));
        let shared: [Arc<str>; 2] = ["a".into(), "b".into()];
        assert_eq!(map.of_classes(&shared, || Ok(vec![1.0, 1.0])), Ok(vec![1.0, 2.0]));
        let boxed: Box<str> = "c".into();
        let unknown = Error::UnknownClass { argument: "class_weight", label: "\"c\"".into() };
        let map = ClassWeight::map([(boxed, 2.0)]);
        assert_eq!(map.of_classes(&owned, || Ok(vec![1.0, 1.0])), Err(unknown));
    }

    #[test]
    fn integers_are_compared_by_value() {
        let map = ClassWeight::map([(1, 2.0)]);
        assert_eq!(map.of_classes(&[0usize, 1], || Ok(vec![1.0, 1.0])), Ok(vec![1.0, 2.0]));
        assert_eq!(map.of_classes(&[-1i8, 1], || Ok(vec![1.0, 1.0])), Ok(vec![1.0, 2.0]));
        let map = ClassWeight::map([(u64::MAX, 2.0)]);
        let unknown = Error::UnknownClass { argument: "class_weight", label: u64::MAX.to_string() };
        assert_eq!(map.of_classes(&[-1i64, 1], || Ok(vec![1.0, 1.0])), Err(unknown));
    }

    /// `Debug` writes both labels alike, and so does the text of other types.
    #[test]
    fn labels_of_another_type_are_refused_however_they_are_written() {
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        struct Named(u8);
        let wanted = Error::LabelType { argument: "class_weight", expected: "bool", found: "i32" };
        let map = ClassWeight::map([(1i32, 2.0)]);
        assert_eq!(map.of_classes(&[false, true], || Ok(vec![1.0, 1.0])), Err(wanted));
        let error = ClassWeight::map([("1", 2.0)]).of_classes(&[Named(1)], || Ok(vec![1.0])).unwrap_err();
        assert!(error.to_string().contains("&str") && error.to_string().contains("Named"), "{error}");
        assert_eq!(
            ClassWeight::map([(Named(1), 2.0)]).of_classes(&[Named(1)], || Ok(vec![1.0])),
            Ok(vec![2.0])
        );
    }

    #[test]
    fn maps_are_compared_by_their_labels() {
        let map = ClassWeight::map([(1, 2.0), (0, 3.0)]);
        assert_eq!(map, ClassWeight::map([(0, 3.0), (1, 2.0)]));
        assert_eq!(map, map.clone());
        for other in
            [ClassWeight::map([(0, 3.0)]), ClassWeight::map([(0u8, 3.0), (1, 2.0)]), ClassWeight::Balanced]
        {
            assert_ne!(map, other);
        }
        assert_eq!(format!("{map:?}"), "Map([(0, 3.0), (1, 2.0)])");
    }
}
