//! Hosts of strangers: nothing is sent there, least of all the secret.

use frontdesk::crm::kommo::Callback;
use frontdesk::crm::{CrmError, Governor};
use frontdesk::egress::{EgressError, Reach};
use frontdesk::store::crm::accounts;

use super::kommo_fake::{CLIENT, HOST, SECRET};
use super::{Desk, error_of};

#[tokio::test]
async fn a_referer_that_is_not_kommos_gets_no_secret() {
    let desk = Desk::start().await;
    for referer in [
        "evil.example",
        "x.kommo.com.evil.example",
        "https://evil.example/.kommo.com",
        "evil.example#.kommo.com",
        "shop.kommo.com@evil.example",
        "shop.kommo.com:8443",
        "www.kommo.com",
        "kommo.com",
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        "localhost",
        "",
    ] {
        for from_widget in [None, Some("1".to_owned())] {
            let mut callback = desk.callback().await;
            callback.referer = Some(referer.into());
            if from_widget.is_some() {
                (callback.state, callback.from_widget) = (None, from_widget);
            }
            let refused = error_of(desk.kommo.finish(&callback).await);
            assert!(
                matches!(refused, CrmError::Host { .. }),
                "{referer}: {refused}"
            );
        }
        let token = desk.fake.long_lived();
        let pasted = desk
            .kommo
            .connect_with_token(desk.workspace, referer, &token)
            .await;
        assert!(
            matches!(error_of(pasted), CrmError::Host { .. }),
            "{referer}"
        );
    }
    assert!(desk.fake.asked().is_empty(), "something was sent");
    let listed = desk
        .store
        .read_blocking(|conn| accounts::list(conn, desk.workspace));
    assert_eq!(listed.unwrap(), []);
}

#[tokio::test]
async fn a_callback_with_parts_missing_is_refused_and_not_a_panic() {
    let desk = Desk::start().await;
    let without = |part: &str, mut callback: Callback| {
        match part {
            "code" => callback.code = None,
            "state" => callback.state = None,
            "referer" => callback.referer = None,
            _ => callback = Callback::default(),
        }
        callback
    };
    for part in ["code", "state", "referer", "all"] {
        let callback = without(part, desk.callback().await);
        assert!(desk.kommo.finish(&callback).await.is_err(), "{part}");
    }
    assert!(desk.fake.asked().is_empty());
}

#[tokio::test]
async fn the_ledger_names_what_went_and_no_secret() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    account.read_account().await.unwrap();
    let access = desk.tokens(&account).unwrap().access;
    let rows: Vec<(String, String, String)> = desk
        .store
        .read_blocking(|conn| {
            let mut statement =
                conn.prepare("SELECT purpose, data, url FROM egress ORDER BY id")?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    assert_eq!(rows.len(), 3, "{rows:?}");
    for (purpose, data, url) in &rows {
        assert_eq!(purpose, "crm");
        assert!(data.contains("credential"), "{data}");
        assert!(
            ![SECRET, CLIENT, access.as_str(), "code-"]
                .iter()
                .any(|secret| url.contains(secret)),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_sealed_machine_asks_kommo_nothing() {
    let desk = Desk::with(Governor::paced(std::time::Duration::ZERO), Reach::Nothing).await;
    let callback = desk.callback().await;
    let refused = error_of(desk.kommo.finish(&callback).await);
    assert!(
        matches!(refused, CrmError::Egress(EgressError::Sealed)),
        "{refused}"
    );
    let token = desk.fake.long_lived();
    let pasted = desk
        .kommo
        .connect_with_token(desk.workspace, HOST, &token)
        .await;
    let refused = error_of(pasted);
    assert!(refused.to_string().contains("sealed"), "{refused}");
    assert!(desk.fake.asked().is_empty());
}
