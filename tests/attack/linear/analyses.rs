//! What can be asked of a fit: inference, influence, paths and cross-validation.

use logit::Real;
use logit::linear::{FittedLogistic, LogisticPath, LogisticRegressionCv};
use logit::prelude::*;

use super::setting::Setting;
use crate::case::Case;
use crate::contract::{Rule, obey};
use crate::data::Sample;

/// Inference, influence, paths and cross-validation: no panic, and numbers within their ranges.
pub(super) fn analyses<T: Real>(
    case: &mut Case,
    model: &FittedLogistic<T, usize>,
    sample: &Sample<T>,
    setting: &Setting<T>,
) {
    let (x, y) = (&sample.x, &sample.y);
    if case.draw.chance(0.3)
        && let Ok(inference) = model.inference_with(x, y, setting.rows(sample), Default::default())
    {
        let (errors, p) = (inference.standard_errors(), inference.p_values());
        case.check(
            "a standard error is not finite and at least 0",
            errors.iter().all(|e| *e >= 0.0 && e.is_finite()),
            || &errors,
        );
        case.check("a p-value outside [0, 1]", p.iter().all(|p| (0.0..=1.0).contains(p)), || {
            format!("{p} {errors}")
        });
        let level = case.draw.pick(&[1e-10, 0.5, 0.95, 1.0 - 1e-15]);
        if let Some((low, high)) = case.must("no intervals", inference.confidence_intervals(level)) {
            let ordered = low.iter().zip(high.iter()).all(|(low, high)| low <= high);
            case.check("an interval has its ends in the wrong order", ordered, || format!("{low} {high}"));
        }
        let (words, condition) = (inference.summary(), inference.condition());
        case.check("a summary without words", !words.is_empty() && condition >= 0.999, || condition);
        if let Ok(effects) = inference.marginal_effects(x, setting.rows(sample)) {
            let finite = effects.estimates().iter().all(|e| e.is_finite());
            case.check("a marginal effect is not finite", finite, || effects.estimates());
        }
        if let Ok(intervals) = inference.probability_intervals(x, 0.9) {
            case.check("intervals without words", !format!("{intervals:?}").is_empty(), || "");
        }
    }
    if case.draw.chance(0.02) {
        let _ = model.profile_intervals(x, y, setting.rows(sample), 0.9);
    }
    if case.draw.chance(0.2)
        && let Ok(influence) = model.influence_with(x, y, setting.rows(sample))
    {
        let leverages = influence.leverages();
        let inside = leverages.iter().all(|h| (-1e-9..=sample.classes as f64 + 1e-9).contains(h));
        case.check("a leverage outside its range", inside, || format!("{leverages:?}"));
        let p = influence.leave_one_out_probabilities();
        let sums = p.row_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12 && row.iter().all(|p| *p >= 0.0));
        case.check("left-out probabilities do not sum to 1", sums, || p);
        case.check("influence without words", !influence.to_string().is_empty(), || "");
    }
    if case.draw.chance(0.05) {
        path(case, sample);
    }
}

fn path<T: Real>(case: &mut Case, sample: &Sample<T>) {
    let path = match case.draw.below(3) {
        0 => LogisticPath::l1(),
        1 => LogisticPath::l2(),
        _ => LogisticPath::elastic_net(0.5),
    };
    let path = path.count(6);
    if let Ok(fitted) = path.fit(&sample.x, &sample.y) {
        let falling = fitted.lambdas().windows(2).all(|pair| pair[0] > pair[1]);
        case.check("penalties of a path do not fall", falling, || format!("{:?}", fitted.lambdas()));
        let ratios = fitted.deviance_ratios();
        case.check("a deviance ratio above 1", ratios.iter().all(|r| *r <= 1.0 + 1e-9), || {
            format!("{ratios:?}")
        });
        case.check("a path of another length", fitted.models().len() == fitted.lambdas().len(), || {
            fitted.len()
        });
    }
    if case.draw.chance(0.3)
        && let Ok(chosen) = LogisticRegressionCv::new(path).folds(3).fit(&sample.x, &sample.y)
    {
        case.check("cross-validation without scores", !chosen.scores().is_empty(), || "");
        obey(case, &chosen, &sample.x, &Rule::Probability);
    }
}
