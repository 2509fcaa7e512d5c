//! Clipping of lines and areas to a rectangle.

/// The lowest and highest x, and the lowest and highest y.
pub(super) type Window = [(f64, f64); 2];

pub(super) fn contains(window: &Window, point: [f64; 2]) -> bool {
    (0..2).all(|axis| (window[axis].0..=window[axis].1).contains(&point[axis]))
}

/// Returns the parts of a line within the window; a point that is not finite interrupts it.
///
/// # References
/// Liang and Barsky (1984), "A new concept and method for line clipping".
pub(super) fn line(points: &[[f64; 2]], window: &Window) -> Vec<Vec<[f64; 2]>> {
    let mut parts: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut current: Vec<[f64; 2]> = Vec::new();
    for pair in points.windows(2) {
        let Some([from, to]) = segment(pair[0], pair[1], window) else {
            parts.push(std::mem::take(&mut current));
            continue;
        };
        if current.last() != Some(&from) {
            parts.push(std::mem::replace(&mut current, vec![from]));
        }
        current.push(to);
        if to != pair[1] {
            parts.push(std::mem::take(&mut current));
        }
    }
    parts.push(current);
    parts.retain(|part| part.len() > 1);
    parts
}

/// Returns the part of a line segment within the window.
fn segment(from: [f64; 2], to: [f64; 2], window: &Window) -> Option<[[f64; 2]; 2]> {
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    if !from.iter().chain(&to).all(|value| value.is_finite()) {
        return None;
    }
    for axis in 0..2 {
        let along = to[axis] - from[axis];
        for (side, room) in [(-along, from[axis] - window[axis].0), (along, window[axis].1 - from[axis])] {
            if side == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if side < 0.0 {
                enters = enters.max(room / side);
            } else {
                leaves = leaves.min(room / side);
            }
        }
    }
    let at = |share: f64| [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
    let start = if enters > 0.0 { at(enters) } else { from };
    let end = if leaves < 1.0 { at(leaves) } else { to };
    (enters <= leaves).then_some([start, end])
}

/// Returns the part of an area within the window; nothing if its edge is not finite.
///
/// # References
/// Sutherland and Hodgman (1974), "Reentrant polygon clipping".
pub(super) fn area(points: &[[f64; 2]], window: &Window) -> Vec<[f64; 2]> {
    if points.iter().flatten().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    let mut inside = points.to_vec();
    for axis in 0..2 {
        for (sign, limit) in [(1.0, window[axis].0), (-1.0, window[axis].1)] {
            inside = half(&inside, |point| sign * (point[axis] - limit));
        }
    }
    inside
}

/// Returns the part of an area where a linear function is not negative.
fn half(points: &[[f64; 2]], of: impl Fn(&[f64; 2]) -> f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::with_capacity(points.len() + 1);
    for (i, to) in points.iter().enumerate() {
        let from = &points[(i + points.len() - 1) % points.len()];
        let (before, after) = (of(from), of(to));
        if (before < 0.0) != (after < 0.0) {
            let share = before / (before - after);
            kept.push([0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis])));
        }
        if after >= 0.0 {
            kept.push(*to);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Window = [(0.0, 1.0), (0.0, 1.0)];

    #[test]
    fn lines_end_on_the_frame_and_begin_again() {
        let zigzag = [[-1.0, 0.5], [0.5, 0.5], [0.5, 2.0], [0.75, 2.0], [0.75, 0.5]];
        let expected = [vec![[0.0, 0.5], [0.5, 0.5], [0.5, 1.0]], vec![[0.75, 1.0], [0.75, 0.5]]];
        assert_eq!(line(&zigzag, &UNIT), expected);
        assert_eq!(line(&[[-1.0, -1.0], [2.0, 2.0]], &UNIT), [[[0.0, 0.0], [1.0, 1.0]]]);
        assert!(line(&[[-1.0, 0.5], [0.5, 2.5]], &UNIT).is_empty());
        assert!(line(&[[0.5, 0.5]], &UNIT).is_empty());
    }

    #[test]
    fn numbers_that_are_none_interrupt_a_line() {
        let gap = [[0.1, 0.1], [0.2, 0.2], [0.3, f64::NAN], [0.4, 0.4], [0.5, 0.5], [f64::INFINITY, 0.0]];
        assert_eq!(line(&gap, &UNIT), [[[0.1, 0.1], [0.2, 0.2]], [[0.4, 0.4], [0.5, 0.5]]]);
        assert!(area(&[[0.0, 0.0], [1.0, f64::NAN], [1.0, 1.0]], &UNIT).is_empty());
    }

    #[test]
    fn areas_are_cut_at_the_frame() {
        let square = [[0.5, 0.5], [2.0, 0.5], [2.0, 2.0], [0.5, 2.0]];
        let cut = area(&square, &UNIT);
        assert_eq!(cut.len(), 4);
        assert!(cut.iter().all(|&point| contains(&UNIT, point)));
        assert!(area(&[[2.0, 2.0], [3.0, 2.0], [3.0, 3.0]], &UNIT).is_empty());
    }
}
