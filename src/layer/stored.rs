//! Storage of layers and their parameters in files.

use super::initializer::Start;
use super::{
    Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, Initializer, LayerNorm, LogSoftmax, PRelu,
    Residual, Sequential, Shape, Softmax,
};
use crate::check;
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{Record, string_keys};
use crate::scalar::Real;

string_keys! {
    Activation, f64:
    Identity = "identity",
    Relu = "relu",
    Selu = "selu",
    Gelu = "gelu",
    GeluTanh = "gelu_tanh",
    Silu = "silu",
    Softplus = "softplus",
    LogSigmoid = "log_sigmoid",
    Softsign = "softsign",
    Sigmoid = "sigmoid",
    Tanh = "tanh",
    HardTanh = "hard_tanh",
    HardSigmoid = "hard_sigmoid",
    HardSwish = "hard_swish",
    LeakyRelu(parameter) = "leaky_relu",
    Elu(parameter) = "elu",
}

impl Activation {
    fn write(self, record: Record) -> Record {
        let (key, parameter) = self.key();
        let record =
            record.with_text("activation", key).with_flag("activation_has_parameter", parameter.is_some());
        match parameter {
            Some(parameter) => record.with_number("activation_parameter", parameter),
            None => record,
        }
    }

    fn read(record: &mut Record) -> Result<Self, Error> {
        let key = record.take_text("activation")?;
        let has = record.take_flag("activation_has_parameter")?;
        let parameter = has.then(|| record.take_number("activation_parameter")).transpose()?;
        let activation = Activation::from_key(&key, parameter)?;
        activation.check().map(|()| activation)
    }
}

impl AnyLayer {
    /// Returns the record of the layer and its parameters.
    pub(crate) fn to_record<T: Real>(&self, params: &[T]) -> Record {
        match self {
            AnyLayer::Dense(layer) => {
                let (weights, bias) = layer.split(params);
                let record = Record::new("dense").with_flag("bias", layer.bias);
                // In the file this is a matrix of outputs x inputs, the layout of weights in other libraries.
                let weights = nalgebra::DMatrix::from_column_slice(layer.inputs, layer.outputs, weights);
                layer.activation.write(record).with_matrix("weights", &weights).with_array("biases", bias)
            }
            AnyLayer::Dropout(layer) => {
                width("dropout", layer.width).with_number("probability", layer.probability)
            }
            AnyLayer::Activate(layer) => layer.activation.write(width("activation", layer.width)),
            AnyLayer::PRelu(layer) => {
                width("prelu", layer.width).with_flag("shared", layer.shared).with_array("slopes", params)
            }
            AnyLayer::Softmax(layer) => width("softmax", layer.inputs()),
            AnyLayer::LogSoftmax(layer) => width("log softmax", layer.inputs()),
            AnyLayer::BatchNorm(layer) => width("batch norm", layer.width)
                .with_number("epsilon", layer.epsilon)
                .with_number("momentum", layer.momentum)
                .with_flag("affine", layer.affine)
                .with_array("scale_and_shift", params),
            AnyLayer::LayerNorm(layer) => width("layer norm", layer.width)
                .with_number("epsilon", layer.epsilon)
                .with_flag("affine", layer.affine)
                .with_array("scale_and_shift", params),
            AnyLayer::Sequential(layers) => layers.to_record(params),
            AnyLayer::Residual(layer) => {
                Record::new("residual").with_part("inside", layer.layer().to_record(params))
            }
        }
    }

    /// Reads a layer, and appends its parameters to `params`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the record does not describe a valid layer.
    pub(crate) fn from_record<T: Real>(record: Record, params: &mut Vec<T>) -> Result<Self, Error> {
        if record.kind() == Sequential::<AnyLayer>::KIND {
            return Ok(Sequential::from_record(record, params)?.into());
        }
        record.read(|record| Self::read_record(record, params))
    }

    fn read_record<T: Real>(record: &mut Record, params: &mut Vec<T>) -> Result<Self, Error> {
        let layer: AnyLayer = match record.kind() {
            "residual" => {
                let inside = Sequential::from_record(record.take_part("inside")?, params)?;
                Residual::new(inside)?.into()
            }
            "dense" => dense(record, params)?.into(),
            "dropout" => {
                Dropout::new(record.take_count("width")?, record.take_number("probability")?)?.into()
            }
            "activation" => Activate::new(record.take_count("width")?, Activation::read(record)?)?.into(),
            "prelu" => {
                let layer =
                    PRelu { shared: record.take_flag("shared")?, ..PRelu::new(record.take_count("width")?)? };
                params.extend(record.take_array::<T>("slopes", layer.parameter_count())?);
                layer.into()
            }
            "softmax" => Softmax::new(record.take_count("width")?)?.into(),
            "log softmax" => LogSoftmax::new(record.take_count("width")?)?.into(),
            "batch norm" => {
                let layer = BatchNorm {
                    epsilon: record.take_number("epsilon")?,
                    momentum: record.take_number("momentum")?,
                    affine: record.take_flag("affine")?,
                    ..BatchNorm::new(record.take_count("width")?)?
                };
                params.extend(record.take_array::<T>("scale_and_shift", layer.parameter_count())?);
                layer.into()
            }
            "layer norm" => {
                let layer = LayerNorm {
                    epsilon: record.take_number("epsilon")?,
                    affine: record.take_flag("affine")?,
                    ..LayerNorm::new(record.take_count("width")?)?
                };
                params.extend(record.take_array::<T>("scale_and_shift", layer.parameter_count())?);
                layer.into()
            }
            other => return Err(invalid(format!("it contains `{other}` where a layer is expected"))),
        };
        layer.check().map(|()| layer)
    }

    /// Returns the layer without its initial parameters, which are of no use once it is trained.
    pub(crate) fn trained(self) -> Self {
        match self {
            AnyLayer::Dense(layer) => {
                let bias_start = Start::Drawn(Initializer::Zeros);
                Dense { weight_start: None, bias_start, ..layer }.into()
            }
            AnyLayer::PRelu(layer) => PRelu { initial_slope: PRelu::USUAL_SLOPE, ..layer }.into(),
            AnyLayer::Sequential(layers) => layers.trained().into(),
            AnyLayer::Residual(layer) => Residual { layer: layer.layer.trained() }.into(),
            other => other,
        }
    }
}

impl Sequential<AnyLayer> {
    const KIND: &'static str = "sequential";

    /// Returns the record of the layers and their parameters.
    pub(crate) fn to_record<T: Real>(&self, params: &[T]) -> Record {
        let record = Record::new(Self::KIND).with_count("layers", self.layers().len());
        let layers = self.layers().iter().zip(self.parameter_ranges()).enumerate();
        layers.fold(record, |record, (index, (layer, range))| {
            record.with_part(&format!("layer_{index}"), layer.to_record(&params[range]))
        })
    }

    /// Reads the layers, and appends their parameters to `params`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if the record does not describe a valid chain of layers.
    pub(crate) fn from_record<T: Real>(record: Record, params: &mut Vec<T>) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| {
            let mut layers = Vec::new();
            for index in 0..record.take_count("layers")? {
                layers.push(AnyLayer::from_record(record.take_part(&format!("layer_{index}"))?, params)?);
            }
            Sequential::new(layers)
        })
    }

    /// Returns the layers without their initial parameters, which are of no use once they are trained.
    pub(crate) fn trained(self) -> Self {
        Sequential { layers: self.layers.into_iter().map(AnyLayer::trained).collect() }
    }
}

fn dense<T: Real>(record: &mut Record, params: &mut Vec<T>) -> Result<Dense, Error> {
    let weights = record.take_matrix::<T>("weights")?;
    let activation = Activation::read(record)?;
    let layer = Dense::new(weights.nrows(), weights.ncols())?.activation(activation);
    let layer = layer.bias(record.take_flag("bias")?);
    let bias = record.take_array::<T>("biases", if layer.bias { layer.outputs } else { 0 })?;
    check::count("biases", "entries", layer.parameter_count(), weights.len() + bias.len())?;
    params.extend_from_slice(weights.as_slice());
    params.extend(bias);
    Ok(layer)
}

fn width(kind: &str, width: usize) -> Record {
    Record::new(kind).with_count("width", width)
}
