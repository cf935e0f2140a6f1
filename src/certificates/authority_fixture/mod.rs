//! An authority for tests: a small ACME server (RFC 8555) on this machine. It checks signatures and nonces, really connects
//! to prove names, and signs what it is asked for.

mod jws;
mod proof;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, IsCa,
    KeyPair,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use self::jws::Signed;
use super::made;
use super::pace::now_ms;

/// How the authority behaves; a test changes it as it goes.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where it finds the server over TLS and plain HTTP.
    pub tls_port: u16,
    pub http_port: u16,
    /// Kinds of challenges that it offers.
    pub offers: Vec<&'static str>,
    /// How long its certificates last.
    pub lifetime: Duration,
    /// Refuses each order with "try again in so many seconds".
    pub busy: Option<u64>,
}

pub struct Authority {
    pub directory: Url,
    /// Host and port, for `egress.allow`.
    pub place: String,
    /// PEM of its root.
    pub root: String,
    shared: Arc<Shared>,
}

struct Shared {
    base: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    state: Mutex<State>,
}

struct State {
    rules: Rules,
    nonces: HashSet<String>,
    made: u64,
    /// Public keys by the account's address.
    accounts: HashMap<String, jws::Key>,
    orders: Vec<Order>,
    contacts: Vec<Value>,
}

#[derive(Clone, Default)]
struct Order {
    names: Vec<String>,
    /// The kind of certificate, if one was named.
    profile: Option<String>,
    /// By name: `pending`, `valid` or `invalid`, with the reason.
    proven: Vec<(&'static str, String)>,
    certificate: Option<String>,
}

struct Answer {
    status: u16,
    location: Option<String>,
    kind: &'static str,
    body: String,
    retry_after: Option<u64>,
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        location: None,
        kind: "application/json",
        body: body.to_string(),
        retry_after: None,
    }
}

fn problem(status: u16, kind: &str, detail: &str) -> Answer {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    answer(
        status,
        &json!({"type": kind, "detail": detail, "status": status}),
    )
}

impl Authority {
    pub async fn start(rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let mut params = CertificateParams::default();
        params.distinguished_name = made::called("Test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let root = issuer.pem();
        let shared = Arc::new(Shared {
            base: format!("http://{place}"),
            issuer,
            state: Mutex::new(State {
                rules,
                nonces: HashSet::new(),
                made: 0,
                accounts: HashMap::new(),
                orders: Vec::new(),
                contacts: Vec::new(),
            }),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { shared.serve(socket).await });
            }
        });
        Self {
            directory: Url::parse(&format!("{}/directory", shared.base)).unwrap(),
            place,
            root,
            shared,
        }
    }

    pub fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.shared.state().rules);
    }

    pub fn accounts(&self) -> usize {
        self.shared.state().accounts.len()
    }

    pub fn orders(&self) -> usize {
        self.shared.state().orders.len()
    }

    /// The kinds of certificates that the orders named.
    pub fn profiles(&self) -> Vec<Option<String>> {
        let state = self.shared.state();
        state
            .orders
            .iter()
            .map(|order| order.profile.clone())
            .collect()
    }

    /// What accounts gave as their contacts.
    pub fn contacts(&self) -> Vec<Value> {
        self.shared.state().contacts.clone()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self: Arc<Self>, mut socket: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?;
        let mut words = head.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        let mut body = vec![0; length.unwrap_or_default()];
        socket.read_exact(&mut body).await.ok()?;
        let answer = match method.as_str() {
            "POST" => self.posted(&path, &body),
            _ if path == "/directory" => answer(200, &self.directory()),
            _ => answer(200, &json!({})),
        };
        let mut text = format!(
            "HTTP/1.1 {} X\r\ncontent-type: {}\r\nconnection: close\r\nreplay-nonce: {}\r\n",
            answer.status,
            answer.kind,
            self.nonce()
        );
        if let Some(location) = answer.location {
            text += &format!("location: {location}\r\n");
        }
        if let Some(seconds) = answer.retry_after {
            text += &format!("retry-after: {seconds}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", answer.body.len());
        if method != "HEAD" {
            text += &answer.body;
        }
        socket.write_all(text.as_bytes()).await.ok()
    }

    fn directory(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.base);
        json!({
            "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order"),
            "revokeCert": at("revoke"), "keyChange": at("key"),
            "meta": {
                "termsOfService": at("terms"),
                "profiles": {"classic": at("classic"), "shortlived": at("shortlived")},
            },
        })
    }

    fn nonce(&self) -> String {
        let mut state = self.state();
        state.made += 1;
        let nonce = format!("nonce-{}", state.made);
        state.nonces.insert(nonce.clone());
        nonce
    }

    /// A signed request. Each step is refused as a real authority would.
    fn posted(self: &Arc<Self>, path: &str, body: &[u8]) -> Answer {
        let signed = match Signed::read(body, &self.state().accounts) {
            Ok(signed) => signed,
            Err(why) => return problem(400, "malformed", &why),
        };
        if !self.state().nonces.remove(&signed.nonce) {
            return problem(400, "badNonce", "an unknown nonce");
        }
        if signed.url != format!("{}{path}", self.base) {
            return problem(401, "unauthorized", "signed for another address");
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
        match parts.as_slice() {
            ["account"] => self.new_account(signed),
            ["order"] => self.new_order(&signed.payload),
            ["order", order] => self.show(number(order), 200),
            ["authz", order, name] => self.authorization(number(order), number(name), &signed.key),
            ["challenge", order, name, kind] => {
                self.challenged(number(order), number(name), kind, &signed.key)
            }
            ["finalize", order] => self.finalize(number(order), &signed.payload),
            ["certificate", order] => self.certificate(number(order)),
            _ => problem(404, "malformed", "nothing is here"),
        }
    }

    fn new_account(&self, signed: Signed) -> Answer {
        if signed.payload["termsOfServiceAgreed"] != true {
            return problem(403, "userActionRequired", "the terms were not agreed to");
        }
        let mut state = self.state();
        let address = format!("{}/account/{}", self.base, state.accounts.len() + 1);
        state.contacts.push(signed.payload["contact"].clone());
        state.accounts.insert(address.clone(), signed.key);
        Answer {
            location: Some(address),
            ..answer(201, &json!({"status": "valid"}))
        }
    }

    fn new_order(&self, payload: &Value) -> Answer {
        let mut state = self.state();
        if let Some(seconds) = state.rules.busy {
            return Answer {
                retry_after: Some(seconds),
                ..problem(429, "rateLimited", "too many orders")
            };
        }
        let asked = payload["identifiers"].as_array().into_iter().flatten();
        let names: Vec<String> = asked
            .filter_map(|one| one["value"].as_str().map(str::to_owned))
            .collect();
        let right: Vec<Value> = names.iter().map(|name| identifier(name)).collect();
        if payload["identifiers"] != Value::from(right) {
            return problem(400, "malformed", "an identifier of the wrong type");
        }
        let profile = payload["profile"].as_str().map(str::to_owned);
        let has_address = names.iter().any(|name| name.parse::<IpAddr>().is_ok());
        if has_address && profile.as_deref() != Some("shortlived") {
            let told = "addresses need the profile shortlived";
            return problem(400, "rejectedIdentifier", told);
        }
        let order = Order {
            proven: vec![("pending", String::new()); names.len()],
            names,
            profile,
            certificate: None,
        };
        state.orders.push(order);
        let number = state.orders.len() - 1;
        drop(state);
        Answer {
            location: Some(format!("{}/order/{number}", self.base)),
            ..self.show(number, 201)
        }
    }

    fn show(&self, number: usize, status: u16) -> Answer {
        let state = self.state();
        let Some(order) = state.orders.get(number) else {
            return problem(404, "malformed", "no such order");
        };
        let all = |wanted: &str| order.proven.iter().all(|(state, _)| *state == wanted);
        let how = if order.certificate.is_some() {
            "valid"
        } else if order.proven.iter().any(|(state, _)| *state == "invalid") {
            "invalid"
        } else if all("valid") {
            "ready"
        } else {
            "pending"
        };
        let at = |path: String| format!("{}/{path}", self.base);
        let names = 0..order.names.len();
        let names = names.map(|name| at(format!("authz/{number}/{name}")));
        let mut body = json!({
            "status": how,
            "identifiers": order.names.iter().map(|name| identifier(name)).collect::<Vec<_>>(),
            "authorizations": names.collect::<Vec<_>>(),
            "finalize": at(format!("finalize/{number}")),
        });
        if order.certificate.is_some() {
            body["certificate"] = at(format!("certificate/{number}")).into();
        }
        answer(status, &body)
    }

    fn authorization(&self, number: usize, name: usize, key: &jws::Key) -> Answer {
        let state = self.state();
        let found = state.orders.get(number);
        let Some((order, (how, why))) = found.and_then(|o| Some((o, o.proven.get(name)?))) else {
            return problem(404, "malformed", "no such authorization");
        };
        let challenge = |kind: &&str| {
            let mut challenge = json!({
                "type": kind, "status": how, "token": token(number, name, key),
                "url": format!("{}/challenge/{number}/{name}/{kind}", self.base),
            });
            if *how == "invalid" {
                let kind = "urn:ietf:params:acme:error:connection";
                challenge["error"] = json!({"type": kind, "detail": why});
            }
            challenge
        };
        let challenges: Vec<Value> = state.rules.offers.iter().map(challenge).collect();
        let identifier = order.names.get(name).map(|name| identifier(name));
        answer(
            200,
            &json!({"status": how, "identifier": identifier, "challenges": challenges}),
        )
    }

    /// Connects to the server in the background, as the order's state tells later.
    fn challenged(
        self: &Arc<Self>,
        number: usize,
        name: usize,
        kind: &str,
        key: &jws::Key,
    ) -> Answer {
        let state = self.state();
        let order = state.orders.get(number);
        let Some(host) = order.and_then(|order| order.names.get(name)).cloned() else {
            return problem(404, "malformed", "no such challenge");
        };
        let rules = state.rules.clone();
        drop(state);
        let token = token(number, name, key);
        let expected = format!("{token}.{}", key.thumbprint());
        let (shared, is_tls) = (Arc::clone(self), kind == "tls-alpn-01");
        let asked = token.clone();
        tokio::spawn(async move {
            let result = if is_tls {
                proof::over_tls(rules.tls_port, &host, &expected).await
            } else {
                proof::over_http(rules.http_port, &host, &asked, &expected).await
            };
            let mut state = shared.state();
            if let Some(order) = state.orders.get_mut(number)
                && let Some(proven) = order.proven.get_mut(name)
            {
                *proven = match result {
                    Ok(()) => ("valid", String::new()),
                    Err(why) => ("invalid", why),
                };
            }
        });
        let url = format!("{}/challenge/{number}/{name}/{kind}", self.base);
        answer(
            200,
            &json!({"type": kind, "status": "pending", "token": token, "url": url}),
        )
    }

    fn finalize(&self, number: usize, payload: &Value) -> Answer {
        let request = payload["csr"].as_str().and_then(jws::decode);
        let Some(request) = request else {
            return problem(400, "badCSR", "there is no request");
        };
        let parsed = CertificateSigningRequestParams::from_der(&request.into());
        let Ok(mut parsed) = parsed else {
            return problem(400, "badCSR", "it cannot be read");
        };
        let mut state = self.state();
        let lifetime = state.rules.lifetime;
        let Some(order) = state.orders.get_mut(number) else {
            return problem(404, "malformed", "no such order");
        };
        if order.proven.iter().any(|(state, _)| *state != "valid") {
            return problem(403, "orderNotReady", "the names are not proven");
        }
        // Not backdated, so that a short life is short.
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let now = Duration::from_millis(u64::try_from(now_ms()).unwrap_or_default());
        parsed.params.not_before = epoch + now;
        parsed.params.not_after = epoch + now + lifetime;
        parsed.params.use_authority_key_identifier_extension = true;
        match parsed.signed_by(&self.issuer) {
            Ok(certificate) => order.certificate = Some(certificate.pem()),
            Err(error) => return problem(500, "serverInternal", &error.to_string()),
        }
        drop(state);
        self.show(number, 200)
    }

    fn certificate(&self, number: usize) -> Answer {
        let state = self.state();
        let found = state
            .orders
            .get(number)
            .and_then(|order| order.certificate.clone());
        match found {
            Some(own) => Answer {
                kind: "application/pem-certificate-chain",
                body: format!("{own}{}", self.issuer.pem()),
                ..answer(200, &Value::Null)
            },
            None => problem(404, "malformed", "no certificate yet"),
        }
    }
}

/// RFC 8555, section 9.7.7, and RFC 8738, section 3.
fn identifier(name: &str) -> Value {
    let kind = match name.parse::<IpAddr>() {
        Ok(_) => "ip",
        Err(_) => "dns",
    };
    json!({"type": kind, "value": name})
}

/// The same each time it is asked, as an authority's must be.
fn token(order: usize, name: usize, key: &jws::Key) -> String {
    let thumbprint = key.thumbprint();
    let head = thumbprint.get(..16).unwrap_or_default();
    format!("token-{order}-{name}-{head}")
}
