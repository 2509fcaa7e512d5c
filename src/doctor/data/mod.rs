//! The door before training: what is wrong with rows and labels.

mod classes;
mod columns;
mod conflicts;
mod equal;
mod evidence;
mod finite;
mod labels;
mod leaks;
mod lengths;
mod scaling;
mod separation;
mod split;
mod terms;

pub use split::examine_split;

use super::diagnosis::Diagnosis;
use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct};
use crate::rows::Rows;
use crate::scalar::Real;
pub(crate) use evidence::DataEvidence;
pub(crate) use scaling::Scaling;
pub(crate) use terms::Terms;

/// Looks for faults of the data, before anything is trained.
///
/// Looks at
/// - the labels: a quantity in place of classes, integers that do not count from 0, a single class, classes
///   with few rows, one class with most of the rows, rows that are sorted by label;
/// - the columns: numbers that are not finite, very different scales, columns that are constant, equal, or
///   combinations of others, a column that gives the label away;
/// - the rows: equal rows with different labels, with the best accuracy and the best loss that they allow;
///   rows that were divided by their lengths.
///
/// What must be changed is an error or a warning. What is only worth knowing is a remark, and a diagnosis of
/// remarks is [healthy](Diagnosis::is_healthy). Missing values (NaN) are an error, because only an
/// [`Imputer`](crate::Imputer) accepts them. The other findings are about the rows without missing values.
///
/// # Cost
/// Time is that of a few passes over `x`, of sorting its rows, and of n d² steps for combinations of columns.
/// These are not looked for if there are more than 256 columns, or no more rows than columns, or n d² is
/// above 4 x 10⁹. Scales are measured on at most 4096 rows. Memory is three numbers per row and a copy of at
/// most 4096 rows in `f64`; rows with missing values add a copy of the other rows.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] or [`Error::Transposed`] if the number of labels is not the number of
/// rows, and [`Error::Empty`] if there are no rows or no columns.
///
/// # Examples
/// ```
/// use logit::data;
/// use logit::doctor::{Code, examine_data};
///
/// let iris = data::iris();
/// assert!(examine_data(&iris, &iris.y)?.is_healthy());
///
/// // A column with the label: no model can be judged by these rows.
/// let mut leaky = iris.map_labels(|species| species == "setosa");
/// for (row, &setosa) in leaky.y.iter().enumerate() {
///     leaky.x[(row, 1)] = if setosa { 1.0 } else { 0.0 };
/// }
/// let diagnosis = examine_data(&leaky, &leaky.y)?;
/// assert_eq!(diagnosis.root().unwrap().code, Code::LeakedTarget);
/// println!("{diagnosis}");
/// # Ok::<(), logit::Error>(())
/// ```
pub fn examine_data<'a, T, L>(x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<Diagnosis, Error>
where
    T: Real + 'a,
    L: Label,
{
    let x = x.into();
    check_shape(x, y.len())?;
    let coded = Coded::new(y);
    let evidence = DataEvidence::measure(x, &coded.indices, coded.classes.len(), None);
    let name = |class: usize| coded.name(class);
    let mut findings = evidence.findings(&Terms::new(x.names(), &name));
    findings.extend(labels::findings(&coded.classes, evidence.counted()));
    Ok(Diagnosis::of_data(findings))
}

/// Checks that there are rows, columns, and one label per row.
fn check_shape<T: Real>(x: Rows<'_, T>, labels: usize) -> Result<(), Error> {
    for (axis, count) in [("rows", x.nrows()), ("columns", x.ncols())] {
        if count == 0 {
            return Err(Error::Empty { argument: "x", axis });
        }
    }
    check::labels(x, labels)
}

/// Labels as class indices. Unlike those of a fit, they may have a single class.
struct Coded<L> {
    classes: Vec<L>,
    indices: Vec<usize>,
}

impl<L: Label> Coded<L> {
    fn new(y: &[L]) -> Self {
        let classes = distinct(y.iter());
        let indices = y.iter().map(|label| classes.binary_search(label).unwrap_or(0)).collect();
        Coded { classes, indices }
    }

    fn name(&self, class: usize) -> String {
        self.classes.get(class).map_or_else(|| class.to_string(), terms::label)
    }
}
