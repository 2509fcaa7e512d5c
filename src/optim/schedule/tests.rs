//! Properties of all schedules, and of the rules of the plateau.

use proptest::prelude::*;

use super::*;

/// Returns the factor for a plateau that has observed nothing.
fn factor(schedule: &Schedule, count: u64) -> f64 {
    schedule.rate(1.0, count, count, &PlateauState::default())
}

fn length() -> impl Strategy<Value = u64> {
    prop_oneof![2..100u64, Just(u64::MAX), any::<u64>().prop_map(|n| n.max(2))]
}

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![0..200u64, Just(u64::MAX), any::<u64>()]
}

fn cycle() -> impl Strategy<Value = OneCycle> {
    (length(), 1.0..100.0, 0.0..=0.5, 0.0..=1.0, any::<bool>(), any::<bool>()).prop_map(
        |(length, peak, rise, last, linear, three)| {
            let cycle = OneCycle::new(length, peak).rise(rise).last(last);
            let cycle = if linear { cycle.linear() } else { cycle };
            if three { cycle.three_phases() } else { cycle }
        },
    )
}

fn rule() -> impl Strategy<Value = ReduceOnPlateau> {
    (0.01..0.99, 0..4u64, any::<bool>(), any::<bool>(), 0..3u64, 0.0..0.5).prop_map(
        |(factor, patience, larger, absolute, cooldown, lowest)| {
            let rule = ReduceOnPlateau::new(factor, patience).cooldown(cooldown).lowest(lowest);
            let rule = if larger { rule.larger_is_better() } else { rule };
            if absolute { rule.absolute_threshold(0.01) } else { rule.relative_threshold(0.01) }
        },
    )
}

/// Any simple schedule except a plateau.
fn simple() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        Just(Schedule::constant()),
        (length(), 0.01..=1.0).prop_map(|(every, factor)| Schedule::step(every, factor)),
        (prop::collection::vec(any_count(), 0..5), 0.01..=1.0).prop_map(|(mut at, factor)| {
            at.sort_unstable();
            Schedule::multistep(&at, factor)
        }),
        (1e-300..=1.0).prop_map(Schedule::exponential),
        (length(), 0.01..10.0).prop_map(|(length, power)| Schedule::polynomial(length, power)),
        length().prop_map(Schedule::inverse_sqrt),
        (0.0..1e308).prop_map(Schedule::inverse_time),
        length().prop_map(Schedule::cosine),
        (length(), 1..4u64).prop_map(|(first, growth)| Schedule::cosine_restarts(first, growth)),
        (0.0..=1.0, length()).prop_map(|(start, length)| Schedule::linear_warmup(start, length)),
        cycle().prop_map(Schedule::one_cycle),
    ]
}

proptest! {
    #[test]
    fn rates_are_finite_and_not_negative(
        a in simple(), b in simple(), rule in rule(), at in 1..100u64, lowest in 0.0..=1.0, count in any_count(),
        metrics in prop::collection::vec(prop::num::f64::ANY, 0..30),
    ) {
        let plateau = Schedule::reduce_on_plateau(rule);
        let all = a.clone().times(b.clone()).then(at, plateau.times(b)).down_to(lowest);
        let mut state = PlateauState::default();
        metrics.iter().for_each(|&metric| all.observe(metric, &mut state));
        for schedule in [a, all] {
            prop_assert_eq!(schedule.check(), Ok(()));
            for count in [count, count.saturating_add(1), 0, u64::MAX] {
                let rate = schedule.rate(0.1, count, count, &state);
                prop_assert!(rate >= 0.0 && rate.is_finite(), "{} at {} of {:?}", rate, count, schedule);
            }
        }
    }

    #[test]
    fn combinations_agree_with_their_parts(
        a in simple(), b in simple(), at in 1..=u64::MAX, count in any_count(), lowest in 0.0..=1.0, epochs in any::<bool>(),
    ) {
        let [a, b] = [a, b].map(|part| if epochs { part.per_epoch() } else { part });
        let then = a.clone().then(at, b.clone());
        for count in [count, at - 1, at] {
            let wanted = if count < at { factor(&a, count) } else { factor(&b, count - at) };
            prop_assert_eq!(factor(&then, count), wanted);
            prop_assert_eq!(factor(&a.clone().times(b.clone()), count), factor(&a, count) * factor(&b, count));
            let shifted = lowest + (1.0 - lowest) * factor(&a, count);
            prop_assert_eq!(factor(&a.clone().down_to(lowest), count), shifted);
        }
    }

    #[test]
    fn a_schedule_counts_nothing_but_its_unit(a in simple(), b in simple(), at in 1..50u64, n in 0..99u64, other in 0..99u64) {
        let (steps, state) = (a.then(at, b), PlateauState::default());
        let epochs = steps.clone().per_epoch();
        prop_assert_eq!(steps.rate(1.0, n, other, &state), steps.rate(1.0, n, 0, &state));
        prop_assert_eq!(epochs.rate(1.0, other, n, &state), steps.rate(1.0, n, 0, &state));
        prop_assert_eq!(epochs.check(), Ok(()));
    }

    #[test]
    fn a_plateau_resumes_as_if_it_had_not_stopped(
        rule in rule(), metrics in prop::collection::vec(prop_oneof![9 => -1.0..1.0, 1 => prop::num::f64::ANY], 1..80), cut in 0..80usize,
    ) {
        let schedule = Schedule::linear_warmup(0.0, 3).times(Schedule::reduce_on_plateau(rule));
        let [mut whole, mut parts] = [PlateauState::default(), PlateauState::default()];
        for (epoch, &metric) in metrics.iter().enumerate() {
            if epoch == cut {
                let numbers = parts.to_numbers();
                prop_assert!(numbers.iter().all(|number| !number.is_nan()));
                parts = PlateauState::from_numbers(numbers);
            }
            schedule.observe(metric, &mut whole);
            schedule.observe(metric, &mut parts);
            prop_assert_eq!(&whole, &parts);
            prop_assert_eq!(parts.to_numbers().map(f64::to_bits), whole.to_numbers().map(f64::to_bits));
        }
        prop_assert_eq!(PlateauState::from_numbers(whole.to_numbers()), whole);
    }

    #[test]
    fn a_plateau_is_the_recursion_that_defines_it(epsilon in 0.0..0.1, n in 0..40u64, shift in 0.0..=0.1) {
        let (factor, lowest) = (0.5 + shift, 0.01);
        let rule = ReduceOnPlateau::new(factor, 3).lowest(lowest).epsilon(epsilon);
        let mut wanted: f64 = 1.0;
        for _ in 0..n {
            let next = (wanted * factor).max(lowest);
            wanted = if wanted - next > epsilon { next } else { wanted };
        }
        let state = PlateauState::from_numbers([0.0, 0.0, 0.0, 0.0, n as f64]);
        let found = Schedule::reduce_on_plateau(rule).rate(1.0, 0, 0, &state);
        prop_assert!((found / wanted - 1.0).abs() < 1e-13, "{} instead of {}", found, wanted);
    }
}

#[test]
fn schedules_that_end_hold_their_last_rate() {
    let cycle = OneCycle::new(50, 10.0).last(0.25);
    for (schedule, last) in [
        (Schedule::multistep(&[3, 50], 0.5), 0.25),
        (Schedule::polynomial(50, 1.5), 0.0),
        (Schedule::cosine(50), 0.0),
        (Schedule::cosine(50).down_to(0.125), 0.125),
        (Schedule::linear_warmup(0.25, 50), 1.0),
        (Schedule::one_cycle(cycle), 0.25),
        (Schedule::one_cycle(cycle.three_phases()), 0.25),
    ] {
        for count in [50, 51, 100, u64::MAX] {
            assert_eq!(factor(&schedule, count), last, "{schedule:?} at {count}");
        }
        assert_ne!(factor(&schedule, 48), last, "{schedule:?} has not ended there");
    }
}

#[test]
fn cosines_keep_their_digits_to_the_end() {
    // (1 + cos(π (1 - 1e-9))) / 2 = (π 1e-9 / 2)^2 (1 - ...), computed by hand.
    let wanted = (std::f64::consts::FRAC_PI_2 * 1e-9).powi(2);
    let found = factor(&Schedule::cosine(1_000_000_000), 999_999_999);
    assert!((found / wanted - 1.0).abs() < 1e-15, "{found}");
}

#[test]
fn one_cycle_without_a_rise_starts_on_its_way_down() {
    for rise in [0.0, 0.1] {
        let schedule = Schedule::one_cycle(OneCycle::new(10, 5.0).rise(rise).linear().last(0.5));
        let factors: Vec<f64> = (0..10).map(|count| factor(&schedule, count)).collect();
        assert!(factors.windows(2).all(|pair| pair[1] < pair[0]), "{factors:?}");
        assert!(factors[0] <= 5.0 && factors[0] > 4.0);
    }
}

#[test]
fn a_plateau_waits_reduces_and_cools_down() {
    let rule = ReduceOnPlateau::new(0.1, 1).cooldown(2);
    let (schedule, mut state) = (Schedule::reduce_on_plateau(rule), PlateauState::default());
    let mut reductions = Vec::new();
    for metric in [1.0, 1.0, f64::NAN, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5] {
        schedule.observe(metric, &mut state);
        reductions.push(state.to_numbers()[4]);
    }
    assert_eq!(reductions, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]);
}

#[test]
fn a_plateau_observes_in_every_place_of_a_chain() {
    let plateau = || Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 0));
    for schedule in [
        plateau().then(5, Schedule::constant()),
        Schedule::linear_warmup(1.0, 5).then(5, plateau()),
        Schedule::constant().times(plateau()),
        plateau().times(Schedule::constant()).down_to(0.0).per_epoch(),
    ] {
        assert_eq!(schedule.check(), Ok(()), "{schedule:?}");
        let mut state = PlateauState::default();
        [1.0, 1.0, 1.0].iter().for_each(|&metric| schedule.observe(metric, &mut state));
        let rates = [0, 5].map(|count| schedule.rate(1.0, count, count, &state));
        assert_eq!(rates[0].min(rates[1]), 0.25, "{schedule:?}");
    }
}

#[test]
fn a_state_from_anywhere_gives_a_rate() {
    for reductions in [1e300, u64::MAX as f64, f64::NAN, -1.0] {
        for factor in [1e-300, 0.5, 1.0 - f64::EPSILON] {
            for epsilon in [0.0, 1e-8] {
                let rule = ReduceOnPlateau::new(factor, 0).epsilon(epsilon);
                let state = PlateauState::from_numbers([1.0, f64::NAN, f64::NAN, 1e300, reductions]);
                let rate = Schedule::reduce_on_plateau(rule).rate(0.1, 0, 0, &state);
                assert!((0.0..=0.1).contains(&rate), "{rate}");
            }
        }
    }
}

#[test]
fn two_plateaus_and_mixed_units_are_refused() {
    let plateau = || Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 3));
    let two = plateau().then(3, Schedule::constant().times(plateau()));
    assert!(matches!(two.check(), Err(Error::Unsupported { by: "a schedule", .. })));
    for mixed in [
        Schedule::cosine(3).then(3, Schedule::cosine(3).per_epoch()),
        Schedule::cosine(3).per_epoch().then(3, Schedule::cosine(3)),
        Schedule::constant().then(3, Schedule::cosine(3).times(Schedule::cosine(3).per_epoch())),
        Schedule::constant().then(3, Schedule::constant()).then(4, Schedule::cosine(3).per_epoch()),
    ] {
        assert!(matches!(mixed.check(), Err(Error::Unsupported { by: "then", .. })), "{mixed:?}");
        assert_eq!(mixed.per_epoch().check(), Ok(()));
    }
    let agnostic = plateau().then(3, Schedule::cosine(3).per_epoch());
    assert_eq!((agnostic.check(), agnostic.counts(Unit::Epochs)), (Ok(()), true));
    assert_eq!(Schedule::cosine(3).times(Schedule::cosine(3).per_epoch()).check(), Ok(()));
}

#[test]
fn numbers_out_of_range_are_refused() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let mut bad = vec![
        Schedule::step(0, 0.5),
        Schedule::multistep(&[2, 1], 0.5),
        Schedule::polynomial(0, 1.0),
        Schedule::inverse_sqrt(0),
        Schedule::cosine(0),
        Schedule::cosine_restarts(0, 1),
        Schedule::cosine_restarts(1, 0),
        Schedule::linear_warmup(0.5, 0),
        Schedule::constant().then(0, Schedule::constant()),
        Schedule::one_cycle(OneCycle::new(1, 2.0)),
        Schedule::one_cycle(OneCycle::new(9, 2.0).rise(0.6).three_phases()),
    ];
    for factor in [0.0, -0.5, 1.5, nan, inf] {
        bad.extend([
            Schedule::step(1, factor),
            Schedule::multistep(&[1], factor),
            Schedule::exponential(factor),
        ]);
        bad.push(Schedule::reduce_on_plateau(ReduceOnPlateau::new(factor, 1)));
    }
    for value in [-0.5, nan, inf, -inf] {
        let rule = ReduceOnPlateau::new(0.5, 1);
        bad.extend([rule.lowest(value), rule.epsilon(value)].map(Schedule::reduce_on_plateau));
        bad.extend(
            [rule.relative_threshold(value), rule.absolute_threshold(value)].map(Schedule::reduce_on_plateau),
        );
        let cycle = OneCycle::new(9, 2.0);
        bad.extend([cycle.rise(value), cycle.last(value), OneCycle::new(9, value)].map(Schedule::one_cycle));
        bad.extend([Schedule::polynomial(1, value), Schedule::inverse_time(value)]);
        bad.extend([Schedule::linear_warmup(value, 1), Schedule::constant().down_to(value)]);
    }
    for value in [1.5, 1.0 + f64::EPSILON] {
        bad.extend([Schedule::linear_warmup(value, 1), Schedule::constant().down_to(value)]);
        bad.push(Schedule::one_cycle(OneCycle::new(9, 2.0).last(value)));
        bad.push(Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 1).lowest(value)));
    }
    bad.push(Schedule::reduce_on_plateau(ReduceOnPlateau::new(1.0, 1)));
    bad.push(Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 1).relative_threshold(1.0)));
    bad.push(Schedule::one_cycle(OneCycle::new(9, 2.0).rise(1.0)));
    bad.push(Schedule::polynomial(1, 0.0));
    for schedule in bad {
        let inside =
            [schedule.clone().times(Schedule::constant()), Schedule::constant().then(3, schedule.clone())];
        for schedule in inside.into_iter().chain([schedule]) {
            assert!(matches!(schedule.check(), Err(Error::InvalidParameter { .. })), "{schedule:?}");
        }
    }
}

#[test]
fn three_phases_rise_for_at_most_half_of_the_cycle() {
    for (rise, valid) in [(0.0, true), (0.5, true), (0.51, false), (-0.01, false), (f64::NAN, false)] {
        let schedule = Schedule::one_cycle(OneCycle::new(20, 2.0).rise(rise).three_phases());
        assert_eq!(schedule.check().is_ok(), valid, "{rise}");
    }
}
