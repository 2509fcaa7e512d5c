//! Malicious files.

use logit::nalgebra::{dmatrix, dvector};
use logit::prelude::*;
use logit::{AnyClassifier, Error, FittedLogistic};
use proptest::prelude::*;
use serde_json::json;

use super::kit::small;
use crate::common::file_parts::{Parts, with_header};

type Any = AnyClassifier<f64, String>;

fn refused(bytes: &[u8]) -> String {
    match Any::from_bytes(bytes) {
        Err(error @ Error::InvalidFile { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn models_inside_models_without_end_are_refused() {
    let bytes = small().to_bytes().expect("bytes");
    let mut parts = Parts::of(&bytes);
    for depth in [10, 100, 1000, 10_000] {
        let mut text = String::from("{\"kind\":\"pipeline\"}");
        for _ in 0..depth {
            text = format!("{{\"kind\":\"pipeline\",\"parts\":{{\"classifier\":{text}}}}}");
        }
        let described = format!("{{\"kind\":\"model file\",\"parts\":{{\"model\":{text}}}}}");
        parts.description = json!(null);
        let header_text = {
            let mut metadata = parts.metadata.clone();
            metadata["description"] = described.into();
            json!({ "__metadata__": metadata, "checksum": { "dtype": "U64", "shape": [], "data_offsets": [0, 8] } })
                .to_string()
        };
        let mut empty = (0u64).to_le_bytes().to_vec();
        empty.extend([0; 8]);
        refused(&with_header(&empty, &header_text));
    }
}

#[test]
fn what_golden_rows_say_is_checked() {
    let model =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; -2.0], dvector![0.5]).expect("a model");
    let mut parts = Parts::of(&model.to_bytes().expect("bytes"));
    let coefficients = parts.array("model.coefficients");
    coefficients.bytes[..8].copy_from_slice(&1.001f64.to_le_bytes());
    let error = FittedLogistic::<f64, i32>::from_bytes(&parts.bytes()).expect_err("other scores").to_string();
    assert!(error.contains("golden row 1 had the score -0.5 when it was saved"), "{error}");

    let mut parts = Parts::of(&model.to_bytes().expect("bytes"));
    let rows = parts.array("golden.rows");
    rows.bytes[..8].copy_from_slice(&f64::NAN.to_le_bytes());
    assert!(FittedLogistic::<f64, i32>::from_bytes(&parts.bytes()).is_err());
    let mut parts = Parts::of(&model.to_bytes().expect("bytes"));
    let rows = parts.array("golden.rows");
    (rows.shape[0], rows.shape[1]) = (rows.shape[1], rows.shape[0]);
    let error =
        FittedLogistic::<f64, i32>::from_bytes(&parts.bytes()).expect_err("rows of 4 columns").to_string();
    assert!(error.contains("rejects its golden rows"), "{error}");
}

fn is_refused(bytes: &[u8]) -> bool {
    matches!(Any::from_bytes(bytes), Err(Error::InvalidFile { .. }))
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_refused(&bytes));
    }

    #[test]
    fn any_header_is_refused(text in "[\\{\\}\\[\\]\":,a-z0-9_.]{0,200}") {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        prop_assert!(is_refused(&bytes));
    }
}
