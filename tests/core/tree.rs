//! A second reading of JSON, independent of `cutover::json`: every law is checked with it, so that a
//! mistake of the library's reader cannot hide itself. Literals are kept, strings by their
//! characters, lone surrogates too.

use std::fmt::Write as _;

/// A JSON value with the literals it was written with.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// A number, `true`, `false`, `null` by its text; a string by its characters between quotes.
    Scalar(String),
    /// An array.
    List(Vec<Tree>),
    /// An object, members in their order.
    Object(Vec<(String, Tree)>),
}

/// What has no children: a scalar, or an empty array or object.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// The keys and indices on the way to it.
    pub(crate) steps: Vec<Step>,
    /// Its text.
    pub(crate) literal: String,
}

/// One step of the way to a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Leaf {
    /// The keys on the way, without indices: where such a leaf belongs whatever its list is cut into.
    pub(crate) fn route(&self) -> Vec<&str> {
        let key = |step: &'_ Step| matches!(step, Step::Key(_));
        self.steps.iter().filter(|step| key(step)).map(Step::text).collect()
    }
}

impl Step {
    fn text(&self) -> &str {
        match self {
            Step::Key(key) => key,
            Step::Index(_) => "",
        }
    }
}

impl PartialEq for Tree {
    /// Members in any order, literals as they are.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Tree::Scalar(a), Tree::Scalar(b)) => a == b,
            (Tree::List(a), Tree::List(b)) => a == b,
            (Tree::Object(a), Tree::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| other.get(key).is_some_and(|found| found == value))
            }
            _ => false,
        }
    }
}

impl Tree {
    /// Reads a document.
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = Reader { text: text.as_bytes(), at: 0 };
        let tree = reader.value();
        reader.blanks();
        assert_eq!(reader.at, text.len(), "one document and nothing after it: {text}");
        tree
    }

    /// The member of an object, the last one where it stands twice.
    pub(crate) fn get(&self, key: &str) -> Option<&Tree> {
        match self {
            Tree::Object(members) => members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            Tree::Scalar(_) | Tree::List(_) => None,
        }
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Tree)] {
        match self {
            Tree::Object(members) => members,
            Tree::Scalar(_) | Tree::List(_) => &[],
        }
    }

    /// The items of the array under `key`; none where there is no array.
    pub(crate) fn items(&self, key: &str) -> &[Tree] {
        match self.get(key) {
            Some(Tree::List(items)) => items,
            _ => &[],
        }
    }

    /// The text of a scalar, quotes of a string included.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self {
            Tree::Scalar(text) => Some(text),
            Tree::List(_) | Tree::Object(_) => None,
        }
    }

    /// The characters of a string.
    pub(crate) fn string(&self) -> Option<&str> {
        self.literal().and_then(unquoted)
    }

    /// The same object without these members.
    pub(crate) fn without(&self, keys: &[&str]) -> Tree {
        let kept = self.members().iter().filter(|(key, _)| !keys.contains(&key.as_str()));
        Tree::Object(kept.cloned().collect())
    }

    /// What a JSON pointer leads to.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Tree> {
        steps_of(pointer).iter().try_fold(self, |tree, token| match tree {
            Tree::Object(_) => tree.get(token),
            Tree::List(items) => items.get(token.parse::<usize>().ok()?),
            Tree::Scalar(_) => None,
        })
    }

    /// Every leaf, in the document's order.
    pub(crate) fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.collect(&mut Vec::new(), &mut leaves);
        leaves
    }

    fn collect(&self, steps: &mut Vec<Step>, leaves: &mut Vec<Leaf>) {
        let mut leaf = |literal: &str| leaves.push(Leaf { steps: steps.clone(), literal: literal.to_owned() });
        match self {
            Tree::Scalar(text) => leaf(text),
            Tree::List(items) if items.is_empty() => leaf("[]"),
            Tree::Object(members) if members.is_empty() => leaf("{}"),
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    steps.push(Step::Index(index));
                    item.collect(steps, leaves);
                    steps.pop();
                }
            }
            Tree::Object(members) => {
                for (key, value) in members {
                    steps.push(Step::Key(key.clone()));
                    value.collect(steps, leaves);
                    steps.pop();
                }
            }
        }
    }
}

/// The characters between the quotes of a string's literal.
pub(crate) fn unquoted(literal: &str) -> Option<&str> {
    literal.strip_prefix('"')?.strip_suffix('"')
}

/// The tokens of a JSON pointer.
pub(crate) fn steps_of(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

/// The pointer of a loss, which is written as inside a JSON string, by its characters.
pub(crate) fn unescaped(pointer: &str) -> String {
    let tree = Tree::read(&format!("\"{pointer}\""));
    tree.string().expect("what was quoted is a string").to_owned()
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Tree {
        self.blanks();
        match self.peek() {
            b'{' => Tree::Object(self.between(b'}', |reader| {
                reader.blanks();
                let key = reader.string();
                reader.blanks();
                reader.expect(b':');
                (key, reader.value())
            })),
            b'[' => Tree::List(self.between(b']', Self::value)),
            b'"' => Tree::Scalar(format!("\"{}\"", self.string())),
            _ => {
                let from = self.at;
                while matches!(self.peek(), b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.') {
                    self.at += 1;
                }
                let text = self.text.get(from..self.at).unwrap_or_default();
                assert!(!text.is_empty(), "a value at byte {from}");
                Tree::Scalar(String::from_utf8_lossy(text).into_owned())
            }
        }
    }

    fn between<T>(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                byte if byte == close => break,
                b',' => self.at += 1,
                _ => items.push(item(self)),
            }
        }
        self.at += 1;
        items
    }

    fn expect(&mut self, byte: u8) {
        assert_eq!(self.peek(), byte, "at byte {}", self.at);
        self.at += 1;
    }

    fn string(&mut self) -> String {
        self.expect(b'"');
        let mut units = Vec::new();
        loop {
            let from = self.at;
            while !matches!(self.peek(), b'"' | b'\\') {
                self.at += 1;
            }
            let plain = std::str::from_utf8(self.text.get(from..self.at).unwrap_or_default());
            units.extend(plain.expect("the document is UTF-8").encode_utf16());
            self.at += 1;
            if self.text.get(self.at - 1) == Some(&b'"') {
                return characters(&units);
            }
            units.push(self.escape());
        }
    }

    fn escape(&mut self) -> u16 {
        self.at += 1;
        match self.text.get(self.at - 1) {
            Some(b'b') => 8,
            Some(b't') => 9,
            Some(b'n') => 10,
            Some(b'f') => 12,
            Some(b'r') => 13,
            Some(b'u') => {
                let digits = self.text.get(self.at..self.at + 4).expect("four digits follow \\u");
                self.at += 4;
                let digits = std::str::from_utf8(digits).expect("hex digits are ASCII");
                u16::from_str_radix(digits, 16).expect("hex digits follow \\u")
            }
            other => u16::from(*other.expect("something follows a backslash")),
        }
    }
}

/// As text; a lone surrogate as the character of the private plane 16 with the same last digits.
fn characters(units: &[u16]) -> String {
    let mut text = String::with_capacity(units.len());
    for unit in char::decode_utf16(units.iter().copied()) {
        let stand_in = |lone: u16| char::from_u32(0x0010_0000 + u32::from(lone)).unwrap_or_default();
        let written = text.write_char(unit.unwrap_or_else(|lone| stand_in(lone.unpaired_surrogate())));
        written.expect("a String takes any character");
    }
    text
}
