use serde_json::json;

use super::accounts::{AccountState, CrmKind, NewAccount, Tokens};
use super::jobs::{CrmJobKind, CrmJobState, Ended};
use super::leads::Judged;
use super::messages::{CrmMessage, Writer};
use super::oauth_states::OauthState;
use super::*;
use crate::store::token::{Token, TokenKind};
use crate::store::{Store, WorkspaceId, workspaces};

const NEW: NewAccount<'_> = NewAccount {
    kind: CrmKind::Kommo,
    remote_id: "100",
    client_id: "c-1",
    user_id: Some("7"),
    name: "Shop",
    host: "shop.kommo.com",
    hook_secret: "hook",
};

fn tokens(access: &str) -> Tokens {
    Tokens {
        access: access.into(),
        refresh: Some("r".into()),
        expires_at: Some(9),
    }
}

fn workspace(tx: &Transaction<'_>, name: &str) -> Result<WorkspaceId, StoreError> {
    Ok(workspaces::get_or_create(tx, name, name, 1)?.id)
}

fn account(tx: &Transaction<'_>) -> Result<Scoped<Account>, StoreError> {
    let shop = workspace(tx, "shop")?;
    accounts::keep(tx, shop, &NEW, Some(&tokens("a")), 1)
}

fn message(id: &str, at: UnixMs, lead: &str) -> CrmMessage {
    CrmMessage {
        id: id.into(),
        talk: Some("5".into()),
        lead: Some(lead.into()),
        contact: Some("9".into()),
        who: Writer::Customer,
        author: None,
        kind: "text".into(),
        text: "Hi".into(),
        voice_link: None,
        voice_name: None,
        at,
    }
}

#[test]
fn an_account_is_kept_once_and_in_one_workspace() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let first = account(tx)?;
        accounts::forget_tokens(tx, first.id, AccountState::Revoked, Some("gone"), 2)?;
        assert!(accounts::tokens(tx, first.id)?.is_none());
        let other = NewAccount {
            hook_secret: "new",
            ..NEW
        };
        let again = accounts::keep(tx, first.workspace(), &other, Some(&tokens("b")), 3)?;
        assert_eq!(again.id, first.id);
        assert_eq!(
            (again.state, again.reason.clone()),
            (AccountState::Active, None)
        );
        // The CRM still sends to the old address.
        assert_eq!(accounts::hook_secret(tx, &again)?, "hook");
        assert_eq!(
            accounts::find_by_hook(tx, "hook")?.map(|a| a.id),
            Some(first.id)
        );
        assert!(accounts::find_by_hook(tx, "new")?.is_none());
        assert!(accounts::tokens(tx, first.id)?.is_some_and(|kept| kept.access == "b"));
        let elsewhere = workspace(tx, "other")?;
        let taken = accounts::keep(tx, elsewhere, &NEW, None, 4);
        assert!(matches!(taken, Err(StoreError::Conflict(_))));
        assert!(accounts::get(tx, elsewhere, first.id).is_err());
        integrations::keep(
            tx,
            first.workspace(),
            "c-1",
            "s",
            "https://desk.example/x",
            1,
        )?;
        let stolen = integrations::keep(tx, elsewhere, "c-1", "t", "https://evil.example/x", 1);
        assert!(matches!(stolen, Err(StoreError::Conflict(_))));
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_state_is_good_for_one_use_and_for_its_time() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let state = OauthState {
            workspace: workspace(tx, "shop")?,
            client_id: None,
            redirect_uri: "https://desk.example/x".into(),
        };
        let hash = Token::generate(TokenKind::Crm)?.hash();
        oauth_states::create(tx, hash, &state, 100)?;
        assert!(oauth_states::set_client(tx, hash, "c-1")?);
        assert!(!oauth_states::set_client(tx, hash, "c-2")?, "once");
        assert!(oauth_states::peek(tx, hash, 99)?.is_some());
        let taken = oauth_states::take(tx, hash, 99)?;
        assert_eq!(
            taken.and_then(|taken| taken.client_id).as_deref(),
            Some("c-1")
        );
        assert_eq!(oauth_states::take(tx, hash, 99)?, None);
        oauth_states::create(tx, hash, &state, 100)?;
        assert_eq!(oauth_states::take(tx, hash, 100)?, None, "it expired");
        Ok(())
    });
    done.unwrap();
}

#[test]
fn hooks_and_messages_count_once() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = account(tx)?;
        assert!(hooks::receive(tx, &shop, b"a=1", 10)?);
        assert!(!hooks::receive(tx, &shop, b"a=1", 11)?);
        assert!(hooks::receive(tx, &shop, b"a=2", 12)?);
        let due = hooks::list_due(tx, 20, 9)?;
        assert_eq!(
            due.iter().map(|h| h.body.as_slice()).collect::<Vec<_>>(),
            [b"a=1", b"a=2"]
        );
        hooks::note_done(tx, due[0].id)?;
        hooks::note_failed(tx, due[1].id, "later", Some(50))?;
        assert_eq!(hooks::list_due(tx, 49, 9)?, []);
        assert_eq!(hooks::list_due(tx, 50, 9)?[0].attempts, 1);
        assert!(
            !hooks::receive(tx, &shop, b"a=1", 60)?,
            "a repeat after the work"
        );
        assert_eq!(hooks::count_waiting(tx)?, 1);

        assert!(messages::keep(tx, &shop, &message("m2", 2, "77"), 5)?);
        assert!(messages::keep(tx, &shop, &message("m1", 1, "77"), 6)?);
        let mut linked = message("m1", 1, "77");
        linked.voice_link = Some("https://x".into());
        assert!(!messages::keep(tx, &shop, &linked, 7)?);
        let kept = messages::list_of_lead(tx, &shop, "77", 0, 9)?;
        let ids: Vec<_> = kept.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(ids, ["m1", "m2"]);
        assert_eq!(
            kept[0].voice_link.as_deref(),
            Some("https://x"),
            "a later hook adds what was missing"
        );
        assert_eq!(messages::talks_of_lead(tx, &shop, "77")?, ["5"]);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_lead_is_stale_until_it_is_analysed_again() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = account(tx)?;
        leads::add_stale(tx, &shop, "77", 3, 5)?;
        leads::keep(
            tx,
            &shop,
            "77",
            Some("Ana"),
            None,
            Some(&json!({ "a": 1 })),
            6,
        )?;
        let lead = leads::find(tx, &shop, "77")?.unwrap();
        assert_eq!(
            (lead.stale, lead.name.as_str(), lead.score),
            (3, "Ana", None)
        );
        let judged = Judged {
            analysis: "an-1",
            score: 82,
            band: Some("hot"),
            note: Some("n-1"),
        };
        leads::note_analysis(tx, &shop, "77", &judged, 9)?;
        let lead = leads::find(tx, &shop, "77")?.unwrap();
        assert_eq!(
            (lead.stale, lead.score, lead.analysed_at),
            (0, Some(82), Some(9))
        );
        assert_eq!(lead.facts, json!({ "a": 1 }));
        Ok(())
    });
    done.unwrap();
}

#[test]
fn jobs_are_queued_once_and_survive_a_crash() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = account(tx)?;
        let kind = CrmJobKind::Analyse;
        let first = jobs::enqueue(tx, &shop, kind, "77", 1)?;
        assert_eq!(jobs::enqueue(tx, &shop, kind, "77", 2)?, first);
        let taken = jobs::take(tx, 5)?.unwrap();
        assert_eq!((taken.id, taken.state), (first, CrmJobState::Running));
        assert_eq!(jobs::take(tx, 5)?, None);
        // While it runs the same is asked for again, and then the server ends.
        let second = jobs::enqueue(tx, &shop, kind, "77", 6)?;
        assert_ne!(second, first);
        jobs::resume_all(tx, 7)?;
        assert_eq!(jobs::take(tx, 7)?.map(|job| job.id), Some(second));
        jobs::end(tx, second, Ended::RetryAt(20, "slow"), 8)?;
        assert_eq!(jobs::take(tx, 19)?, None);
        let again = jobs::take(tx, 20)?.unwrap();
        assert_eq!(again.attempts, 2);
        jobs::end(tx, second, Ended::Done, 21)?;
        let fill = jobs::enqueue(tx, &shop, CrmJobKind::Backfill, "", 30)?;
        let fill = jobs::get(tx, shop.workspace(), fill)?;
        assert!(jobs::set_paused(tx, &fill, true, 31)?);
        assert_eq!(jobs::take(tx, 40)?, None);
        assert!(jobs::set_paused(tx, &fill, false, 41)?);
        assert!(jobs::take(tx, 41)?.is_some());
        Ok(())
    });
    done.unwrap();
}

#[test]
fn a_person_is_erased_everywhere_and_others_stay() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = account(tx)?;
        messages::keep(tx, &shop, &message("m1", 1, "77"), 5)?;
        let mut other = message("m2", 1, "78");
        other.contact = Some("8".into());
        messages::keep(tx, &shop, &other, 5)?;
        for lead in ["77", "78"] {
            leads::add_stale(tx, &shop, lead, 1, 5)?;
            notes::keep(tx, &shop, &format!("n-{lead}"), lead, None, 5)?;
            jobs::enqueue(tx, &shop, CrmJobKind::Analyse, lead, 5)?;
        }
        hooks::receive(tx, &shop, b"message[add][0][entity_id]=77&x=1", 5)?;
        hooks::receive(tx, &shop, b"message[add][0][entity_id]=778&x=1", 5)?;
        hooks::receive(tx, &shop, br#"{"lead":"77"}"#, 5)?;
        let erased = erase_contact(tx, &shop, "9", 9)?;
        let expected = Erased {
            messages: 1,
            leads: 1,
            notes: 1,
            hooks: 2,
            jobs: 1,
        };
        assert_eq!(erased, expected);
        assert!(leads::find(tx, &shop, "77")?.is_none());
        assert!(leads::find(tx, &shop, "78")?.is_some());
        assert_eq!(hooks::count_waiting(tx)?, 1);
        let all = erase_account(tx, &shop, 10)?;
        assert_eq!((all.messages, all.leads, all.hooks), (1, 1, 1));
        assert!(accounts::get(tx, shop.workspace(), shop.id).is_err());
        assert_eq!(jobs::take(tx, i64::MAX)?, None);
        Ok(())
    });
    done.unwrap();
}
