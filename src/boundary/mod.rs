//! Decision boundaries as geometry: lines with exact points, in the units of the data, independent of any
//! plot.
//!
//! | Question | Answer |
//! |---|---|
//! | Where is the probability of the second class 1/2, or another level? | [`contour`] |
//! | Where do two of several classes meet? | [`between`]; for all pairs: [`class_boundaries`] |
//! | How does this work with more than two features? | Use the same functions on a [`Slice`] |
//! | Where exactly is the boundary of a linear model? | [`Hyperplane`] |
//! | How far is a row from the boundary? | [`Contour::nearest`], [`ClassBoundary::nearest`], [`Hyperplane::distances`] |
//! | Where do values that are not from a classifier cross a level? | [`contour_of_grid`] |
//!
//! # Exact points
//! The classifier is evaluated on a grid. Where neighbouring grid points are on different sides of the level,
//! a line passes between them. The usual next step, linear interpolation, is off by as much as the classifier
//! bends within a cell. Here each such point is found by root finding on the log-odds, where the classifier
//! is nearly linear. The probability at every vertex is the level up to 1e-9, even on a coarse grid. A finer
//! grid gives more vertices, not better ones.
//!
//! ```
//! use logit::boundary::{Bounds, contour};
//! use logit::nalgebra::DMatrix;
//! use logit::prelude::*;
//! use logit::{Activation, Lbfgs, MlpClassifier};
//!
//! let x = DMatrix::from_row_slice(4, 2, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
//! let y = [false, true, true, false];
//! let model = MlpClassifier::new([4])
//!     .activation(Activation::Tanh)
//!     .optimizer(Lbfgs::new())
//!     .seed(1)
//!     .fit(&x, &y)?;
//!
//! let boundary = contour(&model, 0.5, Bounds::around(&x, 0.5)?, 50)?;
//! for line in boundary.lines() {
//!     let points =
//!         DMatrix::from_fn(line.points.len(), 2, |row, axis| line.points[row][axis]);
//!     assert!(
//!         model
//!             .predict_proba(&points)?
//!             .column(1)
//!             .iter()
//!             .all(|p| (p - 0.5).abs() <= 1e-9)
//!     );
//! }
//! let nearest = boundary.nearest(&model, [0.5, 0.5])?.unwrap();
//! assert!(nearest.distance < 1.0);
//! # Ok::<(), logit::Error>(())
//! ```
//!
//! # Lines
//! A [`Polyline`] is closed or ends on the frame. A line between two of several classes may also end where a
//! third class begins. The side above the level is on the left of a line. Points with a probability equal to
//! the level count as below it, as in predictions. The same classifier and bounds give bitwise equal results.
//!
//! # Levels that are not reached
//! A level that is never reached is not an error: [`Contour::is_reached`] returns `false`, and
//! [`Contour::range`] returns the range of probabilities on the grid.
//! ```
//! use logit::FittedLogistic;
//! use logit::boundary::{Bounds, contour};
//! use nalgebra::{dmatrix, dvector};
//!
//! let model = FittedLogistic::from_coefficients(
//!     vec![0, 1],
//!     dmatrix![1.0; 1.0],
//!     dvector![9.0],
//! )?;
//! let boundary = contour(&model, 0.5, Bounds::new((-2.0, 2.0), (-2.0, 2.0))?, 20)?;
//! assert!(!boundary.is_reached());
//! assert_eq!(
//!     boundary.to_string(),
//!     "the level 0.5 is never crossed: values range from 0.993307 to 0.999998"
//! );
//! # Ok::<(), logit::Error>(())
//! ```

mod beside;
mod bounds;
mod classes;
mod contour;
mod hyperplane;
mod marching;
mod nearest;
mod neighbours;
mod polyline;
mod probe;
mod roots;
mod slice;
mod triple;

pub use bounds::Bounds;
pub use classes::{ClassBoundary, between, class_boundaries};
pub use contour::{Contour, contour, contour_of_grid};
pub use hyperplane::Hyperplane;
pub use nearest::Nearest;
pub use polyline::Polyline;
pub use slice::Slice;
