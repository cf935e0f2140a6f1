use serde_json::json;

use super::*;
use crate::store::analyses::{self, NewAnalysis, Source};
use crate::store::casework::{CrmTranscript, TranscriptState, keep_transcript};
use crate::store::crm::accounts::{CrmKind, NewAccount, Tokens};
use crate::store::crm::messages::{self, CrmMessage, Writer};
use crate::store::crm::{hooks, leads, notes};
use crate::store::erasure::{self, Subject};
use crate::store::{Store, tombstones, workspaces};

const CANARY: &str = "zoraida@example.org";

fn account(tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<Scoped<Account>, StoreError> {
    let new = NewAccount {
        kind: CrmKind::Kommo,
        remote_id: "100",
        client_id: "c-1",
        user_id: None,
        name: "Shop",
        host: "shop.kommo.com",
        hook_secret: "hook secret",
    };
    let tokens = Tokens {
        access: "access token".into(),
        refresh: None,
        expires_at: None,
    };
    accounts::keep(tx, workspace, &new, Some(&tokens), 1)
}

fn message(id: &str, lead: Option<&str>, contact: Option<&str>, text: &str) -> CrmMessage {
    CrmMessage {
        id: id.into(),
        talk: Some("5".into()),
        lead: lead.map(str::to_owned),
        contact: contact.map(str::to_owned),
        who: Writer::Customer,
        author: Some("Zoraida".into()),
        kind: "text".into(),
        text: text.into(),
        voice_link: None,
        voice_name: None,
        at: 7,
    }
}

/// A lead with all that can belong to it.
fn add_lead(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    text: &str,
) -> Result<(), StoreError> {
    let id = format!("m-{lead}");
    messages::keep(tx, account, &message(&id, Some(lead), Some("9"), text), 7)?;
    let heard = CrmTranscript {
        message: format!("v-{lead}"),
        lead: lead.into(),
        who: Writer::Customer,
        at: 8,
        state: TranscriptState::Done,
        text: format!("spoken: {text}"),
        language: "en".into(),
        duration_ms: 900,
        code: None,
    };
    keep_transcript(tx, account, &heard, 8)?;
    leads::keep(tx, account, lead, Some(text), Some("9"), None, 8)?;
    notes::keep(tx, account, &format!("n-{lead}"), lead, None, 8)?;
    let body = format!("message[add][0][entity_id]={lead}&message[add][0][text]={text}");
    hooks::receive(tx, account, body.as_bytes(), 8)?;
    let found = NewAnalysis {
        conversation: None,
        source: Source::Crm,
        about: format!("{}/{lead}", account.id),
        title: text.into(),
        score: 50,
        own_score: 50,
        rule_points: 0,
        band: "warm".into(),
        language: None,
        turns: 1,
        prompt_version: "v1".into(),
        model: None,
        weights_hash: None,
        took_ms: 1,
        tokens_read: 0,
        tokens_written: 0,
        digest: lead.into(),
        body: json!({"summary": {"short": text, "medium": text, "long": text}}),
        said: None,
    };
    analyses::keep(tx, account.workspace(), &found, 9).map(drop)
}

fn in_a_shop(
    test: impl FnOnce(&Transaction<'_>, &Scoped<Account>) -> Result<(), StoreError> + Send + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let account = account(tx, shop)?;
        test(tx, &account)
    });
    done.unwrap();
}

fn subjects(tx: &Transaction<'_>, workspace: WorkspaceId, who: &str) -> Vec<Subject> {
    let found = erasure::find(tx, workspace, who).unwrap();
    found.matches.into_iter().map(|one| one.subject).collect()
}

#[test]
fn a_lead_is_found_once_copied_and_erased_with_all_that_belongs_to_it() {
    in_a_shop(|tx, account| {
        let shop = account.workspace();
        add_lead(tx, account, "77", CANARY)?;
        add_lead(tx, account, "78", "somebody else")?;
        let lead = Subject::Crm(Remote {
            account: account.id,
            key: RemoteKey::Lead("77".into()),
        });
        assert_eq!(subjects(tx, shop, "zoraida@"), std::slice::from_ref(&lead));
        assert_eq!(subjects(tx, shop, "77"), std::slice::from_ref(&lead));
        assert_eq!(subjects(tx, shop, "9").len(), 2, "the leads of a contact");
        let Subject::Crm(remote) = &lead else {
            panic!("a lead");
        };
        let (at, traces) = describe(tx, shop, remote)?;
        assert_eq!(at, 8);
        let expected = Traces {
            leads: 1,
            crm_messages: 1,
            transcripts: 1,
            analyses: 1,
            ..Traces::default()
        };
        assert_eq!(traces, expected);

        let copied = erasure::copy(tx, shop, std::slice::from_ref(&lead))?;
        let kept = &copied.finds[0];
        assert_eq!(kept["crm_messages"][0]["text"], CANARY);
        assert_eq!(
            kept["crm_transcripts"][0]["text"],
            format!("spoken: {CANARY}")
        );
        assert_eq!(kept["analyses"][0]["title"], CANARY);
        assert_eq!(kept["crm_notes"][0]["id"], "n-77");
        let whole = serde_json::to_string(kept).unwrap();
        for secret in ["access token", "hook secret", "somebody else"] {
            assert!(!whole.contains(secret), "{secret}");
        }

        assert_eq!(
            erasure::erase_subject(tx, shop, lead.clone(), 20)?,
            expected
        );
        assert!(subjects(tx, shop, "zoraida@").is_empty());
        assert_eq!(hooks::count_waiting(tx)?, 1);
        assert_eq!(subjects(tx, shop, "somebody else").len(), 1);
        let again = erasure::erase_subject(tx, shop, lead, 20);
        assert!(matches!(again, Err(StoreError::NotFound(_))));
        Ok(())
    });
}

#[test]
fn an_erased_lead_that_a_backup_brings_back_is_erased_again() {
    in_a_shop(|tx, account| {
        let shop = account.workspace();
        add_lead(tx, account, "77", CANARY)?;
        let done = tombstones::Done::Erased(Subject::Crm(Remote {
            account: account.id,
            key: RemoteKey::Lead("77".into()),
        }));
        let noted = [tombstones::Tombstone {
            at: 20,
            workspace: shop,
            done,
        }];
        assert_eq!(tombstones::replay(tx, &noted)?.traces.leads, 1);
        assert!(subjects(tx, shop, "zoraida@").is_empty());
        // Where nothing of it is back, nothing is done.
        assert_eq!(tombstones::replay(tx, &noted)?, Default::default());
        Ok(())
    });
}

#[test]
fn messages_without_a_lead_are_found_by_contact_or_by_themselves() {
    in_a_shop(|tx, account| {
        let shop = account.workspace();
        messages::keep(tx, account, &message("m-1", None, Some("31"), "Hello"), 7)?;
        messages::keep(tx, account, &message("m-2", None, Some("31"), "Hello?"), 7)?;
        messages::keep(tx, account, &message("m-3", None, None, "Anybody?"), 7)?;
        let of = |key| {
            Subject::Crm(Remote {
                account: account.id,
                key,
            })
        };
        let contact = of(RemoteKey::Contact("31".into()));
        let alone = of(RemoteKey::Message("m-3".into()));
        let mut found = subjects(tx, shop, "zoraida");
        found.sort_by_key(|subject| *subject != contact);
        assert_eq!(found, [contact.clone(), alone.clone()]);
        // All that is found can be erased in one go: no two of them take in the same.
        add_lead(tx, account, "77", CANARY)?;
        tx.execute("UPDATE crm_leads SET contact = '31' WHERE id = '77'", ())?;
        assert_eq!(subjects(tx, shop, "31").len(), 2);
        assert_eq!(
            erasure::erase_subject(tx, shop, contact, 9)?.crm_messages,
            2
        );
        let lead = subjects(tx, shop, "31");
        assert_eq!(lead.len(), 1, "the lead is there");
        erasure::erase_subject(tx, shop, lead[0].clone(), 9)?;
        assert_eq!(erasure::erase_subject(tx, shop, alone, 9)?.crm_messages, 1);
        assert!(subjects(tx, shop, "zoraida").is_empty());
        Ok(())
    });
}

#[test]
fn an_id_is_read_back_as_it_was_written_and_others_are_none() {
    let account = CrmAccountId::new();
    for key in [
        RemoteKey::Lead("a/b".into()),
        RemoteKey::Contact("9".into()),
        RemoteKey::Message("m".into()),
    ] {
        let remote = Remote { account, key };
        assert_eq!(remote.to_string().parse::<Remote>().unwrap(), remote);
    }
    for wrong in [
        "",
        "7",
        "7/lead/1",
        &format!("{account}/lead"),
        &format!("{account}/x/1"),
    ] {
        assert!(wrong.parse::<Remote>().is_err(), "{wrong}");
    }
}
