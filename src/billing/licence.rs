//! Licence keys: the shop is asked whether one holds (<https://docs.lemonsqueezy.com/api/license-api>).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::hook::{moment, shorten, text};
use super::settings::Settings;
use super::{Billing, BillingError};
use crate::egress::{Class, EgressError, Limits, Method, Part, Purpose, Request, Sealed, Secret};
use crate::reason::Reason;
use crate::store::{UnixMs, WorkspaceId};

/// How long the shop may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most bytes of an answer.
const ANSWER_BYTES: u64 = 256 << 10;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Activate,
    Validate,
    Deactivate,
}

impl Ask {
    fn path(self) -> &'static str {
        match self {
            Self::Activate => "/v1/licenses/activate",
            Self::Validate => "/v1/licenses/validate",
            Self::Deactivate => "/v1/licenses/deactivate",
        }
    }
}

/// What the shop says of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Whether it did what was asked, or the key holds.
    pub(super) yes: bool,
    /// Why not, in its words.
    pub(super) error: Option<String>,
    pub(super) state: String,
    pub(super) expires_at: Option<UnixMs>,
    pub(super) test_mode: bool,
    /// Id of the instance; `None` if there is none.
    pub(super) instance: Option<String>,
    pub(super) store: String,
    pub(super) product: String,
    pub(super) variant: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    activated: Option<bool>,
    valid: Option<bool>,
    deactivated: Option<bool>,
    error: Value,
    license_key: Value,
    instance: Value,
    meta: Value,
}

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        let yes = answer.activated.or(answer.valid).or(answer.deactivated);
        let error = text(Some(&answer.error));
        let instance = text(answer.instance.get("id"));
        let key = &answer.license_key;
        Self {
            yes: yes == Some(true),
            error: Some(error).filter(|error| !error.is_empty()),
            state: shorten(&text(key.get("status"))),
            expires_at: moment(key.get("expires_at")),
            test_mode: key.get("test_mode") == Some(&Value::Bool(true)),
            instance: Some(instance).filter(|id| !id.is_empty()),
            store: text(answer.meta.get("store_id")),
            product: text(answer.meta.get("product_id")),
            variant: text(answer.meta.get("variant_id")),
        }
    }
}

impl Said {
    /// Refuses a key that was sold by somebody else, or that cost nothing.
    pub(super) fn must_be_own(&self, settings: &Settings) -> Result<(), BillingError> {
        if !settings.is_own(&self.store, &self.product) {
            return Err(BillingError::Foreign);
        }
        if self.test_mode && !settings.test_mode {
            return Err(BillingError::TestMode);
        }
        Ok(())
    }

    /// Why the shop did not do what was asked.
    pub(super) fn refusal(&self) -> BillingError {
        let told = self.error.clone();
        BillingError::Refused(told.unwrap_or_else(|| format!("it is {}", self.state)))
    }
}

fn unreachable(told: impl Into<Reason>) -> BillingError {
    BillingError::Unreachable(told.into())
}

impl Billing {
    /// Asks the shop about a key. `instance` is the id of the activation, or its name for [`Ask::Activate`].
    pub(super) async fn ask(
        &self,
        settings: &Settings,
        workspace: Option<WorkspaceId>,
        ask: Ask,
        key: &str,
        instance: Option<&str>,
    ) -> Result<Said, BillingError> {
        let address = format!("{}{}", settings.api.trim_end_matches('/'), ask.path());
        let url = Url::parse(&address).map_err(|error| {
            unreachable(Reason::told(format!("{address} is no address"), error))
        })?;
        let pair = |name: &str, value: &str| {
            Serializer::new(String::new())
                .append_pair(name, value)
                .finish()
        };
        let secret = Sealed::to(&url, Secret::new(pair("license_key", key)));
        let mut body = vec![Part::secret(secret)];
        if let Some(instance) = instance {
            // The name of an instance is that of the business.
            let (name, class) = match ask {
                Ask::Activate => ("instance_name", Class::Business),
                Ask::Validate | Ask::Deactivate => ("instance_id", Class::Metadata),
            };
            body.push(Part::new(class, format!("&{}", pair(name, instance))));
        }
        let request = Request {
            workspace,
            accept: "application/json",
            content_type: "application/x-www-form-urlencoded",
            body,
            limits: Limits {
                bytes: ANSWER_BYTES,
                time: PATIENCE,
                redirects: 0,
                ..Limits::default()
            },
            ..Request::new(Purpose::Billing, Method::Post, url)
        };
        let response = match self.inner.gateway.send(request).await {
            Ok(response) => response,
            Err(EgressError::Ledger(error)) => return Err(error.into()),
            Err(error) => return Err(unreachable(Reason::of(error))),
        };
        let status = response.status;
        let bytes = match response.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return Err(unreachable(Reason::of(error))),
        };
        // 400, 404 and 422 say why in the same form.
        if !matches!(status, 200..=299 | 400 | 404 | 422) {
            return Err(unreachable(format!("it answered with status {status}")));
        }
        let answer: Answer = serde_json::from_slice(&bytes)
            .map_err(|error| unreachable(Reason::told("its answer is not what it sends", error)))?;
        let mut said = Said::from(answer);
        said.yes &= (200..300).contains(&status);
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Said {
        serde_json::from_str::<Answer>(json).unwrap().into()
    }

    #[test]
    fn an_answer_is_read_whatever_it_leaves_out() {
        let yes = said(
            r#"{"activated":true,"error":null,"license_key":{"id":1,"status":"active","expires_at":null,"test_mode":false},
                "instance":{"id":"47596ad9-a811-4ebf-ac8a-03fc7b6d2a17","name":"Bluefin"},
                "meta":{"store_id":7,"product_id":8,"variant_id":9}}"#,
        );
        assert!(yes.yes && yes.state == "active" && yes.expires_at.is_none());
        assert_eq!((yes.store.as_str(), yes.variant.as_str()), ("7", "9"));
        assert!(
            yes.instance
                .as_deref()
                .is_some_and(|id| id.starts_with("47596ad9"))
        );
        let no = said(
            r#"{"activated":false,"error":"This license key has reached the activation limit."}"#,
        );
        assert!(!no.yes && no.refusal().to_string().contains("activation limit"));
        assert!(!said("{}").yes);
    }

    #[test]
    fn a_key_of_another_store_or_of_test_mode_is_refused() {
        let own = Settings {
            store: "7".to_owned(),
            ..Settings::default()
        };
        let mut of = Said {
            store: "7".to_owned(),
            product: "1".to_owned(),
            ..Said::default()
        };
        assert!(of.must_be_own(&own).is_ok());
        of.test_mode = true;
        assert!(matches!(of.must_be_own(&own), Err(BillingError::TestMode)));
        of.store = "8".to_owned();
        assert!(matches!(of.must_be_own(&own), Err(BillingError::Foreign)));
    }
}
