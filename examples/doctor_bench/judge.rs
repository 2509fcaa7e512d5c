//! The judge: from a run that is ready to start to the findings about it.

use logit::Error;
use logit::boundary::{Bounds, contour_of_grid};
use logit::doctor::{
    Diagnosis, Doctor, WatchOptions, Watched, compare_paths, examine_contour, examine_data, examine_split,
};
use logit::nn::{Loss, TrainOptions};
use nalgebra::DMatrix;

use super::method::Method;
use super::prepare::Prepared;
use super::start::Start;

/// The budget of short fits, in row gradients.
const BUDGET: usize = 4_000_000;

/// Returns what is found about a run.
pub(crate) fn diagnose(prepared: &Prepared) -> Diagnosis {
    let of_data = data(prepared).unwrap_or_else(|error| Diagnosis::of_error(&error));
    let of_run = run(prepared).unwrap_or_else(|error| Diagnosis::of_error(&error));
    let of_serving = compare_paths(&prepared.built.train.x, &prepared.served);
    of_run.and(of_data).and(of_serving.unwrap_or_default())
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
            drawn(prepared, doctor.fit(trainer, network, loss, examples, options)?)
        }
        Method::Lbfgs(lbfgs, lambda) => {
            let start = Some(params.clone());
            drawn(prepared, doctor.minimize(lbfgs, network, loss, examples, *lambda, start, held_out)?)
        }
    }
}

/// The number of points of the picture along each side.
const POINTS: usize = 40;

/// Adds what is found about the picture of the boundary, if the program draws one.
fn drawn(prepared: &Prepared, watched: Watched<f64>) -> Result<Diagnosis, Error> {
    let Watched { trained, diagnosis, .. } = watched;
    let Some(plot) = prepared.plot.as_ref().filter(|_| prepared.built.classes == 2) else {
        return Ok(diagnosis);
    };
    let x = &prepared.built.train.x;
    let bounds = Bounds::around(&x.select_columns(&plot.columns), plot.pad)?;
    let place = |(low, high): (f64, f64), at: usize| low + (high - low) * at as f64 / (POINTS - 1) as f64;
    let grid = DMatrix::from_fn(POINTS * POINTS, x.ncols(), |row, column| match column {
        _ if column == plot.columns[0] => place(bounds.x(), row % POINTS),
        _ if column == plot.columns[1] => place(bounds.y(), row / POINTS),
        _ => x.column(column).mean(),
    });
    let scores = trained.scores(&prepared.network, &grid)?;
    let mut p = DMatrix::zeros(grid.nrows(), 2);
    prepared.loss.probabilities(&scores, &mut p);
    let values = DMatrix::from_fn(POINTS, POINTS, |row, column| p[(row * POINTS + column, 1)]);
    let contour = contour_of_grid(&values, plot.level, bounds)?;
    Ok(diagnosis.and(examine_contour(&contour)))
}
