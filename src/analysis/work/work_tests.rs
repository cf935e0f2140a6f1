//! Analyses in the store: kept, known again, within the quota, by themselves.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;

use super::*;
use crate::access::Principal;
use crate::analysis::settings::Automatic;
use crate::llm::{ChatRequest, ChatStream, LlmError, Priority};
use crate::store::conversations::{Channel, ConversationState, NewConversation};
use crate::store::messages::{self, MessageState, NewMessage};
use crate::store::quota;

struct NoModel;

#[async_trait]
impl ChatModel for NoModel {
    fn name(&self) -> String {
        "none".into()
    }

    fn context_tokens(&self) -> u32 {
        0
    }

    fn weights_hash(&self) -> Option<String> {
        None
    }

    fn ready(&self) -> Result<(), LlmError> {
        Err(LlmError::Unavailable("there is no model".into()))
    }

    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, LlmError> {
        self.ready()?;
        Err(LlmError::Busy { waiting: 0 })
    }
}

struct Bench {
    analyst: Analyst,
    store: Store,
    workspace: WorkspaceId,
    by: Member,
}

async fn bench() -> Bench {
    let store = Store::open_in_memory().unwrap();
    let workspace = store
        .write(|tx| Ok(workspaces::get_or_create(tx, "shop", "Shop", 1)?.id))
        .await
        .unwrap();
    let quotas = Quotas::new(store.clone());
    Bench {
        analyst: Analyst::new(store.clone(), Arc::new(NoModel), quotas),
        by: Principal::installation().in_workspace(workspace).unwrap(),
        store,
        workspace,
    }
}

fn said() -> Conversation {
    Conversation {
        turns: vec![Turn {
            who: Who::Customer,
            name: None,
            at: None,
            text: "How much is a room? Our budget is 100 euros.".into(),
        }],
    }
}

fn from_program() -> About {
    About {
        source: Source::Turns,
        conversation: None,
        name: String::new(),
        title: String::new(),
    }
}

impl Bench {
    async fn analyse(&self) -> Result<Kept, WorkError> {
        let claim = Priority::Api.into();
        self.analyst
            .analyse(
                self.workspace,
                from_program(),
                said(),
                false,
                claim,
                &|_| {},
            )
            .await
    }

    /// A closed conversation that somebody wrote in.
    async fn closed(&self) -> ConversationId {
        let (workspace, now) = (self.workspace, now_ms());
        let write = self.store.write(move |tx| {
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: None,
                title: "Rooms",
                begun_by: None,
                page: None,
            };
            let of = conversations::create(tx, workspace, &new, now - 10)?;
            let message = NewMessage {
                role: Speaker::User,
                text: "How much is a room?",
                state: MessageState::Complete,
                client_id: None,
                author: None,
            };
            messages::append(tx, &of, &message, now - 5)?;
            tx.execute(
                "UPDATE conversations SET state = ? WHERE id = ?",
                (ConversationState::Closed, of.id),
            )?;
            Ok(of.id)
        });
        write.await.unwrap()
    }
}

#[tokio::test]
async fn text_from_elsewhere_is_kept_only_if_the_owner_wants_it() {
    let bench = bench().await;
    let first = bench.analyse().await.unwrap();
    assert!(!first.known);
    assert!(first.analysis.title.starts_with("How much"));
    let (_, kept) = bench
        .analyst
        .read(&bench.by, first.analysis.id)
        .await
        .unwrap();
    assert_eq!(kept, None);
    let settings = Settings {
        keep_text: true,
        ..Settings::default()
    };
    bench
        .analyst
        .set_settings(&bench.by, settings)
        .await
        .unwrap();
    let second = bench.analyse().await.unwrap();
    let (_, kept) = bench
        .analyst
        .read(&bench.by, second.analysis.id)
        .await
        .unwrap();
    assert_eq!(kept, Some(said()));
    bench
        .analyst
        .delete(&bench.by, second.analysis.id)
        .await
        .unwrap();
    let gone = bench.analyst.read(&bench.by, second.analysis.id).await;
    assert!(matches!(
        gone,
        Err(WorkError::Store(StoreError::NotFound(_)))
    ));
}

#[tokio::test]
async fn the_quota_stops_before_any_work_and_counts_what_was_done() {
    let bench = bench().await;
    let workspace = bench.workspace;
    let write = bench.store.write(move |tx| {
        let limits = BTreeMap::from([(Measure::Analyses, 2)]);
        let plan = quota::create_plan(tx, "Small", &limits, 1)?;
        quota::set_plan(tx, workspace, Some(&plan), 1)
    });
    write.await.unwrap();
    bench.analyse().await.unwrap();
    let failed = {
        let mut silent = said();
        silent.turns.clear();
        let claim = Priority::Api.into();
        let analyst = &bench.analyst;
        analyst
            .analyse(workspace, from_program(), silent, false, claim, &|_| {})
            .await
    };
    assert!(matches!(
        failed,
        Err(WorkError::Analysis(AnalysisError::Empty))
    ));
    bench.analyse().await.unwrap();
    let over = bench.analyse().await;
    assert!(matches!(
        over,
        Err(WorkError::Quota(QuotaError::Exceeded { .. }))
    ));
}

#[tokio::test]
async fn nothing_runs_by_itself_until_it_is_turned_on() {
    let bench = bench().await;
    let id = bench.closed().await;
    let mut failed = HashSet::new();
    let workspace = bench.workspace;
    let found = async || {
        let read = bench
            .store
            .read(move |conn| analyses::of_conversation(conn, workspace, id));
        read.await.unwrap()
    };
    bench.analyst.look(true, &mut failed).await.unwrap();
    assert_eq!(found().await, None);
    let settings = Settings {
        automatic: Automatic {
            on_close: false,
            at_night: true,
        },
        ..Settings::default()
    };
    bench
        .analyst
        .set_settings(&bench.by, settings)
        .await
        .unwrap();
    bench.analyst.look(false, &mut failed).await.unwrap();
    assert_eq!(found().await, None);
    bench.analyst.look(true, &mut failed).await.unwrap();
    let first = found().await.unwrap();
    assert_eq!((first.title.as_str(), first.turns), ("Rooms", 1));
    bench.analyst.look(true, &mut failed).await.unwrap();
    assert_eq!(found().await.unwrap().id, first.id);
    assert!(failed.is_empty());
}
