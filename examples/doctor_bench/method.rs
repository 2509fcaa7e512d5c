//! The optimizer of a program, as a trainer or a minimiser of the crate.

use logit::nn::Trainer;
use logit::optim::{Adagrad, AdamW, Clip, RmsProp, UpdateRule};
use logit::{Adam, Lbfgs, Schedule, Sgd};

use super::model_schema::{Optimizer, Rule};

/// How the parameters are found.
#[derive(Debug, Clone)]
pub(crate) enum Method {
    /// Steps on mini-batches.
    Steps(Box<Trainer<UpdateRule>>),
    /// L-BFGS on all rows, with this λ.
    Lbfgs(Lbfgs, f64),
}

impl Method {
    /// Creates the method for this number of training rows. `before` epochs have gone before, which the rate
    /// counts.
    pub(crate) fn new(optimizer: &Optimizer, rows: usize, before: usize) -> Self {
        let l2 = optimizer.l2;
        if optimizer.name == Rule::Lbfgs {
            let lbfgs = Lbfgs::new().max_iterations(optimizer.epochs).tolerance(optimizer.tolerance);
            return Method::Lbfgs(lbfgs, l2);
        }
        let decoupled = optimizer.name == Rule::Adamw;
        let patience = optimizer.early_stopping.as_ref().map_or(10, |stopping| stopping.patience);
        let mut trainer = Trainer::new(rule(optimizer))
            .epochs(optimizer.epochs)
            .batch_size(optimizer.batch.unwrap_or(rows).min(rows))
            .l2(if decoupled { 0.0 } else { l2 })
            .patience(patience)
            .min_improvement(1e-5)
            .shuffle(optimizer.shuffle)
            .schedule(schedule(optimizer, before))
            .seed(before as u64 + 1);
        if let Some(max) = optimizer.clip.filter(|&max| max > 0.0) {
            trainer = trainer.clip(Clip::norm(max));
        }
        Method::Steps(Box::new(trainer))
    }
}

fn rule(optimizer: &Optimizer) -> UpdateRule {
    let (rate, momentum) = (optimizer.rate, optimizer.momentum);
    match optimizer.name {
        Rule::Momentum => Sgd::new(rate).momentum(momentum).into(),
        Rule::Nesterov => Sgd::new(rate).momentum(momentum).nesterov(momentum > 0.0).into(),
        Rule::Adam => Adam::new(rate).into(),
        Rule::Adamw => AdamW::new(rate).weight_decay(optimizer.l2).into(),
        Rule::Rmsprop => RmsProp::new(rate).alpha(0.9).into(),
        Rule::Adagrad => Adagrad::new(rate).epsilon(1e-8).into(),
        Rule::Sgd | Rule::Lbfgs => Sgd::new(rate).into(),
    }
}

/// Returns the rates of the epochs after the first `before`.
fn schedule(optimizer: &Optimizer, before: usize) -> Schedule {
    let (rate, decay) = (optimizer.rate, optimizer.decay);
    let steps = optimizer.schedule.clone().unwrap_or_default();
    if steps.is_empty() && decay == 1.0 {
        return Schedule::constant();
    }
    if steps.is_empty() && before == 0 {
        return Schedule::exponential(decay).per_epoch();
    }
    Schedule::custom(move |_, epochs| {
        let epoch = epochs as f64 + before as f64;
        let set = steps.iter().rev().find(|(from, _)| epoch >= *from);
        set.map_or(decay.powf(epoch), |(_, set)| set / rate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use logit::optim::PlateauState;
    use serde_json::json;

    #[test]
    fn rates_follow_decay_and_schedule() {
        let rates = |more: serde_json::Value, before| {
            let mut settings = json!({"name": "sgd", "rate": 0.5, "epochs": 9});
            settings.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
            let optimizer: Optimizer = serde_json::from_value(settings).unwrap();
            let schedule = schedule(&optimizer, before);
            [0, 2, 3].map(|epoch| schedule.rate(0.5, 10 * epoch, epoch, &PlateauState::default()))
        };
        assert_eq!(rates(json!({}), 2), [0.5; 3]);
        assert_eq!(rates(json!({"decay": 0.5}), 0), [0.5, 0.125, 0.0625]);
        assert_eq!(rates(json!({"decay": 0.5}), 1), [0.25, 0.0625, 0.03125]);
        assert_eq!(rates(json!({"schedule": [[0, 0.4], [3, 0.1]]}), 0), [0.4, 0.4, 0.1]);
        assert_eq!(rates(json!({"schedule": [[0, 0.4], [3, 0.1]]}), 1), [0.4, 0.1, 0.1]);
    }
}
