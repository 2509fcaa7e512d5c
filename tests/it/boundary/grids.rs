//! Lines through numbers on a grid, including numbers equal to the level.

use logit::Rng;
use logit::boundary::{Bounds, Contour, Polyline, contour, contour_of_grid};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

use super::kit::*;
use super::level_sets::Function;

fn square(n: usize) -> Bounds {
    Bounds::new((0.0, (n - 1) as f64), (0.0, (n - 1) as f64)).expect("bounds")
}

fn of(values: &DMatrix<f64>, level: f64) -> Contour {
    let ends = |n: usize| (0.0, (n - 1) as f64);
    contour_of_grid(values, level, Bounds::new(ends(values.ncols()), ends(values.nrows())).expect("bounds"))
        .expect("finite values")
}

#[test]
fn a_line_through_points_of_the_grid_has_each_once() {
    // x - y: the level passes through the diagonal.
    let found = of(&DMatrix::from_fn(6, 6, |row, column| column as f64 - row as f64), 0.0);
    assert_eq!(found.lines().len(), 1);
    let mut points = found.lines()[0].points.clone();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    assert_eq!(points, (0..6).map(|i| [i as f64, i as f64]).collect::<Vec<_>>());
    // A column of points on the level.
    let found = of(&DMatrix::from_fn(4, 5, |_, column| column as f64 - 2.0), 0.0);
    assert_eq!(found.lines().len(), 1);
    assert_eq!(found.lines()[0].points, [[2.0, 3.0], [2.0, 2.0], [2.0, 1.0], [2.0, 0.0]]);
    // A diamond through four points.
    let found = of(
        &DMatrix::from_fn(5, 5, |row, column| {
            (1 - (row as i64 - 2).abs() - (column as i64 - 2).abs()) as f64
        }),
        0.0,
    );
    assert_eq!(found.lines().len(), 1);
    assert!(found.lines()[0].closed);
    assert_eq!(found.lines()[0].points.len(), 4);
}

#[test]
fn a_polished_line_through_points_of_the_grid_has_each_once() {
    let model = Function(|x: f64, y: f64| 1.0 / (1.0 + (3.0 * (y - x)).exp()));
    let found = contour(&model, 0.5, square(6), 6).expect("a contour");
    assert_eq!(found.lines().len(), 1);
    let mut points = found.lines()[0].points.clone();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    assert_eq!(points, (0..6).map(|i| [i as f64, i as f64]).collect::<Vec<_>>());
}

#[test]
fn single_points_at_the_level_are_no_lines() {
    let mut values = DMatrix::from_element(5, 5, 1.0);
    values[(2, 2)] = 0.0;
    assert!(of(&values, 0.0).lines().is_empty() && of(&values, 0.0).is_reached());
    assert!(of(&values, 0.5).lines()[0].closed);
    assert!(!of(&DMatrix::zeros(3, 3), 0.0).is_reached());
}

#[test]
fn the_mean_of_the_corners_resolves_saddles() {
    let joined = of(&dmatrix![3.0, 0.0; 0.0, 3.0], 1.0);
    let parted = of(&dmatrix![3.0, 0.0; 0.0, 3.0], 2.0);
    // Joined: the low corners (1, 0) and (0, 1) are cut off.
    let ends = |line: &Polyline| (line.points[0], line.points[1]);
    assert_eq!(
        joined.lines().iter().map(ends).collect::<Vec<_>>(),
        [([2.0 / 3.0, 0.0], [1.0, 1.0 / 3.0]), ([1.0 / 3.0, 1.0], [0.0, 2.0 / 3.0])]
    );
    let cut_high = parted.lines().iter().map(ends).any(|(a, b)| a[1] == 0.0 && b[0] == 0.0);
    assert!(cut_high && parted.lines().len() == 2, "{parted:?}");
}

#[test]
fn numbers_near_the_largest_do_not_overflow() {
    let found = of(&dmatrix![f64::MAX, -f64::MAX; f64::MAX, -f64::MAX], 0.0);
    assert_eq!(found.lines()[0].points, [[0.5, 0.0], [0.5, 1.0]]);
    let found = of(&dmatrix![f64::MAX, -f64::MAX; -f64::MAX, f64::MAX], -f64::MAX);
    assert!(found.lines().iter().all(|line| line.points.iter().flatten().all(|v| v.is_finite())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Few different numbers, so that many are equal to the level and saddles abound.
    #[test]
    fn lines_are_whole_whatever_the_numbers(
        seed: u64, rows in 2usize..9, columns in 2usize..9, most in 1usize..5,
    ) {
        let mut rng = Rng::new(seed);
        let values = DMatrix::from_fn(rows, columns, |_, _| rng.below(most + 1) as f64);
        let found = of(&values, 1.0);
        assert_lines(found.lines(), found.bounds());
        // Between numbers that are not the level, an edge is crossed once.
        let crossed = |level: f64| {
            let differ = |a: f64, b: f64| usize::from((a > level) != (b > level));
            let across: usize = (0..rows)
                .flat_map(|i| (1..columns).map(move |j| (i, j)))
                .map(|(i, j)| differ(values[(i, j - 1)], values[(i, j)]))
                .sum();
            let up: usize = (1..rows)
                .flat_map(|i| (0..columns).map(move |j| (i, j)))
                .map(|(i, j)| differ(values[(i - 1, j)], values[(i, j)]))
                .sum();
            across + up
        };
        let found = of(&values, 0.5);
        assert_lines(found.lines(), found.bounds());
        prop_assert_eq!(vertices(found.lines()).len(), crossed(0.5));
    }
}
