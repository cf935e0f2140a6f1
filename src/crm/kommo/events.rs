//! What a webhook of Kommo tells. Everything in it is text; what is not known is left out, not guessed.

use super::form::{Node, parse_form};
use super::records::SERVICE;
use super::talks::who;
use super::wire::read_time;
use crate::crm::message::is_spoken;
use crate::crm::{CrmError, Who};
use crate::store::UnixMs;
use crate::store::crm::messages::{CrmMessage, Writer};

/// Kommo's number for "lead" among types of elements.
const LEAD: &str = "2";

/// Something that happened over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Message(HookMessage),
    /// A lead was added or changed; `stage` if it is told.
    Lead {
        lead: String,
        name: Option<String>,
        stage: Option<String>,
        pipeline: Option<String>,
        /// The stage changed.
        moved: bool,
    },
    LeadDeleted {
        lead: String,
        /// When, if it is told.
        at: Option<UnixMs>,
    },
    LeadRestored {
        lead: String,
        at: Option<UnixMs>,
    },
    /// Somebody wrote a note; whoever takes it checks whether it is ours (`store::crm::notes`).
    Note {
        lead: String,
        note: String,
        text: String,
    },
    Talk {
        talk: String,
        lead: Option<String>,
        /// It is over.
        closed: bool,
    },
}

/// A message as a webhook brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookMessage {
    pub message: CrmMessage,
    /// It was spoken, and its link is missing: ask for the talk's messages.
    pub lacks_voice: bool,
}

/// What a body tells, in its order.
///
/// # Errors
/// `Input` for a form that is too large. A form that tells nothing we know has no events.
pub fn read_hook(body: &[u8], received_at: UnixMs) -> Result<Vec<Event>, CrmError> {
    let tree = parse_form(body)?;
    let mut events = Vec::new();
    let under = |of: &Node, what: &str| -> Vec<Node> {
        let items = of.get(what).map(Node::items).unwrap_or_default();
        items.into_iter().cloned().collect()
    };
    // Newer samples of the documentation leave out the name around `add`, so a bare one is looked at for what it is.
    for item in under(&tree, "add") {
        if is_message(&item) {
            events.extend(read_message(&item, None, received_at).map(Event::Message));
        } else if item.text("talk_id").is_some() {
            events.extend(read_talk(&item));
        } else {
            events.extend(read_lead(&item, false));
        }
    }
    for (name, outgoing) in [("message", false), ("outgoing_message", true)] {
        for item in tree.get(name).iter().flat_map(|of| under(of, "add")) {
            let read = read_message(&item, Some(outgoing), received_at);
            events.extend(read.map(Event::Message));
        }
    }
    if let Some(talks) = tree.get("talk") {
        for way in ["add", "update"] {
            events.extend(under(talks, way).iter().filter_map(read_talk));
        }
    }
    if let Some(leads) = tree.get("leads") {
        for (way, moved) in [
            ("add", false),
            ("update", false),
            ("status", true),
            ("responsible", false),
        ] {
            events.extend(
                under(leads, way)
                    .iter()
                    .filter_map(|item| read_lead(item, moved)),
            );
        }
        events.extend(under(leads, "delete").iter().filter_map(read_deleted));
        events.extend(under(leads, "restore").iter().filter_map(read_restored));
        events.extend(under(leads, "note").iter().filter_map(read_note));
    }
    // Bare, like `add`: only leads have a pipeline.
    let is_lead = |item: &&Node| item.text("pipeline_id").is_some();
    let (deleted, restored) = (under(&tree, "delete"), under(&tree, "restore"));
    events.extend(deleted.iter().filter(is_lead).filter_map(read_deleted));
    events.extend(restored.iter().filter(is_lead).filter_map(read_restored));
    Ok(events)
}

fn read_deleted(item: &Node) -> Option<Event> {
    Some(Event::LeadDeleted {
        lead: item.text("id")?.to_owned(),
        at: item.text("updated_at").and_then(read_time),
    })
}

fn read_restored(item: &Node) -> Option<Event> {
    Some(Event::LeadRestored {
        lead: item.text("id")?.to_owned(),
        at: item.text("updated_at").and_then(read_time),
    })
}

/// Kommo's number of the account that a body is about, if it says so.
///
/// # Errors
/// `Input` for a form that is too large.
pub fn account_of_hook(body: &[u8]) -> Result<Option<String>, CrmError> {
    let tree = parse_form(body)?;
    let account = tree.get("account");
    Ok(account.and_then(|account| account.text("id").map(str::to_owned)))
}

/// The host that a body names as the account's, as far as it can be told from the one that is known.
///
/// # Errors
/// `Input` for a form that is too large.
pub fn address_of_hook(body: &[u8], known: &str) -> Result<Option<String>, CrmError> {
    let tree = parse_form(body)?;
    let Some(account) = tree.get("account") else {
        return Ok(None);
    };
    let link = account.get("_links").and_then(|links| links.text("self"));
    let linked = link.and_then(|link| {
        let host = link.strip_prefix("https://")?.split('/').next()?;
        (!host.is_empty()).then(|| host.to_ascii_lowercase())
    });
    if linked.is_some() {
        return Ok(linked);
    }
    let ending = known.split_once('.').map(|(_, ending)| ending);
    let named = account.text("subdomain").zip(ending);
    Ok(named.map(|(subdomain, ending)| format!("{}.{ending}", subdomain.to_ascii_lowercase())))
}

fn is_message(item: &Node) -> bool {
    let has = |field| item.text(field).is_some();
    has("message_type") || (has("chat_id") && has("text"))
}

/// `outgoing` is `None` where only the message itself says it.
fn read_message(item: &Node, outgoing: Option<bool>, received_at: UnixMs) -> Option<HookMessage> {
    let id = item.text("id")?;
    let author = item.get("author");
    let author_of = |field| author.and_then(|author| author.text(field));
    let outgoing = match item.text("type") {
        Some("outgoing") => true,
        Some("incoming") => false,
        _ => outgoing.unwrap_or(false),
    };
    let kind = item.text("message_type").unwrap_or("text");
    let attachment = item.get("attachment");
    let attached = |field| attachment.and_then(|attachment| attachment.text(field));
    let link = attached("link").filter(|_| is_spoken(kind));
    let is_lead = item.text("entity_type").map_or_else(
        || item.text("element_type") == Some(LEAD),
        |kind| kind.starts_with("lead"),
    );
    let element = item.text("entity_id").or_else(|| item.text("element_id"));
    let message = CrmMessage {
        id: id.to_owned(),
        talk: item.text("talk_id").map(str::to_owned),
        lead: element
            .filter(|id| is_lead && *id != "0")
            .map(str::to_owned),
        contact: item.text("contact_id").map(str::to_owned),
        who: match who(!outgoing, author_of("type")) {
            Who::Customer => Writer::Customer,
            Who::Staff => Writer::Staff,
            Who::Bot => Writer::Bot,
        },
        author: author_of("name").map(str::to_owned),
        kind: kind.to_owned(),
        text: item.text("text").unwrap_or_default().to_owned(),
        voice_link: link.map(str::to_owned),
        voice_name: attached("file_name").map(str::to_owned),
        at: item
            .text("created_at")
            .and_then(read_time)
            .unwrap_or(received_at),
    };
    Some(HookMessage {
        lacks_voice: is_spoken(kind) && link.is_none(),
        message,
    })
}

fn read_talk(item: &Node) -> Option<Event> {
    let is_lead = item
        .text("entity_type")
        .is_none_or(|kind| kind.starts_with("lead"));
    let lead = item.text("entity_id").filter(|id| is_lead && *id != "0");
    Some(Event::Talk {
        talk: item.text("talk_id").or_else(|| item.text("id"))?.to_owned(),
        lead: lead.map(str::to_owned),
        closed: item.text("is_in_work") == Some("0"),
    })
}

fn read_lead(item: &Node, moved: bool) -> Option<Event> {
    let stage = item.text("status_id");
    let before = item.text("old_status_id");
    Some(Event::Lead {
        lead: item.text("id")?.to_owned(),
        name: item.text("name").map(str::to_owned),
        stage: stage.map(str::to_owned),
        pipeline: item.text("pipeline_id").map(str::to_owned),
        moved: moved && (before.is_none() || before != stage),
    })
}

/// A note, unless its metadata says that we wrote it.
fn read_note(item: &Node) -> Option<Event> {
    let note = item.get("note")?;
    if note.text("element_type").is_some_and(|kind| kind != LEAD) {
        return None;
    }
    let text = note.text("text").unwrap_or_default();
    let is_own = [Some(text), note.text("metadata")]
        .into_iter()
        .flatten()
        .any(|told| {
            let told: Option<serde_json::Value> = serde_json::from_str(told).ok();
            told.is_some_and(|told| told["service"] == SERVICE)
        });
    (!is_own).then_some(())?;
    Some(Event::Note {
        lead: note.text("element_id")?.to_owned(),
        note: note.text("id")?.to_owned(),
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "message[add][0][id]=m-1&message[add][0][chat_id]=c-1&message[add][0][talk_id]=5\
        &message[add][0][contact_id]=9&message[add][0][text]=How+much%3F&message[add][0][created_at]=1700000000\
        &message[add][0][message_type]=text&message[add][0][type]=incoming&message[add][0][origin]=waba\
        &message[add][0][element_type]=2&message[add][0][element_id]=77&message[add][0][entity_type]=lead\
        &message[add][0][entity_id]=77&message[add][0][author][id]=a&message[add][0][author][type]=external\
        &message[add][0][author][name]=Ana&account[id]=1&account[subdomain]=shop";

    fn only(body: &str) -> Event {
        let mut events = read_hook(body.as_bytes(), 5).unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    #[test]
    fn a_message_is_the_same_wrapped_and_bare() {
        let wrapped = only(MESSAGE);
        let Event::Message(read) = &wrapped else {
            panic!("{wrapped:?}")
        };
        let message = &read.message;
        assert_eq!(
            (message.id.as_str(), message.text.as_str()),
            ("m-1", "How much?")
        );
        assert_eq!(
            (message.who, message.at),
            (Writer::Customer, 1_700_000_000_000)
        );
        assert_eq!(message.lead.as_deref(), Some("77"));
        assert_eq!(message.talk.as_deref(), Some("5"));
        assert_eq!(only(&MESSAGE.replace("message[add]", "add")), wrapped);
    }

    #[test]
    fn a_body_says_which_account_it_is_about_or_nothing() {
        let account = |body: &str| account_of_hook(body.as_bytes()).unwrap();
        assert_eq!(account(MESSAGE).as_deref(), Some("1"));
        for none in ["", "account=1", "account[id]=", "message[add][0][id]=1"] {
            assert_eq!(account(none), None, "{none}");
        }
    }

    #[test]
    fn a_body_says_where_its_account_is_or_nothing() {
        let address = |body: &str| address_of_hook(body.as_bytes(), "shop.kommo.com").unwrap();
        for (body, host) in [
            ("account[subdomain]=Shop", "shop.kommo.com"),
            ("account[subdomain]=boutique", "boutique.kommo.com"),
            (
                "account[subdomain]=shop&account[_links][self]=https%3A%2F%2Fshop.amocrm.ru%2F",
                "shop.amocrm.ru",
            ),
        ] {
            assert_eq!(address(body).as_deref(), Some(host), "{body}");
        }
        for none in [
            "",
            "account=1",
            "account[_links][self]=http%3A%2F%2Fx",
            "account[id]=1",
        ] {
            assert_eq!(address(none), None, "{none}");
        }
    }

    #[test]
    fn who_wrote_and_what_is_spoken_is_told() {
        let sent = only(
            &MESSAGE
                .replace("message[add]", "outgoing_message[add]")
                .replace("=incoming", "=outgoing"),
        );
        assert!(matches!(sent, Event::Message(read) if read.message.who == Writer::Staff));
        let bot = only(
            &MESSAGE
                .replace("=incoming", "=outgoing")
                .replace("=external", "=bot"),
        );
        assert!(matches!(bot, Event::Message(read) if read.message.who == Writer::Bot));
        let voice = MESSAGE.replace("[message_type]=text", "[message_type]=voice");
        assert!(matches!(only(&voice), Event::Message(read) if read.lacks_voice));
        let linked = format!(
            "{voice}&message[add][0][attachment][link]=https%3A%2F%2Famojo.kommo.com%2Fa.ogg"
        );
        let Event::Message(read) = only(&linked) else {
            panic!()
        };
        assert!(!read.lacks_voice);
        assert_eq!(
            read.message.voice_link.as_deref(),
            Some("https://amojo.kommo.com/a.ogg")
        );
        // A contact's message belongs to no lead yet.
        let contact = MESSAGE.replace("entity_type]=lead", "entity_type]=contact");
        assert!(matches!(only(&contact), Event::Message(read) if read.message.lead.is_none()));
    }

    #[test]
    fn leads_talks_and_notes_are_told_apart() {
        let moved = "leads[status][0][id]=77&leads[status][0][status_id]=142&leads[status][0][old_status_id]=1";
        assert!(
            matches!(only(moved), Event::Lead { moved: true, stage: Some(stage), .. } if stage == "142")
        );
        let talk = "talk[update][0][talk_id]=5&talk[update][0][is_in_work]=0&talk[update][0][entity_id]=77";
        assert!(
            matches!(only(talk), Event::Talk { closed: true, lead: Some(lead), .. } if lead == "77")
        );
        let note = "leads[note][0][note][id]=3&leads[note][0][note][element_id]=77\
                    &leads[note][0][note][element_type]=2&leads[note][0][note][text]=called";
        assert!(matches!(only(note), Event::Note { text, .. } if text == "called"));
        let own = note.replace(
            "=called",
            "=%7B%22service%22%3A%22Frontdesk%22%2C%22text%22%3A%22x%22%7D",
        );
        assert_eq!(read_hook(own.as_bytes(), 5).unwrap(), []);
        let gone = "leads[delete][0][id]=77&leads[delete][1][id]=78";
        assert_eq!(read_hook(gone.as_bytes(), 5).unwrap().len(), 2);
        let gone = "leads[delete][0][id]=77&leads[delete][0][updated_at]=1700000000";
        let told = Event::LeadDeleted {
            lead: "77".into(),
            at: Some(1_700_000_000_000),
        };
        assert_eq!(only(gone), told);
        let bare = "delete[0][id]=77&delete[0][pipeline_id]=10&delete[0][updated_at]=1700000000";
        assert_eq!(only(bare), told);
        // A contact has no pipeline.
        let contact = read_hook(b"delete[0][id]=9&delete[0][name]=Ana", 5);
        assert_eq!(contact.unwrap(), []);
        let back = "leads[restore][0][id]=77&leads[restore][0][updated_at]=1700000009";
        assert!(
            matches!(only(back), Event::LeadRestored { at: Some(at), .. } if at == 1_700_000_009_000)
        );
        for strange in [
            "",
            "x",
            "leads=1",
            "leads[add]=1",
            "message[add][0]=x",
            "add[0][id]=&add=3",
            "%",
        ] {
            assert_eq!(read_hook(strange.as_bytes(), 5).unwrap(), [], "{strange}");
        }
    }
}
