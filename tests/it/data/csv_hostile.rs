//! Malicious tables, and schemas that do not match their contents.

use std::io::Read;

use allocation_counter::measure;
use logit::Error;
use logit::data::{CsvReader, Schema};
use logit::persist::Record;
use logit::prelude::*;
use proptest::prelude::*;

/// The memory that a reader of tables may take: for pieces of the source, the longest record and the values.
const MEMORY: u64 = 36 << 20;

#[test]
fn sources_without_end_are_refused_in_bounded_memory() {
    let header = || &b"k,a\n0,1\n"[..];
    let endless: [(&str, Box<dyn Read>); 5] = [
        ("a field", Box::new(header().chain(std::io::repeat(b'1')))),
        ("an open quote", Box::new(header().chain(&b"\""[..]).chain(std::io::repeat(b'\n')))),
        ("fields", Box::new(header().chain(std::io::repeat(b',')))),
        ("empty lines", Box::new(header().chain(std::io::repeat(b'\n')))),
        ("a header", Box::new(std::io::repeat(b','))),
    ];
    for (name, source) in endless {
        let mut refused = None;
        let memory = measure(|| {
            refused = Some(CsvReader::new().label(0).max_bytes(1 << 25).read_from::<String>(source));
        });
        let error = refused.expect("a result").expect_err(name);
        assert!(matches!(error, Error::InvalidLine { .. }), "{name}: {error}");
        assert!(memory.bytes_max < MEMORY, "{name}: {} bytes", memory.bytes_max);
    }
}

#[test]
fn matrices_beyond_the_limit_are_refused_before_they_are_made() {
    // 2,000 rows of 1,000 categories would make two million entries.
    let mut text = String::from("k,a\n");
    (0..2000).for_each(|row| text.push_str(&format!("0,c{}\n", row % 1000)));
    let reader = CsvReader::new().label(0).categorical(["a"]);
    let memory = measure(|| {
        let error =
            reader.clone().max_values(1_999_999).read_from::<u8>(text.as_bytes()).expect_err("too many");
        assert!(matches!(error, Error::InvalidParameter { name: "max_values", .. }), "{error}");
    });
    assert!(memory.bytes_max < 1 << 20, "{} bytes", memory.bytes_max);
    assert_eq!(
        reader.clone().max_values(2_000_000).read_from::<u8>(text.as_bytes()).unwrap().dataset.x.len(),
        2_000_000
    );
    let error = reader.clone().max_categories(999).read_from::<u8>(text.as_bytes()).expect_err("too many");
    assert!(
        error.to_string().starts_with("line 1001, column `a`: `c999` exceeds the limit of 999 categories"),
        "{error}"
    );
    let error = reader.max_values(1999).read_from::<u8>(text.as_bytes()).expect_err("too many");
    assert_eq!(error.to_string(), "line 2001: the table has more than 1999 values: raise `max_values`");
}

#[test]
fn sources_that_fail_are_told_of() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the cable"))
        }
    }
    let error = CsvReader::new().label(0).read_from::<u8>(b"k,a\n".chain(Broken)).expect_err("broken");
    assert!(matches!(&error, Error::Read { message, .. } if message == "the cable"), "{error}");
    let error = logit::data::IdxReader::new().read_from([0, 0].chain(Broken)).expect_err("broken");
    assert!(matches!(&error, Error::Read { message, .. } if message == "the cable"), "{error}");
}

#[test]
fn schemas_that_lie_are_refused() {
    let reader = CsvReader::new().label("k").weights("w").categorical(["a"]).coded(["b"]);
    let table = reader.read_from::<u8>("k,w,a,b,c\n0,1,x,p,1\n1,1,y,q,2\n".as_bytes()).expect("a table");
    let record = table.schema.to_record();
    assert_eq!(Schema::from_record(record.clone()), Ok(table.schema));
    type Change = fn(Record) -> Record;
    fn counts(mut record: Record, name: &str, counts: &[usize]) -> Record {
        record.take_counts(name).expect("counts");
        record.with_counts(name, counts)
    }
    fn count(mut record: Record, name: &str, count: usize) -> Record {
        record.take_count(name).expect("a count");
        record.with_count(name, count)
    }
    let changes: [Change; 14] = [
        |record| counts(record, "kinds", &[1, 2]),
        |record| counts(record, "kinds", &[1, 2, 3]),
        |record| counts(record, "kinds", &[1, 2, 1]),
        |record| counts(record, "categories_per_column", &[1, 3]),
        |record| counts(record, "categories_per_column", &[usize::MAX, 5]),
        |record| counts(record, "categories_per_column", &[2]),
        |record| counts(record, "missing_categories", &[2, 0]),
        |record| counts(record, "features_positions", &[2, 3, 5]),
        |record| counts(record, "features_positions", &[2, 3, 3]),
        |record| counts(record, "label_positions", &[2]),
        |record| count(record, "width", 4),
        |record| count(record, "delimiter", 300),
        |record| count(record, "delimiter", 34),
        |record| record.with_count("more", 1),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        match Schema::from_record(change(record.clone())) {
            Err(Error::InvalidFile { .. }) => {}
            other => panic!("change {index}: {other:?}"),
        }
    }
    let mut unsorted = record;
    unsorted.take_texts("categories", 4).expect("categories");
    let error = Schema::from_record(unsorted.with_texts("categories", &["y", "x", "p", "q"]));
    assert!(matches!(error, Err(Error::InvalidFile { .. })), "{error:?}");
}

fn any_reader() -> impl Strategy<Value = CsvReader> {
    let column = || prop_oneof![(0usize..4).prop_map(logit::data::Column::from), "[ab]".prop_map(Into::into)];
    let columns = move || prop::collection::vec(column(), 0..2);
    (any::<bool>(), column(), prop::option::of(column()), columns(), columns(), any::<bool>()).prop_map(
        |(header, label, weights, categorical, coded, gaps)| {
            let reader = CsvReader::new().header(header).label(label).categorical(categorical).coded(coded);
            let reader = if gaps { reader.missing(["", "a"]) } else { reader };
            weights.map_or(reader.clone(), |weights| reader.weights(weights))
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_no_panic(reader in any_reader(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let memory = measure(|| {
            let _ = reader.read_from::<String>(&bytes[..]);
            let _ = reader.read_unlabelled_from(&bytes[..]);
        });
        prop_assert!(memory.bytes_max < (1 << 17) + 400 * bytes.len() as u64, "{} bytes", memory.bytes_max);
    }

    /// A table that is read has as many rows as labels, finite numbers or announced gaps, and is read the
    /// same by its schema, in memory or from a file.
    #[test]
    fn tables_that_are_read_are_read_alike(reader in any_reader(), text in "([ab0-2]{0,2}[,\n\"]){0,40}") {
        if let Ok(table) = reader.read_from::<String>(text.as_bytes()) {
            let set = &table.dataset;
            prop_assert_eq!(set.x.nrows(), set.y.len());
            prop_assert_eq!(set.x.ncols(), table.schema.features());
            let named = set.feature_names.len();
            prop_assert!(named == 0 || named == set.x.ncols());
            prop_assert!(set.x.iter().all(|v| !v.is_infinite()));
            let schema = Schema::from_bytes(&table.schema.to_bytes().unwrap());
            prop_assert_eq!(&schema, &Ok(table.schema.clone()));
            let again = table.schema.read_from::<String>(text.as_bytes()).unwrap();
            let bits = |x: &logit::nalgebra::DMatrix<f64>| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&again.x), bits(&set.x));
            prop_assert_eq!((&again.y, &again.weights), (&set.y, &set.weights));
        }
    }

    /// Any quoted texts that are written are read back.
    #[test]
    fn quoted_texts_come_back(rows in prop::collection::vec(("[^\u{0}]{0,8}", -1e6..1e6f64), 1..10)) {
        let mut text = String::from("label,value\n");
        for (label, value) in &rows {
            text.push_str(&format!("\"{}\",{value}\r\n", label.replace('"', "\"\"")));
        }
        let table = CsvReader::new().label("label").read_from::<String>(text.as_bytes()).unwrap();
        for (row, (label, value)) in rows.iter().enumerate() {
            prop_assert_eq!(&table.dataset.y[row], label.trim());
            prop_assert_eq!(table.dataset.x[row], *value);
        }
    }
}
