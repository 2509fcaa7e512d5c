//! Everything that a run and its judge need, from a program.

use logit::Error;
use logit::nn::{Examples, History, TrainOptions};
use logit::report::FitReport;
use nalgebra::DMatrix;

use super::data::{Built, build};
use super::data_schema::Plot;
use super::loss::UserLoss;
use super::method::Method;
use super::model_schema::ClassWeight;
use super::network::Network;
use super::operations::select;
use super::program::Program;
use super::random::Stream;
use super::scaling::serve;
use super::start::{Start, draw};
use super::targets::Coded;

/// A run that is ready to start, and what its judge may look at.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The rows that the run trains on.
    pub(crate) train: Part,
    /// The rows that early stopping watches, which are held out of the training rows.
    pub(crate) validation: Option<Part>,
    /// The test rows; `None` if there are none or their labels have no coding.
    pub(crate) test: Option<Part>,
    /// All training and test rows.
    pub(crate) built: Built,
    pub(crate) network: Network,
    pub(crate) loss: UserLoss,
    pub(crate) method: Method,
    pub(crate) start: Start,
    /// The training rows and the test rows on the path on which rows reach the model later.
    pub(crate) served: DMatrix<f64>,
    pub(crate) served_test: DMatrix<f64>,
    /// The probability above which class 1 is chosen.
    pub(crate) threshold: f64,
    pub(crate) plot: Option<Plot>,
}

/// Rows with their classes, and the targets and weights that the loss gets.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) x: DMatrix<f64>,
    pub(crate) classes: Vec<usize>,
    pub(crate) targets: Coded,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Part {
    pub(crate) fn examples(&self) -> Examples<'_, f64> {
        let examples = Examples::new(&self.x, self.targets.targets());
        match &self.weights {
            Some(weights) => examples.weights(weights),
            None => examples,
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) params: Vec<f64>,
    pub(crate) statistics: Vec<f64>,
    pub(crate) report: FitReport,
    /// Empty for a minimiser.
    #[allow(dead_code, reason = "for judges that look at epochs")]
    pub(crate) history: History,
}

impl Prepared {
    /// Prepares the run of a program. An earlier run that it starts from is made here.
    pub(crate) fn new(program: &Program) -> Result<Self, String> {
        let built = build(&program.data)?;
        let network = Network::new(program, built.train.x.ncols())?;
        let targets = Coded::new(program, &built.train.y)?;
        let weights = class_weights(program, &built)?;
        let part = |rows: &[usize]| {
            let (x, classes) = select(&built.train.x, &built.train.y, rows);
            let weights =
                weights.as_ref().map(|weights| classes.iter().map(|&class| weights[class]).collect());
            Part { x, classes, targets: targets.select(rows), weights }
        };
        let count = built.train.y.len();
        let (train, validation) = match &program.optimizer.early_stopping {
            None => (part(&(0..count).collect::<Vec<_>>()), None),
            Some(stopping) => {
                let rows = Stream::new(11, 6).permutation(count);
                let (held, rest) = rows.split_at(((stopping.share * count as f64) as usize).clamp(1, count));
                // The weights of classes count in training only.
                (part(rest), Some(Part { weights: None, ..part(held) }))
            }
        };
        let mean = |weights: &Vec<f64>| weights.iter().sum::<f64>() / weights.len() as f64;
        let scale = train.weights.as_ref().map_or(1.0, mean);
        let (serving, warm) = (&program.serving, program.optimizer.warm_start_epochs);
        let mut prepared = Prepared {
            loss: UserLoss::new(program, built.classes, scale),
            method: Method::new(&program.optimizer, train.classes.len(), warm),
            start: draw(program, &network)?,
            served: serve(serving, &built.train.raw, &built.scaler)?,
            served_test: serve(serving, &built.test.raw, &built.scaler)?,
            threshold: program.evaluation.threshold,
            plot: program.plot.clone(),
            test: test(program, &built),
            train,
            validation,
            built,
            network,
        };
        if warm > 0 {
            prepared.warm_up(program, warm);
        }
        Ok(prepared)
    }

    /// Runs the epochs before the run proper. If that fails, the run starts from the initial parameters.
    fn warm_up(&mut self, program: &Program, epochs: usize) {
        if let Method::Steps(trainer) = Method::new(&program.optimizer, self.train.classes.len(), 0) {
            let Start { params, statistics } = &self.start;
            let options = TrainOptions::default().start(params, statistics);
            let trainer = trainer.epochs(epochs);
            if let Ok(end) = trainer.fit(self.network.clone(), &self.loss, self.train.examples(), options) {
                self.start = Start { params: end.params, statistics: end.statistics };
            }
        }
    }

    /// Runs to the end.
    pub(crate) fn fit(&self) -> Result<Outcome, Error> {
        let (network, Start { params, statistics }) = (self.network.clone(), &self.start);
        match &self.method {
            Method::Steps(trainer) => {
                let mut options = TrainOptions::default().start(params, statistics);
                if let Some(validation) = &self.validation {
                    options = options.validation(validation.examples());
                }
                let end = trainer.fit(network, &self.loss, self.train.examples(), options)?;
                let (params, statistics) = (end.params, end.statistics);
                Ok(Outcome { params, statistics, report: end.report, history: end.history })
            }
            Method::Lbfgs(lbfgs, lambda) => {
                let mut objective =
                    logit::nn::NetworkObjective::new(network, &self.loss, self.train.examples(), *lambda)?;
                let end = lbfgs.minimize(&mut objective, params.clone())?;
                let (params, statistics) = (end.params, statistics.clone());
                Ok(Outcome { params, statistics, report: end.report, history: History::default() })
            }
        }
    }
}

fn test(program: &Program, built: &Built) -> Option<Part> {
    let (x, classes) = (built.test.x.clone(), built.test.y.clone());
    let targets = Coded::new(program, &classes).ok().filter(|_| !classes.is_empty())?;
    Some(Part { x, classes, targets, weights: None })
}

/// Returns the weight of each class, if the program has weights.
fn class_weights(program: &Program, built: &Built) -> Result<Option<Vec<f64>>, String> {
    let y = &built.train.y;
    match &program.optimizer.class_weight {
        None => Ok(None),
        Some(ClassWeight::List(list)) if list.len() >= built.classes => Ok(Some(list.clone())),
        Some(ClassWeight::List(list)) => Err(format!("{} class weights", list.len())),
        Some(ClassWeight::Word(word)) if word == "balanced" => {
            let count = |class: usize| y.iter().filter(|&&other| other == class).count().max(1) as f64;
            let share = y.len() as f64 / built.classes as f64;
            Ok(Some((0..built.classes).map(|class| share / count(class)).collect()))
        }
        Some(ClassWeight::Word(word)) => Err(format!("there is no class weight {word}")),
    }
}
