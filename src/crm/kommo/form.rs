//! Forms with PHP's brackets: `message[add][0][text]=Hi` is a tree. The form itself is decoded by the URL Standard's parser
//! (`form_urlencoded`).

use std::collections::BTreeMap;

use crate::crm::CrmError;

/// Deepest key that is read; Kommo's have six levels.
const DEEPEST: usize = 12;
/// Values of one form that are read.
const MOST: usize = 20_000;

/// A value or a branch of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Text(String),
    Branch(BTreeMap<String, Node>),
}

impl Node {
    /// A branch of this one.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Branch(branches) => branches.get(key),
            Self::Text(_) => None,
        }
    }

    /// A value below this one; empty text counts as none.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The branches whose keys are numbers, in their order: the items of a list.
    pub fn items(&self) -> Vec<&Node> {
        let Self::Branch(branches) = self else {
            return Vec::new();
        };
        let mut items: Vec<(u64, &Node)> = branches
            .iter()
            .filter_map(|(key, node)| Some((key.parse().ok()?, node)))
            .collect();
        items.sort_by_key(|(index, _)| *index);
        items.into_iter().map(|(_, node)| node).collect()
    }
}

/// Reads a form into a tree. Of two values of one key the later counts; a key that is no path is taken whole.
///
/// # Errors
/// `Input` for a form that is too large to be meant.
pub fn parse_form(body: &[u8]) -> Result<Node, CrmError> {
    let mut root = BTreeMap::new();
    for (at, (key, value)) in form_urlencoded::parse(body).enumerate() {
        if at >= MOST {
            return Err(CrmError::Input("the form has too many values".into()));
        }
        let path = split(&key);
        if path.len() > DEEPEST {
            return Err(CrmError::Input("the form is nested too deeply".into()));
        }
        put(&mut root, &path, value.into_owned());
    }
    Ok(Node::Branch(root))
}

/// The steps of a key: `a[b][0]` are `a`, `b` and `0`.
fn split(key: &str) -> Vec<&str> {
    let Some((first, rest)) = key.split_once('[') else {
        return vec![key];
    };
    let mut steps = vec![first];
    let mut rest = rest;
    loop {
        let Some((step, after)) = rest.split_once(']') else {
            return vec![key];
        };
        steps.push(step);
        match after.strip_prefix('[') {
            Some(next) => rest = next,
            None if after.is_empty() => return steps,
            None => return vec![key],
        }
    }
}

fn put(branches: &mut BTreeMap<String, Node>, path: &[&str], value: String) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    // `a[]` appends.
    let step = match step.is_empty() {
        true => next_index(branches),
        false => (*step).to_owned(),
    };
    if rest.is_empty() {
        branches.insert(step, Node::Text(value));
        return;
    }
    let node = branches
        .entry(step)
        .or_insert_with(|| Node::Branch(BTreeMap::new()));
    if matches!(node, Node::Text(_)) {
        *node = Node::Branch(BTreeMap::new());
    }
    if let Node::Branch(branches) = node {
        put(branches, rest, value);
    }
}

fn next_index(branches: &BTreeMap<String, Node>) -> String {
    let indices = branches.keys().filter_map(|key| key.parse::<u64>().ok());
    let next = indices.max().map_or(0, |last| last.saturating_add(1));
    next.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_become_a_tree() {
        let body = b"message%5Badd%5D%5B0%5D%5Btext%5D=Hi+there%21&message[add][0][author][name]=J%C3%BCrg\
                     &account[id]=7&account[_links][self]=https%3A%2F%2Fx&plain=1";
        let tree = parse_form(body).unwrap();
        let message = tree
            .get("message")
            .and_then(|m| m.get("add"))
            .unwrap()
            .items()[0];
        assert_eq!(message.text("text"), Some("Hi there!"));
        assert_eq!(message.get("author").unwrap().text("name"), Some("Jürg"));
        assert_eq!(tree.get("account").unwrap().text("id"), Some("7"));
        assert_eq!(tree.text("plain"), Some("1"));
    }

    #[test]
    fn items_are_in_the_order_of_their_numbers() {
        let tree = parse_form(b"a[10][x]=k&a[2][x]=j&a[0][x]=i&a[y][x]=no&b[]=p&b[]=q").unwrap();
        let all: Vec<_> = tree
            .get("a")
            .unwrap()
            .items()
            .iter()
            .filter_map(|n| n.text("x"))
            .collect();
        assert_eq!(all, ["i", "j", "k"]);
        assert_eq!(tree.get("b").unwrap().items().len(), 2);
    }

    #[test]
    fn nonsense_is_taken_whole_or_refused_and_never_panics() {
        let tree =
            parse_form(b"a[b=1&a]b=2&[c]=3&a[b]x=4&=5&d[e]=6&d=7&d[f]=8&%ff%fe[g]=%ff").unwrap();
        assert_eq!(tree.text("a[b"), Some("1"));
        assert_eq!(tree.text("a[b]x"), Some("4"));
        assert_eq!(tree.get("d").unwrap().text("f"), Some("8"));
        let deep = format!("a{}=1", "[x]".repeat(5_000));
        assert!(parse_form(deep.as_bytes()).is_err());
        let many = "a[]=1&".repeat(MOST + 1);
        assert!(parse_form(many.as_bytes()).is_err());
        assert_eq!(parse_form(b"").unwrap(), Node::Branch(BTreeMap::new()));
    }
}
