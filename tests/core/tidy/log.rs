//! What the log says, held against the table of it in `docs/operating.md`.

use super::assert_none;
use super::documents::read;
use super::source::sources;

/// So many words tell a line from others: the rest may be shortened in the document.
const WORDS: usize = 5;

/// The messages of lines that are written at the usual level.
fn messages(code: &str) -> Vec<String> {
    let levels = ["tracing::info!(", "tracing::warn!(", "tracing::error!("];
    let calls = levels.iter().flat_map(|level| code.split(level).skip(1));
    // The last text of a call is its message; those in fields come before it.
    let messages = calls.filter_map(|call| texts(call).pop());
    messages.map(|text| text.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")).collect()
}

/// The texts between quotes, up to the parenthesis that ends the call.
fn texts(call: &str) -> Vec<&str> {
    let (mut texts, mut depth) = (Vec::new(), 1);
    for (at, piece) in call.split('"').enumerate() {
        if at % 2 == 1 {
            texts.push(piece);
            continue;
        }
        for character in piece.chars() {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if depth == 0 {
                return texts;
            }
        }
    }
    texts
}

/// The first words of a message, up to where it says something of the moment.
fn begin(message: &str) -> String {
    let fixed = message.split('{').next().unwrap_or_default();
    fixed.split_whitespace().take(WORDS).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_line_of_the_log_is_documented() {
    let document = read("docs/operating.md").expect("the handbook is there");
    let said = sources()
        .into_iter()
        .flat_map(|source| messages(source.product()).into_iter().map(move |m| (m, source.path.clone())));
    let said: Vec<(String, String)> = said.collect();
    assert!(said.len() > 50, "the log has more to say than {} lines", said.len());
    let missing = said.iter().filter(|(message, _)| !document.contains(&begin(message)));
    assert_none(
        &missing
            .map(|(message, path)| format!("docs/operating.md does not name {message:?} of {path}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn messages_are_read_in_every_form() {
    let code = "tracing::warn!(file = \"x\", %error, \"it is \\\n   gone: {}\", 1);\ntracing::debug!(\"no\");\nf(tracing::info!(n = g(1), \"done\"))(\"not this\");";
    assert_eq!(messages(code), ["done", "it is gone: {}"]);
    assert_eq!(begin("a b c d e f"), "a b c d e");
    assert_eq!(begin("it is gone: {}"), "it is gone:");
}
