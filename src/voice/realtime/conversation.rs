//! The items of a session, in order.

use bytes::Bytes;

use super::fault::Fault;
use super::item::{Item, Kind, Part, Status};

const MOST_ITEMS: usize = 2000;
/// Most bytes of text in all items together.
const MOST_TEXT: usize = 1 << 20;
/// Most bytes of sound kept for the client to retrieve; the oldest is dropped first.
const MOST_SOUND: usize = 8 << 20;

#[derive(Debug, Default)]
pub(super) struct Conversation {
    items: Vec<Item>,
}

impl Conversation {
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn last_id(&self) -> Option<String> {
        self.items.last().map(|item| item.id.clone())
    }

    /// Id of the item before this one.
    pub(super) fn before(&self, id: &str) -> Option<String> {
        let at = self.items.iter().position(|item| item.id == id)?;
        Some(self.items[at.checked_sub(1)?].id.clone())
    }

    pub(super) fn find(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.id == id)
    }

    /// Appends an item; returns the id of the one before it.
    pub(super) fn push(&mut self, item: Item) -> Option<String> {
        let before = self.last_id();
        self.items.push(item);
        self.forget_old_sound();
        before
    }

    /// Inserts an item of the client after another (`root`: at the beginning); returns the id of the one before it.
    pub(super) fn insert(
        &mut self,
        item: Item,
        after: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        if let Kind::CallOutput { call_id, .. } = &item.kind
            && !self
                .items
                .iter()
                .any(|other| matches!(&other.kind, Kind::Call { call_id: id, .. } if id == call_id))
        {
            let message = format!("there is no function call {call_id:?} in the conversation");
            return Err(Fault::invalid("invalid_tool_call_id", message).about("item.call_id"));
        }
        if self.find(&item.id).is_some() {
            let message = format!("an item {:?} already exists", item.id);
            return Err(Fault::invalid("item_create_duplicate_id", message).about("item.id"));
        }
        if self.items.len() >= MOST_ITEMS {
            let message = format!("a session has at most {MOST_ITEMS} items; delete some");
            return Err(Fault::invalid("conversation_too_long", message));
        }
        // Bounds the memory of a session: the client decides how much it adds.
        let text: usize = self.items.iter().map(Item::text_bytes).sum();
        if text + item.text_bytes() > MOST_TEXT {
            let message = format!(
                "the items of a session hold at most {MOST_TEXT} bytes of text; delete some or send less"
            );
            return Err(Fault::invalid("conversation_too_long", message));
        }
        let Some(after) = after else {
            return Ok(self.push(item));
        };
        let at = if after == "root" {
            0
        } else {
            let found = self.items.iter().position(|item| item.id == after);
            1 + found.ok_or_else(|| {
                let message = format!("there is no item {after:?} to insert this one after");
                Fault::invalid("previous_item_not_found", message).about("previous_item_id")
            })?
        };
        self.items.insert(at, item);
        self.forget_old_sound();
        Ok(at
            .checked_sub(1)
            .map(|before| self.items[before].id.clone()))
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<(), Fault> {
        let found = self.items.iter().position(|item| item.id == id);
        let at = found.ok_or_else(|| absent("delete", id))?;
        if self.items[at].status == Status::InProgress {
            return Err(refuse_in_progress("delete"));
        }
        self.items.remove(at);
        Ok(())
    }

    pub(super) fn truncate(
        &mut self,
        id: &str,
        content_index: usize,
        ms: i64,
    ) -> Result<(), Fault> {
        let item = self.find_mut(id).ok_or_else(|| absent("truncate", id))?;
        if item.status == Status::InProgress {
            return Err(refuse_in_progress("truncate"));
        }
        item.truncate(content_index, ms)
    }

    fn forget_old_sound(&mut self) {
        let mut kept = 0;
        for item in self.items.iter_mut().rev() {
            let Kind::Message { parts, .. } = &mut item.kind else {
                continue;
            };
            for part in parts {
                if let Part::Heard(sound) = part {
                    kept += sound.pcm.len();
                    if kept > MOST_SOUND {
                        sound.pcm = Bytes::new();
                    }
                }
            }
        }
    }
}

/// The fault of an unknown item id.
pub(super) fn absent(doing: &str, id: &str) -> Fault {
    let code = format!("item_{doing}_invalid_item_id");
    Fault::invalid(&code, format!("there is no item {id:?} to {doing}")).about("item_id")
}

fn refuse_in_progress(doing: &str) -> Fault {
    let message = format!("the item is still in progress; cancel its response to {doing} it");
    Fault::invalid("item_in_progress", message).about("item_id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::realtime::item::Role;

    fn item(id: &str) -> Item {
        Item {
            id: id.into(),
            status: Status::Completed,
            kind: Kind::Message {
                role: Role::User,
                parts: vec![Part::Text(id.into())],
            },
        }
    }

    fn order(conversation: &Conversation) -> Vec<&str> {
        conversation
            .items()
            .iter()
            .map(|item| item.id.as_str())
            .collect()
    }

    #[test]
    fn items_go_where_they_are_put() {
        let mut all = Conversation::default();
        assert_eq!(all.insert(item("b"), None), Ok(None));
        assert_eq!(all.insert(item("d"), None), Ok(Some("b".into())));
        assert_eq!(all.insert(item("a"), Some("root")), Ok(None));
        assert_eq!(all.insert(item("c"), Some("b")), Ok(Some("b".into())));
        assert_eq!(order(&all), ["a", "b", "c", "d"]);
        assert!(all.insert(item("c"), None).is_err());
        let error = all.insert(item("e"), Some("nowhere")).unwrap_err();
        assert_eq!(error.param.as_deref(), Some("previous_item_id"));
        all.delete("b").unwrap();
        assert!(all.delete("b").is_err());
        assert_eq!(order(&all), ["a", "c", "d"]);
    }
}
