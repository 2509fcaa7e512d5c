//! Splitters, cross-validation, searches and learning curves.

use std::collections::BTreeSet;

use logit::metrics::{Accuracy, LogLoss, RocAuc};
use logit::prelude::*;
use logit::select::*;
use logit::{
    CrossValidation, Error, LogisticRegression, Penalty, Pipeline, Real, Search, StandardScaler,
    train_test_split,
};

use crate::case::Case;
use crate::contract::{Rule, obey};
use crate::data::sample;
use crate::draw::Draw;
use crate::run::{Area, attack};

#[test]
fn split() {
    attack(Area { name: "split", share: 8, attack: any });
}

fn any(case: &mut Case) {
    match case.draw.below(10) {
        0..=5 => splitter(case),
        6 => fractions(case),
        7 if case.draw.chance(0.3) => validated::<f32>(case),
        _ => validated::<f64>(case),
    }
}

/// A number of folds or rows: usual, at the ends, or far beyond.
fn count(draw: &mut Draw) -> usize {
    match draw.below(8) {
        0 => draw.pick(&[0, 1, usize::MAX, usize::MAX / 2, 1 << 40]),
        1 => draw.within(2, 60),
        _ => draw.within(2, 6),
    }
}

fn splitter(case: &mut Case) {
    let rows = case.draw.pick(&[0, 1, 2, 3, 10, 10, 20, 40, 40, 100]);
    let classes = case.draw.within(1, 4);
    let y: Vec<usize> = (0..rows).map(|_| case.draw.below(classes)).collect();
    let (k, seed) = (count(&mut case.draw), case.draw.seed());
    case.say(format!("{rows} rows of {classes} classes, k = {k}, seed {seed}"));
    match case.draw.below(7) {
        0 => {
            case.say("k_fold");
            // The number of rows is a number here, not data.
            let large = case.draw.chance(0.1).then(|| case.draw.pick(&[usize::MAX, 1 << 50]));
            let rows = large.unwrap_or(rows);
            case.say(format!("of {rows}"));
            folds(case, k_fold(rows, k), rows, k, false);
        }
        1 => {
            case.say("shuffled_k_fold");
            folds(case, shuffled_k_fold(rows, k, seed), rows, k, false);
        }
        2 => {
            case.say("stratified_k_fold");
            let splits = stratified_k_fold(&y, k, seed);
            if let Ok(splits) = &splits {
                stratified(case, splits, &y);
            }
            folds(case, splits, rows, k, true);
        }
        3 => {
            let groups: Vec<usize> = y.iter().map(|class| class * 7 + case.draw.below(4)).collect();
            let stratify = case.draw.below(2) == 1;
            case.say(format!("groups {groups:?}, stratified: {stratify}"));
            let splits = if stratify {
                stratified_group_k_fold(&y, &groups, k, seed)
            } else {
                group_k_fold(&groups, k, seed)
            };
            if let Ok(splits) = &splits {
                let apart = splits.iter().all(|split| {
                    let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
                    of(&split.train).is_disjoint(&of(&split.test))
                });
                case.check("a group is on both sides", apart, || "");
            }
            partition(case, splits, rows);
        }
        4 => {
            let gap = case.draw.pick(&[0, 0, 1, 3, 50, usize::MAX]);
            case.say(format!("time_ordered_splits with gap {gap}"));
            let Ok(splits) = time_ordered_splits(rows, k, gap) else { return };
            case.reached();
            case.check("another number of splits", splits.len() == k, || splits.len());
            for split in &splits {
                let (last, first) = (split.train[split.train.len() - 1], split.test[0]);
                case.check("a test row is not later", last + gap < first, || format!("{last} and {first}"));
                case.check("test sets of other sizes", split.test.len() == splits[0].test.len(), || "");
            }
            let end = splits.last().and_then(|split| split.test.last().copied());
            case.check("the last row is not tested", end == Some(rows - 1), || format!("{end:?}"));
        }
        5 => {
            let times = case.draw.pick(&[0, 1, 2, 3]);
            case.say(format!("repeated {times} times"));
            let Ok(splits) = (Splitter::Repeated { k, times, seed }).splits(&y) else { return };
            case.reached();
            case.check("another number of splits", splits.len() == k * times, || splits.len());
            for part in splits.chunks(k) {
                partition(case, Ok(part.to_vec()), rows);
            }
        }
        _ => {
            let cut: Vec<usize> = (0..rows).map(|_| case.draw.below(rows + 1)).collect();
            case.say(format!("given {cut:?}"));
            let half = cut.len() / 2;
            let unique = cut.iter().collect::<BTreeSet<_>>().len() == cut.len();
            let split = Split::new(cut[..half].to_vec(), cut[half..].to_vec());
            let right = split.is_ok() == (unique && half > 0);
            case.check("a row on both sides, or a good split refused", right, || format!("{split:?}"));
            case.reached();
            if let Ok(split) = split {
                let beyond = cut.contains(&rows);
                let found = Splitter::Given(vec![split]).splits(&y);
                case.check("a row that does not exist", found.is_err() == beyond, || format!("{found:?}"));
            }
        }
    }
}

/// Every row is in one test set, and all others are its training rows.
fn partition(case: &mut Case, splits: Result<Vec<Split>, Error>, rows: usize) {
    let splits = match splits {
        Ok(splits) => splits,
        Err(error) => return case.check("an error without words", !error.to_string().is_empty(), || ""),
    };
    case.reached();
    let mut tested = vec![0; rows];
    for split in &splits {
        split.test.iter().for_each(|&row| tested[row] += 1);
        let all: BTreeSet<_> = split.train.iter().chain(&split.test).collect();
        let right = all.len() == rows && split.train.len() + split.test.len() == rows;
        case.check("rows are lost or on both sides", right, || format!("{split:?}"));
        let sorted = split.train.is_sorted() && split.test.is_sorted();
        case.check("rows are not in order", sorted, || format!("{split:?}"));
        case.check("an empty side", !split.train.is_empty() && !split.test.is_empty(), || {
            format!("{split:?}")
        });
    }
    case.check("a row is not tested once", tested.iter().all(|&times| times == 1), || format!("{tested:?}"));
}

fn folds(case: &mut Case, splits: Result<Vec<Split>, Error>, rows: usize, k: usize, refusable: bool) {
    let fits = (2..=rows).contains(&k);
    // More memory than there is may be refused.
    case.check(
        "a good number of folds is refused",
        refusable || !fits || splits.is_ok() || rows > 1 << 30,
        || format!("{:?}", splits.as_ref().err()),
    );
    case.check("a bad number of folds is accepted", fits || splits.is_err(), || "");
    if let Ok(splits) = &splits {
        case.check("another number of folds", splits.len() == k, || splits.len());
        let sizes: BTreeSet<usize> = splits.iter().map(|split| split.test.len()).collect();
        let even = sizes.last().unwrap_or(&0) - sizes.first().unwrap_or(&0) <= 1;
        case.check("folds of other sizes", even, || format!("{sizes:?}"));
    }
    if rows <= 1 << 30 {
        partition(case, splits, rows);
    }
}

fn stratified(case: &mut Case, splits: &[Split], y: &[usize]) {
    for class in 0..4 {
        let counts = splits.iter().map(|split| split.test.iter().filter(|&&row| y[row] == class).count());
        let counts: BTreeSet<usize> = counts.collect();
        let even = counts.last().unwrap_or(&0) - counts.first().unwrap_or(&0) <= 1;
        case.check("a class is not spread evenly", even, || format!("class {class}: {counts:?}"));
    }
}

/// The test set has the fraction of the rows, rounded up: whole per cents are exact.
fn fractions(case: &mut Case) {
    let (rows, percent) = (case.draw.within(4, 300), case.draw.within(1, 99));
    let y: Vec<usize> = (0..rows).map(|row| row % 2).collect();
    case.say(format!("{percent} % of {rows} rows"));
    let Ok(split) = train_test_split(&y, percent as f64 / 100.0, case.draw.seed()) else { return };
    case.reached();
    let wanted = (rows * percent).div_ceil(100).clamp(2, rows - 2);
    case.check("another number of test rows", split.test.len() == wanted, || {
        format!("{}, not {wanted}", split.test.len())
    });
    partition_of_two(case, &split, &y);
    let wild = case.draw.any_number();
    if let Ok(split) = train_test_split(&y, wild, 0) {
        case.check("a fraction outside (0, 1) is accepted", wild > 0.0 && wild < 1.0, || wild);
        partition_of_two(case, &split, &y);
    }
}

fn partition_of_two(case: &mut Case, split: &Split, y: &[usize]) {
    let all: BTreeSet<_> = split.train.iter().chain(&split.test).collect();
    let right = all.len() == y.len() && split.train.len() + split.test.len() == y.len();
    case.check("rows are lost or on both sides", right, || format!("{split:?}"));
    for side in [&split.train, &split.test] {
        let classes: BTreeSet<_> = side.iter().map(|&row| y[row]).collect();
        case.check("a side lacks a class", classes.len() == 2, || format!("{split:?}"));
    }
}

fn validated<T: Real>(case: &mut Case) {
    let sample = sample::<T>(&mut case.draw, 40, 3);
    let (k, seed) = (case.draw.within(2, 5), case.draw.seed());
    case.say(&sample);
    let splitter = match case.draw.below(4) {
        0 => Splitter::Holdout { test_fraction: case.draw.uniform(0.0, 1.0), seed },
        1 => Splitter::Shuffled { k, seed },
        2 => Splitter::TimeOrdered { k, gap: case.draw.below(3) },
        _ => Splitter::Stratified { k, seed },
    };
    case.say(format!("{splitter:?}"));
    let model = || Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::l2(0.1)));
    match case.draw.below(3) {
        0 => {
            let mut validation =
                CrossValidation::new(splitter).metric("accuracy", Accuracy).metric("loss", LogLoss);
            validation = validation.metric("area", RocAuc).train_scores(true);
            if let Some(weights) = &sample.weights {
                validation = validation.weights(weights);
            }
            match validation.run(&model(), &sample.x, &sample.y) {
                Ok(result) => {
                    case.reached();
                    let count = result.splits().len();
                    for name in ["accuracy", "loss", "area"] {
                        let scores = result.scores(name).unwrap_or_default();
                        let right = scores.len() == count && scores.iter().all(|score| *score >= 0.0);
                        case.check("scores of another number, or below 0", right, || {
                            format!("{name}: {scores:?}")
                        });
                    }
                    let disjoint = result.splits().iter().all(|split| {
                        split.test.iter().all(|row| !split.train.contains(row) && sample.weight(*row) > 0.0)
                    });
                    case.check("a test row that trains or does not count", disjoint, || "");
                    case.check("a result without words", !result.to_string().is_empty(), || "");
                }
                Err(error) => names_rows(case, &error, &sample.y),
            }
        }
        1 => {
            let search =
                Search::grid(vec![1e-3, 0.1, 10.0], |&lambda| LogisticRegression::new(Penalty::l2(lambda)));
            match search.splitter(splitter).fit(&sample.x, &sample.y) {
                Ok(found) => {
                    case.reached();
                    case.check("a table of another length", found.table().len() == 3, || "");
                    obey(case, &found, &sample.x, &Rule::Probability);
                }
                Err(error) => names_rows(case, &error, &sample.y),
            }
        }
        _ => {
            let sizes = [case.draw.below(10), case.draw.within(4, 40)];
            match learning_curve(&model(), &sample.x, &sample.y, &sizes, &splitter, &Accuracy) {
                Ok(curve) => {
                    case.reached();
                    let means = [curve.train_means(), curve.test_means()].concat();
                    let right = means.iter().all(|mean| (0.0..=1.0).contains(mean));
                    case.check("a mean accuracy outside [0, 1]", right, || format!("{means:?}"));
                }
                Err(error) => names_rows(case, &error, &sample.y),
            }
        }
    }
}

/// Errors name rows of the caller.
fn names_rows(case: &mut Case, error: &Error, y: &[usize]) {
    if let Error::UnknownLabel { row, label, .. } = error {
        let right = y.get(*row).is_some_and(|class| format!("{class:?}") == *label);
        case.check("an error names another row's label", right, || error);
    }
    case.check("an error without words", !error.to_string().is_empty(), || "");
}
