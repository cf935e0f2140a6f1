//! Tokens of providers in the quota of the workspace.

use std::collections::BTreeMap;

use super::*;
use crate::store::quota::{self, Elsewhere};
use crate::usage::quota::{Measure, month};

/// What the quota estimates for the question `Hello`: a quarter of its bytes and of what frames it.
const READ: u64 = 28;

impl Desk {
    async fn limit(&self, tokens: u64) {
        let workspace = self.workspace;
        let set = self.store.write(move |tx| {
            let limits = BTreeMap::from([(Measure::ModelTokens, tokens)]);
            let plan = quota::create_plan(tx, "Small", &limits, 1)?;
            quota::set_plan(tx, workspace, Some(&plan), 1)
        });
        set.await.unwrap();
    }

    /// What the quota counted, in all and of providers; waits a moment for it.
    async fn counted(&self, expected: u64) -> (u64, Elsewhere) {
        let mut found = (0, Elsewhere::default());
        for _ in 0..200 {
            let (workspace, of) = (self.workspace, month(now()).0);
            let read = self.store.read(move |conn| {
                let tokens = Measure::ModelTokens;
                let used = quota::used(conn, workspace, &of, tokens)?;
                Ok((used, quota::elsewhere(conn, workspace, &of, tokens)?))
            });
            found = read.await.unwrap();
            if found.0 >= expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        found
    }

    async fn reserved(&self) -> u64 {
        let quotas = &self.providers.inner.quotas;
        let standing = quotas.standing(self.workspace, now()).await.unwrap();
        let of_tokens = (standing.standings.iter()).find(|one| one.measure == Measure::ModelTokens);
        of_tokens.unwrap().reserved
    }
}

#[tokio::test]
async fn what_a_provider_tells_is_counted_as_it_tells_it() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    desk.fake.then(Script::stream(openai::words(&["remote"])));
    assert_eq!(desk.hello().await.0, "remote");
    let theirs = Elsewhere {
        used: 25,
        estimated: 0,
    };
    assert_eq!(desk.counted(25).await, (25, theirs));
    assert_eq!(desk.spent().await.tokens, 25);
    assert_eq!(desk.reserved().await, 0);
}

#[tokio::test]
async fn what_it_does_not_tell_is_estimated_and_said_to_be() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    let silent = format!("{}data: [DONE]\n\n", openai::only("12345678"));
    desk.fake.then(Script::stream(silent));
    assert_eq!(desk.hello().await.0, "12345678");
    let all = READ + 2;
    let theirs = Elsewhere {
        used: all,
        estimated: all,
    };
    assert_eq!(desk.counted(all).await, (all, theirs));
    // Its budget is never passed, so there it counts as the most that it can be.
    assert!(desk.spent().await.tokens > all);
}

#[tokio::test]
async fn an_answer_that_is_left_in_its_middle_is_counted_as_far_as_it_came() {
    let begun = Script::stream(openai::only("12345678")).ending(End::Stall);
    let desk = Desk::of(ProviderKind::OpenAi).await;
    desk.fake.then(begun);
    let here: Arc<dyn ChatModel> = Arc::clone(&desk.here) as Arc<dyn ChatModel>;
    let routed = desk.providers.chat(here, Arc::default());
    let mut stream = routed.chat(desk.request("Hello")).await.unwrap();
    loop {
        if let ChatEvent::Delta(word) = stream.next().await.unwrap().unwrap() {
            assert_eq!(word, "12345678");
            break;
        }
    }
    assert!(desk.reserved().await > 0);
    drop(stream);
    let all = READ + 2;
    let (used, theirs) = desk.counted(all).await;
    assert_eq!((used, theirs.estimated), (all, all));
    assert_eq!(desk.reserved().await, 0);

    // A provider that tells at the beginning what it read: only what it wrote is an estimate.
    let desk = Desk::of(ProviderKind::Anthropic).await;
    let whole = anthropic::words(&["12345678", "and more"]);
    let cut = whole.find("and more").unwrap();
    desk.fake
        .then(Script::stream(&whole.as_bytes()[..cut]).ending(End::CutOff));
    let (text, error) = desk.hello().await;
    assert_eq!(text, "12345678");
    assert!(error.is_some());
    let theirs = Elsewhere {
        used: 15 + 2,
        estimated: 2,
    };
    assert_eq!(desk.counted(17).await, (17, theirs));
}

#[tokio::test]
async fn what_failed_is_not_counted() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    desk.limit(1_000).await;
    for script in [Script::error(500, "oops"), Script::error(401, "bad key")] {
        desk.fake.then(script);
        assert_eq!(desk.hello().await, local());
    }
    assert_eq!(desk.counted(0).await, (0, Elsewhere::default()));
    assert_eq!(desk.reserved().await, 0);
}

#[tokio::test]
async fn a_provider_is_not_asked_past_the_limit_of_the_workspace() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    desk.limit(400).await;
    for _ in 0..40 {
        desk.fake.then(Script::stream(openai::words(&["remote"])));
    }
    let answers = futures::future::join_all((0..40).map(|_| desk.hello())).await;
    let remote = answers.iter().filter(|(text, _)| text == "remote").count();
    assert!(remote > 0 && remote <= 16, "{remote}");
    assert_eq!(desk.fake.seen().len(), remote);
    let (used, theirs) = desk.counted(25 * remote as u64).await;
    assert_eq!((used, theirs.used), (25 * remote as u64, used));
    assert!(used <= 400);
    assert_eq!(desk.reserved().await, 0);
}

#[tokio::test]
async fn a_machine_without_a_model_says_that_the_tokens_are_used_up() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    desk.limit(10).await;
    let nobody: Arc<dyn ChatModel> = Arc::new(Nobody);
    let asked = desk.providers.chat(nobody, Arc::default());
    let refused = asked.chat(desk.request("Hello")).await.map(drop);
    let Err(LlmError::Spent(told)) = &refused else {
        panic!("{refused:?}")
    };
    assert!(told.contains("tokens of language models"), "{told}");
    assert!(desk.fake.seen().is_empty());
}

/// A machine without a model.
struct Nobody;

#[async_trait]
impl ChatModel for Nobody {
    fn name(&self) -> String {
        "none".to_owned()
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
        Err(LlmError::Unavailable("there is no model".into()))
    }
}
