//! What OpenAI's and Anthropic's APIs have and this server does not, and what to do instead.

/// Begins of paths below `/v1/`.
const ABSENT: &[(&str, &str)] = &[
    ("images", "this server makes no images"),
    ("videos", "this server makes no videos"),
    (
        "files",
        "files are not stored here; upload documents at /api/v1/documents and ask the model assistant:NAME",
    ),
    (
        "uploads",
        "files are not stored here; upload documents at /api/v1/documents and ask the model assistant:NAME",
    ),
    (
        "vector_stores",
        "documents are searched by assistants; upload them at /api/v1/documents and ask the model assistant:NAME",
    ),
    (
        "assistants",
        "OpenAI's assistants are not here; ask the model assistant:NAME at /v1/responses",
    ),
    (
        "threads",
        "OpenAI's threads are not here; use /v1/responses with a conversation",
    ),
    (
        "messages/batches",
        "batches are not here; send the requests one by one",
    ),
    (
        "batches",
        "batches are not here; send the requests one by one",
    ),
    ("moderations", "this server does not judge texts"),
    ("fine_tuning", "models are not trained here"),
    ("fine-tunes", "models are not trained here"),
    (
        "evals",
        "golden questions measure answers here: /api/v1/golden",
    ),
    ("containers", "this server runs no code of clients"),
    ("skills", "this server runs no code of clients"),
    ("organization", "keys and people are managed in the console"),
    (
        "complete",
        "Anthropic's text completions are not here; use /v1/messages",
    ),
];

/// Why there is nothing at a path of `/v1`, if its clients know it.
pub(in crate::http) fn find(path: &str) -> Option<&'static str> {
    let rest = path.strip_prefix("/v1/")?;
    let is_below = |start: &str| {
        rest.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut all = ABSENT.iter();
    all.find(|(start, _)| is_below(start)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_know_is_explained() {
        assert!(
            find("/v1/images/generations")
                .unwrap()
                .contains("no images")
        );
        assert!(find("/v1/files").is_some() && find("/v1/messages/batches/b1").is_some());
        for other in ["/v1/filesystem", "/v1/messages", "/v2/files", "/v1/"] {
            assert!(find(other).is_none(), "{other}");
        }
    }
}
