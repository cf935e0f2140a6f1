use super::*;
use crate::store::providers::{
    ProviderBudget, ProviderKind, ProviderModels, Redaction, Wanted, create, spent,
};
use crate::store::workspaces;

async fn purse(budget: ProviderBudget) -> (Purse, Store, Provider) {
    let store = Store::open_in_memory().unwrap();
    let provider = store
        .write(move |tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let wanted = Wanted {
                kind: ProviderKind::OpenAi,
                name: "Cloud".to_owned(),
                url: "https://api.example/v1".to_owned(),
                own: false,
                region: String::new(),
                models: ProviderModels::default(),
                classes: Vec::new(),
                redaction: Redaction::default(),
                budget,
                prices: ProviderPrices {
                    currency: "EUR".to_owned(),
                    million_read: 2_000_000,
                    million_written: 8_000_000,
                    ..ProviderPrices::default()
                },
                active: true,
            };
            create(tx, shop, &wanted, None, 1)
        })
        .await
        .unwrap()
        .into_inner();
    (Purse::new(store.clone()), store, provider)
}

async fn counted(store: &Store, provider: &Provider) -> Spend {
    let workspace = provider.workspace;
    let read = store.read(move |conn| spent(conn, workspace, "1970-01", "Cloud"));
    read.await.unwrap()
}

#[test]
fn prices_are_rounded_up_and_never_overflow() {
    let prices = ProviderPrices {
        million_read: 2_000_000,
        million_written: 1,
        minute_heard: 4_300,
        million_spoken: 30_000_000,
        ..ProviderPrices::default()
    };
    let amount = Amount::of_chat(&prices, 1_000, 1);
    assert_eq!((amount.tokens, amount.micro), (1_001, 2_001));
    assert_eq!(Amount::of_hearing(&prices, 61_000).micro, 4_372);
    assert_eq!(Amount::of_speaking(&prices, 10).micro, 300);
    assert_eq!(cost(u64::MAX, u64::MAX), u64::MAX);
}

#[tokio::test]
async fn a_thousand_at_once_never_pass_the_budget() {
    let budget = ProviderBudget {
        tokens: Some(500),
        micro: None,
    };
    let (purse, store, provider) = purse(budget).await;
    let most = Amount {
        tokens: 7,
        micro: 7,
    };
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (purse, provider) = (purse.clone(), provider.clone());
        running.spawn(async move {
            match purse.reserve(&provider, most, 5).await {
                Ok(reservation) => reservation.settle(most).await.map(|()| true),
                Err(ProviderError::Budget { .. }) => Ok(false),
                Err(other) => Err(other),
            }
        });
    }
    let mut admitted = 0;
    while let Some(done) = running.join_next().await {
        admitted += u64::from(done.unwrap().unwrap());
    }
    assert_eq!(admitted, 500 / 7);
    let spent = counted(&store, &provider).await;
    assert_eq!((spent.requests, spent.tokens), (71, 497));
}

#[tokio::test]
async fn what_is_dropped_is_free_again_and_what_went_out_is_counted() {
    let budget = ProviderBudget {
        tokens: None,
        micro: Some(100),
    };
    let (purse, store, provider) = purse(budget).await;
    let most = Amount {
        tokens: 0,
        micro: 60,
    };
    let first = purse.reserve(&provider, most, 5).await.unwrap();
    let error = purse.reserve(&provider, most, 5).await.err().unwrap();
    assert!(error.to_string().contains("60 of 100"), "{error}");
    drop(first);
    assert_eq!(counted(&store, &provider).await, Spend::default());
    let mut second = purse.reserve(&provider, most, 5).await.unwrap();
    second.owe(Amount {
        tokens: 3,
        micro: 41,
    });
    drop(second);
    for _ in 0..100 {
        if counted(&store, &provider).await.requests == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let spent = counted(&store, &provider).await;
    assert_eq!((spent.requests, spent.micro), (1, 41));
    assert!(purse.reserve(&provider, most, 5).await.is_err());
}

#[tokio::test]
async fn what_nobody_waits_for_is_counted_and_freed_all_the_same() {
    let budget = ProviderBudget {
        tokens: Some(100),
        micro: None,
    };
    let (purse, store, provider) = purse(budget).await;
    let most = Amount {
        tokens: 60,
        micro: 0,
    };
    let reservation = purse.reserve(&provider, most, 5).await.unwrap();
    // Another write holds the database meanwhile.
    let (begun, is_busy) = tokio::sync::oneshot::channel();
    let (free, freed) = std::sync::mpsc::channel::<()>();
    let other = store.clone();
    let busy = tokio::spawn(async move {
        let held = other.write(move |_| {
            begun.send(()).unwrap();
            freed.recv().unwrap();
            Ok(())
        });
        held.await
    });
    is_busy.await.unwrap();
    let settled = reservation.settle(most);
    let settled = tokio::time::timeout(std::time::Duration::from_millis(50), settled).await;
    assert!(settled.is_err(), "it did not wait");
    free.send(()).unwrap();
    busy.await.unwrap().unwrap();
    for _ in 0..100 {
        if counted(&store, &provider).await.requests == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(counted(&store, &provider).await.tokens, 60);
    let rest = Amount {
        tokens: 40,
        micro: 0,
    };
    assert!(purse.reserve(&provider, rest, 5).await.is_ok());
}
