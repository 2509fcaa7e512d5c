//! Several sources, one after another.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::Range;

use super::block::Shape;
use super::{LabelledRows, ReadError, RowBlock, RowSource};
use crate::error::{Error, ErrorContext, count, unsupported};
use crate::scalar::{Real, columns, columns_mut};

/// Several sources with the same columns, one after another: the rows of the first come first.
///
/// A fit to a chain returns the model of a fit to all of these rows together, to the bit. Parts without rows
/// are allowed. Put sources of different types into boxes: `Box<dyn RowSource<f64, Label = String>>`.
///
/// # Examples
/// ```
/// use logit::source::{Chain, LabelledRows, RowBlock, RowSource};
/// use nalgebra::dmatrix;
///
/// let (monday, tuesday) = (dmatrix![1.0; 2.0; 3.0], dmatrix![4.0; 5.0]);
/// let week = Chain::new(vec![
///     LabelledRows::new(&monday, &["a", "b", "b"])?,
///     LabelledRows::new(&tuesday, &["a", "b"])?,
/// ])?;
/// assert_eq!(week.rows(), 5);
/// let mut block = RowBlock::for_rows(&week, 2);
/// week.read(2..4, &mut block)?;
/// assert_eq!(block.x(), dmatrix![3.0; 4.0]);
/// assert_eq!(block.labels(), ["b", "a"]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Chain<T: Real, S> {
    parts: Vec<S>,
    /// The number of rows up to the end of each part.
    ends: Vec<usize>,
    entries: PhantomData<T>,
}

impl<T: Real, S: RowSource<T>> Chain<T, S> {
    /// Creates a source of the rows of all `parts`.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no parts, [`Error::ShapeMismatch`] if the numbers of columns of
    /// `x` or of offsets differ, [`Error::ColumnNames`] if the names differ where they are known, and
    /// [`Error::Unsupported`] if only some parts have weights. The [context](Error::context) names the part.
    pub fn new(parts: Vec<S>) -> Result<Self, Error> {
        let Some(first) = parts.first() else {
            return Err(Error::Empty { argument: "parts", axis: "sources" });
        };
        let wanted = Shape::of(first, 0);
        let mut names: Option<(usize, &[String])> = None;
        let mut ends = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            agree(wanted, Shape::of(part, 0))
                .and_then(|()| match (names, part.names()) {
                    (Some(names), Some(own)) => same_names(names, own),
                    _ => Ok(()),
                })
                .map_err(|error| error.within(ErrorContext::Part { index }))?;
            names = names.or_else(|| part.names().map(|names| (index, names)));
            let rows: usize = ends.last().copied().unwrap_or(0);
            ends.push(rows.saturating_add(part.rows()));
        }
        Ok(Chain { parts, ends, entries: PhantomData })
    }

    /// Returns the parts that have some of these rows, with their rows, counted from their first.
    fn sections(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, &S, Range<usize>)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let first = self.ends.partition_point(|&end| end <= rows.start);
        let parts = self.parts.iter().enumerate().zip(starts.zip(&self.ends)).skip(first);
        parts
            .take_while(move |(_, (start, _))| *start < rows.end)
            .map(move |((index, part), (start, &end))| {
                (index, part, rows.start.max(start) - start..rows.end.min(end) - start)
            })
            .filter(|(_, _, own)| !own.is_empty())
    }
}

/// Checks that a part has what the first part has.
fn agree(wanted: Shape, found: Shape) -> Result<(), Error> {
    count("x", "columns", wanted.columns, found.columns)?;
    count("offset", "columns", wanted.offset_columns, found.offset_columns)?;
    if wanted.has_weights == found.has_weights {
        return Ok(());
    }
    let what = "parts of which only some have weights";
    Err(unsupported(what, "Chain", "give weights to all of them, 1 where there are none"))
}

/// Checks that a part has the names of an earlier one.
fn same_names((part, wanted): (usize, &[String]), found: &[String]) -> Result<(), Error> {
    let Some(column) = (0..wanted.len().max(found.len())).find(|&at| wanted.get(at) != found.get(at)) else {
        return Ok(());
    };
    let name =
        |names: &[String]| names.get(column).map_or("without a name".into(), |name| format!("`{name}`"));
    let (found, wanted) = (name(found), name(wanted));
    let reason = format!(
        "column {column} is {found}, but {wanted} in part {part}: give all parts the same columns in the same \
         order"
    );
    Err(Error::ColumnNames { reason })
}

/// Adds the part and its rows to the message of a failed read.
fn of_part(index: usize, rows: &Range<usize>, reason: impl Display) -> ReadError {
    format!(
        "part {index}, whose rows {} to {} are asked for: {reason}",
        rows.start,
        rows.end.saturating_sub(1)
    )
    .into()
}

impl<T: Real, S: RowSource<T>> RowSource<T> for Chain<T, S> {
    type Label = S::Label;

    fn rows(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn columns(&self) -> usize {
        self.parts.first().map_or(0, S::columns)
    }

    fn names(&self) -> Option<&[String]> {
        self.parts.iter().find_map(S::names)
    }

    fn has_weights(&self) -> bool {
        self.parts.first().is_some_and(S::has_weights)
    }

    fn offset_columns(&self) -> usize {
        self.parts.first().map_or(0, S::offset_columns)
    }

    fn read(&self, rows: Range<usize>, block: &mut RowBlock<T, S::Label>) -> Result<(), ReadError> {
        block.check(Shape::of(self, rows.len()))?;
        if rows.end > self.rows() {
            let (index, count) = (rows.end - 1, self.rows());
            return Err(Error::NoSuchIndex { argument: "rows", axis: "row", index, count }.into());
        }
        let mut copy = RowBlock::default();
        let mut done = 0;
        for (index, part, own) in self.sections(rows.clone()) {
            if own.len() == rows.len() {
                return part.read(own.clone(), block).map_err(|reason| of_part(index, &own, reason));
            }
            copy.prepare(Shape::of(part, own.len()));
            part.read(own.clone(), &mut copy)
                .and_then(|()| copy.check(Shape::of(self, own.len())))
                .and_then(|()| Ok(count("labels", "entries", own.len(), copy.labels().len())?))
                .map_err(|reason| of_part(index, &own, reason))?;
            append(block, done, &mut copy);
            done += own.len();
        }
        Ok(())
    }

    fn in_memory(&self) -> Option<LabelledRows<'_, T, S::Label>> {
        match self.parts.as_slice() {
            [only] => only.in_memory(),
            _ => None,
        }
    }
}

/// Moves the rows of a part to the place behind the first `done` rows of a block, where there is room for
/// them.
fn append<T: Real, L>(block: &mut RowBlock<T, L>, done: usize, part: &mut RowBlock<T, L>) {
    let place = done..done + part.rows();
    block.labels_mut().append(part.labels_mut());
    for (to, from) in columns_mut(&mut block.x_mut()).zip(columns(&part.x())) {
        to[place.clone()].copy_from_slice(from);
    }
    if let Some(weights) = part.weights() {
        block.weights_mut()[place.clone()].copy_from_slice(weights);
    }
    if let Some(offset) = part.offset() {
        for (to, from) in columns_mut(&mut block.offset_mut()).zip(columns(&offset)) {
            to[place.clone()].copy_from_slice(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use super::super::checked::read_checked;
    use super::super::encoded::Width;
    use super::*;
    use crate::rows::Rows;

    type Boxed<'a> = Box<dyn RowSource<f64, Label = usize> + 'a>;

    proptest! {
        /// Wherever the rows are cut, and if parts have none.
        #[test]
        fn a_chain_has_the_rows_of_its_parts(
            parts in prop::collection::vec(0usize..7, 1..6), all: bool, cut: (u8, u8),
        ) {
            let rows: usize = parts.iter().sum();
            let x = DMatrix::from_fn(rows, 3, |i, j| (10 * i + j) as f64);
            let offset = DMatrix::from_fn(rows, 2, |i, j| (7 * i + j) as f64);
            let labels: Vec<usize> = (0..rows).collect();
            let weights: Vec<f64> = (0..rows).map(|row| row as f64).collect();
            let mut first = 0;
            let sources = parts.iter().map(|&count| {
                let own = first..first + count;
                first += count;
                let plain = LabelledRows::new(x.rows(own.start, count), &labels[own.clone()]).unwrap();
                match all {
                    false => plain,
                    true => {
                        let weighted = plain.weights(&weights[own.clone()]).unwrap();
                        weighted.offset(offset.rows(own.start, count)).unwrap()
                    }
                }
            });
            let chain = Chain::new(sources.map(|part| Box::new(part) as Boxed<'_>).collect()).unwrap();
            prop_assert_eq!((chain.rows(), chain.columns()), (rows, 3));
            let (first, last) = (usize::from(cut.0) % (rows + 1), usize::from(cut.1) % (rows + 1));
            let range = first.min(last)..first.max(last);
            let mut block = RowBlock::default();
            read_checked(&chain, Width::of(&chain), range.clone(), &mut block).unwrap();
            prop_assert_eq!(block.x(), x.rows(range.start, range.len()));
            prop_assert_eq!(block.labels(), &labels[range.clone()]);
            prop_assert_eq!(block.weights(), all.then_some(&weights[range.clone()]));
            prop_assert_eq!(block.offset(), all.then(|| offset.rows(range.start, range.len())));
            prop_assert_eq!(chain.in_memory().is_some(), parts.len() == 1);
        }
    }

    #[test]
    fn parts_must_agree() {
        let (x, y) = (DMatrix::from_element(2, 3, 0.0), [0, 1]);
        let names = |names: [&str; 3]| names.map(str::to_owned);
        let (abc, acb) = (names(["a", "b", "c"]), names(["a", "c", "b"]));
        let plain = LabelledRows::new(&x, &y).unwrap();
        let named = |names| LabelledRows::new(Rows::from(&x).with_names(names).unwrap(), &y).unwrap();
        let text = |parts: Vec<LabelledRows<'_, f64, i32>>| Chain::new(parts).unwrap_err().to_string();
        assert_eq!(text(vec![]), "`parts` has no sources: at least one is needed");
        let narrow = LabelledRows::new(x.columns(0, 2), &y).unwrap();
        assert_eq!(text(vec![plain, plain, narrow]), "part 2: `x` has 2 columns, expected 3");
        let weighted = plain.weights(&[1.0; 2]).unwrap();
        assert_eq!(
            text(vec![plain, weighted]),
            "part 1: Chain does not support parts of which only some have weights: give weights to all of \
             them, 1 where there are none"
        );
        let shifted = plain.offset(x.columns(0, 1)).unwrap();
        assert_eq!(text(vec![shifted, plain]), "part 1: `offset` has 0 columns, expected 1");
        assert_eq!(
            text(vec![plain, named(&abc), plain, named(&acb)]),
            "part 3: column 1 is `c`, but `b` in part 1: give all parts the same columns in the same order"
        );
        let chain = Chain::new(vec![plain, named(&abc), plain]).unwrap();
        assert_eq!(chain.names(), Some(&abc[..]));
    }

    /// The number of labels that a source writes is wrong, or it fails.
    struct Broken(Option<usize>);

    impl RowSource<f64> for Broken {
        type Label = usize;

        fn rows(&self) -> usize {
            5
        }

        fn columns(&self) -> usize {
            1
        }

        fn read(&self, _: Range<usize>, block: &mut RowBlock<f64, usize>) -> Result<(), ReadError> {
            let count = self.0.ok_or("the connection is lost")?;
            block.x_mut().fill(1.0);
            block.labels_mut().resize(count, 0);
            Ok(())
        }
    }

    #[test]
    fn errors_name_the_part_and_its_rows() {
        let x = DMatrix::from_element(4, 1, f64::NAN);
        let labels = [0; 4];
        let read = |broken, rows| {
            let good: Boxed<'_> = Box::new(LabelledRows::new(&x, &labels).unwrap());
            let chain = Chain::new(vec![good, Box::new(broken)]).unwrap();
            read_checked(&chain, Width::of(&chain), rows, &mut RowBlock::default()).unwrap_err().to_string()
        };
        let lost = "part 1, whose rows 1 to 2 are asked for: the connection is lost";
        assert_eq!(read(Broken(None), 5..7), format!("reading rows 5 to 6 failed: {lost}"));
        let lost = "part 1, whose rows 0 to 2 are asked for: the connection is lost";
        assert_eq!(read(Broken(None), 2..7), format!("reading rows 2 to 6 failed: {lost}"));
        let labels = "part 1, whose rows 0 to 2 are asked for: `labels` has 2 entries, expected 3";
        assert_eq!(read(Broken(Some(2)), 2..7), format!("reading rows 2 to 6 failed: {labels}"));
        // Numbers are named by their rows in the chain.
        let infinite = read(Broken(Some(3)), 2..7);
        assert_eq!(infinite, "column 0 of `x` is not finite at row 2 (NaN): remove or impute it first");
        assert!(
            read(Broken(Some(3)), 8..10)
                .contains("`rows` refers to row 9, but there are only 9 rows (0 to 8)")
        );
    }
}
