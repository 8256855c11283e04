//! An object as an ordered list of members.

use super::Node;
use std::borrow::Cow;

/// One member of an object.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// The key without its quotes. A key that was written with needless escapes is unescaped, so
    /// that `"fr\u006fm"` is found as `from`; other escapes stand as they were.
    pub key: Cow<'a, str>,
    /// The value.
    pub value: Node<'a>,
}

/// An object that keeps the order of its members and members that stand twice; looked up, the last
/// of them counts, as in every common parser.
#[derive(Debug, Clone, Default)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// An empty object with room for `members`.
    #[must_use]
    pub fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members) }
    }

    /// The members in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.members.iter()
    }

    /// The members in their order, values changeable.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Member<'a>> {
        self.members.iter_mut()
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.members.iter().rposition(|member| member.key == key)
    }

    /// Whether a member has this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The value under this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.position(key).and_then(|at| self.members.get(at)).map(|member| &member.value)
    }

    /// The value under this key, changeable.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node<'a>> {
        let at = self.position(key)?;
        self.members.get_mut(at).map(|member| &mut member.value)
    }

    /// The string under this key, unescaped.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key)?.text()
    }

    /// The string under this key, unless it is empty.
    #[must_use]
    pub fn filled(&self, key: &str) -> Option<&Node<'a>> {
        self.get(key).filter(|value| value.escaped().is_some_and(|text| !text.is_empty()))
    }

    /// Whether the value under this key is missing or the empty string.
    #[must_use]
    pub fn lacks(&self, key: &str) -> bool {
        self.get(key).is_none_or(|value| value.is_literal("\"\""))
    }

    /// Appends a member, whatever is there.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: Node<'a>) {
        self.members.push(Member { key: key.into(), value });
    }

    /// Puts a member first, whatever is there.
    pub fn push_front(&mut self, key: impl Into<Cow<'a, str>>, value: Node<'a>) {
        self.members.insert(0, Member { key: key.into(), value });
    }

    /// Appends a member as it stands.
    pub fn push_member(&mut self, member: Member<'a>) {
        self.members.push(member);
    }

    /// Replaces the value under this key where it stands, or appends it.
    pub fn set(&mut self, key: &'static str, value: Node<'a>) {
        match self.get_mut(key) {
            Some(place) => *place = value,
            None => self.push(key, value),
        }
    }

    /// Puts a member before the one called `next`, or last.
    pub fn insert_before(&mut self, next: &str, key: &'static str, value: Node<'a>) {
        let at = self.position(next).unwrap_or(self.members.len());
        self.members.insert(at, Member { key: Cow::Borrowed(key), value });
    }

    /// Takes a member out and says where it stood.
    pub fn take(&mut self, key: &str) -> Option<(usize, Node<'a>)> {
        let at = self.position(key)?;
        Some((at, self.members.remove(at).value))
    }

    /// Puts a member at a place among the others, or last.
    pub fn insert(&mut self, at: usize, key: &'static str, value: Node<'a>) {
        self.members.insert(at.min(self.members.len()), Member { key: Cow::Borrowed(key), value });
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Node<'a>> {
        let at = self.position(key)?;
        Some(self.members.remove(at).value)
    }

    /// Gives a member another key where it stands. Not done, and `false`, when there is no such
    /// member or the new key is taken.
    pub fn rename(&mut self, from: &str, to: &'static str) -> bool {
        if self.has(to) {
            return false;
        }
        match self.position(from).and_then(|at| self.members.get_mut(at)) {
            Some(member) => {
                member.key = Cow::Borrowed(to);
                true
            }
            None => false,
        }
    }

    /// Keeps the members that `keep` says, in their order.
    pub fn retain(&mut self, keep: impl FnMut(&Member<'a>) -> bool) {
        self.members.retain(keep);
    }

    /// The object under this key, opened; `None` when it is missing or no object.
    pub fn open(&mut self, key: &str) -> Option<&mut Object<'a>> {
        self.get_mut(key)?.open()
    }

    /// The items under this key; empty when it is missing or no array.
    #[must_use]
    pub fn items(&self, key: &str) -> &[Node<'a>] {
        self.get(key).and_then(Node::list).unwrap_or_default()
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = Member<'a>;
    type IntoIter = std::vec::IntoIter<Member<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<'a, 'o> IntoIterator for &'o Object<'a> {
    type Item = &'o Member<'a>;
    type IntoIter = std::slice::Iter<'o, Member<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> Extend<Member<'a>> for Object<'a> {
    fn extend<I: IntoIterator<Item = Member<'a>>>(&mut self, members: I) {
        self.members.extend(members);
    }
}

impl<'a> FromIterator<Member<'a>> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = Member<'a>>>(members: I) -> Self {
        Self { members: members.into_iter().collect() }
    }
}
