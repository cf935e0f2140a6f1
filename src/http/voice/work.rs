//! Work that a browser does before a visit begins, while a front desk is flooded with visits or if its owner wants it always.
//!
//! A challenge is `expires.bits.id.signature`, made without keeping anything: the signature covers the rest and the workspace, by a
//! key that lives as long as the process. Its solution is [`COUNT`] different whole numbers, each of which, as 8 bytes (big-endian)
//! after the 32 bytes of the signature, has a SHA-256 that begins with so many zero bits. Several small puzzles take a more even
//! time than one large. Only what was solved is remembered, until it expires.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::origin::{self, Site};
use super::rate::Deed;
use super::{Which, guest, visit};
use crate::http::Http;
use crate::http::address::{address_of, network_of};
use crate::http::auth::origin::is_this_machine;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::token::fill_random;
use crate::store::{StoreError, UnixMs, WorkspaceId};
use crate::usage::Pressure;

/// In bytes.
const KEY: usize = 32;
/// Puzzles of a challenge.
const COUNT: usize = 4;
/// Zero bits of each: about 16,000 hashes in all, of which a slow phone computes 50,000 in a second.
const LEAST_BITS: u32 = 12;
/// In a heavy flood: four times as many hashes.
const MOST_BITS: u32 = 14;
/// How long a challenge can be solved, ms.
const LIFETIME: i64 = 2 * 60 * 1000;
/// Solved challenges that are remembered. To fill this within their lifetime takes 500 visits a second, which [`super::rate`] lets
/// only thousands of networks begin; then new visits wait.
const MOST_SOLVED: usize = 65_536;

/// When a browser has to work before a visit begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofOfWork {
    #[default]
    Off,
    /// Only while unusually many visits are begun or refused.
    Automatic,
    Always,
}

impl ProofOfWork {
    pub(in crate::http) fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Automatic => "automatic",
            Self::Always => "always",
        }
    }

    /// Anything that is not known is [`Self::Off`].
    pub(in crate::http) fn read(text: &str) -> Self {
        match text {
            "automatic" => Self::Automatic,
            "always" => Self::Always,
            _ => Self::Off,
        }
    }
}

/// Which front desk a visit is to begin at.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChallengeRequest {
    /// Site key of the front desk.
    site: Option<String>,
    /// Short name of the workspace, for pages that are older than site keys.
    #[schema(deprecated)]
    workspace: Option<String>,
}

/// What is to be solved: `count` different whole numbers such that the SHA-256 of 40 bytes, the challenge's last part (in
/// hexadecimal) and the number as 8 bytes (big-endian), begins with `bits` zero bits.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeView {
    challenge: String,
    bits: u32,
    count: usize,
    /// Unix ms.
    expires_at: i64,
}

/// A solved challenge.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct WorkRequest {
    challenge: String,
    /// The numbers.
    solution: Vec<u64>,
}

/// Challenges and what led to them. Restarting forgets them, so browsers ask for a new one.
#[derive(Default)]
pub(in crate::http) struct Works {
    key: OnceLock<[u8; KEY]>,
    /// Solved challenges, with their ends.
    solved: Mutex<HashMap<u128, UnixMs>>,
    pressure: Pressure,
}

/// Asks for a challenge, which one visit can be begun with (`work`) within two minutes.
#[utoipa::path(post, path = "/api/v1/visit/challenge", tag = "visitors", operation_id = "askForChallenge",
    request_body = ChallengeRequest, security(()),
    responses((status = 200, body = ChallengeView), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn challenge(
    State(http): State<Http>,
    request: Request,
) -> Result<axum::Json<ChallengeView>, Problem> {
    let (parts, body) = request.into_parts();
    let site = Site::of(&parts.headers, &parts.uri);
    let (address, at_machine) = (address_of(&parts), is_this_machine(&parts));
    let Json(asked): Json<ChallengeRequest> =
        Json::from_request(Request::from_parts(parts, body), &()).await?;
    let which = Which {
        site: asked.site,
        workspace: asked.workspace,
    };
    let found = http
        .app
        .store
        .read(move |conn| which.find(conn, now_ms(), at_machine));
    let (workspace, settings) = found.await?.ok_or_else(visit::refuse_unknown_site)?;
    if !site.may(&settings) {
        return Err(origin::refusal(&site));
    }
    if !settings.enabled {
        return Err(guest::refuse_closed());
    }
    http.visits.count(address, Deed::Challenge)?;
    let made = http.works.make(workspace.id, now_ms(), Instant::now())?;
    Ok(axum::Json(made))
}

impl Works {
    /// Whether a visit may begin only with work.
    pub(super) fn is_needed(&self, workspace: WorkspaceId, when: ProofOfWork) -> bool {
        match when {
            ProofOfWork::Off => false,
            ProofOfWork::Automatic => self.pressure.level(workspace, Instant::now()) > 0,
            ProofOfWork::Always => true,
        }
    }

    /// Somebody wants to begin a visit, and has not worked for it.
    pub(super) fn note_visit(&self, workspace: WorkspaceId, address: IpAddr) {
        let network = network_of(address);
        self.pressure.note_visit(workspace, network, Instant::now());
    }

    /// Somebody began too many.
    pub(super) fn note_refused(&self, workspace: WorkspaceId) {
        self.pressure.note_refused(workspace, Instant::now());
    }

    fn make(
        &self,
        workspace: WorkspaceId,
        now: UnixMs,
        at: Instant,
    ) -> Result<ChallengeView, Problem> {
        let above = self.pressure.level(workspace, at).saturating_sub(1);
        let bits = LEAST_BITS.saturating_add(above).min(MOST_BITS);
        let mut id = [0_u8; 16];
        fill_random(&mut id)?;
        let expires_at = now + LIFETIME;
        let text = format!("{expires_at}.{bits}.{}", hex::encode(id));
        let signature = hex::encode(self.sign(workspace, &text)?.finalize().into_bytes());
        Ok(ChallengeView {
            challenge: format!("{text}.{signature}"),
            bits,
            count: COUNT,
            expires_at,
        })
    }

    /// Takes a solved challenge, once.
    ///
    /// # Errors
    /// 400 with what is wrong with it; 503 while more were solved than can be remembered.
    pub(super) fn redeem(
        &self,
        workspace: WorkspaceId,
        work: &WorkRequest,
        now: UnixMs,
    ) -> Result<(), Problem> {
        let foreign =
            || refuse("this challenge was not made by this front desk; ask for a new one");
        let (text, signature) = work.challenge.rsplit_once('.').ok_or_else(foreign)?;
        let signature = hex::decode(signature).map_err(|_| foreign())?;
        let signed = self.sign(workspace, text)?.verify_slice(&signature);
        signed.map_err(|_| foreign())?;
        let (expires_at, bits, id) = parse(text).ok_or_else(foreign)?;
        if expires_at <= now {
            return Err(refuse("this challenge has expired; ask for a new one"));
        }
        if !is_solved(&signature, &work.solution, bits) {
            let detail = format!(
                "this does not solve the challenge: {COUNT} different numbers are needed, each with {bits} zero bits"
            );
            return Err(refuse(&detail));
        }
        let mut solved = self.solved.lock().unwrap_or_else(PoisonError::into_inner);
        if solved.len() >= MOST_SOLVED {
            solved.retain(|_, until| *until > now);
        }
        if solved.contains_key(&id) {
            return Err(refuse("this challenge was used already; ask for a new one"));
        }
        if solved.len() >= MOST_SOLVED {
            let detail = "too many visits are begun right now; try again in a minute";
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
            return Err(problem.retry_after(60));
        }
        solved.insert(id, expires_at);
        Ok(())
    }

    fn sign(&self, workspace: WorkspaceId, text: &str) -> Result<Hmac<Sha256>, Problem> {
        let key = self.key()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|e| Problem::internal(&e))?;
        mac.update(format!("{workspace}|{text}").as_bytes());
        Ok(mac)
    }

    fn key(&self) -> Result<&[u8; KEY], StoreError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let mut key = [0_u8; KEY];
        fill_random(&mut key)?;
        Ok(self.key.get_or_init(|| key))
    }
}

/// For a visit that begins without the work that is needed.
pub(super) fn refuse_without() -> Problem {
    let detail = "many visits are begun right now, so a browser has to work for one: ask for a challenge \
                  (POST /api/v1/visit/challenge), and send it along solved";
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "work_required", detail).with_param("work")
}

fn refuse(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "work_refused", detail).with_param("work")
}

/// The parts of a challenge before its signature.
fn parse(text: &str) -> Option<(UnixMs, u32, u128)> {
    let mut parts = text.split('.');
    let (expires_at, bits, id) = (parts.next()?, parts.next()?, parts.next()?);
    let id = u128::from_str_radix(id, 16).ok()?;
    Some((expires_at.parse().ok()?, bits.parse().ok()?, id))
}

fn is_solved(signature: &[u8], solution: &[u64], bits: u32) -> bool {
    if solution.len() != COUNT {
        return false;
    }
    let mut numbers = solution.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let is_fine = |number: &u64| {
        let mut hash = Sha256::new();
        hash.update(signature);
        hash.update(number.to_be_bytes());
        count_zero_bits(&hash.finalize()) >= bits
    };
    numbers.len() == COUNT && numbers.iter().all(is_fine)
}

fn count_zero_bits(hash: &[u8]) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(zeros).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(zeros).map_or(u32::MAX, |zeros| zeros * 8 + rest)
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
