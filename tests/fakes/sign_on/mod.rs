//! A sign-in server (OpenID Connect, code flow with PKCE) on loopback, written from the specifications.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

struct Inner {
    issuer: String,
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// What its codes stand for: the claims, and the challenge of PKCE.
    codes: Mutex<HashMap<String, (Value, String)>>,
    /// Whether it says that its answers name it.
    names_itself: AtomicBool,
}

/// The running server.
#[derive(Clone)]
pub struct SignOn {
    inner: Arc<Inner>,
    pub port: u16,
}

impl SignOn {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        let inner = Arc::new(Inner {
            issuer: format!("http://127.0.0.1:{port}"),
            pair,
            random,
            codes: Mutex::default(),
            names_itself: AtomicBool::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, port }
    }

    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// From now on it says that its answers name it (RFC 9207).
    pub fn name_itself(&self) {
        self.inner.names_itself.store(true, Ordering::Relaxed);
    }

    /// What it sends a browser back with that was sent to this address: somebody signed in there.
    pub fn sign_in(&self, sent_to: &str, mut claims: Value) -> (String, String) {
        let url = url::Url::parse(sent_to).unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(query["code_challenge_method"], "S256");
        let now = crate::app::now() / 1000;
        claims["iss"] = json!(self.inner.issuer);
        claims["aud"] = json!(query["client_id"]);
        claims["nonce"] = json!(query["nonce"]);
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + 300);
        let code = format!("code-{}", query["state"]);
        let kept = (claims, query["code_challenge"].clone());
        self.inner.codes.lock().unwrap().insert(code.clone(), kept);
        (code, query["state"].clone())
    }
}

async fn metadata(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", inner.issuer);
    Json(
        json!({"issuer": inner.issuer, "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"), "jwks_uri": at("/keys"),
        "authorization_response_iss_parameter_supported": inner.names_itself.load(Ordering::Relaxed)}),
    )
}

async fn keys(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let point = inner.pair.public_key().as_ref();
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(
        json!({"keys": [{"kty": "EC", "kid": "1", "crv": "P-256", "use": "sig",
        "x": coordinate(&point[1..33]), "y": coordinate(&point[33..])}]}),
    )
}

async fn token(
    State(inner): State<Arc<Inner>>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let taken = inner.codes.lock().unwrap().remove(&form["code"]);
    let Some((claims, challenge)) = taken else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if verifier != challenge || form["client_secret"] != "quiet" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"alg": "ES256", "kid": "1"})),
        part(&claims)
    );
    let signature = inner.pair.sign(&inner.random, signed.as_bytes()).unwrap();
    let id_token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
    Json(json!({"access_token": "x", "token_type": "Bearer", "id_token": id_token})).into_response()
}
