//! Pipes, sockets and devices in the place of a file that is to be written. Must not import anything of this crate but
//! `diagnostic`.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::diagnostic::{Diagnostic, io_cause};

/// Something that is there and neither a file nor a folder.
pub(super) fn is_device(target: &Path) -> bool {
    target.metadata().is_ok_and(|about| !about.is_file() && !about.is_dir())
}

/// Opens a pipe that somebody reads; nothing is to be opened of another device. A pipe that nobody reads would be waited
/// for, perhaps for ever, and a socket cannot be opened.
pub(super) fn open_pipe(target: &Path) -> Result<Option<File>, Diagnostic> {
    open_read(target).map_err(|error| {
        Diagnostic::error("PW0744", format!("the output cannot be written: {}", io_cause(&error)))
            .help("begin what reads it first, or give the path of a file")
            .file(target.display().to_string())
    })
}

#[cfg(target_os = "linux")]
fn open_read(target: &Path) -> io::Result<Option<File>> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    let kind = fs::metadata(target)?.file_type();
    if kind.is_socket() {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "it is a socket, not a file"));
    }
    if !kind.is_fifo() {
        return Ok(None);
    }
    let at_once = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    match File::options().write(true).custom_flags(at_once).open(target) {
        Ok(pipe) => Ok(Some(pipe)),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            Err(io::Error::new(io::ErrorKind::WouldBlock, "it is a pipe that nobody reads"))
        }
        Err(error) => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_read(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::files::Publication;

    #[test]
    fn a_pipe_is_written_to_while_somebody_reads_it_and_told_where_nobody_does() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let refused = Publication::default().file(&pipe).unwrap_err();
        assert_eq!(refused.message, "the output cannot be written: it is a pipe that nobody reads");
        assert_eq!(Publication::default().report(&pipe).unwrap_err().code, "PW0744");

        let path = pipe.clone();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            File::open(path).unwrap().read_to_string(&mut text).map(|_| text)
        });
        let mut publication = Publication::default();
        // The thread may not have begun to read.
        let aside = loop {
            match publication.file(&pipe) {
                Ok(aside) => break aside,
                Err(_) => std::thread::yield_now(),
            }
        };
        // What is written follows on the first look, and ends with the publication.
        std::thread::sleep(std::time::Duration::from_millis(20));
        File::options().write(true).open(aside).unwrap().write_all(b"rows").unwrap();
        publication.publish().unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), "rows");
    }

    #[test]
    fn a_socket_is_no_place_for_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let refused = Publication::default().file(&socket).unwrap_err();
        assert_eq!(refused.message, "the output cannot be written: it is a socket, not a file");
    }
}
