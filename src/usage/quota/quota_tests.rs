use std::collections::BTreeMap;

use super::*;
use crate::store::events;

/// 2026-12-31 23:59:59.000 UTC.
const EVE: UnixMs = 1_798_761_599_000;
const NEW_YEAR: UnixMs = 1_798_761_600_000;

async fn shop(store: &Store, limit: Option<u64>) -> WorkspaceId {
    let written = store.write(move |tx| {
        let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        if let Some(limit) = limit {
            let limits = BTreeMap::from([(Measure::Analyses, limit)]);
            let plan = quota::create_plan(tx, "Small", &limits, 1)?;
            quota::set_plan(tx, shop, Some(&plan), 1)?;
        }
        Ok(shop)
    });
    written.await.unwrap()
}

async fn used(store: &Store, workspace: WorkspaceId) -> u64 {
    store
        .read(move |conn| quota::used(conn, workspace, "2026-12", Measure::Analyses))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_at_once_never_pass_the_limit_and_leave_nothing_behind() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, Some(300)).await;
    let quotas = Quotas::new(store.clone());
    let tasks: Vec<_> = (0..1_000_u32)
        .map(|n| {
            let (quotas, store) = (quotas.clone(), store.clone());
            tokio::spawn(async move {
                let Ok(mut place) = quotas.reserve(shop, Measure::Analyses, 1, EVE).await else {
                    return (false, false);
                };
                tokio::task::yield_now().await;
                // Every third piece of work fails and gives its place back.
                if n % 3 == 0 {
                    return (true, false);
                }
                let counted = store.write(move |tx| place.count(tx, 1, EVE));
                (true, counted.await.is_ok())
            })
        })
        .collect();
    let mut counted = 0;
    for task in tasks {
        counted += u64::from(task.await.unwrap().1);
    }
    assert!(counted <= 300);
    assert_eq!(used(&store, shop).await, counted);
    // What is left can be had to the last one, so nothing leaked and nothing was refused for nothing.
    for _ in counted..300 {
        let mut place = quotas
            .reserve(shop, Measure::Analyses, 1, EVE)
            .await
            .unwrap();
        store
            .write(move |tx| place.count(tx, 1, EVE))
            .await
            .unwrap();
    }
    let error = quotas
        .reserve(shop, Measure::Analyses, 1, EVE)
        .await
        .unwrap_err();
    let QuotaError::Exceeded {
        limit,
        used: at,
        resets_at,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*limit, *at, *resets_at), (300, 300, NEW_YEAR));
    assert_eq!(
        error.to_string(),
        "this workspace has used up its analyses of 2026-12 (300 of 300). More is there on 2027-01-01, or with another plan"
    );
    // A new month begins with nothing.
    let next = quotas.reserve(shop, Measure::Analyses, 300, NEW_YEAR).await;
    assert!(next.is_ok());
}

#[tokio::test]
async fn what_is_held_counts_until_it_is_given_back() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, Some(10)).await;
    let quotas = Quotas::new(store.clone());
    let held = quotas
        .reserve(shop, Measure::Analyses, 7, EVE)
        .await
        .unwrap();
    assert!(
        quotas
            .reserve(shop, Measure::Analyses, 4, EVE)
            .await
            .is_err()
    );
    let standing = quotas.standing(shop, EVE).await.unwrap();
    assert_eq!(standing.plan.as_deref(), Some("Small"));
    assert_eq!(
        standing.standings[0],
        Standing {
            measure: Measure::Analyses,
            used: 0,
            reserved: 7,
            limit: Some(10),
            elsewhere: Elsewhere::default(),
        }
    );
    drop(held);
    // Used less than was held; the rest is free.
    let mut held = quotas
        .reserve(shop, Measure::Analyses, 10, EVE)
        .await
        .unwrap();
    store.write(move |tx| held.count(tx, 3, EVE)).await.unwrap();
    assert_eq!(used(&store, shop).await, 3);
    assert!(
        quotas
            .reserve(shop, Measure::Analyses, 7, EVE)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn work_whose_result_was_not_stored_is_not_counted() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, Some(1)).await;
    let quotas = Quotas::new(store.clone());
    let mut held = quotas
        .reserve(shop, Measure::Analyses, 1, EVE)
        .await
        .unwrap();
    let failed: Result<(), _> = store
        .write(move |tx| {
            held.count(tx, 1, EVE)?;
            Err(StoreError::NotFound("the conversation"))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(used(&store, shop).await, 0);
    assert!(
        quotas
            .reserve(shop, Measure::Analyses, 1, EVE)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn each_warning_is_given_once() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, Some(20)).await;
    let quotas = Quotas::new(store.clone());
    for _ in 0..20 {
        let mut held = quotas
            .reserve(shop, Measure::Analyses, 1, EVE)
            .await
            .unwrap();
        store.write(move |tx| held.count(tx, 1, EVE)).await.unwrap();
    }
    let told = store
        .read(move |conn| events::list(conn, shop, crate::store::EventId(0), 99))
        .await
        .unwrap();
    let told: Vec<_> = told
        .iter()
        .filter(|event| event.kind == "quota_warned")
        .map(|event| (event.data["percent"].clone(), event.data["used"].clone()))
        .collect();
    assert_eq!(told, [(80.into(), 16.into()), (95.into(), 19.into())]);
}

#[tokio::test]
async fn without_a_plan_nothing_is_limited_but_all_is_counted() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, None).await;
    let quotas = Quotas::new(store.clone());
    let mut held = quotas
        .reserve(shop, Measure::Analyses, 5_000_000, EVE)
        .await
        .unwrap();
    store
        .write(move |tx| held.count(tx, 5_000_000, EVE))
        .await
        .unwrap();
    assert_eq!(used(&store, shop).await, 5_000_000);
}

#[test]
fn times_are_told_in_minutes() {
    assert_eq!(told(Measure::VoiceMs, 90_000), "1.5");
    assert_eq!(told(Measure::VoiceMs, 1), "0.1");
    assert_eq!(told(Measure::ModelTokens, 12), "12");
}

#[tokio::test]
async fn work_of_unknown_size_gets_what_is_left() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, Some(10)).await;
    let quotas = Quotas::new(store.clone());
    let first = quotas.reserve_up_to(shop, Measure::Analyses, 7, EVE).await;
    let first = first.unwrap();
    let second = quotas.reserve_up_to(shop, Measure::Analyses, 7, EVE).await;
    let second = second.unwrap();
    assert_eq!((first.amount(), second.amount()), (7, 3));
    let third = quotas.reserve_up_to(shop, Measure::Analyses, 7, EVE).await;
    assert!(matches!(third, Err(QuotaError::Exceeded { used: 10, .. })));
    first.settle(9, EVE).await.unwrap();
    drop(second);
    assert_eq!(used(&store, shop).await, 7, "no more than was held");
}

#[tokio::test]
async fn work_is_known_by_its_flow() {
    let store = Store::open_in_memory().unwrap();
    let shop = shop(&store, None).await;
    let quotas = Quotas::new(store.clone());
    let of = |flow| quotas.workspace_of(flow);
    assert_eq!(of(Flow::member(shop, &7)).await.unwrap(), Some(shop));
    assert_eq!(of(Flow::invited(shop, &8)).await.unwrap(), Some(shop));
    assert_eq!(of(Flow::HOUSE).await.unwrap(), None);
    let other = Flow::member(WorkspaceId::new(), &7);
    assert_eq!(of(other).await.unwrap(), None);
}
