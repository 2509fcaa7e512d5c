//! Transformations in files.

use super::{Chain, FittedStandardScaler, Transform};
use crate::artifact::{Persist, Record};
use crate::error::Error;
use crate::file::invalid;
use crate::real::Real;

impl<A, B> Persist for Chain<A, B>
where
    A: Persist + Transform<A::Scalar>,
    B: Persist<Scalar = A::Scalar> + Transform<A::Scalar>,
{
    type Scalar = A::Scalar;

    fn to_record(&self) -> Record {
        let record = Record::new("chain").with_part("first", self.first().to_record());
        record.with_part("second", self.second().to_record())
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("chain")?;
        let first = A::from_record(record.take_part("first")?)?;
        let second = B::from_record(record.take_part("second")?)?;
        record.finish()?;
        Chain::new(first, second).map_err(|error| invalid(error.to_string()))
    }
}

impl<T: Real> Persist for FittedStandardScaler<T> {
    type Scalar = T;

    fn to_record(&self) -> Record {
        Record::new("standard scaler").with_array("mean", self.mean()).with_array("scale", self.scale())
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        let mut record = record.open("standard scaler")?;
        let mean = record.take_vector("mean")?;
        let scale = record.take_array("scale", mean.len())?;
        record.finish()?;
        FittedStandardScaler::new(mean, scale).map_err(|error| invalid(error.to_string()))
    }
}
