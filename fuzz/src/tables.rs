//! Tables and arrays in files of others.

use std::str::FromStr;

use logit::Label;
use logit::data::{CsvReader, IdxReader, Schema};
use logit::prelude::*;

/// No text makes the reader panic or take much memory; a table that is read is one, and its schema reads it again.
pub fn csv(data: &[u8]) {
    let Some((&settings, text)) = data.split_first() else { return };
    let on = |bit: u8| settings >> bit & 1 == 1;
    let reader = CsvReader::new().header(on(0)).max_bytes(1 << 20).max_values(1 << 16).max_categories(100);
    let reader = if on(1) { reader.delimiter(b';') } else { reader };
    let reader = if on(2) { reader.missing(["", "NA"]) } else { reader };
    let reader = if on(3) { reader.categorical([1]) } else { reader };
    let reader = if on(4) { reader.coded([2]) } else { reader };
    let reader = if on(5) { reader.weights(3) } else { reader };
    if on(6) {
        table::<String>(&reader.label(0), text);
    } else if on(7) {
        table::<i64>(&reader.label(0), text);
    } else if let Ok(table) = reader.read_unlabelled_from(text) {
        assert_eq!(table.dataset.x.ncols(), table.schema.features());
        let again = table.schema.read_unlabelled_from(text).expect("what was read is read again");
        assert_eq!(again.x.shape(), table.dataset.x.shape());
    }
}

fn table<L: Label + FromStr>(reader: &CsvReader, text: &[u8])
where
    L::Err: std::fmt::Display,
{
    let Ok(table) = reader.read_from::<L>(text) else { return };
    let (dataset, schema) = (table.dataset, table.schema);
    assert_eq!(dataset.x.shape(), (dataset.y.len(), schema.features()));
    assert!(dataset.x.iter().all(|v| !v.is_infinite()));
    let again = schema.read_from::<L>(text).expect("what was read is read again");
    assert_eq!(again.y, dataset.y);
    let saved = schema.to_bytes().expect("bytes");
    let loaded = Schema::from_bytes(&saved).expect("what was saved can be loaded");
    assert_eq!(loaded.to_bytes().expect("bytes"), saved);
}

/// No bytes make the reader of IDX files panic or take much memory.
pub fn idx(data: &[u8]) {
    let reader = IdxReader::new().max_bytes(1 << 20);
    for reader in [reader.rows(2), reader] {
        let Ok(array) = reader.read_from(data) else { continue };
        let matrix = array.matrix::<f64>();
        assert_eq!(matrix.len(), array.sizes().iter().product::<usize>());
        assert_eq!(matrix.nrows(), array.sizes()[0]);
        if let Ok(labels) = array.labels() {
            assert_eq!(labels.len(), matrix.nrows());
        }
    }
}
