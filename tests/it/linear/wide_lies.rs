//! The count of lies for problems with more parameters than those for which a fit forms a matrix unasked:
//! conjugate gradients estimate the decrement.

use logit::Solver;

use super::hard::{Hard, Kind};
use super::lies::Lies;

fn assert_no_lies(kind: Kind, seeds: [u64; 2]) {
    let mut lies = Lies::default();
    seeds.iter().for_each(|&seed| lies.count(&Hard::wide(kind, seed)));
    if lies.told.is_empty() {
        println!("{kind:?}: {}", lies.print());
    }
    assert!(lies.told.is_empty(), "{kind:?}: {}", lies.print());
}

macro_rules! no_lies {
    ($($name:ident: $kind:ident $seeds:expr,)*) => {
        $(#[test]
        fn $name() {
            assert_no_lies(Kind::$kind, $seeds);
        })*
    };
}

// Two problems of each kind, because a judgement takes some tenths of a second: problems whose reports lied once,
// others of another shape or number type.
no_lies! {
    plain_problems: Plain [0, 10],
    nearly_separable_classes: NearlySeparable [3, 7],
    weights_of_one_size: WeightsOfOneSize [0, 5],
    weights_of_all_sizes: WeightsOfAllSizes [0, 3],
    penalties_of_all_sizes: AnyLambda [7, 9],
    columns_far_from_the_origin: FarFromTheOrigin [7, 10],
    nearly_collinear_columns: NearlyCollinear [6, 10],
    duplicate_columns: Duplicates [9, 11],
    constant_columns: Constant [0, 9],
    columns_that_are_constant_but_for_rounding: ConstantButForRounding [7, 9],
    columns_in_all_units: Units [6, 7],
    columns_in_small_units: SmallUnits [7, 9],
    columns_in_large_units: LargeUnits [4, 9],
    units_distances_and_collinearity_at_once: Mixed [0, 9],
}

/// The fit is the proof that an optimum exists, without a search: for columns without a penalty beside others,
/// and for nearly collinear ones.
#[test]
fn small_decrements_prove_that_an_optimum_exists() {
    for (kind, seed, solver) in [
        (Kind::Constant, 0, Solver::ProximalNewton),
        (Kind::LargeUnits, 4, Solver::ProximalNewton),
        (Kind::Mixed, 2, Solver::NewtonCg),
    ] {
        let hard = Hard::wide(kind, seed);
        let report = if hard.single {
            hard.fit::<f32>(solver).expect("good data").report().clone()
        } else {
            hard.fit::<f64>(solver).expect("good data").report().clone()
        };
        assert!(report.converged(), "{}: {report}", hard.describe(solver));
    }
}
