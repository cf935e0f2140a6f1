//! Rows from before a migration, after it.

use super::*;

/// The database as it was before the step whose SQL holds these words.
fn bring_up_to(dir: &Path, words: &str) {
    let adds = |m: &Migration| m.sql.contains(words);
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir), &MIGRATIONS[..before]).unwrap();
}

#[test]
fn an_account_of_before_second_factors_can_turn_one_on() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "CREATE TABLE second_factors");
    let id = crate::store::UserId::new();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql =
        "INSERT INTO users (id, email, name, role, created_at) VALUES (?, 'a@x', 'A', 'owner', 1)";
    old.execute(sql, [id]).unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let on = store.unwrap().write_blocking(|tx| {
        assert!(!crate::store::second_factors::is_on(tx, id)?);
        crate::store::second_factors::propose(tx, id, &[1; 20], 2)?;
        crate::store::second_factors::confirm(tx, id, 3)?;
        crate::store::second_factors::is_on(tx, id)
    });
    assert!(on.unwrap());
}

#[test]
fn what_was_said_before_retention_had_two_steps_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "conversations ADD COLUMN due_at");
    let (workspace, id) = (
        crate::store::WorkspaceId::new(),
        crate::store::ConversationId::new(),
    );
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, created_at) VALUES (?, 'shop', 'Shop', 1)";
    old.execute(sql, [workspace]).unwrap();
    let sql =
        "INSERT INTO conversations (id, workspace, channel, state, started_at, last_at, title)
               VALUES (?, ?, 'chat', 'open', 1, 1, '')";
    old.execute(sql, (id, workspace)).unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let shown = store.unwrap().read_blocking(|conn| {
        let shop = crate::store::workspaces::get(conn, workspace)?;
        assert_eq!(shop.closing, None);
        crate::store::conversations::get(conn, workspace, id).map(|c| c.last_at)
    });
    assert_eq!(shown.unwrap(), 1);
}

#[test]
fn requests_of_before_the_kinds_of_data_carried_metadata() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "ALTER TABLE egress ADD COLUMN data");
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO egress (purpose, method, host, url, bytes_sent, bytes_received, at)
               VALUES ('web page', 'GET', 'a.example', 'https://a.example/', 200, 5, 1)";
    old.execute(sql, []).unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let list = store
        .unwrap()
        .read_blocking(|conn| crate::store::egress::list(conn, None, 5));
    let list = list.unwrap();
    assert_eq!((list.len(), list[0].data.as_str()), (1, "metadata"));
}

#[test]
fn workspaces_that_were_open_to_visitors_stay_open_and_answer_to_their_names() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "ADD COLUMN site_key");
    let old = opener(dir.path()).open(Access::Write).unwrap();
    for (name, settings) in [
        ("never-said", "{}"),
        ("look", r##"{"answers":{},"widget":{"colour":"#112233"}}"##),
        ("opened", r#"{"widget":{"enabled":true}}"#),
        ("closed", r#"{"widget":{"enabled":false}}"#),
    ] {
        let sql = "INSERT INTO workspaces (id, name, title, created_at, settings) VALUES (?, ?, '', 1, ?)";
        old.execute(sql, (crate::store::WorkspaceId::new(), name, settings))
            .unwrap();
    }
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let store = store.unwrap();
    let seen = store.write_blocking(|tx| {
        workspaces::get_or_create(tx, "new", "", 2)?;
        let all = workspaces::list(tx)?;
        let keys: std::collections::HashSet<_> = all.iter().map(|w| &w.site_key).collect();
        assert_eq!(keys.len(), all.len());
        let of = |w: &workspaces::Workspace| {
            let named = crate::store::site_keys::find_by_name(tx, &w.name, i64::MAX - 1).unwrap();
            let keyed = crate::store::site_keys::find(tx, &w.site_key, 2).unwrap();
            assert_eq!(keyed.as_ref(), Some(w));
            let widget = &w.settings["widget"];
            (w.name.clone(), widget.clone(), named.is_some())
        };
        let seen = all.iter().map(of).collect::<Vec<_>>();
        let renewed = workspaces::find_by_name(tx, "opened")?.unwrap().id;
        crate::store::site_keys::renew(tx, renewed, 50, 10)?;
        assert!(crate::store::site_keys::find_by_name(tx, "opened", 49)?.is_some());
        assert!(crate::store::site_keys::find_by_name(tx, "opened", 50)?.is_none());
        Ok(seen)
    });
    let row = |name: &str, widget, named| (name.to_owned(), widget, named);
    let open = serde_json::json!({"enabled": true});
    let expected = [
        row("closed", serde_json::json!({"enabled": false}), false),
        row(
            "look",
            serde_json::json!({"enabled": true, "colour": "#112233"}),
            true,
        ),
        row("never-said", open.clone(), true),
        row("new", serde_json::Value::Null, false),
        row("opened", open, true),
    ];
    assert_eq!(seen.unwrap(), expected);
}

#[test]
fn whoever_left_a_number_before_there_was_a_desk_is_tagged_and_what_was_said_is_found() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "CREATE TABLE conversations_new");
    let workspace = crate::store::WorkspaceId::new();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?, 'shop', 'Shop', 'k', 1)";
    old.execute(sql, [workspace]).unwrap();
    let mut ids = Vec::new();
    for state in ["open", "waiting", "closed"] {
        let id = crate::store::ConversationId::new();
        let sql = "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
                   VALUES (?, ?, 'voice', 'Jo', ?, 1, 2, 'A call')";
        old.execute(sql, (id, workspace, state)).unwrap();
        let sql =
            "INSERT INTO messages (id, conversation, workspace, role, text, state, created_at)
                   VALUES (?, ?, ?, 'user', ?, 'complete', 2)";
        let said = format!("Call me back, {state} Zoë");
        old.execute(sql, (crate::store::MessageId::new(), id, workspace, said))
            .unwrap();
        ids.push(id);
    }
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let store = store.unwrap();
    let seen = store.write_blocking(|tx| {
        let mut seen = Vec::new();
        for id in &ids {
            let kept = crate::store::conversations::get(tx, workspace, *id)?;
            assert_eq!((kept.revision, kept.waiting_since, kept.spam), (0, None, false));
            assert_eq!(crate::store::messages::list(tx, &kept, 9)?.len(), 1);
            let tags = tx.query_row(
                "SELECT count(*) FROM conversation_tags WHERE conversation = ? AND tag = 'call-back'",
                [id],
                |row| row.get::<_, i64>(0),
            )?;
            seen.push((kept.state.as_str(), tags));
        }
        let found = |word: &str| {
            let sql = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH ?";
            tx.query_row(sql, [word], |row| row.get::<_, i64>(0))
        };
        assert_eq!((found("zoe")?, found("waiting")?), (3, 1));
        // A message that is deleted leaves the index.
        crate::store::conversations::delete(tx, &crate::store::conversations::get(tx, workspace, ids[1])?)?;
        assert_eq!((found("zoe")?, found("waiting")?), (2, 0));
        Ok(seen)
    });
    let expected = [("open", 0), ("open", 1), ("closed", 0)];
    assert_eq!(seen.unwrap(), expected);
    store.check_blocking().unwrap();
}

#[test]
fn visits_and_conversations_from_before_there_were_identities_go_on() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "CREATE TABLE identity_keys");
    let workspace = crate::store::WorkspaceId::new();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?, 'shop', 'Shop', 'k', 1)";
    old.execute(sql, [workspace]).unwrap();
    let visitor = crate::store::VisitorId::new();
    let token = crate::store::token::TokenHash::of("fd_visit_x");
    let sql =
        "INSERT INTO visitors (id, workspace, token_hash, created_at, last_seen_at, expires_at)
               VALUES (?, ?, ?, 1, 1, 100)";
    old.execute(sql, (visitor, workspace, token)).unwrap();
    let id = crate::store::ConversationId::new();
    let sql = "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
               VALUES (?, ?, 'chat', ?, 'open', 1, 2, '')";
    old.execute(sql, (id, workspace, visitor.to_string()))
        .unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = Store::open(&path, &MasterKey::from_bytes([3; 32])).unwrap();
    let found = store.write_blocking(|tx| {
        let visitor = crate::store::visitors::find_valid(tx, &token, 50)?.unwrap();
        let own = crate::store::visitors::find_conversation(tx, &visitor)?.unwrap();
        Ok((
            visitor.identity,
            visitor.claimed.len(),
            own.id,
            own.identity.clone(),
        ))
    });
    assert_eq!(found.unwrap(), (None, 0, id, None));
}

#[test]
fn what_an_assistant_said_before_there_were_versions_is_its_first_one() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "CREATE TABLE assistant_versions");
    let (workspace, id) = (
        crate::store::WorkspaceId::new(),
        crate::store::AssistantId::new(),
    );
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, created_at) VALUES (?, 'shop', 'Shop', 1)";
    old.execute(sql, [workspace]).unwrap();
    let sql = "INSERT INTO assistants (id, workspace, name, title, instructions, greeting, model, settings, created_at, updated_at)
               VALUES (?, ?, 'frontdesk', 'Marla', 'Be kind.', 'Hello', NULL, '{}', 1, 5)";
    old.execute(sql, (id, workspace)).unwrap();
    let sql = "INSERT INTO conversations (id, workspace, assistant, channel, state, started_at, last_at, title)
               VALUES (?, ?, ?, 'chat', 'open', 1, 1, '')";
    old.execute(sql, (crate::store::ConversationId::new(), workspace, id))
        .unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let read = store.unwrap().read_blocking(|conn| {
        let found = crate::store::assistants::get(conn, workspace, id)?;
        let versions = crate::store::assistants::versions::list(conn, &found)?;
        let (first, body) = (versions[0].clone(), found.body()?);
        let of_conversation: u32 =
            conn.query_row("SELECT assistant_version FROM conversations", [], |row| {
                row.get(0)
            })?;
        Ok((found.version, versions.len(), first, body, of_conversation))
    });
    let (version, all, first, body, of_conversation) = read.unwrap();
    assert_eq!((version, all, of_conversation), (1, 1, 1));
    assert_eq!((first.number, &first.body), (1, &body));
    assert_eq!(
        (body.title.as_str(), body.instructions.as_str()),
        ("Marla", "Be kind.")
    );
}

#[test]
fn people_keep_their_role_in_every_workspace_and_owners_stand_above() {
    use crate::store::users::{self, Role};
    use crate::store::{members, workspaces};

    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "CREATE TABLE members");
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let ids = [(); 3].map(|()| crate::store::UserId::new());
    for (id, role) in ids.iter().zip(["owner", "admin", "agent"]) {
        let sql = "INSERT INTO users (id, email, name, role, created_at) VALUES (?1, ?2 || '@x', ?2, ?2, 1)";
        old.execute(sql, (id, role)).unwrap();
    }
    for name in ["shop", "clinic"] {
        let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?2, ?1, ?1, ?1, 1)";
        old.execute(sql, (name, crate::store::WorkspaceId::new()))
            .unwrap();
    }
    old.execute(
        "INSERT INTO sessions (token_hash, user, created_at, last_seen_at, expires_at) VALUES (zeroblob(32), ?, 1, 1, 9)",
        [ids[1]],
    )
    .unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let read = store.unwrap().read_blocking(|conn| {
        let [owner, admin, agent] = ids.map(|id| users::get(conn, id).unwrap());
        assert_eq!((owner.owns, admin.owns, agent.owns), (true, false, false));
        for name in ["shop", "clinic"] {
            let id = workspaces::find_by_name(conn, name)?.unwrap().id;
            for (user, role) in [
                (&owner, Role::Owner),
                (&admin, Role::Admin),
                (&agent, Role::Agent),
            ] {
                assert_eq!(members::role_of(conn, id, user)?, Some(role), "{name}");
            }
        }
        assert!(members::of_user(conn, owner.id)?.is_empty());
        Ok(crate::store::sessions::of_user(conn, admin.id, 2)?.0)
    });
    assert_eq!(read.unwrap(), 1, "who is signed in stays so");
}

#[test]
fn tokens_and_leads_of_before_are_this_machines_own_and_still_there() {
    use crate::store::crm::{accounts, leads};
    use crate::store::quota::{self, Elsewhere, Measure};

    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "quota_used ADD COLUMN elsewhere");
    let (workspace, account) = (
        crate::store::WorkspaceId::new(),
        crate::store::CrmAccountId::new(),
    );
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?, 'shop', 'Shop', 'k', 1)";
    old.execute(sql, [workspace]).unwrap();
    let sql = "INSERT INTO quota_used (workspace, month, measure, used) VALUES (?, '2026-12', 'model_tokens', 70)";
    old.execute(sql, [workspace]).unwrap();
    let sql = "INSERT INTO crm_accounts (id, workspace, kind, remote_id, client_id, name, host, state, settings, hook_secret,
                   hook_hash, created_at, changed_at)
               VALUES (?, ?, 'kommo', '77', '', 'Shop', 'shop.kommo.com', 'active', '{}', 's', zeroblob(32), 1, 1)";
    old.execute(sql, (account, workspace)).unwrap();
    let sql = "INSERT INTO crm_leads (account, id, workspace, changed_at) VALUES (?, '7', ?, 1)";
    old.execute(sql, (account, workspace)).unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let read = store.unwrap().read_blocking(|conn| {
        let tokens = Measure::ModelTokens;
        assert_eq!(quota::used(conn, workspace, "2026-12", tokens)?, 70);
        let theirs = quota::elsewhere(conn, workspace, "2026-12", tokens)?;
        assert_eq!(theirs, Elsewhere::default());
        let account = accounts::get(conn, workspace, account)?;
        Ok(leads::find(conn, &account, "7")?.map(|lead| lead.gone))
    });
    assert_eq!(read.unwrap(), Some(false));
}

#[test]
fn runs_of_before_their_index_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    bring_up_to(dir.path(), "CREATE INDEX workflow_runs_listed");
    let (workspace, conversation, run) = (
        crate::store::WorkspaceId::new(),
        crate::store::ConversationId::new(),
        crate::store::WorkflowRunId::new(),
    );
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, created_at) VALUES (?, 'shop', 'Shop', 1)";
    old.execute(sql, [workspace]).unwrap();
    let sql =
        "INSERT INTO conversations (id, workspace, channel, state, started_at, last_at, title)
               VALUES (?, ?, 'chat', 'open', 1, 1, '')";
    old.execute(sql, (conversation, workspace)).unwrap();
    let sql = "INSERT INTO workflow_runs (id, workspace, conversation, workflow, version, revision, body, state, started_at,
                   changed_at)
               VALUES (?, ?, ?, 'order', 1, 1, '{\"at\": 2}', 'cancelled', 1, 2)";
    old.execute(sql, (run, workspace, conversation)).unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let left = store
        .unwrap()
        .read_blocking(|conn| crate::store::workflow_runs::leaves(conn, workspace, "order", 3));
    assert_eq!(left.unwrap(), [(1, 2, 1)]);
}
