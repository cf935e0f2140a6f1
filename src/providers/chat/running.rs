//! An answer as it comes in.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;

use super::super::budget::{Amount, ModelUse, Reservation, Used};
use super::super::error::ProviderError;
use super::super::line::Line;
use super::super::redact::{Redactor, Restorer};
use super::super::sse::SseReader;
use super::TOKEN;
use super::calls::{BadCall, Calls};
use super::dialect::{Dialect, Piece};
use crate::egress::Response;
use crate::llm::{ChatEvent, ChatRequest, ChatStream, FinishReason, OutputFormat, Usage};

/// How long to wait for the end of the body after the end of the answer.
const LAST_BYTES: Duration = Duration::from_millis(500);
/// The longest answer, in bytes.
const LONGEST: usize = 4 << 20;

pub(super) struct Running {
    line: Line,
    response: Response,
    sse: SseReader,
    dialect: Box<dyn Dialect>,
    redactor: Redactor,
    restorer: Restorer,
    calls: Calls,
    /// For JSON: the answer so far, which is shown once it is whole and valid.
    whole: Option<String>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    /// The most tokens that it can have read.
    read: u64,
    /// Bytes that it wrote.
    written: usize,
    reservation: Option<Reservation>,
    ready: VecDeque<ChatEvent>,
    over: bool,
}

impl Running {
    pub(super) fn new(
        line: Line,
        response: Response,
        dialect: Box<dyn Dialect>,
        redactor: Redactor,
        request: &ChatRequest,
        reservation: Reservation,
        read: u64,
    ) -> Self {
        Self {
            restorer: redactor.restorer(),
            calls: Calls::new(request),
            whole: (request.format != OutputFormat::Text).then(String::new),
            line,
            response,
            sse: SseReader::default(),
            dialect,
            redactor,
            usage: None,
            finish: None,
            read,
            written: 0,
            reservation: Some(reservation),
            ready: VecDeque::new(),
            over: false,
        }
    }

    /// Tokens that it read, as far as that is known.
    pub(super) fn prompt_tokens(&self) -> u32 {
        self.usage.map_or(0, |usage| usage.prompt_tokens)
    }

    /// The events that came already, then the rest.
    pub(super) fn into_stream(self, before: Vec<ChatEvent>) -> ChatStream {
        let rest = stream::unfold(self, |mut running| async move {
            let next = running.next().await?;
            if next.is_err() {
                running.line.note(&next);
            }
            Some((next.map_err(ProviderError::interrupted), running))
        });
        stream::iter(before.into_iter().map(Ok)).chain(rest).boxed()
    }

    /// The next event; `None` after the last one or an error.
    pub(super) async fn next(&mut self) -> Option<Result<ChatEvent, ProviderError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.over {
                return None;
            }
            if let Err(error) = self.read_on().await {
                self.over = true;
                // What came with the error was not shown: somebody else may say it.
                self.ready.clear();
                // Its drop counts what is owed.
                self.owe();
                self.reservation = None;
                return Some(Err(error));
            }
        }
    }

    /// Reads the next piece of the body.
    async fn read_on(&mut self) -> Result<(), ProviderError> {
        let next = tokio::time::timeout(self.line.patience(), self.response.chunk());
        let next = next
            .await
            .map_err(|_| self.line.stalled(self.line.patience()))??;
        let Some(piece) = next else {
            if !self.dialect.is_whole() {
                return Err(self.broken("its answer breaks off"));
            }
            return self.complete().await;
        };
        for event in self.sse.push(self.line.name(), &piece)? {
            let pieces = self.dialect.read(&event);
            let pieces = pieces.map_err(|why| ProviderError::broken(self.line.name(), why))?;
            for piece in pieces {
                if piece == Piece::End {
                    return self.complete().await;
                }
                self.take(piece)?;
            }
        }
        self.owe();
        Ok(())
    }

    fn take(&mut self, piece: Piece) -> Result<(), ProviderError> {
        match piece {
            Piece::Text(text) => {
                self.written += text.len();
                if self.written > LONGEST {
                    return Err(self.broken("its answer does not end"));
                }
                match &mut self.whole {
                    Some(whole) => whole.push_str(&text),
                    None => {
                        let shown = self.restorer.push(&text);
                        self.show(shown);
                    }
                }
            }
            Piece::Call(part) => {
                self.written += part.arguments.len();
                let added = self.calls.add(part);
                added.map_err(|bad| self.bad_call(bad))?;
            }
            Piece::Usage(usage) => self.usage = Some(usage),
            Piece::Finish(finish) => self.finish = Some(finish),
            Piece::Refused => {
                return Err(ProviderError::Refused {
                    provider: self.line.name().to_owned(),
                });
            }
            Piece::End => {}
        }
        Ok(())
    }

    /// The answer is whole: checks it, shows what is left, and counts it.
    async fn complete(&mut self) -> Result<(), ProviderError> {
        let finish = self.finish.unwrap_or(FinishReason::Stop);
        if let Some(whole) = self.whole.take() {
            // Cut off by the number of tokens, it is what the caller asked for.
            let is_json = serde_json::from_str::<serde_json::Value>(&whole).is_ok();
            if !is_json && finish != FinishReason::Length {
                return Err(self.broken("it was to answer in JSON, and did not"));
            }
            let shown = self.redactor.restorer_of_json().whole(&whole);
            self.show(shown);
        } else {
            let shown = self.restorer.finish();
            self.show(shown);
        }
        let calls = self.calls.finish().map_err(|bad| self.bad_call(bad))?;
        let finish = match calls.is_empty() {
            true => finish,
            false => FinishReason::ToolCalls,
        };
        for mut call in calls {
            let restorer = self.redactor.restorer_of_json();
            call.arguments = restorer.whole(&call.arguments);
            self.ready.push_back(ChatEvent::ToolCall(call));
        }
        self.ready.push_back(ChatEvent::Done {
            finish,
            usage: self.usage.unwrap_or_default(),
        });
        self.over = true;
        // The last bytes of the protocol, so that the ledger says that all was read.
        let rest = async { while let Ok(Some(_)) = self.response.chunk().await {} };
        let _late = tokio::time::timeout(LAST_BYTES, rest).await;
        let used = Used {
            amount: self.used(),
            model: self.model_use(true),
        };
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(used).await?;
        }
        Ok(())
    }

    fn show(&mut self, text: String) {
        if !text.is_empty() {
            self.ready.push_back(ChatEvent::Delta(text));
        }
    }

    /// What it used; the most that it can be, where the provider does not say.
    fn used(&self) -> Amount {
        let prices = &self.line.provider.prices;
        let written = self.written as u64;
        match self.usage {
            Some(usage) if usage.prompt_tokens > 0 => Amount::of_chat(
                prices,
                u64::from(usage.prompt_tokens),
                u64::from(usage.completion_tokens),
            ),
            _ => Amount::of_chat(prices, self.read, written),
        }
    }

    /// Notes what is to be counted if the answer breaks off here. Tokens written are told at the end only.
    fn owe(&mut self) {
        let prices = &self.line.provider.prices;
        let read = match self.usage {
            Some(usage) if usage.prompt_tokens > 0 => u64::from(usage.prompt_tokens),
            _ => self.read,
        };
        let used = Used {
            amount: Amount::of_chat(prices, read, self.written as u64),
            model: self.model_use(self.finish.is_some()),
        };
        if let Some(reservation) = &mut self.reservation {
            reservation.owe(used);
        }
    }

    /// What the quota counts; how much was written is told at the end only.
    fn model_use(&self, is_whole: bool) -> ModelUse {
        let written_about = (self.written as u64).div_ceil(TOKEN);
        match self.usage {
            Some(usage) if usage.prompt_tokens > 0 && is_whole => ModelUse {
                told: u64::from(usage.prompt_tokens)
                    .saturating_add(u64::from(usage.completion_tokens)),
                estimated: 0,
            },
            Some(usage) if usage.prompt_tokens > 0 => ModelUse {
                told: u64::from(usage.prompt_tokens),
                estimated: written_about,
            },
            _ => ModelUse {
                told: 0,
                estimated: self.read.div_ceil(TOKEN).saturating_add(written_about),
            },
        }
    }

    fn broken(&self, reason: &'static str) -> ProviderError {
        ProviderError::broken(self.line.name(), reason)
    }

    fn bad_call(&self, bad: BadCall) -> ProviderError {
        match bad {
            BadCall::Unasked => ProviderError::Unasked {
                provider: self.line.name().to_owned(),
            },
            BadCall::Arguments => self.broken("the arguments of a call are not JSON"),
        }
    }
}
