//! The answer in exact arithmetic, for a few rows of small integers.

/// A quotient in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fraction(i128, i128);

impl Fraction {
    fn new(above: i128, below: i128) -> Self {
        let (mut a, mut b) = (above.abs(), below.abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = a.max(1) * below.signum();
        Fraction(above / divisor, below / divisor)
    }

    fn times(self, other: Self) -> Self {
        Fraction::new(self.0 * other.0, self.1 * other.1)
    }

    fn over(self, other: Self) -> Self {
        Fraction::new(self.0 * other.1, self.1 * other.0)
    }

    fn minus(self, other: Self) -> Self {
        Fraction::new(self.0 * other.1 - other.0 * self.1, self.1 * other.1)
    }
}

/// The reduced row echelon form, and the columns of its pivots.
fn echelon(rows: &[Vec<i128>]) -> (Vec<Vec<Fraction>>, Vec<usize>) {
    let mut rows: Vec<Vec<Fraction>> =
        rows.iter().map(|row| row.iter().map(|&x| Fraction::new(x, 1)).collect()).collect();
    let mut pivots = Vec::new();
    for column in 0..rows.first().map_or(0, Vec::len) {
        let top = pivots.len();
        let Some(found) = (top..rows.len()).find(|&row| rows[row][column].0 != 0) else { continue };
        rows.swap(top, found);
        let pivot = rows[top][column];
        rows[top].iter_mut().for_each(|x| *x = x.over(pivot));
        let above = rows[top].clone();
        for (at, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != top) {
            let factor = row[column];
            assert!(at != top);
            row.iter_mut().zip(&above).for_each(|(x, &p)| *x = x.minus(factor.times(p)));
        }
        pivots.push(column);
    }
    (rows, pivots)
}

/// Which constraints some direction meets strictly while it violates none.
///
/// Where the columns are independent, the cone of directions is the sum of its extreme rays, each of which is
/// fixed up to its length by rank - 1 constraints that it meets with equality: all of them are tried.
fn strict(constraints: &[Vec<i128>]) -> Vec<bool> {
    let (_, independent) = echelon(constraints);
    let rank = independent.len();
    let mut strict = vec![false; constraints.len()];
    if rank == 0 {
        return strict;
    }
    let reduced: Vec<Vec<i128>> =
        constraints.iter().map(|row| independent.iter().map(|&j| row[j]).collect()).collect();
    subsets(reduced.len(), rank - 1, &mut |subset| {
        let tight: Vec<Vec<i128>> = subset.iter().map(|&row| reduced[row].clone()).collect();
        let (form, pivots) = echelon(&tight);
        if pivots.len() + 1 != rank {
            return;
        }
        let free = (0..rank).find(|j| !pivots.contains(j)).expect("one coordinate without a pivot");
        let mut ray = vec![Fraction::new(0, 1); rank];
        ray[free] = Fraction::new(1, 1);
        for (row, &pivot) in pivots.iter().enumerate() {
            ray[pivot] = Fraction::new(0, 1).minus(form[row][free]);
        }
        let product = |row: &Vec<i128>| {
            let zero = Fraction::new(0, 1);
            let terms = row.iter().zip(&ray).map(|(&a, &v)| v.times(Fraction::new(a, 1)));
            zero.minus(terms.fold(zero, |sum, term| sum.minus(term))).0
        };
        let margins: Vec<i128> = reduced.iter().map(|row| -product(row)).collect();
        for sign in [1, -1] {
            if margins.iter().all(|margin| sign * margin >= 0) {
                strict.iter_mut().zip(&margins).for_each(|(strict, &margin)| *strict |= margin != 0);
            }
        }
    });
    strict
}

fn subsets(count: usize, size: usize, each: &mut impl FnMut(&[usize])) {
    fn extend(chosen: &mut Vec<usize>, count: usize, size: usize, each: &mut impl FnMut(&[usize])) {
        if chosen.len() == size {
            return each(chosen);
        }
        for next in chosen.last().map_or(0, |last| last + 1)..count {
            chosen.push(next);
            extend(chosen, count, size, each);
            chosen.pop();
        }
    }
    extend(&mut Vec::new(), count, size, each);
}

/// The constraints that some separating direction meets strictly: for each row and each other class in turn.
/// Only the columns that `columns` names take part.
pub(super) fn strict_rivals(
    x: &[Vec<i128>],
    classes: &[usize],
    count: usize,
    intercept: bool,
    columns: &[usize],
) -> Vec<bool> {
    let mut constraints = Vec::new();
    for (row, &class) in x.iter().zip(classes) {
        let unit: Vec<i128> =
            columns.iter().map(|&j| row[j]).chain(intercept.then_some(1)).collect::<Vec<i128>>();
        for rival in (0..count).filter(|&k| k != class) {
            // The scores of the first class are zero: a shift common to all changes nothing.
            let sign = |k: usize| i128::from(k == class) - i128::from(k == rival);
            constraints.push((1..count).flat_map(|k| unit.iter().map(move |&x| sign(k) * x)).collect());
        }
    }
    strict(&constraints)
}

#[test]
fn known_answers() {
    let x = |values: &[i128]| values.iter().map(|&v| vec![v]).collect::<Vec<_>>();
    let y = [0, 0, 1, 1];
    assert_eq!(strict_rivals(&x(&[1, 2, 3, 4]), &y, 2, true, &[0]), [true; 4]);
    assert_eq!(strict_rivals(&x(&[1, 2, 2, 4]), &y, 2, true, &[0]), [true, false, false, true]);
    assert_eq!(strict_rivals(&x(&[1, 3, 2, 4]), &y, 2, true, &[0]), [false; 4]);
    assert_eq!(strict_rivals(&x(&[1, 2, 3, 4]), &y, 2, false, &[0]), [false; 4]);
}
