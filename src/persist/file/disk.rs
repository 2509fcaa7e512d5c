//! Reading and writing of files on disk.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use super::header::{self, Header};
use super::target::{Target, directory};
use super::temporary::{self, Temporary};
use super::{PREFIX, invalid};
use crate::error::Error;

/// Writes a file atomically: its path names either the complete old file or the complete new one at any time.
///
/// The bytes go to a temporary file in the same directory, which is renamed once it is on the disk. The new
/// file has the permissions of the old one. Links are followed.
///
/// # Errors
/// Returns [`Error::File`] if a step fails, or if the path names something other than a regular file. The
/// temporary file is then deleted and the old file is unchanged. If only the last step fails, which makes the
/// new name durable, the path names the new file.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    save_in_steps(path, bytes, |_| Ok(()))
}

/// The steps of saving, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Create,
    /// A step that occurs once for each piece.
    Write,
    Sync,
    Rename,
    SyncDirectory,
}

/// The number of bytes that are written at once.
const PIECE: usize = 1 << 20;

/// Writes a file as [`save`] does, and calls `before` before each step, so that tests can inspect the state
/// and make a step fail.
fn save_in_steps(
    path: &Path,
    bytes: &[u8],
    mut before: impl FnMut(Step) -> io::Result<()>,
) -> Result<(), Error> {
    let failed = |error| failure("save", path, &error);
    let target = Target::of(path).map_err(failed)?;
    temporary::remove_leftovers(&target);
    before(Step::Create).map_err(failed)?;
    // The file stays open, and with it its lock, until it has its final name.
    let Temporary { path: temporary, mut file } = Temporary::new(&target).map_err(failed)?;
    let written = target
        .pass_on(&file)
        .and_then(|()| write(&mut file, bytes, &mut before))
        .and_then(|()| before(Step::Rename));
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, &target.path)) {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
        return Err(failed(error));
    }
    before(Step::SyncDirectory).and_then(|()| sync_directory(directory(&target.path))).map_err(failed)
}

/// Writes the bytes, and waits until they are on the disk.
fn write(file: &mut File, bytes: &[u8], before: &mut impl FnMut(Step) -> io::Result<()>) -> io::Result<()> {
    for piece in bytes.chunks(PIECE) {
        before(Step::Write)?;
        file.write_all(piece)?;
    }
    before(Step::Sync)?;
    file.sync_all()
}

/// Reads the bytes of a file, if its header fits its size.
///
/// # Errors
/// Returns [`Error::File`] if the file cannot be read, and [`Error::InvalidFile`] if it has another format.
pub(crate) fn load(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error| failure("load", path, &error);
    // This check comes before opening the file, because opening a pipe waits for a writer.
    let regular = fs::metadata(path).map_err(failed)?.is_file();
    if !regular {
        return Err(failed(io::Error::new(ErrorKind::InvalidInput, "not a regular file")));
    }
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    read(&mut file, PREFIX as u64, &mut bytes).map_err(failed)?;
    let header = header::range(&bytes, length)?;
    read(&mut file, header.len() as u64, &mut bytes).map_err(failed)?;
    let text = bytes.get(header.clone()).ok_or_else(|| invalid("it became shorter while it was read"))?;
    Header::parse(text)?.check_length(header.end, length)?;
    read(&mut file, length - header.end as u64, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Appends at most `length` bytes of a file to `bytes`.
fn read(file: &mut File, length: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let room = usize::try_from(length).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    bytes.try_reserve_exact(room)?;
    file.take(length).read_to_end(bytes).map(|_| ())
}

/// Writes a directory to the disk, which makes the names of its files durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Some directories can be written but not read, and some file systems do not support syncing them.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Does nothing, because this system cannot open directories. Renaming is as durable as the system makes it.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

fn failure(action: &'static str, path: &Path, error: &io::Error) -> Error {
    Error::File { action, path: path.to_path_buf(), kind: error.kind(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::scene::Directory;
    use super::*;

    /// Three pieces.
    fn bytes(fill: u8) -> Vec<u8> {
        vec![fill; 2 * PIECE + 17]
    }

    /// The steps of a save of [`bytes`].
    const STEPS: [Step; 7] =
        [Step::Create, Step::Write, Step::Write, Step::Write, Step::Sync, Step::Rename, Step::SyncDirectory];

    #[test]
    fn whenever_the_machine_stops_the_old_file_or_the_new_one_is_there() {
        let directory = Directory::new("steps");
        let path = directory.0.join("model");
        fs::write(&path, b"old").unwrap();
        let mut seen = Vec::new();
        let look = |step| {
            seen.push(step);
            let there = fs::read(&path).unwrap();
            let new = step == Step::SyncDirectory;
            assert_eq!(there, if new { bytes(1) } else { b"old".to_vec() }, "before {step:?}");
            Ok(())
        };
        save_in_steps(&path, &bytes(1), look).unwrap();
        assert_eq!(seen, STEPS);
        assert_eq!(directory.names(), ["model"]);
    }

    #[test]
    fn a_step_that_fails_leaves_the_old_file_and_nothing_else() {
        let directory = Directory::new("failing-steps");
        let path = directory.0.join("model");
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::Interrupted] {
            for (failing, step) in STEPS.into_iter().enumerate() {
                fs::write(&path, b"old").unwrap();
                let mut number = 0;
                let fail = |_| {
                    number += 1;
                    if number == failing + 1 { Err(io::Error::from(kind)) } else { Ok(()) }
                };
                let error = save_in_steps(&path, &bytes(2), fail).unwrap_err();
                assert!(matches!(&error, Error::File { action: "save", kind: found, .. } if *found == kind));
                let new = step == Step::SyncDirectory;
                let wanted = if new { bytes(2) } else { b"old".to_vec() };
                assert_eq!(fs::read(&path).unwrap(), wanted, "{step:?}");
                assert_eq!(directory.names(), ["model"], "{step:?}");
            }
        }
    }

    #[test]
    fn readers_see_whole_files_only() {
        let directory = Directory::new("readers");
        let path = directory.0.join("model");
        let of = |fill: u8| vec![fill; 5000 + 7 * usize::from(fill)];
        save(&path, &of(0)).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut reads = 0;
                while !done.load(Ordering::Relaxed) {
                    let found = fs::read(&path).unwrap();
                    assert!(found.first().is_some_and(|&fill| found == of(fill)), "{} bytes", found.len());
                    reads += 1;
                }
                reads
            });
            for number in 0..1000 {
                save(&path, &of((number % 250) as u8)).unwrap();
            }
            done.store(true, Ordering::Relaxed);
            assert!(reader.join().unwrap() > 0);
        });
        assert_eq!(directory.names(), ["model"]);
    }
}
