//! What owners do with webhooks.

use super::*;

#[tokio::test]
async fn for_a_day_both_secrets_sign() {
    let receiver = Receiver::start(Reply::Status(200, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let old = bench.make(&receiver, &[ALL]).await;
    let id = old.webhook.id;
    let new = bench.webhooks.rotate(&bench.owner, id).await.unwrap();
    let sent = bench.webhooks.test(&bench.owner, id).await.unwrap();
    assert_eq!(sent.state, DeliveryState::Sent);
    let got = receiver.got().remove(0);
    assert_eq!(got.signed_by(new.secret.reveal()), Some(0));
    assert_eq!(got.signed_by(old.secret.reveal()), Some(1));
    let tomorrow = now() + 25 * 60 * 60 * 1000;
    let keys = (bench.store).read_blocking(move |conn| stored::keys(conn, id, tomorrow));
    let keys = keys.unwrap();
    assert_eq!((&*keys.secret, keys.old), (new.secret.reveal(), None));
}

#[tokio::test]
async fn a_test_tells_what_came_of_it_and_counts_for_nothing() {
    let receiver = Receiver::start(Reply::Status(503, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let id = bench.make(&receiver, &["lead.created"]).await.webhook.id;
    let off = Change {
        active: Some(false),
        ..Change::default()
    };
    bench.webhooks.change(&bench.owner, id, off).await.unwrap();
    let sent = bench.webhooks.test(&bench.owner, id).await.unwrap();
    assert_eq!(
        (sent.state, sent.status),
        (DeliveryState::Failed, Some(503))
    );
    assert_eq!(receiver.got().remove(0).json()["type"], TEST);
    let webhook = bench.webhook(id).await;
    assert_eq!(
        (webhook.state, webhook.failing_since),
        (WebhookState::Paused, None)
    );
    let rows = (bench.store).read_blocking(|conn| ledger::list(conn, None, 9));
    assert_eq!(rows.unwrap()[0].data, "metadata, public");
}

#[tokio::test]
async fn what_an_owner_enters_is_checked() {
    let receiver = Receiver::start(Reply::Status(200, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let make = |url: &str, events: &[&str]| {
        let new = NewWebhook {
            url: url.to_owned(),
            events: events.iter().map(|&event| event.to_owned()).collect(),
        };
        let (webhooks, owner) = (bench.webhooks.clone(), bench.owner.clone());
        async move { webhooks.create(&owner, new).await }
    };
    let long = format!("https://hooks.example/{}", "x".repeat(2_000));
    for url in [
        "",
        "hooks.example/x",
        "http://hooks.example/x",
        "http://127.0.0.1:1/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/x",
        "https://[::1]/x",
        "https://user:word@hooks.example/x",
        "https://hooks.example:8443/x",
        "ftp://hooks.example/x",
        &long,
    ] {
        let refused = make(url, &[ALL]).await;
        assert!(matches!(refused, Err(WebhookError::Url(_))), "{url}");
    }
    let fine = "https://hooks.example/x?y=z";
    assert!(matches!(make(fine, &[]).await, Err(WebhookError::NoEvents)));
    let refused = make(fine, &["lead.eaten"]).await;
    assert!(matches!(refused, Err(WebhookError::Event(event)) if event == "lead.eaten"));
    for _ in 0..20 {
        let made = make(&format!("{fine}#part"), &[ALL]).await.unwrap();
        assert_eq!(made.webhook.url, fine);
    }
    assert!(matches!(make(fine, &[ALL]).await, Err(WebhookError::Most)));
}

#[tokio::test]
async fn webhooks_are_for_administrators_of_their_workspace() {
    let receiver = Receiver::start(Reply::Status(200, "")).await;
    let bench = Bench::new(&[&receiver], QUICK);
    let id = bench.make(&receiver, &[ALL]).await.webhook.id;
    let sent = bench.webhooks.test(&bench.owner, id).await.unwrap();
    let made =
        (bench.store).write_blocking(|tx| workspaces::get_or_create(tx, "other", "Other", 1));
    let other = Principal::installation()
        .in_workspace(made.unwrap().id)
        .unwrap();
    let missing = |error: WebhookError| {
        assert!(
            matches!(error, WebhookError::Store(StoreError::NotFound(_))),
            "{error}"
        );
    };
    let webhooks = &bench.webhooks;
    missing(webhooks.get(&other, id).await.unwrap_err());
    missing(webhooks.delete(&other, id).await.unwrap_err());
    missing(webhooks.rotate(&other, id).await.unwrap_err());
    missing(webhooks.test(&other, id).await.unwrap_err());
    missing(webhooks.replay(&other, sent.id).await.unwrap_err());
    missing(webhooks.replay_failed(&other, id, 0).await.unwrap_err());
    assert!(webhooks.list(&other).await.unwrap().is_empty());
    let agent = Principal::new(
        Caller::Secret,
        Credential::Secret,
        vec![Scope::Conversations, Scope::Chat],
        None,
    );
    let agent = agent.in_workspace(bench.workspace).unwrap();
    let denied = webhooks.list(&agent).await;
    assert!(matches!(denied, Err(WebhookError::Denied(_))));
    webhooks.delete(&bench.owner, id).await.unwrap();
    assert!(bench.log().is_empty());
    assert_eq!(receiver.got().len(), 1);
}
