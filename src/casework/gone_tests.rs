//! Leads that were deleted in their CRM.

use super::*;
use crate::store::casework::Held;

async fn held(shop: &Shop) -> Held {
    let view = shop.casework.account(&owner(shop), shop.account.id).await;
    view.unwrap().held
}

/// Whether the lead 7 stands in the list, and as deleted.
async fn listed(shop: &Shop) -> Option<bool> {
    let leads = shop
        .casework
        .leads(&owner(shop), shop.account.id, "", 9)
        .await
        .unwrap();
    let lead = leads.into_iter().find(|lead| lead.id == "7");
    lead.map(|lead| lead.gone)
}

async fn analysed() -> Shop {
    let shop = Shop::open().await;
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    hook(&shop, "message a 7 2000").await;
    assert_eq!(listed(&shop).await, Some(false));
    shop
}

async fn set(shop: &Shop, settings: CaseSettings) {
    let owner = owner(shop);
    let id = shop.account.id;
    shop.casework
        .set_settings(&owner, id, settings)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_deleted_over_there_is_erased_and_nothing_late_brings_it_back() {
    let shop = analysed().await;
    let settings = CaseSettings {
        on_close: true,
        stages: vec!["142".to_owned()],
        ..CaseSettings::default()
    };
    set(&shop, settings).await;
    hook(&shop, "message x 8 2000").await;
    hook(&shop, "deleted 7 5000").await;
    let left = Held {
        leads: 1,
        messages: 1,
        ..Held::default()
    };
    assert_eq!(held(&shop).await, left, "the other lead stays");
    assert_eq!(shop.crm.there().noted, ["7"]);
    for late in [
        "message a 7 2000",
        "message b 7 9000",
        "stage 7 142",
        "closed t1 7",
        "note 7 n1",
        "deleted 7 5000",
        "message a 7 2000\nstage 7 142\ndeleted 7 5000\nmessage c 7 9500",
    ] {
        hook(&shop, late).await;
        assert_eq!(held(&shop).await, left, "{late}");
        assert!(!is_queued(&shop).await, "{late}");
    }
    assert_eq!(shop.crm.there().noted, ["7"], "once");
}

#[tokio::test]
async fn the_owner_may_keep_what_is_held_and_sees_that_it_is_gone() {
    let shop = analysed().await;
    let settings = CaseSettings {
        keep_deleted: true,
        ..CaseSettings::default()
    };
    set(&shop, settings).await;
    let before = held(&shop).await;
    shop.casework.ask(&shop.account, "7").await.unwrap();
    hook(&shop, "deleted 7 -").await;
    assert_eq!(listed(&shop).await, Some(true));
    assert!(shop.crm.there().noted.is_empty());
    hook(&shop, "message b 7 9000").await;
    assert_eq!(held(&shop).await, before);
    // What was to be done for it is not done any more.
    let calls = shop.crm.there().calls;
    shop.run_all().await;
    assert_eq!(shop.crm.there().calls, calls);
}

#[tokio::test]
async fn the_newest_word_counts_in_whatever_order_it_comes() {
    let shop = analysed().await;
    // Restored at 30, deleted at 20: the deletion comes late, and nothing is noted as erased.
    hook(&shop, "restored 7 30000").await;
    for late in ["deleted 7 20000", "restored 7 30000\ndeleted 7 20000"] {
        hook(&shop, late).await;
        assert_eq!(listed(&shop).await, Some(false));
    }
    assert!(shop.crm.there().noted.is_empty());
    hook(&shop, "deleted 7 40000").await;
    assert_eq!(listed(&shop).await, None);
    // The old one again, and one that says no time.
    hook(&shop, "restored 7 30000\nrestored 7 -\nmessage b 7 1").await;
    assert_eq!(listed(&shop).await, None);
    hook(&shop, "restored 7 50000\nmessage c 7 60000").await;
    assert_eq!(listed(&shop).await, Some(false));
    hook(&shop, "deleted 7 40000\nmessage d 7 70000").await;
    assert_eq!(stale(&shop).await, 2);
}

#[tokio::test]
async fn a_lead_that_cannot_be_read_any_more_is_erased_until_it_can_be() {
    let shop = analysed().await;
    shop.crm.there().missing = true;
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    assert_eq!(held(&shop).await, Held::default());
    assert_eq!(shop.crm.there().noted, ["7"]);
    hook(&shop, "message b 7 9000").await;
    assert_eq!(held(&shop).await, Held::default());
    shop.crm.there().missing = false;
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    assert_eq!(listed(&shop).await, Some(false));
    hook(&shop, "message c 7 9900").await;
    assert_eq!(held(&shop).await.messages, 1);
}

#[tokio::test]
async fn a_hook_that_names_another_address_makes_us_ask_the_crm() {
    let shop = Shop::open().await;
    hook(&shop, "elsewhere\nmessage a 7 2000\nelsewhere").await;
    for _ in 0..100 {
        if shop.crm.there().looks > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(shop.crm.there().looks, 1);
    assert_eq!(held(&shop).await.messages, 1);
}

/// Deleted while the answer to each of the calls was on its way, in a job of its own and among all open leads.
#[tokio::test]
async fn a_lead_that_is_deleted_while_it_is_worked_on_leaves_nothing() {
    for among_all in [false, true] {
        let mut tried = 0;
        for at in 1..30 {
            let shop = Shop::open().await;
            shop.crm.there().deleted_at = Some(at);
            match among_all {
                true => {
                    shop.crm.there().open = vec![LeadRef {
                        id: "7".to_owned(),
                        name: "Ines Marlow".to_owned(),
                        updated_at: None,
                    }];
                    let owner = owner(&shop);
                    shop.casework
                        .backfill(&owner, shop.account.id)
                        .await
                        .unwrap();
                }
                false => drop(shop.casework.ask(&shop.account, "7").await.unwrap()),
            }
            shop.run_all().await;
            if shop.crm.there().calls < at {
                break;
            }
            tried += 1;
            let when = format!("deleted at call {at}, among all: {among_all}");
            assert_eq!(held(&shop).await, Held::default(), "{when}");
            assert!(!is_queued(&shop).await, "{when}");
            // The other leads are gone on with, and the job comes to its end.
            if among_all {
                let view = shop.casework.account(&owner(&shop), shop.account.id).await;
                let (job, _) = view.unwrap().backfill.unwrap();
                assert_eq!(job.state, CrmJobState::Done, "{when}");
            }
        }
        assert!(tried > 5, "only {tried} calls");
    }
}
