use std::sync::Arc;

use super::*;
use crate::crm::{Received, Who, receive};
use crate::egress::{Allow, Reach, SystemLookup};
use crate::store::crm::hooks;
use crate::store::workspaces;

async fn connected(options: Options) -> (Store, Generic, Made) {
    let store = Store::open_in_memory().unwrap();
    let shop = store
        .write_blocking(|tx| Ok(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id))
        .unwrap();
    let made = connect(&store, shop, "Old CRM", options).await.unwrap();
    let lookup = Arc::new(SystemLookup);
    let gateway = Gateway::new(store.clone(), Reach::Open, Allow::default(), lookup).unwrap();
    let generic = Generic::new(store.clone(), gateway, made.account.clone()).unwrap();
    (store, generic, made)
}

const TOLD: &str = r#"[
    {"event": "lead", "lead": {"id": "L1", "name": "Ana", "price": 900, "tags": ["new"]}},
    {"event": "message", "lead": "L1", "message": {"id": "m2", "at": 1700000060, "who": "staff", "text": "900."}},
    {"event": "message", "lead": "L1", "message": {"id": "m1", "at": 1700000000, "who": "customer", "text": "How much?"}}
]"#;

#[tokio::test]
async fn what_was_told_is_what_the_port_gives() {
    let (store, generic, made) = connected(Options::default()).await;
    let secret = made.hook_secret.reveal();
    let body = TOLD.as_bytes().to_vec();
    assert_eq!(
        receive(&store, secret, body.clone()).await.unwrap(),
        Received::New
    );
    assert_eq!(
        receive(&store, secret, body).await.unwrap(),
        Received::Known
    );
    assert_eq!(
        receive(&store, "other", Vec::new()).await.unwrap(),
        Received::Unknown
    );
    let account = made.account.clone();
    let new = store.write_blocking(|tx| {
        let due = hooks::list_due(tx, i64::MAX, 9)?;
        assert_eq!(due.len(), 1);
        let told = read_hook(&due[0].body).unwrap();
        let new = keep(tx, &account, &told, 5)?;
        assert_eq!(keep(tx, &account, &told, 6)?, 0, "a repeat brings nothing");
        hooks::note_done(tx, due[0].id)?;
        Ok(new)
    });
    assert_eq!(new.unwrap(), 2);

    let lead = generic.lead("L1").await.unwrap();
    assert_eq!((lead.name.as_str(), lead.price), ("Ana", Some(900.0)));
    let said = generic.conversation("L1", None).await.unwrap();
    assert_eq!(said.source, Source::Kept);
    let words: Vec<_> = said
        .messages
        .iter()
        .map(|m| (m.who, m.text.as_str()))
        .collect();
    assert_eq!(words, [(Who::Customer, "How much?"), (Who::Staff, "900.")]);
    assert_eq!(generic.open_leads(None).await.unwrap().items.len(), 1);
    let missing = generic.conversation("L9", None).await;
    assert!(
        matches!(missing, Err(CrmError::Missing { .. })),
        "an unknown lead is not an empty one"
    );

    let note = NewNote {
        text: "hot".into(),
        message: None,
    };
    // Without an address results stay here.
    generic.write_note("L1", &note).await.unwrap();
}

#[tokio::test]
async fn nothing_is_sent_or_fetched_where_the_owner_named_nothing() {
    let options = Options {
        deliver_to: Some("http://hooks.example/in".into()),
        voice_hosts: vec!["files.example".into()],
    };
    let (store, generic, made) = connected(options).await;
    let account = made.account.clone();
    let told = read_hook(TOLD.as_bytes()).unwrap();
    store
        .write_blocking(move |tx| keep(tx, &account, &told, 5))
        .unwrap();
    let task = NewTask {
        text: "call".into(),
        due_at: 1,
        responsible: None,
    };
    let sent = generic.create_task("L1", &task).await;
    assert!(matches!(sent, Err(CrmError::Input(_))), "in the clear");
    for url in [
        "https://evil.example/a.ogg",
        "https://files.example.evil.example/a.ogg",
        "http://files.example/a.ogg",
        "https://169.254.169.254/a.ogg",
        "file:///etc/passwd",
    ] {
        let link = VoiceLink {
            message: "m1".into(),
            url: url.into(),
            name: None,
        };
        let refused = generic.download(&link).await;
        assert!(matches!(refused, Err(CrmError::Host { .. })), "{url}");
    }
    for bad in ["{}", "[1]", "x", r#"{"event":"lead","lead":{"id":""}}"#] {
        assert!(
            matches!(read_hook(bad.as_bytes()), Err(CrmError::Input(_))),
            "{bad}"
        );
    }
}

#[test]
fn a_result_is_signed_over_its_bytes() {
    // RFC 4231, test case 2.
    let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(sign("Jefe", b"what do ya want for nothing?"), expected);
}
