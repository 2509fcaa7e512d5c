//! An estimate of the decrement by conjugate gradients, where the second derivative is too large to form.

use super::lanczos::Lanczos;
use super::{Certified, NEAR};
use crate::linear::precondition::Preconditioner;
use crate::optim::HessianProduct;
use crate::scalar::{Real, all_finite, axpy, dot};

/// The maximum number of products for one decrement.
pub(super) const PRODUCTS: usize = 500;

/// The largest number of parameters for which the second derivative is formed if conjugate gradients do not
/// converge. It takes about as long as a product for every eighth parameter, so they are given up after a
/// product for every other.
pub(super) const FORMED: usize = 1024;

/// The part of the squared decrement that conjugate gradients may leave: the step then reduces the decrement
/// by a factor of about three thousand.
const LEFT: f64 = 1e-7;

/// The part that they may leave where the decrement is within the tolerance, and the smallest curvature is
/// known from a point nearby.
const UNSEEN: f64 = 0.1;

/// The decrement, relative to the tolerance, of which no part has to be seen.
const SMALL: f64 = 0.03;

impl<T: Real> Certified<'_, '_, T> {
    /// Estimates the decrement by conjugate gradients, and returns the step that they find.
    ///
    /// The sum over the steps grows towards the square of the decrement. The rest is estimated from the
    /// residual and the smallest curvature seen, here or at a point nearby. There, if the decrement is within
    /// the tolerance, no step is sought: it is zero. The sum is a lower bound, so the iteration ends early
    /// where it is above the square of `limit`.
    ///
    /// Returns `None` if they do not converge after `most` products, as where rounding errors hide the smallest
    /// curvatures.
    pub(super) fn by_products(
        &mut self,
        params: &[T],
        gradient: &[T],
        limit: f64,
        most: usize,
    ) -> Option<(f64, Vec<T>)> {
        let preconditioner = self.objective.coordinates.preconditioner();
        let known = self.flattest_near(params);
        self.objective.linearize(params);
        let mut residual = gradient.to_vec();
        let mut descent = divided(&preconditioner, &residual);
        let mut squared = dot(&residual, &descent).as_f64();
        let mut step = vec![T::zero(); params.len()];
        let mut product = step.clone();
        let mut conjugate = descent.clone();
        let mut lanczos = Lanczos::default();
        let (mut sum, mut longest) = (0.0, known.unwrap_or(0.0));
        let within = self.tolerance * self.tolerance;
        for products in 0..=most {
            let seen = |rest: f64| sum > 0.0 && rest <= LEFT * sum;
            let enough = |rest: f64| {
                let small = rest <= UNSEEN * sum || sum + rest <= SMALL * SMALL * within;
                squared <= 0.0 || seen(rest) || (known.is_some() && sum + rest <= within && small)
            };
            if enough(longest * squared) {
                longest = longest.max(lanczos.longest());
                let rest = longest * squared.max(0.0);
                if enough(rest) {
                    if seen(rest) {
                        self.flattest = Some((params.to_vec(), longest));
                    } else {
                        step.fill(T::zero());
                    }
                    let length = (sum + rest).sqrt();
                    return (length.is_finite() && all_finite(&step)).then_some((length, step));
                }
            }
            if sum.sqrt() > limit {
                return all_finite(&step).then(|| (sum.sqrt(), step));
            }
            if products == most {
                break;
            }
            self.objective.hessian_product(&conjugate, &mut product);
            let length = squared / dot(&conjugate, &product).as_f64();
            if !(length > 0.0 && length.is_finite() && squared.is_finite()) {
                return None;
            }
            axpy(T::of(length), &conjugate, &mut step);
            axpy(T::of(-length), &product, &mut residual);
            sum += length * squared;
            longest = longest.max(length);
            descent = divided(&preconditioner, &residual);
            let next = dot(&residual, &descent).as_f64();
            lanczos.push(length, next / squared);
            let turn = T::of(next / squared);
            conjugate.iter_mut().zip(&descent).for_each(|(p, &z)| *p = z + turn * *p);
            squared = next;
        }
        None
    }

    /// Returns the reciprocal of the smallest curvature that conjugate gradients saw at a point nearby, for
    /// `params`.
    fn flattest_near(&mut self, params: &[T]) -> Option<f64> {
        let (point, longest) = self.flattest.as_ref()?;
        let change = self.objective.score_change(point, params);
        let exponent = if self.objective.coordinates.columns == 1 { change } else { 2.0 * change };
        (change <= NEAR).then(|| longest * exponent.exp())
    }
}

/// Returns a vector divided by the preconditioner.
fn divided<T: Real>(preconditioner: &Option<Preconditioner<T>>, vector: &[T]) -> Vec<T> {
    let mut vector = vector.to_vec();
    if let Some(preconditioner) = preconditioner {
        preconditioner.solve_transposed(&mut vector);
        preconditioner.solve(&mut vector);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::super::Doubt;
    use super::*;
    use crate::linear::objective::tests::{Data, draw};
    use crate::optim::Objective;
    use crate::rng::Rng;

    /// Without a preconditioner there are as many products as parameters, and digits to lose.
    #[test]
    fn estimates_take_the_products_that_they_need() {
        let mut rng = Rng::new(24);
        let data = Data::new(60, 8, 2, true, &mut rng);
        let mut objective = data.objective(1e-3, true);
        objective.coordinates.forget_scale();
        let size = objective.parameter_count();
        let params: Vec<f64> = draw(size, &mut rng).iter().map(|p| 1e-4 * p).collect();
        let mut gradient = vec![0.0; size];
        objective.evaluate(&params, &mut gradient);
        let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
        let (wanted, _) = certified.renew(&params, &gradient).unwrap();
        let (found, _) = certified.by_products(&params, &gradient, f64::INFINITY, PRODUCTS).unwrap();
        approx::assert_relative_eq!(found, wanted, max_relative = 1e-5);
        for part in [0.1, 0.5, 0.9] {
            certified.flattest = None;
            let (found, _) = certified.by_products(&params, &gradient, part * wanted, PRODUCTS).unwrap();
            assert!(part * wanted < found && found <= wanted * (1.0 + 1e-12), "{found:e}, {wanted:e}");
        }
    }

    /// Where the preconditioner is the second derivative up to a factor, the first step is exact.
    #[test]
    fn a_preconditioner_makes_all_curvatures_the_same() {
        let data = Data::new(60, 4, 2, true, &mut Rng::new(26));
        let mut objective = data.objective(0.0, true);
        let (zero, mut gradient) = ([0.0; 5], [0.0; 5]);
        objective.evaluate(&zero, &mut gradient);
        let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
        let (wanted, _) = certified.renew(&zero, &gradient).unwrap();
        let (found, _) = certified.by_products(&zero, &gradient, 1e-300, PRODUCTS).unwrap();
        approx::assert_relative_eq!(found, wanted, max_relative = 1e-9);
    }

    /// The smallest curvature serves nearby, and only where the decrement is within the tolerance by it.
    #[test]
    fn what_was_learned_serves_nearby() {
        let mut rng = Rng::new(25);
        let data = Data::new(60, 3, 2, true, &mut rng);
        let mut objective = data.objective(1e-3, true);
        let params = draw(4, &mut rng);
        let mut gradient = vec![0.0; 4];
        objective.evaluate(&params, &mut gradient);
        for (tolerance, distance, served) in [(1e3, 1e-3, true), (1e3, 3.0, false), (1e-9, 1e-3, false)] {
            let mut certified = Certified::new(&mut objective, tolerance, tolerance, Doubt::Ignored);
            certified.by_products(&params, &gradient, f64::INFINITY, PRODUCTS).unwrap();
            let there: Vec<f64> = params.iter().map(|p| p + distance).collect();
            let (found, step) = certified.by_products(&there, &gradient, f64::INFINITY, PRODUCTS).unwrap();
            assert_eq!(step.iter().all(|&d| d == 0.0), served, "{tolerance}, {distance}");
            let (exact, _) = certified.renew(&there, &gradient).unwrap();
            assert!(found > 0.5 * exact, "{found:e}, {exact:e}");
        }
    }
}
