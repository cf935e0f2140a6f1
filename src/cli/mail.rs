//! `frontdesk mail`: the servers that e-mail goes through, a test, and what became of each message.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::api::{Api, ask_and_show};
use super::out;
use super::shared::{DataPlace, WrongCall, block_on, log};

const PATH: &str = "/api/v1/mail";
/// Most failed messages that `again --failed` sends, as many as the log gives at once.
const MOST: u32 = 200;

/// Arguments of `frontdesk mail`; without any it shows how e-mail goes.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Workspace
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: DataPlace,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the servers, whether they work, and what waits
    Status,
    /// Set up the server that sends (SMTP)
    Set {
        #[command(flatten)]
        server: Server,
        /// Address that messages are from; without it, the one before
        #[arg(long, value_name = "ADDRESS")]
        from: Option<String>,
        /// Name beside that address
        #[arg(long)]
        name: Option<String>,
    },
    /// Set up the mailbox that answers come to (IMAP)
    Mailbox {
        #[command(flatten)]
        server: Server,
        /// Address of the mailbox; {token} stands where the token of a reply address goes
        #[arg(long)]
        address: String,
        /// Folder that is watched
        #[arg(long, default_value = "INBOX")]
        folder: String,
    },
    /// Take no answers any more, and forget the mailbox
    NoMailbox,
    /// Forget the servers and their passwords; what waits is not sent
    Off,
    /// Send a message now, and tell what the server said
    Test {
        /// The address to send to
        to: String,
    },
    /// What was sent, newest first, with what the server said
    Log {
        /// queued, sent or failed
        #[arg(long)]
        state: Option<String>,
        /// Most messages
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        last: u32,
    },
    /// Send failed messages again
    Again {
        /// Ids, as the log shows them
        #[arg(required_unless_present = "failed")]
        ids: Vec<String>,
        /// All failed ones of the log, at most the latest 200
        #[arg(long, conflicts_with = "ids")]
        failed: bool,
    },
}

/// A mail server.
#[derive(Debug, ClapArgs)]
struct Server {
    /// The server, such as mail.example.com
    host: String,
    /// Its port; without it, the usual one
    #[arg(long)]
    port: Option<u16>,
    /// How TLS begins: with the first byte, or after a word in the clear. Nothing is sent without it
    #[arg(long, value_enum, default_value_t = Tls::Implicit)]
    tls: Tls,
    /// User name; without it, the server lets us in without signing in
    #[arg(long, default_value = "")]
    user: String,
    /// File with the password, or - to type it; without it, the stored one
    #[arg(long, value_name = "FILE")]
    password: Option<PathBuf>,
    /// File with the certificate (PEM) of the private authority that vouches for the server
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tls {
    Implicit,
    Starttls,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let config = args.place.settings(Vec::new())?;
    log("warn")?;
    let action = args.action.as_ref().unwrap_or(&Action::Status);
    let answer = block_on(ask_and_show(
        config,
        &args.workspace,
        args.json,
        async |api| action.ask(api).await,
        |api, answer| action.show(answer, api.is_running()),
    ))?;
    action.verdict(&answer)
}

impl Action {
    async fn ask(&self, api: &Api) -> anyhow::Result<Value> {
        match self {
            Self::Status => api.get(PATH).await,
            Self::Off => api.delete(PATH).await,
            Self::Test { to } => {
                api.post(&format!("{PATH}/test"), &json!({ "to": to }))
                    .await
            }
            Self::Log { state, last } => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("state", state.as_deref().unwrap_or_default())
                    .append_pair("limit", &last.to_string())
                    .finish();
                api.get(&format!("{PATH}/log?{query}")).await
            }
            Self::Again { ids, failed } => send_again(api, ids, *failed).await,
            Self::Set { .. } | Self::Mailbox { .. } | Self::NoMailbox => {
                let before = api.get(PATH).await?;
                api.put(PATH, &self.settings(before)?).await
            }
        }
    }

    /// The settings after this change, made of those before. A password that is left out stays with its server.
    fn settings(&self, before: Value) -> anyhow::Result<Value> {
        let mut settings = Map::new();
        if let Value::Object(mut before) = before {
            for part in ["server", "sender", "mailbox"] {
                let kept = before.remove(part).filter(|kept| !kept.is_null());
                settings.extend(kept.map(|kept| (part.to_owned(), kept)));
            }
        }
        match self {
            Self::Set { server, from, name } => {
                settings.insert("server".into(), server.body("the password")?);
                let sender = settings.entry("sender").or_insert_with(|| json!({}));
                if let Some(sender) = sender.as_object_mut() {
                    let typed = [("address", from), ("name", name)];
                    let typed = typed.into_iter().filter_map(|(field, text)| {
                        Some((field.to_owned(), Value::from(text.as_ref()?.as_str())))
                    });
                    sender.extend(typed);
                }
            }
            Self::Mailbox {
                server,
                address,
                folder,
            } => {
                let mut mailbox = server.body("the password of the mailbox")?;
                if let Some(mailbox) = mailbox.as_object_mut() {
                    mailbox.insert("address".into(), json!(address));
                    mailbox.insert("folder".into(), json!(folder));
                }
                settings.insert("mailbox".into(), mailbox);
            }
            _ => {
                settings.remove("mailbox");
            }
        }
        if !settings.contains_key("server") {
            let detail = "set up the server that sends first: `frontdesk mail set --help` says how";
            return Err(WrongCall(detail.to_owned()).into());
        }
        Ok(Value::Object(settings))
    }

    fn show(&self, answer: &Value, is_running: bool) {
        match self {
            Self::Status => show_status(answer),
            Self::Set { .. } | Self::Mailbox { .. } | Self::NoMailbox => {
                show_status(answer);
                out::note("Try it now with `frontdesk mail test ADDRESS`.");
            }
            Self::Off => out::line(
                "E-mail is off. Servers and passwords are forgotten, and what waited is not sent.",
            ),
            Self::Test { .. } => {
                let said = text(answer, "/said");
                match answer.pointer("/ok").and_then(Value::as_bool) {
                    Some(true) => out::line(&format!(
                        "The server took the test: {said}\nLook whether it arrived, also in the spam folder."
                    )),
                    _ => out::note(&format!("The test was not sent: {said}")),
                }
            }
            Self::Log { .. } => show_log(answer),
            Self::Again { .. } => {
                let queued = list(answer, "/queued").len();
                let queued = out::plural(queued, "message waits", "messages wait");
                let when = match is_running {
                    true => "to be sent; `frontdesk mail log` shows what the server says",
                    false => "and will be sent when Frontdesk runs (`frontdesk serve`)",
                };
                out::line(&format!("{queued} {when}."));
                for refused in list(answer, "/refused") {
                    out::note(&format!(
                        "{}: {}",
                        text(refused, "/id"),
                        text(refused, "/why")
                    ));
                }
            }
        }
    }

    /// Fails if what was asked for was not done, after it was told.
    fn verdict(&self, answer: &Value) -> anyhow::Result<()> {
        match self {
            Self::Test { .. } if answer.pointer("/ok") != Some(&Value::Bool(true)) => {
                anyhow::bail!("e-mail cannot be sent yet; correct what the server says")
            }
            Self::Again { .. } if !list(answer, "/refused").is_empty() => {
                anyhow::bail!("not every message could be sent again")
            }
            _ => Ok(()),
        }
    }
}

impl Server {
    fn body(&self, what: &str) -> anyhow::Result<Value> {
        let secret = |file: &Path| {
            let typed = super::backup::typed(file, what)?;
            anyhow::Ok(typed.trim_end_matches(['\r', '\n']).to_owned())
        };
        let password = self.password.as_deref().map(secret).transpose()?;
        let read = |file: &PathBuf| {
            std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))
        };
        let authority = self.authority.as_ref().map(read).transpose()?;
        let tls = match self.tls {
            Tls::Implicit => "implicit",
            Tls::Starttls => "starttls",
        };
        let mut body = json!({
            "host": self.host, "port": self.port, "tls": tls, "user": self.user, "authority": authority,
        });
        if let (Some(body), Some(password)) = (body.as_object_mut(), password) {
            body.insert("password".into(), json!(password));
        }
        Ok(body)
    }
}

/// Sends messages again one by one; one that cannot be does not hold the others.
async fn send_again(api: &Api, ids: &[String], failed: bool) -> anyhow::Result<Value> {
    let mut ids = ids.to_vec();
    if failed {
        let found = api
            .get(&format!("{PATH}/log?state=failed&limit={MOST}"))
            .await?;
        let found = list(&found, "/messages").iter();
        ids = found
            .map(|message| text(message, "/id").to_owned())
            .collect();
    }
    let (mut queued, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        let name: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        match api
            .post(&format!("{PATH}/log/{name}/replay"), &json!({}))
            .await
        {
            Ok(message) => queued.push(message),
            Err(error) => refused.push(json!({ "id": id, "why": out::explain(&error) })),
        }
    }
    Ok(json!({ "queued": queued, "refused": refused }))
}

fn text<'a>(answer: &'a Value, path: &str) -> &'a str {
    answer.pointer(path).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(answer: &'a Value, path: &str) -> &'a [Value] {
    let found = answer.pointer(path).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

fn show_status(answer: &Value) {
    if answer.pointer("/server").is_none_or(Value::is_null) {
        out::line(
            "No mail server is set up, so nobody is told by e-mail. `frontdesk mail set --help` says how to set one up.",
        );
        return;
    }
    let place = |path: &str| {
        let port = answer.pointer(&format!("{path}/port"));
        let port = port.and_then(Value::as_u64).unwrap_or_default();
        let user = text(answer, &format!("{path}/user"));
        let host = text(answer, &format!("{path}/host"));
        match user.is_empty() {
            true => format!("{host}:{port}"),
            false => format!("{host}:{port} as {user}"),
        }
    };
    let from = text(answer, "/sender/address");
    out::line(&format!("Sends through {}, from {from}", place("/server")));
    show_health("Sending", answer, "/sending");
    match answer.pointer("/mailbox").is_none_or(Value::is_null) {
        true => out::line("Answers by e-mail are not taken: there is no mailbox."),
        false => {
            let address = text(answer, "/mailbox/address");
            out::line(&format!(
                "Answers come to {address}, at {}",
                place("/mailbox")
            ));
            show_health("Answers", answer, "/replies");
        }
    }
    let waiting = answer.pointer("/waiting").and_then(Value::as_u64);
    let waiting = out::plural(waiting.unwrap_or(0), "message waits", "messages wait");
    out::line(&format!("{waiting} to be sent"));
}

fn show_health(what: &str, answer: &Value, path: &str) {
    let at = answer
        .pointer(&format!("{path}/at"))
        .and_then(Value::as_i64);
    let at = at.map(out::moment).unwrap_or_default();
    let error = text(answer, &format!("{path}/error"));
    out::line(&match text(answer, &format!("{path}/state")) {
        "works" => format!("{what}: works, last seen {at}"),
        "fails" => format!("{what}: fails since {at}: {error}"),
        _ => format!("{what}: not tried yet"),
    });
}

fn show_log(answer: &Value) {
    let messages = list(answer, "/messages");
    if messages.is_empty() {
        out::note("There is no such message in the last 30 days.");
        return;
    }
    for message in messages {
        let at = message.pointer("/created_at").and_then(Value::as_i64);
        out::line(&format!(
            "{}  {:<6}  {}  to {}: {}",
            out::moment(at.unwrap_or_default()),
            text(message, "/state"),
            text(message, "/id"),
            text(message, "/recipient"),
            text(message, "/title"),
        ));
        let said = text(message, "/answer");
        if !said.is_empty() {
            out::line(&format!("    {said}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parse(line: &[&str]) -> Action {
        let words = std::iter::once("mail").chain(line.iter().copied());
        Line::parse_from(words).args.action.unwrap()
    }

    #[test]
    fn what_is_not_typed_stays_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        std::fs::write(&file, "with a space \n").unwrap();
        let before = json!({
            "server": { "host": "old.example", "port": 465, "tls": "implicit", "user": "ann", "authority": null },
            "sender": { "name": "Desk", "address": "desk@example.com" },
            "mailbox": null, "sending": { "state": "works" }, "waiting": 2,
        });
        let path = file.to_str().unwrap();
        let set = parse(&[
            "set",
            "new.example",
            "--tls",
            "starttls",
            "--user",
            "ben",
            "--password",
            path,
        ]);
        let after = set.settings(before.clone()).unwrap();
        let server = json!({
            "host": "new.example", "port": null, "tls": "starttls", "user": "ben", "authority": null,
            "password": "with a space ",
        });
        assert_eq!(
            after,
            json!({ "server": server, "sender": before["sender"] })
        );
        let mailbox = parse(&[
            "mailbox",
            "imap.example",
            "--user",
            "ann",
            "--address",
            "desk@example.com",
        ]);
        let after = mailbox.settings(before.clone()).unwrap();
        assert_eq!(
            (&after["server"], &after["mailbox"]["folder"]),
            (&before["server"], &json!("INBOX"))
        );
        assert!(after["mailbox"].get("password").is_none());
        let without = parse(&["no-mailbox"]).settings(after).unwrap();
        assert!(without.get("mailbox").is_none());
        let early = mailbox.settings(json!({ "server": null })).unwrap_err();
        assert!(early.is::<WrongCall>(), "{early}");
    }

    #[test]
    fn a_message_to_send_again_is_named_or_all_are() {
        let wrong =
            |line: &[&str]| Line::try_parse_from(["mail"].iter().chain(line).copied()).is_err();
        assert!(wrong(&["again"]) && wrong(&["again", "x", "--failed"]));
        assert!(!wrong(&["again", "x"]) && !wrong(&["again", "--failed"]) && !wrong(&[]));
    }
}
