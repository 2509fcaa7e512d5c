//! The check that models of splits know the classes that they are evaluated on.

use super::split::Split;
use crate::error::Error;
use crate::label::Label;

/// The classes that the training rows of each split must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needed {
    /// The classes of the split's own test rows.
    Tested,
    /// The classes of all rows that are in a split.
    All,
}

/// Checks that the training rows of each split have the `needed` classes.
///
/// # Errors
/// Returns [`Error::ClassNotInSplit`] for the first split and the lowest class for which they do not.
pub(super) fn check<L: Label>(splits: &[Split], y: &[L], needed: Needed) -> Result<(), Error> {
    let mut classes: Vec<&L> = y.iter().collect();
    classes.sort_unstable();
    classes.dedup();
    // A label that does not equal itself has no class. The fit refuses it.
    let class_of = |&row: &usize| classes.binary_search(&&y[row]).ok();
    let of_rows: Vec<Option<usize>> = (0..y.len()).map(|row| class_of(&row)).collect();
    let mark = |marks: &mut Vec<bool>, rows: &[usize]| {
        rows.iter().filter_map(|&row| of_rows[row]).for_each(|class| marks[class] = true);
    };
    let none = vec![false; classes.len()];
    let mut all = none.clone();
    splits.iter().for_each(|split| [&split.train, &split.test].iter().for_each(|rows| mark(&mut all, rows)));
    for (split, Split { train, test }) in splits.iter().enumerate() {
        let (mut trained, mut tested) = (none.clone(), none.clone());
        mark(&mut trained, train);
        mark(&mut tested, test);
        let needed = if needed == Needed::All { &all } else { &tested };
        if let Some(class) = (0..classes.len()).find(|&class| needed[class] && !trained[class]) {
            return Err(Error::ClassNotInSplit { label: format!("{:?}", classes[class]), split });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Needed, check};
    use crate::error::Error;
    use crate::select::Split;

    #[test]
    fn a_class_without_training_rows_is_named_with_its_split() {
        let y = ["a", "b", "c", "a", "b", "c"];
        let split = |train: &[usize], test: &[usize]| Split { train: train.into(), test: test.into() };
        let whole = split(&[0, 1, 2], &[3, 4, 5]);
        let without_b = split(&[0, 2, 3], &[5]);
        let missing = |label: &str, split| Err(Error::ClassNotInSplit { label: format!("{label:?}"), split });
        assert_eq!(check(std::slice::from_ref(&whole), &y, Needed::All), Ok(()));
        assert_eq!(check(&[whole.clone(), without_b.clone()], &y, Needed::Tested), Ok(()));
        assert_eq!(check(&[whole.clone(), without_b], &y, Needed::All), missing("b", 1));
        assert_eq!(check(&[whole, split(&[0, 1], &[2, 3])], &y, Needed::Tested), missing("c", 1));
        // Rows that are in no split have no say.
        assert_eq!(check(&[split(&[0, 1], &[3, 4])], &y, Needed::All), Ok(()));
    }
}
