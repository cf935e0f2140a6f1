//! Deepgram by hand.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Fake, read};
use crate::deepgram::{FakeDeepgram, Mood};

pub(super) struct Deepgram {
    fake: FakeDeepgram,
}

impl Deepgram {
    pub(super) fn start(listener: TcpListener) -> Self {
        Self {
            fake: FakeDeepgram::start_on(listener, Mood::Well),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// `well`, `bad_key`, `busy`, `nonsense`, `idle` or `silent`.
    mood: Mood,
}

#[async_trait]
impl Fake for Deepgram {
    fn show(&self) -> Value {
        let seen = self.fake.seen().into_iter();
        let seen: Vec<Value> = seen
            .map(|(line, bytes)| json!({ "request": line, "bytes": bytes }))
            .collect();
        json!({ "key": crate::deepgram::KEY, "seen": seen })
    }

    async fn change(&self, change: Value) -> Result<Value, String> {
        let change: Change = read(change)?;
        self.fake.set_mood(change.mood);
        Ok(json!({}))
    }
}
