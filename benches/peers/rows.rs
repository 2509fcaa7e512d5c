//! Predictions of logistic regressions, and transformations.

use logit::prelude::*;
use logit::{LogisticRegression, Pca, Penalty, Pipeline, Scratch, StandardScaler};

use crate::{Failure, SHORT, emit, files, seconds};

/// The rows that models of predictions are fitted to.
const FEW: usize = 5_000;

/// Probabilities of a logistic regression of 50 columns, alone and behind a scaler. Those of single rows are
/// written to memory of the caller.
pub fn logistic() -> Result<(), Failure> {
    let (x, y) = (files::matrix::<f32>("redundant_x")?, files::labels("redundant_y")?);
    let few = x.rows(0, FEW).into_owned();
    let model = LogisticRegression::new(Penalty::c(1.0));
    let alone = model.fit(&few, &y[..FEW])?;
    emit("", "T6 logistic, 200,000 rows", seconds(SHORT, |_| Ok(alone.predict_proba(&x)?))?.0, &[]);
    let row: Vec<f32> = x.row(0).iter().copied().collect();
    let (mut out, mut scratch) = ([0.0; 2], Scratch::new());
    let time = seconds(SHORT, |_| Ok(alone.probabilities_row(&row, &mut out, &mut scratch)?))?.0;
    emit("", "T6 logistic, one row", time, &[]);
    let scaled = Pipeline::new(StandardScaler::new(), model).fit(&few, &y[..FEW])?;
    let time = seconds(SHORT, |_| Ok(scaled.probabilities_row(&row, &mut out, &mut scratch)?))?.0;
    emit("", "pipeline, one row", time, &[]);
    Ok(())
}

pub fn scaler() -> Result<(), Failure> {
    let x = files::matrix::<f64>("redundant_long_x")?;
    let scaler = StandardScaler::new().fit(&x)?;
    emit("", "standard scaler, transform", seconds(SHORT, |_| Ok(scaler.transform(&x)?))?.0, &[]);
    let (mut out, mut scratch) = (x.clone(), Scratch::new());
    let into = |_| Ok(scaler.transform_into((&x).into(), out.as_view_mut(), &mut scratch)?);
    emit("", "standard scaler, into memory that is there", seconds(SHORT, into)?.0, &[]);
    Ok(())
}

pub fn components() -> Result<(), Failure> {
    let x = files::matrix::<f64>("factors_x")?;
    let (time, fitted) = seconds(SHORT, |_| Ok(Pca::new(20).fit(&x)?))?;
    emit("", "principal components, fit", time, &[]);
    emit("", "principal components, transform", seconds(SHORT, |_| Ok(fitted.transform(&x)?))?.0, &[]);
    Ok(())
}
