//! Findings about data: faults with their healthy twins, healthy data of many kinds, and hostile data.

use logit::data::{self, Blobs, Classification, Dataset, Moons, Xor};
use logit::doctor::{Code, Diagnosis, Finding, Severity, examine_data, examine_split};
use logit::prelude::*;
use logit::{Error, Label, Rng, Rows, StandardScaler};
use nalgebra::{DMatrix, dmatrix};

use crate::common::{normal, overlapping};

const SEEDS: std::ops::Range<u64> = 1..6;

fn examine<L: Label>(set: &Dataset<L>) -> Diagnosis {
    examine_data(set, &set.y).expect("rows and labels of equal number")
}

/// Rows of two classes that overlap, in three columns.
fn healthy(seed: u64) -> Dataset<usize> {
    let (x, y) = overlapping(200, 3, 2, seed);
    Dataset::new(x, y).expect("equal numbers")
}

/// Checks that the change makes the finding, of this severity and first, and that there is no warning
/// without.
fn check<L: Label>(
    code: Code,
    severity: Severity,
    of: impl Fn(u64) -> Dataset<L>,
    break_it: impl Fn(&mut Dataset<L>, u64),
) {
    for seed in SEEDS {
        let twin = of(seed);
        let diagnosis = examine(&twin);
        assert!(diagnosis.is_healthy(), "seed {seed}, twin:\n{diagnosis}");
        assert!(diagnosis.get(code).is_none(), "seed {seed}, twin:\n{diagnosis}");
        let mut fault = twin;
        break_it(&mut fault, seed);
        let diagnosis = examine(&fault);
        let found = diagnosis.get(code).unwrap_or_else(|| panic!("seed {seed}, {code}:\n{diagnosis}"));
        assert_eq!(found.severity, severity, "seed {seed}:\n{diagnosis}");
        if severity > Severity::Info {
            let first = diagnosis.root().map(|finding| finding.code);
            assert_eq!(first, Some(code), "seed {seed}:\n{diagnosis}");
        } else {
            assert!(diagnosis.is_healthy(), "seed {seed}:\n{diagnosis}");
        }
        assert!(found.caused_by.is_none() && !found.why.is_empty() && !found.change.is_empty());
    }
}

fn value(finding: &Finding, name: &str) -> f64 {
    finding.saw.iter().find(|saw| saw.name == name).unwrap_or_else(|| panic!("no {name}: {finding}")).value
}

#[test]
fn a_quantity_read_as_classes() {
    let by_rank = |set: &mut Dataset<usize>, _: u64| {
        set.y = (0..200).map(|row| (30.0 * (set.x[(row, 0)] + 4.0)) as usize).collect();
    };
    check(Code::LabelCoding, Severity::Warning, healthy, by_rank);
    let decimals = |set: &mut Dataset<String>, _: u64| {
        set.y = (0..200).map(|row| format!("{:.1}", set.x[(row, 0)])).collect();
    };
    check(Code::LabelCoding, Severity::Warning, |seed| healthy(seed).map_labels(|y| y.to_string()), decimals);
}

/// Forty classes of five rows are classes.
#[test]
fn many_classes_are_no_quantity() {
    for seed in SEEDS {
        let set = Blobs::new(400, 40).features(6).seed(seed).generate().expect("valid");
        let diagnosis = examine(&set);
        assert!(diagnosis.is_healthy() && diagnosis.get(Code::LabelCoding).is_none(), "{diagnosis}");
    }
}

#[test]
fn integers_that_do_not_count_from_0() {
    let shifted = |set: &mut Dataset<usize>, _: u64| set.y.iter_mut().for_each(|y| *y += 1);
    check(Code::LabelCoding, Severity::Info, healthy, shifted);
    let signs = |set: &mut Dataset<i64>, _: u64| set.y.iter_mut().for_each(|y| *y = 2 * *y - 1);
    check(Code::LabelCoding, Severity::Info, |seed| healthy(seed).map_labels(|y| y as i64), signs);
    let gap = |set: &mut Dataset<usize>, _: u64| set.y.iter_mut().for_each(|y| *y += usize::from(*y > 1));
    let three = |seed| Blobs::new(120, 3).seed(seed).generate().expect("valid");
    check(Code::LabelCoding, Severity::Info, three, gap);
}

#[test]
fn columns_of_different_scales() {
    let large = |set: &mut Dataset<usize>, _: u64| set.x.column_mut(1).scale_mut(600.0);
    check(Code::UnscaledColumns, Severity::Info, healthy, large);
    let far = |set: &mut Dataset<usize>, _: u64| set.x.column_mut(2).add_scalar_mut(1e4);
    check(Code::UnscaledColumns, Severity::Info, healthy, far);
    let small = |set: &mut Dataset<usize>, _: u64| set.x.scale_mut(1e-3);
    check(Code::UnscaledColumns, Severity::Info, healthy, small);
    let diagnosis = examine(&data::breast_cancer());
    let found = diagnosis.get(Code::UnscaledColumns).expect("the raw columns differ");
    assert!(found.why.starts_with("column 23 (`worst area`)"), "{found}");
    let x = data::breast_cancer().x;
    let largest = |x: &DMatrix<f64>| {
        let with_one = x.clone().insert_column(0, 1.0);
        (with_one.transpose() * with_one).symmetric_eigenvalues().max()
    };
    let standard = StandardScaler::new().fit(&x).and_then(|scaler| scaler.transform(&x)).expect("finite");
    let wanted = largest(&x) / largest(&standard);
    let ratio = value(found, "curvature beside standardised columns");
    approx::assert_relative_eq!(ratio, wanted, max_relative = 0.02);
}

#[test]
fn redundant_columns() {
    let constant = |set: &mut Dataset<usize>, _: u64| set.x.column_mut(1).fill(0.3);
    check(Code::RedundantColumns, Severity::Info, healthy, constant);
    let equal = |set: &mut Dataset<usize>, _: u64| set.x = set.x.select_columns(&[0, 1, 2, 1]);
    check(Code::RedundantColumns, Severity::Info, healthy, equal);
    let sum = |set: &mut Dataset<usize>, _: u64| {
        let sum = set.x.column(0) - set.x.column(1) * 5.0;
        set.x.set_column(2, &sum);
    };
    check(Code::RedundantColumns, Severity::Info, healthy, sum);
    let most = |set: &mut Dataset<usize>, _: u64| set.x = set.x.select_columns(&[0, 1, 1, 0, 0]);
    check(Code::RedundantColumns, Severity::Warning, healthy, most);
}

#[test]
fn columns_of_one_value_each() {
    for seed in SEEDS {
        let mut set = healthy(seed);
        assert!(examine(&set).is_healthy());
        set.x = set.x.map(|v| (v / 1e3).trunc());
        let diagnosis = examine(&set);
        let found = diagnosis.get(Code::RedundantColumns).expect("all are 0");
        assert_eq!(found.severity, Severity::Error);
        let conflicts = diagnosis.get(Code::ConflictingRows).expect("all rows are equal");
        let ones = set.y.iter().sum::<usize>() as f64 / 200.0;
        approx::assert_relative_eq!(
            value(conflicts, "best accuracy"),
            ones.max(1.0 - ones),
            max_relative = 1e-12
        );
    }
}

#[test]
fn a_leaked_target() {
    let replaced = |entry: fn(usize, &mut Rng) -> f64| {
        move |set: &mut Dataset<usize>, seed: u64| {
            let mut rng = Rng::new(seed);
            (0..set.y.len()).for_each(|row| set.x[(row, 2)] = entry(set.y[row], &mut rng));
        }
    };
    let (leak, warning) = (Code::LeakedTarget, Severity::Warning);
    check(leak, warning, healthy, replaced(|class, _| class as f64));
    check(leak, warning, healthy, replaced(|class, _| 5.0 - 100.0 * class as f64));
    check(leak, warning, healthy, replaced(|class, rng| class as f64 + 0.01 * rng.standard_normal()));
    check(
        leak,
        warning,
        healthy,
        replaced(|class, rng| {
            let other = rng.below(200) == 0;
            if other { 1.0 - class as f64 } else { class as f64 }
        }),
    );
    // Beside columns that separate the classes well themselves.
    let petals = |seed: u64| {
        let mut set = data::iris().map_labels(|species| species == "setosa");
        let mut order: Vec<usize> = (0..150).collect();
        Rng::new(seed).shuffle(&mut order);
        set = set.rows(&order).expect("rows that exist");
        set
    };
    check(leak, warning, petals, |set, _| {
        (0..150).for_each(|row| set.x[(row, 0)] = if set.y[row] { 1.0 } else { 0.0 });
    });
}

/// A column may be noisy, or strong, and still be a measurement.
#[test]
fn strong_columns_are_no_leak() {
    let noisy = |set: &mut Dataset<usize>, seed: u64| {
        let mut rng = Rng::new(seed);
        (0..set.y.len()).for_each(|row| set.x[(row, 2)] = 4.0 * set.y[row] as f64 + rng.standard_normal());
    };
    for seed in SEEDS {
        let mut set = healthy(seed);
        noisy(&mut set, seed);
        let diagnosis = examine(&set);
        assert!(diagnosis.is_healthy(), "{diagnosis}");
    }
}

#[test]
fn conflicting_rows() {
    let (conflict, warning) = (Code::ConflictingRows, Severity::Warning);
    let corners = |seed: u64| {
        let set = Xor::new(200).seed(seed).generate().expect("valid");
        Dataset::new(set.x.map(|v| v.signum()), set.y).expect("equal numbers")
    };
    check(conflict, warning, corners, |set, seed| {
        let mut rng = Rng::new(seed);
        set.y.iter_mut().for_each(|y| *y ^= rng.below(5) == 0);
    });
    for seed in SEEDS {
        let mut set = corners(seed);
        (0..200).filter(|row| row % 7 == 0).for_each(|row| set.y[row] = !set.y[row]);
        let diagnosis = examine(&set);
        let found = diagnosis.get(conflict).expect("flipped labels");
        // Every corner has fewer flipped rows than others.
        approx::assert_relative_eq!(value(found, "best accuracy"), 171.0 / 200.0, max_relative = 1e-12);
    }
    // One of 200 rows.
    check(conflict, Severity::Info, healthy, |set, _| {
        let other = set.x.row(7).clone_owned();
        set.x.set_row(8, &other);
        set.y[8] = 1 - set.y[7];
    });
    let mut set = healthy(1);
    set.x.set_row(8, &set.x.row(7).clone_owned());
    set.y[8] = 1 - set.y[7];
    let diagnosis = examine(&set);
    let found = diagnosis.get(conflict).expect("a conflict");
    assert!(found.why.contains("such as row 7") && found.why.contains("row 8"), "{found}");
    assert_eq!(value(found, "conflicting rows"), 2.0);
    approx::assert_relative_eq!(value(found, "best accuracy"), 0.995, max_relative = 1e-12);
    approx::assert_relative_eq!(value(found, "best loss"), 0.01 * 2f64.ln(), max_relative = 1e-12);
}

#[test]
fn one_class_and_small_classes() {
    let (few, three) = (Code::TooFewRows, |seed| Blobs::new(90, 3).seed(seed).generate().expect("valid"));
    check(few, Severity::Error, three, |set, _| set.y.fill(2));
    check(few, Severity::Warning, three, |set, _| {
        let rows: Vec<usize> = (0..90).filter(|&row| set.y[row] != 1).collect();
        let one: Vec<usize> = (0..90).filter(|&row| set.y[row] == 1).take(4).collect();
        *set = set.rows(&[rows, one].concat()).expect("rows that exist");
    });
    check(few, Severity::Info, three, |set, _| *set = set.rows(&(0..60).collect::<Vec<_>>()).expect("rows"));
}

#[test]
fn uneven_classes() {
    check(Code::UnevenClasses, Severity::Info, healthy, |set, _| {
        let kept = |row: &usize| set.y[*row] == 0 || row.is_multiple_of(8);
        *set = set.rows(&(0..200).filter(kept).collect::<Vec<_>>()).expect("rows that exist");
    });
}

#[test]
fn rows_sorted_by_label() {
    check(Code::FewSteps, Severity::Info, healthy, |set, _| {
        let mut order: Vec<usize> = (0..200).collect();
        order.sort_by_key(|&row| set.y[row]);
        *set = set.rows(&order).expect("rows that exist");
    });
}

#[test]
fn numbers_that_are_not_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        check(Code::NotFinite, Severity::Error, healthy, |set, _| set.x[(17, 2)] = bad);
    }
    let mut set = healthy(1);
    (set.x[(17, 2)], set.x[(3, 1)], set.x[(17, 0)]) = (f64::NAN, f64::INFINITY, f64::NAN);
    set = set.with_feature_names(["a", "b", "c"]).expect("three names");
    let diagnosis = examine(&set);
    let found = diagnosis.root().expect("a finding");
    assert!(
        found.why.starts_with("2 rows of `x`") && found.why.contains("inf in row 3, column 1 (`b`)"),
        "{found}"
    );
    // The other findings are about the other rows, by their numbers.
    set.x.set_row(9, &set.x.row(5).clone_owned());
    set.y[9] = 1 - set.y[5];
    let diagnosis = examine(&set);
    let found = diagnosis.get(Code::ConflictingRows).expect("a conflict");
    assert!(found.why.contains("row 5") && found.why.contains("row 9"), "{found}");
}

fn silent<L: Label>(name: &str, set: &Dataset<L>) {
    let diagnosis = examine(set);
    assert!(diagnosis.is_healthy(), "{name}:\n{diagnosis}");
}

fn silent_split<L: Label>(name: &str, train: &Dataset<L>, test: &Dataset<L>) {
    let diagnosis = examine_split(train, &train.y, test, &test.y).expect("equal columns");
    assert!(diagnosis.is_healthy(), "{name}:\n{diagnosis}");
}

fn silent_with_splits<L: Label>(name: &str, set: &Dataset<L>) {
    silent(name, set);
    for seed in SEEDS {
        let (train, test) = set.train_test_split(0.25, seed).expect("enough rows");
        silent_split(name, &train, &test);
    }
}

#[test]
fn the_bundled_data_are_healthy() {
    silent_with_splits("iris", &data::iris());
    silent_with_splits("setosa", &data::iris().map_labels(|species| species == "setosa"));
    silent_with_splits("wine", &data::wine());
    silent_with_splits("breast cancer", &data::breast_cancer());
    silent_with_splits("digits", &data::digits());
    silent("zeros", &data::digits().map_labels(|digit| digit == 0));
}

#[test]
fn generated_data_are_healthy() {
    for seed in SEEDS {
        for (classes, deviation) in [(2, 1.0), (2, 0.05), (3, 0.5), (5, 2.0)] {
            let blobs = Blobs::new(300, classes).standard_deviation(deviation).seed(seed);
            silent_with_splits("blobs", &blobs.generate().expect("valid"));
        }
        silent_with_splits("moons", &Moons::new(300).noise(0.1).seed(seed).generate().expect("valid"));
        silent_with_splits("xor", &Xor::new(300).seed(seed).generate().expect("valid"));
        let classification = Classification::new(400, 3).features(10).informative(4).redundant(3).repeated(1);
        silent_with_splits("classification", &classification.seed(seed).generate().expect("valid"));
        let mut rng = Rng::new(seed);
        // Words: most entries are 0, and one row in five occurs twice, with the same label.
        let mut words = DMatrix::from_fn(300, 40, |_, _| f64::from(u8::from(rng.below(10) == 0)));
        (0..60).for_each(|row| words.set_row(row, &words.row(299 - row).clone_owned()));
        let score = |row: usize| (0..40).map(|j| words[(row, j)] * ((j % 3) as f64 - 1.0)).sum::<f64>();
        let y: Vec<bool> = (0..300).map(|row| score(row) > 0.0).collect();
        silent_with_splits("words", &Dataset::new(words, y).expect("equal numbers"));
        // Pixels with an empty border.
        let inner = normal(300, 36, seed);
        let pixels = DMatrix::from_fn(300, 64, |row, j| match (j / 8, j % 8) {
            (r @ 1..7, c @ 1..7) => inner[(row, 6 * (r - 1) + c - 1)].clamp(0.0, 1.0),
            _ => 0.0,
        });
        let y: Vec<bool> = (0..300).map(|row| inner[(row, 0)] + inner[(row, 7)] > 0.0).collect();
        silent_with_splits("pixels", &Dataset::new(pixels, y).expect("equal numbers"));
        // One row in ten is of the rare class.
        let (x, _) = overlapping(400, 4, 2, seed);
        let y: Vec<&str> =
            (0..400).map(|row| if x[(row, 0)] + x[(row, 1)] > 1.8 { "yes" } else { "no" }).collect();
        silent_with_splits("rare", &Dataset::new(x, y).expect("equal numbers"));
    }
}

#[test]
fn shared_rows() {
    for seed in SEEDS {
        let (train, test) = healthy(seed).train_test_split(0.25, seed).expect("enough rows");
        silent_split("twin", &train, &test);
        let fault = |rows: &[usize]| {
            let mut test = test.clone();
            rows.iter().for_each(|&row| test.x.set_row(row, &train.x.row(row + 3).clone_owned()));
            let diagnosis = examine_split(&train, &train.y, &test, &test.y).expect("equal columns");
            let found = diagnosis.get(Code::SharedRows).expect("shared rows").clone();
            assert!(found.why.contains(&format!("test row {} and training row {}", rows[0], rows[0] + 3)));
            (found.severity, value(&found, "share of test rows that equal a training row"))
        };
        assert_eq!(fault(&[4]), (Severity::Info, 0.02));
        assert_eq!(fault(&[4, 8, 9, 20, 31]), (Severity::Warning, 0.1));
        assert_eq!(fault(&(0..50).collect::<Vec<_>>()), (Severity::Error, 1.0));
    }
}

/// Of 3 columns with 3 values each, most rows have an equal one, and splits share them.
#[test]
fn equal_rows_on_both_sides_are_ordinary_in_discrete_data() {
    for seed in SEEDS {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(200, 3, |_, _| rng.below(3) as f64);
        let y: Vec<bool> = (0..200).map(|row| x[(row, 0)] + x[(row, 1)] > 2.0).collect();
        silent_with_splits("discrete", &Dataset::new(x, y).expect("equal numbers"));
    }
}

#[test]
fn test_rows_too_few_or_not_finite() {
    for seed in SEEDS {
        let (train, test) = healthy(seed).train_test_split(0.25, seed).expect("enough rows");
        let few = test.rows(&[0, 1, 2, 3]).expect("rows that exist");
        let diagnosis = examine_split(&train, &train.y, &few, &few.y).expect("equal columns");
        let found = diagnosis.get(Code::TooFewRows).expect("four rows");
        assert_eq!(found.severity, Severity::Warning);
        assert!(found.why.contains("from 0.5101 to 1"), "{found}");
        let mut bad = test.clone();
        bad.x[(3, 1)] = f64::NAN;
        let diagnosis = examine_split(&train, &train.y, &bad, &bad.y).expect("equal columns");
        let found = diagnosis.root().expect("a finding");
        assert_eq!(found.code, Code::NotFinite);
        assert!(found.why.contains("`x_test`") && found.why.contains("row 3, column 1"), "{found}");
    }
}

#[test]
fn test_labels_that_are_coded_otherwise() {
    for seed in SEEDS {
        let (train, test) = healthy(seed).train_test_split(0.25, seed).expect("enough rows");
        silent_split("twin", &train, &test);
        let labels = |y: &[usize]| {
            let diagnosis = examine_split(&train, &train.y, &test, y).expect("equal columns");
            diagnosis.root().map(|finding| (finding.code, finding.severity, finding.why.clone()))
        };
        let shifted: Vec<usize> = test.y.iter().map(|y| y + 1).collect();
        let (code, severity, why) = labels(&shifted).expect("a finding");
        assert_eq!((code, severity), (Code::LabelCoding, Severity::Error));
        assert!(why.contains("shifted by 1"), "{why}");
        let mut rare = test.y.clone();
        rare[7] = 9;
        let (code, severity, why) = labels(&rare).expect("a finding");
        assert_eq!((code, severity), (Code::LabelCoding, Severity::Warning));
        assert!(why.starts_with("1 test row") && why.contains("`9`"), "{why}");
    }
}

#[test]
fn sizes_that_do_not_agree_are_errors() {
    let x = dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0];
    assert!(matches!(examine_data(&x, &[0, 1]), Err(Error::ShapeMismatch { .. } | Error::Transposed { .. })));
    assert!(matches!(examine_data(&DMatrix::<f64>::zeros(0, 2), &[0; 0]), Err(Error::Empty { .. })));
    assert!(matches!(examine_data(&DMatrix::<f64>::zeros(2, 0), &[0, 1]), Err(Error::Empty { .. })));
    let y = [0, 1, 1];
    let narrow = dmatrix![1.0; 2.0];
    assert!(matches!(examine_split(&x, &y, &narrow, &[0, 1]), Err(Error::ShapeMismatch { .. })));
    let (a, b) = (["a", "b"].map(String::from), ["b", "a"].map(String::from));
    let (train, test) = (Rows::from(&x).with_names(&a), Rows::from(&x).with_names(&b));
    let error = examine_split(train.expect("two"), &y, test.expect("two"), &y).expect_err("other names");
    assert!(matches!(error, Error::ColumnNames { .. }), "{error}");
}

/// Numbers at the ends of the range, in every place, neither panic nor become findings that they are not.
#[test]
fn hostile_numbers() {
    let hostile = [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, f64::NAN, f64::INFINITY, 0.0, -0.0, 1e300];
    for &value in &hostile {
        for rows in [1, 2, 7] {
            for columns in [1, 3] {
                let y: Vec<usize> = (0..rows).map(|row| row % 2).collect();
                let all = DMatrix::from_element(rows, columns, value);
                examine_data(&all, &y).expect("equal numbers");
                examine_split(&all, &y, &all, &y).expect("equal numbers");
                let mut one = normal(rows, columns, 1);
                one[(rows - 1, columns - 1)] = value;
                examine_data(&one, &y).expect("equal numbers");
                let single = one.map(|v| v as f32);
                examine_data(&single, &y).expect("equal numbers");
            }
        }
    }
    for seed in SEEDS {
        for factor in [1e305, 1e-305] {
            let mut set = healthy(seed);
            set.x *= factor;
            let diagnosis = examine(&set);
            assert!(diagnosis.is_healthy(), "{factor}:\n{diagnosis}");
            assert!(diagnosis.findings().iter().all(|f| f.saw.iter().all(|saw| saw.value.is_finite())));
        }
    }
}

#[test]
fn findings_are_the_same_each_time_and_for_both_number_types() {
    for seed in SEEDS {
        let mut set = healthy(seed);
        set.x = set.x.select_columns(&[0, 1, 1]);
        assert_eq!(examine(&set), examine(&set));
        let single = set.clone().cast::<f32>();
        let codes = |diagnosis: Diagnosis| {
            diagnosis.findings().iter().map(|f| (f.code, f.severity)).collect::<Vec<_>>()
        };
        let of_single = examine_data(&single, &single.y).expect("equal numbers");
        assert_eq!(codes(of_single), codes(examine(&set)));
    }
}
