#![expect(clippy::await_holding_lock, reason = "each guard is dropped before")]

use std::collections::BTreeMap;

use super::fixtures::{SPOKEN, SPOKEN_MS, Shop, said};
use super::*;
use crate::access::{Caller, Credential, Member, Principal, Scope};
use crate::crm::{LeadRef, receive};
use crate::store::casework as rows;
use crate::store::crm::accounts;
use crate::store::crm::jobs::{CrmJobKind, CrmJobState};
use crate::store::crm::leads;
use crate::store::quota::{self, Measure};

fn owner(shop: &Shop) -> Member {
    let principal = Principal::new(
        Caller::Installation,
        Credential::Installation,
        Scope::ALL.to_vec(),
        None,
    );
    principal.in_workspace(shop.account.workspace()).unwrap()
}

async fn used(shop: &Shop, measure: Measure) -> u64 {
    let workspace = shop.account.workspace();
    let month = shop
        .casework
        .inner
        .parts
        .quotas
        .standing(workspace, now())
        .await
        .unwrap();
    let standing = month
        .standings
        .iter()
        .find(|standing| standing.measure == measure);
    standing.unwrap().used
}

#[tokio::test]
async fn a_lead_is_read_heard_judged_and_written_back() {
    let shop = Shop::open().await;
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    let card = shop.casework.card(&shop.account, "7").await.unwrap();
    assert_eq!(card.job.unwrap().state, CrmJobState::Done);
    let analysis = card.analysis.unwrap();
    assert_eq!(card.new_messages, 0);
    assert_eq!(card.voices.len(), 1);
    assert_eq!(card.voices[0].text, SPOKEN);
    let there = shop.crm.there();
    assert_eq!(there.notes.len(), 2);
    assert!(there.notes[0].1.contains(SPOKEN));
    let score = analysis.found.score.value;
    assert!(there.notes[1].1.contains(&format!("{score}")));
    assert_eq!(
        there.numbers,
        [("Frontdesk score".to_owned(), Some(f64::from(score)))]
    );
    // The band came beside the tag that was there.
    assert!(there.tags.contains("newsletter"));
    assert!(there.tags.contains(&analysis.found.score.band));
    assert!(there.tasks.is_empty());
    drop(there);
    assert_eq!(used(&shop, Measure::Analyses).await, 1);
    assert_eq!(used(&shop, Measure::TranscriptionMs).await, SPOKEN_MS);
}

/// Killed at every call to the CRM, before and after its effect.
#[tokio::test]
async fn a_kill_between_any_two_steps_repeats_nothing_that_people_see() {
    let mut killed = 0;
    for at in 1..30 {
        for first in [false, true] {
            let mut shop = Shop::open().await;
            let settings = CaseSettings {
                task: true,
                ..CaseSettings::default()
            };
            let owner = owner(&shop);
            shop.casework
                .set_settings(&owner, shop.account.id, settings)
                .await
                .unwrap();
            shop.casework.ask(&shop.account, "7").await.unwrap();
            shop.crm.there().hang = Some((at, first));
            let casework = shop.casework.clone();
            let crm = shop.crm.clone();
            tokio::select! {
                _ = casework.run_next() => {}
                () = crm.hung.notified() => killed += 1,
            }
            shop.restart().await;
            shop.run_all().await;
            let card = shop.casework.card(&shop.account, "7").await.unwrap();
            let when = format!("killed at call {at}, effect first: {first}");
            assert_eq!(card.job.unwrap().state, CrmJobState::Done, "{when}");
            let there = shop.crm.there();
            assert_eq!(there.notes.len(), 2, "{when}: {:?}", there.notes);
            assert!(there.tasks.len() <= 1, "{when}");
            assert_eq!(there.tags.len(), 2, "{when}: {:?}", there.tags);
            drop(there);
            assert_eq!(used(&shop, Measure::Analyses).await, 1, "{when}");
            let heard = used(&shop, Measure::TranscriptionMs).await;
            assert_eq!(heard, SPOKEN_MS, "{when}");
        }
    }
    assert!(killed > 10, "only {killed} runs were killed");
}

#[tokio::test]
async fn the_same_conversation_is_not_noted_again() {
    let shop = Shop::open().await;
    for _ in 0..2 {
        shop.casework.ask(&shop.account, "7").await.unwrap();
        shop.run_all().await;
    }
    assert_eq!(shop.crm.there().notes.len(), 2);
    assert_eq!(shop.crm.there().downloads, 1);
    shop.crm
        .there()
        .messages
        .push(said("m2", 30_000, "We are two people."));
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    assert_eq!(shop.crm.there().notes.len(), 3);
}

#[tokio::test]
async fn a_lead_without_a_conversation_says_so() {
    let shop = Shop::open().await;
    shop.crm.there().messages.clear();
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    let card = shop.casework.card(&shop.account, "7").await.unwrap();
    let job = card.job.unwrap();
    assert_eq!(job.state, CrmJobState::Failed);
    assert_eq!(job.code.as_deref(), Some("no_conversation"));
    assert_eq!(used(&shop, Measure::Analyses).await, 0);
}

#[tokio::test]
async fn a_used_up_quota_stops_before_the_crm_is_asked() {
    let shop = Shop::open().await;
    let workspace = shop.account.workspace();
    let written = shop.store.write(move |tx| {
        let limits = BTreeMap::from([(Measure::Analyses, 1)]);
        let plan = quota::create_plan(tx, "Small", &limits, 1)?;
        quota::set_plan(tx, workspace, Some(&plan), 1)
    });
    written.await.unwrap();
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    let calls = shop.crm.there().calls;
    let refused = shop.casework.ask(&shop.account, "7").await.unwrap_err();
    assert_eq!(refused.code(), "quota_used_up");
    shop.run_all().await;
    assert_eq!(shop.crm.there().calls, calls);
    let left = &shop.casework.card(&shop.account, "7").await.unwrap().quota[0];
    assert!(left.is_none && left.warned, "{left:?}");
}

async fn hook(shop: &Shop, body: &str) {
    receive(&shop.store, "fd_crm_secret", body.as_bytes().to_vec())
        .await
        .unwrap();
    while shop.casework.take_hooks(now()).await.unwrap() > 0 {}
}

async fn stale(shop: &Shop) -> u32 {
    let account = shop.account.clone();
    let found = shop
        .store
        .read(move |conn| leads::find(conn, &account, "7"));
    found.await.unwrap().map_or(0, |lead| lead.stale)
}

async fn is_queued(shop: &Shop) -> bool {
    let account = shop.account.clone();
    let found = shop
        .store
        .read(move |conn| rows::latest_job(conn, &account, CrmJobKind::Analyse, "7"));
    found.await.unwrap().is_some()
}

#[tokio::test]
async fn messages_are_counted_once_however_they_come() {
    let shop = Shop::open().await;
    hook(&shop, "message a 7 2000\nmessage b 7 3000").await;
    assert_eq!(stale(&shop).await, 2);
    // Again, in another body, out of order.
    hook(&shop, "message b 7 3000\nmessage a 7 2000").await;
    hook(&shop, "message c 7 1000").await;
    assert_eq!(stale(&shop).await, 3);
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    assert_eq!(stale(&shop).await, 0);
    // Late, from before the analysis.
    hook(&shop, "message d 7 1500").await;
    assert_eq!(stale(&shop).await, 0);
    hook(&shop, &format!("message e 7 {}", now() + 1_000)).await;
    assert_eq!(stale(&shop).await, 1);
    // What nobody understands is given up and holds nothing up.
    hook(&shop, "gibberish").await;
    hook(&shop, "note 7 n1").await;
}

#[tokio::test]
async fn nothing_runs_by_itself_unless_the_owner_says_so() {
    let shop = Shop::open().await;
    hook(&shop, "message a 7 2000\nclosed t1 7\nstage 7 142").await;
    assert!(!is_queued(&shop).await);
    let settings = CaseSettings {
        on_close: true,
        ..CaseSettings::default()
    };
    let owner = owner(&shop);
    shop.casework
        .set_settings(&owner, shop.account.id, settings)
        .await
        .unwrap();
    hook(&shop, "stage 7 143").await;
    assert!(!is_queued(&shop).await);
    // The talk is known by its messages.
    hook(&shop, "closed t1 -").await;
    assert!(is_queued(&shop).await);
}

#[tokio::test]
async fn a_task_is_made_once() {
    let shop = Shop::open().await;
    let refused = shop.casework.make_task_of(&shop.account, "7").await;
    assert_eq!(refused.unwrap_err().code(), "no_step");
    let id = crate::store::AnalysisId::new().to_string();
    let work = super::lead::Work {
        job: crate::store::CrmJobId::new(),
        account: shop.account.clone(),
        crm: shop.crm.clone(),
        lead: "7".to_owned(),
        settings: CaseSettings::default(),
        progress: Progress::default(),
        within: None,
    };
    let analysis = crate::analysis::types::Analysis {
        next_step: Some(crate::analysis::types::NextStep {
            what: "Send the offer.".to_owned(),
            draft: None,
        }),
        ..Default::default()
    };
    for _ in 0..2 {
        shop.casework
            .make_task(&work, &id, &analysis)
            .await
            .unwrap();
    }
    assert_eq!(shop.crm.there().tasks, ["Send the offer."]);
}

#[tokio::test]
async fn a_back_fill_pauses_goes_on_and_lets_people_go_first() {
    let shop = Shop::open().await;
    let owner = owner(&shop);
    let open = ["1", "2", "3"].map(|id| LeadRef {
        id: id.to_owned(),
        name: String::new(),
        updated_at: Some(1),
    });
    shop.crm.there().open = open.to_vec();
    let id = shop.account.id;
    shop.casework.backfill(&owner, id).await.unwrap();
    // Asked twice, it is one.
    shop.casework.backfill(&owner, id).await.unwrap();
    assert!(shop.casework.run_next().await.unwrap());
    let paused = shop.casework.pause(&owner, id, true).await.unwrap();
    let (job, all) = paused.backfill.unwrap();
    assert_eq!((job.state, all.done, all.seen), (CrmJobState::Paused, 1, 3));
    assert!(!shop.casework.run_next().await.unwrap());
    let resumed = shop.casework.pause(&owner, id, false).await.unwrap();
    assert_eq!(resumed.backfill.unwrap().0.state, CrmJobState::Queued);
    shop.run_all().await;
    let (job, all) = shop
        .casework
        .account(&owner, id)
        .await
        .unwrap()
        .backfill
        .unwrap();
    assert_eq!(
        (job.state, all.done, all.last),
        (CrmJobState::Done, 3, true)
    );
    // All are fresh now.
    shop.casework.backfill(&owner, id).await.unwrap();
    shop.run_all().await;
    let view = shop.casework.account(&owner, id).await.unwrap();
    let (_, all) = view.backfill.unwrap();
    assert_eq!((all.done, all.skipped), (0, 3));
    assert_eq!(view.held.analyses, 3);
}

#[tokio::test]
async fn what_is_held_can_be_copied_and_erased() {
    let shop = Shop::open().await;
    let owner = owner(&shop);
    shop.casework.ask(&shop.account, "7").await.unwrap();
    shop.run_all().await;
    let id = shop.account.id;
    let copy = shop.casework.copy(&owner, id, Some("7")).await.unwrap();
    assert_eq!(copy["leads"][0]["transcripts"][0]["text"], SPOKEN);
    shop.casework.erase(&owner, id, Some("7")).await.unwrap();
    let copy = shop.casework.copy(&owner, id, None).await.unwrap();
    assert_eq!(copy["leads"].as_array().unwrap().len(), 0);
    let view = shop.casework.account(&owner, id).await.unwrap();
    assert_eq!(view.held, rows::Held::default());
    let card = shop.casework.card(&shop.account, "7").await.unwrap();
    assert!(card.analysis.is_none() && card.voices.is_empty());
}

#[tokio::test]
async fn an_id_that_no_crm_gives_is_refused() {
    let shop = Shop::open().await;
    for lead in ["", "../7", "7 or 1", &"7".repeat(41)] {
        let refused = shop.casework.card(&shop.account, lead).await.unwrap_err();
        assert_eq!(refused.code(), "lead_gone", "{lead}");
    }
}

#[tokio::test]
async fn settings_lie_beside_those_of_the_client() {
    let shop = Shop::open().await;
    let (account, workspace) = (shop.account.clone(), shop.account.workspace());
    let written = shop.store.write(move |tx| {
        let settings = serde_json::json!({"fields": {"Frontdesk score": 4}});
        accounts::set_settings(tx, &account, &settings, 1)
    });
    written.await.unwrap();
    let owner = owner(&shop);
    let id = shop.account.id;
    shop.casework
        .set_settings(&owner, id, CaseSettings::default())
        .await
        .unwrap();
    let read = shop
        .store
        .read(move |conn| accounts::get(conn, workspace, id));
    assert_eq!(read.await.unwrap().settings["fields"]["Frontdesk score"], 4);
}

#[path = "gone_tests.rs"]
mod gone;
