//! Vertices lie on the level, lines are whole, and a finer grid loses none.

use std::cell::Cell;

use logit::boundary::{Bounds, Contour, Polyline, contour};
use logit::nalgebra::DMatrixViewMut;
use logit::prelude::*;
use logit::{Activation, Error, Real, Rows, Scratch};
use proptest::prelude::*;

use super::kit::*;
use crate::common::fixed_network::FixedNetwork;

fn activation(index: usize) -> Activation {
    [Activation::Tanh, Activation::Sigmoid, Activation::Relu, Activation::Softplus][index % 4]
}

/// The largest distance of a vertex from the level.
fn error<T: Real>(model: &FixedNetwork<T>, found: &Contour) -> f64 {
    let p = probabilities(model, &vertices(found.lines()));
    p.column(1).iter().map(|p| (p - found.level()).abs()).fold(0.0, f64::max)
}

/// Equal counts as below, so the line is the edge of a plateau that has the level, whatever the grid.
#[test]
fn the_line_is_the_edge_of_a_plateau_that_has_the_level() {
    type Profile = fn(f64) -> f64;
    let stairs: Profile = |x| {
        if x < 0.0 {
            -1.0
        } else if x < 1.0 {
            0.0
        } else {
            1.0
        }
    };
    // The plateau is above the level, by less than rounding.
    let above: Profile = |x| {
        if x < 0.3 {
            -1.0
        } else if x < 1.0 {
            4e-15
        } else {
            1.0
        }
    };
    let profiles: [(Profile, f64); 6] = [
        (stairs, 1.0),
        (above, 0.3),
        (|x| x.max(0.0), 0.0),
        (|x| if x < 1.0 { 1.0 } else { 0.0 }, 1.0),
        (|x| (x - 1.0).max(0.0) + x.min(0.0), 1.0),
        (|x| (x - 0.7).powi(3), 0.7),
    ];
    for (index, (profile, wanted)) in profiles.into_iter().enumerate() {
        let model = Function(|x: f64, _| 1.0 / (1.0 + (-profile(x)).exp()));
        for resolution in [2, 3, 5, 6, 11, 41, 401] {
            let bounds = Bounds::new((-1.9, 2.1), (0.0, 1.0)).expect("bounds");
            let found = contour(&model, 0.5, bounds, resolution).expect("a contour");
            assert!(found.is_reached(), "{index}, {resolution}");
            let near = if index == 5 { 1e-4 } else { 2e-9 };
            for point in vertices(found.lines()) {
                assert!((point[0] - wanted).abs() < near, "{index}, {resolution}: {point:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn vertices_are_on_the_level(
        seed: u64, hidden in 1usize..8, kind in 0usize..4, size in 0.3f64..8.0, level in 0.01f64..0.99,
        resolution in 2usize..40,
    ) {
        let model = network::<f64>(hidden, 1, activation(kind), size, seed);
        let found = contour(&model, level, frame(), resolution).expect("a contour");
        prop_assert!(error(&model, &found) <= 1e-9, "{}", error(&model, &found));
        assert_lines(found.lines(), frame());
        prop_assert_eq!(&found, &contour(&model, level, frame(), resolution).expect("the same again"));
    }

    /// Interpolation at the level itself: what polishing is for. The tolerance is that of rounding of scores
    /// in single precision.
    #[test]
    fn vertices_of_single_precision_are_too(
        seed: u64, hidden in 1usize..8, kind in 0usize..4, level in 0.01f64..0.99, resolution in 2usize..40,
    ) {
        let model = network::<f32>(hidden, 1, activation(kind), 1.0, seed);
        let found = contour(&model, level, frame(), resolution).expect("a contour");
        prop_assert!(error(&model, &found) <= 2e-6, "{}", error(&model, &found));
        assert_lines(found.lines(), frame());
        for point in vertices(found.lines()) {
            prop_assert!(point.iter().all(|&v| f64::from(v as f32) == v), "{:?} is no point of f32", point);
        }
    }

    /// Scores to a thousand: probabilities are 0 and 1 nearly everywhere.
    #[test]
    fn steep_networks_do_not_stall(seed: u64, hidden in 1usize..6, kind in 0usize..4, level in 0.1f64..0.9) {
        let mut model = network::<f64>(hidden, 1, activation(kind), 3.0, seed);
        let factor = 1e3 / (1.0 + model.params.iter().fold(0.0, |most: f64, w| most.max(w.abs())));
        let last = model.params.len() - hidden - 1;
        model.params[last..].iter_mut().for_each(|w| *w *= factor);
        let counted = Counted { model, rounds: Cell::new(0) };
        let found = contour(&counted, level, frame(), 30).expect("a contour");
        prop_assert!(error(&counted.model, &found) <= 1e-9, "{}", error(&counted.model, &found));
        assert_lines(found.lines(), frame());
        // Halving alone would take 54.
        let rounds = counted.rounds.get();
        prop_assert!(rounds <= 110, "{} predictions", rounds);
    }

    /// Each crossing of an edge is found again on a grid that halves it.
    #[test]
    fn no_crossing_is_lost_when_the_resolution_is_doubled(
        seed: u64, hidden in 2usize..8, size in 1.0f64..6.0, n in 3usize..14,
    ) {
        let model = network::<f64>(hidden, 1, Activation::Tanh, size, seed);
        let coarse = contour(&model, 0.5, frame(), n).expect("a contour");
        let fine = vertices(contour(&model, 0.5, frame(), 2 * n - 1).expect("a contour").lines());
        let axes = [frame().x(), frame().y()];
        for point in vertices(coarse.lines()) {
            let found = (0..2).any(|axis| {
                // The edge of the coarse grid along this axis.
                let step = (axes[axis].1 - axes[axis].0) / (n - 1) as f64;
                let start = axes[axis].0 + ((point[axis] - axes[axis].0) / step).floor() * step;
                let along = start - 1e-9..=start + step + 1e-9;
                fine.iter().any(|p| (p[1 - axis] - point[1 - axis]).abs() < 1e-12 && along.contains(&p[axis]))
            });
            prop_assert!(found, "{:?}", point);
        }
    }

    /// The side of the level that lies on the left of each piece.
    #[test]
    fn the_higher_side_is_on_the_left(seed: u64, hidden in 1usize..6, level in 0.2f64..0.8) {
        let model = network::<f64>(hidden, 1, Activation::Tanh, 1.0, seed);
        let found = contour(&model, level, frame(), 60).expect("a contour");
        let pieces: Vec<[[f64; 2]; 2]> = found.lines().iter().flat_map(|line| line.segments()).collect();
        let at = |side: f64| -> Vec<[f64; 2]> {
            let beside = |&[a, b]: &[[f64; 2]; 2]| {
                let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
                [a[0] + dx / 2.0 - side * dy, a[1] + dy / 2.0 + side * dx]
            };
            pieces.iter().map(beside).collect()
        };
        let (left, right) = (probabilities(&model, &at(0.5)), probabilities(&model, &at(-0.5)));
        let wrong = (0..pieces.len()).filter(|&row| left[(row, 1)] <= right[(row, 1)]).count();
        // Where the curve turns within a cell a piece may cut a corner.
        prop_assert!(wrong * 20 <= pieces.len(), "{} of {}", wrong, pieces.len());
    }
}

/// Counts predictions.
struct Counted {
    model: FixedNetwork<f64>,
    rounds: Cell<usize>,
}

impl Classifier<f64> for Counted {
    type Label = usize;

    fn classes(&self) -> &[usize] {
        self.model.classes()
    }
    fn features(&self) -> usize {
        2
    }
    fn scores_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.model.scores_into(x, out, scratch)
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, f64>,
        out: DMatrixViewMut<'_, f64>,
        scratch: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        self.rounds.set(self.rounds.get() + 1);
        self.model.probabilities_into(x, out, scratch)
    }
}

/// A classifier by a function of the point.
pub(crate) struct Function<F>(pub(crate) F);

impl<F: Fn(f64, f64) -> f64> Classifier<f64> for Function<F> {
    type Label = bool;

    fn classes(&self) -> &[bool] {
        &[false, true]
    }
    fn features(&self) -> usize {
        2
    }
    fn scores_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        let log_p = self.predict_log_proba(x)?;
        (0..x.nrows()).for_each(|row| out[(row, 0)] = log_p[(row, 1)] - log_p[(row, 0)]);
        Ok(())
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        for row in 0..x.nrows() {
            let p = (self.0)(x[(row, 0)], x[(row, 1)]);
            (out[(row, 0)], out[(row, 1)]) = (1.0 - p, p);
        }
        Ok(())
    }
}

#[test]
fn a_circle_is_one_closed_line() {
    let circle = Function(|x: f64, y: f64| 1.0 / (1.0 + (x * x + y * y - 1.0).exp()));
    let found = contour(&circle, 0.5, frame(), 41).expect("a contour");
    assert_eq!(found.lines().len(), 1);
    let line = &found.lines()[0];
    assert!(line.closed && line.points.iter().all(|&[x, y]| (x.hypot(y) - 1.0).abs() < 1e-12));
    // Chords of a circle are shorter by a twenty-fourth of their square.
    assert!((line.length() - std::f64::consts::TAU).abs() < 0.01, "{}", line.length());
    // The inside is above: anticlockwise.
    let area: f64 = line.segments().map(|[a, b]| (a[0] * b[1] - a[1] * b[0]) / 2.0).sum();
    assert!((3.1..std::f64::consts::PI).contains(&area), "{area}");
}

#[test]
fn levels_that_are_never_reached_come_with_the_range_that_was_seen() {
    let ramp = Function(|x: f64, _| 0.5 + x / 10.0);
    let found = contour(&ramp, 0.9, frame(), 10).expect("a contour");
    assert!(!found.is_reached() && found.lines().is_empty());
    let (low, high) = found.range();
    assert!((low - 0.3).abs() < 1e-15 && (high - 0.75).abs() < 1e-15, "{low} {high}");
    assert!(contour(&ramp, 0.7, frame(), 10).expect("a contour").is_reached());
    // Constant at the level, and touching it from below: never above it.
    for touching in [0.5, 0.4] {
        let flat = Function(move |x: f64, _| 0.5 - (0.5 - touching) * x.abs().min(1.0));
        let bounds = Bounds::new((-1.0, 1.0), (-1.0, 1.0)).expect("bounds");
        let found = contour(&flat, 0.5, bounds, 11).expect("a contour");
        assert!(!found.is_reached() && (found.range().1 - 0.5).abs() < 1e-15, "{found}");
    }
}

/// In the cell between 0 and 1 two opposite corners are above the level. The mean of the corners is below it,
/// but what counts is the centre.
#[test]
fn saddles_are_resolved_by_the_classifier_at_the_centre() {
    let bounds = Bounds::new((0.0, 1.0), (0.0, 1.0)).expect("bounds");
    let saddle = |bump: f64| {
        Function(move |x: f64, y: f64| {
            let corners = 0.45 + 0.2 * (x - 0.5) * (y - 0.5) * 4.0;
            corners + bump * (1.0 - (2.0 * x - 1.0).powi(2)) * (1.0 - (2.0 * y - 1.0).powi(2))
        })
    };
    for (bump, joined) in [(0.0, false), (0.3, true)] {
        let model = saddle(bump);
        let found = contour(&model, 0.5, bounds, 2).expect("a contour");
        assert_eq!(found.lines().len(), 2);
        // Where the centre is above, the low corners are cut off: a line from the bottom to the right.
        let ends_of = |line: &Polyline| [line.points[0], line.points[line.points.len() - 1]];
        let cuts_low_corner = |line: &Polyline| {
            let ends = ends_of(line);
            ends.iter().any(|end| end[1] == 0.0) && ends.iter().any(|end| end[0] == 1.0)
        };
        assert_eq!(found.lines().iter().any(cuts_low_corner), joined, "{found:?}");
        let fine = contour(&model, 0.5, bounds, 101).expect("a contour");
        let ends = |contour: &Contour| {
            let mut ends: Vec<[i64; 4]> = contour
                .lines()
                .iter()
                .map(ends_of)
                .map(|[a, b]| [a[0], a[1], b[0], b[1]].map(|v| (v * 1e6).round() as i64))
                .collect();
            ends.sort_unstable();
            ends
        };
        assert_eq!(ends(&found), ends(&fine), "joined: {joined}");
    }
}

#[test]
fn a_jump_across_the_level_is_found_to_the_last_digit() {
    let step = Function(|x: f64, y: f64| if x + y > 0.3 { 1.0 } else { 0.0 });
    let found = contour(&step, 0.5, frame(), 12).expect("a contour");
    assert_eq!(found.lines().len(), 1);
    for [x, y] in vertices(found.lines()) {
        assert!((x + y - 0.3).abs() < 1e-15, "{x} {y}");
    }
}

#[test]
fn bounds_far_from_the_origin_have_the_digits_that_are_there() {
    let model = Function(|x: f64, y: f64| 1.0 / (1.0 + (-(x - 1e9) + (y - 1e-9) * 1e9).exp()));
    let bounds = Bounds::new((1e9 - 2.0, 1e9 + 2.0), (0.0, 2e-9)).expect("bounds");
    let found = contour(&model, 0.5, bounds, 20).expect("a contour");
    assert_eq!(found.lines().len(), 1);
    let far = |[x, y]: [f64; 2]| ((x - 1e9) - (y - 1e-9) * 1e9).abs();
    assert!(vertices(found.lines()).into_iter().all(|point| far(point) < 2e-7), "{found:?}");
}
