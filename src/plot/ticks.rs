//! Round numbers along an axis.

/// A number to be marked, and its label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Returns about `about` multiples of 1, 2 or 5 times a power of ten from `low` to `high`.
pub(super) fn linear(low: f64, high: f64, about: usize) -> Vec<Tick> {
    let step = round_step((high - low) / about.max(1) as f64);
    let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
    // Numbers too close together to be counted in steps get no marks.
    if !(step > 0.0 && first.is_finite() && last - first <= 1000.0 && first.abs() < 1e15) {
        return Vec::new();
    }
    let numbers: Vec<f64> =
        (0..=(last - first).max(-1.0) as i64).map(|i| (first + i as f64) * step).collect();
    let largest = numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    let power = largest.log10().floor();
    let scientific = largest > 0.0 && !(-4.0..6.0).contains(&power);
    let label = |&at: &f64| {
        let label = if scientific { powers_of_ten(at, power, step) } else { decimal(at, step) };
        Tick { at, label }
    };
    numbers.iter().map(label).collect()
}

/// Returns powers of ten from `low` to `high`, both positive; if there are few, also their double and
/// fivefold.
pub(super) fn logarithmic(low: f64, high: f64, about: usize) -> Vec<Tick> {
    let slack = 1e-9;
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let inside = |at: &f64| (low * (1.0 - slack)..=high * (1.0 + slack)).contains(at);
    let decades = (last - first).max(1) as usize;
    let stride = decades.div_ceil(about.max(1)).max(1);
    let factors: &[f64] = if high.log10() - low.log10() <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let mut ticks = Vec::new();
    for power in (first..=last).filter(|power| power.rem_euclid(stride as i32) == 0) {
        for &factor in factors {
            let at = factor * 10f64.powi(power);
            if inside(&at) {
                ticks.push(Tick { at, label: on_log_axis(factor, power) });
            }
        }
    }
    ticks
}

/// Returns the smallest of 1, 2 and 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// Formats a number with as many decimals as the step needs.
pub(super) fn decimal(value: f64, step: f64) -> String {
    let decimals = (-step.log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    let value = if value.abs() < 0.5 * step { 0.0 } else { value };
    signed(&format!("{value:.decimals$}"))
}

/// Formats a number as a multiple of a power of ten.
fn powers_of_ten(value: f64, power: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let unit = 10f64.powi(power as i32);
    let (value, step) = if unit > 0.0 { (value / unit, step / unit) } else { (value, step) };
    let factor = decimal(value, step);
    let power = superscript(power as i32);
    match factor.as_str() {
        "1" => format!("10{power}"),
        "−1" => format!("−10{power}"),
        _ => format!("{factor}·10{power}"),
    }
}

fn on_log_axis(factor: f64, power: i32) -> String {
    match power {
        -3..=4 => decimal(factor * 10f64.powi(power), 10f64.powi(power.min(0))),
        _ if factor == 1.0 => format!("10{}", superscript(power)),
        _ => format!("{factor}·10{}", superscript(power)),
    }
}

/// Formats a number with two significant digits.
pub(super) fn significant(value: f64) -> String {
    let power = value.abs().log10().floor();
    if value == 0.0 || !power.is_finite() {
        return signed(&value.to_string());
    }
    let step = 10f64.powf(power - 1.0);
    if (-4.0..4.0).contains(&power) { decimal(value, step) } else { powers_of_ten(value, power, step) }
}

/// Replaces hyphens by the minus sign.
pub(super) fn signed(number: &str) -> String {
    number.replace('-', "−")
}

fn superscript(power: i32) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    power.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&linear(-1.2, 1.1, 5)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&linear(0.0, 100.0, 5)), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(
            labels(&linear(0.0, 3e-6, 3)),
            ["0", "1·10⁻⁶", "2·10⁻⁶", "3·10⁻⁶"].map(|l| l.replace("1·", ""))
        );
        assert_eq!(labels(&linear(1e8, 3e8, 2)), ["10⁸", "2·10⁸", "3·10⁸"]);
        assert_eq!(labels(&linear(99.98, 100.02, 4)), ["99.98", "99.99", "100.00", "100.01", "100.02"]);
    }

    #[test]
    fn ticks_of_any_range_are_within_it_and_few() {
        let ends =
            [0.0, 1.0, -1.0, 1e-300, 1e300, -1e300, 1e15, 1e15 + 1.0, 5e-324, f64::MAX / 4.0, 1.0 + 1e-15];
        for low in ends {
            for high in ends.into_iter().filter(|&high| high > low) {
                for about in [0, 1, 5, 20] {
                    let ticks = linear(low, high, about);
                    let slack = 1e-5 * (high - low);
                    assert!(ticks.len() <= 2 * about + 3, "{low} {high} {about}: {}", ticks.len());
                    assert!(
                        ticks.iter().all(|t| low - slack <= t.at && t.at <= high + slack),
                        "{low} {high}"
                    );
                }
            }
        }
    }

    #[test]
    fn two_digits_say_enough() {
        let written = [0.0123, 0.5, 1234.0, -7.0, 1.5e-9, 0.0].map(significant);
        assert_eq!(written, ["0.012", "0.50", "1234", "−7.0", "1.5·10⁻⁹", "0"]);
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        assert_eq!(labels(&logarithmic(1e-7, 10.0, 5)), ["10⁻⁶", "10⁻⁴", "0.01", "1"]);
        assert_eq!(labels(&logarithmic(0.9, 60.0, 5)), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(&logarithmic(1e-5, 2e-5, 5)), ["10⁻⁵", "2·10⁻⁵"]);
    }
}
