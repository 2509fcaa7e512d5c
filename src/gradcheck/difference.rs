//! Five-point differences that detect kinks.

/// The outcome of a finite difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Derivative {
    /// The value on which two step sizes agree.
    Smooth(f64),
    /// A kink: no step size agrees with its half.
    Kink,
}

/// The number of step sizes tried, each an eighth of the one before.
const ATTEMPTS: usize = 4;

/// Returns the derivative of `f` at `at`.
pub(super) fn derivative(
    at: f64,
    step: f64,
    relative: f64,
    absolute: f64,
    mut f: impl FnMut(f64) -> f64,
) -> Derivative {
    let middle = f(at);
    // The slope, and the difference of the slopes on either side.
    let mut five_points = |h: f64| {
        // Uses the exact distance between the representable points.
        let h = (at + h) - at;
        let (below, above) = (f(at - h), f(at + h));
        let slope = ((f(at - 2.0 * h) - f(at + 2.0 * h)) + 8.0 * (above - below)) / (12.0 * h);
        (slope, ((above - middle) - (middle - below)) / h)
    };
    let mut h = step;
    for _ in 0..ATTEMPTS {
        let ((whole, bend), (half, half_bend)) = (five_points(h), five_points(0.5 * h));
        let allowed = absolute + relative * whole.abs().max(half.abs());
        // The slope of a smooth function changes half as much over half the distance, up to order h^3. If the
        // point itself is a kink, the slopes may agree by symmetry, but they change as much.
        if (whole - half).abs() <= allowed && (bend - 2.0 * half_bend).abs() <= 10.0 * allowed {
            return Derivative::Smooth(half);
        }
        h /= 8.0;
    }
    Derivative::Kink
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, f: impl FnMut(f64) -> f64) -> Derivative {
        derivative(x, 1e-3, 1e-8, 1e-10, f)
    }

    #[test]
    fn smooth_functions_are_differentiated_to_ten_digits() {
        for x in [-2.0, 0.0, 0.3, 5.0f64] {
            let Derivative::Smooth(found) = at(x, f64::exp) else { panic!("kink at {x}") };
            approx::assert_relative_eq!(found, x.exp(), max_relative = 1e-10);
        }
    }

    #[test]
    fn a_kink_is_told_from_a_kink_nearby() {
        assert_eq!(at(0.0, |x| x.max(0.0)), Derivative::Kink);
        assert_eq!(at(1e-7, |x| x.max(0.0)), Derivative::Kink);
        let Derivative::Smooth(slope) = at(1e-3, |x| x.max(0.0)) else {
            panic!("a smaller step avoids this kink")
        };
        approx::assert_relative_eq!(slope, 1.0, max_relative = 1e-9);
    }
}
