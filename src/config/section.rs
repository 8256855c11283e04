//! One table of the configuration, read key by key; what is wrong is written down and reading goes
//! on, so that all problems are told at once.

use crate::secret::Secret;
use std::cell::RefCell;
use std::fmt;
use std::time::Duration;
use toml::{Table, Value};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, as a path: `consumer.crm.url`. Empty for the file as a whole.
    pub key: String,
    /// What is wrong and what to write instead. Never holds a secret.
    pub message: String,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn one(key: &str, message: &str) -> Self {
        Self(vec![Problem { key: key.to_owned(), message: message.to_owned() }])
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.0
    }
}

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Findings(RefCell<Vec<Problem>>);

impl Findings {
    pub(super) fn add(&self, key: String, message: &str) {
        self.0.borrow_mut().push(Problem { key, message: message.to_owned() });
    }

    /// The value, if nothing is wrong.
    pub(super) fn or<T>(self, value: T) -> Result<T, Problems> {
        let found = self.0.into_inner();
        if found.is_empty() { Ok(value) } else { Err(Problems(found)) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            match problem.key.as_str() {
                "" => out.write_str(&problem.message)?,
                key => write!(out, "{key}: {}", problem.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A table while it is read.
pub(super) struct Section<'p> {
    path: String,
    table: Table,
    asked: Vec<String>,
    problems: &'p Findings,
    environment: &'p [(String, String)],
}

impl<'p> Section<'p> {
    pub(super) fn new(path: &str, table: Table, problems: &'p Findings, environment: &'p [(String, String)]) -> Self {
        Self { path: path.to_owned(), table, asked: Vec::new(), problems, environment }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn problem(&self, key: &str, message: &str) {
        self.problems.add(self.key(key), message);
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.asked.push(key.to_owned());
        self.table.remove(key)
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A key whose value does not matter here.
    pub(super) fn ignore(&mut self, key: &str) {
        self.take(key);
    }

    fn wrong<T>(&self, key: &str, wanted: &str) -> Option<T> {
        self.problem(key, &format!("write {wanted}"));
        None
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => self.wrong(key, "a string, in quotes"),
        }
    }

    /// A string that must be there.
    pub(super) fn required(&mut self, key: &str, example: &str) -> String {
        if !self.has(key) {
            self.asked.push(key.to_owned());
            self.problem(key, &format!("is missing: write {key} = {example}"));
        }
        self.text(key).unwrap_or_default()
    }

    pub(super) fn integer(&mut self, key: &str) -> Option<u64> {
        let read = match self.take(key)? {
            Value::Integer(number) => u64::try_from(number).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        read.or_else(|| self.wrong(key, "a whole number, such as 32"))
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        let read = match self.take(key) {
            None => return false,
            Some(Value::Boolean(flag)) => Some(flag),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        read.or_else(|| self.wrong(key, "true or false")).unwrap_or(false)
    }

    pub(super) fn duration(&mut self, key: &str) -> Option<Duration> {
        let read = match self.take(key)? {
            Value::String(text) => humantime::parse_duration(&text).ok(),
            _ => None,
        };
        read.or_else(|| self.wrong(key, "a duration with its unit, such as \"10s\", \"15m\" or \"7d\""))
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(key) else { return default };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.unwrap_or_else(|| {
            let all: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            self.problem(key, &format!("{text:?} is not known: write {}", all.join(" or ")));
            default
        })
    }

    /// Anything that can be read from a string.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let text = self.text(key)?;
        text.parse().ok().or_else(|| self.wrong(key, wanted))
    }

    /// A list of strings; from the environment, separated by commas.
    pub(super) fn words(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.take(key)?;
        match strings(value) {
            Some(words) => Some(words),
            None => self.wrong(key, "a list of strings, such as [\"crm\"]"),
        }
    }

    pub(super) fn secret(&mut self, key: &str) -> Option<Secret> {
        let value = self.take(key)?;
        self.reveal(key, value)
    }

    pub(super) fn secrets(&mut self, key: &str) -> Vec<Secret> {
        let values = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(Value::String(list)) => list.split(',').map(|one| Value::String(one.trim().to_owned())).collect(),
            Some(one) => vec![one],
        };
        values.into_iter().filter_map(|value| self.reveal(key, value)).collect()
    }

    fn reveal(&self, key: &str, value: Value) -> Option<Secret> {
        let revealed = match value {
            Value::String(text) => Ok(text),
            Value::Table(table) => self.referred(&table),
            _ => Err("write { env = \"NAME\" }, { file = \"/run/secrets/x\" } or a string".to_owned()),
        };
        match revealed {
            Ok(text) if text.is_empty() => {
                self.problem(key, "is empty: anybody knows it");
                None
            }
            Ok(text) => Some(Secret::new(text)),
            Err(message) => {
                self.problem(key, &message);
                None
            }
        }
    }

    fn referred(&self, table: &Table) -> Result<String, String> {
        let mut members = table.iter();
        match (members.next(), members.next()) {
            (Some((kind, Value::String(name))), None) if kind == "env" => {
                let found = self.environment.iter().find(|(variable, _)| variable == name);
                let value = found.map(|(_, value)| value.clone());
                value.ok_or_else(|| format!("the environment has no variable {name}: set it"))
            }
            (Some((kind, Value::String(path))), None) if kind == "file" => std::fs::read_to_string(path)
                .map(|text| text.trim_end_matches(['\n', '\r']).to_owned())
                .map_err(|error| format!("cannot read {path}: {error}")),
            _ => Err("write { env = \"NAME\" } or { file = \"/run/secrets/x\" }".to_owned()),
        }
    }

    /// A table below; empty where there is none.
    pub(super) fn section(&mut self, key: &str) -> Section<'p> {
        let table = match self.take(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => self.wrong(key, &format!("a table: [{key}]")).unwrap_or_default(),
        };
        Section::new(&self.key(key), table, self.problems, self.environment)
    }

    /// A list of tables; each is called by its `name`, or by its place.
    pub(super) fn sections(&mut self, key: &str) -> Vec<Section<'p>> {
        let tables = match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => self.wrong(key, &format!("a list of tables: [[{key}]]")).unwrap_or_default(),
        };
        let named = |(index, value): (usize, Value)| match value {
            Value::Table(table) => {
                let name = table.get("name").and_then(Value::as_str).map(str::to_owned);
                let name = name.unwrap_or_else(|| format!("{key}-{}", index + 1));
                Some(Section::new(&format!("{key}.{name}"), table, self.problems, self.environment))
            }
            _ => self.wrong(key, &format!("a list of tables: [[{key}]]")),
        };
        tables.into_iter().enumerate().filter_map(named).collect()
    }

    /// All members that are left, as strings or secrets.
    pub(super) fn all_secrets(&mut self) -> Vec<(String, Secret)> {
        let table = std::mem::take(&mut self.table);
        table.into_iter().filter_map(|(key, value)| Some((key.clone(), self.reveal(&key, value)?))).collect()
    }

    /// Says which keys nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let near =
                self.asked.iter().filter(|known| distance(known, key) <= 2).min_by_key(|known| distance(known, key));
            match near {
                Some(known) => self.problem(key, &format!("is no key: did you mean {known}?")),
                None => self.problem(key, &format!("is no key: known here are {}", self.asked.join(", "))),
            }
        }
    }
}

fn strings(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        Value::String(list) => Some(list.split(',').map(|word| word.trim().to_owned()).collect()),
        _ => None,
    }
}

/// Levenshtein distance, for a hint at a slip of the pen.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), i + 1);
        let mut before = i + 1;
        for (right, cell) in b.bytes().zip(row.iter_mut().skip(1)) {
            let cost = diagonal + usize::from(left != right);
            diagonal = *cell;
            *cell = cost.min(*cell + 1).min(before + 1);
            before = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        assert_eq!(distance("timeout", "timeuot"), 2);
        assert_eq!(distance("url", "uri"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
