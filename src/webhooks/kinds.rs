//! The kinds of events that webhooks are told.

/// Stands for every kind, also those of later versions.
pub const ALL: &str = "*";
/// A request that an owner sends to see whether a webhook works.
pub const TEST: &str = "webhook.test";

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// As programs see it, such as `conversation.waiting`.
    pub name: &'static str,
    /// When it happens, as a sentence.
    pub told: &'static str,
}

const fn kind(name: &'static str, told: &'static str) -> Kind {
    Kind { name, told }
}

/// Every kind that a webhook can ask for.
pub const KINDS: &[Kind] = &[
    kind("conversation.started", "A visitor began a conversation."),
    kind(
        "conversation.waiting",
        "Somebody waits for a person: the visitor asked, or a rule of the assistant did.",
    ),
    kind(
        "conversation.taken",
        "A member of staff took a conversation over.",
    ),
    kind(
        "conversation.assigned",
        "A conversation was assigned to a member of staff or to a team.",
    ),
    kind(
        "conversation.returned",
        "A member of staff gave a conversation back to the assistant.",
    ),
    kind(
        "conversation.requeued",
        "The member of staff was away, and the visitor waits again.",
    ),
    kind(
        "conversation.expired",
        "Nobody took a waiting conversation in time, or the desk was closed.",
    ),
    kind("conversation.closed", "A conversation was closed."),
    kind(
        "conversation.reopened",
        "The visitor wrote again in a closed conversation.",
    ),
    kind(
        "conversation.merged",
        "A conversation was merged into another one.",
    ),
    kind(
        "conversation.spam",
        "A conversation was marked as spam, or as no spam.",
    ),
    kind(
        "conversation.snoozed",
        "A conversation was put aside until later, or brought back.",
    ),
    kind(
        "conversation.tagged",
        "A conversation got a tag, or lost one.",
    ),
    kind(
        "conversation.rated",
        "A visitor rated a conversation from 1 to 5.",
    ),
    kind(
        "message.received",
        "A visitor wrote while a person has the conversation or is waited for.",
    ),
    kind("message.sent", "A member of staff wrote to a visitor."),
    kind("lead.created", "A visitor left their contact data."),
    kind(
        "callback.requested",
        "A visitor asked to be called, at a time that they chose.",
    ),
    kind("task.ended", "A lead, call or task was done or dropped."),
    kind(
        "task.reopened",
        "A lead, call or task that had ended is open again.",
    ),
    kind("contact.created", "A person became known."),
    kind("contact.changed", "The data of a contact changed."),
    kind("contact.merged", "A contact was merged into another one."),
    kind("answer.rated", "A visitor rated an answer."),
    kind("call.ended", "A call ended."),
    kind("note.written", "A member of staff wrote a note."),
    kind(
        "quota.warned",
        "The workspace has used 80 or 95 percent of what its plan allows in this month.",
    ),
];

/// The kind for an event of the log, such as `conversation_waiting`; `None` for events that are not told.
pub fn of_event(event: &str) -> Option<&'static Kind> {
    let (subject, verb) = event.split_once('_')?;
    KINDS
        .iter()
        .find(|kind| kind.name.split_once('.') == Some((subject, verb)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_the_specification_asks() {
        for kind in KINDS {
            let (subject, verb) = kind.name.split_once('.').unwrap();
            let is_plain =
                |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
            assert!(is_plain(subject) && is_plain(verb), "{}", kind.name);
            assert!(kind.told.ends_with('.'), "{}", kind.told);
            let event = kind.name.replace('.', "_");
            assert_eq!(of_event(&event), Some(kind));
        }
        assert_eq!(of_event("document_ready"), None);
        assert_eq!(of_event("waiting"), None);
    }
}
