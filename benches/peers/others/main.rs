//! candle's and linfa's side of the comparison: predictions. `benches/peers/run` calls it, if it is built.
//!
//! The values of rows and weights do not matter for the time, so they are generated here.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use candle_core::{Device, Tensor};
use candle_nn::{Linear, Module, ops};
use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// Work is repeated until this many seconds have passed, in each of `RUNS` runs.
const SHORT: f64 = 0.2;

const RUNS: usize = 3;

fn seconds<A>(mut work: impl FnMut() -> A) -> f64 {
    let start = Instant::now();
    black_box(work());
    let times = (SHORT / start.elapsed().as_secs_f64().max(1e-8)) as usize + 1;
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        for _ in 0..times {
            black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64() / times as f64);
    }
    best
}

fn emit(system: &str, task: &str, seconds: f64) {
    println!("{{\"system\": \"{system}\", \"task\": \"{task}\", \"seconds\": {seconds:e}}}");
}

fn network() -> Result<(), Box<dyn Error>> {
    let normal = |rows: usize, columns: usize| Tensor::randn(0.0_f32, 0.1, (rows, columns), &Device::Cpu);
    let layer = |inputs: usize, outputs: usize| -> candle_core::Result<Linear> {
        Ok(Linear::new(normal(outputs, inputs)?, Some(normal(1, outputs)?.squeeze(0)?)))
    };
    let (first, second) = (layer(784, 100)?, layer(100, 10)?);
    let predict = |x: &Tensor| -> candle_core::Result<Vec<Vec<f32>>> {
        ops::softmax(&second.forward(&first.forward(x)?.relu()?)?, 1)?.to_vec2()
    };
    let x = normal(10_000, 784)?;
    let row = x.get(0)?.to_vec1::<f32>()?;
    predict(&x)?;
    emit("candle", "T6 network, 10,000 rows", seconds(|| predict(&x)));
    let one = || predict(&Tensor::from_slice(&row, (1, 784), &Device::Cpu)?);
    emit("candle", "T6 network, one row", seconds(one));
    Ok(())
}

fn logistic() -> Result<(), Box<dyn Error>> {
    let x =
        Array2::from_shape_fn((200_000, 50), |(row, column)| ((row * 31 + column * 17) % 97) as f32 / 97.0);
    let few = x.slice(ndarray::s![..1_000, ..]).to_owned();
    let y = Array1::from_shape_fn(1_000, |row| row % 3 == 0);
    let model = LogisticRegression::<f32>::new().max_iterations(10).fit(&Dataset::new(few, y))?;
    emit("linfa", "T6 logistic, 200,000 rows", seconds(|| model.predict_probabilities(&x)));
    let one = x.slice(ndarray::s![0..1, ..]).to_owned();
    emit("linfa", "T6 logistic, one row", seconds(|| model.predict_probabilities(&one)));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    for task in std::env::args().skip(1) {
        match task.as_str() {
            "T6net" => network()?,
            "T6" => logistic()?,
            _ => {}
        }
    }
    Ok(())
}
