//! Dependencies only point down: no module imports one of a higher floor.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; `docs/architecture.md` says what each floor may not know.
const FLOORS: [&str; 5] = [
    "check code column compiled error label label_sets parallel report rng rows scalar",
    "class_weight classifier estimator examples metric penalty persist quantile scratch source transformer",
    "gradcheck layer loss optim train",
    "decide linear metrics multiclass network pipeline preprocess select",
    "boundary data doctor guide nn plot prelude progress registry terminal",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            // Unit tests may import any module.
            true if path.ends_with("tests") => {}
            true => files(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            // Bundled data.
            false => {}
        }
    }
}

/// The modules that a file names: `crate::module`, and names that the root re-exports from a module.
fn named(text: &str, exports: &BTreeMap<String, String>) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let words = code.flat_map(|line| line.split("crate::").skip(1).map(word).collect::<Vec<_>>());
    words.map(|word| exports.get(&word).cloned().unwrap_or(word)).collect()
}

/// The names that the root re-exports, with their modules.
fn exports(root: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for statement in root.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()) {
        let Some((module, names)) = statement.split_once("::") else { continue };
        for name in names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()) {
            exports.insert(name.to_owned(), module.to_owned());
        }
    }
    exports
}

#[test]
fn no_floor_names_a_higher_one() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let exports = exports(&fs::read_to_string(source.join("lib.rs")).expect("the root"));
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.split(' ').any(|name| name == module));
    let mut found = Vec::new();
    files(&source, &mut found);
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for path in found.iter().filter(|path| !path.ends_with("lib.rs")) {
        let inside = path.strip_prefix(&source).expect("a file of the source");
        let module = inside.iter().next().and_then(|part| part.to_str()).unwrap_or_default();
        let module = module.trim_end_matches(".rs");
        let own = floor(module).unwrap_or_else(|| panic!("`{module}` is on no floor: say which in FLOORS"));
        for named in named(&fs::read_to_string(path).expect("a file"), &exports) {
            let Some(other) = floor(&named) else { continue };
            arrows += 1;
            if other > own {
                wrong.push(format!(
                    "{} names `{named}`, which is {} floors up",
                    inside.display(),
                    other - own
                ));
            }
        }
    }
    assert!(arrows > 500, "the imports were read: {arrows}");
    assert!(wrong.is_empty(), "dependencies that point up:\n{}", wrong.join("\n"));
}
