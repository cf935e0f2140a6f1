use super::*;
use crate::store::{Store, workspaces};

fn wanted(name: &str) -> Wanted {
    Wanted {
        kind: ProviderKind::OpenAi,
        name: name.to_owned(),
        url: "https://api.example/v1".to_owned(),
        own: false,
        region: "EU".to_owned(),
        models: ProviderModels {
            chat: Some("small".to_owned()),
            ..ProviderModels::default()
        },
        classes: vec!["business".to_owned()],
        redaction: Redaction::default(),
        budget: ProviderBudget::default(),
        prices: ProviderPrices::default(),
        active: true,
    }
}

#[tokio::test]
async fn a_key_is_kept_until_another_comes_and_leaves_with_its_provider() {
    let store = Store::open_in_memory().unwrap();
    store
        .write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let bar = workspaces::get_or_create(tx, "bar", "Bar", 1)?.id;
            let made = create(tx, shop, &wanted("Cloud"), Some("k1"), 5)?;
            assert!(made.has_key && made.redaction.cards);
            assert_eq!(key(tx, made.id)?.as_deref(), Some("k1"));
            assert!(matches!(
                create(tx, shop, &wanted("CLOUD"), None, 6),
                Err(StoreError::Conflict(_))
            ));
            assert!(matches!(
                get(tx, bar, made.id),
                Err(StoreError::NotFound(_))
            ));
            change(tx, &made, &wanted("Cloud 2"), None, 7)?;
            assert_eq!(key(tx, made.id)?.as_deref(), Some("k1"));
            change(tx, &made, &wanted("Cloud 2"), Some("k2"), 8)?;
            assert_eq!(key(tx, made.id)?.as_deref(), Some("k2"));
            let new = ProviderUse {
                workspace: shop,
                purpose: Use::Chat,
                mode: Mode::Provider,
                wait_ms: 0,
                provider: made.id,
                tell: true,
            };
            set_use(tx, &made, new, 9)?;
            assert_eq!(uses_for(tx, Use::Chat)?, [new]);
            assert!(uses_for(tx, Use::Speak)?.is_empty());
            let off = Wanted {
                active: false,
                ..wanted("Cloud 2")
            };
            change(tx, &made, &off, None, 10)?;
            assert!(uses_for(tx, Use::Chat)?.is_empty());
            delete(tx, &made)?;
            assert!(uses(tx, shop)?.is_empty() && list(tx, shop)?.is_empty());
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn spend_adds_up_by_month_and_name() {
    let store = Store::open_in_memory().unwrap();
    store
        .write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let more = Spend {
                requests: 1,
                tokens: 10,
                micro: 3,
            };
            add_spend(tx, shop, "2026-12", "Cloud", more)?;
            add_spend(tx, shop, "2026-12", "cloud", more)?;
            let all = spent(tx, shop, "2026-12", "CLOUD")?;
            assert_eq!((all.requests, all.tokens, all.micro), (2, 20, 6));
            assert_eq!(spent(tx, shop, "2027-01", "Cloud")?, Spend::default());
            Ok(())
        })
        .await
        .unwrap();
}
