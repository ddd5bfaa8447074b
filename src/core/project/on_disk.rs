//! What a project's file holds, told by its digest. Imports files only.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::files::read_file;

/// What a project's file held when it was looked at: the digest of its bytes. The default: there was no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnDisk(Option<[u8; 32]>);

impl OnDisk {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Some(Sha256::digest(bytes).into()))
    }

    /// What the file holds now.
    pub fn at(path: &Path) -> io::Result<Self> {
        match read_file(path) {
            Ok(bytes) => Ok(Self::of(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    pub fn is_there(self) -> bool {
        self.0.is_some()
    }
}
