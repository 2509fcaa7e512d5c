//! The shapes of hard problems: few parameters, or more than those for which a fit forms a matrix unasked.

use logit::Rng;

use super::hard::Kind;

/// The size of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) classes: usize,
    /// Rows that occur with every class in turn.
    pub(crate) repeated: usize,
    /// More than 256 parameters.
    pub(crate) wide: bool,
}

impl Shape {
    /// At most 60 parameters.
    pub(crate) fn narrow(kind: Kind, rng: &mut Rng) -> Self {
        let classes = [2, 2, 3, 5][rng.below(4)];
        let widest = match (kind, classes) {
            (Kind::Jeffreys, _) => 3,
            (_, 2) => 12,
            (_, 3) => 4,
            _ => 2,
        };
        let columns = 1 + rng.below(widest);
        let repeated = (columns + 2) * classes;
        let most = if classes == 2 && kind != Kind::Jeffreys { 400.0 } else { 90.0 };
        let fewest = (repeated as f64).max(10.0);
        let rows = (fewest * (most / fewest).max(1.0).powf(rng.uniform(0.0, 1.0))) as usize;
        Shape { rows, columns, classes, repeated, wide: false }
    }

    /// 257 to 330 parameters, in as many rows as determine them or in fewer.
    pub(crate) fn wide(rng: &mut Rng) -> Self {
        let classes = [2, 2, 3, 5][rng.below(4)];
        let score_columns = if classes == 2 { 1 } else { classes };
        let columns = 257usize.div_ceil(score_columns) + rng.below(70 / score_columns);
        let enough = (columns + 2) * classes;
        let (rows, repeated) = if rng.below(3) == 0 {
            (60 + rng.below(190), classes)
        } else {
            (enough + rng.below(200), enough)
        };
        Shape { rows, columns, classes, repeated, wide: true }
    }

    /// Whether the repeated rows span all directions, so that an optimum exists for certain.
    pub(crate) fn spans(&self) -> bool {
        self.repeated >= (self.columns + 2) * self.classes
    }
}
