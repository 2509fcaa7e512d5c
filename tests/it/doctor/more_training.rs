//! More training runs: initial weights, batches in order, rare classes, columns that only fit the training rows.

use logit::data::{Dataset, Moons};
use logit::doctor::Code;
use logit::nn::Initializer;
use logit::{Rng, Sgd};
use nalgebra::DMatrix;

use super::training::{Program, SEEDS, check, first, program};

#[test]
fn weights_that_start_far_too_large() {
    // Rectifiers of such weights are far from dead: the loss is thousands at the start.
    check(Code::PoorInitialization, program, |program| {
        program.weights = Some(Initializer::Normal { mean: 0.0, standard_deviation: 30.0 });
    });
}

#[test]
fn batches_of_rows_that_are_sorted_by_label() {
    // Half an epoch of one class moves a linear model to that class, if classes overlap.
    let twin = |seed| {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(1200, 3, |_, _| rng.standard_normal());
        let score = |row: usize, rng: &mut Rng| x.row(row).sum() + rng.standard_normal();
        let mut y: Vec<usize> = (0..1200).map(|row| usize::from(score(row, &mut rng) > 0.0)).collect();
        let mut order: Vec<usize> = (0..1200).collect();
        order.sort_by_key(|&row| y[row]);
        y.sort_unstable();
        let rows = Dataset::new(x.select_rows(&order), y).expect("sizes");
        let rule = Sgd::new(0.1).momentum(0.9).into();
        Program { rows, hidden: Vec::new(), rule, l2: 1e-3, epochs: 12, batch: 16, ..program(seed) }
    };
    check(Code::FewSteps, twin, |program| program.shuffle = false);
}

#[test]
fn a_rare_class_that_is_never_predicted() {
    for seed in SEEDS {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(600, 3, |_, _| rng.standard_normal());
        let rare =
            |row: usize, rng: &mut Rng| rng.uniform(0.0, 1.0) < 0.02 + 0.1 / (1.0 + (-x[(row, 0)]).exp());
        let y: Vec<usize> = (0..600).map(|row| usize::from(rare(row, &mut rng))).collect();
        let rows = Dataset::new(x.clone(), y).expect("sizes");
        let fault = Program { rows, hidden: Vec::new(), l2: 1e-3, ..program(seed) };
        first(Code::MajorityClass, &fault.diagnose(), seed);
    }
    // A tenth of the rows, and learnt.
    for seed in SEEDS {
        let moons = Moons::new(600).noise(0.1).seed(seed).generate().expect("valid");
        let keep: Vec<usize> = (0..600).filter(|&row| moons.y[row] == 0 || row % 9 == 0).collect();
        let y: Vec<usize> = keep.iter().map(|&row| moons.y[row]).collect();
        let rows = Dataset::new(moons.x.select_rows(&keep), y).expect("sizes");
        let twin = Program { rows, epochs: 120, ..program(seed) };
        assert!(twin.diagnose().is_healthy(), "{}", twin.diagnose());
    }
}
