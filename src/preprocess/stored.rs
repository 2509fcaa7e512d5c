//! Storage of fitted transformers in files.

use super::constant_columns::ConstantColumns;
use super::moments::Column;
use super::{
    Chain, DropCategory, FittedImputer, FittedMaxAbsScaler, FittedMinMaxScaler, FittedNormalizer,
    FittedOneHotEncoder, FittedPca, FittedPolynomialFeatures, FittedRobustScaler, FittedSelectBest,
    FittedSelectColumns, FittedStandardScaler, FittedTargetEncoder, Identity, LabelEncoder, MinMaxScaler,
    Moments, NormKind, OneHotEncoder, PolynomialFeatures, Transform, UnknownCategory,
};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record, StoredLabel, string_keys};
use crate::scalar::Real;

impl<A, B> Persist for Chain<A, B>
where
    A: Persist + Transform<A::Scalar>,
    B: Persist<Scalar = A::Scalar> + Transform<A::Scalar>,
{
    type Scalar = A::Scalar;
    const KIND: &'static str = "chain";

    fn write_record(&self, record: Record) -> Record {
        record.with("first", self.first()).with("second", self.second())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        Chain::new(record.take("first")?, record.take("second")?)
    }
}

/// Implements [`Persist`] for types with a shift and a scale for each column.
macro_rules! shift_and_scale {
    ($($fitted:ident, $kind:literal, $shift:ident;)*) => {
        $(impl<T: Real> Persist for $fitted<T> {
            type Scalar = T;
            const KIND: &'static str = $kind;

            fn write_record(&self, record: Record) -> Record {
                let record = record.with_array(stringify!($shift), self.$shift());
                self.constant().write(record.with_array("scale", self.scale()))
            }

            fn read_record(record: &mut Record) -> Result<Self, Error> {
                let (shift, scale) = (record.take_vector(stringify!($shift))?, record.take_vector("scale")?);
                let constant = ConstantColumns::read(record, shift.len())?;
                Ok($fitted::new(shift, scale)?.with_constant(constant))
            }
        })*
    };
}

shift_and_scale! {
    FittedStandardScaler, "standard scaler", mean;
    FittedRobustScaler, "robust scaler", center;
}

impl<T: Real> Persist for FittedMaxAbsScaler<T> {
    type Scalar = T;
    const KIND: &'static str = "max-abs scaler";

    fn write_record(&self, record: Record) -> Record {
        record.with_array("scale", self.scale())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let scale = record.take_vector("scale")?;
        FittedMaxAbsScaler::new(scale)
    }
}

impl<T: Real> Persist for FittedMinMaxScaler<T> {
    type Scalar = T;
    const KIND: &'static str = "min-max scaler";

    fn write_record(&self, record: Record) -> Record {
        let record = record
            .with_array("minimum", &self.minimum)
            .with_array("maximum", &self.maximum)
            .with_number("low", self.low)
            .with_number("high", self.high)
            .with_flag("clip", self.clip);
        self.constant.write(record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (low, high) = (record.take_number("low")?, record.take_number("high")?);
        let settings = MinMaxScaler::new().range(low, high).clip(record.take_flag("clip")?);
        let (minimum, maximum) = (record.take_vector("minimum")?, record.take_vector("maximum")?);
        let constant = ConstantColumns::read(record, minimum.len())?;
        FittedMinMaxScaler::new(settings, minimum, maximum, constant)
    }
}

/// Splits `all` into consecutive arrays of the given lengths.
///
/// # Errors
/// Returns [`Error::InvalidFile`] if the lengths do not sum to the length of `all`.
pub(super) fn split_by<V: Clone>(all: &[V], lengths: &[usize]) -> Result<Vec<Vec<V>>, Error> {
    let mut rest = all;
    let mut arrays = Vec::new();
    for &length in lengths {
        let Some((array, after)) = rest.split_at_checked(length) else {
            return Err(invalid("its arrays have fewer entries than its counts say"));
        };
        arrays.push(array.to_vec());
        rest = after;
    }
    if rest.is_empty() {
        Ok(arrays)
    } else {
        Err(invalid("its arrays have more entries than its counts say"))
    }
}

string_keys!(NormKind: L1 = "l1", L2 = "l2", Max = "max");
string_keys!(UnknownCategory: Refuse = "refuse", Zeros = "zeros");
string_keys!(DropCategory: None = "none", First = "first", FirstOfTwo = "first_of_two");

impl<T: Real> Persist for FittedNormalizer<T> {
    type Scalar = T;
    const KIND: &'static str = "normalizer";

    fn write_record(&self, record: Record) -> Record {
        record.with_text("norm", self.norm.key()).with_count("columns", self.columns)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let norm = NormKind::from_key(&record.take_text("norm")?)?;
        let columns = record.take_count("columns")?;
        Ok(FittedNormalizer::new(norm, columns))
    }
}

impl<T: Real> Persist for Identity<T> {
    type Scalar = T;
    const KIND: &'static str = "identity";

    fn write_record(&self, record: Record) -> Record {
        record.with_count("columns", Transform::<T>::inputs(self))
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let columns = record.take_count("columns")?;
        Ok(Identity::new(columns))
    }
}

impl<T: Real> Persist for FittedPolynomialFeatures<T> {
    type Scalar = T;
    const KIND: &'static str = "polynomial features";

    fn write_record(&self, record: Record) -> Record {
        record
            .with_count("columns", self.inputs)
            .with_count("degree", self.settings.degree)
            .with_flag("interaction_only", self.settings.interaction_only)
            .with_flag("include_bias", self.settings.include_bias)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let settings = PolynomialFeatures {
            degree: record.take_count("degree")?,
            interaction_only: record.take_flag("interaction_only")?,
            include_bias: record.take_flag("include_bias")?,
        };
        let columns = record.take_count("columns")?;
        FittedPolynomialFeatures::new(settings, columns)
    }
}

impl<T: Real> Persist for FittedOneHotEncoder<T> {
    type Scalar = T;
    const KIND: &'static str = "one-hot encoder";

    fn write_record(&self, record: Record) -> Record {
        let counts: Vec<usize> = self.categories.iter().map(Vec::len).collect();
        record
            .with_text("unknown", self.settings.unknown.key())
            .with_text("drop", self.settings.drop.key())
            .with_counts("category_counts", &counts)
            .with_array("categories", &self.categories.concat())
            .with_counts("name_counts", &self.category_names.iter().map(Vec::len).collect::<Vec<_>>())
            .with_texts("category_names", &self.category_names.concat())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let unknown = UnknownCategory::from_key(&record.take_text("unknown")?)?;
        let settings = OneHotEncoder { unknown, drop: DropCategory::from_key(&record.take_text("drop")?)? };
        let counts = record.take_counts("category_counts")?;
        let all: Vec<T> = record.take_vector("categories")?;
        let name_counts = record.take_counts("name_counts")?;
        let named = name_counts.iter().fold(0, |sum: usize, count| sum.saturating_add(*count));
        let names = split_by(&record.take_texts("category_names", named)?, &name_counts)?;
        FittedOneHotEncoder::new(settings, split_by(&all, &counts)?, names)
    }
}

impl<T: Real> Persist for FittedSelectColumns<T> {
    type Scalar = T;
    const KIND: &'static str = "selected columns";

    fn write_record(&self, record: Record) -> Record {
        // The other columns are written too, so that the size of a file bounds the number of columns it
        // claims.
        let others: Vec<usize> = self.others();
        record.with_counts("columns", &self.columns).with_counts("others", &others)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (columns, others) = (record.take_counts("columns")?, record.take_counts("others")?);
        let inputs = columns.len() + others.len();
        let made = FittedSelectColumns::new(columns, inputs)?;
        same(&made.others(), &others).map(|()| made)
    }
}

/// Checks that the columns a file lists as left out are exactly the columns that are not kept.
fn same(found: &[usize], said: &[usize]) -> Result<(), Error> {
    if found == said { Ok(()) } else { Err(invalid("`columns` and `others` together are not all columns")) }
}

impl<T: Real> Persist for FittedSelectBest<T> {
    type Scalar = T;
    const KIND: &'static str = "best columns";

    fn write_record(&self, record: Record) -> Record {
        record
            .with("kept", self.kept())
            .with_array("scores", self.scores())
            .with_array("p_values", self.p_values().unwrap_or_default())
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let kept = record.take("kept")?;
        // A perfect score is infinite.
        let (scores, p_values): (Vec<f64>, Vec<f64>) =
            (record.take_any("scores")?, record.take_vector("p_values")?);
        FittedSelectBest::new(kept, scores, Some(p_values).filter(|values| !values.is_empty()))
    }
}

impl<T: Real> Persist for FittedTargetEncoder<T> {
    type Scalar = T;
    const KIND: &'static str = "target encoder";

    fn write_record(&self, record: Record) -> Record {
        let counts: Vec<usize> = self.categories.iter().map(Vec::len).collect();
        record
            .with_count("classes", self.class_names.len())
            .with_texts("class_names", &self.class_names)
            .with_flag("refuse_unknown", self.refuse_unknown)
            .with_counts("category_counts", &counts)
            .with_array("categories", &self.categories.concat())
            .with_array("encodings", &self.encodings.concat())
            .with_array("means", &self.means)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let classes = record.take_count("classes")?;
        let class_names = record.take_texts("class_names", classes)?;
        let refuse_unknown = record.take_flag("refuse_unknown")?;
        let counts = record.take_counts("category_counts")?;
        let categories: Vec<T> = record.take_vector("categories")?;
        let encodings: Vec<T> = record.take_vector("encodings")?;
        let means: Vec<T> = record.take_vector("means")?;
        let widths: Vec<usize> = counts.iter().map(|count| count.saturating_mul(means.len())).collect();
        let (categories, encodings) = (split_by(&categories, &counts)?, split_by(&encodings, &widths)?);
        FittedTargetEncoder::new(class_names, categories, encodings, means, refuse_unknown)
    }
}

impl<T: Real> Persist for FittedImputer<T> {
    type Scalar = T;
    const KIND: &'static str = "imputer";

    fn write_record(&self, record: Record) -> Record {
        record.with_array("values", &self.values).with_counts("indicated", &self.indicated)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (values, indicated) = (record.take_vector("values")?, record.take_counts("indicated")?);
        FittedImputer::new(values, indicated)
    }
}

impl<T: Real> Persist for FittedPca<T> {
    type Scalar = T;
    const KIND: &'static str = "pca";

    fn write_record(&self, record: Record) -> Record {
        let record = record
            .with_array("mean", &self.mean)
            .with_matrix("components", &self.components)
            .with_array("explained_variance", &self.explained_variance)
            .with_number("total_variance", self.total_variance)
            .with_flag("whiten", self.whiten);
        self.constant.write(record)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let mean: Vec<T> = record.take_vector("mean")?;
        let constant = ConstantColumns::read(record, mean.len())?;
        let fitted = FittedPca::new(
            mean,
            record.take_matrix("components")?,
            record.take_vector("explained_variance")?,
            record.take_number("total_variance")?,
            record.take_flag("whiten")?,
        )?;
        Ok(FittedPca { constant, ..fitted })
    }
}

impl<L: StoredLabel> Persist for LabelEncoder<L> {
    type Scalar = f64;
    const KIND: &'static str = "label encoder";

    fn write_record(&self, record: Record) -> Record {
        record.with_labels("classes", &self.classes)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let classes: Vec<L> = record.take_labels("classes")?;
        if classes.is_empty() {
            return Err(invalid("it has no classes"));
        }
        Ok(LabelEncoder { classes })
    }
}

/// The kind of the part that moments of rows in `f32` have. Files of version 1.0 do not have it.
const PRECISION: &str = "row precision";

impl Persist for Moments {
    type Scalar = f64;
    const KIND: &'static str = "moments";

    fn write_record(&self, record: Record) -> Record {
        let numbers = |of: fn(&Column) -> f64| -> Vec<f64> { self.columns.iter().map(of).collect() };
        let record = record
            .with_count("rows", self.rows)
            .with_number("weight", self.weight)
            .with_array("low", &numbers(|column| column.low))
            .with_array("high", &numbers(|column| column.high))
            .with_array("mean", &numbers(|column| column.mean))
            .with_array("unit", &numbers(|column| column.unit))
            .with_array("squares", &numbers(|column| column.squares));
        if self.single {
            record.with_part("precision", Record::new(PRECISION).with_counts("bits", &[32]))
        } else {
            record
        }
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (rows, weight) = (record.take_count("rows")?, record.take_number("weight")?);
        let precision = record.take_optional_part("precision");
        let bits = |part: Record| part.open(PRECISION)?.read(|part| part.take_counts("bits"));
        let single = match precision.map(bits).transpose()?.as_deref() {
            None => false,
            Some([32]) => true,
            Some(_) => return Err(invalid("the precision of its rows is neither 32 nor 64 bits")),
        };
        // Without rows, the low end is infinity and the high end minus infinity.
        let (low, high): (Vec<f64>, Vec<f64>) = (record.take_any("low")?, record.take_any("high")?);
        let mean: Vec<f64> = record.take_array("mean", low.len())?;
        let unit: Vec<f64> = record.take_array("unit", low.len())?;
        let squares: Vec<f64> = record.take_array("squares", low.len())?;
        if low.is_empty() || high.len() != low.len() || weight < 0.0 || (weight > 0.0 && rows == 0) {
            return Err(invalid("its moments contradict each other"));
        }
        let mut columns = Vec::new();
        for index in 0..low.len() {
            let column = Column {
                low: low[index],
                high: high[index],
                mean: mean[index],
                unit: unit[index],
                squares: squares[index],
            };
            let range = if weight > 0.0 {
                column.low.is_finite() && column.high.is_finite() && column.low <= column.high
            } else {
                column.low == f64::INFINITY && column.high == f64::NEG_INFINITY
            };
            if !range || column.unit <= 0.0 || column.squares < 0.0 {
                return Err(invalid(format!("its moments of column {index} are impossible for its rows")));
            }
            columns.push(column);
        }
        Ok(Moments { rows, weight, columns, single })
    }
}
