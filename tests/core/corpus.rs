//! The laws over collected payloads, in the folder that `CUTOVER_CORPUS` names: `cloud/*.json` and
//! `onprem/*.json`. Their licences keep them out of this repository, so without the variable these
//! tests say SKIPPED; in CI (`CI=true`) that is a failure.

use crate::laws::{bounds, conservation, cut, normalized, order, other, same_format, stable};
use crate::translation::say;
use crate::tree::Tree;
use cutover::format::{Document, Format};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// One collected payload.
pub(crate) struct Payload {
    /// The folder it lies in.
    pub(crate) filed_under: Format,
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Payload {
    /// Whether it is a body of the format it is filed under, and no fragment of one.
    pub(crate) fn is_whole(&self) -> bool {
        shape(&self.text) == Some(self.filed_under)
    }
}

/// All payloads, by name; `None` where there is no corpus.
pub(crate) fn payloads(test: &str) -> Option<Vec<Payload>> {
    let Some(root) = std::env::var_os("CUTOVER_CORPUS") else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI has to set CUTOVER_CORPUS");
        // Not `eprintln!`, which is swallowed where a test passes.
        writeln!(io::stderr(), "SKIPPED {test}: CUTOVER_CORPUS is not set").expect("standard error is open");
        return None;
    };
    let mut payloads = Vec::new();
    for (folder, filed_under) in [("cloud", Format::Cloud), ("onprem", Format::OnPremises)] {
        let folder = Path::new(&root).join(folder);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let paths = entries.map(|entry| entry.expect("a readable folder").path());
        for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            payloads.push(Payload { filed_under, name: path.display().to_string(), text });
        }
    }
    assert!(payloads.len() > 150, "only {} payloads in {}", payloads.len(), Path::new(&root).display());
    payloads.sort_by(|a, b| a.name.cmp(&b.name));
    Some(payloads)
}

/// The format of a body, by the words of `docs/translation.md` alone.
fn shape(text: &str) -> Option<Format> {
    let body = Tree::read(text);
    let is_array = |key: &str| matches!(body.get(key), Some(Tree::List(_)));
    let object = body.get("object").map(Tree::string);
    match body.get("entry") {
        Some(_) if is_array("entry") && matches!(object, None | Some(Some("whatsapp_business_account"))) => {
            Some(Format::Cloud)
        }
        Some(_) => None,
        None if ["contacts", "messages", "statuses", "errors"].into_iter().any(is_array) => Some(Format::OnPremises),
        None => None,
    }
}

/// What a law says of every payload that is a whole body.
fn each_keeps(test: &str, law: impl Fn(&Payload) -> Vec<String>) {
    let Some(payloads) = payloads(test) else { return };
    let readable = payloads.iter().filter(|payload| payload.is_whole());
    let named = |payload: &Payload| law(payload).into_iter().map(|said| format!("{}: {said}", payload.name)).collect();
    let complaints: Vec<String> = readable.flat_map(|payload| -> Vec<String> { named(payload) }).collect();
    assert!(complaints.is_empty(), "{} complaints\n\n{}", complaints.len(), complaints.join("\n\n"));
}

#[test]
fn shape_alone_tells_the_format_and_any_other_is_refused() {
    let Some(payloads) = payloads("shape_alone_tells_the_format_and_any_other_is_refused") else { return };
    for payload in &payloads {
        let read = Document::read(payload.text.as_bytes(), Some(payload.filed_under));
        let found = Document::read(payload.text.as_bytes(), None).ok().map(|document| document.format());
        assert_eq!(read.is_ok(), payload.is_whole(), "{}", payload.name);
        assert_eq!(found, shape(&payload.text), "{}", payload.name);
    }
    // Meta's documentation shows a few Cloud values without their envelope; they are called fragments.
    let cut: Vec<&str> =
        payloads.iter().filter(|payload| !payload.is_whole()).map(|payload| payload.name.as_str()).collect();
    let fragments = payloads.iter().map(|payload| payload.name.as_str()).filter(|name| name.contains("__fragment-"));
    assert_eq!(cut, fragments.collect::<Vec<_>>());
}

#[test]
fn law_1_same_format_same_thing() {
    each_keeps("law_1", |payload| same_format::complaints(&payload.text));
}

#[test]
fn law_2_normalized_holds_everything() {
    each_keeps("law_2", |payload| normalized::complaints(&payload.text));
}

#[test]
fn law_3_and_5_conservation() {
    each_keeps("law_3_and_5", |payload| conservation::complaints(&payload.text, other(payload.filed_under)));
}

#[test]
fn cutting_loses_nothing() {
    each_keeps("cutting", |payload| cut::complaints(&payload.text));
}

#[test]
fn law_4_stable() {
    each_keeps("law_4", |payload| stable::complaints(&payload.text));
}

#[test]
fn law_4_the_loss_list_is_the_same_on_each_run() {
    each_keeps("law_4_losses", |payload| {
        let runs = [0, 1].map(|_| say(&payload.text, other(payload.filed_under)));
        if runs[0] == runs[1] { Vec::new() } else { vec![format!("{runs:#?}")] }
    });
}

#[test]
fn law_6_key_order_is_kept() {
    each_keeps("law_6", |payload| order::complaints(&payload.text));
}

#[test]
fn law_7_output_is_bounded() {
    each_keeps("law_7", |payload| bounds::complaints(payload.text.as_bytes()));
}
