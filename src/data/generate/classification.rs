//! Classes of several clusters, with informative, redundant, repeated and noise columns.

use nalgebra::DMatrix;

use super::{NOISE, ORDER, apportion, check_classes, check_sizes, clusters, finished, labels, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::rng::Rng;

/// A generator of classes of several normal clusters around corners of a cube, in columns of four kinds.
///
/// The difficulty is controlled, and the columns that matter are known (I. Guyon's design for the NIPS 2003
/// feature selection challenge).
///
/// - *Informative* columns hold the clusters; each cluster has its own correlations.
/// - *Redundant* columns are random linear combinations of the informative columns.
/// - *Repeated* columns are copies of informative and redundant columns.
/// - The other columns are *noise*, independent and normal.
///
/// The name of each column states its kind.
///
/// # Examples
/// ```
/// use logit::data::Classification;
///
/// let set = Classification::new(300, 3)
///     .features(10)
///     .informative(4)
///     .redundant(2)
///     .label_noise(0.05)
///     .class_weights([0.5, 0.3, 0.2])
///     .seed(1)
///     .generate()?;
/// assert_eq!(set.x.shape(), (300, 10));
/// assert_eq!(
///     set.feature_names.iter().filter(|name| name.starts_with("noise")).count(),
///     4
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    rows: usize,
    classes: usize,
    features: usize,
    informative: usize,
    redundant: usize,
    repeated: usize,
    clusters_per_class: usize,
    class_separation: f64,
    hypercube: bool,
    class_weights: Option<Vec<f64>>,
    label_noise: f64,
    shuffle: bool,
    seed: u64,
}

impl Classification {
    /// Creates a generator of `rows` rows with 20 features, divided among the classes as evenly as possible.
    pub fn new(rows: usize, classes: usize) -> Self {
        Classification {
            rows,
            classes,
            features: 20,
            informative: 4,
            redundant: 2,
            repeated: 0,
            clusters_per_class: 2,
            class_separation: 1.0,
            hypercube: true,
            class_weights: None,
            label_noise: 0.0,
            shuffle: true,
            seed: 0,
        }
    }

    /// Sets the number of columns of all kinds. Defaults to 20.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    /// Sets the number of columns that hold the clusters. Defaults to 4.
    pub fn informative(mut self, columns: usize) -> Self {
        self.informative = columns;
        self
    }

    /// Sets the number of columns that are linear combinations of the informative ones. Defaults to 2.
    pub fn redundant(mut self, columns: usize) -> Self {
        self.redundant = columns;
        self
    }

    /// Sets the number of columns that are copies of informative and redundant ones. Defaults to 0.
    pub fn repeated(mut self, columns: usize) -> Self {
        self.repeated = columns;
        self
    }

    /// Sets the number of clusters per class. Defaults to 2.
    pub fn clusters_per_class(mut self, clusters: usize) -> Self {
        self.clusters_per_class = clusters;
        self
    }

    /// Sets half the edge of the cube whose corners are the cluster centres; larger values give easier
    /// problems. Defaults to 1.
    pub fn class_separation(mut self, separation: f64) -> Self {
        self.class_separation = separation;
        self
    }

    /// Sets whether the centres are the corners of a cube; otherwise each is moved towards the origin at
    /// random. Defaults to `true`.
    pub fn hypercube(mut self, hypercube: bool) -> Self {
        self.hypercube = hypercube;
        self
    }

    /// Sets the relative frequencies of the classes, in any unit. Defaults to equal frequencies.
    pub fn class_weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        self.class_weights = Some(weights.into());
        self
    }

    /// Sets the fraction of rows, chosen at random, that get the label of another class, from 0 to 1.
    /// Defaults to 0.
    pub fn label_noise(mut self, share: f64) -> Self {
        self.label_noise = share;
        self
    }

    /// Sets whether rows and columns are in random order.
    ///
    /// Otherwise rows are ordered by class, and columns by kind: informative, redundant, repeated, noise.
    /// Defaults to `true`.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    setters!(seed: "everything that is random");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] in these cases:
    /// - There are fewer than two classes or more classes than rows.
    /// - There is no informative column, or the kinds together have more columns than there are features.
    /// - There are no clusters, more clusters than rows, or more clusters than the cube of the informative
    ///   columns has corners.
    /// - The class separation is negative or not finite.
    /// - Class weights are negative, not finite, or sum to zero.
    /// - The label noise is not from 0 to 1.
    ///
    /// Returns [`Error::ShapeMismatch`] if the number of class weights is not the number of classes.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        self.check()?;
        let mut rng = Rng::new(self.seed);
        let weights = self.class_weights.clone().unwrap_or_else(|| vec![1.0; self.classes]);
        let counts = apportion(self.rows, &weights);
        let informative = self.informative_columns(&counts, &mut rng);
        let x = self.all_columns(&informative, &mut rng);
        let names = self.names();
        let mut y = labels(&counts);
        self.disturb(&mut y);

        let set = finished(x, y, names, self.shuffle.then_some(self.seed))?;
        if !self.shuffle {
            return Ok(set);
        }
        let mut columns: Vec<usize> = (0..self.features).collect();
        Rng::at(self.seed, ORDER, 1).shuffle(&mut columns);
        set.columns(&columns)
    }

    fn check(&self) -> Result<(), Error> {
        check_sizes(self.rows, self.features)?;
        check_classes(self.classes, self.rows)?;
        let informative = self.informative as f64;
        check::parameter("informative", informative, self.informative > 0, "at least 1")?;
        let kinds = self.informative.saturating_add(self.redundant).saturating_add(self.repeated);
        let requires = "at least the informative, redundant and repeated columns together";
        check::parameter("features", self.features as f64, kinds <= self.features, requires)?;
        check::room::<f64>("the directions of a cluster", self.informative, self.informative)?;
        check::room::<f64>("the combinations of columns", self.informative, self.redundant)?;
        let clusters = self.classes.saturating_mul(self.clusters_per_class);
        let valid =
            self.clusters_per_class > 0 && clusters <= self.rows && clusters::fit(clusters, self.informative);
        let requires = "at least 1, with at most as many clusters in total as rows and as 2^informative";
        check::parameter("clusters_per_class", self.clusters_per_class as f64, valid, requires)?;
        check::not_negative("class_separation", self.class_separation)?;
        let share = (0.0..=1.0).contains(&self.label_noise);
        check::parameter("label_noise", self.label_noise, share, "from 0 to 1")?;
        if let Some(weights) = &self.class_weights {
            check::count("class_weights", "entries", self.classes, weights.len())?;
            for &weight in weights {
                check::not_negative("class_weights", weight)?;
            }
            let sum: f64 = weights.iter().sum();
            check::parameter("class_weights", sum, sum.is_normal(), "numbers with a positive, finite sum")?;
        }
        Ok(())
    }

    /// Draws the informative columns: clusters around their centres, class by class.
    fn informative_columns(&self, counts: &[usize], rng: &mut Rng) -> DMatrix<f64> {
        let (width, per_class) = (self.informative, self.clusters_per_class);
        let mut centers = clusters::corners(self.classes * per_class, width, self.class_separation, rng);
        if !self.hypercube {
            clusters::scatter(&mut centers, rng);
        }
        let mut x = DMatrix::zeros(self.rows, width);
        let sizes = counts.iter().flat_map(|&count| apportion(count, &vec![1.0; per_class]));
        let mut start = 0;
        for (cluster, size) in sizes.enumerate() {
            let points = random(size, width, || rng.standard_normal());
            let directions = random(width, width, || rng.uniform(-1.0, 1.0));
            let mut rows = x.rows_mut(start, size);
            rows.gemm(1.0, &points, &directions, 0.0);
            for mut row in rows.row_iter_mut() {
                row += centers.row(cluster);
            }
            start += size;
        }
        x
    }

    fn all_columns(&self, informative: &DMatrix<f64>, rng: &mut Rng) -> DMatrix<f64> {
        let (width, telling) = (self.informative, self.informative + self.redundant);
        let mut x = DMatrix::zeros(self.rows, self.features);
        x.columns_mut(0, width).copy_from(informative);
        let combinations = random(width, self.redundant, || rng.uniform(-1.0, 1.0));
        x.columns_mut(width, self.redundant).gemm(1.0, informative, &combinations, 0.0);
        let noise = self.features - telling - self.repeated;
        let noise = random(self.rows, noise, || rng.standard_normal());
        x.columns_mut(telling + self.repeated, noise.ncols()).copy_from(&noise);
        for (repeated, source) in self.sources().into_iter().enumerate() {
            let copy = x.column(source).clone_owned();
            x.set_column(telling + repeated, &copy);
        }
        x
    }

    /// Returns the column of which each repeated column is a copy.
    fn sources(&self) -> Vec<usize> {
        let mut rng = Rng::at(self.seed, ORDER, 2);
        (0..self.repeated).map(|_| rng.below(self.informative + self.redundant)).collect()
    }

    fn names(&self) -> Vec<String> {
        let telling = |column: usize| match column.checked_sub(self.informative) {
            None => format!("informative {column}"),
            Some(redundant) => format!("redundant {redundant}"),
        };
        let copies = self.sources().into_iter().enumerate();
        let copies = copies.map(|(repeated, source)| format!("repeated {repeated} ({})", telling(source)));
        let noise = self.features - self.informative - self.redundant - self.repeated;
        let noise = (0..noise).map(|column| format!("noise {column}"));
        (0..self.informative + self.redundant).map(telling).chain(copies).chain(noise).collect()
    }

    /// Gives a fraction of the rows the label of another class.
    fn disturb(&self, y: &mut [usize]) {
        let mut rng = Rng::at(self.seed, NOISE, 0);
        let mut rows: Vec<usize> = (0..y.len()).collect();
        rng.shuffle(&mut rows);
        let count = (self.label_noise * y.len() as f64).round() as usize;
        for &row in &rows[..count.min(y.len())] {
            y[row] = (y[row] + 1 + rng.below(self.classes - 1)) % self.classes;
        }
    }
}

/// Draws a matrix of random numbers row by row.
fn random(rows: usize, columns: usize, draw: impl FnMut() -> f64) -> DMatrix<f64> {
    DMatrix::from_row_iterator(rows, columns, std::iter::repeat_with(draw).take(rows * columns))
}
