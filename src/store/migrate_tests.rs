//! Migrations of a database with rows from the version before, and what a kill leaves behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::connection::{Access, Opener};
use super::migrate::{
    KEPT_DAYS, MIGRATIONS, Migration, bring_up, discard_originals, migrate_copy, version,
};
use super::roll_back::roll_back;
use super::{MasterKey, Store, StoreError, workspaces};

/// A step that a later release might add: it rebuilds a table that others refer to.
const NEXT: &str = "
    CREATE TABLE workspaces_new (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
        created_at INTEGER NOT NULL, settings TEXT NOT NULL DEFAULT '{}',
        plan TEXT NOT NULL
    ) STRICT;
    INSERT INTO workspaces_new SELECT id, name, title, created_at, settings, 'free' FROM workspaces;
    DROP TABLE workspaces;
    ALTER TABLE workspaces_new RENAME TO workspaces;";

/// Breaks a foreign key although every statement succeeds.
const ORPHANING: &str = "DELETE FROM workspaces;";

fn steps(next: &'static str) -> Vec<Migration> {
    MIGRATIONS
        .iter()
        .map(|m| Migration { sql: m.sql })
        .chain([Migration { sql: next }])
        .collect()
}

fn opener(dir: &Path) -> Opener {
    Opener::file(&dir.join("frontdesk.db"), &MasterKey::from_bytes([3; 32]))
}

/// A database of the newest released schema, with rows.
fn old_database(dir: &Path) {
    let store = Store::open(&dir.join("frontdesk.db"), &MasterKey::from_bytes([3; 32])).unwrap();
    store
        .write_blocking(|tx| {
            let id = workspaces::get_or_create(tx, "bluefin", "Bluefin", 7)?.id;
            super::events::append(tx, id, "made", "bluefin", &serde_json::json!({}), 7)?;
            Ok(())
        })
        .unwrap();
}

fn rows(dir: &Path) -> (u32, i64, i64) {
    let connection = opener(dir).open(Access::Read).unwrap();
    let one = |sql: &str, c: &Connection| c.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        version(&connection).unwrap(),
        one(
            "SELECT count(*) FROM workspaces WHERE title = 'Bluefin'",
            &connection,
        ),
        one("SELECT count(*) FROM events", &connection),
    )
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

fn count_released() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap()
}

#[test]
fn old_rows_survive_and_the_old_file_is_kept_for_days() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let steps = steps(NEXT);
    bring_up(&opener(dir.path()), &steps).unwrap();
    assert_eq!(rows(dir.path()), (count_released() + 1, 1, 1));
    let kept = format!("frontdesk.db.before-{:04}", count_released());
    assert_eq!(names(dir.path()), ["frontdesk.db", &kept]);
    let plan: String = opener(dir.path())
        .open(Access::Read)
        .unwrap()
        .query_row("SELECT plan FROM workspaces", [], |row| row.get(0))
        .unwrap();
    assert_eq!(plan, "free");

    // It survives a crash and a restart.
    bring_up(&opener(dir.path()), &steps).unwrap();
    assert_eq!(names(dir.path()), ["frontdesk.db", &kept]);
    assert_eq!(rows(dir.path()), (count_released() + 1, 1, 1));
    let then = SystemTime::now() - Duration::from_secs((KEPT_DAYS + 1) * 24 * 60 * 60);
    let file = fs::File::options().write(true).open(dir.path().join(&kept));
    file.unwrap().set_modified(then).unwrap();
    bring_up(&opener(dir.path()), &steps).unwrap();
    assert_eq!(names(dir.path()), ["frontdesk.db"]);
}

#[test]
fn the_database_of_before_can_be_put_back_and_is_removed_where_somebody_was_erased() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let path = dir.path().join("frontdesk.db");
    assert!(matches!(roll_back(&path), Err(StoreError::NotFound(_))));
    bring_up(&opener(dir.path()), &steps(NEXT)).unwrap();
    let schema = format!("{:04}", count_released());
    assert_eq!(roll_back(&path).unwrap(), schema);
    assert_eq!(rows(dir.path()), (count_released(), 1, 1));
    let after = format!("frontdesk.db.after-{schema}");
    assert_eq!(names(dir.path()), ["frontdesk.db", &after]);
    discard_originals(&path).unwrap();
    assert_eq!(names(dir.path()), ["frontdesk.db"]);
}

#[test]
fn the_kept_file_is_a_valid_old_database() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    bring_up(&opener(dir.path()), &steps(NEXT)).unwrap();
    let kept = dir
        .path()
        .join(format!("frontdesk.db.before-{:04}", count_released()));
    let old = Store::open(&kept, &MasterKey::from_bytes([3; 32])).unwrap();
    old.check_blocking().unwrap();
    assert_eq!(old.read_blocking(workspaces::list).unwrap().len(), 1);
}

#[test]
fn killed_before_the_swap_the_old_database_is_valid_and_the_next_start_succeeds() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let steps = steps(NEXT);
    let opener = opener(dir.path());
    // The process was killed after finishing the copy.
    let existing = opener.open(Access::Write).unwrap();
    migrate_copy(&opener, existing, &steps, count_released()).unwrap();
    assert_eq!(
        names(dir.path()),
        ["frontdesk.db", "frontdesk.db.migrating"]
    );
    assert_eq!(rows(dir.path()), (count_released(), 1, 1));
    // Killed while copying: half a file.
    let copy = dir.path().join("frontdesk.db.migrating");
    let half = fs::read(&copy).unwrap();
    fs::write(&copy, &half[..half.len() / 2]).unwrap();
    // Killed between keeping the old file and renaming.
    let kept = dir
        .path()
        .join(format!("frontdesk.db.before-{:04}", count_released()));
    fs::hard_link(dir.path().join("frontdesk.db"), &kept).unwrap();

    bring_up(&opener, &steps).unwrap();
    assert_eq!(rows(dir.path()), (count_released() + 1, 1, 1));
    assert_eq!(names(dir.path()).len(), 2);
}

#[test]
fn a_step_that_fails_or_breaks_references_leaves_the_old_database() {
    for (bad, what) in [("NOT SQL AT ALL;", "syntax"), (ORPHANING, "events")] {
        let dir = tempfile::tempdir().unwrap();
        old_database(dir.path());
        let error = bring_up(&opener(dir.path()), &steps(bad)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(rows(dir.path()), (count_released(), 1, 1));
        bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
        assert_eq!(
            names(dir.path()),
            ["frontdesk.db"],
            "what was left is cleaned up"
        );
    }
}

#[test]
fn an_older_program_refuses_a_newer_database() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    bring_up(&opener(dir.path()), &steps(NEXT)).unwrap();
    let error = bring_up(&opener(dir.path()), MIGRATIONS).unwrap_err();
    let StoreError::NewerSchema { found, known } = error else {
        panic!("{error}")
    };
    assert_eq!((found, known), (count_released() + 1, count_released()));
}

#[test]
fn a_first_start_that_was_cut_short_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("frontdesk.db"), b"").unwrap();
    old_database(dir.path());
    assert_eq!(rows(dir.path()), (count_released(), 1, 1));
}

#[test]
fn an_account_of_before_second_factors_can_turn_one_on() {
    let dir = tempfile::tempdir().unwrap();
    let adds = |m: &Migration| m.sql.contains("CREATE TABLE second_factors");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let id = super::UserId::new();
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
        assert!(!super::second_factors::is_on(tx, id)?);
        super::second_factors::propose(tx, id, &[1; 20], 2)?;
        super::second_factors::confirm(tx, id, 3)?;
        super::second_factors::is_on(tx, id)
    });
    assert!(on.unwrap());
}

#[test]
fn what_was_said_before_retention_had_two_steps_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let adds = |m: &Migration| m.sql.contains("conversations ADD COLUMN due_at");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let (workspace, id) = (super::WorkspaceId::new(), super::ConversationId::new());
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
        let shop = super::workspaces::get(conn, workspace)?;
        assert_eq!(shop.closing, None);
        super::conversations::get(conn, workspace, id).map(|c| c.last_at)
    });
    assert_eq!(shown.unwrap(), 1);
}

#[test]
fn requests_of_before_the_kinds_of_data_carried_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let adds = |m: &Migration| m.sql.contains("ALTER TABLE egress ADD COLUMN data");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
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
        .read_blocking(|conn| super::egress::list(conn, None, 5));
    let list = list.unwrap();
    assert_eq!((list.len(), list[0].data.as_str()), (1, "metadata"));
}

#[test]
fn workspaces_that_were_open_to_visitors_stay_open_and_answer_to_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let adds = |m: &Migration| m.sql.contains("ADD COLUMN site_key");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    for (name, settings) in [
        ("never-said", "{}"),
        ("look", r##"{"answers":{},"widget":{"colour":"#112233"}}"##),
        ("opened", r#"{"widget":{"enabled":true}}"#),
        ("closed", r#"{"widget":{"enabled":false}}"#),
    ] {
        let sql = "INSERT INTO workspaces (id, name, title, created_at, settings) VALUES (?, ?, '', 1, ?)";
        old.execute(sql, (super::WorkspaceId::new(), name, settings))
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
            let named = super::site_keys::find_by_name(tx, &w.name, i64::MAX - 1).unwrap();
            let keyed = super::site_keys::find(tx, &w.site_key, 2).unwrap();
            assert_eq!(keyed.as_ref(), Some(w));
            let widget = &w.settings["widget"];
            (w.name.clone(), widget.clone(), named.is_some())
        };
        let seen = all.iter().map(of).collect::<Vec<_>>();
        let renewed = workspaces::find_by_name(tx, "opened")?.unwrap().id;
        super::site_keys::renew(tx, renewed, 50, 10)?;
        assert!(super::site_keys::find_by_name(tx, "opened", 49)?.is_some());
        assert!(super::site_keys::find_by_name(tx, "opened", 50)?.is_none());
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
    let adds = |m: &Migration| m.sql.contains("CREATE TABLE conversations_new");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let workspace = super::WorkspaceId::new();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?, 'shop', 'Shop', 'k', 1)";
    old.execute(sql, [workspace]).unwrap();
    let mut ids = Vec::new();
    for state in ["open", "waiting", "closed"] {
        let id = super::ConversationId::new();
        let sql = "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
                   VALUES (?, ?, 'voice', 'Jo', ?, 1, 2, 'A call')";
        old.execute(sql, (id, workspace, state)).unwrap();
        let sql =
            "INSERT INTO messages (id, conversation, workspace, role, text, state, created_at)
                   VALUES (?, ?, ?, 'user', ?, 'complete', 2)";
        let said = format!("Call me back, {state} Zoë");
        old.execute(sql, (super::MessageId::new(), id, workspace, said))
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
            let kept = super::conversations::get(tx, workspace, *id)?;
            assert_eq!((kept.revision, kept.waiting_since, kept.spam), (0, None, false));
            assert_eq!(super::messages::list(tx, &kept, 9)?.len(), 1);
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
        super::conversations::delete(tx, &super::conversations::get(tx, workspace, ids[1])?)?;
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
    let adds = |m: &Migration| m.sql.contains("CREATE TABLE identity_keys");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let workspace = super::WorkspaceId::new();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?, 'shop', 'Shop', 'k', 1)";
    old.execute(sql, [workspace]).unwrap();
    let visitor = super::VisitorId::new();
    let token = super::token::TokenHash::of("fd_visit_x");
    let sql =
        "INSERT INTO visitors (id, workspace, token_hash, created_at, last_seen_at, expires_at)
               VALUES (?, ?, ?, 1, 1, 100)";
    old.execute(sql, (visitor, workspace, token)).unwrap();
    let id = super::ConversationId::new();
    let sql = "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
               VALUES (?, ?, 'chat', ?, 'open', 1, 2, '')";
    old.execute(sql, (id, workspace, visitor.to_string()))
        .unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = Store::open(&path, &MasterKey::from_bytes([3; 32])).unwrap();
    let found = store.write_blocking(|tx| {
        let visitor = super::visitors::find_valid(tx, &token, 50)?.unwrap();
        let own = super::visitors::find_conversation(tx, &visitor)?.unwrap();
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
    let adds = |m: &Migration| m.sql.contains("CREATE TABLE assistant_versions");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let (workspace, id) = (super::WorkspaceId::new(), super::AssistantId::new());
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let sql = "INSERT INTO workspaces (id, name, title, created_at) VALUES (?, 'shop', 'Shop', 1)";
    old.execute(sql, [workspace]).unwrap();
    let sql = "INSERT INTO assistants (id, workspace, name, title, instructions, greeting, model, settings, created_at, updated_at)
               VALUES (?, ?, 'frontdesk', 'Marla', 'Be kind.', 'Hello', NULL, '{}', 1, 5)";
    old.execute(sql, (id, workspace)).unwrap();
    let sql = "INSERT INTO conversations (id, workspace, assistant, channel, state, started_at, last_at, title)
               VALUES (?, ?, ?, 'chat', 'open', 1, 1, '')";
    old.execute(sql, (super::ConversationId::new(), workspace, id))
        .unwrap();
    old.close().unwrap();
    bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
    let store = Store::open(
        &dir.path().join("frontdesk.db"),
        &MasterKey::from_bytes([3; 32]),
    );
    let read = store.unwrap().read_blocking(|conn| {
        let found = super::assistants::get(conn, workspace, id)?;
        let versions = super::assistants::versions::list(conn, &found)?;
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
    use super::users::{self, Role};
    use super::{members, workspaces};

    let dir = tempfile::tempdir().unwrap();
    let adds = |m: &Migration| m.sql.contains("CREATE TABLE members");
    let before = MIGRATIONS.iter().position(adds).unwrap();
    bring_up(&opener(dir.path()), &MIGRATIONS[..before]).unwrap();
    let old = opener(dir.path()).open(Access::Write).unwrap();
    let ids = [(); 3].map(|()| super::UserId::new());
    for (id, role) in ids.iter().zip(["owner", "admin", "agent"]) {
        let sql = "INSERT INTO users (id, email, name, role, created_at) VALUES (?1, ?2 || '@x', ?2, ?2, 1)";
        old.execute(sql, (id, role)).unwrap();
    }
    for name in ["shop", "clinic"] {
        let sql = "INSERT INTO workspaces (id, name, title, site_key, created_at) VALUES (?2, ?1, ?1, ?1, 1)";
        old.execute(sql, (name, super::WorkspaceId::new())).unwrap();
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
        Ok(super::sessions::of_user(conn, admin.id, 2)?.0)
    });
    assert_eq!(read.unwrap(), 1, "who is signed in stays so");
}
