//! The IDX format.

use std::path::{Path, PathBuf};

use logit::Error;
use logit::data::{IdxElement, IdxReader};
use logit::nalgebra::dmatrix;

/// A file in a folder of the test's own.
pub(crate) fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data_sets");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

fn with_header(code: u8, sizes: &[u32], numbers: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(numbers);
    bytes
}

#[test]
fn all_types_of_numbers_are_read() {
    let matrix = |code, numbers: &[u8]| {
        let array = IdxReader::new().read_from(&with_header(code, &[2, 1], numbers)[..]).expect("an array");
        (array.element(), array.matrix::<f64>())
    };
    assert_eq!(matrix(8, &[0, 200]), (IdxElement::U8, dmatrix![0.0; 200.0]));
    assert_eq!(matrix(9, &[127, 200]), (IdxElement::I8, dmatrix![127.0; -56.0]));
    assert_eq!(matrix(11, &[1, 2, 0xff, 0xfe]), (IdxElement::I16, dmatrix![258.0; -2.0]));
    assert_eq!(matrix(12, &[0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]), (IdxElement::I32, dmatrix![65536.0; -1.0]));
    let floats = [1.5f32, -0.1].map(f32::to_be_bytes).concat();
    assert_eq!(matrix(13, &floats), (IdxElement::F32, dmatrix![1.5; f64::from(-0.1f32)]));
    let doubles = [0.1f64, -2e300].map(f64::to_be_bytes).concat();
    assert_eq!(matrix(14, &doubles), (IdxElement::F64, dmatrix![0.1; -2e300]));
}

#[test]
fn the_last_index_is_the_fastest() {
    let bytes = with_header(8, &[2, 2, 3], &(0..12).collect::<Vec<u8>>());
    let array = IdxReader::new().read_from(&bytes[..]).expect("an array");
    assert_eq!(array.sizes(), [2, 2, 3]);
    let wanted = dmatrix![0.0, 1.0, 2.0, 3.0, 4.0, 5.0; 6.0, 7.0, 8.0, 9.0, 10.0, 11.0];
    assert_eq!(array.matrix::<f32>(), wanted);
}

#[test]
fn the_first_rows_are_read_alone() {
    let mut bytes = with_header(8, &[3, 2], &[1, 2, 3, 4, 5, 6]);
    bytes.truncate(bytes.len() - 1);
    // The last byte is not there, and not missed.
    let array = IdxReader::new().rows(2).read_from(&bytes[..]).expect("two rows");
    assert_eq!((array.sizes(), array.matrix()), (&[2, 2][..], dmatrix![1.0, 2.0; 3.0, 4.0]));
    let error = IdxReader::new().read_from(&bytes[..]).expect_err("all rows");
    assert_eq!(error.to_string(), "the file cannot be used: it ends after 5 of 6 bytes");
    for rows in [0, 4] {
        let error = IdxReader::new().rows(rows).read_from(&bytes[..]).expect_err("rows");
        assert!(matches!(error, Error::InvalidParameter { name: "rows", .. }), "{error}");
    }
}

#[test]
fn a_pair_of_files_is_a_data_set() {
    let rows = file("pair-rows", &with_header(8, &[2, 1, 2], &[0, 51, 255, 102]));
    let labels = file("pair-labels", &with_header(8, &[2], &[7, 3]));
    let set = IdxReader::new().read_pair::<f64>(&rows, &labels).expect("a pair");
    assert_eq!((set.x, set.y), (dmatrix![0.0, 51.0; 255.0, 102.0], vec![7, 3]));
    assert_eq!(set.feature_names, ["pixel (0, 0)", "pixel (0, 1)"]);
    let one = IdxReader::new().rows(1).read_pair::<f32>(&rows, &labels).expect("a row");
    assert_eq!((one.x, one.y), (dmatrix![0.0, 51.0], vec![7]));

    // The number of labels must be that of the rows, even where only the first are read.
    let fewer = file("pair-fewer", &with_header(8, &[1], &[7]));
    let error = IdxReader::new().rows(1).read_pair::<f64>(&rows, &fewer).expect_err("fewer labels");
    assert_eq!(error.to_string(), "`labels` has 1 entry, expected 2");
    let error = IdxReader::new().read_pair::<f64>(&rows, &rows).expect_err("no labels");
    assert!(error.to_string().contains("labels must be a one-dimensional IDX array of type U8"), "{error}");
    let absent = IdxReader::new().read("nowhere/at-all").expect_err("no file");
    assert!(matches!(absent, Error::File { action: "load", .. }), "{absent}");
    let empty = file("pair-empty", &[]);
    let error = IdxReader::new().read(&empty).expect_err("no bytes").to_string();
    assert!(error.contains("ends after 0 of 4 bytes, in `") && error.contains("pair-empty"), "{error}");
}

#[cfg(feature = "gzip")]
#[test]
fn what_is_packed_is_seen_from_the_bytes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mnist");
    let path = |name: &str| folder.join(format!("t10k-{name}-ubyte.gz"));
    let digits = IdxReader::new().read_pair::<f32>(path("images-idx3"), path("labels-idx1")).expect("MNIST");
    assert_eq!((digits.x.shape(), digits.x.max()), ((2000, 784), 255.0));
    assert_eq!((digits.class_counts().len(), digits.feature_names[29].as_str()), (10, "pixel (1, 1)"));

    // The same under a name that says nothing, and unpacked.
    let packed = std::fs::read(path("labels-idx1")).expect("bytes");
    let under_another_name = IdxReader::new().read(file("labels.dat", &packed)).expect("labels");
    assert_eq!(under_another_name.labels().expect("labels"), digits.y);
    let plain = file("labels.gz", &with_header(8, &[2000], &digits.y));
    assert_eq!(IdxReader::new().read(plain).expect("labels"), under_another_name);
}
