//! The servers of the tests, started by hand: `cargo run -p frontdesk-fakes -- kommo`.
//!
//! The first line on stdout is JSON with two addresses: what the program under test is pointed at, and the control address.
//! There a GET shows what the server knows and was asked, and a POST of JSON changes it: what can go wrong, what is there, what
//! it sends. Each module of [`by_hand`] says which fields it takes; one that it does not know is an error.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool of the tests"
)]

mod by_hand;
#[allow(dead_code, reason = "a part is for tests only")]
mod chat_provider;
#[allow(dead_code, reason = "a part is for tests only")]
mod deepgram;
mod kommo;
#[allow(dead_code, reason = "a part is for tests only")]
mod lemon_squeezy;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Servers that behave like the services Frontdesk talks to.
#[derive(Parser)]
#[command(name = "frontdesk-fakes")]
struct Args {
    which: Which,
    /// Address and port to serve on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Address and port for control.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: String,
    /// What is posted to the control address at the start, as JSON.
    #[arg(long)]
    set: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Kommo,
    LemonSqueezy,
    Deepgram,
    /// OpenAI, Anthropic and Gemini; which one follows from the path.
    Chat,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind(&args.listen).await;
    let listener = listener.with_context(|| format!("serving on {}", args.listen))?;
    let control = TcpListener::bind(&args.control).await;
    let control = control.with_context(|| format!("control on {}", args.control))?;
    let (at, control_at) = (listener.local_addr()?, control.local_addr()?);
    let fake = by_hand::start(args.which, listener);
    for text in &args.set {
        let change: Value = serde_json::from_str(text).context("--set takes JSON")?;
        fake.change(change).await.map_err(anyhow::Error::msg)?;
    }
    println!(
        "{}",
        json!({ "url": format!("http://{at}"), "control": format!("http://{control_at}") })
    );
    by_hand::serve_control(control, fake).await
}
