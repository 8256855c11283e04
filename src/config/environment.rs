//! `CUTOVER_<SECTION>__<KEY>` over what the file says; a consumer or number by its name:
//! `CUTOVER_CONSUMER__CRM__URL`. A name is matched without regard to case, `-` counting as `_`; in the name of a
//! header `_` stands for `-`.

use super::section::{Findings, Problems};
use crate::secret::Secret;
use toml::{Table, Value};

const PREFIX: &str = "CUTOVER_";
const CAPTURE_KEY: &str = "CUTOVER_CAPTURE_KEY";
/// Whoever guesses the key can tell every number in a redacted capture.
const CAPTURE_KEY_MIN_BYTES: usize = 16;

/// The key that makes several redacted captures agree, where one is set.
///
/// # Errors
/// One that can be guessed.
pub fn capture_key(mut environment: impl Iterator<Item = (String, String)>) -> Result<Option<Secret>, Problems> {
    match environment.find(|(name, _)| name == CAPTURE_KEY) {
        Some((_, key)) if key.len() < CAPTURE_KEY_MIN_BYTES => Err(Problems::one(
            CAPTURE_KEY,
            &format!("is too short: {CAPTURE_KEY_MIN_BYTES} characters or more, or leave it out"),
        )),
        found => Ok(found.map(|(_, key)| Secret::new(key))),
    }
}

pub(super) fn overlay(table: &mut Table, variables: &[(String, String)], problems: &Findings) {
    for (variable, value) in variables {
        let Some(key) = variable.strip_prefix(PREFIX) else { continue };
        let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
        let placed = match path.as_slice() {
            // CUTOVER_CORPUS and the like are not ours.
            [_] => continue,
            [list, name, rest @ ..] if list == "consumer" || list == "number" => {
                named(table, list, name).and_then(|entry| place(entry, rest, value))
            }
            path => place(table, path, value),
        };
        if placed.is_none() {
            problems.add(variable.clone(), "names no section or key of the configuration");
        }
    }
}

/// The table of a list that has this name, made if there is none.
fn named<'t>(table: &'t mut Table, list: &str, name: &str) -> Option<&'t mut Table> {
    let entries = table.entry(list).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let is_called = |(index, entry): (usize, &Value)| match entry.get("name").and_then(Value::as_str) {
        Some(own) => plain(own) == name,
        None => plain(&format!("{list}-{}", index + 1)) == name,
    };
    let at = match entries.iter().enumerate().position(is_called) {
        Some(at) => at,
        None => {
            let mut entry = Table::new();
            entry.insert("name".to_owned(), Value::String(name.to_owned()));
            entries.push(Value::Table(entry));
            entries.len() - 1
        }
    };
    entries.get_mut(at)?.as_table_mut()
}

fn place(table: &mut Table, path: &[String], value: &str) -> Option<()> {
    let (last, sections) = path.split_last()?;
    let mut table = table;
    for section in sections {
        table = table.entry(section.as_str()).or_insert_with(|| Value::Table(Table::new())).as_table_mut()?;
    }
    let is_header = sections.last().is_some_and(|section| section == "headers");
    let key = if is_header { last.replace('_', "-") } else { last.clone() };
    table.insert(key, Value::String(value.to_owned()));
    Some(())
}
