//! Learning-rate schedules: a factor of the base learning rate as a function of training progress.

mod chain;
mod cosine;
mod custom;
mod decay;
mod one_cycle;
mod plateau;
mod warm_up;

use chain::Chain;
use cosine::Cosine;
use custom::Custom;
use decay::Decay;
pub use one_cycle::OneCycle;
pub use plateau::{PlateauState, ReduceOnPlateau};
use warm_up::WarmUp;

use crate::error::{Error, unsupported};

/// A learning-rate schedule.
///
/// A schedule is a plain value. It maps the position, which is the amount of training completed so far, to a
/// factor that multiplies the base rate, the learning rate of the optimizer. It has no memory, so training
/// can resume at any position; the state of [`reduce_on_plateau`](Schedule::reduce_on_plateau) is kept in a
/// [`PlateauState`]. All numbers of a schedule are positions or factors of the base rate. Factors are at
/// least 0.
///
/// # Positions
/// A schedule counts optimizer steps, from 0 at the first step; after [`per_epoch`](Schedule::per_epoch), it
/// counts finished epochs. Lengths and milestones of every constructor are in that unit, but the patience and
/// the cooldown of a plateau are always in epochs. A schedule that ends keeps its last rate from then on.
///
/// # Choosing a schedule
/// - Use [`constant`](Schedule::constant) for a first try and for convex problems.
/// - Use
///   [`linear_warmup`](Schedule::linear_warmup)`(0.0, w)`[`.then`](Schedule::then)`(w, `[`cosine`](Schedule::cosine)`(n - w))`
///   if the number of steps n is known.
/// - Use [`reduce_on_plateau`](Schedule::reduce_on_plateau) if it is not known.
///
/// # Examples
/// ```
/// use logit::optim::PlateauState;
/// use logit::Schedule;
///
/// let schedule = Schedule::linear_warmup(0.1, 10).then(10, Schedule::cosine(50));
/// let rate = |step| schedule.rate(0.1, step, 0, &PlateauState::default());
/// for (step, wanted) in
///     [(0, 0.01), (5, 0.055), (10, 0.1), (35, 0.05), (60, 0.0), (1000, 0.0)]
/// {
///     assert!((rate(step) - wanted).abs() < 1e-15);
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    curve: Curve,
    unit: Unit,
}

/// The shape of a schedule.
#[derive(Debug, Clone, PartialEq)]
enum Curve {
    Constant,
    Decay(Decay),
    Cosine(Cosine),
    WarmUp(WarmUp),
    OneCycle(OneCycle),
    Plateau(ReduceOnPlateau),
    Chain(Box<Chain>),
    Custom(Custom),
}

/// The unit of positions.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Steps,
    Epochs,
}

/// The completed steps and epochs of training.
#[derive(Debug, Clone, Copy)]
struct Position {
    steps: u64,
    epochs: u64,
}

impl Position {
    fn count(self, unit: Unit) -> u64 {
        match unit {
            Unit::Steps => self.steps,
            Unit::Epochs => self.epochs,
        }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule::constant()
    }
}

impl From<Curve> for Schedule {
    fn from(curve: Curve) -> Self {
        Schedule { curve, unit: Unit::Steps }
    }
}

impl Schedule {
    /// Creates a schedule that always keeps the base rate.
    ///
    /// Use it as a first choice, and for optimizers that need nothing else.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// for step in [0, 10, u64::MAX] {
    ///     assert_eq!(
    ///         Schedule::constant().rate(0.1, step, 0, &PlateauState::default()),
    ///         0.1
    ///     );
    /// }
    /// ```
    pub fn constant() -> Self {
        Curve::Constant.into()
    }

    /// Counts positions in epochs instead of steps, so that the rate is constant within an epoch.
    ///
    /// This applies to all parts added to the schedule so far.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::step(2, 0.5).per_epoch();
    /// for (epochs, wanted) in [(0, 1.0), (1, 1.0), (2, 0.5), (3, 0.5), (4, 0.25)] {
    ///     assert_eq!(
    ///         schedule.rate(1.0, 100 * epochs + 7, epochs, &PlateauState::default()),
    ///         wanted
    ///     );
    /// }
    /// ```
    pub fn per_epoch(mut self) -> Self {
        self.unit = Unit::Epochs;
        if let Curve::Chain(chain) = self.curve {
            self.curve = Curve::Chain(Box::new(chain.per_epoch()));
        }
        self
    }

    /// Checks that all numbers are in range, at most one part is a plateau, and the parts of every
    /// [`then`](Schedule::then) use the same unit.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a number is out of range. Returns [`Error::Unsupported`] if
    /// more than one part is a plateau, or if the parts of a [`then`](Schedule::then) use different units.
    pub fn check(&self) -> Result<(), Error> {
        self.check_curves()?;
        if self.plateaus() <= 1 {
            return Ok(());
        }
        Err(unsupported(
            "more than one reduce_on_plateau",
            "a schedule",
            "one plateau may be combined with any other schedules",
        ))
    }

    fn check_curves(&self) -> Result<(), Error> {
        match &self.curve {
            Curve::Constant | Curve::Custom(_) => Ok(()),
            Curve::Decay(decay) => decay.check(),
            Curve::Cosine(cosine) => cosine.check(),
            Curve::WarmUp(warm_up) => warm_up.check(),
            Curve::OneCycle(cycle) => cycle.check(),
            Curve::Plateau(plateau) => plateau.check(),
            Curve::Chain(chain) => chain.check(self.unit),
        }
    }

    /// Returns the learning rate after `steps` steps and `epochs` epochs, for the base rate `base`.
    ///
    /// `steps` and `epochs` count completed ones: both are 0 for the first step.
    pub fn rate(&self, base: f64, steps: u64, epochs: u64, plateau: &PlateauState) -> f64 {
        base * self.factor(Position { steps, epochs }, plateau)
    }

    /// Records the metric at the end of an epoch in `plateau`, for
    /// [`reduce_on_plateau`](Schedule::reduce_on_plateau). Other schedules do not need it.
    pub fn observe(&self, metric: f64, plateau: &mut PlateauState) {
        match &self.curve {
            Curve::Plateau(rule) => rule.observe(metric, plateau),
            Curve::Chain(chain) => chain.schedules().for_each(|part| part.observe(metric, plateau)),
            _ => {}
        }
    }

    /// Returns the rate divided by the base rate.
    fn factor(&self, position: Position, plateau: &PlateauState) -> f64 {
        let count = position.count(self.unit);
        match &self.curve {
            Curve::Constant => 1.0,
            Curve::Decay(decay) => decay.factor(count),
            Curve::Cosine(cosine) => cosine.factor(count),
            Curve::WarmUp(warm_up) => warm_up.factor(count),
            Curve::OneCycle(cycle) => cycle.factor(count),
            Curve::Plateau(rule) => rule.factor_after(plateau),
            Curve::Chain(chain) => chain.factor(position, self.unit, plateau),
            Curve::Custom(custom) => custom.factor(position),
        }
    }

    /// Checks the schedule for a training run, which observes losses.
    ///
    /// # Errors
    /// Returns the errors of [`check`](Self::check), and [`Error::Unsupported`] if a plateau waits for larger
    /// numbers.
    pub(crate) fn check_for_losses(&self) -> Result<(), Error> {
        self.check()?;
        if !self.waits_for_larger() {
            return Ok(());
        }
        Err(unsupported(
            "larger_is_better",
            "a training run, whose schedule observes the loss",
            "leave it out, or call Schedule::observe with your metric in a loop of your own",
        ))
    }

    fn waits_for_larger(&self) -> bool {
        match &self.curve {
            Curve::Plateau(rule) => rule.waits_for_larger(),
            Curve::Chain(chain) => chain.schedules().any(Schedule::waits_for_larger),
            _ => false,
        }
    }

    fn plateaus(&self) -> usize {
        match &self.curve {
            Curve::Plateau(_) => 1,
            Curve::Chain(chain) => chain.schedules().map(Schedule::plateaus).sum(),
            _ => 0,
        }
    }

    /// Returns whether the factor depends on this unit, steps or epochs, in any part.
    fn counts(&self, unit: Unit) -> bool {
        match &self.curve {
            Curve::Constant | Curve::Plateau(_) => false,
            Curve::Chain(chain) => {
                chain.has_position() && self.unit == unit || chain.schedules().any(|part| part.counts(unit))
            }
            _ => self.unit == unit,
        }
    }
}

/// Returns the completed and the remaining part of `length` as fractions; 1 and 0 beyond the end.
fn fractions(done: u64, length: u64) -> (f64, f64) {
    let done = done.min(length);
    (done as f64 / length as f64, (length - done) as f64 / length as f64)
}

#[cfg(test)]
mod tests;
