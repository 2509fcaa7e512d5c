//! The summary table of a logistic regression.

use std::fmt;

use super::inference::Inference;

impl fmt::Display for Inference {
    /// Model statistics, then estimate, standard error, z, p and the 95 % interval of each term.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let test = self.likelihood_ratio();
        let rows = [
            (
                "observations",
                number(self.observations),
                "log-likelihood",
                format!("{:.4}", self.log_likelihood),
            ),
            (
                "estimates",
                self.estimates.len().to_string(),
                "null model",
                format!("{:.4}", self.null_log_likelihood),
            ),
            ("AIC", format!("{:.3}", self.aic()), "McFadden's R²", format!("{:.4}", self.mcfadden_r2())),
            ("BIC", format!("{:.3}", self.bic()), "likelihood ratio", format!("{:.3}", test.statistic)),
            ("", String::new(), "its p-value", p_value(test.p_value)),
        ];
        writeln!(f, "fit: {}", self.report)?;
        if self.penalized {
            writeln!(
                f,
                "penalised: standard errors are those of the posterior, p-values and intervals approximate"
            )?;
        }
        for (left, value, right, other) in rows {
            writeln!(f, "{left:<14}{value:>14}    {right:<18}{other:>14}")?;
        }
        let width = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(12);
        let width = self.equations.iter().map(|class| class.chars().count()).fold(width, usize::max);
        let (errors, z, p) = (self.standard_errors(), self.z_values(), self.p_values());
        let Ok((low, high)) = self.confidence_intervals(0.95) else { return Err(fmt::Error) };
        let heading = ["estimate", "std. error", "z", "p", "2.5 %", "97.5 %"];
        for (equation, class) in self.equations.iter().enumerate() {
            writeln!(f)?;
            write!(f, "{class:<width$}")?;
            for title in heading {
                write!(f, "{title:>12}")?;
            }
            writeln!(f)?;
            for (term, name) in self.names.iter().enumerate() {
                let at = (term, equation);
                write!(f, "{name:<width$}{:>12}{:>12}", short(self.estimates[at]), short(errors[at]))?;
                write!(f, "{:>12.3}{:>12}", z[at], p_value(p[at]))?;
                writeln!(f, "{:>12}{:>12}", short(low[at]), short(high[at]))?;
            }
        }
        Ok(())
    }
}

/// A count as an integer, a sum of weights with its decimals.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// Six significant digits or so, in the shorter of both notations.
fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) { format!("{value:.3e}") } else { format!("{value:.5}") }
}

fn p_value(p: f64) -> String {
    if p < 1e-4 { format!("{p:.1e}") } else { format!("{p:.4}") }
}
