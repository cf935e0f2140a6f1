//! What the figures of one conversation are, and that they follow it.

use serde_json::{Value, json};

use super::*;
use crate::store::conversations::{self, Conversation, ConversationState, NewConversation};
use crate::store::gaps::GapReason;
use crate::store::handover::{self, Change};
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::receipts::{self, NewReceipt};
use crate::store::tasks::{self, NewTask, TaskKind};
use crate::store::{
    ReceiptId, Scoped, Store, Transaction, gaps, ratings, satisfaction, workspaces,
};

const SPAN: Span = Span {
    from: 0,
    until: 1_000_000,
    channel: None,
    assistant: None,
};

fn within(test: impl FnOnce(&Transaction<'_>, &Scoped<Conversation>)) {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        test(tx, &begin(tx, workspace, Channel::Chat, 10));
        Ok(())
    });
    done.unwrap();
}

fn begin(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    channel: Channel,
    at: UnixMs,
) -> Scoped<Conversation> {
    let new = NewConversation {
        assistant: None,
        channel,
        visitor: None,
        title: "",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, workspace, &new, at).unwrap()
}

fn ask(tx: &Transaction<'_>, of: &Scoped<Conversation>, at: UnixMs) {
    let new = NewMessage {
        role: Speaker::User,
        text: "Are you open?",
        state: MessageState::Complete,
        client_id: None,
        author: None,
    };
    messages::append(tx, of, &new, at).unwrap();
}

fn answer(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    rung: &str,
    checks: &Value,
    at: UnixMs,
) -> ReceiptId {
    let empty = json!({});
    let new = NewReceipt {
        id: ReceiptId::new(),
        conversation: Some(of.id),
        message: None,
        question: "Are you open?",
        rung,
        answer: "Yes.",
        passages: &empty,
        model: None,
        model_hash: None,
        prompt_hash: None,
        checks,
        timings: &json!({ "total": at * 100 }),
        tokens: &empty,
    };
    receipts::insert(tx, of.workspace(), &new, at).unwrap();
    new.id
}

fn rate(tx: &Transaction<'_>, of: &Scoped<Conversation>, receipt: ReceiptId, value: i8) {
    let receipt = receipts::get(tx, of.workspace(), receipt).unwrap();
    ratings::set(tx, &receipt, value, "", 20).unwrap();
}

fn change(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    event: &str,
    data: Value,
    state: ConversationState,
    at: UnixMs,
) {
    let change = Change::new(event, &data).state(state);
    handover::apply(tx, of, None, &change, at).unwrap();
}

fn all(tx: &Transaction<'_>, workspace: WorkspaceId) -> Vec<Figures> {
    while refresh(tx, 10).unwrap() > 0 {}
    let mut found = Vec::new();
    scan(tx, workspace, &SPAN, |one| found.push(one.clone())).unwrap();
    found
}

fn one(tx: &Transaction<'_>, of: &Scoped<Conversation>) -> Figures {
    let mut all = all(tx, of.workspace());
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_answer_alone_settles_nothing() {
    within(|tx, shop| {
        assert_eq!(one(tx, shop).outcome, Outcome::Empty);
        ask(tx, shop, 11);
        answer(tx, shop, "read", &json!({}), 12);
        let found = one(tx, shop);
        assert_eq!(found.outcome, Outcome::Left);
        assert_eq!((found.questions, found.rungs.read), (1, 1));
        assert_eq!(found.times, [1200]);
        answer(tx, shop, "talk", &json!({ "talk": "thanks" }), 13);
        assert_eq!(one(tx, shop).outcome, Outcome::Resolved);
        // Who asks again after thanks is not settled yet.
        answer(tx, shop, "refusal", &json!({}), 14);
        assert_eq!(one(tx, shop).outcome, Outcome::Unanswered);
        answer(tx, shop, "talk", &json!({ "talk": "thanks" }), 15);
        assert_eq!(one(tx, shop).outcome, Outcome::Unanswered);
    });
}

#[test]
fn ratings_settle_or_spoil_it() {
    within(|tx, shop| {
        let receipt = answer(tx, shop, "faq", &json!({ "assistant_version": 3 }), 12);
        rate(tx, shop, receipt, 1);
        let found = one(tx, shop);
        assert_eq!((found.outcome, found.up), (Outcome::Resolved, 1));
        assert_eq!(found.version, Some(3));
        rate(tx, shop, receipt, -1);
        let found = one(tx, shop);
        assert_eq!(found.outcome, Outcome::Unanswered);
        assert_eq!((found.up, found.down, found.reported), (0, 1, 1));
        let receipt = receipts::get(tx, shop.workspace(), receipt).unwrap();
        ratings::remove(tx, &receipt).unwrap();
        assert_eq!(one(tx, shop).outcome, Outcome::Left);
        satisfaction::set(tx, shop, 4, "", 20).unwrap();
        assert_eq!(one(tx, shop).outcome, Outcome::Resolved);
        satisfaction::set(tx, shop, 2, "", 21).unwrap();
        let found = one(tx, shop);
        assert_eq!((found.outcome, found.csat), (Outcome::Unanswered, Some(2)));
    });
}

#[test]
fn a_bad_rating_of_a_refusal_reports_no_false_answer() {
    within(|tx, shop| {
        let receipt = answer(tx, shop, "refusal", &json!({}), 12);
        gaps::note(tx, shop.workspace(), receipt, "?", GapReason::Refused, 12).unwrap();
        rate(tx, shop, receipt, -1);
        let found = one(tx, shop);
        assert_eq!((found.down, found.reported, found.gaps), (1, 0, 1));
    });
}

#[test]
fn whoever_ends_it_themselves_was_answered_and_staff_settle_nothing() {
    within(|tx, shop| {
        answer(tx, shop, "fact", &json!({}), 12);
        let (closed, open) = (ConversationState::Closed, ConversationState::Open);
        change(
            tx,
            shop,
            "conversation_closed",
            json!({ "by": "anna" }),
            closed,
            13,
        );
        let found = one(tx, shop);
        assert_eq!((found.outcome, found.closed), (Outcome::Left, true));
        change(tx, shop, "conversation_reopened", json!({}), open, 14);
        change(
            tx,
            shop,
            "conversation_closed",
            json!({ "by": null }),
            closed,
            15,
        );
        assert_eq!(one(tx, shop).outcome, Outcome::Resolved);
    });
}

#[test]
fn each_call_for_a_person_is_taken_missed_or_waited_for() {
    within(|tx, shop| {
        let (open, waiting) = (ConversationState::Open, ConversationState::Waiting);
        let human = ConversationState::Human;
        answer(tx, shop, "read", &json!({}), 12);
        change(tx, shop, "conversation_waiting", json!({}), waiting, 100);
        let found = one(tx, shop);
        assert_eq!((found.asked, found.waits), (1, true));
        assert_eq!(found.outcome, Outcome::Person);
        change(tx, shop, "conversation_taken", json!({}), human, 160);
        let found = one(tx, shop);
        assert_eq!(
            (found.taken, found.waits, found.take_ms),
            (1, false, Some(60))
        );
        // A colleague takes over, then loses the connection, and nobody comes.
        change(
            tx,
            shop,
            "conversation_taken",
            json!({ "from": "anna" }),
            human,
            170,
        );
        change(tx, shop, "conversation_requeued", json!({}), waiting, 180);
        change(tx, shop, "conversation_expired", json!({}), open, 190);
        let found = one(tx, shop);
        assert_eq!((found.asked, found.taken, found.missed), (2, 1, 1));
        assert_eq!((found.stepped_in, found.take_ms), (0, Some(60)));
        // At a closed desk nobody is waited for, and it is missed at once.
        change(tx, shop, "conversation_expired", json!({}), open, 200);
        change(tx, shop, "conversation_taken", json!({}), human, 210);
        let found = one(tx, shop);
        assert_eq!((found.asked, found.missed, found.stepped_in), (3, 2, 1));
    });
}

#[test]
fn who_leaves_an_address_or_wishes_a_person_needs_one() {
    within(|tx, shop| {
        let workspace = shop.workspace();
        answer(tx, shop, "talk", &json!({ "talk": "person" }), 12);
        assert_eq!(one(tx, shop).outcome, Outcome::Person);
        let other = begin(tx, workspace, Channel::Voice, 20);
        answer(tx, &other, "read", &json!({}), 21);
        let task = NewTask {
            kind: TaskKind::Lead,
            contact: None,
            conversation: Some(other.id),
            name: "",
            wish: "",
            page: None,
            due_at: 30,
            call: None,
            assigned_to: None,
        };
        tasks::create(tx, workspace, &task, 22).unwrap();
        let found = all(tx, workspace);
        assert_eq!((found[1].outcome, found[1].leads), (Outcome::Person, 1));
    });
}

#[test]
fn what_does_not_count_has_no_figures_and_they_go_with_their_conversation() {
    within(|tx, shop| {
        let workspace = shop.workspace();
        answer(tx, shop, "read", &json!({}), 12);
        answer(tx, shop, "faq", &json!({ "evaluation": true }), 13);
        assert_eq!(one(tx, shop).rungs.total(), 1);
        let count = |sql: &str| -> i64 { tx.query_row(sql, [], |row| row.get(0)).unwrap() };
        for (hide, show) in [
            ("spam = 1", "spam = 0"),
            ("due_at = 9", "due_at = NULL"),
            ("merged_into = id", "merged_into = NULL"),
        ] {
            for (set, expected) in [(hide, 0), (show, 1)] {
                tx.execute(&format!("UPDATE conversations SET {set}"), [])
                    .unwrap();
                assert_eq!(all(tx, workspace).len(), expected, "{set}");
            }
        }
        ask(tx, shop, 14);
        assert_eq!(count_due(tx, workspace).unwrap(), 1);
        assert!(is_due(tx).unwrap());
        conversations::delete(tx, shop).unwrap();
        assert_eq!(count("SELECT count(*) FROM figures_due"), 0);
        assert_eq!(count("SELECT count(*) FROM conversation_figures"), 0);
        assert!(all(tx, workspace).is_empty());
    });
}

#[test]
fn what_staff_try_is_a_test_and_what_a_program_asks_is_not() {
    within(|tx, shop| {
        let workspace = shop.workspace();
        begin(tx, workspace, Channel::Api, 20);
        let program = NewConversation {
            assistant: None,
            channel: Channel::Api,
            visitor: Some("customer-7"),
            title: "",
            begun_by: None,
            page: None,
        };
        conversations::create(tx, workspace, &program, 30).unwrap();
        let tests: Vec<bool> = all(tx, workspace).iter().map(|one| one.is_test).collect();
        assert_eq!(tests, [false, true, false]);
    });
}

#[test]
fn figures_made_anew_are_the_same() {
    within(|tx, shop| {
        ask(tx, shop, 11);
        answer(tx, shop, "model", &json!({}), 12);
        let before = all(tx, shop.workspace());
        tx.execute_batch(
            "DELETE FROM conversation_figures; INSERT INTO figures_due SELECT id FROM conversations;",
        )
        .unwrap();
        assert_eq!(all(tx, shop.workspace()), before);
    });
}

#[test]
fn a_span_ends_before_its_end_and_knows_channel_and_assistant() {
    within(|tx, shop| {
        let workspace = shop.workspace();
        begin(tx, workspace, Channel::Voice, 20);
        all(tx, workspace);
        let count = |span: Span| {
            let mut found = 0;
            scan(tx, workspace, &span, |_| found += 1).unwrap();
            found
        };
        assert_eq!(count(Span { until: 20, ..SPAN }), 1);
        assert_eq!(count(Span { until: 21, ..SPAN }), 2);
        assert_eq!(count(Span { from: 11, ..SPAN }), 1);
        let voice = Some(Channel::Voice);
        assert_eq!(
            count(Span {
                channel: voice,
                ..SPAN
            }),
            1
        );
        let assistant = Some(AssistantId::new());
        assert_eq!(count(Span { assistant, ..SPAN }), 0);
        assert_eq!(oldest(tx, workspace).unwrap(), Some(10));
    });
}

#[test]
fn a_walk_over_a_span_sorts_nothing_and_looks_nothing_up() {
    within(|tx, _| {
        let plan = format!(
            "EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM conversation_figures
             WHERE workspace = 'x' AND started_at >= 1 AND started_at < 2 ORDER BY started_at, conversation"
        );
        let mut statement = tx.prepare(&plan).unwrap();
        let steps = statement.query_map([], |row| row.get(3)).unwrap();
        let steps: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert!(
            steps[0].contains("PRIMARY KEY (workspace=? AND started_at>?"),
            "{steps:?}"
        );
    });
}

#[test]
fn a_topic_is_named_by_what_is_left_of_it() {
    within(|tx, shop| {
        let workspace = shop.workspace();
        let receipts: Vec<ReceiptId> = (12..15)
            .map(|at| answer(tx, shop, "read", &json!({}), at))
            .collect();
        answer(tx, shop, "talk", &json!({ "talk": "greeting" }), 16);
        all(tx, workspace);
        let bare = topics::list_bare(tx, workspace, "e", 10, 10).unwrap();
        let found: Vec<ReceiptId> = bare.iter().rev().map(|one| one.receipt).collect();
        assert_eq!(found, receipts, "small talk is no question");
        let vectors: Vec<topics::Vector> = bare
            .iter()
            .map(|one| topics::Vector {
                receipt: one.receipt,
                asked_at: one.asked_at,
                bytes: vec![1, 2],
            })
            .collect();
        topics::keep(tx, workspace, "e", &vectors, 2).unwrap();
        let kept = topics::list(tx, workspace, "e").unwrap();
        let left: Vec<ReceiptId> = kept.iter().map(|one| one.receipt).collect();
        assert_eq!(left, receipts[1..], "the newest stay");
        let placed = [(receipts[1], Some((0, 0.9))), (receipts[2], Some((0, 0.8)))];
        topics::set(tx, workspace, &placed).unwrap();
        let sized = topics::in_span(tx, workspace, &SPAN, 0).unwrap();
        assert_eq!((sized[0].number, sized[0].questions), (Some(0), 2));
        let name =
            |tx: &Transaction<'_>| topics::name(tx, workspace, 0).unwrap().map(|named| named.0);
        assert_eq!(name(tx), Some(receipts[1]));
        tx.execute("DELETE FROM receipts WHERE id = ?", [receipts[1]])
            .unwrap();
        assert_eq!(name(tx), Some(receipts[2]));
        conversations::delete(tx, shop).unwrap();
        assert_eq!(name(tx), None);
        assert_eq!(topics::extent(tx, workspace).unwrap(), (None, 0));
    });
}
