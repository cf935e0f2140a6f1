//! The licence API of the shop, on loopback. It takes forms and JSON, as both are sent to it in the wild.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A licence key at the shop.
#[derive(Clone)]
pub struct Key {
    /// `inactive`, `active`, `expired` or `disabled`.
    pub status: &'static str,
    pub limit: usize,
    pub store: u64,
    pub product: u64,
    pub variant: u64,
    pub test_mode: bool,
    pub expires_at: Option<&'static str>,
    /// Names of activations by their ids.
    pub instances: HashMap<String, String>,
}

impl Key {
    pub fn new(store: u64) -> Self {
        Self {
            status: "inactive",
            limit: 1,
            store,
            product: 61,
            variant: 71,
            test_mode: false,
            expires_at: None,
            instances: HashMap::new(),
        }
    }
}

#[derive(Default)]
struct Inner {
    keys: Mutex<HashMap<String, Key>>,
    /// What was asked, with the fields that were sent.
    asked: Mutex<Vec<(String, HashMap<String, String>)>>,
    /// Answers every request with this status instead.
    broken: Mutex<Option<u16>>,
}

/// The running API.
pub struct Licences {
    inner: Arc<Inner>,
    pub port: u16,
}

impl Licences {
    pub async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn start_on(listener: TcpListener) -> Self {
        let inner = Arc::<Inner>::default();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new()
            .route("/v1/licenses/{verb}", post(answer))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, port }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn put(&self, key: &str, it: Key) {
        self.inner.keys.lock().unwrap().insert(key.to_owned(), it);
    }

    pub fn key(&self, key: &str) -> Key {
        self.inner.keys.lock().unwrap()[key].clone()
    }

    pub fn change(&self, key: &str, change: impl FnOnce(&mut Key)) {
        change(self.inner.keys.lock().unwrap().get_mut(key).unwrap());
    }

    /// Fails from now on, or works again.
    pub fn fail_with(&self, status: Option<u16>) {
        *self.inner.broken.lock().unwrap() = status;
    }

    /// All keys.
    #[allow(dead_code, reason = "by hand only")]
    pub fn keys(&self) -> Vec<(String, Key)> {
        let keys = self.inner.keys.lock().unwrap();
        keys.iter()
            .map(|(name, key)| (name.clone(), key.clone()))
            .collect()
    }

    /// What was asked since the last call of [`Licences::asked`], which it leaves for that.
    #[allow(dead_code, reason = "by hand only")]
    pub fn asked_before(&self) -> Vec<(String, HashMap<String, String>)> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// What was asked since the last call, in order.
    pub fn asked(&self) -> Vec<(String, HashMap<String, String>)> {
        std::mem::take(&mut self.inner.asked.lock().unwrap())
    }
}

/// The fields of a form, or of JSON as `application/vnd.api+json`.
fn fields(headers: &HeaderMap, body: &[u8]) -> Option<HashMap<String, String>> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Some(form_urlencoded::parse(body).into_owned().collect());
    }
    if kind.starts_with("application/vnd.api+json") || kind.starts_with("application/json") {
        return serde_json::from_slice(body).ok();
    }
    None
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}

async fn answer(
    State(shop): State<Arc<Inner>>,
    Path(verb): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(status) = *shop.broken.lock().unwrap() {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let Some(fields) = fields(&headers, &body) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    shop.asked
        .lock()
        .unwrap()
        .push((verb.clone(), fields.clone()));
    let done = match verb.as_str() {
        "activate" => "activated",
        "validate" => "valid",
        "deactivate" => "deactivated",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let of = |name: &str| fields.get(name).cloned();
    let mut keys = shop.keys.lock().unwrap();
    let Some(name) = of("license_key").filter(|name| keys.contains_key(name)) else {
        let told = json!({ done: false, "error": "license_key not found." });
        return json_answer(StatusCode::NOT_FOUND, &told);
    };
    let key = keys.get_mut(&name).unwrap();
    let mut instance = Value::Null;
    let refused = match verb.as_str() {
        "activate" => match key.status {
            "expired" => Some("This license key has expired."),
            "disabled" => Some("This license key is disabled."),
            _ if key.instances.len() >= key.limit => {
                Some("This license key has reached the activation limit.")
            }
            _ => {
                let id = format!("47596ad9-a811-4ebf-ac8a-{:012}", key.instances.len() + 1);
                let named = of("instance_name").unwrap_or_default();
                key.instances.insert(id.clone(), named.clone());
                key.status = "active";
                instance =
                    json!({ "id": id, "name": named, "created_at": "2026-12-01T10:00:00.000000Z" });
                None
            }
        },
        "validate" => {
            let known = of("instance_id");
            let found = known
                .as_ref()
                .and_then(|id| Some((id, key.instances.get(id)?)));
            if let Some((id, named)) = found {
                instance =
                    json!({ "id": id, "name": named, "created_at": "2026-12-01T10:00:00.000000Z" });
            }
            match key.status {
                "expired" => Some("license_key expired."),
                "disabled" => Some("license_key disabled."),
                _ if known.is_some() && instance.is_null() => {
                    Some("license_key_instance not found.")
                }
                _ => None,
            }
        }
        _ => match of("instance_id").and_then(|id| key.instances.remove(&id)) {
            Some(_) => None,
            None => Some("license_key_instance not found."),
        },
    };
    if verb == "deactivate" && key.instances.is_empty() && key.status == "active" {
        key.status = "inactive";
    }
    let mut told = json!({
        done: refused.is_none(),
        "error": refused,
        "license_key": {
            "id": 1,
            "status": key.status,
            "key": name,
            "activation_limit": key.limit,
            "activation_usage": key.instances.len(),
            "created_at": "2026-12-01T10:00:00.000000Z",
            "expires_at": key.expires_at,
            "test_mode": key.test_mode,
        },
        "meta": {
            "store_id": key.store,
            "order_id": 41,
            "order_item_id": 51,
            "product_id": key.product,
            "product_name": "Front desk",
            "variant_id": key.variant,
            "variant_name": "Small",
            "customer_id": 31,
            "customer_name": "Ann Buyer",
            "customer_email": "ann@buyer.example",
        },
    });
    if verb != "deactivate" {
        told["instance"] = instance;
    }
    let status = match (refused, verb.as_str()) {
        (None, _) => StatusCode::OK,
        (Some(why), _) if why.contains("not found") => StatusCode::NOT_FOUND,
        (Some(_), _) => StatusCode::BAD_REQUEST,
    };
    json_answer(status, &told)
}
