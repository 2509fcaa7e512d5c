//! Inputs that fuzzing found to be harmful no longer are. `fuzz/` has the targets.

use std::fs;
use std::path::Path;

// Public in the package of the targets.
#[allow(unreachable_pub)]
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 8] = [
    ("load", fuzz::load),
    ("load_predict", fuzz::load_predict),
    ("save_load_save", fuzz::save_load_save),
    ("json", fuzz::json),
    ("checkpoint", fuzz::checkpoint),
    ("csv", fuzz::csv),
    ("fit", fuzz::fit),
    ("idx", fuzz::idx),
];

/// The files below a directory, which need not exist.
fn files(directory: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(directory) else { return vec![] };
    let of = |path: &Path| if path.is_dir() { files(path) } else { vec![fs::read(path).expect("a file")] };
    entries.flat_map(|entry| of(&entry.expect("an entry").path())).collect()
}

#[test]
fn what_did_harm_does_none_now() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for (name, target) in TARGETS {
        for bytes in files(&tests.join("fuzzed").join(name)) {
            target(&bytes);
        }
        // Seeds of the targets, which they must take too.
        for bytes in files(&tests.join("persist/golden")) {
            target(&bytes);
            target(&bytes[..bytes.len() / 2]);
        }
        target(&[]);
    }
}

/// Every target has its replay.
#[test]
fn no_target_is_left_out() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut found: Vec<String> = fs::read_dir(targets)
        .expect("a directory")
        .map(|entry| {
            entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    let mut known = TARGETS.map(|(name, _)| name.to_owned()).to_vec();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}
