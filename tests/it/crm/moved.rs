//! Accounts that moved to another address, and leads that are no longer there.

use std::collections::BTreeSet;

use frontdesk::crm::kommo::KommoAccount;
use frontdesk::crm::{Crm, CrmError};
use frontdesk::store::crm::accounts::AccountState;

use super::kommo_fake::{API, HOST, Switches};
use super::{Desk, error_of};

const MOVED: &str = "boutique.kommo.com";
const LEAD: u64 = 77;

/// A desk whose account is about to move.
async fn desk() -> (Desk, KommoAccount) {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(LEAD, "Ana");
    let account = desk.connect().await;
    (desk, account)
}

/// The account is at another address from now on.
fn move_it(desk: &Desk, change: impl FnOnce(&mut Switches)) {
    desk.fake.world().subdomain = "boutique".into();
    desk.fake.switch(change);
}

async fn with_long_lived_token(desk: &Desk) -> KommoAccount {
    let token = desk.fake.long_lived();
    let kept = desk
        .kommo
        .connect_with_token(desk.workspace, HOST, &token)
        .await
        .unwrap();
    desk.kommo.account(desk.workspace, kept.id).await.unwrap()
}

/// The hosts that were asked since.
fn hosts(desk: &Desk) -> BTreeSet<String> {
    let asked = desk.fake.asked();
    asked.into_iter().map(|asked| asked.host).collect()
}

fn named(hosts: &[&str]) -> BTreeSet<String> {
    hosts.iter().map(|host| (*host).to_owned()).collect()
}

#[tokio::test]
async fn an_old_address_that_knows_nothing_refuses_or_leads_on_is_left() {
    type Change = fn(&mut Switches);
    let ways: [(&str, Change); 3] = [
        ("404", |_| {}),
        ("401", |switches| switches.old_takes_none = true),
        ("301", |switches| switches.leads_on_to = Some(MOVED.into())),
    ];
    for (name, change) in ways {
        let (desk, account) = desk().await;
        move_it(&desk, change);
        let lead = account.lead(&LEAD.to_string()).await.unwrap();
        assert_eq!(lead.name, "Ana", "{name}");
        assert_eq!(
            desk.state(&account),
            (AccountState::Active, MOVED.to_owned()),
            "{name}"
        );
        assert_eq!(hosts(&desk), named(&[HOST, API, MOVED]), "{name}");
        account.lead(&LEAD.to_string()).await.unwrap();
        assert_eq!(hosts(&desk), named(&[MOVED]), "{name}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_renewed_finds_its_account_too() {
    type Change = fn(&mut Switches);
    let ways: [(&str, Change); 3] = [
        ("404", |_| {}),
        ("401", |switches| switches.old_takes_none = true),
        ("301 without a server that knows all", |switches| {
            switches.leads_on_to = Some(MOVED.into());
        }),
    ];
    for (name, change) in ways {
        let desk = Desk::start().await;
        desk.fake.world().add_lead(LEAD, "Ana");
        desk.fake.switch(|switches| {
            switches.no_api_domain = name.starts_with("301");
        });
        let account = with_long_lived_token(&desk).await;
        move_it(&desk, change);
        account.lead(&LEAD.to_string()).await.unwrap();
        assert_eq!(
            desk.state(&account),
            (AccountState::Active, MOVED.to_owned()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_to_where_an_answer_leads_if_that_is_not_kommos() {
    for evil in [
        "evil.example",
        "x.kommo.com.evil.example",
        "boutique.kommo.com:8443",
        "user@boutique.kommo.com",
        "www.kommo.com",
        "169.254.169.254",
        "127.0.0.1",
    ] {
        let desk = Desk::start().await;
        desk.fake.world().add_lead(LEAD, "Ana");
        desk.fake.switch(|switches| switches.no_api_domain = true);
        let account = desk.connect().await;
        move_it(&desk, |switches| switches.leads_on_to = Some(evil.into()));
        let error = error_of(account.lead(&LEAD.to_string()).await);
        assert!(matches!(error, CrmError::Answer { .. }), "{evil}: {error}");
        assert_eq!(hosts(&desk), named(&[HOST]), "{evil}");
        assert_eq!(desk.state(&account).1, HOST, "{evil}");
    }
}

#[tokio::test]
async fn a_hook_is_a_reason_to_ask_and_no_more() {
    let (desk, account) = desk().await;
    // It says so and Kommo does not.
    desk.kommo.look_after_hook(account.account()).await;
    assert_eq!(desk.state(&account).1, HOST);
    assert!(!hosts(&desk).is_empty());
    // Again and again makes no more requests.
    for _ in 0..20 {
        desk.kommo.look_after_hook(account.account()).await;
    }
    assert_eq!(hosts(&desk), named(&[]));

    let (desk, account) = self::desk().await;
    move_it(&desk, |_| {});
    desk.kommo.look_after_hook(account.account()).await;
    assert_eq!(
        desk.state(&account),
        (AccountState::Active, MOVED.to_owned())
    );
}

#[tokio::test]
async fn an_old_address_that_still_answers_tells_the_new_one() {
    let (desk, account) = desk().await;
    // As if the account were asked by a name that it no longer has.
    let id = account.account().id;
    desk.store
        .write_blocking(move |tx| {
            frontdesk::store::crm::accounts::set_host(tx, id, API, 1)?;
            Ok(())
        })
        .unwrap();
    let account = desk.kommo.account(desk.workspace, id).await.unwrap();
    account.read_account().await.unwrap();
    assert_eq!(desk.state(&account).1, HOST);
}

#[tokio::test]
async fn a_deleted_lead_is_missing_in_whichever_way_kommo_says_it() {
    for way in ["404", "204", "is_deleted"] {
        let (desk, account) = desk().await;
        {
            let mut world = desk.fake.world();
            world.switches.empty_leads = way == "204";
            match way {
                "is_deleted" => world.leads.get_mut(&LEAD).unwrap()["is_deleted"] = true.into(),
                _ => drop(world.leads.remove(&LEAD)),
            }
        }
        let error = error_of(account.lead(&LEAD.to_string()).await);
        assert!(matches!(error, CrmError::Missing { .. }), "{way}: {error}");
        assert_eq!(
            desk.state(&account),
            (AccountState::Active, HOST.to_owned())
        );
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_found_makes_no_lead_missing() {
    let desk = Desk::start().await;
    desk.fake.world().add_lead(LEAD, "Ana");
    desk.fake.switch(|switches| switches.no_api_domain = true);
    let account = desk.connect().await;
    move_it(&desk, |_| {});
    for _ in 0..2 {
        let error = error_of(account.lead(&LEAD.to_string()).await);
        assert!(matches!(error, CrmError::Answer { .. }), "{error}");
    }
}
