//! What the owner of the machine enters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{BillingError, prove};
use crate::store::{Connection, PlanId, StoreError, WorkspaceId, billing, quota};

/// Where licences are checked.
pub const LEMON_SQUEEZY: &str = "https://api.lemonsqueezy.com";
/// Letters of a secret, as the shop allows.
const SECRET: std::ops::RangeInclusive<usize> = 6..=40;
/// Longest id at the shop, in digits.
const LONGEST_ID: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub enabled: bool,
    /// Id of the owner's store.
    pub store: String,
    /// Ids of products that count; empty for all of the store.
    pub products: Vec<String>,
    /// The plan that comes with a variant, by the id of the variant.
    pub plans: BTreeMap<String, PlanId>,
    /// Where people buy; empty without such a page.
    pub checkout: String,
    /// Whether purchases in the shop's test mode count.
    pub test_mode: bool,
    /// Where licences are checked.
    pub api: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: false,
            store: String::new(),
            products: Vec::new(),
            plans: BTreeMap::new(),
            checkout: String::new(),
            test_mode: false,
            api: LEMON_SQUEEZY.to_owned(),
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

impl Settings {
    /// The settings and the secret; without any, billing is off.
    pub(super) fn load(conn: &Connection) -> Result<(Self, String), StoreError> {
        let Some((settings, secret)) = billing::settings(conn)? else {
            return Ok((Self::default(), String::new()));
        };
        // What an older or newer version wrote and this one cannot read turns billing off, not the front desk.
        let settings = serde_json::from_str(&settings).unwrap_or_else(|error| {
            tracing::error!(%error, "the settings of billing cannot be read");
            Self::default()
        });
        Ok((settings, secret))
    }

    /// # Errors
    /// [`BillingError::Wrong`], naming the field.
    pub(super) fn check(&self, conn: &Connection, secret: &str) -> Result<(), BillingError> {
        if !self.store.is_empty() && !is_id(&self.store) {
            return Err(BillingError::wrong(
                "store",
                "the id of the store is a number; the shop shows it in its settings",
            ));
        }
        if self.enabled && self.store.is_empty() {
            return Err(BillingError::wrong(
                "store",
                "name your store by its id before you turn billing on",
            ));
        }
        if !self.products.iter().all(|id| is_id(id)) {
            return Err(BillingError::wrong(
                "products",
                "ids of products are numbers",
            ));
        }
        let known = quota::list_plans(conn)?;
        for (variant, plan) in &self.plans {
            if !is_id(variant) {
                return Err(BillingError::wrong("plans", "ids of variants are numbers"));
            }
            if !known.iter().any(|one| one.id == *plan) {
                return Err(BillingError::wrong(
                    "plans",
                    format!("there is no plan for the variant {variant} any more"),
                ));
            }
        }
        if !secret.is_empty() && !SECRET.contains(&secret.chars().count()) {
            return Err(BillingError::wrong(
                "secret",
                "the secret has 6 to 40 letters, as you entered it at the shop",
            ));
        }
        if !self.checkout.is_empty() && !is_web(&self.checkout) {
            return Err(BillingError::wrong(
                "checkout",
                "the page where people buy begins with https://",
            ));
        }
        if Url::parse(&self.api).is_err() {
            return Err(BillingError::wrong(
                "api",
                format!("this is no address; it is usually {LEMON_SQUEEZY}"),
            ));
        }
        Ok(())
    }

    /// Whether something was sold in the owner's store, and is one of the products that count.
    pub(super) fn is_own(&self, store: &str, product: &str) -> bool {
        let is_listed = || self.products.iter().any(|own| own == product);
        !store.is_empty() && store == self.store && (self.products.is_empty() || is_listed())
    }

    /// The page where a workspace is paid for; the shop sends back for whom it was opened.
    pub(super) fn checkout_of(&self, workspace: WorkspaceId, secret: &str) -> Option<String> {
        let mut url = Url::parse(&self.checkout).ok()?;
        url.query_pairs_mut()
            .append_pair("checkout[custom][workspace]", &workspace.to_string())
            .append_pair("checkout[custom][proof]", &prove(secret, workspace));
        Some(url.into())
    }
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn what_is_wrong_is_told_by_its_field() {
        let store = Store::open_in_memory().unwrap();
        let own = Settings {
            enabled: true,
            store: "7".to_owned(),
            ..Settings::default()
        };
        let check = |settings: &Settings, secret: &str| {
            let (settings, secret) = (settings.clone(), secret.to_owned());
            let checked = store.read_blocking(move |conn| {
                Ok(match settings.check(conn, &secret) {
                    Ok(()) => "",
                    Err(BillingError::Wrong { field, .. }) => field,
                    Err(_) => "?",
                })
            });
            checked.unwrap()
        };
        assert_eq!(check(&own, "secret"), "");
        assert_eq!(check(&own, "short"), "secret");
        let with = |change: fn(&mut Settings)| {
            let mut settings = own.clone();
            change(&mut settings);
            settings
        };
        assert_eq!(check(&with(|s| s.store.clear()), ""), "store");
        assert_eq!(check(&with(|s| s.store = "my shop".into()), ""), "store");
        assert_eq!(
            check(&with(|s| s.products.push("x".into())), ""),
            "products"
        );
        let gone = |s: &mut Settings| {
            s.plans.insert("1".into(), PlanId::new());
        };
        assert_eq!(check(&with(gone), ""), "plans");
        assert_eq!(
            check(&with(|s| s.checkout = "http://a.example".into()), ""),
            "checkout"
        );
        assert_eq!(check(&with(|s| s.api = "shop".into()), ""), "api");
    }

    #[test]
    fn only_the_own_store_and_its_listed_products_count() {
        let mut own = Settings {
            store: "7".to_owned(),
            ..Settings::default()
        };
        assert!(own.is_own("7", "1") && !own.is_own("8", "1") && !own.is_own("", "1"));
        own.products = vec!["1".to_owned()];
        assert!(own.is_own("7", "1") && !own.is_own("7", "2"));
        assert!(!Settings::default().is_own("", ""));
        own.checkout = "https://shop.example/buy?x=1".to_owned();
        let id = WorkspaceId::new();
        let link = own.checkout_of(id, "a secret").unwrap();
        let named = format!("checkout%5Bcustom%5D%5Bworkspace%5D={id}&");
        assert!(
            link.contains(&named) && link.contains("%5Bproof%5D="),
            "{link}"
        );
    }
}
