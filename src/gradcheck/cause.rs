//! Mistakes that explain a wrong gradient.

use std::fmt;

use crate::layer::Activation;

/// A mistake that explains a wrong gradient.
///
/// A cause is reported only if its pattern holds in every entry compared, and again at other parameters or
/// rows. If no pattern fits, no cause is reported. Tensors have the names of
/// [`TensorCheck`](super::TensorCheck).
///
/// # Examples
/// ```
/// use logit::GradCheck;
/// use logit::gradcheck::Cause;
/// use nalgebra::dmatrix;
///
/// // Squared errors, with a gradient that omits the bias.
/// let x = dmatrix![1.0; 2.0; -0.5];
/// let check = GradCheck::new().tensor("weights", 1, 1).tensor("bias", 1, 1);
/// let error = check
///     .by_rows(&x, &[0.5, 2.0, 1.0], &[0.3, -0.2], |x, y, params, gradient| {
///         gradient.fill(0.0);
///         let mut loss = 0.0;
///         for (x, y) in x.iter().zip(y) {
///             let error = params[0] * x + params[1] - y;
///             loss += error * error;
///             gradient[0] += 2.0 * error * x;
///         }
///         loss
///     })
///     .unwrap_err();
/// assert!(matches!(&error.causes()[0], Cause::Zero { tensor, .. } if tensor == "`bias`"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// Tensors that are a constant multiple of the right gradient.
    Factor {
        /// The tensors; empty if all entries compared are the same multiple.
        tensors: Vec<String>,
        /// The gradient divided by the right one.
        factor: f64,
        /// The number of rows, if it is known.
        rows: Option<usize>,
    },

    /// A tensor whose gradient is zero although the value depends on it.
    Zero {
        /// The tensor.
        tensor: String,
        /// The largest derivative in absolute value, by differences.
        derivative: f64,
    },

    /// A tensor whose gradient is the transpose of the right one, or is stored row by row.
    Transposed {
        /// The tensor.
        tensor: String,
        /// The number of rows of the tensor.
        rows: usize,
        /// The number of columns of the tensor.
        columns: usize,
        /// The gradient divided by the transpose of the right one.
        factor: f64,
    },

    /// The gradient x · dz in place of xᵀ · dz, where dz is the derivative of the loss in the scores x · w.
    ///
    /// Both products have the same shape only if `x` has as many rows as columns.
    TransposedProduct {
        /// The tensor of weights w.
        tensor: String,
        /// The number of rows of `x`, which is also its number of columns.
        rows: usize,
        /// The gradient divided by the product x · dz with the scale of the right gradient.
        factor: f64,
    },

    /// A gradient that lacks the derivative of an activation, or has one where it does not belong.
    ActivationDerivative {
        /// The tensor of weights w.
        tensor: String,
        /// The activation a whose derivative a'(z) at the scores z = x · w + b is the quotient of the two
        /// gradients of a row.
        activation: Activation,
        /// `true` if the factor a'(z) is missing; `false` if it must not be there.
        missing: bool,
    },

    /// Rows of one class that do not contribute to the gradient although the loss depends on them.
    ClassWithoutGradient {
        /// The label of the class.
        label: String,
        /// The number of rows of the class.
        rows: usize,
        /// The largest derivative in absolute value on these rows, by differences.
        derivative: f64,
    },

    /// A gradient that is right on the rows of some classes and wrong on those of others.
    ClassesDiffer {
        /// The labels of the classes on whose rows the gradient is wrong.
        wrong: Vec<String>,
        /// The labels of the classes on whose rows the gradient is right.
        right: Vec<String>,
    },

    /// A gradient with 1 - p in place of a probability p or vice versa, from a wrong sign in an exponent.
    Complement {
        /// The tensor of weights.
        tensor: String,
        /// The number of rows compared.
        rows: usize,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Factor { tensors, factor, rows } => factor_text(f, tensors, *factor, *rows),
            Cause::Zero { tensor, derivative } => {
                write!(f, "{tensor} is zero, but the value depends on it: differences say {derivative:.6}")
            }
            Cause::Transposed { tensor, rows, columns, factor } => {
                write!(f, "{tensor} is the transpose of the right {rows} x {columns} gradient, or is ")?;
                write!(f, "stored row by row instead of column by column{}", Times(*factor))
            }
            Cause::TransposedProduct { tensor, rows, factor } => {
                write!(f, "{tensor} is the product x · dz where xᵀ · dz is right{}", Times(*factor))?;
                write!(f, "; their shapes agree only because `x` is {rows} x {rows}")?;
                match Reading::of(*factor, Some(*rows)) {
                    Reading::Number => Ok(()),
                    reading => write!(f, " ({reading})"),
                }
            }
            Cause::ActivationDerivative { tensor, activation, missing: true } => {
                write!(f, "{tensor} lacks the derivative a'(z) of the activation {activation:?}")
            }
            Cause::ActivationDerivative { tensor, activation, missing: false } => {
                write!(
                    f,
                    "{tensor} is multiplied by the derivative a'(z) of the activation {activation:?}, "
                )?;
                write!(f, "which does not belong there")
            }
            Cause::ClassWithoutGradient { label, rows, .. } => {
                let (count, verb) = if *rows == 1 { ("row", "contributes") } else { ("rows", "contribute") };
                write!(
                    f,
                    "the {rows} {count} with label {label} {verb} nothing to the gradient, although the "
                )?;
                write!(f, "loss depends on them")?;
                match label.parse::<f64>() {
                    Ok(0.0) => write!(f, "; a formula for labels -1 and +1 does this to the label 0"),
                    _ => Ok(()),
                }
            }
            Cause::ClassesDiffer { wrong, right } => {
                let (wrong, right) = (list(wrong), list(right));
                write!(
                    f,
                    "the gradient is right on the rows with label {right}, and wrong on those with label {wrong}"
                )
            }
            Cause::Complement { tensor, rows } => {
                write!(
                    f,
                    "{tensor} has 1 - p where p is right, or p where 1 - p is, on all {rows} rows compared: "
                )?;
                write!(f, "the sign of a score is wrong in an exponent")
            }
        }
    }
}

fn factor_text(
    f: &mut fmt::Formatter<'_>,
    tensors: &[String],
    factor: f64,
    rows: Option<usize>,
) -> fmt::Result {
    let (subject, is, has) = match tensors {
        [] => ("all entries".to_owned(), "are", "have"),
        [one] => (one.clone(), "is", "has"),
        several => (list(several), "are", "have"),
    };
    write!(f, "{subject} ")?;
    let size = factor.abs();
    if factor < 0.0 {
        write!(f, "{has} the wrong sign")?;
        if (size - 1.0).abs() < SAME {
            return Ok(());
        }
        write!(f, " and ")?;
    }
    write!(f, "{is} {size:.6} times the right value")?;
    match Reading::of(factor, rows) {
        Reading::Number => Ok(()),
        reading => write!(f, ": {reading}"),
    }
}

/// A factor other than 1, as a suffix.
struct Times(f64);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 - 1.0).abs() < SAME {
            true => Ok(()),
            false => write!(f, ", times {:.6}", self.0),
        }
    }
}

/// Factors that differ by less than this count as equal.
const SAME: f64 = 1e-5;

/// The usual reason for a factor.
enum Reading {
    MissingDivision(usize),
    DividedTwice(usize),
    MissingHalf,
    Halved,
    Number,
}

impl Reading {
    fn of(factor: f64, rows: Option<usize>) -> Self {
        let is = |wanted: f64| (factor.abs() / wanted - 1.0).abs() < SAME;
        match rows {
            Some(rows) if rows > 1 && is(rows as f64) => Reading::MissingDivision(rows),
            Some(rows) if rows > 1 && is(1.0 / rows as f64) => Reading::DividedTwice(rows),
            _ if is(2.0) => Reading::MissingHalf,
            _ if is(0.5) => Reading::Halved,
            _ => Reading::Number,
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reading::MissingDivision(rows) => {
                write!(f, "a division by the number of rows, {rows}, is missing")
            }
            Reading::DividedTwice(rows) => {
                write!(f, "it is divided by the number of rows, {rows}, once too often")
            }
            Reading::MissingHalf => write!(f, "a factor of 1/2 is missing"),
            Reading::Halved => write!(f, "there is a factor of 1/2 too many, or a factor of 2 is missing"),
            Reading::Number => Ok(()),
        }
    }
}

/// Joins names as "a", "a and b" or "a, b and c".
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(tensors: &[&str], factor: f64, rows: Option<usize>) -> String {
        Cause::Factor { tensors: tensors.iter().map(|&name| name.into()).collect(), factor, rows }.to_string()
    }

    #[test]
    fn factors_are_read() {
        assert_eq!(factor(&[], -1.0, Some(5)), "all entries have the wrong sign");
        assert_eq!(
            factor(&["`w`"], 5.0, Some(5)),
            "`w` is 5.000000 times the right value: a division by the number of rows, 5, is missing"
        );
        assert_eq!(
            factor(&["`w`", "`b`"], -0.2, Some(5)),
            "`w` and `b` have the wrong sign and are 0.200000 times the right value: it is divided by the number of rows, \
             5, once too often"
        );
        assert_eq!(
            factor(&["`b`"], 2.0, None),
            "`b` is 2.000000 times the right value: a factor of 1/2 is missing"
        );
        assert_eq!(factor(&["`b`"], 0.3, None), "`b` is 0.300000 times the right value");
    }
}
