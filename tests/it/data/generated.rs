//! The properties of each kind of generated data.

use logit::data::{
    Blobs, Circles, Classification, Component, Dataset, GaussianMixture, GaussianQuantiles, Moons,
    MultiLabel, Spirals, Xor,
};
use logit::nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

fn counts<L: logit::Label>(set: &Dataset<L>) -> Vec<usize> {
    set.class_counts().into_iter().map(|(_, count)| count).collect()
}

fn even(counts: &[usize]) -> bool {
    counts.iter().max().zip(counts.iter().min()).is_some_and(|(most, least)| most - least <= 1)
}

/// The rows as a sorted list of bits, with their labels.
fn sorted<L: logit::Label>(set: &Dataset<L>) -> Vec<(Vec<u64>, L)> {
    let row = |row: usize| (set.x.row(row).iter().map(|v| v.to_bits()).collect(), set.y[row].clone());
    let mut rows: Vec<_> = (0..set.y.len()).map(row).collect();
    rows.sort();
    rows
}

/// The largest distance of a column from the space of some columns, relative to its length.
fn distance_from(space: &DMatrix<f64>, columns: &DMatrix<f64>) -> f64 {
    let basis = space.clone().qr().q();
    let left = columns - &basis * basis.tr_mul(columns);
    (0..columns.ncols()).map(|c| left.column(c).norm() / columns.column(c).norm()).fold(0.0, f64::max)
}

fn kind(set: &Dataset<usize>, kind: &str) -> DMatrix<f64> {
    let columns: Vec<usize> =
        (0..set.x.ncols()).filter(|&column| set.feature_names[column].starts_with(kind)).collect();
    set.x.select_columns(&columns)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn columns_are_what_they_are_called(
        informative in 2usize..6,
        redundant in 0usize..4,
        repeated in 0usize..4,
        noise in 1usize..4,
        shuffle in any::<bool>(),
        hypercube in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let features = informative + redundant + repeated + noise;
        let set = Classification::new(80, 2)
            .features(features)
            .informative(informative)
            .redundant(redundant)
            .repeated(repeated)
            .hypercube(hypercube)
            .shuffle(shuffle)
            .seed(seed)
            .generate()
            .unwrap();
        prop_assert_eq!(set.x.shape(), (80, features));
        let told = kind(&set, "informative");
        prop_assert_eq!(told.ncols(), informative);
        // Independent, each of them: none is in the space of the others.
        for column in 0..informative {
            let others = told.clone().remove_column(column);
            prop_assert!(distance_from(&others, &told.columns(column, 1).clone_owned()) > 1e-6);
        }
        let derived = kind(&set, "redundant");
        prop_assert_eq!(derived.ncols(), redundant);
        prop_assert!(distance_from(&told, &derived) < 1e-12);
        let noise_columns = kind(&set, "noise");
        prop_assert_eq!(noise_columns.ncols(), noise);
        for column in noise_columns.column_iter() {
            prop_assert!(distance_from(&told, &DMatrix::from_column_slice(80, 1, column.as_slice())) > 0.7);
        }
        for (column, name) in set.feature_names.iter().enumerate().filter(|(_, n)| n.starts_with("repeated")) {
            let source = name.split(['(', ')']).nth(1).unwrap();
            let source = set.feature_names.iter().position(|other| other == source).unwrap();
            prop_assert_eq!(set.x.column(column), set.x.column(source));
        }
        prop_assert_eq!(kind(&set, "repeated").ncols(), repeated);
    }

    #[test]
    fn classes_have_their_shares_and_noise_its_own(
        rows in 20usize..200,
        classes in 2usize..5,
        share in 0.0..1.0f64,
        weights in prop::collection::vec(0.1..1.0f64, 4),
        seed in any::<u64>(),
    ) {
        let weights = &weights[..classes];
        let drawn = |share| {
            Classification::new(rows, classes).label_noise(share).class_weights(weights).seed(seed).generate().unwrap()
        };
        let (clean, noisy) = (drawn(0.0), drawn(share));
        prop_assert_eq!(&clean.x, &noisy.x);
        let sum: f64 = weights.iter().sum();
        for (class, weight) in weights.iter().enumerate() {
            let count = clean.y.iter().filter(|&&label| label == class).count() as f64;
            prop_assert!((count - weight / sum * rows as f64).abs() < 1.0 + 1e-9);
        }
        let changed = clean.y.iter().zip(&noisy.y).filter(|(a, b)| a != b).count();
        prop_assert_eq!(changed, (share * rows as f64).round() as usize);
        prop_assert!(noisy.y.iter().all(|&label| label < classes));
    }

    #[test]
    fn rows_are_shared_evenly_and_order_is_all_that_shuffling_changes(rows in 40usize..100, seed in any::<u64>()) {
        let moons = Moons::new(rows).noise(0.1).seed(seed);
        let circles = Circles::new(rows).noise(0.1).seed(seed);
        let spirals = Spirals::new(rows, 3).noise(0.1).seed(seed);
        let blobs = Blobs::new(rows, 4).features(3).seed(seed);
        let mixture = GaussianMixture::new([
            Component::new('a', rows, [0.0], [1.0]),
            Component::new('b', 2 * rows, [3.0], [0.0]),
        ]);
        let mixture = mixture.seed(seed);
        for (shuffled, plain) in [
            (moons.generate().unwrap(), moons.shuffle(false).generate().unwrap()),
            (circles.generate().unwrap(), circles.shuffle(false).generate().unwrap()),
            (spirals.generate().unwrap(), spirals.shuffle(false).generate().unwrap()),
            (blobs.generate().unwrap(), blobs.shuffle(false).generate().unwrap()),
        ] {
            prop_assert!(even(&counts(&plain)) && plain.y.len() == rows);
            prop_assert!(plain.y.is_sorted());
            prop_assert_eq!(sorted(&plain), sorted(&shuffled));
            prop_assert!(!shuffled.y.is_sorted());
        }
        let (shuffled, plain) = (mixture.generate().unwrap(), mixture.clone().shuffle(false).generate().unwrap());
        prop_assert_eq!(counts(&plain), [rows, 2 * rows]);
        prop_assert!((rows..3 * rows).all(|row| plain.x[row] == 3.0 && plain.y[row] == 'b'));
        prop_assert_eq!(sorted(&plain), sorted(&shuffled));
        let shells = GaussianQuantiles::new(rows, 3).features(4).seed(seed).generate().unwrap();
        prop_assert!(even(&counts(&shells)));
    }

    #[test]
    fn shells_lie_around_each_other(rows in 3usize..60, scale in 0.1..10.0f64, seed in any::<u64>()) {
        let drawn = |scale| GaussianQuantiles::new(rows, 3).standard_deviation(scale).seed(seed).generate().unwrap();
        let set = drawn(scale);
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&a, &b| set.x.row(a).norm().total_cmp(&set.x.row(b).norm()));
        prop_assert!(order.iter().map(|&row| set.y[row]).is_sorted());
        prop_assert_eq!(&set.x, &(drawn(1.0).x * scale));
    }

    #[test]
    fn parity_decides(features in 1usize..6, seed in any::<u64>()) {
        let set = Xor::new(50).features(features).seed(seed).generate().unwrap();
        for row in 0..50 {
            let product: f64 = set.x.row(row).iter().map(|v| -v.signum()).product();
            prop_assert_eq!(set.y[row], product < 0.0);
            prop_assert!(set.x.row(row).iter().all(|v| (-1.0..1.0).contains(v)));
        }
        let moved = Xor::new(50).features(features).seed(seed).noise(0.5).generate().unwrap();
        prop_assert_eq!(moved.y, set.y);
        prop_assert_ne!(moved.x, set.x);
    }

    #[test]
    fn texts_have_labels_and_words(rows in 1usize..40, labels in 1usize..6, some in any::<bool>(), seed in any::<u64>()) {
        let settings = MultiLabel::new(rows, labels).labels_per_row(1.0).features(7).unlabelled(!some).seed(seed);
        let (x, y) = settings.generate().unwrap();
        prop_assert_eq!((x.shape(), y.rows()), ((rows, 7), rows));
        prop_assert_eq!(y.labels(), (0..labels).collect::<Vec<_>>());
        prop_assert!(x.iter().all(|count| *count >= 0.0 && count.fract() == 0.0));
        prop_assert!(!some || y.sets().iter().all(|set| !set.is_empty()));
    }
}

#[test]
fn noiseless_shapes_are_where_they_should_be() {
    let moons = Moons::new(5).shuffle(false).generate().unwrap();
    let wanted = dmatrix![1.0, 0.0; 0.0, 1.0; -1.0, 0.0; 0.0, 0.5; 2.0, 0.5];
    assert!((moons.x - wanted).amax() < 1e-15);
    let circles = Circles::new(8).inner_radius(0.25).shuffle(false).generate().unwrap();
    let outer = dmatrix![1.0, 0.0; 0.0, 1.0; -1.0, 0.0; 0.0, -1.0];
    assert!((circles.x.rows(0, 4) - &outer).amax() < 1e-15);
    assert!((circles.x.rows(4, 4) - outer * 0.25).amax() < 1e-15);
    let spirals = Spirals::new(4, 2).turns(0.5).shuffle(false).generate().unwrap();
    // Quarter and half turns of radius 1/2 and 1, and the same from the other side.
    let wanted = dmatrix![0.0, 0.5; -1.0, 0.0; 0.0, -0.5; 1.0, 0.0];
    assert!((spirals.x - wanted).amax() < 1e-15);
}

#[test]
fn more_noise_moves_the_same_points_further() {
    let at = |noise| Moons::new(50).noise(noise).seed(3).generate().unwrap();
    let (none, little, much) = (at(0.0), at(0.1), at(0.2));
    assert_eq!((&none.y, &little.y), (&much.y, &much.y));
    let (near, far) = (little.x - &none.x, much.x - none.x);
    assert!((far - &near * 2.0).amax() < 1e-15);
    // Four standard errors of a standard deviation of 100 numbers.
    assert!((near.norm_squared() / 100.0).sqrt() > 0.1 * (1.0 - 4.0 / 200f64.sqrt()));
    assert!((near.norm_squared() / 100.0).sqrt() < 0.1 * (1.0 + 4.0 / 200f64.sqrt()));
}

#[test]
fn blobs_are_around_their_centres() {
    let centers = dmatrix![0.0, 100.0; 50.0, -50.0];
    let set =
        Blobs::new(20_000, 2).centers(centers.clone()).standard_deviation(3.0).seed(1).generate().unwrap();
    for class in 0..2 {
        let rows: Vec<usize> = (0..20_000).filter(|&row| set.y[row] == class).collect();
        let x = set.x.select_rows(&rows);
        // Five standard errors: of means 3/100, of standard deviations 3/141.
        assert!((x.row_mean() - centers.row(class)).amax() < 0.15);
        assert!(x.row_variance().iter().all(|variance| (variance.sqrt() - 3.0).abs() < 0.11));
    }
    let drawn = Blobs::new(10, 5).cube(2.0, 3.0).standard_deviation(0.0).generate().unwrap();
    assert!(drawn.x.iter().all(|v| (2.0..3.0).contains(v)));
    assert_eq!(sorted(&drawn).chunks(2).filter(|pair| pair[0] == pair[1]).count(), 5);
}

#[test]
fn separation_makes_problems_easier() {
    use logit::prelude::*;
    use logit::{LogisticRegression, Penalty};
    let score = |separation| {
        let set = Classification::new(400, 2).clusters_per_class(1).class_separation(separation).seed(2);
        let set = set.generate().unwrap();
        set.fit(&LogisticRegression::new(Penalty::c(1.0))).unwrap().score(&set.x, &set.y).unwrap()
    };
    let scores = [score(0.0), score(1.0), score(5.0)];
    assert!(
        scores[0] < 0.65 && scores[0] < scores[1] && scores[1] < scores[2] && scores[2] > 0.99,
        "{scores:?}"
    );
}

#[test]
fn words_tell_topics() {
    let (x, y) = MultiLabel::new(3000, 4).labels_per_row(1.5).words_per_row(40.0).seed(9).generate().unwrap();
    let sum = x.sum() / 3000.0;
    // Five standard errors of a Poisson mean.
    assert!((sum - 40.0).abs() < 5.0 * (40.0f64 / 3000.0).sqrt(), "{sum}");
    // Of a Poisson distribution with mean 1.5, cut off above 4: 1.4281 (by its series), five standard errors
    // 0.1.
    let sets = y.sets();
    let labels = sets.iter().map(Vec::len).sum::<usize>() as f64 / 3000.0;
    assert!((labels - 1.4281).abs() < 0.1, "{labels}");
    // Rows of one topic use its words, by the same shares.
    let shares = |label: usize, half: usize| {
        let of = |row: &usize| sets[*row] == [label] && row % 2 == half;
        let rows: Vec<usize> = (0..3000).filter(of).collect();
        let counts = x.select_rows(&rows).row_sum();
        counts.clone() / counts.sum()
    };
    for label in 0..4 {
        assert!((shares(label, 0) - shares(label, 1)).amax() < 0.03);
        assert!((shares(label, 0) - shares((label + 1) % 4, 1)).amax() > 0.03);
    }
}

/// The data of a seed may never change. Sines may differ in the last place from system to system.
#[test]
fn the_rows_of_a_seed_are_pinned() {
    let first = |set: &DMatrix<f64>| [set[(0, 0)], set[(0, 1)], set[(7, 0)]];
    let near = |found: [f64; 3], wanted: [f64; 3]| {
        found.iter().zip(wanted).for_each(|(f, w)| assert!((f - w).abs() <= 1e-14 * w.abs(), "{found:?}"));
    };
    let moons = Moons::new(20).noise(0.1).seed(42).generate().unwrap();
    near(first(&moons.x), [0.7570507569569663, -0.5845965766342442, 0.26805156828064863]);
    let circles = Circles::new(20).noise(0.1).seed(42).generate().unwrap();
    near(first(&circles.x), [-0.47380956256357687, 0.19410380252420037, 0.18860450858710037]);
    let spirals = Spirals::new(20, 2).noise(0.1).seed(42).generate().unwrap();
    near(first(&spirals.x), [-0.06930106537610306, 0.4002111763779638, 0.3194129662881727]);
    assert_eq!(
        first(&Xor::new(20).noise(0.1).seed(42).generate().unwrap().x),
        [0.7574618170484132, -0.40745219101244073, -0.14376613679843656]
    );
    assert_eq!(
        first(&Blobs::new(20, 2).seed(42).generate().unwrap().x),
        [10.600798018591124, 2.59837858570489, 9.776914769867735]
    );
    let mixture = GaussianMixture::new([
        Component::new("a", 10, [5.0, -3.0], [1.0, 0.1]),
        Component::new("b", 10, [0.0, 0.0], [2.0, 2.0]),
    ]);
    assert_eq!(
        first(&mixture.seed(42).generate().unwrap().x),
        [0.1980628126359208, 1.0421882183891014, 1.778539484513889]
    );
    assert_eq!(
        first(&GaussianQuantiles::new(20, 2).seed(42).generate().unwrap().x),
        [0.8343975468437959, -0.514962928147295, -0.21678570756603385]
    );
    let set =
        Classification::new(20, 3).repeated(2).label_noise(0.2).hypercube(false).seed(42).generate().unwrap();
    near(first(&set.x), [-1.7522311302421048, -1.8536652452076072, 0.04896302131628562]);
    assert_eq!(set.y[..10], [2, 1, 2, 0, 1, 2, 0, 1, 2, 2]);
    assert_eq!(set.feature_names[..3], ["noise 6", "noise 2", "noise 11"]);
    let (x, y) = MultiLabel::new(20, 3).seed(42).generate().unwrap();
    assert_eq!((first(&x), y.sets()[..3].to_vec()), ([3.0, 0.0, 1.0], vec![vec![], vec![0, 1, 2], vec![1]]));
}
