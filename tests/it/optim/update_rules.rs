//! Update rules: exact traces, odd inputs, weight decay, saved state, hyper-parameters, and minimisation.

use std::ops::Range;

use allocation_counter::measure;
use approx::{assert_abs_diff_eq, assert_relative_eq};
use logit::optim::{
    AdaBelief, Adadelta, Adagrad, AdamW, Adamax, Decay, Lamb, Lion, NAdam, Optimizer, RAdam, RmsProp, Rprop,
    Step, UpdateRule, Yogi,
};
use logit::{Adam, Error, Real, Rng, Sgd};
use proptest::prelude::*;

/// Every rule, with the settings that change its code, without weight decay.
fn rules() -> Vec<UpdateRule> {
    vec![
        Sgd::new(0.1).into(),
        Sgd::new(0.1).momentum(0.9).dampening(0.3).into(),
        Sgd::new(0.1).momentum(0.9).nesterov(true).into(),
        Adam::new(0.1).into(),
        Adam::new(0.1).amsgrad(true).into(),
        AdamW::new(0.1).weight_decay(0.0).into(),
        NAdam::new(0.1).into(),
        RAdam::new(0.1).into(),
        RmsProp::new(0.1).into(),
        RmsProp::new(0.1).momentum(0.9).into(),
        RmsProp::new(0.1).centered(true).into(),
        RmsProp::new(0.1).centered(true).momentum(0.9).into(),
        Adagrad::new(0.1).learning_rate_decay(0.01).into(),
        Adadelta::new(1.0).into(),
        Adamax::new(0.1).into(),
        Lion::new(0.1).into(),
        Rprop::new(0.1).into(),
        Yogi::new(0.1).into(),
        AdaBelief::new(0.1).into(),
        Lamb::new(0.1).into(),
    ]
}

/// Every rule that has it, with this weight decay: coupled, decoupled, or its own.
fn decaying(decay: f64) -> Vec<UpdateRule> {
    let mut rules: Vec<UpdateRule> = vec![
        Sgd::new(0.1).weight_decay(decay).into(),
        Sgd::new(0.1).momentum(0.9).weight_decay(decay).into(),
        AdamW::new(0.1).weight_decay(decay).into(),
        AdamW::new(0.1).amsgrad(true).weight_decay(decay).into(),
        Lion::new(0.1).weight_decay(decay).into(),
        Lamb::new(0.1).weight_decay(decay).into(),
    ];
    for decay in [Decay::Coupled(decay), Decay::Decoupled(decay)] {
        rules.extend::<[UpdateRule; 13]>([
            Adam::new(0.1).weight_decay(decay).into(),
            Adam::new(0.1).amsgrad(true).weight_decay(decay).into(),
            NAdam::new(0.1).weight_decay(decay).into(),
            RAdam::new(0.1).weight_decay(decay).into(),
            RmsProp::new(0.1).weight_decay(decay).into(),
            RmsProp::new(0.1).momentum(0.9).weight_decay(decay).into(),
            RmsProp::new(0.1).centered(true).weight_decay(decay).into(),
            RmsProp::new(0.1).centered(true).momentum(0.9).weight_decay(decay).into(),
            Adagrad::new(0.1).weight_decay(decay).into(),
            Adadelta::new(1.0).weight_decay(decay).into(),
            Adamax::new(0.1).weight_decay(decay).into(),
            Yogi::new(0.1).weight_decay(decay).into(),
            AdaBelief::new(0.1).weight_decay(decay).into(),
        ]);
    }
    rules
}

/// The rules that have an ε, with an ε of 0.
fn without_epsilon() -> Vec<UpdateRule> {
    vec![
        Adam::new(0.1).epsilon(0.0).into(),
        Adam::new(0.1).amsgrad(true).epsilon(0.0).into(),
        AdamW::new(0.1).weight_decay(0.0).epsilon(0.0).into(),
        NAdam::new(0.1).epsilon(0.0).into(),
        RAdam::new(0.1).epsilon(0.0).into(),
        RmsProp::new(0.1).epsilon(0.0).into(),
        RmsProp::new(0.1).centered(true).momentum(0.9).epsilon(0.0).into(),
        Adagrad::new(0.1).epsilon(0.0).into(),
        Adamax::new(0.1).epsilon(0.0).into(),
        Yogi::new(0.1).epsilon(0.0).initial_accumulator(0.0).into(),
        AdaBelief::new(0.1).epsilon(0.0).epsilon_root(0.0).into(),
        Lamb::new(0.1).epsilon(0.0).into(),
    ]
}

fn rate(rule: &UpdateRule) -> f64 {
    Optimizer::<f64>::learning_rate(rule)
}

/// Steps from `first` with these gradients, all parameters decayed.
fn run<T: Real>(rule: &UpdateRule, start: &[T], grads: impl IntoIterator<Item = Vec<T>>) -> Vec<Vec<T>> {
    let (mut params, mut state) = (start.to_vec(), rule.state(start.len()));
    let all = [0..start.len()];
    let after = |(index, grad): (usize, Vec<T>)| {
        rule.step(Step::new(index as u64 + 1, rate(rule)).decayed(&all), &mut params, &grad, &mut state);
        params.clone()
    };
    grads.into_iter().enumerate().map(after).collect()
}

/// The trace of one parameter that starts at 1, with the gradients 0.5, -1, 0.25, 2, 0.
#[track_caller]
fn assert_trace(rule: impl Into<UpdateRule>, wanted: [f64; 5]) {
    let (rule, grads) = (rule.into(), [0.5, -1.0, 0.25, 2.0, 0.0]);
    let double = run(&rule, &[1.0], grads.map(|g| vec![g])).concat();
    let single = run(&rule, &[1f32], grads.map(|g| vec![g as f32])).concat();
    for (index, &wanted) in wanted.iter().enumerate().filter(|(_, wanted)| !wanted.is_nan()) {
        assert_abs_diff_eq!(double[index], wanted, epsilon = 1e-15);
        assert_abs_diff_eq!(f64::from(single[index]), wanted, epsilon = 1e-6);
    }
}

/// Traces in exact arithmetic, rounded once.
#[test]
fn traces_of_five_steps_are_exact() {
    const SKIP: f64 = f64::NAN;
    let adam = Adam::new(0.1);
    assert_trace(
        adam,
        [0.900000002, 0.9366103542405656, 0.9502794203389764, 0.9054012122349253, 0.8674688929531651],
    );
    assert_trace(
        adam.epsilon(0.1),
        [0.9166666666666666, 0.9491666742648455, 0.9610404638285651, 0.919743908460223, 0.885165407448371],
    );
    assert_trace(adam.weight_decay(Decay::Coupled(0.1)), [SKIP, SKIP, SKIP, SKIP, 0.8282362833915337]);
    assert_trace(adam.amsgrad(true), [SKIP, SKIP, SKIP, SKIP, 0.8674878638565342]);
    let decoupled =
        [0.890000002, 0.9177103542205656, 0.9222023167767708, 0.8681020855049519, 0.8214887453681422];
    assert_trace(adam.weight_decay(Decay::Decoupled(0.1)), decoupled);
    assert_trace(AdamW::new(0.1).weight_decay(0.1), decoupled);
    let sgd = Sgd::new(0.1).momentum(0.9);
    assert_trace(sgd, [0.95, 1.005, 1.0295, 0.85155, 0.691395]);
    assert_trace(sgd.nesterov(true), [0.905, 1.0545, 1.05155, 0.691395, 0.5472555]);
    assert_trace(sgd.weight_decay(0.1), [0.94, 0.9766, 0.974774, 0.76338286, 0.5654970054]);
    assert_trace(
        RmsProp::new(0.01),
        [0.900000019999996, 0.9895323081911337, 0.9675849574904028, 0.880583609543821, 0.880583609543821],
    );
}

#[test]
fn coupled_and_decoupled_decay_differ_from_the_first_step() {
    let first = |decay| run(&Adam::new(0.1).weight_decay(decay).into(), &[1.0], [vec![0.5]])[0][0];
    let (coupled, decoupled) = (first(Decay::Coupled(0.1)), first(Decay::Decoupled(0.1)));
    assert_abs_diff_eq!(coupled, 0.9, epsilon = 1e-8);
    assert_abs_diff_eq!(decoupled, 0.89, epsilon = 1e-8);
}

#[test]
fn adam_w_is_adam_with_decoupled_decay_to_the_bit() {
    let mut rng = Rng::new(5);
    let grads: Vec<Vec<f64>> = (0..20).map(|_| vec![rng.standard_normal(), rng.standard_normal()]).collect();
    let adam = Adam::new(0.03).beta1(0.8).beta2(0.95).epsilon(1e-4).amsgrad(true);
    let adam_w = AdamW::new(0.03).beta1(0.8).beta2(0.95).epsilon(1e-4).amsgrad(true);
    let adam = adam.weight_decay(Decay::Decoupled(0.2));
    let start = [1.0, -2.0];
    assert_eq!(
        run(&adam_w.weight_decay(0.2).into(), &start, grads.clone()),
        run(&adam.into(), &start, grads.clone())
    );
    assert_eq!(
        run(&AdamW::new(0.1).into(), &start, grads.clone()),
        run(&AdamW::new(0.1).weight_decay(0.01).into(), &start, grads)
    );
}

#[test]
fn a_gradient_that_is_always_zero_moves_nothing() {
    for rule in rules().into_iter().chain(without_epsilon()) {
        let start = [0.7, -3.0, 1e-300, -1e300, 0.0];
        let steps = run(&rule, &start, vec![vec![0.0, -0.0, 0.0, 0.0, -0.0]; 300]);
        assert!(steps.iter().all(|params| *params == start), "{rule:?}");
        let start = [0.7f32, -3.0, 1e-40, -1e38, 0.0];
        let steps = run(&rule, &start, vec![vec![0.0, -0.0, 0.0, 0.0, -0.0]; 300]);
        assert!(steps.iter().all(|params| *params == start), "{rule:?}");
    }
}

#[test]
fn the_first_step_of_scaled_rules_is_the_learning_rate() {
    let rules: [UpdateRule; 7] = [
        Adam::new(0.1).into(),
        Adam::new(0.1).amsgrad(true).into(),
        AdamW::new(0.1).into(),
        Adagrad::new(0.1).into(),
        Adamax::new(0.1).into(),
        Lion::new(0.1).into(),
        Rprop::new(0.1).into(),
    ];
    for rule in rules {
        for g in [1e-3, -0.1, 1.0, -1e3, 1e6] {
            let moved = run::<f64>(&rule, &[0.0], [vec![g]])[0][0];
            assert_relative_eq!(moved, -0.1 * g.signum(), max_relative = 1.001e-5);
            let moved = run::<f32>(&rule, &[0.0], [vec![g as f32]])[0][0];
            assert_relative_eq!(moved, -0.1 * g.signum() as f32, max_relative = 1.1e-5);
        }
    }
}

/// Squares of such gradients overflow or underflow, also to subnormal numbers.
#[test]
fn gradients_beyond_the_range_of_their_squares_give_no_nan() {
    fn sane<T: Real>(rule: &UpdateRule, odd: f64) {
        let grads = (1..=50).map(|t| vec![T::of(if t % 7 == 3 { odd } else { 0.5 }), T::of(odd)]);
        for (index, params) in run(rule, &[T::one(), T::one()], grads).iter().enumerate() {
            assert!(
                params.iter().all(|p| p.is_finite()),
                "{rule:?}, {odd:e}, step {}: {params:?}",
                index + 1
            );
        }
    }
    for rule in rules().iter().chain(&decaying(0.1)).chain(&without_epsilon()) {
        for odd in [1e200, -1e200, 1e-170, -1e-160, 1e-310] {
            sane::<f64>(rule, odd);
        }
        for odd in [1e30, -1e30, 1e-25, -1e-22, 1e-40] {
            sane::<f32>(rule, odd);
        }
    }
}

#[test]
fn a_parameter_whose_squared_gradient_overflows_stays_and_its_neighbour_does_not_notice() {
    let rules: [UpdateRule; 7] = [
        Adam::new(0.1).into(),
        NAdam::new(0.1).into(),
        RmsProp::new(0.1).centered(true).into(),
        Adagrad::new(0.1).into(),
        Adadelta::new(1.0).into(),
        Yogi::new(0.1).into(),
        AdaBelief::new(0.1).into(),
    ];
    for rule in rules {
        let quiet = run(&rule, &[1.0, 1.0], vec![vec![0.5, 0.5]; 10]);
        let loud = run(&rule, &[1.0, 1.0], (0..10).map(|t| vec![if t == 4 { 1e200 } else { 0.5 }, 0.5]));
        assert_eq!(loud[3], quiet[3]);
        assert_eq!(loud[9], [quiet[3][0], quiet[9][1]], "{rule:?}");
    }
}

#[test]
fn a_gradient_that_is_not_a_number_is_not_hidden() {
    for rule in rules().into_iter().chain(decaying(0.1)).chain(without_epsilon()) {
        let last = run(&rule, &[1.0, 1.0], vec![vec![f64::NAN, 0.5]; 7]).pop().expect("steps");
        assert!(last[0].is_nan(), "{rule:?}");
        assert!(last[1].is_finite() || matches!(rule, UpdateRule::Lamb(_)), "{rule:?}");
    }
}

/// Constant gradients have no variance, and its rounding error must not be negative.
#[test]
fn centred_rms_prop_survives_constant_gradients() {
    for g in [0.1, 0.3, 1e3] {
        let rule = RmsProp::new(1e-3).centered(true).alpha(0.9).into();
        let last = run::<f32>(&rule, &[1.0], vec![vec![g as f32]; 2000]).pop().expect("steps");
        assert!(last[0].is_finite() && last[0] < 0.0, "{last:?}");
    }
}

#[test]
fn any_step_number_is_finite_and_the_corrections_end() {
    for rule in rules().into_iter().chain(without_epsilon()) {
        let at = |number| {
            let (mut params, mut state) = ([0f64], rule.state(1));
            rule.step(Step::new(number, rate(&rule)), &mut params, &[1.0], &mut state);
            rule.step(Step::new(number.saturating_add(1), rate(&rule)), &mut params, &[1.0], &mut state);
            assert!(params[0].is_finite(), "{rule:?}, {number}: {params:?}");
            params[0]
        };
        let far = at(u64::MAX);
        (0..3).for_each(|number| assert!(at(number) < 0.0 && far < 0.0, "{rule:?}"));
        for number in [10_000_000, i32::MAX as u64 - 1, i32::MAX as u64 + 1, u64::from(u32::MAX)] {
            match rule {
                // With a decay, its learning rate falls without end.
                UpdateRule::Adagrad(_) => assert!(at(number) <= far),
                _ => assert_relative_eq!(at(number), far, max_relative = 1e-12),
            }
        }
    }
    // β2^t = 1 / e at step 3e9, which is beyond 32 bits.
    let beta2 = 1.0 - 1.0 / 3e9;
    let (adam, mut params) = (Adam::new(0.1).beta1(0.0).beta2(beta2).epsilon(0.0), [0.0]);
    adam.step(Step::new(3_000_000_000, 0.1), &mut params, &[1.0], &mut adam.state(1));
    let wanted: f64 = -0.1 * ((1.0 - (-1f64).exp()) * 3e9).sqrt();
    assert_relative_eq!(params[0], wanted, max_relative = 1e-6);
}

#[test]
fn single_precision_follows_double_precision() {
    let mut rng = Rng::new(11);
    let grads: Vec<[f64; 3]> = (0..30).map(|_| std::array::from_fn(|_| rng.standard_normal())).collect();
    for rule in rules().into_iter().chain(decaying(0.1)) {
        let double = run(&rule, &[1.0, -2.0, 0.5], grads.iter().map(|g| g.to_vec()));
        let single = run(&rule, &[1f32, -2.0, 0.5], grads.iter().map(|g| g.map(|g| g as f32).to_vec()));
        for (double, single) in double.concat().iter().zip(single.concat()) {
            assert_relative_eq!(f64::from(single), *double, max_relative = 1e-5, epsilon = 1e-5);
        }
        assert_relative_eq!(f64::from(single[0][0]), double[0][0], epsilon = 1e-6);
    }
}

#[test]
fn decay_acts_on_decayed_ranges_only() {
    for (with, without) in decaying(0.5).into_iter().zip(decaying(0.0)) {
        let moved = |rule: &UpdateRule| {
            let (mut params, mut state) = (vec![2.0; 6], rule.state(6));
            for number in 1..=8 {
                // One group a parameter: the norm of LAMB's groups must not carry the decay over.
                let groups = [0..1, 1..2, 2..3, 3..4, 4..5, 5..6];
                let step = Step::new(number, rate(rule)).decayed(&[1..3, 4..5]).groups(&groups);
                rule.step(step, &mut params, &[0.3; 6], &mut state);
            }
            params
        };
        let (with_decay, free) = (moved(&with), moved(&without));
        for spared in [0, 3, 5] {
            assert_eq!(with_decay[spared], free[spared], "{with:?}");
        }
        let same = [1, 2, 4].iter().all(|&decayed| with_decay[decayed] == free[decayed]);
        // One parameter's step is its own norm, whatever the direction; the norm of Lion's is the rate.
        assert!(!same || matches!(with, UpdateRule::Lamb(_)), "{with:?}");
        assert!(with_decay[1..3].iter().all(|p| *p == with_decay[4]), "{with:?}");
    }
}

#[test]
fn lamb_decays_decayed_ranges_only() {
    let moved = |decay| {
        let (rule, mut params) = (Lamb::new(0.1).weight_decay(decay), [2.0, 1.0]);
        let step = Step::new(1, 0.1).decayed(&[1..2]);
        rule.step(step, &mut params, &[0.3, 0.3], &mut rule.state(2));
        params
    };
    let norm = 5f64.sqrt();
    // u is (1, 1) without decay, and (1, 1.5) with it, up to ε.
    for (found, wanted) in
        moved(0.0).iter().zip([2.0 - 0.1 * norm / 2f64.sqrt(), 1.0 - 0.1 * norm / 2f64.sqrt()])
    {
        assert_relative_eq!(*found, wanted, max_relative = 1e-5);
    }
    let rate = 0.1 * norm / 3.25f64.sqrt();
    for (found, wanted) in moved(0.5).iter().zip([2.0 - rate, 1.0 - 1.5 * rate]) {
        assert_relative_eq!(*found, wanted, max_relative = 1e-5);
    }
}

/// Steps of 600 parameters with these groups.
fn lamb<T: Real>(scale: f64, groups: &[Range<usize>]) -> Vec<T> {
    let mut rng = Rng::new(8);
    let rule = Lamb::new(0.01).weight_decay(0.1).epsilon(0.0);
    let mut params: Vec<T> = (0..600).map(|_| T::of(scale * rng.standard_normal())).collect();
    let mut state = rule.state(600);
    for number in 1..=3 {
        let grad: Vec<T> = (0..600).map(|_| T::of(rng.standard_normal())).collect();
        let step = Step::new(number, 0.01).groups(groups).decayed(&[100..450]);
        rule.step(step, &mut params, &grad, &mut state);
    }
    params
}

#[test]
fn lamb_scales_each_group_by_itself() {
    let whole = lamb::<f64>(1.0, &[]);
    assert_eq!(lamb::<f64>(1.0, &[0..600]), whole);
    let (halves, gap) = (lamb::<f64>(1.0, &[0..300, 300..600]), lamb::<f64>(1.0, &[0..300]));
    assert_ne!(halves, whole);
    assert_eq!(gap, halves, "what no group names is a group of its own");
    assert_eq!(lamb::<f64>(1.0, &[0..0, 0..300, 300..300, 300..600]), halves, "empty groups change nothing");
}

#[test]
fn lamb_takes_norms_whose_squares_leave_the_range() {
    for (scale, wanted) in [(1e200, 1e200), (1e-200, 1e-200)] {
        let params = lamb::<f64>(scale, &[]);
        let moved = params.iter().zip(lamb::<f64>(1.0, &[])).map(|(p, one)| p / wanted - one);
        assert!(params.iter().all(|p| p.is_finite()));
        assert!(moved.fold(0.0, |worst: f64, by| worst.max(by.abs())) < 0.5);
    }
    for scale in [1e30, 1e-30] {
        let (single, double) = (lamb::<f32>(scale, &[]), lamb::<f64>(scale, &[]));
        for (single, double) in single.iter().zip(double) {
            assert_abs_diff_eq!(f64::from(*single) / scale, double / scale, epsilon = 1e-4);
        }
    }
}

proptest! {
    #[test]
    fn any_partition_with_decay_zero_gives_the_same_bits(
        cuts in prop::collection::vec(0usize..40, 0..8),
        seed in 0u64..1000,
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let ranges: Vec<Range<usize>> = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
        for rule in rules().iter().chain(&decaying(0.0)) {
            let run = |decayed: &[Range<usize>]| {
                let mut rng = Rng::new(seed);
                let (mut params, mut state) = (vec![1.0; 40], rule.state(40));
                for number in 1..=6 {
                    let grad: Vec<f64> = (0..40).map(|_| rng.standard_normal()).collect();
                    rule.step(Step::new(number, 0.1).decayed(decayed), &mut params, &grad, &mut state);
                }
                (params, state)
            };
            prop_assert_eq!(run(&ranges), run(&[]), "{:?}", rule);
        }
    }

    #[test]
    fn a_saved_state_goes_on_with_the_same_bits(saved_at in 0u64..12, seed in 0u64..1000) {
        for rule in rules().iter().chain(&decaying(0.1)) {
            prop_assert_eq!(resumed::<f64>(rule, saved_at, seed), resumed::<f64>(rule, 99, seed));
            prop_assert_eq!(resumed::<f32>(rule, saved_at, seed), resumed::<f32>(rule, 99, seed));
        }
    }
}

/// Twelve steps, with everything saved as text and restored after one of them.
fn resumed<T: Real>(rule: &UpdateRule, saved_at: u64, seed: u64) -> (Vec<T>, Vec<T>) {
    let mut rng = Rng::new(seed);
    let (mut params, mut state) = (vec![T::one(); 9], rule.state(9));
    for number in 1..=12 {
        let grad: Vec<T> = (0..9).map(|_| T::of(rng.standard_normal())).collect();
        rule.step(
            Step::new(number, 0.1).decayed(&[2..7]).groups(&[0..4, 4..9]),
            &mut params,
            &grad,
            &mut state,
        );
        if number == saved_at {
            let restore = |values: &[T]| -> Vec<T> {
                values.iter().map(|v| T::of(v.as_f64().to_string().parse().expect("a number"))).collect()
            };
            (params, state) = (restore(&params), restore(&state));
        }
    }
    (params, state)
}

#[test]
fn steps_do_not_allocate() {
    fn count<T: Real>(rule: &UpdateRule) -> u64 {
        let (mut params, grad) = (vec![T::one(); 1000], vec![T::of(0.5); 1000]);
        let mut state = rule.state(1000);
        let step = Step::new(1, 0.1).decayed(&[10..400, 500..900]).groups(&[0..600, 600..1000]);
        rule.step(step, &mut params, &grad, &mut state);
        measure(|| {
            for number in 2..10 {
                let step = Step::new(number, 0.1).decayed(&[10..400, 500..900]).groups(&[0..600, 600..1000]);
                rule.step(step, &mut params, &grad, &mut state);
            }
        })
        .count_total
    }
    for rule in rules().iter().chain(&decaying(0.1)) {
        assert_eq!((count::<f64>(rule), count::<f32>(rule)), (0, 0), "{rule:?}");
    }
    assert!(measure(|| drop(std::hint::black_box(vec![0u8; 100]))).count_total >= 1, "the counter works");
}

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
const NOT_POSITIVE: &[f64] = &[0.0, -1.0, -5e-324, NAN, INF, -INF];
const BELOW_ZERO: &[f64] = &[-1.0, -1e-300, NAN, INF, -INF];
const NO_FRACTION: &[f64] = &[1.0, 1.5, -0.1, NAN, INF, -INF];

#[track_caller]
fn assert_refused<R: Into<UpdateRule>>(values: &[f64], name: &str, build: impl Fn(f64) -> R) {
    for &refused in values {
        let rule = build(refused).into();
        let single = format!("{:?}", Optimizer::<f32>::check(&rule));
        assert_eq!(single, format!("{:?}", Optimizer::<f64>::check(&rule)));
        match Optimizer::<f64>::check(&rule) {
            Err(Error::InvalidParameter { name: found, value, .. }) => {
                assert_eq!(found, name);
                assert!(value == refused || value.is_nan() && refused.is_nan(), "{value} for {refused}");
            }
            other => panic!("{name} = {refused}: {other:?}"),
        }
    }
}

#[test]
fn hyper_parameters_out_of_range_are_refused_by_name() {
    assert_refused(NOT_POSITIVE, "learning_rate", Sgd::new);
    assert_refused(NO_FRACTION, "momentum", |v| Sgd::new(0.1).momentum(v));
    assert_refused(NO_FRACTION, "dampening", |v| Sgd::new(0.1).dampening(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Sgd::new(0.1).weight_decay(v));
    assert_refused(NOT_POSITIVE, "learning_rate", Adam::new);
    assert_refused(NO_FRACTION, "beta1", |v| Adam::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| Adam::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| Adam::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adam::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adam::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", AdamW::new);
    assert_refused(NO_FRACTION, "beta1", |v| AdamW::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| AdamW::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| AdamW::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| AdamW::new(0.1).weight_decay(v));
    assert_refused(NOT_POSITIVE, "learning_rate", NAdam::new);
    assert_refused(NO_FRACTION, "beta1", |v| NAdam::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| NAdam::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| NAdam::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "momentum_decay", |v| NAdam::new(0.1).momentum_decay(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| NAdam::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| NAdam::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", RAdam::new);
    assert_refused(NO_FRACTION, "beta1", |v| RAdam::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| RAdam::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| RAdam::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| RAdam::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| RAdam::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", Adamax::new);
    assert_refused(NO_FRACTION, "beta1", |v| Adamax::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| Adamax::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| Adamax::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adamax::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adamax::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", AdaBelief::new);
    assert_refused(NO_FRACTION, "beta1", |v| AdaBelief::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| AdaBelief::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| AdaBelief::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "epsilon_root", |v| AdaBelief::new(0.1).epsilon_root(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| AdaBelief::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| AdaBelief::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", Yogi::new);
    assert_refused(NO_FRACTION, "beta1", |v| Yogi::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| Yogi::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| Yogi::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "initial_mean", |v| Yogi::new(0.1).initial_mean(v));
    assert_refused(BELOW_ZERO, "initial_accumulator", |v| Yogi::new(0.1).initial_accumulator(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Yogi::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Yogi::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", Lamb::new);
    assert_refused(NO_FRACTION, "beta1", |v| Lamb::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| Lamb::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| Lamb::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Lamb::new(0.1).weight_decay(v));
    assert_refused(NOT_POSITIVE, "learning_rate", RmsProp::new);
    assert_refused(NO_FRACTION, "alpha", |v| RmsProp::new(0.1).alpha(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| RmsProp::new(0.1).epsilon(v));
    assert_refused(NO_FRACTION, "momentum", |v| RmsProp::new(0.1).momentum(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| RmsProp::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| RmsProp::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", Adagrad::new);
    assert_refused(BELOW_ZERO, "learning_rate_decay", |v| Adagrad::new(0.1).learning_rate_decay(v));
    assert_refused(BELOW_ZERO, "initial_accumulator", |v| Adagrad::new(0.1).initial_accumulator(v));
    assert_refused(BELOW_ZERO, "epsilon", |v| Adagrad::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adagrad::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adagrad::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", Adadelta::new);
    assert_refused(NO_FRACTION, "rho", |v| Adadelta::new(0.1).rho(v));
    assert_refused(NOT_POSITIVE, "epsilon", |v| Adadelta::new(0.1).epsilon(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adadelta::new(0.1).weight_decay(Decay::Coupled(v)));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Adadelta::new(0.1).weight_decay(Decay::Decoupled(v)));
    assert_refused(NOT_POSITIVE, "learning_rate", Lion::new);
    assert_refused(NO_FRACTION, "beta1", |v| Lion::new(0.1).beta1(v));
    assert_refused(NO_FRACTION, "beta2", |v| Lion::new(0.1).beta2(v));
    assert_refused(BELOW_ZERO, "weight_decay", |v| Lion::new(0.1).weight_decay(v));
    assert_refused(NOT_POSITIVE, "learning_rate", Rprop::new);
    assert_refused(&[0.0, 1.0, -0.1, NAN, INF], "shrink", |v| Rprop::new(0.1).shrink(v));
    assert_refused(&[1.0, 0.5, -1.0, NAN, INF], "grow", |v| Rprop::new(0.1).grow(v));
    assert_refused(BELOW_ZERO, "smallest", |v| Rprop::new(0.1).smallest(v));
    assert_refused(&[0.0, -1.0, 1e-9, NAN, INF], "largest", |v| Rprop::new(0.1).largest(v));
    let nesterov = Sgd::new(0.1).nesterov(true);
    assert_refused(&[0.0], "momentum", |v| nesterov.momentum(v));
    assert_refused(&[0.5], "dampening", |v| nesterov.momentum(0.9).dampening(v));
    for rule in rules().iter().chain(&decaying(0.1)).chain(&without_epsilon()) {
        assert_eq!(Optimizer::<f64>::check(rule), Ok(()), "{rule:?}");
    }
}

/// Each with a rate that suits the problem: (x - 3)^2 + 10 (y + 1)^2 from (0, 0), then Rosenbrock's valley
/// from (-1.2, 1).
#[test]
fn every_rule_reaches_the_minimum_of_a_parabola_and_of_rosenbrocks_valley() {
    let parabola = |p: &[f64]| vec![2.0 * (p[0] - 3.0), 20.0 * (p[1] + 1.0)];
    let valley = |p: &[f64]| {
        let slack = p[1] - p[0] * p[0];
        vec![-2.0 * (1.0 - p[0]) - 400.0 * p[0] * slack, 200.0 * slack]
    };
    let reaches =
        |rule: UpdateRule, start: [f64; 2], gradient: &dyn Fn(&[f64]) -> Vec<f64>, goal: [f64; 2]| {
            let (mut params, mut state) = (start, rule.state(2));
            for number in 1..=10_000 {
                let grad = gradient(&params);
                rule.step(Step::new(number, rate(&rule)), &mut params, &grad, &mut state);
            }
            let distance =
                params.iter().zip(goal).fold(0.0, |worst: f64, (p, goal)| worst.max((p - goal).abs()));
            assert!(distance < 3e-2, "{rule:?} ended at {params:?}");
        };
    let rules: [(UpdateRule, UpdateRule); 15] = [
        (Sgd::new(0.05).into(), Sgd::new(1e-3).momentum(0.9).into()),
        (
            Sgd::new(0.01).momentum(0.9).dampening(0.5).into(),
            Sgd::new(1e-3).momentum(0.9).nesterov(true).into(),
        ),
        (Adam::new(0.01).into(), Adam::new(0.01).into()),
        (Adam::new(0.01).amsgrad(true).into(), Adam::new(0.01).amsgrad(true).into()),
        (AdamW::new(0.01).weight_decay(0.0).into(), AdamW::new(0.01).weight_decay(1e-4).into()),
        (NAdam::new(0.01).into(), NAdam::new(0.01).into()),
        (RAdam::new(0.01).into(), RAdam::new(0.005).into()),
        (RmsProp::new(0.01).into(), RmsProp::new(1e-3).into()),
        (Adagrad::new(0.5).into(), Adagrad::new(0.5).into()),
        (Adadelta::new(1.0).into(), Adadelta::new(0.1).epsilon(1e-7).into()),
        (Adamax::new(0.01).into(), Adamax::new(0.01).into()),
        (Lion::new(1e-3).into(), Lion::new(1e-3).into()),
        (Rprop::new(0.01).into(), Rprop::new(0.01).into()),
        (Yogi::new(0.01).into(), Yogi::new(0.01).into()),
        (AdaBelief::new(0.01).into(), AdaBelief::new(0.01).into()),
    ];
    for (on_parabola, in_valley) in rules {
        reaches(on_parabola, [0.0, 0.0], &parabola, [3.0, -1.0]);
        reaches(in_valley, [-1.2, 1.0], &valley, [1.0, 1.0]);
    }
    // Its step is a part of the norm of the parameters: with a small rate, 0 on the way stops it.
    reaches(Lamb::new(1e-3).into(), [1.0, 1.0], &parabola, [3.0, -1.0]);
    reaches(Lamb::new(3e-3).into(), [-1.2, 1.0], &valley, [1.0, 1.0]);
}

/// Worked by hand: the step grows to 0.12, and turns to 0.06 without a move; 0 agrees with neither sign.
#[test]
fn rprop_stays_for_one_step_where_the_sign_turns() {
    for size in [1.0, 1e-200, 1e200] {
        let grads = [1.0, 1.0, -1.0, -1.0, -1.0, 0.0, -1.0].map(|sign| vec![sign * size]);
        let found = run(&Rprop::new(0.1).into(), &[0.0], grads).concat();
        for (found, wanted) in found.iter().zip([-0.1, -0.22, -0.22, -0.16, -0.088, -0.088, -0.016]) {
            assert_abs_diff_eq!(*found, wanted, epsilon = 1e-15);
        }
    }
    let bounded = Rprop::new(0.1).smallest(0.09).largest(0.11);
    let found = run(&bounded.into(), &[0.0], [1.0, 1.0, -1.0, -1.0].map(|g| vec![g])).concat();
    for (found, wanted) in found.iter().zip([-0.1, -0.21, -0.21, -0.12]) {
        assert_abs_diff_eq!(*found, wanted, epsilon = 1e-15);
    }
}

/// The first squared gradient is the accumulator itself: the sign of their difference is 0.
#[test]
fn yogi_keeps_a_mean_that_is_right() {
    let yogi = Yogi::new(0.1).initial_accumulator(4.0).beta2(0.75).epsilon(0.0);
    // v̂ = 4 / (1 - 0.75), m̂ = 2.
    assert_abs_diff_eq!(run(&yogi.into(), &[0.0], [vec![2.0]])[0][0], -0.05, epsilon = 1e-16);
}
