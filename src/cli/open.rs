//! `frontdesk open`: the console of the running server, in the browser.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::out;
use super::remote::{Server, sentence};
use super::shared::{DataPlace, block_on, log};
use crate::app::SETUP_LINK_HOURS;
use crate::config::{Config, has_display};
use crate::store::DataLock;

/// Arguments of `frontdesk open`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Only print the address
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    place: DataPlace,
}

/// How long a desktop may take to refuse; one that accepts may go on as long as the browser does.
const REFUSAL: Duration = Duration::from_millis(500);

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let Some(server) = Server::find(&config.data_dir)? else {
        anyhow::bail!(
            "no server uses {}; start one with `frontdesk serve`, or the service with `systemctl start frontdesk`",
            config.data_dir.display()
        );
    };
    let address = address(&config)?;
    if let Some(link) = block_on(setup_link(&server))? {
        // Not handed to the desktop: other users see the arguments of its programs, and the link makes an owner.
        out::note(&format!(
            "Nobody has an account yet. Open this link once in a browser (valid for {SETUP_LINK_HOURS} hours):"
        ));
        out::line(&to_this_machine(&link));
        return Ok(());
    }
    let url = to_this_machine(&address);
    if args.print || !has_display() || !show(&url) {
        out::line(&url);
        if url != address && !args.print {
            out::note("From another machine, use this machine's name or address in it.");
        }
        return Ok(());
    }
    out::note(&format!("Opened {url} in the browser."));
    Ok(())
}

/// `http://127.0.0.1:8080` of the running server.
fn address(config: &Arc<Config>) -> anyhow::Result<String> {
    DataLock::read_holder(&config.data_dir)
        .and_then(|holder| holder.address)
        .ok_or_else(|| anyhow::anyhow!("the server was stopped just now"))
}

/// A new setup link; `None` once somebody has an account.
async fn setup_link(server: &Server) -> anyhow::Result<Option<String>> {
    let request = server.request(Method::POST, "/api/v1/setup-link");
    let answer = request.json(&json!({})).send().await?;
    let status = answer.status();
    if status == StatusCode::CONFLICT {
        return Ok(None);
    }
    let body: Value = answer.json().await.unwrap_or_default();
    if !status.is_success() {
        anyhow::bail!(sentence(&body, status.as_u16()));
    }
    let link = body.get("link").and_then(Value::as_str);
    Ok(link.map(str::to_owned))
}

/// A server on all addresses is reached by a browser here at the loopback one.
pub(super) fn to_this_machine(url: &str) -> String {
    url.replacen("//0.0.0.0:", "//127.0.0.1:", 1)
        .replacen("//[::]:", "//[::1]:", 1)
}

/// Hands an address to the desktop, and returns whether it took it.
fn show(url: &str) -> bool {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let started = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else { return false };
    std::thread::sleep(REFUSAL);
    match child.try_wait() {
        Ok(Some(status)) => status.success(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::to_this_machine;

    #[test]
    fn an_address_for_everybody_leads_here() {
        for (all, here) in [
            ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
            (
                "http://[::]:8080/setup?token=x",
                "http://[::1]:8080/setup?token=x",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(to_this_machine(all), here);
        }
    }
}
