//! The source files, and what each of them imports.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
pub(super) struct Source {
    /// From the repository's root.
    pub(super) path: String,
    pub(super) text: String,
}

/// The files of `src`.
pub(super) fn sources() -> Vec<Source> {
    under("src")
}

/// The files of `tests`.
pub(super) fn tests() -> Vec<Source> {
    under("tests")
}

fn under(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "{folder} holds Rust files");
    let source = |path: PathBuf| Source {
        path: path.strip_prefix(root).expect("found under the root").display().to_string(),
        text: fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    };
    paths.into_iter().map(source).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

impl Source {
    /// The module at the root that it belongs to.
    pub(super) fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split(['/', '.']).next().unwrap_or(inside)
    }

    /// Its text without its test module.
    pub(super) fn product(&self) -> &str {
        self.text.split_once("\n#[cfg(test)]\nmod tests").map_or(&self.text, |(product, _)| product)
    }

    /// How many lines it has, tests not counted.
    pub(super) fn lines(&self) -> usize {
        self.product().lines().count()
    }

    /// Every path its code names, in a `use` or where it stands.
    pub(super) fn imports(&self) -> Vec<String> {
        let code = self.product().lines().map(|line| line.split("//").next().unwrap_or(line));
        let code = code.collect::<Vec<_>>().join(" ");
        let mut imports = Vec::new();
        for statement in code.split(';') {
            match statement.split_once("use ") {
                Some((before, tree)) if before.trim_end().is_empty() || before.ends_with(['{', '}', ' ', ')', ']']) => {
                    flatten("", tree, &mut imports);
                    imports.extend(inline(before));
                }
                _ => imports.extend(inline(statement)),
            }
        }
        imports
    }
}

/// Whether a path is this place or something in it.
pub(super) fn is_inside(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn flatten(prefix: &str, tree: &str, imports: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let name = tree.split_whitespace().next().unwrap_or_default();
        imports.push(format!("{prefix}{name}"));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let (mut depth, mut from) = (0_usize, 0);
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                flatten(&prefix, inside.get(from..at).unwrap_or_default(), imports);
                from = at + 1;
            }
            _ => {}
        }
    }
    flatten(&prefix, inside.get(from..).unwrap_or_default(), imports);
}

/// Paths of two names or more.
fn inline(code: &str) -> impl Iterator<Item = String> {
    let words = code.split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | ':')));
    words.filter(|word| word.contains("::")).map(|word| word.trim_matches(':').to_owned())
}
