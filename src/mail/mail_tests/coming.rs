//! Answers that come back.

use super::*;

#[tokio::test]
async fn an_answer_goes_into_its_conversation_once() {
    let own = bench().await;
    // Mail from before is none of our business.
    own.imap
        .deliver("From: x@y.z\r\nTo: desk@example.com\r\n\r\nOld\r\n");
    own.set_up().await;
    let (conversation, user) = own.conversation().await;
    let address = own.notify((conversation, user)).await;
    assert!(own.smtp.taken()[0].text.contains("## Reply above"));
    own.imap
        .deliver("From: boss@example.com\r\nTo: desk@example.com\r\n\r\nPrivate words\r\n");
    own.answer("anna@example.com", &address, "", "We open at nine.");
    let received = own.next_received(0).await;
    assert_eq!(
        (received.outcome, received.conversation),
        (Outcome::Taken, Some(conversation))
    );
    let written = own.written.lock().unwrap().clone();
    assert_eq!(written.len(), 1);
    assert_eq!(
        (written[0].conversation, written[0].user),
        (conversation, user)
    );
    assert_eq!(written[0].text, "We open at nine.");

    // The same address again: refused, and the person gets their words back.
    let sent = own.smtp.taken().len();
    own.answer("anna@example.com", &address, "", "And until six.");
    let received = own.next_received(1).await;
    assert_eq!(received.outcome, Outcome::Refused);
    assert!(received.reason.unwrap().contains("used before"));
    own.until(async || own.smtp.taken().len() > sent).await;
    let told = own.smtp.taken().pop().unwrap();
    assert!(
        told.text.contains("And until six.") && !told.text.contains("Reply-To"),
        "{}",
        told.text
    );
    assert_eq!(own.written.lock().unwrap().len(), 1);

    let heard = own.imap.heard().join("\n");
    for word in [
        "SELECT",
        "STORE",
        "EXPUNGE",
        "COPY",
        "APPEND",
        "UID FETCH 2 (UID BODY.PEEK[]",
    ] {
        assert!(!heard.contains(word), "{heard}");
    }
}

#[tokio::test]
async fn forged_expired_and_automatic_answers_change_nothing() {
    let own = bench().await;
    own.set_up().await;
    let of = own.conversation().await;
    let address = own.notify(of).await;
    let sent = own.smtp.taken().len();
    let forged = format!("desk+r.{}@example.com", "0".repeat(32));
    let steps: [(&str, &str, &str, Outcome, &str); 3] = [
        (
            "anna@example.com",
            &forged,
            "",
            Outcome::Refused,
            "none of ours",
        ),
        (
            "mallory@example.org",
            &address,
            "",
            Outcome::Refused,
            "another address",
        ),
        (
            "anna@example.com",
            &address,
            "Auto-Submitted: auto-replied\r\n",
            Outcome::Ignored,
            "program",
        ),
    ];
    for (at, (from, to, headers, outcome, reason)) in steps.into_iter().enumerate() {
        own.answer(from, to, headers, "I am away.");
        let received = own.next_received(at).await;
        assert_eq!(
            (received.outcome, received.sender.as_str()),
            (outcome, from)
        );
        assert!(received.reason.unwrap().contains(reason), "{reason}");
    }
    let expired = own
        .store
        .write(|tx| Ok(tx.execute("UPDATE mail_replies SET expires_at = 1", [])?));
    expired.await.unwrap();
    own.answer("anna@example.com", &address, "", "Too late.");
    assert!(
        own.next_received(3)
            .await
            .reason
            .unwrap()
            .contains("expired")
    );
    assert!(own.written.lock().unwrap().is_empty());
    // Only the person herself is told, and only of the last one.
    own.until(async || own.smtp.taken().len() > sent).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = own.smtp.taken();
    assert_eq!(told.len(), sent + 1);
    assert_eq!(told[sent].to, "anna@example.com");
}

#[tokio::test]
async fn of_a_megabyte_of_quotation_nothing_but_the_answer_is_written() {
    let own = bench().await;
    own.set_up().await;
    let of = own.conversation().await;
    let address = own.notify(of).await;
    let quoted =
        "> A visitor waits for a person, and somebody quotes all of it.\r\n".repeat(17_000);
    let text = format!("We open at nine.\r\n\r\n{quoted}");
    own.answer("anna@example.com", &address, "", &text);
    assert_eq!(own.next_received(0).await.outcome, Outcome::Taken);
    let written = own.written.lock().unwrap().clone();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].text, "We open at nine.");
}

#[tokio::test]
async fn an_address_of_another_workspace_is_none_of_ours() {
    let own = bench().await;
    own.set_up().await;
    let (conversation, user) = own.conversation().await;
    let other = own.store.write(move |tx| {
        let other = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        // The same person and conversation, but noted for another workspace.
        mail::open_address(tx, other, conversation, user, now_ms(), i64::MAX)
    });
    let foreign = format!("desk+r.{}@example.com", other.await.unwrap());
    own.answer("anna@example.com", &foreign, "", "Let me in.");
    let received = own.next_received(0).await;
    assert_eq!(received.outcome, Outcome::Refused);
    assert!(received.reason.unwrap().contains("none of ours"));
    let bounce = "Return-Path: <>\r\nContent-Type: multipart/report; boundary=x\r\n";
    let address = own.notify((conversation, user)).await;
    own.answer("anna@example.com", &address, bounce, "Not delivered.");
    assert_eq!(own.next_received(1).await.outcome, Outcome::Ignored);
    assert!(own.written.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_refused_is_told_and_its_address_stays_open() {
    let own = bench().await;
    own.set_up().await;
    let of = own.conversation().await;
    let address = own.notify(of).await;
    let refusal = NotWritten::Refused("Bo has this conversation".into());
    own.refusals.lock().unwrap().push(refusal);
    own.answer("anna@example.com", &address, "", "We open at nine.");
    let received = own.next_received(0).await;
    assert_eq!(received.reason.as_deref(), Some("Bo has this conversation"));
    own.answer("ANNA@example.com", &address, "", "We open at nine.");
    assert_eq!(own.next_received(1).await.outcome, Outcome::Taken);
    assert_eq!(own.written.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_mailbox_that_cannot_be_read_says_why() {
    let own = bench().await;
    let mut new = own.settings();
    new.mailbox.as_mut().unwrap().folder = "Nowhere".into();
    own.mail.set(&own.by, new).await.unwrap();
    own.until(async || {
        let overview = own.mail.overview(&own.by).await.unwrap();
        matches!(overview.replies, Health::Fails { error, .. } if error.contains("“Nowhere”"))
    })
    .await;
}
