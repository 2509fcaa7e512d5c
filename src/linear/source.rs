//! Fits to rows that are read block by block, on one rank or on several.

use std::fmt;
use std::ops::ControlFlow;

use super::config::LogisticRegression;
use super::fit::{fit, fit_classes};
use super::fitted::FittedLogistic;
use super::rows::{TrainingRows, wide_leaf};
use super::sample::{Classes, score_columns};
use crate::check;
use crate::error::Error;
use crate::estimator::FitOptions;
use crate::label::{Label, several};
use crate::parallel::{Exchange, attempt};
use crate::persist::StoredLabel;
use crate::report::{Observer, Progress};
use crate::scalar::Real;
use crate::source::{Agreement, AlignedRows, Described, EncodedSource, RowSource, Stream, Width, labels};

/// Optional inputs to a fit to a source of rows: a progress observer.
#[derive(Default)]
#[non_exhaustive]
pub struct SourceOptions<'a> {
    /// Called after each iteration; may end the fit.
    pub observer: Option<&'a mut Observer<'a>>,
}

impl<'a> SourceOptions<'a> {
    /// Creates options without an observer.
    pub fn new() -> Self {
        SourceOptions { observer: None }
    }

    /// Sets an observer, which is called after each iteration and may end the fit. On several ranks, the fit ends on
    /// all of them if the observer of one ends it. Defaults to none.
    pub fn observer(mut self, observer: &'a mut Observer<'a>) -> Self {
        self.observer = Some(observer);
        self
    }
}

impl fmt::Debug for SourceOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceOptions").field("observer", &self.observer.is_some()).finish()
    }
}

impl LogisticRegression {
    /// Fits to rows that are read block by block. The model has the bits of a fit to the same rows in memory.
    ///
    /// Each iteration reads the rows one to three times. Finding the classes, measuring the columns and proving the
    /// result take some ten passes more. A thread reads the next rows while others compute. A source that has its rows
    /// in memory is fitted there.
    ///
    /// # Memory
    /// Some megabytes of rows for each thread. Solvers without a matrix, the duality gap and Jeffreys' penalty also keep
    /// some numbers for each row, and so does the search for a separating direction, if columns have no penalty.
    ///
    /// # Errors
    /// Returns the errors of [`fit`](crate::Estimator::fit) for rows in memory. Returns [`Error::Source`] if rows cannot
    /// be read, if the source panics [`Error::Panicked`], and the error of a bad entry, with its row in the source.
    ///
    /// # Examples
    /// ```
    /// use logit::prelude::*;
    /// use logit::source::{Chain, LabelledRows};
    /// use logit::{LogisticRegression, Penalty, data};
    ///
    /// let wine = data::wine();
    /// let (first, second) = (wine.x.rows(0, 100), wine.x.rows(100, 78));
    /// let parts = vec![
    ///     LabelledRows::new(first, &wine.y[..100])?,
    ///     LabelledRows::new(second, &wine.y[100..])?,
    /// ];
    /// let config = LogisticRegression::new(Penalty::c(1.0));
    /// let model = config.fit_source(&Chain::new(parts)?)?;
    /// assert_eq!(model.coefficients(), config.fit(&wine.x, &wine.y)?.coefficients());
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn fit_source<T: Real, S: RowSource<T> + ?Sized>(
        &self,
        source: &S,
    ) -> Result<FittedLogistic<T, S::Label>, Error> {
        self.fit_source_with(source, SourceOptions::new())
    }

    /// Fits like [`fit_source`](Self::fit_source), with options.
    ///
    /// # Errors
    /// Returns the errors of [`fit_source`](Self::fit_source).
    pub fn fit_source_with<T: Real, S: RowSource<T> + ?Sized>(
        &self,
        source: &S,
        options: SourceOptions<'_>,
    ) -> Result<FittedLogistic<T, S::Label>, Error> {
        if let Some(rows) = attempt("the source of the rows", || Ok(source.in_memory()))? {
            let (weights, offset) = (rows.row_weights(), rows.row_offsets());
            let mut observer = options.observer;
            let observer: Option<&mut Observer<'_>> = match &mut observer {
                Some(observer) => Some(&mut **observer),
                None => None,
            };
            let options = FitOptions { weights, offset, observer, ..FitOptions::default() };
            return fit(self, rows.x(), rows.y(), options, None);
        }
        self.threads.run(|| {
            let described = described::<T, S>(self, source)?;
            let Described { rows, width, names } = described;
            check_rows(rows)?;
            let classes = classes_of(labels(source, described)?.into_iter().collect(), width)?;
            let encoded = EncodedSource::new(source, &classes, width);
            let stream = Stream::new(&encoded, rows, (width, classes.len()), names);
            fit_stream(self, stream, classes.clone(), options)
        })
    }

    /// Fits one model to the rows of several ranks, in order of rank. Each rank returns the same model, with the bits
    /// of a fit to all rows in memory.
    ///
    /// All ranks call it with the same settings; only the threads may differ. A rank may lack a class, or have no rows,
    /// but its source has the columns of the others. Labels are those that can be stored in files (`bool`, `char`,
    /// integers, `String`, and types that implement [`StoredLabel`]), because ranks tell each other theirs.
    ///
    /// # Performance
    /// The work is shared as the rows are, but some thousand rows that follow one another are summed by one rank, so each
    /// rank should have many times as many. Ranks exchange their sums in each pass, and rows only if columns have no
    /// penalty and the fit does not prove that an optimum exists.
    ///
    /// # Errors
    /// Returns the errors of [`fit_source`](Self::fit_source), [`Error::RankFailed`] if another rank fails, and the
    /// errors of the exchange.
    ///
    /// # Examples
    /// ```
    /// use logit::parallel::{Exchange, ranks};
    /// use logit::prelude::*;
    /// use logit::source::LabelledRows;
    /// use logit::{LogisticRegression, Penalty, data};
    ///
    /// let wine = data::wine();
    /// let config = LogisticRegression::new(Penalty::c(1.0));
    /// let models = ranks(2, |own| {
    ///     let rows = if own.rank() == 0 { 0..100 } else { 100..178 };
    ///     let x = wine.x.rows(rows.start, rows.len());
    ///     config.fit_ranks(&LabelledRows::new(x, &wine.y[rows])?, own)
    /// })?;
    /// let whole = config.fit(&wine.x, &wine.y)?;
    /// for model in models {
    ///     assert_eq!(model?.coefficients(), whole.coefficients());
    /// }
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn fit_ranks<T: Real, S: RowSource<T> + ?Sized>(
        &self,
        source: &S,
        exchange: &dyn Exchange,
    ) -> Result<FittedLogistic<T, S::Label>, Error>
    where
        S::Label: StoredLabel,
    {
        self.fit_ranks_with(source, exchange, SourceOptions::new())
    }

    /// Fits like [`fit_ranks`](Self::fit_ranks), with options.
    ///
    /// # Errors
    /// Returns the errors of [`fit_ranks`](Self::fit_ranks).
    pub fn fit_ranks_with<T: Real, S: RowSource<T> + ?Sized>(
        &self,
        source: &S,
        exchange: &dyn Exchange,
        options: SourceOptions<'_>,
    ) -> Result<FittedLogistic<T, S::Label>, Error>
    where
        S::Label: StoredLabel,
    {
        self.threads.run(|| {
            let described = described::<T, S>(self, source)
                .and_then(|described| labels(source, described).map(|labels| (described, labels)));
            let of_source = described.clone().map(|(described, _)| described);
            let agreement = Agreement::new(settings::<T>(self), described, exchange)?;
            let Described { width, names, .. } = of_source?;
            let rows = agreement.count();
            check_rows(rows)?;
            let classes = classes_of(agreement.labels.clone(), width)?;
            let encoded = EncodedSource::new(source, &classes, width);
            let leaf = wide_leaf::<T>(width.columns);
            let aligned = AlignedRows::new(&encoded, &agreement, (leaf, width), exchange)?;
            let stream =
                Stream::new(&aligned, rows, (width, classes.len()), names).among(aligned.own(), exchange);
            fit_stream(self, stream, classes.clone(), options)
        })
    }
}

/// Asks a source about its rows, and checks what can be checked without them.
fn described<'a, T: Real, S: RowSource<T> + ?Sized>(
    config: &LogisticRegression,
    source: &'a S,
) -> Result<Described<'a>, Error> {
    let described = Described::of(source)?;
    check_width::<T>(described.width, described.names)?;
    config.check::<T>(described.width.columns).map(|()| described)
}

/// Returns the settings of a fit as text. Ranks may differ in their threads.
fn settings<T: Real>(config: &LogisticRegression) -> String {
    format!("{:?}, epsilon {:e}", config.clone().threads(1), T::EPSILON.as_f64())
}

/// Returns the classes if there are at least two.
fn classes_of<L: Label>(labels: Vec<L>, width: Width) -> Result<Vec<L>, Error> {
    if labels.is_empty() && width.weighted {
        return Err(Error::InvalidWeightSum { sum: 0.0 });
    }
    several(labels)
}

/// Checks the number of columns and of their names, and that there is memory for the blocks of a pass.
fn check_width<T: Real>(
    Width { columns, offsets, .. }: Width,
    names: Option<&[String]>,
) -> Result<(), Error> {
    if columns == 0 {
        return Err(Error::Empty { argument: "x", axis: "columns" });
    }
    names.map_or(Ok(()), |names| check::count("names", "entries", columns, names.len()))?;
    let numbers = columns.saturating_add(offsets).saturating_add(2);
    check::room::<T>("the blocks of rows", BLOCKS * wide_leaf::<T>(columns), numbers)
}

/// Checks the number of rows.
fn check_rows(rows: usize) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::Empty { argument: "x", axis: "rows" });
    }
    check::parameter("rows", rows as f64, rows <= isize::MAX as usize, "addressable")
}

/// The number of blocks that are in memory at a time, on two threads.
const BLOCKS: usize = 4;

/// Fits `config` to a stream of rows of known classes.
fn fit_stream<T: Real, L: Label>(
    config: &LogisticRegression,
    mut stream: Stream<'_, T>,
    classes: Vec<L>,
    options: SourceOptions<'_>,
) -> Result<FittedLogistic<T, L>, Error> {
    let (offsets, wanted) = (stream.width().offsets, score_columns(classes.len()));
    if offsets > 0 {
        check::count("offset", "columns", wanted, offsets)?;
    }
    let sums = || Ok(TrainingRows::of_stream(&stream)?.class_sums(classes.len()));
    let of_classes = config.class_weight.as_ref().map(|balance| balance.of_classes(&classes, sums));
    let weights = of_classes.transpose()?;
    stream.failure().map_or(Ok(()), Err)?;
    if let Some(weights) = &weights {
        stream.weigh(weights.clone());
    }
    let rows = TrainingRows::of_stream(&stream)?;
    let mut ignore = |_: &_| ControlFlow::Continue(());
    let observer: &mut Observer<'_> = match options.observer {
        Some(observer) => observer,
        None => &mut ignore,
    };
    let mut agreed = |progress: &Progress| {
        let own = observer(progress).is_break();
        if stream.agree(own) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let model = fit_classes(config, rows, Classes { labels: classes, weights }, None, &mut agreed);
    stream.failure().map_or(model, Err)
}
