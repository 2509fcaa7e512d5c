//! Fits to rows that are read block by block, and fits of several ranks, have the bits of fits to rows in memory.

use std::error::Error as StdError;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicUsize, Ordering};

use logit::linear::SourceOptions;
use logit::nalgebra::DMatrix;
use logit::parallel::{Alone, Exchange, ranks, with_threads};
use logit::prelude::*;
use logit::report::StopReason;
use logit::source::{Chain, LabelledRows, RowBlock, RowSource};
use logit::{ClassWeight, Error, FitOptions, FittedLogistic, LogisticRegression, Penalty, Real, Rng, Solver};
use proptest::prelude::*;

use super::{rows, weights};

/// Rows in memory, as everything below wants them.
struct Data<T: Real> {
    x: DMatrix<T>,
    y: Vec<usize>,
    weights: Option<Vec<T>>,
    offset: Option<DMatrix<T>>,
}

impl<T: Real> Data<T> {
    fn new(shape: (usize, usize), classes: usize, (weighted, shifted): (bool, bool), seed: u64) -> Self {
        let (x, y) = rows::<T>(shape, classes, seed);
        let (columns, mut rng) = (if classes == 2 { 1 } else { classes }, Rng::new(seed + 1));
        let offset = DMatrix::from_fn(shape.0, columns, |_, _| T::of(0.3 * rng.standard_normal()));
        let weights = weighted.then(|| weights(shape.0));
        Data { x, y, weights, offset: shifted.then_some(offset) }
    }

    fn part(&self, range: Range<usize>) -> LabelledRows<'_, T, usize> {
        let mut part =
            LabelledRows::new(self.x.rows(range.start, range.len()), &self.y[range.clone()]).unwrap();
        if let Some(weights) = &self.weights {
            part = part.weights(&weights[range.clone()]).unwrap();
        }
        if let Some(offset) = &self.offset {
            part = part.offset(offset.rows(range.start, range.len())).unwrap();
        }
        part
    }

    /// The rows, cut at these places.
    fn cut(&self, cuts: &[usize]) -> Vec<LabelledRows<'_, T, usize>> {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (self.y.len() + 1)).collect();
        ends.push(self.y.len());
        ends.sort_unstable();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(&ends).map(|(start, &end)| self.part(start..end)).collect()
    }

    fn in_memory(&self, config: &LogisticRegression) -> Result<FittedLogistic<T, usize>, Error> {
        let mut options = FitOptions::new();
        if let Some(weights) = &self.weights {
            options = options.weights(weights);
        }
        if let Some(offset) = &self.offset {
            options = options.offset(offset);
        }
        config.fit_with(&self.x, &self.y, options)
    }

    /// Checks that the fit has the same bits, wherever the rows come from.
    fn check(&self, config: &LogisticRegression, cuts: &[usize]) -> FittedLogistic<T, usize> {
        let wanted = self.in_memory(config).unwrap();
        let text = format!("{wanted:?}");
        let chain = Chain::new(self.cut(cuts)).unwrap();
        for threads in [1, 2, 3] {
            let found = with_threads(threads, || config.fit_source(&chain)).unwrap();
            assert_eq!(format!("{found:?}"), text, "{threads} threads, cut at {cuts:?}");
        }
        let parts = self.cut(cuts);
        let found = ranks(parts.len(), |own| config.fit_ranks(&parts[own.rank()], own)).unwrap();
        for (rank, model) in found.into_iter().enumerate() {
            assert_eq!(format!("{:?}", model.unwrap()), text, "rank {rank}, cut at {cuts:?}");
        }
        wanted
    }
}

fn config(penalty: Penalty, solver: Solver) -> LogisticRegression {
    LogisticRegression::new(penalty).solver(solver)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bits_do_not_depend_on_the_place_of_the_rows(
        shape in (5usize..6000, 1usize..8), classes in 2usize..5, weighted: bool, shifted: bool,
        solver in prop_oneof![
            Just(Solver::Auto), Just(Solver::Newton), Just(Solver::NewtonCg), Just(Solver::Lbfgs),
        ],
        penalty in prop_oneof![Just(Penalty::None), Just(Penalty::c(1.0)), Just(Penalty::l2(1e-3))],
        balanced: bool, cuts in prop::collection::vec(any::<usize>(), 1..4), seed in 0u64..1000,
    ) {
        let mut config = config(penalty, solver);
        if balanced {
            config = config.class_weight(ClassWeight::Balanced);
        }
        Data::<f64>::new(shape, classes, (weighted, shifted), seed).check(&config, &cuts);
        if penalty != Penalty::None {
            Data::<f32>::new(shape, classes, (weighted, shifted), seed).check(&config, &cuts);
        }
    }
}

#[test]
fn the_lasso_the_gap_and_jeffreys_prior_have_the_same_bits() {
    for (weighted, shifted) in [(false, false), (true, true)] {
        let data = Data::<f64>::new((3000, 6), 3, (weighted, shifted), 1);
        data.check(&config(Penalty::l1(0.01), Solver::Auto), &[1000, 2100]);
        data.check(&config(Penalty::elastic_net(0.01, 0.5), Solver::Auto).gap_tolerance(1e-7), &[1, 1500]);
        data.check(&config(Penalty::l2(0.1), Solver::Lbfgs).gap_tolerance(1e-7), &[700]);
        data.check(&config(Penalty::Jeffreys, Solver::Auto), &[1024, 2048]);
    }
}

/// Long leaves, several of them for each rank, and columns that are far away, dependent and constant.
#[test]
fn many_rows_and_awkward_columns_have_the_same_bits() {
    let mut data = Data::<f64>::new((30_000, 12), 2, (true, false), 2);
    for row in 0..30_000 {
        data.x[(row, 1)] += 1e6;
        data.x[(row, 2)] = 7.0;
        data.x[(row, 4)] = data.x[(row, 0)] - 2.0 * data.x[(row, 3)];
    }
    for penalty in [Penalty::None, Penalty::l2(1e-4)] {
        let model = data.check(&config(penalty, Solver::Auto), &[4096, 9000, 22_222]);
        assert_eq!(model.report().constant_columns, [2]);
    }
    data.check(&config(Penalty::l2(1e-4), Solver::Lbfgs), &[12_345]);
    // Blocks of the search for a separating direction lie on two ranks.
    let wide = Data::<f64>::new((3900, 17), 2, (true, false), 4);
    wide.check(&config(Penalty::None, Solver::Auto), &[1950]);
    Data::<f64>::new((100_000, 2), 20, (false, false), 3)
        .check(&config(Penalty::l2(1e-3), Solver::Auto), &[70_000]);
    Data::<f32>::new((20_000, 300), 2, (false, false), 3)
        .check(&config(Penalty::l2(1e-3), Solver::NewtonCg), &[9999]);
}

/// Complete and quasi-complete separation, by one column, by all of them, and beside penalised columns.
#[test]
fn separating_directions_have_the_same_bits() {
    for (weighted, classes) in [(false, 2), (true, 2), (false, 3)] {
        let mut data = Data::<f64>::new((2000, 4), classes, (weighted, false), 4);
        let plane = |row: usize, data: &Data<f64>| data.x[(row, 1)] + data.x[(row, 2)] - data.x[(row, 3)];
        for row in 0..2000 {
            let (class, shift) = (data.y[row] as f64, plane(row, &data));
            data.x[(row, 1)] += 3.0 * class - shift + 0.1 * (shift.sin() - 1.0);
        }
        let unpenalised = config(Penalty::None, Solver::Auto);
        let model = data.check(&unpenalised, &[777, 1500]);
        assert_eq!(model.report().stop, StopReason::Separated);
        assert!(model.separation().is_some());
        data.check(&unpenalised.clone().on_separation(Penalty::l2(0.1)), &[777, 1500]);
        let factors = config(Penalty::l2(0.1), Solver::Auto).penalty_factors(vec![1.0, 0.0, 0.0, 0.0]);
        let model = data.check(&factors, &[1999]);
        assert_eq!(model.report().stop, StopReason::Separated);
        // A few rows overlap.
        for row in 0..3 {
            data.y[row] = (data.y[row] + 1) % classes;
        }
        data.check(&unpenalised, &[500, 1000]);
        data.check(&factors, &[500]);
    }
}

/// Some ranks have few rows, none, or lack a class.
#[test]
fn ranks_may_have_any_rows() {
    let mut data = Data::<f64>::new((600, 3), 3, (false, false), 5);
    data.y[..300].iter_mut().for_each(|class| *class %= 2);
    let config = config(Penalty::c(1.0), Solver::Auto);
    data.check(&config, &[0, 0, 1, 600]);
    data.check(&config, &[300, 301, 599]);
    let alone = config.fit_ranks(&data.part(0..600), &Alone).unwrap();
    assert_eq!(alone, data.in_memory(&config).unwrap());
}

/// A source that is not in memory, with a fault in some pass.
struct Faulty<'a, F> {
    rows: LabelledRows<'a, f64, usize>,
    reads: AtomicUsize,
    fault: F,
}

impl<'a, F: Fn(usize, &mut RowBlock<f64, usize>) -> Result<(), Box<dyn StdError + Send + Sync>> + Sync>
    Faulty<'a, F>
{
    fn new(rows: LabelledRows<'a, f64, usize>, fault: F) -> Self {
        Faulty { rows, reads: AtomicUsize::new(0), fault }
    }
}

impl<F: Fn(usize, &mut RowBlock<f64, usize>) -> Result<(), Box<dyn StdError + Send + Sync>> + Sync>
    RowSource<f64> for Faulty<'_, F>
{
    type Label = usize;

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn columns(&self) -> usize {
        self.rows.columns()
    }

    fn read(
        &self,
        rows: Range<usize>,
        block: &mut RowBlock<f64, usize>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.rows.read(rows, block)?;
        (self.fault)(self.reads.fetch_add(1, Ordering::Relaxed), block)
    }
}

type Fault = fn(&mut RowBlock<f64, usize>) -> Result<(), Box<dyn StdError + Send + Sync>>;

/// Faults of a read, and what the error says.
const FAULTS: [(Fault, &str); 5] = [
    (|_| Err("the disk is gone".into()), "the disk is gone"),
    (|_| panic!("not my day"), "not my day"),
    (
        |block| {
            block.x_mut()[(3, 1)] = f64::NAN;
            Ok(())
        },
        "column 1",
    ),
    (
        |block| {
            block.labels_mut()[2] = 99;
            Ok(())
        },
        "99",
    ),
    (
        |block| {
            block.labels_mut().pop();
            Ok(())
        },
        "labels",
    ),
];

/// In whatever pass and wherever in it, with every solver: the fit ends with the error, on every rank.
#[test]
fn a_source_that_fails_midway_ends_the_fit() {
    let data = Data::<f64>::new((40_000, 3), 2, (false, false), 6);
    let methods = [
        config(Penalty::None, Solver::Newton),
        config(Penalty::l2(0.01), Solver::Lbfgs),
        config(Penalty::None, Solver::NewtonCg),
        config(Penalty::l1(0.01), Solver::Auto),
        config(Penalty::l2(0.01), Solver::Newton).gap_tolerance(1e-9),
        config(Penalty::Jeffreys, Solver::Auto),
    ];
    for (method, config) in methods.iter().enumerate() {
        let good = Faulty::new(data.part(0..40_000), |_, _| Ok(()));
        config.fit_source(&good).unwrap();
        let reads = good.reads.into_inner();
        for (at, (fault, wanted)) in FAULTS.into_iter().enumerate() {
            for tenth in [0, 3, 6, 9] {
                let bad = (reads * tenth / 10 + at + method).min(reads - 1);
                // A new label in the first pass is a class.
                if wanted == "99" && tenth == 0 {
                    continue;
                }
                let source =
                    Faulty::new(
                        data.part(0..40_000),
                        |read, block: &mut RowBlock<f64, usize>| {
                            if read == bad { fault(block) } else { Ok(()) }
                        },
                    );
                for threads in [1, 3] {
                    source.reads.store(0, Ordering::Relaxed);
                    let error = with_threads(threads, || config.fit_source(&source)).unwrap_err();
                    assert!(error.to_string().contains(wanted), "read {bad} of {reads}: {error}");
                }
            }
        }
    }
}

#[test]
fn the_failure_of_a_rank_ends_the_fit_on_all_ranks() {
    let data = Data::<f64>::new((40_000, 3), 2, (false, false), 7);
    let config = config(Penalty::None, Solver::Newton);
    for (fault, wanted) in FAULTS {
        for bad in [0, 2, 5, 9] {
            if wanted == "99" && bad == 0 {
                continue;
            }
            let errors = ranks(3, |own| {
                let part = data.part([0..20_000, 20_000..31_000, 31_000..40_000][own.rank()].clone());
                let source =
                    Faulty::new(
                        part,
                        |read, block: &mut RowBlock<f64, usize>| {
                            if own.rank() == 1 && read == bad { fault(block) } else { Ok(()) }
                        },
                    );
                config.fit_ranks(&source, own).unwrap_err()
            });
            let errors = errors.unwrap();
            assert!(errors.iter().all(|error| error.to_string().contains(wanted)), "{errors:?}");
            for rank in [0, 2] {
                assert!(matches!(&errors[rank], Error::RankFailed { rank: 1, .. }), "{errors:?}");
            }
        }
    }
}

/// A rank that ends without a word.
#[test]
fn a_rank_that_leaves_is_missed() {
    let data = Data::<f64>::new((2000, 3), 2, (false, false), 8);
    let config = config(Penalty::c(1.0), Solver::Auto);
    let errors = ranks(3, |own| {
        let rank = own.rank();
        (rank != 2).then(|| config.fit_ranks(&data.part(700 * rank..700 * (rank + 1)), own).unwrap_err())
    });
    assert_eq!(errors.unwrap(), [Some(Error::RankLeft { rank: 2 }), Some(Error::RankLeft { rank: 2 }), None]);
}

#[test]
fn ranks_agree_on_their_columns() {
    let (data, narrow) =
        (Data::<f64>::new((50, 3), 2, (false, false), 9), Data::<f64>::new((50, 2), 2, (false, false), 9));
    let config = config(Penalty::c(1.0), Solver::Auto);
    let errors = ranks(2, |own| {
        let of = if own.rank() == 0 { &data } else { &narrow };
        config.fit_ranks(&of.part(0..50), own).unwrap_err().to_string()
    });
    let wanted = "rank 1 failed: its rows have 2 columns, and those of rank 0 have 3: the rows of all ranks must have the \
                  same columns";
    assert_eq!(errors.unwrap(), [wanted, wanted]);
}

/// The observer of one rank ends the fit of all.
#[test]
fn observers_end_fits_to_sources() {
    let data = Data::<f64>::new((3000, 3), 2, (false, false), 10);
    let config = config(Penalty::l2(1e-6), Solver::Newton);
    let chain = Chain::new(data.cut(&[100, 2000])).unwrap();
    let mut stop = |progress: &logit::report::Progress| match progress.iteration {
        0 | 1 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let model = config.fit_source_with(&chain, SourceOptions::new().observer(&mut stop)).unwrap();
    assert_eq!((model.report().stop, model.report().iterations), (StopReason::Cancelled, 2));
    let models = ranks(2, |own| {
        let mut stop = |progress: &logit::report::Progress| match (own.rank(), progress.iteration) {
            (1, 2) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let rows = [0..1000, 1000..3000][own.rank()].clone();
        config.fit_ranks_with(&data.part(rows), own, SourceOptions::new().observer(&mut stop)).unwrap()
    });
    for found in models.unwrap() {
        assert_eq!(format!("{found:?}"), format!("{model:?}"));
    }
}

#[test]
fn sources_without_rows_columns_or_classes_are_refused() {
    let none = DMatrix::<f64>::zeros(0, 2);
    let config = config(Penalty::c(1.0), Solver::Auto);
    let nothing = Chain::new(vec![LabelledRows::new(&none, &[] as &[u8]).unwrap()]).unwrap();
    assert_eq!(config.fit_source(&nothing), Err(Error::Empty { argument: "x", axis: "rows" }));
    let x = DMatrix::<f64>::zeros(3, 2);
    let same = Chain::new(vec![LabelledRows::new(&x, &[4, 4, 4]).unwrap()]).unwrap();
    assert_eq!(config.fit_source(&same), Err(Error::OneClass { label: "4".into() }));
    let offset = DMatrix::zeros(3, 2);
    let shifted = LabelledRows::new(&x, &[4, 5, 4]).unwrap().offset(&offset).unwrap();
    let error = config.fit_source(&Chain::new(vec![shifted]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "`offset` has 2 columns, expected 1");
}

/// A source that claims sizes, one after another, and has no row after the first thousand.
struct Claims {
    rows: Vec<usize>,
    columns: Vec<usize>,
    names: Option<Vec<String>>,
    calls: [AtomicUsize; 2],
}

impl Claims {
    fn new(rows: &[usize], columns: &[usize]) -> Self {
        Claims { rows: rows.to_vec(), columns: columns.to_vec(), names: None, calls: Default::default() }
    }

    fn next(&self, claims: &[usize], calls: &AtomicUsize) -> usize {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        *claims.get(call).or(claims.last()).expect("a claim")
    }
}

impl RowSource<f64> for Claims {
    type Label = bool;

    fn rows(&self) -> usize {
        self.next(&self.rows, &self.calls[0])
    }

    fn columns(&self) -> usize {
        self.next(&self.columns, &self.calls[1])
    }

    fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    fn read(
        &self,
        rows: Range<usize>,
        block: &mut RowBlock<f64, bool>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if rows.start > 1000 {
            return Err("no such row".into());
        }
        for (place, row) in rows.enumerate() {
            (0..block.columns()).for_each(|j| block.x_mut()[(place, j)] = (row * (j + 3) % 7) as f64);
            block.labels_mut().push(row % 3 == 0);
        }
        Ok(())
    }
}

/// Typed errors for sizes that cannot be, on one rank and on two. Nothing is reserved for them.
#[test]
fn sizes_that_cannot_be_are_refused() {
    let fits = |claims: &Claims| {
        let config = config(Penalty::l2(0.1), Solver::Auto);
        let alone = config.fit_source(claims).unwrap_err();
        claims.calls.iter().for_each(|calls| calls.store(0, Ordering::Relaxed));
        let beside = ranks(2, |own| {
            let other = Claims::new(&[100], &[2]);
            config.fit_ranks(if own.rank() == 0 { claims } else { &other }, own).unwrap_err()
        });
        [alone.to_string(), beside.unwrap()[0].to_string()]
    };
    let wide = Claims::new(&[10], &[usize::MAX / 2]);
    assert!(fits(&wide).iter().all(|error| error.contains("the blocks of rows")), "{:?}", fits(&wide));
    for rows in [usize::MAX, usize::MAX / 2] {
        let [alone, beside] = fits(&Claims::new(&[rows], &[2]));
        assert!(alone.contains("`rows`") || alone.contains("no such row"), "{alone}");
        assert!(beside.contains("no such row"), "{beside}");
    }
    for columns in [&[2, 2, 3][..], &[2, 2, 2, 2, 2, 3]] {
        let [alone, _] = fits(&Claims::new(&[900], columns));
        assert!(alone.contains("column"), "{alone}");
    }
    let named = Claims { names: Some(vec!["a".to_owned()]), ..Claims::new(&[10], &[2]) };
    assert_eq!(fits(&named), ["`names` has 1 entry, expected 2"; 2]);
    // The number of rows is asked for once.
    let config = config(Penalty::l2(0.1), Solver::Auto);
    let growing = config.fit_source(&Claims::new(&[900, usize::MAX], &[2])).unwrap();
    assert_eq!(growing, config.fit_source(&Claims::new(&[900], &[2])).unwrap());
}

/// Ranks that do not fit the same model, and messages that are not whole.
#[test]
fn ranks_that_differ_are_told_so() {
    let data = Data::<f64>::new((5000, 3), 2, (false, false), 11);
    let mut weighted = Data::<f64>::new((5000, 3), 2, (true, true), 11);
    let plain = config(Penalty::l2(0.1), Solver::Auto);
    let fits = |other: &Data<f64>, config: &LogisticRegression| {
        let errors = ranks(2, |own| match own.rank() {
            0 => plain.fit_ranks(&data.part(0..5000), own).unwrap_err().to_string(),
            _ => config.fit_ranks(&other.part(0..5000), own).unwrap_err().to_string(),
        });
        let [first, second] = errors.unwrap().try_into().unwrap();
        assert_eq!(first, second);
        first
    };
    let same = "use the same on all ranks";
    assert!(fits(&data, &plain.clone().gap_tolerance(1e-6)).contains(same));
    assert!(fits(&data, &plain.clone().max_iterations(3)).contains(same));
    assert!(fits(&weighted, &plain).contains("have weights, and those of rank 0 have none"));
    weighted.weights = None;
    assert!(fits(&weighted, &plain).contains("1 columns of offsets, and those of rank 0 have 0"));
    let threads = ranks(2, |own| {
        let config = plain.clone().threads(1 + own.rank());
        config.fit_ranks(&data.part(2500 * own.rank()..2500 * (own.rank() + 1)), own).unwrap()
    });
    assert!(threads.unwrap().iter().all(|model| *model == data.in_memory(&plain).unwrap()));
}

/// An exchange whose messages are changed on their way, from one call on.
struct Changed<'a> {
    exchange: &'a dyn Exchange,
    calls: AtomicUsize,
    from: usize,
    change: fn(&mut Vec<Vec<u8>>),
}

impl Exchange for Changed<'_> {
    fn rank(&self) -> usize {
        self.exchange.rank()
    }

    fn ranks(&self) -> usize {
        self.exchange.ranks()
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut messages = self.exchange.gather(own)?;
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.from {
            (self.change)(&mut messages);
        }
        Ok(messages)
    }
}

#[test]
fn messages_that_were_changed_are_errors() {
    let data = Data::<f64>::new((9000, 3), 2, (false, false), 12);
    let config = config(Penalty::None, Solver::Newton);
    let changes: [fn(&mut Vec<Vec<u8>>); 5] = [
        |messages| messages.truncate(1),
        |messages| messages.iter_mut().for_each(|message| message.truncate(message.len() / 2)),
        |messages| messages.iter_mut().for_each(|message| message.fill(0xff)),
        // No leaves of the last rank.
        |messages| messages[1] = vec![0; 9],
        |_| panic!("the cable is cut"),
    ];
    for change in changes {
        for from in [0, 1, 3, 8, 15] {
            let fits = ranks(2, |own| {
                let exchange = Changed { exchange: own, calls: AtomicUsize::new(0), from, change };
                config.fit_ranks(&data.part(4500 * own.rank()..4500 * (own.rank() + 1)), &exchange)
            });
            fits.unwrap().into_iter().for_each(|fit| drop(fit.unwrap_err()));
        }
    }
    struct Lost;
    impl Exchange for Lost {
        fn rank(&self) -> usize {
            5
        }

        fn ranks(&self) -> usize {
            2
        }

        fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
            Ok(vec![own.to_vec(); 2])
        }
    }
    let error = config.fit_ranks(&data.part(0..100), &Lost).unwrap_err();
    assert!(error.to_string().contains("below the number of ranks"), "{error}");
}

/// A source that asks the pool for threads, while all of them wait for its rows.
#[cfg(feature = "rayon")]
#[test]
fn a_source_may_use_rayon() {
    let data = Data::<f64>::new((200_000, 3), 2, (false, false), 13);
    let source = Faulty::new(data.part(0..200_000), |_, _: &mut RowBlock<f64, usize>| {
        assert_eq!(rayon::join(|| 1, || 2), (1, 2));
        Ok(())
    });
    config(Penalty::c(1.0), Solver::Newton).threads(64).fit_source(&source).unwrap();
}

/// All weights are zero.
#[test]
fn weights_that_are_all_zero_are_refused_alike() {
    let mut data = Data::<f64>::new((50, 2), 2, (true, false), 14);
    data.weights = Some(vec![0.0; 50]);
    let config = config(Penalty::c(1.0), Solver::Auto);
    let wanted = data.in_memory(&config).unwrap_err();
    assert_eq!(config.fit_source(&Chain::new(data.cut(&[20])).unwrap()).unwrap_err(), wanted);
    let fits =
        ranks(2, |own| config.fit_ranks(&data.part(25 * own.rank()..25 * own.rank() + 25), own).unwrap_err());
    assert_eq!(fits.unwrap(), [wanted.clone(), wanted]);
}

/// Settings that no rows can make right are refused before a row is read.
#[test]
fn settings_are_checked_before_the_rows_are_read() {
    let data = Data::<f64>::new((50, 3), 2, (false, false), 15);
    let source = Faulty::new(data.part(0..50), |_, _| Err("a row is read".into()));
    let plain = config(Penalty::l2(0.1), Solver::Auto);
    for config in [
        plain.clone().tolerance(-1.0),
        plain.clone().gap_tolerance(0.0),
        LogisticRegression::new(Penalty::l2(-1.0)),
        plain.penalty_factors(vec![1.0; 2]),
    ] {
        let error = config.fit_source(&source).unwrap_err().to_string();
        assert!(!error.contains("a row is read"), "{error}");
    }
}
