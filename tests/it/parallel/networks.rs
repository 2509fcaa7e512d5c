//! Networks: training, resumed runs, predictions.

use std::ops::ControlFlow;

use logit::nn::{
    Dense, Examples, MlpOptions, NetworkClassifier, NetworkObjective, Normalization, Sequential,
    SoftmaxCrossEntropy, StepOutcome, Targets, Trainer,
};
use logit::optim::{Lbfgs, Objective};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Activation, Adam, Error, FittedMlp, LabelSets, MlpClassifier, Real, Rng};
use nalgebra::DMatrix;
use proptest::prelude::*;

use super::{THREADS, same_on_any_number_of_threads};

fn rows<T: Real>(count: usize, columns: usize, seed: u64) -> (DMatrix<T>, Vec<usize>) {
    let mut rng = Rng::new(seed);
    let x = DMatrix::from_fn(count, columns, |_, _| T::of(rng.standard_normal()));
    let y = (0..count).map(|row| if row < 3 { row } else { rng.below(3) }).collect();
    (x, y)
}

/// A model without the times of its epochs.
fn timeless<T: Real>(model: &FittedMlp<T, usize>) -> [Vec<f64>; 3] {
    let epochs = model.history().epochs.iter();
    let losses = epochs.flat_map(|epoch| [Some(epoch.train_loss), epoch.validation_loss]).flatten();
    let numbers =
        [model.params(), model.statistics()].map(|of| of.iter().map(|number| number.as_f64()).collect());
    let [params, statistics] = numbers;
    [params, statistics, losses.collect()]
}

fn large() -> MlpClassifier {
    MlpClassifier::new([90]).batch_size(150).epochs(3).validation_fraction(0.3).seed(4)
}

fn predictions_agree<T: Real>(count: usize, columns: usize, width: usize, seed: u64) {
    let (x, y) = rows::<T>(count, columns, seed);
    let few = (x.rows(0, 60).into_owned(), y[..60].to_vec());
    let model = MlpClassifier::new([width]).normalization(Normalization::Batch).epochs(1);
    let model = model.fit(&few.0, &few.1).unwrap();
    same_on_any_number_of_threads(|| model.predict_proba(&x).unwrap());
    same_on_any_number_of_threads(|| model.predict_log_proba(&x).unwrap());
    same_on_any_number_of_threads(|| model.decision_function(&x).unwrap());
    // A view with gaps between its columns, into a part of a matrix.
    let (wide, mut scratch) = (x.clone().insert_rows(count, 3, T::one()), logit::Scratch::new());
    let written = |threads, scratch: &mut _| {
        with_threads(threads, || {
            let mut out = DMatrix::<T>::zeros(count + 5, 3);
            model.probabilities_into(wide.rows(0, count).into(), out.rows_mut(2, count), scratch).unwrap();
            out
        })
    };
    let alone = written(1, &mut scratch);
    for threads in THREADS {
        assert!(written(threads, &mut scratch) == alone, "{threads} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn predictions_are_those_of_one_thread(
        count in 500usize..2500, columns in 20usize..70, width in 30usize..100, seed: u64,
    ) {
        predictions_agree::<f32>(count, columns, width, seed);
        predictions_agree::<f64>(count, columns, width, seed);
    }
}

/// The first row that cannot be predicted is named, however the rows are shared out.
#[test]
fn errors_name_the_first_row() {
    let (mut x, y) = rows::<f64>(2000, 60, 1);
    let few = (x.rows(0, 60).into_owned(), y[..60].to_vec());
    let model = MlpClassifier::new([70]).epochs(1).fit(&few.0, &few.1).unwrap();
    for row in [1900, 700, 1300] {
        x.row_mut(row).fill(1e308);
    }
    let error = same_on_any_number_of_threads(|| model.predict_proba(&x).unwrap_err());
    assert_eq!(error, Error::Overflow { row: 700 });
    x[(1500, 3)] = f64::INFINITY;
    x[(1400, 50)] = f64::INFINITY;
    let error = same_on_any_number_of_threads(|| model.predict_proba(&x).unwrap_err());
    assert!(matches!(error, Error::NotFinite { row: 1400, column: 50, .. }), "{error}");
}

#[test]
fn fits_are_those_of_one_thread() {
    let (x, y) = rows::<f64>(450, 100, 2);
    let fit = |network: MlpClassifier| {
        let alone = timeless(&network.clone().threads(1).fit(&x, &y).unwrap());
        for threads in THREADS {
            assert!(timeless(&network.clone().threads(threads).fit(&x, &y).unwrap()) == alone, "{threads}");
        }
    };
    fit(large());
    fit(large().normalization(Normalization::Batch).dropout(0.2).activation(Activation::Gelu));
    fit(MlpClassifier::new([20]).optimizer(Lbfgs::new().max_iterations(5)));
    // A rate finder takes steps, too.
    same_on_any_number_of_threads(|| {
        large().find_learning_rate(&x, &y, logit::nn::RateRange::default()).unwrap()
    });
}

#[test]
fn networks_of_ones_own_and_label_sets_have_the_setting() {
    let (x, y) = rows::<f32>(450, 100, 2);
    let network = |threads| {
        let trainer = Trainer::new(Adam::new(1e-3)).epochs(2).batch_size(150);
        let architecture = |inputs, outputs| {
            Sequential::new(vec![
                Dense::new(inputs, 80)?.activation(Activation::Tanh),
                Dense::new(80, outputs)?,
            ])
        };
        let network = NetworkClassifier::new(trainer, architecture, SoftmaxCrossEntropy::new());
        network.threads(threads).fit(&x, &y).map(|model| model.params().to_vec())
    };
    assert_eq!(network(1).unwrap(), network(3).unwrap());
    assert!(matches!(network(0), Err(Error::InvalidParameter { name: "threads", .. })));

    let sets: Vec<Vec<usize>> = y.iter().map(|&class| (0..class).collect()).collect();
    let sets = LabelSets::new(&sets).unwrap();
    let model = |threads| large().threads(threads).fit_multi_label(&x, &sets).unwrap();
    assert_eq!(model(1).network().params(), model(4).network().params());
    let model = model(2);
    same_on_any_number_of_threads(|| model.predict_proba(&x).unwrap());
}

/// The gradient over many blocks of rows.
#[test]
fn objectives_are_those_of_one_thread() {
    let (x, y) = rows::<f64>(1500, 60, 3);
    let network = Sequential::perceptron(&[60, 50, 3], Activation::Tanh).unwrap();
    same_on_any_number_of_threads(|| {
        let examples = Examples::new(&x, Targets::Classes(&y));
        let mut objective =
            NetworkObjective::new(&network, SoftmaxCrossEntropy::new(), examples, 0.01).unwrap();
        let params = objective.initial(1);
        let mut gradients = [vec![0.0; params.len()], vec![0.0; params.len()]];
        let value = objective.evaluate(&params, &mut gradients[0]).value;
        // The second time with the memory of the first.
        assert_eq!(objective.evaluate(&params, &mut gradients[1]).value, value);
        assert_eq!(gradients[0], gradients[1]);
        (value, gradients)
    });
}

#[test]
fn a_run_resumes_with_another_number_of_threads() {
    let (x, y) = rows::<f32>(450, 100, 5);
    let start = |threads| large().threads(threads).start(&x, &y, MlpOptions::default()).unwrap();
    let mut whole = start(1);
    whole.run_to_end(|_| ControlFlow::Continue(())).unwrap();
    let whole = timeless(&whole.finish());
    for (before, after) in [(1, 4), (4, 1), (2, 3)] {
        let mut run = start(before);
        for _ in 0..4 {
            assert_ne!(run.step().unwrap(), StepOutcome::Finished);
        }
        let network = large().threads(after);
        let mut resumed = network.resume(&x, &y, MlpOptions::default(), run.checkpoint()).unwrap();
        resumed.run_to_end(|_| ControlFlow::Continue(())).unwrap();
        assert!(timeless(&resumed.finish()) == whole, "{before} threads, then {after}");
    }
}

#[test]
fn an_observer_stops_a_run_and_its_panic_comes_through() {
    let (x, y) = rows::<f32>(450, 100, 6);
    for threads in [1, 2, 4] {
        let start = || large().threads(threads).start(&x, &y, MlpOptions::default()).unwrap();
        let mut run = start();
        run.run_to_end(|_| ControlFlow::Break(())).unwrap();
        assert_eq!(run.history().epochs.len(), 1);
        let mut run = start();
        let panicking = std::panic::AssertUnwindSafe(|| run.run_to_end(|_| panic!("planted")));
        assert!(std::panic::catch_unwind(panicking).is_err());
        // Fits after it are as before.
        same_on_any_number_of_threads(|| timeless(&large().epochs(1).fit(&x, &y).unwrap()));
    }
}
