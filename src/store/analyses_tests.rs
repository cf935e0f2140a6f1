//! Analyses: one for each conversation, listed by score, erased with their conversation.

use serde_json::json;

use super::*;
use crate::store::conversations::{Channel, NewConversation};
use crate::store::listing::Listing;
use crate::store::{Store, erasure, workspaces};

fn found(score: u8, conversation: Option<ConversationId>) -> NewAnalysis {
    NewAnalysis {
        conversation,
        source: match conversation {
            Some(_) => Source::Conversation,
            None => Source::Turns,
        },
        about: String::new(),
        title: format!("of {score}"),
        score,
        own_score: score,
        rule_points: 0,
        band: "warm".into(),
        language: Some("en".into()),
        turns: 2,
        prompt_version: "v1".into(),
        model: None,
        weights_hash: None,
        took_ms: 1,
        tokens_read: 0,
        tokens_written: 0,
        digest: format!("d{score}"),
        body: json!({"score": score}),
        said: None,
    }
}

fn conversation(tx: &Transaction<'_>, workspace: WorkspaceId) -> ConversationId {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: None,
        title: "A",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, workspace, &new, 1).unwrap().id
}

#[test]
fn pages_go_down_by_score() {
    let store = Store::open_in_memory().unwrap();
    let pages = store
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            for score in [10, 90, 50, 50, 70] {
                keep(tx, workspace, &found(score, None), 5)?;
            }
            let mut listing = Listing {
                workspace,
                filter: AnalysisFilter {
                    least: Some(20),
                    ..AnalysisFilter::default()
                },
                limit: 2,
            };
            let mut pages = Vec::new();
            loop {
                let page = listing.page(tx)?;
                pages.push(page.rows.iter().map(|row| row.score).collect::<Vec<_>>());
                match page.next {
                    Some(next) => listing = listing.resume_at(next),
                    None => return Ok(pages),
                }
            }
        })
        .unwrap();
    assert_eq!(pages, [vec![90, 70], vec![50, 50]]);
}

#[test]
fn a_conversation_has_one_and_takes_it_along() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let id = conversation(tx, workspace);
            keep(tx, workspace, &found(10, Some(id)), 5)?;
            let second = keep(tx, workspace, &found(20, Some(id)), 6)?;
            assert_eq!(of_conversation(tx, workspace, id)?.unwrap().score, 20);
            assert!(of_digest(tx, workspace, "d10")?.is_none());
            let of = conversations::get(tx, workspace, id)?;
            erasure::erase(tx, &of, 7)?;
            assert!(get(tx, workspace, second.id).is_err());
            Ok(())
        })
        .unwrap();
}

#[test]
fn nobody_finds_one_of_another_workspace() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let mine = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let kept = keep(tx, mine, &found(10, None), 5)?;
            assert!(get(tx, other, kept.id).is_err());
            let theirs = conversation(tx, other);
            assert!(keep(tx, mine, &found(10, Some(theirs)), 5).is_err());
            assert_eq!(purge_foreign(tx, mine, 6)?, 1);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_person_in_one_from_elsewhere_is_found_copied_and_erased() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let new = NewAnalysis {
                body: json!({"summary": {"short": "Zoraida wants a room."}}),
                ..found(10, None)
            };
            let kept = keep(tx, workspace, &new, 5)?;
            let subject = erasure::Subject::Analysis(kept.id);
            let matches = erasure::find(tx, workspace, "zoraida")?.matches;
            assert_eq!(matches.len(), 1);
            assert_eq!(
                (&matches[0].subject, matches[0].traces.analyses),
                (&subject, 1)
            );
            let copied = erasure::copy(tx, workspace, std::slice::from_ref(&subject))?;
            assert_eq!(copied.finds[0]["analyses"][0]["title"], "of 10");
            let erased = erasure::erase_subject(tx, workspace, subject, 6)?;
            assert_eq!(erased.analyses, 1);
            assert!(erasure::find(tx, workspace, "zoraida")?.matches.is_empty());
            Ok(())
        })
        .unwrap();
}
