//! Labels, losses and last layers that do not belong together, and wrong gradients.

use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::training::evidence::Evidence;
use crate::doctor::training::gradient::WRONG;
use crate::doctor::training::losses::Expects;

/// Labels that are coded for another loss.
pub(super) fn coding(evidence: &Evidence) -> Option<Finding> {
    let losses = evidence.losses.as_ref()?;
    let classes = evidence.classes.as_ref()?;
    let lowest = || losses.lowest.iter().enumerate().filter(|(_, lowest)| !lowest.is_nan());
    let negative: Vec<usize> =
        lowest().filter(|(_, lowest)| **lowest < -0.1).map(|(class, _)| class).collect();
    let some = !negative.is_empty() && negative.len() < lowest().count();
    if some {
        let class = negative[0];
        let why = format!(
            "for the target of class {class} the loss has no smallest value at 0: it falls below 0, so training \
             drives the scores of these rows without end"
        );
        let change = "give the labels that the loss is written for (0 and 1 for binary cross-entropy), or use \
                      an estimator, which encodes labels itself";
        let finding = Finding::new(Code::LabelCoding, Severity::Error, why, change);
        return Some(finding.saw("smallest loss of the class", losses.lowest[class]));
    }
    let flat = losses.flat.iter().find(|(_, value)| value.abs() > 1e-9);
    if let Some((class, value)) = flat.filter(|_| losses.flat.len() < lowest().count()) {
        let why = format!(
            "the loss of class {class} is the same for all scores, so its rows contribute nothing to the \
             gradient: the formula is for labels -1 and +1"
        );
        let change = "code the labels as -1 and +1, or use the formula for 0 and 1";
        let finding = Finding::new(Code::LabelCoding, Severity::Error, why, change);
        return Some(finding.saw(format!("loss of class {class}"), *value));
    }
    // Targets that the outputs cannot reach.
    let span = losses.constant.abs().max(1e-9);
    let unreachable = lowest().filter(|(_, lowest)| **lowest > 0.5 * span.max(0.2)).map(|(class, _)| class);
    let bounded = evidence.outputs.within_unit || evidence.outputs.within_symmetric;
    if let Some(class) = unreachable.into_iter().next()
        && bounded
        && losses.expects == Expects::Either
    {
        let why = format!(
            "the outputs of the network are between {} and 1, and the target of class {class} is outside, so its \
             loss cannot become small",
            if evidence.outputs.within_unit { 0 } else { -1 }
        );
        let change = "code the labels in the range of the last layer";
        let finding = Finding::new(Code::LabelCoding, Severity::Error, why, change);
        return Some(finding.saw(format!("smallest loss of class {class}"), losses.lowest[class]));
    }
    if let [class, ..] = losses.swapped.as_slice()
        && losses.expects != Expects::Probabilities
        && !evidence.outputs.constant
        && losses.flat.is_empty()
    {
        let why = format!(
            "the scores with the smallest loss for class {class} have the largest probability for another class"
        );
        let change = "give the labels that the loss is written for";
        return Some(Finding::new(Code::LabelCoding, Severity::Error, why, change));
    }
    let absent = classes.shares.first() == Some(&0.0) && classes.shares.len() > 2;
    let others = classes.shares.iter().skip(1).all(|&share| share > 0.0);
    if absent && others {
        let why = "no row has class 0, and all other classes occur: the labels seem to count from 1";
        let change = "subtract 1 from the labels, or use an estimator, which encodes labels itself";
        return Some(Finding::new(Code::LabelCoding, Severity::Warning, why, change));
    }
    None
}

/// Rows of a single class.
pub(super) fn one_class() -> Finding {
    let why = "all training rows have the same class, so there is nothing to tell apart";
    let change = "give rows of at least two classes";
    Finding::new(Code::TooFewRows, Severity::Error, why, change)
}

/// A last layer that does not suit the loss.
pub(super) fn mismatch(evidence: &Evidence) -> Option<Finding> {
    let outputs = &evidence.outputs;
    if outputs.constant {
        let why = "the output of the network is the same for all rows and all parameters, as the softmax of a \
                   single score is";
        let change = "use a sigmoid for one score, or one score per class";
        return Some(Finding::new(Code::LossMismatch, Severity::Error, why, change));
    }
    let losses = evidence.losses.as_ref()?;
    let classes = evidence.classes.as_ref()?;
    let found = |why: String, change: &str, floor: f64| {
        let finding = Finding::new(Code::LossMismatch, Severity::Error, why, change);
        Some(finding.saw("smallest loss within reach", floor).saw("best constant", losses.constant))
    };
    let flat = losses.flat.iter().any(|(_, value)| value.abs() <= 1e-9);
    let trivial = losses.constant - losses.floor <= 1e-6 * classes.entropy.max(1e-9);
    if flat || trivial && losses.constant < 1e-3 && classes.occurring > 1 {
        let why =
            "one constant output has the smallest loss for every row, as in a categorical cross-entropy of \
                   a single score"
                .to_owned();
        return found(why, "use binary cross-entropy for one score, or one score per class", losses.floor);
    }
    // Each output may be 1 if they need not sum to 1.
    let blind = losses.at_one - losses.floor_in_unit <= 1e-6 * classes.entropy.max(1e-9);
    let free = outputs.columns > 1 && outputs.within_unit && !outputs.sums_to_one;
    if losses.expects == Expects::Probabilities && free && blind && classes.occurring > 1 {
        let why = "the loss looks only at the output of the class of a row, and the outputs need not sum to 1: it is \
                   smallest if all of them are 1"
            .to_owned();
        return found(
            why,
            "end the network with softmax, or use binary cross-entropy for each output",
            losses.at_one,
        );
    }
    let gap = |floor: f64| floor - losses.floor > 0.05 * (losses.constant - losses.floor).abs();
    if losses.expects == Expects::Logits && outputs.within_unit && gap(losses.floor_in_unit) {
        let twice = if outputs.sums_to_one { "softmax" } else { "a sigmoid" };
        let why = format!(
            "the last layer applies {twice} and the loss applies it again: its scores are only from 0 to 1, so the \
             loss cannot fall below {:.3} and its gradient is small",
            losses.floor_in_unit
        );
        return found(
            why,
            "remove the activation of the last layer: the loss takes raw scores",
            losses.floor_in_unit,
        );
    }
    if losses.expects == Expects::Logits && outputs.within_symmetric && gap(losses.floor_in_symmetric) {
        let why = format!(
            "the last layer limits the scores to -1 to 1, so the loss cannot fall below {:.3}",
            losses.floor_in_symmetric
        );
        return found(why, "remove the activation of the last layer", losses.floor_in_symmetric);
    }
    if outputs.rectified && losses.expects != Expects::Either {
        let why = "the last layer cuts negative scores off, and has no gradient there".to_owned();
        return found(why, "remove the activation of the last layer", losses.floor);
    }
    if losses.expects == Expects::Probabilities && !outputs.within_unit {
        let why =
            "the loss takes probabilities, but the outputs of the network are not between 0 and 1".to_owned();
        return found(
            why,
            "end the network with a sigmoid or softmax, or use a loss on raw scores",
            losses.floor,
        );
    }
    None
}

/// A gradient that is not the derivative of the loss.
pub(super) fn gradient(evidence: &Evidence) -> Option<Finding> {
    let check = evidence.gradient.as_ref()?;
    if check.remembers {
        let why = "the gradient differs between two calls at the same parameters, so it depends on earlier calls: \
                   it may be added to and never reset";
        let change = "overwrite the gradient in `backward`";
        return Some(Finding::new(Code::GradientMismatch, Severity::Error, why, change));
    }
    if check.error <= WRONG {
        return None;
    }
    let rows = check.rows as f64;
    let near = |factor: f64, wanted: f64| (factor / wanted - 1.0).abs() < 0.03;
    let named: Vec<String> =
        check.wrong.iter().map(|(place, layer)| format!("layer {place} ({layer})")).collect();
    let why = match check.factor {
        Some(factor) if near(factor, -1.0) => "the gradient has the wrong sign".to_owned(),
        Some(factor) if near(factor, rows) => {
            format!("the gradient is {rows} times too small: the mean over {rows} rows is taken twice")
        }
        Some(factor) if near(factor, 1.0 / rows) => {
            format!("the gradient is {rows} times too large: it is a sum over rows, and the loss is a mean")
        }
        Some(factor) => format!("the gradient has to be multiplied by {factor:.4}: a factor is missing"),
        None if named.is_empty() => "the gradient is wrong along random directions".to_owned(),
        None => format!("the gradient is wrong in {}", named.join(", ")),
    };
    let change = "correct the derivative: `GradCheck` names the wrong entries and likely mistakes";
    Some(
        Finding::new(Code::GradientMismatch, Severity::Error, why, change).saw("relative error", check.error),
    )
}
