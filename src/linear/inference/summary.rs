//! The summary table of a logistic regression, and the layout shared by all tables of estimates.

use std::fmt;

use nalgebra::DMatrix;

use super::{Inference, two_sided};

impl fmt::Display for Inference {
    /// Formats the report of the fit, the covariance estimator, the fit statistics, and then the estimate,
    /// standard error, z, p and 95 % interval of each term.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "fit: {}", self.report)?;
        writeln!(f, "covariance: {}", self.kind)?;
        if self.penalized {
            writeln!(
                f,
                "penalised: p-values and intervals are approximate, AIC and BIC count every estimate"
            )?;
        }
        writeln!(f)?;
        let estimates = self.estimates.len().to_string();
        let condition = if self.condition < 1e4 {
            format!("{:.1}", self.condition)
        } else {
            format!("{:.1e}", self.condition)
        };
        writeln_pair(
            f,
            ("observations", number(self.observations)),
            ("log-likelihood", short(self.log_likelihood)),
        )?;
        writeln_pair(f, ("estimates", estimates), ("null model", short(self.null_log_likelihood)))?;
        writeln_pair(f, ("AIC", short(self.aic())), ("McFadden's R²", short(self.mcfadden_r2())))?;
        let bic = ("BIC", short(self.bic()));
        match self.likelihood_ratio() {
            Ok(test) => {
                let title = format!("likelihood ratio χ²({})", test.degrees_of_freedom);
                writeln_pair(f, bic, (&title, short(test.statistic)))?;
                writeln_pair(f, ("condition", condition), ("its p-value", p_value(test.p_value)))?;
            }
            Err(_) => writeln_pair(f, bic, ("condition", condition))?,
        }
        let Ok((lower, upper)) = self.confidence_intervals(0.95) else { return Err(fmt::Error) };
        let columns = Columns {
            heading: "estimate",
            estimates: &self.estimates,
            errors: &self.standard_errors,
            z_values: &self.z_values,
            lower: &lower,
            upper: &upper,
        };
        write_estimates(f, &self.equations, &self.names, &columns)
    }
}

fn writeln_pair(f: &mut fmt::Formatter<'_>, left: (&str, String), right: (&str, String)) -> fmt::Result {
    writeln!(f, "{:<14}{:>16}    {:<24}{:>14}", left.0, left.1, right.0, right.1)
}

/// The contents of a table of estimates: matrices of rows x sections.
pub(super) struct Columns<'a> {
    pub(super) heading: &'static str,
    pub(super) estimates: &'a DMatrix<f64>,
    pub(super) errors: &'a DMatrix<f64>,
    pub(super) z_values: &'a DMatrix<f64>,
    pub(super) lower: &'a DMatrix<f64>,
    pub(super) upper: &'a DMatrix<f64>,
}

/// Writes one section for each column of the matrices, with one line per row.
pub(super) fn write_estimates(
    f: &mut fmt::Formatter<'_>,
    sections: &[String],
    names: &[String],
    columns: &Columns<'_>,
) -> fmt::Result {
    let (sections, names): (Vec<String>, Vec<String>) = (
        sections.iter().map(|name| one_line(name)).collect(),
        names.iter().map(|name| one_line(name)).collect(),
    );
    let width = sections.iter().chain(&names).map(|name| name.chars().count()).fold(12, usize::max);
    for (section, title) in sections.iter().enumerate() {
        writeln!(f)?;
        write!(f, "{title:<width$}")?;
        for title in [columns.heading, "std. error", "z", "p", "2.5 %", "97.5 %"] {
            write!(f, "{title:>12}")?;
        }
        writeln!(f)?;
        for (row, name) in names.iter().enumerate() {
            let at = (row, section);
            let (estimate, error, z) = (columns.estimates[at], columns.errors[at], columns.z_values[at]);
            write!(f, "{name:<width$}{:>12}{:>12}", short(estimate), short(error))?;
            write!(f, "{:>12}{:>12}", statistic(z), p_value(two_sided(z)))?;
            writeln!(f, "{:>12}{:>12}", short(columns.lower[at]), short(columns.upper[at]))?;
        }
    }
    Ok(())
}

/// Replaces line breaks and other control characters, which would break the table, with spaces.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Formats a count as an integer and a sum of weights with decimals.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { short(value) }
}

/// Formats a value with about six significant digits, in fixed or scientific notation.
fn short(value: f64) -> String {
    let size = value.abs();
    if value.is_finite() && size != 0.0 && !(1e-3..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let decimals = if size < 1e3 { 5 } else { 3 };
    format!("{value:.decimals$}")
}

fn statistic(z: f64) -> String {
    if z.abs() < 1e6 { format!("{z:.3}") } else { format!("{z:.3e}") }
}

fn p_value(p: f64) -> String {
    if p < 1e-4 { format!("{p:.1e}") } else { format!("{p:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair;
    impl fmt::Display for Pair {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            writeln_pair(f, ("AIC", "1.5".to_owned()), ("null model", "-2".to_owned()))
        }
    }

    #[test]
    fn pairs_are_in_four_columns() {
        assert_eq!(
            Pair.to_string(),
            "AIC                        1.5    null model                          -2\n"
        );
        assert_eq!([1.5, -2e7].map(statistic), ["1.500", "-2.000e7"]);
    }

    #[test]
    fn numbers_have_six_digits() {
        let shown = [0.0, 1.5, -0.25, 1234.5, 123456.789, 1e6, -2.5e-4, f64::INFINITY].map(short);
        let wanted =
            ["0.00000", "1.50000", "-0.25000", "1234.500", "123456.789", "1.000e6", "-2.500e-4", "inf"];
        assert_eq!(shown, wanted);
        assert_eq!([12.0, 12.5].map(number), ["12", "12.50000"]);
    }
}
