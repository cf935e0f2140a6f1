//! How fast Kommo is asked.

use std::time::Duration;

use frontdesk::crm::{Crm, CrmError, Governor};

use super::{Desk, error_of};

#[tokio::test]
async fn kommos_own_limit_is_never_met() {
    let desk = Desk::paced(Governor::default()).await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let account = account.clone();
        all.spawn(async move { account.lead("77").await.map(|_| ()) });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(desk.fake.world().limited, 0);
    let mut at: Vec<_> = desk
        .fake
        .asked()
        .into_iter()
        .map(|asked| asked.at)
        .collect();
    at.sort();
    for window in at.windows(7) {
        assert!(
            window[6] - window[0] > Duration::from_secs(1),
            "more than six in a second"
        );
    }
}

#[tokio::test]
async fn after_429_nothing_goes_until_the_rest_is_over() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    desk.fake.switch(|switches| switches.per_second = Some(0));
    let error = error_of(account.lead("77").await);
    assert!(
        matches!(error, CrmError::Limited { wait_s: 300, .. }),
        "{error}"
    );
    assert!(error.is_passing());
    desk.fake.asked();
    for _ in 0..5 {
        assert!(matches!(
            error_of(account.lead("77").await),
            CrmError::Limited { .. }
        ));
    }
    assert!(desk.fake.asked().is_empty(), "it was asked during the rest");
}

#[tokio::test]
async fn a_plain_403_is_an_address_shut_out_and_no_missing_scope() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(77, "Ana");
    let account = desk.connect().await;
    desk.fake
        .switch(|switches| switches.shut_out_after = Some(0));
    let error = error_of(account.lead("77").await);
    assert!(
        matches!(error, CrmError::Limited { wait_s, .. } if wait_s >= 600),
        "{error}"
    );
}
