//! Views, filters and pages of the inbox, and what SQLite walks for them.

use super::list::{self, InboxRow};
use super::view::{Cursor, InboxFilter, View, count};
use super::{notes, reads, tags, teams, transcript};
use crate::store::conversations::{
    self, Channel, Conversation, ConversationState, NewConversation,
};
use crate::store::handover::{self, Change};
use crate::store::listing::{ListFilter, Listing};
use crate::store::messages::{self, MessageState, NewMessage, Speaker};
use crate::store::users::{self, NewUser, Role};
use crate::store::{
    ConversationId, Scoped, Store, StoreError, Transaction, UserId, WorkspaceId, workspaces,
};

const NOW: i64 = 1_000_000;

pub(super) fn within(test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError>) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "one", "One", 1)?.id;
            test(tx, workspace)
        })
        .unwrap();
}

pub(super) fn person(tx: &Transaction<'_>, name: &str) -> UserId {
    let email = format!("{name}@example.com");
    let new = NewUser {
        email: &email,
        name,
        password_hash: None,
        role: Role::Agent,
    };
    users::create(tx, &new, 1).unwrap()
}

pub(super) fn talk(tx: &Transaction<'_>, workspace: WorkspaceId, at: i64) -> Scoped<Conversation> {
    let new = NewConversation {
        assistant: None,
        channel: Channel::Chat,
        visitor: None,
        title: "Hours",
        begun_by: None,
        page: None,
    };
    conversations::create(tx, workspace, &new, at).unwrap()
}

pub(super) fn say(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    role: Speaker,
    text: &str,
    at: i64,
) -> i64 {
    let new = NewMessage {
        role,
        text,
        state: MessageState::Complete,
        client_id: None,
        author: None,
    };
    let said = messages::append(tx, conversation, &new, at).unwrap();
    said.into_message().seq
}

fn change(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    what: impl FnOnce(Change<'_>) -> Change<'_>,
) {
    let data = serde_json::json!({});
    let change = what(Change::new("conversation_assigned", &data));
    handover::apply(tx, of, None, &change, NOW).unwrap();
}

fn ids(tx: &Transaction<'_>, workspace: WorkspaceId, filter: &InboxFilter) -> Vec<ConversationId> {
    let rows = filter.list(tx, workspace, 100).unwrap();
    rows.iter().map(|row| row.conversation.id).collect()
}

fn view(view: View, me: Option<UserId>) -> InboxFilter {
    InboxFilter {
        view,
        me,
        now: NOW,
        ..InboxFilter::default()
    }
}

#[test]
fn each_view_shows_what_its_name_says() {
    within(|tx, workspace| {
        let (ann, ben) = (person(tx, "ann"), person(tx, "ben"));
        let all: Vec<_> = (1..=7).map(|at| talk(tx, workspace, at * 10)).collect();
        let [bot, late, early, mine, closed, asleep, spam] = all.as_slice() else {
            panic!("seven conversations")
        };
        for (of, since) in [(late, 500), (early, 400)] {
            change(tx, of, |to| {
                to.state(ConversationState::Waiting)
                    .waiting_since(Some(since))
            });
        }
        change(tx, mine, |to| {
            to.state(ConversationState::Human).assign(Some(ann))
        });
        change(tx, closed, |to| {
            to.state(ConversationState::Closed).assign(Some(ann))
        });
        change(tx, asleep, |to| to.snooze(Some(NOW + 1)).assign(Some(ben)));
        change(tx, spam, |to| to.spam(true));
        notes::add(tx, bot, Some(ben), "Look", &[ann], NOW)?;
        for (wanted, of_ann) in [
            (View::All, vec![mine, early, late, bot]),
            (
                View::Everything,
                vec![asleep, closed, mine, early, late, bot],
            ),
            (View::Mine, vec![mine]),
            (View::Unassigned, vec![early, late]),
            (View::Waiting, vec![early, late]),
            (View::Mentions, vec![bot]),
            (View::Snoozed, vec![asleep]),
            (View::Spam, vec![spam]),
            (View::Closed, vec![closed]),
        ] {
            let of_ann: Vec<_> = of_ann.iter().map(|one| one.id).collect();
            assert_eq!(
                ids(tx, workspace, &view(wanted, Some(ann))),
                of_ann,
                "{wanted}"
            );
        }
        let counts = count(tx, workspace, Some(ann), NOW)?;
        assert_eq!(
            (
                counts.waiting,
                counts.mine,
                counts.unassigned,
                counts.mentions
            ),
            (2, 1, 2, 1)
        );
        assert_eq!(count(tx, workspace, None, NOW)?.mine, 0);
        // Nobody's are nobody's.
        assert!(ids(tx, workspace, &view(View::Mine, None)).is_empty());
        assert!(ids(tx, workspace, &view(View::Mentions, None)).is_empty());
        // It is back.
        let later = InboxFilter {
            now: NOW + 2,
            ..view(View::All, None)
        };
        assert!(ids(tx, workspace, &later).contains(&asleep.id));
        assert!(
            ids(
                tx,
                workspace,
                &InboxFilter {
                    now: NOW + 2,
                    ..view(View::Snoozed, None)
                }
            )
            .is_empty()
        );
        // A state that is asked for is shown although the view leaves it out.
        let done = InboxFilter {
            state: Some(ConversationState::Closed),
            ..view(View::All, None)
        };
        assert_eq!(ids(tx, workspace, &done), [closed.id]);
        // Another workspace has none of them.
        let other = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        for wanted in View::ALL {
            assert!(
                ids(tx, other, &view(*wanted, Some(ann))).is_empty(),
                "{wanted}"
            );
        }
        Ok(())
    });
}

#[test]
fn filters_narrow_a_view() {
    within(|tx, workspace| {
        let ann = person(tx, "ann");
        let team = teams::create(tx, workspace, "Repairs", &[ann], 1)?.id;
        let (one, two) = (talk(tx, workspace, 10), talk(tx, workspace, 20));
        change(tx, &one, |to| to.team(Some(team)).assign(Some(ann)));
        tags::set(tx, &two, &["vip".into()], None, NOW)?;
        let all = view(View::All, None);
        let with = |narrowed: InboxFilter| ids(tx, workspace, &narrowed);
        assert_eq!(
            with(InboxFilter {
                team: Some(team),
                ..all.clone()
            }),
            [one.id]
        );
        assert_eq!(
            with(InboxFilter {
                assigned: Some(ann),
                ..all.clone()
            }),
            [one.id]
        );
        assert_eq!(
            with(InboxFilter {
                tag: Some("vip".into()),
                ..all.clone()
            }),
            [two.id]
        );
        assert!(
            with(InboxFilter {
                tag: Some("none".into()),
                ..all.clone()
            })
            .is_empty()
        );
        assert!(
            with(InboxFilter {
                channel: Some(Channel::Voice),
                ..all.clone()
            })
            .is_empty()
        );
        assert_eq!(
            with(InboxFilter {
                channel: Some(Channel::Chat),
                ..all.clone()
            })
            .len(),
            2
        );
        let both = InboxFilter {
            team: Some(team),
            tag: Some("vip".into()),
            ..all
        };
        assert!(with(both).is_empty());
        Ok(())
    });
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    within(|tx, workspace| {
        // Several in the same millisecond.
        let mut begun: Vec<_> = (0..7).map(|at| talk(tx, workspace, at / 3).id).collect();
        begun.reverse();
        let mut listing = Listing {
            workspace,
            filter: view(View::All, None),
            limit: 2,
        };
        let mut seen = Vec::new();
        loop {
            let page = listing.page(tx)?;
            seen.extend(page.rows.iter().map(|row| row.conversation.id));
            match page.next {
                Some(next) => listing = listing.resume_at(next),
                None => break,
            }
        }
        assert_eq!(seen, begun);
        Ok(())
    });
}

#[test]
fn a_row_tells_what_is_new_for_whom() {
    within(|tx, workspace| {
        let (ann, ben) = (person(tx, "ann"), person(tx, "ben"));
        let begun = talk(tx, workspace, 10);
        say(tx, &begun, Speaker::User, "Hello\n there", 11);
        say(tx, &begun, Speaker::Assistant, "Hi", 12);
        let row = |me| -> InboxRow { list::row(tx, &begun, me).unwrap() };
        assert_eq!((row(Some(ann)).unread, row(None).unread), (1, 0));
        assert_eq!(reads::mark_read(tx, &begun, ann)?, 0);
        assert_eq!((row(Some(ann)).unread, row(Some(ben)).unread), (0, 1));
        let last = say(tx, &begun, Speaker::User, &"Really? ".repeat(100), 13);
        say(tx, &begun, Speaker::System, "Ann is here.", 14);
        say(tx, &begun, Speaker::Assistant, "", 15);
        let shown = row(Some(ann));
        assert_eq!(shown.unread, 1);
        let (role, text) = shown.preview.unwrap();
        assert_eq!(role, Speaker::User);
        assert!(
            text.starts_with("Really? Really?") && text.ends_with('…'),
            "{text}"
        );
        reads::mark_read(tx, &begun, ann)?;
        reads::mark_unread(tx, &begun, ann)?;
        assert_eq!(
            (row(Some(ann)).unread, reads::of(tx, begun.id, ann)?),
            (1, last - 1)
        );
        Ok(())
    });
}

#[test]
fn who_is_put_aside_comes_back_with_their_next_word() {
    within(|tx, workspace| {
        let begun = talk(tx, workspace, 10);
        change(tx, &begun, |to| to.snooze(Some(NOW * 2)));
        say(tx, &begun, Speaker::Assistant, "Wait", 11);
        let state = || {
            conversations::get(tx, workspace, begun.id)
                .unwrap()
                .snoozed_until
        };
        assert_eq!(state(), Some(NOW * 2));
        say(tx, &begun, Speaker::User, "Hello again", 12);
        assert_eq!(state(), None);
        Ok(())
    });
}

#[test]
fn what_was_merged_is_read_as_one() {
    within(|tx, workspace| {
        let (one, two, three) = (
            talk(tx, workspace, 1),
            talk(tx, workspace, 2),
            talk(tx, workspace, 3),
        );
        say(tx, &one, Speaker::User, "first", 10);
        say(tx, &two, Speaker::User, "second", 11);
        say(tx, &one, Speaker::User, "third", 12);
        say(tx, &three, Speaker::User, "fourth", 13);
        for (from, into) in [(&one, &two), (&two, &three)] {
            transcript::merge(tx, from, into)?;
            change(tx, from, |to| to.state(ConversationState::Closed));
        }
        let texts = |before, limit| -> Vec<String> {
            let read = transcript::read(tx, &three, before, limit).unwrap();
            assert_eq!(read.older, limit == 2);
            read.said
                .into_iter()
                .map(|said| said.message.text)
                .collect()
        };
        assert_eq!(texts(None, 10), ["first", "second", "third", "fourth"]);
        assert_eq!(texts(None, 2), ["third", "fourth"]);
        let listed = ids(tx, workspace, &view(View::Everything, None));
        assert_eq!(listed, [three.id]);
        Ok(())
    });
}

/// What SQLite does for a list, in its words.
fn plan(tx: &Transaction<'_>, filter: &InboxFilter, rare: bool) -> Vec<String> {
    let workspace = WorkspaceId::new();
    let plan = filter.with_query(&workspace, rare, &51, |sql, values| {
        let mut statement = tx.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(values, |row| row.get(3)).unwrap();
        rows.collect::<Result<Vec<String>, _>>().unwrap()
    });
    plan.unwrap()
}

#[test]
fn no_list_walks_or_sorts_all_conversations() {
    within(|tx, _| {
        let me = Some(UserId::new());
        let before = Some(Cursor {
            at: 5,
            id: ConversationId::new(),
        });
        for (wanted, index) in [
            (View::All, "inbox_all"),
            (View::Everything, "conversations_recent"),
            (View::Mine, "inbox_mine"),
            (View::Unassigned, "inbox_unassigned"),
            (View::Waiting, "inbox_waiting"),
            (View::Snoozed, "inbox_snoozed"),
            (View::Spam, "inbox_spam"),
            (View::Closed, "inbox_closed"),
        ] {
            for before in [None, before] {
                let plan = plan(
                    tx,
                    &InboxFilter {
                        before,
                        ..view(wanted, me)
                    },
                    false,
                );
                assert_eq!(plan.len(), 1, "{wanted}: {plan:?}");
                let walked = format!("INDEX {index} (workspace=?");
                assert!(plan[0].contains(&walked), "{wanted}: {plan:?}");
            }
        }
        let narrowed = [
            (
                InboxFilter {
                    channel: Some(Channel::Api),
                    ..view(View::All, me)
                },
                "inbox_channel",
            ),
            (
                InboxFilter {
                    channel: Some(Channel::Api),
                    ..view(View::Everything, me)
                },
                "inbox_channel_ever (workspace=? AND channel=?",
            ),
            (
                InboxFilter {
                    assigned: me,
                    ..view(View::All, me)
                },
                "inbox_mine",
            ),
            (
                InboxFilter {
                    state: Some(ConversationState::Waiting),
                    ..view(View::Everything, me)
                },
                "conversations_state",
            ),
            (
                InboxFilter {
                    team: Some(crate::store::TeamId::new()),
                    ..view(View::All, me)
                },
                "conversations_team",
            ),
            (
                InboxFilter {
                    tag: Some("x".into()),
                    ..view(View::All, me)
                },
                "inbox_all",
            ),
        ];
        for (filter, index) in narrowed {
            let plan = plan(tx, &filter, false);
            assert!(plan[0].contains(index), "{filter:?}: {plan:?}");
            assert!(
                !plan.iter().any(|line| line.contains("TEMP B-TREE")),
                "{filter:?}: {plan:?}"
            );
        }
        // Few rows are sorted: those of one contact, one rare tag, one person's mentions.
        let contact = InboxFilter {
            contact: Some(crate::store::ContactId::new()),
            ..view(View::Everything, me)
        };
        assert!(plan(tx, &contact, false)[0].contains("conversations_contact (contact=?)"));
        let tag = InboxFilter {
            tag: Some("x".into()),
            ..view(View::All, me)
        };
        let plan_of_tag = plan(tx, &tag, true);
        assert!(
            plan_of_tag[0].contains("conversation_tags_tag (workspace=? AND tag=?)"),
            "{plan_of_tag:?}"
        );
        assert!(plan_of_tag[1].contains("(id=?)"), "{plan_of_tag:?}");
        let mentions = plan(tx, &view(View::Mentions, me), false);
        assert!(
            mentions.iter().any(|line| line.contains("mentions_unseen")),
            "{mentions:?}"
        );
        assert!(
            !mentions.iter().any(|line| line.starts_with("SCAN c")),
            "{mentions:?}"
        );
        Ok(())
    });
}
