//! The file that a path names, and the permissions of the file that replaces it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The number of links from one to the next that are followed.
const MOST_LINKS: usize = 40;

/// The place of a file to save.
#[derive(Debug)]
pub(super) struct Target {
    /// The path, which is no link.
    pub(super) path: PathBuf,
    /// The file that is there now.
    old: Option<Metadata>,
}

impl Target {
    /// Returns the regular file that a path names, or the new file that it would name. Links are followed.
    ///
    /// # Errors
    /// Returns an error for anything else, such as a directory or a device, and for links in a circle.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(old) if old.is_file() => Ok(Target { path: without_links(path)?, old: Some(old) }),
            Ok(other) => Err(irregular(&other)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Target { path: without_links(path)?, old: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Returns options to create a file that nobody else reads before it has its permissions.
    pub(super) fn options(&self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if self.old.is_some() {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options
    }

    /// Gives a file the permissions of the old file, and its owner and group where the system allows it.
    #[cfg(unix)]
    pub(super) fn pass_on(&self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let Some(old) = &self.old else { return Ok(()) };
        let new = file.metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            // Only the superuser may give files away; others may still pass on the group.
            let _ = fchown(file, None, Some(old.gid()));
            let _ = fchown(file, Some(old.uid()), None);
        }
        file.set_permissions(fs::Permissions::from_mode(old.permissions().mode() & 0o777))
    }

    /// Does nothing: on this system, new files take their permissions from the directory.
    #[cfg(not(unix))]
    pub(super) fn pass_on(&self, _file: &File) -> io::Result<()> {
        let _ = &self.old;
        Ok(())
    }
}

/// Returns the path at the end of a chain of links, whether or not there is a file.
fn without_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&path) {
            // Links are relative to the directory that contains them.
            Ok(found) if found.is_symlink() => path = directory(&path).join(fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "its links do not end: name the file itself"))
}

/// Returns the directory of a file.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn irregular(found: &Metadata) -> io::Error {
    let kind = if found.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
    io::Error::new(kind, format!("it is {}, expected a regular file or a new name", kind_of(found)))
}

#[cfg(unix)]
fn kind_of(found: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = found.file_type();
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_block_device() || kind.is_char_device() => "a device",
        () => "no regular file",
    }
}

#[cfg(not(unix))]
fn kind_of(found: &Metadata) -> &'static str {
    if found.is_dir() { "a directory" } else { "no regular file" }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::super::disk::save;
    use super::super::scene::Directory;
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_permissions_of_the_old_file_stay() {
        let directory = Directory::new("permissions");
        let path = directory.0.join("model");
        for mode in [0o600, 0o640, 0o664, 0o444, 0o700, 0o622] {
            fs::write(&path, b"old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            save(&path, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode, "{mode:o}");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn new_files_have_the_permissions_of_new_files() {
        let directory = Directory::new("new-files");
        let (path, plain) = (directory.0.join("model"), directory.0.join("plain"));
        save(&path, b"new").unwrap();
        fs::write(&plain, b"plain").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode(), fs::metadata(&plain).unwrap().mode());
    }

    #[test]
    fn the_owner_of_the_old_file_stays_if_the_system_allows_it() {
        let directory = Directory::new("owner");
        let path = directory.0.join("model");
        fs::write(&path, b"old").unwrap();
        // Only the superuser can set the scene.
        let Ok(()) = chown(&path, Some(12_345), Some(23_456)) else { return };
        save(&path, b"new").unwrap();
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid()), (12_345, 23_456));
    }

    #[test]
    fn links_stay_and_the_files_they_point_to_are_replaced() {
        let directory = Directory::new("links");
        let (path, next, file) =
            (directory.0.join("model"), directory.0.join("next"), directory.0.join("file"));
        symlink("next", &path).unwrap();
        symlink(&file, &next).unwrap();
        // First there is no file at the end of the links.
        for content in [b"1", b"2"] {
            save(&path, content).unwrap();
            assert_eq!(fs::read_link(&path).unwrap(), Path::new("next"));
            assert_eq!(fs::read_link(&next).unwrap(), file);
            assert!(fs::symlink_metadata(&file).unwrap().is_file());
            assert_eq!(fs::read(&file).unwrap(), content);
            assert_eq!(directory.names(), ["file", "model", "next"]);
        }
        symlink("round", directory.0.join("round")).unwrap();
        assert!(matches!(save(&directory.0.join("round"), b"3"), Err(Error::File { .. })));
    }

    /// The error of saving at a path, which must be as it was afterwards.
    fn refusal(path: &Path) -> String {
        let before = fs::symlink_metadata(path).unwrap().file_type();
        let error = save(path, b"new").unwrap_err();
        assert_eq!(fs::symlink_metadata(path).unwrap().file_type(), before);
        assert!(matches!(error, Error::File { action: "save", .. }));
        error.to_string()
    }

    #[test]
    fn only_regular_files_are_replaced() {
        let directory = Directory::new("irregular");
        let (folder, socket) = (directory.0.join("folder"), directory.0.join("socket"));
        let (pipe, link) = (directory.0.join("pipe"), directory.0.join("link"));
        fs::create_dir(&folder).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        symlink("/dev/null", &link).unwrap();
        let wanted = "expected a regular file or a new name";
        assert!(refusal(&folder).ends_with(&format!("it is a directory, {wanted}")));
        assert!(refusal(&socket).ends_with(&format!("it is a socket, {wanted}")));
        assert!(refusal(&link).ends_with(&format!("it is a device, {wanted}")));
        assert!(refusal(Path::new("/dev/null")).ends_with(&format!("it is a device, {wanted}")));
        if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
            assert!(refusal(&pipe).ends_with(&format!("it is a named pipe, {wanted}")));
            fs::remove_file(&pipe).unwrap();
        }
        assert_eq!(directory.names(), ["folder", "link", "socket"]);
    }
}
