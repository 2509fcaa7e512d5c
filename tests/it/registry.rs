//! Registered types of other crates load like those of the crate, anywhere in a file.

use allocation_counter::measure;
use logit::decide::RejectOption;
use logit::nalgebra::{DMatrixViewMut, dmatrix};
use logit::persist::{Record, StoredLabel};
use logit::prelude::*;
use logit::preprocess::{Chain, TransformerOptions};
use logit::registry::{AnyTransform, Registry};
use logit::{
    AnyClassifier, Error, FitOptions, FittedPipeline, Label, ModelFile, OneVsRest, Pipeline, Rows, Scratch,
    StandardScaler,
};

use crate::persist::kit::rows;

/// A classifier of one number: the log-odds of the last class.
#[derive(Debug, Clone, PartialEq)]
struct Constant<L> {
    classes: Vec<L>,
    features: usize,
    score: f64,
}

impl<L: Label> Classifier<f64> for Constant<L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }
    fn features(&self) -> usize {
        self.features
    }
    fn scores_into(
        &self,
        _: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.fill(self.score);
        Ok(())
    }
    fn probabilities_into(
        &self,
        _: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        let p = 1.0 / (1.0 + (-self.score).exp());
        out.column_mut(0).fill(1.0 - p);
        out.column_mut(1).fill(p);
        Ok(())
    }
}

impl<L: StoredLabel> Persist for Constant<L> {
    type Scalar = f64;
    const KIND: &'static str = "constant";

    fn write_record(&self, record: Record) -> Record {
        let record = record.with_labels("classes", &self.classes);
        record.with_count("features", self.features).with_number("score", self.score)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let (classes, features) = (record.take_classes("classes")?, record.take_count("features")?);
        Ok(Constant { classes, features, score: record.take_number("score")? })
    }
}

/// Fits a [`Constant`].
struct Odds;

impl Estimator<f64> for Odds {
    type Fitted<L: Label> = Constant<L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, f64>,
        y: &[L],
        _: FitOptions<'_, f64>,
    ) -> Result<Constant<L>, Error> {
        let mut classes = y.to_vec();
        classes.sort();
        classes.dedup();
        let last = y.iter().filter(|label| Some(*label) == classes.last()).count() as f64;
        Ok(Constant { classes, features: x.ncols(), score: (last / (y.len() as f64 - last)).ln() })
    }
}

/// Twice the numbers.
#[derive(Debug, Clone, PartialEq)]
struct Doubled(usize);

impl Transformer<f64> for Doubled {
    type Fitted = Doubled;

    fn fit_rows(&self, x: Rows<'_, f64>, _: TransformerOptions<'_, f64>) -> Result<Doubled, Error> {
        Ok(Doubled(x.ncols()))
    }
}

impl Transform<f64> for Doubled {
    fn inputs(&self) -> usize {
        self.0
    }
    fn outputs(&self) -> usize {
        self.0
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.zip_apply(&*x, |out, v: f64| *out = 2.0 * v);
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

impl Persist for Doubled {
    type Scalar = f64;
    const KIND: &'static str = "doubled";

    fn write_record(&self, record: Record) -> Record {
        record.with_count("columns", self.0)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        record.take_count("columns").map(Doubled)
    }
}

fn registry() -> Registry {
    Registry::standard()
        .with_classifier::<Constant<String>>()
        .and_then(Registry::with_classifier::<Constant<bool>>)
        .and_then(Registry::with_transform::<Doubled>)
        .expect("free kinds")
}

fn text(y: &[usize]) -> Vec<String> {
    y.iter().map(|&class| if class == 2 { "yes" } else { "no" }.to_owned()).collect()
}

#[test]
fn registered_types_load_inside_pipelines_and_wrappers() {
    let (x, y) = rows::<f64>();
    let y = text(&y);
    let alone = Odds.fit(&x, &y).expect("a fit");
    let steps = (Doubled(4), (StandardScaler::new(), Doubled(4)));
    let pipeline = Pipeline::new(steps, Odds).fit(&x, &y).expect("a fit");
    let careful = RejectOption::new(pipeline.clone(), 0.5).expect("a wrapper");
    let files = [alone.to_bytes(), pipeline.to_bytes(), careful.to_bytes()];
    for (bytes, kind) in files.into_iter().zip(["constant", "pipeline", "reject option"]) {
        let bytes = bytes.expect("bytes");
        let loaded = AnyClassifier::<f64, String>::from_bytes_with(&bytes, &registry()).expect(kind);
        assert_eq!(loaded.kind(), kind);
        assert_eq!(loaded.predict_proba(&x), alone.predict_proba(&x));
        assert_eq!(loaded.to_bytes().expect("bytes"), bytes);
        let error = AnyClassifier::<f64, String>::from_bytes(&bytes).expect_err("an error").to_string();
        assert!(
            error.contains("where a classifier is expected") || error.contains("it contains `doubled`"),
            "{error}"
        );
        // The type that was saved needs no registry.
        assert!(ModelFile::<AnyClassifier<f64, bool>>::from_bytes_with(&bytes, &registry()).is_err());
    }
    type Parts = FittedPipeline<AnyTransform<f64>, AnyClassifier<f64, String>>;
    let bytes = pipeline.to_bytes().expect("bytes");
    let file = ModelFile::<Parts>::from_bytes_with(&bytes, &registry()).expect("a file");
    assert_eq!(file.model().steps().kind(), Chain::<Doubled, Doubled>::KIND);
    assert!(Parts::from_bytes(&bytes).is_err());
    let path = std::env::temp_dir().join(format!("logit-registry-{}.safetensors", std::process::id()));
    careful.save(&path).expect("saved");
    let loaded = AnyClassifier::<f64, String>::load_with(&path, &registry()).expect("a model");
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(loaded, AnyClassifier::new(careful));
}

#[test]
fn parts_with_labels_of_their_own_type_are_registered_too() {
    let (x, y) = rows::<f64>();
    let model = OneVsRest::new(Odds).fit(&x, &y).expect("a fit");
    let bytes = model.to_bytes().expect("bytes");
    let loaded = AnyClassifier::<f64, usize>::from_bytes_with(&bytes, &registry()).expect("a model");
    assert_eq!(loaded.predict(&x), model.predict(&x));
    let without = Registry::standard().with_classifier::<Constant<String>>().expect("a free kind");
    let error =
        AnyClassifier::<f64, u64>::from_bytes_with(&bytes, &without).expect_err("an error").to_string();
    assert!(error.contains("it contains `constant` where a classifier is expected"), "{error}");
}

#[test]
fn what_a_registered_type_leaves_or_refuses_is_an_invalid_file() {
    let (x, y) = rows::<f64>();
    let model = Odds.fit(&x, &text(&y)).expect("a fit");
    let read = |record: Record| Constant::<String>::from_record(record);
    assert_eq!(read(model.to_record()), Ok(model.clone()));
    for record in [model.to_record().with_flag("more", true), Record::new("constant"), Record::new("other")] {
        assert!(matches!(read(record), Err(Error::InvalidFile { .. })));
    }
}

/// A step with the kind of another.
#[derive(Debug, Clone)]
struct Impostor;

impl Transform<f64> for Impostor {
    fn inputs(&self) -> usize {
        1
    }
    fn outputs(&self) -> usize {
        1
    }
    fn transform_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.copy_from(&x);
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        Ok(names.to_vec())
    }
}

impl Persist for Impostor {
    type Scalar = f64;
    const KIND: &'static str = "pipeline";

    fn write_record(&self, record: Record) -> Record {
        record
    }
    fn read_record(_record: &mut Record) -> Result<Self, Error> {
        Ok(Impostor)
    }
}

#[test]
fn kinds_that_are_taken_are_refused() {
    let twice = registry().with_transform::<Doubled>().expect_err("twice");
    assert_eq!(twice, Error::KindTaken { kind: "doubled" });
    assert_eq!(twice.to_string(), "the kind `doubled` is already registered: give the type a unique `KIND`");
    let twice = registry().with_classifier::<Constant<bool>>().expect_err("twice");
    assert_eq!(twice, Error::KindTaken { kind: "constant" });
    registry().with_classifier::<Constant<char>>().expect("other labels");
    let standard = registry().with_transform::<Impostor>().expect_err("a kind of the crate");
    assert_eq!(standard, Error::KindTaken { kind: "pipeline" });
    let standard = registry().with_transform::<logit::preprocess::FittedStandardScaler<f64>>();
    assert_eq!(standard.expect_err("a kind of the crate"), Error::KindTaken { kind: "standard scaler" });
    // It would be read as itself without end.
    let any = registry().with_classifier::<AnyClassifier<f64, String>>().expect_err("no kind");
    assert!(matches!(any, Error::Empty { argument: "KIND", .. }), "{any}");
    assert_eq!(format!("{:?}", registry()), r#"["constant", "constant", "doubled"]"#);
}

/// A registry that was cloned is not changed by what is added to the clone.
#[test]
fn clones_are_independent() {
    let empty = Registry::standard();
    let filled = empty.clone().with_transform::<Doubled>().expect("a free kind");
    let bytes = Doubled(2).to_bytes().expect("bytes");
    assert!(AnyTransform::<f64>::from_bytes_with(&bytes, &empty).is_err());
    let loaded = AnyTransform::<f64>::from_bytes_with(&bytes, &filled).expect("a step");
    assert_eq!(loaded.transform(&dmatrix![1.0, 2.0]), Ok(dmatrix![2.0, 4.0]));
}

#[test]
fn asking_for_the_kind_costs_nothing() {
    let (x, y) = rows::<f64>();
    let inner = AnyClassifier::new(Odds.fit(&x, &y).expect("a fit"));
    let model = AnyClassifier::new(inner);
    let mut kind = "";
    let allocations = measure(|| kind = model.kind()).count_total;
    assert_eq!((kind, allocations), ("constant", 0));
}
