//! S3-compatible storage. `rusty_s3` signs the addresses (Signature Version 4) and reads the answers; the gateway sends.
//! The signature travels as a secret part of the address.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::events::Event;
use rusty_s3::actions::{CreateMultipartUpload, ListObjectsV2, S3Action};
use rusty_s3::{Bucket, Credentials};
use tokio::io::AsyncReadExt;
use url::Url;

use super::settings::NewS3;
use super::{Stored, Take, Target, Upload, local, patience};
use crate::app::backup::BackupError;
use crate::egress::{
    Carrier, Gateway, Limits, Method, Part, Purpose, Request, Response, Sealed, Secret,
};
use crate::reason::Reason;

/// How long a signed address is valid.
const VALID: Duration = Duration::from_secs(3_600);
/// Larger files are uploaded in pieces of this many bytes, each held in memory.
const PIECE: u64 = 16 << 20;
/// Most pieces per file. The protocol allows 10,000.
const MOST_PIECES: u64 = 9_000;
/// Most bytes of a response that is not a file.
const MOST_TEXT: u64 = 8 << 20;
/// Most pages read of a list, of 1,000 files each.
const MOST_PAGES: usize = 100;

/// A bucket and its credentials.
pub(super) struct S3 {
    gateway: Gateway,
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    piece: u64,
}

/// A signed address and its method.
struct Signed(Method, Url);

fn signed<'a, A: S3Action<'a>>(action: &A) -> Signed {
    let method = match A::METHOD {
        rusty_s3::Method::Get => Method::Get,
        rusty_s3::Method::Head => Method::Head,
        rusty_s3::Method::Post => Method::Post,
        rusty_s3::Method::Put => Method::Put,
        rusty_s3::Method::Delete => Method::Delete,
    };
    Signed(method, action.sign(VALID))
}

impl S3 {
    pub(super) fn new(gateway: Gateway, settings: &NewS3) -> Result<Self, BackupError> {
        let secret = settings.secret_key.reveal();
        Ok(Self {
            gateway,
            bucket: settings.bucket()?,
            credentials: Credentials::new(settings.access_key.as_str(), secret),
            prefix: match settings.prefix.as_str() {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            piece: PIECE,
        })
    }

    /// Sets another size of pieces.
    #[cfg(test)]
    pub(super) fn in_pieces_of(mut self, bytes: u64) -> Self {
        self.piece = bytes;
        self
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Sends a request; a response with an error status is an error.
    async fn ask(
        &self,
        Signed(method, signed): Signed,
        body: Option<Part>,
        (sent, received): (u64, u64),
    ) -> Result<Response, BackupError> {
        let (open, secret): (Vec<&str>, Vec<&str>) = signed
            .query()
            .unwrap_or_default()
            .split('&')
            .partition(|pair| !pair.starts_with("X-Amz-"));
        let mut url = signed.clone();
        url.set_query((!open.is_empty()).then(|| open.join("&")).as_deref());
        let secret = Sealed::to(&url, Secret::new(secret.join("&")));
        let request = Request {
            body: body.into_iter().collect(),
            secrets: vec![(Carrier::Query, secret)],
            limits: Limits {
                bytes: received.max(MOST_TEXT),
                sent,
                time: patience(sent.max(received)),
                redirects: 0,
            },
            ..Request::new(Purpose::Backup, method, url)
        };
        let response = self.gateway.send(request).await?;
        if (200..=299).contains(&response.status) {
            return Ok(response);
        }
        let status = response.status;
        let text = response.bytes().await.unwrap_or_default();
        Err(refusal(status, &String::from_utf8_lossy(&text)))
    }

    async fn text(&self, signed: Signed, body: Option<Part>) -> Result<String, BackupError> {
        let answer = self.ask(signed, body, (MOST_TEXT, MOST_TEXT)).await?;
        let bytes = answer.bytes().await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn put_whole(&self, upload: Upload<'_>) -> Result<(), BackupError> {
        let bytes = read(&mut *upload.from, upload.size).await?;
        let key = self.key(upload.name);
        let action = self.bucket.put_object(Some(&self.credentials), &key);
        let part = Part::new(upload.class, bytes);
        let answer = self
            .ask(signed(&action), Some(part), (upload.size, 0))
            .await?;
        Ok(answer.discard().await?)
    }

    async fn put_in_pieces(&self, mut upload: Upload<'_>) -> Result<(), BackupError> {
        let key = self.key(upload.name);
        let credentials = Some(&self.credentials);
        let begin = self.bucket.create_multipart_upload(credentials, &key);
        let answer = self.text(signed(&begin), None).await?;
        let begun = CreateMultipartUpload::parse_response(&answer).map_err(not_understood)?;
        let id = begun.upload_id();
        let outcome = self.pieces(&mut upload, &key, id).await;
        if outcome.is_err() {
            // The uploaded pieces are stored, and paid for, until this.
            let abort = self.bucket.abort_multipart_upload(credentials, &key, id);
            if let Err(error) = self.text(signed(&abort), None).await {
                tracing::warn!(%error, "an upload that was begun could not be taken back");
            }
        }
        outcome
    }

    async fn pieces(
        &self,
        upload: &mut Upload<'_>,
        key: &str,
        id: &str,
    ) -> Result<(), BackupError> {
        let credentials = Some(&self.credentials);
        let size = self.piece.max(upload.size.div_ceil(MOST_PIECES));
        let (mut left, mut number, mut tags) = (upload.size, 0, Vec::new());
        while left > 0 {
            let length = left.min(size);
            let bytes = read(&mut *upload.from, length).await?;
            number += 1;
            let action = self.bucket.upload_part(credentials, key, number, id);
            let part = Part::new(upload.class, bytes);
            let answer = self.ask(signed(&action), Some(part), (length, 0)).await?;
            let tag = answer.header("etag").map(str::to_owned);
            answer.discard().await?;
            tags.push(tag.ok_or_else(|| not_understood("a piece without its tag"))?);
            left -= length;
        }
        let tags = tags.iter().map(String::as_str);
        let end = self
            .bucket
            .complete_multipart_upload(credentials, key, id, tags);
        let address = signed(&end);
        let part = Part::new(crate::egress::Class::Metadata, end.body());
        let answer = self.text(address, Some(part)).await?;
        // The response may still report a failure after status 200.
        match parse_error(&answer) {
            Some((code, message)) => Err(hint(&code, &message)),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Target for S3 {
    async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            action.with_prefix(self.prefix.as_str());
            if let Some(token) = token {
                action.with_continuation_token(token);
            }
            let answer = self.text(signed(&action), None).await?;
            let page = ListObjectsV2::parse_response(&answer).map_err(not_understood)?;
            all.extend(page.contents.into_iter().filter_map(|object| {
                let name = object.key.strip_prefix(&self.prefix)?;
                Some(Stored {
                    name: name.to_owned(),
                    size: object.size?,
                })
            }));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(BackupError::Target(
            "there are more than 100,000 files under this prefix; give the backups one of their own"
                .into(),
        ))
    }

    async fn put(&self, upload: Upload<'_>) -> Result<(), BackupError> {
        if upload.size <= self.piece {
            self.put_whole(upload).await
        } else {
            self.put_in_pieces(upload).await
        }
    }

    async fn get(&self, name: &str, most: u64, take: Take<'_>) -> Result<(), BackupError> {
        let key = self.key(name);
        let action = self.bucket.get_object(Some(&self.credentials), &key);
        let mut answer = self.ask(signed(&action), None, (0, most)).await?;
        while let Some(piece) = answer.chunk().await? {
            take(&piece).map_err(local)?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), BackupError> {
        let key = self.key(name);
        let action = self.bucket.delete_object(Some(&self.credentials), &key);
        match self.text(signed(&action), None).await {
            Ok(_) | Err(BackupError::Unknown) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Reads exactly this many bytes.
async fn read(
    from: &mut (dyn tokio::io::AsyncRead + Unpin + Send),
    size: u64,
) -> Result<Bytes, BackupError> {
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    from.read_exact(&mut bytes).await.map_err(local)?;
    Ok(bytes.into())
}

fn not_understood(error: impl Into<Box<dyn Error + Send + Sync>>) -> BackupError {
    let error = error.into();
    let told =
        format!("the service answers in another way than S3 does ({error}); check its address");
    BackupError::Target(Reason::told(told, error))
}

/// Turns a response with an error status into an error.
fn refusal(status: u16, text: &str) -> BackupError {
    match parse_error(text) {
        Some((code, _)) if code == "NoSuchKey" => BackupError::Unknown,
        Some((code, message)) => hint(&code, &message),
        None if status == 404 => BackupError::Unknown,
        None if (300..=399).contains(&status) => BackupError::Target(
            "the service sends on to another address; check its address, the region and the style of the bucket's name"
                .into(),
        ),
        None => BackupError::Target(format!(
            "the service answered with status {status} and no S3 error code; check its address"
        ).into()),
    }
}

/// Explains an S3 error code and what to do about it.
fn hint(code: &str, message: &str) -> BackupError {
    let todo = match code {
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" => "check the access key and the secret key",
        "AccessDenied" => "allow this key to list, read, write and delete in the bucket",
        "NoSuchBucket" => "make the bucket, or check its name",
        "RequestTimeTooSkewed" => "set the clock of this machine",
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect" => {
            "check the region and the address of the service"
        }
        "SlowDown" | "ServiceUnavailable" | "InternalError" => "Frontdesk will try again",
        _ => "the documentation of the service explains this",
    };
    BackupError::Target(format!("the service says {code} ({message}): {todo}").into())
}

/// Code and message of an S3 error response.
fn parse_error(text: &str) -> Option<(String, String)> {
    let mut reader = Reader::from_str(text);
    let (mut is_error, mut inside, mut found) =
        (false, String::new(), [const { String::new() }; 2]);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                inside = tag.local_name().as_ref().to_owned();
                is_error |= inside == "Error";
            }
            Event::End(_) => inside.clear(),
            Event::Text(piece) if is_error => {
                let [code, message] = &mut found;
                match inside.as_str() {
                    "Code" => code.push_str(&piece.xml10_content()),
                    "Message" => message.push_str(&piece.xml10_content()),
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let [code, message] = found;
    is_error.then_some((code, message))
}
