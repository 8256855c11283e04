//! Back to text.

use super::{Node, Object};

impl Node<'_> {
    /// Appends the JSON text. What was not opened is printed as it came, blanks included.
    pub fn write(&self, out: &mut String) {
        match self {
            Node::Raw(text) => out.push_str(text),
            Node::Object(object) => object.write(out),
            Node::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
        }
    }

    /// The JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(64);
        self.write(&mut out);
        out
    }
}

impl Object<'_> {
    /// Appends the JSON text.
    pub fn write(&self, out: &mut String) {
        out.push('{');
        for (index, member) in self.iter().enumerate() {
            out.push_str(if index > 0 { ",\"" } else { "\"" });
            out.push_str(&member.key);
            out.push_str("\":");
            member.value.write(out);
        }
        out.push('}');
    }

    /// The JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(512);
        self.write(&mut out);
        out
    }
}

/// A string as a JSON string, with quotes and escapes.
#[must_use]
pub fn quote(text: &str) -> String {
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        return ["\"", text, "\""].concat();
    }
    // A string cannot fail to serialize; the fallback is the empty string's JSON.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// The same JSON on one line: blanks between tokens go, strings stay.
#[must_use]
pub fn compact(json: &str) -> String {
    let mut out = Vec::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for byte in json.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
    }
    // Only ASCII blanks were taken out, so it is still UTF-8.
    String::from_utf8(out).unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn compact_leaves_strings_alone() {
        let spread = "{ \"a b\" :\n [ 1 , \"x \\\" y\\\\\" , \" \" ] }";
        assert_eq!(compact(spread), "{\"a b\":[1,\"x \\\" y\\\\\",\" \"]}");
    }
}
