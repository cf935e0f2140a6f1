//! Leads, conversations and notes.

use frontdesk::crm::{Crm, CrmError, Source, Who};
use frontdesk::store::crm::messages::{self, CrmMessage, Writer};
use serde_json::json;

use super::{Desk, error_of};

const SAID: &[(&str, i64, bool, &str, &str)] = &[
    (
        "m3",
        1_700_000_300,
        true,
        "voice",
        "https://drive-c.kommo.com/attachments/a.ogg",
    ),
    ("m1", 1_700_000_100, true, "text", "How much is it?"),
    ("m2", 1_700_000_200, false, "text", "1200."),
    (
        "m4",
        1_700_000_400,
        true,
        "picture",
        "https://drive-c.kommo.com/attachments/p.png",
    ),
];

#[tokio::test]
async fn a_lead_is_read_with_its_main_contact_first() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    let lead = account.lead("77").await.unwrap();
    assert_eq!(
        (lead.name.as_str(), lead.price, lead.is_closed),
        ("Ana", Some(1200.0), false)
    );
    assert_eq!(lead.contacts, ["1000077", "1000084"]);
    assert_eq!(lead.tags, ["from the owner"]);
    assert!(matches!(
        error_of(account.lead("78").await),
        CrmError::Missing { .. }
    ));
    for bad in ["", "x", "77/notes", "77?x", "-1", "../account"] {
        assert!(
            matches!(error_of(account.lead(bad).await), CrmError::Input(_)),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_conversation_is_in_order_whatever_order_it_came_in() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    desk.fake.world().add_talk(5, 77, SAID);
    let account = desk.connect().await;
    let read = account.conversation("77", None).await.unwrap();
    assert_eq!(read.source, Source::Asked);
    let said: Vec<_> = read
        .messages
        .iter()
        .map(|m| (m.id.as_str(), m.who))
        .collect();
    assert_eq!(
        said,
        [
            ("m1", Who::Customer),
            ("m2", Who::Staff),
            ("m3", Who::Customer),
            ("m4", Who::Customer)
        ]
    );
    let voice = read.messages[2].voice.as_ref().unwrap();
    assert!(voice.url.ends_with("/a.ogg"));
    assert_eq!(read.messages[3].attachment.as_deref(), Some("picture"));
    let later = account
        .conversation("77", Some(1_700_000_200_000))
        .await
        .unwrap();
    let ids: Vec<_> = later.messages.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["m3", "m4"]);
}

#[tokio::test]
async fn long_talks_are_read_page_by_page_with_and_without_links() {
    for omit_next in [false, true] {
        for count in [249, 250, 251, 500, 600] {
            let desk = Desk::start().await;
            desk.fake.switch(|switches| switches.omit_next = omit_next);
            let ids: Vec<String> = (0..count).map(|at| format!("m{at:04}")).collect();
            let said: Vec<_> = ids
                .iter()
                .enumerate()
                .map(|(at, id)| (id.as_str(), 1_700_000_000 + at as i64, true, "text", "hi"))
                .collect();
            desk.fake.world().add_lead(77, "Ana");
            desk.fake.world().add_talk(5, 77, &said);
            let account = desk.connect().await;
            let read = account.conversation("77", None).await.unwrap();
            let found: Vec<_> = read.messages.into_iter().map(|m| m.id).collect();
            assert_eq!(found, ids, "{count}, omit_next: {omit_next}");
        }
    }
}

#[tokio::test]
async fn talks_are_found_by_the_contact_where_they_name_no_lead() {
    let desk = Desk::start().await;
    desk.fake
        .switch(|switches| switches.talks_without_lead = true);
    desk.fake.world().add_lead(77, "Ana");
    desk.fake.world().add_talk(5, 77, SAID);
    desk.fake.world().events.clear();
    let account = desk.connect().await;
    assert_eq!(
        account
            .conversation("77", None)
            .await
            .unwrap()
            .messages
            .len(),
        4
    );
}

#[tokio::test]
async fn talks_are_found_by_events_where_neither_lead_nor_contact_leads_to_them() {
    let desk = Desk::start().await;
    desk.fake
        .switch(|switches| switches.talks_without_lead = true);
    {
        let mut world = desk.fake.world();
        world.add_lead(77, "Ana");
        world.add_talk(5, 77, SAID);
        world.talks[0]["contact_id"] = 999.into();
    }
    let account = desk.connect().await;
    let read = account.conversation("77", None).await.unwrap();
    assert_eq!(read.messages.len(), 4);
}

#[tokio::test]
async fn a_lead_without_talks_is_known_to_be_empty() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    let read = account.conversation("77", None).await.unwrap();
    assert_eq!((read.messages.len(), read.source), (0, Source::Asked));
}

#[tokio::test]
async fn what_may_not_be_read_is_an_error_or_comes_from_hooks_and_never_empty() {
    for (switch, expected) in [("tariff", "tariff"), ("scope", "scope")] {
        let desk = Desk::start().await;
        desk.fake.world().add_lead(77, "Ana");
        desk.fake.world().add_talk(5, 77, SAID);
        let account = desk.connect().await;
        match switch {
            "tariff" => desk.fake.switch(|switches| switches.poor_tariff = true),
            _ => desk.fake.world().scopes.retain(|scope| *scope == "crm"),
        }
        let error = error_of(account.conversation("77", None).await);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_passing());

        let kept = CrmMessage {
            id: "m1".into(),
            talk: Some("5".into()),
            lead: Some("77".into()),
            contact: None,
            who: Writer::Customer,
            author: None,
            kind: "text".into(),
            text: "How much is it?".into(),
            voice_link: None,
            voice_name: None,
            at: 1_700_000_100_000,
        };
        let of = account.account().clone();
        desk.store
            .write_blocking(move |tx| messages::keep(tx, &of, &kept, 5))
            .unwrap();
        let read = account.conversation("77", None).await.unwrap();
        assert_eq!((read.messages.len(), read.source), (1, Source::Kept));
        assert!(read.remarks[0].contains(expected), "{:?}", read.remarks);
    }
}

#[tokio::test]
async fn an_account_that_is_not_paid_for_is_an_error_everywhere() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    desk.fake.switch(|switches| switches.unpaid = true);
    assert!(matches!(
        error_of(account.lead("77").await),
        CrmError::Tariff { .. }
    ));
    assert!(matches!(
        error_of(account.notes("77").await),
        CrmError::Tariff { .. }
    ));
    assert!(matches!(
        error_of(account.open_leads(None).await),
        CrmError::Tariff { .. }
    ));
}

#[tokio::test]
async fn open_leads_come_page_by_page_without_those_that_are_closed() {
    let desk = Desk::start().await;
    {
        let mut world = desk.fake.world();
        for id in 1..=300 {
            world.add_lead(id, "x");
        }
        for (id, stage) in [(3, 142), (4, 143)] {
            world.leads.get_mut(&id).unwrap()["status_id"] = json!(stage);
        }
    }
    let account = desk.connect().await;
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = account.open_leads(from.as_deref()).await.unwrap();
        found.extend(page.items.into_iter().map(|lead| lead.id));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 298);
    assert!(!found.contains(&"3".to_owned()) && found.contains(&"300".to_owned()));
}
