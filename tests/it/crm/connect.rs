//! Connecting, renewing tokens, moving, disconnecting.

use std::time::Duration;

use frontdesk::crm::CrmError;
use frontdesk::crm::kommo::{Callback, NewSecret};
use frontdesk::store::crm::accounts::{self, AccountState, Tokens};
use frontdesk::store::crm::integrations;

use super::kommo_fake::{ACCOUNT, CLIENT, HOST, REDIRECT, SECRET, USER, sender};
use super::{Desk, error_of};

#[tokio::test]
async fn people_agree_in_the_browser_and_the_account_is_there() {
    let desk = Desk::start().await;
    let begun = desk
        .kommo
        .begin(desk.workspace, Some(CLIENT), REDIRECT)
        .await
        .unwrap();
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let agreed = browser.get(begun.url.unwrap()).send().await.unwrap();
    let back: url::Url = agreed.headers()["location"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let get = |name: &str| {
        let found = back.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    let callback = Callback {
        code: get("code"),
        state: get("state"),
        referer: get("referer"),
        client_id: get("client_id"),
        from_widget: get("from_widget"),
        error: get("error"),
    };
    let connected = desk.kommo.finish(&callback).await.unwrap();
    assert!(!connected.by_install);
    let account = connected.account;
    assert_eq!(
        (account.remote_id.clone(), account.name.as_str()),
        (ACCOUNT.to_string(), "The Shop")
    );
    assert_eq!(account.host, HOST);
    assert_eq!(account.user_id.as_deref(), Some(USER.to_string().as_str()));
    // The state was used up, and so was the code.
    let again = desk.kommo.finish(&callback).await;
    assert!(matches!(error_of(again), CrmError::State));
    let reused = Callback {
        code: callback.code.clone(),
        ..desk.callback().await
    };
    assert!(matches!(
        error_of(desk.kommo.finish(&reused).await),
        CrmError::Code { .. }
    ));
}

#[tokio::test]
async fn an_install_within_kommo_needs_no_state_and_joins_its_own_workspace() {
    let desk = Desk::start().await;
    let callback = Callback {
        code: Some(desk.fake.issue_code()),
        referer: Some(HOST.into()),
        client_id: Some(CLIENT.into()),
        from_widget: Some("1".into()),
        ..Callback::default()
    };
    let connected = desk.kommo.finish(&callback).await.unwrap();
    assert!(connected.by_install);
    assert_eq!(connected.account.workspace(), desk.workspace);
    let unknown = Callback {
        client_id: Some("99999999-2222-4333-8444-555555555555".into()),
        ..callback.clone()
    };
    assert!(matches!(
        error_of(desk.kommo.finish(&unknown).await),
        CrmError::Integration(_)
    ));
    let plain = Callback {
        from_widget: None,
        ..callback
    };
    assert!(matches!(
        error_of(desk.kommo.finish(&plain).await),
        CrmError::State
    ));
}

#[tokio::test]
async fn whoever_pretends_to_be_kommo_again_and_again_sends_it_few_requests() {
    let desk = Desk::start().await;
    desk.fake.asked();
    let mut limited = 0;
    for number in 0..40 {
        let forged = Callback {
            code: Some(format!("forged-{number}")),
            referer: Some(HOST.into()),
            client_id: Some(CLIENT.into()),
            from_widget: Some("1".into()),
            ..Callback::default()
        };
        match error_of(desk.kommo.finish(&forged).await) {
            CrmError::Limited { .. } => limited += 1,
            error => assert!(matches!(error, CrmError::Code { .. }), "{error}"),
        }
    }
    assert_eq!((limited, desk.fake.asked().len()), (30, 10));
    // Whoever began here is let in all the same.
    let callback = desk.callback().await;
    assert!(!desk.kommo.finish(&callback).await.unwrap().by_install);
}

#[tokio::test]
async fn what_was_declined_or_is_too_old_connects_nothing() {
    let desk = Desk::start().await;
    let declined = Callback {
        error: Some("access_denied".into()),
        code: None,
        ..desk.callback().await
    };
    assert!(matches!(
        error_of(desk.kommo.finish(&declined).await),
        CrmError::Declined
    ));
    let old = desk.callback().await;
    desk.fake
        .age_code(old.code.as_deref().unwrap(), Duration::from_secs(21 * 60));
    assert!(matches!(
        error_of(desk.kommo.finish(&old).await),
        CrmError::Code { .. }
    ));
    let other = Callback {
        client_id: Some("another".into()),
        ..desk.callback().await
    };
    assert!(matches!(
        error_of(desk.kommo.finish(&other).await),
        CrmError::State
    ));
    let listed = desk
        .store
        .read_blocking(|conn| accounts::list(conn, desk.workspace));
    assert_eq!(listed.unwrap(), []);
}

#[tokio::test]
async fn the_secret_of_an_app_that_kommo_makes_is_taken_once() {
    let desk = Desk::start().await;
    desk.store
        .write_blocking(|tx| integrations::delete(tx, desk.workspace, CLIENT))
        .unwrap();
    let begun = desk
        .kommo
        .begin(desk.workspace, None, REDIRECT)
        .await
        .unwrap();
    assert_eq!(begun.url, None);
    let new = |secret: &str, state: &str| NewSecret {
        client_id: CLIENT.into(),
        client_secret: secret.into(),
        state: state.into(),
    };
    let unknown = desk.kommo.take_secret(new(SECRET, "fd_crm_x")).await;
    assert!(matches!(error_of(unknown), CrmError::State));
    desk.kommo
        .take_secret(new(SECRET, &begun.state))
        .await
        .unwrap();
    let replaced = desk.kommo.take_secret(new("evil", &begun.state)).await;
    assert!(matches!(error_of(replaced), CrmError::State));
    let callback = Callback {
        code: Some(desk.fake.issue_code()),
        state: Some(begun.state),
        referer: Some(format!("https://{HOST}")),
        client_id: Some(CLIENT.into()),
        ..Callback::default()
    };
    desk.kommo.finish(&callback).await.unwrap();
}

#[tokio::test]
async fn many_requests_renew_the_token_once() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let before = desk.tokens(&account).unwrap();
    desk.fake.expire_access();
    desk.fake
        .switch(|switches| switches.slow_tokens = Some(Duration::from_millis(100)));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let account = account.clone();
        all.spawn(async move { account.read_account().await.map(|_| ()) });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap().unwrap();
    }
    let world = desk.fake.world();
    assert_eq!((world.refreshed, world.most_refreshing), (1, 1));
    drop(world);
    let after = desk.tokens(&account).unwrap();
    assert!(after.access != before.access && after.refresh != before.refresh);
    assert!(desk.fake.takes(&after.access));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_old_token() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    desk.fake.expire_access();
    desk.fake.switch(|switches| switches.lose_token_answers = 1);
    account.read_account().await.unwrap();
    assert_eq!(desk.fake.world().refreshed, 2);
    // Also if both were lost: the old one is still there, and the next request recovers.
    desk.fake.expire_access();
    desk.fake.switch(|switches| switches.lose_token_answers = 2);
    assert!(account.read_account().await.is_err());
    account.read_account().await.unwrap();
    assert_eq!(desk.state(&account).0, AccountState::Active);
}

#[tokio::test]
async fn a_renewal_goes_on_when_its_request_is_given_up() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let before = desk.tokens(&account).unwrap();
    desk.fake.expire_access();
    desk.fake
        .switch(|switches| switches.slow_tokens = Some(Duration::from_millis(200)));
    let request = tokio::time::timeout(Duration::from_millis(100), account.read_account());
    assert!(request.await.is_err());
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if desk.tokens(&account).unwrap().access != before.access {
            return;
        }
    }
    panic!("the new tokens were not kept");
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed_before_it_is_used() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let ends_soon = Tokens {
        expires_at: Some(jiff::Timestamp::now().as_millisecond() + 60_000),
        ..desk.tokens(&account).unwrap()
    };
    let id = account.account().id;
    desk.store
        .write_blocking(move |tx| accounts::set_tokens(tx, id, &ends_soon, 1))
        .unwrap();
    account.read_account().await.unwrap();
    let paths: Vec<_> = desk
        .fake
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .collect();
    assert_eq!(paths, ["/oauth2/access_token", "/api/v4/account"]);
}

#[tokio::test]
async fn an_account_that_moved_is_found_again() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    desk.fake.world().subdomain = "boutique".into();
    desk.fake.expire_access();
    let id = account.account().id;
    // 404 comes from the old address, so the token is looked at only once it has ended.
    let ended = Tokens {
        expires_at: Some(1),
        ..desk.tokens(&account).unwrap()
    };
    desk.store
        .write_blocking(move |tx| accounts::set_tokens(tx, id, &ended, 1))
        .unwrap();
    account.read_account().await.unwrap();
    let moved = "boutique.kommo.com".to_owned();
    assert_eq!(desk.state(&account), (AccountState::Active, moved.clone()));
    assert_eq!(
        desk.fake.asked().last().map(|asked| asked.host.clone()),
        Some(moved)
    );
}

#[tokio::test]
async fn a_revoked_account_says_so_and_can_be_connected_again() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    desk.fake.switch(|switches| switches.revoked = true);
    let error = error_of(account.read_account().await);
    assert!(matches!(error, CrmError::Revoked { .. }), "{error}");
    assert!(error.to_string().contains("Connect the account again"));
    assert_eq!(desk.state(&account).0, AccountState::Revoked);
    desk.fake.switch(|switches| switches.revoked = false);
    let again = desk.connect().await;
    assert_eq!(again.account().id, account.account().id);
    assert_eq!(desk.state(&again).0, AccountState::Active);
}

#[tokio::test]
async fn a_long_lived_token_opens_an_account_until_it_ends() {
    let desk = Desk::start().await;
    let token = desk.fake.long_lived();
    let kept = desk
        .kommo
        .connect_with_token(desk.workspace, HOST, &format!(" {token}\n"))
        .await
        .unwrap();
    let account = desk.kommo.account(desk.workspace, kept.id).await.unwrap();
    account.read_account().await.unwrap();
    desk.fake.switch(|switches| switches.revoked = true);
    assert!(matches!(
        error_of(account.read_account().await),
        CrmError::Revoked { .. }
    ));
    // Nothing was sent to the token address.
    assert!(
        desk.fake
            .asked()
            .iter()
            .all(|asked| asked.path != "/oauth2/access_token")
    );
    for bad in ["", "two words", "line\nbreak"] {
        let refused = desk
            .kommo
            .connect_with_token(desk.workspace, HOST, bad)
            .await;
        assert!(matches!(error_of(refused), CrmError::Input(_)), "{bad:?}");
    }
}

#[tokio::test]
async fn an_uninstall_counts_only_signed_and_confirmed() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let told = |query: &str| {
        let get = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap()
        };
        frontdesk::crm::kommo::Uninstall {
            client_uuid: get("client_uuid"),
            account_id: get("account_id"),
            signature: get("signature"),
        }
    };
    let forged = told(&sender::uninstall("another secret"));
    assert!(matches!(
        error_of(desk.kommo.uninstalled(&forged).await),
        CrmError::Forged(_)
    ));
    // An old hook is sent again while the account is connected.
    let signed = told(&sender::uninstall(SECRET));
    assert!(!desk.kommo.uninstalled(&signed).await.unwrap());
    assert!(desk.tokens(&account).is_some());
    desk.fake.switch(|switches| switches.revoked = true);
    assert!(desk.kommo.uninstalled(&signed).await.unwrap());
    assert!(desk.tokens(&account).is_none());
    assert!(!desk.kommo.uninstalled(&signed).await.unwrap(), "a repeat");
}

#[tokio::test]
async fn disconnecting_removes_hooks_tokens_and_copies() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let hook = "https://desk.example/crm/hooks/x";
    account.subscribe(hook).await.unwrap();
    assert_eq!(account.subscriptions().await.unwrap().len(), 1);
    let gone = desk
        .kommo
        .disconnect(account.account(), Some(hook), false)
        .await
        .unwrap();
    assert!(gone);
    assert!(desk.fake.world().webhooks.is_empty());
    let id = account.account().id;
    let left = desk
        .store
        .read_blocking(|conn| accounts::get(conn, desk.workspace, id));
    assert!(left.is_err());
    assert!(matches!(
        error_of(account.read_account().await),
        CrmError::Off
    ));
}
