//! Labels as values: quantities, and integers that do not count from 0.

use super::terms::label;
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::label::{Label, integer, plain};

/// The number of classes from which labels with decimal places are a quantity.
const DECIMALS: usize = 20;

/// The number of integers from which those with gaps may be a quantity.
const SPREAD: usize = 50;

/// Returns the findings about the values of the classes, in ascending order, in `rows` rows.
pub(super) fn findings<L: Label>(classes: &[L], rows: usize) -> Vec<Finding> {
    if classes.len() < 2 {
        return Vec::new();
    }
    let integers: Option<Vec<i128>> = classes.iter().map(integer).collect();
    match integers {
        Some(integers) => of_integers(&integers).into_iter().collect(),
        None => with_decimals(classes, rows).into_iter().collect(),
    }
}

/// Labels that are numbers with decimal places.
fn with_decimals<L: Label>(classes: &[L], rows: usize) -> Option<Finding> {
    if classes.len() < DECIMALS {
        return None;
    }
    let values: Vec<f64> = classes.iter().filter_map(number).collect();
    let fractions = values.iter().filter(|value| value.fract() != 0.0).count();
    if values.len() < classes.len() || 2 * fractions < values.len() {
        return None;
    }
    let why = format!(
        "the labels are {} different numbers with decimal places, such as {}: a quantity, not classes",
        classes.len(),
        label(&classes[classes.len() / 2])
    );
    let change = "divide the quantity into a few ranges, or use a method for regression";
    let finding = Finding::new(Code::LabelCoding, Severity::Warning, why, change);
    Some(finding.saw("classes", classes.len() as f64).saw("rows", rows as f64))
}

/// Returns the number that a label shows, also within a wrapper such as `OrderedFloat(0.5)`.
fn number<L: Label>(label: &L) -> Option<f64> {
    let text = plain(label);
    let inner = text.rsplit_once('(').map_or(text.as_str(), |(_, rest)| rest.trim_end_matches(')'));
    inner.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

/// Labels that are integers, in ascending order, but not those from 0 on.
fn of_integers(values: &[i128]) -> Option<Finding> {
    let (&first, &last) = (values.first()?, values.last()?);
    let count = values.len();
    let places = last.checked_sub(first)?.checked_add(1)?;
    let contiguous = places == count as i128;
    let (why, change) = if contiguous && first == 1 {
        (
            format!("the labels are the integers from 1 to {last}, not from 0 to {}", last - 1),
            "nothing for an `Estimator`, which encodes labels; subtract 1 where a loss takes class indices",
        )
    } else if values == [-1, 1] {
        (
            "the labels are -1 and 1, not 0 and 1".to_owned(),
            "nothing for an `Estimator`, which encodes labels; use 0 and 1 where a loss takes class indices",
        )
    } else if first == 0 && !contiguous && count > 2 && places <= 2 * count as i128 {
        let missing = (0..places).find(|value| values.binary_search(value).is_err())?;
        (
            format!("the labels are integers from 0 to {last}, but label {missing} never occurs"),
            "nothing if there is no such class; otherwise find out where its rows were lost",
        )
    } else if !contiguous && count >= SPREAD {
        (
            format!(
                "the labels are {count} different integers from {first} to {last}, with gaps between them"
            ),
            "nothing if each is the number of a class; otherwise divide the quantity into a few ranges",
        )
    } else {
        return None;
    };
    let finding = Finding::new(Code::LabelCoding, Severity::Info, why, change);
    Some(finding.saw("smallest label", first as f64).saw("largest label", last as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_do_not_count_from_0_are_a_remark() {
        let why = |values: &[i64]| {
            let found = findings(values, 100);
            assert!(found.iter().all(|finding| finding.severity == Severity::Info));
            found.into_iter().next().map(|finding| finding.why)
        };
        assert_eq!(why(&[0, 1, 2]), None);
        assert_eq!(why(&[4, 5, 6]), None);
        assert_eq!(why(&[i64::MIN, i64::MAX]), None);
        assert_eq!(why(&[1, 2, 3]).unwrap(), "the labels are the integers from 1 to 3, not from 0 to 2");
        assert_eq!(why(&[-1, 1]).unwrap(), "the labels are -1 and 1, not 0 and 1");
        let gap = why(&[0, 1, 3]).unwrap();
        assert_eq!(gap, "the labels are integers from 0 to 3, but label 2 never occurs");
        let spread: Vec<i64> = (0..60).map(|i| 25 + 3 * i).collect();
        assert!(why(&spread).unwrap().contains("60 different integers from 25 to 202"));
    }

    #[test]
    fn decimal_places_are_a_quantity() {
        let texts: Vec<String> = (10..40).map(|i| format!("{:.1}", f64::from(i) / 10.0)).collect();
        let [finding] = &findings(&texts, 900)[..] else { panic!("one finding") };
        assert_eq!((finding.code, finding.severity), (Code::LabelCoding, Severity::Warning));
        assert!(findings(&texts[..10], 900).is_empty());
        let codes: Vec<String> = (10..40).map(|i| format!("{i}.x")).collect();
        assert!(findings(&codes, 900).is_empty());
        assert_eq!(number(&"OrderedFloat(0.5)"), Some(0.5));
    }
}
