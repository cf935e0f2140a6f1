//! Who a visitor said they are before they wrote: a contact, and what they agreed to in its history.

use super::{Agreed, LONGEST_PAGE, LeadSettings, find_contact, is_same_text};
use crate::contacts::{self as people, Given};
use crate::store::contacts::{self, NewConsent};
use crate::store::conversations::Conversation;
use crate::store::{Scoped, StoreError, Transaction, UnixMs};

/// What the consent before a chat is for.
const PURPOSE: &str = "chat";

/// Makes a contact of who a visitor said they are, and notes what they agreed to, once. Without an address or a number it does
/// nothing, as nobody could be found again by it, and nothing for somebody who did not agree where the owner requires that; the
/// conversation has what was said.
pub fn introduce(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    who: &Given,
    agreed: Option<&Agreed>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let workspace = conversation.workspace();
    let home = people::country(tx, workspace)?;
    let phone = who.phone.as_deref();
    let given = Given {
        // One that is not understood stands in the conversation only.
        phone: phone.and_then(|phone| people::parse_phone(phone, home.as_deref()).ok()),
        ..who.clone()
    };
    if given.email.is_none() && given.phone.is_none() {
        return Ok(());
    }
    let has_agreed = agreed.is_some_and(|agreed| agreed.given);
    if !has_agreed && LeadSettings::load(tx, workspace)?.consent_required {
        return Ok(());
    }
    let contact = find_contact(tx, workspace, Some(conversation), &given, now)?;
    let Some(agreed) = agreed else {
        return Ok(());
    };
    let known = contacts::consents(tx, &contact)?;
    let last = known.iter().find(|consent| consent.purpose == PURPOSE);
    if last.is_some_and(|last| last.given == agreed.given && is_same_text(&last.text, &agreed.text))
    {
        return Ok(());
    }
    let page = conversation.page.as_deref();
    let page: Option<String> = page.map(|page| page.chars().take(LONGEST_PAGE).collect());
    let consent = NewConsent {
        purpose: PURPOSE,
        given: agreed.given,
        text: agreed.text.trim(),
        page: page.as_deref(),
    };
    contacts::add_consent(tx, &contact, &consent, now).map(drop)
}
