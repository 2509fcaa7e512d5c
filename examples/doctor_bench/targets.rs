//! Labels in the coding of a program, as its loss gets them.

use logit::nn::Targets;
use nalgebra::DMatrix;

use super::model_schema::LossKind;
use super::program::Program;

/// Targets as class indices or as values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Coded {
    Classes(Vec<usize>),
    Values(DMatrix<f64>),
}

impl Coded {
    /// Codes the classes of rows. An index below 0 wraps around, as a cast does.
    pub(crate) fn new(program: &Program, y: &[usize]) -> Result<Self, String> {
        let (coding, model) = (program.labels.coding.as_str(), &program.model);
        let code = |class: usize| -> Result<f64, String> {
            let class = class as f64;
            Ok(match coding {
                "0..K-1" | "one_hot" | "reversed_bits" | "index" | "label_as_every_column" => class,
                "1..K" | "1,2" => class + 1.0,
                "-1,+1" => 2.0 * class - 1.0,
                "0,2" => 2.0 * class,
                "0,255" => 255.0 * class,
                "0,0.5,1" => 0.5 * class,
                "soft" => 0.1 + 0.8 * class,
                other => return Err(format!("there is no coding {other}")),
            })
        };
        let is_softmax = matches!(model.loss, LossKind::CeLogits | LossKind::CeProbs);
        if model.units == 1 || (!is_softmax && model.loss == LossKind::Pm1Logits) {
            let codes = y.iter().map(|&class| code(class)).collect::<Result<Vec<_>, _>>()?;
            return Ok(Coded::Values(DMatrix::from_fn(y.len(), model.units, |row, _| codes[row])));
        }
        if coding == "soft" {
            let value = |row, unit| if y[row] == unit { 0.9 } else { 0.1 };
            return Ok(Coded::Values(DMatrix::from_fn(y.len(), model.units, value)));
        }
        let index = |&class: &usize| code(class).map(|code| code as i64 as usize);
        Ok(Coded::Classes(y.iter().map(index).collect::<Result<_, _>>()?))
    }

    pub(crate) fn targets(&self) -> Targets<'_, f64> {
        match self {
            Coded::Classes(classes) => Targets::Classes(classes),
            Coded::Values(values) => Targets::Values(values),
        }
    }

    pub(crate) fn select(&self, rows: &[usize]) -> Coded {
        match self {
            Coded::Classes(classes) => Coded::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Coded::Values(values) => Coded::Values(values.select_rows(rows)),
        }
    }
}
