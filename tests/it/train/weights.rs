//! Weights of rows and classes in training by mini-batches.

use std::ops::ControlFlow;

use logit::nalgebra::DMatrix;
use logit::nn::{
    Examples, Initializer, MlpOptions, PartialMlp, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
};
use logit::prelude::*;
use logit::{Adam, ClassWeight, Error, FitOptions, LabelSets, MlpClassifier, Sgd};

use super::kit::{Data, bits, network};

fn heavy() -> ClassWeight {
    ClassWeight::map([(2usize, 7.0), (0, 0.5)])
}

#[test]
fn another_number_of_weights_than_of_rows_is_refused_everywhere() {
    fn refused<V>(result: Result<V, Error>) {
        let error = result.map(|_| ()).expect_err("too few or too many weights");
        assert!(matches!(error, Error::ShapeMismatch { axis: "entries", .. }), "{error}");
    }
    let (data, network) = (Data::new(30, 1), network());
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(2);
    let rows = Examples::new(&data.x, Targets::Classes(&data.classes));
    let loss = SoftmaxCrossEntropy::new();
    let run = trainer.start(&network, loss, rows, TrainOptions::default()).expect("a run");
    let labels: Vec<Vec<usize>> = data.classes.iter().map(|&class| vec![class]).collect();
    let sets = LabelSets::new(&labels).expect("labels");
    let classifier = MlpClassifier::new([5]).epochs(2);
    for weights in [vec![1.0; 29], vec![1.0; 31], vec![1.0; 60], Vec::new()] {
        let weighted = rows.weights(&weights);
        refused(trainer.start(&network, loss, weighted, TrainOptions::default()));
        refused(trainer.resume(&network, loss, weighted, TrainOptions::default(), run.checkpoint()));
        refused(classifier.fit_weighted(&data.x, &data.classes, &weights));
        for network in [classifier.clone(), classifier.clone().validation_fraction(0.2)] {
            refused(network.fit_multi_label_with(&data.x, &sets, FitOptions::new().weights(&weights)));
        }
        for network in [classifier.clone(), classifier.clone().class_weight(heavy())] {
            let mut partial: PartialMlp<f64, usize> = network.partial(4, [0, 1, 2]).expect("an empty model");
            let before = partial.clone();
            refused(partial.fit_weighted(&data.x, &data.classes, &weights));
            assert_eq!(partial, before);
        }
    }
}

/// A step of almost no length: what is measured after it is what was trained on.
#[test]
fn the_validation_loss_counts_classes_as_the_training_loss_does() {
    let data = Data::new(40, 2);
    let network = MlpClassifier::new([5]).optimizer(Sgd::new(1e-300)).batch_size(40).epochs(1);
    let losses = |network: &MlpClassifier| {
        let options = MlpOptions::default().validation(&data.x, &data.classes);
        let mut run = network.start(&data.x, &data.classes, options).expect("a run");
        run.run_to_end(|_| ControlFlow::Continue(())).expect("a fit");
        let epoch = &run.history().epochs[0];
        (epoch.train_loss, epoch.validation_loss.expect("validation rows"))
    };
    let (plain, weighted) = (losses(&network), losses(&network.clone().class_weight(heavy())));
    approx::assert_relative_eq!(weighted.0, weighted.1, max_relative = 1e-12);
    assert!((plain.1 - weighted.1).abs() > 1e-3, "{plain:?}, {weighted:?}");
}

#[test]
fn parts_count_classes_as_a_fit_does() {
    let data = Data::new(50, 3);
    let network = MlpClassifier::new([6]).batch_size(7).epochs(3).class_weight(heavy());
    let whole = network.fit_weighted(&data.x, &data.classes, &data.weights).expect("a model");
    let mut partial: PartialMlp<f64, usize> = network.partial(4, [0, 1, 2]).expect("an empty model");
    for _ in 0..3 {
        partial.fit_weighted(&data.x, &data.classes, &data.weights).expect("an epoch");
    }
    assert_eq!(bits(partial.model().params()), bits(whole.params()));

    let balanced = network.clone().class_weight(ClassWeight::Balanced).partial::<f64, usize>(4, [0, 1, 2]);
    assert!(matches!(balanced, Err(Error::Unsupported { .. })), "all rows would have to be at hand");
    let unknown = network.partial::<f64, usize>(4, [0, 1]);
    assert!(matches!(unknown, Err(Error::UnknownClass { .. })), "a weight for class 2");
}

/// Class weights and sample weights mean the same in parts of a single row, of a single class, and of
/// several. The optimum at a single point is known: the share of the weights.
#[test]
fn weights_have_their_effect_in_parts_of_one_row() {
    let x = |rows: usize| DMatrix::from_element(rows, 1, 1.0);
    let labels = ["common", "common", "common", "rare"];
    let weight_of = |label: &str| if label == "rare" { 9.0 } else { 1.0 };
    let class_weight = || ClassWeight::map([("common", 1.0), ("rare", 9.0)]);
    let network = || MlpClassifier::new([]).optimizer(Sgd::new(0.05)).initializer(Initializer::Zeros);
    let learnt = |network: MlpClassifier, part: usize, weighted: bool| {
        let mut partial = network.partial(1, ["common", "rare"]).expect("an empty model");
        for _ in 0..50 * part {
            for y in labels.chunks(part) {
                let weights: Vec<f64> = y.iter().map(|label| weight_of(label)).collect();
                match weighted {
                    true => partial.fit_weighted(&x(part), y, &weights),
                    false => partial.fit(&x(part), y),
                }
                .expect("a part");
            }
        }
        partial.model().predict_proba(&x(1)).expect("a probability")[1]
    };
    for part in [1, 2, 4] {
        let plain = learnt(network(), part, false);
        assert!((plain - 0.25).abs() < 0.03, "{part}: {plain}");
        let by_class = learnt(network().class_weight(class_weight()), part, false);
        assert!((by_class - 0.75).abs() < 0.03, "{part}: {by_class}");
        assert_eq!(learnt(network(), part, true), by_class, "{part}: sample weights");
    }
    // Parts of one class, as in the documentation of `PartialMlp`.
    let halves = |network: MlpClassifier| {
        let mut partial = network.partial(1, ["common", "rare"]).expect("an empty model");
        for _ in 0..100 {
            partial.fit(&x(3), &labels[..3]).expect("a part");
            partial.fit(&x(1), &labels[3..]).expect("a part");
        }
        partial.model().predict_proba(&x(1)).expect("a probability")[1]
    };
    let (plain, weighted) = (halves(network()), halves(network().class_weight(class_weight())));
    assert!(weighted > plain + 0.2, "{plain}, {weighted}");
}

/// The first calls weigh as much as the later ones, and a weight of 1 for all is none.
#[test]
fn equal_weights_in_parts_change_no_bit() {
    let data = Data::new(24, 8);
    let run = |weight: Option<f64>| {
        let network = MlpClassifier::new([4]).optimizer(Adam::new(0.01));
        let mut partial = network.partial(4, [0, 1, 2]).expect("an empty model");
        for row in 0..24 {
            let (x, y) = (data.x.rows(row, 1).into_owned(), [data.classes[row]]);
            match weight {
                None => partial.fit(&x, &y),
                Some(weight) => partial.fit_weighted(&x, &y, &[weight]),
            }
            .expect("a row");
        }
        bits(partial.model().params())
    };
    assert_eq!(run(Some(1.0)), run(None));
    assert_eq!(run(Some(0.25)), run(None));
    assert_eq!(run(Some(3.7e200)), run(None));
}
