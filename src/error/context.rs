//! The part of a computation in which an error occurred, such as a step or a split.

use std::fmt;

/// A part of a computation in which an error occurred: an entry of [`Error::context`](super::Error::context).
///
/// Steps, blocks, splits and candidates are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorContext {
    /// A step of a [`Pipeline`](crate::Pipeline) or of transformers in sequence.
    Step {
        /// The position of the step.
        index: usize,
        /// The type of the step, without its module.
        name: &'static str,
    },
    /// A block of a [`ColumnTransformer`](crate::preprocess::ColumnTransformer).
    Block {
        /// The position of the block.
        index: usize,
        /// The type of the block, without its module.
        name: &'static str,
    },
    /// One of the sources of a [`Chain`](crate::source::Chain).
    Part {
        /// The position of the source.
        index: usize,
    },
    /// Transformed values: the error names a column of the caller's table, but a value that earlier steps
    /// have changed.
    TransformedValues,
    /// Transformed rows: the error names a column that earlier steps have computed from several columns, or
    /// in a way that they do not describe.
    TransformedRows,
    /// The fit to the training rows of a split.
    TrainingRows {
        /// The position of the split.
        split: usize,
    },
    /// The predictions and scores of the test rows of a split.
    TestRows {
        /// The position of the split.
        split: usize,
    },
    /// Settings that are compared with others.
    Candidate {
        /// The position of the settings.
        index: usize,
        /// The settings, as `Debug` shows them.
        settings: String,
    },
    /// A metric of a cross-validation.
    Metric {
        /// The name of the metric.
        name: String,
    },
    /// A class that is told from all others.
    Class {
        /// The label of the class, as `Debug` shows it.
        label: String,
    },
    /// Two classes that are told from each other.
    Pair {
        /// The label of the first class, as `Debug` shows it.
        first: String,
        /// The label of the second class, as `Debug` shows it.
        second: String,
    },
}

impl fmt::Display for ErrorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorContext::Step { index, name } => write!(f, "step {index} ({name})"),
            ErrorContext::Block { index, name } => write!(f, "block {index} ({name})"),
            ErrorContext::Part { index } => write!(f, "part {index}"),
            ErrorContext::TransformedValues => f.write_str("transformed values"),
            ErrorContext::TransformedRows => f.write_str("transformed rows"),
            ErrorContext::TrainingRows { split } => write!(f, "training rows of split {split}"),
            ErrorContext::TestRows { split } => write!(f, "test rows of split {split}"),
            ErrorContext::Candidate { index, settings } => write!(f, "candidate {index} ({settings})"),
            ErrorContext::Metric { name } => write!(f, "metric `{name}`"),
            ErrorContext::Class { label } => write!(f, "class {label} against the others"),
            ErrorContext::Pair { first, second } => write!(f, "class {first} against class {second}"),
        }
    }
}

/// Returns the parts in order, outermost first, as the beginning of a message.
pub(super) fn listed(context: &[ErrorContext]) -> String {
    let parts: Vec<String> = context.iter().map(ErrorContext::to_string).collect();
    parts.join(", ")
}

/// Returns the name of a type without modules, pointers and arguments, and without the prefix of fitted types.
///
/// ```text
/// &logit::preprocess::FittedStandardScaler<f64>  ->  StandardScaler
/// ```
pub(crate) fn type_name<P: ?Sized>() -> &'static str {
    short(std::any::type_name::<P>())
}

fn short(full: &'static str) -> &'static str {
    let full = full.trim_start_matches('&');
    match full {
        "()" => return "Identity",
        tuple if tuple.starts_with('(') => return "Chain",
        _ => {}
    }
    let (path, arguments) = full.split_once('<').unwrap_or((full, ""));
    let name = path.rsplit("::").next().unwrap_or(path);
    match name {
        "Box" | "Arc" => short(arguments),
        _ => name.strip_prefix("Fitted").filter(|rest| !rest.is_empty()).unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::type_name;
    use crate::{Pipeline, StandardScaler};

    #[test]
    fn names_of_types_are_short() {
        assert_eq!(type_name::<StandardScaler>(), "StandardScaler");
        assert_eq!(type_name::<&&Box<Arc<crate::preprocess::FittedStandardScaler<f32>>>>(), "StandardScaler");
        assert_eq!(type_name::<(StandardScaler, Box<StandardScaler>)>(), "Chain");
        assert_eq!(type_name::<Pipeline<StandardScaler, ()>>(), "Pipeline");
        assert_eq!(type_name::<()>(), "Identity");
        struct Fitted;
        assert_eq!(type_name::<Fitted>(), "Fitted");
    }
}
