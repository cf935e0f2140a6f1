//! What goes out.

use super::*;

#[tokio::test]
async fn a_message_arrives_once_and_the_log_has_the_servers_words() {
    let own = bench().await;
    assert_eq!(own.enqueue("Too early", None).await, Enqueued::NotSetUp);
    own.set_up().await;
    own.enqueue("A visitor waits", None).await;
    let row = own.until_row(MailState::Sent, 1).await;
    assert!(row.answer.unwrap().contains("taken as 4711"));
    let taken = own.smtp.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].from.as_str(), taken[0].to.as_str()),
        ("desk@example.com", "anna@example.com")
    );
    assert!(
        taken[0].text.contains("\r\n.\r\nReally."),
        "{}",
        taken[0].text
    );
    let overview = own.mail.overview(&own.by).await.unwrap();
    assert!(matches!(overview.out, Health::Works { .. }) && overview.waiting == 0);
    let workspace = own.by.workspace();
    let ledger = own
        .store
        .read(move |conn| crate::store::egress::list(conn, Some(workspace), 9));
    let ledger = ledger.await.unwrap();
    let smtp = ledger
        .iter()
        .find(|row| row.url.ends_with(&own.smtp.port.to_string()));
    assert_eq!(
        smtp.unwrap().data,
        "metadata, business, customer, credential"
    );
    let imap = ledger
        .iter()
        .find(|row| row.url.ends_with(&own.imap.port.to_string()));
    assert_eq!(imap.unwrap().data, "metadata, credential");
}

#[tokio::test]
async fn what_is_put_off_or_cut_off_is_sent_once_later() {
    for whim in [Whim::PutOff, Whim::HangUpWithin] {
        let own = bench().await;
        own.set_up().await;
        own.smtp.expect(&[whim]);
        own.enqueue("A visitor waits", None).await;
        let row = own.until_row(MailState::Queued, 1).await;
        assert!(row.next_at > now_ms() + 30_000, "{whim:?}");
        assert!(own.smtp.taken().is_empty());
        own.hurry().await;
        own.until_row(MailState::Sent, 2).await;
        assert_eq!(own.smtp.taken().len(), 1, "{whim:?}");
    }
}

#[tokio::test]
async fn a_message_that_may_have_arrived_is_sent_again_with_the_same_id() {
    let own = bench().await;
    own.set_up().await;
    own.smtp.expect(&[Whim::HangUpAfter]);
    own.enqueue("A visitor waits", None).await;
    let row = own.until_row(MailState::Queued, 1).await;
    assert!(row.answer.unwrap().contains("may arrive twice"));
    own.hurry().await;
    own.until_row(MailState::Sent, 2).await;
    let taken = own.smtp.taken();
    assert_eq!((taken.len(), &taken[0].text), (2, &taken[1].text));
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again_and_the_next_one_goes() {
    for whim in [Whim::RefuseRecipient, Whim::RefuseMessage] {
        let own = bench().await;
        own.set_up().await;
        own.smtp.expect(&[whim]);
        own.enqueue("First", None).await;
        own.enqueue("Second", None).await;
        own.until(async || own.smtp.taken().len() == 1).await;
        own.until_row(MailState::Sent, 1).await;
        let rows = own.rows().await;
        assert_eq!(rows[1].state, MailState::Failed);
        let told = rows[1].answer.clone().unwrap();
        assert!(
            told.contains("“550 5.1.1 nobody") || told.contains("“554 5.6.0 not that"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_holds_all_until_it_is_right() {
    let own = bench().await;
    let mut wrong = own.settings();
    wrong.server.password = Some(Secret::new("wrong"));
    own.mail.set(&own.by, wrong).await.unwrap();
    own.enqueue("First", None).await;
    let row = own.until_row(MailState::Queued, 1).await;
    assert!(row.answer.unwrap().contains("app password"));
    let overview = own.mail.overview(&own.by).await.unwrap();
    let Health::Fails { error, .. } = overview.out else {
        panic!("{:?}", overview.out)
    };
    assert!(
        error.contains("535 5.7.8 wrong user or password"),
        "{error}"
    );
    own.set_up().await;
    own.until_row(MailState::Sent, 2).await;
}

#[tokio::test]
async fn a_sender_that_the_server_does_not_take_is_the_owners_matter() {
    let own = bench().await;
    own.set_up().await;
    own.smtp.expect(&[Whim::RefuseSender]);
    own.enqueue("First", None).await;
    own.until_row(MailState::Queued, 1).await;
    let overview = own.mail.overview(&own.by).await.unwrap();
    assert!(matches!(overview.out, Health::Fails { error, .. } if error.contains("may send from")));
}

#[tokio::test]
async fn a_test_says_at_once_how_it_went() {
    let own = bench().await;
    let error = own
        .mail
        .test(&own.by, "anna@example.com")
        .await
        .unwrap_err();
    assert!(matches!(error, MailError::NotSetUp));
    own.set_up().await;
    let tried = own.mail.test(&own.by, "anna@example.com").await.unwrap();
    assert!(tried.ok && tried.said.contains("taken"), "{tried:?}");
    own.smtp.expect(&[Whim::PutOff]);
    let tried = own.mail.test(&own.by, "anna@example.com").await.unwrap();
    assert!(!tried.ok && tried.said.contains("greylisted"), "{tried:?}");
    assert_eq!(own.rows().await[0].state, MailState::Failed);
    let error = own.mail.test(&own.by, "anna").await.unwrap_err();
    assert!(matches!(error, MailError::Wrong { field: "to", .. }));
    assert_eq!(own.smtp.taken().len(), 1);
}

#[tokio::test]
async fn starttls_works_as_well() {
    let mut own = bench().await;
    own.smtp = FakeSmtp::start(true).await;
    // Another gateway, which knows the other port.
    let allow = Allow::parse(&format!("{HOST}:{}", own.smtp.port)).unwrap();
    let gateway = Gateway::new(
        own.store.clone(),
        Reach::Open,
        allow,
        Arc::new(SystemLookup),
    );
    let write: Write = Arc::new(|_| Box::pin(async { Ok(()) }));
    let tasks = TaskTracker::new();
    own.mail = Mail::start(
        own.store.clone(),
        gateway.unwrap(),
        write,
        &tasks,
        own.shutdown.clone(),
    );
    let mut new = own.settings();
    new.server.tls = Tls::Starttls;
    new.mailbox = None;
    own.mail.set(&own.by, new).await.unwrap();
    let tried = own.mail.test(&own.by, "anna@example.com").await.unwrap();
    assert!(tried.ok, "{tried:?}");
    assert_eq!(own.smtp.taken().len(), 1);
}

#[tokio::test]
async fn without_a_server_what_waits_is_not_sent() {
    let own = bench().await;
    own.set_up().await;
    own.smtp.expect(&[Whim::PutOff]);
    own.enqueue("First", None).await;
    own.until_row(MailState::Queued, 1).await;
    own.mail.remove(&own.by).await.unwrap();
    let row = own.until_row(MailState::Failed, 2).await;
    assert!(row.answer.unwrap().contains("no mail server"));
    let overview = own.mail.overview(&own.by).await.unwrap();
    assert_eq!(
        (overview.out, overview.replies),
        (Health::NotSetUp, Health::NotSetUp)
    );
}
