//! Where a value stands in the document that came in, as a JSON pointer (RFC 6901).

/// A place, as a chain to the root: it costs nothing until somebody asks for its text.
#[derive(Debug, Clone, Copy)]
pub struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    /// The pointer so far.
    Root(&'p str),
    Word(&'static str),
    Key(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    /// The whole document.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Root("") };

    /// The place that a pointer names: where many places below one are asked for, the way to it is
    /// written once.
    #[must_use]
    pub const fn at(pointer: &'p str) -> Path<'p> {
        Path { parent: None, step: Step::Root(pointer) }
    }

    /// A member of the object here whose key is one of ours and needs no escapes.
    #[must_use]
    pub const fn word(&'p self, key: &'static str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Word(key) }
    }

    /// A member of the object here; the key as [`Member`](super::Member) holds it.
    #[must_use]
    pub fn key(&'p self, key: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Key(key) }
    }

    /// An item of the array here.
    #[must_use]
    pub fn index(&'p self, index: usize) -> Path<'p> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// The JSON pointer, escaped as inside a JSON string.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut out = String::with_capacity(64);
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.step {
            Step::Root(pointer) => out.push_str(pointer),
            Step::Index(index) => {
                out.push('/');
                push_index(out, index);
            }
            Step::Word(key) => {
                out.push('/');
                out.push_str(key);
            }
            Step::Key(key) => {
                out.push('/');
                push_token(out, key);
            }
        }
    }
}

fn push_index(out: &mut String, index: usize) {
    if index >= 10 {
        push_index(out, index / 10);
    }
    out.push(char::from(b"0123456789"[index % 10]));
}

fn push_token(out: &mut String, key: &str) {
    if key.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        out.push_str(&key.replace('~', "~0").replace("\\/", "~1").replace('/', "~1"));
    } else {
        out.push_str(key);
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn pointers_escape_what_rfc_6901_says() {
        let a = Path::ROOT.key("entry");
        let b = a.index(12);
        assert_eq!(b.key("a/b~c").pointer(), "/entry/12/a~1b~0c");
        assert_eq!(b.key("cut \\ud83d \\/").pointer(), "/entry/12/cut \\ud83d ~1");
        assert_eq!(Path::ROOT.pointer(), "");
    }
}
