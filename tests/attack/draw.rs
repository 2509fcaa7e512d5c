//! Random choices: settings, and numbers that arithmetic finds difficult.

use logit::{Real, Rng};

/// A source of random choices, the same for the same number.
pub(crate) struct Draw(Rng);

impl Draw {
    pub(crate) fn new(number: u64) -> Self {
        Draw(Rng::new(number))
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// Returns a number from `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.0.below(high - low + 1)
    }

    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        self.0.uniform(low, high)
    }

    pub(crate) fn normal(&mut self) -> f64 {
        self.0.standard_normal()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.uniform(0.0, 1.0) < probability
    }

    /// Returns one of several values.
    pub(crate) fn pick<V: Clone>(&mut self, values: &[V]) -> V {
        values[self.0.below(values.len())].clone()
    }

    pub(crate) fn seed(&mut self) -> u64 {
        self.0.below(1 << 40) as u64
    }

    /// Returns the numbers below `count` in random order.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        self.0.shuffle(&mut order);
        order
    }

    /// Returns a positive number whose exponent is uniform between those of two powers of ten.
    pub(crate) fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        10f64.powf(self.0.uniform(low, high))
    }

    /// Returns a finite number of any size and sign: usual ones, special ones, and any bits.
    pub(crate) fn any_finite<T: Real>(&mut self) -> T {
        let tiny = T::MIN_POSITIVE.as_f64();
        let largest = if T::EPSILON.as_f64() > 1e-10 { f64::from(f32::MAX) } else { f64::MAX };
        let value = match self.below(8) {
            0 => self.normal(),
            1 => self.pick(&[0.0, -0.0, 1.0, -1.0, 0.5, 0.1 + 0.2, 3.0]),
            2 => self.pick(&[tiny, -tiny, tiny / 4.0, 4.0 * T::EPSILON.as_f64() * tiny, largest, -largest]),
            3 => self.pick(&[largest / 2.0, largest.sqrt(), tiny.sqrt(), 1.0 + T::EPSILON.as_f64()]),
            4 => self.below(5) as f64 - 2.0,
            5 => self.normal() * self.0.uniform(largest.log10() / -2.0, largest.log10() / 2.0).exp2(),
            6 => self.sign() * self.magnitude(-largest.log10(), largest.log10() - 0.01),
            _ => self.sign() * self.magnitude(-3.0, 3.0),
        };
        T::of(value)
    }

    pub(crate) fn sign(&mut self) -> f64 {
        self.pick(&[-1.0, 1.0])
    }

    /// Returns any number, NaN and infinities included.
    pub(crate) fn any_number(&mut self) -> f64 {
        match self.below(6) {
            0 => self.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
            _ => self.any_finite::<f64>(),
        }
    }
}
