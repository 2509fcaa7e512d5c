//! Distances to the boundary.

use logit::boundary::{Bounds, Hyperplane, class_boundaries, contour};
use logit::{Activation, Rng};
use proptest::prelude::*;

use super::kit::*;
use super::level_sets::Function;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn contours_of_linear_models_are_as_far_as_the_closed_form_says(seed: u64, level in 0.05f64..0.95) {
        let model = logistic(2, 2, 1.0, seed);
        let line = Hyperplane::of(&model, level).expect("a line");
        let Some(segment) = line.segment(frame()).expect("two features") else { return Ok(()) };
        let found = contour(&model, level, frame(), 15).expect("a contour");
        if !found.is_reached() {
            return Ok(());
        }
        // From a point beside the segment, so that the foot lies within the bounds.
        let mut rng = Rng::new(seed);
        let [a, b] = [segment.points[0], segment.points[1]];
        let (along, away) = (rng.uniform(0.1, 0.9), rng.uniform(-2.0, 2.0));
        let n = line.normal();
        let to = [0, 1].map(|axis| a[axis] + along * (b[axis] - a[axis]) + away * n[axis]);
        let nearest = found.nearest(&model, to).expect("a distance").expect("a boundary");
        prop_assert!((nearest.distance - away.abs()).abs() < 1e-9, "{} {}", nearest.distance, away);
        prop_assert!((probabilities(&model, &[nearest.point])[(0, 1)] - level).abs() < 1e-9);
    }

    /// No vertex of a much finer contour is nearer, and the foot is on the level.
    #[test]
    fn the_nearest_point_of_a_network_is_on_the_level_and_nearest(seed: u64, hidden in 1usize..6) {
        let model = network::<f64>(hidden, 1, Activation::Tanh, 1.0, seed);
        let coarse = contour(&model, 0.5, frame(), 25).expect("a contour");
        let fine = vertices(contour(&model, 0.5, frame(), 1000).expect("a contour").lines());
        let mut rng = Rng::new(seed);
        for _ in 0..3 {
            let to = [rng.uniform(-2.0, 2.5), rng.uniform(-1.5, 3.0)];
            let Some(nearest) = coarse.nearest(&model, to).expect("a distance") else { continue };
            prop_assert!((probabilities(&model, &[nearest.point])[(0, 1)] - 0.5).abs() < 1e-9);
            prop_assert_eq!(nearest.distance, distance(nearest.point, to));
            let best = fine.iter().map(|&point| distance(point, to)).fold(f64::INFINITY, f64::min);
            // A part of the curve that the coarse grid missed may be nearer.
            let unseen = coarse.lines().len() != contour(&model, 0.5, frame(), 200).expect("lines").lines().len();
            prop_assert!(nearest.distance <= best + 1e-9 || unseen, "{} {}", nearest.distance, best);
        }
    }
}

#[test]
fn distances_to_a_circle_are_exact_on_a_coarse_grid() {
    let circle = Function(|x: f64, y: f64| 1.0 / (1.0 + (x * x + y * y - 1.0).exp()));
    let found = contour(&circle, 0.5, frame(), 9).expect("a contour");
    for to in [[0.3, 0.2], [1.7, -0.4], [0.0, 1.0], [-1.0, 2.5], [1e-3, 0.0]] {
        let nearest = found.nearest(&circle, to).expect("a distance").expect("a boundary");
        let wanted = (to[0].hypot(to[1]) - 1.0).abs();
        assert!((nearest.distance - wanted).abs() < 1e-9, "{to:?}: {} {wanted}", nearest.distance);
        assert!((nearest.point[0].hypot(nearest.point[1]) - 1.0).abs() < 1e-9);
    }
    // Every point is as near to the centre.
    let nearest = found.nearest(&circle, [0.0, 0.0]).expect("a distance").expect("a boundary");
    assert!((nearest.distance - 1.0).abs() < 1e-9);
}

#[test]
fn units_as_different_as_they_may_be() {
    // A circle in units of 1e-6 and 1e5.
    let circle = Function(|x: f64, y: f64| 1.0 / (1.0 + ((1e6 * x).powi(2) + (y / 1e5).powi(2) - 1.0).exp()));
    let bounds = Bounds::new((-2e-6, 2e-6), (-2e5, 2e5)).expect("bounds");
    let found = contour(&circle, 0.5, bounds, 30).expect("a contour");
    // Seen from there only y counts.
    let nearest = found.nearest(&circle, [0.0, 1.5e5]).expect("a distance").expect("a boundary");
    assert!((nearest.distance / 0.5e5 - 1.0).abs() < 1e-9, "{nearest:?}");
}

#[test]
fn nothing_is_near_where_there_is_no_boundary() {
    let flat = Function(|_, _| 0.2);
    let found = contour(&flat, 0.5, frame(), 10).expect("a contour");
    assert_eq!(found.nearest(&flat, [0.0, 0.0]).expect("an answer"), None);
    let ramp = Function(|x: f64, _| 0.5 + x / 10.0);
    let found = contour(&ramp, 0.5, frame(), 10).expect("a contour");
    assert!(found.nearest(&ramp, [f64::NAN, 0.0]).is_err());
}

#[test]
fn boundaries_of_classes_have_distances_too() {
    let model = logistic(2, 3, 1.0, 5);
    let boundaries = class_boundaries(&model, frame(), 30).expect("boundaries");
    assert!(!boundaries.is_empty());
    for boundary in &boundaries {
        let [a, b] = boundary.lines()[0].segments().next().expect("a piece");
        let middle = [a[0] + 0.5 * (b[0] - a[0]), a[1] + 0.5 * (b[1] - a[1])];
        let (&first, &second) = boundary.classes();
        let n = Hyperplane::between(&model, &first, &second).expect("a plane").normal().clone();
        let to = [middle[0] + 1e-3 * n[0], middle[1] + 1e-3 * n[1]];
        let nearest = boundary.nearest(&model, to).expect("a distance").expect("a boundary");
        assert!((nearest.distance - 1e-3).abs() < 1e-9, "{nearest:?}");
    }
}
