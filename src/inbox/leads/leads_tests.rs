//! Leads from forms and from the chat, their due times, and times for a call.

use serde_json::json;

use super::*;
use crate::store::conversations::{Channel, NewConversation};
use crate::store::{EventId, Store, workspaces};

/// A shop in Berlin whose desk is open from 9 to 12 and from 13 to 17 on weekdays.
fn in_a_shop(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError> + Send + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let berlin = json!({ "time_zone": "Europe/Berlin", "country": "DE" });
            workspaces::set_section(tx, shop, "facts", &berlin)?;
            let day = json!([["09:00", "12:00"], ["13:00", "17:00"]]);
            let hours = json!({ "monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day });
            workspaces::set_section(tx, shop, "desk", &json!({ "hours": hours }))?;
            test(tx, shop)
        })
        .unwrap();
}

/// Of December 2026 in Berlin: the 1st is a Tuesday.
fn at(day: i8, hour: i8, minute: i8) -> UnixMs {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let at = jiff::civil::date(2026, 12, day).at(hour, minute, 0, 0);
    at.to_zoned(zone).unwrap().timestamp().as_millisecond()
}

fn form(email: &str, phone: &str, wish: &str) -> NewLead {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    NewLead {
        name: Some(" Ann  Smith ".into()),
        email: some(email),
        phone: some(phone),
        wish: wish.into(),
        ..NewLead::default()
    }
}

fn talk(tx: &Transaction<'_>, shop: WorkspaceId) -> Scoped<Conversation> {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: Some("v1"),
        title: "Visitor",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, shop, &new, at(1, 9, 0)).unwrap()
}

fn say(tx: &Transaction<'_>, talk: &Scoped<Conversation>, text: &str) {
    let new = NewMessage {
        role: Speaker::User,
        text,
        state: MessageState::Complete,
        client_id: None,
        author: None,
    };
    messages::append(tx, talk, &new, at(1, 9, 0)).unwrap();
}

fn open_tasks(tx: &Transaction<'_>, shop: WorkspaceId) -> usize {
    let all = TaskFilter::default().list(tx, shop, 99).unwrap();
    all.len()
}

#[test]
fn a_lead_is_a_contact_a_task_a_consent_and_an_event() {
    in_a_shop(|tx, shop| {
        let talk = talk(tx, shop);
        let mut new = form("Ann@Example.com", "0170 1234567", "A bike for my son");
        new.conversation = Some(talk.id);
        new.page = Some("https://shop.example/bikes".into());
        new.consent = Some(Agreed {
            text: "You may write to me.".into(),
            given: true,
        });
        let lead = leave(tx, shop, &new, at(1, 10, 0)).unwrap();
        assert_eq!(lead.task.due_at, at(1, 11, 0));
        assert_eq!(
            (lead.task.kind, lead.task.name.as_str()),
            (TaskKind::Lead, "Ann Smith")
        );
        assert_eq!(lead.contact.name, "Ann Smith");
        let points = contacts::points(tx, &lead.contact)?;
        let values: Vec<_> = points.iter().map(|p| p.value.as_str()).collect();
        assert_eq!(values, ["ann@example.com", "+491701234567"]);
        assert!(points.iter().all(|point| !point.verified));
        let consents = contacts::consents(tx, &lead.contact)?;
        assert_eq!((consents.len(), consents[0].given), (1, true));
        assert_eq!(consents[0].text, "You may write to me.");
        let told = events::list(tx, shop, EventId(0), 9)?;
        let lead_created = told
            .iter()
            .find(|event| event.kind == "lead_created")
            .unwrap();
        assert_eq!(lead_created.subject, talk.id.to_string());
        assert_eq!(lead_created.data["task"], lead.task.id.to_string());
        let said = messages::list(tx, &talk, 9)?;
        assert_eq!((said[0].role, &said[0].text), (Speaker::System, &lead.text));
        assert!(lead.text.starts_with("Thank you"), "{}", lead.text);
        // Sent twice it is kept once; told again, another wish is another lead.
        leave(tx, shop, &new, at(1, 10, 1)).unwrap();
        assert_eq!(open_tasks(tx, shop), 1);
        assert_eq!(messages::list(tx, &talk, 9)?.len(), 1);
        assert_eq!(contacts::consents(tx, &lead.contact)?.len(), 1);
        new.wish = "And a helmet".into();
        leave(tx, shop, &new, at(1, 10, 2)).unwrap();
        assert_eq!(open_tasks(tx, shop), 2);
        Ok(())
    });
}

#[test]
fn what_cannot_be_taken_is_refused_and_leaves_nothing() {
    in_a_shop(|tx, shop| {
        let slot = Slot {
            from: at(1, 14, 0),
            until: at(1, 14, 30),
        };
        let call = |mut new: NewLead, slot| {
            new.callback = Some(slot);
            new
        };
        let odd = Slot {
            from: at(1, 14, 10),
            until: at(1, 14, 40),
        };
        let lunch = Slot {
            from: at(1, 12, 0),
            until: at(1, 12, 30),
        };
        for (new, field) in [
            (form("", "", "x"), "email"),
            (form("ann", "", "x"), "email"),
            (form("", "call me maybe", "x"), "phone"),
            (form("", "123456789012345678901234567890", "x"), "phone"),
            (form("a@b.example", "", " "), "wish"),
            (form("a@b.example", "", &"x".repeat(4001)), "wish"),
            (call(form("a@b.example", "", "x"), slot), "phone"),
            (call(form("", "0170 1234567", ""), odd), "callback"),
            (call(form("", "0170 1234567", ""), lunch), "callback"),
        ] {
            let refused = leave(tx, shop, &new, at(1, 10, 0)).unwrap_err();
            assert_eq!(refused.field(), Some(field), "{new:?}: {refused}");
        }
        let required = json!({ "consent_required": true, "consent_text": "You may call me." });
        workspaces::set_section(tx, shop, LeadSettings::SECTION, &required)?;
        let mut new = form("a@b.example", "", "x");
        for consent in [
            None,
            Some(Agreed {
                text: "You may.".into(),
                given: false,
            }),
            Some(Agreed {
                text: " ".into(),
                given: true,
            }),
        ] {
            new.consent = consent;
            assert!(matches!(
                leave(tx, shop, &new, at(1, 10, 0)),
                Err(LeadError::NoConsent)
            ));
        }
        // Agreed to what the form said before the owner changed it.
        new.consent = Some(Agreed {
            text: "You may write to me.".into(),
            given: true,
        });
        let other = leave(tx, shop, &new, at(1, 10, 0)).unwrap_err();
        assert!(matches!(other, LeadError::OtherConsent), "{other}");
        assert_eq!(open_tasks(tx, shop), 0);
        assert!(events::list(tx, shop, EventId(0), 9)?.is_empty());
        new.consent = Some(Agreed {
            text: " You may\r\ncall me. ".into(),
            given: true,
        });
        leave(tx, shop, &new, at(1, 10, 0)).unwrap();
        Ok(())
    });
}

#[test]
fn a_lead_is_due_after_an_hour_of_the_desk() {
    in_a_shop(|tx, shop| {
        let desk = Desk::load(tx, shop, at(1, 10, 0))?;
        for (from, due) in [
            (at(1, 10, 0), at(1, 11, 0)),
            // Half an hour before lunch, and half an hour after it.
            (at(1, 11, 30), at(1, 13, 30)),
            (at(1, 20, 0), at(2, 10, 0)),
            // From Friday evening over the weekend.
            (at(4, 16, 45), at(7, 9, 45)),
        ] {
            assert_eq!(slots::due(&desk, from), due);
        }
        workspaces::set_section(tx, shop, "desk", &json!({ "hours": {} }))?;
        let never = Desk::load(tx, shop, at(1, 10, 0))?;
        assert_eq!(slots::due(&never, at(1, 10, 0)), at(1, 11, 0));
        Ok(())
    });
}

#[test]
fn calls_are_offered_while_the_desk_is_open_and_not_on_holidays() {
    in_a_shop(|tx, shop| {
        let desk = Desk::load(tx, shop, at(1, 10, 40))?;
        let offered = slots(&desk, at(1, 10, 40));
        let from: Vec<_> = offered.iter().map(|slot| slot.from).take(4).collect();
        // In half an hour at the earliest, not over lunch.
        assert_eq!(
            from,
            [at(1, 11, 30), at(1, 13, 0), at(1, 13, 30), at(1, 14, 0)]
        );
        let weekend = at(5, 0, 0)..at(7, 0, 0);
        assert!(offered.iter().all(|slot| !weekend.contains(&slot.from)));
        assert!(offered.iter().any(|slot| slot.from == at(7, 9, 0)));
        assert!(offered.iter().all(|slot| slot.from < at(8, 0, 0)));
        let desk = Desk::load(tx, shop, at(21, 10, 0))?;
        let christmas = at(25, 0, 0)..at(26, 0, 0);
        let offered = slots(&desk, at(21, 10, 0));
        assert!(offered.iter().all(|slot| !christmas.contains(&slot.from)));
        assert!(offered.iter().any(|slot| slot.from == at(23, 9, 0)));
        Ok(())
    });
}

#[test]
fn a_call_back_is_due_at_the_time_that_was_chosen() {
    in_a_shop(|tx, shop| {
        let slot = Slot {
            from: at(2, 14, 0),
            until: at(2, 14, 30),
        };
        let mut new = form("", "+1 207 555 0199", "");
        new.callback = Some(slot);
        let lead = leave(tx, shop, &new, at(1, 10, 0)).unwrap();
        assert_eq!(
            (lead.task.kind, lead.task.due_at),
            (TaskKind::Callback, slot.from)
        );
        assert_eq!(lead.task.call_until, Some(slot.until));
        assert_eq!(
            lead.text,
            "Thank you. Somebody from our team will call you tomorrow at 14:00."
        );
        let told = events::list(tx, shop, EventId(0), 9)?;
        let last = told.last().unwrap();
        assert_eq!(
            (last.kind.as_str(), last.data["from"].as_i64()),
            ("callback_requested", Some(slot.from))
        );
        assert_eq!(last.subject, lead.task.id.to_string());
        Ok(())
    });
}

#[test]
fn contact_details_in_the_chat_are_a_lead_with_the_question_before() {
    in_a_shop(|tx, shop| {
        let talk = talk(tx, shop);
        say(tx, &talk, "Do you repair umbrellas?");
        let message = "Anna Smith, 0170 1234567";
        say(tx, &talk, message);
        let task = of_message(tx, &talk, message, true, at(1, 10, 0))?.unwrap();
        assert_eq!(
            task.wish,
            "Do you repair umbrellas?\nAnna Smith, 0170 1234567"
        );
        assert_eq!(
            (task.name.as_str(), task.due_at),
            ("Anna Smith", at(1, 11, 0))
        );
        // What they add goes to the same contact, and is no second lead.
        let more = "and my mail is anna@example.com";
        say(tx, &talk, more);
        assert!(of_message(tx, &talk, more, true, at(1, 10, 5))?.is_none());
        let contact = contacts::of_conversation(tx, shop, talk.id)?.unwrap();
        assert_eq!(contacts::points(tx, &contact)?.len(), 2);
        Ok(())
    });
}

#[test]
fn where_visitors_must_agree_contact_details_in_the_chat_are_not_taken() {
    in_a_shop(|tx, shop| {
        let talk = talk(tx, shop);
        let message = "Anna Smith, 0170 1234567";
        say(tx, &talk, message);
        let required = json!({ "consent_required": true, "consent_text": "You may call me." });
        workspaces::set_section(tx, shop, LeadSettings::SECTION, &required)?;
        assert!(of_chat(tx, &talk, message, true, at(1, 10, 0))?.is_none());
        assert!(contacts::of_conversation(tx, shop, talk.id)?.is_none());
        assert_eq!(open_tasks(tx, shop), 0);
        let free = json!({ "consent_required": false });
        workspaces::set_section(tx, shop, LeadSettings::SECTION, &free)?;
        assert!(of_chat(tx, &talk, message, true, at(1, 10, 1))?.is_some());
        Ok(())
    });
}

#[test]
fn a_wish_for_a_person_alone_is_no_lead_but_an_answer_to_the_offer_always_is() {
    in_a_shop(|tx, shop| {
        let talk = talk(tx, shop);
        assert!(of_message(tx, &talk, "I want a person", false, at(1, 10, 0))?.is_none());
        assert!(contacts::of_conversation(tx, shop, talk.id)?.is_none());
        let unclear = "my number is 5550199 without the rest";
        let task = of_message(tx, &talk, unclear, true, at(1, 10, 0))?.unwrap();
        assert_eq!(task.wish, unclear);
        Ok(())
    });
}

#[test]
fn who_says_who_they_are_before_a_chat_is_a_contact_with_what_they_agreed_to() {
    in_a_shop(|tx, shop| {
        let talk = talk(tx, shop);
        let agreed = Agreed {
            text: "You may keep this.".into(),
            given: true,
        };
        let nobody = Given {
            name: Some("Ann".into()),
            ..Given::default()
        };
        introduce(tx, &talk, &nobody, Some(&agreed), at(1, 9, 0))?;
        assert!(contacts::of_conversation(tx, shop, talk.id)?.is_none());
        let ann = Given {
            email: Some("ann@example.com".into()),
            phone: Some("0170 1234567".into()),
            ..nobody
        };
        let required = json!({ "consent_required": true, "consent_text": "You may call me." });
        workspaces::set_section(tx, shop, LeadSettings::SECTION, &required)?;
        introduce(tx, &talk, &ann, None, at(1, 9, 0))?;
        assert!(contacts::of_conversation(tx, shop, talk.id)?.is_none());
        for _ in 0..2 {
            introduce(tx, &talk, &ann, Some(&agreed), at(1, 9, 1))?;
        }
        let contact = contacts::of_conversation(tx, shop, talk.id)?.unwrap();
        let values: Vec<_> = contacts::points(tx, &contact)?
            .into_iter()
            .map(|point| point.value)
            .collect();
        assert_eq!(values, ["ann@example.com", "+491701234567"]);
        let history = contacts::consents(tx, &contact)?;
        assert_eq!(history.len(), 1);
        assert_eq!(
            (history[0].purpose.as_str(), history[0].text.as_str()),
            ("chat", "You may keep this.")
        );
        Ok(())
    });
}
