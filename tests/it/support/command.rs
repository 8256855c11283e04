//! The executable as a command that ends by itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The executable, in an empty environment but for where to find other programs.
pub(crate) fn cutover() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
    command.env_clear();
    command
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The output, of a command that must have succeeded without a word on standard error.
    pub(crate) fn clean(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

/// Runs it with these arguments and nothing on standard input.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    run_with(arguments, &[], "")
}

/// Runs it with text on standard input.
pub(crate) fn run_on(arguments: &[&str], input: &str) -> Outcome {
    run_with(arguments, &[], input)
}

/// Runs it with variables in its environment.
pub(crate) fn run_with(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Outcome {
    let mut command = cutover();
    command.args(arguments).envs(environment.iter().copied());
    let mut command = assert_cmd::Command::from_std(command);
    let output = command.write_stdin(input).timeout(super::PATIENCE).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A folder of files that goes with the test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file; its path as an argument.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().expect("a path of ours is text").to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

/// A file of this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
