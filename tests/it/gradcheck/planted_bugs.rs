//! `GradCheck` accepts a right layer and rejects each of the usual mistakes.

use logit::gradcheck::{Cause, Mismatch};
use logit::nn::{BinaryCrossEntropy, Dense, Gradient, Layer, Loss, Mode, Sequential, Shape, Tape, Targets};
use logit::optim::{Evaluation, HessianProduct, Objective};
use logit::{Activation, Error, GradCheck, Real, Rng};
use nalgebra::DMatrix;

/// The mistake in a [`Plain`] layer.
#[derive(Clone, Copy, PartialEq)]
enum Bug {
    None,
    Sign,
    TransposedWeights,
    MissingBiasGradient,
    MaskOfInput,
    AddsToGradient,
    AddsToInputGradient,
    ConsumesOutputGradient,
    SkipsWithoutInputGradient,
    Remembers,
    HidesNan,
}

/// A square dense layer with ReLU, written by hand.
struct Plain(Bug, std::sync::atomic::AtomicU32);

const WIDTH: usize = 3;

impl Shape for Plain {
    fn inputs(&self) -> usize {
        WIDTH
    }
    fn outputs(&self) -> usize {
        WIDTH
    }
    fn parameter_count(&self) -> usize {
        WIDTH * (WIDTH + 1)
    }
}

impl Layer<f64> for Plain {
    fn init(&self, params: &mut [f64], rng: &mut Rng) {
        params.iter_mut().for_each(|p| *p = rng.standard_normal());
    }

    fn forward(&self, params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
        let w = DMatrix::from_column_slice(WIDTH, WIDTH, &params[..WIDTH * WIDTH]);
        let mut y = x * w;
        if self.0 == Bug::Remembers {
            y.add_scalar_mut(f64::from(self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
        }
        for (mut column, b) in y.column_iter_mut().zip(&params[WIDTH * WIDTH..]) {
            column.apply(|v| {
                let z = *v + b;
                *v = if self.0 == Bug::HidesNan {
                    z.max(0.0)
                } else if z < 0.0 {
                    0.0
                } else {
                    z
                };
            });
        }
        tape.output_mut().copy_from(&y);
    }

    fn backward(
        &self,
        params: &[f64],
        x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
        grad: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        let w = DMatrix::from_column_slice(WIDTH, WIDTH, &params[..WIDTH * WIDTH]);
        let mask = if self.0 == Bug::MaskOfInput { x } else { tape.output() };
        let mut delta = tape.output_gradient().zip_map(mask, |g, y| if y > 0.0 { g } else { 0.0 });
        if self.0 == Bug::Sign {
            delta = -delta;
        }
        if self.0 == Bug::ConsumesOutputGradient {
            tape.output_gradient_mut().copy_from(&delta);
        }
        if self.0 == Bug::SkipsWithoutInputGradient && dx.is_none() {
            return grad.fill(0.0);
        }
        let gw = x.transpose() * &delta;
        for (g, new) in grad.iter_mut().zip(gw.iter()) {
            *g = if self.0 == Bug::AddsToGradient { *g + new } else { *new };
        }
        for (g, column) in grad[WIDTH * WIDTH..].iter_mut().zip(delta.column_iter()) {
            *g = if self.0 == Bug::MissingBiasGradient { 0.0 } else { column.sum() };
        }
        if let Some(dx) = dx {
            let new = if self.0 == Bug::TransposedWeights { &delta * w } else { &delta * w.transpose() };
            *dx = if self.0 == Bug::AddsToInputGradient { &*dx + new } else { new };
        }
    }
}

fn check(bug: Bug) -> Result<(), Mismatch> {
    let layer = Plain(bug, std::sync::atomic::AtomicU32::new(0));
    let mut rng = Rng::new(4);
    let mut params = vec![0.0; layer.parameter_count()];
    layer.init(&mut params, &mut rng);
    let x = DMatrix::from_fn(5, WIDTH, |_, _| rng.standard_normal());
    GradCheck::new().layer(&layer, &params, &x).map(|agreement| {
        assert_eq!((agreement.entries, agreement.kinks), (12 + 15, 0));
        assert!(agreement.worst < 0.1, "{agreement:?}");
    })
}

#[test]
fn a_right_layer_is_accepted() {
    check(Bug::None).unwrap();
}

#[test]
fn an_agreement_says_how_much_it_proved() {
    let layer = Dense::new(2, 3).unwrap().activation(Activation::Relu);
    let params = [1.0, -1.0, 0.5, 0.7, 0.3, -0.4, 0.0, 0.2, 0.15];
    let x = DMatrix::from_row_slice(4, 2, &[1.0, 1.0, 0.3, -0.8, 2.0, 0.5, -0.7, 0.9]);
    let text = GradCheck::new().layer(&layer, &params, &x).unwrap().to_string();
    assert!(text.starts_with("12 entries agree, 5 at kinks were left out; the largest error is "), "{text}");
    let smooth = layer.activation(Activation::Tanh);
    let text = GradCheck::new().layer(&smooth, &params, &x).unwrap().to_string();
    assert!(
        text.starts_with("17 entries agree; the largest error is ") && text.ends_with(" of the tolerance")
    );
}

#[test]
fn a_wrong_sign_is_named() {
    let error = check(Bug::Sign).unwrap_err();
    assert!(matches!(error.causes(), [Cause::Factor { tensors, .. }] if tensors.is_empty()), "{error}");
    assert!(error.to_string().ends_with("; all entries have the wrong sign"), "{error}");
}

#[test]
fn transposed_weights_are_wrong_in_the_inputs_only() {
    let Err(Mismatch::Gradient { place, wrong, .. }) = check(Bug::TransposedWeights) else {
        panic!("accepted")
    };
    assert!(place.starts_with("input (") && wrong <= 15, "{place}, {wrong} wrong");
}

#[test]
fn a_missing_bias_gradient_names_a_bias() {
    let Err(Mismatch::Gradient { place, analytic, wrong, .. }) = check(Bug::MissingBiasGradient) else {
        panic!("accepted")
    };
    assert!(["parameter 9", "parameter 10", "parameter 11"].contains(&place.as_str()), "{place}");
    assert!(analytic == 0.0 && (1..=3).contains(&wrong), "{analytic}, {wrong} wrong");
}

#[test]
fn a_wrong_layer_inside_a_network_is_named() {
    let wrong = Plain(Bug::MissingBiasGradient, std::sync::atomic::AtomicU32::new(0));
    let layers: Vec<Box<dyn Layer<f64>>> = vec![Box::new(Dense::new(2, WIDTH).unwrap()), Box::new(wrong)];
    let network = Sequential::new(layers).unwrap();
    let mut rng = Rng::new(4);
    let mut params = vec![0.0; network.parameter_count()];
    network.init(&mut params, &mut rng);
    let x = DMatrix::from_fn(5, 2, |_, _| rng.standard_normal());
    let Err(Mismatch::Gradient { place, tensors, .. }) = GradCheck::new().layer(&network, &params, &x) else {
        panic!("accepted")
    };
    assert!(place.starts_with("parameter ") && place.ends_with(" of layer 1 (Plain)"), "{place}");
    let texts: Vec<String> = tensors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts[..2],
        ["`weights` of layer 0 (Dense) is right", "`bias` of layer 0 (Dense) is right"],
        "{texts:?}"
    );
    assert!(texts[2].starts_with("the gradient of layer 1 (Plain) is wrong in "), "{texts:?}");
    assert_eq!(texts[3], "the gradient of the input is right");
}

#[test]
fn a_tensor_without_a_gradient_is_named() {
    let layer = Plain(Bug::MissingBiasGradient, std::sync::atomic::AtomicU32::new(0));
    let mut rng = Rng::new(4);
    let mut params = vec![0.0; layer.parameter_count()];
    layer.init(&mut params, &mut rng);
    let x = DMatrix::from_fn(5, WIDTH, |_, _| rng.standard_normal());
    let check = GradCheck::new().tensor("weights", WIDTH, WIDTH).tensor("bias", 1, WIDTH);
    let error = check.layer(&layer, &params, &x).unwrap_err();
    assert!(error.to_string().starts_with("`bias`[0, "), "{error}");
    assert!(matches!(error.causes(), [Cause::Zero { tensor, .. }] if tensor == "`bias`"), "{error}");
    let short = GradCheck::new().tensor("weights", WIDTH, WIDTH);
    assert!(matches!(short.layer(&layer, &params, &x), Err(Mismatch::Invalid(Error::ShapeMismatch { .. }))));
}

#[test]
fn a_mask_from_the_wrong_matrix_is_rejected() {
    assert!(matches!(check(Bug::MaskOfInput), Err(Mismatch::Gradient { .. })));
}

#[test]
fn gradients_that_are_added_to_are_rejected() {
    assert!(matches!(check(Bug::AddsToGradient), Err(Mismatch::NotOverwritten { what: "grad", .. })));
    assert!(matches!(check(Bug::AddsToInputGradient), Err(Mismatch::NotOverwritten { what: "dx", .. })));
}

#[test]
fn side_effects_are_rejected() {
    for bug in [Bug::ConsumesOutputGradient, Bug::SkipsWithoutInputGradient, Bug::Remembers] {
        assert!(matches!(check(bug), Err(Mismatch::NotRepeatable { .. })));
    }
}

#[test]
fn a_layer_that_hides_nan_is_rejected() {
    let mismatch = check(Bug::HidesNan).unwrap_err();
    assert!(
        matches!(mismatch, Mismatch::HidesNan { row: 0, column: 0, value: 0.0, .. }),
        "of `f64::max` comes the number: {mismatch}"
    );
    assert!(mismatch.to_string().ends_with("NaN in must give NaN out"), "{mismatch}");
}

/// An output that ignores an input may be finite though that is NaN; one that reads it may not, though
/// another does.
#[test]
fn nan_must_reach_only_what_depends_on_it() {
    /// The first column as it is; the second too, or 0 where it is not finite.
    struct Columns {
        cleans_second: bool,
    }
    impl Shape for Columns {
        fn inputs(&self) -> usize {
            2
        }
        fn outputs(&self) -> usize {
            2
        }
        fn parameter_count(&self) -> usize {
            0
        }
    }
    impl Layer<f64> for Columns {
        fn init(&self, _params: &mut [f64], _rng: &mut Rng) {}
        fn forward(&self, _params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
            tape.output_mut().copy_from(x);
            if self.cleans_second {
                tape.output_mut().column_mut(1).apply(|v| *v = if v.is_finite() { *v } else { 0.0 });
            }
        }
        fn backward(
            &self,
            _params: &[f64],
            _x: &DMatrix<f64>,
            tape: &mut Tape<f64>,
            _grad: &mut [f64],
            dx: Option<&mut DMatrix<f64>>,
        ) {
            if let Some(dx) = dx {
                dx.copy_from(tape.output_gradient());
            }
        }
    }
    let x = nalgebra::dmatrix![0.3, -1.0; 2.0, 0.4; -0.7, 1.1];
    let mut tape = Layer::<f64>::tape(&Columns { cleans_second: false }, 3);
    tape.set_mode(Mode::Train);
    GradCheck::new().layer_on(&Columns { cleans_second: false }, &[], &x, &mut tape).unwrap();
    assert_eq!(tape.mode(), Mode::Train, "the mode is given back");
    assert!(tape.output().iter().all(|v| v.is_finite()), "no NaN stays in the tape");
    let mismatch = GradCheck::new().layer(&Columns { cleans_second: true }, &[], &x).unwrap_err();
    assert_eq!(mismatch, Mismatch::HidesNan { row: 1, column: 1, output: 1, value: 0.0 });
}

#[test]
fn settings_that_prove_nothing_are_refused() {
    let checks = [
        (GradCheck::new().step(0.0), "step"),
        (GradCheck::new().step(f64::NAN), "step"),
        (GradCheck::new().relative_tolerance(f64::NAN), "relative_tolerance"),
        (GradCheck::new().absolute_tolerance(f64::INFINITY), "absolute_tolerance"),
        (GradCheck::new().absolute_tolerance(-1e-9), "absolute_tolerance"),
        (GradCheck::new().max_entries(0), "max_entries"),
    ];
    let layer = Dense::new(2, 1).unwrap();
    let (params, x) = ([0.5, -0.3, 0.1], nalgebra::dmatrix![1.0, 2.0]);
    let mut valley = Valley { wrong: Wrong::Nothing, at: None, evaluated: Vec::new(), products: 0.0 };
    for (check, wanted) in checks {
        let refused = [
            check.layer(&layer, &params, &x),
            check.loss(&BinaryCrossEntropy, &nalgebra::dmatrix![0.3], Targets::Classes(&[1]), None),
            check.loss_curvature(&BinaryCrossEntropy, &nalgebra::dmatrix![0.3], Targets::Classes(&[1])),
            check.objective(&mut valley, &[0.1, 0.2, 0.3]),
            check.hessian_product(&mut valley, &[0.1, 0.2, 0.3]),
        ];
        for refusal in refused {
            let named = matches!(
                &refusal,
                Err(Mismatch::Invalid(Error::InvalidParameter { name, .. })) if *name == wanted
            );
            assert!(named, "{wanted}: {refusal:?}");
        }
    }
}

/// Binary cross-entropy that forgets the division by the number of rows in its gradient, or takes 0/1 labels
/// for -1/+1.
struct Careless {
    forgets_scale: bool,
    signed_labels: bool,
}

impl<T: Real> Loss<T> for Careless {
    fn score_columns(&self, _classes: usize) -> usize {
        1
    }
    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        let Some(Gradient { scale, out }) = gradient else {
            return BinaryCrossEntropy.accumulate(scores, targets, weights, None);
        };
        let scale = if self.forgets_scale { T::one() } else { scale };
        let value =
            BinaryCrossEntropy.accumulate(scores, targets, weights, Some(Gradient { scale, out: &mut *out }));
        if self.signed_labels {
            for row in 0..scores.nrows() {
                // σ(z) - s instead of σ(z) - y, for labels s = 2y - 1.
                let y = targets.value(row, 0, 1);
                out[row] += scale * (y - (y + y - T::one()));
            }
        }
        value
    }
    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        BinaryCrossEntropy.probabilities(scores, out);
    }
}

#[test]
fn a_missing_division_by_the_number_of_rows_is_named() {
    let scores = DMatrix::from_column_slice(5, 1, &[0.3, -0.7, 1.2, 2.0, -1.5]);
    let targets = Targets::Classes(&[1, 0, 0, 1, 1]);
    let check = |forgets_scale, signed_labels| {
        GradCheck::new().loss(&Careless { forgets_scale, signed_labels }, &scores, targets, None)
    };
    check(false, false).unwrap();
    let text = check(true, false).unwrap_err().to_string();
    let wanted =
        "all entries are 5.000000 times the right value: a division by the number of rows, 5, is missing";
    assert!(text.ends_with(wanted), "{text}");
    assert!(matches!(check(false, true), Err(Mismatch::Gradient { .. })));
}

/// A small network's loss with a penalty that spares biases, or does not, in the gradient alone.
struct Penalized {
    network: Sequential<Dense>,
    x: DMatrix<f64>,
    spares_biases: bool,
}

impl Objective<f64> for Penalized {
    fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }
    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        let mut tape = self.network.tape(self.x.nrows());
        self.network.forward(params, &self.x, &mut tape);
        let (scores, out) = tape.split();
        let mut value =
            BinaryCrossEntropy.mean_and_gradient(scores, Targets::Classes(&[0, 1, 1]), None, out).unwrap();
        self.network.backward(params, &self.x, &mut tape, gradient, None);
        let weights: Vec<usize> = self.network.penalized().into_iter().flatten().collect();
        value += 0.05 * weights.iter().map(|&i| params[i] * params[i]).sum::<f64>();
        for (index, (g, p)) in gradient.iter_mut().zip(params).enumerate() {
            if !self.spares_biases || weights.contains(&index) {
                *g += 0.1 * p;
            }
        }
        Evaluation::of(value, gradient)
    }
}

#[test]
fn a_penalty_on_biases_in_the_gradient_alone_is_rejected() {
    let network = Sequential::perceptron(&[2, 3, 1], Activation::Tanh).unwrap();
    let params: Vec<f64> = (0..13).map(|i| 0.4 - 0.11 * f64::from(i)).collect();
    let x = DMatrix::from_row_slice(3, 2, &[0.5, -1.0, 2.0, 0.3, -0.4, 1.1]);
    let mut objective = Penalized { network, x, spares_biases: true };
    GradCheck::new().objective(&mut objective, &params).unwrap();
    objective.spares_biases = false;
    let Err(Mismatch::Gradient { wrong, .. }) = GradCheck::new().objective(&mut objective, &params) else {
        panic!("accepted")
    };
    assert_eq!(wrong, 4);
}

#[test]
fn a_check_that_would_prove_nothing_says_so() {
    struct Jumps;
    impl Objective<f64> for Jumps {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient[0] = 0.0;
            Evaluation::of(f64::from(params[0] > 0.0), gradient)
        }
    }
    assert_eq!(GradCheck::new().objective(&mut Jumps, &[0.0]), Err(Mismatch::Kinks { kinks: 1, entries: 1 }));
    assert!(matches!(GradCheck::new().objective(&mut Jumps, &[0.0, 1.0]), Err(Mismatch::Invalid(_))));
}

/// The mistake in the Hessian products of [`Valley`].
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    Sign,
    DiagonalOnly,
    StaysWhereItWasFirst,
    FollowsEvaluations,
    AddsToOut,
    RemembersProducts,
    Quadratic,
}

/// Σ exp(x_i) + ½ (Σ x_i)^2.
struct Valley {
    wrong: Wrong,
    at: Option<Vec<f64>>,
    evaluated: Vec<f64>,
    products: f64,
}

impl Objective<f64> for Valley {
    fn parameter_count(&self) -> usize {
        3
    }
    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.evaluated = x.to_vec();
        let sum: f64 = x.iter().sum();
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = x.exp() + sum);
        Evaluation::of(x.iter().map(|x| x.exp()).sum::<f64>() + 0.5 * sum * sum, gradient)
    }
}

impl HessianProduct<f64> for Valley {
    fn linearize(&mut self, x: &[f64]) {
        if self.wrong != Wrong::StaysWhereItWasFirst || self.at.is_none() {
            self.at = Some(x.to_vec());
        }
    }
    fn hessian_product(&mut self, v: &[f64], out: &mut [f64]) {
        self.products += 1.0;
        let sum: f64 = v.iter().sum();
        let at =
            if self.wrong == Wrong::FollowsEvaluations { Some(&self.evaluated) } else { self.at.as_ref() };
        for ((out, v), x) in out.iter_mut().zip(v).zip(at.expect("linearised before")) {
            let right = x.exp() * v + sum;
            *out = match self.wrong {
                Wrong::Sign => -right,
                Wrong::DiagonalOnly => right - sum + v,
                Wrong::AddsToOut => *out + right,
                Wrong::RemembersProducts => right * (1.0 + 1e-12 * self.products),
                Wrong::Quadratic => right * v.abs(),
                Wrong::Nothing | Wrong::StaysWhereItWasFirst | Wrong::FollowsEvaluations => right,
            };
        }
    }
}

#[test]
fn wrong_hessian_products_are_rejected() {
    let check = |wrong| {
        let mut valley = Valley { wrong, at: None, evaluated: Vec::new(), products: 0.0 };
        GradCheck::new().hessian_product(&mut valley, &[0.3, -1.2, 2.0])
    };
    let agreement = check(Wrong::Nothing).unwrap();
    assert_eq!((agreement.entries, agreement.kinks), (6, 0));
    let text = check(Wrong::Sign).unwrap_err().to_string();
    assert!(
        text.contains("of a Hessian product") && text.ends_with("; all entries have the wrong sign"),
        "{text}"
    );
    for wrong in
        [Wrong::DiagonalOnly, Wrong::StaysWhereItWasFirst, Wrong::FollowsEvaluations, Wrong::Quadratic]
    {
        assert!(matches!(check(wrong), Err(Mismatch::Gradient { .. })), "{wrong:?}");
    }
    assert!(matches!(check(Wrong::AddsToOut), Err(Mismatch::NotOverwritten { index: 0, .. })));
    assert!(matches!(check(Wrong::RemembersProducts), Err(Mismatch::NotRepeatable { .. })));
    let mut valley = Valley { wrong: Wrong::Nothing, at: None, evaluated: Vec::new(), products: 0.0 };
    assert!(matches!(GradCheck::new().hessian_product(&mut valley, &[0.0]), Err(Mismatch::Invalid(_))));
}

/// The mistake in [`two_layers`].
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slip {
    None,
    /// The derivative of tanh is missing.
    NoDerivative,
    /// The error is passed back through the weights as they are, not transposed.
    Backwards,
    /// The mean over the rows is taken twice.
    DividedTwice,
}

/// Tanh units of as many as there are columns and scores, squared errors, all by hand: W1, b1, W2.
fn two_layers(slip: Slip, x: &DMatrix<f64>, y: &[f64], params: &[f64], gradient: &mut [f64]) -> f64 {
    let (n, d) = x.shape();
    let (w1, rest) = params.split_at(d * d);
    let (b1, w2) = rest.split_at(d);
    let (w1, w2) = (DMatrix::from_column_slice(d, d, w1), DMatrix::from_column_slice(d, d, w2));
    let mut hidden = x * &w1;
    for (mut column, b) in hidden.column_iter_mut().zip(b1) {
        column.apply(|z| *z = (*z + b).tanh());
    }
    let error = DMatrix::from_fn(n, d, |row, column| (&hidden * &w2)[(row, column)] - y[row] * column as f64);
    let scale = if slip == Slip::DividedTwice { 1.0 / (n * n) as f64 } else { 1.0 / n as f64 };
    let dz2 = &error * scale;
    let back = if slip == Slip::Backwards { &dz2 * &w2 } else { &dz2 * w2.transpose() };
    let slopes = hidden.map(|a| if slip == Slip::NoDerivative { 1.0 } else { 1.0 - a * a });
    let dz1 = back.component_mul(&slopes);
    gradient[..d * d].copy_from_slice(x.tr_mul(&dz1).as_slice());
    gradient[d * d..d * d + d].copy_from_slice(dz1.row_sum().as_slice());
    gradient[d * d + d..].copy_from_slice(hidden.tr_mul(&dz2).as_slice());
    0.5 * error.norm_squared() / n as f64
}

#[test]
fn causes_in_a_network_by_hand_are_named() {
    let mut rng = Rng::new(11);
    let (n, d) = (12, 3);
    let x = DMatrix::from_fn(n, d, |_, _| rng.standard_normal());
    let y: Vec<f64> = (0..n).map(|row| (row % 3) as f64 - 0.7).collect();
    let params: Vec<f64> = (0..d * (2 * d + 1)).map(|_| rng.uniform(-1.0, 1.0)).collect();
    let check = GradCheck::new().tensor("w1", d, d).tensor("b1", 1, d).tensor("w2", d, d);
    let verdict = |slip| {
        check.by_rows(&x, &y, &params, |x, y, params, gradient| two_layers(slip, x, y, params, gradient))
    };
    assert_eq!(verdict(Slip::None).unwrap().entries, 21);
    let error = verdict(Slip::NoDerivative).unwrap_err();
    let wanted =
        Cause::ActivationDerivative { tensor: "`w1`".into(), activation: Activation::Tanh, missing: true };
    assert_eq!(error.causes(), [wanted], "{error}");
    assert!(error.to_string().contains("`w2` is right"), "{error}");
    let error = verdict(Slip::Backwards).unwrap_err();
    assert_eq!(error.causes(), [], "a product inside is out of reach: {error}");
    let error = verdict(Slip::DividedTwice).unwrap_err();
    let wanted = "all entries are 0.083333 times the right value: \
                  it is divided by the number of rows, 12, once too often";
    assert!(error.to_string().ends_with(wanted), "{error}");
}

/// The formula for labels -1 and +1 with labels 0 and 1, and a penalty that hides that the gradient of a
/// class is zero.
#[test]
fn a_class_without_a_gradient_is_named_beside_a_penalty() {
    let mut rng = Rng::new(5);
    let x = DMatrix::from_fn(20, 3, |_, _| rng.standard_normal());
    let y: Vec<u8> = (0..20).map(|row| u8::from(row % 4 == 0)).collect();
    let check = GradCheck::new().tensor("weights", 3, 1).tensor("bias", 1, 1);
    let error = check
        .by_rows(&x, &y, &[0.4, -0.8, 0.3, 0.1], |x, y, params, gradient| {
            gradient.iter_mut().zip(params).for_each(|(g, p)| *g = 0.3 * p);
            let mut loss = 0.15 * params.iter().map(|p| p * p).sum::<f64>();
            for (row, &y) in x.row_iter().zip(y) {
                let y = f64::from(y);
                let z: f64 = row.iter().zip(params).map(|(x, w)| x * w).sum::<f64>() + params[3];
                loss += (z.exp().ln_1p() - y * z) / 20.0;
                let slope = -y / (1.0 + (y * z).exp()) / 20.0;
                row.iter().zip(&mut *gradient).for_each(|(x, g)| *g += slope * x);
                gradient[3] += slope;
            }
            loss
        })
        .unwrap_err();
    let [Cause::ClassWithoutGradient { label, rows: 15, .. }] = error.causes() else { panic!("{error}") };
    assert_eq!(label, "0");
}
