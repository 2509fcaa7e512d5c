//! One error type: what was found, what was wanted, what to do.

use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::PathBuf;

use thiserror::Error as ThisError;

/// Why a call was refused.
///
/// Every variant names the argument, the value found and the value wanted. Running out of iterations is not an
/// error: it is reported by [`FitReport::stop`](crate::FitReport), and the model is usable.
///
/// ```
/// use nalgebra::dmatrix;
/// use logit::prelude::*;
/// use logit::{Error, LogisticRegression, Penalty};
///
/// let x = dmatrix![1.0, f64::NAN; 2.0, 0.0];
/// let error = LogisticRegression::new(Penalty::None).fit(&x, &[0, 1]).unwrap_err();
/// assert_eq!(error.to_string(), "column 1 of `x` is not finite at row 0 (NaN): remove or impute it first");
/// ```
#[derive(Debug, Clone, PartialEq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// An argument has no rows, no columns or no labels.
    #[error("`{argument}` has no {axis}: at least one is needed")]
    Empty {
        /// The argument that is empty.
        argument: &'static str,
        /// What it has none of.
        axis: &'static str,
    },

    /// A matrix contains NaN or an infinity.
    #[error(
        "column {column}{} of `{argument}` is not finite at row {row} ({value}): remove or impute it first",
        in_brackets(name)
    )]
    NotFinite {
        /// The argument.
        argument: &'static str,
        /// Row of the first such entry, from 0.
        row: usize,
        /// Column of the first such entry, from 0.
        column: usize,
        /// The name of the column, where it is known.
        name: Option<String>,
        /// What is there.
        value: f64,
    },

    /// Two arguments, or an argument and a model, disagree in size.
    #[error("`{argument}` has {found} {axis}, wanted {expected}")]
    ShapeMismatch {
        /// The argument.
        argument: &'static str,
        /// What was counted: rows, columns, labels, parameters.
        axis: &'static str,
        /// The number wanted.
        expected: usize,
        /// The number found.
        found: usize,
    },

    /// A row of another length than the rows before it.
    #[error("row {row} has {found} values, wanted {expected} as in row 0")]
    RaggedRow {
        /// Its number, from 0.
        row: usize,
        /// The number of values wanted.
        expected: usize,
        /// The number found.
        found: usize,
    },

    /// A row or column that there is not.
    #[error("`{argument}` names {axis} {index}, but there are {count} of them, counted from 0")]
    NoSuchIndex {
        /// The argument.
        argument: &'static str,
        /// What was named: a row or a column.
        axis: &'static str,
        /// Its number.
        index: usize,
        /// How many there are.
        count: usize,
    },

    /// A field of a table that cannot be used.
    #[error("line {line}, column `{column}`: {reason}")]
    InvalidField {
        /// The line where the field begins, from 1.
        line: u64,
        /// The name of its column, or its position from 0 in a table without names.
        column: String,
        /// What was found, and what to do.
        reason: String,
    },

    /// A value of a row that is given by the names of its columns, which cannot be used.
    #[error("column `{column}`: {reason}")]
    InvalidValue {
        /// The name of its column.
        column: String,
        /// What was found.
        reason: String,
    },

    /// A line of a table that cannot be used.
    #[error("line {line}: {reason}")]
    InvalidLine {
        /// The line, from 1.
        line: u64,
        /// What was found, and what was wanted.
        reason: String,
    },

    /// A column that a table has not.
    #[error("no column {column} in the table, which has {columns}")]
    UnknownColumn {
        /// Its name, or its position from 0.
        column: String,
        /// The columns that there are.
        columns: String,
    },

    /// Columns with other names than a model was fitted on, in another order, or with one missing.
    #[error("{reason}")]
    ColumnNames {
        /// Which column differs, and what to do.
        reason: String,
    },

    /// Columns that no block of a [`ColumnTransformer`](crate::preprocess::ColumnTransformer) has, where the others are
    /// refused.
    #[error(
        "no block of the column transformer has {columns}: give them one, or choose Remainder::Pass or Remainder::Drop"
    )]
    RemainingColumns {
        /// Their names, or their positions from 0.
        columns: String,
    },

    /// A source of data that cannot be read on.
    #[error("cannot read: {message}")]
    Read {
        /// What kind of failure it was.
        kind: ErrorKind,
        /// What the source says.
        message: String,
    },

    /// All labels (with positive weight) are the same.
    #[error("`y` holds one class only ({label}): a classifier needs rows of at least two")]
    OneClass {
        /// The class that was found.
        label: String,
    },

    /// A class without a row of positive weight, where at least one is needed.
    #[error("no row of positive weight among {among} is of class {class}: at least one is needed")]
    MissingClass {
        /// The label of the class, as `Debug` shows it; its index, where labels are not known.
        class: String,
        /// The index of the class, from 0.
        index: usize,
        /// The rows that were searched.
        among: &'static str,
    },

    /// A metric that has no value for these rows.
    #[error("the metric is not defined for these rows: {reason}")]
    UndefinedMetric {
        /// Why not.
        reason: &'static str,
    },

    /// A label that the model was not fitted with.
    #[error("`y` holds the label {label} at row {row}, which is none of the model's {classes} classes")]
    UnknownLabel {
        /// Its row, from 0.
        row: usize,
        /// The label.
        label: String,
        /// How many classes the model has.
        classes: usize,
    },

    /// A class that is named beside the data but does not occur in it.
    #[error("`{argument}` names the class {label}, which no row has")]
    UnknownClass {
        /// The argument.
        argument: &'static str,
        /// The class.
        label: String,
    },

    /// A class that is named twice.
    #[error("`{argument}` names the class {label} twice: give it one weight")]
    DuplicateClass {
        /// The argument.
        argument: &'static str,
        /// The class.
        label: String,
    },

    /// Labels of another type than those of the data.
    #[error(
        "`{argument}` has labels of type {found}, but `y` has labels of type {expected}: use the type of `y`"
    )]
    LabelType {
        /// The argument.
        argument: &'static str,
        /// The type of the labels in `y`.
        expected: &'static str,
        /// The type of the labels in the argument.
        found: &'static str,
    },

    /// A class that a classifier was asked about and does not have.
    #[error("{label} is none of the classifier's {classes} classes")]
    NoSuchClass {
        /// The class.
        label: String,
        /// How many classes the classifier has.
        classes: usize,
    },

    /// Classes that are given in an order other than ascending, or twice.
    #[error("`classes` holds {first} before {second}: classes must be distinct and in ascending order")]
    UnsortedClasses {
        /// A class.
        first: String,
        /// The one that follows it.
        second: String,
    },

    /// Two settings that do not go together, or an argument that an estimator has no use for.
    #[error("{by} does not take {what}: {instead}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// Who cannot do it.
        by: &'static str,
        /// What to do.
        instead: &'static str,
    },

    /// A model that a fit was to start from does not match the data.
    #[error(
        "the model to start from has {found}, the data {expected}: start from a fit to the same columns and classes"
    )]
    WarmStart {
        /// What the data has.
        expected: String,
        /// What the model has.
        found: String,
    },

    /// A checkpoint that belongs to another training run.
    #[error("the checkpoint is of another run: {what} is {found} there and {expected} here")]
    Checkpoint {
        /// What differs.
        what: &'static str,
        /// What the run has.
        expected: u64,
        /// What the checkpoint has.
        found: u64,
    },

    /// A type whose kind has a type already, where both would be registered for files.
    #[error("the kind `{kind}` is taken: give the type a `KIND` of its own")]
    KindTaken {
        /// The kind.
        kind: &'static str,
    },

    /// Bytes or a file that is not what it should be: another format or version, cut short, damaged, or with contents
    /// that contradict each other.
    #[error("the file cannot be used: {reason}")]
    InvalidFile {
        /// What was found, and what was wanted.
        reason: String,
    },

    /// The operating system could not read or write a file.
    #[error("cannot {action} `{}`: {message}", path.display())]
    File {
        /// `load` or `save`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What kind of failure it was.
        kind: ErrorKind,
        /// What the operating system says.
        message: String,
    },

    /// A picture that cannot be drawn: nothing in it can be shown, or the drawing itself failed.
    #[error("the picture cannot be drawn: {reason}")]
    Picture {
        /// Why not.
        reason: String,
    },

    /// A hyper-parameter outside its range.
    #[error("`{name}` is {value}, must be {requires}")]
    InvalidParameter {
        /// The hyper-parameter.
        name: &'static str,
        /// The value found.
        value: f64,
        /// The range.
        requires: &'static str,
    },

    /// A sample weight that is negative or not finite.
    #[error("weight {value} at row {row}: weights must be finite and at least 0")]
    InvalidWeight {
        /// Its row, from 0.
        row: usize,
        /// The weight.
        value: f64,
    },

    /// Sample weights that sum to zero, to infinity or to a subnormal number.
    #[error("the weights sum to {sum}: the sum must be a positive, finite number")]
    InvalidWeightSum {
        /// The sum.
        sum: f64,
    },

    /// A target outside the range of the loss.
    #[error("target {value} at row {row}: {requires}")]
    InvalidTarget {
        /// Its row, from 0.
        row: usize,
        /// The target.
        value: f64,
        /// The range.
        requires: &'static str,
    },

    /// A category that no training row had.
    #[error(
        "column {column}{} of `x` is {value} at row {row}, which is none of the {known} categories of the training rows",
        in_brackets(name)
    )]
    UnknownCategory {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// The name of the column, where it is known.
        name: Option<String>,
        /// The category.
        value: f64,
        /// How many categories the column had in training.
        known: usize,
    },

    /// A column whose values are all missing.
    #[error(
        "column {column}{} of `x` has no values: drop it, or give a constant to put there",
        in_brackets(name)
    )]
    NothingToImpute {
        /// The column, from 0.
        column: usize,
        /// The name of the column, where it is known.
        name: Option<String>,
    },

    /// Preprocessing that makes something else of a row alone than of the same row among others.
    #[error(
        "the preprocessing makes {among} of row {row} among others but {alone} of it alone, in column {column}: it must \
         use what it learned from the training rows, not statistics of the rows at hand"
    )]
    BatchDependent {
        /// The row, from 0.
        row: usize,
        /// The column of the transformed rows, from 0.
        column: usize,
        /// What the entry is when the row is alone.
        alone: f64,
        /// What the entry is among all rows.
        among: f64,
    },

    /// A row too far outside of the range of the training rows.
    #[error(
        "column {column}{} of `x` is {value} at row {row}, far outside of the training rows ({lower} to {upper})",
        in_brackets(name)
    )]
    OutsideRange {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// The name of the column, where it is known.
        name: Option<String>,
        /// What is there.
        value: f64,
        /// The smallest value of the training rows.
        lower: f64,
        /// The largest value of the training rows.
        upper: f64,
    },

    /// Scores of finite input left the range of the scalar type.
    #[error("the score left the range of the number type at row {row}: rescale the columns of `x`")]
    Overflow {
        /// The row, from 0, where it was seen first.
        row: usize,
    },

    /// The objective or the coefficients of a fit to finite data left the range of the scalar type.
    #[error("the fit left the range of the number type: rescale the columns of `x`")]
    FitOverflow,

    /// The second derivatives are singular: some coefficients are not determined by the data.
    #[error("the information matrix is singular: {reason}")]
    Singular {
        /// What usually makes it so, and what to do.
        reason: &'static str,
    },

    /// Whether the classes can be separated is closer than rounding errors can tell.
    #[error("whether the classes are separable cannot be decided: {reason}")]
    SeparationUndecided {
        /// What stands in the way.
        reason: &'static str,
    },

    /// A fit inside another computation ended without an optimum, so that its result would mean nothing.
    #[error(
        "{what} ended at max|gradient| {gradient:.1e}, which is no optimum: rescale the columns of `x`, or drop some"
    )]
    NotConverged {
        /// What did not converge.
        what: &'static str,
        /// Where it ended; NaN if that is not known.
        gradient: f64,
    },

    /// An observer stopped one of the fits that a result is learned from: without all of them it would mean nothing.
    #[error("cancelled by the observer after {completed} of {total} fits")]
    Cancelled {
        /// How many fits ran to their end.
        completed: usize,
        /// How many are needed.
        total: usize,
    },

    /// A split of a class with too few rows to learn from and to test on.
    #[error(
        "cannot split off {requested} of {available} rows: class {label} has {members}, and two are needed: one to \
         learn from and one to test on"
    )]
    SplitTooSmall {
        /// How many rows the smaller side was to have.
        requested: usize,
        /// How many rows there are.
        available: usize,
        /// The class that is too small.
        label: String,
        /// How many rows it has.
        members: usize,
    },
}

impl Error {
    /// [`Error::MissingClass`] where only the index of the class is known.
    pub(crate) fn missing_class(index: usize, among: &'static str) -> Self {
        Error::MissingClass { class: index.to_string(), index, among }
    }

    /// Names the label of a missing class in place of its index.
    pub(crate) fn with_labels<L: Debug>(self, classes: &[L]) -> Self {
        match self {
            Error::MissingClass { class, index, among } => {
                let class = classes.get(index).map_or(class, |label| format!("{label:?}"));
                Error::MissingClass { class, index, among }
            }
            other => other,
        }
    }

    /// Speaks of the columns of another table: `of` gives, for a column that the error names, the column there.
    pub(crate) fn in_columns(mut self, of: impl Fn(usize) -> Option<usize>) -> Self {
        if let Some((column, _)) = self.column_mut() {
            *column = of(*column).unwrap_or(*column);
        }
        self
    }

    /// Adds the name of the column that the error is about, if it is among `names`.
    pub(crate) fn with_column_name(mut self, names: Option<&[String]>) -> Self {
        if let (Some((column, name)), Some(names)) = (self.column_mut(), names) {
            *name = names.get(*column).cloned();
        }
        self
    }

    /// The column of `x` that an error is about, and its name.
    fn column_mut(&mut self) -> Option<(&mut usize, &mut Option<String>)> {
        match self {
            Error::NotFinite { argument: "x", column, name, .. }
            | Error::UnknownCategory { column, name, .. }
            | Error::NothingToImpute { column, name }
            | Error::OutsideRange { column, name, .. } => Some((column, name)),
            _ => None,
        }
    }
}

/// [`Error::Unsupported`]: `by` does not take `what`; `instead` says what to do.
pub(crate) fn unsupported(what: &'static str, by: &'static str, instead: &'static str) -> Error {
    Error::Unsupported { what, by, instead }
}

/// A name behind the number of its column, or nothing.
fn in_brackets(name: &Option<String>) -> String {
    name.as_ref().map_or_else(String::new, |name| format!(" (`{name}`)"))
}
