//! Errors in the terms of the caller: translations of columns, rows and classes, and added context.
//!
//! A computation that passes columns or rows on to another one, changed or chosen, translates the errors
//! that come back. Each translation is one call, so wrappers can be nested.

use std::fmt::Debug;

use super::{Error, ErrorContext};

/// The arguments whose rows are those of the data.
const BY_ROW: [&str; 6] = ["x", "y", "scores", "probabilities", "offset", "targets"];

impl Error {
    /// Returns the error itself, without the context in which it occurred.
    ///
    /// Use it to find out the kind of error that a pipeline, a cross-validation or another computation of
    /// several parts returns.
    ///
    /// ```
    /// use logit::prelude::*;
    /// use logit::{Error, LogisticRegression, Penalty, Pipeline, StandardScaler};
    /// use nalgebra::dmatrix;
    ///
    /// let x = dmatrix![1.0, f64::NAN; 2.0, 0.0];
    /// let pipeline =
    ///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    /// let error = pipeline.fit(&x, &[0, 1]).unwrap_err();
    /// assert!(matches!(error.cause(), Error::NotFinite { row: 0, column: 1, .. }));
    /// assert_eq!(error.context()[0].to_string(), "step 0 (StandardScaler)");
    /// ```
    pub fn cause(&self) -> &Error {
        match self {
            Error::Within { cause, .. } => cause.cause(),
            other => other,
        }
    }

    /// Returns the parts of the computation in which the error occurred, outermost first; empty if it has
    /// only one part.
    pub fn context(&self) -> &[ErrorContext] {
        match self {
            Error::Within { context, .. } => context,
            _ => &[],
        }
    }

    /// Adds the part of the computation in which the error occurred, around the parts that it names already.
    pub(crate) fn within(self, part: ErrorContext) -> Self {
        match self {
            Error::Within { mut context, cause } => {
                context.insert(0, part);
                Error::Within { context, cause }
            }
            other => Error::Within { context: vec![part], cause: Box::new(other) },
        }
    }

    /// Adds the settings at `index` among those that are compared.
    pub(crate) fn of_candidate(self, index: usize, settings: &impl Debug) -> Self {
        self.within(ErrorContext::Candidate { index, settings: format!("{settings:?}") })
    }

    /// Adds the step at `index`. If the error names steps of a tail of the sequence, they are counted from
    /// there.
    pub(crate) fn in_step(self, index: usize, name: &'static str) -> Self {
        match self {
            Error::Within { mut context, cause }
                if matches!(context[..], [ErrorContext::Step { .. }, ..]) =>
            {
                if let Some(ErrorContext::Step { index: counted, .. }) = context.first_mut() {
                    *counted += index;
                }
                Error::Within { context, cause }
            }
            other => other.within(ErrorContext::Step { index, name }),
        }
    }

    /// Replaces the row that the error names by the row of another table that `of` maps it to.
    pub(crate) fn in_rows(mut self, of: impl Fn(usize) -> Option<usize>) -> Self {
        if let Some(row) = self.cause_mut().row_mut() {
            *row = of(*row).unwrap_or(*row);
        }
        self
    }

    /// Replaces the column that the error names by the column of another table that `of` maps it to.
    pub(crate) fn in_columns(mut self, of: impl Fn(usize) -> Option<usize>) -> Self {
        if !self.is_about_transformed_rows()
            && let Some((column, _)) = self.cause_mut().column_mut()
        {
            *column = of(*column).unwrap_or(*column);
        }
        self
    }

    /// Adds the name of the column that the error is about, if it is among `names`.
    pub(crate) fn with_column_name(mut self, names: Option<&[String]>) -> Self {
        if let Some(names) = names.filter(|_| !self.is_about_transformed_rows())
            && let Some((column, name)) = self.cause_mut().column_mut()
        {
            *name = names.get(*column).cloned();
        }
        self
    }

    /// Translates an error about the columns that a transformation returns.
    ///
    /// `source` returns the input column of an output column, if there is a single one, and `made` the name
    /// of an output column. `entry` returns an entry of the inputs, if they are at hand. A value that is not
    /// that of the inputs is marked as transformed.
    pub(crate) fn through(
        mut self,
        source: impl Fn(usize) -> Option<usize>,
        made: impl Fn(usize) -> Option<String>,
        entry: impl Fn(usize, usize) -> Option<f64>,
    ) -> Self {
        if self.is_about_transformed_rows() {
            return self;
        }
        if let Error::Singular { columns, names, .. } = self.cause_mut() {
            return match columns.iter().map(|&column| source(column)).collect::<Option<Vec<usize>>>() {
                // The names of the outputs say more, because several may come from one column.
                Some(sources) => {
                    *columns = sources;
                    if names.is_empty() {
                        columns.sort_unstable();
                        columns.dedup();
                    }
                    self
                }
                None => self.inside(ErrorContext::TransformedRows),
            };
        }
        let (row, value) = (self.cause_mut().row_mut().copied(), self.cause().value());
        let Some((column, name)) = self.cause_mut().column_mut() else { return self };
        let Some(from) = source(*column) else {
            *name = made(*column).or_else(|| name.take());
            return self.inside(ErrorContext::TransformedRows);
        };
        (*column, *name) = (from, None);
        let before = row.and_then(|row| entry(row, from));
        let same = |before: f64, after: f64| before == after || before.is_nan() && after.is_nan();
        match before.zip(value) {
            Some((before, after)) if !same(before, after) && !self.has(&ErrorContext::TransformedValues) => {
                self.inside(ErrorContext::TransformedValues)
            }
            _ => self,
        }
    }

    /// Replaces the index of a missing class in the message by its label.
    pub(crate) fn with_labels<L: Debug>(mut self, classes: &[L]) -> Self {
        if let Error::MissingClass { class, index, .. } = self.cause_mut()
            && let Some(label) = classes.get(*index)
        {
            *class = format!("{label:?}");
        }
        self
    }

    /// Replaces the rows in which a class is missing.
    pub(crate) fn among(mut self, rows: &'static str) -> Self {
        if let Error::MissingClass { among, .. } = self.cause_mut() {
            *among = rows;
        }
        self
    }

    /// Replaces the label that the error names by the label of the caller that `of` maps it to.
    pub(crate) fn in_labels(mut self, of: impl Fn(&str) -> Option<String>) -> Self {
        match self.cause_mut() {
            Error::OneClass { label }
            | Error::MissingClass { class: label, .. }
            | Error::ClassNotInSplit { label, .. }
            | Error::UnknownLabel { label, .. }
            | Error::UnknownClass { label, .. }
            | Error::SplitTooSmall { label, .. } => *label = of(label).unwrap_or_else(|| label.clone()),
            _ => {}
        }
        self
    }

    /// Translates an error of a classifier with the labels `false` and `true` into one about two classes.
    pub(crate) fn of_two(self, no: &str, yes: &str) -> Self {
        self.in_labels(|label| match label {
            "false" => Some(no.to_owned()),
            "true" => Some(yes.to_owned()),
            _ => None,
        })
    }

    /// Adds a part of the computation inside of all that the error names already.
    fn inside(self, part: ErrorContext) -> Self {
        match self {
            Error::Within { mut context, cause } => {
                context.push(part);
                Error::Within { context, cause }
            }
            other => other.within(part),
        }
    }

    fn has(&self, part: &ErrorContext) -> bool {
        self.context().contains(part)
    }

    fn is_about_transformed_rows(&self) -> bool {
        self.has(&ErrorContext::TransformedRows)
    }

    fn cause_mut(&mut self) -> &mut Error {
        match self {
            Error::Within { cause, .. } => cause.cause_mut(),
            other => other,
        }
    }

    /// Returns the row of the data that the error is about.
    fn row_mut(&mut self) -> Option<&mut usize> {
        match self {
            Error::NotFinite { argument, row, .. } if BY_ROW.contains(argument) => Some(row),
            Error::UnknownLabel { row, .. }
            | Error::InvalidWeight { row, .. }
            | Error::InvalidTarget { row, .. }
            | Error::UnknownCategory { row, .. }
            | Error::BatchDependent { row, .. }
            | Error::OutsideRange { row, .. }
            | Error::Overflow { row } => Some(row),
            _ => None,
        }
    }

    /// Returns the column of `x` that the error is about, and its name.
    fn column_mut(&mut self) -> Option<(&mut usize, &mut Option<String>)> {
        match self {
            Error::NotFinite { argument: "x", column, name, .. }
            | Error::UnknownCategory { column, name, .. }
            | Error::NothingToImpute { column, name }
            | Error::OutsideRange { column, name, .. } => Some((column, name)),
            _ => None,
        }
    }

    /// Returns the entry of `x` that the error is about.
    fn value(&self) -> Option<f64> {
        match self {
            Error::NotFinite { argument: "x", value, .. }
            | Error::UnknownCategory { value, .. }
            | Error::OutsideRange { value, .. } => Some(*value),
            _ => None,
        }
    }
}
