//! Marching squares: lines between the grid points above a level and those that are not.
//!
//! Rows of the grid arrive one at a time, so memory grows with the lines rather than with the grid. A line
//! crosses each edge between two neighbours on different sides once. Within each cell, crossings are joined
//! in pairs. If all four edges are crossed (a saddle), the value at the cell's centre decides which corners
//! are connected.
//!
//! References: Lorensen and Cline (1987), "Marching cubes"; Nielson and Hamann (1991), "The asymptotic
//! decider".

use super::polyline::Polyline;
use super::roots::between;

const NONE: usize = usize::MAX;

/// A grid edge that a line crosses: its ends and the values there, exactly one of which is above 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) ends: [[f64; 2]; 2],
    pub(super) values: [f64; 2],
}

impl Edge {
    /// Returns the zero of the linear interpolation along the edge.
    pub(super) fn interpolated(&self) -> [f64; 2] {
        let [a, b] = self.ends;
        let point = between(self.ends, share(self.values));
        // Rounding must not lead beyond the ends.
        [0, 1].map(|axis| point[axis].clamp(a[axis].min(b[axis]), a[axis].max(b[axis])))
    }
}

/// Returns the fraction of the way from the first value to the second at which their linear interpolation is
/// 0.
pub(super) fn share([first, second]: [f64; 2]) -> f64 {
    let difference = first - second;
    // The difference of large numbers may overflow.
    let share = match difference.is_finite() {
        true => first / difference,
        false => first / 2.0 / (first / 2.0 - second / 2.0),
    };
    // Infinite values determine only the side.
    if share.is_finite() && first.is_finite() && second.is_finite() { share } else { 0.5 }
}

/// A cell with crossings on all four edges.
#[derive(Debug)]
pub(super) struct Saddle {
    pub(super) centre: [f64; 2],
    /// The mean of the corner values.
    pub(super) mean: f64,
    low_left_above: bool,
    /// The crossings of the bottom, right, top and left edges.
    edges: [usize; 4],
}

/// The state of marching squares after some rows.
#[derive(Debug)]
pub(super) struct Marcher<'a> {
    x: &'a [f64],
    row: Option<Row>,
    edges: Vec<Edge>,
    links: Links,
    saddles: Vec<Saddle>,
}

#[derive(Debug)]
struct Row {
    y: f64,
    values: Vec<f64>,
    /// The crossing between each point and the next.
    crossings: Vec<usize>,
}

/// For each crossing, the next one on its line and whether it has a predecessor.
#[derive(Debug, Default)]
struct Links {
    next: Vec<usize>,
    preceded: Vec<bool>,
}

impl Links {
    fn add(&mut self, from: usize, to: usize) {
        self.next[from] = to;
        self.preceded[to] = true;
    }
}

impl<'a> Marcher<'a> {
    /// Starts a grid with the given column coordinates.
    pub(super) fn new(x: &'a [f64]) -> Self {
        Marcher { x, row: None, edges: Vec::new(), links: Links::default(), saddles: Vec::new() }
    }

    /// Adds the next row of values, each above 0 or not.
    pub(super) fn push(&mut self, y: f64, values: Vec<f64>) {
        let crossings = (1..values.len())
            .map(|j| self.crossing([[self.x[j - 1], y], [self.x[j], y]], [values[j - 1], values[j]]))
            .collect();
        let row = Row { y, values, crossings };
        if let Some(below) = self.row.take() {
            let upright: Vec<usize> = (0..row.values.len())
                .map(|j| {
                    let ends = [[self.x[j], below.y], [self.x[j], y]];
                    self.crossing(ends, [below.values[j], row.values[j]])
                })
                .collect();
            for j in 1..row.values.len() {
                let edges = [below.crossings[j - 1], upright[j], row.crossings[j - 1], upright[j - 1]];
                self.cell(j, edges, &below, &row);
            }
        }
        self.row = Some(row);
    }

    fn crossing(&mut self, ends: [[f64; 2]; 2], values: [f64; 2]) -> usize {
        if (values[0] > 0.0) == (values[1] > 0.0) {
            return NONE;
        }
        self.edges.push(Edge { ends, values });
        self.links.next.push(NONE);
        self.links.preceded.push(false);
        self.edges.len() - 1
    }

    /// Joins the crossings of the cell to the left of column `j`. Anticlockwise around the cell, a line with
    /// the higher side on its left starts where values fall and ends where they rise.
    fn cell(&mut self, j: usize, edges: [usize; 4], below: &Row, row: &Row) {
        let corners = [below.values[j - 1], below.values[j], row.values[j], row.values[j - 1]];
        let above = corners.map(|value| value > 0.0);
        let mut crossed = (0..4).filter(|&edge| edges[edge] != NONE);
        match (crossed.next(), crossed.next(), crossed.next()) {
            (Some(first), Some(second), None) => {
                let (from, to) = if above[first] { (first, second) } else { (second, first) };
                self.links.add(edges[from], edges[to]);
            }
            (Some(_), Some(_), Some(_)) => {
                let middle = |low: f64, high: f64| low + (high - low) / 2.0;
                let centre = [middle(self.x[j - 1], self.x[j]), middle(below.y, row.y)];
                // Each value is divided first, because the sum may overflow.
                let mean = corners.iter().map(|value| value / 4.0).sum();
                self.saddles.push(Saddle { centre, mean, low_left_above: above[0], edges });
            }
            _ => {}
        }
    }

    pub(super) fn saddles(&self) -> &[Saddle] {
        &self.saddles
    }

    /// Completes all lines, given for each saddle whether its centre is above 0.
    pub(super) fn finish(self, centres_above: impl IntoIterator<Item = bool>) -> Web {
        let mut links = self.links;
        for (saddle, above) in self.saddles.iter().zip(centres_above) {
            let [bottom, right, top, left] = saddle.edges;
            // Corners on the other side than the centre are cut off individually.
            let pairs = match (saddle.low_left_above, above) {
                (true, true) => [(bottom, right), (top, left)],
                (true, false) => [(bottom, left), (top, right)],
                (false, true) => [(left, bottom), (right, top)],
                (false, false) => [(right, bottom), (left, top)],
            };
            pairs.into_iter().for_each(|(from, to)| links.add(from, to));
        }
        Web { edges: self.edges, links }
    }
}

/// Crossings, and the order in which they are joined.
#[derive(Debug)]
pub(super) struct Web {
    pub(super) edges: Vec<Edge>,
    links: Links,
}

impl Web {
    /// Returns whether there is any crossing.
    pub(super) fn is_crossed(&self) -> bool {
        !self.edges.is_empty()
    }

    /// Returns the crossings of each line in order, and whether the line is closed. Open lines come first, in
    /// grid order.
    fn chains(&self) -> Vec<(Vec<usize>, bool)> {
        let mut seen = vec![false; self.edges.len()];
        let mut chains = Vec::new();
        for closed in [false, true] {
            for start in 0..self.edges.len() {
                if seen[start] || !closed && self.links.preceded[start] {
                    continue;
                }
                let mut chain = Vec::new();
                let mut at = start;
                while at != NONE && !seen[at] {
                    seen[at] = true;
                    chain.push(at);
                    at = self.links.next[at];
                }
                chains.push((chain, closed));
            }
        }
        chains
    }

    /// Returns the lines through one point per crossing. Points that differ by at most `slack` are merged.
    pub(super) fn lines(&self, points: &[[f64; 2]], slack: [f64; 2]) -> Vec<Polyline> {
        let line = |(chain, closed): (Vec<usize>, bool)| {
            Polyline::cleaned(chain.into_iter().map(|crossing| points[crossing]).collect(), closed, slack)
        };
        self.chains().into_iter().filter_map(line).collect()
    }
}
