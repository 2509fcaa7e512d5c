//! Decision boundaries as geometry: lines with exact points, in the units of the data, without a picture.
//!
//! | Question | Answer |
//! |---|---|
//! | Where is the probability of the second class 1/2, or another level? | [`contour`] |
//! | Where do two classes of several meet? | [`between`]; all of them: [`class_boundaries`] |
//! | And with more than two features? | the same for a [`Slice`] |
//! | Where exactly is the boundary of a linear model? | [`Hyperplane`] |
//! | How far is a row from the boundary? | [`Contour::nearest`], [`ClassBoundary::nearest`], [`Hyperplane::distances`] |
//! | And of values that are no classifier's? | [`contour_of_grid`] |
//!
//! # Exact points
//! A classifier is asked on a grid, and where neighbours are on different sides of the level a line passes between them. The
//! usual next step, interpolation, is off by as much as the classifier bends in a cell. Here each such point is found
//! by root finding on the log-odds, where the classifier is nearly straight: the probability at every vertex is the level
//! up to 1e-9, on a coarse grid too. A finer grid gives more vertices, not better ones.
//!
//! ```
//! use logit::boundary::{Bounds, contour};
//! use logit::nalgebra::DMatrix;
//! use logit::prelude::*;
//! use logit::{Activation, Lbfgs, MlpClassifier};
//!
//! let x = DMatrix::from_row_slice(4, 2, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
//! let y = [false, true, true, false];
//! let model = MlpClassifier::new([4]).activation(Activation::Tanh).optimizer(Lbfgs::new()).seed(1).fit(&x, &y)?;
//!
//! let boundary = contour(&model, 0.5, Bounds::around(&x, 0.5)?, 50)?;
//! for line in boundary.lines() {
//!     let points = DMatrix::from_fn(line.points.len(), 2, |row, axis| line.points[row][axis]);
//!     assert!(model.predict_proba(&points)?.column(1).iter().all(|p| (p - 0.5).abs() <= 1e-9));
//! }
//! let nearest = boundary.nearest(&model, [0.5, 0.5])?.unwrap();
//! assert!(nearest.distance < 1.0);
//! # Ok::<(), logit::Error>(())
//! ```
//!
//! # Lines
//! A [`Polyline`] is closed or ends on the frame (between two of several classes, also where a third begins). It has the
//! side that is above on its left: points where the probability is equal to the level count as below, as they do
//! in predictions. The same classifier and bounds give the same bits.
//!
//! # Where there is none
//! A level that is never reached is an answer: [`Contour::is_reached`] is `false`, and [`Contour::range`] says which
//! probabilities were seen.
//! ```
//! use logit::FittedLogistic;
//! use logit::boundary::{Bounds, contour};
//! use nalgebra::{dmatrix, dvector};
//!
//! let model = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 1.0], dvector![9.0])?;
//! let boundary = contour(&model, 0.5, Bounds::new((-2.0, 2.0), (-2.0, 2.0))?, 20)?;
//! assert!(!boundary.is_reached());
//! assert_eq!(boundary.to_string(), "the level 0.5 is never crossed: from 0.993307 to 0.999998 was seen");
//! # Ok::<(), logit::Error>(())
//! ```

mod beside;
mod bounds;
mod classes;
mod contour;
mod hyperplane;
mod marching;
mod nearest;
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
