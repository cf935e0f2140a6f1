//! What `frontdesk` alone says in a terminal: where it stands, and what to do next, in six lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::open::to_this_machine;
use super::out;
use super::remote::Server;
use super::shared::{DataPlace, block_on, log};
use crate::app::has_database;
use crate::config::Config;
use crate::models::chat::AUTO;
use crate::models::{Cache, Catalogue, Entry, Role};
use crate::store::DataLock;

/// For what the server is asked; a busy one is not waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Written by the installer's `--service`, whose data has a folder of its own.
const UNIT: &str = "/etc/systemd/system/frontdesk.service";

/// What is seen from outside, without opening the store.
struct Seen {
    server: Running,
    data: PathBuf,
    has_data: bool,
    /// A service of this machine that this data folder does not belong to.
    other_service: bool,
    /// The chat model.
    chat: Option<String>,
    /// What the other models are here for, and what they are missing for.
    here: Vec<&'static str>,
    missing: Vec<&'static str>,
}

enum Running {
    No,
    /// It uses the folder; why commands do not reach it.
    Silent(String),
    At {
        address: String,
        pid: u32,
        /// `None` if it did not say in time.
        content: Option<Content>,
    },
}

/// What the server holds.
struct Content {
    accounts: usize,
    documents: usize,
    /// Groups of questions without a good answer.
    gaps: usize,
}

pub(super) fn run() -> anyhow::Result<()> {
    let place = DataPlace {
        data: None,
        config: None,
    };
    let config = place.settings(Vec::new())?;
    log("error")?;
    for line in lines(&look(&config)?) {
        out::line(&line);
    }
    Ok(())
}

fn look(config: &Arc<Config>) -> anyhow::Result<Seen> {
    let catalogue = Catalogue::embedded()?;
    let cache = Cache::new(&config.models_dir);
    let is_here = |entry: &&Entry| cache.path(entry).exists();
    let chat = match config.chat_model.as_str() {
        "auto" => AUTO
            .iter()
            .filter_map(|name| catalogue.find(name))
            .find(is_here),
        named => catalogue.find(named).filter(is_here),
    };
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    for (role, what) in [
        (Role::Embed, "search"),
        (Role::Reader, "reading"),
        (Role::Stt, "speech"),
        (Role::Tts, "voice"),
    ] {
        let of_role = |entry: &&Entry| entry.role == role;
        let found = catalogue
            .list()
            .filter(of_role)
            .any(|entry| is_here(&entry));
        let list = if found { &mut here } else { &mut missing };
        list.push(what);
    }
    let server = look_at_server(config);
    Ok(Seen {
        other_service: matches!(server, Running::No) && Path::new(UNIT).exists(),
        server,
        data: config.data_dir.clone(),
        has_data: has_database(config),
        chat: chat.map(|entry| entry.name.clone()),
        here,
        missing,
    })
}

fn look_at_server(config: &Config) -> Running {
    let Some(holder) = DataLock::read_holder(&config.data_dir) else {
        return Running::No;
    };
    let server = match Server::find(&config.data_dir) {
        Ok(Some(server)) => server,
        Ok(None) => return Running::No,
        Err(error) => return Running::Silent(out::explain(&error)),
    };
    let asked = async { Ok(tokio::time::timeout(PATIENCE, ask(&server)).await) };
    let content = block_on(asked).ok().and_then(|in_time| in_time.ok()?.ok());
    Running::At {
        address: to_this_machine(&holder.address.unwrap_or_default()),
        pid: holder.pid,
        content,
    }
}

async fn ask(server: &Server) -> anyhow::Result<Content> {
    let count = async |path: &str, list: &str| -> anyhow::Result<usize> {
        let answer = server.get(path).await?;
        Ok(answer
            .get(list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len))
    };
    Ok(Content {
        accounts: count("/api/v1/accounts", "accounts").await?,
        documents: count("/api/v1/documents?workspace=default", "documents").await?,
        gaps: count("/api/v1/gaps?workspace=default", "gaps").await?,
    })
}

/// At most six.
fn lines(seen: &Seen) -> Vec<String> {
    let mut lines = vec![
        format!("Frontdesk {}", env!("CARGO_PKG_VERSION")),
        format!("Server   {}", server(seen)),
        format!(
            "Data     {}{}",
            seen.data.display(),
            if seen.has_data { "" } else { " (nothing yet)" }
        ),
        format!("Models   {}", models(seen)),
    ];
    if let Running::At {
        content: Some(content),
        ..
    } = &seen.server
    {
        lines.push(format!(
            "Content  {}, {} without a good answer",
            out::plural(content.documents, "document", "documents"),
            out::plural(content.gaps, "question", "questions"),
        ));
    }
    lines.push(format!("Next     {}", next(seen)));
    lines
}

fn server(seen: &Seen) -> String {
    match &seen.server {
        Running::No if seen.other_service => {
            "none runs for you; the service of this machine has its own data: systemctl status frontdesk".to_owned()
        }
        Running::No => "not running".to_owned(),
        Running::Silent(why) => why.clone(),
        Running::At { address, pid, .. } => format!("runs at {address} (process {pid})"),
    }
}

fn models(seen: &Seen) -> String {
    let chat = match &seen.chat {
        Some(name) => format!("{name} writes"),
        None => "no chat model (answers are quoted, none is written)".to_owned(),
    };
    let mut text = chat;
    if !seen.here.is_empty() {
        text = format!("{text}; {}", seen.here.join(", "));
    }
    if !seen.missing.is_empty() {
        text = format!("{text}; missing: {}", seen.missing.join(", "));
    }
    text
}

fn next(seen: &Seen) -> &'static str {
    let needs = |what| seen.missing.contains(&what);
    if needs("search") || needs("reading") {
        return "frontdesk models get --starter default   fetch the models";
    }
    match &seen.server {
        Running::Silent(_) => "do what the line \"Server\" says",
        Running::No if seen.has_data => "frontdesk serve          start the server",
        Running::No => {
            "frontdesk serve --demo   start it with a demo business (without --demo: with an empty one)"
        }
        Running::At {
            content: Some(content),
            ..
        } => match content {
            Content { accounts: 0, .. } => "frontdesk open           make your account",
            Content { documents: 0, .. } => {
                "frontdesk ingest FILE…   add documents, or drop them on the page: frontdesk open"
            }
            Content { gaps: 1.., .. } => {
                "frontdesk gaps           see the questions that got no good answer"
            }
            _ => {
                "frontdesk open           the console in the browser (frontdesk help: all commands)"
            }
        },
        Running::At { content: None, .. } => "frontdesk open           the console in the browser",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(server: Running) -> Seen {
        Seen {
            server,
            data: PathBuf::from("/data"),
            has_data: true,
            other_service: false,
            chat: None,
            here: vec!["search", "reading", "speech"],
            missing: vec!["voice"],
        }
    }

    fn at(accounts: usize, documents: usize, gaps: usize) -> Running {
        Running::At {
            address: "http://127.0.0.1:8080".to_owned(),
            pid: 7,
            content: Some(Content {
                accounts,
                documents,
                gaps,
            }),
        }
    }

    #[test]
    fn six_lines_tell_where_it_stands() {
        let told = lines(&seen(at(1, 12, 3)));
        let version = format!("Frontdesk {}", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            told[..5],
            [
                version.as_str(),
                "Server   runs at http://127.0.0.1:8080 (process 7)",
                "Data     /data",
                "Models   no chat model (answers are quoted, none is written); search, reading, speech; missing: voice",
                "Content  12 documents, 3 questions without a good answer",
            ]
        );
        assert_eq!(told.len(), 6);
        assert!(told[5].starts_with("Next     frontdesk gaps"));
    }

    #[test]
    fn the_next_step_is_the_first_that_is_missing() {
        for (server, command) in [
            (Running::No, "frontdesk serve "),
            (at(0, 0, 0), "frontdesk open"),
            (at(1, 0, 0), "frontdesk ingest"),
            (at(1, 1, 1), "frontdesk gaps"),
            (at(1, 1, 0), "frontdesk open"),
        ] {
            let told = next(&seen(server));
            assert!(told.starts_with(command), "{told}");
        }
        let mut without_models = seen(Running::No);
        without_models.missing.push("reading");
        assert!(next(&without_models).contains("models get"));
        let mut empty = seen(Running::No);
        empty.has_data = false;
        assert!(next(&empty).contains("--demo"));
    }
}
