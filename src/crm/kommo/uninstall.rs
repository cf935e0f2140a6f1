//! The hook that tells of an app that was switched off, or whose access was taken back.

use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::widget::find_account;
use super::{Kommo, KommoAccount};
use crate::crm::{CrmError, now};
use crate::store::StoreError;
use crate::store::crm::accounts::{self, AccountState};
use crate::store::crm::integrations;

/// The query of the hook.
#[derive(Debug, Clone, Deserialize)]
pub struct Uninstall {
    pub client_uuid: String,
    pub account_id: String,
    pub signature: String,
}

impl Kommo {
    /// Deletes the tokens of an account, if Kommo signed that and no longer lets us in. Returns whether it did; a repeat
    /// changes nothing.
    ///
    /// # Errors
    /// `Forged`.
    pub async fn uninstalled(&self, told: &Uninstall) -> Result<bool, CrmError> {
        let (client_id, remote) = (told.client_uuid.clone(), told.account_id.clone());
        let found = self.inner.store.read(move |conn| {
            let Some(integration) = integrations::find(conn, &client_id)? else {
                return Ok(None);
            };
            let account = match find_account(conn, &remote, &integration)? {
                // Without tokens there is nothing left to delete.
                Some(account) if accounts::tokens(conn, account.id)?.is_none() => None,
                found => found,
            };
            Ok(Some((integration.client_secret, account)))
        });
        let Some((secret, account)) = found.await? else {
            return Err(CrmError::Forged("its integration is not known here"));
        };
        if !is_signed(told, &secret) {
            return Err(CrmError::Forged("its signature is wrong"));
        }
        let Some(account) = account else {
            return Ok(false);
        };
        // The hook has no time in it, so an old one could be sent again: only what Kommo confirms counts.
        let id = account.id;
        match KommoAccount::new(self.clone(), account)
            .read_account()
            .await
        {
            Ok(_) => Ok(false),
            Err(CrmError::Revoked { .. } | CrmError::Off) => {
                let reason = "the integration was switched off in Kommo";
                let write = self.inner.store.write(move |tx| {
                    let state = AccountState::Revoked;
                    accounts::forget_tokens(tx, id, state, Some(reason), now())
                });
                match write.await {
                    Ok(()) => Ok(true),
                    Err(StoreError::NotFound(_)) => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// `signature = hex(HMAC-SHA256(client_secret, "{client_id}|{account_id}"))`, compared in constant time.
fn is_signed(told: &Uninstall, secret: &str) -> bool {
    let Ok(signature) = hex::decode(&told.signature) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(told.client_uuid.as_bytes());
    mac.update(b"|");
    mac.update(told.account_id.as_bytes());
    !secret.is_empty() && mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_holder_of_the_secret_can_sign() {
        let told = |signature: &str| Uninstall {
            client_uuid: "c-1".into(),
            account_id: "77".into(),
            signature: signature.into(),
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
        mac.update(b"c-1|77");
        let right = hex::encode(mac.finalize().into_bytes());
        assert!(is_signed(&told(&right), "s3cret"));
        assert!(is_signed(&told(&right.to_uppercase()), "s3cret"));
        for (signature, secret) in [
            (right.as_str(), "other"),
            (right.as_str(), ""),
            ("", "s3cret"),
            ("zz", "s3cret"),
            (&right[..32], "s3cret"),
        ] {
            assert!(!is_signed(&told(signature), secret), "{signature} {secret}");
        }
    }
}
