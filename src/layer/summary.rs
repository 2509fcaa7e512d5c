//! A table of a network's layers, parameters and memory.

use std::fmt;

use super::{Layer, Shape};
use crate::scalar::Real;

/// A table of a network's layers: descriptions, output sizes, parameter counts and memory.
///
/// Sublayers follow the layer that contains them, indented. Each parameter is counted in the layer that owns
/// it, so that the column adds up to the total.
///
/// # Examples
/// ```
/// use logit::nn::{AnyLayer, BatchNorm, Dense, Dropout, Residual, Sequential, Summary};
/// use logit::Activation;
///
/// let block = Sequential::<AnyLayer>::new(vec![
///     Dense::new(100, 100)?.activation(Activation::Relu).into(),
///     Dense::new(100, 100)?.bias(false).into(),
/// ])?;
/// let network = Sequential::<AnyLayer>::new(vec![
///     Dense::new(784, 100)?.activation(Activation::Relu).into(),
///     BatchNorm::new(100)?.into(),
///     Residual::new(block)?.into(),
///     Dropout::new(100, 0.5)?.into(),
///     Dense::new(100, 10)?.into(),
/// ])?;
/// let summary = Summary::of::<f32>(&network, 32);
/// assert_eq!(summary.parameters(), 99_810);
/// assert_eq!(
///     summary.to_string(),
///     "\
/// layer               output  parameters   share
/// Dense, Relu       32 x 100      78,500  78.6 %
/// BatchNorm         32 x 100         200   0.2 %
/// Residual          32 x 100
///   Dense, Relu     32 x 100      10,100  10.1 %
///   Dense, no bias  32 x 100      10,000  10.0 %
/// Dropout 0.5       32 x 100           0   0.0 %
/// Dense              32 x 10       1,010   1.0 %
///
/// 99,810 parameters of f32: 389.9 KiB
/// tape of 32 rows: 204.5 KiB
/// "
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    lines: Vec<Line>,
    rows: usize,
    /// The name of the number type.
    number: &'static str,
    parameters: usize,
    parameter_bytes: usize,
    tape_bytes: usize,
}

/// A line of the table: one layer.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// The indented description of the layer.
    name: String,
    outputs: usize,
    /// The number of parameters outside the sublayers; `None` if the sublayers own all of them.
    parameters: Option<usize>,
}

impl Summary {
    /// Creates the table of a network with numbers of type `T`, for batches of `rows` rows.
    pub fn of<T: Real>(network: &(impl Layer<T> + ?Sized), rows: usize) -> Self {
        let parameters = network.parameter_count();
        let mut lines = Vec::new();
        match network.sublayers().as_slice() {
            [] => lines.push(Line {
                name: network.describe(),
                outputs: network.outputs(),
                parameters: Some(parameters),
            }),
            parts => parts.iter().for_each(|part| collect(*part, 0, &mut lines)),
        }
        Summary {
            lines,
            rows,
            number: std::any::type_name::<T>(),
            parameters,
            parameter_bytes: parameters * size_of::<T>(),
            tape_bytes: network.tape(rows).bytes(),
        }
    }

    /// Returns the number of parameters of the network.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Returns the size of the parameters in bytes. The gradient takes as much, and the state of an optimizer
    /// a multiple.
    pub fn parameter_bytes(&self) -> usize {
        self.parameter_bytes
    }

    /// Returns the size in bytes of a [`Tape`](crate::nn::Tape) for the given number of rows: of its matrices
    /// and running statistics.
    pub fn tape_bytes(&self) -> usize {
        self.tape_bytes
    }
}

/// Adds the lines of a layer and of its sublayers.
fn collect(layer: &dyn Shape, depth: usize, lines: &mut Vec<Line>) {
    let parts = layer.sublayers();
    let inside: usize = parts.iter().map(|part| part.parameter_count()).sum();
    let own = layer.parameter_count().saturating_sub(inside);
    lines.push(Line {
        name: format!("{:1$}{2}", "", 2 * depth, layer.describe()),
        outputs: layer.outputs(),
        parameters: (own > 0 || parts.is_empty()).then_some(own),
    });
    parts.iter().for_each(|part| collect(*part, depth + 1, lines));
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["layer", "output", "parameters", "share"].map(str::to_owned);
        let cells: Vec<[String; 4]> =
            std::iter::once(header).chain(self.lines.iter().map(|line| self.cells(line))).collect();
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [name, output, parameters, share] = [0, 1, 2, 3].map(width);
        for [a, b, c, d] in &cells {
            let line = format!("{a:<name$}  {b:>output$}  {c:>parameters$}  {d:>share$}");
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f)?;
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (count, plural_of) = (separated(self.parameters), plural(self.parameters));
        writeln!(f, "{count} parameter{plural_of} of {}: {}", self.number, bytes(self.parameter_bytes))?;
        let (count, plural_of) = (separated(self.rows), plural(self.rows));
        writeln!(f, "tape of {count} row{plural_of}: {}", bytes(self.tape_bytes))
    }
}

impl Summary {
    fn cells(&self, line: &Line) -> [String; 4] {
        let output = format!("{} x {}", separated(self.rows), separated(line.outputs));
        let share = match line.parameters {
            Some(own) if self.parameters > 0 => {
                format!("{:.1} %", 100.0 * own as f64 / self.parameters as f64)
            }
            _ => String::new(),
        };
        [line.name.clone(), output, line.parameters.map_or(String::new(), separated), share]
    }
}

/// Formats a number with a comma after every three digits.
fn separated(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a size in the largest unit of which there is at least one.
fn bytes(count: usize) -> String {
    let (mut value, mut unit) = (count as f64, "bytes");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        // A value that rounds to 1024.0 belongs to the next unit.
        if value < 1023.95 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "bytes" { format!("{count} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Dense, Dropout};

    #[test]
    fn numbers_are_separated_and_bytes_take_the_unit_that_fits() {
        let numbers = [0, 7, 999, 1000, 99_999, 100_000, 1_234_567].map(separated);
        assert_eq!(numbers, ["0", "7", "999", "1,000", "99,999", "100,000", "1,234,567"]);
        let sizes = [0, 1023, 1024, 1536, (1 << 20) - 1, 1 << 20, 5 << 30].map(bytes);
        let wanted = ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.0 MiB", "5.0 GiB"];
        assert_eq!(sizes, wanted);
    }

    #[test]
    fn a_single_layer_and_one_without_parameters_have_tables_too() {
        let dense = Dense::new(3, 2).unwrap();
        let wanted = "\
layer  output  parameters    share
Dense   5 x 2           8  100.0 %

8 parameters of f64: 64 bytes
tape of 5 rows: 160 bytes
";
        assert_eq!(Summary::of::<f64>(&dense, 5).to_string(), wanted);
        let wanted = "\
layer        output  parameters  share
Dropout 0.5   0 x 4           0

0 parameters of f32: 0 bytes
tape of 0 rows: 0 bytes
";
        assert_eq!(Summary::of::<f32>(&Dropout::new(4, 0.5).unwrap(), 0).to_string(), wanted);
    }
}
