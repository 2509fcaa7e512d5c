//! Files: models with any numbers, damaged ones, saved ones, and tables.

use std::path::Path;

use logit::data::{CsvReader, IdxReader};
use logit::linear::FittedLogistic;
use logit::nalgebra::{DMatrix, DVector};
use logit::prelude::*;
use logit::{
    AnyClassifier, Error, LogisticRegression, MlpClassifier, ModelFile, Penalty, Pipeline, StandardScaler,
};

use self::file_parts::Parts;
use crate::case::Case;
use crate::contract::returns;
use crate::data::sample;
use crate::run::{Area, attack};

#[allow(dead_code, reason = "the other tests use all of it")]
#[path = "../it/common/file_parts.rs"]
mod file_parts;

#[test]
fn files() {
    attack(Area { name: "files", share: 8, attack: any });
}

fn any(case: &mut Case) {
    match case.draw.below(10) {
        0 | 1 => numbers::<f64>(case),
        2 => numbers::<f32>(case),
        3 | 4 => damaged(case),
        5 => on_disk(case),
        6..=8 => table(case),
        _ => idx(case),
    }
}

/// A model with any finite numbers is stored and comes back.
fn numbers<T: logit::Real + logit::Real>(case: &mut Case) {
    let (features, classes) = (case.draw.within(1, 4), case.draw.within(2, 4));
    let columns = if classes == 2 { 1 } else { classes };
    let w = DMatrix::<T>::from_fn(features, columns, |_, _| case.draw.any_finite());
    let b = DVector::<T>::from_fn(columns, |_, _| case.draw.any_finite());
    case.say(format!("coefficients {:?}, intercepts {:?}", w.as_slice(), b.as_slice()));
    let labels: Vec<String> =
        (0..classes).map(|class| ["", "b\n\"", "z", "é\u{10FFFF}"][class].to_owned()).collect();
    let Some(model) =
        case.must("finite numbers are refused", FittedLogistic::from_coefficients(labels, w, b))
    else {
        return;
    };
    case.reached();
    let x = DMatrix::<T>::from_fn(3, features, |_, _| case.draw.any_finite());
    returns(case, &model, &x);
    let file = ModelFile::new(model).note("a \"note\"\n");
    // Rows whose predictions are not finite are refused.
    let file = match file.clone().golden_rows(&x) {
        Ok(file) => file,
        Err(_) => file,
    };
    let Some(bytes) = case.must("a file cannot be written", file.to_bytes()) else { return };
    let read = ModelFile::<FittedLogistic<T, String>>::from_bytes(&bytes);
    if let Some(read) = case.must("a file cannot be read", read) {
        case.check("a note is lost", read.note_text() == "a \"note\"\n", || read.note_text().to_owned());
    }
}

/// Bytes that were changed are refused, or give a model that works.
fn damaged(case: &mut Case) {
    let sample = sample::<f64>(&mut case.draw, 20, 3);
    case.say(&sample);
    let bytes = match case.draw.below(2) {
        0 => Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::l2(0.1)))
            .fit(&sample.x, &sample.y)
            .and_then(|model| model.to_bytes()),
        _ => MlpClassifier::new([2]).epochs(2).fit(&sample.x, &sample.y).and_then(|model| model.to_bytes()),
    };
    let Ok(mut bytes) = bytes else { return };
    case.reached();
    let sealed = case.draw.chance(0.7);
    if sealed {
        let mut parts = Parts::of(&bytes);
        let chosen = case.draw.below(parts.arrays.len());
        let array = &mut parts.arrays[chosen];
        case.say(format!("array {} of {}", array.name, array.dtype));
        if array.dtype == "F64" && array.bytes.len() >= 8 {
            let at = 8 * case.draw.below(array.bytes.len() / 8);
            let value = case.draw.any_number();
            case.say(format!("{value} at {at}"));
            array.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        } else if !array.bytes.is_empty() {
            let at = case.draw.below(array.bytes.len());
            array.bytes[at] = case.draw.below(256) as u8;
            case.say(format!("byte {at}"));
        }
        bytes = parts.bytes();
    } else {
        let at = case.draw.below(bytes.len());
        case.say(format!("byte {at} of {}", bytes.len()));
        match case.draw.below(3) {
            0 => bytes[at] ^= 1 << case.draw.below(8),
            1 => bytes.truncate(at),
            _ => bytes.insert(at, case.draw.below(256) as u8),
        }
    }
    match AnyClassifier::<f64, usize>::from_bytes(&bytes) {
        Ok(model) => {
            case.check("damaged bytes are accepted", sealed, || "");
            if let Ok(p) = model.predict_proba(&sample.x) {
                let inside = p.iter().all(|p| (0.0..=1.0).contains(p));
                case.check("a probability outside [0, 1]", inside, || &p);
            }
            let again = model.to_bytes().and_then(|bytes| AnyClassifier::<f64, usize>::from_bytes(&bytes));
            case.check("what was read cannot be stored again", again.is_ok(), || {
                format!("{:?}", again.err())
            });
        }
        Err(error) => {
            case.check("not the error of a file", matches!(error, Error::InvalidFile { .. }), || &error)
        }
    }
}

/// Files under legal names, over other files, and where none can be.
fn on_disk(case: &mut Case) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("attack-files-{}", case.draw.seed()));
    if std::fs::create_dir_all(&directory).is_err() {
        return;
    }
    let model =
        FittedLogistic::from_coefficients(vec![0usize, 1], DMatrix::<f64>::zeros(2, 1), DVector::zeros(1));
    let Ok(model) = model else { return };
    let length = case.draw.pick(&[1, 100, 230, 244, 250, 255]);
    let letter = case.draw.pick(&["a", "é", " ", "."]);
    // Of dots alone there are no names.
    let name = format!("m{}", letter.repeat((length - 1) / letter.len()));
    case.say(format!("a name of {} bytes, of {letter:?}", name.len()));
    let path = directory.join(&name);
    case.reached();
    for _ in 0..2 {
        if case.must("a legal name cannot be saved to", model.save(&path)).is_none() {
            break;
        }
        let loaded = FittedLogistic::<f64, usize>::load(&path);
        case.check("a saved file cannot be loaded", loaded.as_ref() == Ok(&model), || format!("{loaded:?}"));
        let left = std::fs::read_dir(&directory).map_or(0, Iterator::count);
        case.check("a temporary file is left", left == 1, || left);
    }
    case.check("a directory is replaced by a file", model.save(&directory).is_err(), || "");
    let missing = FittedLogistic::<f64, usize>::load(directory.join("none"));
    case.check("a missing file is loaded", missing.is_err(), || "");
    permissions(case, &model, &path);
    let _ = std::fs::remove_dir_all(&directory);
}

#[cfg(unix)]
fn permissions(case: &mut Case, model: &FittedLogistic<f64, usize>, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = case.draw.pick(&[0o600, 0o640, 0o644, 0o666]);
    case.say(format!("mode {mode:o}"));
    let set = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    if set.is_err() || model.save(path).is_err() {
        return;
    }
    let found = std::fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o777);
    case.check("a replaced file has other permissions", found == mode, || format!("{found:o}"));
}

#[cfg(not(unix))]
fn permissions(_: &mut Case, _: &FittedLogistic<f64, usize>, _: &Path) {}

/// A table that is written by the rules is read back; one with a byte too many or too few does not panic.
fn table(case: &mut Case) {
    let (rows, columns) = (case.draw.within(0, 12), case.draw.within(1, 4));
    let mut values = DMatrix::<f64>::zeros(rows, columns);
    let mut text = (0..columns).map(|column| format!("\"c{column}\",")).collect::<String>() + "note,y\n";
    let ending = case.draw.pick(&["\n", "\r\n"]);
    let notes = ["plain", "\"with, comma\"", "\"two\nlines\"", "\"a \"\"word\"\"\""];
    for row in 0..rows {
        for column in 0..columns {
            let value: f64 = case.draw.any_finite();
            values[(row, column)] = value;
            text += &format!("{value:?},");
        }
        text += &format!("{},{}{ending}", case.draw.pick(&notes), ["no", "yes"][row % 2]);
    }
    let reader = CsvReader::new().label("y").without(["note"]);
    let reader = if case.draw.chance(0.1) { reader.max_values(case.draw.below(20)) } else { reader };
    case.say(format!("{text:?}"));
    match reader.read_from::<String>(text.as_bytes()) {
        Ok(table) => {
            case.reached();
            let same = table.dataset.x == values;
            case.check("a table is read otherwise", same && table.dataset.y.len() == rows, || {
                &table.dataset.x
            });
        }
        Err(error) => {
            let limited =
                matches!(error, Error::InvalidParameter { .. }) || error.to_string().contains("max_values");
            case.check("a good table is refused", rows == 0 || limited, || &error);
        }
    }
    let mut bytes = text.into_bytes();
    let at = case.draw.below(bytes.len());
    let byte = case.draw.pick(b"\"\",\n\r;\0\xFF'9e");
    match case.draw.below(3) {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        _ => drop(bytes.remove(at)),
    }
    case.say(format!("then {:?}", String::from_utf8_lossy(&bytes)));
    if let Ok(table) = CsvReader::new().label("y").read_from::<String>(&bytes[..]) {
        // An open quote must not swallow rows: the last row closes what it opens.
        let even = bytes.iter().filter(|&&byte| byte == b'"').count() % 2 == 0;
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        let lost = !even && table.dataset.y.len() + 2 < lines.min(rows);
        case.check("an open quote swallows rows", !lost, || {
            format!("{} of {rows} rows", table.dataset.y.len())
        });
    }
}

/// IDX files of any shape.
fn idx(case: &mut Case) {
    let kind = case.draw.pick(&[8u8, 9, 11, 12, 13, 14, 7]);
    let sizes: Vec<u32> =
        (0..case.draw.below(4)).map(|_| case.draw.pick(&[0, 1, 2, 3, 7, u32::MAX])).collect();
    let mut bytes = vec![0, 0, kind, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    for _ in 0..case.draw.below(120) {
        bytes.push(case.draw.below(256) as u8);
    }
    case.say(format!("{bytes:?}"));
    case.reached();
    let reader = IdxReader::new().rows(case.draw.pick(&[0, 1, 5, usize::MAX]));
    match reader.read_from(&bytes[..]) {
        Ok(array) => {
            let _ = array.labels();
            let matrix = array.matrix::<f64>();
            case.check(
                "a matrix of another shape",
                matrix.nrows() <= bytes.len() || matrix.is_empty(),
                || format!("{:?}", matrix.shape()),
            );
        }
        Err(error) => case.check("an error without words", !error.to_string().is_empty(), || ""),
    }
}
