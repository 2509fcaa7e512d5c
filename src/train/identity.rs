//! What makes a run this run: everything that a checkpoint and the run that resumes from it must share.

use crate::error::Error;
use crate::examples::{CheckedExamples, Targets};
use crate::layer::Shape;
use crate::scalar::Real;

/// The identity of a run, in numbers and in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RunIdentity {
    pub(super) seed: u64,
    pub(super) rows: usize,
    pub(super) batch_size: usize,
    pub(super) accumulate: usize,
    pub(super) parameters: usize,
    pub(super) statistics: usize,
    pub(super) optimizer_state: usize,
    /// Layers, loss, rule and data. Empty in files that were written before checkpoints had them.
    pub(super) details: Vec<Detail>,
}

/// A property of a run and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) name: String,
    pub(super) value: String,
}

impl Detail {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Detail { name: name.into(), value: value.into() }
    }
}

impl RunIdentity {
    /// Checks that `found` is the identity of the same run.
    ///
    /// # Errors
    /// Returns [`Error::Checkpoint`] for the first difference.
    pub(super) fn check(&self, found: &RunIdentity) -> Result<(), Error> {
        check_numbers([
            ("seed", self.seed, found.seed),
            ("training rows", self.rows as u64, found.rows as u64),
            ("batch_size", self.batch_size as u64, found.batch_size as u64),
            ("accumulate", self.accumulate as u64, found.accumulate as u64),
        ])?;
        if !found.details.is_empty() {
            check_details(&self.details, &found.details)?;
        }
        // The words say more than these, if there are any.
        check_numbers([
            ("parameters", self.parameters as u64, found.parameters as u64),
            ("running statistics", self.statistics as u64, found.statistics as u64),
            ("optimizer state", self.optimizer_state as u64, found.optimizer_state as u64),
        ])
    }
}

/// Checks that the two numbers of each property are equal.
fn check_numbers<const N: usize>(numbers: [(&str, u64, u64); N]) -> Result<(), Error> {
    match numbers.into_iter().find(|(_, expected, found)| expected != found) {
        Some((what, expected, found)) => Err(another_run(what, expected.to_string(), found.to_string())),
        None => Ok(()),
    }
}

/// Checks that both have the same properties in the same order, with the same values.
fn check_details(wanted: &[Detail], found: &[Detail]) -> Result<(), Error> {
    let none = || "none".to_owned();
    let has = |details: &[Detail], name: &str| details.iter().any(|detail| detail.name == name);
    for index in 0..wanted.len().max(found.len()) {
        match (wanted.get(index), found.get(index)) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) if a.name == b.name => {
                return Err(another_run(&a.name, a.value.clone(), b.value.clone()));
            }
            // One of the two has a property more, such as another layer.
            (a, Some(b)) if a.is_none() || !has(wanted, &b.name) => {
                return Err(another_run(&b.name, none(), b.value.clone()));
            }
            (Some(a), _) => return Err(another_run(&a.name, a.value.clone(), none())),
            (None, _) => {}
        }
    }
    Ok(())
}

/// Returns the error for a checkpoint of another run.
pub(super) fn another_run(what: &str, expected: String, found: String) -> Error {
    Error::Checkpoint { what: what.to_owned(), expected, found }
}

/// Returns the layers with their sizes and settings. The layers inside layer 2 are layer 2.1, 2.2 and so on.
pub(super) fn layers(network: &dyn Shape) -> Vec<Detail> {
    fn collect(layer: &dyn Shape, name: String, details: &mut Vec<Detail>) {
        let inside = layer.sublayers();
        let outer = if name == NETWORK { "layer ".to_owned() } else { format!("{name}.") };
        let (settings, inputs, outputs) = (layer.settings(), layer.inputs(), layer.outputs());
        details.push(Detail::new(name, format!("{settings} {inputs} x {outputs}")));
        for (index, part) in inside.into_iter().enumerate() {
            collect(part, format!("{outer}{}", index + 1), details);
        }
    }
    let mut details = Vec::new();
    collect(network, NETWORK.to_owned(), &mut details);
    details
}

/// The name of the outermost layer.
const NETWORK: &str = "network";

/// Returns what is known of the training rows, except their number.
pub(super) fn data<T: Real>(examples: &CheckedExamples<'_, T>, validation: Option<usize>) -> Vec<Detail> {
    let targets = match examples.targets {
        Targets::Classes(classes) => {
            let counted = (0..classes.len()).filter(|&row| examples.counts(row)).map(|row| classes[row]);
            format!("class indices with checksum {:016x}", checksum(counted))
        }
        Targets::Values(values) => format!("values in {} columns", values.ncols()),
    };
    // Six digits do not depend on the order in which a processor adds.
    let weights =
        examples.weights.map_or("none".to_owned(), |_| format!("sum {:.5e}", examples.total_weight));
    let validation = validation.map_or("none".to_owned(), |rows| rows.to_string());
    vec![
        Detail::new("targets", targets),
        Detail::new("sample weights", weights),
        Detail::new("validation rows", validation),
    ]
}

/// Returns the FNV-1a hash of some numbers.
fn checksum(numbers: impl Iterator<Item = usize>) -> u64 {
    numbers.fold(0xCBF2_9CE4_8422_2325, |hash, number| {
        (number as u64)
            .to_le_bytes()
            .iter()
            .fold(hash, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(names: &[&str]) -> Vec<Detail> {
        names.iter().map(|pair| pair.split_once('=').unwrap()).map(|(a, b)| Detail::new(a, b)).collect()
    }

    #[test]
    fn the_first_difference_is_named() {
        let run = ["layer 1=a", "layer 2=b", "loss=c"];
        let of = |found: &[&str]| match check_details(&details(&run), &details(found)) {
            Ok(()) => String::new(),
            Err(Error::Checkpoint { what, expected, found }) => format!("{what}: {found}, {expected}"),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(of(&run), "");
        assert_eq!(of(&["layer 1=a", "layer 2=x", "loss=y"]), "layer 2: x, b");
        assert_eq!(of(&["layer 1=a", "loss=c"]), "layer 2: none, b");
        assert_eq!(of(&["layer 1=a", "layer 2=b", "layer 3=b", "loss=c"]), "layer 3: b, none");
        assert_eq!(of(&["layer 1=a", "layer 2=b"]), "loss: none, c");
        assert_eq!(of(&["layer 1=a", "layer 2=b", "loss=c", "class 0=d"]), "class 0: d, none");
        assert_eq!(of(&[]), "layer 1: none, a");
    }

    #[test]
    fn the_checksum_is_that_of_the_definition() {
        // The hash of no bytes, and of the eight bytes of "a" as a number.
        assert_eq!(checksum(std::iter::empty()), 0xCBF2_9CE4_8422_2325);
        assert_ne!(checksum([0, 1].into_iter()), checksum([1, 0].into_iter()));
    }
}
