//! Recordings of voice messages: from Kommo's own hosts, without our token, and only if they are sound.

use std::time::Duration;

use url::Url;

use super::account::KommoAccount;
use crate::crm::{CrmError, Voice, VoiceLink, sound};
use crate::egress::{EgressError, Limits, Method, Purpose, Request};

/// Redirects within Kommo's hosts that are followed; each target is checked like the first.
const REDIRECTS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

impl KommoAccount {
    pub(super) async fn fetch_voice(&self, voice: &VoiceLink) -> Result<Voice, CrmError> {
        let mut link = voice.url.clone();
        for _ in 0..=REDIRECTS {
            let url = self.kommo.inner.hosts.media(&link)?;
            self.kommo.take_turn(&self.account.host).await?;
            let request = Request {
                workspace: Some(self.account.workspace()),
                accept: "audio/*, application/ogg",
                limits: Limits {
                    bytes: sound::LONGEST,
                    sent: 0,
                    time: PATIENCE,
                    redirects: 0,
                },
                ..Request::new(Purpose::Crm, Method::Get, url)
            };
            let response = self.kommo.inner.gateway.send(request).await?;
            match response.status {
                200 => {}
                301 | 302 | 303 | 307 | 308 => {
                    let target = response.header("location").map(str::to_owned);
                    response.discard().await?;
                    let target = target.ok_or_else(|| {
                        CrmError::Voice("its address redirects without saying where to".into())
                    })?;
                    link = follow(&link, &target)?;
                    continue;
                }
                404 | 410 => {
                    response.discard().await?;
                    return Err(CrmError::Missing {
                        account: self.account.host.clone(),
                        what: "the recording",
                    });
                }
                status => {
                    response.discard().await?;
                    return Err(match status {
                        500..=599 => CrmError::Failing {
                            account: self.account.host.clone(),
                            status,
                        },
                        _ => CrmError::Voice(
                            format!("its address answers with status {status}").into(),
                        ),
                    });
                }
            }
            let bytes = match response.bytes().await {
                Err(EgressError::TooLarge { limit, .. }) => {
                    let told = format!("it has more than {} MB", limit >> 20);
                    return Err(CrmError::Voice(told.into()));
                }
                bytes => bytes?,
            };
            let Some(media_type) = sound::sniff(&bytes) else {
                let told =
                    "what lies at its address does not begin like sound; the link may have run out";
                return Err(CrmError::Voice(told.into()));
            };
            return Ok(Voice { bytes, media_type });
        }
        Err(CrmError::Voice(
            "its address redirects too many times".into(),
        ))
    }
}

/// Where a redirect leads, before it is checked. It is seen from the address as Kommo named it, also where a server of this
/// machine stands in.
fn follow(from: &str, target: &str) -> Result<String, CrmError> {
    let joined = Url::parse(from).and_then(|from| from.join(target));
    let joined = joined.map_err(|_| CrmError::Voice("its address redirects to none".into()))?;
    Ok(joined.to_string())
}
