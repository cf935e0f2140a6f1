//! Asks a running server over its API.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::cli::remote::Server;
use crate::eval::{AskedCase, Asker, Case, EvalError, Report};
use crate::reason::Reason;

pub(super) struct ServerAsker {
    server: Server,
    path: String,
}

impl ServerAsker {
    pub(super) fn new(server: Server, workspace: &str) -> Self {
        let path = path("/api/v1/evals/ask", &[("workspace", workspace)]);
        Self { server, path }
    }

    async fn try_ask(&self, case: &Case) -> anyhow::Result<AskedCase> {
        let body = serde_json::to_value(case)?;
        Ok(serde_json::from_value(
            self.server.post(&self.path, &body).await?,
        )?)
    }
}

pub(super) fn path(path: &str, query: &[(&str, &str)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(query);
    format!("{path}?{}", encoded.finish())
}

#[async_trait]
impl Asker for ServerAsker {
    async fn ask(&self, case: &Case) -> Result<AskedCase, EvalError> {
        self.try_ask(case)
            .await
            .map_err(|error| EvalError::Ask(Reason::of(error)))
    }
}

/// Finds the newest run of this name on the server.
pub(super) async fn previous(
    server: &Server,
    workspace: &str,
    name: &str,
) -> anyhow::Result<Option<Report>> {
    let path = path(
        "/api/v1/evals/latest",
        &[("workspace", workspace), ("name", name)],
    );
    let found = server.get(&path).await?;
    Ok(serde_json::from_value(found)?)
}

/// Stores a run on the server.
pub(super) async fn keep(server: &Server, workspace: &str, report: &Report) -> anyhow::Result<()> {
    let mut report = report.clone();
    for one in &mut report.results {
        // The server limits the size of a body, and the rungs' measurements are only for calibrating.
        one.checks = Value::Null;
    }
    let path = path("/api/v1/evals", &[("workspace", workspace)]);
    server.post(&path, &serde_json::to_value(&report)?).await?;
    Ok(())
}

/// Stores thresholds on the server.
pub(super) async fn keep_answers(
    server: &Server,
    workspace: &str,
    thresholds: Map<String, Value>,
) -> anyhow::Result<()> {
    let path = path("/api/v1/evals/thresholds", &[("workspace", workspace)]);
    server.post(&path, &Value::Object(thresholds)).await?;
    Ok(())
}
