//! Selection of the columns of a data set, by index and by name.

use super::Dataset;
use crate::check;
use crate::classifier::Classifier;
use crate::column::position_of;
use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::scalar::Real;

impl<L: Label, T: Real> Dataset<L, T> {
    /// Returns the data set with only the columns of these indices, from 0, in this order.
    ///
    /// # Errors
    /// Returns [`Error::NoSuchIndex`] if a column does not exist.
    pub fn columns(&self, numbers: &[usize]) -> Result<Self, Error> {
        // The fields are public, so the number of names may differ from the number of columns.
        let named = !self.feature_names.is_empty();
        let existing = if named { self.x.ncols().min(self.feature_names.len()) } else { self.x.ncols() };
        check::indices("numbers", "column", numbers, existing)?;
        let names = named.then(|| numbers.iter().map(|&column| self.feature_names[column].clone()).collect());
        Ok(Dataset {
            x: self.x.select_columns(numbers),
            y: self.y.clone(),
            feature_names: names.unwrap_or_default(),
            categories: numbers.iter().filter_map(|&column| self.categories.get(column).cloned()).collect(),
            weights: self.weights.clone(),
        })
    }

    /// Returns the data set with only the columns of these names, in this order.
    ///
    /// ```
    /// let petals = logit::data::iris()
    ///     .columns_named(&["petal width (cm)", "petal length (cm)"])?;
    /// assert_eq!((petals.x[(0, 0)], petals.x[(0, 1)]), (0.2, 1.4));
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::UnknownColumn`] if a name is not that of a column, and [`Error::ColumnNames`] if
    /// several columns have it.
    pub fn columns_named<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, Error> {
        let of_name = |name: &str| position_of(name, &self.feature_names, self.x.ncols());
        let numbers: Vec<usize> =
            names.iter().map(|name| of_name(name.as_ref())).collect::<Result<_, _>>()?;
        self.columns(&numbers)
    }

    /// Returns the data set with only the columns that a model was fitted on, found by name and in the order
    /// of the fit.
    ///
    /// ```
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty, data};
    ///
    /// let iris = data::iris();
    /// let petals = iris.columns_named(&["petal width (cm)", "petal length (cm)"])?;
    /// let model = petals.fit(&LogisticRegression::new(Penalty::c(1.0)))?;
    /// assert!(model.predict(&iris).is_err());
    /// assert_eq!(model.predict(&iris.columns_of(&model)?)?, model.predict(&petals)?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`columns_named`](Dataset::columns_named), and [`Error::Unsupported`] if the
    /// model was fitted on rows without names.
    pub fn columns_of<C: Classifier<T> + ?Sized>(&self, model: &C) -> Result<Self, Error> {
        let Some(names) = model.feature_names() else {
            let instead = "choose them by index with `columns`, or fit the model on rows with names";
            return Err(unsupported("columns by name", "a model without names", instead));
        };
        self.columns_named(names)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    fn unnamed() -> Dataset<&'static str> {
        let x = dmatrix![1.0, 10.0, 5.0; 2.0, 20.0, 6.0];
        Dataset::new(x, ["b", "a"]).unwrap().with_weights([1.0, 2.0]).unwrap()
    }

    fn named() -> Dataset<&'static str> {
        unnamed().with_feature_names(["m", "kg", "s"]).unwrap()
    }

    #[test]
    fn columns_take_everything_along() {
        let columns = named().columns(&[2, 0]).unwrap();
        assert_eq!((columns.x, columns.y), (dmatrix![5.0, 1.0; 6.0, 2.0], vec!["b", "a"]));
        assert_eq!(
            (columns.feature_names, columns.weights),
            (vec!["s".to_owned(), "m".into()], Some(vec![1.0, 2.0]))
        );
        assert!(unnamed().columns(&[1]).unwrap().feature_names.is_empty());
        assert!(matches!(unnamed().columns(&[3]), Err(Error::NoSuchIndex { .. })));
        let mut broken = named();
        broken.feature_names.pop();
        assert!(matches!(broken.columns(&[2]), Err(Error::NoSuchIndex { .. })));
    }

    #[test]
    fn columns_are_found_by_name() {
        assert_eq!(named().columns_named(&["s", "m"]), named().columns(&[2, 0]));
        let error =
            |set: Dataset<&'static str>, name: &str| set.columns_named(&[name]).unwrap_err().to_string();
        assert_eq!(error(named(), "lb"), "no column `lb` in the table, which has `m`, `kg`, `s`");
        assert_eq!(error(unnamed(), "m"), "no column `m` in the table, which has 3 unnamed columns");
        let twice = unnamed().with_feature_names(["m", "m", "s"]).unwrap();
        assert!(error(twice, "m").starts_with("two columns have the name `m`"));
    }
}
