//! The weekly digest: when, to whom, what it says, and why not.

use std::sync::Arc;

use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::json;

use super::*;
use crate::store::facts::{self, Settings as Facts};
use crate::store::listing::ListFilter;
use crate::store::mail::{self as post, LogFilter, Servers};
use crate::store::members::Origin;
use crate::store::users::{self, NewUser, Role};

const DESK: &str = "https://desk.example.com";

struct Shop {
    store: Store,
    id: WorkspaceId,
    anna: UserId,
    ben: UserId,
}

impl Shop {
    fn new() -> Self {
        let store = Store::open_in_memory().unwrap();
        let made = store.write_blocking(|tx| {
            let id = workspaces::get_or_create(tx, "shop", "Marlow Bicycles", 1)?.id;
            let zone = Facts {
                time_zone: Some("America/New_York".to_owned()),
                ..Facts::default()
            };
            facts::set_settings(tx, id, &zone)?;
            let person = |email, name| {
                let new = NewUser {
                    email,
                    name,
                    password_hash: None,
                    role: Role::Admin,
                };
                users::create(tx, &new, 1)
            };
            let anna = person("anna@shop.example", "Anna")?;
            Ok((id, anna, person("ben@shop.example", "Ben")?))
        });
        let (id, anna, ben) = made.unwrap();
        Self {
            store,
            id,
            anna,
            ben,
        }
    }

    fn with_mail(self) -> Self {
        let servers = Servers {
            settings: json!({
                "server": { "host": "mail.example", "port": 465, "tls": "implicit", "user": "desk" },
                "sender": { "name": "Shop", "address": "desk@shop.example" },
                "mailbox": null,
            }),
            password: "word".into(),
            mailbox_password: String::new(),
            changed_at: 1,
        };
        let id = self.id;
        let kept = self
            .store
            .write_blocking(|tx| post::keep_servers(tx, id, &servers, true));
        kept.unwrap();
        self
    }

    fn choose(&self, person: UserId, wanted: bool) {
        let id = self.id;
        let chosen = self
            .store
            .write_blocking(|tx| choose(tx, id, person, wanted));
        chosen.unwrap();
    }

    /// Looks at a time of the clocks in New York; returns whom e-mails are for by then.
    async fn look_at(&self, day: Date, hour: i8) -> Vec<String> {
        let at = day.at(hour, 0, 0, 0);
        let zone = TimeZone::get("America/New_York").unwrap();
        let now = at.to_zoned(zone).unwrap().timestamp().as_millisecond();
        let address: Address = Arc::new(|| DESK.to_owned());
        look(&self.store, &address, self.id, now).await.unwrap();
        let mut to: Vec<String> = self.mails().into_iter().map(|mail| mail.0).collect();
        to.sort();
        to
    }

    /// Recipient, title and text.
    fn mails(&self) -> Vec<(String, String, String)> {
        let id = self.id;
        let read = self.store.read_blocking(|conn| {
            let all = LogFilter::default().list(conn, id, 50)?.into_iter();
            let whole = all.map(|mail| {
                let text = post::find(conn, mail.id)?.map(|found| found.text);
                Ok((mail.recipient, mail.title, text.unwrap_or_default()))
            });
            whole.collect::<Result<_, StoreError>>()
        });
        read.unwrap()
    }

    fn standing(&self) -> Standing {
        let (id, anna) = (self.id, self.anna);
        let read = self.store.read_blocking(|conn| standing(conn, id, anna));
        read.unwrap()
    }
}

/// A Monday.
const MONDAY: Date = date(2026, 11, 30);

#[tokio::test]
async fn it_goes_once_on_monday_morning_to_whoever_wants_it() {
    let shop = Shop::new().with_mail();
    assert!(shop.look_at(MONDAY, 9).await.is_empty());
    assert_eq!(shop.standing().last, None);
    shop.choose(shop.anna, true);
    assert!(shop.look_at(MONDAY, 6).await.is_empty(), "too early");
    let to = ["anna@shop.example"];
    assert_eq!(shop.look_at(MONDAY, 7).await, to);
    assert_eq!(shop.look_at(MONDAY, 12).await, to, "only once");
    let standing = shop.standing();
    assert_eq!((standing.last, standing.sent), (Some(MONDAY), 1));
    assert!(standing.wanted && standing.can_send);
    // Who chooses it later in the week waits for the next one.
    shop.choose(shop.ben, true);
    assert_eq!(shop.look_at(date(2026, 12, 4), 9).await, to);
    let both = ["anna@shop.example", "anna@shop.example", "ben@shop.example"];
    assert_eq!(shop.look_at(date(2026, 12, 7), 9).await, both);
    shop.choose(shop.anna, false);
    shop.choose(shop.ben, false);
    assert_eq!(shop.look_at(date(2026, 12, 14), 9).await, both);
    assert!(!shop.standing().wanted);
}

#[tokio::test]
async fn who_left_the_workspace_or_may_not_see_its_figures_gets_none() {
    let shop = Shop::new().with_mail();
    shop.choose(shop.anna, true);
    shop.choose(shop.ben, true);
    let (id, anna, ben) = (shop.id, shop.anna, shop.ben);
    let changed = shop.store.write_blocking(|tx| {
        let elsewhere = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        members::set(tx, elsewhere, anna, Role::Admin, Origin::Staff, 2)?;
        members::remove(tx, id, anna)?;
        members::set(tx, id, ben, Role::Agent, Origin::Staff, 2)
    });
    changed.unwrap();
    assert!(shop.look_at(MONDAY, 9).await.is_empty());
    let told = shop.standing().skipped.unwrap();
    assert!(told.contains("may see the figures"), "{told}");
    // Who only looks on could not end it.
    let set = |role| {
        let done = shop
            .store
            .write_blocking(|tx| members::set(tx, id, ben, role, Origin::Staff, 3));
        done.unwrap();
    };
    set(Role::Viewer);
    assert!(shop.look_at(date(2026, 12, 7), 9).await.is_empty());
    set(Role::Owner);
    let to = shop.look_at(date(2026, 12, 14), 9).await;
    assert_eq!(to, ["ben@shop.example"]);
}

#[tokio::test]
async fn a_machine_that_was_off_on_monday_sends_it_on_tuesday_and_not_later() {
    let late = Shop::new().with_mail();
    late.choose(late.anna, true);
    assert!(late.look_at(date(2026, 12, 2), 9).await.is_empty());
    assert_eq!(late.look_at(date(2026, 12, 8), 5).await.len(), 1);
}

#[tokio::test]
async fn without_a_server_for_mail_it_is_left_out_and_says_why() {
    let shop = Shop::new();
    shop.choose(shop.anna, true);
    assert!(shop.look_at(MONDAY, 9).await.is_empty());
    let standing = shop.standing();
    assert_eq!((standing.last, standing.sent), (Some(MONDAY), 0));
    assert!(standing.skipped.unwrap().contains("page E-mail"));
    assert!(!standing.can_send);
}

#[tokio::test]
async fn it_has_the_figures_of_the_week_before_and_no_words_of_visitors() {
    let shop = Shop::new().with_mail();
    let id = shop.id;
    let planted = shop.store.write_blocking(|tx| {
        // Sunday evening in New York, which is Monday in UTC.
        let at = 1_796_000_400_000_i64;
        tx.execute(
            "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
             VALUES ('00000000-0000-7000-9000-000000000001', ?, 'chat', 'v', 'open', ?, ?, 'My secret')",
            (id, at, at),
        )?;
        while crate::store::analytics::refresh(tx, 10)? > 0 {}
        workspaces::set_section(tx, id, "voice", &json!({ "language": "de" }))
    });
    planted.unwrap();
    shop.choose(shop.anna, true);
    assert_eq!(shop.look_at(MONDAY, 8).await.len(), 1);
    let (_, title, text) = shop.mails().remove(0);
    assert_eq!(
        title,
        "Der Empfang von Marlow Bicycles, 2026-11-23 bis 2026-11-29"
    );
    assert!(text.contains("Gespräche: 1 (davor: 0)"), "{text}");
    let page = format!("{DESK}/analytics?from=2026-11-23&until=2026-11-29");
    assert!(
        text.contains(&page) && text.contains("/analytics#digest"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    assert!(!text.contains('{'), "{text}");
}
