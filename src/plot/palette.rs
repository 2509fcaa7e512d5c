//! Colours that the colour-blind can distinguish, and markers that need no colour.

use super::scene::Colour;

/// The colours of Okabe and Ito (2008), "Color universal design", the darker ones first.
const CLASSES: [Colour; 8] = [
    Colour(0, 114, 178),
    Colour(230, 159, 0),
    Colour(0, 158, 115),
    Colour(204, 121, 167),
    Colour(86, 180, 233),
    Colour(213, 94, 0),
    Colour(90, 90, 90),
    Colour(240, 228, 66),
];

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Triangle,
    Square,
    Diamond,
    TriangleDown,
    Plus,
    Cross,
}

const MARKERS: [Marker; 7] = [
    Marker::Circle,
    Marker::Triangle,
    Marker::Square,
    Marker::Diamond,
    Marker::TriangleDown,
    Marker::Plus,
    Marker::Cross,
];

/// Returns the colour of a class or curve. Together with [`marker`] and [`dash`] it repeats only after 56.
pub(super) fn colour(number: usize) -> Colour {
    CLASSES[number % CLASSES.len()]
}

/// Returns the light background colour of a class.
pub(super) fn tint(number: usize) -> Colour {
    colour(number).mixed(Colour::WHITE, 0.72)
}

/// Returns the marker of a class or curve.
pub(super) fn marker(number: usize) -> Marker {
    MARKERS[number % MARKERS.len()]
}

/// Returns the dashes of a curve: the first is solid.
pub(super) fn dash(number: usize) -> Option<[f64; 2]> {
    [None, Some([7.0, 3.0]), Some([2.0, 2.0]), Some([10.0, 3.0]), Some([4.0, 4.0])][number % 5]
}

impl Marker {
    /// Returns the corners of a polygon around the origin with about the area of a unit circle; none for the
    /// circle.
    pub(super) fn corners(self) -> Vec<[f64; 2]> {
        let turned = |corners: &[[f64; 2]], angle: f64| -> Vec<[f64; 2]> {
            let (sin, cos) = angle.sin_cos();
            corners.iter().map(|[x, y]| [cos * x - sin * y, sin * x + cos * y]).collect()
        };
        let square = [[-0.89, -0.89], [0.89, -0.89], [0.89, 0.89], [-0.89, 0.89]];
        let triangle = [[0.0, -1.45], [1.26, 0.73], [-1.26, 0.73]];
        let (arm, half) = (1.35, 0.42);
        let plus = [
            [-half, -arm],
            [half, -arm],
            [half, -half],
            [arm, -half],
            [arm, half],
            [half, half],
            [half, arm],
            [-half, arm],
            [-half, half],
            [-arm, half],
            [-arm, -half],
            [-half, -half],
        ];
        let eighth = std::f64::consts::FRAC_PI_4;
        match self {
            Marker::Circle => Vec::new(),
            Marker::Triangle => triangle.to_vec(),
            Marker::Square => square.to_vec(),
            Marker::Diamond => turned(&square, eighth),
            Marker::TriangleDown => triangle.iter().map(|[x, y]| [*x, -y]).collect(),
            Marker::Plus => plus.to_vec(),
            Marker::Cross => turned(&plus, eighth),
        }
    }
}

/// Colour scales for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From dark blue for 0 through grey to yellow for 1: cividis, by Nuñez, Anderton and Renslow (2018).
    Sequential,
    /// From white for 0 to dark blue for 1.
    Blues,
    /// From blue for 0 through white for 1/2 to orange-red for 1.
    Diverging,
}

const CIVIDIS: [Colour; 9] = [
    Colour(0, 32, 76),
    Colour(0, 52, 110),
    Colour(57, 72, 107),
    Colour(87, 93, 109),
    Colour(112, 113, 115),
    Colour(138, 134, 120),
    Colour(166, 157, 117),
    Colour(200, 184, 102),
    Colour(255, 234, 70),
];
const BLUES: [Colour; 5] = [
    Colour(255, 255, 255),
    Colour(208, 225, 242),
    Colour(122, 176, 216),
    Colour(33, 113, 181),
    Colour(8, 48, 107),
];
const DIVERGING: [Colour; 7] = [
    Colour(5, 72, 133),
    Colour(67, 147, 195),
    Colour(170, 209, 231),
    Colour(250, 250, 250),
    Colour(253, 200, 145),
    Colour(230, 128, 40),
    Colour(160, 60, 0),
];

impl Scale {
    /// Returns the colour of a number from 0 to 1; numbers outside have the colour of the nearer end.
    pub(super) fn at(self, value: f64) -> Colour {
        let colours: &[Colour] = match self {
            Scale::Sequential => &CIVIDIS,
            Scale::Blues => &BLUES,
            Scale::Diverging => &DIVERGING,
        };
        let place = value.clamp(0.0, 1.0) * (colours.len() - 1) as f64;
        let below = (place.floor() as usize).min(colours.len() - 2);
        colours[below].mixed(colours[below + 1], place - below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how two colours look without one of the three kinds of cones, after Viénot, Brettel and Mollon
    /// (1999), "Digital video colourmaps for checking the legibility of displays by dichromats".
    fn without_red_cones([r, g, b]: [f64; 3]) -> [f64; 3] {
        [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b]
    }

    fn without_green_cones([r, g, b]: [f64; 3]) -> [f64; 3] {
        [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b]
    }

    fn linear(colour: Colour) -> [f64; 3] {
        [colour.0, colour.1, colour.2].map(|c| (f64::from(c) / 255.0).powf(2.2))
    }

    #[test]
    fn classes_differ_for_the_colour_blind() {
        for (i, &first) in CLASSES.iter().enumerate() {
            for &second in &CLASSES[..i] {
                for seen in [|c| c, without_red_cones, without_green_cones] {
                    let [a, b] = [first, second].map(|c| seen(linear(c)).map(|v| v.max(0.0).powf(1.0 / 2.2)));
                    let distance = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(distance > 0.1, "{first:?} and {second:?}: {distance}");
                }
            }
        }
    }

    #[test]
    fn a_class_has_a_look_of_its_own() {
        let looks: std::collections::BTreeSet<String> =
            (0..56).map(|k| format!("{:?} {:?}", colour(k), marker(k))).collect();
        assert_eq!(looks.len(), 56);
    }

    #[test]
    fn the_sequential_scale_grows_lighter_throughout() {
        let light = |step: usize| {
            let [r, g, b] = linear(Scale::Sequential.at(step as f64 / 100.0));
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        assert!((1..=100).all(|step| light(step) > light(step - 1)));
        assert_eq!(Scale::Diverging.at(0.5), Colour(250, 250, 250));
        assert_eq!(Scale::Blues.at(f64::INFINITY), Colour(8, 48, 107));
    }
}
