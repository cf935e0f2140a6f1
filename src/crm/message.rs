//! Messages, from their fields as CRMs have them.

use super::{RemoteMessage, VoiceLink, Who};
use crate::store::UnixMs;
use crate::store::crm::messages::{CrmMessage, Writer};

/// Whether a kind of message is spoken. WhatsApp's arrive as either.
pub(crate) fn is_spoken(kind: &str) -> bool {
    matches!(kind, "voice" | "audio")
}

#[expect(
    clippy::too_many_arguments,
    reason = "the fields of a message, each used once"
)]
pub(crate) fn make_message(
    id: String,
    at: UnixMs,
    who: Who,
    author: Option<String>,
    text: String,
    kind: &str,
    link: Option<String>,
    name: Option<String>,
) -> RemoteMessage {
    let is_spoken = is_spoken(kind);
    let voice = link.filter(|_| is_spoken).map(|url| VoiceLink {
        message: id.clone(),
        url,
        name,
    });
    let has_words = kind == "text" || is_spoken;
    RemoteMessage {
        id,
        at,
        who,
        author,
        text,
        voice,
        attachment: (!has_words).then(|| kind.to_owned()),
    }
}

impl From<CrmMessage> for RemoteMessage {
    fn from(kept: CrmMessage) -> Self {
        let who = match kept.who {
            Writer::Customer => Who::Customer,
            Writer::Staff => Who::Staff,
            Writer::Bot => Who::Bot,
        };
        make_message(
            kept.id,
            kept.at,
            who,
            kept.author,
            kept.text,
            &kept.kind,
            kept.voice_link,
            kept.voice_name,
        )
    }
}
