//! A disk that fails on demand: a library that is loaded in front of the system's, made with the C
//! compiler that the journal takes, too.

use super::skipped;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The library, and the folder in which a file of a fault's name switches that on.
pub(crate) struct Faults {
    folder: TempDir,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing can be written.
    ReadOnly,
    /// Nothing can be read that is not in memory.
    Unreadable,
    /// What is written does not get to the disk, and the system says so.
    Unsynced,
    /// The same, and the system says nothing until it is over.
    Stalled,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Fault::ReadOnly => "read-only",
            Fault::Unreadable => "unreadable",
            Fault::Unsynced => "unsynced",
            Fault::Stalled => "stalled",
        }
    }
}

impl Faults {
    /// Makes the library. Where there is no C compiler, the test has to be skipped.
    pub(crate) fn new() -> Option<Self> {
        let faults = Self { folder: tempfile::tempdir().unwrap() };
        let source = faults.path("faults.c");
        std::fs::write(&source, include_str!("faults.c")).unwrap();
        let mut compile = Command::new("cc");
        compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(faults.path("faults.so")).arg(source).arg("-ldl");
        match compile.output() {
            Ok(output) if output.status.success() => Some(faults),
            Ok(output) => skipped("no library for faults", String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => skipped("no C compiler", &error.to_string()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The variables of the environment under which a process has this disk.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        let text = |path: PathBuf| path.to_str().expect("a path of ours is text").to_owned();
        [("LD_PRELOAD", text(self.path("faults.so"))), ("CUTOVER_TEST_FAULTS", text(self.folder.path().to_owned()))]
    }

    pub(crate) fn begin(&self, fault: Fault) {
        std::fs::write(self.path(fault.name()), "").unwrap();
    }

    pub(crate) fn end(&self, fault: Fault) {
        std::fs::remove_file(self.path(fault.name())).unwrap();
    }
}
