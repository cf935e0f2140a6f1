//! Webhooks: which events Kommo sends us, and to which address.

use serde_json::{Value, json};

use super::account::KommoAccount;
use super::client::Call;
use super::wire;
use crate::crm::CrmError;
use crate::egress::{Class, Method};

/// What is asked for. `add_outgoing_message` is new and not known to every account.
pub const HOOKS: &[&str] = &[
    "add_message",
    "add_outgoing_message",
    "add_talk",
    "update_talk",
    "add_lead",
    "update_lead",
    "status_lead",
    "delete_lead",
    "restore_lead",
    "note_lead",
];
const NEW_HOOK: &str = "add_outgoing_message";
const PATH: &str = "/api/v4/webhooks";
const WHAT: &str = "webhooks (only an administrator may set them, from the tariff Advanced on)";

/// A webhook as Kommo has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub destination: String,
    pub settings: Vec<String>,
    /// Kommo switched it off after too many bad answers.
    pub disabled: bool,
}

impl KommoAccount {
    /// All webhooks of the account, also those of others.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, CrmError> {
        let list = self
            .kommo
            .list(&self.account, PATH, "webhooks", "id", WHAT)
            .await?;
        Ok(list.rows.iter().filter_map(read).collect())
    }

    /// Asks Kommo to send [`HOOKS`] to an address with a secret in it, as its webhooks are not signed.
    pub async fn subscribe(&self, destination: &str) -> Result<(), CrmError> {
        match self.ask_for(destination, HOOKS).await {
            Err(CrmError::Refused { .. }) => {
                let older: Vec<&str> = HOOKS
                    .iter()
                    .copied()
                    .filter(|hook| *hook != NEW_HOOK)
                    .collect();
                self.ask_for(destination, &older).await
            }
            asked => asked,
        }
    }

    async fn ask_for(&self, destination: &str, hooks: &[&str]) -> Result<(), CrmError> {
        let body = json!({ "destination": destination, "settings": hooks, "sort": 10 });
        let call = Call::send(Method::Post, PATH, Class::Credential, body, WHAT);
        self.call(call).await.map(|_| ())
    }

    /// Removes the webhook at an address; one that is gone already is no error.
    pub async fn unsubscribe(&self, destination: &str) -> Result<(), CrmError> {
        let body = json!({ "destination": destination });
        let call = Call::send(Method::Delete, PATH, Class::Credential, body, WHAT);
        match self.call(call).await {
            Err(CrmError::Missing { .. }) => Ok(()),
            removed => removed.map(|_| ()),
        }
    }
}

fn read(row: &Value) -> Option<Subscription> {
    let settings = row.get("settings").and_then(Value::as_array);
    let settings = settings.into_iter().flatten().filter_map(Value::as_str);
    Some(Subscription {
        destination: wire::text_in(row, "destination")?,
        settings: settings.map(str::to_owned).collect(),
        disabled: row.get("disabled").and_then(Value::as_bool) == Some(true),
    })
}
