//! Events, and what becomes of them for programs, mailboxes and browsers.

use serde_json::{Value, json};

use super::super::fixtures::Shop;
use super::*;
use crate::store::listing::ListFilter;
use crate::store::mail::{self as post, LogFilter, MailState, Outgoing, Servers};
use crate::store::messages::{MessageState, NewMessage, Speaker};
use crate::store::tasks::{self, TaskState};
use crate::store::users::User;
use crate::store::webhooks::deliveries::DeliveryFilter;
use crate::store::webhooks::{self as hooks, NewWebhook};
use crate::store::{
    ContactId, EventId, NoteId, TaskId, TeamId, WebhookId, events, messages, workspaces,
};

const AT: UnixMs = 1_700_000_000_000;
const MINUTE: i64 = 60_000;
const DESK: &str = "https://desk.example.com";

impl Shop {
    /// Begins to tell.
    fn listening() -> Self {
        let shop = Self::new(true);
        let sql = "UPDATE users SET email = ? WHERE id = ?";
        for (email, user) in [
            ("anna@shop.example", &shop.anna),
            ("ben@shop.example", &shop.ben),
        ] {
            shop.write(|tx| tx.execute(sql, (email, user.id)).map_err(StoreError::from));
        }
        shop.write(begin);
        shop
    }

    /// A program that is told of everything.
    fn hook(&self) -> WebhookId {
        self.write(|tx| {
            let new = NewWebhook {
                url: "https://hooks.example/in",
                secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                events: &["*".to_owned()],
            };
            Ok(hooks::create(tx, self.workspace, &new, 1)?.id)
        })
    }

    /// A mail server, and settings of the desk.
    fn mail(&self, notify: Value) {
        let settings = json!({
            "server": { "host": "mail.example", "port": 465, "tls": "implicit", "user": "desk" },
            "sender": { "name": "Shop", "address": "desk@shop.example" },
            "mailbox": null,
        });
        let servers = Servers {
            settings,
            password: "word".into(),
            mailbox_password: String::new(),
            changed_at: 1,
        };
        self.write(|tx| {
            post::keep_servers(tx, self.workspace, &servers, true)?;
            let mut desk: Value = workspaces::section(tx, self.workspace, "desk")?;
            desk["notify"] = notify;
            workspaces::set_section(tx, self.workspace, "desk", &desk)
        });
    }

    fn happen(&self, kind: &str, data: Value, at: UnixMs) -> EventId {
        let subject = self.conversation.id.to_string();
        self.write(|tx| events::append(tx, self.workspace, kind, &subject, &data, at))
    }

    /// Tells what happened until `now`; the bodies that webhooks get for it.
    fn told(&self, now: UnixMs) -> Vec<Value> {
        self.write(|tx| {
            while tell_next(tx, DESK, now)?.more {}
            let filter = DeliveryFilter::default();
            let mut queued = filter.list(tx, self.workspace, 1_000)?;
            queued.reverse();
            tx.execute("DELETE FROM webhook_deliveries", [])
                .map_err(StoreError::from)?;
            let bodies = queued.iter();
            Ok(bodies
                .map(|one| serde_json::from_str(&one.payload).unwrap())
                .collect())
        })
    }

    /// E-mails that were queued, oldest first.
    fn mails(&self) -> Vec<(Outgoing, String)> {
        self.write(|tx| {
            let mut all = post::list(tx, self.workspace, &LogFilter::default(), 100)?;
            all.reverse();
            let text = |mail: &Outgoing| {
                let found = post::find(tx, mail.id).unwrap();
                found.map(|sending| sending.text).unwrap_or_default()
            };
            Ok(all
                .into_iter()
                .map(|mail| (mail.clone(), text(&mail)))
                .collect())
        })
    }

    /// Who got an e-mail.
    fn mailed(&self) -> Vec<String> {
        let all = self.mails().into_iter();
        all.map(|(mail, _)| mail.recipient).collect()
    }

    /// A call to make, with a contact; the id of its task.
    fn lead(&self, at: UnixMs) -> TaskId {
        let (ada, task) = (ContactId::new(), TaskId::new());
        self.write(|tx| {
            tx.execute(
                "INSERT INTO contacts (id, workspace, name, created_at, updated_at) VALUES (?, ?, 'Ada Berg', ?, ?)",
                (ada, self.workspace, at, at),
            )
            .map_err(StoreError::from)?;
            tx.execute(
                "INSERT INTO contact_points (contact, workspace, kind, value, created_at)
                 VALUES (?, ?, 'phone', '+49301234567', ?)",
                (ada, self.workspace, at),
            )
            .map_err(StoreError::from)?;
            tx.execute(
                "INSERT INTO tasks (id, workspace, kind, state, contact, conversation, wish, due_at, call_from,
                                    call_until, created_at)
                 VALUES (?, ?, 'callback', 'open', ?, ?, 'A blue bicycle', ?, ?, ?, ?)",
                (task, self.workspace, ada, self.conversation.id, at, AT, AT + 30 * MINUTE, at),
            )
            .map_err(StoreError::from)
        });
        let data = json!({ "task": task, "contact": ada, "from": AT, "until": AT + 30 * MINUTE });
        self.happen("callback_requested", data, at);
        task
    }

    fn notice(&self, event: EventId, user: &User) -> Option<Notice> {
        self.write(|tx| {
            let event = notices::list_after(tx, EventId(event.0 - 1), 1)?.remove(0);
            super::notice::notice(tx, &event, Some(user.id))
        })
    }

    fn reply(&self, by: &User, text: &str, at: UnixMs) {
        let new = NewMessage {
            role: Speaker::Agent,
            text,
            state: MessageState::Complete,
            client_id: None,
            author: Some(by.id),
        };
        self.write(|tx| messages::append(tx, &self.conversation, &new, at));
    }

    fn team(&self, people: &[&User]) -> TeamId {
        let id = TeamId::new();
        self.write(|tx| {
            let sql =
                "INSERT INTO teams (id, workspace, name, created_at) VALUES (?, ?, 'Repairs', 1)";
            tx.execute(sql, (id, self.workspace))
                .map_err(StoreError::from)?;
            for one in people {
                let sql = "INSERT INTO team_members (team, user) VALUES (?, ?)";
                tx.execute(sql, (id, one.id)).map_err(StoreError::from)?;
            }
            Ok(())
        });
        id
    }
}

#[test]
fn what_was_there_before_is_not_told() {
    let shop = Shop::new(true);
    shop.hook();
    shop.happen("conversation_closed", json!({ "by": null }), 2);
    shop.write(begin);
    shop.happen("conversation_reopened", json!({}), 3);
    // Another start changes nothing.
    shop.write(begin);
    let told = shop.told(4);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["type"], "conversation.reopened");
    assert!(shop.told(5).is_empty());
}

#[test]
fn a_payload_has_what_a_program_needs() {
    let shop = Shop::listening();
    shop.hook();
    shop.say("Is anybody there?", AT);
    shop.happen("conversation_taken", json!({ "by": shop.anna.id }), AT);
    shop.reply(&shop.anna, "Yes, hello!", AT + 1);
    let told = shop.told(AT + 2);
    assert_eq!(told.len(), 2, "{told:?}");
    let taken = &told[0];
    assert_eq!(taken["type"], "conversation.taken");
    assert_eq!(taken["timestamp"], "2023-11-14T22:13:20Z");
    let anna = json!({ "id": shop.anna.id, "name": "Anna Lind" });
    assert_eq!(taken["data"]["by"], anna);
    let conversation = &taken["data"]["conversation"];
    let id = shop.conversation.id;
    assert_eq!(conversation["id"], json!(id));
    assert_eq!(conversation["url"], format!("{DESK}/inbox/{id}"));
    assert_eq!(conversation["channel"], "chat");
    let sent = &told[1]["data"];
    assert_eq!(sent["message"]["text"], "Yes, hello!");
    assert_eq!(sent["message"]["role"], "agent");

    let task = shop.lead(AT + 3);
    let told = shop.told(AT + 4);
    let lead = &told[0]["data"];
    assert_eq!(told[0]["type"], "callback.requested");
    assert_eq!(lead["task"]["wish"], "A blue bicycle");
    assert_eq!(lead["task"]["id"], json!(task));
    assert_eq!(lead["from"], AT);
    assert_eq!(lead["contact"]["name"], "Ada Berg");
    assert_eq!(lead["contact"]["phones"], json!(["+49301234567"]));

    // Done, and open again: each is its own event, by whom and with the task as it stands.
    shop.write(|tx| {
        for state in [TaskState::Done, TaskState::Open] {
            let found = tasks::get(tx, shop.workspace, task)?;
            tasks::set_state(tx, &found, state, &shop.anna.id.to_string(), AT + 4)?;
        }
        Ok(())
    });
    let told = shop.told(AT + 4);
    assert_eq!(
        (&told[0]["type"], &told[1]["type"]),
        (&json!("task.ended"), &json!("task.reopened"))
    );
    assert_eq!(
        (&told[1]["data"]["by"], &told[1]["data"]["state"]),
        (&anna, &json!("open"))
    );
    assert_eq!(told[1]["data"]["task"]["state"], "open");

    // What is gone keeps its id, and long words are cut.
    let gone = json!({ "message": "01890000-0000-7000-8000-000000000000" });
    shop.happen("message_received", gone.clone(), AT + 5);
    shop.reply(&shop.ben, &"ä".repeat(10_000), AT + 6);
    let told = shop.told(AT + 7);
    assert_eq!(told[0]["data"]["message"]["id"], gone["message"]);
    let long = &told[1]["data"]["message"];
    assert_eq!(long["is_cut"], true);
    assert_eq!(long["text"].as_str().map(str::len), Some(16_000));
    // Events that are nobody's business outside are not told.
    shop.happen("document_ready", json!({}), AT + 8);
    assert!(shop.told(AT + 9).is_empty());
}

#[test]
fn whom_the_settings_name_is_told_that_somebody_waits() {
    let shop = Shop::listening();
    shop.mail(json!({ "email": ["team@shop.example", "Anna@SHOP.example"] }));
    shop.say("My lamp is broken", AT);
    shop.happen("conversation_waiting", json!({ "reason": "button" }), AT);
    shop.told(AT + 1);
    assert_eq!(shop.mailed(), ["team@shop.example", "Anna@shop.example"]);
    let (mail, text) = shop.mails().remove(0);
    assert_eq!(mail.about, Some(shop.conversation.id.to_string()));
    assert_eq!(mail.title, "A visitor waits for a person");
    let link = format!("{DESK}/inbox/{}", shop.conversation.id);
    assert!(
        text.contains(&link) && text.contains("They asked for a person."),
        "{text}"
    );
    assert!(!text.contains("lamp"), "{text}");

    // With the visitor's words, if the owner wants that; without any address, to everybody.
    let shop = Shop::listening();
    shop.mail(json!({ "words": true }));
    shop.say("My lamp is broken", AT);
    shop.happen("conversation_waiting", json!({ "reason": "risky" }), AT);
    shop.told(AT + 1);
    assert_eq!(shop.mailed(), ["anna@shop.example", "ben@shop.example"]);
    assert!(shop.mails()[0].1.contains("> My lamp is broken"));

    for notify in [
        json!({ "waiting": false }),
        json!({ "email": ["no address"] }),
    ] {
        let shop = Shop::listening();
        shop.mail(notify);
        shop.happen("conversation_waiting", json!({ "reason": "button" }), AT);
        shop.told(AT + 1);
        assert!(shop.mailed().is_empty());
    }
    // Nobody is woken for what was long ago, or for spam, and without a server there is no e-mail.
    let shop = Shop::listening();
    shop.mail(json!({}));
    shop.happen("conversation_waiting", json!({ "reason": "button" }), AT);
    shop.told(AT + 31 * MINUTE);
    shop.write(|tx| {
        tx.execute("UPDATE conversations SET spam = 1", [])
            .map_err(StoreError::from)
    });
    shop.happen("conversation_waiting", json!({ "reason": "button" }), AT);
    shop.told(AT + 1);
    let bare = Shop::listening();
    bare.happen("conversation_waiting", json!({ "reason": "button" }), AT);
    bare.told(AT + 1);
    assert!(shop.mailed().is_empty() && bare.mailed().is_empty());
}

#[test]
fn nobody_gets_a_second_mail_within_five_minutes_unless_somebody_came_back() {
    let shop = Shop::listening();
    shop.mail(json!({ "email": ["team@shop.example"] }));
    let wait = |at: UnixMs| {
        shop.happen("conversation_waiting", json!({ "reason": "visitor" }), at);
        shop.told(at + 1);
        shop.mailed().len()
    };
    assert_eq!(wait(AT), 1);
    assert_eq!(wait(AT + MINUTE), 1);
    assert_eq!(wait(AT + 4 * MINUTE), 1);
    shop.happen(
        "conversation_taken",
        json!({ "by": shop.anna.id }),
        AT + 4 * MINUTE + 10,
    );
    shop.happen(
        "conversation_requeued",
        json!({ "by": shop.anna.id }),
        AT + 4 * MINUTE + 20,
    );
    shop.told(AT + 4 * MINUTE + 30);
    assert_eq!(shop.mailed().len(), 2);
    assert_eq!(wait(AT + 5 * MINUTE), 2);
    assert_eq!(wait(AT + 10 * MINUTE), 3);
    // A lead is told all the same.
    shop.lead(AT + 10 * MINUTE + 5);
    shop.told(AT + 10 * MINUTE + 6);
    assert_eq!(shop.mailed().len(), 4);
}

#[test]
fn a_lead_reaches_somebody_and_the_owner_sees_by_which_way() {
    let shop = Shop::listening();
    shop.hook();
    shop.mail(json!({ "email": ["team@shop.example"], "words": true }));
    let task = shop.lead(AT);
    shop.write(|tx| tell_next(tx, DESK, AT + 1));
    let (mail, text) = shop.mails().remove(0);
    assert_eq!(mail.title, "Somebody asks for a call");
    assert!(text.contains("Ada Berg\n+49301234567"), "{text}");
    assert!(text.contains("> A blue bicycle"), "{text}");
    assert!(text.contains("November 2023"), "{text}");
    let about = task.to_string();
    let arrived = || {
        let found = shop.write(|tx| arrivals(tx, shop.workspace, &about));
        let found = found.into_iter().map(|one| (one.way, one.to, one.arrived));
        found.collect::<Vec<_>>()
    };
    let to = |way, to: &str, arrived| (way, to.to_owned(), arrived);
    assert_eq!(
        arrived(),
        [
            to(Way::Email, "team@shop.example", None),
            to(Way::Webhook, "hooks.example", None)
        ]
    );
    shop.write(|tx| {
        post::sent(tx, mail.id, "250 Ok", AT + 5)?;
        let sql =
            "UPDATE webhook_deliveries SET state = 'failed', error = 'it failed', ended_at = ?";
        tx.execute(sql, [AT + 9]).map_err(StoreError::from)
    });
    assert_eq!(
        arrived(),
        [
            to(Way::Email, "team@shop.example", Some(true)),
            to(Way::Webhook, "hooks.example", Some(false))
        ]
    );
    assert_eq!(shop.mails()[0].0.state, MailState::Sent);
    // Two tabs of one person are one; what is not there is not noted.
    for at in [AT + 10, AT + 11] {
        shop.write(|tx| note_shown(tx, shop.workspace, task, shop.anna.id, at));
    }
    assert_eq!(arrived()[2..], [to(Way::Browser, "Anna Lind", Some(true))]);
    let unknown = shop.write(|tx| {
        Ok(note_shown(
            tx,
            shop.workspace,
            TaskId::new(),
            shop.anna.id,
            AT,
        ))
    });
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    let nothing = shop.write(|tx| arrivals(tx, shop.workspace, "x"));
    assert!(nothing.is_empty());

    // Without the visitor's words if the owner did not ask for them.
    let discreet = Shop::listening();
    discreet.mail(json!({}));
    discreet.lead(AT);
    discreet.told(AT + 1);
    let text = discreet.mails().remove(0).1;
    assert!(text.contains(&format!("{DESK}/tasks")), "{text}");
    assert!(
        !text.contains("Ada") && !text.contains("+49") && !text.contains("bicycle"),
        "{text}"
    );
}

#[test]
fn who_is_meant_is_told_and_nobody_of_their_own_acts() {
    let shop = Shop::listening();
    shop.mail(json!({ "email": ["team@shop.example"] }));
    let note = |by: &User, named: &[&User], at: UnixMs| {
        let named: Vec<_> = named.iter().map(|user| user.id).collect();
        let id = NoteId::new();
        shop.write(|tx| {
            let sql = "INSERT INTO notes (id, conversation, workspace, author, text, created_at)
                       VALUES (?, ?, ?, ?, '@Ben look', ?)";
            let row = (id, shop.conversation.id, shop.workspace, by.id, at);
            tx.execute(sql, row).map_err(StoreError::from)
        });
        let data = json!({ "note": id, "by": by.id, "mentions": named });
        let event = shop.happen("note_written", data, at);
        shop.told(at + 1);
        event
    };
    let event = note(&shop.anna, &[&shop.ben, &shop.anna], AT);
    assert_eq!(shop.mailed(), ["ben@shop.example"]);
    let told = shop.notice(event, &shop.ben).unwrap();
    assert_eq!((&*told.kind, &*told.text), ("note_written", "@Ben look"));
    assert_eq!(told.title, "Anna mentioned you");
    assert_eq!(told.conversation, Some(shop.conversation.id));
    assert_eq!(shop.notice(event, &shop.anna), None);

    let team = shop.team(&[&shop.anna, &shop.ben]);
    let data = json!({ "to": null, "team": team, "by": shop.ben.id });
    let event = shop.happen("conversation_assigned", data, AT + MINUTE);
    shop.told(AT + MINUTE + 1);
    assert_eq!(shop.mailed(), ["ben@shop.example", "anna@shop.example"]);
    assert_eq!(
        shop.notice(event, &shop.anna).unwrap().title,
        "Ben assigned a conversation to you"
    );
    assert_eq!(shop.notice(event, &shop.ben), None);
    let data = json!({ "to": shop.anna.id, "team": null, "by": shop.anna.id });
    shop.happen("conversation_assigned", data, AT + 9 * MINUTE);
    // Ben may not sign in any more.
    let sql = "UPDATE users SET suspended_at = 1 WHERE id = ?";
    shop.write(|tx| tx.execute(sql, [shop.ben.id]).map_err(StoreError::from));
    note(&shop.anna, &[&shop.ben], AT + 10 * MINUTE);
    assert_eq!(shop.mailed().len(), 2);
}

#[path = "notice_tests.rs"]
mod in_browsers;
#[path = "restart_tests.rs"]
mod restarts;
