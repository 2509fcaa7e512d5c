//! Polylines: points joined by line segments.

/// A polyline, in the units of the data.
///
/// A closed line returns from the last point to the first, which is not repeated. If a line bounds a region,
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
    /// The vertices, in order.
    pub points: Vec<[f64; 2]>,
    /// Whether the last point is joined to the first.
    pub closed: bool,
}

impl Polyline {
    /// Creates an open polyline from the first point to the last.
    pub fn open(points: impl Into<Vec<[f64; 2]>>) -> Self {
        Polyline { points: points.into(), closed: false }
    }

    /// Creates a closed polyline through the points and back to the first.
    pub fn closed(points: impl Into<Vec<[f64; 2]>>) -> Self {
        Polyline { points: points.into(), closed: true }
    }

    /// Returns the segments, each from its start to its end.
    pub fn segments(&self) -> impl Iterator<Item = [[f64; 2]; 2]> + '_ {
        let pieces = self.points.windows(2).map(|pair| [pair[0], pair[1]]);
        let back = match (self.closed, self.points.as_slice()) {
            (true, [first, .., last]) => Some([*last, *first]),
            _ => None,
        };
        pieces.chain(back)
    }

    /// Returns the total length of the segments.
    pub fn length(&self) -> f64 {
        self.segments().map(|[a, b]| (b[0] - a[0]).hypot(b[1] - a[1])).sum()
    }

    /// Creates a polyline without points that repeat the previous one up to `slack` in each coordinate.
    /// Returns `None` if too few points remain to form a line.
    pub(super) fn cleaned(mut points: Vec<[f64; 2]>, closed: bool, slack: [f64; 2]) -> Option<Self> {
        let same = |a: &[f64; 2], b: &[f64; 2]| (0..2).all(|axis| (a[axis] - b[axis]).abs() <= slack[axis]);
        let last = points.last().copied();
        points.dedup_by(|next, kept| same(next, kept));
        if closed {
            while points.len() > 1 && same(&points[0], &points[points.len() - 1]) {
                points.pop();
            }
        } else if let (Some(kept), Some(last)) = (points.last_mut(), last) {
            // The end of an open line keeps its exact position.
            *kept = last;
        }
        let least = if closed { 3 } else { 2 };
        (points.len() >= least).then_some(Polyline { points, closed })
    }
}
