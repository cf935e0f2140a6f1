use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures::{StreamExt, stream};

use super::*;
use crate::llm::{ChatMessage, Claim, FinishReason, Priority, Role, Usage};
use crate::store::{Store, WorkspaceId, quota, workspaces};
use crate::usage::Flow;
use crate::usage::quota::month;

const PROMPT: u32 = 30;

/// Writes three words, which it counts as five tokens.
#[derive(Default)]
struct Three {
    asked: Mutex<Vec<ChatRequest>>,
}

#[async_trait]
impl ChatModel for Three {
    fn name(&self) -> String {
        "three".into()
    }

    fn context_tokens(&self) -> u32 {
        1_000
    }

    fn weights_hash(&self) -> Option<String> {
        None
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        self.asked.lock().unwrap().push(request);
        let word = |text: &str| ChatEvent::Delta(text.into());
        let events = [
            ChatEvent::Started {
                prompt_tokens: PROMPT,
                cached_tokens: 0,
                dropped_messages: 0,
            },
            word("one"),
            word("two"),
            word("three"),
            ChatEvent::Done {
                finish: FinishReason::Stop,
                usage: Usage {
                    prompt_tokens: PROMPT,
                    cached_tokens: 0,
                    completion_tokens: 5,
                },
            },
        ];
        Ok(Box::pin(stream::iter(events.map(Ok))))
    }
}

struct Shop {
    store: Store,
    id: WorkspaceId,
    inner: Arc<Three>,
    model: Metered,
}

impl Shop {
    async fn new(limit: Option<u64>) -> Self {
        let store = Store::open_in_memory().unwrap();
        let made = store.write(move |tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            if let Some(limit) = limit {
                let limits = BTreeMap::from([(Measure::ModelTokens, limit)]);
                let plan = quota::create_plan(tx, "Small", &limits, 1)?;
                quota::set_plan(tx, shop, Some(&plan), 1)?;
            }
            Ok(shop)
        });
        let id = made.await.unwrap();
        let inner = Arc::new(Three::default());
        let model = Metered::new(inner.clone(), Quotas::new(store.clone()));
        Self {
            store,
            id,
            inner,
            model,
        }
    }

    async fn ask(&self, flow: Flow) -> Result<ChatStream, LlmError> {
        let messages = vec![ChatMessage::new(Role::User, "Hello")];
        let request = ChatRequest::new(messages, Claim::new(Priority::Chat, flow));
        self.model.chat(request).await
    }

    fn own(&self) -> Flow {
        Flow::member(self.id, &7)
    }

    /// What was counted, once it is at least this much or a moment has passed.
    async fn used(&self, expected: u64) -> u64 {
        let mut used = 0;
        for _ in 0..100 {
            let (id, of) = (self.id, month(now()).0);
            let read = move |conn: &_| quota::used(conn, id, &of, Measure::ModelTokens);
            used = self.store.read(read).await.unwrap();
            if used >= expected && expected > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        used
    }
}

#[tokio::test]
async fn an_answer_is_counted_when_it_ends_or_is_left() {
    let shop = Shop::new(None).await;
    let events: Vec<_> = shop.ask(shop.own()).await.unwrap().collect().await;
    assert_eq!(events.len(), 5);
    assert_eq!(shop.used(35).await, 35);
    let mut left = shop.ask(shop.own()).await.unwrap();
    for _ in 0..3 {
        left.next().await.unwrap().unwrap();
    }
    drop(left);
    assert_eq!(shop.used(67).await, 35 + 32, "the prompt and two words");
    let house: Vec<_> = shop.ask(Flow::HOUSE).await.unwrap().collect().await;
    assert_eq!((house.len(), shop.used(0).await), (5, 67));
}

#[tokio::test]
async fn the_last_tokens_bound_an_answer_and_then_there_is_none() {
    let shop = Shop::new(Some(40)).await;
    let _events: Vec<_> = shop.ask(shop.own()).await.unwrap().collect().await;
    assert_eq!(shop.used(35).await, 35);
    let asked = shop.inner.asked.lock().unwrap()[0].clone();
    assert_eq!(asked.sampling.max_tokens, Some(40));
    // Five are left: the prompt is longer.
    let events: Vec<_> = shop.ask(shop.own()).await.unwrap().collect().await;
    assert!(matches!(events[0], Err(LlmError::Spent(_))), "{events:?}");
    assert_eq!(shop.used(0).await, 35);
    let shop = Shop::new(Some(0)).await;
    let refused = shop.ask(shop.own()).await.map(drop);
    let Err(LlmError::Spent(told)) = &refused else {
        panic!("{refused:?}")
    };
    assert!(told.contains("tokens of language models"), "{told}");
}
