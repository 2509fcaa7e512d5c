//! Edges measured in floating-point numbers instead of length, for zeros that are much nearer to the origin
//! than the edge is long.

use super::marching::Edge;
use super::roots::{LEAST, between};

/// Returns the smallest step, as a fraction of the numbers on the edge, that still changes a point.
pub(super) fn unit_by_number(ends: [[f64; 2]; 2]) -> f64 {
    let (_, from, to) = numbers(ends);
    (1.0 / (to - from).abs() as f64).clamp(LEAST, 1.0)
}

/// Returns the point with this fraction of the edge's numbers before it.
pub(super) fn between_by_number(ends: [[f64; 2]; 2], share: f64) -> [f64; 2] {
    let (axis, from, to) = numbers(ends);
    if from == to {
        return ends[0];
    }
    // Positions have more digits than a share, which is a multiple of 2^-53 here.
    let share = (share * 2f64.powi(53)) as i128;
    let at = number(from + (((to - from) * share + (1 << 52)) >> 53));
    let [a, b] = ends.map(|end| end[axis]);
    let mut point = between(ends, (at - a) / (b - a));
    point[axis] = at;
    point
}

/// Returns the part of an edge between two points with these values, unless `snap` makes every point between
/// them one of the two.
pub(super) fn part(
    ends: [[f64; 2]; 2],
    values: [f64; 2],
    snap: impl Fn([f64; 2]) -> [f64; 2],
) -> Option<Edge> {
    let ends = ends.map(&snap);
    let middle = snap(between_by_number(ends, 0.5));
    (!ends.contains(&middle)).then_some(Edge { ends, values })
}

/// Returns the axis along which an edge is longer, and its ends there as positions among all numbers.
fn numbers([a, b]: [[f64; 2]; 2]) -> (usize, i128, i128) {
    let axis = usize::from((b[1] - a[1]).abs() > (b[0] - a[0]).abs());
    (axis, position(a[axis]), position(b[axis]))
}

/// Returns the position of a finite number among all numbers; that of 0 is 0.
fn position(number: f64) -> i128 {
    let size = i128::from(number.abs().to_bits());
    if number < 0.0 { -size } else { size }
}

fn number(position: i128) -> f64 {
    let size = f64::from_bits(position.unsigned_abs() as u64);
    if position < 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_in_the_order_of_numbers() {
        let numbers = [-f64::MAX, -1.0, -5e-324, 0.0, 5e-324, 1e-300, 1.0, 1.0f64.next_up(), f64::MAX];
        for pair in numbers.windows(2) {
            assert!(position(pair[0]) < position(pair[1]), "{pair:?}");
        }
        assert!(numbers.iter().all(|&v| number(position(v)) == v));
        assert_eq!(position(1.0f64.next_up()) - position(1.0), 1);
    }

    #[test]
    fn points_are_on_the_edge_and_reach_its_ends() {
        for ends in [[[-1e195, 3.0], [1e195, 3.0]], [[2.0, 0.0], [2.0, 1e90]], [[0.0, 0.0], [1e60, 2e60]]] {
            assert_eq!([0.0, 1.0].map(|share| between_by_number(ends, share)), ends);
            let [x, y] = between_by_number(ends, 0.5);
            let [a, b] = ends;
            assert!(a[0] <= x && x <= b[0] && a[1] <= y && y <= b[1], "{x} {y}");
        }
        assert_eq!(between_by_number([[-1e195, 3.0], [1e195, 3.0]], 0.5), [0.0, 3.0]);
    }

    #[test]
    fn neighbours_have_nothing_between_them() {
        let (a, b) = (1.0f64, 1.0f64.next_up());
        assert_eq!(part([[a, 0.0], [b, 0.0]], [-1.0, 1.0], |point| point).map(|edge| edge.ends), None);
        assert!(part([[a, 0.0], [b.next_up(), 0.0]], [-1.0, 1.0], |point| point).is_some());
        // Two fractions of an edge may be the same point.
        assert!(part([[a, 0.0], [a, 0.0]], [-1.0, 1.0], |point| point).is_none());
        let single = |point: [f64; 2]| point.map(|v| f64::from(v as f32));
        let neighbour = f64::from(1.0f32.next_up());
        assert!(part([[1.0, 0.0], [neighbour, 0.0]], [-1.0, 1.0], single).is_none());
    }
}
