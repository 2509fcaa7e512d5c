//! The data set made from columns of values and codes.

use nalgebra::DMatrix;

use super::table::Values;
use crate::check;
use crate::data::Dataset;
use crate::data::schema::{Kind, Schema};
use crate::error::Error;
use crate::label::Label;

pub(super) fn dataset<L: Label>(values: Values<L>, schema: &Schema) -> Result<Dataset<L>, Error> {
    let (features, rows) = (schema.features(), values.labels.len());
    let count = rows.checked_mul(features);
    let most = schema.format.max_values;
    let requires = "at least the number of rows times columns, including a column for each category";
    check::parameter("max_values", most as f64, count.is_some_and(|count| count <= most), requires)?;

    let mut x = DMatrix::zeros(rows, features);
    let mut start = 0;
    for (column, kind) in values.columns.into_iter().zip(&schema.kinds) {
        let Kind::Columns(categories) = kind else {
            x.column_mut(start).copy_from_slice(&column);
            start += 1;
            continue;
        };
        for (row, code) in column.into_iter().enumerate() {
            if let Some(index) = categories.index(code, schema.format.drop) {
                x[(row, start + index)] = 1.0;
            }
        }
        start += schema.width_of(kind);
    }
    let (set, names) = (Dataset::new(x, values.labels)?, schema.feature_names());
    let set = if names.is_empty() { set } else { set.with_feature_names(names)? };
    let set = match schema.category_names() {
        Some(categories) => set.with_categories(categories)?,
        None => set,
    };
    match values.weights {
        Some(weights) => set.with_weights(weights),
        None => Ok(set),
    }
}
