//! Rows with several labels each.

use nalgebra::DMatrix;

use super::{check_sizes, setters};
use crate::check;
use crate::error::Error;
use crate::label_sets::LabelSets;
use crate::rng::Rng;

/// A generator of rows with any number of labels each, modelled on texts whose words depend on their topics.
///
/// Each label (topic) has a probability, and a distribution over the features (words). A row has a Poisson
/// number of labels, drawn by their probabilities without replacement. It has a Poisson number of words, each
/// drawn from one of its labels, or uniformly from all features if it has none. An entry of `x` is the count
/// of a word.
///
/// # Examples
/// ```
/// use logit::MlpClassifier;
/// use logit::data::MultiLabel;
///
/// let (x, y) = MultiLabel::new(100, 3).features(10).seed(4).generate()?;
/// assert_eq!((x.shape(), y.labels()), ((100, 10), &[0, 1, 2][..]));
/// let model = MlpClassifier::new([8]).fit_multi_label(&x, &y)?;
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiLabel {
    rows: usize,
    labels: usize,
    features: usize,
    labels_per_row: f64,
    words_per_row: f64,
    unlabelled: bool,
    seed: u64,
}

impl MultiLabel {
    /// Creates a generator of `rows` rows with 20 features and on average two of `labels` labels.
    pub fn new(rows: usize, labels: usize) -> Self {
        MultiLabel {
            rows,
            labels,
            features: 20,
            labels_per_row: 2.0,
            words_per_row: 50.0,
            unlabelled: true,
            seed: 0,
        }
    }

    /// Sets the number of features. Defaults to 20.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    /// Sets the mean of the Poisson distribution of the number of labels per row. Numbers above the number of
    /// all labels are drawn again. Defaults to 2.
    pub fn labels_per_row(mut self, mean: f64) -> Self {
        self.labels_per_row = mean;
        self
    }

    /// Sets the mean of the Poisson distribution of the sum of each row of `x`. Defaults to 50.
    pub fn words_per_row(mut self, mean: f64) -> Self {
        self.words_per_row = mean;
        self
    }

    /// Sets whether rows may have no labels; otherwise their number of labels is drawn again. Defaults to
    /// `true`.
    pub fn unlabelled(mut self, unlabelled: bool) -> Self {
        self.unlabelled = unlabelled;
        self
    }

    setters!(seed: "everything that is random");

    /// Generates the features, n x d, and the label sets.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are no rows, features or labels, if the mean number of
    /// labels is not in (0, `labels`], or if the mean number of words is not in (0, 10^6].
    pub fn generate(&self) -> Result<(DMatrix<f64>, LabelSets<usize>), Error> {
        check_sizes(self.rows, self.features)?;
        check::parameter("labels", self.labels as f64, self.labels > 0, "at least 1")?;
        let addressable = self.labels.checked_mul(self.rows.max(self.features));
        let addressable = addressable.is_some_and(|count| count <= isize::MAX as usize / 64);
        check::parameter("labels", self.labels as f64, addressable, "few enough to be addressable")?;
        check::room::<f64>("the labels of the rows", self.rows, self.labels)?;
        check::room::<f64>("the words of the labels", self.labels, self.features)?;
        let valid = self.labels_per_row > 0.0 && self.labels_per_row <= self.labels as f64;
        check::parameter(
            "labels_per_row",
            self.labels_per_row,
            valid,
            "above 0 and at most the number of labels",
        )?;
        let valid = self.words_per_row > 0.0 && self.words_per_row <= 1e6;
        check::parameter("words_per_row", self.words_per_row, valid, "above 0 and at most 1000000")?;

        let mut rng = Rng::new(self.seed);
        let popularity = Cumulative::random(self.labels, &mut rng);
        let words: Vec<Cumulative> =
            (0..self.labels).map(|_| Cumulative::random(self.features, &mut rng)).collect();
        let (mut x, mut sets) = (DMatrix::zeros(self.rows, self.features), Vec::with_capacity(self.rows));
        for row in 0..self.rows {
            let set = self.labels_of_a_row(&popularity, &mut rng);
            for _ in 0..poisson(self.words_per_row, &mut rng) {
                let word = match set.as_slice() {
                    [] => rng.below(self.features),
                    labels => words[labels[rng.below(labels.len())]].draw(&mut rng),
                };
                x[(row, word)] += 1.0;
            }
            sets.push(set);
        }
        Ok((x, LabelSets::with_labels(&sets, 0..self.labels)?))
    }

    fn labels_of_a_row(&self, popularity: &Cumulative, rng: &mut Rng) -> Vec<usize> {
        let least = usize::from(!self.unlabelled);
        let mut count = poisson(self.labels_per_row, rng);
        while !(least..=self.labels).contains(&count) {
            count = poisson(self.labels_per_row, rng);
        }
        popularity.clone().draw_different(count, rng)
    }
}

/// Cumulative relative frequencies.
#[derive(Debug, Clone)]
struct Cumulative(Vec<f64>);

impl Cumulative {
    /// Draws uniform random frequencies.
    fn random(count: usize, rng: &mut Rng) -> Self {
        let mut sum = 0.0;
        let add = |_| {
            // No frequency is zero.
            sum += 1.0 - rng.uniform(0.0, 1.0);
            sum
        };
        Cumulative((0..count).map(add).collect())
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let sum = self.0.last().copied().unwrap_or(0.0);
        let at = rng.uniform(0.0, sum);
        self.0.partition_point(|&end| end <= at).min(self.0.len() - 1)
    }

    /// Draws `count` distinct indices without replacement, in ascending order.
    fn draw_different(mut self, count: usize, rng: &mut Rng) -> Vec<usize> {
        let mut left: Vec<usize> = (0..self.0.len()).collect();
        let mut drawn = Vec::with_capacity(count);
        for _ in 0..count.min(left.len()) {
            let index = self.draw(rng);
            let before = if index == 0 { 0.0 } else { self.0[index - 1] };
            let frequency = self.0.remove(index) - before;
            self.0[index..].iter_mut().for_each(|end| *end -= frequency);
            drawn.push(left.remove(index));
        }
        drawn.sort_unstable();
        drawn
    }
}

/// Draws a Poisson number by Knuth's product of uniform numbers (1969), in parts whose exponential does not
/// underflow.
fn poisson(mean: f64, rng: &mut Rng) -> usize {
    const PIECE: f64 = 30.0;
    let (mut left, mut count) = (mean, 0);
    while left > 0.0 {
        let end = (-left.min(PIECE)).exp();
        let mut product = rng.uniform(0.0, 1.0);
        while product > end {
            count += 1;
            product *= rng.uniform(0.0, 1.0);
        }
        left -= PIECE;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_numbers_have_their_mean_and_variance() {
        let mut rng = Rng::new(5);
        for mean in [0.3, 4.0, 95.0] {
            let numbers: Vec<f64> = (0..20_000).map(|_| poisson(mean, &mut rng) as f64).collect();
            let average = numbers.iter().sum::<f64>() / 20_000.0;
            let variance = numbers.iter().map(|n| (n - average).powi(2)).sum::<f64>() / 20_000.0;
            // Four standard errors of the mean, and five of the variance of large means.
            assert!((average - mean).abs() < 4.0 * (mean / 20_000.0).sqrt(), "{mean}: {average}");
            assert!((variance / mean - 1.0).abs() < 0.07, "{mean}: {variance}");
        }
    }

    #[test]
    fn frequencies_are_kept_and_nothing_is_drawn_twice() {
        let mut rng = Rng::new(6);
        let frequencies = Cumulative(vec![6.0, 6.0 + 3.0, 9.0 + 1.0]);
        let mut counts = [0; 3];
        (0..10_000).for_each(|_| counts[frequencies.draw(&mut rng)] += 1);
        for (count, wanted) in counts.into_iter().zip([6000, 3000, 1000]) {
            assert!(i32::abs(count - wanted) < 200, "{counts:?}");
        }
        assert_eq!(frequencies.clone().draw_different(3, &mut rng), [0, 1, 2]);
        // The second draw is by what is left.
        let pairs: Vec<Vec<usize>> =
            (0..10_000).map(|_| frequencies.clone().draw_different(2, &mut rng)).collect();
        let with_both = pairs.iter().filter(|pair| **pair == [1, 2]).count();
        // 0.3 x 1/7 + 0.1 x 3/9 = 0.0762.
        assert!((with_both as f64 / 10_000.0 - 0.0762).abs() < 0.01, "{with_both}");
    }
}
