//! Storage of losses in files.

use super::{
    BinaryCrossEntropy, ClassificationLoss, Focal, Hinge, MeanSquaredError, SigmoidSquaredError,
    SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge, WeightedBinaryCrossEntropy,
};
use crate::error::Error;
use crate::persist::Record;
use crate::persist::file::invalid;

impl ClassificationLoss {
    pub(crate) fn to_record(&self) -> Record {
        match self {
            ClassificationLoss::BinaryCrossEntropy(_) => Record::new("binary cross-entropy"),
            ClassificationLoss::WeightedBinaryCrossEntropy(loss) => {
                Record::new("weighted binary cross-entropy").with_array("positive_weights", loss.weights())
            }
            ClassificationLoss::SoftmaxCrossEntropy(loss) => {
                Record::new("softmax cross-entropy").with_number("label_smoothing", loss.label_smoothing)
            }
            ClassificationLoss::Focal(loss) => {
                Record::new("focal").with_number("gamma", loss.gamma).with_optional("alpha", loss.alpha)
            }
            ClassificationLoss::Hinge(_) => Record::new("hinge"),
            ClassificationLoss::SquaredHinge(_) => Record::new("squared hinge"),
            ClassificationLoss::MeanSquaredError(_) => Record::new("mean squared error"),
            ClassificationLoss::SigmoidSquaredError(_) => Record::new("sigmoid squared error"),
            ClassificationLoss::SoftmaxSquaredError(_) => Record::new("softmax squared error"),
            ClassificationLoss::Custom(_) => {
                let instead = "save `trained()`, and combine it with the loss by `into_classifier`";
                Record::new("custom").refused("a custom loss", instead)
            }
        }
    }

    /// Reads a loss.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the record does not describe a loss.
    pub(crate) fn from_record(record: Record) -> Result<Self, Error> {
        record.read(Self::read_record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        Ok(match record.kind() {
            "binary cross-entropy" => BinaryCrossEntropy.into(),
            "weighted binary cross-entropy" => {
                WeightedBinaryCrossEntropy::new(record.take_vector::<f64>("positive_weights")?).into()
            }
            "softmax cross-entropy" => {
                SoftmaxCrossEntropy::new().label_smoothing(record.take_number("label_smoothing")?).into()
            }
            "focal" => {
                let focal = Focal::new(record.take_number("gamma")?);
                record.take_optional("alpha")?.map_or(focal, |alpha| focal.alpha(alpha)).into()
            }
            "hinge" => Hinge.into(),
            "squared hinge" => SquaredHinge.into(),
            "mean squared error" => MeanSquaredError.into(),
            "sigmoid squared error" => SigmoidSquaredError.into(),
            "softmax squared error" => SoftmaxSquaredError.into(),
            other => return Err(invalid(format!("it contains `{other}` where a loss is expected"))),
        })
    }
}
