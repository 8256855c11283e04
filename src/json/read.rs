//! From text, in one pass over it, opened as far as a [`Shape`] says.
//!
//! Payloads nearly always have the shape that is expected, and then every byte is looked at once.
//! Where one does not (a number among the messages), the text is read a second time, carefully: each
//! child first as it stands, then opened if it can be, else left as it stands.

use super::{MAX_DEPTH, Member, Node, Object};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// How far a value is opened. It is a wish: what has another type stays as it stands.
#[derive(Debug)]
pub enum Shape {
    /// Not at all.
    Leaf,
    /// As an object; the members listed are opened further, the others are not.
    Object(&'static [(&'static str, Shape)]),
    /// As an array of items of one shape.
    List(&'static Shape),
}

/// Why a text is not a JSON document that can be worked on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not UTF-8.
    #[error("not UTF-8: byte {at} cannot stand there (Latin-1 text, or a body that is no text)")]
    Encoding {
        /// How many bytes before it are good.
        at: usize,
    },
    /// Not JSON.
    #[error("not JSON: {reason}")]
    Syntax {
        /// What the parser said, with line and column.
        reason: String,
    },
    /// Nested too deep to be worked on safely.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Nothing but blanks.
    #[error("empty")]
    Empty,
}

/// Reads a document from bytes.
///
/// # Errors
/// [`Malformed`] says what is wrong with it and where.
pub fn read_bytes<'a>(bytes: &'a [u8], shape: &'static Shape) -> Result<Node<'a>, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|error| Malformed::Encoding { at: error.valid_up_to() })?;
    read(text, shape)
}

/// Reads a document.
///
/// # Errors
/// [`Malformed`] says what is wrong with it and where.
pub fn read<'a>(text: &'a str, shape: &'static Shape) -> Result<Node<'a>, Malformed> {
    let too_deep = Cell::new(false);
    let document = match attempt(text, Reader { shape, careful: false, too_deep: &too_deep }) {
        Ok(node) => Ok(node),
        // Of two complaints about the grammar the first knows better what it was reading.
        Err(first) => attempt(text, Reader { shape, careful: true, too_deep: &too_deep })
            .map_err(|second| if first.is_data() { second } else { first }),
    };
    match document {
        _ if too_deep.get() => Err(Malformed::TooDeep),
        Ok(node) => Ok(node),
        Err(_) if text.trim_ascii().is_empty() => Err(Malformed::Empty),
        Err(error) => Err(Malformed::Syntax { reason: error.to_string() }),
    }
}

fn attempt<'a>(text: &'a str, reader: Reader<'_>) -> serde_json::Result<Node<'a>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = match reader.careful {
        false => reader.deserialize(&mut deserializer)?,
        true => reader.carefully(<&RawValue>::deserialize(&mut deserializer)?),
    };
    deserializer.end()?;
    Ok(node)
}

#[derive(Clone, Copy)]
struct Reader<'r> {
    shape: &'static Shape,
    careful: bool,
    too_deep: &'r Cell<bool>,
}

impl Reader<'_> {
    fn of(self, shape: &'static Shape) -> Self {
        Self { shape, ..self }
    }

    fn leaf<'a>(self, raw: &'a RawValue) -> Node<'a> {
        let text = raw.get();
        // A value of n bytes is nested at most n / 2 deep.
        if text.len() > 2 * MAX_DEPTH && opens(text) > MAX_DEPTH && depth(text) > MAX_DEPTH {
            self.too_deep.set(true);
        }
        Node::Raw(Cow::Borrowed(text))
    }

    fn carefully<'a>(self, raw: &'a RawValue) -> Node<'a> {
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        self.deserialize(&mut deserializer).unwrap_or_else(|_| self.leaf(raw))
    }
}

impl<'a> DeserializeSeed<'a> for Reader<'_> {
    type Value = Node<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Node<'a>, D::Error> {
        match self.shape {
            Shape::Leaf => Ok(self.leaf(<&RawValue>::deserialize(deserializer)?)),
            Shape::Object(_) => deserializer.deserialize_map(self),
            Shape::List(_) => deserializer.deserialize_seq(self),
        }
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    type Value = Node<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.shape {
            Shape::Leaf => "any value",
            Shape::Object(_) => "an object",
            Shape::List(_) => "an array",
        })
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Node<'a>, A::Error> {
        let known = match self.shape {
            Shape::Object(known) => *known,
            Shape::Leaf | Shape::List(_) => &[],
        };
        let mut object = Object::with_capacity(8);
        while let Some(key) = self.key(&mut map)? {
            let shape = known.iter().find(|(name, _)| *name == key).map_or(&Shape::Leaf, |(_, shape)| shape);
            let reader = self.of(shape);
            let value = match self.careful {
                false => map.next_value_seed(reader)?,
                true => reader.carefully(map.next_value::<&RawValue>()?),
            };
            object.push_member(Member { key, value });
        }
        Ok(Node::Object(object))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Node<'a>, A::Error> {
        let shape = match self.shape {
            Shape::List(shape) => shape,
            Shape::Leaf | Shape::Object(_) => &Shape::Leaf,
        };
        let reader = self.of(shape);
        let mut list = Vec::with_capacity(2);
        if self.careful {
            while let Some(item) = items.next_element::<&RawValue>()? {
                list.push(reader.carefully(item));
            }
        } else {
            while let Some(item) = items.next_element_seed(reader)? {
                list.push(item);
            }
        }
        Ok(Node::List(list))
    }
}

impl Reader<'_> {
    /// Keys are nearly always plain. One that no Rust string can hold (a lone surrogate) fails here,
    /// and is read as it stands the second time.
    fn key<'a, A: MapAccess<'a>>(self, map: &mut A) -> Result<Option<Cow<'a, str>>, A::Error> {
        match self.careful {
            false => map.next_key_seed(Key),
            true => Ok(map.next_key::<&RawValue>()?.map(plain_key)),
        }
    }
}

/// A key without quotes, and without escapes where it needs none.
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, unescaped: &str) -> Result<Self::Value, E> {
        let quoted = super::quote(unescaped);
        Ok(Cow::Owned(quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()))
    }
}

fn plain_key(raw: &RawValue) -> Cow<'_, str> {
    let quoted = raw.get();
    let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted);
    if !escaped.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(escaped);
    }
    match serde_json::from_str::<String>(quoted) {
        Ok(key) if super::quote(&key).len() == key.len() + 2 => Cow::Owned(key),
        _ => Cow::Borrowed(escaped),
    }
}

/// How many brackets open, those in strings among them: never less than the depth.
fn opens(json: &str) -> usize {
    json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count()
}

/// How deep the arrays and objects of a valid JSON text are nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape::Object(&[("list", Shape::List(&Shape::Object(&[])))]);

    fn round(text: &str) -> String {
        read(text, &SHAPE).expect(text).to_json()
    }

    #[test]
    fn literals_order_and_doubles_survive() {
        for text in [
            r#"{"b":7.990,"a":1e3,"b":12345678901234567890,"list":[{"x":-0.0}]}"#,
            r#"{"cut":"\ud83d","k\ud83d":"\u00e9","list":[]}"#,
            r#"{"say \"hi\"":[[],{}]}"#,
        ] {
            assert_eq!(round(text), text);
        }
    }

    #[test]
    fn what_has_another_shape_stays_as_it_stands() {
        for text in [r#"{"list":[1,{"a":[2]},"x",null]}"#, r#"{"list":"none"}"#, r#"[1,2]"#, "7"] {
            assert_eq!(round(text), text);
        }
        let node = read(r#"{"list":[1,{"a":2}]}"#, &SHAPE).expect("valid");
        let list = node.object().expect("object").items("list").to_vec();
        assert!(list.first().is_some_and(|item| item.object().is_none()));
        assert!(list.last().is_some_and(|item| item.object().is_some()));
    }

    #[test]
    fn needless_escapes_in_keys_do_not_hide_them() {
        let node = read(r#"{"l\u0069st":[{}]}"#, &SHAPE).expect("valid");
        assert_eq!(node.object().expect("object").items("list").len(), 1);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&nested(MAX_DEPTH), &SHAPE).is_ok());
        for levels in [MAX_DEPTH + 1, 100_000] {
            assert_eq!(read(&nested(levels), &SHAPE).err(), Some(Malformed::TooDeep));
        }
        let harmless = format!("{{\"a\":[\"{}\"]}}", "[".repeat(5_000));
        assert!(read(&harmless, &SHAPE).is_ok());
    }

    #[test]
    fn errors_say_what_and_where() {
        let said = |bytes: &[u8]| read_bytes(bytes, &SHAPE).expect_err("malformed").to_string();
        assert_eq!(said(b" \n"), "empty");
        assert!(said(b"{\"a\": caf\xe9}").starts_with("not UTF-8: byte 9"));
        assert_eq!(said(b"{\"a\":1,}"), "not JSON: trailing comma at line 1 column 8");
        assert!(said(b"{} {}").starts_with("not JSON: trailing characters"));
    }
}
