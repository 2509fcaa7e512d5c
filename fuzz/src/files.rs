//! Files of models and checkpoints.

use logit::nalgebra::DMatrix;
use logit::nn::{Checkpoint, FittedMultiLabel};
use logit::prelude::*;
use logit::registry::AnyTransform;
use logit::{AnyClassifier, Error};

type Model = AnyClassifier<f64, String>;

/// More columns than these take long, and find nothing else.
const MOST_COLUMNS: usize = 1000;

/// No bytes make loading panic, as they are and with a length and a checksum that fit.
pub fn load(data: &[u8]) {
    for bytes in [data, &repaired(data)] {
        refusal(Model::from_bytes(bytes));
        refusal(AnyClassifier::<f64, bool>::from_bytes(bytes));
        refusal(AnyClassifier::<f32, i64>::from_bytes(bytes));
        refusal(AnyTransform::<f64>::from_bytes(bytes));
        refusal(FittedMultiLabel::<f64, String>::from_bytes(bytes));
    }
}

/// What cannot be loaded is an invalid file, whatever else might be wrong with it.
fn refusal<M>(loaded: Result<M, Error>) {
    if let Err(error) = loaded {
        assert!(matches!(error, Error::InvalidFile { .. }), "{error:?}");
    }
}

/// Whatever is loaded predicts probabilities or says why not.
pub fn load_predict(data: &[u8]) {
    let bytes = repaired(data);
    if let Ok(model) = Model::from_bytes(&bytes) {
        predict(&model);
    }
    if let Ok(transform) = AnyTransform::<f64>::from_bytes(&bytes)
        && transform.inputs() <= MOST_COLUMNS
        && transform.outputs() <= MOST_COLUMNS
    {
        let _ = transform.transform(&rows(transform.inputs()));
        let _ = transform.inverse_transform(&rows(transform.outputs()));
    }
    if let Ok(model) = FittedMultiLabel::<f64, String>::from_bytes(&bytes) {
        if let Ok(p) = model.predict_proba(&rows(model.features())) {
            assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p}");
        }
        let _ = model.predict(&rows(model.features()));
    }
}

fn predict(model: &Model) {
    let x = rows(model.features());
    if let Ok(p) = model.predict_proba(&x) {
        assert_eq!(p.shape(), (x.nrows(), model.classes().len()));
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p}");
    }
    if let Ok(scores) = model.decision_function(&x) {
        assert!(scores.iter().all(|z| !z.is_nan()), "{scores}");
    }
    if let Ok(labels) = model.predict(&x) {
        assert!(labels.iter().all(|label| model.classes().contains(label)));
    }
    let _ = model.predict_log_proba(&x);
}

/// Ordinary rows, large and small ones.
fn rows(columns: usize) -> DMatrix<f64> {
    let sizes = [0.0, 1.0, -1e3, 1e-300, 1e300];
    DMatrix::from_fn(5, columns, |row, column| sizes[row] * (1.0 + (column % 7) as f64))
}

/// Whatever is loaded is saved, and the same bytes come of that again.
pub fn save_load_save(data: &[u8]) {
    let bytes = repaired(data);
    again(Model::from_bytes(&bytes));
    again(AnyTransform::<f64>::from_bytes(&bytes));
    again(FittedMultiLabel::<f64, String>::from_bytes(&bytes));
}

fn again<M: Persist>(loaded: Result<M, Error>) {
    let Ok(model) = loaded else { return };
    let saved = model.to_bytes().expect("what was loaded can be saved");
    let model = M::from_bytes(&saved).expect("what was saved can be loaded");
    assert_eq!(model.to_bytes().expect("what was loaded can be saved"), saved);
}

/// The same by way of JSON, where changes of structure come easily.
pub fn json(data: &[u8]) {
    let Ok(model) = serde_json::from_slice::<Model>(data) else { return };
    predict(&model);
    let saved = model.to_bytes().expect("what was loaded can be saved");
    let text = serde_json::to_string(&model).expect("what was loaded can be written");
    let model: Model = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(model.to_bytes().expect("what was loaded can be saved"), saved);
}

/// The same for checkpoints.
pub fn checkpoint(data: &[u8]) {
    for bytes in [data, &repaired(data)] {
        refusal(Checkpoint::<f32>::from_bytes(bytes));
        refusal(Checkpoint::<f64>::from_bytes(bytes));
        again(Checkpoint::<f64>::from_bytes(bytes));
    }
}

/// A file of the header and the data that are there, with the length and the checksum that belong to them: a checksum keeps
/// all changes out that a fuzzer makes.
fn repaired(data: &[u8]) -> Vec<u8> {
    let header = header(data.get(8..).unwrap_or_default());
    let rest = data.get(8 + header.len()..).unwrap_or_default();
    let padding = rest.iter().take(7).take_while(|&&byte| byte == b' ').count();
    let mut bytes = vec![0; 8];
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    let end = bytes.len();
    bytes[..8].copy_from_slice(&(end as u64 - 8).to_le_bytes());
    bytes.extend(&rest[padding..]);
    // The checksum comes first in all files that the crate writes.
    if bytes.len() >= end + 8 {
        let sum = [&bytes[..end], &bytes[end + 8..]].into_iter().flatten().fold(u64::MAX, |crc, byte| {
            let bit = |crc: u64| if crc & 1 == 1 { (crc >> 1) ^ 0xC96C_5795_D787_0F42 } else { crc >> 1 };
            (0..8).fold(crc ^ u64::from(*byte), |crc, _| bit(crc))
        });
        bytes[end..end + 8].copy_from_slice(&(!sum).to_le_bytes());
    }
    bytes
}

/// Up to the bracket that closes the first; all of it if there is none.
fn header(data: &[u8]) -> &[u8] {
    let (mut depth, mut text, mut escaped) = (0, false, false);
    for (at, byte) in data.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' if !text => depth += 1,
            b'}' if !text => {
                depth -= 1;
                if depth <= 0 {
                    return &data[..=at];
                }
            }
            _ => {}
        }
    }
    data
}
