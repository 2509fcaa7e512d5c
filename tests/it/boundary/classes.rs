//! Boundaries between several classes: two are equally probable, none is more probable, and lines end where a
//! third begins.

use logit::boundary::{ClassBoundary, Hyperplane, between, class_boundaries, contour};
use logit::nalgebra::DMatrixViewMut;
use logit::prelude::*;
use logit::{Activation, Error, FittedLogistic, Real, Rows, Scratch};
use nalgebra::{dmatrix, dvector};
use proptest::prelude::*;

use super::kit::*;

/// By how much log-probabilities of the two differ, and how much those of the others exceed them, at most.
fn errors<T: Real, C: Classifier<T, Label = usize>>(
    model: &C,
    boundary: &ClassBoundary<usize>,
) -> (f64, f64) {
    let points = vertices(boundary.lines());
    let log_p = model.predict_log_proba(&points_of(&points)).expect("points").map(|p| p.as_f64());
    let (&a, &b) = boundary.classes();
    let row = |row: usize| {
        let most = log_p.row(row).iter().copied().fold(f64::NEG_INFINITY, f64::max);
        ((log_p[(row, a)] - log_p[(row, b)]).abs(), most - log_p[(row, a)])
    };
    (0..points.len()).map(row).fold((0.0, 0.0), |most, row| (row.0.max(most.0), row.1.max(most.1)))
}

/// The ends of open lines that are not on the frame, with the class that begins there.
fn triple_points(
    model: &impl Classifier<f64, Label = usize>,
    boundaries: &[ClassBoundary<usize>],
) -> Vec<([f64; 2], usize)> {
    let mut found = Vec::new();
    for boundary in boundaries {
        for line in boundary.lines().iter().filter(|line| !line.closed) {
            for end in [line.points[0], line.points[line.points.len() - 1]] {
                if is_on_frame(end, boundary.bounds()) {
                    continue;
                }
                let log_p = model.predict_log_proba(&points_of(&[end])).expect("a point");
                let (&a, &b) = boundary.classes();
                let others = (0..log_p.ncols()).filter(|&k| k != a && k != b);
                let third = others.max_by(|&i, &j| log_p[i].total_cmp(&log_p[j])).expect("a third class");
                assert!((log_p[third] - log_p[a]).abs() < 1e-9, "{end:?} is no end: {log_p}");
                found.push((end, third));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn linear_classes_meet_on_their_planes(seed: u64, classes in 3usize..6) {
        let model = logistic(2, classes, 2.0, seed);
        let boundaries = class_boundaries(&model, frame(), 60).expect("boundaries");
        for boundary in &boundaries {
            let (equal, exceeded) = errors(&model, boundary);
            prop_assert!(equal < 1e-9 && exceeded < 1e-9, "{} {}", equal, exceeded);
            let (&a, &b) = boundary.classes();
            let plane = Hyperplane::between(&model, &a, &b).expect("a plane");
            let away = plane.distances(&points_of::<f64>(&vertices(boundary.lines()))).expect("points");
            prop_assert!(away.iter().all(|away| away.abs() < 1e-9));
            prop_assert!(boundary.lines().iter().all(|line| !line.closed));
            prop_assert_eq!(boundary, &between(&model, &a, &b, frame(), 60).expect("one"));
        }
        // Three classes meet in each end that is not on the frame, and three lines end there.
        let ends = triple_points(&model, &boundaries);
        for (end, _) in &ends {
            let here = ends.iter().filter(|(other, _)| distance(*end, *other) < 1e-8).count();
            prop_assert!(here == 3 || near_corner_of_a_cell(&model, *end), "{} lines end at {:?}", here, end);
        }
    }

    #[test]
    fn networks_of_many_classes_are_right_at_every_vertex(
        seed: u64, classes in 2usize..6, hidden in 2usize..8, resolution in 3usize..50,
    ) {
        let model = network::<f64>(hidden, classes.max(3), Activation::Tanh, 1.5, seed);
        let boundaries = class_boundaries(&model, frame(), resolution).expect("boundaries");
        for boundary in &boundaries {
            let (equal, exceeded) = errors(&model, boundary);
            prop_assert!(equal < 1e-9 && exceeded < 1e-9, "{} {}", equal, exceeded);
        }
        prop_assert_eq!(&boundaries, &class_boundaries(&model, frame(), resolution).expect("again"));
        let single = network::<f32>(hidden, classes.max(3), Activation::Tanh, 1.0, seed);
        for boundary in &class_boundaries(&single, frame(), resolution).expect("boundaries") {
            let (equal, exceeded) = errors(&single, boundary);
            prop_assert!(equal < 1e-5 && exceeded < 1e-5, "{} {}", equal, exceeded);
        }
    }

    #[test]
    fn two_classes_meet_where_each_has_one_half(seed: u64, hidden in 1usize..6) {
        let model = network::<f64>(hidden, 1, Activation::Tanh, 2.0, seed);
        let half = contour(&model, 0.5, frame(), 30).expect("a contour");
        let boundary = between(&model, &1, &0, frame(), 30).expect("a boundary");
        prop_assert_eq!(boundary.lines(), half.lines());
        let all = class_boundaries(&model, frame(), 30).expect("boundaries");
        let length: f64 = all.iter().map(ClassBoundary::length).sum();
        prop_assert!((length - half.length()).abs() < 1e-9);
    }
}

/// Whether a fourth class is so near to a point where three meet that a grid of 60 points cannot separate
/// them.
fn near_corner_of_a_cell(model: &FittedLogistic<f64, usize>, [x, y]: [f64; 2]) -> bool {
    let cell = (FRAME.1 - FRAME.0) / 59.0;
    let around: Vec<[f64; 2]> =
        (0..49).map(|i| [x + cell * ((i % 7) as f64 - 3.0), y + cell * ((i / 7) as f64 - 3.0)]).collect();
    let mut classes = model.predict(&points_of(&around)).expect("points");
    classes.sort_unstable();
    classes.dedup();
    // Or the frame is, on which lines end before they meet.
    let outside = around.iter().any(|&point| !frame().contain(point));
    classes.len() > 3 || outside
}

#[test]
fn three_sectors_meet_in_one_point() {
    let w = dmatrix![1.0, -0.5, -0.5; 0.0, 0.9, -0.9];
    let model = FittedLogistic::from_coefficients(vec![0, 1, 2], w, dvector![0.3, 0.1, 0.0]).expect("sizes");
    let boundaries = class_boundaries(&model, frame(), 23).expect("boundaries");
    let pairs: Vec<_> = boundaries.iter().map(|boundary| boundary.classes()).collect();
    assert_eq!(pairs, [(&0, &1), (&0, &2), (&1, &2)]);
    assert!(boundaries.iter().all(|boundary| boundary.lines().len() == 1));
    let ends = triple_points(&model, &boundaries);
    assert_eq!(ends.iter().map(|end| end.1).collect::<Vec<_>>(), [2, 1, 0]);
    // Of the two equations, by hand: 1.8 y = -0.1 and 1.5 x - 0.9 y = -0.2.
    let y = -0.1 / 1.8;
    let x = (0.9 * y - 0.2) / 1.5;
    assert!(ends.iter().all(|&(end, _)| distance(end, [x, y]) < 1e-12), "{ends:?}");
    // The class on the left of the lines.
    for boundary in &boundaries {
        let line = &boundary.lines()[0];
        let [a, b] = line.segments().next().expect("a piece");
        let left = [a[0] - 0.01 * (b[1] - a[1]), a[1] + 0.01 * (b[0] - a[0])];
        assert_eq!(&model.predict(&points_of(&[left])).expect("a point")[0], boundary.classes().0);
    }
}

#[test]
fn classes_that_do_not_meet_have_no_lines() {
    // Ordered along x: 0 and 2 are kept apart by 1.
    let w = dmatrix![-4.0, 0.0, 4.0; 0.0, 0.0, 0.0];
    let model =
        FittedLogistic::from_coefficients(vec![0, 1, 2], w, dvector![-3.0, 0.0, -3.0]).expect("sizes");
    assert!(between(&model, &0, &2, frame(), 30).expect("none").lines().is_empty());
    let pairs = class_boundaries(&model, frame(), 30).expect("boundaries");
    assert_eq!(pairs.iter().map(|boundary| boundary.classes()).collect::<Vec<_>>(), [(&0, &1), (&1, &2)]);
    for (boundary, at) in pairs.iter().zip([-0.75, 0.75]) {
        assert!(vertices(boundary.lines()).iter().all(|[x, _]| (x - at).abs() < 1e-12));
    }
}

#[test]
fn a_class_between_the_points_of_the_grid_is_found_where_it_ends_a_line() {
    // Class 2 is a wedge from (1, 0) to the right, 0.03 wide on the frame, and no row of the grid is within.
    let w = dmatrix![0.0, 0.0, 0.1; 10.0, -10.0, 0.0];
    let model = FittedLogistic::from_coefficients(vec![0, 1, 2], w, dvector![0.0, 0.0, -0.1]).expect("sizes");
    let boundaries = class_boundaries(&model, frame(), 60).expect("boundaries");
    let pairs: Vec<_> = boundaries.iter().map(|boundary| boundary.classes()).collect();
    assert_eq!(pairs, [(&0, &1), (&0, &2), (&1, &2)]);
    let ends = triple_points(&model, &boundaries);
    assert_eq!(ends.len(), 3);
    assert!(ends.iter().all(|&(end, _)| distance(end, [1.0, 0.0]) < 1e-9), "{ends:?}");
}

/// A round class in the middle of two others: its lines end where those meet, and a closed line is cut where
/// it is hidden.
#[test]
fn a_closed_line_is_cut_where_a_third_class_hides_it() {
    struct Island;
    impl Classifier<f64> for Island {
        type Label = usize;
        fn classes(&self) -> &[usize] {
            &[0, 1, 2]
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
            // 1 in the unit circle; 2 on the right of x = 0.5; 0 elsewhere.
            let z = |x: f64, y: f64, class: usize| [0.0, 1.0 - x * x - y * y, 3.0 * (x - 0.5)][class];
            for row in 0..x.nrows() {
                (0..3).for_each(|class| out[(row, class)] = z(x[(row, 0)], x[(row, 1)], class));
            }
            Ok(())
        }
        fn probabilities_into(
            &self,
            x: Rows<'_, f64>,
            mut out: DMatrixViewMut<'_, f64>,
            scratch: &mut Scratch<f64>,
        ) -> Result<(), Error> {
            self.scores_into(x, out.as_view_mut(), scratch)?;
            out.apply(|z| *z = z.exp());
            out.row_iter_mut().for_each(|mut row| row /= row.sum());
            Ok(())
        }
    }
    let boundary = between(&Island, &0, &1, frame(), 31).expect("a boundary");
    assert_eq!(boundary.lines().len(), 1);
    let line = &boundary.lines()[0];
    assert!(!line.closed);
    let (first, last) = (line.points[0], line.points[line.points.len() - 1]);
    for end in [first, last] {
        assert!((end[0] - 0.5).abs() < 1e-9 && (end[0].hypot(end[1]) - 1.0).abs() < 1e-9, "{end:?}");
    }
    // 240 of 360 degrees.
    assert!((boundary.length() - std::f64::consts::TAU * 2.0 / 3.0).abs() < 0.02, "{}", boundary.length());
}
