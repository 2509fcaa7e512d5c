//! Points joined by straight lines.

/// A line of straight pieces from point to point, in the units of the data.
///
/// A closed line goes back from the last point to the first, which is not repeated. Where a line bounds a region,
/// the higher side is on the left of its direction.
///
/// # Examples
/// ```
/// use logit::boundary::Polyline;
///
/// let square = Polyline::closed([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
/// assert_eq!(square.length(), 4.0);
/// assert_eq!(square.segments().count(), 4);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Polyline {
    /// The points.
    pub points: Vec<[f64; 2]>,
    /// Whether the last point is joined to the first.
    pub closed: bool,
}

impl Polyline {
    /// The line from the first of these points to the last.
    pub fn open(points: impl Into<Vec<[f64; 2]>>) -> Self {
        Polyline { points: points.into(), closed: false }
    }

    /// The line through these points and back to the first.
    pub fn closed(points: impl Into<Vec<[f64; 2]>>) -> Self {
        Polyline { points: points.into(), closed: true }
    }

    /// The straight pieces, each from its start to its end.
    pub fn segments(&self) -> impl Iterator<Item = [[f64; 2]; 2]> + '_ {
        let pieces = self.points.windows(2).map(|pair| [pair[0], pair[1]]);
        let back = match (self.closed, self.points.as_slice()) {
            (true, [first, .., last]) => Some([*last, *first]),
            _ => None,
        };
        pieces.chain(back)
    }

    /// The sum of the lengths of the pieces.
    pub fn length(&self) -> f64 {
        self.segments().map(|[a, b]| (b[0] - a[0]).hypot(b[1] - a[1])).sum()
    }

    /// The line through these points in this order, points left out that repeat the one before up to `slack` in each
    /// coordinate; `None` if fewer are left than make a line.
    pub(super) fn cleaned(mut points: Vec<[f64; 2]>, closed: bool, slack: [f64; 2]) -> Option<Self> {
        let same = |a: &[f64; 2], b: &[f64; 2]| (0..2).all(|axis| (a[axis] - b[axis]).abs() <= slack[axis]);
        let last = points.last().copied();
        points.dedup_by(|next, kept| same(next, kept));
        if closed {
            while points.len() > 1 && same(&points[0], &points[points.len() - 1]) {
                points.pop();
            }
        } else if let (Some(kept), Some(last)) = (points.last_mut(), last) {
            // The end of an open line stays where it is.
            *kept = last;
        }
        let least = if closed { 3 } else { 2 };
        (points.len() >= least).then_some(Polyline { points, closed })
    }
}
