//! A small file system of its own, to be filled and emptied, and one that fails on demand. The first
//! takes root, the second a C compiler.

mod faults;

pub(crate) use faults::{Fault, Faults};

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A mounted file system; it is unmounted when the test is over.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts one of so many KiB. Where that is not allowed, the test that asks has to be skipped.
    pub(crate) fn mount(kib: usize) -> Option<Self> {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        let size = format!("size={kib}k");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(disk.folder.path()).output();
        let failure = match output {
            Ok(output) if output.status.success() => return Some(disk),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        skipped("a file system cannot be mounted", &failure)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A path on it, as a setting.
    pub(crate) fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path of ours is text").to_owned()
    }

    /// Takes all that is free, to the last byte, with a file of somebody else.
    pub(crate) fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.path("ballast")).unwrap();
        for size in [64 << 10, 4 << 10, 1] {
            while ballast.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    /// Takes that file away.
    pub(crate) fn clear(&self) {
        std::fs::remove_file(self.path("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A process that still has files open there keeps it until it ends.
        Command::new("umount").arg("--lazy").arg(self.folder.path()).status().ok();
    }
}

/// Says past the capture of its output that a test is skipped; with `CUTOVER_REQUIRE_MOUNT=1` it fails
/// instead.
fn skipped<T>(what: &str, why: &str) -> Option<T> {
    let required = std::env::var_os("CUTOVER_REQUIRE_MOUNT").is_some_and(|value| value == "1");
    assert!(!required, "CUTOVER_REQUIRE_MOUNT=1, and {what}: {why}");
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let said = format!("SKIPPED {name}: {what}: {why}\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    None
}
