//! E-mails to administrators when what a workspace may use in a month comes to its end.

use serde_json::Value;

use crate::mail::{self, MailKind, NewMail};
use crate::store::events::Event;
use crate::store::quota::Measure;
use crate::store::users::Role;
use crate::store::{StoreError, Transaction, UnixMs, members, workspaces};

/// What is stored, which begins with no month.
const STORAGE: &str = "storage";

/// Queues the e-mails about a warning; does nothing for other events.
pub(super) fn queue(
    tx: &Transaction<'_>,
    event: &Event,
    address: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    if event.kind != "quota_warned" || !mail::is_set_up(tx, event.workspace)? {
        return Ok(());
    }
    let of = |field: &str| event.data.get(field).and_then(Value::as_str);
    let told = of("measure").unwrap_or_default();
    let measure = Measure::parse(told);
    if measure.is_none() && told != STORAGE {
        return Ok(());
    }
    let percent = event.data.get("percent").and_then(Value::as_u64);
    let (percent, what) = (percent.unwrap_or_default(), measure.map_or(STORAGE, name));
    let business = workspaces::get(tx, event.workspace)?.title;
    let when = of("month");
    let title = match when {
        Some(_) => format!("{percent} % of the {what} of this month are used"),
        None => format!("{percent} % of the {what} is used"),
    };
    let of_month = when.map_or_else(String::new, |month| format!(" of {month}"));
    let (stops, goes_on) = match measure {
        Some(measure) => (
            what_stops(measure),
            "in the next month or with another plan",
        ),
        None => (
            "new documents, recordings and files of visitors are refused; the chat goes on",
            "when something was deleted or the owner of the machine gives more room",
        ),
    };
    let text = format!(
        "{business} has used {percent} % of its {what}{of_month}.\n\nAt 100 % {stops}. Nothing is lost, and it goes on \
         {goes_on}.\n\nHow it stands: {address}/usage\n"
    );
    let people = members::people(tx, event.workspace)?.into_iter();
    let people = people.filter(|person| {
        person.user.suspended_at.is_none() && matches!(person.role, Role::Owner | Role::Admin)
    });
    for person in people {
        let new = NewMail {
            kind: MailKind::Notice,
            about: None,
            recipient: &person.user.email,
            title: &title,
            text: &text,
            reply_to: None,
        };
        mail::enqueue(tx, event.workspace, &new, now)?;
    }
    Ok(())
}

fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::Analyses => "analyses",
        Measure::TranscriptionMs => "minutes of transcription",
        Measure::VoiceMs => "minutes of calls",
        Measure::ModelTokens => "tokens of language models",
    }
}

fn what_stops(measure: Measure) -> &'static str {
    match measure {
        Measure::Analyses => "no more conversations are analysed",
        Measure::TranscriptionMs => {
            "recordings and voice notes are refused; visitors are asked to write"
        }
        Measure::VoiceMs => "calls end with a kind word, and no new ones begin; the chat goes on",
        Measure::ModelTokens => {
            "answers are quoted from your documents without the model\u{2019}s words"
        }
    }
}
