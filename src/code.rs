//! The codes of the doctor's findings.

use std::fmt;

/// Defines the codes with their identifiers and titles.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident($id:literal, $title:literal),)*) => {
        /// The kind of a finding: what went wrong in training, or in the data, or at prediction.
        ///
        /// Each code has a page in `docs/doctor.md` with the symptom, a program that provokes it, and the
        /// cure.
        ///
        /// ```
        /// use logit::doctor::Code;
        ///
        /// let code = Code::LearningRateTooSmall;
        /// assert_eq!(code.to_string(), "[D09] learning rate too small");
        /// assert_eq!(Code::from_id("D09"), Some(code));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All codes, in the order of their identifiers.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// Returns the identifier, such as "D09".
            pub fn id(self) -> &'static str {
                match self {
                    $(Code::$variant => $id,)*
                }
            }

            /// Returns the title, such as "learning rate too small".
            pub fn title(self) -> &'static str {
                match self {
                    $(Code::$variant => $title,)*
                }
            }
        }
    };
}

codes! {
    /// The loss is no better than that of the best constant predictor, and predictions hardly depend on the
    /// input.
    ConstantPredictor("D01", "the model predicts the class frequencies for every input"),
    /// Predictions depend on the input, but are no better than the class frequencies.
    NoSkill("D02", "the model is no better than the class frequencies"),
    /// A gradient written by hand is not the derivative of the loss.
    GradientMismatch("D03", "the gradient is not the derivative of the loss"),
    /// The labels are coded for another loss.
    LabelCoding("D04", "the labels do not suit the loss"),
    /// The units of a hidden layer start identical, and so stay one unit.
    SymmetricUnits("D05", "the units of a hidden layer are identical"),
    /// The initial weights are too large, too small, or of one sign.
    PoorInitialization("D06", "the initial weights prevent learning"),
    /// Columns of very different size slow training down or make it diverge.
    UnscaledColumns("D07", "the columns have very different scales"),
    /// The learning rate is so large that the loss does not fall.
    LearningRateTooLarge("D08", "learning rate too large"),
    /// The learning rate is so small that the weights hardly move.
    LearningRateTooSmall("D09", "learning rate too small"),
    /// A number became infinite or NaN, or the data contains one.
    NotFinite("D10", "a number is not finite"),
    /// Units of a hidden layer have the output 0 for every row, so they have no gradient.
    DeadUnits("D11", "units of a hidden layer are dead"),
    /// Units of a hidden layer are at the ends of their range, where the gradient is close to 0.
    SaturatedUnits("D12", "units of a hidden layer are saturated"),
    /// The gradient becomes smaller from layer to layer, so the first layers do not learn.
    VanishingGradient("D13", "the gradient vanishes in the first layers"),
    /// The last layer and the loss do not belong together, such as softmax applied twice.
    LossMismatch("D14", "the last layer does not suit the loss"),
    /// The model predicts the most frequent class for nearly every row.
    MajorityClass("D15", "the model predicts the most frequent class"),
    /// The classes are separable and there is no penalty, so the weights grow without end.
    Separable("D16", "the classes are separable and there is no penalty"),
    /// Training ended before it converged.
    NotConverged("D17", "training ended before it converged"),
    /// The model fits the training rows much better than the held-out rows.
    Overfitting("D18", "the model fits noise of the training rows"),
    /// Rows reach the model in another form at prediction than in training.
    ServingSkew("D19", "rows differ between training and prediction"),
    /// Columns are constant, or combinations of other columns.
    RedundantColumns("D20", "columns are constant or depend on others"),
    /// Rows with equal columns have different labels.
    ConflictingRows("D21", "equal rows have different labels"),
    /// There are too few rows, or too few rows of a class, to learn from or to judge by.
    TooFewRows("D22", "there are too few rows"),
    /// Batches, epochs or the order of rows leave too few useful steps.
    FewSteps("D23", "training takes too few useful steps"),
    /// The ranking of the rows is good, but the threshold of the decision is not.
    Threshold("D24", "the threshold is wrong, not the model"),
    /// The probability of the decision is never reached, so there is no boundary to draw.
    LevelNotReached("D25", "no row reaches the level of the decision"),
    /// The penalty is so large that it prevents learning.
    TooMuchPenalty("D26", "the penalty is too large"),
    /// A column alone gives the label away.
    LeakedTarget("D27", "a column gives the label away"),
    /// The network is too small for the boundary between the classes.
    SmallNetwork("D28", "the network is too small"),
    /// One class has most of the rows, so a high accuracy may mean little.
    UnevenClasses("D29", "one class has most of the rows"),
    /// Rows to test on are also rows to train on.
    SharedRows("D30", "test rows are also training rows"),
}

impl Code {
    /// Returns the code with this identifier, or `None` if there is none.
    pub fn from_id(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// Returns where to read about the code.
    pub(crate) fn see(self) -> String {
        format!("see {} in docs/doctor.md", self.id())
    }

    /// Returns the place of the code's page, below the root of the project.
    pub fn page(self) -> String {
        format!("docs/doctor.md#{}", self.id().to_lowercase())
    }
}

/// Serialised as the identifier.
#[cfg(feature = "serde")]
impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::{Error, Unexpected};
        let id = String::deserialize(deserializer)?;
        let unknown =
            || D::Error::invalid_value(Unexpected::Str(&id), &"the code of a finding, such as \"D09\"");
        Code::from_id(&id).ok_or_else(unknown)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.id(), self.title())
    }
}
