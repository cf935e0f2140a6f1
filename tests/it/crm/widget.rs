//! The widget's token, and whose pages may call.

use frontdesk::crm::CrmError;

use super::kommo_fake::{HOST, USER, mint};
use super::{Desk, error_of};

const SERVER: &str = "https://desk.example";

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[tokio::test]
async fn a_token_of_a_connected_account_names_its_person() {
    let desk = Desk::start().await;
    let account = desk.connect().await;
    let caller = desk
        .kommo
        .check_widget(&mint::widget_token(SERVER), now())
        .await
        .unwrap();
    assert_eq!(caller.account.id, account.account().id);
    assert_eq!((caller.user, caller.is_admin), (USER.to_string(), true));
    assert_eq!(caller.origin, format!("https://{HOST}"));
    assert!(desk.kommo.is_origin_known(&caller.origin).await.unwrap());
    for origin in [
        "https://other.kommo.com",
        "https://evil.example",
        "http://shop.kommo.com",
        "null",
        "shop.kommo.com",
    ] {
        assert!(
            !desk.kommo.is_origin_known(origin).await.unwrap(),
            "{origin}"
        );
    }
    // Clocks differ a little; half an hour later it is over.
    desk.kommo
        .check_widget(&mint::widget_token(SERVER), now() - 30_000)
        .await
        .unwrap();
    let late = desk
        .kommo
        .check_widget(&mint::widget_token(SERVER), now() + 32 * 60_000)
        .await;
    assert!(matches!(error_of(late), CrmError::Forged(_)));
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let desk = Desk::start().await;
    desk.connect().await;
    for (what, token) in mint::forged_tokens(SERVER) {
        let refused = error_of(desk.kommo.check_widget(&token, now()).await);
        assert!(
            matches!(refused, CrmError::Forged(_) | CrmError::Off),
            "{what}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_good_token_of_an_account_that_is_gone_opens_nothing() {
    let desk = Desk::start().await;
    let before = desk
        .kommo
        .check_widget(&mint::widget_token(SERVER), now())
        .await;
    assert!(matches!(error_of(before), CrmError::Off));
    let account = desk.connect().await;
    desk.kommo
        .disconnect(account.account(), None, true)
        .await
        .unwrap();
    let after = desk
        .kommo
        .check_widget(&mint::widget_token(SERVER), now())
        .await;
    assert!(matches!(error_of(after), CrmError::Off));
    assert!(
        !desk
            .kommo
            .is_origin_known(&format!("https://{HOST}"))
            .await
            .unwrap()
    );
}
