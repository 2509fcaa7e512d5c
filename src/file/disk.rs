//! Bytes on disk.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::header::{self, Header};
use super::{Format, PREFIX, invalid};
use crate::error::Error;

/// How many names are tried for a temporary file.
const ATTEMPTS: usize = 100;

/// Tells apart the temporary files of this process.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes a file so that at any time, whatever happens, there is the old one or the new one under its name: to a
/// temporary file beside it, which takes its place once it is on the disk.
///
/// # Errors
/// [`Error::File`]. The temporary file is then gone, and the file as it was; if the very last step failed, which is to
/// make the new name last, it is the new one.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error| failure("save", path, &error);
    let (temporary, mut file) = temporary(path).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        // What went wrong first is what counts.
        let _ = fs::remove_file(&temporary);
        return Err(failed(error));
    }
    sync_directory(directory(path)).map_err(failed)
}

/// The bytes of a file, read only if its header fits its size.
///
/// # Errors
/// [`Error::File`] where it cannot be read, [`Error::InvalidFile`] where it is none of ours.
pub(crate) fn load(path: &Path, format: Format) -> Result<Vec<u8>, Error> {
    let failed = |error| failure("load", path, &error);
    // Asked before it is opened, because opening a pipe waits for a writer.
    let regular = fs::metadata(path).map_err(failed)?.is_file();
    if !regular {
        return Err(failed(io::Error::new(ErrorKind::InvalidInput, "not a regular file")));
    }
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    read(&mut file, PREFIX as u64, &mut bytes).map_err(failed)?;
    let header = header::range(&bytes, length, format.longest_header)?;
    read(&mut file, header.len() as u64, &mut bytes).map_err(failed)?;
    let text = bytes.get(header.clone()).ok_or_else(|| invalid("it became shorter while it was read"))?;
    Header::parse(text)?.check_length(header.end, length)?;
    read(&mut file, length - header.end as u64, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Appends at most `length` bytes.
fn read(file: &mut File, length: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let room = usize::try_from(length).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    bytes.try_reserve_exact(room)?;
    file.take(length).read_to_end(bytes).map(|_| ())
}

/// A new file in the directory of `path`.
fn temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the path does not end in the name of a file"));
    };
    for _ in 0..ATTEMPTS {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        hidden.push(format!(".{}.{number}.temporary", std::process::id()));
        let temporary = directory(path).join(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (temporary, file)),
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, "no free name for a temporary file"))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The name of a file is on the disk once its directory is.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Some directories may be written but not read, and some file systems cannot do this.
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

/// Directories cannot be opened here; renaming is as durable as the system makes it.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

fn failure(action: &'static str, path: &Path, error: &io::Error) -> Error {
    Error::File { action, path: path.to_path_buf(), kind: error.kind(), message: error.to_string() }
}
