//! What needs a feature says which, where the feature is off: `cargo test --no-default-features --test
//! without_features`.
#![cfg(not(feature = "gzip"))]

use logit::Error;
use logit::data::IdxReader;

#[test]
fn a_packed_file_names_the_feature_gzip() {
    let error = IdxReader::new().read_from(&[0x1f, 0x8b, 8, 0][..]).expect_err("packed");
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("`gzip`"), "{error}");
}
