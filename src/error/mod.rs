//! The error type of the crate.

mod context;
mod terms;
mod texts;

use std::fmt::{self, Debug};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error as ThisError;

use crate::code::Code;

pub use context::ErrorContext;
pub(crate) use context::type_name;
pub(crate) use texts::counted;
use texts::{in_brackets, indices_of, of_memory, rows_of, undetermined};

/// An error of this crate.
///
/// Messages name the argument, what was found and what was expected, or say what to do. Running out of
/// iterations is not an error: [`FitReport::stop`](crate::FitReport) reports it, and the model is usable.
///
/// Computations of several parts, such as pipelines and cross-validation, return [`Error::Within`], which
/// names the part. Columns, rows and classes are those of the caller. [`cause`](Error::cause) returns the
/// error itself.
///
/// `Debug` prints the message, as `Display` does, because Rust shows `Debug` if `main` returns an error. It
/// adds the doctor's page about the error, if there is one.
///
/// ```
/// use nalgebra::dmatrix;
/// use logit::prelude::*;
/// use logit::{Error, LogisticRegression, Penalty};
///
/// let x = dmatrix![1.0, f64::NAN; 2.0, 0.0];
/// let error = LogisticRegression::new(Penalty::None).fit(&x, &[0, 1]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "column 1 of `x` is not finite at row 0 (NaN): remove or impute it first"
/// );
/// assert_eq!(format!("{error:?}"), format!("{error} (see D10 in docs/doctor.md)"));
/// ```
#[derive(Clone, PartialEq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// An error in a part of a computation, such as a step of a pipeline or a split of a cross-validation.
    #[error("{}: {cause}", context::listed(context))]
    Within {
        /// The parts, outermost first.
        context: Vec<ErrorContext>,
        /// The error, in the terms of the caller.
        cause: Box<Error>,
    },

    /// An argument without rows, columns or labels.
    #[error("`{argument}` has no {axis}: at least one is needed")]
    Empty {
        /// The empty argument.
        argument: &'static str,
        /// The missing items: rows, columns, labels.
        axis: &'static str,
    },

    /// A matrix that contains NaN or an infinity.
    #[error(
        "column {column}{} of `{argument}` is not finite at row {row} ({value}): remove or impute it first",
        in_brackets(name)
    )]
    NotFinite {
        /// The argument.
        argument: &'static str,
        /// The row of the first such entry, from 0.
        row: usize,
        /// The column of the first such entry, from 0.
        column: usize,
        /// The name of the column, if it is known.
        name: Option<String>,
        /// The entry.
        value: f64,
    },

    /// Two arguments, or an argument and a model, that disagree in size.
    #[error("`{argument}` has {}, expected {expected}", counted(*found, axis))]
    ShapeMismatch {
        /// The argument.
        argument: &'static str,
        /// The counted items: rows, columns, labels, parameters.
        axis: &'static str,
        /// The expected number.
        expected: usize,
        /// The number that was found.
        found: usize,
    },

    /// A layer that does not have as many inputs as the layer before it has outputs.
    #[error(
        "layer {index} ({layer}) has {}, but layer {} ({before}) has {}: they must be equal",
        counted(*inputs, "inputs"),
        index.saturating_sub(1),
        counted(*outputs, "outputs")
    )]
    LayerMismatch {
        /// The position of the layer, from 0.
        index: usize,
        /// A description of the layer.
        layer: String,
        /// The number of its inputs.
        inputs: usize,
        /// A description of the layer before it.
        before: String,
        /// The number of outputs of the layer before it.
        outputs: usize,
    },

    /// A network whose number of outputs does not fit the classes.
    #[error(
        "the network has {}, but its loss needs {expected} for {classes} classes: change the last layer",
        counted(*found, "outputs")
    )]
    NetworkOutputs {
        /// The number of classes.
        classes: usize,
        /// The number of outputs that the loss needs for these classes.
        expected: usize,
        /// The number of outputs of the network.
        found: usize,
    },

    /// A row whose length differs from that of the rows before it.
    #[error("row {row} has {}, but row 0 has {expected}", counted(*found, "values"))]
    RaggedRow {
        /// The index of the row, from 0.
        row: usize,
        /// The expected number of values.
        expected: usize,
        /// The number of values that were found.
        found: usize,
    },

    /// An out-of-range index of a row, a column or a class.
    #[error("`{argument}` refers to {axis} {index}, but {}", indices_of(axis, *count))]
    NoSuchIndex {
        /// The argument.
        argument: &'static str,
        /// The kind of index: `row`, `column` or `class`.
        axis: &'static str,
        /// The index.
        index: usize,
        /// The number of rows, columns or classes.
        count: usize,
    },

    /// A field of a table that cannot be used.
    #[error("line {line}, column `{column}`: {reason}")]
    InvalidField {
        /// The line where the field begins, from 1.
        line: u64,
        /// The name of the column, or its position from 0 in a table without names.
        column: String,
        /// The value that was found, and what to do.
        reason: String,
    },

    /// A value that cannot be used, in a row of named values.
    #[error("column `{column}`: {reason}")]
    InvalidValue {
        /// The name of the column.
        column: String,
        /// The value that was found, and why it cannot be used.
        reason: String,
    },

    /// A line of a table that cannot be used.
    #[error("line {line}: {reason}")]
    InvalidLine {
        /// The line, from 1.
        line: u64,
        /// The contents of the line that were found and those that were expected.
        reason: String,
    },

    /// A column that is missing from the table.
    #[error("no column {column} in the table, which has {columns}")]
    UnknownColumn {
        /// The name of the column, or its position from 0.
        column: String,
        /// The columns of the table.
        columns: String,
    },

    /// Column names that differ from those that a model was fitted on: renamed, reordered or missing columns.
    #[error("{reason}")]
    ColumnNames {
        /// The column that differs, and what to do.
        reason: String,
    },

    /// Columns without a block in a [`ColumnTransformer`](crate::preprocess::ColumnTransformer) that does not
    /// accept remaining columns.
    #[error(
        "the column transformer has no block for {columns}: add one, or use Remainder::Pass or \
         Remainder::Drop"
    )]
    RemainingColumns {
        /// The names of the columns, or their positions from 0.
        columns: String,
    },

    /// A failure to read from a source of data.
    #[error("cannot read the data: {message}")]
    Read {
        /// The kind of failure.
        kind: ErrorKind,
        /// The message of the source.
        message: String,
    },

    /// Labels of a single class, among the rows with positive weight.
    #[error("`y` contains only the class {label}: a classifier needs rows of at least two classes")]
    OneClass {
        /// The class.
        label: String,
    },

    /// A class without a row of positive weight, where at least one is needed.
    #[error("{among} include no row of class {class} with positive weight: at least one is needed")]
    MissingClass {
        /// The label of the class, as `Debug` shows it, or its index if the labels are not known.
        class: String,
        /// The index of the class, from 0.
        index: usize,
        /// A description of the rows that were searched.
        among: &'static str,
    },

    /// A metric that is undefined for the given rows.
    #[error("the metric is not defined for these rows: {reason}")]
    UndefinedMetric {
        /// The reason.
        reason: &'static str,
    },

    /// A class of which a split has no training rows, so no model of that split can predict it.
    #[error(
        "class {label} is in no training row of split {split}: use fewer splits or stratified ones, or leave \
         the rows of the class out"
    )]
    ClassNotInSplit {
        /// The label of the class, as `Debug` shows it.
        label: String,
        /// The position of the split, from 0.
        split: usize,
    },

    /// A matrix that seems to have one sample per column.
    #[error(
        "`x` has {rows} rows and {columns} columns, and `y` has {columns} labels: `x` needs one row per \
         label, so transpose it"
    )]
    Transposed {
        /// The number of rows of `x`.
        rows: usize,
        /// The number of columns of `x`, which is the number of labels.
        columns: usize,
    },

    /// A label that the model was not fitted with.
    #[error("`y` contains the label {label} at row {row}, which is not one of the model's {classes} classes")]
    UnknownLabel {
        /// The row of the label, from 0.
        row: usize,
        /// The label.
        label: String,
        /// The number of classes of the model.
        classes: usize,
    },

    /// A class that an argument names but that does not occur in the data.
    #[error("`{argument}` names the class {label}, but no row has that class")]
    UnknownClass {
        /// The argument.
        argument: &'static str,
        /// The class.
        label: String,
    },

    /// A class that an argument names twice.
    #[error("`{argument}` names the class {label} twice: give it one weight")]
    DuplicateClass {
        /// The argument.
        argument: &'static str,
        /// The class.
        label: String,
    },

    /// Labels whose type differs from that of the data's labels.
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

    /// A requested class that the classifier does not have.
    #[error("{label} is not one of the classifier's {classes} classes")]
    NoSuchClass {
        /// The class.
        label: String,
        /// The number of classes of the classifier.
        classes: usize,
    },

    /// Classes that are not strictly ascending.
    #[error("`classes` lists {first} before {second}: classes must be distinct and in ascending order")]
    UnsortedClasses {
        /// A class.
        first: String,
        /// The class that follows it.
        second: String,
    },

    /// A combination of settings that is not supported, or an argument that an estimator cannot use.
    #[error("{by} does not support {what}: {instead}")]
    Unsupported {
        /// The requested setting or argument.
        what: &'static str,
        /// The type or method that does not support it.
        by: &'static str,
        /// The alternative: what to use or do instead.
        instead: &'static str,
    },

    /// A starting model that does not match the data.
    #[error(
        "the starting model has {found}, but the data has {expected}: start from a fit to the same columns \
         and classes"
    )]
    WarmStart {
        /// A description of the data.
        expected: String,
        /// A description of the model.
        found: String,
    },

    /// A checkpoint that belongs to another training run.
    #[error(
        "the checkpoint belongs to another run ({what}: {found} in the checkpoint, {expected} in this run): \
         resume with the settings and the data of that run, or start a new one from its parameters"
    )]
    Checkpoint {
        /// The first property that differs.
        what: String,
        /// The value in the run.
        expected: String,
        /// The value in the checkpoint.
        found: String,
    },

    /// A type whose kind is already registered for another type.
    #[error("the kind `{kind}` is already registered: give the type a unique `KIND`")]
    KindTaken {
        /// The kind.
        kind: &'static str,
    },

    /// An invalid file, on disk or as bytes: another format or version, truncated, damaged, or inconsistent.
    #[error("the file cannot be used: {reason}")]
    InvalidFile {
        /// The contents that were found and those that were expected.
        reason: String,
    },

    /// A failure of the operating system to read or write a file.
    #[error("cannot {action} `{}`: {message}", path.display())]
    File {
        /// `load` or `save`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The kind of failure.
        kind: ErrorKind,
        /// The message of the operating system.
        message: String,
    },

    /// A picture that cannot be drawn, because it has no content that can be shown or because drawing failed.
    #[error("the picture cannot be drawn: {reason}")]
    Picture {
        /// The reason.
        reason: String,
    },

    /// A result that is too large for the memory of the machine.
    #[error("{what} would take {}: make them smaller, or work in parts", of_memory(*rows, *columns, *bytes))]
    OutOfMemory {
        /// What was to be stored.
        what: &'static str,
        /// The number of rows, or of parts.
        rows: usize,
        /// The number of columns, or of entries of each part.
        columns: usize,
        /// The bytes that were asked for, `u64::MAX` if there are more.
        bytes: u64,
    },

    /// A hyper-parameter outside its range.
    #[error("`{name}` is {value}, but must be {requires}")]
    InvalidParameter {
        /// The hyper-parameter.
        name: &'static str,
        /// The value that was found.
        value: f64,
        /// The valid range.
        requires: &'static str,
    },

    /// A sample weight that is negative or not finite.
    #[error("weight {value} at row {row}: weights must be finite and at least 0")]
    InvalidWeight {
        /// The row of the weight, from 0.
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
        /// The row of the target, from 0.
        row: usize,
        /// The target.
        value: f64,
        /// The valid range.
        requires: &'static str,
    },

    /// A category that does not occur in the training rows.
    #[error(
        "column {column}{} of `x` is {value} at row {row}, which is not one of the {known} categories of the \
         training rows",
        in_brackets(name)
    )]
    UnknownCategory {
        /// The row of the category, from 0.
        row: usize,
        /// The column of the category, from 0.
        column: usize,
        /// The name of the column, if it is known.
        name: Option<String>,
        /// The category.
        value: f64,
        /// The number of categories of the column in the training rows.
        known: usize,
    },

    /// A column whose values are all missing.
    #[error(
        "column {column}{} of `x` has only missing values: drop it, or impute a constant",
        in_brackets(name)
    )]
    NothingToImpute {
        /// The column, from 0.
        column: usize,
        /// The name of the column, if it is known.
        name: Option<String>,
    },

    /// Preprocessing whose result for a row depends on the other rows of the batch.
    #[error(
        "preprocessing is batch-dependent: row {row}, column {column} is {among} within the batch but {alone} \
         on its own; a transform must use what it learned from the training rows, not statistics of the \
         batch"
    )]
    BatchDependent {
        /// The row, from 0.
        row: usize,
        /// The column of the transformed rows, from 0.
        column: usize,
        /// The entry when the row is transformed on its own.
        alone: f64,
        /// The entry when the row is transformed within the batch.
        among: f64,
    },

    /// A value too far outside the range of the training rows.
    #[error(
        "column {column}{} of `x` is {value} at row {row}, too far outside the range of the training rows \
         ({lower} to {upper})",
        in_brackets(name)
    )]
    OutsideRange {
        /// The row of the value, from 0.
        row: usize,
        /// The column of the value, from 0.
        column: usize,
        /// The name of the column, if it is known.
        name: Option<String>,
        /// The value.
        value: f64,
        /// The smallest value of the training rows.
        lower: f64,
        /// The largest value of the training rows.
        upper: f64,
    },

    /// A score of finite input that is outside the range of the number type.
    #[error("the score of row {row} overflows the number type: rescale the columns of `x`")]
    Overflow {
        /// The row of the first such score, from 0.
        row: usize,
    },

    /// An objective or coefficients of a fit to finite data that are outside the range of the number type.
    #[error("the fit overflows the number type: rescale the columns of `x`")]
    FitOverflow,

    /// A singular matrix of second derivatives: the data do not determine some coefficients.
    #[error("the information matrix is singular: {}{reason}", undetermined(columns, names))]
    Singular {
        /// The cause, and what to do.
        reason: &'static str,
        /// The columns of `x` that are constant or depend on columns before them, in ascending order. Empty
        /// if the cause is another.
        columns: Vec<usize>,
        /// The names of these columns; empty if the columns have no names.
        names: Vec<String>,
    },

    /// Classes so close to the border of separability that rounding errors hide whether they are separable.
    #[error("cannot decide whether the classes are separable: {reason}")]
    SeparationUndecided {
        /// The reason.
        reason: &'static str,
    },

    /// A calibration of scores without a usable result.
    #[error("{what} failed: {reason}")]
    CalibrationFailed {
        /// The method.
        what: &'static str,
        /// The reason, and what to do.
        reason: &'static str,
    },

    /// A fit inside another computation that did not reach an optimum, so the result would be meaningless.
    #[error(
        "{what} did not converge (max|gradient| {gradient:.1e}): rescale the columns of `x`, or drop some"
    )]
    NotConverged {
        /// The computation that did not converge.
        what: &'static str,
        /// The largest absolute entry of the gradient at the end, or NaN if it is not known.
        gradient: f64,
    },

    /// A computation of several fits that an observer cancelled.
    #[error("cancelled by the observer after {completed} of {total} fits")]
    Cancelled {
        /// The number of fits that ran to their end.
        completed: usize,
        /// The number of fits that the result needs.
        total: usize,
    },

    /// A panic in a part of a computation: in an estimator, a metric or a function of the caller.
    ///
    /// Computations of several parts return it, such as cross-validation, searches and the bootstrap. Their
    /// parts may run on several threads, and a panic of one must not take the others down. Elsewhere a panic
    /// passes through.
    #[error("{what} panicked: {message}")]
    Panicked {
        /// The part: `the fit`, `the prediction`, `the metric`, ....
        what: &'static str,
        /// The message of the panic.
        message: String,
    },

    /// A failed read of a [`RowSource`](crate::source::RowSource).
    #[error("reading {} failed: {reason}", rows_of(rows))]
    Source {
        /// The rows that were asked for.
        rows: Range<usize>,
        /// The message of the source, or what is wrong with the rows that it wrote.
        reason: String,
    },

    /// A rank that has ended, while others wait for its message; see
    /// [`Exchange`](crate::parallel::Exchange).
    #[error(
        "rank {rank} ended while the others waited for it: look at its result, all ranks must do the same \
         steps"
    )]
    RankLeft {
        /// The rank that ended.
        rank: usize,
    },

    /// The failure of another rank; see [`Exchange`](crate::parallel::Exchange).
    #[error("rank {rank} failed: {reason}")]
    RankFailed {
        /// The rank that failed.
        rank: usize,
        /// Its error.
        reason: String,
    },

    /// A message of another rank that has the wrong form; see [`Exchange`](crate::parallel::Exchange).
    #[error(
        "rank {rank} sent a message that rank {reader} does not understand: run the same version of the \
         program, with the same settings, on all ranks"
    )]
    RankMessage {
        /// The rank that sent it.
        rank: usize,
        /// The rank that read it.
        reader: usize,
    },

    /// A split of a class that has too few rows for training and testing.
    #[error(
        "cannot split off {requested} of {available} rows: class {label} needs one for training and one for \
         testing, but has {members}"
    )]
    SplitTooSmall {
        /// The requested number of rows of the smaller side.
        requested: usize,
        /// The number of rows.
        available: usize,
        /// The class that is too small.
        label: String,
        /// The number of rows of the class.
        members: usize,
    },
}

impl Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        self.code().map_or(Ok(()), |code| write!(f, " ({})", code.see()))
    }
}

impl Error {
    /// Returns the code of the doctor's page about this error; `None` for errors that are not about training.
    ///
    /// ```
    /// use logit::doctor::Code;
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty};
    /// use nalgebra::dmatrix;
    ///
    /// let (x, y) = (dmatrix![1.0; 2.0], ["yes", "yes"]);
    /// let error = LogisticRegression::new(Penalty::None).fit(&x, &y).unwrap_err();
    /// assert_eq!(error.code(), Some(Code::TooFewRows));
    /// ```
    pub fn code(&self) -> Option<Code> {
        match self.cause() {
            Error::NotFinite { .. } | Error::NothingToImpute { .. } => Some(Code::NotFinite),
            Error::InvalidTarget { .. } => Some(Code::LabelCoding),
            Error::OneClass { .. } | Error::MissingClass { .. } => Some(Code::TooFewRows),
            Error::Overflow { .. } | Error::FitOverflow => Some(Code::UnscaledColumns),
            Error::Singular { .. } => Some(Code::RedundantColumns),
            Error::SeparationUndecided { .. } => Some(Code::Separable),
            Error::NotConverged { .. } => Some(Code::NotConverged),
            Error::OutsideRange { .. } | Error::UnknownCategory { .. } => Some(Code::ServingSkew),
            Error::InvalidParameter { name: "level", .. } => Some(Code::LevelNotReached),
            _ => None,
        }
    }

    /// Returns [`Error::MissingClass`] for a class of which only the index is known.
    pub(crate) fn missing_class(index: usize, among: &'static str) -> Self {
        Error::MissingClass { class: index.to_string(), index, among }
    }
}

/// Returns [`Error::Unsupported`]: `by` does not support `what`; `instead` says what to do.
pub(crate) fn unsupported(what: &'static str, by: &'static str, instead: &'static str) -> Error {
    Error::Unsupported { what, by, instead }
}

/// Checks that `found` equals `expected`.
pub(crate) fn count(
    argument: &'static str,
    axis: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::ShapeMismatch { argument, axis, expected, found }) }
}
