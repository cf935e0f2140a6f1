//! Questions with approved answers.

use super::faqs::{self, FaqState, NewFaq};
use super::receipts::{self, NewReceipt};
use super::{FaqId, ReceiptId, Store, StoreError, Transaction, WorkspaceId, workspaces};

fn within(test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError>) {
    Store::open_in_memory()
        .unwrap()
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "clinic", "Clinic", 1)?.id;
            test(tx, workspace)
        })
        .unwrap();
}

fn new(state: FaqState, phrasings: &[&str]) -> NewFaq {
    NewFaq {
        answer: "Yes, all ages.".into(),
        state,
        owner: "Anika".into(),
        language: Some("en".into()),
        source: String::new(),
        expires_at: None,
        phrasings: phrasings.iter().map(|p| (*p).to_owned()).collect(),
    }
}

#[test]
fn what_was_written_is_read_back_in_its_workspace_only() {
    within(|tx, workspace| {
        let asked = ["Taking new patients?", "Can I join?"];
        let id = faqs::insert(tx, workspace, &new(FaqState::Draft, &asked), 5)?;
        let faq = faqs::get(tx, workspace, id)?;
        assert_eq!((faq.state, faq.approved_at), (FaqState::Draft, None));
        let questions: Vec<&str> = faq.phrasings.iter().map(|p| &*p.question).collect();
        assert_eq!(questions, asked);
        let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        assert!(matches!(
            faqs::get(tx, other, id),
            Err(StoreError::NotFound("the question"))
        ));
        assert!(faqs::list(tx, other)?.is_empty());
        assert_eq!(faqs::list(tx, workspace)?.len(), 1);
        Ok(())
    });
}

#[test]
fn a_phrasing_that_stays_keeps_its_vector() {
    within(|tx, workspace| {
        let id = faqs::insert(tx, workspace, &new(FaqState::Draft, &["One?", "Two?"]), 5)?;
        assert_eq!(faqs::list_missing_embeddings(tx, "m", 9)?.len(), 2);
        let faq = faqs::get(tx, workspace, id)?;
        let vectors: Vec<_> = faq.phrasings.iter().map(|p| (p.id, vec![1, 2])).collect();
        faqs::set_embeddings(tx, "m", &vectors)?;
        assert!(faqs::list_missing_embeddings(tx, "m", 9)?.is_empty());
        assert_eq!(faqs::list_missing_embeddings(tx, "other", 9)?.len(), 2);
        faqs::update(tx, &faq, &new(FaqState::Approved, &["Two?", "Three?"]), 6)?;
        let missing = faqs::list_missing_embeddings(tx, "m", 9)?;
        let bare: Vec<&str> = missing.iter().map(|b| &*b.question).collect();
        assert_eq!(bare, ["Three?"]);
        let faq = faqs::get(tx, workspace, id)?;
        assert_eq!((faq.approved_at, faq.phrasings.len()), (Some(6), 2));
        Ok(())
    });
}

#[test]
fn only_approved_and_unexpired_ones_are_live() {
    within(|tx, workspace| {
        let id = faqs::insert(tx, workspace, &new(FaqState::Draft, &["One?"]), 5)?;
        let mut seen = 0;
        faqs::for_each_approved(tx, |_| seen += 1)?;
        assert_eq!(seen, 0);
        faqs::set_state(tx, &faqs::get(tx, workspace, id)?, FaqState::Approved, 7)?;
        faqs::for_each_approved(tx, |faq| seen += faq.phrasings.len())?;
        assert_eq!(seen, 1);
        let mut changed = new(FaqState::Approved, &["One?"]);
        changed.expires_at = Some(10);
        faqs::update(tx, &faqs::get(tx, workspace, id)?, &changed, 8)?;
        let faq = faqs::get(tx, workspace, id)?;
        assert!(faq.is_live(9) && !faq.is_live(10));
        assert_eq!(faq.approved_at, Some(7));
        faqs::delete(tx, &faq)?;
        assert!(faqs::list(tx, workspace)?.is_empty());
        assert!(faqs::list_missing_embeddings(tx, "m", 9)?.is_empty());
        assert!(faqs::update(tx, &faq, &changed, 9).is_err());
        Ok(())
    });
}

#[test]
fn receipts_tell_how_often_it_answered() {
    within(|tx, workspace| {
        let id = FaqId::new();
        for (rung, faq) in [("faq", Some(id)), ("faq", Some(id)), ("model", None)] {
            let receipt = NewReceipt {
                id: ReceiptId::new(),
                conversation: None,
                message: None,
                question: "?",
                rung,
                answer: "!",
                passages: &serde_json::json!({}),
                model: None,
                model_hash: None,
                prompt_hash: None,
                checks: &serde_json::json!({ "faq": faq }),
                timings: &serde_json::json!({}),
                tokens: &serde_json::json!({}),
            };
            receipts::insert(tx, workspace, &receipt, 1)?;
        }
        assert_eq!(faqs::answered(tx, workspace)?, [(id, 2)].into());
        Ok(())
    });
}
