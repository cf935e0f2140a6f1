//! Putting messages into the outbox.

use super::answers::{self, reply_address};
use super::parse_address;
use super::settings::Kept;
use crate::store::mail::{self, MailKind, NewOutgoing};
use crate::store::{
    Connection, ConversationId, MailId, StoreError, Transaction, UnixMs, UserId, WorkspaceId,
};

/// Most characters of a title.
const LONGEST_TITLE: usize = 200;
/// Most bytes of a text; the rest is cut off.
const LONGEST_TEXT: usize = 1 << 20;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail<'a> {
    pub kind: MailKind,
    /// Id of what it is about, such as a conversation or a task; the message is deleted with that.
    pub about: Option<&'a str>,
    /// One address.
    pub recipient: &'a str,
    pub title: &'a str,
    /// Plain text.
    pub text: &'a str,
    /// Lets the recipient answer into a conversation, if a mailbox for answers is set up.
    pub reply_to: Option<ReplyTo>,
}

/// What an answer goes into, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyTo {
    pub conversation: ConversationId,
    /// The person whom the message is sent to.
    pub user: UserId,
}

/// What became of a new message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    Queued(MailId),
    /// The workspace has no mail server: nobody is told by e-mail.
    NotSetUp,
    /// The recipient is no address; a sentence for people.
    BadRecipient(String),
}

/// Whether a workspace can send e-mail.
pub fn is_set_up(conn: &Connection, workspace: WorkspaceId) -> Result<bool, StoreError> {
    Ok(mail::find_servers(conn, workspace)?.is_some())
}

/// Puts a message into the outbox, in the transaction of what it tells of.
pub fn enqueue(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewMail<'_>,
    now: UnixMs,
) -> Result<Enqueued, StoreError> {
    let Some(kept) = Kept::load(tx, workspace)? else {
        return Ok(Enqueued::NotSetUp);
    };
    let recipient = match parse_address(new.recipient) {
        Ok(recipient) => recipient,
        Err(told) => return Ok(Enqueued::BadRecipient(told)),
    };
    let mut text = shorten(new.text);
    let mut reply_to = None;
    if let (Some(to), Some(mailbox)) = (new.reply_to, &kept.settings.mailbox) {
        let expires_at = now.saturating_add(answers::OPEN_MS);
        let ReplyTo { conversation, user } = to;
        let token = mail::open_address(tx, workspace, conversation, user, now, expires_at)?;
        reply_to = Some(reply_address(&mailbox.address, &token));
        text = format!("{}\n\n{text}", answers::INVITATION);
    }
    let outgoing = NewOutgoing {
        kind: new.kind,
        about: new.about,
        recipient: &recipient,
        title: &one_line(new.title),
        text: &text,
        reply_to: reply_to.as_deref(),
    };
    Ok(Enqueued::Queued(mail::enqueue(
        tx, workspace, &outgoing, now,
    )?))
}

/// A title on one line: line breaks would begin another header.
fn one_line(title: &str) -> String {
    let spaced = title.replace(|c: char| c.is_control() || c.is_whitespace(), " ");
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST_TITLE).collect()
}

fn shorten(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let end = (0..=LONGEST_TEXT)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let head = text.get(..end.unwrap_or(0)).unwrap_or_default();
    format!("{head}\n\n[The rest is too long for an e-mail.]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_and_a_text_has_an_end() {
        assert_eq!(
            one_line(" A visitor\r\nBcc: b@c.de \u{2028} waits\t"),
            "A visitor Bcc: b@c.de waits"
        );
        assert_eq!(one_line(&"ä".repeat(500)).chars().count(), LONGEST_TITLE);
        assert_eq!(shorten("a\nb"), "a\nb");
        let long = shorten(&"ä".repeat(LONGEST_TEXT));
        assert!(long.len() < LONGEST_TEXT + 100 && long.ends_with("e-mail.]\n"));
    }
}
