//! The schema of a program: its data, and how rows reach the model later.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Data {
    pub(crate) source: Source,
    #[serde(default)]
    pub(crate) seed: u64,

    // Bundled data.
    pub(crate) name: Option<String>,
    pub(crate) classes_kept: Option<Vec<usize>>,
    pub(crate) columns_kept: Option<Vec<usize>>,
    pub(crate) positive_class: Option<usize>,
    pub(crate) rows: Option<usize>,

    // Generated data.
    pub(crate) kind: Option<Kind>,
    pub(crate) n: Option<usize>,
    pub(crate) d: Option<usize>,
    pub(crate) classes: Option<usize>,
    pub(crate) noise: Option<f64>,
    pub(crate) separation: Option<f64>,
    pub(crate) strength: Option<f64>,
    pub(crate) bias: Option<f64>,
    pub(crate) turns: Option<f64>,
    pub(crate) cells: Option<f64>,
    pub(crate) base: Option<f64>,
    pub(crate) hit: Option<f64>,
    /// Shares of the classes of generated data; shares of their rows that are kept of bundled data.
    pub(crate) imbalance: Option<Vec<f64>>,

    // Inline data.
    pub(crate) x: Option<Vec<Vec<f64>>>,
    pub(crate) y: Option<Vec<usize>>,

    pub(crate) operations: Option<Vec<Operation>>,
    #[serde(default)]
    pub(crate) split: Split,
    #[serde(default)]
    pub(crate) scaling: Scaling,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Bundled,
    Generated,
    Inline,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Gauss,
    Moons,
    Rings,
    Spiral,
    Checker,
    Wedge,
    Linear,
    Softlinear,
    Words,
    Pixels,
    Table,
    Noise,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Operation {
    #[serde(flatten)]
    pub(crate) change: Change,
    #[serde(default)]
    pub(crate) on: Part,
}

/// The rows that an operation applies to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    #[default]
    All,
    Train,
    Test,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Change {
    ScaleColumns {
        #[serde(default)]
        columns: Columns,
        #[serde(default = "one")]
        factor: f64,
        #[serde(default)]
        offset: f64,
    },
    DuplicateColumns {
        columns: Vec<usize>,
    },
    SumColumn {
        columns: Vec<usize>,
    },
    ConstantColumns {
        count: usize,
        #[serde(default = "one")]
        value: f64,
    },
    NoiseColumns {
        count: usize,
    },
    LeakColumn {
        #[serde(default)]
        noise: f64,
    },
    FlipLabels {
        share: f64,
    },
    DuplicateRows {
        count: usize,
        #[serde(default)]
        relabel: bool,
    },
    SortByLabel,
    ShuffleLabels,
    Round {
        #[serde(default = "one")]
        times: f64,
    },
    ZeroInputs,
    BadCells {
        count: usize,
        value: Bad,
    },
    KeepRows {
        count: usize,
    },
    KeepOneClass {
        class: usize,
    },
    RollLabels,
    PermuteColumns,
}

pub(crate) fn one() -> f64 {
    1.0
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bad {
    Nan,
    Inf,
}

/// A list of columns, or a word for all of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Columns {
    These(Vec<usize>),
    All(#[allow(dead_code, reason = "the word is \"all\"")] String),
}

impl Default for Columns {
    fn default() -> Self {
        Columns::All("all".to_owned())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Split {
    pub(crate) test_share: f64,
    pub(crate) seed: u64,
    /// The last rows are the test rows.
    pub(crate) ordered: bool,
    pub(crate) test_is_train: bool,
}

impl Default for Split {
    fn default() -> Self {
        Split { test_share: 0.3, seed: 1, ordered: false, test_is_train: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scaling {
    #[default]
    None,
    Standard,
    Minmax,
    /// Each row divided by its norm.
    Rows,
    Divide(f64),
}

/// How rows reach the fitted model later: a word, or a word with its settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Serving {
    Word(Path),
    Full(ServingPath),
}

impl Default for Serving {
    fn default() -> Self {
        Serving::Word(Path::Same)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServingPath {
    pub(crate) path: Path,
    #[serde(default)]
    pub(crate) columns: Vec<usize>,
    #[serde(default = "one")]
    pub(crate) factor: f64,
    #[serde(default)]
    pub(crate) column: usize,
    #[serde(default)]
    pub(crate) order: Option<Vec<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Path {
    Same,
    Raw,
    OwnStatistics,
    OwnStatisticsOfPart,
    RowNormalised,
    RowsAfterScaling,
    OverMax,
    ScaledTwice,
    NotCentred,
    PermutedColumns,
    OtherUnits,
    ColumnsZero,
    ColumnsMissingMean,
}

/// The grid of a picture of the boundary, and its level.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Plot {
    pub(crate) columns: [usize; 2],
    pub(crate) pad: f64,
    pub(crate) level: f64,
}

impl Default for Plot {
    fn default() -> Self {
        Plot { columns: [0, 1], pad: 0.1, level: 0.5 }
    }
}
