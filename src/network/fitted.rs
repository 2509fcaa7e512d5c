//! A fitted network of any layers and any loss.

use nalgebra::{DMatrix, DMatrixViewMut};

use super::passes::Passes;
use crate::check;
use crate::classifier::Classifier;
use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::layer::{Layer, Summary};
use crate::loss::{Link, Loss, log_probabilities_of};
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;
use crate::train::{History, Trained};

/// A fitted network of any layers and any loss, as a classifier.
///
/// [`FittedMlp`](crate::FittedMlp) is such a network with layers and a loss of this crate. Networks of your
/// own layers come from [`NetworkClassifier`](crate::nn::NetworkClassifier), or from a training run through
/// [`Trained::into_classifier`](crate::nn::Trained::into_classifier). They work in pipelines, model
/// selection, pictures and one-vs-rest like every other classifier.
///
/// # Scores
/// [`Loss::link`] determines the scores:
///
/// - Log-odds and ordered scores are the scores of the network (for two columns, their difference).
/// - A single probability is compared with 1/2: the score is its difference from 1/2.
/// - For an unknown link, the scores are the probabilities (for two classes, their difference).
///
/// # Files
/// A model file cannot store your own layers. Save [`trained`](Self::trained) instead, and rebuild the
/// classifier:
/// ```
/// use logit::nn::{FittedNetwork, Sequential, SoftmaxCrossEntropy, Trained};
/// use logit::prelude::*;
/// use logit::Activation;
/// use nalgebra::dmatrix;
///
/// let network = || Sequential::perceptron(&[2, 4, 3], Activation::Tanh);
/// let params: Vec<f64> = (0..27).map(|at| f64::from(at % 5) - 2.0).collect();
/// let classes = vec!["a", "b", "c"];
/// let model = Trained::from_parameters(params).into_classifier(
///     network()?,
///     SoftmaxCrossEntropy::new(),
///     classes.clone(),
/// )?;
///
/// let bytes = model.trained().to_bytes()?; // or save(path)
/// let again = Trained::<f64>::from_bytes(&bytes)?.into_classifier(
///     network()?,
///     SoftmaxCrossEntropy::new(),
///     classes,
/// )?;
/// assert_eq!(
///     again.predict_proba(&dmatrix![0.3, -1.0])?,
///     model.predict_proba(&dmatrix![0.3, -1.0])?
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedNetwork<T: Real, L, N, S> {
    pub(super) classes: Vec<L>,
    pub(super) names: Option<Vec<String>>,
    pub(super) network: N,
    pub(super) loss: S,
    pub(super) params: Vec<T>,
    pub(super) statistics: Vec<T>,
    pub(super) report: FitReport,
    pub(super) history: History,
    pub(super) passes: Passes<T, N>,
}

impl<T: Real, L: Label, N: Layer<T>, S: Loss<T>> FittedNetwork<T, L, N, S> {
    /// Assembles a model whose sizes are known to agree.
    pub(super) fn assemble(
        classes: Vec<L>,
        names: Option<Vec<String>>,
        (network, loss): (N, S),
        trained: Trained<T>,
        passes: Passes<T, N>,
    ) -> Self {
        let Trained { params, statistics, report, history } = trained;
        FittedNetwork { classes, names, network, loss, params, statistics, report, history, passes }
    }

    /// Assembles a model after checking classes, sizes, settings and numbers.
    pub(super) fn checked(
        classes: Vec<L>,
        (network, loss): (N, S),
        trained: Trained<T>,
        passes: Passes<T, N>,
    ) -> Result<Self, Error> {
        match classes.as_slice() {
            [] => return Err(Error::Empty { argument: "classes", axis: "entries" }),
            [only] => return Err(Error::OneClass { label: format!("{only:?}") }),
            _ => {}
        }
        if let Some(pair) = classes.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (first, second) = (format!("{:?}", pair[0]), format!("{:?}", pair[1]));
            return Err(Error::UnsortedClasses { first, second });
        }
        network.check()?;
        check_outputs(&loss, classes.len(), network.outputs())?;
        loss.check_parameters(network.outputs())?;
        check_distribution(&loss, network.outputs(), classes.len())?;
        check::count("params", "entries", network.parameter_count(), trained.params.len())?;
        let statistics = network.tape(0).statistic_count();
        check::count("statistics", "entries", statistics, trained.statistics.len())?;
        for (argument, values) in [("params", &trained.params), ("statistics", &trained.statistics)] {
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                return Err(Error::NotFinite {
                    argument,
                    row,
                    column: 0,
                    name: None,
                    value: values[row].as_f64(),
                });
            }
        }
        Ok(Self::assemble(classes, None, (network, loss), trained, passes))
    }

    /// Returns the architecture.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// Returns the loss that the network was trained on. Its link turns scores into probabilities.
    pub fn loss(&self) -> &S {
        &self.loss
    }

    /// Returns all parameters, in the order of the network.
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// Returns the running statistics of batch normalisation, in the order of the layers; empty without any.
    pub fn statistics(&self) -> &[T] {
        &self.statistics
    }

    /// Returns a table of the layers, for batches of `rows` rows.
    pub fn summary(&self, rows: usize) -> Summary {
        Summary::of::<T>(&self.network, rows)
    }

    /// Returns the report of the fit.
    pub fn report(&self) -> &FitReport {
        &self.report
    }

    /// Returns the history of the fit, epoch by epoch; empty for fits to all rows at once.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the result of the training: parameters, running statistics, report and history, without
    /// network and classes.
    pub fn trained(&self) -> Trained<T> {
        Trained {
            params: self.params.clone(),
            statistics: self.statistics.clone(),
            report: self.report.clone(),
            history: self.history.clone(),
        }
    }
}

/// Checks that a network has the outputs that its loss needs for the classes.
pub(super) fn check_outputs<T: Real, S: Loss<T>>(
    loss: &S,
    classes: usize,
    found: usize,
) -> Result<(), Error> {
    let expected = loss.score_columns(classes);
    if found == expected { Ok(()) } else { Err(Error::NetworkOutputs { classes, expected, found }) }
}

/// Checks that the probabilities of a loss sum to 1, as a row has exactly one class.
pub(super) fn check_distribution<T: Real, S: Loss<T>>(
    loss: &S,
    columns: usize,
    classes: usize,
) -> Result<(), Error> {
    let mut probabilities = DMatrix::zeros(1, classes);
    loss.probabilities(&DMatrix::zeros(1, columns), &mut probabilities);
    if (probabilities.sum().as_f64() - 1.0).abs() < 1e-3 {
        return Ok(());
    }
    Err(unsupported(
        "a loss whose probabilities do not sum to 1",
        "a classifier",
        "choose a loss for exclusive classes; ClassificationLoss makes one from each loss of the crate",
    ))
}

/// The requested output of a forward pass.
#[derive(Clone, Copy, PartialEq)]
enum Output {
    Scores,
    Probabilities,
    LogProbabilities,
}

impl<T: Real, L: Label, N: Layer<T>, S: Loss<T>> Classifier<T> for FittedNetwork<T, L, N, S> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.network.inputs()
    }

    fn feature_names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    fn report(&self) -> Option<&FitReport> {
        Some(&self.report)
    }

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write(x, out.as_view_mut(), scratch, Output::Scores)?;
        check::scores(&out)
    }

    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write(x, out, scratch, Output::Probabilities)
    }

    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.write(x, out, scratch, Output::LogProbabilities)
    }
}

impl<T: Real, L: Label, N: Layer<T>, S: Loss<T>> FittedNetwork<T, L, N, S> {
    fn write(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
        output: Output,
    ) -> Result<(), Error> {
        x.check_columns(self.features(), self.feature_names())?;
        let (loss, classes, link) = (&self.loss, self.classes.len(), self.loss.link(self.network.outputs()));
        self.for_each_block(&x, classes, scratch, out, |scores, probabilities, mut out| {
            match (output, link) {
                (Output::Scores, Link::Unknown) => {
                    loss.probabilities(scores, probabilities);
                    write_decisions(Link::Unknown, probabilities, classes, out);
                }
                (Output::Scores, _) => write_decisions(link, scores, classes, out),
                (Output::LogProbabilities, Link::LogOdds) => log_probabilities_of(scores.as_view(), out),
                (Output::Probabilities | Output::LogProbabilities, _) => {
                    loss.probabilities(scores, probabilities);
                    out.copy_from(probabilities);
                    if output == Output::LogProbabilities {
                        out.iter_mut().for_each(|p| *p = p.ln());
                    }
                }
            }
        })
    }
}

/// Writes scores: unchanged, as a difference for two columns and two classes, or minus 1/2 for a single
/// probability.
fn write_decisions<T: Real>(link: Link, scores: &DMatrix<T>, classes: usize, mut out: DMatrixViewMut<'_, T>) {
    if classes > 2 {
        out.copy_from(scores);
    } else if scores.ncols() > 1 {
        out.iter_mut().enumerate().for_each(|(row, z)| *z = scores[(row, 1)] - scores[(row, 0)]);
    } else {
        out.copy_from(scores);
        if link == Link::Probability {
            out.add_scalar_mut(T::of(-0.5));
        }
    }
}

/// Accessors for multi-label models, in which the classes of the network are labels.
impl<T: Real, L: Label, N: Layer<T>, S: Loss<T>> FittedNetwork<T, L, N, S> {
    pub(crate) fn labels(&self) -> &[L] {
        &self.classes
    }

    pub(crate) fn label_count(&self) -> usize {
        self.classes.len()
    }

    pub(crate) fn inputs(&self) -> usize {
        self.network.inputs()
    }

    /// Returns the scores of the network.
    pub(crate) fn scores(&self, x: Rows<'_, T>) -> Result<DMatrix<T>, Error> {
        x.check_columns(self.inputs(), self.names.as_deref())?;
        let mut scores = DMatrix::zeros(x.nrows(), self.network.outputs());
        let out = scores.as_view_mut();
        self.for_each_block(&x, 0, &mut Scratch::new(), out, |block, _, mut out| out.copy_from(block))?;
        Ok(scores)
    }
}
