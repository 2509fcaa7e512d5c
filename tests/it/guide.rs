//! The pages of `docs`: their pictures are embedded in the built documentation, and the files are readable
//! without it.

use std::fs;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// The README, and every page below `docs`.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")];
    for folder in [docs(), docs().join("questions")] {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        paths.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a page"))).collect()
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let index = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() { char::from(DIGITS[index as usize]) } else { '=' });
        }
    }
    text
}

#[test]
fn base64_of_the_vectors_of_its_standard() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
    ];
    for (bytes, text) in vectors {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}

/// A page names a picture by a link with a definition, `![text][name]` and `[name]: images/name.svg`. The
/// built documentation has another definition of it in front, from `images/embedded`.
/// `LOGIT_WRITE_PICTURES=1` writes those.
#[test]
fn pictures_are_embedded_as_they_are() {
    let folder = docs().join("images/embedded");
    let write = std::env::var_os("LOGIT_WRITE_PICTURES").is_some();
    let source = ["guide/mod.rs", "guide/questions.rs"]
        .map(|name| {
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name))
                .expect("a module")
        })
        .concat();
    let mut seen = 0;
    for (page, text) in pages().iter().filter(|(page, _)| !page.ends_with("README.md")) {
        assert!(
            !text.contains("](images/") && !text.contains("](../images/"),
            "{}: a picture without a name",
            page.display()
        );
        for line in text.lines() {
            let Some((name, target)) = line.strip_prefix('[').and_then(|line| line.split_once("]: ")) else {
                continue;
            };
            let Some(file) = target.split_once("images/").map(|(_, file)| file) else { continue };
            assert!(text.contains(&format!("][{name}]")), "{} defines {name} in vain", page.display());
            assert!(
                source.contains(&format!("\"{name}\"")),
                "src/guide does not embed {name} of {}",
                page.display()
            );
            let (stem, extension) = file.rsplit_once('.').expect("an extension");
            assert_eq!(stem, name, "{}: a picture is named as its file", page.display());
            let kind = if extension == "svg" { "image/svg+xml" } else { "image/png" };
            let picture = fs::read(docs().join("images").join(file)).expect("a picture");
            let wanted = format!("[{name}]: data:{kind};base64,{}\n", base64(&picture));
            let embedded = folder.join(format!("{name}.md"));
            if write {
                fs::create_dir_all(&folder).expect("a folder");
                fs::write(&embedded, &wanted).expect("a file");
            }
            let same = fs::read_to_string(&embedded).is_ok_and(|found| found == wanted);
            assert!(same, "{} is not {file}: run this test with LOGIT_WRITE_PICTURES=1", embedded.display());
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen} pictures");
}

/// Rust code of a page is all there is to see: no hidden lines, and no line wider than the built
/// documentation shows.
#[test]
fn code_reads_well_as_it_stands() {
    let mut blocks = 0;
    for (page, text) in pages() {
        let mut inside = false;
        for (number, line) in text.lines().enumerate() {
            if let Some(language) = line.strip_prefix("```") {
                inside = !inside && language.starts_with("rust");
                blocks += usize::from(inside);
            } else if inside {
                let at = format!("{}:{}: {line}", page.display(), number + 1);
                assert!(!line.starts_with("# ") && line != "#", "a hidden line: {at}");
                assert!(line.chars().count() <= 84, "wider than 84 columns: {at}");
            }
        }
    }
    assert!(blocks >= 50, "{blocks} blocks of code");
}
