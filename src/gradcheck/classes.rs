//! Causes that affect the rows of single classes.

use std::fmt::Debug;

use nalgebra::DMatrix;

use super::Cause;
use super::by_rows::RowFunction;
use super::difference::Derivative;
use super::elementwise::{Suspect, derivative_at};
use crate::rng::Rng;

/// The largest number of classes that are compared.
const CLASSES: usize = 100;

/// The number of entries compared in each tensor.
const PROBES: usize = 16;

/// Gradients that differ by less than this, relative to their size, count as equal.
const UNCHANGED: f64 = 1e-12;

/// The result of a search.
pub(super) struct Search {
    pub(super) causes: Vec<Cause>,
    /// The rows of the classes that do not contribute.
    pub(super) silent: Vec<usize>,
}

/// Compares the gradients on the rows of each class, in the listed tensors.
pub(super) fn search<L, F>(suspect: &Suspect<'_>, data: &mut RowFunction<'_, L, F>, parts: &[usize]) -> Search
where
    L: Clone + PartialEq + Debug,
    F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
{
    let nothing = Search { causes: Vec::new(), silent: Vec::new() };
    let Some(classes) = classes(data.y) else { return nothing };
    let verdicts: Vec<Verdict> = classes.iter().map(|rows| Verdict::on(suspect, data, parts, rows)).collect();
    let name = |class: usize| format!("{:?}", data.y[classes[class][0]]);
    let those = |wanted: &dyn Fn(&Verdict) -> bool| -> Vec<usize> {
        (0..classes.len()).filter(|&class| wanted(&verdicts[class])).collect()
    };
    let (silent, heard) = (those(&|verdict| verdict.silent), those(&|verdict| !verdict.silent));
    // If no class contributes, the cause is not in the classes.
    let silent = if heard.iter().any(|&class| verdicts[class].contributes) { silent } else { Vec::new() };
    let mut causes: Vec<Cause> = silent
        .iter()
        .map(|&class| Cause::ClassWithoutGradient {
            label: name(class),
            rows: classes[class].len(),
            derivative: verdicts[class].derivative,
        })
        .collect();
    let names = |classes: Vec<usize>| classes.into_iter().map(name).collect::<Vec<String>>();
    let wrong = names(those(&|verdict| verdict.wrong && !verdict.silent));
    let right = names(those(&|verdict| !verdict.wrong && verdict.informative));
    if !wrong.is_empty() && !right.is_empty() {
        causes.push(Cause::ClassesDiffer { wrong, right });
    }
    Search { causes, silent: silent.into_iter().flat_map(|class| classes[class].clone()).collect() }
}

/// Returns the rows of each label, in the order of their first rows; `None` if classes cannot be compared.
fn classes<L: PartialEq>(y: &[L]) -> Option<Vec<Vec<usize>>> {
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (row, label) in y.iter().enumerate() {
        match classes.iter().position(|rows| y[rows[0]] == *label) {
            Some(class) => classes[class].push(row),
            None if classes.len() == CLASSES => return None,
            None => classes.push(vec![row]),
        }
    }
    (classes.len() > 1 && classes.len() < y.len()).then_some(classes)
}

/// The result of a comparison on the rows of a class.
struct Verdict {
    wrong: bool,
    /// Whether a derivative is well above the noise of differences.
    informative: bool,
    /// Whether the gradient changes with the rows.
    contributes: bool,
    /// Whether the gradient is wrong and stays the same when the rows change, although the loss changes.
    silent: bool,
    /// The largest derivative in absolute value.
    derivative: f64,
}

impl Verdict {
    fn on<L, F>(
        suspect: &Suspect<'_>,
        data: &mut RowFunction<'_, L, F>,
        parts: &[usize],
        rows: &[usize],
    ) -> Self
    where
        L: Clone,
        F: FnMut(&DMatrix<f64>, &[L], &[f64], &mut [f64]) -> f64,
    {
        let check = suspect.check;
        let params = &suspect.point.params;
        let (x, y) = data.repeated(rows);
        let mut rng = Rng::new(check.seed);
        let elsewhere = x.map(|v| v + v.abs().max(1.0) * rng.uniform(-0.5, 0.5));
        let mut gradient = |x: &DMatrix<f64>| {
            let mut gradient = vec![f64::NAN; params.len()];
            data.on(x, &y)(params, &mut gradient);
            gradient
        };
        let (here, there) = (gradient(&x), gradient(&elsewhere));
        let mut verdict =
            Verdict { wrong: false, informative: false, contributes: false, silent: false, derivative: 0.0 };
        let (mut size, mut change, mut depends) = (0.0f64, 0.0f64, false);
        for &number in parts {
            let part = &suspect.layout.parts[number];
            for index in part.range.clone() {
                size = size.max(here[index].abs());
                change = change.max((here[index] - there[index]).abs());
            }
            let wrong: Vec<usize> =
                suspect.comparisons.iter().filter(|entry| entry.wrong).map(|e| e.index).collect();
            let inside: Vec<usize> = wrong.into_iter().filter(|index| part.range.contains(index)).collect();
            for &index in inside.iter().step_by(inside.len().div_ceil(PROBES).max(1)) {
                let slope = derivative_at(check, params, index, &mut data.on(&x, &y));
                let moved = derivative_at(check, params, index, &mut data.on(&elsewhere, &y));
                let Derivative::Smooth(slope) = slope else { continue };
                let allowed = 10.0 * (check.absolute + check.relative * slope.abs());
                let error = (here[index] - slope).abs();
                verdict.wrong |= error.is_nan() || error > allowed;
                verdict.informative |= suspect.informative(slope);
                if slope.abs() > verdict.derivative.abs() {
                    verdict.derivative = slope;
                }
                if let Derivative::Smooth(moved) = moved {
                    depends |= suspect.informative(moved - slope);
                }
            }
        }
        verdict.contributes = change > UNCHANGED * size.max(verdict.derivative.abs());
        verdict.silent = verdict.wrong && depends && !verdict.contributes;
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_need_fewer_labels_than_rows() {
        assert_eq!(classes(&[1.0, 0.0, 1.0]), Some(vec![vec![0, 2], vec![1]]));
        assert_eq!(classes(&[1.0, 0.0, 0.5]), None);
        assert_eq!(classes(&["a", "a"]), None);
        assert_eq!(classes(&(0..300).map(|row| row % 101).collect::<Vec<_>>()), None);
    }
}
