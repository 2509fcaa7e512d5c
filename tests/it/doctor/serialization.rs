//! Findings, diagnoses and traces with serde, as text and as bytes.

use logit::doctor::{Code, Diagnosis, Doctor, Severity, Trace, examine_data};
use logit::nn::{BinaryCrossEntropy, Examples, Sequential, Targets, TrainOptions, Trainer};
use logit::{Activation, Adam, data};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Returns the value after a way through JSON, and checks the way through bytes.
fn again<V: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &V) -> V {
    let bytes = postcard::to_allocvec(value).expect("bytes");
    assert_eq!(&postcard::from_bytes::<V>(&bytes).expect("the same bytes"), value);
    let text = serde_json::to_string(value).expect("text");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn codes_are_their_identifiers() {
    for &code in Code::ALL {
        assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.id()));
        assert_eq!(again(&code), code);
    }
    let error = serde_json::from_str::<Code>("\"D99\"").unwrap_err().to_string();
    assert!(error.contains("D99") && error.contains("D09"), "{error}");
    for (severity, word) in
        [(Severity::Info, "info"), (Severity::Warning, "warning"), (Severity::Error, "error")]
    {
        assert_eq!(serde_json::to_string(&severity).unwrap(), format!("\"{word}\""));
        assert_eq!(severity.to_string(), word);
    }
}

/// A run that fails, with a short fit that shows why.
#[test]
fn a_diagnosis_comes_back() {
    let rows = data::Moons::new(300).noise(0.1).seed(1).generate().unwrap();
    let network = Sequential::perceptron(&[2, 16, 1], Activation::Relu).unwrap();
    let watched = Doctor::new()
        .probe(2_000_000)
        .fit(
            &Trainer::new(Adam::new(1e-7)).epochs(40).batch_size(32),
            &network,
            &BinaryCrossEntropy,
            Examples::new(&rows.x, Targets::Classes(&rows.y)),
            TrainOptions::new(),
        )
        .unwrap();
    let diagnosis = watched.diagnosis.and(examine_data(&rows.x, &[7; 300]).unwrap());
    let found = diagnosis.get(Code::LearningRateTooSmall).unwrap();
    assert!(found.verified.is_some() && diagnosis.findings().len() > 2, "{diagnosis}");
    assert_eq!(again(&diagnosis), diagnosis);
    assert_eq!(again(&watched.trace), watched.trace);
    let text = serde_json::to_value(&diagnosis).unwrap();
    let codes = text["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap());
    assert!(codes.eq(diagnosis.findings().iter().map(|found| found.code.id())));
}

/// JSON has no infinities: words stand for them.
#[test]
fn numbers_that_are_not_finite_come_back() {
    let rows = data::Moons::new(300).noise(0.1).seed(1).generate().unwrap();
    let mut diagnosis = examine_data(&rows.x, &[7; 300]).unwrap();
    let text = serde_json::to_string(&diagnosis).unwrap();
    for (word, number) in [("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY), ("NaN", f64::NAN)] {
        let mut table: serde_json::Value = serde_json::from_str(&text).unwrap();
        table["findings"][0]["saw"] = serde_json::json!([{ "name": "loss", "value": word }]);
        diagnosis = serde_json::from_value(table.clone()).unwrap();
        let value = diagnosis.root().unwrap().saw[0].value;
        assert!(value == number || value.is_nan() && number.is_nan());
        assert_eq!(serde_json::to_value(&diagnosis).unwrap(), table);
    }
    let mut trace = Trace::default();
    trace.constant_loss = Some(f64::INFINITY);
    trace.objective = vec![0.5, f64::INFINITY];
    assert_eq!(again(&trace), trace);
    assert_eq!(again(&Diagnosis::default()), Diagnosis::default());
}
