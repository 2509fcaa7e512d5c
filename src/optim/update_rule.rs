//! An enum of all update rules of the crate.

use super::{
    AdaBelief, Adadelta, Adagrad, Adam, AdamW, Adamax, Lamb, Lion, NAdam, Optimizer, RAdam, RmsProp, Rprop,
    Sgd, Step, Yogi,
};
use crate::error::Error;
use crate::scalar::Real;

/// Declares [`UpdateRule`] and the code that dispatches on its variants.
macro_rules! update_rules {
    ($($(#[$doc:meta])* $rule:ident,)*) => {
        /// Any update rule of the crate, as a plain value that can be copied, compared and printed.
        ///
        /// Every rule converts into an `UpdateRule`. As an [`Optimizer`], its results are bit-identical to
        /// those of the rule inside.
        ///
        /// # Examples
        /// ```
        /// use logit::optim::{Optimizer, Step, UpdateRule};
        /// use logit::{Adam, Sgd};
        ///
        /// let rules: [UpdateRule; 2] =
        ///     [Sgd::new(0.1).momentum(0.9).into(), Adam::new(0.001).into()];
        /// for rule in rules {
        ///     let (mut params, mut state) = ([1.0, -2.0], rule.state(2));
        ///     rule.step(Step::new(1, 0.1), &mut params, &[0.5, -0.5], &mut state);
        ///     assert!(params[0] < 1.0 && params[1] > -2.0);
        /// }
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum UpdateRule {
            $($(#[$doc])* $rule($rule),)*
        }

        $(impl From<$rule> for UpdateRule {
            fn from(rule: $rule) -> Self {
                UpdateRule::$rule(rule)
            }
        })*

        impl<T: Real> Optimizer<T> for UpdateRule {
            fn learning_rate(&self) -> f64 {
                match self {
                    $(UpdateRule::$rule(rule) => Optimizer::<T>::learning_rate(rule),)*
                }
            }

            fn check(&self) -> Result<(), Error> {
                match self {
                    $(UpdateRule::$rule(rule) => Optimizer::<T>::check(rule),)*
                }
            }

            fn describe(&self) -> String {
                match self {
                    $(UpdateRule::$rule(rule) => Optimizer::<T>::describe(rule),)*
                }
            }

            fn needs_full_batches(&self) -> bool {
                match self {
                    $(UpdateRule::$rule(rule) => Optimizer::<T>::needs_full_batches(rule),)*
                }
            }

            fn state(&self, parameters: usize) -> Vec<T> {
                match self {
                    $(UpdateRule::$rule(rule) => rule.state(parameters),)*
                }
            }

            fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
                match self {
                    $(UpdateRule::$rule(rule) => rule.step(step, params, grad, state),)*
                }
            }
        }
    };
}

update_rules! {
    /// Stochastic gradient descent.
    Sgd,
    /// Adam: momentum with a step size adapted to each parameter.
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
    /// Adam with Nesterov's momentum.
    NAdam,
    /// Adam with a rectified variance.
    RAdam,
    /// Adam with a decaying maximum as the scale.
    Adamax,
    /// Adam with the variance of the gradient as the scale.
    AdaBelief,
    /// Adam with an additive update of the scale.
    Yogi,
    /// Adam with a step proportional to each layer's norm.
    Lamb,
    /// Gradients divided by their running root mean square.
    RmsProp,
    /// Gradients divided by the root of the sum of all their squares.
    Adagrad,
    /// Adadelta: steps in the units of the parameters.
    Adadelta,
    /// Lion: steps along the sign of a momentum.
    Lion,
    /// A step size for each parameter, from the signs of full-batch gradients.
    Rprop,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The description names the rule and its settings, all but the learning rate.
    #[test]
    fn descriptions_name_the_rule() {
        let rules: [UpdateRule; 14] = [
            AdaBelief::new(0.1).into(),
            Adadelta::new(0.1).into(),
            Adagrad::new(0.1).into(),
            Adam::new(0.1).into(),
            AdamW::new(0.1).into(),
            Adamax::new(0.1).into(),
            Lamb::new(0.1).into(),
            Lion::new(0.1).into(),
            NAdam::new(0.1).into(),
            RAdam::new(0.1).into(),
            RmsProp::new(0.1).into(),
            Rprop::new(0.1).into(),
            Sgd::new(0.1).into(),
            Yogi::new(0.1).into(),
        ];
        for rule in rules {
            let printed = format!("{rule:?}");
            let name = printed.split('(').next().unwrap();
            let description = Optimizer::<f64>::describe(&rule);
            assert!(description.starts_with(&format!("{name} {{")), "{description}");
            assert!(!description.contains("learning_rate:"), "{description}");
        }
    }
}
