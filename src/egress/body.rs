//! A response: status, headers, and a body that is read in chunks within its limits.

use std::io::Write;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use tokio::time::Instant;
use url::Url;

use super::ledger::LedgerLine;
use super::{EgressError, Limits};
use crate::reason::Reason;

/// How many compressed bytes are unpacked at a time: gzip expands at most a thousandfold, so a step yields at most
/// a few megabytes before it is counted against the limit.
const STEP: usize = 4_096;

pub struct Response {
    pub status: u16,
    /// The final address, after redirects.
    pub url: Url,
    inner: reqwest::Response,
    unpack: Option<MultiGzDecoder<Vec<u8>>>,
    /// A content encoding that we did not ask for.
    foreign: Option<String>,
    pending: Bytes,
    given: u64,
    ended: bool,
    limits: Limits,
    deadline: Instant,
    line: LedgerLine,
}

impl Response {
    pub(super) fn new(
        inner: reqwest::Response,
        url: Url,
        limits: Limits,
        deadline: Instant,
        line: LedgerLine,
    ) -> Self {
        let encoding = inner
            .headers()
            .get("content-encoding")
            .and_then(|v| v.to_str().ok())
            .map(|v| v.trim().to_ascii_lowercase());
        let gzip = matches!(encoding.as_deref(), Some("gzip" | "x-gzip"));
        let foreign = encoding.filter(|e| !gzip && !e.is_empty() && e != "identity");
        Self {
            status: inner.status().as_u16(),
            url,
            unpack: gzip.then(|| MultiGzDecoder::new(Vec::new())),
            foreign,
            inner,
            pending: Bytes::new(),
            given: 0,
            ended: false,
            limits,
            deadline,
            line,
        }
    }

    /// `None` if the header is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name)?.to_str().ok()
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let essence = value.split(';').next()?.trim().to_ascii_lowercase();
        (!essence.is_empty()).then_some(essence)
    }

    /// The next chunk of the body, unpacked; `None` at its end.
    ///
    /// # Errors
    /// When the body exceeds a limit or the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        match self.read().await {
            Ok(Some(piece)) => Ok(Some(piece)),
            Ok(None) => {
                self.line.close().await?;
                Ok(None)
            }
            Err(error) => {
                self.line.note(&error);
                self.line.close().await?;
                Err(error)
            }
        }
    }

    /// # Errors
    /// When the body exceeds a limit or the connection breaks.
    pub async fn bytes(mut self) -> Result<Bytes, EgressError> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// Drops the rest of the body and closes the ledger row.
    pub async fn discard(mut self) -> Result<(), EgressError> {
        Ok(self.line.close().await?)
    }

    async fn read(&mut self) -> Result<Option<Bytes>, EgressError> {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        if let Some(encoding) = self.foreign.take() {
            let reason = format!("it answers in an encoding that was not asked for ({encoding})");
            let reason = reason.into();
            return Err(EgressError::Failed { host, reason });
        }
        if self.inner.content_length() > Some(self.limits.bytes) {
            let limit = self.limits.bytes;
            return Err(EgressError::TooLarge { host, limit });
        }
        loop {
            if self.pending.is_empty() && !self.ended {
                let next = tokio::time::timeout_at(self.deadline, self.inner.chunk()).await;
                let next = next.map_err(|_| EgressError::Slow {
                    host: host.clone(),
                    seconds: self.limits.time.as_secs(),
                })?;
                match next.map_err(|e| super::http::explain(&host, e))? {
                    Some(bytes) => self.count_received(bytes),
                    None => self.ended = true,
                }
            }
            let piece = self.unpack_step(&host)?;
            self.given += piece.len() as u64;
            let received = u64::try_from(self.line.outcome.bytes_received).unwrap_or_default();
            if self.given.max(received) > self.limits.bytes {
                let limit = self.limits.bytes;
                return Err(EgressError::TooLarge { host, limit });
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
            if self.ended && self.pending.is_empty() {
                return Ok(None);
            }
        }
    }

    fn count_received(&mut self, bytes: Bytes) {
        let more = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.line.outcome.bytes_received = self.line.outcome.bytes_received.saturating_add(more);
        self.pending = bytes;
    }

    /// Unpacks the next [`STEP`] of the pending bytes.
    fn unpack_step(&mut self, host: &str) -> Result<Bytes, EgressError> {
        let broken = |error: std::io::Error| EgressError::Failed {
            host: host.to_owned(),
            reason: Reason::told("its compressed answer is damaged or cut off", error),
        };
        let Some(mut unpack) = self.unpack.take() else {
            return Ok(std::mem::take(&mut self.pending));
        };
        if self.pending.is_empty() {
            // An answer without a body, such as 304, may still name an encoding.
            if self.ended && self.line.outcome.bytes_received > 0 {
                unpack.try_finish().map_err(broken)?;
            }
        } else {
            let step = self.pending.split_to(self.pending.len().min(STEP));
            unpack.write_all(&step).map_err(broken)?;
        }
        let piece = Bytes::from(std::mem::take(unpack.get_mut()));
        if !self.ended || !self.pending.is_empty() {
            self.unpack = Some(unpack);
        }
        Ok(piece)
    }
}
