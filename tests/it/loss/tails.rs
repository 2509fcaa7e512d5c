//! Digits: losses, links and log-probabilities in both tails and at their limits.
//!
//! Reference numbers are true values (60 digits, rounded once) unless a comment says otherwise.

use approx::assert_relative_eq;
use logit::nn::{BinaryCrossEntropy, Gradient, Loss, SoftmaxCrossEntropy, Targets};
use logit::prelude::*;
use logit::{Activation, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Real, Rng};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

/// z, softplus(z), σ(z), σ(-z), σ'(z).
type Row = [f64; 5];

/// As the exact numbers that the literals stand for: 709.8 is 709.7999999999999545... here.
const TABLE: [Row; 14] = [
    [-1e20, 0.0, 0.0, 1.0, 0.0],
    [-1e3, 0.0, 0.0, 1.0, 0.0],
    [-100.0, 3.720075976020836e-44, 3.720075976020836e-44, 1.0, 3.720075976020836e-44],
    [-37.0, 8.533047625744066e-17, 8.533047625744065e-17, 0.9999999999999999, 8.533047625744065e-17],
    [-20.0, 2.061153620314381e-09, 2.0611536181902037e-09, 0.9999999979388464, 2.061153613941849e-09],
    [-1.0, 0.3132616875182228, 0.2689414213699951, 0.7310585786300049, 0.19661193324148185],
    [0.0, std::f64::consts::LN_2, 0.5, 0.5, 0.25],
    [1.0, 1.3132616875182228, 0.7310585786300049, 0.2689414213699951, 0.19661193324148185],
    [20.0, 20.000000002061153, 0.9999999979388464, 2.0611536181902037e-09, 2.061153613941849e-09],
    [37.5, 37.5, 1.0, 5.175555005801868e-17, 5.175555005801868e-17],
    [232.8, 232.8, 1.0, 7.874892118601447e-102, 7.874892118601447e-102],
    [709.8, 709.8, 1.0, 5.467348342354227e-309, 5.467348342354227e-309],
    [1e3, 1e3, 1.0, 0.0, 0.0],
    [1e20, 1e20, 1.0, 0.0, 0.0],
];

/// The number type, with the distance of two numbers of the same sign in units in the last place.
trait Float: Real + std::fmt::LowerExp {
    fn units(self, other: Self) -> u64;
}
impl Float for f64 {
    fn units(self, other: f64) -> u64 {
        if self == other { 0 } else { self.to_bits().abs_diff(other.to_bits()) }
    }
}
impl Float for f32 {
    fn units(self, other: f32) -> u64 {
        if self == other { 0 } else { u64::from(self.to_bits().abs_diff(other.to_bits())) }
    }
}

/// The loss of one score, and its slope.
fn loss<T: Real>(z: T, class: usize) -> (f64, T) {
    let mut slope = DMatrix::from_element(1, 1, T::of(f64::NAN));
    let score = DMatrix::from_element(1, 1, z);
    let loss = BinaryCrossEntropy.mean_and_gradient(&score, Targets::Classes(&[class]), None, &mut slope);
    (loss.expect("valid classes"), slope[0])
}

/// σ(-z) and σ(z) of every score.
fn link<T: Real>(scores: &[T]) -> DMatrix<T> {
    let mut p = DMatrix::from_element(scores.len(), 2, T::of(f64::NAN));
    BinaryCrossEntropy.probabilities(&DMatrix::from_column_slice(scores.len(), 1, scores), &mut p);
    p
}

fn assert_table<T: Float>(rows: &[Row]) {
    let scores: Vec<T> = rows.iter().map(|row| T::of(row[0])).collect();
    let batch = link(&scores);
    for (index, row) in rows.iter().enumerate() {
        let [z, softplus, sigmoid, complement, derivative] = row.map(T::of);
        let close = |what: &str, found: T, wanted: T| {
            let units = found.units(wanted);
            assert!(units <= 4, "{what}({z}) is {found:e}, {units} units from {wanted:e}");
        };
        let (value, slope) = loss(z, 0);
        close("softplus", T::of(value), softplus);
        close("slope of softplus", slope, sigmoid);
        // ln σ(-z) = -softplus(z), so that class 1 at -z has the loss of class 0 at z.
        let (value, slope) = loss(-z, 1);
        close("-ln σ(-z)", T::of(value), softplus);
        close("slope of ln σ(-z)", -slope, sigmoid);
        close("link σ(z)", batch[(index, 1)], sigmoid);
        close("link σ(-z)", batch[(index, 0)], complement);
        let (value, slope) = Activation::Sigmoid.evaluate(z);
        close("activation", value, sigmoid);
        close("slope of the activation", slope, derivative);
    }
}

#[test]
fn softplus_and_sigmoid_are_right_to_the_last_digits() {
    assert_table::<f64>(&TABLE);
    // 232.8 and 709.8 are other numbers in single precision.
    let single: Vec<Row> = TABLE.into_iter().filter(|row| row[0].fract() != 0.8).collect();
    let single: Vec<Row> = single.into_iter().filter(|row| (row[0] * 2.0).fract() == 0.0).collect();
    assert_eq!(single.len(), 12);
    assert_table::<f32>(&single);
}

#[test]
fn both_tails_of_the_loss_keep_their_digits() {
    for (z, class) in [(-37.0, 0), (37.0, 1)] {
        assert_relative_eq!(loss(z, class).0, 8.533047625744066e-17, max_relative = 1e-14);
    }
    assert_relative_eq!(loss(-20f32, 0).0, 2.0611536e-9, max_relative = 1e-6);
    assert_relative_eq!(loss(20f32, 1).0, 2.0611536e-9, max_relative = 1e-6);
}

/// The distance from `x` to the next larger number.
fn unit(x: f64) -> f64 {
    f64::from_bits(x.abs().to_bits() + 1) - x.abs()
}

fn finite() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop_oneof![POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, -800.0..800.0, -3.0..3.0, 30.0..40.0]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn softplus_and_sigmoid_have_their_symmetries(z in finite(), other in finite()) {
        let ((falls, rising), (rises, falling)) = (loss(-z, 0), loss(z, 0));
        prop_assert!(falls >= 0.0 && rises >= 0.0);
        prop_assert!((rises - falls - z).abs() <= 2.0 * unit(rises.max(falls)), "softplus at {z}");
        // The other class sees the mirror image, bit for bit.
        prop_assert_eq!([loss(z, 1).0, -loss(z, 1).1], [falls, rising]);
        let p = link(&[z, -z, other]);
        prop_assert!(p.iter().all(|p| (0.0..=1.0).contains(p)));
        prop_assert_eq!([p[(0, 0)], p[(0, 1)]], [p[(1, 1)], p[(1, 0)]]);
        prop_assert!((p[(0, 0)] + p[(0, 1)] - 1.0).abs() <= f64::EPSILON);
        prop_assert_eq!(falling.units(p[(0, 1)]), 0, "the slope of softplus is σ");
        // Monotone, up to a unit in the last place between close neighbours.
        let (low, high) = if z < other { (z, other) } else { (other, z) };
        prop_assert!(loss(low, 0).0 <= loss(high, 0).0 + unit(loss(low, 0).0));
        let (low, high) = (link(&[low])[1], link(&[high])[1]);
        prop_assert!(low <= high + unit(low));
    }
}

#[test]
fn infinite_scores_are_certain() {
    let inf = f64::INFINITY;
    assert_eq!([loss(-inf, 0), loss(inf, 1)], [(0.0, 0.0), (0.0, 0.0)]);
    assert_eq!([loss(inf, 0), loss(-inf, 1)], [(inf, 1.0), (inf, -1.0)]);
    assert_eq!(link(&[inf, -inf]), dmatrix![0.0, 1.0; 1.0, 0.0]);
}

/// The cross-entropy of one row of scores with `smoothing` of the class spread over all.
fn cross_entropy(scores: &[f64], class: usize, smoothing: f64) -> f64 {
    let share = smoothing / scores.len() as f64;
    let hot = |k: usize| if k == class { 1.0 - smoothing } else { 0.0 };
    let target = DMatrix::from_fn(1, scores.len(), |_, k| share + hot(k));
    let scores = DMatrix::from_row_slice(1, scores.len(), scores);
    let smooth =
        SoftmaxCrossEntropy::new().mean(&scores, Targets::Values(&target), None).expect("valid targets");
    if smoothing == 0.0 {
        let hard = SoftmaxCrossEntropy::new()
            .mean(&scores, Targets::Classes(&[class]), None)
            .expect("valid classes");
        assert_relative_eq!(hard, smooth, max_relative = 1e-15);
    }
    smooth
}

#[test]
fn cross_entropy_is_right_with_and_without_smoothing() {
    for (scores, class, smoothing, wanted) in [
        ([0.2, 0.5, 0.3], 0, 0.0, 1.23983106084446),
        ([0.2, 0.5, 0.3], 1, 0.0, 0.9398310608444601),
        ([0.2, 0.5, 0.3], 2, 0.0, 1.13983106084446),
        ([1e4, 0.0, 7e-7], 2, 0.0, 9999.9999993),
        ([10.0, 1.0, -2.0], 1, 0.0, 9.000129545625043),
        ([1.0, 4.0, 0.2], 0, 0.0, 3.069673290824963),
        ([1.0, 4.0, 0.2], 0, 0.1, 2.99633995749163),
        ([1.0, 4.0, 0.2], 0, 1.0, 2.33633995749163),
        ([1000.0, 1000.0, 1000.0], 0, 0.0, 1.0986122886681098),
        ([-1000.0, -1001.0, -1002.0], 0, 0.0, 0.4076059644443803),
    ] {
        assert_relative_eq!(cross_entropy(&scores, class, smoothing), wanted, max_relative = 1e-14);
    }
    let scores = dmatrix![3.3, 5.5, 0.1, -4.4, 8.0];
    let mut p = scores.clone();
    SoftmaxCrossEntropy::new().probabilities(&scores, &mut p);
    let wanted = dmatrix![
        0.008332402813449085,
        0.07520004787410085,
        0.0003396471031117242,
        3.7731384926921714e-06,
        0.9161241290708456
    ];
    assert_relative_eq!(p, wanted, max_relative = 1e-14);
}

#[test]
fn soft_targets_sum_to_one_within_a_millionth() {
    let scores = dmatrix![0.3, -0.2];
    let mean =
        |rest: f64| SoftmaxCrossEntropy::new().mean(&scores, Targets::Values(&dmatrix![0.5, rest]), None);
    assert!([0.5, 0.5 + 9e-7, 0.5 - 9e-7].iter().all(|&rest| mean(rest).is_ok()));
    assert!([0.5 + 2e-6, 0.5 - 2e-6, 0.0].iter().all(|&rest| mean(rest).is_err()));
}

#[test]
fn a_row_of_softmax_sees_no_other_row() {
    let mut rng = Rng::new(41);
    let pairs = dmatrix![0.0, -1.0; -40.0, -41.0; 800.0, 0.0; 0.0, 1.0];
    let wide = DMatrix::from_fn(130, 5, |row, _| 10f64.powi(row as i32 % 6) * rng.standard_normal());
    for scores in [pairs, wide] {
        let classes: Vec<usize> = (0..scores.nrows()).map(|row| row % scores.ncols()).collect();
        let evaluate = |scores: &DMatrix<f64>, classes: &[usize]| {
            let (mut p, mut gradient) = (scores.clone(), scores.clone());
            SoftmaxCrossEntropy::new().probabilities(scores, &mut p);
            let out = Gradient { scale: 1.0, out: &mut gradient };
            let sum =
                SoftmaxCrossEntropy::new().accumulate(scores, Targets::Classes(classes), None, Some(out));
            (p, gradient, sum)
        };
        let (p, gradient, sum) = evaluate(&scores, &classes);
        let mut total = 0.0;
        for row in 0..scores.nrows() {
            let alone = evaluate(&scores.rows(row, 1).into_owned(), &classes[row..=row]);
            assert_eq!((p.rows(row, 1).into_owned(), gradient.rows(row, 1).into_owned()), (alone.0, alone.1));
            total += alone.2;
        }
        assert_relative_eq!(sum, total, max_relative = 1e-14);
    }
}

/// Logarithms of probabilities that underflow are differences of scores, exactly.
#[test]
fn log_probabilities_do_not_underflow() {
    fn check(model: &impl Classifier<f64, Label = usize>) {
        for x in [[1e4, 0.0], [0.0, -1e4], [-3e4, 2e4], [2.0, 2.0]] {
            let x = DMatrix::from_row_slice(1, 2, &x);
            let scores = model.decision_function(&x).expect("good data");
            let scores = if scores.ncols() == 1 { dmatrix![0.0, scores[0]] } else { scores };
            let (largest, p) = (scores.max(), model.predict_proba(&x).expect("good data"));
            let rest: f64 = scores.iter().map(|z| (z - largest).exp()).sum::<f64>() - 1.0;
            let logs = model.predict_log_proba(&x).expect("good data");
            assert_eq!(logs.shape(), scores.shape());
            for (class, &log) in logs.iter().enumerate() {
                let wanted = scores[class] - largest;
                if rest == 0.0 && wanted < 0.0 {
                    assert!(log == wanted && wanted < -40.0, "{log:e} for {wanted:e}");
                }
                assert!((log - p[class].ln()).abs() <= 1e-12 || p[class] < 1e-300, "{log} and {}", p[class]);
            }
        }
    }
    let x = dmatrix![0.0, 1.0; 1.0, 0.5; 2.0, -1.0; 2.5, 1.0; -1.0, 0.0; 0.5, 0.5];
    for y in [[0, 1, 0, 1, 0, 1], [2, 1, 0, 1, 2, 0]] {
        check(&LogisticRegression::new(Penalty::c(10.0)).fit(&x, &y).expect("good data"));
        check(&MlpClassifier::new([]).optimizer(Lbfgs::new()).l2(0.01).fit(&x, &y).expect("good data"));
    }
}
