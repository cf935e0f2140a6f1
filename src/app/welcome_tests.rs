use serde_json::json;

use super::*;
use crate::access::{Caller, Credential, Principal};
use crate::app::ensure_workspace;
use crate::store::ApiKeyId;

const SITE: &str = "https://www.example.com";

async fn desk() -> (Store, WorkspaceId, Member) {
    let store = Store::open_in_memory().unwrap();
    let workspace = ensure_workspace(&store, "shop", "Shop").await.unwrap();
    let member = Principal::installation().in_workspace(workspace).unwrap();
    (store, workspace, member)
}

async fn write(
    store: &Store,
    change: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static,
) {
    store.write(change).await.unwrap();
}

#[tokio::test]
async fn steps_are_done_by_what_is_there_and_not_by_what_was_clicked() {
    let (store, workspace, member) = desk().await;
    let walk = load(&store, &member).await.unwrap();
    assert_eq!((walk.done(), walk.next()), (0, Some(Step::Business)));
    assert!(!walk.invites(), "nobody came by a setup link");
    write(&store, move |tx| begin(tx, workspace)).await;
    assert!(load(&store, &member).await.unwrap().invites());

    skip(&store, &member, Step::Business).await.unwrap();
    skip(&store, &member, Step::Business).await.unwrap();
    let walk = load(&store, &member).await.unwrap();
    assert_eq!(walk.state(Step::Business), State::Skipped);
    assert_eq!((walk.done(), walk.next()), (0, Some(Step::Knowledge)));
    assert_eq!(walk.after(Step::Business), Some(Step::Knowledge));
    assert_eq!(walk.after(Step::Machine), None);

    // What was put off and is done later is done.
    let zone = json!({"time_zone": "Europe/Rome"});
    write(&store, move |tx| {
        workspaces::set_section(tx, workspace, "facts", &zone)
    })
    .await;
    let walk = load(&store, &member).await.unwrap();
    assert_eq!(walk.state(Step::Business), State::Done);

    look(&store, &member).await.unwrap();
    for step in [Step::Knowledge, Step::Try, Step::Website] {
        skip(&store, &member, step).await.unwrap();
    }
    let walk = load(&store, &member).await.unwrap();
    assert_eq!((walk.done(), walk.next()), (2, Some(Step::Knowledge)));
    assert!(walk.invites() && !walk.is_finished());

    dismiss(&store, &member, true).await.unwrap();
    assert!(!load(&store, &member).await.unwrap().invites());
    dismiss(&store, &member, false).await.unwrap();
    assert!(load(&store, &member).await.unwrap().invites());
}

#[tokio::test]
async fn a_website_counts_once_somebody_came_from_it() {
    let (store, workspace, member) = desk().await;
    let seen = |origin: &'static str| {
        let store = &store;
        async move {
            write(store, move |tx| note_visit(tx, workspace, origin)).await;
        }
    };
    seen(SITE).await;
    let walk = load(&store, &member).await.unwrap();
    assert!(!walk.saw(SITE), "the owner did not name it");
    let widget = json!({"enabled": true, "origins": [SITE]});
    write(&store, move |tx| {
        workspaces::set_section(tx, workspace, "widget", &widget)
    })
    .await;
    let state = || async {
        let walk = load(&store, &member).await.unwrap();
        walk.state(Step::Website)
    };
    assert_eq!(state().await, State::Open);
    seen("http://localhost:3000").await;
    assert_eq!(state().await, State::Open);
    seen(SITE).await;
    seen(SITE).await;
    assert_eq!(state().await, State::Done);
    let shut = json!({"enabled": false, "origins": [SITE]});
    write(&store, move |tx| {
        workspaces::set_section(tx, workspace, "widget", &shut)
    })
    .await;
    assert_eq!(state().await, State::Open);
}

#[tokio::test]
async fn a_demo_is_left_alone_and_so_are_people_who_do_not_manage() {
    let (store, workspace, member) = desk().await;
    write(&store, move |tx| {
        spare_demo(tx, workspace)?;
        begin(tx, workspace)
    })
    .await;
    assert!(!load(&store, &member).await.unwrap().invites());
    let settings = store
        .read(move |conn| Ok(workspaces::get(conn, workspace)?.settings))
        .await
        .unwrap();
    assert!(!is_under_way(&settings));

    let id = ApiKeyId::new();
    let reader = Principal::new(
        Caller::Key(id),
        Credential::Key(id),
        vec![Scope::Documents],
        None,
    );
    let reader = reader.in_workspace(workspace).unwrap();
    assert!(matches!(
        load(&store, &reader).await,
        Err(WelcomeError::Denied(_))
    ));
    assert!(skip(&store, &reader, Step::Try).await.is_err());
    assert!(dismiss(&store, &reader, true).await.is_err());
}

#[test]
fn every_step_has_a_name_in_addresses() {
    for step in Step::ALL {
        assert_eq!(Step::parse(step.name()), Some(step));
    }
    assert_eq!(Step::parse("owner"), None);
}
