//! How well each column alone separates the classes.

use crate::rows::Rows;
use crate::scalar::{Real, column, max_abs, power_of_two};

/// What a single column says about the classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Separation {
    /// The share of the variance that is within classes.
    pub(super) within: f64,
    /// The smallest distance between the means of two classes, in units of the largest standard deviation
    /// within a class; 0 if the ranges of two classes overlap.
    pub(super) distance: f64,
    /// The same distance, not set to 0 if the ranges of two classes overlap.
    pub(super) apart: f64,
    /// The largest standard deviation within a class.
    pub(super) spread: f64,
    /// The means of the classes, in ascending order of the smallest value of each.
    pub(super) means: Vec<f64>,
    /// The values of the column with the number of rows of each class, if there are no more values than
    /// classes.
    pub(super) values: Option<Vec<(f64, Vec<usize>)>>,
    /// Whether each entry is by 1 larger, or each by 1 smaller, than the one before.
    pub(super) counts_rows: bool,
}

/// The entries of one class in one column.
#[derive(Clone)]
struct OfClass {
    rows: f64,
    mean: f64,
    squares: f64,
    low: f64,
    high: f64,
}

impl Separation {
    /// Measures a column that is not constant, with `present` classes of indices below `count`.
    pub(super) fn new<T: Real>(
        x: Rows<'_, T>,
        j: usize,
        classes: &[usize],
        count: usize,
        present: usize,
    ) -> Self {
        let entries = column(&x, j);
        // In units of a power of two, squares do not overflow.
        let unit = power_of_two(max_abs(entries));
        let empty =
            OfClass { rows: 0.0, mean: 0.0, squares: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY };
        let mut of_class = vec![empty; count];
        let mut values: Option<Vec<(f64, Vec<usize>)>> = Some(Vec::new());
        for (v, &class) in entries.iter().zip(classes) {
            let v = v.as_f64();
            of_class[class].add(v / unit);
            values = values.and_then(|values| tally(values, v, class, count, present));
        }
        of_class.retain(|class| class.rows > 0.0);
        of_class.sort_by(|a, b| a.low.total_cmp(&b.low));
        let rows: f64 = of_class.iter().map(|class| class.rows).sum();
        let mean = of_class.iter().map(|class| class.rows * class.mean).sum::<f64>() / rows;
        let between: f64 = of_class.iter().map(|class| class.rows * (class.mean - mean).powi(2)).sum();
        let within: f64 = of_class.iter().map(|class| class.squares).sum();
        let overlap = of_class.windows(2).any(|pair| pair[0].high >= pair[1].low);
        let spread = of_class.iter().map(|class| (class.squares / class.rows).sqrt()).fold(0.0, f64::max);
        let gaps = of_class.windows(2).map(|pair| pair[1].mean - pair[0].mean);
        let apart = gaps.fold(f64::INFINITY, f64::min) / spread;
        Separation {
            within: if within + between > 0.0 { within / (within + between) } else { 1.0 },
            distance: if overlap { 0.0 } else { apart },
            apart,
            spread: spread * unit,
            means: of_class.iter().map(|class| class.mean * unit).collect(),
            values,
            counts_rows: counts_rows(entries),
        }
    }

    /// Returns the largest share of the rows of a class whose value is that of another class, if there is one
    /// value for each class.
    pub(super) fn error_as_label(&self, class_rows: &[usize]) -> Option<f64> {
        let values = self.values.as_ref()?;
        let mut taken = vec![false; class_rows.len()];
        let mut error = 0.0f64;
        for (_, counts) in values {
            let class = (0..counts.len()).max_by(|&a, &b| {
                let share = |class: usize| counts[class] as f64 / (class_rows[class] as f64).max(1.0);
                share(a).total_cmp(&share(b))
            })?;
            if std::mem::replace(&mut taken[class], true) {
                return None;
            }
            error = error.max(1.0 - counts[class] as f64 / class_rows[class] as f64);
        }
        let all = class_rows.iter().zip(&taken).all(|(&rows, &taken)| taken == (rows > 0));
        all.then_some(error)
    }

    /// Returns the class of which the column, with two values, is the indicator.
    pub(super) fn indicates(&self, class_rows: &[usize]) -> Option<usize> {
        let [(_, first), (_, second)] = self.values.as_deref()? else { return None };
        let only = |counts: &[usize]| {
            let mut classes = (0..counts.len()).filter(|&class| counts[class] > 0);
            let class = classes.next()?;
            (classes.next().is_none() && counts[class] == class_rows[class]).then_some(class)
        };
        // Either value may stand for the class.
        only(second).or_else(|| only(first))
    }
}

impl OfClass {
    fn add(&mut self, v: f64) {
        self.rows += 1.0;
        let deviation = v - self.mean;
        self.mean += deviation / self.rows;
        self.squares += deviation * (v - self.mean);
        self.low = self.low.min(v);
        self.high = self.high.max(v);
    }
}

/// Counts a value of a class. Returns `None` if there are more values than classes.
fn tally(
    mut values: Vec<(f64, Vec<usize>)>,
    v: f64,
    class: usize,
    count: usize,
    present: usize,
) -> Option<Vec<(f64, Vec<usize>)>> {
    let at = values.iter().position(|(value, _)| *value == v);
    if at.is_none() {
        if values.len() == present {
            return None;
        }
        values.push((v, vec![0; count]));
    }
    let at = at.unwrap_or(values.len() - 1);
    values[at].1[class] += 1;
    Some(values)
}

/// Returns whether the entries go up, or down, in steps of 1.
fn counts_rows<T: Real>(entries: &[T]) -> bool {
    let steps = |step: f64| entries.windows(2).all(|pair| pair[1].as_f64() - pair[0].as_f64() == step);
    steps(1.0) || steps(-1.0)
}
