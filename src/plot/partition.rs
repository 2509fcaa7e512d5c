//! Areas of a plane that is known on a grid: where each class wins, and where a function exceeds a level.
//!
//! Between grid points, functions are linear on each half of a cell. The pieces of a half that belong to an
//! area are cut out exactly. Edges shared by two pieces cancel, which leaves the rings around whole areas.
//! Corners lie on a lattice, so that equal corners compare equal.

use std::collections::BTreeMap;

use nalgebra::DMatrix;

/// The side of the whole plane, in steps of the lattice.
const SIDE: f64 = (1 << 20) as f64;

/// The distance, as a fraction of the side, below which a corner near the line between others is left out.
const SLACK: f64 = 1.0 / 16_000.0;

/// The fraction of the plane below which a ring is too small to see.
const SPECK: f64 = 1e-7;

/// A closed line around an area, in fractions of the plane: x to the right and y upwards, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ring {
    /// The class or level inside.
    pub(super) inside: usize,
    pub(super) points: Vec<[f64; 2]>,
    area: f64,
}

/// Returns the areas where each column of `scores` is the largest, in the order of painting.
///
/// The rows of `scores` are the points of the grid: `width` of them from left to right, then those above.
pub(super) fn winners(scores: &DMatrix<f64>, width: usize) -> Vec<Ring> {
    let classes = scores.ncols();
    let winner = |point: usize| {
        (1..classes).fold(0, |best, k| if scores[(point, k)] > scores[(point, best)] { k } else { best })
    };
    let winners: Vec<usize> = (0..scores.nrows()).map(winner).collect();
    let mut rings = Vec::new();
    for class in 0..classes {
        let is_inside = |point: usize| winners[point] == class;
        let ahead = |corners: [usize; 3]| -> Vec<[f64; 3]> {
            let others = (0..classes).filter(|&other| other != class);
            others.map(|other| corners.map(|c| scores[(c, class)] - scores[(c, other)])).collect()
        };
        let found = rings_of(scores.nrows(), width, is_inside, ahead);
        // Holes are areas of other classes.
        let outer = found.into_iter().filter(|(area, _)| *area > 0.0);
        rings.extend(outer.map(|(area, points)| Ring { inside: class, points, area }));
    }
    in_order(rings)
}

/// Returns the areas between ascending levels: area 0 is where `values` are below the first, and so on.
pub(super) fn levels(values: &[f64], width: usize, levels: &[f64]) -> Vec<Ring> {
    let all = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let mut rings = vec![Ring { inside: 0, points: all, area: f64::INFINITY }];
    for (number, level) in levels.iter().enumerate() {
        let is_inside = |point: usize| values[point] >= *level;
        let above = |corners: [usize; 3]| vec![corners.map(|corner| values[corner] - level)];
        for (area, points) in rings_of(values.len(), width, is_inside, above) {
            let inside = if area > 0.0 { number + 1 } else { number };
            rings.push(Ring { inside, points, area: area.abs() });
        }
    }
    in_order(rings)
}

/// Sorts rings with the largest first, so that inner rings are painted later.
fn in_order(mut rings: Vec<Ring>) -> Vec<Ring> {
    rings.sort_by(|a, b| b.area.total_cmp(&a.area));
    rings
}

/// Returns the rings around an area with their signed areas; rings around holes have negative areas.
fn rings_of(
    points: usize,
    width: usize,
    is_inside: impl Fn(usize) -> bool,
    functions: impl Fn([usize; 3]) -> Vec<[f64; 3]>,
) -> Vec<(f64, Vec<[f64; 2]>)> {
    let (across, up) = (width - 1, points / width - 1);
    let place = |point: usize| {
        let part = |at: usize, of: usize| (SIDE * at as f64 / of as f64).round();
        [part(point % width, across), part(point / width, up)]
    };
    let mut edges = Edges::default();
    for row in 0..up {
        for column in 0..across {
            let first = row * width + column;
            let corners = [first, first + 1, first + 1 + width, first + width];
            if corners.iter().all(|&corner| is_inside(corner)) {
                edges.add(corners.map(place).into_iter());
                continue;
            }
            for half in [[corners[0], corners[1], corners[2]], [corners[0], corners[2], corners[3]]] {
                let piece = cut(&functions(half));
                let places = half.map(place);
                let at = |weights: &[f64; 3]| {
                    [0, 1].map(|axis| (0..3).map(|i| weights[i] * places[i][axis]).sum::<f64>().round())
                };
                edges.add(piece.iter().map(at));
            }
        }
    }
    edges.rings()
}

/// Returns the part of a triangle where no linear function is negative, as weights of its corners.
fn cut(functions: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mut piece = vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for function in functions {
        let value = |weights: &[f64; 3]| (0..3).map(|i| weights[i] * function[i]).sum::<f64>();
        let mut kept = Vec::with_capacity(piece.len() + 1);
        for (i, to) in piece.iter().enumerate() {
            let from = &piece[(i + piece.len() - 1) % piece.len()];
            let (before, after) = (value(from), value(to));
            if (before < 0.0) != (after < 0.0) {
                let share = before / (before - after);
                kept.push([0, 1, 2].map(|i| from[i] + share * (to[i] - from[i])));
            }
            if after >= 0.0 {
                kept.push(*to);
            }
        }
        piece = kept;
    }
    piece
}

type Corner = (i32, i32);

/// The directed edges of pieces, without edges that occur in both directions.
#[derive(Default)]
struct Edges {
    from: BTreeMap<Corner, Vec<Corner>>,
}

impl Edges {
    fn add(&mut self, corners: impl Iterator<Item = [f64; 2]>) {
        let mut corners: Vec<Corner> = corners.map(|[x, y]| (x as i32, y as i32)).collect();
        corners.dedup();
        if corners.len() < 2 {
            return;
        }
        for (i, &to) in corners.iter().enumerate() {
            let from = corners[(i + corners.len() - 1) % corners.len()];
            if from != to {
                self.add_edge(from, to);
            }
        }
    }

    fn add_edge(&mut self, from: Corner, to: Corner) {
        if let Some(back) = self.from.get_mut(&to)
            && let Some(at) = back.iter().position(|&end| end == from)
        {
            back.swap_remove(at);
            if back.is_empty() {
                self.from.remove(&to);
            }
            return;
        }
        self.from.entry(from).or_default().push(to);
    }

    /// Follows the edges and returns the rings.
    ///
    /// Each corner has as many incoming as outgoing edges, so a walk ends where it began. If a walk reaches a
    /// corner again, the part in between is a ring of its own.
    fn rings(mut self) -> Vec<(f64, Vec<[f64; 2]>)> {
        let mut rings = Vec::new();
        while let Some((&start, _)) = self.from.first_key_value() {
            let mut walk = vec![start];
            let mut places = BTreeMap::from([(start, 0)]);
            let mut at = start;
            while let Some(next) = self.take(at) {
                if let Some(&back) = places.get(&next) {
                    let ring: Vec<Corner> = walk.drain(back..).collect();
                    ring.iter().for_each(|corner| {
                        places.remove(corner);
                    });
                    rings.extend(finished(&ring));
                }
                places.insert(next, walk.len());
                walk.push(next);
                at = next;
            }
        }
        rings
    }

    fn take(&mut self, from: Corner) -> Option<Corner> {
        let ends = self.from.get_mut(&from)?;
        let end = ends.pop();
        if ends.is_empty() {
            self.from.remove(&from);
        }
        end
    }
}

/// Returns the area and the simplified corners of a ring; `None` if it is too small to see.
fn finished(ring: &[Corner]) -> Option<(f64, Vec<[f64; 2]>)> {
    let points: Vec<[f64; 2]> =
        ring.iter().map(|&(x, y)| [f64::from(x) / SIDE, f64::from(y) / SIDE]).collect();
    let area = area(&points);
    if area.abs() < SPECK {
        return None;
    }
    // A ring is simplified in two halves, between its first corner and the corner farthest from it.
    let far = |point: &[f64; 2]| (point[0] - points[0][0]).hypot(point[1] - points[0][1]);
    let middle = (0..points.len()).max_by(|&a, &b| far(&points[a]).total_cmp(&far(&points[b])))?;
    let mut kept = simplified(&points[..=middle]);
    kept.pop();
    let back: Vec<[f64; 2]> = points[middle..].iter().chain(&points[..1]).copied().collect();
    kept.extend(simplified(&back));
    kept.pop();
    Some((area, kept))
}

fn area(points: &[[f64; 2]]) -> f64 {
    let turn = |i: usize| {
        let ([x, y], [u, v]) = (points[i], points[(i + 1) % points.len()]);
        x * v - y * u
    };
    0.5 * (0..points.len()).map(turn).sum::<f64>()
}

/// Removes corners that are closer to the remaining line than the slack.
///
/// # References
/// Douglas and Peucker (1973), "Algorithms for the reduction of the number of points required to represent a
/// digitized line or its caricature".
fn simplified(line: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut keep = vec![false; line.len()];
    let mut open = vec![(0, line.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        (keep[first], keep[last]) = (true, true);
        let ([x, y], [u, v]) = (line[first], line[last]);
        let length = (u - x).hypot(v - y);
        let distance = |at: usize| {
            let [a, b] = [line[at][0] - x, line[at][1] - y];
            if length > 0.0 { ((u - x) * b - (v - y) * a).abs() / length } else { a.hypot(b) }
        };
        let farthest = (first + 1..last).max_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        if let Some(at) = farthest.filter(|&at| distance(at) > SLACK) {
            open.push((first, at));
            open.push((at, last));
        }
    }
    line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(count: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let at = |i: usize| i as f64 / (count - 1) as f64;
        (0..count * count).map(|point| f(at(point % count), at(point / count))).collect()
    }

    #[test]
    fn halves_of_the_plane_are_parted_exactly() {
        let values = grid(11, |x, y| x + 2.0 * y - 1.3);
        let scores =
            DMatrix::from_fn(values.len(), 2, |point, class| if class == 1 { values[point] } else { 0.0 });
        let rings = winners(&scores, 11);
        assert_eq!(rings.iter().map(|ring| ring.inside).collect::<Vec<_>>(), [1, 0]);
        // Below the line from (0, 0.65) to (1, 0.15).
        assert!((rings[0].area - 0.6).abs() < 1e-5 && (rings[1].area - 0.4).abs() < 1e-5);
        assert!(rings.iter().all(|ring| ring.points.len() == 4), "{rings:?}");
    }

    #[test]
    fn areas_of_all_classes_fill_the_plane() {
        let centres = [[0.2, 0.2], [0.8, 0.3], [0.5, 0.9], [0.5, 0.5], [0.1, 0.9]];
        let at = |point: usize| [(point % 40) as f64 / 39.0, (point / 40) as f64 / 39.0];
        let scores = DMatrix::from_fn(1600, 5, |point, class| {
            let ([x, y], [u, v]) = (at(point), centres[class]);
            -(x - u).powi(2) - (y - v).powi(2)
        });
        let rings = winners(&scores, 40);
        assert_eq!(rings.len(), 5);
        assert!((rings.iter().map(|ring| ring.area).sum::<f64>() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn a_hole_is_painted_after_what_surrounds_it() {
        let values = grid(60, |x, y| (x - 0.5).hypot(y - 0.5));
        let rings = levels(&values, 60, &[0.2, 0.4]);
        let order: Vec<usize> = rings.iter().map(|ring| ring.inside).collect();
        // All of the plane as if it were above both levels, then the holes: below 0.4, and in that below 0.2.
        assert_eq!(order, [0, 1, 2, 1, 0]);
        let disc = std::f64::consts::PI * 0.04;
        assert!((rings[4].area - disc).abs() < 0.01 * disc);
    }

    #[test]
    fn areas_that_touch_at_a_corner_are_two() {
        let values = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0];
        let rings = levels(&values, 3, &[0.0]);
        let sum: f64 =
            rings[1..].iter().map(|ring| if ring.inside == 1 { ring.area } else { -ring.area }).sum();
        assert!(sum > 0.2 && sum < 0.8, "{rings:?}");
    }
}
