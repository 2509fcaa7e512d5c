//! The traits that most programs need: `use logit::prelude::*;`.
//!
//! ```
//! use logit::prelude::*;
//! use logit::{LogisticRegression, Penalty, data};
//!
//! let iris = data::iris();
//! let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
//! assert_eq!(model.predict(&iris.x)?[0], "setosa");
//! # Ok::<(), logit::Error>(())
//! ```

pub use crate::classifier::{Classifier, ClassifierExt};
pub use crate::estimator::Estimator;
pub use crate::layer::{Layer, Shape};
pub use crate::loss::Loss;
pub use crate::metric::Metric;
pub use crate::optim::Optimizer;
pub use crate::persist::Persist;
pub use crate::transformer::{Transform, TransformExt, Transformer};
