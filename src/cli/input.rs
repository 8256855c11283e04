//! Payload files: one JSON document, or one a line; `-` is standard input. A line of a capture stands
//! for the body in it.
//!
//! A file is read in blocks of whole documents, so memory follows the largest document.

use crate::capture::Line;
use anyhow::Context;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// How much text goes to a worker at a time.
const BLOCK_BYTES: usize = 512 * 1024;
const READ_BYTES: usize = 1024 * 1024;

/// Where a document stands, for error messages and the loss list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The how-manieth document of the whole input, from 1.
    pub(super) input: u64,
    /// The line it begins on, from 1.
    pub(super) line: u64,
}

/// One document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payload<'b> {
    pub(super) place: Place,
    pub(super) body: &'b [u8],
    /// What it came with, where it stood in a capture.
    pub(super) headers: Option<&'b [(String, String)]>,
}

/// Some documents of one file.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) file: String,
    text: Vec<u8>,
    documents: Vec<Document>,
    /// How many bytes of the file it stands for.
    read: usize,
}

#[derive(Debug)]
struct Document {
    /// Where it ends in the block's text.
    ends: usize,
    place: Place,
    headers: Option<Vec<(String, String)>>,
}

impl Block {
    /// The documents in their order.
    pub(super) fn documents(&self) -> impl Iterator<Item = Payload<'_>> {
        let mut from = 0;
        self.documents.iter().map(move |document| {
            let body = self.text.get(from..document.ends).unwrap_or_default();
            from = document.ends;
            Payload { place: document.place, body, headers: document.headers.as_deref() }
        })
    }

    /// How many bytes of the file it stands for.
    pub(super) fn len(&self) -> usize {
        self.read
    }

    /// Takes the text from there to the end for a document.
    fn end(&mut self, from: usize, place: Place) {
        self.read += self.text.len().saturating_sub(from);
        let captured = self.text.get(from..).and_then(Line::parse);
        let headers = captured.map(|line| {
            self.text.truncate(from);
            self.text.extend(line.body.into_bytes());
            line.headers
        });
        self.documents.push(Document { ends: self.text.len(), place, headers });
    }
}

/// The size of all files together, `None` when one of them is a stream.
pub(super) fn total_bytes(files: &[String]) -> Option<u64> {
    files.iter().map(|file| (file != "-").then(|| Some(std::fs::metadata(file).ok()?.len()))?).sum()
}

/// Reads all files in their order and hands over blocks until `take` says stop.
///
/// # Errors
/// A file that cannot be opened or read.
pub(super) fn read(files: &[String], mut take: impl FnMut(Block) -> bool) -> anyhow::Result<()> {
    let mut input = 0;
    for file in files {
        let source: Box<dyn Read> = match file.as_str() {
            "-" => Box::new(io::stdin()),
            path => Box::new(File::open(path).with_context(|| format!("cannot open {path}"))?),
        };
        let mut reader = Reader {
            file: file.clone(),
            by_line: is_by_line(file),
            source: BufReader::with_capacity(READ_BYTES, source),
            line: 0,
        };
        while let Some(block) = reader.block(&mut input).with_context(|| format!("cannot read {file}"))? {
            if !take(block) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn is_by_line(file: &str) -> Option<bool> {
    let extension = Path::new(file).extension()?.to_str()?;
    matches!(extension, "ndjson" | "jsonl").then_some(true)
}

struct Reader {
    file: String,
    /// Whether each line is a document; found out from the first lines unless the name says so.
    by_line: Option<bool>,
    source: BufReader<Box<dyn Read>>,
    line: u64,
}

impl Reader {
    fn block(&mut self, input: &mut u64) -> io::Result<Option<Block>> {
        let first = self.line == 0;
        let mut block = Block { file: self.file.clone(), text: Vec::new(), documents: Vec::new(), read: 0 };
        while block.text.len() < BLOCK_BYTES {
            let from = block.text.len();
            if self.source.read_until(b'\n', &mut block.text)? == 0 {
                break;
            }
            self.line += 1;
            let line = block.text.get(from..).unwrap_or_default();
            if line.trim_ascii().is_empty() {
                block.text.truncate(from);
                continue;
            }
            let by_line = *self.by_line.get_or_insert_with(|| looks_whole(line));
            let begins = self.line;
            if !by_line {
                self.line += self.source.read_to_end(&mut block.text).map(|bytes| u64::from(bytes > 0))?;
            }
            *input += 1;
            block.end(from, Place { input: *input, line: begins });
        }
        // A file with nothing in it is an input too, and a bad one.
        if first && block.documents.is_empty() {
            *input += 1;
            self.line = self.line.max(1);
            block.end(0, Place { input: *input, line: 1 });
        }
        Ok((!block.documents.is_empty()).then_some(block))
    }
}

/// Whether a first line is a document of its own, well or badly formed, rather than the first line
/// of one that goes on below.
fn looks_whole(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
        || (line.len() > 1 && line.starts_with(b"{") && line.ends_with(b"}"))
        || !line.starts_with(b"{") && !line.starts_with(b"[")
}
