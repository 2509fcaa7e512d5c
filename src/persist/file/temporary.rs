//! Temporary files: their names, and the removal of those that killed processes left.
//!
//! A temporary file is in the directory of the file that it will replace. Its name is
//! `.logit-HASH-PROCESS-NUMBER.tmp`, with the CRC-64 of the name of that file, so it is short and is found
//! again. Its writer holds a lock on it, which ends with the process. A file that nobody has locked was left
//! behind, and the next save of the same file removes it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::checksum::Crc64;
use super::target::{Target, directory};

/// The number of names that are tried.
const ATTEMPTS: usize = 100;

const ENDING: &str = ".tmp";

/// A counter that makes the names of this process's temporary files distinct.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A file that is locked while it is open.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

impl Temporary {
    /// Creates an empty file in the directory of `target`.
    pub(super) fn new(target: &Target) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}{}-{number}{ENDING}", beginning(&target.path)?, std::process::id());
            let path = directory(&target.path).join(name);
            match target.options().open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    // Another process may take a file without a lock for one that was left behind.
                    if !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) && path.try_exists()? {
                        return Ok(Temporary { path, file });
                    }
                }
            }
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, "no free name for a temporary file"))
    }
}

/// Removes the temporary files of `target` that no process has locked. Those that cannot be removed stay.
pub(super) fn remove_leftovers(target: &Target) {
    let (Ok(beginning), Ok(entries)) = (beginning(&target.path), fs::read_dir(directory(&target.path)))
    else {
        return;
    };
    for entry in entries.flatten() {
        let ours =
            entry.file_name().to_str().is_some_and(|n| n.starts_with(&beginning) && n.ends_with(ENDING));
        // This check comes before opening the file, because opening a pipe waits for a writer.
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_unlocked(&entry.path());
        }
    }
}

/// Removes a file while holding its lock, so that its writer cannot take it for its own.
fn remove_unlocked(path: &Path) {
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

/// Returns the beginning of the names of the temporary files of a path.
fn beginning(path: &Path) -> io::Result<String> {
    let hash = |name: &OsStr| Crc64::new().update(name.as_encoded_bytes()).value();
    match path.file_name() {
        Some(name) => Ok(format!(".logit-{:016x}-", hash(name))),
        None => Err(io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::save;
    use super::super::scene::Directory;
    use super::*;

    #[test]
    fn files_that_nobody_has_locked_are_removed() {
        let directory = Directory::new("leftovers");
        let target = Target::of(&directory.0.join("model")).unwrap();
        let other = Target::of(&directory.0.join("other")).unwrap();
        let leave = |target: &Target| {
            let Temporary { path, file } = Temporary::new(target).unwrap();
            drop(file);
            path
        };
        let (left, busy) = (leave(&target), Temporary::new(&target).unwrap());
        let left_by_another = directory
            .0
            .join(left.file_name().unwrap().to_str().unwrap().replace(&std::process::id().to_string(), "1"));
        fs::write(&left_by_another, b"theirs").unwrap();
        let of_another_file = leave(&other);
        let foreign = directory.0.join(".model.tmp");
        fs::write(&foreign, b"foreign").unwrap();

        save(&target.path, b"new").unwrap();
        assert_eq!(fs::read(&target.path).unwrap(), b"new");
        assert!(!left.exists() && !left_by_another.exists());
        assert!(busy.path.exists() && of_another_file.exists() && foreign.exists());
        drop(busy);
        save(&target.path, b"new").unwrap();
        save(&other.path, b"new").unwrap();
        assert_eq!(directory.names(), [".model.tmp", "model", "other"]);
    }

    #[test]
    fn names_of_every_length_have_temporary_files() {
        let directory = Directory::new("names");
        for length in [1, 100, 243, 244, 254, 255] {
            let name = "m".repeat(length);
            let path = directory.0.join(&name);
            save(&path, b"old").unwrap();
            save(&path, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(directory.names(), [name.as_str()]);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn processes_that_save_the_same_file_do_not_remove_each_others_files() {
        let directory = Directory::new("at-once");
        let path = directory.0.join("model");
        std::thread::scope(|scope| {
            for fill in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..100 {
                        save(path, &[fill; 1000]).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read(&path).unwrap().len(), 1000);
        assert_eq!(directory.names(), ["model"]);
    }
}
