//! Round numbers along an axis.

/// A number to be marked, and its label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// The power of ten by which numbers near the ends of the range of `f64` are multiplied before arithmetic.
const SHIFT: i32 = 200;

/// The smallest and largest power of ten that is a number, if only a subnormal one.
const POWERS: (i64, i64) = (-323, 308);

/// Returns about `about` multiples of 1, 2 or 5 times a power of ten from `low` to `high`.
///
/// Any two finite numbers are allowed. Labels are exact, even where subnormal numbers are not.
pub(super) fn linear(low: f64, high: f64, about: usize) -> Vec<Tick> {
    // Steps of subnormal numbers and spans beyond the largest number would be rounded to 0 and infinity.
    let shift = match low.abs().max(high.abs()) {
        largest if largest < 1e-200 => SHIFT,
        largest if largest > 1e200 => -SHIFT,
        _ => 0,
    };
    let (low, high) = (low * power_of_ten(shift), high * power_of_ten(shift));
    // There are no numbers between multiples of the smallest one.
    let least = (POWERS.0 as i32).saturating_add(shift);
    let (factor, power) = round_step((high - low) / about.max(1) as f64, least);
    let step = f64::from(factor) * power_of_ten(power);
    // Subnormal ends are rounded to multiples of the smallest number.
    let rounding = if shift == SHIFT { 0.5 * (f64::from_bits(1) * power_of_ten(SHIFT)) / step } else { 0.0 };
    let slack = 1e-6 + rounding;
    let (first, last) = ((low / step - slack).ceil(), (high / step + slack).floor());
    // Numbers too close together to be counted in steps get no marks.
    if !(step > 0.0 && step.is_finite() && last - first <= 1000.0 && first.abs() < 1e15) {
        return Vec::new();
    }
    let multiple = |i: i64| (first as i64 + i) * i64::from(factor);
    let multiples: Vec<i64> = (0..=(last - first).max(-1.0) as i64).map(multiple).collect();
    let size = |multiple: i64| multiple as f64 * power_of_ten(power);
    let largest = multiples.iter().fold(0.0, |largest: f64, &multiple| largest.max(size(multiple).abs()));
    let leading = largest.log10().floor();
    let scientific = largest > 0.0 && !(-4.0..6.0).contains(&(leading - f64::from(shift)));
    let label = |multiple: i64| {
        if scientific {
            scaled(size(multiple), leading as i32, step, shift)
        } else {
            decimal(size(multiple), step)
        }
    };
    let tick = |&multiple: &i64| Tick { at: nearest(multiple, power - shift), label: label(multiple) };
    multiples.iter().map(tick).filter(|tick| tick.at.is_finite()).collect()
}

/// Returns powers of ten from 10 to the power of `low` to that of `high`; if there are few, also their double
/// and fivefold.
pub(super) fn logarithmic(low: f64, high: f64, about: usize) -> Vec<Tick> {
    let slack = 1e-9;
    let within = |power: f64| (power as i64).clamp(POWERS.0, POWERS.1);
    let (first, last) = (within(low.floor()), within(high.ceil()));
    let (decades, about) = ((last - first).max(1), i64::try_from(about).unwrap_or(i64::MAX).max(1));
    // Labels such as 10⁻³⁰⁰ are easier to read than 10⁻²⁹⁴.
    let stride = match (decades - 1) / about + 1 {
        stride @ ..=5 => stride,
        stride => [10, 20, 50, 100, 200].into_iter().find(|&round| round >= stride).unwrap_or(500),
    };
    let factors: &[u8] = if high - low <= 2.0 { &[1, 2, 5] } else { &[1] };
    let mut ticks = Vec::new();
    for power in (first..=last).filter(|power| power.rem_euclid(stride) == 0) {
        for &factor in factors {
            let place = power as f64 + f64::from(factor).log10();
            let at = nearest(i64::from(factor), power as i32);
            if (low - slack..=high + slack).contains(&place) && at.is_finite() {
                ticks.push(Tick { at, label: on_log_axis(f64::from(factor), power as i32) });
            }
        }
    }
    ticks
}

/// Returns the number nearest to an integer times a power of ten.
fn nearest(integer: i64, power: i32) -> f64 {
    format!("{integer}e{power}").parse().unwrap_or(f64::NAN)
}

/// Returns the smallest of 1, 2 and 5 times a power of ten that is at least `step`, as factor and power. The
/// power is at least `least`.
fn round_step(step: f64, least: i32) -> (u8, i32) {
    let power = step.log10().floor() as i32;
    if power < least {
        return (1, least);
    }
    let fits = |factor: &u8| f64::from(*factor) * power_of_ten(power) >= step * (1.0 - 1e-9);
    match [1, 2, 5].into_iter().find(fits) {
        Some(factor) => (factor, power),
        None => (1, power.saturating_add(1)),
    }
}

fn power_of_ten(power: i32) -> f64 {
    10f64.powf(f64::from(power))
}

/// Formats a number with as many decimals as the step needs.
pub(super) fn decimal(value: f64, step: f64) -> String {
    let decimals = (-step.log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    let value = if value.abs() < 0.5 * step { 0.0 } else { value };
    signed(&format!("{value:.decimals$}"))
}

/// Formats a number that was multiplied by a power of ten, `shift`, as a multiple of another, `power`.
fn scaled(value: f64, power: i32, step: f64, shift: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let unit = power_of_ten(power);
    let factor = decimal(value / unit, step / unit);
    let power = superscript(power - shift);
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
    // Powers of ten below the smallest normal number are inexact.
    let shift = if value.abs() < 1e-200 { SHIFT } else { 0 };
    let shifted = value * power_of_ten(shift);
    let power = shifted.abs().log10().floor();
    if value == 0.0 || !power.is_finite() {
        return signed(&value.to_string());
    }
    // What two digits round up to 10 has the next power.
    let power = if shifted.abs() >= 9.95 * 10f64.powf(power) { power + 1.0 } else { power };
    let step = 10f64.powf(power - 1.0);
    if shift == 0 && (-4.0..4.0).contains(&power) {
        decimal(value, step)
    } else {
        scaled(shifted, power as i32, step, shift)
    }
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
        let ends = [
            0.0,
            1.0,
            -1.0,
            1e-300,
            1e300,
            -1e300,
            1e15,
            1e15 + 1.0,
            5e-324,
            f64::MAX,
            -f64::MAX,
            1.0 + 1e-15,
        ];
        for low in ends {
            for high in ends.into_iter().filter(|&high| high > low) {
                for about in [0, 1, 5, 20] {
                    let ticks = linear(low, high, about);
                    let slack = 1e-5 * high - 1e-5 * low;
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
        let between = |low: f64, high: f64| logarithmic(low.log10(), high.log10(), 5);
        assert_eq!(labels(&between(1e-7, 10.0)), ["10⁻⁶", "10⁻⁴", "0.01", "1"]);
        assert_eq!(labels(&between(0.9, 60.0)), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(&between(1e-5, 2e-5)), ["10⁻⁵", "2·10⁻⁵"]);
    }

    #[test]
    fn logarithmic_ticks_beyond_all_numbers_are_left_out() {
        let between = |low: f64, high: f64| labels(&logarithmic(low, high, 5)).join(" ");
        assert_eq!(between(-355.0, -290.0), "10⁻³²⁰ 10⁻³¹⁰ 10⁻³⁰⁰ 10⁻²⁹⁰");
        assert_eq!(between(-330.0, 330.0), "10⁻²⁰⁰ 1 10²⁰⁰");
        assert_eq!(between(307.5, 330.0), "10³⁰⁸");
        assert_eq!(between(-f64::MAX, -400.0) + &between(f64::INFINITY, f64::INFINITY), "");
        for tick in logarithmic(-330.0, 330.0, 10_000) {
            assert!(tick.at > 0.0 && tick.at.is_finite(), "{tick:?}");
        }
    }

    #[test]
    fn labels_of_subnormal_numbers_are_round() {
        let found = linear(0.0, 4.1e-319, 5);
        assert_eq!(labels(&found), ["0", "10⁻³¹⁹", "2·10⁻³¹⁹", "3·10⁻³¹⁹", "4·10⁻³¹⁹"]);
        assert_eq!(
            found.iter().map(|tick| tick.at).collect::<Vec<_>>(),
            [0.0, 1e-319, 2e-319, 3e-319, 4e-319]
        );
        assert_eq!(labels(&linear(-1e-323, 2e-323, 5)), ["−10⁻³²³", "0", "10⁻³²³", "2·10⁻³²³"]);
        assert_eq!(labels(&linear(0.999e-320, 1.041e-320, 3)), ["1.00·10⁻³²⁰", "1.02·10⁻³²⁰", "1.04·10⁻³²⁰"]);
        assert_eq!(labels(&linear(-1e308, 1e308, 2)), ["−10³⁰⁸", "0", "10³⁰⁸"]);
        assert_eq!([significant(1e-319), significant(-2.5e-310)], ["1.0·10⁻³¹⁹", "−2.5·10⁻³¹⁰"]);
    }
}
