//! The judge: from a run that is ready to start to the findings about it.

use logit::Error;
use logit::doctor::{Diagnosis, Doctor, WatchOptions, examine_data, examine_split};
use logit::nn::TrainOptions;

use super::method::Method;
use super::prepare::Prepared;
use super::start::Start;

/// The budget of short fits, in row gradients.
const BUDGET: usize = 4_000_000;

/// Returns what is found about a run.
pub(crate) fn diagnose(prepared: &Prepared) -> Diagnosis {
    let of_data = data(prepared).unwrap_or_else(|error| Diagnosis::of_error(&error));
    let of_run = run(prepared).unwrap_or_else(|error| Diagnosis::of_error(&error));
    of_run.and(of_data)
}

/// Examines the training rows and the test rows.
fn data(prepared: &Prepared) -> Result<Diagnosis, Error> {
    let (train, test) = (&prepared.built.train, &prepared.built.test);
    if test.y.is_empty() {
        return examine_data(&train.x, &train.y);
    }
    examine_split(&train.x, &train.y, &test.x, &test.y)
}

/// Watches the run.
fn run(prepared: &Prepared) -> Result<Diagnosis, Error> {
    let doctor = Doctor::new().probe(BUDGET).threshold(prepared.threshold);
    let Start { params, statistics } = &prepared.start;
    let held_out = prepared.test.as_ref().map(|test| test.examples());
    let (network, loss, examples) = (&prepared.network, &prepared.loss, prepared.train.examples());
    match &prepared.method {
        Method::Steps(trainer) => {
            let mut options = TrainOptions::default().start(params, statistics);
            if let Some(validation) = &prepared.validation {
                options = options.validation(validation.examples());
            }
            let mut options = WatchOptions::new(options);
            if let Some(held_out) = held_out {
                options = options.held_out(held_out);
            }
            Ok(doctor.fit(trainer, network, loss, examples, options)?.1)
        }
        Method::Lbfgs(lbfgs, lambda) => {
            let start = Some(params.clone());
            Ok(doctor.minimize(lbfgs, network, loss, examples, *lambda, start, held_out)?.1)
        }
    }
}
